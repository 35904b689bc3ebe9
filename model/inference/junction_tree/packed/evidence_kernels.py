"""What a question touches, marked in a workspace: findings and replaced tables enter cliques, targets are listed.

The numpy twin of each kernel is in ``tests/twins/touched.py``.
"""

from __future__ import annotations

from model.inference.junction_tree.packed.layout import (
    ASKED,
    CARD,
    CLIQUE,
    CLIQUE_AT,
    CLIQUES,
    COUNTED,
    FIRST,
    FOUND,
    LIKELIHOODS_AT,
    MODE,
    NEEDED,
    NEXT,
    OUT,
    PARENT,
    PER_CLIQUE,
    PLACE,
    PLACED,
    REPLACED,
    SWAPPED,
    TOP,
    VARIABLE,
    VARIABLE_AT,
    VARIABLES,
    Ints,
)
from model.inference.junction_tree.packed.table_kernels import unsigned
from model.inference.numba_door import kernel
from model.network import Table

CLEAN, TOUCHED, REBUILT = 0, 1, 2
"""What a question does to a clique: nothing, multiplies its conditional, or replaces a table in it."""

NOT_LINKED = -1
"""Stands for the next finding of one that says nothing."""


@kernel
def _says_nothing(work: Table, at: int, card: int) -> bool:
    """Whether a likelihood is one of ones."""
    different = 0
    for k in range(card):
        different += work[unsigned(at + k)] != 1.0
    return different == 0


@kernel
def begin(ints: Ints, work: Table, state: Ints, findings: int, swaps: int) -> None:
    """Mark the cliques that the findings and the replaced tables enter; the marks climb in ``up``.

    Findings of a clique are linked in the order of the variables, and those that say nothing are left out:
    the order in which a question names its findings, and the batch it is asked in, change not one bit.
    """
    n, variables = ints[CLIQUES], ints[VARIABLES]
    per_variable = PER_CLIQUE * n
    for c in range(n):
        state[unsigned(MODE * n + c)] = CLEAN
        state[unsigned(FIRST * n + c)] = 0
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
def end(ints: Ints, state: Ints, swaps: int, targets: int) -> None:
    """Leave no mark of a question on its variables."""
    variables = ints[VARIABLES]
    per_variable = PER_CLIQUE * ints[CLIQUES]
    for i in range(swaps):
        state[per_variable + REPLACED * variables + state[per_variable + SWAPPED * variables + i]] = 0
    for i in range(targets):
        state[per_variable + PLACED * variables + state[per_variable + ASKED * variables + i]] = 0


@kernel
def mark_targets(ints: Ints, state: Ints, targets: int, findings: int, swaps: int) -> int:
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
def enter(ints: Ints, work: Table, state: Ints, rows: Table, case: int, findings: int) -> None:
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
