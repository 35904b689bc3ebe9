"""A network as flat arrays, and the program that answers one kind of question about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.errors import NetworkTooLarge
from model.inference.greedy_order import best_order, graph_of, largest
from model.inference.junction_tree.triangulation import CELL_LIMIT
from model.inference.numba_door import kernel
from model.inference.variable_elimination.columns import SIZE, SOURCE
from model.inference.variable_elimination.compiler import emit, load_maps
from model.inference.variable_elimination.relevance import lanes_differ, relevant, scopes_of
from model.network import Network

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
BATCH_RESTARTS = 32
"""Restarts of the search for a program that many cases will run: about 20 microseconds each."""


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A network as flat arrays: ``values`` holds every table end to end, ``table_at[v]`` is where v's begins.

    ``links`` are (parents' offsets, parents, children's offsets, children), as positions in the network.
    """

    network: Network
    cards: Ints
    links: tuple[Ints, Ints, Ints, Ints]
    table_at: Ints
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """How to answer one kind of question: the arrays of ``Code``, by the same names.

    ``cells`` counts the multiplications of one case, ``role`` (variables,) is the question's shape. ``code`` are the
    arrays as a plain tuple, which a kernel names once inside: numba takes a NamedTuple of nine arrays in 2.2
    microseconds and a tuple in 1.0; one case takes about ten.
    """

    role: Ints
    target: int
    steps: Ints
    inputs: Ints
    maps: Ints
    factors: Ints
    load_maps: Ints
    sliced_at: Ints
    sliced: Ints
    slice_strides: Ints
    cells: int
    code: tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints] = field(init=False)

    def __post_init__(self) -> None:
        code = self.steps, self.inputs, self.maps, self.factors
        sliced = self.load_maps, self.sliced_at, self.sliced, self.slice_strides
        object.__setattr__(self, "code", (*code, *sliced))

    @property
    def tables(self) -> tuple[int, ...]:
        """Positions of the variables whose tables are multiplied."""
        sources = self.factors[:, SOURCE]
        return tuple(sources[(sources >= 0) & (sources < len(self.role))].tolist())

    @property
    def entries(self) -> int:
        """Numbers that one case keeps in memory."""
        return int(self.factors[:, SIZE].sum())


def pack(network: Network) -> Packed:
    """Flatten a network."""
    position = network.position
    parents = [[position[p] for p in variable.parents] for variable in network.variables]
    children: list[list[int]] = [[] for _ in parents]
    for v, above in enumerate(parents):
        for p in above:
            children[p].append(v)
    sizes = [network.tables[name].size for name in network.names]
    values = np.concatenate([network.tables[name].ravel() for name in network.names])
    values.setflags(write=False)
    return Packed(
        network,
        np.array(network.cards(network.names), dtype=np.int64),
        (*_ragged(parents), *_ragged(children)),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        values,
    )


def needed(packed: Packed, target: int, role: Ints, *, with_p_evidence: bool) -> NDArray[np.bool_]:
    """Whose tables an answer about the target depends on, shape (variables,).

    ``with_p_evidence`` asks for P(evidence) as well; ``target`` -1 for that alone.
    """
    return relevant(target, with_p_evidence, role, packed.links)


def program(
    packed: Packed,
    target: int,
    role: Ints,
    *,
    with_p_evidence: bool = False,
    single_case: bool = True,
    limit: int = CELL_LIMIT,
) -> Program:
    """The program for one target (-1: for P(evidence) alone) and one shape of evidence.

    ``role[v]`` is a sum of HARD (1), SOFT, CUT and LANED. ``single_case``: for one case at a time; otherwise for lanes,
    where tables that do not differ between cases become weights.

    >>> from model.network import Variable
    >>> two, flip = ("no", "yes"), np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> chain = Network([Variable("a", two), Variable("b", two, ("a",)), Variable("c", two, ("b",))],
    ...                 {"a": np.array([0.5, 0.5]), "b": flip, "c": flip})
    >>> program(pack(chain), 0, np.array([0, 1, 0])).tables
    (0, 1)

    Raises NetworkTooLarge, before any table is allocated, when the tables of the order found exceed ``limit``.
    """
    cost, code, cells = compiled(
        target,
        with_p_evidence,
        single_case,
        role,
        packed.cards,
        packed.links,
        0 if single_case else BATCH_RESTARTS,
        float(limit),
    )
    if cost > limit:
        raise _too_large(packed, target, role, with_p_evidence=with_p_evidence, cost=cost, limit=limit)
    return Program(role, target, *code, cells)


@kernel
def compiled(
    target: int,
    with_p_evidence: bool,
    single_case: bool,
    role: Ints,
    cards: Ints,
    links: tuple[Ints, Ints, Ints, Ints],
    restarts: int,
    limit: float,
) -> tuple[float, tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints], int]:
    """From a question's shape to its program in one call: prune, slice, order, emit.

    ``role`` and ``cards`` (variables,), ``links`` as in ``relevance``; ``restarts`` of the search for an order.
    Returns the cost of the order, the arrays of ``Code``, and the multiplications of one case; where the cost is over
    ``limit`` the arrays are empty.
    """
    above_at, above, _, _ = links
    # drop barren and irrelevant tables, slice by what is known
    wanted = relevant(target, with_p_evidence, role, links)
    sources, given_at, given, globally = scopes_of(wanted, role, above_at, above)
    card = cards[globally]
    last = -1
    for i in range(len(globally)):
        if globally[i] == target:
            last = i
    # the order in which to sum out every variable but the target
    order, cost = best_order(graph_of(given, given_at, len(globally)), card.astype(np.float64), last, restarts)
    if cost > limit:
        records, none = np.empty((0, 0), np.int64), np.empty(0, np.int64)
        return cost, (records, records, none, records, none, none, none, none), 0
    differs = np.zeros(len(sources), np.bool_)
    if not single_case:
        for f in range(len(sources)):
            differs[f] = lanes_differ(sources[f], role, above_at, above)
    steps, inputs, maps, factors, cells = emit(order, last, sources, given_at, given, card, differs, single_case)
    load, hard_at, hard, stride = load_maps(factors, globally, role, cards, above_at, above)
    return cost, (steps, inputs, maps, factors.records, load, hard_at, hard, stride), cells


def _too_large(
    packed: Packed, target: int, role: Ints, *, with_p_evidence: bool, cost: float, limit: int
) -> NetworkTooLarge:
    """The refusal, naming the largest table of a greedy order."""
    above_at, above, _, _ = packed.links
    wanted = relevant(target, with_p_evidence, role, packed.links)
    _, scope_at, scopes, globally = scopes_of(wanted, role, above_at, above)
    graph, cards = graph_of(scopes, scope_at, len(globally)), packed.cards[globally].astype(np.float64)
    last = int(np.flatnonzero(globally == target)[0]) if target >= 0 else -1
    order, _ = best_order(graph.copy(), cards, last, 0)
    clique, width = largest(graph, cards, order)
    names = tuple(packed.network.names[v] for v in sorted(globally[clique].tolist()))
    return NetworkTooLarge(cells=int(min(cost, 1e18)), limit=limit, width=width - 1, largest_clique=names)


def _ragged(lists: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in lists])]).astype(np.int64)
    flat = np.array([item for part in lists for item in part], dtype=np.int64)
    return offsets, flat
