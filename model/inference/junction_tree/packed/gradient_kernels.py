"""Derivatives of P(evidence) over a packed junction tree: one pass up and one down without a division.

The numpy twin of each kernel is in ``tests/twins/gradients.py``.
"""

from __future__ import annotations

import math

from model.inference.junction_tree.packed.collect_kernels import MANY, rescale
from model.inference.junction_tree.packed.evidence_kernels import CLEAN, REBUILT, begin, end
from model.inference.junction_tree.packed.layout import (
    CELLS,
    CHILDREN,
    CLIQUE,
    CLIQUE_AT,
    CLIQUES,
    CPT,
    ENTER,
    ENTRIES,
    FAMILY,
    FIRST,
    FOUND,
    FROM_PARENT,
    LIKELIHOODS_AT,
    LOG_SCALE,
    MESSAGE,
    MESSAGE_AT,
    MODE,
    NEXT,
    OUT,
    PARENT,
    PER_CLIQUE,
    REPLACED,
    SEPARATOR_BELIEF_AT,
    SIZE,
    STACK_AT,
    SWAP,
    TO_SEPARATOR,
    VARIABLE,
    VARIABLE_AT,
    VARIABLES,
    Ints,
)
from model.inference.junction_tree.packed.table_kernels import sums, times, unsigned
from model.inference.numba_door import kernel
from model.network import Table


@kernel
def _product(
    ints: Ints, floats: Table, work: Table, state: Ints, logs: Table, c: int, without: tuple[int, int], above: bool
) -> float:
    """All that meets in a clique, at the stack: tables, findings, children's messages and, if asked, that from above.

    ``without`` are the numbers of a table and of a child that are left out (-1: none). Returns the logarithm taken out,
    what was taken out of the messages before included.
    """
    family, child = without
    n, variables = ints[CLIQUES], ints[VARIABLES]
    per_variable = PER_CLIQUE * n
    at = ints[STACK_AT]
    clique = ints[CLIQUE_AT] + CLIQUE * c
    entries = ints[clique + ENTRIES]
    for e in range(entries):
        work[unsigned(at + e)] = 1.0
    log = 0.0
    p = ints[clique + FAMILY]
    for i in range(ints[p]):
        if i == family:
            continue
        v, m = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        if state[per_variable + REPLACED * variables + v] == 1:
            times(ints, m, work, work, work, (at, ints[variable + SWAP], at), (0, entries))
        else:
            times(ints, m, work, floats, work, (at, ints[variable + CPT], at), (0, entries))
    f = state[FIRST * n + c]
    while f > 0:
        v = state[per_variable + FOUND * variables + f - 1]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        q = ints[LIKELIHOODS_AT] + ints[variable + OUT]
        times(ints, ints[variable + ENTER], work, work, work, (at, q, at), (0, entries))
        f = state[per_variable + NEXT * variables + f - 1]
    if above:
        times(
            ints,
            ints[clique + TO_SEPARATOR],
            work,
            work,
            work,
            (at, ints[clique + SEPARATOR_BELIEF_AT], at),
            (0, entries),
        )
        log += logs[n + c]
    p = ints[clique + CHILDREN]
    for i in range(ints[p]):
        j = ints[p + 1 + i]
        if i == child:
            continue
        other = ints[CLIQUE_AT] + CLIQUE * j
        times(ints, ints[other + FROM_PARENT], work, work, work, (at, ints[other + MESSAGE_AT], at), (0, entries))
        log += logs[j]
        if i % MANY == MANY - 1:
            log += math.log(rescale(work, at, entries))
    return log


@kernel
def _message(ints: Ints, work: Table, m: int, target: int, entries: int, cells: int) -> float:
    """Add the table at the stack up into a message, brought back to a largest entry of 1; returns that logarithm."""
    for s in range(cells):
        work[unsigned(target + s)] = 0.0
    sums(ints, m, work, work, (ints[STACK_AT], target), (0, entries))
    return math.log(rescale(work, target, cells))


@kernel
def gradient(
    ints: Ints,
    floats: Table,
    work: Table,
    state: Ints,
    logs: Table,
    out: Table,
    counts: tuple[int, int],
    reference: float,
) -> None:
    """Fill ``out`` with d P(evidence) / d every entry of every conditional table, times exp(-``reference``).

    One pass up and one down without a division, so that entries of zero have their derivative too (Darwiche 2003).
    ``out`` has the tables end to end, ``logs`` two numbers for each clique; ``counts`` are the lengths of the lists of
    findings and replaced tables in ``state``. No table may be compressed.
    """
    findings, swaps = counts
    n = ints[CLIQUES]
    begin(ints, work, state, findings, swaps)
    for c in range(n):
        clique = ints[CLIQUE_AT] + CLIQUE * c
        cells, heard = ints[clique + CELLS], ints[clique + MESSAGE_AT]
        if state[MODE * n + c] == CLEAN:
            for s in range(cells):
                work[heard + s] = floats[ints[clique + MESSAGE] + s]
            logs[c] = floats[ints[clique + LOG_SCALE]]
            continue
        parent = ints[clique + PARENT]
        if parent >= 0:
            state[MODE * n + parent] = REBUILT
        log = _product(ints, floats, work, state, logs, c, (-1, -1), False)
        logs[c] = log + _message(ints, work, ints[clique + TO_SEPARATOR], heard, ints[clique + ENTRIES], cells)
    work[ints[ints[CLIQUE_AT] + CLIQUE * (n - 1) + SEPARATOR_BELIEF_AT]] = 1.0
    logs[n + n - 1] = 0.0
    for c in range(n - 1, -1, -1):
        clique = ints[CLIQUE_AT] + CLIQUE * c
        p = ints[clique + CHILDREN]
        for i in range(ints[p]):
            j = ints[p + 1 + i]
            child = ints[CLIQUE_AT] + CLIQUE * j
            believed, cells = ints[child + SEPARATOR_BELIEF_AT], ints[child + CELLS]
            log = _product(ints, floats, work, state, logs, c, (-1, i), True)
            logs[n + j] = log + _message(ints, work, ints[child + FROM_PARENT], believed, ints[clique + ENTRIES], cells)
        p = ints[clique + FAMILY]
        for i in range(ints[p]):
            v, m = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
            variable = ints[VARIABLE_AT] + VARIABLE * v
            start, size = ints[variable + CPT], ints[variable + SIZE]
            log = _product(ints, floats, work, state, logs, c, (i, -1), True)
            for k in range(size):
                out[start + k] = 0.0
            sums(ints, m, work, out, (ints[STACK_AT], start), (0, ints[clique + ENTRIES]))
            scale = math.exp(log - reference)
            for k in range(size):
                out[start + k] *= scale
    end(ints, state, swaps, 0)
