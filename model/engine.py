"""Exact inference by junction tree: compile once, then ask with a leading axis of cases.

The textbook's two passes (Lauritzen & Spiegelhalter 1988; Jensen, Lauritzen & Olesen 1990). Each
clique is a table whose axes follow one global elimination order, so that the variables summed out
come first, those shared with the parent last, and every message meets its neighbour by
broadcasting alone. Messages are normalised and their logarithms added up: long evidence does
not underflow.

Axes: a table has shape (cases, states of v1, …, states of vk); a leading length of 1 means "the
same in every case". The tree is collected once without evidence at compile time, so a question
recomputes only cliques between its evidence and the root.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model import lanes
from model import tree as compiled
from model.batch import NOTHING, Columns, Evidence, Posterior
from model.errors import BadQuestion, JointTooLarge, NetworkTooLarge
from model.network import Network, Table
from model.packed import Packed, best_numbers, pack
from model.triangulation import CELL_LIMIT, Clique, JunctionTree, junction_tree, too_large

__all__ = [
    "NOTHING",
    "Evidence",
    "Plan",
    "Posterior",
    "clique_factors",
    "compile",
    "joint",
    "log_evidence",
    "most_probable",
    "most_probable_numpy",
    "posterior",
    "posterior_numpy",
]

JOINT_LIMIT = 100_000
"""Cells of a joint distribution that one answer may hold."""

MANY_CHILDREN = 8
"""Messages after which a table is brought back to a largest entry of 1, so that no product underflows."""

BLOCK_CELLS = 4_000_000
"""Table cells worked on at once: a batch is cut so that the working memory stays near 100 MB."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A network compiled for inference; immutable and shared by all threads.

    ``families[c]`` names the variables whose conditional table belongs to clique c, ``potentials[c]``
    is their product; ``home[v]`` is the smallest clique that holds variable v. What each executor works
    on is made when it first answers (so the class has no slots), the same whichever thread makes it.
    """

    network: Network
    tree: JunctionTree
    families: tuple[tuple[str, ...], ...]
    home: Mapping[str, int]
    shapes: tuple[tuple[int, ...], ...]
    children: tuple[tuple[int, ...], ...]
    refusal: NetworkTooLarge | None = None

    @property
    def cells(self) -> int:
        """Table entries of the junction tree."""
        return self.tree.cells

    @cached_property
    def lanes(self) -> lanes.Lanes:
        """For the lane executor."""
        return lanes.prepare(self.network)

    @cached_property
    def potentials(self) -> tuple[Table, ...]:
        """Product of each clique's conditional tables, shape (1, states of its variables)."""
        potentials = tuple(_potential(self, c, NOTHING) for c in range(len(self.shapes)))
        for potential in potentials:
            potential.setflags(write=False)
        return potentials

    @cached_property
    def prior(self) -> _Collected:
        """The upward pass without evidence."""
        return _collect(self, NOTHING, prior=None)

    @cached_property
    def packed(self) -> compiled.Tree:
        """For the tree executor, tables that are mostly zero compressed."""
        return _packed(self, compress=True)

    @cached_property
    def whole(self) -> compiled.Tree:
        """For the tree executor when a replaced table is not zero where the network's own is."""
        return _packed(self, compress=False) if self.packed.packed.compressed else self.packed

    @cached_property
    def best(self) -> compiled.Tree:
        """For the tree executor's most probable explanations."""
        return _maximised(self, self.packed)

    @cached_property
    def best_whole(self) -> compiled.Tree:
        """The same when a replaced table is not zero where the network's own is."""
        return _maximised(self, self.whole)

    def explain(self) -> str:
        """Which executor answers, and how much it works on.

        >>> from model.network import Variable
        >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.5, 0.5])})
        >>> print(compile(coin).explain())
        junction tree: 1 cliques, width 0, 2 table entries; largest clique coin
        answered by: compiled tree executor, 2 entries stored, 0.0 MB of tables, at most 0.0 MB a workspace
        """
        found = self.tree
        lines = [
            f"junction tree: {len(found.cliques)} cliques, width {found.width}, {found.cells:,} table entries;"
            f" largest clique {', '.join(found.largest)}"
        ]
        if self.refusal:
            return "\n".join([*lines, "answered by: lane executor, a program for each target; the tree is too large"])
        if compiled.kernels is None:
            return "\n".join([*lines, "answered by: numpy executor, since numba cannot be imported"])
        packed = self.packed.packed
        share = f" of {packed.dense:,}, zeros left out" if packed.compressed else ""
        size = (packed.floats.nbytes + packed.ints.nbytes) / 1e6
        lines.append(
            f"answered by: compiled tree executor, {packed.cells:,} entries stored{share}, {size:.1f} MB of tables,"
            f" at most {8 * packed.work / 1e6:.1f} MB a workspace"
        )
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False)
class _Collected:
    """The upward pass, by clique: its table with its children's messages in, its normalised message up, its total.

    ``logs`` is the logarithm of what was divided out of the table and its message together, shape (cases or 1,).
    """

    tables: tuple[Table, ...]
    messages: tuple[Table, ...]
    totals: tuple[NDArray[np.float64], ...]
    logs: tuple[NDArray[np.float64], ...]


def compile(network: Network, *, limit: int = CELL_LIMIT) -> Plan:
    """Make a network ready for exact inference.

    >>> from model.network import Variable
    >>> rain = Variable("rain", ("no", "yes"))
    >>> wet = Variable("wet", ("no", "yes"), parents=("rain",))
    >>> tables = {"rain": np.array([0.8, 0.2]), "wet": np.array([[0.9, 0.1], [0.1, 0.9]])}
    >>> plan = compile(Network([rain, wet], tables))
    >>> posterior(plan, Evidence(1, {"wet": np.array([[0.0, 1.0]])})).of("rain").round(4)
    array([[0.3077, 0.6923]])

    A network whose tree has over ``limit`` cells is compiled too: it is answered target by target, by programs
    that leave out what a question does not need. Where even these are too large, the question raises NetworkTooLarge.
    """
    found = junction_tree(network, limit=None)
    cards = [len(variable.states) for variable in network.variables]
    shapes = tuple(tuple(cards[v] for v in clique.variables) for clique in found.cliques)
    families, home = _placed(network, found, [math.prod(shape) for shape in shapes])
    children: list[list[int]] = [[] for _ in found.cliques]
    for c, clique in enumerate(found.cliques):
        if clique.parent >= 0:
            children[clique.parent].append(c)
    refusal = too_large(found, limit) if found.cells > limit else None
    return Plan(network, found, families, MappingProxyType(home), shapes, tuple(map(tuple, children)), refusal)


def posterior(plan: Plan, evidence: Evidence = NOTHING, names: Iterable[str] | None = None) -> Posterior:
    """Probability of each state of the variables named (all of them by default) once the evidence is known.

    Exact, by whichever executor has the fewest table entries to go through: two passes over the junction tree,
    the downward one only to what the names need, or a program made for this target and these findings.
    Raises NetworkTooLarge where the tree is over the limit and so is the program of a name.
    """
    names = None if names is None else tuple(dict.fromkeys(names))
    if plan.refusal or _in_lanes(plan, evidence, names):
        return Posterior.gathered(
            *lanes.posterior(plan.lanes, evidence, plan.network.names if names is None else names)
        )
    if compiled.kernels is None:
        return posterior_numpy(plan, evidence, names)
    chosen = plan.packed
    if evidence.tables and not compiled.fits(chosen, evidence.tables):
        chosen = plan.whole
    rows = compiled.posterior(chosen, evidence.cases, evidence.likelihood, evidence.tables, names)
    return Posterior(rows, chosen.packed.columns if names is None else _columns(chosen.packed, names))


def _in_lanes(plan: Plan, evidence: Evidence, names: Sequence[str] | None) -> bool:
    """Whether programs for these names cost less than the tree."""
    if not names or compiled.kernels is None:
        return False
    return lanes.pays(plan.lanes, evidence, names, against=plan.packed.packed.cells)


def posterior_numpy(plan: Plan, evidence: Evidence = NOTHING, names: Iterable[str] | None = None) -> Posterior:
    """The same by the numpy executor: the fallback where numba is missing, and an independent check of it."""
    wanted = tuple(plan.network.names if names is None else names)
    blocks = [_posterior_block(plan, part, wanted) for part in _blocks(plan, evidence)]
    return blocks[0] if len(blocks) == 1 else Posterior(np.concatenate([b.rows for b in blocks]), blocks[0].places)


def log_evidence(plan: Plan, evidence: Evidence) -> NDArray[np.float64]:
    """Natural logarithm of P(evidence) in each case, shape (cases,); -inf where it is impossible."""
    return posterior(plan, evidence, ()).log_evidence


def joint(plan: Plan, names: Sequence[str], evidence: Evidence = NOTHING) -> Table:
    """Joint distribution of a small set of variables in one case, shape (states of names[0], …).

    Read from one clique where one holds them all, else as P(combination, evidence) for every combination.

    >>> from model.network import Variable
    >>> coin = Network([Variable("a", ("h", "t")), Variable("b", ("h", "t"))],
    ...                {"a": np.array([0.5, 0.5]), "b": np.array([0.9, 0.1])})
    >>> joint(compile(coin), ("a", "b"))
    array([[0.45, 0.05],
           [0.45, 0.05]])

    Raises JointTooLarge beyond JOINT_LIMIT cells; all zero when the evidence is impossible.
    """
    if evidence.cases != 1:
        raise BadQuestion(f"a joint distribution is of one case, not of {evidence.cases}")
    cards = plan.network.cards(names)
    cells = math.prod(cards)
    if cells > JOINT_LIMIT:
        raise JointTooLarge(f"a joint of {', '.join(names)} has {cells:,} cells; the limit is {JOINT_LIMIT:,}")
    inside = None if plan.refusal else _clique_with(plan, names)
    if inside is not None:
        return (
            _joint_compiled(plan, names, evidence, inside)
            if compiled.kernels is not None
            else _joint_in_clique(plan, names, evidence, inside)
        )
    total = posterior(plan, evidence, ()).log_evidence
    if not np.isfinite(total[0]):
        return np.zeros(cards)
    logs = log_evidence(plan, _each_combination(plan, names, evidence))
    shares = np.exp(logs - total[0]).reshape(cards)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def most_probable(plan: Plan, evidence: Evidence = NOTHING) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The most probable state of every variable together, given the evidence (Dawid 1992).

    Returns (states, log_p): shape (cases, variables) in file order, and the logarithm of that
    assignment's probability together with the evidence, shape (cases,); -inf when it is impossible.
    Raises NetworkTooLarge where the junction tree is over the limit.
    """
    if plan.refusal:
        raise plan.refusal
    if compiled.kernels is not None:
        chosen = plan.best if compiled.fits(plan.packed, evidence.tables) else plan.best_whole
        return compiled.most_probable(chosen, evidence.cases, evidence.likelihood, evidence.tables)
    return most_probable_numpy(plan, evidence)


def most_probable_numpy(plan: Plan, evidence: Evidence = NOTHING) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The same by the numpy executor."""
    parts = [_most_probable_block(plan, part) for part in _blocks(plan, evidence)]
    return np.concatenate([states for states, _ in parts]), np.concatenate([log for _, log in parts])


def _packed(plan: Plan, *, compress: bool) -> compiled.Tree:
    tables = [_potential(plan, c, NOTHING)[0] for c in range(len(plan.shapes))]
    packed = pack(plan.network, plan.tree, plan.families, tables, compress=compress)
    return compiled.Tree(plan.network, packed, packed.floats)


def _maximised(plan: Plan, whole: compiled.Tree) -> compiled.Tree:
    tables = [_potential(plan, c, NOTHING)[0] for c in range(len(plan.shapes))]
    return compiled.Tree(
        plan.network, whole.packed, best_numbers(whole.packed, plan.tree, plan.network, tables), whole.spare
    )


def _columns(packed: Packed, names: Sequence[str]) -> Mapping[str, Columns]:
    found = {}
    start = 0
    for name in names:
        place = packed.places[name].marginal
        found[name] = (slice(None), slice(start, start := start + place.stop - place.start))
    return found


def _joint_compiled(plan: Plan, names: Sequence[str], evidence: Evidence, c: int) -> Table:
    chosen = plan.packed if compiled.fits(plan.packed, evidence.tables) else plan.whole
    table, log = compiled.belief(chosen, c, evidence.likelihood, evidence.tables)
    if log == -math.inf:
        return np.zeros(plan.network.cards(names))
    variables = chosen.packed.tree.cliques[c].variables
    lengths = [len(plan.network.variables[v].states) for v in variables]
    return _shares(plan, names, table.reshape(lengths), variables)


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


def _blocks(plan: Plan, evidence: Evidence) -> list[Evidence]:
    size = max(1, BLOCK_CELLS // plan.cells)
    if evidence.cases <= size:
        return [evidence]
    return [evidence.block(start, start + size) for start in range(0, evidence.cases, size)]


def _collect(plan: Plan, evidence: Evidence, *, prior: _Collected | None, best: bool = False) -> _Collected:
    """The upward pass; cliques that the evidence does not reach are taken from ``prior``. ``best`` maximises."""
    entering = _entering(plan, evidence)
    replaced = {c for c, names in enumerate(plan.families) if any(name in evidence.tables for name in names)}
    dirty = [prior is None or c in entering or c in replaced for c in range(len(plan.shapes))]
    tables: list[Table] = []
    messages: list[Table] = []
    totals: list[NDArray[np.float64]] = []
    logs: list[NDArray[np.float64]] = []
    for c, clique in enumerate(plan.tree.cliques):
        dirty[c] = dirty[c] or any(dirty[child] for child in plan.children[c])
        if prior is not None and not dirty[c]:
            tables.append(prior.tables[c])
            messages.append(prior.messages[c])
            totals.append(prior.totals[c])
            logs.append(prior.logs[c])
            continue
        table = _potential(plan, c, evidence) if c in replaced else plan.potentials[c]
        for vector in entering.get(c, ()):
            table = table * vector
        taken = np.zeros(1)
        for i, child in enumerate(plan.children[c], 1):
            table = table * _facing(plan, messages[child], child, c)
            if i % MANY_CHILDREN == 0:
                largest = _or_one(table.max(axis=tuple(range(1, table.ndim))))
                table, taken = table / _column(largest, table), taken + np.log(largest)
        message = _summed_up(table, clique.residual, best=best)
        total = _summed_up(message, message.ndim - 1, best=best)
        tables.append(table)
        messages.append(message / _column(_or_one(total), message))
        totals.append(total)
        with np.errstate(divide="ignore"):
            logs.append(np.log(total) + taken)
    return _Collected(tuple(tables), tuple(messages), tuple(totals), tuple(logs))


def _entering(plan: Plan, evidence: Evidence) -> dict[int, list[Table]]:
    """Likelihood vectors by the clique they are multiplied into, shaped to broadcast there."""
    entering: dict[int, list[Table]] = {}
    for name, rows in evidence.likelihood.items():
        c = plan.home[name]
        axis = plan.tree.cliques[c].variables.index(plan.network.position[name])
        shape = [1] * len(plan.shapes[c])
        shape[axis] = rows.shape[1]
        entering.setdefault(c, []).append(rows.reshape(len(rows), *shape))
    return entering


def clique_factors(plan: Plan, c: int, evidence: Evidence) -> tuple[dict[str, Table], list[Table]]:
    """What multiplies into a clique, shaped to meet there: conditional tables by variable, and likelihoods."""
    members = plan.tree.cliques[c].variables
    tables = {name: evidence.tables.get(name, plan.network.tables[name][None]) for name in plan.families[c]}
    fitted = {name: _fitted(plan.network, members, name, table) for name, table in tables.items()}
    return fitted, _entering(plan, evidence).get(c, [])


def _potential(plan: Plan, c: int, evidence: Evidence) -> Table:
    """The product of a clique's conditional tables, replaced ones among them."""
    table: Table = np.ones((1, *plan.shapes[c]))
    for name in plan.families[c]:
        rows = evidence.tables.get(name, plan.network.tables[name][None])
        table = table * _fitted(plan.network, plan.tree.cliques[c].variables, name, rows)
    return table


def _facing(plan: Plan, message: Table, child: int, parent: int) -> Table:
    """A message over the child's separator, shaped to broadcast over the parent's table."""
    separator = plan.tree.cliques[child].separator
    lengths = dict(zip(separator, message.shape[1:], strict=True))
    return message.reshape(len(message), *(lengths.get(v, 1) for v in plan.tree.cliques[parent].variables))


def _summed_up(table: Table, residual: int, *, best: bool) -> Table:
    axes = tuple(range(1, residual + 1))
    return np.asarray(table.max(axis=axes) if best else table.sum(axis=axes), dtype=np.float64)


def _or_one(total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Totals to divide by: 1 where the evidence is impossible, so that its tables become zero and never NaN."""
    return np.where(total > 0, total, 1.0)


def _column(values: NDArray[np.float64], table: Table) -> Table:
    return values.reshape(-1, *([1] * (table.ndim - 1)))


def _posterior_block(plan: Plan, evidence: Evidence, names: Sequence[str]) -> Posterior:
    collected = _collect(plan, evidence, prior=plan.prior)
    log = _log_total(collected, evidence.cases)
    beliefs = _distribute(plan, collected, {plan.home[name] for name in names})
    marginals = {name: _marginal(plan, beliefs[plan.home[name]], name, evidence.cases) for name in names}
    possible = np.isfinite(log)
    if not possible.all():
        marginals = {name: np.where(possible[:, None], rows, 0.0) for name, rows in marginals.items()}
    return Posterior.gathered(log, marginals)


def _log_total(collected: _Collected, cases: int) -> NDArray[np.float64]:
    return np.asarray(sum(collected.logs, np.zeros(cases)), dtype=np.float64)


def _distribute(plan: Plan, collected: _Collected, wanted: set[int]) -> dict[int, Table]:
    """The downward pass, root first, to the cliques wanted and those on the way: their tables made posterior."""
    needed: set[int] = set()
    for c in wanted:
        while c >= 0 and c not in needed:
            needed.add(c)
            c = plan.tree.cliques[c].parent
    beliefs: dict[int, Table] = {}
    for c in sorted(needed, reverse=True):
        table, clique = collected.tables[c], plan.tree.cliques[c]
        scale = _column(1.0 / _or_one(collected.totals[c]), table)
        if clique.parent >= 0:
            scale = scale * _ratio(_separator_belief(plan, beliefs[clique.parent], c), collected.messages[c], clique)
        beliefs[c] = table * scale
    return beliefs


def _ratio(above: Table, message: Table, clique: Clique) -> Table:
    """What the parent believes of a separator over what it was told, 0/0 as 0, shaped to meet the clique's table."""
    zeros = np.zeros(np.broadcast_shapes(above.shape, message.shape))
    ratio = np.divide(above, message, out=zeros, where=message > 0)
    return ratio.reshape(len(ratio), *([1] * clique.residual), *ratio.shape[1:])


def _separator_belief(plan: Plan, belief: Table, child: int) -> Table:
    clique = plan.tree.cliques[child]
    separator = set(clique.separator)
    above = plan.tree.cliques[clique.parent].variables
    axes = tuple(i + 1 for i, v in enumerate(above) if v not in separator)
    return np.asarray(belief.sum(axis=axes), dtype=np.float64)


def _marginal(plan: Plan, belief: Table, name: str, cases: int) -> Table:
    variables = plan.tree.cliques[plan.home[name]].variables
    axis = variables.index(plan.network.position[name])
    rows = belief.sum(axis=tuple(i + 1 for i in range(len(variables)) if i != axis))
    total = rows.sum(axis=1, keepdims=True)
    return np.array(np.broadcast_to(rows / _or_one(total), (cases, rows.shape[1])))


def _clique_with(plan: Plan, names: Sequence[str]) -> int | None:
    wanted = {plan.network.position[name] for name in names}
    holding = [c for c, clique in enumerate(plan.tree.cliques) if wanted.issubset(clique.variables)]
    return min(holding, key=lambda c: math.prod(plan.shapes[c]), default=None)


def _joint_in_clique(plan: Plan, names: Sequence[str], evidence: Evidence, c: int) -> Table:
    collected = _collect(plan, evidence, prior=plan.prior)
    if not np.isfinite(_log_total(collected, 1)[0]):
        return np.zeros(plan.network.cards(names))
    return _shares(plan, names, _distribute(plan, collected, {c})[c][0], plan.tree.cliques[c].variables)


def _shares(plan: Plan, names: Sequence[str], belief: Table, variables: Sequence[int]) -> Table:
    """Joint distribution of some variables, in the order named, from a table over ``variables``."""
    places = [variables.index(plan.network.position[name]) for name in names]
    shares = belief.sum(axis=tuple(i for i in range(len(variables)) if i not in places))
    kept = sorted(places)
    shares = shares.transpose([kept.index(place) for place in places])
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _each_combination(plan: Plan, names: Sequence[str], evidence: Evidence) -> Evidence:
    cards = plan.network.cards(names)
    combinations = np.indices(cards).reshape(len(cards), -1)
    cases = combinations.shape[1]
    likelihood = {name: np.repeat(rows, cases, axis=0) for name, rows in evidence.likelihood.items()}
    for name, card, states in zip(names, cards, combinations, strict=True):
        likelihood[name] = np.eye(card)[states] * likelihood.get(name, 1.0)
    return Evidence(cases, likelihood, evidence.tables)


def _most_probable_block(plan: Plan, evidence: Evidence) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    collected = _collect(plan, evidence, prior=None, best=True)
    states = np.zeros((evidence.cases, len(plan.network.names)), dtype=np.int64)
    cases = np.arange(evidence.cases)
    for clique, table in zip(reversed(plan.tree.cliques), reversed(collected.tables), strict=True):
        if not clique.residual:
            continue
        # index arrays apart from each other put their common axis first: shape (cases, *residual)
        full = np.broadcast_to(table, (evidence.cases, *table.shape[1:]))
        index: tuple[Any, ...] = (cases, *([slice(None)] * clique.residual), *(states[:, v] for v in clique.separator))
        given = full[index]
        flat = given.reshape(evidence.cases, -1).argmax(axis=1)
        shape = table.shape[1 : clique.residual + 1]
        for v, found in zip(clique.variables, np.unravel_index(flat, shape), strict=False):
            states[:, v] = found
    return states, _log_total(collected, evidence.cases)
