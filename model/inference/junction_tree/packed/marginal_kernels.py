"""Both passes over a packed junction tree, up and down again: the tree executor's marginals and beliefs.

Written as ``collect_kernels`` is, the first of the two.
"""

from __future__ import annotations

import math

from model.inference.junction_tree.packed.collect_kernels import up
from model.inference.junction_tree.packed.distribute_kernels import down, normalise, start_distribution
from model.inference.junction_tree.packed.evidence_kernels import begin, end, enter, mark_targets
from model.inference.junction_tree.packed.layout import CLIQUE, CLIQUE_AT, CLIQUES, NEEDED, PARENT, Ints
from model.inference.junction_tree.packed.table_kernels import unsigned
from model.inference.numba_door import kernel
from model.network import Table


@kernel
def marginals(
    ints: Ints, floats: Table, work: Table, state: Ints, rows: Table, out: Table, counts: tuple[int, int, int]
) -> None:
    """Fill ``out``, shape (cases, states asked for + 1): each case's marginals end to end, then log P(evidence).

    ``counts`` are the lengths of the lists in ``state``: findings, replaced tables, targets (-1: every variable);
    ``rows`` has shape (cases, states of the findings), or no columns when the likelihoods of the only case are in
    ``work`` already. Marginals of an impossible case are zero, its logarithm is -inf.
    """
    findings, swaps, targets = counts
    everything = targets < 0
    n = ints[CLIQUES]
    columns = out.shape[1] - 1
    for case in range(out.shape[0]):
        if rows.shape[1] > 0:
            enter(ints, work, state, rows, case, findings)
        begin(ints, work, state, findings, swaps)
        top = n - 1 if everything else mark_targets(ints, state, targets, findings, swaps)
        row = out[case]
        for k in range(columns):
            row[unsigned(k)] = 0.0
        log = up(ints, floats, work, state, top, False)
        if log > -math.inf:
            log += start_distribution(ints, floats, work, state, top)
        row[columns] = log
        if log > -math.inf and targets != 0:
            down(ints, floats, work, state, row, top, targets, -1)
            normalise(ints, state, row, targets)
    end(ints, state, swaps, targets)


@kernel
def belief(ints: Ints, floats: Table, work: Table, state: Ints, table: Table, counts: tuple[int, int], c: int) -> float:
    """Fill ``table`` with the posterior entries of clique ``c`` as stored; returns log P(evidence)."""
    findings, swaps = counts
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
        log += start_distribution(ints, floats, work, state, n - 1)
    if log > -math.inf:
        at = down(ints, floats, work, state, table, n - 1, 0, c)
        for e in range(len(table)):
            table[e] = work[at + e]
    end(ints, state, swaps, 0)
    return log
