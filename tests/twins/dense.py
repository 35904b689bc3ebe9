"""A packed tree and the workspace of a question as a textbook writes them: tables with axes, lists of cliques.

Every table is dense and has an axis for each variable of the network, of length 1 where it does not speak of that
variable: ``*`` multiplies any two tables, and ``over`` adds one up. Entries that are not stored are zeros.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.inference.junction_tree.packed import layout
from model.inference.junction_tree.packed.evidence_kernels import CLEAN
from model.inference.junction_tree.packed.executor import Tree
from model.inference.junction_tree.packed.layout import (
    CLIQUE,
    CLIQUE_AT,
    LIKELIHOODS_AT,
    PER_CLIQUE,
    VARIABLE,
    VARIABLE_AT,
    Ints,
)
from model.network import Table


def over(table: Table, variables: Sequence[int], *, best: bool = False) -> Table:
    """The table over these variables alone: sums, or the largest entries, over all others."""
    others = tuple(axis for axis in range(table.ndim) if axis not in variables)
    return np.asarray(table.max(others, keepdims=True) if best else table.sum(others, keepdims=True))


@dataclass(frozen=True, slots=True, eq=False)
class DenseTree:
    """A packed tree without evidence."""

    tree: Tree

    @property
    def cliques(self) -> range:
        """Numbers of the cliques, children before parents."""
        return range(len(self.tree.packed.tree.cliques))

    @property
    def variables(self) -> range:
        """Numbers of the variables."""
        return range(len(self.tree.network.names))

    @property
    def cards(self) -> tuple[int, ...]:
        """Number of states by variable."""
        return self.tree.network.cards(self.tree.network.names)

    def clique(self, c: int, what: int) -> int:
        """One number of a clique's record."""
        ints = self.tree.packed.ints
        return int(ints[ints[CLIQUE_AT] + CLIQUE * c + what])

    def variable(self, v: int, what: int) -> int:
        """One number of a variable's record."""
        ints = self.tree.packed.ints
        return int(ints[ints[VARIABLE_AT] + VARIABLE * v + what])

    def listed(self, c: int, what: int) -> list[int]:
        """The variables of one of a clique's lists of pairs."""
        at = self.clique(c, what)
        length = int(self.tree.packed.ints[at])
        return [int(v) for v in self.tree.packed.ints[at + 1 : at + 1 + 2 * length : 2]]

    def scope(self, c: int) -> tuple[int, ...]:
        return self.tree.packed.tree.cliques[c].variables

    def separator(self, c: int) -> tuple[int, ...]:
        return self.tree.packed.tree.cliques[c].separator

    def residual(self, c: int) -> tuple[int, ...]:
        return tuple(v for v in self.scope(c) if v not in self.separator(c))

    def parent(self, c: int) -> int:
        return self.tree.packed.tree.cliques[c].parent

    def children(self, c: int) -> list[int]:
        return [j for j in self.cliques if self.parent(j) == c]

    def branch(self, c: int) -> list[int]:
        """The clique and all below it."""
        return [c, *(below for j in self.children(c) for below in self.branch(j))]

    def top(self, v: int) -> int:
        """The highest clique with a variable."""
        return next(c for c in self.cliques if v in self.residual(c))

    def placed(self, c: int) -> list[int]:
        """The variables whose conditional tables belong to a clique."""
        return [v for v in self.variables if self.variable(v, layout.PLACE) == c]

    def family(self, v: int) -> list[int]:
        """The axes of a variable's conditional table."""
        network = self.tree.network
        return [*(network.position[name] for name in network.variables[v].parents), v]

    def spread(self, stored: Table, axes: Sequence[int], kept: NDArray[np.integer] | None = None) -> Table:
        """A flat table over the variables ``axes``, of which the entries ``kept`` are stored."""
        lengths = [self.cards[v] for v in axes]
        flat = np.zeros(math.prod(lengths))
        flat[slice(None) if kept is None else kept] = stored
        named = [n if v in axes else 1 for v, n in enumerate(self.cards)]
        return flat.reshape(lengths).transpose(np.argsort(axes, kind="stable").astype(int)).reshape(named)

    def in_clique(self, c: int, stored: Table) -> Table:
        """The stored entries of a clique's table."""
        return self.spread(stored, self.scope(c), self.tree.packed.kept.tables[c])

    def in_separator(self, c: int, stored: Table) -> Table:
        """The stored cells of a clique's separator."""
        return self.spread(stored, self.separator(c), self.tree.packed.kept.separators[c])

    def support(self, c: int) -> Table:
        """1 for each entry that is stored of a clique's table."""
        return self.in_clique(c, np.ones(self.clique(c, layout.ENTRIES)))

    def conditional(self, c: int) -> Table:
        """The clique's table given its separator."""
        return self.in_clique(c, _part(self.tree.floats, self.clique(c, layout.TABLE), self.clique(c, layout.ENTRIES)))

    def message(self, c: int) -> Table:
        """What the branch says of the separator without evidence."""
        at = self.clique(c, layout.MESSAGE)
        return self.in_separator(c, _part(self.tree.floats, at, self.clique(c, layout.CELLS)))

    def above(self, c: int) -> Table:
        """The separator's distribution without evidence."""
        at = self.clique(c, layout.SEPARATOR_PRIOR_AT)
        return self.in_separator(c, _part(self.tree.floats, at, self.clique(c, layout.CELLS)))

    def level(self, c: int) -> float:
        """The logarithm of what was divided out of the message."""
        return float(self.tree.floats[self.clique(c, layout.LOG_SCALE)])


@dataclass(slots=True, eq=False)
class Workspace:
    """What a workspace holds of one question; twins of kernels that write it write here.

    By clique: its mode, its findings, what it said of its separator, what is believed of that, its table in the
    stack. By variable: the likelihood, the conditional table in force. ``relative`` and ``needed`` are sets of cliques,
    ``replaced`` of variables; ``places`` says where the marginal of each target goes.
    """

    tree: DenseTree
    modes: list[int]
    findings: list[list[int]]
    heard: list[Table]
    believed: list[Table]
    visited: dict[int, Table]
    likelihoods: list[Table]
    tables: list[Table]
    relative: set[int]
    needed: set[int]
    replaced: set[int]
    places: dict[int, int]


def written_out(tree: DenseTree, work: Table, state: Ints) -> Workspace:
    """A workspace in these terms, copied."""
    n = len(tree.cliques)
    of_cliques = state[: PER_CLIQUE * n].reshape(PER_CLIQUE, n)
    of_variables = state[PER_CLIQUE * n :].reshape(-1, len(tree.variables))
    cells = [tree.clique(c, layout.CELLS) for c in tree.cliques]
    heard = [_part(work, tree.clique(c, layout.MESSAGE_AT), cells[c]) for c in tree.cliques]
    believed = [_part(work, tree.clique(c, layout.SEPARATOR_BELIEF_AT), cells[c]) for c in tree.cliques]
    at = tree.tree.packed.ints[LIKELIHOODS_AT] + np.array([tree.variable(v, layout.OUT) for v in tree.variables])
    replaced = {v for v in tree.variables if of_variables[layout.REPLACED, v]}
    return Workspace(
        tree,
        of_cliques[layout.MODE].tolist(),
        [_linked(of_cliques[layout.FIRST, c], of_variables) for c in tree.cliques],
        [tree.in_separator(c, heard[c]) for c in tree.cliques],
        [tree.in_separator(c, believed[c]) for c in tree.cliques],
        {c: _visited(tree, work, of_cliques, c) for c in tree.cliques if of_cliques[layout.MODE, c] != CLEAN},
        [tree.spread(_part(work, at[v], tree.cards[v]), [v]) for v in tree.variables],
        [_in_force(tree, work, v, v in replaced) for v in tree.variables],
        set(np.flatnonzero(of_cliques[layout.RELATIVE]).tolist()),
        set(np.flatnonzero(of_cliques[layout.NEEDED]).tolist()),
        replaced,
        {v: int(place) for v, place in enumerate(of_variables[layout.PLACED]) if place},
    )


def _part(numbers: Table, at: int, length: int) -> Table:
    return numbers[at : at + length].copy()


def _linked(first: int, of_variables: Ints) -> list[int]:
    """The variables of a clique's findings, in the order in which they are linked."""
    found = []
    while first > 0:
        found.append(int(of_variables[layout.FOUND, first - 1]))
        first = of_variables[layout.NEXT, first - 1]
    return found


def _visited(tree: DenseTree, work: Table, of_cliques: Ints, c: int) -> Table:
    return tree.in_clique(c, _part(work, of_cliques[layout.VISITED, c], tree.clique(c, layout.ENTRIES)))


def _in_force(tree: DenseTree, work: Table, v: int, replaced: bool) -> Table:
    numbers, at = (work, layout.SWAP) if replaced else (tree.tree.packed.floats, layout.CPT)
    return tree.spread(_part(numbers, tree.variable(v, at), tree.variable(v, layout.SIZE)), tree.family(v))
