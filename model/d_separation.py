"""What a question depends on: d-separation by Bayes-ball (Shachter 1998), with interventions and uncertain evidence.

In every function ``observed`` variables have a known state; ``reported`` ones have evidence that leaves their state
open, which acts as an observed child; ``cut`` variables are intervened on, so that their parents no longer count;
those of them in ``fixed`` are set to one state, so that they also block. Programs apply the same rule to positions
and bits (``inference/variable_elimination/relevance.py``); a property test compares the two.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence, Set
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.network import Network


class Dependence(NamedTuple):
    """Which tables and which findings the answer about each target depends on, both of shape (targets, variables)."""

    tables: NDArray[np.bool_]
    evidence: NDArray[np.bool_]


def requisite_each(
    network: Network,
    targets: Iterable[str],
    *,
    observed: Set[str] = frozenset(),
    reported: Set[str] = frozenset(),
    cut: Set[str] = frozenset(),
    fixed: Set[str] = frozenset(),
) -> Dependence:
    """The tables and findings that P(target | evidence) depends on, for each target by itself.

    How the ball moves depends on the evidence and not on where it starts, so its moves are followed to their
    ends once, for every start. Sets are bits: bit v is variable v met from a child, bit n + v from a parent.

    >>> from model.network import Variable
    >>> two, flip = ("no", "yes"), np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> chain = Network(
    ...     [Variable("a", two), Variable("b", two, ("a",)), Variable("c", two, ("b",))],
    ...     {"a": np.array([0.5, 0.5]), "b": flip, "c": flip},
    ... )
    >>> requisite_each(chain, ["c"], observed={"a", "b"}).evidence
    array([[False,  True, False]])
    """
    n = len(network.names)
    moves, upward = _moves(network, set(observed) | set(fixed), reported, cut, fixed)
    met = _followed(moves)
    spoken_of, replaced, every = _bits(network, {*observed, *reported}), _bits(network, cut), (1 << n) - 1
    tables, evidence = [], []
    for target in targets:
        reached = met[network.position[target]]
        turned = reached & upward
        above, seen = (turned | turned >> n) & every, (reached | reached >> n) & every
        tables.append(above & ~replaced)
        evidence.append(seen & spoken_of | above & replaced)
    return Dependence(_unpacked(tables, n), _unpacked(evidence, n))


def connected(
    network: Network,
    target: str,
    *,
    observed: Set[str] = frozenset(),
    reported: Set[str] = frozenset(),
    cut: Set[str] = frozenset(),
    fixed: Set[str] = frozenset(),
) -> frozenset[str]:
    """The variables, the target among them, whose state could still tell something of the target: not d-separated.

    What is not returned is worth exactly nothing to know.

    >>> from model.network import Variable
    >>> import numpy as np
    >>> two, flip = ("no", "yes"), np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> chain = Network(
    ...     [Variable("a", two), Variable("b", two, ("a",)), Variable("c", two, ("b",))],
    ...     {"a": np.array([0.5, 0.5]), "b": flip, "c": flip},
    ... )
    >>> sorted(connected(chain, "c", observed={"b"}))
    ['c']
    """
    known = set(observed) | set(fixed)
    moves, _ = _moves(network, known, reported, cut, fixed)
    reached = {network.position[target]}
    waiting = list(reached)
    while waiting:
        for following in moves[waiting.pop()]:
            if following not in reached:
                reached.add(following)
                waiting.append(following)
    return frozenset(network.names[bit % len(network.names)] for bit in reached) - known


def children_left(network: Network, cut: Container[str]) -> dict[str, list[str]]:
    """Children of every variable in file order, the arcs into variables that are intervened on left out."""
    children: dict[str, list[str]] = {name: [] for name in network.names}
    for variable in network.variables:
        for parent in () if variable.name in cut else variable.parents:
            children[parent].append(variable.name)
    return children


def _moves(
    network: Network, known: Set[str], reported: Set[str], cut: Set[str], fixed: Set[str]
) -> tuple[list[list[int]], int]:
    """Where the ball goes from each bit, and the bits from which it also goes up, so that the table counts."""
    n, position = len(network.names), network.position
    moves: list[list[int]] = [[] for _ in range(2 * n)]
    upward = 0
    for v, variable in enumerate(network.variables):
        name, blocked = variable.name, variable.name in known
        parents = () if name in cut else variable.parents
        for bit, up in ((v, not blocked), (n + v, blocked or name in reported)):
            if up or name in fixed:
                upward |= 1 << bit
                moves[bit] += [position[parent] for parent in parents]
        for parent in parents:
            if parent not in known:
                moves[position[parent]].append(n + v)
                moves[n + position[parent]].append(n + v)
    return moves, upward


def _followed(moves: Sequence[Sequence[int]]) -> list[int]:
    """Every bit that can be reached from each bit. Up in the order of the file and down against it: few rounds."""
    half = len(moves) // 2
    order = (*range(half), *reversed(range(half, len(moves))))
    reached = [1 << bit for bit in range(len(moves))]
    before: list[int] = []
    while before != reached:
        before = reached.copy()
        for bit in order:
            for following in moves[bit]:
                reached[bit] |= reached[following]
    return reached


def _bits(network: Network, names: Set[str]) -> int:
    return sum(1 << network.position[name] for name in names)


def _unpacked(rows: Sequence[int], n: int) -> NDArray[np.bool_]:
    """Sets of bits as rows of shape (sets, n)."""
    length = -(-n // 8)
    packed = np.frombuffer(b"".join(bits.to_bytes(length, "little") for bits in rows), dtype=np.uint8)
    return np.unpackbits(packed.reshape(-1, length), axis=1, count=n, bitorder="little").astype(np.bool_)
