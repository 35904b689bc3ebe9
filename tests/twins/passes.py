"""Twins of the two passes: messages up, beliefs down (Lauritzen & Spiegelhalter 1988), whole answers.

Their kernels are in ``model/inference/junction_tree/packed/collect_kernels.py``,
``model/inference/junction_tree/packed/distribute_kernels.py`` and
``model/inference/junction_tree/packed/marginal_kernels.py``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

import numpy as np

from model.inference.junction_tree.packed.collect_kernels import LEAST
from model.inference.junction_tree.packed.evidence_kernels import CLEAN, REBUILT, TOUCHED
from model.network import Table
from tests.twins.dense import Workspace, over


def rescale(table: Table) -> tuple[Table, float]:
    """A table over its largest entry, and that; as it is where one over that is no number."""
    largest = float(table.max())
    return (table / largest, largest) if largest > 0 and 1 / largest < math.inf else (table, 1.0)


def absorb(work: Workspace, c: int) -> tuple[Table, float]:
    """All that meets in a clique, its children's messages included, and the logarithm to add.

    A touched clique hears what each child says over what it says without evidence; a rebuilt one all that it says.
    """
    tree, rebuilt = work.tree, work.modes[c] == REBUILT
    factors = [work.tables[v] for v in tree.placed(c)] if rebuilt else [tree.conditional(c)]
    factors += [work.likelihoods[v] for v in work.findings[c]]
    factors += [work.heard[j] for j in tree.children(c) if work.modes[j] != CLEAN]
    without = [j for j in tree.children(c) if rebuilt and (work.modes[j] != REBUILT or j in work.relative)]
    factors += [tree.message(j) for j in without]
    return tree.support(c) * math.prod(factors), sum(tree.level(j) for j in without)


def relative(heard: Table, message: Table) -> Table | None:
    """What is said over what is said without evidence (0/0 := 0); None where that was too small to divide by."""
    small = message < LEAST
    return None if (heard[small] > 0).any() else np.divide(heard, message, out=np.zeros_like(heard), where=~small)


def up(work: Workspace, top: int, *, best: bool) -> float:
    """Each clique that is touched sums its own variables out and touches its parent; the logarithm of all totals."""
    tree, log = work.tree, 0.0
    for c in [c for c in tree.cliques if c <= top]:
        if work.modes[c] == CLEAN:
            continue
        table, taken = absorb(work, c)
        message, mode, parent = over(table, tree.separator(c), best=best), work.modes[c], tree.parent(c)
        ratio = relative(message, tree.message(c)) if mode == REBUILT and parent >= 0 else None
        work.relative.discard(c)
        if ratio is not None:
            message, mode, taken = ratio, TOUCHED, taken - tree.level(c)
            work.relative.add(c)
        if parent >= 0:
            work.modes[parent] = max(work.modes[parent], mode)
        if message.sum() == 0:
            return -math.inf
        work.visited[c], work.heard[c] = table, message / message.sum()
        log += taken + math.log(message.sum())
    return log


def start_distribution(work: Workspace, top: int) -> float:
    """The separator's distribution without evidence times what was said of it; the logarithm of the total.

    What was said by a tree that is not rebuilt up to its root is relative to that tree's own total.
    """
    said = 1.0 if work.modes[top] == CLEAN else work.heard[top]
    belief = work.tree.above(top) * said
    total = float(belief.sum())
    work.believed[top] = belief / total if total > 0 else belief
    own = 0.0 if work.modes[top] == REBUILT else work.tree.level(work.tree.cliques[-1])
    return own + math.log(total) if total > 0 else -math.inf


def read(table: Table, variables: Iterable[int]) -> dict[int, Table]:
    """Marginals of a table."""
    return {v: over(table, [v]).ravel() for v in variables}


def asks(work: Workspace, variables: Collection[int]) -> bool:
    """Whether one of the variables is a target."""
    return not work.places.keys().isdisjoint(variables)


def read_shortcut(work: Workspace, c: int, variables: Iterable[int]) -> dict[int, Table]:
    """Marginals of a branch without findings: what is believed of its separator times all the conditionals in it."""
    branch = work.tree.branch(c)
    joint = work.believed[c] * math.prod(work.tree.conditional(j) for j in branch)
    return read(joint, [v for v in variables if work.tree.top(v) in branch])


def turned(heard: Table, believed: Table, message: Table | float = 1.0) -> Table:
    """What is believed of a separator, summing to 1, over what was said of it (0/0 := 0)."""
    said, total = heard * message, believed.sum()
    return np.divide(believed / total if total > 0 else believed, said, out=np.zeros_like(said), where=said > 0)


def wanted(work: Workspace, j: int, read_above: Collection[int], *, everything: bool) -> bool:
    """Whether what is believed of a separator is needed: below it, or for a target read from it."""
    return everything or j in work.needed or asks(work, read_above)


def distribute_clique(work: Workspace, c: int) -> Table:
    """A clique's table with what is believed of its separator in, as yet unscaled."""
    if work.modes[c] == CLEAN:
        return np.asarray(work.tree.conditional(c) * work.believed[c])
    message = work.tree.message(c) if c in work.relative else 1.0
    return np.asarray(work.visited[c] * turned(work.heard[c], work.believed[c], message))


def down(work: Workspace, top: int, variables: Iterable[int]) -> dict[int, Table]:
    """From the clique ``top`` down each takes in what is believed of its separator; marginals, as yet unscaled."""
    tree, tables = work.tree, dict[int, Table]()
    for c in reversed([c for c in tree.cliques if c in tree.branch(top)]):
        if c != top:
            work.believed[c] = over(tables[tree.parent(c)], tree.separator(c))
        tables[c] = distribute_clique(work, c)
    return {v: over(tables[tree.top(v)], [v]).ravel() for v in variables}


def normalise(marginal: Table) -> Table:
    """A marginal over its sum; zeros as they are."""
    total = marginal.sum()
    return np.asarray(marginal / total if total > 0 else marginal)


def joint(work: Workspace) -> Table:
    """P(every variable, evidence): all conditional tables and all likelihoods multiplied."""
    said = [work.likelihoods[v] for found in work.findings for v in found]
    return np.ones(work.tree.cards) * math.prod([*work.tables, *said])


def marginals(work: Workspace, variables: Iterable[int]) -> tuple[dict[int, Table], float]:
    """Each variable's share of the joint, zeros where that is zero, and log P(evidence)."""
    every = joint(work)
    with np.errstate(divide="ignore"):
        return {v: normalise(part) for v, part in read(every, variables).items()}, float(np.log(every.sum()))


def belief(work: Workspace, c: int) -> tuple[Table, float]:
    """A clique's share of the joint, and log P(evidence)."""
    every = joint(work)
    with np.errstate(divide="ignore"):
        return normalise(over(every, work.tree.scope(c))), float(np.log(every.sum()))
