"""How an answer moves with every number of the network: derivatives by all table entries in one pass."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from model import tree as compiled
from model.engine import NOTHING, Evidence, Plan, clique_factors, log_evidence, posterior
from model.errors import BadQuestion
from model.network import Table


def gradient(plan: Plan, evidence: Evidence = NOTHING) -> dict[str, Table]:
    """d log P(evidence) / d every entry of every conditional table, in one case; shaped as the tables are.

    Each entry is taken as a number of its own: moving one does not move the others of its row (Darwiche 2003).
    An entry of zero has its derivative too.

    >>> from model.engine import compile
    >>> from model.network import Network, Variable
    >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.25, 0.75])})
    >>> gradient(compile(coin), Evidence(1, {"coin": np.array([[1.0, 0.0]])}))["coin"]
    array([4., 0.])

    Raises BadQuestion for evidence that is impossible, or for several cases.
    """
    return _derivatives(plan, evidence, _reference(plan, evidence))


def target_gradient(plan: Plan, name: str, state: int, evidence: Evidence = NOTHING) -> dict[str, Table]:
    """d P(name = state | evidence) / d every entry of every conditional table, in one case; shaped as the tables are.

    >>> from model.engine import compile
    >>> from model.network import Network, Variable
    >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.25, 0.75])})
    >>> target_gradient(compile(coin), "coin", 0)["coin"]
    array([ 0.75, -0.25])

    Raises BadQuestion for evidence that is impossible, or for several cases.
    """
    reference = _reference(plan, evidence)
    of_evidence = _derivatives(plan, evidence, reference)
    point = np.zeros((1, len(plan.network[name].states)))
    point[0, state] = 1.0
    both = {**evidence.likelihood, name: point * evidence.likelihood.get(name, 1.0)}
    of_both = _derivatives(plan, Evidence(1, both, evidence.tables), reference)
    p = float(posterior(plan, evidence, (name,)).of(name)[0, state])
    return {n: of_both[n] - p * of_evidence[n] for n in plan.network.names}


def derivatives_numpy(plan: Plan, evidence: Evidence, reference: float) -> list[Table]:
    """Numpy twin of the compiled kernel: d P(evidence) / d each entry, times exp(-``reference``), in file order."""
    count = len(plan.tree.cliques)
    heard: list[tuple[Table, float]] = []
    for c in range(count):
        table, log = _product(plan, evidence, heard, c)
        heard.append(_lowered(table.sum(axis=tuple(range(plan.tree.cliques[c].residual))), log))
    above: list[tuple[Table, float]] = [(np.ones(()), 0.0)] * count
    found: dict[str, Table] = {}
    for c in reversed(range(count)):
        members = plan.tree.cliques[c].variables
        for child in plan.children[c]:
            table, log = _product(plan, evidence, heard, c, above=above[c], without=child)
            above[child] = _lowered(_kept(table, members, plan.tree.cliques[child].separator), log)
        for name in plan.families[c]:
            table, log = _product(plan, evidence, heard, c, above=above[c], without=name)
            family = [plan.network.position[v] for v in (*plan.network[name].parents, name)]
            found[name] = _kept(table, members, family) * math.exp(log - reference)
    return [found[name] for name in plan.network.names]


def _derivatives(plan: Plan, evidence: Evidence, reference: float) -> dict[str, Table]:
    if compiled.kernels is None:
        parts = derivatives_numpy(plan, evidence, reference)
    else:
        parts = compiled.gradient(plan.whole, evidence.likelihood, evidence.tables, reference)
    return dict(zip(plan.network.names, parts, strict=True))


def _reference(plan: Plan, evidence: Evidence) -> float:
    if evidence.cases != 1:
        raise BadQuestion(f"a gradient is of one case, not of {evidence.cases}")
    log = float(log_evidence(plan, evidence)[0])
    if log == -math.inf:
        raise BadQuestion("the evidence is impossible, so its logarithm has no gradient", where=("evidence",))
    return log


def _product(
    plan: Plan,
    evidence: Evidence,
    heard: Sequence[tuple[Table, float]],
    c: int,
    *,
    above: tuple[Table, float] = (np.ones(()), 0.0),
    without: str | int | None = None,
) -> tuple[Table, float]:
    """All that meets in a clique but one table or one child's message, and the logarithm taken out of it."""
    table, log = np.ones(plan.shapes[c]) * above[0], above[1]
    tables, likelihoods = clique_factors(plan, c, evidence)
    for factor in (*(factor for name, factor in tables.items() if name != without), *likelihoods):
        table = table * factor[0]
    for child in plan.children[c]:
        if child != without:
            message, taken = heard[child]
            separator = dict(zip(plan.tree.cliques[child].separator, message.shape, strict=True))
            shaped = message.reshape([separator.get(v, 1) for v in plan.tree.cliques[c].variables])
            table, log = _lowered(table * shaped, log + taken)
    return table, log


def _lowered(table: Table, log: float) -> tuple[Table, float]:
    largest = float(table.max())
    return (table / largest, log + math.log(largest)) if largest > 0 else (table, log)


def _kept(table: Table, members: Sequence[int], wanted: Sequence[int]) -> Table:
    """A clique's table summed down to some of its variables, axes in the order wanted."""
    left = [v for v in members if v in wanted]
    summed = table.sum(axis=tuple(i for i, v in enumerate(members) if v not in wanted))
    return np.asarray(summed.transpose([left.index(v) for v in wanted]), dtype=np.float64)
