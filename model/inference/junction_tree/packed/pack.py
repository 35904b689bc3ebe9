"""A junction tree packed into the two arrays that ``layout`` draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model.inference.arrays import Columns
from model.inference.junction_tree.packed.axis_order import ordered_tree, transposed
from model.inference.junction_tree.packed.index_maps import Maps, Positions, Writer
from model.inference.junction_tree.packed.layout import (
    BRANCH,
    CARD,
    CELLS,
    CHILDREN,
    CHOICES,
    CLIQUE,
    CLIQUE_AT,
    CLIQUES,
    CPT,
    ENTER,
    ENTRIES,
    FAMILY,
    FROM_PARENT,
    HEADER,
    LIKELIHOODS_AT,
    LOG_SCALE,
    MESSAGE,
    MESSAGE_AT,
    OUT,
    PARENT,
    PART,
    PER_CLIQUE,
    PER_VARIABLE,
    PLACE,
    RANKS,
    READ,
    READ_ABOVE,
    RESIDUAL,
    SEPARATOR,
    SEPARATOR_BELIEF_AT,
    SEPARATOR_PRIOR_AT,
    SHORTCUT,
    SIZE,
    STACK_AT,
    STATES,
    SWAP,
    TABLE,
    TO_SEPARATOR,
    TOP,
    VARIABLE,
    VARIABLE_AT,
    VARIABLES,
    WIDTH,
    Ints,
)
from model.inference.junction_tree.packed.offsets import Shape, reads, shape_of, steps_of
from model.inference.junction_tree.packed.prior_passes import Kept, Numbers, beliefs_above, kept_entries, numbers_of
from model.inference.junction_tree.packed.shortcuts import shortcuts
from model.inference.junction_tree.triangulation import JunctionTree
from model.network import Network, Table


class Place(NamedTuple):
    """Where one variable is found in a packed tree."""

    position: int
    marginal: slice
    likelihood: slice
    table: slice


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A compiled network as two arrays. ``tree`` gives the order of each table's axes.

    ``cells`` is the number of table entries stored, of ``dense`` without zero compression; ``work`` and ``state``
    are the lengths of a workspace's arrays, ``states`` that of all marginals end to end. By clique: ``entries`` stored,
    ``whole`` without compression. ``compressed``: whether some table leaves out its zeros.
    """

    tree: JunctionTree
    ints: Ints
    floats: Table
    places: Mapping[str, Place]
    columns: Mapping[str, Columns]
    cells: int
    dense: int
    work: int
    state: int
    entries: tuple[int, ...]
    whole: tuple[int, ...]
    kept: Kept
    states: int
    compressed: bool

    def workspace(self) -> tuple[Table, Ints]:
        """Arrays for one thread; memory that no question touches is never committed by the system."""
        return np.empty(self.work), np.zeros(self.state, dtype=np.int32)


def pack(
    network: Network,
    tree: JunctionTree,
    families: Sequence[Sequence[str]],
    potentials: Sequence[Table],
    *,
    compress: bool = True,
) -> Packed:
    """Lay a junction tree out.

    ``potentials[c]`` has shape (states of the clique's variables); together they multiply to the joint.
    ``families[c]`` names the variables whose conditional tables made potential c.

    >>> from model.network import Variable
    >>> from model.inference.junction_tree.triangulation import triangulate
    >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.25, 0.75])})
    >>> pack(coin, triangulate(coin), [["coin"]], [coin.tables["coin"]]).floats[:4]
    array([0.25, 0.75, 0.25, 0.75])
    """
    ordered = ordered_tree(tree, network.cards(network.names))
    numbers = numbers_of(ordered, transposed(tree, ordered, potentials), best=False)
    return _laid_out(network, ordered, families, numbers, compress)


def best_numbers(packed: Packed, tree: JunctionTree, network: Network, potentials: Sequence[Table]) -> Table:
    """``floats`` with maxima in place of sums, without shortcuts: what the most probable explanation needs."""
    numbers = numbers_of(packed.tree, transposed(tree, packed.tree, potentials), best=True)
    ones = [np.ones_like(message) for message in numbers.messages]
    return _floats(network, numbers, ones, packed.kept)[0]


def _laid_out(
    network: Network, tree: JunctionTree, families: Sequence[Sequence[str]], numbers: Numbers, compress: bool
) -> Packed:
    above = beliefs_above(tree, numbers)
    kept = kept_entries(tree, numbers, above, compress=compress)
    shape = shape_of(network, tree, kept)
    floats, tables = _floats(network, numbers, above, kept)
    floats, shortcuts_at = _with_shortcuts(floats, shortcuts(shape, numbers, kept))
    writer = Writer(HEADER + CLIQUE * len(tree.cliques) + VARIABLE * len(shape.cards))
    members = [clique.variables for clique in tree.cliques]
    maps = Maps(writer, members, [table.shape for table in numbers.conditionals], kept.tables)
    records = [
        *_header(shape),
        *_clique_records(network, shape, families, maps, (tables, shortcuts_at), kept.separators),
        *_variable_records(network, shape, families, maps),
    ]
    ints = np.concatenate([np.array(records), *writer.blocks])
    if max(ints.max(), len(floats), shape.stack + sum(shape.entries)) > np.iinfo(np.int32).max:
        raise OverflowError("a packed tree is limited to 2**31 numbers")
    ints = ints.astype(np.int32)
    ints.setflags(write=False)
    places = _places(network, shape)
    return Packed(
        tree,
        ints,
        floats,
        places,
        {name: (slice(None), place.marginal) for name, place in places.items()},
        sum(shape.entries),
        sum(table.size for table in numbers.conditionals),
        shape.stack + sum(shape.entries),
        PER_CLIQUE * len(tree.cliques) + PER_VARIABLE * len(shape.cards),
        shape.entries,
        tuple(table.size for table in numbers.conditionals),
        kept,
        sum(shape.cards),
        any(support is not None for support in kept.tables),
    )


def _header(shape: Shape) -> list[int]:
    header = [0] * HEADER
    header[CLIQUES], header[VARIABLES] = len(shape.entries), len(shape.cards)
    header[CLIQUE_AT], header[VARIABLE_AT] = HEADER, HEADER + CLIQUE * len(shape.entries)
    header[STATES], header[LIKELIHOODS_AT], header[STACK_AT] = sum(shape.cards), shape.likelihoods, shape.stack
    return header


def _clique_records(
    network: Network,
    shape: Shape,
    families: Sequence[Sequence[str]],
    maps: Maps,
    starts: tuple[Sequence[int], Sequence[int]],
    separators: Sequence[Positions | None],
) -> list[int]:
    records: list[int] = []
    read_at = reads(shape)
    heard = shape.scratch
    for c, clique in enumerate(shape.tree.cliques):
        cells, kept, ranks = shape.separators[c], maps.supports[c], separators[c]
        lengths = tuple(shape.cards[v] for v in clique.separator)
        position = network.position
        owners = [(position[name], [position[p] for p in (*network[name].parents, name)]) for name in families[c]]
        record = [0] * CLIQUE
        record[ENTRIES], record[CELLS], record[PARENT] = shape.entries[c], cells, clique.parent
        record[TABLE], record[SHORTCUT] = starts[0][c], starts[1][c]
        record[MESSAGE] = record[TABLE] + shape.entries[c]
        record[SEPARATOR_PRIOR_AT], record[LOG_SCALE] = record[MESSAGE] + cells, record[MESSAGE] + 2 * cells
        record[TO_SEPARATOR] = maps.to(c, clique.separator, ranks)
        record[FROM_PARENT] = maps.to(clique.parent, clique.separator, ranks) if clique.parent >= 0 else 0
        record[CHILDREN] = maps.writer.put([len(shape.children[c]), *shape.children[c]])
        record[READ] = maps.writer.pairs([(v, maps.to(c, (v,))) for v in read_at[c, False]])
        read = [(v, maps.between(clique.separator, lengths, (v,), ranks)) for v in read_at[c, True]]
        record[READ_ABOVE] = maps.writer.pairs(read)
        record[FAMILY] = maps.writer.pairs([(v, maps.to(c, family)) for v, family in owners])
        record[MESSAGE_AT], record[SEPARATOR_BELIEF_AT] = heard, heard + sum(shape.separators)
        record[RESIDUAL] = maps.writer.pairs(steps_of(clique.variables[: clique.residual], shape.cards))
        record[SEPARATOR] = maps.writer.pairs(steps_of(clique.separator, shape.cards))
        record[CHOICES] = -1 if kept is None else maps.writer.put(kept // shape.whole[c])
        record[RANKS] = -1 if ranks is None else maps.writer.put(ranks)
        record[BRANCH], record[WIDTH] = shape.branches[c][0], shape.branches[c][1] - shape.branches[c][0]
        record[PART] = maps.part(c)
        heard += cells
        records += record
    return records


def _variable_records(network: Network, shape: Shape, families: Sequence[Sequence[str]], maps: Maps) -> list[int]:
    records: list[int] = []
    home = {name: c for c, names in enumerate(families) for name in names}
    table, swap = 0, shape.swaps
    for v, name in enumerate(network.names):
        record = [0] * VARIABLE
        record[CARD], record[TOP], record[OUT] = shape.cards[v], shape.top[v], shape.outs[v]
        record[ENTER] = maps.to(shape.top[v], (v,))
        record[CPT], record[SIZE], record[SWAP], record[PLACE] = table, shape.tables[v], swap, home[name]
        table += shape.tables[v]
        swap += shape.tables[v]
        records += record
    return records


def _places(network: Network, shape: Shape) -> dict[str, Place]:
    places = {}
    swap = shape.swaps
    for v, name in enumerate(network.names):
        out, card, size = shape.outs[v], shape.cards[v], shape.tables[v]
        likelihood = slice(shape.likelihoods + out, shape.likelihoods + out + card)
        places[name] = Place(v, slice(out, out + card), likelihood, slice(swap, swap + size))
        swap += size
    return places


def _floats(network: Network, numbers: Numbers, above: Sequence[Table], kept: Kept) -> tuple[Table, list[int]]:
    """Conditional tables of the network, then each clique's numbers; and where each conditional begins."""
    parts = [network.tables[name].ravel() for name in network.names]
    at = sum(map(len, parts))
    starts = []
    for c, table in enumerate(numbers.conditionals):
        some, cells = kept.tables[c], kept.separators[c]
        own = [_some(table, some), _some(numbers.messages[c], cells), _some(above[c], cells)]
        own.append(np.array([numbers.levels[c]]))
        starts.append(at)
        at += sum(map(len, own))
        parts += own
    return _locked(np.concatenate(parts)), starts


def _some(table: Table, kept: Positions | None) -> Table:
    return table.ravel() if kept is None else table.ravel()[kept]


def _with_shortcuts(floats: Table, tables: Sequence[Table | None]) -> tuple[Table, list[int]]:
    """The numbers with the shortcuts behind them; and where each shortcut begins, -1 where there is none."""
    sizes = [0 if shortcut is None else shortcut.size for shortcut in tables]
    ends = (len(floats) + np.cumsum(sizes)).tolist()
    starts = [end - size if size else -1 for end, size in zip(ends, sizes, strict=True)]
    parts = [floats, *(shortcut.ravel() for shortcut in tables if shortcut is not None)]
    return _locked(np.concatenate(parts)), starts


def _locked(floats: Table) -> Table:
    floats.setflags(write=False)
    return floats
