"""The junction tree without evidence: conditionals, messages, and which of their entries are worth storing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.inference.junction_tree.packed.index_maps import Positions
from model.inference.junction_tree.triangulation import JunctionTree
from model.network import Table

DENSE = 0.4
"""Share of nonzero entries above which a table is stored whole."""

SMALLEST_SPARSE = 32
"""Tables with fewer cells are stored whole."""

LITTLE = 0.9
"""Share of all entries above which leaving out the others gains too little for a tree that cannot take any
replaced table."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Positions of the entries stored of each clique's table and of each separator; None where all are."""

    tables: tuple[Positions | None, ...]
    separators: tuple[Positions | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """The tree without evidence, by clique: conditionals (*residual, *separator), messages, beliefs above, levels."""

    conditionals: list[Table]
    messages: list[Table]
    levels: list[float]


def numbers_of(tree: JunctionTree, potentials: Sequence[Table], *, best: bool) -> Numbers:
    """The upward pass without evidence, each table divided by its own message (0/0 := 0).

    Every message and product is brought back to a largest entry of 1, so that none underflows.
    """
    conditionals: list[Table] = []
    messages: list[Table] = []
    levels = [0.0] * len(potentials)
    tables = list(potentials)
    for c, clique in enumerate(tree.cliques):
        axes = tuple(range(clique.residual))
        message = tables[c].max(axis=axes) if best else tables[c].sum(axis=axes)
        conditionals.append(np.divide(tables[c], message, out=np.zeros_like(tables[c]), where=message > 0))
        tables[c] = message
        message, log = _lowered(message)
        messages.append(message)
        levels[c] += log
        if clique.parent >= 0:
            tables[clique.parent], log = _lowered(tables[clique.parent] * _turned(tree, c, message))
            levels[clique.parent] += levels[c] + log
    return Numbers(conditionals, messages, levels)


def _lowered(table: Table) -> tuple[Table, float]:
    """A table over its largest entry, and the logarithm of that."""
    largest = float(table.max())
    return (table / largest, math.log(largest)) if largest > 0 else (table, -math.inf)


def beliefs_above(tree: JunctionTree, numbers: Numbers) -> list[Table]:
    """Each separator's distribution without evidence."""
    found: list[Table] = [np.ones(())] * len(tree.cliques)
    below: dict[int, list[int]] = {}
    for c, clique in enumerate(tree.cliques):
        below.setdefault(clique.parent, []).append(c)
    for c in reversed(range(len(tree.cliques))):
        members = tree.cliques[c].variables
        belief = numbers.conditionals[c] * found[c] if c in below else np.ones(())
        for child in below.get(c, ()):
            shared = tree.cliques[child].separator
            left = [v for v in members if v in shared]
            summed = belief.sum(axis=tuple(i for i, v in enumerate(members) if v not in shared))
            found[child] = np.ascontiguousarray(summed.transpose([left.index(v) for v in shared]))
    return found


def _turned(tree: JunctionTree, child: int, message: Table) -> Table:
    """A message shaped to broadcast over the parent's table."""
    clique, above = tree.cliques[child], tree.cliques[tree.cliques[child].parent].variables
    lengths = dict(zip(clique.separator, message.shape, strict=True))
    axes = sorted(range(message.ndim), key=lambda i: above.index(clique.separator[i]))
    return message.transpose(axes).reshape([lengths.get(v, 1) for v in above])


def kept_entries(tree: JunctionTree, numbers: Numbers, above: Sequence[Table], *, compress: bool) -> Kept:
    """Which entries to store. A separator is compressed where the tables on both of its sides are."""
    nothing: tuple[Positions | None, ...] = (None,) * len(above)
    if not compress:
        return Kept(nothing, nothing)
    pairs = zip(numbers.conditionals, above, strict=True)
    tables = tuple(_support(table * belief) for table, belief in pairs)
    stored = sum(
        table.size if some is None else len(some) for table, some in zip(numbers.conditionals, tables, strict=True)
    )
    if stored > LITTLE * sum(table.size for table in numbers.conditionals):
        return Kept(nothing, nothing)
    inner = [
        clique.parent >= 0 and tables[c] is not None and tables[clique.parent] is not None
        for c, clique in enumerate(tree.cliques)
    ]
    separators = tuple(_support(belief) if both else None for belief, both in zip(above, inner, strict=True))
    return Kept(tables, separators)


def _support(belief: Table) -> Positions | None:
    """Positions of the nonzero entries when storing them alone pays, else None."""
    if belief.size < SMALLEST_SPARSE:
        return None
    nonzero = np.flatnonzero(belief)
    return nonzero if len(nonzero) < DENSE * belief.size else None
