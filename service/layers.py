"""Where the variables of a network stand in a picture: causes left of effects, arcs crossing little.

Layers by the longest way from a root, crossings lowered by barycentres, places along a layer by least
squares (Sugiyama, Tagawa & Toda 1981). An arc over several layers passes a place of its own in each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from model.network import Network

SWEEPS = 12
"""Times that the order is swept there and back."""

BEND = 0.25
"""Height of the place where an arc passes a layer, in inches."""

LARGEST = 500
"""Variables of a network beyond which crossings are not counted: that takes a time in the square of the arcs."""

GRIDS = 8
"""Whole networks whose places are kept."""

Arc = tuple[str, str]
Spot = str | tuple[str, str, int]
"""A variable, or where an arc passes a layer."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Layer of each variable, its height's middle, and the way of each arc as (layer, height) from parent to child."""

    layer: Mapping[str, int]
    middle: Mapping[str, float]
    ways: Mapping[Arc, tuple[tuple[int, float], ...]]


def around(network: Network, target: str, arcs: int) -> frozenset[str]:
    """The target, its causes and its effects along at most so many arcs.

    >>> from model.network import Variable
    >>> import numpy as np
    >>> two, even = ("no", "yes"), np.full((2, 2), 0.5)
    >>> chain = [Variable("a", two), Variable("b", two, ("a",)), Variable("c", two, ("b",))]
    >>> sorted(around(Network(chain, {"a": even[0], "b": even, "c": even}), "c", 1))
    ['b', 'c']
    """
    ways = (lambda name: network[name].parents, network.children)
    found = {target}
    for onwards in ways:
        edge = {target}
        for _ in range(arcs):
            edge = {other for name in edge for other in onwards(name)}
            found |= edge
    return frozenset(found)


def placed(network: Network, shown: Set[str], height: Mapping[str, float], *, gap: float) -> Placed:
    """Places of the variables shown, of such heights, at least the gap apart."""
    arcs = [(p, name) for name in network.names if name in shown for p in network[name].parents if p in shown]
    layer = _layers(network, shown, arcs)
    passes = {arc: _passes(arc, layer) for arc in arcs}
    columns = _columns(network, shown, layer, passes)
    links = [pair for way in passes.values() for pair in pairwise(way)]
    columns = _ordered(columns, links)
    tall = {spot: height[spot] if isinstance(spot, str) else BEND for column in columns for spot in column}
    middle = _middles(columns, links, tall, gap)
    at = {spot: k for k, column in enumerate(columns) for spot in column}
    ways = {arc: tuple((at[spot], middle[spot]) for spot in way) for arc, way in passes.items()}
    return Placed(layer, {name: middle[name] for name in layer}, ways)


@lru_cache(GRIDS)
def grid(network: Network) -> Mapping[str, tuple[int, float]]:
    """Column and row of every variable: boxes of one height, none over another."""
    names = network.names
    if len(names) > LARGEST:
        return _stacked(network)
    where = placed(network, frozenset(names), dict.fromkeys(names, 1.0), gap=0.0)
    return {name: (where.layer[name], round(where.middle[name] - 0.5, 3)) for name in names}


def _stacked(network: Network) -> dict[str, tuple[int, float]]:
    """Columns as in any picture, variables from the top in the order of the file."""
    names = network.names
    column = _layers(network, frozenset(names), [(parent, name) for name in names for parent in network[name].parents])
    filled: Counter[int] = Counter()
    found: dict[str, tuple[int, float]] = {}
    for name in names:
        found[name] = column[name], float(filled[column[name]])
        filled[column[name]] += 1
    return found


def _layers(network: Network, shown: Set[str], arcs: Sequence[Arc]) -> dict[str, int]:
    """The longest way from a root; then roots drawn near to the first of their children."""
    layer = {name: 0 for name in network.topological if name in shown}
    parents: dict[str, list[str]] = {name: [] for name in layer}
    children: dict[str, list[str]] = {name: [] for name in layer}
    for parent, child in arcs:
        parents[child].append(parent)
        children[parent].append(child)
    for name in layer:
        layer[name] = max((layer[parent] + 1 for parent in parents[name]), default=0)
    for name in layer:
        if children[name] and not parents[name]:
            layer[name] = min(layer[child] for child in children[name]) - 1
    return layer


def _passes(arc: Arc, layer: Mapping[str, int]) -> list[Spot]:
    """A parent, the places where its arc passes a layer, and the child."""
    parent, child = arc
    return [parent, *((parent, child, k) for k in range(layer[parent] + 1, layer[child])), child]


def _columns(
    network: Network, shown: Set[str], layer: Mapping[str, int], passes: Mapping[Arc, Sequence[Spot]]
) -> list[list[Spot]]:
    columns: list[list[Spot]] = [[] for _ in range(max(layer.values()) + 1)]
    for name in network.names:
        if name in shown:
            columns[layer[name]].append(name)
    for (parent, _), way in passes.items():
        for k, spot in enumerate(way[1:-1], start=layer[parent] + 1):
            columns[k].append(spot)
    return columns


def _neighbours(links: Sequence[tuple[Spot, Spot]]) -> tuple[dict[Spot, list[Spot]], dict[Spot, list[Spot]]]:
    before: dict[Spot, list[Spot]] = {}
    after: dict[Spot, list[Spot]] = {}
    for left, right in links:
        before.setdefault(right, []).append(left)
        after.setdefault(left, []).append(right)
    return before, after


def _ordered(columns: Sequence[Sequence[Spot]], links: Sequence[tuple[Spot, Spot]]) -> list[list[Spot]]:
    """Each column sorted by where the neighbours of its members stand; the order with the fewest crossings is kept."""
    before, after = _neighbours(links)
    now = [list(column) for column in columns]
    best, fewest = now, _crossings(now, after)
    for sweep in range(2 * SWEEPS):
        near, order = (before, range(1, len(now))) if sweep % 2 == 0 else (after, range(len(now) - 2, -1, -1))
        now = [list(column) for column in now]
        for k in order:
            place = {spot: i for column in now for i, spot in enumerate(column)}
            mean = {s: _mean([place[n] for n in near.get(s, ())], place[s]) for s in now[k]}
            now[k].sort(key=mean.__getitem__)
        crossed = _crossings(now, after)
        if crossed < fewest:
            best, fewest = now, crossed
    return best


def _crossings(columns: Sequence[Sequence[Spot]], after: Mapping[Spot, Sequence[Spot]]) -> int:
    place = {spot: i for column in columns for i, spot in enumerate(column)}
    count = 0
    for column in columns:
        ends = [sorted(place[spot] for spot in after.get(left, ())) for left in column]
        flat = [end for group in ends for end in group]
        count += sum(a > b for i, a in enumerate(flat) for b in flat[i + 1 :])
    return count


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _middles(
    columns: Sequence[Sequence[Spot]], links: Sequence[tuple[Spot, Spot]], tall: Mapping[Spot, float], gap: float
) -> dict[Spot, float]:
    """Heights near the middle of the neighbours', the order and the gaps kept."""
    before, after = _neighbours(links)
    middle = {spot: at for column in columns for spot, at in _apart(column, {}, tall, gap).items()}
    for sweep in range(2 * SWEEPS):
        order = columns if sweep % 2 == 0 else columns[::-1]
        for column in order:
            wanted = {s: _mean([middle[n] for n in (*before.get(s, ()), *after.get(s, ()))], middle[s]) for s in column}
            middle.update(_apart(column, wanted, tall, gap))
    top = min(middle[spot] - tall[spot] / 2 for spot in middle)
    return {spot: at - top for spot, at in middle.items()}


def _apart(
    column: Sequence[Spot], wanted: Mapping[Spot, float], tall: Mapping[Spot, float], gap: float
) -> dict[Spot, float]:
    """The places nearest to those wanted, by least squares, that keep the order and the gaps.

    With the gaps taken out it is an isotonic regression: neighbours out of order are pooled at their mean.

    >>> _apart(["a", "b"], {"a": 2.0, "b": 2.0}, {"a": 1.0, "b": 1.0}, 0.0)
    {'a': 1.5, 'b': 2.5}
    """
    stacked, at = [], 0.0
    for k, spot in enumerate(column):
        at += (tall[column[k - 1]] + tall[spot]) / 2 + gap if k else 0.0
        stacked.append(at)
    pools: list[tuple[float, int]] = []
    for spot, below in zip(column, stacked, strict=True):
        total, count = wanted.get(spot, below) - below, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            above, members = pools.pop()
            total, count = total + above, count + members
        pools.append((total, count))
    levels = [total / count for total, count in pools for _ in range(count)]
    return {spot: level + below for spot, level, below in zip(column, levels, stacked, strict=True)}
