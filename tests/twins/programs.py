"""Programs by the textbook: sets of ancestors, d-separation, and einsum over tables with named axes.

A network's graph is the parents of each variable, ``role`` says of each what the question does to it, a factor is an
array and its ``scope``, the variables of its axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from model.inference.variable_elimination.columns import CUT, HARD, LANED, SOFT

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Parents = Sequence[Sequence[int]]
Scope = tuple[int, ...]


def _above(of: Iterable[int], parents: Parents) -> set[int]:
    """Variables and whatever is above them."""
    found: set[int] = set()
    above = set(of)
    while above:
        found |= above
        above = {p for v in above for p in parents[v]} - found
    return found


def separated(one: int, other: int, given: set[int], parents: Parents) -> bool:
    """Whether two variables are apart in the moral graph of all ancestors once what is given is taken out."""
    families = [{v, *parents[v]} for v in _above({one, other, *given}, parents)]
    reached = {one}
    while more := set().union(*(family for family in families if family & reached)) - given - reached:
        reached |= more
    return other not in reached


def without_arrows(parents: Parents, role: Sequence[int]) -> list[list[int]]:
    """The graph after surgery: what is set has no parents."""
    return [[] if role[v] & CUT else list(above) for v, above in enumerate(parents)]


def ancestors(target: int, role: Sequence[int], parents: Parents) -> set[int]:
    """Variables whose tables P(evidence) and the target depend on: all above a finding or the target."""
    count = len(parents)
    set_to = {v for v in range(count) if role[v] & CUT and role[v] & HARD}
    known = {v for v in range(count) if role[v] & HARD}
    reported = [v for v in range(count) if role[v] & SOFT]
    return _above({*(known - set_to), *reported, *({target} - {-1})}, without_arrows(parents, role)) - set_to


def requisite(target: int, role: Sequence[int], parents: Parents) -> set[int]:
    """Variables whose tables the target's distribution depends on, by d-separation of a table's numbers.

    A table's numbers are a parent of its variable, a reported finding a child that is seen (Geiger et al. 1990).
    """
    if target < 0:
        return set()
    count = len(parents)
    graph = without_arrows(parents, role)
    set_to = {v for v in range(count) if role[v] & CUT and role[v] & HARD}
    known = {v for v in range(count) if role[v] & HARD}
    reported = [v for v in range(count) if role[v] & SOFT]
    numbers = [[*graph[v], count + v] for v in range(count)]
    wide = [*numbers, *([] for _ in range(count)), *([v] for v in reported)]
    seen = known | set(range(2 * count, len(wide)))
    return {v for v in range(count) if not separated(count + v, target, seen, wide)} - set_to


def relevant(target: int, with_p_evidence: bool, role: Sequence[int], parents: Parents) -> set[int]:
    """Variables whose tables count."""
    return ancestors(target, role, parents) if with_p_evidence else requisite(target, role, parents)


def scopes_of(needed: Iterable[int], role: Sequence[int], parents: Parents) -> list[tuple[int, Scope]]:
    """Every factor's source and its variables that are not known: a table's family, a likelihood's own variable."""
    found = []
    for v, above in ((v, without_arrows(parents, role)[v]) for v in sorted(needed)):
        found.append((v, tuple(u for u in (*above, v) if not role[u] & HARD)))
        found += [(len(parents) + v, (v,))] if role[v] & SOFT else []
    return found


def lanes_differ(source: int, role: Sequence[int], parents: Parents) -> bool:
    """Whether a factor differs between cases: by its numbers, or by the states that it is sliced by."""
    if source >= len(parents):
        return True
    return bool(role[source] & LANED) or any(
        role[p] & HARD and role[p] & LANED for p in without_arrows(parents, role)[source]
    )


def blank(most: int) -> tuple[tuple[int, ...], ...]:
    """Shapes of what a program is written into: twice as many steps as factors, twice as many inputs as steps."""
    return (2 * most, 7), (4 * most, 4), (1024,), (2,)


def longer(array: Ints, needed: int) -> Ints:
    """The array with room for as many entries, or twice as many as it had if that is more."""
    return array if len(array) >= needed else np.resize(array, max(needed, 2 * len(array)))


def union(scopes: Iterable[Scope], place: Sequence[int], drop: int) -> list[int]:
    """The variables of several factors but one, in elimination order."""
    return sorted(set().union(*scopes) - {drop}, key=lambda v: place[v])


def size_of(scope: Iterable[int], card: Sequence[int]) -> int:
    """Entries of a table over these variables."""
    return prod(card[v] for v in scope)


def enlist(buckets: Mapping[int, list[int]], b: int, f: int) -> dict[int, list[int]]:
    """The buckets with one more factor at the end of one."""
    return {**buckets, b: [*buckets[b], f]}


def listed(bucket: Sequence[int], counts: Callable[[int], bool]) -> tuple[list[int], int]:
    """A bucket's factors, and how many of them count."""
    return list(bucket), sum(map(counts, bucket))


def smallest_pair(sizes: Sequence[int], eligible: Iterable[int]) -> list[int]:
    """Places of the two smallest, the first of equals."""
    return sorted(eligible, key=lambda i: sizes[i])[:2]


def without(parts: Sequence[int], pair: Iterable[int]) -> list[int]:
    """The parts but two of them, given by place."""
    return np.delete(parts, list(pair)).tolist()


def shared_axes(scopes: Iterable[Scope], result: Scope) -> int:
    """How many last axes of the result each input holds all or none of."""
    inputs = [set(scope) for scope in scopes]
    tails = [set(result[len(result) - axes :]) for axes in range(len(result) + 1)]
    return max(axes for axes, tail in enumerate(tails) if all(tail & held in (set(), tail) for held in inputs))


def odometer(lengths: Sequence[int], strides: Sequence[int]) -> Ints:
    """The sum of digit x stride for every combination of digits, last digit fastest."""
    return np.tensordot(np.array(strides, dtype=np.int64), np.indices(lengths), 1).ravel()


def strides_in(scope: Scope, result: Scope, card: Sequence[int]) -> list[int]:
    """How far apart the states of each of the result's variables lie in an array over ``scope``; 0 if not in it."""
    apart = dict(zip(scope, np.empty([card[v] for v in scope], dtype=np.int8).strides, strict=True))
    return [apart.get(v, 0) for v in result]


def enter(result: Scope, differs: Iterable[bool], card: Sequence[int]) -> tuple[int, int, int, int]:
    """What is said of a factor that a step makes: no source, its entries, no load map, whether it differs."""
    return -1, size_of(result, card), -1, int(any(differs))


def write_step(factors: Iterable[tuple[Floats, Scope]], result: Scope) -> Floats:
    """What a step makes: the factors' product, summed over all but the result's variables."""
    operands = [part for table, scope in factors for part in (table, list(scope))]
    return np.einsum(*operands, list(result)) if operands else np.ones(())


def begin(
    order: Sequence[int], target: int, scopes: Iterable[Scope]
) -> tuple[list[Scope], dict[int, list[int]], dict[int, int]]:
    """Scopes in elimination order, the factors in the bucket of the first of their variables, and each one's place."""
    place = {v: i for i, v in enumerate([*order, target]) if v >= 0}
    turned = [tuple(sorted(scope, key=place.__getitem__)) for scope in scopes]
    firsts = [place[scope[0]] if scope else len(order) for scope in turned]
    return turned, {b: [f for f, first in enumerate(firsts) if first == b] for b in range(len(order) + 1)}, place


def emit(factors: Iterable[tuple[Floats, Scope]], target: int) -> Floats:
    """What a program makes of its factors: their product, summed over all variables but the target."""
    return write_step(factors, (target,) if target >= 0 else ())


def load_maps(family: Scope, known: Mapping[int, int], scope: Scope, cards: Sequence[int]) -> Ints:
    """Where the entries of a table, sliced by known states and transposed to ``scope``, lie in the table as it is."""
    whole = np.arange(size_of(family, cards)).reshape([cards[v] for v in family])
    sliced = whole[tuple(known.get(v, slice(None)) for v in family)]
    left = [v for v in family if v not in known]
    return sliced.transpose([left.index(v) for v in scope]).ravel()


def compiled(
    tables: Sequence[Floats],
    parents: Parents,
    target: int,
    known: Mapping[int, int],
    likelihoods: Mapping[int, Floats],
) -> Floats:
    """P(target, evidence): the joint of a network after surgery, the known states taken, all but the target summed."""
    factors = []
    for v, above in enumerate(parents):
        family = (*above, v)
        scope = tuple(u for u in family if u not in known)
        factors.append((tables[v][tuple(known.get(u, slice(None)) for u in family)], scope))
    return emit([*factors, *((rows, (v,)) for v, rows in likelihoods.items())], target)
