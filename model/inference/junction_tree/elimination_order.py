"""Elimination orders: the moral graph, greedy heuristics, and a seeded search among the orders near them.

A graph is a list of bit sets, one a vertex. All is counted and seeded, nothing timed, and of floating point only
products and halves of whole numbers are compared: every machine finds the same order.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from model.network import Network

SEED = 2017
SEARCH = 2
"""Version of the search: part of the key under which an order is kept, so raise it with any change to this file."""

WORK = 8_000
"""Vertices that all tries together may eliminate."""

PATIENCE = 150
"""Tries in a row without gain after which the search ends."""

SHAKEN = 0.1
"""Share of the vertices whose place a try reconsiders."""

SHAKES = (0.25, 0.5, 2.0, 4.0)
"""What a vertex's score may be multiplied with: exact in floating point."""

HOPELESS = 60
"""Neighbours beyond which a vertex waits to be eliminated: its table would have over 2**60 cells."""

Adjacency = list[int]
Score = Callable[[Adjacency, Sequence[int], int], float]


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
    """The elimination order with the fewest table cells that the heuristics, and a search from the best, find.

    Vertices whose neighbours are all joined go first: no order does better than that. Among the others the heuristic
    that does best is shaken: a few vertices' scores are multiplied by chance, and what is no worse is where the next
    try begins. Ends after PATIENCE tries without gain, or when WORK is used up.
    """
    order, graph = simplicial(adjacent)
    gone = set(order)
    core = [v for v in range(len(cards)) if v not in gone]
    return [*order, *_searched(graph, core, cards)] if core else order


def simplicial(adjacent: Adjacency) -> tuple[list[int], Adjacency]:
    """Vertices that add no edge when eliminated, one after another, and the graph that is left.

    A chain 0 - 1 - 2 has no others:

    >>> simplicial([0b010, 0b101, 0b010])
    ([0, 1, 2], [0, 0, 0])
    """
    graph, order = list(adjacent), list[int]()
    waiting = list(range(len(graph)))
    while waiting:
        ready = [v for v in waiting if not any(graph[v] & ~graph[u] & ~(1 << u) for u in bits(graph[v]))]
        if not ready:
            break
        _remove(graph, ready[0])
        order.append(ready[0])
        waiting.remove(ready[0])
    return order, graph


def _searched(graph: Adjacency, core: Sequence[int], cards: Sequence[int]) -> list[int]:
    chance = random.Random(SEED)
    weights = dict.fromkeys(core, 1.0)
    plain = [(*eliminate(graph, cards, score, weights=weights), score) for score in HEURISTICS]
    best, fewest, score = min(plain, key=lambda found: found[1])
    idle = 0
    for _ in range(WORK // len(core)):
        tried = _shaken(weights, chance)
        order, cells = eliminate(graph, cards, score, weights=tried, give_up=fewest)
        idle = 0 if cells < fewest else idle + 1
        if cells <= fewest:
            best, fewest, weights = order, cells, tried
        if idle == PATIENCE:
            break
    return best


def _shaken(weights: Mapping[int, float], chance: random.Random) -> dict[int, float]:
    """The same weights with about a share SHAKEN of them, at least one, multiplied by chance."""
    moved = dict(weights)
    for v in chance.sample(list(moved), max(1, round(SHAKEN * len(moved)))):
        moved[v] *= chance.choice(SHAKES)
    return moved


def eliminate(
    adjacent: Adjacency,
    cards: Sequence[int],
    score: Score,
    *,
    weights: Mapping[int, float] | None = None,
    give_up: float = math.inf,
) -> tuple[list[int], float]:
    """One greedy elimination by score times weight, ties by position: (order, cells), cells inf once over ``give_up``.

    ``weights`` names the vertices to eliminate: all of them, each with weight 1, by default.
    """
    graph = list(adjacent)
    weights = dict.fromkeys(range(len(cards)), 1.0) if weights is None else weights

    def scored(v: int) -> float:
        return math.inf if graph[v].bit_count() > HOPELESS else (score(graph, cards, v) + 0.5) * weights[v]

    scores = {v: scored(v) for v in weights}
    order: list[int] = []
    cells = 0.0
    while scores:
        chosen = min(scores, key=scores.__getitem__)
        cells += cards[chosen] * math.prod(cards[u] for u in bits(graph[chosen]))
        if cells > give_up:
            return order, math.inf
        for v in _remove(graph, chosen):
            if v in scores:
                scores[v] = scored(v)
        del scores[chosen]
        order.append(chosen)
    return order, cells


def later_neighbours(adjacent: Adjacency, order: Sequence[int]) -> dict[int, set[int]]:
    """Each vertex's neighbours at the time it is eliminated."""
    graph = list(adjacent)
    later = {}
    for v in order:
        later[v] = set(bits(graph[v]))
        _remove(graph, v)
    return later


def bits(mask: int) -> Iterator[int]:
    """Positions of the bits that are set, lowest first.

    >>> list(bits(0b1101))
    [0, 2, 3]
    """
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


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
