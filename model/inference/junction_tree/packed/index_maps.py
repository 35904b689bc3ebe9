"""Maps between tables: for each entry of one, the cell of a smaller one. ``layout`` says how they lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import gcd
from operator import mul

import numpy as np
from numpy.typing import NDArray

from model.inference.junction_tree.packed.layout import GATHER, SPREAD, STREAM, Ints

SHORT_RUNS = {STREAM: 4, SPREAD: 3}
"""Runs shorter than this are looked up entry by entry: starting one costs more than it saves."""

STARTING = {GATHER: 0.0, STREAM: 2.0, SPREAD: 2.5}
EACH = {GATHER: 1.0, STREAM: 0.4, SPREAD: 0.25}
"""What it costs to start a run and to take each of its entries, an entry that is looked up being 1 (measured)."""

MAP_ROWS = 2048
"""Entries that one map lists before it repeats them with a second, coarser list."""

PART = 2187
"""Entries of a table that are taken at a time, at most: with what they are made from they fit the nearest cache."""

Positions = NDArray[np.int64]
"""Cells of a table, laid flat."""


class Writer:
    """Grows the int array; equal blocks of ints are stored once."""

    def __init__(self, reserved: int) -> None:
        self.length = reserved
        self.blocks: list[Ints] = []
        self.known: dict[bytes, int] = {}

    def put(self, values: Iterable[int] | NDArray[np.integer]) -> int:
        """Where the block is."""
        block = np.asarray(values if isinstance(values, np.ndarray) else list(values), dtype=np.int32)
        key = block.tobytes()
        if key not in self.known:
            self.known[key] = self.length
            self.blocks.append(block)
            self.length += len(block)
        return self.known[key]

    def pairs(self, values: Sequence[tuple[int, int]]) -> int:
        """Where a list of pairs, headed by its length, is."""
        return self.put([len(values), *(number for pair in values for number in pair)])


@dataclass(frozen=True, slots=True)
class Maps:
    """Writes maps between tables, each once."""

    writer: Writer
    members: Sequence[Sequence[int]]
    shapes: Sequence[tuple[int, ...]]
    supports: Sequence[Positions | None]

    def to(self, c: int, wanted: Sequence[int], ranks: Positions | None = None) -> int:
        """The map from a clique's stored entries to the cells of a table over some of its variables.

        ``ranks`` lists the cells that are stored of that table, when not all are.
        """
        kept = self.supports[c]
        if kept is None:
            return self.between(self.members[c], self.shapes[c], wanted)
        cells = _cells(kept, self.members[c], self.shapes[c], wanted)
        return self._listed(cells if ranks is None else np.searchsorted(ranks, cells))

    def between(
        self, members: Sequence[int], shape: tuple[int, ...], wanted: Sequence[int], kept: Positions | None = None
    ) -> int:
        """The map from a table's entries (those ``kept``) to the cells of a table over some of its variables."""
        if kept is not None:
            return self._listed(_cells(kept, members, shape, wanted))
        lengths, strides = list(shape), _strides(members, shape, wanted)
        kind, run = trailing(members, dict(zip(members, shape, strict=True)), wanted)
        taken = 1
        while taken < run:
            taken *= lengths.pop()
            strides.pop()
        low = np.zeros(1, dtype=np.int64)
        while lengths and (len(low) == 1 or len(low) * lengths[-1] <= MAP_ROWS):
            low = (np.arange(lengths.pop())[:, None] * strides.pop() + low).ravel()
        high = np.zeros(1, dtype=np.int64)
        while lengths:
            high = (np.arange(lengths.pop())[:, None] * strides.pop() + high).ravel()
        return self._record(kind, len(high), len(low), run, high, low)

    def part(self, c: int) -> int:
        """How many entries of a clique's table to take at a time: no run is cut but into such parts."""
        if self.supports[c] is not None:
            return PART
        sizes = [*accumulate(reversed(self.shapes[c]), mul, initial=1)]
        return max((size for size in sizes if PART // 8 < size <= PART), default=sizes[-1])

    def _listed(self, cells: Positions) -> int:
        return self._record(GATHER, 1, len(cells), 1, np.zeros(1, dtype=np.int64), cells)

    def _record(
        self, kind: int, blocks: int, rows: int, run: int, high: NDArray[np.integer], low: NDArray[np.integer]
    ) -> int:
        repeat = gcd(rows, *(np.flatnonzero(np.diff(low)) + 1).tolist()) if kind == STREAM else 1
        return self.writer.put([kind, blocks, rows, run, self.writer.put(high), self.writer.put(low), repeat])


def _cells(kept: Positions, members: Sequence[int], shape: Sequence[int], wanted: Sequence[int]) -> Positions:
    """For each entry kept of a table, the cell of a table over the variables wanted."""
    cells = np.zeros(len(kept), dtype=np.int64)
    for place, stride in zip(np.unravel_index(kept, shape), _strides(members, shape, wanted), strict=True):
        cells += place * stride
    return cells


def _strides(members: Sequence[int], shape: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """How far each axis of a table moves through a table over the variables wanted; 0 for one not in it."""
    lengths = dict(zip(members, shape, strict=True))
    found = {}
    step = 1
    for v in reversed(wanted):
        found[v] = step
        step *= lengths[v]
    return [found.get(v, 0) for v in members]


def trailing(
    members: Sequence[int], cards: Sequence[int] | Mapping[int, int], wanted: Sequence[int]
) -> tuple[int, int]:
    """The kind of map from a table over ``members`` to one over ``wanted``, and the length of its runs.

    ``cards`` gives the states of each variable; the last axis is the fastest.

    >>> trailing([0, 1, 2], [2, 4, 5], [1, 2]) == (STREAM, 20)
    True
    >>> trailing([1, 2, 0], [2, 4, 5], [1, 2])
    (0, 1)
    """
    kind, run, place = GATHER, 1, len(wanted) - 1
    for v in reversed(members):
        if cards[v] == 1:
            continue
        while place >= 0 and cards[wanted[place]] == 1:
            place -= 1
        fits = (STREAM if place >= 0 and wanted[place] == v else GATHER) if v in wanted else SPREAD
        if fits == GATHER or kind not in (GATHER, fits):
            break
        kind = fits
        run *= cards[v]
        place -= fits == STREAM
    return (GATHER, 1) if run < SHORT_RUNS.get(kind, 0) else (kind, run)


def cost(kind: int, run: int) -> float:
    """What an entry costs in a loop over such a map."""
    return EACH[kind] + STARTING[kind] / run
