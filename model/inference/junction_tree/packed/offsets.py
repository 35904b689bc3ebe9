"""Sizes and places of a packed tree: what is known before any number is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from model.inference.junction_tree.packed.index_maps import Positions
from model.inference.junction_tree.packed.prior_passes import Kept
from model.inference.junction_tree.triangulation import JunctionTree
from model.network import Network


@dataclass(frozen=True, slots=True)
class Shape:
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


def shape_of(network: Network, tree: JunctionTree, kept: Kept) -> Shape:
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
    return Shape(
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


def reads(shape: Shape) -> dict[tuple[int, bool], list[int]]:
    """Variables by the table that their marginal is read from: (clique, whether from its separator).

    It is the smallest among the highest clique with the variable and the separators right below that.
    """
    reads: dict[tuple[int, bool], list[int]] = {(c, at): [] for c in range(len(shape.entries)) for at in (False, True)}
    for v, c in enumerate(shape.top):
        below = [j for j in shape.children[c] if v in shape.tree.cliques[j].separator]
        smallest = min(below, key=lambda j: shape.separators[j], default=None)
        reads[(c, False) if smallest is None else (smallest, True)].append(v)
    return reads


def _stored(cells: Sequence[int], kept: Sequence[Positions | None]) -> tuple[int, ...]:
    return tuple(size if some is None else len(some) for size, some in zip(cells, kept, strict=True))


def steps_of(members: Sequence[int], cards: Sequence[int]) -> list[tuple[int, int]]:
    """Variables of a table with how far apart their states are in it, last axis fastest."""
    steps = []
    step = 1
    for v in reversed(members):
        steps.append((v, step))
        step *= cards[v]
    return steps[::-1]
