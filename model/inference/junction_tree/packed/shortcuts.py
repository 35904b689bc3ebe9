"""Shortcuts: what a branch without findings says of all its variables, as one matrix to multiply with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from model.inference.junction_tree.packed.offsets import Shape
from model.inference.junction_tree.packed.prior_passes import Kept, Numbers
from model.network import Table

SHORTCUT_ROOM, SHORTCUT_LIMIT, SHORTCUT_WORK = 1 << 16, 1 << 20, 1 << 22
"""Numbers that shortcuts may take together (or as many as the tables, where that is more), that one may take,
and multiplications that one may cost to make."""

OP_COST = 16
"""What one loop over a table costs before its first entry, in entries."""


def shortcuts(shape: Shape, numbers: Numbers, kept: Kept) -> list[Table | None]:
    """By clique, its shortcut where that is cheaper to read than its branch, shape (cells of the separator, states).

    Those with the largest gain for their size are kept, as far as SHORTCUT_ROOM goes.
    """
    found: list[Table | None] = []
    costs: list[float] = []
    gains = []
    for c, table in enumerate(numbers.conditionals):
        start, stop = shape.branches[c]
        shortcut = _shortcut(shape, c, table, found) if stop > start else None
        outs = len(shape.children[c]) + shape.tree.cliques[c].residual
        cost = (shape.entries[c] + OP_COST) * (1 + outs) + sum(costs[child] for child in shape.children[c])
        found.append(shortcut)
        costs.append(min(cost, shortcut.size / 4 if shortcut is not None else math.inf))
        if shortcut is not None and shortcut.size / 4 < cost:
            gains.append((shortcut.size / cost, c))
    room = max(SHORTCUT_ROOM, sum(shape.entries))
    chosen = set()
    for _, c in sorted(gains):
        shortcut = found[c]
        if shortcut is not None and shortcut.size <= room:
            room -= shortcut.size
            chosen.add(c)
    rows = [slice(None) if some is None else some for some in kept.separators]
    return [None if shortcut is None or c not in chosen else shortcut[rows[c]] for c, shortcut in enumerate(found)]


def _shortcut(shape: Shape, c: int, table: Table, below: Sequence[Table | None]) -> Table | None:
    """Chances of each state of each variable first met in the branch given the separator; None where that is large."""
    einsum: Any = np.einsum
    clique = shape.tree.cliques[c]
    start, stop = shape.branches[c]
    separator = list(range(clique.residual, len(clique.variables)))
    if shape.whole[c] * (stop - start) > SHORTCUT_LIMIT:
        return None
    parts: list[tuple[int, Table]] = []
    for i, v in enumerate(clique.variables[: clique.residual]):
        others = tuple(k for k in range(clique.residual) if k != i)
        parts.append((shape.outs[v], np.moveaxis(table.sum(axis=others), 0, -1)))
    for child in shape.children[c]:
        width = shape.branches[child][1] - shape.branches[child][0]
        if width == 0:
            continue
        shared = [clique.variables.index(v) for v in shape.tree.cliques[child].separator]
        shortcut = below[child]
        both = sorted({*shared, *separator})
        if shortcut is None or width * math.prod(table.shape[i] for i in both) > SHORTCUT_WORK:
            return None
        given = shortcut.reshape([*(table.shape[i] for i in shared), width])
        joint = table.sum(axis=tuple(k for k in range(table.ndim) if k not in both))
        label = table.ndim
        part = einsum(joint, both, given, [*shared, label], [*separator, label])
        parts.append((shape.branches[child][0], part))
    flat = [part.reshape(shape.whole[c], -1) for _, part in sorted(parts, key=lambda pair: pair[0])]
    return np.concatenate(flat, axis=1)
