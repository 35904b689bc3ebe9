"""Cases made of every combination: ``border_intel_strength=*;do.is_finances=halved,collapsed``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from model.errors import AftermathError
from model.question import Question, resolve
from model.specification import NO_SCENARIO, Model
from service.jobs.cases import ID, BadCases, Block, Part, TextColumn, each_numbered, equal_parts, ids_of, kind_of
from service.translate.batch import check_columns

MOST_CASES = 1_000_000_000
"""Combinations of a grid: on two cores so many take from a quarter of an hour to some days, and over 10 GB."""

EVERY = "*"
EXAMPLE = "xray=*;do.smoke=yes,no"


@dataclass(frozen=True)
class Grid:
    """Every combination of some cells: ``cells`` are those of each column, the last column's vary fastest."""

    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    what: ClassVar[str] = "grid"

    @cached_property
    def cases(self) -> int:
        """How many combinations there are."""
        return math.prod(map(len, self.cells))

    @property
    def identity(self) -> dict[str, str]:
        """The grid written out."""
        return {
            "grid": ";".join(f"{name}={','.join(cells)}" for name, cells in zip(self.columns, self.cells, strict=True))
        }

    def parts(self, size: int) -> list[Part]:
        """The combinations in parts of so many."""
        return equal_parts(self.cases, size)

    def blocks(self, part: Part, size: int) -> Iterator[Block]:
        """The combinations of a part in blocks of so many at the most."""
        shape = tuple(map(len, self.cells))
        for numbers in each_numbered(part, size):
            codes = np.unravel_index(numbers, shape)
            columns = zip(self.columns, codes, self.cells, strict=True)
            made = tuple(TextColumn(name, code.astype(np.int32), cells) for name, code, cells in columns)
            yield Block(ids_of(None, "row", numbers + 1), made)


def read_grid(model: Model, text: str) -> Grid:
    """A grid as written: columns as in a batch, each with ``*`` (every state, scenario or cohort) or cells with commas.

    >>> from pathlib import Path
    >>> import priors
    >>> from model.priors import load
    >>> read_grid(load(Path(priors.__path__[0]) / "asia"), "xray=*;do.smoke=no").cells
    (('yes', 'no'), ('no',))

    Raises BadCases for what cannot be read and for too many combinations, UnknownVariable for a column that is of none,
    and what is wrong with a cell.
    """
    columns: dict[str, tuple[str, ...]] = {}
    for each in _split(text, ";"):
        name, equals, cells = (part.strip() for part in each.partition("="))
        if not equals or not name or name == ID:
            raise BadCases(f"expected columns such as {EXAMPLE!r}, found {each.strip()[:80]!r}", where=("--grid",))
        if name in columns:
            raise BadCases(f"the column {name!r} is named twice", where=("--grid",))
        check_columns(model, (name,))
        columns[name] = tuple(_cells(model, name, cells))
    grid = Grid(tuple(columns), tuple(columns.values()))
    if grid.cases > MOST_CASES:
        raise BadCases(f"{counted(grid)}; the most is {MOST_CASES:,}", where=("--grid",))
    return grid


def counted(grid: Grid) -> str:
    """How many combinations a grid makes, and of what.

    >>> counted(Grid(("xray", "do.smoke"), (("yes", "no"), ("yes", "no"))))
    '2 × 2 = 4 cases'
    """
    sizes = " × ".join(str(len(cells)) for cells in grid.cells)
    return f"{sizes} = {grid.cases:,} cases" if len(grid.cells) > 1 else f"{grid.cases:,} cases"


def _cells(model: Model, name: str, text: str) -> Iterator[str]:
    found: dict[str, None] = {}
    for each in map(str.strip, _split(text, ",")):
        if not each:
            raise BadCases(f"expected {name}=* or {name}=a,b, found {name}={text[:80]!r}", where=("--grid",))
        for cell in _every(model, name) if each == EVERY else (each,):
            if cell in found:
                raise BadCases(f"{name} has {cell!r} twice", where=("--grid",))
            _check(model, name, cell)
            found[cell] = None
    if not found:
        raise BadCases(f"the model has no {name} to choose from", where=("--grid",))
    yield from found


def _every(model: Model, name: str) -> tuple[str, ...]:
    """What ``*`` stands for in a column."""
    kind, variable = kind_of(name)
    if kind == "scenario":
        return tuple(model.scenarios)
    return tuple(model.cohorts) if kind == "cohort" else model.network[variable].states


def _check(model: Model, name: str, cell: str) -> None:
    """Refuse a cell that would be wrong in every case that has it."""
    kind, variable = kind_of(name)
    column = TextColumn(name, np.zeros(1, dtype=np.int32), (cell,)).read()
    [said] = column.said
    if isinstance(said, AftermathError):
        raise said
    if kind == "scenario":
        model.picture(cell)
    elif kind == "cohort":
        model.cohort(cell)
    else:
        stated = {"findings" if kind == "given" else "settings": {variable: said}}
        resolve(model, Question((variable,), scenario=NO_SCENARIO, **stated))  # type: ignore[arg-type]


def _split(text: str, mark: str) -> Iterator[str]:
    """Text between marks that stand neither in parentheses nor in double quotes.

    >>> list(_split('a=not(x,y),z;b=*', ","))
    ['a=not(x,y)', 'z;b=*']
    """
    start, depth, quoted = 0, 0, False
    for i, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == mark and not quoted and depth <= 0:
            yield text[start:i]
            start = i + 1
    yield text[start:]
