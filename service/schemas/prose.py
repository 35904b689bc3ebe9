"""The shapes of prose that is held against answers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from pydantic import Field, StringConstraints

from service.http.validation import Shape

MOST_CHARACTERS = 20_000
MOST_CITED = 20
MOST_NUMBERS = 1_000


class ProseSent(Shape):
    """A text, and the permalinks that it cites beside those that it holds itself."""

    text: Annotated[
        str,
        StringConstraints(min_length=1, max_length=MOST_CHARACTERS),
        Field(description="As it is to be read: plain text or Markdown. Permalinks that stand in it count as cited."),
    ]
    permalinks: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=8_200)]],
        Field(
            default_factory=list,
            max_length=MOST_CITED,
            description="Permalinks of answers of this service: `…?revision=…` of a question, or of an answer kept at "
            "`/v1/answers/`.",
        ),
    ]


class NearestNumber(Struct):
    """The number of the answers that is nearest to one of the text, of the target and the state named there."""

    value: float
    said: Annotated[str, Meta(description="As a text may have it.")]
    name: Annotated[str, Meta(description="The field of the answer, such as `p`, `lo` or `shift`.")]
    target: str | None
    state: str | None
    side: str | None
    permalink: str


class UnsupportedNumber(Struct):
    """A number of the text that the answers do not support, with its place, both counted from 1."""

    text: str
    line: int
    column: int
    around: Annotated[str, Meta(description="The words around it.")]
    why: str
    target: Annotated[str | None, Meta(description="Of which target the sentence says it; null where it does not.")]
    state: str | None
    nearest: NearestNumber | None


class ProseAnswer(Struct):
    """Which numbers of a text its answers do not support."""

    supported: Annotated[bool, Meta(description="Whether every number is supported.")]
    numbers: Annotated[int, Meta(description="How many numbers of the text are taken for forecasts.")]
    unsupported: list[UnsupportedNumber]
    permalinks: Annotated[list[str], Meta(description="The answers that it was held against.")]
