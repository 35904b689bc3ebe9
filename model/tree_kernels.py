"""The two passes over a packed junction tree as compiled loops: the tree executor.

The arrays and every name in capitals are described in ``model/packed.py``. Three loops do all the arithmetic
on tables, each over a map ``m``: ``_times`` multiplies a table by a smaller one, ``_sums`` adds a table up into
a smaller one, ``_maxima`` keeps the largest. Their numpy twins below say the same in a line each.

Positions are cast to unsigned (``U``) where they index, so that the compiler need not ask whether they are
negative; all are sums of offsets that are not. Sums are made in a fixed order, without fast-math: the same
question gives the same bytes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from model.native import kernel
from model.network import Table
from model.packed import (
    ABOVE,
    ACTIVE,
    ASKED,
    BELIEVED,
    BRANCH,
    CARD,
    CELLS,
    CHILDREN,
    CHOICES,
    CLIQUE,
    CLIQUE_AT,
    CLIQUES,
    COUNTED,
    CPT,
    ENTER,
    ENTRIES,
    FAMILY,
    FIRST,
    FOUND,
    GATHER,
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
    PER_CLIQUE,
    PLACE,
    PLACED,
    RANKS,
    READ,
    READ_ABOVE,
    REPLACED,
    RESIDUAL,
    SEPARATOR,
    SIZE,
    STACK_AT,
    STREAM,
    SWAP,
    SWAPPED,
    TABLE,
    TOP,
    UP,
    VARIABLE,
    VARIABLE_AT,
    VARIABLES,
    VISITED,
    WIDTH,
    Ints,
)

U = np.uint64

CLEAN, TOUCHED, REBUILT = 0, 1, 2
"""What a question does to a clique: nothing, multiplies its conditional, or replaces a table in it."""

NOT_LINKED = -1
"""Stands for the next finding of one that says nothing."""

MANY = 8
"""Factors after which a table is brought back to a largest entry of 1, so that no product underflows."""

SMALL, LARGE = 1e-20, 1e20
"""Totals between these are multiplied up before one logarithm is taken."""


def table_times(table: Table, cells: NDArray[np.integer], factor: Table) -> Table:
    """Numpy twin of ``_times``: each entry of a table times the cell of ``factor`` that it meets."""
    return np.asarray(table * factor[cells], dtype=np.float64)


def table_sums(table: Table, cells: NDArray[np.integer], into: Table) -> Table:
    """Numpy twin of ``_sums``: ``into`` with every entry added to the cell that it meets."""
    return np.asarray(into + np.bincount(cells, table, minlength=len(into)), dtype=np.float64)


def table_maxima(table: Table, cells: NDArray[np.integer], into: Table) -> Table:
    """Numpy twin of ``_maxima``: ``into`` raised to the largest entry that meets each cell."""
    found = into.copy()
    np.maximum.at(found, cells, table)
    return found


def map_cells(ints: Ints, m: int) -> NDArray[np.int64]:
    """What a map says, written out: the cell that each entry meets.

    A table of 2 × 3 entries summed over its first axis, as runs of 3:

    >>> map_cells(np.array([STREAM, 1, 2, 3, 6, 7, 0, 0, 0], dtype=np.int32), 0).tolist()
    [0, 1, 2, 0, 1, 2]
    """
    kind, blocks, rows, run, high, low = ints[m : m + 6].tolist()
    outer = ints[high : high + blocks, None].astype(np.int64) + ints[None, low : low + rows]
    return (outer[:, :, None] + (np.arange(run) if kind == STREAM else np.zeros(run, dtype=np.int64))).ravel()


@kernel
def _times(ints: Ints, m: int, source: Table, p: int, factor: Table, q: int, target: Table, t: int) -> None:
    """target[t + e] = source[p + e] × factor[q + cell of e]; target and source may be the same."""
    kind, blocks, rows, run, high, low = ints[m], ints[m + 1], ints[m + 2], ints[m + 3], ints[m + 4], ints[m + 5]
    e = 0
    for a in range(blocks):
        base = q + ints[U(high + a)]
        if kind == GATHER:
            for b in range(rows):
                target[U(t + e + b)] = source[U(p + e + b)] * factor[U(base + ints[U(low + b)])]
            e += rows
        elif kind == STREAM:
            for b in range(rows):
                at = base + ints[U(low + b)]
                for i in range(run):
                    target[U(t + e + i)] = source[U(p + e + i)] * factor[U(at + i)]
                e += run
        else:
            for b in range(rows):
                x = factor[U(base + ints[U(low + b)])]
                for i in range(run):
                    target[U(t + e + i)] = source[U(p + e + i)] * x
                e += run


@kernel
def _sums(ints: Ints, m: int, source: Table, p: int, target: Table, t: int) -> None:
    """target[t + cell of e] += source[p + e]."""
    kind, blocks, rows, run, high, low = ints[m], ints[m + 1], ints[m + 2], ints[m + 3], ints[m + 4], ints[m + 5]
    e = p
    for a in range(blocks):
        base = t + ints[U(high + a)]
        if kind == GATHER:
            for b in range(rows):
                target[U(base + ints[U(low + b)])] += source[U(e + b)]
            e += rows
        elif kind == STREAM:
            for b in range(rows):
                at = base + ints[U(low + b)]
                for i in range(run):
                    target[U(at + i)] += source[U(e + i)]
                e += run
        else:
            for b in range(rows):
                s0 = s1 = s2 = s3 = 0.0
                whole = run - run % 4
                for i in range(0, whole, 4):
                    s0 += source[U(e + i)]
                    s1 += source[U(e + i + 1)]
                    s2 += source[U(e + i + 2)]
                    s3 += source[U(e + i + 3)]
                for i in range(whole, run):
                    s0 += source[U(e + i)]
                target[U(base + ints[U(low + b)])] += (s0 + s1) + (s2 + s3)
                e += run


@kernel
def _maxima(ints: Ints, m: int, source: Table, p: int, target: Table, t: int) -> None:
    """target[t + cell of e] = max(itself, source[p + e])."""
    kind, blocks, rows, run, high, low = ints[m], ints[m + 1], ints[m + 2], ints[m + 3], ints[m + 4], ints[m + 5]
    step = 1 if kind == STREAM else 0
    e = p
    for a in range(blocks):
        base = t + ints[U(high + a)]
        for b in range(rows):
            at = base + ints[U(low + b)]
            for i in range(run):
                x = source[U(e + i)]
                if x > target[U(at + step * i)]:
                    target[U(at + step * i)] = x
            e += run


@kernel
def _says_nothing(work: Table, at: int, card: int) -> bool:
    """Whether a likelihood is one of ones."""
    different = 0
    for k in range(card):
        different += work[U(at + k)] != 1.0
    return different == 0


@kernel
def _begin(ints: Ints, work: Table, state: Ints, findings: int, swaps: int) -> None:
    """Mark the cliques that the findings and the replaced tables enter; the marks climb in ``_up``.

    Findings of a clique are linked in the order of the variables, and those that say nothing are left out:
    the order in which a question names its findings, and the batch it is asked in, change not one bit.
    """
    n, variables = ints[CLIQUES], ints[VARIABLES]
    per_variable = PER_CLIQUE * n
    for c in range(n):
        state[U(MODE * n + c)] = CLEAN
        state[U(FIRST * n + c)] = 0
    for f in range(findings):
        v = state[per_variable + FOUND * variables + f]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        if _says_nothing(work, ints[LIKELIHOODS_AT] + ints[variable + OUT], ints[variable + CARD]):
            state[per_variable + NEXT * variables + f] = NOT_LINKED
            continue
        c = ints[variable + TOP]
        before = -1
        after = state[FIRST * n + c]
        while after > 0 and state[per_variable + FOUND * variables + after - 1] < v:
            before = after - 1
            after = state[per_variable + NEXT * variables + before]
        state[per_variable + NEXT * variables + f] = after
        if before < 0:
            state[FIRST * n + c] = f + 1
        else:
            state[per_variable + NEXT * variables + before] = f + 1
        state[MODE * n + c] = TOUCHED
    for i in range(swaps):
        v = state[per_variable + SWAPPED * variables + i]
        state[per_variable + REPLACED * variables + v] = 1
        state[MODE * n + ints[ints[VARIABLE_AT] + VARIABLE * v + PLACE]] = REBUILT


@kernel
def _end(ints: Ints, state: Ints, swaps: int, targets: int) -> None:
    """Leave no mark of a question on its variables."""
    variables = ints[VARIABLES]
    per_variable = PER_CLIQUE * ints[CLIQUES]
    for i in range(swaps):
        state[per_variable + REPLACED * variables + state[per_variable + SWAPPED * variables + i]] = 0
    for i in range(targets):
        state[per_variable + PLACED * variables + state[per_variable + ASKED * variables + i]] = 0


@kernel
def _want(ints: Ints, state: Ints, targets: int, findings: int, swaps: int) -> int:
    """Mark what some targets need, and give the lowest clique above them and the findings: there the ascent ends."""
    n, variables = ints[CLIQUES], ints[VARIABLES]
    per_variable = PER_CLIQUE * n
    for c in range(n):
        state[NEEDED * n + c] = 0
        state[COUNTED * n + c] = 0
    place = 1
    marks = 0
    for i in range(targets):
        v = state[per_variable + ASKED * variables + i]
        record = ints[VARIABLE_AT] + VARIABLE * v
        state[per_variable + PLACED * variables + v] = place
        place += ints[record + CARD]
        c = ints[record + TOP]
        state[COUNTED * n + c] += 1
        marks += 1
        state[NEEDED * n + c] = 1
    for f in range(findings):
        if state[per_variable + NEXT * variables + f] == NOT_LINKED:
            continue
        c = ints[ints[VARIABLE_AT] + VARIABLE * state[per_variable + FOUND * variables + f] + TOP]
        state[COUNTED * n + c] += 1
        marks += 1
    top = int(n) - 1
    for c in range(n):
        if swaps == 0 and state[COUNTED * n + c] == marks:
            top = c
            break
        parent = ints[ints[CLIQUE_AT] + CLIQUE * c + PARENT]
        if parent >= 0:
            state[COUNTED * n + parent] += state[COUNTED * n + c]
            if state[NEEDED * n + c] > 0:
                state[NEEDED * n + parent] = 1
    return top


@kernel
def _lowered(work: Table, at: int, n: int) -> float:
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
def _filled(ints: Ints, floats: Table, work: Table, state: Ints, c: int, at: int) -> float:
    """A clique's table with its findings and its children's messages in; returns the logarithm taken out of it.

    A touched clique starts from its conditional and meets only children that were visited; a rebuilt one
    starts from the network's tables and meets every child.
    """
    n, variables = ints[CLIQUES], ints[VARIABLES]
    per_variable = PER_CLIQUE * n
    clique = ints[CLIQUE_AT] + CLIQUE * c
    entries = ints[clique + ENTRIES]
    rebuilt = state[MODE * n + c] == REBUILT
    fresh = True
    log = 0.0
    factors = 0
    if rebuilt:
        fresh = False
        for e in range(entries):
            work[U(at + e)] = 1.0
        p = ints[clique + FAMILY]
        for i in range(ints[p]):
            v, m = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
            variable = ints[VARIABLE_AT] + VARIABLE * v
            if state[per_variable + REPLACED * variables + v] == 1:
                _times(ints, m, work, at, work, ints[variable + SWAP], work, at)
            else:
                _times(ints, m, work, at, floats, ints[variable + CPT], work, at)
    f = state[FIRST * n + c]
    while f > 0:
        v = state[per_variable + FOUND * variables + f - 1]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        q = ints[LIKELIHOODS_AT] + ints[variable + OUT]
        if fresh:
            _times(ints, ints[variable + ENTER], floats, ints[clique + TABLE], work, q, work, at)
        else:
            _times(ints, ints[variable + ENTER], work, at, work, q, work, at)
        fresh = False
        f = state[per_variable + NEXT * variables + f - 1]
    p = ints[clique + CHILDREN]
    for i in range(ints[p]):
        j = ints[p + 1 + i]
        child = ints[CLIQUE_AT] + CLIQUE * j
        mode = state[MODE * n + j]
        if rebuilt and mode != REBUILT:
            _times(ints, ints[child + UP], work, at, floats, ints[child + MESSAGE], work, at)
            log += floats[ints[child + LEVEL]]
            factors += 1
        if mode != CLEAN:
            if fresh:
                _times(ints, ints[child + UP], floats, ints[clique + TABLE], work, ints[child + HEARD], work, at)
            else:
                _times(ints, ints[child + UP], work, at, work, ints[child + HEARD], work, at)
            fresh = False
            factors += 1
        if factors >= MANY:
            log += math.log(_lowered(work, at, entries))
            factors = 0
    return log


@kernel
def _up(ints: Ints, floats: Table, work: Table, state: Ints, top: int, best: bool) -> float:
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
        if parent >= 0 and state[MODE * n + parent] < mode:
            state[MODE * n + parent] = mode
        log += _filled(ints, floats, work, state, c, stack)
        heard, cells = ints[clique + HEARD], ints[clique + CELLS]
        for s in range(cells):
            work[U(heard + s)] = 0.0
        if best:
            _maxima(ints, ints[clique + OWN], work, stack, work, heard)
        else:
            _sums(ints, ints[clique + OWN], work, stack, work, heard)
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
        stack += ints[clique + ENTRIES]
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
def _read(ints: Ints, state: Ints, p: int, table: Table, at: int, out: Table, everything: bool) -> None:
    """Add the marginals listed at ``p`` up from one table."""
    n, variables = ints[CLIQUES], ints[VARIABLES]
    for i in range(ints[p]):
        v, m = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
        if everything:
            place = ints[ints[VARIABLE_AT] + VARIABLE * v + OUT]
        else:
            place = state[PER_CLIQUE * n + PLACED * variables + v] - 1
            if place < 0:
                continue
        _sums(ints, m, table, at, out, place)


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
        for s in range(cells):
            x = work[U(believed + s)]
            if x != 0.0:
                row = outlook + s * width
                for k in range(width):
                    out[U(branch + k)] += x * floats[U(row + k)]
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
def _down(ints: Ints, floats: Table, work: Table, state: Ints, out: Table, top: int, targets: int, last: int) -> int:
    """Make tables posterior from ``top`` down and read marginals from them; returns where the last one is.

    A clique that was visited meets what is believed of its separator over what it said of it (0/0 := 0);
    another is its conditional times that belief, and where it has an outlook nothing below it is visited.
    ``last`` is the last clique that is wanted as a table, or -1.
    """
    n = ints[CLIQUES]
    everything = targets < 0
    at = 0
    state[ACTIVE * n + top] = 1
    for c in range(top, max(last, 0) - 1, -1):
        if state[U(ACTIVE * n + c)] == 0:
            continue
        state[ACTIVE * n + c] = 0
        clique = ints[CLIQUE_AT] + CLIQUE * c
        believed = ints[clique + BELIEVED]
        if state[MODE * n + c] == CLEAN:
            if ints[clique + OUTLOOK] >= 0 and last < 0:
                _look(ints, floats, work, state, clique, out, targets)
                continue
            at = 0
            _times(ints, ints[clique + OWN], floats, ints[clique + TABLE], work, believed, work, at)
        else:
            at = state[VISITED * n + c]
            heard = ints[clique + HEARD]
            for s in range(ints[clique + CELLS]):
                said = work[U(heard + s)]
                work[U(heard + s)] = work[U(believed + s)] / said if said > 0.0 else 0.0
            _times(ints, ints[clique + OWN], work, at, work, heard, work, at)
        _read(ints, state, ints[clique + READ], work, at, out, everything)
        p = ints[clique + CHILDREN]
        for i in range(ints[p]):
            j = ints[p + 1 + i]
            child = ints[CLIQUE_AT] + CLIQUE * j
            wanted = everything or state[NEEDED * n + j] > 0
            if wanted or (targets > 0 and _asks(ints, state, ints[child + READ_ABOVE])):
                below = ints[child + BELIEVED]
                for s in range(ints[child + CELLS]):
                    work[U(below + s)] = 0.0
                _sums(ints, ints[child + UP], work, at, work, below)
                _read(ints, state, ints[child + READ_ABOVE], work, below, out, everything)
            if wanted:
                state[ACTIVE * n + j] = 1
    return at


@kernel
def _enter(ints: Ints, work: Table, state: Ints, rows: Table, case: int, findings: int) -> None:
    """Copy one case's likelihoods, end to end in the order of the findings, to where the passes look for them."""
    n, variables = ints[CLIQUES], ints[VARIABLES]
    column = 0
    for f in range(findings):
        v = state[PER_CLIQUE * n + FOUND * variables + f]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        q = ints[LIKELIHOODS_AT] + ints[variable + OUT]
        for k in range(ints[variable + CARD]):
            work[q + k] = rows[case, column + k]
        column += ints[variable + CARD]


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
            _enter(ints, work, state, rows, case, findings)
        _begin(ints, work, state, findings, swaps)
        top = n - 1 if everything else _want(ints, state, targets, findings, swaps)
        row = out[case]
        for k in range(columns):
            row[U(k)] = 0.0
        log = _up(ints, floats, work, state, top, False)
        if log > -math.inf:
            log += _turn(ints, floats, work, state, top)
        row[columns] = log
        if log > -math.inf and targets != 0:
            _down(ints, floats, work, state, row, top, targets, -1)
            _normalise(ints, state, row, targets)
    _end(ints, state, swaps, targets)


@kernel
def belief(
    ints: Ints, floats: Table, work: Table, state: Ints, table: Table, findings: int, swaps: int, c: int
) -> float:
    """Fill ``table`` with the posterior entries of clique ``c`` as stored; returns log P(evidence)."""
    n = ints[CLIQUES]
    _begin(ints, work, state, findings, swaps)
    for other in range(n):
        state[NEEDED * n + other] = 0
    above = c
    while above >= 0:
        state[NEEDED * n + above] = 1
        above = ints[ints[CLIQUE_AT] + CLIQUE * above + PARENT]
    log = _up(ints, floats, work, state, n - 1, False)
    if log > -math.inf:
        log += _turn(ints, floats, work, state, n - 1)
    if log > -math.inf:
        at = _down(ints, floats, work, state, table, n - 1, 0, c)
        for e in range(len(table)):
            table[e] = work[at + e]
    _end(ints, state, swaps, 0)
    return log


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
def _chosen(ints: Ints, table: Table, at: int, clique: int, s: int) -> int:
    """The residual cell with the largest entry in a table, given the separator's cell; the first on a tie."""
    entries, cells, choices = ints[clique + ENTRIES], ints[clique + CELLS], ints[clique + CHOICES]
    best, found = -1.0, 0
    if choices < 0:
        for r in range(entries // cells):
            x = table[U(at + r * cells + s)]
            if x > best:
                best, found = x, r
        return found
    own = ints[ints[clique + OWN] + 5]
    for e in range(entries):
        if ints[U(own + e)] == s and table[U(at + e)] > best:
            best, found = table[U(at + e)], ints[U(choices + e)]
    return found


@kernel
def explain(
    ints: Ints,
    floats: Table,
    work: Table,
    state: Ints,
    rows: Table,
    states: NDArray[np.int64],
    logs: Table,
    findings: int,
    swaps: int,
) -> None:
    """Fill ``states`` and ``logs`` with each case's most probable explanation; ``floats`` are those with maxima."""
    n = ints[CLIQUES]
    for case in range(len(logs)):
        if rows.shape[1] > 0:
            _enter(ints, work, state, rows, case, findings)
        _begin(ints, work, state, findings, swaps)
        log = _up(ints, floats, work, state, n - 1, True)
        if log > -math.inf and state[MODE * n + n - 1] != REBUILT:
            log += floats[ints[ints[CLIQUE_AT] + CLIQUE * (n - 1) + LEVEL]]
        logs[case] = log
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
                r = _chosen(ints, floats, ints[clique + TABLE], clique, s)
            else:
                r = _chosen(ints, work, state[VISITED * n + c], clique, s)
            p = ints[clique + RESIDUAL]
            for i in range(ints[p]):
                v, step = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
                states[case, v] = r // step
                r = r % step
    _end(ints, state, swaps, 0)


@kernel
def _product(
    ints: Ints, floats: Table, work: Table, state: Ints, logs: Table, c: int, family: int, child: int, above: bool
) -> float:
    """All that meets in a clique, at the stack: tables, findings, children's messages and, if asked, that from above.

    Leaves out the table numbered ``family`` and the child numbered ``child`` (-1: none); returns the logarithm taken
    out, what was taken out of the messages before included.
    """
    n, variables = ints[CLIQUES], ints[VARIABLES]
    per_variable = PER_CLIQUE * n
    at = ints[STACK_AT]
    clique = ints[CLIQUE_AT] + CLIQUE * c
    entries = ints[clique + ENTRIES]
    for e in range(entries):
        work[U(at + e)] = 1.0
    log = 0.0
    p = ints[clique + FAMILY]
    for i in range(ints[p]):
        if i == family:
            continue
        v, m = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        if state[per_variable + REPLACED * variables + v] == 1:
            _times(ints, m, work, at, work, ints[variable + SWAP], work, at)
        else:
            _times(ints, m, work, at, floats, ints[variable + CPT], work, at)
    f = state[FIRST * n + c]
    while f > 0:
        v = state[per_variable + FOUND * variables + f - 1]
        variable = ints[VARIABLE_AT] + VARIABLE * v
        q = ints[LIKELIHOODS_AT] + ints[variable + OUT]
        _times(ints, ints[variable + ENTER], work, at, work, q, work, at)
        f = state[per_variable + NEXT * variables + f - 1]
    if above:
        _times(ints, ints[clique + OWN], work, at, work, ints[clique + BELIEVED], work, at)
        log += logs[n + c]
    p = ints[clique + CHILDREN]
    for i in range(ints[p]):
        j = ints[p + 1 + i]
        if i == child:
            continue
        other = ints[CLIQUE_AT] + CLIQUE * j
        _times(ints, ints[other + UP], work, at, work, ints[other + HEARD], work, at)
        log += logs[j]
        if i % MANY == MANY - 1:
            log += math.log(_lowered(work, at, entries))
    return log


@kernel
def _message(ints: Ints, work: Table, m: int, target: int, cells: int) -> float:
    """Add the table at the stack up into a message, brought back to a largest entry of 1; returns that logarithm."""
    for s in range(cells):
        work[U(target + s)] = 0.0
    _sums(ints, m, work, ints[STACK_AT], work, target)
    return math.log(_lowered(work, target, cells))


@kernel
def gradient(
    ints: Ints,
    floats: Table,
    work: Table,
    state: Ints,
    logs: Table,
    out: Table,
    findings: int,
    swaps: int,
    reference: float,
) -> None:
    """Fill ``out`` with d P(evidence) / d every entry of every conditional table, times exp(-``reference``).

    One pass up and one down without a division, so that entries of zero have their derivative too (Darwiche 2003).
    ``out`` has the tables end to end, ``logs`` two numbers for each clique. No table may be compressed.
    """
    n = ints[CLIQUES]
    _begin(ints, work, state, findings, swaps)
    for c in range(n):
        clique = ints[CLIQUE_AT] + CLIQUE * c
        cells, heard = ints[clique + CELLS], ints[clique + HEARD]
        if state[MODE * n + c] == CLEAN:
            for s in range(cells):
                work[heard + s] = floats[ints[clique + MESSAGE] + s]
            logs[c] = floats[ints[clique + LEVEL]]
            continue
        parent = ints[clique + PARENT]
        if parent >= 0:
            state[MODE * n + parent] = REBUILT
        log = _product(ints, floats, work, state, logs, c, -1, -1, False)
        logs[c] = log + _message(ints, work, ints[clique + OWN], heard, cells)
    work[ints[ints[CLIQUE_AT] + CLIQUE * (n - 1) + BELIEVED]] = 1.0
    logs[n + n - 1] = 0.0
    for c in range(n - 1, -1, -1):
        clique = ints[CLIQUE_AT] + CLIQUE * c
        p = ints[clique + CHILDREN]
        for i in range(ints[p]):
            j = ints[p + 1 + i]
            child = ints[CLIQUE_AT] + CLIQUE * j
            log = _product(ints, floats, work, state, logs, c, -1, i, True)
            logs[n + j] = log + _message(ints, work, ints[child + UP], ints[child + BELIEVED], ints[child + CELLS])
        p = ints[clique + FAMILY]
        for i in range(ints[p]):
            v, m = ints[p + 1 + 2 * i], ints[p + 2 + 2 * i]
            variable = ints[VARIABLE_AT] + VARIABLE * v
            start, size = ints[variable + CPT], ints[variable + SIZE]
            log = _product(ints, floats, work, state, logs, c, i, -1, True)
            for k in range(size):
                out[start + k] = 0.0
            _sums(ints, m, work, ints[STACK_AT], out, start)
            scale = math.exp(log - reference)
            for k in range(size):
                out[start + k] *= scale
    _end(ints, state, swaps, 0)
