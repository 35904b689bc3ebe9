"""The table in each analysis, as rows for CSV."""

from __future__ import annotations

from collections.abc import Iterator

from typing_extensions import TypedDict

from model.analyses.causal_effect import CauseEffect
from model.analyses.collection_plan import CollectionPlan
from model.analyses.explanation import Explanation
from model.analyses.goal_seeking import Goals, Policies
from model.analyses.sensitivity import BreakEven, Sensitivity
from model.analyses.variance_attribution import Attribution


class AttributionRow(TypedDict):
    """A prior statement and the part of the variance that it carries."""

    share: float
    sd: float
    variable: str
    what: str
    ess: float | None
    p_visited: float | None
    sources: str
    file: str
    line: int


class SensitivityRow(TypedDict):
    """A prior number and what it does to the event over its own 90 % range."""

    swing: float
    p_low: float
    p_high: float
    variable: str
    what: str
    value: float
    low: float
    high: float
    derivative: float
    method: str
    alpha: float | None
    beta: float | None
    gamma: float | None
    delta: float | None
    threshold: str | None
    lead: str | None
    sources: str
    file: str
    line: int


class ExplanationRow(TypedDict):
    """A finding and its weight."""

    finding: str
    statement: str
    db: float | None
    direction: str
    p_without: float
    delta: float
    surprise_bits: float | None
    conflict_bits: float | None


class PlanRow(TypedDict):
    """A step of the plan."""

    step: int
    variable: str
    how: str
    value: float
    cumulative: float
    cost: float
    value_per_cost: float | None
    lead_days: float
    reliability: float
    bits: float


class GoalRow(TypedDict):
    """A change of a set that reaches the goal."""

    set: int
    size: int
    verb: str
    variable: str
    state: str
    p: float
    margin: float
    p_evidence: float


class PolicyRow(TypedDict):
    """A setting of one lever and what it does to the event."""

    variable: str
    state: str
    p: float
    lo: float | None
    hi: float | None
    shift: float
    shift_lo: float | None
    shift_hi: float | None


class CauseEffectRow(TypedDict):
    """A state of the cause, seen and brought about."""

    cause: str
    state: str
    observe: float | None
    intervene: float | None
    gap: float | None


def of_attribution(found: Attribution) -> Iterator[AttributionRow]:
    """Statements, the largest share first."""
    for row in found.statements:
        yield {
            "share": row.share,
            "sd": row.sd,
            "variable": row.variable,
            "what": row.what,
            "ess": row.ess,
            "p_visited": row.p_visited,
            "sources": " ".join(row.sources),
            "file": row.file,
            "line": row.line,
        }


def of_sensitivity(found: Sensitivity) -> Iterator[SensitivityRow]:
    """Numbers, the widest swing first."""
    for row in found.rows:
        alpha, beta, gamma, delta = row.coefficients or (None, None, None, None)
        yield {
            "swing": row.swing,
            "p_low": row.p_low,
            "p_high": row.p_high,
            "variable": row.variable,
            "what": row.what,
            "value": row.value,
            "low": row.low,
            "high": row.high,
            "derivative": row.derivative,
            "method": row.method,
            "alpha": alpha,
            "beta": beta,
            "gamma": gamma,
            "delta": delta,
            "threshold": tipping(row.threshold),
            "lead": tipping(row.lead),
            "sources": " ".join(row.sources),
            "file": row.file,
            "line": row.line,
        }


def tipping(found: BreakEven | None) -> str | None:
    """Where a number tips an answer, in words.

    >>> tipping(BreakEven((0.31,), "above", 0.0, 1.0, (-0.1, 0.2)))
    'above 0.31'
    >>> tipping(BreakEven((), None, 0.0, 1.0, (-0.2, -0.1)))
    'never from 0 to 1'
    """
    if found is None:
        return None
    if found.never:
        return f"never from {found.least:.4g} to {found.most:.4g}"
    return f"{found.direction or 'at'} {', '.join(f'{value:.6g}' for value in found.values)}"


def of_explanation(found: Explanation) -> Iterator[ExplanationRow]:
    """Findings in the order of the question."""
    surprises = {each.finding: each.bits for each in found.surprises}
    conflicts = {each.finding: each.bits for each in found.conflict.findings}
    for row in found.balance.weights:
        yield {
            "finding": row.finding,
            "statement": row.statement,
            "db": row.db,
            "direction": row.direction,
            "p_without": row.p_without,
            "delta": row.delta,
            "surprise_bits": surprises.get(row.finding),
            "conflict_bits": conflicts.get(row.finding),
        }


def of_plan(found: CollectionPlan) -> Iterator[PlanRow]:
    """Steps in their order."""
    for i, step in enumerate(found.steps, 1):
        yield {
            "step": i,
            "variable": step.variable,
            "how": step.how,
            "value": step.value,
            "cumulative": step.cumulative,
            "cost": step.cost,
            "value_per_cost": step.value_per_cost,
            "lead_days": step.lead_days,
            "reliability": step.reliability,
            "bits": step.bits,
        }


def of_goals(found: Goals) -> Iterator[GoalRow]:
    """Sets in their order, a row for each change."""
    for i, each in enumerate(found.sets, 1):
        for change in each.changes:
            yield {
                "set": i,
                "size": len(each.changes),
                "verb": change.verb,
                "variable": change.variable,
                "state": change.state,
                "p": each.p,
                "margin": each.margin,
                "p_evidence": each.p_evidence,
            }


def of_policies(found: Policies) -> Iterator[PolicyRow]:
    """Settings, the lowest probability first."""
    for row in found.rows:
        yield {
            "variable": row.variable,
            "state": row.state,
            "p": row.p,
            "lo": row.low,
            "hi": row.high,
            "shift": row.shift,
            "shift_lo": row.shift_low,
            "shift_hi": row.shift_high,
        }


def of_cause_effect(found: CauseEffect) -> Iterator[CauseEffectRow]:
    """States of the cause in the order of the file."""
    for row in found.rows:
        yield {
            "cause": found.cause,
            "state": row.state,
            "observe": row.observe,
            "intervene": row.intervene,
            "gap": row.gap,
        }
