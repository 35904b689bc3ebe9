"""Maps between tables: for each entry of one, the cell of a smaller one. ``model/layout.py`` says how they lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.layout import GATHER, SPREAD, STREAM, Ints

SHORT_RUN = 4
"""Runs shorter than this are looked up entry by entry."""

MAP_ROWS = 2048
"""Entries that one map lists before it repeats them with a second, coarser list."""

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
        kind, run = _innermost(lengths, strides)
        low = np.zeros(1, dtype=np.int64)
        while lengths and (len(low) == 1 or len(low) * lengths[-1] <= MAP_ROWS):
            low = (np.arange(lengths.pop())[:, None] * strides.pop() + low).ravel()
        high = np.zeros(1, dtype=np.int64)
        while lengths:
            high = (np.arange(lengths.pop())[:, None] * strides.pop() + high).ravel()
        return self._record(kind, len(high), len(low), run, high, low)

    def _listed(self, cells: Positions) -> int:
        return self._record(GATHER, 1, len(cells), 1, np.zeros(1, dtype=np.int64), cells)

    def _record(
        self, kind: int, blocks: int, rows: int, run: int, high: NDArray[np.integer], low: NDArray[np.integer]
    ) -> int:
        return self.writer.put([kind, blocks, rows, run, self.writer.put(high), self.writer.put(low)])


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


def _innermost(lengths: list[int], strides: list[int]) -> tuple[int, int]:
    """Take the trailing axes that make one run off the lists; (kind, run), run 1 where it would be short."""
    kind, run, taken = GATHER, 1, 0
    for length, stride in zip(reversed(lengths), reversed(strides), strict=True):
        fits = SPREAD if stride == 0 else STREAM if stride == run else GATHER
        if length > 1 and (fits == GATHER or kind not in (GATHER, fits)):
            break
        kind = fits if length > 1 else kind
        run *= length
        taken += 1
    if run < SHORT_RUN:
        return GATHER, 1
    del lengths[len(lengths) - taken :], strides[len(strides) - taken :]
    return kind, run
