"""From a network to a junction tree: elimination orders, cliques, and their cost before any allocation."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from model.errors import NetworkTooLarge
from model.network import Network

CELL_LIMIT = 30_000_000
"""Table cells that exact inference on one network may need: 240 MB of float64."""

SEED = 2017
WORK = 30_000
PATIENCE = 20
"""Vertices eliminated over all restarts, and restarts without gain: counts, not times, so that every
machine finds the same tree."""

Adjacency = list[int]
Score = Callable[[Adjacency, Sequence[int], int], float]


@dataclass(frozen=True, slots=True)
class Clique:
    """A clique of the triangulated graph, as positions of variables in the network.

    ``variables`` are in elimination order, so the ``residual`` first ones are summed out here and
    the others, the separator, are shared with the ``parent`` clique (-1 at the root).
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


def junction_tree(network: Network, *, limit: int = CELL_LIMIT) -> JunctionTree:
    """The cheapest tree that several heuristics and seeded restarts find (Kjaerulff 1990).

    Deterministic: the same network gives the same tree on every machine.

    >>> from model.network import Variable
    >>> import numpy as np
    >>> rain = Network([Variable("rain", ("no", "yes"))], {"rain": np.array([0.8, 0.2])})
    >>> junction_tree(rain).cells
    2

    Raises NetworkTooLarge, before any table is allocated, naming cells, width and the largest clique.
    """
    cards = [len(variable.states) for variable in network.variables]
    order = best_order(moral_graph(network), cards)
    cliques = cliques_of(moral_graph(network), order)
    sizes = [math.prod(cards[v] for v in clique.variables) for clique in cliques]
    largest = cliques[sizes.index(max(sizes))].variables
    names = tuple(network.names[v] for v in sorted(largest))
    width = max(len(clique.variables) for clique in cliques) - 1
    if sum(sizes) > limit:
        raise NetworkTooLarge(cells=sum(sizes), limit=limit, width=width, largest_clique=names)
    return JunctionTree(tuple(cliques), sum(sizes), width, names)


def moral_graph(network: Network) -> Adjacency:
    """Neighbours of each variable once parents of a common child are joined: one bit set a variable."""
    place = network.position
    adjacent = [0] * len(place)
    for variable in network.variables:
        family = sum(1 << place[name] for name in (variable.name, *variable.parents))
        for member in bits(family):
            adjacent[member] |= family & ~(1 << member)
    return adjacent


def best_order(adjacent: Adjacency, cards: Sequence[int]) -> list[int]:
    """The elimination order with the fewest table cells among every heuristic, plain and with random ties.

    Restarts until PATIENCE of them in a row have found nothing better, or WORK is used up.
    """
    chance = random.Random(SEED)
    restarts = max(1, WORK // (len(cards) * len(HEURISTICS)))
    best, fewest, idle = list(range(len(cards))), math.inf, 0
    for turn in range(restarts):
        before = fewest
        for score in HEURISTICS:
            order, cells = eliminate(adjacent, cards, score, chance=chance if turn else None, give_up=fewest)
            if cells < fewest:
                best, fewest = order, cells
        idle = 0 if fewest < before else idle + 1
        if idle == PATIENCE:
            break
    return best


def eliminate(
    adjacent: Adjacency, cards: Sequence[int], score: Score, *, chance: random.Random | None, give_up: float
) -> tuple[list[int], float]:
    """One greedy elimination, ties by position or at random: (order, cells), cells inf once over ``give_up``."""
    graph = list(adjacent)
    left = set(range(len(cards)))
    scores = {v: score(graph, cards, v) for v in left}
    order: list[int] = []
    cells = 0.0
    while left:
        low = min(scores.values())
        ties = [v for v in sorted(left) if scores[v] == low]
        chosen = chance.choice(ties) if chance else ties[0]
        cells += cards[chosen] * math.prod(cards[u] for u in bits(graph[chosen]))
        if cells >= give_up:
            return order, math.inf
        for v in _remove(graph, chosen):
            scores[v] = score(graph, cards, v)
        left.remove(chosen)
        del scores[chosen]
        order.append(chosen)
    return order, cells


def cliques_of(adjacent: Adjacency, order: Sequence[int]) -> list[Clique]:
    """Maximal cliques of the elimination order as a rooted tree, children before parents."""
    position = {v: i for i, v in enumerate(order)}
    later = _later_neighbours(adjacent, order, position)
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


def bits(mask: int) -> Iterator[int]:
    """Positions of the bits that are set, lowest first.

    >>> list(bits(0b1101))
    [0, 2, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _later_neighbours(adjacent: Adjacency, order: Sequence[int], position: dict[int, int]) -> dict[int, set[int]]:
    graph = list(adjacent)
    later = {}
    for v in order:
        later[v] = set(bits(graph[v]))
        _remove(graph, v)
    return later


def _remove(graph: Adjacency, v: int) -> list[int]:
    """Eliminate ``v``: join its neighbours, drop it; returns the vertices whose neighbourhood or fill changed."""
    around = graph[v]
    touched = around
    for u in bits(around):
        missing = around & ~graph[u] & ~(1 << u)
        if missing:
            touched |= graph[u]
        graph[u] = (graph[u] | around) & ~(1 << u) & ~(1 << v)
    graph[v] = 0
    return list(bits(touched & ~(1 << v)))


def _fill(graph: Adjacency, cards: Sequence[int], v: int) -> float:
    around = graph[v]
    return sum((around & ~graph[u]).bit_count() - 1 for u in bits(around)) / 2


def _weighted_fill(graph: Adjacency, cards: Sequence[int], v: int) -> float:
    around = graph[v]
    return sum(cards[u] * sum(cards[w] for w in bits(around & ~graph[u] & ~(1 << u))) for u in bits(around)) / 2


def _weight(graph: Adjacency, cards: Sequence[int], v: int) -> float:
    return float(cards[v] * math.prod(cards[u] for u in bits(graph[v])))


HEURISTICS: tuple[Score, ...] = (_fill, _weighted_fill, _weight)
"""Min-fill, weighted min-fill, min-weight."""
