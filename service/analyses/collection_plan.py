"""Collection plan: what to find out next, the reports that improve a forecast most for what they cost, in order."""

from __future__ import annotations

from collections.abc import Iterator
from types import GenericAlias
from typing import Annotated

import click
from msgspec import Meta
from pydantic import Field
from typing_extensions import TypedDict

from model.analyses import question_cost
from model.analyses.collection_plan import CollectionPlan, Step, plan
from model.forecast import Forecaster
from model.resources.cost import Cost
from model.wording import wrapped
from service.analyses.analysis import (
    ERRORS,
    Analysed,
    AnalysisParameters,
    body_form,
    documented,
    event_of,
    reply,
)
from service.analyses.command import command_of, label, page, under_lines
from service.cli.page import width
from service.cli.text import columns, number
from service.http.forms import csv_form
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


VALUE_UNIT = "Brier score"
COST_UNIT = "comparative"
SCORE = "a sum of squared differences of probabilities: of the whole distribution, of a state by itself half of it"

MEANS = {
    "value": f"Expected drop of the Brier score ({SCORE}) by the report, on top of the steps before.",
    "cumulative": "Expected drop of the Brier score by this step and those before it.",
    "cost": "In the model's units of cost, which only compare with each other.",
    "value_per_cost": "Expected drop of the Brier score for each unit of cost; null where the report costs nothing.",
    "lead_days": "Days from asking to knowing.",
    "reliability": "Probability that the report names the true state, 0 to 1.",
    "bits": "What the report tells of the target on top of the steps before: mutual information, in bits.",
}
"""What each number of a step is, and in which unit."""

SHOWN = {
    "score": Annotated[float, Meta(description=f"Expected Brier score now ({SCORE}): the most that it can drop.")],
    "steps": GenericAlias(tuple, (documented(Step, MEANS), ...)),
    "covered": Annotated[
        float, Meta(description="Probability of the outcomes that the last step was worked out for, 0 to 1.")
    ],
    "cost": Annotated[float, Meta(description="Of all steps, in the model's units of cost.")],
}


UNITS = (
    "value, in all: expected drop of the Brier score, by the step and with those before it; cost: in units that only "
    "compare with each other; per cost: value for a unit of it, by "
    "which steps are chosen; days: from asking to knowing; reliability: probability that the report is right"
)


def _means(name: str) -> Meta:
    return Meta(description=MEANS[name])


class PlanRow(TypedDict):
    """A step of the plan."""

    step: int
    variable: str
    how: str
    value: Annotated[float, _means("value")]
    cumulative: Annotated[float, _means("cumulative")]
    cost: Annotated[float, _means("cost")]
    value_per_cost: Annotated[float | None, _means("value_per_cost")]
    lead_days: Annotated[float, _means("lead_days")]
    reliability: Annotated[float, _means("reliability")]
    bits: Annotated[float, _means("bits")]
    value_unit: Annotated[str, Meta(description="Of value and cumulative.")]
    cost_unit: Annotated[str, Meta(description="Of cost: it only compares with other costs of the model.")]


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
            "value_unit": VALUE_UNIT,
            "cost_unit": COST_UNIT,
        }


@operation(
    "GET",
    "/v1/models/<model>/collection-plan",
    query=PlanParameters,
    forms=(body_form(CollectionPlan, shown=SHOWN), csv_form(PlanRow, lambda found: rows(found.result))),
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

    def cost() -> Cost:
        return question_cost.of_collection(event.forecaster, event.question, event.target, steps)

    return reply(event, "collection-plan", found, cost, also=(("steps", steps), ("budget", budget)))


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
        *under_lines(found),
        f"what to find out about {about}: expected Brier score now {number(result.score)}",
    ]
    if result.steps:
        head = ("", "value", "in all", "cost", "per cost", "days", "reliability", "find out", "how")
        rows = [_step(i, step) for i, step in enumerate(result.steps, 1)]
        lines += [*columns([head, *rows], right={0, 1, 2, 3, 4, 5, 6}), f"cost of all steps {result.cost:g}"]
        lines += wrapped(UNITS, width(), then="  ")
    else:
        lines.append("nothing that can be collected would tell more")
    if result.skipped:
        lines += ["not in the plan", *columns([(each.variable, each.why) for each in result.skipped], right=set())]
    return page(found, lines)


def _step(i: int, step: Step) -> tuple[str, ...]:
    return (
        f"{i}",
        number(step.value),
        number(step.cumulative),
        f"{step.cost:g}",
        "-" if step.value_per_cost is None else f"{step.value_per_cost:.2g}",
        f"{step.lead_days:g}",
        f"{step.reliability:g}",
        step.variable,
        step.how,
    )
