"""Cause and effect: each state of a cause as it is seen beside the same state brought about. It has no command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from model.analyses import causal_effect
from model.analyses.causal_effect import CauseEffect
from model.forecast import Forecaster
from service.analyses.analysis import (
    ERRORS,
    EventParameters,
    event_asked,
    json_and_csv,
    reply,
    state_of,
)
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

    def found() -> CauseEffect:
        state = state_of(event)
        return causal_effect.cause_effect(
            event.forecaster, event.question, cause=asked.cause, target=event.target, state=state
        )

    return reply(event, "cause-effect", found, target="effect", also=(("cause", asked.cause),))


OPERATIONS = (cause_effect,)
