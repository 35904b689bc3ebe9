"""How much each finding weighs for a target: weight of evidence in decibels, and what is lost without it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model import inference, notebook
from model.analyses.evidence_subsets import NOTHING_BEHIND, Flags, leave_one_out, subsets
from model.evidence import Case, Finding, in_words
from model.inference import Evidence, Plan
from model.inference.arrays import LEAST_EXACT, difference
from model.network import Table

ALL_ORDERS = 10
"""Findings up to which every order counts: 2 ** 10 sets of findings are one batch of milliseconds."""

ROUNDING = 1e-9
"""Decibels, or probability, below which a finding is said to do nothing."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weight:
    """What one finding does to the target's state.

    ``db`` is its weight of evidence by the method of the whole; ``in_order_db`` its weight when findings come in
    the order given, after which the state has ``p_in_order``. Without it alone the state would have
    ``p_without``: it adds ``delta`` of probability and ``last_db`` of log odds on top of the others.
    ``direction`` is 'raises', 'lowers' or 'none'. Decibels that would be infinite are None.
    """

    finding: str
    statement: str
    db: float | None
    direction: str
    in_order_db: float | None
    p_in_order: float
    p_without: float
    delta: float
    last_db: float | None


@dataclass(frozen=True, slots=True)
class Balance:
    """The evidence weighed: ``weights`` add up to ``change_db``, the change of log odds by all findings together.

    ``method`` is 'all orders' (the Shapley average) or 'in order'. Where the state is impossible or certain
    its log odds are infinite: they are None, so are the weights, ``reason`` says which it is and ``decided_by`` names
    the findings that make it so, the fewest of the sets asked about.
    """

    p_before: float
    p: float
    before_db: float | None
    db: float | None
    change_db: float | None
    method: str
    reason: str | None
    decided_by: tuple[str, ...]
    weights: tuple[Weight, ...]

    def _repr_html_(self) -> str:
        columns = ("statement", "db", "direction", "p_without", "delta")
        weights = notebook.table(columns, notebook.records(columns, self.weights), bar="db")
        decided = f"decided by {', '.join(self.decided_by)}" if self.decided_by else ""
        title = f"Weight of evidence: {notebook.text(self.p_before)} before the findings, {notebook.text(self.p)} after"
        return notebook.html(title, weights, notebook.note(self.reason or "", decided, f"method: {self.method}"))


@dataclass(frozen=True, slots=True, eq=False)
class _Sets:
    """Sets of findings to ask about, ``kept`` (sets, findings), and which of them are needed one by one.

    ``first[k]`` is the set of the first k findings, ``without[i]`` that of all but finding i.
    """

    kept: Flags
    first: NDArray[np.int64]
    without: NDArray[np.int64]


def weigh(
    plan: Plan, case: Case, target: str, state: int, *, background: Mapping[str, Finding] = NOTHING_BEHIND
) -> Balance:
    """Weigh every finding of a case for one state of a target, the case's interventions in place throughout.

    The ``background`` is in place throughout too, and is not weighed; what a finding replaces of it counts without it.

    Weight of evidence is the change of 10 log10 odds (Good 1985). One finding's depends on which others are
    known before it; the average over all orders (Shapley 1953) does not, and still adds up. Beyond
    ALL_ORDERS findings the weights are those in the order given.

    >>> from model.evidence import observe
    >>> from model.network import Network, Variable
    >>> rain = Variable("rain", ("no", "yes"))
    >>> wet = Variable("wet", ("no", "yes"), parents=("rain",))
    >>> tables = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.1, 0.9]])}
    >>> found = weigh(inference.compile(Network([rain, wet], tables)), observe(wet="yes"), "rain", 1)
    >>> round(found.before_db, 4), round(found.weights[0].db, 4)
    (-6.0206, 9.5424)

    The evidence must be possible. Raises ImpossibleEvidence when assumptions among the findings cannot hold together.
    """
    count = len(case.findings)
    every = count <= ALL_ORDERS
    sets = _every_set(count) if every else _sets_in_order(count)
    evidence = subsets(plan, case, sets.kept, background)
    rows = inference.posterior(plan, evidence, (target,)).of(target)
    p, odds = rows[:, state], _log_odds(plan, evidence, target, state, rows)
    full = sets.first[-1]
    change = _difference(odds[full], odds[0])
    weights = _averaged(odds, count) if every else _difference(odds[sets.first[1:]], odds[sets.first[:-1]])
    return Balance(
        p_before=float(p[0]),
        p=float(p[full]),
        before_db=_finite(odds[0]),
        db=_finite(odds[full]),
        change_db=_finite(change),
        method="all orders" if every else "in order",
        reason=_reason(odds[0], odds[full], f"{target}={plan.network[target].states[state]}"),
        decided_by=_deciding(case, sets.kept, odds),
        weights=_weights(case, sets, p, odds, weights),
    )


def direction(change: float, fallback: float = 0.0) -> str:
    """The word for a change's sign; the fallback is read where the change is not finite.

    >>> direction(3.0), direction(-0.5), direction(float("nan"), 1e-13)
    ('raises', 'lowers', 'none')
    """
    moved = change if math.isfinite(change) else fallback
    return "none" if abs(moved) < ROUNDING else "raises" if moved > 0 else "lowers"


def _weights(case: Case, sets: _Sets, p: Numbers, odds: Numbers, weights: Numbers) -> tuple[Weight, ...]:
    steps = _difference(odds[sets.first[1:]], odds[sets.first[:-1]])
    last = _difference(odds[sets.first[-1]], odds[sets.without])
    delta = difference(p[sets.first[-1]], p[sets.without])
    return tuple(
        Weight(
            finding=name,
            statement=in_words(name, finding),
            db=_finite(weights[i]),
            direction=direction(float(weights[i]), float(delta[i])),
            in_order_db=_finite(steps[i]),
            p_in_order=float(p[sets.first[i + 1]]),
            p_without=float(p[sets.without[i]]),
            delta=float(delta[i]),
            last_db=_finite(last[i]),
        )
        for i, (name, finding) in enumerate(case.findings.items())
    )


def _deciding(case: Case, kept: Flags, odds: Numbers) -> tuple[str, ...]:
    decided = kept[np.isinf(odds)]
    fewest = decided[decided.sum(axis=1).argmin()] if len(decided) else np.zeros(len(case.findings), dtype=np.bool_)
    return tuple(name for name, needed in zip(case.findings, fewest.tolist(), strict=True) if needed)


def _every_set(count: int) -> _Sets:
    """Set number s holds finding i where bit i of s is 1."""
    bits = 1 << np.arange(count)
    number = np.arange(1 << count)
    return _Sets((number[:, None] & bits) != 0, (1 << np.arange(count + 1)) - 1, number[-1] - bits)


def _sets_in_order(count: int) -> _Sets:
    first = np.tri(count + 1, count, -1, dtype=np.bool_)
    return _Sets(
        np.concatenate([first, leave_one_out(count)]), np.arange(count + 1), np.arange(count + 1, 2 * count + 1)
    )


def _averaged(odds: Numbers, count: int) -> Numbers:
    """What each finding adds, averaged over all orders in which findings can come, from the log odds of every set."""
    number = np.arange(1 << count)
    size = np.array([int(s).bit_count() for s in number])
    share = np.array([1.0 / (count * math.comb(count - 1, k)) for k in range(count)])
    found = np.empty(count)
    for i in range(count):
        without = number[number & (1 << i) == 0]
        found[i] = share[size[without]] @ _difference(odds[without | (1 << i)], odds[without])
    return found


def _log_odds(plan: Plan, evidence: Evidence, target: str, state: int, rows: Table) -> Numbers:
    """10 log10 of a state's odds, infinite where it is certain: from its distributions under the evidence.

    ``rows`` (cases, states) are those. Where a number in them is too small to be exact, or zero, the engine is asked
    for its logarithm.
    """
    others = np.delete(rows, state, axis=1).sum(axis=1)
    with np.errstate(divide="ignore"):
        odds = np.asarray(10.0 * (np.log10(rows[:, state]) - np.log10(others)), dtype=np.float64)
    small = np.flatnonzero(np.minimum(rows[:, state], others) <= LEAST_EXACT)
    if len(small):
        some, this = evidence.picked(small), np.eye(rows.shape[1])[[state]]
        said = some.likelihood.get(target, np.ones((len(small), 1)))
        logs = [
            inference.log_evidence(plan, Evidence(len(small), {**some.likelihood, target: said * row}, some.tables))
            for row in (this, 1.0 - this)
        ]
        odds[small] = 10.0 / math.log(10.0) * (logs[0] - logs[1])
    return odds


def _difference(after: Numbers, before: Numbers) -> Numbers:
    """What log odds changed by, in decibels; what is below ROUNDING is nothing."""
    with np.errstate(invalid="ignore"):
        change = after - before
    return np.where(np.abs(change) < ROUNDING, 0.0, change)


def _finite(number: float | Numbers) -> float | None:
    return float(number) if np.isfinite(number) else None


def _reason(before: float, after: float, event: str) -> str | None:
    if math.isfinite(after):
        return None
    word = "certain" if after > 0 else "impossible"
    when = "given the findings" if math.isfinite(before) else "whatever is found"
    return f"{event} is {word} {when}, so its log odds are infinite"
