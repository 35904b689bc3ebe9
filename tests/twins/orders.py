"""Elimination orders by the textbook: a graph is the set of neighbours of each vertex."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import prod

from model.inference.greedy_order import (
    CHEAP,
    ENTRIES_A_RESTART,
    FILL,
    LAST,
    MOST_RESTARTS,
    TABLE_SIZE,
    WEIGHTED_FILL,
    WIDE,
    WORTH_REPEATING,
)

Graph = Mapping[int, frozenset[int]]


def lowest(word: int) -> int:
    """Position of the lowest bit that is set."""
    return f"{word:b}"[::-1].index("1")


def members(words: Iterable[int]) -> list[int]:
    """Positions of the bits set in words of 64 bits."""
    return [i for i, bit in enumerate("".join(f"{int(word):064b}"[::-1] for word in words)) if bit == "1"]


def join(graph: Graph, scope: Iterable[int]) -> Graph:
    """The graph in which the vertices of a set are neighbours as well."""
    clique = frozenset(scope)
    return {v: (near | clique) - {v} if v in clique else near for v, near in graph.items()}


def graph_of(scopes: Iterable[Iterable[int]], vertices: int) -> Graph:
    """The graph in which the variables of each factor are neighbours."""
    families = [frozenset(scope) for scope in scopes]
    return {v: frozenset().union(*(family for family in families if v in family)) - {v} for v in range(vertices)}


def score(graph: Graph, card: Sequence[float], v: int, heuristic: int) -> float:
    """Entries of the table that eliminating ``v`` makes, or its missing edges, weighted by their entries or not."""
    if len(graph[v]) > WIDE:
        return LAST
    missing = [(a, b) for a, b in combinations(graph[v], 2) if b not in graph[a]]
    if heuristic == TABLE_SIZE:
        return card[v] * prod(card[u] for u in graph[v])
    return float(sum(card[a] * card[b] if heuristic == WEIGHTED_FILL else 1 for a, b in missing))


def eliminate(graph: Graph, v: int) -> Graph:
    """The graph without ``v``, its neighbours joined."""
    return {u: near - {v} for u, near in join(graph, graph[v]).items() if u != v}


def perturbed(vertices: int, seed: int) -> list[float]:
    """A weight from 1 to 2 for each vertex: the linear congruential generator of the C standard's example."""
    states = [seed]
    for _ in range(vertices):
        states.append((1103515245 * states[-1] + 12345) % 2**31)
    return [1.0 + state / 2**31 for state in states[1:]]


def greedy(
    graph: Graph, card: Sequence[float], last: int, heuristic: int, weights: Sequence[float], shift: float = 0.0
) -> tuple[list[int], float]:
    """Always the vertex of the least weighted score next, the first of equals; with the sum of the tables' entries."""
    order, cost = [], 0.0
    while left := sorted(graph.keys() - {last}):
        v = min(left, key=lambda u: (score(graph, card, u, heuristic) + shift) * weights[u])
        cost += card[v] * prod(card[u] for u in graph[v])
        order.append(v)
        graph = eliminate(graph, v)
    return order, cost


def best_order(graph: Graph, card: Sequence[float], last: int, restarts: int) -> tuple[list[int], float]:
    """The cheapest of several greedy orders: of more of them the costlier the best so far."""
    plain = [1.0] * len(graph)
    found = [greedy(graph, card, last, WEIGHTED_FILL, plain)]
    if found[0][1] > CHEAP or restarts > 0:
        found += [greedy(graph, card, last, heuristic, plain) for heuristic in (FILL, TABLE_SIZE)]
    paying = min(min(cost for _, cost in found) // ENTRIES_A_RESTART, MOST_RESTARTS)
    repeats = [WORTH_REPEATING[turn % 4] for turn in range(max(restarts, int(paying)))]
    for turn, heuristic in enumerate(repeats):
        found.append(greedy(graph, card, last, heuristic, perturbed(len(graph), turn + 1)))
    return min(found, key=lambda each: each[1])


def largest(graph: Graph, card: Sequence[float], order: Iterable[int]) -> tuple[frozenset[int], int]:
    """The clique of the most entries that an order makes, and the size of the widest."""
    cliques = []
    for v in order:
        cliques.append(graph[v] | {v})
        graph = eliminate(graph, v)
    entries = [prod(card[u] for u in clique) for clique in cliques]
    return cliques[entries.index(max(entries))] if cliques else frozenset(), max(map(len, cliques), default=0)
