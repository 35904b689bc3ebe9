"""The textbook's junction tree in plain numpy: the fallback where numba is missing, and an independent check.

The two passes of Lauritzen & Spiegelhalter (1988) and Jensen, Lauritzen & Olesen (1990). Each clique is a table
whose axes follow one elimination order, so that the variables summed out come first, those shared with the parent
last, and every message meets its neighbour by broadcasting alone. Messages are normalised and their logarithms
added up: long evidence does not underflow.

Axes: a table has shape (cases, states of v1, …, states of vk); a leading length of 1 means "the same in every
case". The tree is collected once without evidence, so a question recomputes only cliques between its evidence and
the root.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.d_separation import requisite_each
from model.inference.arrays import NOTHING, Evidence, Explanations, Pattern, Posterior
from model.inference.junction_tree.triangulation import Clique, JunctionTree
from model.network import Network, Table

MANY_CHILDREN = 8
"""Messages after which a table is brought back to a largest entry of 1, so that no product underflows."""

TIED = 1e-12
"""Difference of logarithms up to which two assignments count as equally probable: sums are rounded."""

BLOCK_CELLS = 4_000_000
"""Table cells worked on at once: a batch is cut so that the working memory stays near 100 MB."""


@dataclass(frozen=True, eq=False)
class Cliques:
    """A junction tree with the network's tables given to its cliques; immutable and shared by all threads.

    ``families[c]`` names the variables whose conditional table belongs to clique c, ``potentials[c]`` is their
    product, made when first needed (so the class has no slots); ``home[v]`` is the smallest clique that holds
    variable v.
    """

    network: Network
    tree: JunctionTree
    families: tuple[tuple[str, ...], ...]
    home: Mapping[str, int]
    shapes: tuple[tuple[int, ...], ...]
    children: tuple[tuple[int, ...], ...]

    @cached_property
    def potentials(self) -> tuple[Table, ...]:
        """Product of each clique's conditional tables, shape (1, states of its variables)."""
        potentials = tuple(potential(self, c, NOTHING) for c in range(len(self.shapes)))
        for table in potentials:
            table.setflags(write=False)
        return potentials

    @cached_property
    def prior(self) -> Collected:
        """The upward pass without evidence."""
        return _collect(self, NOTHING, prior=None)


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """The upward pass, by clique: its table with its children's messages in, its normalised message up, its total.

    ``logs`` is the logarithm of what was divided out of the table and its message together, shape (cases or 1,).
    """

    tables: tuple[Table, ...]
    messages: tuple[Table, ...]
    totals: tuple[NDArray[np.float64], ...]
    logs: tuple[NDArray[np.float64], ...]


def place(network: Network, tree: JunctionTree) -> Cliques:
    """Give each conditional table of the network to the smallest clique that holds its family."""
    cards = network.cards(network.names)
    shapes = tuple(tuple(cards[v] for v in clique.variables) for clique in tree.cliques)
    families, home = _placed(network, tree, [math.prod(shape) for shape in shapes])
    children: list[list[int]] = [[] for _ in tree.cliques]
    for c, clique in enumerate(tree.cliques):
        if clique.parent >= 0:
            children[clique.parent].append(c)
    return Cliques(network, tree, families, MappingProxyType(home), shapes, tuple(map(tuple, children)))


def posterior(cliques: Cliques, evidence: Evidence, names: Sequence[str]) -> Posterior:
    """Marginals of the variables named, shape (cases, states) each, and log P(evidence)."""
    blocks = [_posterior_block(cliques, part, names) for part in _blocks(cliques, evidence)]
    return blocks[0] if len(blocks) == 1 else Posterior(np.concatenate([b.rows for b in blocks]), blocks[0].places)


def belief(cliques: Cliques, c: int, evidence: Evidence) -> tuple[Table, float]:
    """Posterior of one clique in one case, up to a factor, and log P(evidence)."""
    collected = _collect(cliques, evidence, prior=cliques.prior)
    return _distribute(cliques, collected, {c})[c][0], float(_log_total(collected, 1)[0])


def most_probable(cliques: Cliques, evidence: Evidence) -> Explanations:
    """The most probable state of every variable together in each case: in logarithms, so that nothing underflows."""
    parts = [_most_probable_block(cliques, part) for part in _blocks(cliques, evidence)]
    return Explanations(*(np.concatenate([part[i] for part in parts]) for i in range(3)))


def gradient(cliques: Cliques, evidence: Evidence, reference: float) -> list[Table]:
    """d P(evidence) / d each entry of each conditional table in one case, times exp(-``reference``), in file order.

    One pass up and one down without a division, so that entries of zero have their derivative too (Darwiche 2003).
    """
    tree, network = cliques.tree, cliques.network
    heard: list[tuple[Table, float]] = []
    for c, clique in enumerate(tree.cliques):
        table, log = _all_but(cliques, evidence, heard, c)
        heard.append(_lowered(table.sum(axis=tuple(range(clique.residual))), log))
    above: list[tuple[Table, float]] = [(np.ones(()), 0.0)] * len(tree.cliques)
    found: dict[str, Table] = {}
    for c in reversed(range(len(tree.cliques))):
        members = tree.cliques[c].variables
        for child in cliques.children[c]:
            table, log = _all_but(cliques, evidence, heard, c, above=above[c], without=child)
            above[child] = _lowered(_summed_to(table, members, tree.cliques[child].separator), log)
        for name in cliques.families[c]:
            table, log = _all_but(cliques, evidence, heard, c, above=above[c], without=name)
            family = [network.position[v] for v in (*network[name].parents, name)]
            found[name] = _summed_to(table, members, family) * math.exp(log - reference)
    return [found[name] for name in network.names]


def needed(network: Network, names: Sequence[str], pattern: Pattern) -> tuple[str, ...]:
    """Variables whose own tables the answers about these names depend on, in file order, by d-separation."""
    observed = frozenset(name for name, known in pattern.findings if known)
    reported = frozenset(name for name, known in pattern.findings if not known)
    tables = requisite_each(network, names, observed=observed, reported=reported).tables
    return tuple(network.names[v] for v in np.flatnonzero(tables.any(axis=0)))


def potential(cliques: Cliques, c: int, evidence: Evidence) -> Table:
    """The product of a clique's conditional tables, replaced ones among them, shape (cases or 1, states …)."""
    table: Table = np.ones((1, *cliques.shapes[c]))
    for name in cliques.families[c]:
        rows = evidence.tables.get(name, cliques.network.tables[name][None])
        table = table * _fitted(cliques.network, cliques.tree.cliques[c].variables, name, rows)
    return table


def _placed(
    network: Network, tree: JunctionTree, sizes: Sequence[int]
) -> tuple[tuple[tuple[str, ...], ...], dict[str, int]]:
    """Where each variable's conditional table goes, and the smallest clique that holds each variable."""
    position = network.position
    holding: list[list[int]] = [[] for _ in network.names]
    for c in sorted(range(len(sizes)), key=lambda c: (sizes[c], c)):
        for v in tree.cliques[c].variables:
            holding[v].append(c)
    families: list[list[str]] = [[] for _ in tree.cliques]
    for variable in network.variables:
        family = {position[variable.name], *(position[p] for p in variable.parents)}
        at = next(c for c in holding[position[variable.name]] if family.issubset(tree.cliques[c].variables))
        families[at].append(variable.name)
    return tuple(map(tuple, families)), {name: holding[position[name]][0] for name in network.names}


def _fitted(network: Network, variables: Sequence[int], name: str, table: Table) -> Table:
    """A family's table (cases, *parents, states) with its axes in the clique's order, length 1 elsewhere."""
    family = [network.position[p] for p in (*network[name].parents, name)]
    order = sorted(range(len(family)), key=lambda i: variables.index(family[i]))
    turned = table.transpose(0, *(i + 1 for i in order))
    lengths = {family[i]: table.shape[i + 1] for i in order}
    return turned.reshape(len(table), *(lengths.get(v, 1) for v in variables))


def _blocks(cliques: Cliques, evidence: Evidence) -> list[Evidence]:
    size = max(1, BLOCK_CELLS // cliques.tree.cells)
    if evidence.cases <= size:
        return [evidence]
    return [evidence.block(start, start + size) for start in range(0, evidence.cases, size)]


def _entering(cliques: Cliques, evidence: Evidence) -> dict[int, list[Table]]:
    """Likelihood vectors by the clique they are multiplied into, shaped to broadcast there."""
    entering: dict[int, list[Table]] = {}
    for name, rows in evidence.likelihood.items():
        c = cliques.home[name]
        axis = cliques.tree.cliques[c].variables.index(cliques.network.position[name])
        shape = [1] * len(cliques.shapes[c])
        shape[axis] = rows.shape[1]
        entering.setdefault(c, []).append(rows.reshape(len(rows), *shape))
    return entering


def _collect(cliques: Cliques, evidence: Evidence, *, prior: Collected | None) -> Collected:
    """The upward pass; cliques that the evidence does not reach are taken from ``prior``."""
    entering = _entering(cliques, evidence)
    replaced = {c for c, names in enumerate(cliques.families) if any(name in evidence.tables for name in names)}
    dirty = [prior is None or c in entering or c in replaced for c in range(len(cliques.shapes))]
    tables: list[Table] = []
    messages: list[Table] = []
    totals: list[NDArray[np.float64]] = []
    logs: list[NDArray[np.float64]] = []
    for c, clique in enumerate(cliques.tree.cliques):
        dirty[c] = dirty[c] or any(dirty[child] for child in cliques.children[c])
        if prior is not None and not dirty[c]:
            tables.append(prior.tables[c])
            messages.append(prior.messages[c])
            totals.append(prior.totals[c])
            logs.append(prior.logs[c])
            continue
        table = potential(cliques, c, evidence) if c in replaced else cliques.potentials[c]
        for vector in entering.get(c, ()):
            table = table * vector
        taken = np.zeros(1)
        for i, child in enumerate(cliques.children[c], 1):
            table = table * _facing(cliques, messages[child], child, c)
            if i % MANY_CHILDREN == 0:
                largest = _or_one(table.max(axis=tuple(range(1, table.ndim))))
                table, taken = table / _column(largest, table), taken + np.log(largest)
        message = _summed_up(table, clique.residual)
        total = _summed_up(message, message.ndim - 1)
        tables.append(table)
        messages.append(message / _column(_or_one(total), message))
        totals.append(total)
        with np.errstate(divide="ignore"):
            logs.append(np.log(total) + taken)
    return Collected(tuple(tables), tuple(messages), tuple(totals), tuple(logs))


def _facing(cliques: Cliques, message: Table, child: int, parent: int) -> Table:
    """A message over the child's separator, shaped to broadcast over the parent's table."""
    separator = cliques.tree.cliques[child].separator
    lengths = dict(zip(separator, message.shape[1:], strict=True))
    return message.reshape(len(message), *(lengths.get(v, 1) for v in cliques.tree.cliques[parent].variables))


def _summed_up(table: Table, residual: int) -> Table:
    return np.asarray(table.sum(axis=tuple(range(1, residual + 1))), dtype=np.float64)


def _or_one(total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Totals to divide by: 1 where the evidence is impossible, so that its tables become zero and never NaN."""
    return np.where(total > 0, total, 1.0)


def _column(values: NDArray[np.float64], table: Table) -> Table:
    return values.reshape(-1, *([1] * (table.ndim - 1)))


def _posterior_block(cliques: Cliques, evidence: Evidence, names: Sequence[str]) -> Posterior:
    collected = _collect(cliques, evidence, prior=cliques.prior)
    log = _log_total(collected, evidence.cases)
    beliefs = _distribute(cliques, collected, {cliques.home[name] for name in names})
    marginals = {name: _marginal(cliques, beliefs[cliques.home[name]], name, evidence.cases) for name in names}
    possible = np.isfinite(log)
    if not possible.all():
        marginals = {name: np.where(possible[:, None], rows, 0.0) for name, rows in marginals.items()}
    return Posterior.gathered(log, marginals)


def _log_total(collected: Collected, cases: int) -> NDArray[np.float64]:
    return np.asarray(sum(collected.logs, np.zeros(cases)), dtype=np.float64)


def _distribute(cliques: Cliques, collected: Collected, wanted: set[int]) -> dict[int, Table]:
    """The downward pass, root first, to the cliques wanted and those on the way: their tables made posterior."""
    needed: set[int] = set()
    for c in wanted:
        while c >= 0 and c not in needed:
            needed.add(c)
            c = cliques.tree.cliques[c].parent
    beliefs: dict[int, Table] = {}
    for c in sorted(needed, reverse=True):
        table, clique = collected.tables[c], cliques.tree.cliques[c]
        scale = _column(1.0 / _or_one(collected.totals[c]), table)
        if clique.parent >= 0:
            scale = scale * _ratio(_separator_belief(cliques, beliefs[clique.parent], c), collected.messages[c], clique)
        beliefs[c] = table * scale
    return beliefs


def _ratio(above: Table, message: Table, clique: Clique) -> Table:
    """What the parent believes of a separator over what it was told, 0/0 as 0, shaped to meet the clique's table."""
    zeros = np.zeros(np.broadcast_shapes(above.shape, message.shape))
    ratio = np.divide(above, message, out=zeros, where=message > 0)
    return ratio.reshape(len(ratio), *([1] * clique.residual), *ratio.shape[1:])


def _separator_belief(cliques: Cliques, belief: Table, child: int) -> Table:
    clique = cliques.tree.cliques[child]
    separator = set(clique.separator)
    above = cliques.tree.cliques[clique.parent].variables
    axes = tuple(i + 1 for i, v in enumerate(above) if v not in separator)
    return np.asarray(belief.sum(axis=axes), dtype=np.float64)


def _marginal(cliques: Cliques, belief: Table, name: str, cases: int) -> Table:
    variables = cliques.tree.cliques[cliques.home[name]].variables
    axis = variables.index(cliques.network.position[name])
    rows = belief.sum(axis=tuple(i + 1 for i in range(len(variables)) if i != axis))
    total = rows.sum(axis=1, keepdims=True)
    return np.array(np.broadcast_to(rows / _or_one(total), (cases, rows.shape[1])))


def _most_probable_block(cliques: Cliques, evidence: Evidence) -> Explanations:
    """Maxima of sums of logarithms go up, choices come down (Dawid 1992)."""
    tables, log = _collected_maxima(cliques, evidence)
    states = np.zeros((evidence.cases, len(cliques.network.names)), dtype=np.int64)
    ties = np.zeros(evidence.cases, dtype=np.bool_)
    cases = np.arange(evidence.cases)
    for clique, table in zip(reversed(cliques.tree.cliques), reversed(tables), strict=True):
        if not clique.residual:
            continue
        # index arrays apart from each other put their common axis first: shape (cases, *residual)
        full = np.broadcast_to(table, (evidence.cases, *table.shape[1:]))
        index: tuple[Any, ...] = (cases, *([slice(None)] * clique.residual), *(states[:, v] for v in clique.separator))
        given = full[index].reshape(evidence.cases, -1)
        flat = given.argmax(axis=1)
        ties |= (given >= given[cases, flat][:, None] - TIED).sum(axis=1) > 1
        shape = table.shape[1 : clique.residual + 1]
        for v, found in zip(clique.variables, np.unravel_index(flat, shape), strict=False):
            states[:, v] = found
    possible = np.isfinite(log)
    return Explanations(np.where(possible[:, None], states, 0), log, ties & possible)


def _collected_maxima(cliques: Cliques, evidence: Evidence) -> tuple[list[Table], NDArray[np.float64]]:
    """The upward pass in logarithms, by clique: its table with its children's messages in; and the largest sum."""
    tables: list[Table] = []
    messages: list[Table] = []
    log = np.zeros(evidence.cases)
    for c, clique in enumerate(cliques.tree.cliques):
        factors, likelihoods = _clique_factors(cliques, c, evidence)
        with np.errstate(divide="ignore"):
            table = sum(map(np.log, (*factors.values(), *likelihoods)), np.zeros((1, *cliques.shapes[c])))
        for child in cliques.children[c]:
            table = table + _facing(cliques, messages[child], child, c)
        message = table.max(axis=tuple(range(1, clique.residual + 1)))
        largest = message.max(axis=tuple(range(1, message.ndim)))
        log = log + largest
        tables.append(table)
        messages.append(message - _column(np.where(np.isfinite(largest), largest, 0.0), message))
    return tables, log


def _clique_factors(cliques: Cliques, c: int, evidence: Evidence) -> tuple[dict[str, Table], list[Table]]:
    """What multiplies into a clique, shaped to meet there: conditional tables by variable, and likelihoods."""
    members = cliques.tree.cliques[c].variables
    tables = {name: evidence.tables.get(name, cliques.network.tables[name][None]) for name in cliques.families[c]}
    fitted = {name: _fitted(cliques.network, members, name, table) for name, table in tables.items()}
    return fitted, _entering(cliques, evidence).get(c, [])


def _all_but(
    cliques: Cliques,
    evidence: Evidence,
    heard: Sequence[tuple[Table, float]],
    c: int,
    *,
    above: tuple[Table, float] = (np.ones(()), 0.0),
    without: str | int | None = None,
) -> tuple[Table, float]:
    """All that meets in a clique but one table or one child's message, and the logarithm taken out of it."""
    table, log = np.ones(cliques.shapes[c]) * above[0], above[1]
    tables, likelihoods = _clique_factors(cliques, c, evidence)
    for factor in (*(factor for name, factor in tables.items() if name != without), *likelihoods):
        table = table * factor[0]
    for child in cliques.children[c]:
        if child != without:
            message, taken = heard[child]
            separator = dict(zip(cliques.tree.cliques[child].separator, message.shape, strict=True))
            shaped = message.reshape([separator.get(v, 1) for v in cliques.tree.cliques[c].variables])
            table, log = _lowered(table * shaped, log + taken)
    return table, log


def _lowered(table: Table, log: float) -> tuple[Table, float]:
    largest = float(table.max())
    return (table / largest, log + math.log(largest)) if largest > 0 else (table, log)


def _summed_to(table: Table, members: Sequence[int], wanted: Sequence[int]) -> Table:
    """A clique's table summed down to some of its variables, axes in the order wanted."""
    left = [v for v in members if v in wanted]
    summed = table.sum(axis=tuple(i for i, v in enumerate(members) if v not in wanted))
    return np.asarray(summed.transpose([left.index(v) for v in wanted]), dtype=np.float64)
