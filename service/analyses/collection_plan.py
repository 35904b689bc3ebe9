"""Collection plan: what to find out next, the reports that improve a forecast most for what they cost, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import click
from pydantic import Field
from typing_extensions import TypedDict

from model.analyses.collection_plan import CollectionPlan, Step, plan
from model.forecast import Forecaster
from service.analyses.analysis import (
    ERRORS,
    Analysed,
    AnalysisParameters,
    event_of,
    json_and_csv,
    reply,
)
from service.analyses.command import command_of, label, page
from service.cli.text import columns, number
from service.http.operation import Reply, operation
from service.schemas.requests import AS_NUMBER, AS_WHOLE, Number

MOST_STEPS = 8


class PlanParameters(AnalysisParameters):
    """A target to find out more about; without a state, all of its states."""

    steps: Annotated[
        Annotated[int, Field(ge=1, le=MOST_STEPS)], AS_WHOLE, Field(description="How long the plan is.")
    ] = 3
    budget: Annotated[
        Annotated[Number, Field(gt=0)] | None,
        AS_NUMBER,
        Field(description="What all steps may cost together."),
    ] = None


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


def rows(found: CollectionPlan) -> Iterator[PlanRow]:
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


@operation(
    "GET",
    "/v1/models/<model>/collection-plan",
    query=PlanParameters,
    forms=json_and_csv(CollectionPlan, PlanRow, rows),
    errors=ERRORS,
)
def collection_plan(forecaster: Forecaster, asked: PlanParameters) -> Reply:
    """Say what to find out next: the reports that improve the forecast most for what they cost, in order."""
    event = event_of(forecaster, asked)
    steps, budget = asked.steps, asked.budget

    def found() -> CollectionPlan:
        return plan(
            event.forecaster, event.question, target=event.target, state=event.state, steps=steps, budget=budget
        )

    return reply(event, "collection-plan", found, also=(("steps", steps), ("budget", budget)))


OPERATIONS = (collection_plan,)


@command_of(collection_plan)
@click.option("--steps", type=click.IntRange(1, 8), help="How long the plan is (3).")
@click.option("--budget", type=click.FloatRange(0, min_open=True), help="What all steps may cost together.")
def command(found: Analysed) -> str:
    """What to find out next about TARGET: what improves its forecast most for what it costs.

    With STATE it is about that state alone, without it about all of them.

    \b
    aftermath plan mosul-2017 pathway --steps 4
    """
    result: CollectionPlan = found.result
    about = f"all states of {result.target}" if result.state is None else f"{result.target}={result.state}"
    lines = [
        f"{result.target}  {label(found, result.target)}",
        f"what to find out about {about}: expected Brier score now {number(result.score)}",
    ]
    if result.steps:
        head = ("", "value", "in all", "cost", "days", "reliability", "find out", "how")
        rows = [_step(i, step) for i, step in enumerate(result.steps, 1)]
        lines += [*columns([head, *rows], right={0, 1, 2, 3, 4, 5}), f"cost of all steps {result.cost:g}"]
    else:
        lines.append("nothing that can be collected would tell more")
    if result.skipped:
        lines += ["not in the plan", *columns([(each.variable, each.why) for each in result.skipped], right=set())]
    return page(found, lines)


def _step(i: int, step: Step) -> tuple[str, ...]:
    return (
        f"{i}",
        f"{step.value:.4f}",
        f"{step.cumulative:.4f}",
        f"{step.cost:g}",
        f"{step.lead_days:g}",
        f"{step.reliability:g}",
        step.variable,
        step.how,
    )
