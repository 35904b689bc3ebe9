"""The evidence verbs and do(): what a question says, turned into likelihoods and replaced tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.engine import Evidence, Plan, marginals
from model.errors import BadQuestion, EvidenceOnIntervened, Place
from model.network import SUM_TOLERANCE, Network, Table, Variable

SWEEPS = 500
FITTED = 1e-12
FAINTEST = 1e-100
"""A likelihood below this means that the fit runs away: the assumptions contradict each other."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The variable is known to be in this state."""

    state: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """The variable is known to be in one of these states."""

    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuledOut:
    """The variable is known not to be in any of these states."""

    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """A report with a likelihood under each state (virtual evidence, Pearl 1988); only ratios count."""

    likelihood: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Assumed:
    """A distribution held whatever else is known (Jeffrey's rule); states not named have none of it."""

    probabilities: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SetTo:
    """An intervention: do(variable = state), by graph surgery."""

    state: str


@dataclass(frozen=True, slots=True)
class SetChances:
    """An intervention that replaces the variable's table by one distribution."""

    probabilities: Mapping[str, float]


Finding = Observed | OneOf | RuledOut | Reported | Assumed
Setting = SetTo | SetChances


@dataclass(frozen=True, slots=True)
class Case:
    """What one question says of a network: findings and settings, by variable."""

    findings: Mapping[str, Finding]
    settings: Mapping[str, Setting] = field(default_factory=dict)


def observe(**states: str) -> Case:
    """The case in which each variable named is known to be in a state.

    >>> observe(xray="yes").findings
    {'xray': Observed(state='yes')}
    """
    return Case({name: Observed(state) for name, state in states.items()})


def check(network: Network, case: Case) -> None:
    """Refuse a case whose words do not fit the network.

    Raises UnknownVariable, UnknownState, BadQuestion, or EvidenceOnIntervened for a variable that is
    both set and observed.
    """
    for name, finding in case.findings.items():
        likelihood(network.variable(name, where=("evidence", name)), finding)
    for name, setting in case.settings.items():
        distribution(network.variable(name, where=("do", name)), setting)
    both = [name for name in case.findings if name in case.settings]
    if both:
        raise EvidenceOnIntervened(
            f"{both[0]} is set by do() and also given as evidence; a question says one or the other",
            where=("evidence", both[0]),
        )


def likelihood(variable: Variable, finding: Finding) -> Table:
    """How likely the finding is under each state, shape (states,); for an assumption, the states it allows.

    A report is scaled to a largest likelihood of 1: only its ratios count, and P(evidence) stays a probability.

    >>> likelihood(Variable("xray", ("yes", "no")), Reported({"yes": 4.0, "no": 1.0}))
    array([1.  , 0.25])
    """
    where: Place = ("evidence", variable.name)
    match finding:
        case Observed(state):
            weights = {state: 1.0}
        case OneOf(states):
            weights = dict.fromkeys(states, 1.0)
        case RuledOut(states):
            _known(variable, states, where)
            weights = {state: 1.0 for state in variable.states if state not in states}
        case Reported(reported):
            vector = _vector(variable, reported, where)
            return np.asarray(vector / vector.max(), dtype=np.float64)
        case Assumed(probabilities):
            weights = {state: float(p > 0) for state, p in _shares(variable, probabilities, where).items()}
    return _vector(variable, weights, where)


def distribution(variable: Variable, setting: Setting) -> Table:
    """The distribution that an intervention gives the variable, shape (states,).

    >>> distribution(Variable("sprinkler", ("on", "off")), SetTo("on"))
    array([1., 0.])
    """
    where: Place = ("do", variable.name)
    if isinstance(setting, SetTo):
        return _vector(variable, {setting.state: 1.0}, where)
    return _vector(variable, _shares(variable, setting.probabilities, where), where)


def encode(network: Network, cases: Sequence[Case]) -> Evidence:
    """Cases as arrays for the engine: variables without a finding in a case get a likelihood of ones.

    All cases must set the same variables by do(), since a set of replaced tables is one batch axis;
    assumptions enter as the states they allow, and are then fitted by ``assume``.
    """
    names = dict.fromkeys(name for case in cases for name in case.findings)
    rows = {name: np.ones((len(cases), len(network[name].states))) for name in names}
    for i, case in enumerate(cases):
        for name, finding in case.findings.items():
            rows[name][i] = likelihood(network[name], finding)
    tables = {name: _surgery(network, name, [case.settings[name] for case in cases]) for name in cases[0].settings}
    return Evidence(len(cases), rows, tables)


def assume(plan: Plan, evidence: Evidence, cases: Sequence[Case]) -> Evidence:
    """Fit every assumption at once: the likelihoods under which the marginals are those assumed.

    Iterative proportional fitting (Jeffrey's rule for several variables: Valtorta, Kim & Vomlel 2002);
    done when all marginals are within 1e-12 of those assumed.
    Raises BadQuestion when the assumptions cannot hold together: the fit then has no end.
    """
    wanted = _assumed(plan.network, cases)
    rows = dict(evidence.likelihood)
    for _ in range(SWEEPS if wanted else 0):
        furthest = 0.0
        for name, (which, target) in wanted.items():
            now = marginals(plan, Evidence(evidence.cases, rows, evidence.tables), (name,))[name][which]
            furthest = max(furthest, float(np.abs(now - target).max()))
            rows[name] = _moved(rows[name], which, np.divide(target, now, out=np.zeros_like(target), where=now > 0))
        if furthest < FITTED:
            return Evidence(evidence.cases, rows, evidence.tables)
        if any(0 < float(rows[name][rows[name] > 0].min()) < FAINTEST for name in wanted):
            break
    if not wanted:
        return evidence
    raise BadQuestion(f"the assumptions on {', '.join(wanted)} cannot hold together", where=("evidence",))


def _moved(rows: Table, which: NDArray[np.intp], ratio: Table) -> Table:
    """Likelihoods with some cases' multiplied by a ratio, the largest of each made 1."""
    moved = np.array(rows)
    moved[which] *= ratio
    moved[which] /= np.maximum(moved[which].max(axis=1, keepdims=True), FAINTEST)
    return moved


def in_words(name: str, finding: Finding | Setting) -> str:
    """A finding or setting as people read it.

    >>> in_words("xray", RuledOut(("yes",)))
    'xray not in (yes)'
    """
    match finding:
        case Observed(state):
            return f"{name}={state}"
        case SetTo(state):
            return f"do({name}={state})"
        case OneOf(states):
            return f"{name} in ({', '.join(states)})"
        case RuledOut(states):
            return f"{name} not in ({', '.join(states)})"
        case Reported(weights):
            return f"{name} reported ({_pairs(weights)})"
        case Assumed(weights):
            return f"{name} assumed ({_pairs(weights)})"
        case SetChances(weights):
            return f"do({name} chances ({_pairs(weights)}))"


def _pairs(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{state}={weight:g}" for state, weight in weights.items())


def _known(variable: Variable, states: Iterable[str], where: Place) -> None:
    for state in states:
        variable.state(state, where=where)


def _vector(variable: Variable, weights: Mapping[str, float], where: Place) -> Table:
    vector = np.zeros(len(variable.states))
    for state, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise BadQuestion(
                f"the likelihood of {state!r} is {weight!r}; it must be finite and not negative", where=where
            )
        vector[variable.state(state, where=where)] = weight
    if not vector.any():
        raise BadQuestion(f"leaves {variable.name} no state at all", where=where)
    return vector


def _shares(variable: Variable, probabilities: Mapping[str, float], where: Place) -> dict[str, float]:
    _known(variable, probabilities, where)
    total = math.fsum(probabilities.values())
    if not (math.isfinite(total) and abs(total - 1.0) <= SUM_TOLERANCE) or min(probabilities.values()) < 0:
        raise BadQuestion(f"the probabilities sum to {total:g}, not to 1, or one is negative", where=where)
    return dict(probabilities)


def _surgery(network: Network, name: str, settings: Sequence[Setting]) -> Table:
    """The table of an intervened variable: the same distribution whatever its parents, shape (cases or 1, *family)."""
    different = settings[:1] if all(setting == settings[0] for setting in settings) else settings
    rows = np.stack([distribution(network[name], setting) for setting in different])
    shape = network.tables[name].shape
    return np.broadcast_to(rows.reshape(len(rows), *([1] * (len(shape) - 1)), shape[-1]), (len(rows), *shape))


def _assumed(network: Network, cases: Sequence[Case]) -> dict[str, tuple[NDArray[np.intp], Table]]:
    """By variable: which cases assume a distribution for it, and those distributions, shape (those cases, states)."""
    found: dict[str, tuple[list[int], list[Table]]] = {}
    for i, case in enumerate(cases):
        for name, finding in case.findings.items():
            if isinstance(finding, Assumed):
                which, targets = found.setdefault(name, ([], []))
                which.append(i)
                targets.append(_vector(network[name], finding.probabilities, ("evidence", name)))
    return {name: (np.array(which), np.stack(targets)) for name, (which, targets) in found.items()}
