"""Twins of ``model/inference/junction_tree/packed/gradient_kernels.py``: P(evidence) is linear in each table, its
derivative all that meets it."""

from __future__ import annotations

import math

import numpy as np

from model.network import Table
from tests.twins.dense import Workspace, over
from tests.twins.passes import rescale


def product(
    work: Workspace, logs: Table, c: int, *, without: int | None, child: int | None, above: bool
) -> tuple[Table, float]:
    """All that meets in a clique but the table of a variable and the message of a child; and the logarithm to add.

    ``logs`` has what was taken out of each clique's message up, then out of each one down.
    """
    tree = work.tree
    others = [j for j in tree.children(c) if j != child]
    factors = [work.tables[v] for v in tree.placed(c) if v != without]
    factors += [work.likelihoods[v] for v in work.findings[c]]
    factors += [work.heard[j] for j in others]
    factors += [work.believed[c]] if above else []
    log = logs[others].sum() + (logs[len(tree.cliques) + c] if above else 0.0)
    return tree.support(c) * math.prod(factors), float(log)


def message(table: Table, separator: tuple[int, ...]) -> tuple[Table, float]:
    """A table added up over a separator, its largest entry 1, and the logarithm of what it was."""
    summed, largest = rescale(over(table, separator))
    return summed, math.log(largest)


def gradient(work: Workspace, v: int, reference: float) -> Table:
    """d P(evidence) / d the table of a variable: the joint without that table; times exp(-``reference``)."""
    said = [work.likelihoods[u] for found in work.findings for u in found]
    others = [table for u, table in enumerate(work.tables) if u != v]
    rest = np.ones(work.tree.cards) * math.prod([*others, *said])
    return over(rest, work.tree.family(v)) * math.exp(-reference)
