"""The shapes of answers about revisions that are kept: which there are, their files, names and activations."""

from __future__ import annotations

from typing import Annotated, TypedDict

from msgspec import Meta, Struct
from pydantic import Field

from service.http.validation import Hurried, Shape, Text

MOST_LISTED = 1_000
MOST_KEPT = 2**63 - 1
"""The largest number of a row, of either kind of store."""
Compiled = Annotated[
    int | None, Meta(description="Table entries of the model compiled; null where an earlier version kept it.")
]
Time = Annotated[str, Meta(description="In UTC, as 2026-03-01T09:30:00.000000Z.")]


class Page(Hurried):
    """Which part of a list, the last first."""

    most: Annotated[int, Field(ge=1, le=MOST_LISTED, strict=False, description="How many rows.")] = 50
    before: Annotated[
        int | None, Field(ge=1, le=MOST_KEPT, strict=False, description="Only what has a smaller `seq`: the next page.")
    ] = None


class RevisionToName(Shape):
    """What a name is to mean."""

    revision: Annotated[Text | None, Field(description="A hash, another name or `active`; null takes the name away.")]


class RevisionToActivate(Shape):
    """What is to be served, and why."""

    revision: Annotated[Text, Field(description="The hash or a name of a revision that is kept.")]
    reason: Annotated[str, Field(max_length=2_000, description="Kept with the activation.")] = ""


class ActivationJSON(Struct):
    """A revision that became active: `cause` is file, call, store or start."""

    seq: int
    model: str
    revision: str
    at: Time
    cause: str
    previous: str | None
    author: str
    reason: str


class RevisionJSON(Struct):
    """A revision that is kept."""

    seq: int
    revision: str
    at: Time
    author: str
    message: str
    engine: str
    size: int
    tree_cells: Compiled
    active: bool
    names: list[str]


class RevisionsJSON(Struct):
    """The revisions of a model, the last kept first; ``before`` leads to the next page."""

    model: str
    active: str | None
    revisions: list[RevisionJSON]
    before: int | None


class FileJSON(Struct):
    """A file of a revision, and where its text is."""

    name: str
    size: int
    link: str


class RevisionAnswer(Struct):
    """One revision with its files, and when it was made active."""

    model: str
    seq: int
    revision: str
    at: Time
    author: str
    message: str
    engine: str
    size: int
    tree_cells: Compiled
    active: bool
    names: list[str]
    files: list[FileJSON]
    activations: list[ActivationJSON]


class RevisionRow(TypedDict):
    """A revision as a row of CSV."""

    seq: int
    revision: str
    time: str
    author: str
    message: str
    engine: str
    size: int
    tree_cells: Compiled
    active: bool
    names: str


class NameJSON(Struct):
    """A name and what it means; null where it was taken away."""

    name: str
    revision: str | None
    at: Time
    author: str


class NamesJSON(Struct):
    """Every name of a model's revisions with what it means."""

    model: str
    names: dict[str, str]


class NamedJSON(Struct):
    """What a name means, and what it meant before, the last first."""

    model: str
    name: str
    revision: str | None
    meant: list[NameJSON]
