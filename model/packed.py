"""A junction tree laid end to end in two arrays, so that compiled loops can walk it.

``floats`` holds the numbers and ``ints`` says where they are. Clique by clique, children before parents::

    floats   | conditional of clique 0 | message | above | level | conditional of clique 1 | message | … | outlooks
    ints     | header | clique records | variable records | lists and maps

*conditional*: the clique's table given its separator, laid out [residual | separator], last axis fastest::

                   separator   s0    s1    s2
        residual   r0         0.7   0.2   0.5       stored  0.7 0.2 0.5 0.3 0.8 0.5
                   r1         0.3   0.8   0.5

*message*: what the branch below says of the separator without evidence, at most 1; *level*: the logarithm
of what was divided out for that; *above*: the separator's distribution without evidence. Since a branch
without evidence multiplies its parent's conditional by ones, a question visits only cliques between its
evidence and the root on the way up. The root has a separator of one cell.

*outlook*: the chances of each state of each variable first met in the clique's branch, given the separator, a row
for each cell of it. On the way down, a branch that no finding touched is one product of a row vector and this matrix.
It is kept where it is small and pays.

A clique most of whose entries are zero stores the others alone (*zero compression*), and so does a separator
between two such cliques; nothing else changes, because tables meet only through **maps**: for each entry of one
table, the cell of a smaller one.
A map is a record of six ints ``kind, blocks, rows, run, high, low``. Entries number blocks × rows × run;
entry (a, b, l) meets cell ``ints[high + a] + ints[low + b] + step × l``::

    GATHER   run is 1: every entry looks its cell up
    STREAM   step 1: runs of entries meet runs of cells
    SPREAD   step 0: a run of entries meets one cell

so that the innermost loop is contiguous wherever the axes allow, and no map of a large table is as large as the table.

The workspace of a thread is two arrays more. ``work`` holds
``| scratch | messages | beliefs of separators | likelihoods | replaced tables | tables of cliques visited |``;
``state`` holds a few ints a clique and a variable. Offsets below are positions in these arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.batch import Columns
from model.network import Network, Table
from model.triangulation import Clique, JunctionTree

Ints = NDArray[np.int32]

GATHER, STREAM, SPREAD = 0, 1, 2

SHORT_RUN = 4
"""Runs shorter than this are looked up entry by entry."""

MAP_ROWS = 2048
"""Entries that one map lists before it repeats them with a second, coarser list."""

DENSE = 0.4
"""Share of nonzero entries above which a table is stored whole."""

SMALLEST_SPARSE = 32
"""Tables with fewer cells are stored whole."""

OUTLOOK_ROOM, OUTLOOK_LIMIT, OUTLOOK_WORK = 1 << 16, 1 << 20, 1 << 22
"""Numbers that outlooks may take together (or as many as the tables, where that is more), that one may take,
and multiplications that one may cost to make."""

OP_COST = 16
"""What one loop over a table costs before its first entry, in entries."""

# Header.
CLIQUES, VARIABLES, CLIQUE_AT, VARIABLE_AT, STATES, LIKELIHOODS_AT, STACK_AT, HEADER = range(8)

# Clique records.
(
    ENTRIES,
    TABLE,
    CELLS,
    MESSAGE,
    ABOVE,
    LEVEL,
    PARENT,
    OWN,
    UP,
    CHILDREN,
    READ,
    READ_ABOVE,
    FAMILY,
    HEARD,
    BELIEVED,
    RESIDUAL,
    SEPARATOR,
    CHOICES,
    RANKS,
    OUTLOOK,
    BRANCH,
    WIDTH,
    CLIQUE,
) = range(23)
"""Number of stored entries; where the conditional is; cells of the separator; where message, above and level are;
the parent; the map from entries to the own separator; from the parent's entries to it; lists of children, of
(variable, map) read from the table, of (variable, map) read from the separator, of (variable, map) whose
conditional table is multiplied in here; where in ``work`` the message and the separator's belief are; lists of
(variable, step) of the residual and of the separator; for a compressed table, each entry's residual cell, else -1;
for a compressed separator, the cells stored, else -1; where the outlook is, or -1; where the marginals of the branch
begin, and their length."""

# Variable records.
CARD, TOP, ENTER, OUT, CPT, SIZE, PLACE, SWAP, VARIABLE = range(9)
"""Number of states; the highest clique with the variable, and the map from its entries to the states; where the
marginal goes; where the conditional table is, its size, the clique it belongs to; where in ``work`` a replaced one
goes."""

# Regions of ``state``: a few ints for each clique, then a few for each variable.
MODE, FIRST, VISITED, NEEDED, COUNTED, ACTIVE, PER_CLIQUE = range(7)
FOUND, NEXT, ASKED, SWAPPED, PLACED, REPLACED, PER_VARIABLE = range(7)


Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Positions of the entries stored of each clique's table and of each separator; None where all are."""

    tables: tuple[Positions | None, ...]
    separators: tuple[Positions | None, ...]


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
    are the lengths of a workspace's arrays. By clique: ``entries`` stored, ``whole`` without compression.
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
    kept: _Kept

    @property
    def compressed(self) -> bool:
        """Whether some table leaves out its zeros."""
        return any(support is not None for support in self.kept.tables)

    @property
    def states(self) -> int:
        """Length of all marginals end to end."""
        return int(self.ints[STATES])

    def workspace(self) -> tuple[Table, Ints]:
        """Arrays for one thread; memory that no question touches is never committed by the system."""
        return np.empty(self.work), np.zeros(self.state, dtype=np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """The tree without evidence, by clique: conditionals (*residual, *separator), messages, beliefs above, levels."""

    conditionals: list[Table]
    messages: list[Table]
    levels: list[float]


class _Writer:
    """Grows the int array; equal blocks of ints are stored once."""

    def __init__(self, reserved: int) -> None:
        self.length = reserved
        self.blocks: list[Ints] = []
        self.known: dict[bytes, int] = {}

    def put(self, values: Iterable[int] | NDArray[np.integer]) -> int:
        """Where the block is."""
        block = np.asarray(values if isinstance(values, np.ndarray) else list(values), dtype=np.int32)
        key = block.tobytes()
        if key not in self.known:
            self.known[key] = self.length
            self.blocks.append(block)
            self.length += len(block)
        return self.known[key]

    def pairs(self, values: Sequence[tuple[int, int]]) -> int:
        """Where a list of pairs, headed by its length, is."""
        return self.put([len(values), *(number for pair in values for number in pair)])


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
    >>> from model.triangulation import junction_tree
    >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.25, 0.75])})
    >>> pack(coin, junction_tree(coin), [["coin"]], [coin.tables["coin"]]).floats[:4]
    array([0.25, 0.75, 0.25, 0.75])
    """
    ordered = _ordered(tree, network.cards(network.names))
    numbers = _numbers(ordered, _transposed(tree, ordered, potentials), best=False)
    return _laid_out(network, ordered, families, numbers, compress)


def best_numbers(packed: Packed, tree: JunctionTree, network: Network, potentials: Sequence[Table]) -> Table:
    """``floats`` with maxima in place of sums, without outlooks: what the most probable explanation needs."""
    numbers = _numbers(packed.tree, _transposed(tree, packed.tree, potentials), best=True)
    ones = [np.ones_like(message) for message in numbers.messages]
    return _floats(network, numbers, ones, packed.kept)[0]


def _ordered(tree: JunctionTree, cards: Sequence[int]) -> JunctionTree:
    """The same tree with the axes of its tables in another order: those that most neighbours share last.

    So runs are long. One order of all the variables serves every separator.
    """
    shared, all_maps = [0] * len(cards), [1e-9] * len(cards)
    children: list[list[int]] = [[] for _ in tree.cliques]
    for c, clique in enumerate(tree.cliques):
        if clique.parent >= 0:
            children[clique.parent].append(c)
    for c, clique in enumerate(tree.cliques):
        cells = math.prod(cards[v] for v in clique.variables)
        maps = [clique.separator, *(tree.cliques[child].separator for child in children[c])]
        for v in clique.variables:
            shared[v] += cells * sum(v in found for found in maps)
            all_maps[v] += cells * len(maps)
    rank = sorted(range(len(cards)), key=lambda v: (shared[v] / all_maps[v], v))
    place = {v: i for i, v in enumerate(rank)}.__getitem__
    cliques = tuple(
        Clique(
            (*sorted(clique.variables[: clique.residual], key=place), *sorted(clique.separator, key=place)),
            clique.residual,
            clique.parent,
        )
        for clique in tree.cliques
    )
    return JunctionTree(cliques, tree.cells, tree.width, tree.largest)


def _transposed(tree: JunctionTree, ordered: JunctionTree, tables: Sequence[Table]) -> list[Table]:
    """Tables with their axes in the order of the other tree's cliques."""
    found = []
    for before, after, table in zip(tree.cliques, ordered.cliques, tables, strict=True):
        axes = [before.variables.index(v) for v in after.variables]
        found.append(np.ascontiguousarray(table.transpose(axes)))
    return found


def _numbers(tree: JunctionTree, potentials: Sequence[Table], *, best: bool) -> _Numbers:
    """The upward pass without evidence, each table divided by its own message (0/0 := 0).

    Every message and product is brought back to a largest entry of 1, so that none underflows.
    """
    conditionals: list[Table] = []
    messages: list[Table] = []
    levels = [0.0] * len(potentials)
    tables = list(potentials)
    for c, clique in enumerate(tree.cliques):
        axes = tuple(range(clique.residual))
        message = tables[c].max(axis=axes) if best else tables[c].sum(axis=axes)
        conditionals.append(np.divide(tables[c], message, out=np.zeros_like(tables[c]), where=message > 0))
        tables[c] = message
        message, log = _lowered(message)
        messages.append(message)
        levels[c] += log
        if clique.parent >= 0:
            tables[clique.parent], log = _lowered(tables[clique.parent] * _turned(tree, c, message))
            levels[clique.parent] += levels[c] + log
    return _Numbers(conditionals, messages, levels)


def _lowered(table: Table) -> tuple[Table, float]:
    """A table over its largest entry, and the logarithm of that."""
    largest = float(table.max())
    return (table / largest, math.log(largest)) if largest > 0 else (table, -math.inf)


def _above(tree: JunctionTree, numbers: _Numbers) -> list[Table]:
    """Each separator's distribution without evidence."""
    found: list[Table] = [np.ones(())] * len(tree.cliques)
    below: dict[int, list[int]] = {}
    for c, clique in enumerate(tree.cliques):
        below.setdefault(clique.parent, []).append(c)
    for c in reversed(range(len(tree.cliques))):
        members = tree.cliques[c].variables
        belief = numbers.conditionals[c] * found[c] if c in below else np.ones(())
        for child in below.get(c, ()):
            shared = tree.cliques[child].separator
            left = [v for v in members if v in shared]
            summed = belief.sum(axis=tuple(i for i, v in enumerate(members) if v not in shared))
            found[child] = np.ascontiguousarray(summed.transpose([left.index(v) for v in shared]))
    return found


def _turned(tree: JunctionTree, child: int, message: Table) -> Table:
    """A message shaped to broadcast over the parent's table."""
    clique, above = tree.cliques[child], tree.cliques[tree.cliques[child].parent].variables
    lengths = dict(zip(clique.separator, message.shape, strict=True))
    axes = sorted(range(message.ndim), key=lambda i: above.index(clique.separator[i]))
    return message.transpose(axes).reshape([lengths.get(v, 1) for v in above])


def _kept(tree: JunctionTree, numbers: _Numbers, above: Sequence[Table], *, compress: bool) -> _Kept:
    """Which entries to store. A separator is compressed where the tables on both of its sides are."""
    nothing: tuple[Positions | None, ...] = (None,) * len(above)
    if not compress:
        return _Kept(nothing, nothing)
    pairs = zip(numbers.conditionals, above, strict=True)
    tables = tuple(_support(table * belief) for table, belief in pairs)
    inner = [
        clique.parent >= 0 and tables[c] is not None and tables[clique.parent] is not None
        for c, clique in enumerate(tree.cliques)
    ]
    separators = tuple(_support(belief) if both else None for belief, both in zip(above, inner, strict=True))
    return _Kept(tables, separators)


def _support(belief: Table) -> Positions | None:
    """Positions of the nonzero entries when storing them alone pays, else None."""
    if belief.size < SMALLEST_SPARSE:
        return None
    nonzero = np.flatnonzero(belief)
    return nonzero if len(nonzero) < DENSE * belief.size else None


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is where: sizes by clique and by variable, offsets in ``work`` and among the marginals.

    ``branches`` gives by clique where the marginals of the variables first met in its branch begin and end:
    marginals are laid out in the order of the cliques, so that a branch's are next to each other.
    """

    tree: JunctionTree
    cards: tuple[int, ...]
    tables: tuple[int, ...]
    entries: tuple[int, ...]
    separators: tuple[int, ...]
    whole: tuple[int, ...]
    children: tuple[tuple[int, ...], ...]
    top: tuple[int, ...]
    outs: tuple[int, ...]
    branches: tuple[tuple[int, int], ...]

    @property
    def scratch(self) -> int:
        """Room for the largest table."""
        return max(self.entries)

    @property
    def likelihoods(self) -> int:
        """Where in ``work`` the likelihoods are."""
        return self.scratch + 2 * sum(self.separators)

    @property
    def swaps(self) -> int:
        """Where in ``work`` the replaced tables are."""
        return self.likelihoods + sum(self.cards)

    @property
    def stack(self) -> int:
        """Where in ``work`` the tables of visited cliques are."""
        return self.swaps + sum(self.tables)


def _shape(network: Network, tree: JunctionTree, kept: _Kept) -> _Shape:
    cards = network.cards(network.names)
    children: list[list[int]] = [[] for _ in tree.cliques]
    top, outs = [0] * len(cards), [0] * len(cards)
    branches: list[tuple[int, int]] = []
    place = 0
    for c, clique in enumerate(tree.cliques):
        start = min((branches[child][0] for child in children[c]), default=place)
        for v in clique.variables[: clique.residual]:
            top[v], outs[v] = c, place
            place += cards[v]
        branches.append((start, place))
        if clique.parent >= 0:
            children[clique.parent].append(c)
    tables = [math.prod(cards[v] for v in clique.variables) for clique in tree.cliques]
    separators = [math.prod(cards[v] for v in clique.separator) for clique in tree.cliques]
    return _Shape(
        tree,
        cards,
        tuple(network.tables[name].size for name in network.names),
        _stored(tables, kept.tables),
        _stored(separators, kept.separators),
        tuple(separators),
        tuple(map(tuple, children)),
        tuple(top),
        tuple(outs),
        tuple(branches),
    )


def _stored(cells: Sequence[int], kept: Sequence[Positions | None]) -> tuple[int, ...]:
    return tuple(size if some is None else len(some) for size, some in zip(cells, kept, strict=True))


def _laid_out(
    network: Network, tree: JunctionTree, families: Sequence[Sequence[str]], numbers: _Numbers, compress: bool
) -> Packed:
    above = _above(tree, numbers)
    kept = _kept(tree, numbers, above, compress=compress)
    shape = _shape(network, tree, kept)
    floats, tables = _floats(network, numbers, above, kept)
    floats, outlooks = _with_outlooks(floats, _outlooks(shape, numbers, kept))
    writer = _Writer(HEADER + CLIQUE * len(tree.cliques) + VARIABLE * len(shape.cards))
    members = [clique.variables for clique in tree.cliques]
    maps = _Maps(writer, members, [table.shape for table in numbers.conditionals], kept.tables)
    records = [
        *_header(shape),
        *_clique_records(network, shape, families, maps, (tables, outlooks), kept.separators),
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
    )


def _header(shape: _Shape) -> list[int]:
    header = [0] * HEADER
    header[CLIQUES], header[VARIABLES] = len(shape.entries), len(shape.cards)
    header[CLIQUE_AT], header[VARIABLE_AT] = HEADER, HEADER + CLIQUE * len(shape.entries)
    header[STATES], header[LIKELIHOODS_AT], header[STACK_AT] = sum(shape.cards), shape.likelihoods, shape.stack
    return header


def _clique_records(
    network: Network,
    shape: _Shape,
    families: Sequence[Sequence[str]],
    maps: _Maps,
    starts: tuple[Sequence[int], Sequence[int]],
    separators: Sequence[Positions | None],
) -> list[int]:
    records: list[int] = []
    reads = _reads(shape)
    heard = shape.scratch
    for c, clique in enumerate(shape.tree.cliques):
        cells, kept, ranks = shape.separators[c], maps.supports[c], separators[c]
        lengths = tuple(shape.cards[v] for v in clique.separator)
        position = network.position
        owners = [(position[name], [position[p] for p in (*network[name].parents, name)]) for name in families[c]]
        record = [0] * CLIQUE
        record[ENTRIES], record[CELLS], record[PARENT] = shape.entries[c], cells, clique.parent
        record[TABLE], record[OUTLOOK] = starts[0][c], starts[1][c]
        record[MESSAGE] = record[TABLE] + shape.entries[c]
        record[ABOVE], record[LEVEL] = record[MESSAGE] + cells, record[MESSAGE] + 2 * cells
        record[OWN] = maps.to(c, clique.separator, ranks)
        record[UP] = maps.to(clique.parent, clique.separator, ranks) if clique.parent >= 0 else 0
        record[CHILDREN] = maps.writer.put([len(shape.children[c]), *shape.children[c]])
        record[READ] = maps.writer.pairs([(v, maps.to(c, (v,))) for v in reads[c, False]])
        read = [(v, maps.between(clique.separator, lengths, (v,), ranks)) for v in reads[c, True]]
        record[READ_ABOVE] = maps.writer.pairs(read)
        record[FAMILY] = maps.writer.pairs([(v, maps.to(c, family)) for v, family in owners])
        record[HEARD], record[BELIEVED] = heard, heard + sum(shape.separators)
        record[RESIDUAL] = maps.writer.pairs(_steps(clique.variables[: clique.residual], shape.cards))
        record[SEPARATOR] = maps.writer.pairs(_steps(clique.separator, shape.cards))
        record[CHOICES] = -1 if kept is None else maps.writer.put(kept // shape.whole[c])
        record[RANKS] = -1 if ranks is None else maps.writer.put(ranks)
        record[BRANCH], record[WIDTH] = shape.branches[c][0], shape.branches[c][1] - shape.branches[c][0]
        heard += cells
        records += record
    return records


def _variable_records(network: Network, shape: _Shape, families: Sequence[Sequence[str]], maps: _Maps) -> list[int]:
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


def _places(network: Network, shape: _Shape) -> dict[str, Place]:
    places = {}
    swap = shape.swaps
    for v, name in enumerate(network.names):
        out, card, size = shape.outs[v], shape.cards[v], shape.tables[v]
        likelihood = slice(shape.likelihoods + out, shape.likelihoods + out + card)
        places[name] = Place(v, slice(out, out + card), likelihood, slice(swap, swap + size))
        swap += size
    return places


def _reads(shape: _Shape) -> dict[tuple[int, bool], list[int]]:
    """Variables by the table that their marginal is read from: (clique, whether from its separator).

    It is the smallest among the highest clique with the variable and the separators right below that.
    """
    reads: dict[tuple[int, bool], list[int]] = {(c, at): [] for c in range(len(shape.entries)) for at in (False, True)}
    for v, c in enumerate(shape.top):
        below = [j for j in shape.children[c] if v in shape.tree.cliques[j].separator]
        smallest = min(below, key=lambda j: shape.separators[j], default=None)
        reads[(c, False) if smallest is None else (smallest, True)].append(v)
    return reads


def _outlooks(shape: _Shape, numbers: _Numbers, kept: _Kept) -> list[Table | None]:
    """By clique, its outlook where that is cheaper to read than its branch, shape (cells of the separator, states).

    Those with the largest gain for their size are kept, as far as OUTLOOK_ROOM goes.
    """
    found: list[Table | None] = []
    costs: list[float] = []
    gains = []
    for c, table in enumerate(numbers.conditionals):
        start, stop = shape.branches[c]
        outlook = _outlook(shape, c, table, found) if stop > start else None
        outs = len(shape.children[c]) + shape.tree.cliques[c].residual
        cost = (shape.entries[c] + OP_COST) * (1 + outs) + sum(costs[child] for child in shape.children[c])
        found.append(outlook)
        costs.append(min(cost, outlook.size / 4 if outlook is not None else math.inf))
        if outlook is not None and outlook.size / 4 < cost:
            gains.append((outlook.size / cost, c))
    room = max(OUTLOOK_ROOM, sum(shape.entries))
    chosen = set()
    for _, c in sorted(gains):
        outlook = found[c]
        if outlook is not None and outlook.size <= room:
            room -= outlook.size
            chosen.add(c)
    rows = [slice(None) if some is None else some for some in kept.separators]
    return [None if outlook is None or c not in chosen else outlook[rows[c]] for c, outlook in enumerate(found)]


def _outlook(shape: _Shape, c: int, table: Table, below: Sequence[Table | None]) -> Table | None:
    """Chances of each state of each variable first met in the branch given the separator; None where that is large."""
    einsum: Any = np.einsum
    clique = shape.tree.cliques[c]
    start, stop = shape.branches[c]
    separator = list(range(clique.residual, len(clique.variables)))
    if shape.whole[c] * (stop - start) > OUTLOOK_LIMIT:
        return None
    parts: list[tuple[int, Table]] = []
    for i, v in enumerate(clique.variables[: clique.residual]):
        others = tuple(k for k in range(clique.residual) if k != i)
        parts.append((shape.outs[v], np.moveaxis(table.sum(axis=others), 0, -1)))
    for child in shape.children[c]:
        width = shape.branches[child][1] - shape.branches[child][0]
        if width == 0:
            continue
        shared = [clique.variables.index(v) for v in shape.tree.cliques[child].separator]
        outlook = below[child]
        both = sorted({*shared, *separator})
        if outlook is None or width * math.prod(table.shape[i] for i in both) > OUTLOOK_WORK:
            return None
        given = outlook.reshape([*(table.shape[i] for i in shared), width])
        joint = table.sum(axis=tuple(k for k in range(table.ndim) if k not in both))
        label = table.ndim
        part = einsum(joint, both, given, [*shared, label], [*separator, label])
        parts.append((shape.branches[child][0], part))
    flat = [part.reshape(shape.whole[c], -1) for _, part in sorted(parts, key=lambda pair: pair[0])]
    return np.concatenate(flat, axis=1)


def _floats(network: Network, numbers: _Numbers, above: Sequence[Table], kept: _Kept) -> tuple[Table, list[int]]:
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


def _with_outlooks(floats: Table, outlooks: Sequence[Table | None]) -> tuple[Table, list[int]]:
    """The numbers with the outlooks behind them; and where each outlook begins, -1 where there is none."""
    sizes = [0 if outlook is None else outlook.size for outlook in outlooks]
    ends = (len(floats) + np.cumsum(sizes)).tolist()
    starts = [end - size if size else -1 for end, size in zip(ends, sizes, strict=True)]
    parts = [floats, *(outlook.ravel() for outlook in outlooks if outlook is not None)]
    return _locked(np.concatenate(parts)), starts


def _locked(floats: Table) -> Table:
    floats.setflags(write=False)
    return floats


def _steps(members: Sequence[int], cards: Sequence[int]) -> list[tuple[int, int]]:
    """Variables of a table with how far apart their states are in it, last axis fastest."""
    steps = []
    step = 1
    for v in reversed(members):
        steps.append((v, step))
        step *= cards[v]
    return steps[::-1]


@dataclass(frozen=True, slots=True)
class _Maps:
    """Writes maps between tables, each once."""

    writer: _Writer
    members: Sequence[Sequence[int]]
    shapes: Sequence[tuple[int, ...]]
    supports: Sequence[Positions | None]

    def to(self, c: int, wanted: Sequence[int], ranks: Positions | None = None) -> int:
        """The map from a clique's stored entries to the cells of a table over some of its variables.

        ``ranks`` lists the cells that are stored of that table, when not all are.
        """
        kept = self.supports[c]
        if kept is None:
            return self.between(self.members[c], self.shapes[c], wanted)
        cells = _cells(kept, self.members[c], self.shapes[c], wanted)
        return self._listed(cells if ranks is None else np.searchsorted(ranks, cells))

    def between(
        self, members: Sequence[int], shape: tuple[int, ...], wanted: Sequence[int], kept: Positions | None = None
    ) -> int:
        """The map from a table's entries (those ``kept``) to the cells of a table over some of its variables."""
        if kept is not None:
            return self._listed(_cells(kept, members, shape, wanted))
        lengths, strides = list(shape), _strides(members, shape, wanted)
        kind, run = _innermost(lengths, strides)
        low = np.zeros(1, dtype=np.int64)
        while lengths and (len(low) == 1 or len(low) * lengths[-1] <= MAP_ROWS):
            low = (np.arange(lengths.pop())[:, None] * strides.pop() + low).ravel()
        high = np.zeros(1, dtype=np.int64)
        while lengths:
            high = (np.arange(lengths.pop())[:, None] * strides.pop() + high).ravel()
        return self._record(kind, len(high), len(low), run, high, low)

    def _listed(self, cells: Positions) -> int:
        return self._record(GATHER, 1, len(cells), 1, np.zeros(1, dtype=np.int64), cells)

    def _record(
        self, kind: int, blocks: int, rows: int, run: int, high: NDArray[np.integer], low: NDArray[np.integer]
    ) -> int:
        return self.writer.put([kind, blocks, rows, run, self.writer.put(high), self.writer.put(low)])


def _cells(kept: Positions, members: Sequence[int], shape: Sequence[int], wanted: Sequence[int]) -> Positions:
    """For each entry kept of a table, the cell of a table over the variables wanted."""
    cells = np.zeros(len(kept), dtype=np.int64)
    for place, stride in zip(np.unravel_index(kept, shape), _strides(members, shape, wanted), strict=True):
        cells += place * stride
    return cells


def _strides(members: Sequence[int], shape: Sequence[int], wanted: Sequence[int]) -> list[int]:
    """How far each axis of a table moves through a table over the variables wanted; 0 for one not in it."""
    lengths = dict(zip(members, shape, strict=True))
    found = {}
    step = 1
    for v in reversed(wanted):
        found[v] = step
        step *= lengths[v]
    return [found.get(v, 0) for v in members]


def _innermost(lengths: list[int], strides: list[int]) -> tuple[int, int]:
    """Take the trailing axes that make one run off the lists; (kind, run), run 1 where it would be short."""
    kind, run, taken = GATHER, 1, 0
    for length, stride in zip(reversed(lengths), reversed(strides), strict=True):
        fits = SPREAD if stride == 0 else STREAM if stride == run else GATHER
        if length > 1 and (fits == GATHER or kind not in (GATHER, fits)):
            break
        kind = fits if length > 1 else kind
        run *= length
        taken += 1
    if run < SHORT_RUN:
        return GATHER, 1
    del lengths[len(lengths) - taken :], strides[len(strides) - taken :]
    return kind, run
