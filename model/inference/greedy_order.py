"""Greedy elimination over a graph held as rows of bits, and the search for the order of a program.

A graph (vertices, words) has a bit for each neighbour of a vertex, neighbour b in word b // 64. Its vertices are the
variables left in a question, neighbours where a factor holds both, or those of a moral graph, for a junction tree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.inference.numba_door import kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]
CHEAP = 10_000.0
"""A program of so few table entries is not worth a second search."""
ENTRIES_A_RESTART = 50_000.0
MOST_RESTARTS = 24
TABLE_SIZE, WEIGHTED_FILL, FILL = range(3)
"""Heuristics: how unwelcome it is to eliminate a vertex next."""
WORTH_REPEATING = (WEIGHTED_FILL, FILL, WEIGHTED_FILL, TABLE_SIZE)
"""Searching longer pays in proportion to what running costs; counts, not times, so every machine finds the same."""
WIDE = 60
"""Neighbours beyond which a vertex waits to be eliminated: its table would have over 2**60 entries."""
LAST = 1e300
"""The score of such a vertex, above any other."""

SPREAD = np.uint64(0x03F79D71B4CB0A89)
PLACES = np.array([pow(2, i, 1 << 64) for i in range(64)], dtype=np.uint64)
PLACES = np.argsort((PLACES * SPREAD) >> np.uint64(58)).astype(np.int64)
"""Position of a single bit by the top six bits of its product with a de Bruijn sequence, all of them different."""


@kernel
def lowest(word: np.uint64) -> int:
    """Position of the lowest bit that is set."""
    return int(PLACES[((word & (~word + np.uint64(1))) * SPREAD) >> np.uint64(58)])


@kernel
def members(row: Bits, found: Ints) -> int:
    """Write the positions of the bits set in ``row`` (words,) into ``found`` (vertices,); returns how many."""
    count = 0
    for w in range(len(row)):
        word = row[w]
        # take the lowest bit until none is left
        while word != np.uint64(0):
            found[count] = 64 * w + lowest(word)
            count += 1
            word &= word - np.uint64(1)
    return count


@kernel
def join(graph: Bits, scope: Ints, count: int) -> None:
    """Make the first ``count`` vertices of ``scope`` neighbours of each other; graph has shape (vertices, words)."""
    one = np.uint64(1)
    for i in range(count):
        a = scope[i]
        for k in range(count):
            b = scope[k]
            if a != b:
                graph[a, b >> 6] |= one << np.uint64(b & 63)


@kernel
def graph_of(scopes: Ints, scope_at: Ints, vertices: int) -> Bits:
    """The graph in which the variables of each factor are neighbours, shape (vertices, words of 64 bits).

    The variables of factor f are ``scopes[scope_at[f] : scope_at[f + 1]]``.
    """
    graph = np.zeros((vertices, (vertices + 63) // 64), np.uint64)
    for f in range(len(scope_at) - 1):
        start, stop = scope_at[f], scope_at[f + 1]
        join(graph, scopes[start:stop], stop - start)
    return graph


@kernel
def score(graph: Bits, card: Floats, v: int, around: Ints, heuristic: int) -> float:
    """How unwelcome it is to eliminate ``v`` next.

    ``card`` (vertices,) counts states, ``around`` (vertices,) is written. Table size is the product of the states of v
    and its neighbours; fill counts the pairs of neighbours that are not neighbours yet, each by the product of their
    states if weighted. LAST where the neighbours are more than WIDE.
    """
    count = members(graph[v], around)
    if count > WIDE:
        return LAST
    if heuristic == TABLE_SIZE:
        size = float(card[v])
        for i in range(count):
            size *= card[around[i]]
        return size
    total = 0.0
    # neighbours of v that its neighbour a lacks, each pair once (b > a)
    for i in range(count):
        a = around[i]
        for w in range(a >> 6, graph.shape[1]):
            missing = graph[v, w] & ~graph[a, w]
            while missing != np.uint64(0):
                b = 64 * w + lowest(missing)
                missing &= missing - np.uint64(1)
                if b > a:
                    total += card[a] * card[b] if heuristic == WEIGHTED_FILL else 1.0
    return total


@kernel
def perturbed(count: int, seed: int) -> Floats:
    """Weights from 1 to 2 for scores (count,), by the linear congruential generator of the C standard from a seed."""
    weights = np.empty(count)
    state = seed
    for v in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        weights[v] = 1.0 + state / 0x80000000
    return weights


@kernel
def eliminate(graph: Bits, v: int, around: Ints, by_fill: bool, changed: NDArray[np.bool_], spare: Ints) -> None:
    """Join the neighbours of ``v``, ``around`` (neighbours,), and take it from them.

    Marks in ``changed`` (vertices,) whose scores have changed, by fill or by table size; ``spare`` (vertices,) is room.
    """
    one = np.uint64(1)
    for i in range(len(around)):
        a = around[i]
        filled = False
        # fill in the edges from a to the other neighbours of v
        for w in range(graph.shape[1]):
            fresh = graph[v, w] & ~graph[a, w]
            if w == a >> 6:
                fresh &= ~(one << np.uint64(a & 63))
            if fresh != np.uint64(0):
                filled = True
                graph[a, w] |= fresh
        graph[a, v >> 6] &= ~(one << np.uint64(v & 63))
        changed[a] = True
        # a fill edge at a changes the fill of the neighbours of a as well
        if filled and by_fill:
            for k in range(members(graph[a], spare)):
                changed[spare[k]] = True


@kernel
def greedy(
    graph: Bits, card: Floats, last: int, heuristic: int, weights: Floats, shift: float, stop: float
) -> tuple[Ints, float]:
    """One greedy elimination of every vertex but ``last`` (-1: of all); consumes ``graph``.

    Always the vertex of the least (score + ``shift``) x weight next, the first of equals. ``graph`` (vertices, words),
    ``card`` and ``weights`` (vertices,). Returns the order and the sum of the tables' sizes, inf once over ``stop``.
    """
    count = len(card)
    scores = np.empty(count)
    around = np.empty(count, np.int64)
    spare = np.empty(count, np.int64)
    changed = np.zeros(count, np.bool_)
    for v in range(count):
        scores[v] = (score(graph, card, v, spare, heuristic) + shift) * weights[v]
    if last >= 0:
        scores[last] = np.inf
    left = count - 1 if last >= 0 else count
    order = np.empty(left, np.int64)
    cost = 0.0
    for turn in range(left):
        # the vertex of least score; the first of equals
        v = 0
        low = np.inf
        for u in range(count):
            if scores[u] < low:
                low = scores[u]
                v = u
        order[turn] = v
        scores[v] = np.inf
        # the table over v and its neighbours, from which v is summed out
        near = members(graph[v], around)
        size = card[v]
        for i in range(near):
            size *= card[around[i]]
        cost += size
        if cost > stop:
            return order, np.inf
        eliminate(graph, v, around[:near], heuristic != TABLE_SIZE, changed, spare)
        # score anew only those whose neighbourhood has changed
        for u in range(count):
            if changed[u]:
                changed[u] = False
                if scores[u] != np.inf:
                    scores[u] = (score(graph, card, u, spare, heuristic) + shift) * weights[u]
    return order, cost


@kernel
def best_order(graph: Bits, card: Floats, last: int, restarts: int) -> tuple[Ints, float]:
    """The cheapest order of several heuristics and seeded restarts, more of them for a costly one.

    ``graph`` (vertices, words) is left as it is, ``card`` (vertices,) counts states, ``last`` (-1: none) is not
    eliminated. Weighted fill first; where that is costly, fill and table size, then perturbed searches.
    """
    plain = np.ones(len(card))
    best, cost = greedy(graph.copy(), card, last, WEIGHTED_FILL, plain, 0.0, np.inf)
    if cost > CHEAP or restarts > 0:
        for heuristic in (FILL, TABLE_SIZE):
            order, found = greedy(graph.copy(), card, last, heuristic, plain, 0.0, cost)
            if found < cost:
                best, cost = order, found
    paying = int(min(cost / ENTRIES_A_RESTART, MOST_RESTARTS))
    for turn in range(max(restarts, paying)):
        weights = perturbed(len(card), turn + 1)
        order, found = greedy(graph.copy(), card, last, WORTH_REPEATING[turn % 4], weights, 0.0, cost)
        if found < cost:
            best, cost = order, found
    return best, cost


@kernel
def largest(graph: Bits, card: Floats, order: Ints) -> tuple[Ints, int]:
    """The variables of the largest table that an order makes, and the most variables in any; consumes ``graph``.

    ``graph`` (vertices, words), ``card`` (vertices,), ``order`` (vertices eliminated,).
    """
    around = np.empty(len(card) + 1, np.int64)
    biggest = np.empty(0, np.int64)
    high = 0.0
    width = 0
    # eliminate in this order: v and its neighbours make a table, the neighbours are joined, v is taken from them
    for v in order:
        near = members(graph[v], around)
        size = card[v]
        for i in range(near):
            size *= card[around[i]]
        around[near] = v
        width = max(width, near + 1)
        if size > high:
            high = size
            biggest = around[: near + 1].copy()
        join(graph, around, near)
        for i in range(near):
            graph[around[i], v >> 6] &= ~(np.uint64(1) << np.uint64(v & 63))
    return biggest, width
