"""Twins of ``model/inference/junction_tree/packed/table_kernels.py``: what a map says, written out, the three things
done along it, and a matrix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.inference.junction_tree.packed.layout import STREAM, Ints
from model.network import Table


def cells(ints: Ints, m: int) -> NDArray[np.int64]:
    """The cell that each entry meets.

    A table of 2 × 3 entries summed over its first axis, as runs of 3:

    >>> cells(np.array([STREAM, 1, 2, 3, 6, 7, 0, 0, 0], dtype=np.int32), 0).tolist()
    [0, 1, 2, 0, 1, 2]
    """
    kind, blocks, rows, run, high, low = ints[m : m + 6].tolist()
    outer = ints[high : high + blocks, None].astype(np.int64) + ints[None, low : low + rows]
    return (outer[:, :, None] + (np.arange(run) if kind == STREAM else np.zeros(run, dtype=np.int64))).ravel()


def times(table: Table, cells: NDArray[np.integer], factor: Table) -> Table:
    """Each entry of a table times the cell of ``factor`` that it meets."""
    return np.asarray(table * factor[cells], dtype=np.float64)


def sums(table: Table, cells: NDArray[np.integer], into: Table) -> Table:
    """``into`` with every entry added to the cell that it meets."""
    return np.asarray(into + np.bincount(cells, table, minlength=len(into)), dtype=np.float64)


def maxima(table: Table, cells: NDArray[np.integer], into: Table) -> Table:
    """``into`` raised to the largest entry that meets each cell."""
    found = into.copy()
    np.maximum.at(found, cells, table)
    return found


def vector_matrix(weights: Table, matrix: Table, into: Table) -> Table:
    """``into`` with the rows of a matrix added, each times its weight."""
    return np.asarray(into + weights @ matrix)
