"""From a network to a junction tree: cliques, how they hang together, and their cost before any allocation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from model.errors import NetworkTooLarge
from model.inference.junction_tree.elimination_order import (
    Adjacency,
    best_order,
    heuristic_orders,
    later_neighbours,
    moral_graph,
)
from model.inference.junction_tree.order_cache import kept_order
from model.network import Network
from model.resources.deadline import checkpoint

__all__ = [
    "CELL_LIMIT",
    "Clique",
    "JunctionTree",
    "arranged",
    "best_order",
    "bounded_cells",
    "cliques_of",
    "moral_graph",
    "searched_cells",
    "too_large",
    "triangulate",
]

CELL_LIMIT = 30_000_000
"""Table cells that exact inference on one network may need: 240 MB of float64."""

TABLE_COST = 40
"""What one table more costs to visit, in cells: intermediate cliques must save more than that."""

MOST_GROUPS = 60
"""Different messages and marginals of one clique up to which groups of them are sought."""


@dataclass(frozen=True, slots=True)
class Clique:
    """A clique of the triangulated graph, as positions of variables in the network.

    ``variables`` are in elimination order, so the ``residual`` first ones are summed out here and
    the others, the separator, are shared with the ``parent`` clique (-1 at the root). An intermediate
    clique, which only gathers messages for a larger one, has no residual.
    """

    variables: tuple[int, ...]
    residual: int
    parent: int

    @property
    def separator(self) -> tuple[int, ...]:
        """Variables shared with the parent clique."""
        return self.variables[self.residual :]


@dataclass(frozen=True, slots=True)
class JunctionTree:
    """Cliques with every child before its parent, the root last; ``cells`` is the sum of their table sizes."""

    cliques: tuple[Clique, ...]
    cells: int
    width: int
    largest: tuple[str, ...]


def triangulate(network: Network, *, limit: int | None = CELL_LIMIT) -> JunctionTree:
    """The cheapest tree that several heuristics and seeded restarts find (Kjaerulff 1990).

    Deterministic: the same network gives the same tree on every machine.

    >>> from model.network import Variable
    >>> import numpy as np
    >>> rain = Network([Variable("rain", ("no", "yes"))], {"rain": np.array([0.8, 0.2])})
    >>> triangulate(rain).cells
    2

    Raises NetworkTooLarge, before any table is allocated, naming cells, width and the largest clique; never where
    ``limit`` is None.
    """
    cards = _cards(network)
    graph = moral_graph(network)
    order = kept_order(graph, cards)
    cliques = arranged(cliques_of(graph, order), cards)
    sizes = _sizes(cliques, cards)
    largest = cliques[sizes.index(max(sizes))].variables
    names = tuple(network.names[v] for v in sorted(largest))
    width = max(len(clique.variables) for clique in cliques) - 1
    found = JunctionTree(tuple(cliques), sum(sizes), width, names)
    if limit is not None and found.cells > limit:
        raise too_large(found, limit)
    return found


def searched_cells(network: Network) -> int:
    """Entries of the tree by the best order that a search finds, which is not kept."""
    return _cells(network, best_order(moral_graph(network), _cards(network)))


def bounded_cells(network: Network, tree: JunctionTree) -> int:
    """Entries of the tree by the order of another one, or by a plain heuristic where that is better: no search.

    ``tree`` is of a network of the same variables, as one of which an arc has been cut.
    """
    order = [v for clique in tree.cliques for v in clique.variables[: clique.residual]]
    plain = heuristic_orders(moral_graph(network), _cards(network))
    return min(_cells(network, candidate) for candidate in (order, *plain))


def _cells(network: Network, order: list[int]) -> int:
    cards = _cards(network)
    return sum(_sizes(arranged(cliques_of(moral_graph(network), order), cards), cards))


def _cards(network: Network) -> list[int]:
    return [len(variable.states) for variable in network.variables]


def _sizes(cliques: Sequence[Clique], cards: Sequence[int]) -> list[int]:
    """Table entries of each clique."""
    return [math.prod(cards[v] for v in clique.variables) for clique in cliques]


def too_large(tree: JunctionTree, limit: int) -> NetworkTooLarge:
    """The refusal of a tree over the limit."""
    return NetworkTooLarge(cells=tree.cells, limit=limit, width=tree.width, largest_clique=tree.largest)


def cliques_of(adjacent: Adjacency, order: Sequence[int]) -> list[Clique]:
    """Maximal cliques of the elimination order as a rooted tree, children before parents."""
    position = {v: i for i, v in enumerate(order)}
    later = later_neighbours(adjacent, order)
    up = {v: min(later[v], key=position.__getitem__, default=-1) for v in order}
    residual: dict[int, list[int]] = {}
    clique_of: dict[int, int] = {}
    waiting: dict[int, int] = {}
    for v in order:
        first = waiting.get(v, v)
        clique_of[v] = first
        residual.setdefault(first, []).append(v)
        if up[v] >= 0 and up[v] not in waiting and len(later[v]) == len(later[up[v]]) + 1:
            waiting[up[v]] = first
    tops = sorted(residual, key=lambda first: position[residual[first][-1]])
    index = {first: i for i, first in enumerate(tops)}
    found = []
    for first in tops:
        own = residual[first]
        separator = sorted(later[own[-1]], key=position.__getitem__)
        parent = index[clique_of[up[own[-1]]]] if separator else len(tops) - 1
        found.append(Clique((*own, *separator), len(own), parent if index[first] < len(tops) - 1 else -1))
    return found


def arranged(cliques: Sequence[Clique], cards: Sequence[int]) -> list[Clique]:
    """The same cliques hung so that questions cost less; the distribution and the running intersection stay.

    Each clique hangs on the smallest one that holds its separator; the root is where evidence on any
    variable has the fewest cells to climb; a large clique with many neighbours that share little with it
    meets them through intermediate cliques.
    """
    sets = [frozenset(clique.variables) for clique in cliques]
    neighbours = _neighbours(_reattached(cliques, sets, cards))
    root = _best_root(sets, neighbours, cards)
    parents = _hung(neighbours, root)
    _gather(sets, parents, cards)
    return _in_order(sets, parents, root)


def _reattached(cliques: Sequence[Clique], sets: Sequence[frozenset[int]], cards: Sequence[int]) -> list[int]:
    """Parent of each clique once it hangs on the smallest clique, outside its own branch, with its separator."""
    cells = [math.prod(cards[v] for v in members) for members in sets]
    holding: dict[int, list[int]] = {}
    for c in sorted(range(len(sets)), key=lambda c: (cells[c], c)):
        for v in sets[c]:
            holding.setdefault(v, []).append(c)
    parents = [clique.parent for clique in cliques]
    for c, clique in enumerate(cliques):
        separator = frozenset(clique.separator)
        if not separator:
            continue
        rarest = min((holding[v] for v in separator), key=len)
        for other in rarest:
            if cells[other] >= cells[parents[c]]:
                break
            if separator <= sets[other] and not _below(parents, other, c):
                parents[c] = other
                break
    return parents


def _below(parents: Sequence[int], c: int, top: int) -> bool:
    while c >= 0 and c != top:
        c = parents[c]
    return c == top


def _neighbours(parents: Sequence[int]) -> list[list[int]]:
    around: list[list[int]] = [[] for _ in parents]
    for c, parent in enumerate(parents):
        if parent >= 0:
            around[c].append(parent)
            around[parent].append(c)
    return around


def _best_root(sets: Sequence[frozenset[int]], neighbours: Sequence[Sequence[int]], cards: Sequence[int]) -> int:
    """The root to which evidence climbs through the fewest cells, summed over the variables.

    For every root at once, in two passes: what a branch costs does not depend on what lies beyond its root.
    """
    cells = [math.prod(cards[v] for v in members) for members in sets]
    parents = _hung(neighbours, 0)
    order = _outwards(neighbours, parents)
    new, climb = _branches(sets, neighbours, cells, parents, order)
    total = [0] * len(sets)
    for c in order:
        checkpoint()
        own = [(new[c, u], climb[c, u]) for u in neighbours[c]]
        count, cost = sum(n for n, _ in own), sum(w for _, w in own)
        total[c] = cells[c] * (len(sets[c]) + count) + cost
        for u in neighbours[c]:
            if u != parents[c]:  # the branch of c as u sees it
                n = count - new[c, u] + len(sets[c] - sets[u])
                new[u, c], climb[u, c] = n, cost - climb[c, u] + cells[c] * n
    return min(range(len(sets)), key=lambda c: (total[c], -c))


def _outwards(neighbours: Sequence[Sequence[int]], parents: Sequence[int]) -> list[int]:
    """Every clique after its parent, from clique 0 on."""
    order = [0]
    for c in order:
        order.extend(u for u in neighbours[c] if u != parents[c])
    return order


def _branches(
    sets: Sequence[frozenset[int]],
    neighbours: Sequence[Sequence[int]],
    cells: Sequence[int],
    parents: Sequence[int],
    order: Sequence[int],
) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """By (clique, neighbour below it): variables of that branch alone, and cells between each and the clique."""
    new: dict[tuple[int, int], int] = {}
    climb: dict[tuple[int, int], int] = {}
    for c in reversed(order):
        above = parents[c]
        if above >= 0:
            below = [u for u in neighbours[c] if u != above]
            n = len(sets[c] - sets[above]) + sum(new[c, u] for u in below)
            new[above, c], climb[above, c] = n, cells[c] * n + sum(climb[c, u] for u in below)
    return new, climb


def _hung(neighbours: Sequence[Sequence[int]], root: int) -> list[int]:
    parents = [-1] * len(neighbours)
    waiting = [root]
    while waiting:
        c = waiting.pop()
        for other in neighbours[c]:
            if other != parents[c]:
                parents[other] = c
                waiting.append(other)
    return parents


def _gather(sets: list[frozenset[int]], parents: list[int], cards: Sequence[int]) -> None:
    """Add intermediate cliques under large ones, in place, wherever they save more than they cost."""
    below: list[list[int]] = [[] for _ in sets]
    for c, parent in enumerate(parents):
        if parent >= 0:
            below[parent].append(c)
    waiting = [c for c, members in enumerate(sets) if math.prod(cards[v] for v in members) > TABLE_COST]
    while waiting:
        c = waiting.pop()
        groups = _groups(sets, below[c], sets[c], cards)
        for union, members in groups:
            new = len(sets)
            sets.append(union)
            parents.append(c)
            below.append(members)
            below[c] = [other for other in below[c] if other not in members] + [new]
            for other in members:
                parents[other] = new
            waiting.append(new)


def _groups(
    sets: Sequence[frozenset[int]], below: Sequence[int], whole: frozenset[int], cards: Sequence[int]
) -> list[tuple[frozenset[int], list[int]]]:
    """Which messages and marginals of one clique are better read from a smaller table first.

    A table of ``whole`` is summed once for every group; a group of several is then summed from its union.
    """

    def cells(members: frozenset[int]) -> int:
        return math.prod(cards[v] for v in members)

    def cost(group: tuple[frozenset[int], int, list[int]]) -> int:
        union, outs, _ = group
        return cells(whole) if outs == 1 else cells(whole) + (outs + 1) * cells(union) + TABLE_COST

    alone = whole.difference(*(sets[c] for c in below))
    alike: dict[frozenset[int], list[int]] = {frozenset({v}): [] for v in sorted(alone)}
    for c in below:
        alike.setdefault(sets[c] & whole, []).append(c)
    groups = [(union, max(1, len(members)), members) for union, members in alike.items() if union]
    while 1 < len(groups) <= MOST_GROUPS:
        gain, i, j = max(
            (cost(groups[i]) + cost(groups[j]) - cost(_together(groups[i], groups[j])), -i, -j)
            for i in range(len(groups))
            for j in range(i + 1, len(groups))
        )
        if gain <= 0:
            break
        both = _together(groups[-i], groups[-j])
        groups = [group for k, group in enumerate(groups) if k not in (-i, -j)] + [both]
    return [(union, members) for union, outs, members in groups if outs > 1 and union != whole]


def _together(
    one: tuple[frozenset[int], int, list[int]], other: tuple[frozenset[int], int, list[int]]
) -> tuple[frozenset[int], int, list[int]]:
    return one[0] | other[0], one[1] + other[1], one[2] + other[2]


def _in_order(sets: Sequence[frozenset[int]], parents: Sequence[int], root: int) -> list[Clique]:
    """Cliques with every child before its parent, each branch together, variables in one elimination order."""
    below: list[list[int]] = [[] for _ in sets]
    for c, parent in enumerate(parents):
        if parent >= 0:
            below[parent].append(c)
    order: list[int] = []
    waiting = [root]
    while waiting:
        c = waiting.pop()
        order.append(c)
        waiting.extend(below[c])
    order.reverse()
    index = {c: i for i, c in enumerate(order)}
    rank: dict[int, int] = {}
    found = []
    for c in order:
        separator = sets[c] & sets[parents[c]] if c != root else frozenset[int]()
        for v in sorted(sets[c] - separator):
            rank[v] = len(rank)
        found.append((sets[c], separator, index[parents[c]] if c != root else -1))
    return [
        Clique(tuple(sorted(members, key=rank.__getitem__)), len(members) - len(separator), parent)
        for members, separator, parent in found
    ]
