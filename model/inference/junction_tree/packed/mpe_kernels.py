"""The most probable explanation over a packed junction tree: maxima go up, choices come down (Dawid 1992).

The numpy twin of each kernel is in ``tests/twins/explanations.py``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.inference.junction_tree.packed.collect_kernels import up
from model.inference.junction_tree.packed.evidence_kernels import CLEAN, REBUILT, begin, end, enter
from model.inference.junction_tree.packed.layout import (
    CELLS,
    CHOICES,
    CLIQUE,
    CLIQUE_AT,
    CLIQUES,
    ENTRIES,
    LOG_SCALE,
    MODE,
    RANKS,
    RESIDUAL,
    SEPARATOR,
    TABLE,
    TO_SEPARATOR,
    VISITED,
    Ints,
)
from model.inference.junction_tree.packed.table_kernels import unsigned
from model.inference.numba_door import kernel
from model.network import Table

TIED = 1.0 - 1e-12
"""Share of the largest entry from which another counts as equal to it: products are rounded."""


@kernel
def _rank(ints: Ints, at: int, length: int, cell: int) -> int:
    """Where a cell is in a sorted list of cells."""
    low, high = 0, length
    while low < high:
        middle = (low + high) // 2
        if ints[at + middle] < cell:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _chosen(ints: Ints, table: Table, at: int, clique: int, s: int) -> tuple[int, bool]:
    """The residual cell with the largest entry in a table, given the separator's cell, and whether another equals it.

    The first on a tie.
    """
    entries, cells, choices = ints[clique + ENTRIES], ints[clique + CELLS], ints[clique + CHOICES]
    best, second, found = -1.0, -1.0, 0
    if choices < 0:
        for r in range(entries // cells):
            x = table[unsigned(at + r * cells + s)]
            if x > best:
                best, second, found = x, best, r
            elif x > second:
                second = x
        return found, second >= best * TIED
    own = ints[ints[clique + TO_SEPARATOR] + 5]
    for e in range(entries):
        if ints[unsigned(own + e)] != s:
            continue
        x = table[unsigned(at + e)]
        if x > best:
            best, second, found = x, best, ints[unsigned(choices + e)]
        elif x > second:
            second = x
    return found, second >= best * TIED


@kernel
def explain(
    ints: Ints,
    floats: Table,
    work: Table,
    state: Ints,
    rows: Table,
    found: tuple[NDArray[np.int64], Table, NDArray[np.bool_]],
    counts: tuple[int, int],
) -> None:
    """Fill states, logs and ties with each case's most probable explanation; ``floats`` are those with maxima.

    Ties say whether another is as probable: one that differs first, from the root down, in some clique has there
    an entry as large, the separator's states being the same. ``counts`` are the lengths of the lists of findings and
    replaced tables in ``state``.
    """
    states, logs, ties = found
    findings, swaps = counts
    n = ints[CLIQUES]
    for case in range(len(logs)):
        if rows.shape[1] > 0:
            enter(ints, work, state, rows, case, findings)
        begin(ints, work, state, findings, swaps)
        log = up(ints, floats, work, state, n - 1, True)
        if log > -math.inf and state[MODE * n + n - 1] != REBUILT:
            log += floats[ints[ints[CLIQUE_AT] + CLIQUE * (n - 1) + LOG_SCALE]]
        logs[case] = log
        ties[case] = False
        if log == -math.inf:
            states[case, :] = 0
            continue
        for c in range(n - 1, -1, -1):
            clique = ints[CLIQUE_AT] + CLIQUE * c
            s = 0
            p = ints[clique + SEPARATOR]
            for i in range(ints[p]):
                s += states[case, ints[p + 1 + 2 * i]] * ints[p + 2 + 2 * i]
            if ints[clique + RANKS] >= 0:
                s = _rank(ints, ints[clique + RANKS], ints[clique + CELLS], s)
            if state[MODE * n + c] == CLEAN:
                r, tied = _chosen(ints, floats, ints[clique + TABLE], clique, s)
            else:
                r, tied = _chosen(ints, work, state[VISITED * n + c], clique, s)
            ties[case] = ties[case] or tied
            p = ints[clique + RESIDUAL]
            for i in range(ints[p]):
                v, step = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
                states[case, v] = r // step
                r = r % step
    end(ints, state, swaps, 0)
