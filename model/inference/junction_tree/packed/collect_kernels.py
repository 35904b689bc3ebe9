"""The pass up a packed junction tree as compiled loops: each clique that a question touches tells its parent.

The arrays and every name in capitals are described in ``layout``; the loops over tables are those of
``table_kernels``. Of a finding, a replaced table or a clique only positions are known here.
The numpy twin of each kernel is in ``tests/twins/passes.py``.
"""

from __future__ import annotations

import math

from model.inference.junction_tree.packed.evidence_kernels import CLEAN, REBUILT, TOUCHED
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
    PART,
    PER_CLIQUE,
    RELATIVE,
    REPLACED,
    STACK_AT,
    SWAP,
    TABLE,
    TO_SEPARATOR,
    VARIABLE,
    VARIABLE_AT,
    VARIABLES,
    VISITED,
    Ints,
)
from model.inference.junction_tree.packed.table_kernels import maxima, sums, times, unsigned
from model.inference.numba_door import kernel
from model.network import Table

MANY = 8
"""Factors after which a table is brought back to a largest entry of 1, so that no product underflows."""

SMALL, LARGE = 1e-20, 1e20
"""Totals between these are multiplied up before one logarithm is taken."""

LEAST = 1e-200
"""Messages below this are not divided by."""


@kernel
def rescale(work: Table, at: int, n: int) -> float:
    """Divide a table by its largest entry, and give that; 1 for a table of zeros."""
    largest = 0.0
    for e in range(n):
        largest = max(largest, work[unsigned(at + e)])
    if largest == 0.0:
        return 1.0
    scale = 1.0 / largest
    if not math.isfinite(scale):
        return 1.0
    for e in range(n):
        work[unsigned(at + e)] *= scale
    return largest


@kernel
def _absorb(ints: Ints, floats: Table, work: Table, state: Ints, c: int, at: int, first: int, last: int) -> float:
    """Part of a clique's table with its findings and its children's messages in; returns the logarithm taken out.

    A touched clique starts from its conditional and meets only children that were visited; a rebuilt one
    starts from the network's tables and meets every child. A table that may have to be brought back comes whole.
    """
    n, variables = ints[CLIQUES], ints[VARIABLES]
    per_variable = PER_CLIQUE * n
    clique = ints[CLIQUE_AT] + CLIQUE * c
    rebuilt = state[MODE * n + c] == REBUILT
    fresh = True
    log = 0.0
    factors = 0
    if rebuilt:
        fresh = False
        for e in range(first, last):
            work[unsigned(at + e)] = 1.0
        p = ints[clique + FAMILY]
        for i in range(ints[p]):
            v, m = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
            variable = ints[VARIABLE_AT] + VARIABLE * v
            if state[per_variable + REPLACED * variables + v] == 1:
                times(ints, m, work, work, work, (at, ints[variable + SWAP], at), (first, last))
            else:
                times(ints, m, work, floats, work, (at, ints[variable + CPT], at), (first, last))
    f = state[FIRST * n + c]
    while f > 0:
        v = state[per_variable + FOUND * variables + f - 1]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        q = ints[LIKELIHOODS_AT] + ints[variable + OUT]
        if fresh:
            times(ints, ints[variable + ENTER], floats, work, work, (ints[clique + TABLE], q, at), (first, last))
        else:
            times(ints, ints[variable + ENTER], work, work, work, (at, q, at), (first, last))
        fresh = False
        f = state[per_variable + NEXT * variables + f - 1]
    p = ints[clique + CHILDREN]
    for i in range(ints[p]):
        j = ints[p + 1 + i]
        child = ints[CLIQUE_AT] + CLIQUE * j
        m, heard = ints[child + FROM_PARENT], ints[child + MESSAGE_AT]
        mode = state[MODE * n + j]
        if rebuilt and (mode != REBUILT or state[RELATIVE * n + j] == 1):
            times(ints, m, work, floats, work, (at, ints[child + MESSAGE], at), (first, last))
            log += floats[ints[child + LOG_SCALE]]
            factors += 1
        if mode != CLEAN:
            if fresh:
                times(ints, m, floats, work, work, (ints[clique + TABLE], heard, at), (first, last))
            else:
                times(ints, m, work, work, work, (at, heard, at), (first, last))
            fresh = False
            factors += 1
        if factors >= MANY:
            log += math.log(rescale(work, at, last))
            factors = 0
    return log


@kernel
def _relative(ints: Ints, floats: Table, work: Table, clique: int) -> bool:
    """Divide what a rebuilt clique says by what it says without evidence, so that its parent need not be rebuilt.

    Leaves all as it is where the clique now says something that was zero, or nearly.
    """
    heard, message, cells = ints[clique + MESSAGE_AT], ints[clique + MESSAGE], ints[clique + CELLS]
    lost = 0
    for s in range(cells):
        lost += floats[unsigned(message + s)] < LEAST and work[unsigned(heard + s)] > 0.0
    if lost > 0:
        return False
    for s in range(cells):
        said = floats[unsigned(message + s)]
        work[unsigned(heard + s)] = work[unsigned(heard + s)] / said if said >= LEAST else 0.0
    return True


@kernel
def up(ints: Ints, floats: Table, work: Table, state: Ints, top: int, best: bool) -> float:
    """Send messages up from every clique that is touched, as far as ``top``; returns the logarithm of their totals.

    Messages are left summing to 1; -inf as soon as one is all zero, or so small that its inverse is no number.
    """
    n = ints[CLIQUES]
    stack = ints[STACK_AT]
    log, product = 0.0, 1.0
    for c in range(top + 1):
        mode = state[unsigned(MODE * n + c)]
        if mode == CLEAN:
            continue
        clique = ints[CLIQUE_AT] + CLIQUE * c
        parent = ints[clique + PARENT]
        heard, cells, entries = ints[clique + MESSAGE_AT], ints[clique + CELLS], ints[clique + ENTRIES]
        for s in range(cells):
            work[unsigned(heard + s)] = 0.0
        size = entries if 2 * ints[ints[clique + CHILDREN]] >= MANY else ints[clique + PART]
        for first in range(0, entries, size):
            last = min(first + size, entries)
            taken = _absorb(ints, floats, work, state, c, stack, first, last)
            log += taken if first == 0 else 0.0
            if best:
                maxima(ints, ints[clique + TO_SEPARATOR], work, work, (stack, heard), (first, last))
            else:
                sums(ints, ints[clique + TO_SEPARATOR], work, work, (stack, heard), (first, last))
        state[unsigned(RELATIVE * n + c)] = 0
        if mode == REBUILT and parent >= 0 and _relative(ints, floats, work, clique):
            state[unsigned(RELATIVE * n + c)] = 1
            log -= floats[ints[clique + LOG_SCALE]]
            mode = TOUCHED
        if parent >= 0 and state[unsigned(MODE * n + parent)] < mode:
            state[unsigned(MODE * n + parent)] = mode
        total = 0.0
        for s in range(cells):
            total += work[unsigned(heard + s)]
        scale = 1.0 / total if total > 0.0 else math.inf
        if scale == math.inf:
            return -math.inf
        for s in range(cells):
            work[unsigned(heard + s)] *= scale
        if SMALL < total < LARGE:
            product *= total
        else:
            log += math.log(total)
        if not SMALL < product < LARGE:
            log += math.log(product)
            product = 1.0
        state[VISITED * n + c] = stack
        stack += entries
    return log + math.log(product)
