"""Cases as they come in blocks: what each says as text, each different text once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from model.analyses.case_columns import Column, Kind, Said, different
from model.errors import AftermathError
from model.evidence import syntax

if TYPE_CHECKING:
    import pyarrow as pa

DO = "do."
ID = "id"


class BadCases(AftermathError):
    """Cases that cannot be read, or are too many."""

    code = "bad_cases"


@dataclass(frozen=True, slots=True)
class Part:
    """Some consecutive cases, whose answers make one file: from case ``first``, the first of all being 0.

    Of a CSV file it is the bytes from ``start`` to ``end``, before which there are ``lines`` lines.
    """

    number: int
    first: int
    cases: int
    start: int = 0
    end: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """A column of cells: ``codes`` (cases,) are places in ``texts``, -1 where a cell is empty."""

    name: str
    codes: NDArray[np.int32]
    texts: tuple[str, ...]

    def read(self) -> Column:
        """What the cells say: a text that says nothing that can be read is its error."""
        kind, name = kind_of(self.name)
        return Column(kind, name, self.codes, tuple(_said(kind, name, text) for text in self.texts))


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some cases side by side, with their ids; ``broken`` are those that could not be read, by place."""

    ids: pa.Array
    columns: tuple[TextColumn, ...]
    broken: Mapping[int, AftermathError] = field(default_factory=dict)


class Source(Protocol):
    """Where cases come from. ``columns`` are as in the header of a batch, ``cases`` how many there are."""

    what: ClassVar[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""

    @property
    def cases(self) -> int:
        """How many cases there are."""

    @property
    def identity(self) -> dict[str, str]:
        """What tells these cases from all others."""

    def parts(self, size: int) -> list[Part]:
        """The cases in parts of so many."""

    def blocks(self, part: Part, size: int) -> Iterator[Block]:
        """The cases of a part in blocks of so many at the most."""


def kind_of(column: str) -> tuple[Kind, str]:
    """What a column is of, and the variable.

    >>> kind_of("do.smoke"), kind_of("xray"), kind_of("scenario")
    (('do', 'smoke'), ('given', 'xray'), ('scenario', 'scenario'))
    """
    if column == "scenario":
        return "scenario", column
    if column == "cohort":
        return "cohort", column
    return ("do", column.removeprefix(DO)) if column.startswith(DO) else ("given", column)


def _said(kind: Kind, name: str, text: str) -> Said:
    try:
        if kind == "given":
            return syntax.finding_from_text(text, where=("given", name))
        return syntax.setting_from_text(text, where=("do", name)) if kind == "do" else text
    except AftermathError as error:
        return error


def equal_parts(cases: int, size: int) -> list[Part]:
    """Cases cut into parts of so many, the last of what is left."""
    return [Part(i, first, min(size, cases - first)) for i, first in enumerate(range(0, cases, size))]


def text_column(name: str, cells: pa.Array) -> TextColumn:
    """A column from its cells, a dictionary array of texts: those that are used, and empty ones as nothing.

    >>> import pyarrow as pa
    >>> found = text_column("xray", pa.array(["yes", "", None, "no"]).dictionary_encode())
    >>> found.codes.tolist(), found.texts
    ([0, -1, -1, 1], ('yes', 'no'))
    """
    import pyarrow as pa

    texts = cells.dictionary.to_pylist()
    codes = cells.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
    first, which = different([(codes, len(texts))], len(codes))
    used = [texts[code] if code >= 0 else None for code in codes[first].tolist()]
    named = [text for text in dict.fromkeys(used) if text]
    places = {text: place for place, text in enumerate(named)}
    number = np.array([places.get(text, -1) if text else -1 for text in used], dtype=np.int32)
    return TextColumn(name, number[which], tuple(named))


def ids_of(given: pa.Array | None, otherwise: str, numbers: NDArray[np.int64]) -> pa.Array:
    """The id of each case: its own, or a word with its number.

    >>> ids_of(None, "line", np.array([2, 3])).to_pylist()
    ['line 2', 'line 3']
    """
    import pyarrow as pa
    from pyarrow import compute

    made = compute.binary_join_element_wise(otherwise, pa.array(numbers).cast(pa.string()), " ")
    if given is None:
        return made
    own = given.cast(pa.string())
    is_there = compute.and_(own.is_valid(), compute.not_equal(own.fill_null(""), ""))
    return compute.if_else(is_there, own, made)


def each_numbered(part: Part, size: int) -> Iterator[NDArray[np.int64]]:
    """The numbers of a part's cases, block by block, the first of all cases being 0."""
    for start in range(part.first, part.first + part.cases, size):
        yield np.arange(start, min(start + size, part.first + part.cases))
