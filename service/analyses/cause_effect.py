"""Cause and effect: each state of a cause as it is seen beside the same state brought about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from model.analyses import causal_effect, question_cost
from model.analyses.causal_effect import CauseEffect
from model.forecast import Forecaster
from model.wording import signed, wrapped
from service.analyses.analysis import (
    ERRORS,
    Analysed,
    EventParameters,
    event_asked,
    json_and_csv,
    reply,
    state_of,
)
from service.analyses.command import command_of, label, or_dash, page, under_lines
from service.cli.page import width
from service.cli.text import columns
from service.http.operation import Reply, operation
from service.http.validation import Text


class CauseParameters(EventParameters):
    """A cause, and a state of an effect."""

    cause: Annotated[Text, Field(description="The variable that is seen and set.")]
    effect: Annotated[Text | None, Field(description="The variable that it may move, unless an event is.")] = None


class CauseEffectRow(TypedDict):
    """A state of the cause, seen and brought about."""

    cause: str
    state: str
    observe: float | None
    intervene: float | None
    gap: float | None


def rows(found: CauseEffect) -> Iterator[CauseEffectRow]:
    """States of the cause in the order of the file."""
    for row in found.rows:
        yield {
            "cause": found.cause,
            "state": row.state,
            "observe": row.observe,
            "intervene": row.intervene,
            "gap": row.gap,
        }


@operation(
    "GET",
    "/v1/models/<model>/cause-effect",
    query=CauseParameters,
    forms=json_and_csv(CauseEffect, CauseEffectRow, rows),
    errors=ERRORS,
)
def cause_effect(forecaster: Forecaster, asked: CauseParameters) -> Reply:
    """Set each state of a cause as it is seen beside the same state brought about, and name what makes the gap."""
    model = forecaster.model
    model.network.variable(asked.cause, where=("cause",))
    event = event_asked(forecaster, asked, asked.effect, "effect")

    sets = 2 * len(model.network[asked.cause].states)

    def found() -> CauseEffect:
        state = state_of(event)
        return causal_effect.cause_effect(
            event.forecaster, event.question, cause=asked.cause, target=event.target, state=state
        )

    return reply(
        event,
        "cause-effect",
        found,
        lambda: question_cost.of_sets(event.forecaster, event.question, sets),
        target="effect",
        also=(("cause", asked.cause),),
    )


OPERATIONS = (cause_effect,)


@command_of(cause_effect, before=("cause",), target="effect")
def command(found: Analysed) -> str:
    """Each state of CAUSE as it is found, beside the same state brought about, for EFFECT being in STATE.

    \b
    aftermath cause-effect asia bronc dysp yes
    """
    result: CauseEffect = found.result
    labels = found.model.described[result.cause].labels
    rows = [("", "seen", "set", "seen less set")]
    rows += [
        (
            labels.get(row.state, row.state),
            or_dash(row.observe),
            or_dash(row.intervene),
            "-" if row.gap is None else signed(row.gap),
        )
        for row in result.rows
    ]
    apart = str(result.backdoor)
    why = f"what sets them apart: {apart}" if apart else "nothing sets seeing and setting apart here"
    lines = [
        f"{result.effect}={result.effect_state}  {label(found, result.effect)}",
        f"by {result.cause}  {label(found, result.cause)}",
        *under_lines(found),
        *columns(rows, right={1, 2, 3}),
        *wrapped(why, width(), then="  "),
    ]
    return page(found, lines)
