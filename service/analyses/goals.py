"""Goals: the fewest changes that bring an event's probability below or above a threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import click
from msgspec import Meta
from pydantic import Field
from typing_extensions import TypedDict

from model.analyses import goal_seeking, question_cost
from model.analyses.goal_seeking import Change, Goals, NotTried, Searched
from model.errors import BadQuestion
from model.forecast import Forecaster
from model.resources.cost import Cost
from model.wording import quantity
from service.analyses.analysis import (
    ERRORS,
    Analysed,
    AnalysisParameters,
    event_of,
    json_and_csv,
    reply,
    state_of,
)
from service.analyses.command import SHARE, command_of, event_line, heading, page, under_lines
from service.cli.text import columns, number
from service.http.operation import Reply, operation
from service.schemas.requests import AS_NUMBER, AS_WHOLE, Number


class GoalParameters(AnalysisParameters):
    """An event whose probability is to be brought below or above a threshold: one of the two."""

    below: Annotated[Annotated[Number, Field(ge=0, le=1)] | None, AS_NUMBER] = None
    above: Annotated[Annotated[Number, Field(ge=0, le=1)] | None, AS_NUMBER] = None
    using: Annotated[
        Literal["levers", "findings", "both"], Field(description="What may change: what is set, what is found, both.")
    ] = "levers"
    largest: Annotated[Annotated[int, Field(ge=1, le=3)], AS_WHOLE, Field(description="Most changes in a set.")] = 3


class GoalRow(TypedDict):
    """A change of a set that reaches the goal; where none does, of the one that comes nearest."""

    set: int
    size: int
    verb: Annotated[str | None, Meta(description="Empty where the nearest to the goal is to change nothing.")]
    variable: str | None
    state: str | None
    p: float
    margin: Annotated[float, Meta(description="How far p is past the threshold; negative where it falls short.")]
    p_evidence: float
    reached: Annotated[bool, Meta(description="Whether the set reaches the goal.")]
    replaced: Annotated[str, Meta(description="What of cohort and scenario the set stands in place of.")]


def rows(found: Goals) -> Iterator[GoalRow]:
    """Sets in their order, a row for each change; where none reaches the goal, the one that comes nearest."""
    for i, each in enumerate(found.sets if found.best is None else (found.best,), 1):
        for change in each.changes or (None,):
            yield {
                "set": i,
                "size": len(each.changes),
                "verb": change.verb if change else None,
                "variable": change.variable if change else None,
                "state": change.state if change else None,
                "p": each.p,
                "margin": each.margin,
                "p_evidence": each.p_evidence,
                "reached": found.best is None,
                "replaced": "; ".join(each.replaced),
            }


@operation(
    "GET",
    "/v1/models/<model>/goals",
    query=GoalParameters,
    forms=json_and_csv(Goals, GoalRow, rows),
    errors=ERRORS,
)
def goals(forecaster: Forecaster, asked: GoalParameters) -> Reply:
    """Find the fewest changes that bring an event's probability below or above a threshold.

    A lever is set in place of what cohort and scenario say of it, and the set says of what (`replaced`). What is
    left as it is is named with the reason (`left_out`): levers that the question itself speaks of, and where
    findings may change, conditions that it, cohort or scenario speaks of. Where no set that was tried does, `best`
    is the one that comes nearest: what it changes, and the probability then.
    """
    event = event_of(forecaster, asked)
    if (asked.below is None) == (asked.above is None):
        raise BadQuestion("a goal has one threshold: below or above", where=("below",))

    def found() -> Goals:
        return goal_seeking.goals(
            event.forecaster,
            event.question,
            target=event.target,
            state=state_of(event),
            below=asked.below,
            above=asked.above,
            using=asked.using,
            largest=asked.largest,
        )

    def cost() -> Cost:
        return question_cost.of_goals(
            event.forecaster,
            event.question,
            event.target,
            findings=asked.using != "levers",
            largest=asked.largest,
        )

    also = (("below", asked.below), ("above", asked.above), ("using", asked.using), ("largest", asked.largest))
    return reply(event, "goals", found, cost, also=also)


OPERATIONS = (goals,)


@command_of(goals)
@click.option("--below", type=SHARE, help="The probability to get under.")
@click.option("--above", type=SHARE, help="The probability to get over.")
@click.option("--using", type=click.Choice(["levers", "findings", "both"]), help="What may change (levers).")
@click.option("--largest", type=click.IntRange(1, 3), help="Most changes in a set (3).")
def command(found: Analysed) -> str:
    """The fewest changes that bring TARGET being in STATE below or above a probability.

    \b
    aftermath goals asia dysp yes --below 0.4
    """
    result: Goals = found.result
    goal = f"below {result.below:g}" if result.below is not None else f"above {result.above:g}"
    lines = [event_line(found, result.state, result.p), *under_lines(found), f"goal: {goal}"]
    if result.met:
        return page(found, [*lines, "met already: nothing needs to change"])
    if result.best is not None:
        lines.append("no set of changes that was tried reaches it")
        said = changes_text(result.best.changes) or "no change at all"
        lines.append(f"the nearest to it: {number(result.best.p)}, {-result.best.margin:.4f} short, by {said}")
    else:
        shown = [(number(each.p), f"{each.margin:.4f}", changes_text(each.changes)) for each in result.sets]
        lines += [heading("sets that reach it", shown, result.found)]
        lines += columns([("p", "margin", "changes"), *shown], right={0, 1})
    lines += _replaced(result)
    lines += left_out_lines(result.left_out)
    lines += map(searched_text, result.searched)
    if result.cut:
        lines.append("not every set was tried: there may be others")
    return page(found, lines)


def _replaced(result: Goals) -> Iterator[str]:
    """What of cohort and scenario the sets shown stand in place of."""
    shown = result.sets if result.best is None else (result.best,)
    said = dict.fromkeys(each for row in shown for each in row.replaced)
    if said:
        yield "set in place of what cohort or scenario says"
        yield from columns([(each,) for each in said], right=set())


def left_out_lines(left_out: Sequence[NotTried]) -> Iterator[str]:
    """Variables that are not tried, each with why."""
    if left_out:
        yield "left out"
        yield from columns([(each.variable, each.why) for each in left_out], right=set())


def searched_text(row: Searched) -> str:
    """How far the sets of one size were searched, in words.

    >>> searched_text(Searched(1, 33, 33, 33))
    'sets of 1 change: 33 tried, of the 33 changes that may be made'
    >>> searched_text(Searched(3, 120, 10, 32))
    'sets of 3 changes: 120 tried, of the 10 most promising of the 32 changes that do not reach it alone'
    >>> searched_text(Searched(2, 0, 1, 1))
    'sets of 2 changes: none to try, of the 1 change that does not reach it alone'
    """
    falls_short = f"that {'does' if row.possible == 1 else 'do'} not reach it alone"
    these = f"{quantity(row.possible, 'change')} {'that may be made' if row.size == 1 else falls_short}"
    if row.combined < row.possible:
        these = f"{row.combined} most promising of the {these}"
    tried = f"{row.tried:,} tried" if row.tried else "none to try"
    return f"sets of {quantity(row.size, 'change')}: {tried}, of the {these}"


def changes_text(changes: Sequence[Change]) -> str:
    """Changes in words, in a line."""
    return ", ".join(f"{each.verb} {each.variable}={each.state}" for each in changes)
