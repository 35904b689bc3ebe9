"""The tree executor: questions into the packed arrays, answers out of them.

A question costs a few assignments here and one call of a compiled function. Workspaces are kept between
questions and never shared: a thread takes a spare one, or makes one, and gives it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from model.inference.arrays import Explanations
from model.inference.junction_tree.packed import gradient_kernels, marginal_kernels, mpe_kernels
from model.inference.junction_tree.packed.layout import ASKED, FOUND, PER_CLIQUE, SWAPPED, Ints
from model.inference.junction_tree.packed.pack import Packed
from model.network import Network, Table
from model.resources.deadline import STEP, checkpoint

SPARE = 4
"""Workspaces kept for the next questions; more are made while more questions are asked at once."""

NO_ROWS: Table = np.empty((1, 0))
"""Stands for likelihoods that are in the workspace already."""

Likelihood = Mapping[str, Table]


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A packed junction tree with its spare workspaces. ``floats`` are those of ``packed``, or those with maxima.

    ``lossy`` says that some of these were too small to be held, or that products of them may be.
    """

    network: Network
    packed: Packed
    floats: Table
    spare: list[tuple[Table, Ints]] = field(default_factory=list)
    lossy: bool = False
    found_at: int = field(init=False)
    asked_at: int = field(init=False)
    swapped_at: int = field(init=False)

    def __post_init__(self) -> None:
        variables = len(self.network.names)
        lists = PER_CLIQUE * int(self.packed.ints[0])
        object.__setattr__(self, "found_at", lists + FOUND * variables)
        object.__setattr__(self, "asked_at", lists + ASKED * variables)
        object.__setattr__(self, "swapped_at", lists + SWAPPED * variables)

    def take(self) -> tuple[Table, Ints]:
        """A workspace for one question at a time."""
        try:
            return self.spare.pop()
        except IndexError:
            return self.packed.workspace()

    def give_back(self, workspace: tuple[Table, Ints]) -> None:
        """Keep a workspace for the next question."""
        if len(self.spare) < SPARE:
            self.spare.append(workspace)


def fits(tree: Tree, tables: Mapping[str, Table]) -> bool:
    """Whether replaced tables are zero wherever the network's own are, so that entries left out remain zero."""
    return not tree.packed.compressed or not any(
        ((tree.network.tables[name] == 0) & (table != 0)).any() for name, table in tables.items()
    )


def posterior(tree: Tree, cases: int, likelihood: Likelihood, tables: Likelihood, names: Sequence[str] | None) -> Table:
    """Marginals end to end, then log P(evidence): shape (cases, states asked for + 1). ``names`` None asks for all.

    ``likelihood[name]`` has shape (cases, states), ``tables[name]`` (cases or 1, *parents' states, states).
    """
    packed = tree.packed
    workspace = tree.take()
    rows = _find(tree, workspace, cases, likelihood)
    columns, targets = packed.states, -1
    if names is not None:
        columns, targets = _ask(tree, workspace, names), len(names)
    out = np.empty((cases, columns + 1))
    if not tables:
        counts = len(likelihood), 0, targets
        for part in _steps(tree, cases):
            some = rows if rows is NO_ROWS else rows[part]
            marginal_kernels.marginals(packed.ints, tree.floats, *workspace, some, out[part], counts)
    else:
        counts = len(likelihood), len(tables), targets
        for part in _swapped(tree, workspace, cases, tables):
            some = rows if rows is NO_ROWS else rows[part]
            marginal_kernels.marginals(packed.ints, tree.floats, *workspace, some, out[part], counts)
    tree.give_back(workspace)
    out.setflags(write=False)
    return out


def _steps(tree: Tree, cases: int) -> Iterator[slice]:
    """Runs of cases of which each takes a step of work at the most, or is one case."""
    size = max(1, STEP // (2 * max(1, tree.packed.cells)))
    for start in range(0, cases, size):
        if start:
            checkpoint()
        yield slice(start, min(start + size, cases))


def _ask(tree: Tree, workspace: tuple[Table, Ints], names: Sequence[str]) -> int:
    """List the targets in the workspace; returns how many states they have."""
    _, state = workspace
    columns = 0
    for i, name in enumerate(names, tree.asked_at):
        place = tree.packed.places[name]
        state[i] = place.position
        columns += place.marginal.stop - place.marginal.start
    return columns


def belief(tree: Tree, c: int, likelihood: Likelihood, tables: Likelihood) -> tuple[Table, float]:
    """Posterior of one clique in one case, flat, unstored entries in their place, and log P(evidence)."""
    workspace = tree.take()
    _find(tree, workspace, 1, likelihood)
    for _ in _swapped(tree, workspace, 1, tables):
        pass
    support = tree.packed.kept.tables[c]
    stored = np.empty(tree.packed.entries[c])
    counts = len(likelihood), len(tables)
    log = marginal_kernels.belief(tree.packed.ints, tree.floats, *workspace, stored, counts, c)
    tree.give_back(workspace)
    if support is None:
        return stored, float(log)
    table = np.zeros(tree.packed.whole[c])
    table[support] = stored
    return table, float(log)


def most_probable(tree: Tree, cases: int, likelihood: Likelihood, tables: Likelihood) -> Explanations:
    """The most probable state of every variable together in each case."""
    workspace = tree.take()
    rows = _find(tree, workspace, cases, likelihood)
    states = np.empty((cases, len(tree.network.names)), dtype=np.int64)
    logs, ties = np.empty(cases), np.empty(cases, dtype=np.bool_)
    counts = len(likelihood), len(tables)
    ints, floats = tree.packed.ints, tree.floats
    for part in _swapped(tree, workspace, cases, tables):
        some = rows if rows is NO_ROWS else rows[part]
        mpe_kernels.explain(ints, floats, *workspace, some, (states[part], logs[part], ties[part]), counts)
    tree.give_back(workspace)
    return Explanations(states, logs, ties)


def gradient(tree: Tree, likelihood: Likelihood, tables: Likelihood, reference: float) -> list[Table]:
    """d P(evidence) / d each entry of each conditional table, times exp(-``reference``), in the network's order."""
    workspace = tree.take()
    _find(tree, workspace, 1, likelihood)
    for _ in _swapped(tree, workspace, 1, tables):
        pass
    own = [tree.network.tables[name] for name in tree.network.names]
    out = np.empty(sum(table.size for table in own))
    logs = np.empty(2 * len(tree.packed.entries))
    counts = len(likelihood), len(tables)
    gradient_kernels.gradient(tree.packed.ints, tree.floats, *workspace, logs, out, counts, reference)
    tree.give_back(workspace)
    ends = np.cumsum([table.size for table in own])
    return [part.reshape(table.shape) for part, table in zip(np.split(out, ends[:-1]), own, strict=True)]


def _find(tree: Tree, workspace: tuple[Table, Ints], cases: int, likelihood: Likelihood) -> Table:
    """List the findings in the workspace, the likelihoods of a single case too; returns those of several."""
    work, state = workspace
    places = tree.packed.places
    i = tree.found_at
    if cases == 1:
        for name, row in likelihood.items():
            state[i], _, at, _ = places[name]
            work[at] = row
            i += 1
        return NO_ROWS
    for i, name in enumerate(likelihood, tree.found_at):
        state[i] = places[name].position
    if not likelihood:
        return np.empty((cases, 0))
    rows = [np.broadcast_to(row, (cases, row.shape[-1])) for row in likelihood.values()]
    return np.concatenate(rows, axis=1, dtype=np.float64)


def _swapped(tree: Tree, workspace: tuple[Table, Ints], cases: int, tables: Likelihood) -> Iterator[slice]:
    """Runs of cases with the same replaced tables, the workspace holding them in turn."""
    work, state = workspace
    for i, name in enumerate(tables, tree.swapped_at):
        state[i] = tree.packed.places[name].position
    alike = all(len(table) == 1 for table in tables.values())
    for part in _steps(tree, cases) if alike else (slice(i, i + 1) for i in range(cases)):
        if part.start:
            checkpoint()
        for name, table in tables.items():
            own = work[tree.packed.places[name].table].reshape(table.shape[1:])
            own[...] = table[0 if len(table) == 1 else part.start]
        yield part
