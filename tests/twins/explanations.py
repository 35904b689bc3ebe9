"""Twins of ``model/inference/junction_tree/packed/mpe_kernels.py``: the most probable state of all variables together
(Dawid 1992)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.network import Table
from tests.twins.dense import Workspace
from tests.twins.passes import joint


def rank(cells: Sequence[int], cell: int) -> int:
    """How many of the cells come before this one."""
    return sum(other < cell for other in cells)


def chosen(table: Table, s: int) -> tuple[int, bool]:
    """The first largest entry of a column, and whether it is there again; ``table`` is (residual, separator) cells.

    An entry that is left out of the tree, since it is never possible, is -1: a column of nothing else has no tie.
    """
    column = table[:, s]
    return int(column.argmax()), bool(column.max() >= 0 and (column == column.max()).sum() > 1)


def explain(work: Workspace) -> tuple[NDArray[np.intp], float]:
    """Every most probable state of all variables, shape (how many, variables), and the logarithm of the joint there."""
    every = joint(work)
    with np.errstate(divide="ignore"):
        return np.argwhere(every >= every.max() * (1 - 1e-12)), float(np.log(every.max()))
