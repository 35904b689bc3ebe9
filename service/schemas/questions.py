"""The shapes of named questions: what a name asks, and what it asked before."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from pydantic import Field

from service.http.validation import Shape
from service.schemas.revisions import Time
from service.store.questions import LONGEST, LONGEST_LABEL

Query = Annotated[
    str | None, Meta(description="A query string as of an address, such as `given=xray:yes&do=smoke:no`.")
]


class QuestionToName(Shape):
    """What a name is to ask."""

    question: Annotated[
        Annotated[str, Field(max_length=LONGEST)] | None,
        Field(
            description="As a query string with `given`, `do`, `scenario` and `cohort`, such as "
            "`given=xray:yes&do=smoke:no`; empty for nothing said, null takes the name away."
        ),
    ]
    label: Annotated[str, Field(max_length=LONGEST_LABEL, description="What people read.")] = ""


class QuestionJSON(Struct):
    """A named question: `seq` is the version that `If-Match` names, `page` where the workbench shows it."""

    seq: int
    name: str
    label: str
    question: Query
    page: str | None
    at: Time
    author: str


class QuestionsJSON(Struct):
    """Every named question of a model."""

    model: str
    questions: list[QuestionJSON]


class NamedQuestionJSON(Struct):
    """What a name asks, null where it was taken away; and what it asked before, the last first."""

    model: str
    name: str
    label: str
    question: Query
    page: str | None
    seq: int
    asked: list[QuestionJSON]
