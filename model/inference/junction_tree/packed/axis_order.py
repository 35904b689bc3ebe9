"""The order of the axes of a junction tree's tables, chosen so that the loops over them run long.

Tables meet through maps (``layout``), which are quickest where the last axes of a clique are the last of
the neighbour's separator too, or all outside it. Orders are found by simulated annealing (Kirkpatrick, Gelatt &
Vecchi 1983) from a fixed seed, so that a network is always laid out alike. What a long search found is kept for later
runs, as elimination orders are (``order_cache``).
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.inference.junction_tree.packed.index_maps import cost, trailing
from model.inference.junction_tree.triangulation import Clique, JunctionTree
from model.network import Table
from model.resources import disk_cache

SEED = 1983
SEARCH = 1
"""Version of the search: part of the key under which orders are kept, so raise it with any change to this file."""

WORTH_KEEPING = 1_000
"""Moves from which a search, of 25 microseconds each, takes longer than a file."""

CELLS_A_MOVE, MOST_MOVES = 16, 20_000
"""One move is tried for so many cells: a small table has nothing to gain that pays for the search."""

SMALL = 0.002
"""Cliques with a smaller share of all cells than this are left as they are."""

HEAT = 0.005
"""The loss that is still taken at first, as a share of the whole cost."""

SPREADING = 0.7
"""Chance that a neighbour moves the same axis too."""


def ordered_tree(tree: JunctionTree, cards: Sequence[int]) -> JunctionTree:
    """The same tree with the axes of its tables in another order, the residual's before the separator's."""
    place = _file(tree, cards) if moves_of(tree.cells) >= WORTH_KEEPING else None
    members: Any = None if place is None else disk_cache.read_order(place)
    if not _is_order_of(tree, members):
        orders = _Orders(tree, cards)
        orders.anneal(random.Random(SEED))
        members = orders.members
        if place is not None:
            disk_cache.write_order(place, members)
    cliques = tuple(
        Clique(tuple(order), clique.residual, clique.parent)
        for clique, order in zip(tree.cliques, members, strict=True)
    )
    return JunctionTree(cliques, tree.cells, tree.width, tree.largest)


def moves_of(cells: int) -> int:
    """How many moves the search tries for a tree of so many cells."""
    return min(MOST_MOVES, cells // CELLS_A_MOVE)


def _file(tree: JunctionTree, cards: Sequence[int]) -> Path | None:
    """Where the orders of a tree are kept, under a digest of all that the search depends on."""
    folder = disk_cache.folder("axes")
    settings = (SEARCH, SEED, CELLS_A_MOVE, MOST_MOVES, SMALL, HEAT, SPREADING)
    cliques = [(clique.variables, clique.residual, clique.parent) for clique in tree.cliques]
    told = json.dumps([settings, list(cards), cliques])
    return None if folder is None else folder / f"{hashlib.sha256(told.encode()).hexdigest()}.json"


def _is_order_of(tree: JunctionTree, members: Any) -> bool:
    """Whether each clique has its own variables, those of its separator last."""
    if not isinstance(members, list) or len(members) != len(tree.cliques):
        return False
    return all(
        isinstance(order, list)
        and all(type(v) is int for v in order)
        and sorted(order[: clique.residual]) == sorted(clique.variables[: clique.residual])
        and sorted(order[clique.residual :]) == sorted(clique.separator)
        for clique, order in zip(tree.cliques, members, strict=True)
    )


def transposed(tree: JunctionTree, ordered: JunctionTree, tables: Sequence[Table]) -> list[Table]:
    """Tables with their axes in the order of the other tree's cliques."""
    found = []
    for before, after, table in zip(tree.cliques, ordered.cliques, tables, strict=True):
        axes = [before.variables.index(v) for v in after.variables]
        found.append(np.ascontiguousarray(table.transpose(axes)))
    return found


class _Orders:
    """Orders of axes that change move by move, and what the maps between neighbours then cost.

    The map of clique c is the one from its parent's entries to its separator.
    """

    def __init__(self, tree: JunctionTree, cards: Sequence[int]) -> None:
        self.tree, self.cards = tree, cards
        self.cells = [math.prod(cards[v] for v in clique.variables) for clique in tree.cliques]
        self.children: list[list[int]] = [[] for _ in tree.cliques]
        for c, clique in enumerate(tree.cliques):
            if clique.parent >= 0:
                self.children[clique.parent].append(c)
        self.shared = [frozenset(clique.separator) for clique in tree.cliques]
        self.members = self._by_sharing()
        self.costs = [self._cost(c) for c in range(len(tree.cliques))]

    def _by_sharing(self) -> list[list[int]]:
        """A first order of all variables, kept in every table: those that most neighbours share last."""
        met, all_maps = [0] * len(self.cards), [1e-9] * len(self.cards)
        for c, clique in enumerate(self.tree.cliques):
            maps = [self.shared[c], *(self.shared[child] for child in self.children[c])]
            for v in clique.variables:
                met[v] += self.cells[c] * sum(v in found for found in maps)
                all_maps[v] += self.cells[c] * len(maps)
        rank = sorted(range(len(self.cards)), key=lambda v: (met[v] / all_maps[v], v))
        place = {v: i for i, v in enumerate(rank)}.__getitem__
        return [
            [*sorted(clique.variables[: clique.residual], key=place), *sorted(clique.separator, key=place)]
            for clique in self.tree.cliques
        ]

    def _cost(self, c: int) -> float:
        clique = self.tree.cliques[c]
        if clique.parent < 0:
            return 0.0
        separator = self.members[c][clique.residual :]
        return self.cells[clique.parent] * cost(*trailing(self.members[clique.parent], self.cards, separator))

    def anneal(self, rng: random.Random) -> None:
        """Try moves of one axis, in neighbours at once, taking ever smaller losses on the way to smaller costs."""
        whole = sum(self.cells)
        counting = [c for c, cells in enumerate(self.cells) if cells >= SMALL * whole and len(self.members[c]) > 1]
        moves = moves_of(whole) if counting else 0
        heat = HEAT * sum(self.costs)
        for move in range(moves):
            self._try(rng, rng.choice(counting), heat * (1 - move / moves) ** 2)

    def _try(self, rng: random.Random, c: int, loss: float) -> None:
        v = rng.choice(self.members[c])
        touched = [c]
        if v in self.shared[c] and rng.random() < SPREADING:
            touched.append(self.tree.cliques[c].parent)
        touched += [child for child in self.children[c] if v in self.shared[child] and rng.random() < SPREADING]
        last = rng.random() < SPREADING
        before = [self.members[other] for other in touched]
        for other in touched:
            self.members[other] = self._moved(rng, other, v, last=last)
        maps = self._meeting(touched)
        costs = [self._cost(other) for other in maps]
        gain = sum(self.costs[other] for other in maps) - sum(costs)
        if gain >= 0 or rng.random() < math.exp(gain / loss):
            for other, found in zip(maps, costs, strict=True):
                self.costs[other] = found
        else:
            for other, members in zip(touched, before, strict=True):
                self.members[other] = members

    def _moved(self, rng: random.Random, c: int, v: int, *, last: bool) -> list[int]:
        """A clique's axes with one of them elsewhere in its own part: at its end or anywhere."""
        members = self.members[c].copy()
        residual = self.tree.cliques[c].residual
        at = members.index(v)
        start, stop = (0, residual) if at < residual else (residual, len(members))
        del members[at]
        members.insert(stop - 1 if last else rng.randrange(start, stop), v)
        return members

    def _meeting(self, touched: Iterable[int]) -> list[int]:
        """The cliques whose maps the cliques touched have part in, each once."""
        return list(dict.fromkeys(other for c in touched for other in (c, *self.children[c])))
