"""The elimination order of a junction tree: the moral graph, and a seeded search among greedy orders.

A graph is a list of bit sets, one a vertex. All is counted and seeded, nothing timed, and of floating point only
products of whole numbers and of powers of two are compared: every machine finds the same order.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model.inference.greedy_order import FILL, TABLE_SIZE, WEIGHTED_FILL, Bits, greedy
from model.inference.numba_door import COMPILED
from model.network import Network
from model.resources.deadline import checkpoint

SEED = 2017
SEARCH = 3
"""Version of the search: part of the key under which an order is kept, so raise it with any change to this file."""

WORK = 8_000 if COMPILED else 0
"""Vertices that all tries together may eliminate. On the flagship a try takes 0.9 ms, without numba 0.7 s."""

PATIENCE = 150
"""Tries in a row without gain after which the search ends."""

HOPELESS = 1e12
"""Cells of the best heuristic's order above which nothing is searched: a search gains a factor of ten at the most."""

SHAKEN = 0.1
"""Share of the vertices whose place a try reconsiders."""

SHAKES = (0.25, 0.5, 2.0, 4.0)
"""What a vertex's weight may be multiplied with: exact in floating point."""

SHIFT = 0.5
"""Added to every score, so that weights tell vertices of score 0 apart."""

HEURISTICS = (FILL, WEIGHTED_FILL, TABLE_SIZE)

Adjacency = list[int]


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
    try begins. Ends after PATIENCE tries without gain, or when WORK is used up. Then the vertices in the order in which
    they stand, and in the reverse, are compared too: a 17 x 17 grid listed row by row has 67 million cells in that
    order, and 92 million in the one that the search finds.
    """
    order, graph = simplicial(adjacent)
    gone = set(order)
    core = [v for v in range(len(cards)) if v not in gone]
    return [*order, *(core[v] for v in _searched(_rows(graph, core), [cards[v] for v in core]))] if core else order


def heuristic_orders(adjacent: Adjacency, cards: Sequence[int]) -> Iterator[list[int]]:
    """The greedy order of each heuristic, without a search.

    >>> list(heuristic_orders([0b010, 0b101, 0b010], [2, 2, 2]))
    [[0, 1, 2], [0, 1, 2], [0, 1, 2]]
    """
    rows, weights = _rows(adjacent, range(len(cards))), np.ones(len(cards))
    for heuristic in HEURISTICS:
        yield _greedy(rows, cards, heuristic, weights)[0].tolist()


def simplicial(adjacent: Adjacency) -> tuple[list[int], Adjacency]:
    """Vertices that add no edge when eliminated, one after another, and the graph that is left.

    A chain 0 - 1 - 2 has no others:

    >>> simplicial([0b010, 0b101, 0b010])
    ([0, 1, 2], [0, 0, 0])
    """
    graph, order = list(adjacent), list[int]()
    ready = [v for v in range(len(graph)) if _is_simplicial(graph, v)]
    known = set(ready)
    while ready:
        checkpoint()
        v = heapq.heappop(ready)
        around = [u for u in bits(graph[v]) if u not in known]
        _remove(graph, v)
        order.append(v)
        for u in around:  # no other vertex lost a neighbour, and one that is simplicial stays so
            if _is_simplicial(graph, u):
                known.add(u)
                heapq.heappush(ready, u)
    return order, graph


def _is_simplicial(graph: Adjacency, v: int) -> bool:
    return not any(graph[v] & ~graph[u] & ~(1 << u) for u in bits(graph[v]))


def _searched(rows: Bits, cards: Sequence[int]) -> list[int]:
    chance = random.Random(SEED)
    weights = np.ones(len(cards))
    plain = [(*_greedy(rows, cards, heuristic, weights), heuristic) for heuristic in HEURISTICS]
    best, fewest, heuristic = min(plain, key=lambda found: found[1])
    idle = 0
    for _ in range(WORK // len(cards) if fewest < HOPELESS else 0):
        checkpoint()
        tried = _shaken(weights, chance)
        order, cells = _greedy(rows, cards, heuristic, tried, give_up=fewest)
        idle = 0 if cells < fewest else idle + 1
        if cells <= fewest:
            best, fewest, weights = order, cells, tried
        if idle == PATIENCE:
            break
    listed = list(range(len(cards)))
    return min((best.tolist(), listed, listed[::-1]), key=lambda order: cells_of_cliques(rows, cards, order))


def _shaken(weights: NDArray[np.float64], chance: random.Random) -> NDArray[np.float64]:
    """The same weights with about a share SHAKEN of them, at least one, multiplied by chance."""
    moved = weights.copy()
    for v in chance.sample(range(len(moved)), max(1, round(SHAKEN * len(moved)))):
        moved[v] *= chance.choice(SHAKES)
    return moved


def _greedy(
    rows: Bits, cards: Sequence[int], heuristic: int, weights: NDArray[np.float64], *, give_up: float = math.inf
) -> tuple[NDArray[np.int64], float]:
    """One greedy elimination of all vertices: (order, cells), cells inf once over ``give_up``."""
    with np.errstate(over="ignore"):  # without numba, bits that a word has no room for are dropped with a warning
        return greedy(rows.copy(), np.array(cards, dtype=np.float64), -1, heuristic, weights, SHIFT, give_up)


def cells_of_cliques(rows: Bits, cards: Sequence[int], order: Sequence[int]) -> float:
    """Table cells of the maximal cliques that an elimination order makes; inf where they are too many for a number.

    >>> cells_of_cliques(_rows([0b010, 0b101, 0b010], range(3)), [2, 2, 2], range(3))
    8.0
    """
    graph = [sum(int(word) << (64 * i) for i, word in enumerate(row)) for row in rows]
    position = {v: i for i, v in enumerate(order)}
    held, cells = set[int](), 0.0
    for v in order:
        around = list(bits(graph[v]))
        if v not in held:
            cells += math.prod((float(cards[u]) for u in around), start=float(cards[v]))
        _remove(graph, v)
        following = min(around, key=position.__getitem__, default=None)
        if following is not None and graph[following].bit_count() == len(around) - 1:
            held.add(following)
    return cells


def _rows(adjacent: Adjacency, kept: Sequence[int]) -> Bits:
    """The graph of the vertices kept, numbered anew, as ``greedy`` takes it: shape (vertices, words of 64 bits)."""
    place = {v: i for i, v in enumerate(kept)}
    rows = np.zeros((len(place), (len(place) + 63) // 64), dtype=np.uint64)
    for v, i in place.items():
        for u in bits(adjacent[v]):
            rows[i, place[u] >> 6] |= np.uint64(1 << (place[u] & 63))
    return rows


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


def _remove(graph: Adjacency, v: int) -> None:
    """Eliminate ``v``: join its neighbours and drop it."""
    around = graph[v]
    for u in bits(around):
        graph[u] = (graph[u] | around) & ~(1 << u) & ~(1 << v)
    graph[v] = 0
