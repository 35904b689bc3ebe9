"""The pass down a packed junction tree as compiled loops: what is believed above, and every marginal read on the way.

Written as ``collect_kernels`` is, which comes before it.
"""

from __future__ import annotations

import math

from model.inference.junction_tree.packed.evidence_kernels import CLEAN, REBUILT
from model.inference.junction_tree.packed.layout import (
    ACTIVE,
    ASKED,
    BRANCH,
    CARD,
    CELLS,
    CHILDREN,
    CLIQUE,
    CLIQUE_AT,
    CLIQUES,
    ENTRIES,
    FROM_PARENT,
    LOG_SCALE,
    MESSAGE,
    MESSAGE_AT,
    MODE,
    NEEDED,
    OUT,
    PART,
    PER_CLIQUE,
    PLACED,
    READ,
    READ_ABOVE,
    RELATIVE,
    SEPARATOR_BELIEF_AT,
    SEPARATOR_PRIOR_AT,
    SHORTCUT,
    TABLE,
    TO_SEPARATOR,
    VARIABLE,
    VARIABLE_AT,
    VARIABLES,
    VISITED,
    WIDTH,
    Ints,
)
from model.inference.junction_tree.packed.table_kernels import sums, times, unsigned, vector_matrix
from model.inference.numba_door import kernel
from model.network import Table


@kernel
def start_distribution(ints: Ints, floats: Table, work: Table, state: Ints, top: int) -> float:
    """What is believed of the separator of the clique where the ascent ended; returns the logarithm of its total."""
    n = ints[CLIQUES]
    clique = ints[CLIQUE_AT] + CLIQUE * top
    heard, believed, above = (
        ints[clique + MESSAGE_AT],
        ints[clique + SEPARATOR_BELIEF_AT],
        ints[clique + SEPARATOR_PRIOR_AT],
    )
    cells = ints[clique + CELLS]
    mode = state[MODE * n + top]
    log = 0.0 if mode == REBUILT else floats[ints[ints[CLIQUE_AT] + CLIQUE * (n - 1) + LOG_SCALE]]
    if mode == CLEAN:
        for s in range(cells):
            work[believed + s] = floats[above + s]
        return log
    total = 0.0
    for s in range(cells):
        x = work[heard + s] * floats[above + s]
        work[believed + s] = x
        total += x
    scale = 1.0 / total if total > 0.0 else math.inf
    if scale == math.inf:
        return -math.inf
    for s in range(cells):
        work[believed + s] *= scale
    return log + math.log(total)


@kernel
def _read(
    ints: Ints, state: Ints, p: int, table: Table, at: int, out: Table, everything: bool, span: tuple[int, int]
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
        sums(ints, m, table, out, (at, place), span)


@kernel
def _asks(ints: Ints, state: Ints, p: int) -> bool:
    """Whether a target is among the marginals listed at ``p``."""
    placed = PER_CLIQUE * ints[CLIQUES] + PLACED * ints[VARIABLES]
    asked = 0
    for i in range(ints[p]):
        asked += state[placed + ints[p + 1 + 2 * i]]
    return asked > 0


@kernel
def _read_shortcut(ints: Ints, floats: Table, work: Table, state: Ints, clique: int, out: Table, targets: int) -> None:
    """Add up what the shortcut of a clique without findings says of its whole branch, or of the targets in it."""
    believed, cells = ints[clique + SEPARATOR_BELIEF_AT], ints[clique + CELLS]
    shortcut, branch, width = ints[clique + SHORTCUT], ints[clique + BRANCH], ints[clique + WIDTH]
    if targets < 0:
        vector_matrix(work, believed, cells, floats, shortcut, width, out, branch)
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
            x = work[unsigned(believed + s)]
            row = shortcut + s * width + column
            for k in range(ints[variable + CARD]):
                out[unsigned(place + k)] += x * floats[unsigned(row + k)]


@kernel
def _turned(ints: Ints, floats: Table, work: Table, clique: int, relative: bool) -> None:
    """Put what is believed of a separator, scaled to sum to 1, over what was said of it in place of that (0/0 := 0).

    Scaled, since a visited clique's table has a total of its own: down a long branch their product would underflow.
    """
    heard, believed, message = ints[clique + MESSAGE_AT], ints[clique + SEPARATOR_BELIEF_AT], ints[clique + MESSAGE]
    cells = ints[clique + CELLS]
    total = 0.0
    for s in range(cells):
        total += work[unsigned(believed + s)]
    scale = 1.0 / total if total > 0.0 else 1.0
    if not math.isfinite(scale):
        scale = 1.0
    for s in range(cells):
        said = work[unsigned(heard + s)] * floats[unsigned(message + s)] if relative else work[unsigned(heard + s)]
        work[unsigned(heard + s)] = work[unsigned(believed + s)] * scale / said if said > 0.0 else 0.0


@kernel
def _wanted(ints: Ints, state: Ints, j: int, targets: int) -> bool:
    """Whether a clique's belief is needed, for itself or for a marginal read from its separator."""
    if targets < 0 or state[NEEDED * ints[CLIQUES] + j] > 0:
        return True
    return targets > 0 and _asks(ints, state, ints[ints[CLIQUE_AT] + CLIQUE * j + READ_ABOVE])


@kernel
def _distribute_clique(
    ints: Ints, floats: Table, work: Table, state: Ints, out: Table, c: int, targets: int, keep: bool
) -> int:
    """Make a clique's table posterior, part by part, and add it up into beliefs and marginals; returns where it is.

    A clique that was visited meets what is believed of its separator over what it said of it (0/0 := 0);
    another is its conditional times that belief. Parts are written over each other unless the table is to be kept.
    """
    n = ints[CLIQUES]
    clique = ints[CLIQUE_AT] + CLIQUE * c
    own, entries = ints[clique + TO_SEPARATOR], ints[clique + ENTRIES]
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
                times(ints, own, work, work, work, (at, ints[clique + MESSAGE_AT], here), (first, last))
            else:
                times(
                    ints,
                    own,
                    floats,
                    work,
                    work,
                    (ints[clique + TABLE], ints[clique + SEPARATOR_BELIEF_AT], here),
                    (first, last),
                )
        _read(ints, state, ints[clique + READ], work, here, out, targets < 0, (first, last))
        for i in range(ints[p]):
            j = ints[p + 1 + i]
            if _wanted(ints, state, j, targets):
                child = ints[CLIQUE_AT] + CLIQUE * j
                sums(
                    ints,
                    ints[child + FROM_PARENT],
                    work,
                    work,
                    (here, ints[child + SEPARATOR_BELIEF_AT]),
                    (first, last),
                )
    return at


@kernel
def down(ints: Ints, floats: Table, work: Table, state: Ints, out: Table, top: int, targets: int, last: int) -> int:
    """Make tables posterior from ``top`` down and read marginals from them; returns where the last one is.

    Where a clique that was not visited has a shortcut nothing below it is visited.
    ``last`` is the last clique that is wanted as a table, or -1.
    """
    n = ints[CLIQUES]
    at = 0
    state[ACTIVE * n + top] = 1
    for c in range(top, max(last, 0) - 1, -1):
        if state[unsigned(ACTIVE * n + c)] == 0:
            continue
        state[ACTIVE * n + c] = 0
        clique = ints[CLIQUE_AT] + CLIQUE * c
        if state[MODE * n + c] == CLEAN and ints[clique + SHORTCUT] >= 0 and last < 0:
            _read_shortcut(ints, floats, work, state, clique, out, targets)
            continue
        p = ints[clique + CHILDREN]
        for i in range(ints[p]):
            j = ints[p + 1 + i]
            if _wanted(ints, state, j, targets):
                child = ints[CLIQUE_AT] + CLIQUE * j
                for s in range(ints[child + CELLS]):
                    work[unsigned(ints[child + SEPARATOR_BELIEF_AT] + s)] = 0.0
        at = _distribute_clique(ints, floats, work, state, out, c, targets, c == last)
        for i in range(ints[p]):
            j = ints[p + 1 + i]
            if _wanted(ints, state, j, targets):
                child = ints[CLIQUE_AT] + CLIQUE * j
                below = ints[child + SEPARATOR_BELIEF_AT]
                _read(ints, state, ints[child + READ_ABOVE], work, below, out, targets < 0, (0, ints[child + CELLS]))
            if targets < 0 or state[NEEDED * n + j] > 0:
                state[ACTIVE * n + j] = 1
    return at


@kernel
def normalise(ints: Ints, state: Ints, out: Table, targets: int) -> None:
    """Make each marginal sum to 1."""
    n, variables = ints[CLIQUES], ints[VARIABLES]
    place = 0
    for i in range(variables if targets < 0 else targets):
        v = i if targets < 0 else state[PER_CLIQUE * n + ASKED * variables + i]
        card = ints[ints[VARIABLE_AT] + VARIABLE * v + CARD]
        place = ints[ints[VARIABLE_AT] + VARIABLE * v + OUT] if targets < 0 else place
        total = 0.0
        for k in range(card):
            total += out[unsigned(place + k)]
        if total > 0.0:
            for k in range(card):
                out[unsigned(place + k)] /= total
        place += card
