"""Policies: every setting of every lever, one at a time, by what it does to an event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta
from typing_extensions import TypedDict

from model.analyses import goal_seeking, question_cost
from model.analyses.goal_seeking import Policies, Policy
from model.forecast import Forecaster
from model.resources.cost import Cost
from model.uncertainty.intervals import MASS
from model.wording import effect_text, portion, wrapped
from service.analyses.analysis import (
    ERRORS,
    Analysed,
    AnalysisParameters,
    event_of,
    json_and_csv,
    reply,
    state_of,
)
from service.analyses.command import command_of, event_line, page, under_lines
from service.analyses.goals import changes_text, left_out_lines
from service.cli.page import width
from service.cli.text import Marks, bar, columns, listing, marks, number, span_text
from service.http.operation import Reply, operation
from service.schemas.answers import Outside
from service.schemas.requests import IntervalText
from service.translate.questions import interval_mass


class PolicyParameters(AnalysisParameters):
    """An event that each lever may move."""

    interval: IntervalText = None


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
    outside: Outside
    shift_outside: Outside
    replaced: Annotated[str, Meta(description="What of cohort and scenario the setting stands in place of.")]


def rows(found: Policies) -> Iterator[PolicyRow]:
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
            "outside": row.outside,
            "shift_outside": row.shift_outside,
            "replaced": "; ".join(row.replaced),
        }


@operation(
    "GET",
    "/v1/models/<model>/policies",
    query=PolicyParameters,
    forms=json_and_csv(Policies, PolicyRow, rows),
    errors=ERRORS,
)
def policies(forecaster: Forecaster, asked: PolicyParameters) -> Reply:
    """Rank every setting of every lever, one at a time, by what it does to an event.

    A setting stands in place of what cohort and scenario say of the lever, and the row says of what (`replaced`). A
    lever that the question itself speaks of is left as it is, and named with the reason (`left_out`).
    """
    event = event_of(forecaster, asked)
    mass = interval_mass(asked.interval, named=True) or MASS

    def found() -> Policies:
        state = state_of(event)
        return goal_seeking.policies(event.forecaster, event.question, target=event.target, state=state, mass=mass)

    def cost() -> Cost:
        return question_cost.of_policies(event.forecaster, event.question, event.target)

    return reply(event, "policies", found, cost, also=(("interval", None if mass == MASS else mass),))


OPERATIONS = (policies,)


@command_of(policies)
def command(found: Analysed) -> str:
    """Every setting of every lever, one at a time, by what it does to TARGET being in STATE.

    \b
    aftermath policies asia lung yes
    """
    result: Policies = found.result
    drawn = marks()
    lines = [event_line(found, result.state, result.p), *under_lines(found)]
    if result.rows:
        lines.append(f"each lever set alone; ranges hold {portion(result.mass)} of the draws")
        lines += columns([_policy(row, result.p, drawn) for row in result.rows], right={2})
    else:
        lines.append("no lever is left to set")
    lines += _replaced(result)
    lines += left_out_lines(result.left_out)
    if result.impossible:
        lines += listing("impossible with what is known", [changes_text((each,)) for each in result.impossible])
    if result.warning:
        lines += wrapped(result.warning, width(), then="  ")
    return page(found, lines)


def _replaced(result: Policies) -> Iterator[str]:
    """By lever what of cohort and scenario its settings stand in place of."""
    said = {row.variable: row.replaced for row in result.rows if row.replaced}
    if said:
        yield "set in place of what cohort or scenario says"
        yield from columns([(name, "; ".join(each)) for name, each in said.items()], right=set())


def _policy(row: Policy, before: float, drawn: Marks) -> tuple[str, ...]:
    ends = span_text(row.low, row.high)
    effect = effect_text(row.shift, row.shift_low, row.shift_high)
    return f"{row.variable}={row.state}", effect, number(row.p), ends, bar(row.p, before, drawn)
