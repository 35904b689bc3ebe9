"""The two passes over a packed junction tree as compiled loops: the tree executor's marginals and beliefs.

The arrays and every name in capitals are described in ``model/layout.py``; the loops over tables are those of
``model/map_kernels.py``. Of a finding, a replaced table or a clique only positions are known here.
The numpy twin of each kernel is in ``tests/twins/passes.py``.
"""

from __future__ import annotations

import math

from model.layout import (
    ABOVE,
    ACTIVE,
    ASKED,
    BELIEVED,
    BRANCH,
    CARD,
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
    HEARD,
    LEVEL,
    LIKELIHOODS_AT,
    MESSAGE,
    MODE,
    NEEDED,
    NEXT,
    OUT,
    OUTLOOK,
    OWN,
    PARENT,
    PART,
    PER_CLIQUE,
    PLACED,
    READ,
    READ_ABOVE,
    RELATIVE,
    REPLACED,
    STACK_AT,
    SWAP,
    TABLE,
    UP,
    VARIABLE,
    VARIABLE_AT,
    VARIABLES,
    VISITED,
    WIDTH,
    Ints,
)
from model.map_kernels import U, maxima, sums, times, weighed
from model.mark_kernels import CLEAN, REBUILT, TOUCHED, begin, end, enter, want
from model.native import kernel
from model.network import Table

MANY = 8
"""Factors after which a table is brought back to a largest entry of 1, so that no product underflows."""

SMALL, LARGE = 1e-20, 1e20
"""Totals between these are multiplied up before one logarithm is taken."""


LEAST = 1e-200
"""Messages below this are not divided by."""


@kernel
def lowered(work: Table, at: int, n: int) -> float:
    """Divide a table by its largest entry, and give that; 1 for a table of zeros."""
    largest = 0.0
    for e in range(n):
        largest = max(largest, work[U(at + e)])
    if largest == 0.0:
        return 1.0
    scale = 1.0 / largest
    if not math.isfinite(scale):
        return 1.0
    for e in range(n):
        work[U(at + e)] *= scale
    return largest


@kernel
def _filled(ints: Ints, floats: Table, work: Table, state: Ints, c: int, at: int, first: int, last: int) -> float:
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
            work[U(at + e)] = 1.0
        p = ints[clique + FAMILY]
        for i in range(ints[p]):
            v, m = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
            variable = ints[VARIABLE_AT] + VARIABLE * v
            if state[per_variable + REPLACED * variables + v] == 1:
                times(ints, m, work, at, work, ints[variable + SWAP], work, at, first, last)
            else:
                times(ints, m, work, at, floats, ints[variable + CPT], work, at, first, last)
    f = state[FIRST * n + c]
    while f > 0:
        v = state[per_variable + FOUND * variables + f - 1]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        q = ints[LIKELIHOODS_AT] + ints[variable + OUT]
        if fresh:
            times(ints, ints[variable + ENTER], floats, ints[clique + TABLE], work, q, work, at, first, last)
        else:
            times(ints, ints[variable + ENTER], work, at, work, q, work, at, first, last)
        fresh = False
        f = state[per_variable + NEXT * variables + f - 1]
    p = ints[clique + CHILDREN]
    for i in range(ints[p]):
        j = ints[p + 1 + i]
        child = ints[CLIQUE_AT] + CLIQUE * j
        m, heard = ints[child + UP], ints[child + HEARD]
        mode = state[MODE * n + j]
        if rebuilt and (mode != REBUILT or state[RELATIVE * n + j] == 1):
            times(ints, m, work, at, floats, ints[child + MESSAGE], work, at, first, last)
            log += floats[ints[child + LEVEL]]
            factors += 1
        if mode != CLEAN:
            if fresh:
                times(ints, m, floats, ints[clique + TABLE], work, heard, work, at, first, last)
            else:
                times(ints, m, work, at, work, heard, work, at, first, last)
            fresh = False
            factors += 1
        if factors >= MANY:
            log += math.log(lowered(work, at, last))
            factors = 0
    return log


@kernel
def _relative(ints: Ints, floats: Table, work: Table, clique: int) -> bool:
    """Divide what a rebuilt clique says by what it says without evidence, so that its parent need not be rebuilt.

    Leaves all as it is where the clique now says something that was zero, or nearly.
    """
    heard, message, cells = ints[clique + HEARD], ints[clique + MESSAGE], ints[clique + CELLS]
    lost = 0
    for s in range(cells):
        lost += floats[U(message + s)] < LEAST and work[U(heard + s)] > 0.0
    if lost > 0:
        return False
    for s in range(cells):
        said = floats[U(message + s)]
        work[U(heard + s)] = work[U(heard + s)] / said if said >= LEAST else 0.0
    return True


@kernel
def up(ints: Ints, floats: Table, work: Table, state: Ints, top: int, best: bool) -> float:
    """Send messages up from every clique that is touched, as far as ``top``; returns the logarithm of their totals.

    Messages are left summing to 1; -inf as soon as one is all zero.
    """
    n = ints[CLIQUES]
    stack = ints[STACK_AT]
    log, product = 0.0, 1.0
    for c in range(top + 1):
        mode = state[U(MODE * n + c)]
        if mode == CLEAN:
            continue
        clique = ints[CLIQUE_AT] + CLIQUE * c
        parent = ints[clique + PARENT]
        heard, cells, entries = ints[clique + HEARD], ints[clique + CELLS], ints[clique + ENTRIES]
        for s in range(cells):
            work[U(heard + s)] = 0.0
        size = entries if 2 * ints[ints[clique + CHILDREN]] >= MANY else ints[clique + PART]
        for first in range(0, entries, size):
            last = min(first + size, entries)
            taken = _filled(ints, floats, work, state, c, stack, first, last)
            log += taken if first == 0 else 0.0
            if best:
                maxima(ints, ints[clique + OWN], work, stack, work, heard, first, last)
            else:
                sums(ints, ints[clique + OWN], work, stack, work, heard, first, last)
        state[U(RELATIVE * n + c)] = 0
        if mode == REBUILT and parent >= 0 and _relative(ints, floats, work, clique):
            state[U(RELATIVE * n + c)] = 1
            log -= floats[ints[clique + LEVEL]]
            mode = TOUCHED
        if parent >= 0 and state[U(MODE * n + parent)] < mode:
            state[U(MODE * n + parent)] = mode
        total = 0.0
        for s in range(cells):
            total += work[U(heard + s)]
        if total == 0.0:
            return -math.inf
        scale = 1.0 / total
        if not math.isfinite(scale):
            scale = 1.0
            total = 1.0
        for s in range(cells):
            work[U(heard + s)] *= scale
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


@kernel
def _turn(ints: Ints, floats: Table, work: Table, state: Ints, top: int) -> float:
    """What is believed of the separator of the clique where the ascent ended; returns the logarithm of its total."""
    n = ints[CLIQUES]
    clique = ints[CLIQUE_AT] + CLIQUE * top
    heard, believed, above = ints[clique + HEARD], ints[clique + BELIEVED], ints[clique + ABOVE]
    cells = ints[clique + CELLS]
    mode = state[MODE * n + top]
    log = 0.0 if mode == REBUILT else floats[ints[ints[CLIQUE_AT] + CLIQUE * (n - 1) + LEVEL]]
    if mode == CLEAN:
        for s in range(cells):
            work[believed + s] = floats[above + s]
        return log
    total = 0.0
    for s in range(cells):
        x = work[heard + s] * floats[above + s]
        work[believed + s] = x
        total += x
    if total == 0.0:
        return -math.inf
    scale = 1.0 / total
    for s in range(cells):
        work[believed + s] *= scale
    return log + math.log(total)


@kernel
def _read(
    ints: Ints, state: Ints, p: int, table: Table, at: int, out: Table, everything: bool, first: int, last: int
) -> None:
    """Add the marginals listed at ``p`` up from some entries of a table."""
    n, variables = ints[CLIQUES], ints[VARIABLES]
    for i in range(ints[p]):
        v, m = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
        if everything:
            place = ints[ints[VARIABLE_AT] + VARIABLE * v + OUT]
        else:
            place = state[PER_CLIQUE * n + PLACED * variables + v] - 1
            if place < 0:
                continue
        sums(ints, m, table, at, out, place, first, last)


@kernel
def _asks(ints: Ints, state: Ints, p: int) -> bool:
    """Whether a target is among the marginals listed at ``p``."""
    placed = PER_CLIQUE * ints[CLIQUES] + PLACED * ints[VARIABLES]
    asked = 0
    for i in range(ints[p]):
        asked += state[placed + ints[p + 1 + 2 * i]]
    return asked > 0


@kernel
def _look(ints: Ints, floats: Table, work: Table, state: Ints, clique: int, out: Table, targets: int) -> None:
    """Add up what the outlook of a clique without findings says of its whole branch, or of the targets in it."""
    believed, cells = ints[clique + BELIEVED], ints[clique + CELLS]
    outlook, branch, width = ints[clique + OUTLOOK], ints[clique + BRANCH], ints[clique + WIDTH]
    if targets < 0:
        weighed(work, believed, cells, floats, outlook, width, out, branch)
        return
    n, variables = ints[CLIQUES], ints[VARIABLES]
    for i in range(targets):
        v = state[PER_CLIQUE * n + ASKED * variables + i]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        column = ints[variable + OUT] - branch
        if column < 0 or column >= width:
            continue
        place = state[PER_CLIQUE * n + PLACED * variables + v] - 1
        for s in range(cells):
            x = work[U(believed + s)]
            row = outlook + s * width + column
            for k in range(ints[variable + CARD]):
                out[U(place + k)] += x * floats[U(row + k)]


@kernel
def _turned(ints: Ints, floats: Table, work: Table, clique: int, relative: bool) -> None:
    """Put what is believed of a separator, scaled to sum to 1, over what was said of it in place of that (0/0 := 0).

    Scaled, since a visited clique's table has a total of its own: down a long branch their product would underflow.
    """
    heard, believed, message = ints[clique + HEARD], ints[clique + BELIEVED], ints[clique + MESSAGE]
    cells = ints[clique + CELLS]
    total = 0.0
    for s in range(cells):
        total += work[U(believed + s)]
    scale = 1.0 / total if total > 0.0 else 1.0
    if not math.isfinite(scale):
        scale = 1.0
    for s in range(cells):
        said = work[U(heard + s)] * floats[U(message + s)] if relative else work[U(heard + s)]
        work[U(heard + s)] = work[U(believed + s)] * scale / said if said > 0.0 else 0.0


@kernel
def _wanted(ints: Ints, state: Ints, j: int, targets: int) -> bool:
    """Whether a clique's belief is needed, for itself or for a marginal read from its separator."""
    if targets < 0 or state[NEEDED * ints[CLIQUES] + j] > 0:
        return True
    return targets > 0 and _asks(ints, state, ints[ints[CLIQUE_AT] + CLIQUE * j + READ_ABOVE])


@kernel
def _spread(ints: Ints, floats: Table, work: Table, state: Ints, out: Table, c: int, targets: int, keep: bool) -> int:
    """Make a clique's table posterior, part by part, and add it up into beliefs and marginals; returns where it is.

    A clique that was visited meets what is believed of its separator over what it said of it (0/0 := 0);
    another is its conditional times that belief. Parts are written over each other unless the table is to be kept.
    """
    n = ints[CLIQUES]
    clique = ints[CLIQUE_AT] + CLIQUE * c
    own, entries = ints[clique + OWN], ints[clique + ENTRIES]
    visited = state[MODE * n + c] != CLEAN
    at = state[VISITED * n + c] if visited else 0
    multiplied = not visited or ints[clique + CELLS] > 1
    if visited and multiplied:
        _turned(ints, floats, work, clique, state[RELATIVE * n + c] == 1)
    p = ints[clique + CHILDREN]
    size = ints[clique + PART]
    for first in range(0, entries, size):
        last = min(first + size, entries)
        here = at
        if multiplied:
            here = at if keep else -first
            if visited:
                times(ints, own, work, at, work, ints[clique + HEARD], work, here, first, last)
            else:
                times(ints, own, floats, ints[clique + TABLE], work, ints[clique + BELIEVED], work, here, first, last)
        _read(ints, state, ints[clique + READ], work, here, out, targets < 0, first, last)
        for i in range(ints[p]):
            j = ints[p + 1 + i]
            if _wanted(ints, state, j, targets):
                child = ints[CLIQUE_AT] + CLIQUE * j
                sums(ints, ints[child + UP], work, here, work, ints[child + BELIEVED], first, last)
    return at


@kernel
def _down(ints: Ints, floats: Table, work: Table, state: Ints, out: Table, top: int, targets: int, last: int) -> int:
    """Make tables posterior from ``top`` down and read marginals from them; returns where the last one is.

    Where a clique that was not visited has an outlook nothing below it is visited.
    ``last`` is the last clique that is wanted as a table, or -1.
    """
    n = ints[CLIQUES]
    at = 0
    state[ACTIVE * n + top] = 1
    for c in range(top, max(last, 0) - 1, -1):
        if state[U(ACTIVE * n + c)] == 0:
            continue
        state[ACTIVE * n + c] = 0
        clique = ints[CLIQUE_AT] + CLIQUE * c
        if state[MODE * n + c] == CLEAN and ints[clique + OUTLOOK] >= 0 and last < 0:
            _look(ints, floats, work, state, clique, out, targets)
            continue
        p = ints[clique + CHILDREN]
        for i in range(ints[p]):
            j = ints[p + 1 + i]
            if _wanted(ints, state, j, targets):
                child = ints[CLIQUE_AT] + CLIQUE * j
                for s in range(ints[child + CELLS]):
                    work[U(ints[child + BELIEVED] + s)] = 0.0
        at = _spread(ints, floats, work, state, out, c, targets, c == last)
        for i in range(ints[p]):
            j = ints[p + 1 + i]
            if _wanted(ints, state, j, targets):
                child = ints[CLIQUE_AT] + CLIQUE * j
                below = ints[child + BELIEVED]
                _read(ints, state, ints[child + READ_ABOVE], work, below, out, targets < 0, 0, ints[child + CELLS])
            if targets < 0 or state[NEEDED * n + j] > 0:
                state[ACTIVE * n + j] = 1
    return at


@kernel
def _normalise(ints: Ints, state: Ints, out: Table, targets: int) -> None:
    """Make each marginal sum to 1."""
    n, variables = ints[CLIQUES], ints[VARIABLES]
    place = 0
    for i in range(variables if targets < 0 else targets):
        v = i if targets < 0 else state[PER_CLIQUE * n + ASKED * variables + i]
        card = ints[ints[VARIABLE_AT] + VARIABLE * v + CARD]
        place = ints[ints[VARIABLE_AT] + VARIABLE * v + OUT] if targets < 0 else place
        total = 0.0
        for k in range(card):
            total += out[U(place + k)]
        if total > 0.0:
            for k in range(card):
                out[U(place + k)] /= total
        place += card


@kernel
def marginals(
    ints: Ints,
    floats: Table,
    work: Table,
    state: Ints,
    rows: Table,
    out: Table,
    findings: int,
    swaps: int,
    targets: int,
) -> None:
    """Fill ``out``, shape (cases, states asked for + 1): each case's marginals end to end, then log P(evidence).

    ``findings``, ``swaps`` (replaced tables) and ``targets`` (-1: every variable) are the lengths of the lists in
    ``state``; ``rows`` has shape (cases, states of the findings), or no columns when the likelihoods of the only
    case are in ``work`` already. Marginals of an impossible case are zero, its logarithm is -inf.
    """
    everything = targets < 0
    n = ints[CLIQUES]
    columns = out.shape[1] - 1
    for case in range(out.shape[0]):
        if rows.shape[1] > 0:
            enter(ints, work, state, rows, case, findings)
        begin(ints, work, state, findings, swaps)
        top = n - 1 if everything else want(ints, state, targets, findings, swaps)
        row = out[case]
        for k in range(columns):
            row[U(k)] = 0.0
        log = up(ints, floats, work, state, top, False)
        if log > -math.inf:
            log += _turn(ints, floats, work, state, top)
        row[columns] = log
        if log > -math.inf and targets != 0:
            _down(ints, floats, work, state, row, top, targets, -1)
            _normalise(ints, state, row, targets)
    end(ints, state, swaps, targets)


@kernel
def belief(
    ints: Ints, floats: Table, work: Table, state: Ints, table: Table, findings: int, swaps: int, c: int
) -> float:
    """Fill ``table`` with the posterior entries of clique ``c`` as stored; returns log P(evidence)."""
    n = ints[CLIQUES]
    begin(ints, work, state, findings, swaps)
    for other in range(n):
        state[NEEDED * n + other] = 0
    above = c
    while above >= 0:
        state[NEEDED * n + above] = 1
        above = ints[ints[CLIQUE_AT] + CLIQUE * above + PARENT]
    log = up(ints, floats, work, state, n - 1, False)
    if log > -math.inf:
        log += _turn(ints, floats, work, state, n - 1)
    if log > -math.inf:
        at = _down(ints, floats, work, state, table, n - 1, 0, c)
        for e in range(len(table)):
            table[e] = work[at + e]
    end(ints, state, swaps, 0)
    return log
