"""The machine's limit: multiply-adds that an answer needs, and how many this machine does in a second.

Both counts are made here, from the tables' sizes alone, and know nothing of how the engine went about it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.questions import Question
from model.inference import Plan
from model.inference.junction_tree.triangulation import best_order
from model.network import Network

Floats = NDArray[np.float64]

LENGTH = 4096
"""Numbers in each of three arrays of the streaming kernel: 96 KB, so that they stay near the processor."""


def rate(seconds: float = 0.2) -> float:
    """Multiply-adds per second of one core, streaming z += x * y; the best of many runs."""
    x, y, z = (np.full(LENGTH, 1e-3) for _ in range(3))
    stream, rounds = _kernel()
    stream(x, y, z, 1)
    best, until = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        stream(x, y, z, rounds)
        best = min(best, time.perf_counter() - started)
    return float(rounds * LENGTH / best)


def _kernel() -> tuple[Any, int]:
    """The streaming loop, compiled where numba is there, and how often to run it at once."""
    try:
        from numba import njit
    except ImportError:
        return _in_numpy, 20
    return njit(_in_numba), 20


def _in_numba(x: Floats, y: Floats, z: Floats, rounds: int) -> None:
    for _ in range(rounds):
        for i in range(len(z)):
            z[i] += x[i] * y[i]


def _in_numpy(x: Floats, y: Floats, z: Floats, rounds: int) -> None:
    product = np.empty_like(z)
    for _ in range(rounds):
        np.multiply(x, y, out=product)
        np.add(z, product, out=z)


def tree(plan: Plan, changed: Iterable[str]) -> int:
    """Multiply-adds of all marginals by a calibrated tree: what the evidence reaches twice, the rest once.

    Up: each clique between a changed one and the root is multiplied and summed. Down: each clique once.
    """
    cards = [len(variable.states) for variable in plan.network.variables]
    sizes = [math.prod(cards[v] for v in clique.variables) for clique in plan.tree.cliques]
    dirty: set[int] = set()
    for name in changed:
        c = plan.cliques.home[name]
        while c >= 0 and c not in dirty:
            dirty.add(c)
            c = plan.tree.cliques[c].parent
    return sum(sizes) + sum(sizes[c] for c in dirty)


def elimination(network: Network, question: Question, needed: Set[str]) -> int:
    """Multiply-adds of one target by eliminating the other variables of the tables needed, sliced by what is known."""
    free = [name for name in network.names if name not in question.findings]
    place = {name: i for i, name in enumerate(free)}
    scopes = [
        frozenset(place[name] for name in (v.name, *v.parents) if name in place)
        for v in network.variables
        if v.name in needed
    ]
    alive = sorted(set().union(*scopes))
    cards = [len(network[free[v]].states) for v in alive]
    local = {v: i for i, v in enumerate(alive)}
    factors = [frozenset(local[v] for v in scope) for scope in scopes if scope]
    target = local.get(place.get(question.target or "", -1), -1)
    order = [v for v in best_order(_graph(factors, len(alive)), cards) if v != target] if alive else []
    return _worked(factors, cards, [*order, *([target] if target >= 0 else [])])


def _graph(factors: Sequence[frozenset[int]], size: int) -> list[int]:
    adjacent = [0] * size
    for factor in factors:
        together = sum(1 << v for v in factor)
        for v in factor:
            adjacent[v] |= together & ~(1 << v)
    return adjacent


def _worked(factors: Sequence[frozenset[int]], cards: Sequence[int], order: Sequence[int]) -> int:
    """Sum over the steps: entries of the product, once for each factor multiplied in."""
    left, work = list(factors), 0
    for v in order:
        met = [factor for factor in left if v in factor]
        product = frozenset().union(*met)
        work += math.prod(cards[u] for u in product) * max(1, len(met) - 1)
        left = [factor for factor in left if v not in factor]
        if product - {v}:
            left.append(product - {v})
    return work
