"""The collection plan: what to find out next about a target, given its cost and how far a report can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from model import notebook
from model.analyses.value_of_information import (
    Known,
    brier_drop,
    given,
    joints,
    known,
    mutual_information,
    report_matrix,
    reported,
    why_closed,
)
from model.forecast import Forecaster
from model.inference.arrays import ranked
from model.network import Table, complements
from model.question import Question
from model.specification import Collectable

BRANCHES = 256
"""Outcomes of the reports in the plan that a further step is worked out for. Beyond, only the likeliest are kept:
the value of a step is then a lower bound, since an outcome that is left out could only have added to it."""

NOTHING = 1e-20
"""A drop of the Brier score below this is rounding: it is a sum of squares of what is rounded at 1e-16."""


@dataclass(frozen=True, slots=True)
class IfReported:
    """One thing the report may say, its chance, and what the target's probabilities become if it is all that comes."""

    report: str
    chance: float
    p: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to find out. ``value`` is the expected drop of the Brier score that its report brings on top of
    the steps before, ``cumulative`` with them; ``bits`` is what it tells of the target on top of them.
    ``value_per_cost`` is None where it costs nothing. ``reports`` are given one by one, the other steps unknown.
    """

    variable: str
    how: str
    value: float
    cumulative: float
    cost: float
    value_per_cost: float | None
    lead_days: float
    reliability: float
    bits: float
    reports: tuple[IfReported, ...]
    sources: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that could be collected and is not in the plan, and why."""

    variable: str
    why: str


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """What to find out, in order. ``score`` is the expected Brier score of the target as things are known now:
    its most possible drop. ``covered`` is the chance of the outcomes that the last step was worked out for, 1
    unless there are more than BRANCHES of them. ``cost`` is what all steps cost together.
    """

    target: str
    state: str | None
    score: float
    steps: tuple[Step, ...]
    skipped: tuple[Skipped, ...]
    covered: float
    cost: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cost", sum(step.cost for step in self.steps))

    def _repr_html_(self) -> str:
        columns = ("variable", "how", "value", "cumulative", "cost", "bits", "reliability", "lead_days", "sources")
        event = self.target if self.state is None else f"{self.target}={self.state}"
        return notebook.html(
            f"What to find out about {event}: its expected Brier score is {notebook.text(self.score)}",
            notebook.table(columns, notebook.records(columns, self.steps), bar="value"),
            notebook.note(*(f"not {each.variable}: {each.why}" for each in self.skipped)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Outcomes:
    """What the reports in the plan may say together: ``p`` has shape (outcomes,), each report's rows
    (outcomes, states) are how likely what it says is under each state of its variable.
    """

    p: Table
    reports: Mapping[str, Table]


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a report would bring on top of the plan: ``joint`` has shape (outcomes, reports, groups of the target)."""

    of: Collectable
    value: float
    joint: Table

    @property
    def per_cost(self) -> float:
        return self.value / self.of.cost if self.of.cost else np.inf


def plan(
    forecaster: Forecaster,
    question: Question,
    *,
    target: str,
    state: str | None = None,
    steps: int = 5,
    budget: float | None = None,
) -> CollectionPlan:
    """What to find out next about a target, by what it is expected to do for the forecast for each unit of cost.

    Value is the expected drop of the Brier score, of the whole distribution or, where ``state`` is given, of
    that event alone, by the report that one would get: the true state with the reliability stated in the model,
    any other alike. Greedy (Krause & Guestrin 2009), given every outcome of the reports already in the plan;
    two reports that tell something only together are therefore missed. Only what ``model.collection`` lists is
    observable. What is d-separated from the target is worth exactly 0. Raises what ``forecast.answer`` raises.
    """
    start = known(forecaster, question, target, state)
    listed = forecaster.model.collection
    left = {name: listed[name] for name in listed if why_closed(start, name) is None}
    alone = {name: reported(joint, left[name]) for name, joint in joints(start, left).items()}
    outcomes = _Outcomes(np.ones(1), {})
    taken: list[Step] = []
    covered = 1.0
    money = np.inf if budget is None else budget
    while len(taken) < steps:
        found = _worths(start, outcomes, {name: c for name, c in left.items() if c.cost <= money})
        best = max(found, key=lambda worth: ranked(worth.per_cost), default=None)
        if best is None:
            break
        covered = float(outcomes.p.sum())
        taken.append(_step(start, best, alone[best.of.name], taken))
        outcomes = _branched(outcomes, best)
        money -= best.of.cost
        del left[best.of.name]
    return CollectionPlan(
        target,
        state,
        score=start.weight * float(start.p @ complements(start.p)),
        steps=tuple(taken),
        skipped=_skipped(start, taken, left, steps=steps, money=money),
        covered=covered,
    )


def _worths(start: Known, outcomes: _Outcomes, candidates: Mapping[str, Collectable]) -> list[_Worth]:
    """What each report would bring on top of those in the plan; those that bring nothing are left out."""
    near = start.connected(outcomes.reports)
    names = [name for name in candidates if name in near]
    if not names:
        return []
    found = joints(start, names, outcomes.reports, outcomes=len(outcomes.p))
    told = {name: reported(joint, candidates[name]) for name, joint in found.items()}
    worths = (_Worth(candidates[name], start.weight * brier_drop(joint), joint) for name, joint in told.items())
    return [worth for worth in worths if worth.value > NOTHING]


def _step(start: Known, worth: _Worth, alone: Table, before: list[Step]) -> Step:
    of = worth.of
    return Step(
        of.name,
        of.how,
        value=worth.value,
        cumulative=worth.value + (before[-1].cumulative if before else 0.0),
        cost=of.cost,
        value_per_cost=worth.per_cost if of.cost else None,
        lead_days=of.lead_days,
        reliability=of.reliability,
        bits=mutual_information(worth.joint),
        reports=_if_reported(start, of.name, alone[0]),
        sources=of.sources,
        reason=of.reason,
    )


def _if_reported(start: Known, name: str, joint: Table) -> tuple[IfReported, ...]:
    """``joint`` has shape (reports, groups of the target); a report that cannot come is left out."""
    states, count = start.forecaster.model.network[name].states, len(start.named)
    rows = zip(states, joint.sum(axis=1).tolist(), given(joint)[:, :count].tolist(), strict=True)
    return tuple(IfReported(s, chance, dict(zip(start.named, p, strict=True))) for s, chance, p in rows if chance > 0)


def _branched(outcomes: _Outcomes, worth: _Worth) -> _Outcomes:
    """The outcomes once one more report is in the plan: the likeliest where there are too many, in a fixed order."""
    chances = worth.joint.sum(axis=-1).ravel()
    kept = np.sort(np.argsort(-chances, kind="stable")[:BRANCHES])
    kept = kept[chances[kept] > 0]
    matrix = report_matrix(worth.joint.shape[1], worth.of.reliability)
    before, report = np.divmod(kept, len(matrix))
    reports = {name: rows[before] for name, rows in outcomes.reports.items()}
    return _Outcomes(chances[kept], {**reports, worth.of.name: matrix[report]})


def _skipped(
    start: Known, taken: list[Step], left: Mapping[str, Collectable], *, steps: int, money: float
) -> tuple[Skipped, ...]:
    done = [step.variable for step in taken]
    near = start.connected(done)

    def why(name: str) -> str:
        closed = why_closed(start, name)
        if closed is not None:
            return closed
        if name not in near:
            return f"it can tell nothing of {start.target}, given what is known"
        if left[name].cost > money:
            rest = f"only {money:g}" if money else "nothing"
            return f"it costs {left[name].cost:g}, and {rest} is left of the budget after the steps before"
        if len(taken) < steps:
            return "it would add nothing to what the plan finds out"
        return "it is worth less for its cost than what is planned"

    return tuple(Skipped(name, why(name)) for name in start.forecaster.model.collection if name not in done)
