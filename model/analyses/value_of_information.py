"""What knowing a variable would tell of a target: in bits, in the score of the forecast, in the worth of a decision.

The measures are small functions of a joint distribution of shape (…, states of X, groups of T): the last
axis is the target's states, or an event and the rest; leading axes are what else is known by then, so that
the measure is the expected one given that. A joint sums to 1 over all its axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from model import d_separation, inference
from model.errors import BadQuestion
from model.evidence import Case, SetTo, likelihood
from model.forecast import Forecaster
from model.inference import Evidence
from model.inference.arrays import encode, ranked
from model.inference.conflict_sets import impossible
from model.inference.jeffrey import assume
from model.network import Table, complements
from model.question import Question, of_target, resolve
from model.specification import Collectable

SERIES = [(-1) ** n / (n * (n - 1)) for n in range(18, 1, -1)]
"""(1 + r) log(1 + r) - r over the square of r, by falling powers: to the last digit up to r = 0.1."""


@dataclass(frozen=True, slots=True)
class Tells:
    """What knowing the true state of a variable would tell of the target.

    ``bits`` is their mutual information and ``value`` the expected drop of the Brier score; both are
    exactly 0 where the variable is d-separated from the target.
    """

    variable: str
    bits: float
    value: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do as things are known, and what it would be worth to know more first.

    ``expected`` is each action's expected utility and ``utility`` that of the best; ``perfect`` is the expected
    value of knowing the target itself (EVPI), ``sample`` of knowing each variable (EVSI), the most worth first.
    """

    target: str
    best: str
    utility: float
    expected: Mapping[str, float]
    perfect: float
    sample: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Where the asking starts: what is known of a target, as arrays for the engine and as sets for d-separation.

    ``groups`` has shape (groups, states of the target): each state by itself or, where one ``state`` is asked
    about, that one and the rest. ``p`` is P(group | evidence).
    """

    forecaster: Forecaster
    case: Case
    target: str
    state: str | None
    groups: Table
    evidence: Evidence
    log_evidence: float
    p: Table
    observed: frozenset[str]
    reported: frozenset[str]

    @property
    def named(self) -> tuple[str, ...]:
        """The states whose probabilities are asked about, in the order of the groups."""
        return self.forecaster.model.network[self.target].states if self.state is None else (self.state,)

    @property
    def weight(self) -> float:
        """What a sum over the groups is multiplied by: an event and the rest miss alike, and count once."""
        return 1.0 if self.state is None else 0.5

    def connected(self, reported: Iterable[str] = ()) -> frozenset[str]:
        """The variables that could still tell something of the target, once there are reports on these as well."""
        return d_separation.connected(
            self.forecaster.model.network,
            self.target,
            observed=self.observed,
            reported=self.reported.union(reported),
            cut=frozenset(self.case.settings),
            fixed=frozenset(name for name, setting in self.case.settings.items() if isinstance(setting, SetTo)),
        )


def mutual_information(joint: Table) -> float:
    """How many bits X tells of T on average: I(T; X), given what the leading axes know.

    Summed as P(x) P(t) f(r) with f(r) = (1 + r) log(1 + r) - r and 1 + r = P(x, t) / (P(x) P(t)), of which no term is
    negative: the terms of P(x, t) log(1 + r) cancel where X is rare, down to less than what is left.

    >>> round(mutual_information(np.array([[0.5, 0.0], [0.0, 0.5]])), 12)
    1.0
    """
    x, t, all_ = (joint.sum(axis=axes, keepdims=True) for axes in (-1, -2, (-2, -1)))
    apart = _dependence(joint)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        ratio = apart / np.where(t > 0, t, 1.0)
        far = joint * (_log(joint) - _log(x) - _log(t) + _log(all_)) - x * apart / all_
        terms = np.where(ratio < 1, x * (t / all_) * _excess(np.minimum(ratio, 1.0)), far)
    return float(np.where((x > 0) & (t > 0), terms, 0.0).sum() / np.log(2))


def brier_drop(joint: Table) -> float:
    """How far knowing X lowers the expected Brier score of T, summed over its groups (resolution).

    >>> brier_drop(np.array([[0.5, 0.0], [0.0, 0.5]]))
    0.5
    """
    chance, before = joint.sum(axis=-1, keepdims=True), joint.sum(axis=(-2, -1), keepdims=True)
    moved = np.divide(_dependence(joint), before, out=np.zeros_like(joint), where=before > 0)
    return float((chance * moved**2).sum())


def _dependence(joint: Table) -> Table:
    """(P(T | X) - P(T)) P(leading axes): how far each state of X moves each group of T; nil where X cannot be so.

    A determinant, P(x, t) P(not x, not t) - P(x, not t) P(not x, t), over P(x): where X is nearly certain, P(T | X) and
    P(T) agree in more digits than there are, and only what the rare states of X hold says by how much they differ.
    """
    x = joint.sum(axis=-1, keepdims=True)
    not_t, not_x = complements(joint), np.swapaxes(complements(np.swapaxes(joint, -1, -2)), -1, -2)
    neither = complements(not_x)
    with_t, without_t = (np.divide(part, x, out=np.zeros_like(joint), where=x > 0) for part in (joint, not_t))
    return np.asarray(with_t * neither - without_t * not_x, dtype=np.float64)


def _excess(ratio: Table) -> Table:
    """(1 + r) log(1 + r) - r for r from -1 to 1, which is never negative: by its series where r is small."""
    log = np.log1p(np.maximum(ratio, -1 + 1e-16))
    series = ratio**2 * np.polyval(SERIES, ratio)
    return np.where(np.abs(ratio) < 0.1, series, (1 + ratio) * log - ratio)


def _log(chance: Table) -> Table:
    """Natural logarithm, 0 where there is none."""
    return np.log(np.where(chance > 0, chance, 1.0))


def perfect_information(p: Table, utility: Table) -> float:
    """What knowing T before deciding is worth (EVPI, Howard 1966); ``utility`` has shape (actions, states of T).

    >>> perfect_information(np.array([0.5, 0.5]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    0.5
    """
    return sample_information(np.diag(p), utility)


def sample_information(joint: Table, utility: Table) -> float:
    """What knowing X before deciding is worth (EVSI), given what the leading axes know."""
    informed = joint @ utility.T
    best = informed.sum(axis=-2, keepdims=True).argmax(axis=-1, keepdims=True)
    return float((informed.max(axis=-1, keepdims=True) - np.take_along_axis(informed, best, axis=-1)).sum())


def given(joint: Table) -> Table:
    """P(T | everything before the last axis); zero where that is impossible."""
    chance = joint.sum(axis=-1, keepdims=True)
    conditional: Table = np.divide(joint, chance, out=np.zeros_like(joint), where=chance > 0)
    return conditional


def report_matrix(states: int, reliability: float) -> Table:
    """P(report | true state), shape (reports, states): the true one with the reliability, else any other alike.

    >>> report_matrix(3, 0.8).round(2)
    array([[0.8, 0.1, 0.1],
           [0.1, 0.8, 0.1],
           [0.1, 0.1, 0.8]])
    """
    if states == 1:
        return np.ones((1, 1))
    rest = (1.0 - reliability) / (states - 1)
    return np.full((states, states), rest) + np.eye(states) * (reliability - rest)


def tells(forecaster: Forecaster, question: Question, *, target: str, state: str | None = None) -> tuple[Tells, ...]:
    """What knowing each variable that is still open would tell of a target, or of one of its states; most bits first.

    Mutual information I(T; X | evidence) in bits and the expected drop of the Brier score (``brier_drop``; of
    the event alone where a state is given). Raises what ``forecast.answer`` raises.
    """
    start = known(forecaster, question, target, state)
    names = [name for name in still_open(start) if name != target]
    near = start.connected()
    joint = joints(start, [name for name in names if name in near])
    rows = (
        Tells(name, mutual_information(joint[name]), start.weight * brier_drop(joint[name]))
        if name in near
        else Tells(name, 0.0, 0.0)
        for name in names
    )
    return tuple(sorted(rows, key=lambda row: (-ranked(row.bits), -ranked(row.value))))


def decide(
    forecaster: Forecaster, question: Question, *, target: str, utilities: Mapping[str, Mapping[str, float]]
) -> Decision:
    """The best of a few actions whose worth depends on the target's state, and what knowing more first is worth.

    ``utilities`` gives each action's utility in every state of the target.
    Raises BadQuestion where an action or a state has none, UnknownState, and what ``forecast.answer`` raises.
    """
    start = known(forecaster, question, target, None)
    utility = _utility(forecaster, target, utilities)
    expected = (utility @ start.p).tolist()
    near = start.connected()
    names = [name for name in still_open(start) if name != target]
    joint = joints(start, [name for name in names if name in near])
    worth = {name: sample_information(joint[name], utility) if name in near else 0.0 for name in names}
    best = max(range(len(expected)), key=lambda i: ranked(expected[i]))
    return Decision(
        target,
        best=list(utilities)[best],
        utility=expected[best],
        expected=dict(zip(utilities, expected, strict=True)),
        perfect=perfect_information(start.p, utility),
        sample=dict(sorted(worth.items(), key=lambda item: -ranked(item[1]))),
    )


def known(forecaster: Forecaster, question: Question, target: str, state: str | None) -> Known:
    """A question with scenario and cohort laid in, checked to be possible, and what it gives the target.

    Assumed probabilities enter as the likelihoods that make them hold now. Raises ImpossibleEvidence.
    """
    plan = forecaster.plan
    variable = plan.network.variable(target, where=("target",))
    eye = np.eye(len(variable.states))
    one = None if state is None else eye[variable.state(state, where=("state",))]
    groups = eye if one is None else np.stack([one, 1.0 - one])
    case = resolve(forecaster.model, of_target(question, target)).case
    plain = encode(plan.network, [case])
    if not np.isfinite(inference.log_evidence(plan, plain)[0]):
        raise impossible(plan, case)
    evidence = assume(plan, plain, [case])
    found = inference.posterior(plan, evidence, (target,))
    allowed = {name: np.count_nonzero(likelihood(plan.network[name], f)) for name, f in case.findings.items()}
    observed = frozenset(name for name, count in allowed.items() if count == 1)
    return Known(
        forecaster,
        case,
        target,
        state,
        groups=groups,
        evidence=evidence,
        log_evidence=float(found.log_evidence[0]),
        p=groups @ found.of(target)[0],
        observed=observed,
        reported=frozenset(case.findings) - observed,
    )


def still_open(start: Known) -> list[str]:
    """The variables whose state is neither known nor set."""
    return [name for name in start.forecaster.model.network.names if why_closed(start, name) is None]


def why_closed(start: Known, name: str) -> str | None:
    """Why there is nothing to find out about a variable, or None where there is."""
    if name in start.observed:
        return "its state is already known"
    return "it is set by do()" if name in start.case.settings else None


def joints(
    start: Known, names: Iterable[str], reports: Mapping[str, Table] | None = None, *, outcomes: int = 1
) -> dict[str, Table]:
    """P(outcome of the reports, X, T | evidence) for many X at once, shape (outcomes, states of X, groups of T).

    ``reports[name]`` has shape (outcomes, states): how likely each outcome's report is under each state. One
    batch of the engine, a case for each outcome and group: it gives P(X | outcome, group) for every X.
    """
    plan, names = start.forecaster.plan, list(names)
    size = len(start.groups)
    cases = outcomes * size
    rows = {name: np.broadcast_to(row, (cases, row.shape[1])) for name, row in start.evidence.likelihood.items()}
    for name, lines in (reports or {}).items():
        rows[name] = rows.get(name, 1.0) * np.repeat(lines, size, axis=0)
    rows[start.target] = rows.get(start.target, 1.0) * np.tile(start.groups, (outcomes, 1))
    found = inference.posterior(plan, Evidence(cases, rows, start.evidence.tables), names)
    weight = np.exp(found.log_evidence - start.log_evidence)[:, None]
    return {name: (found.of(name) * weight).reshape(outcomes, size, -1).transpose(0, 2, 1) for name in names}


def reported(joint: Table, collectable: Collectable) -> Table:
    """The joint of the report and the target, from that of the truth and the target: same axes."""
    matrix = report_matrix(joint.shape[-2], collectable.reliability)
    return np.asarray(matrix @ joint, dtype=np.float64)


def _utility(forecaster: Forecaster, target: str, utilities: Mapping[str, Mapping[str, float]]) -> Table:
    variable = forecaster.model.network[target]
    if not utilities:
        raise BadQuestion("no action to decide between", where=("utilities",))
    table = np.full((len(utilities), len(variable.states)), np.nan)
    for i, (action, row) in enumerate(utilities.items()):
        for state, worth in row.items():
            table[i, variable.state(state, where=("utilities", action))] = worth
        if not np.isfinite(table[i]).all():
            missing = [s for s, worth in zip(variable.states, table[i], strict=True) if not np.isfinite(worth)]
            raise BadQuestion(f"no finite utility for {', '.join(missing)}", where=("utilities", action))
    return table
