"""How an answer moves with every number of the network: derivatives by all table entries in one pass."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model.errors import BadQuestion
from model.inference import NOTHING, Evidence, Plan, log_evidence
from model.inference.junction_tree.packed import executor as compiled
from model.inference.junction_tree.reference import clique_factors
from model.network import Table


def gradient(plan: Plan, evidence: Evidence = NOTHING) -> dict[str, Table]:
    """d log P(evidence) / d every entry of every conditional table, in one case; shaped as the tables are.

    Each entry is taken as a number of its own: moving one does not move the others of its row (Darwiche 2003).
    An entry of zero has its derivative too.

    >>> from model.inference import compile
    >>> from model.network import Network, Variable
    >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.25, 0.75])})
    >>> gradient(compile(coin), Evidence(1, {"coin": np.array([[1.0, 0.0]])}))["coin"]
    array([4., 0.])

    Raises BadQuestion for evidence that is impossible, or for several cases; NetworkTooLarge where there is no tree.
    """
    return slopes(plan, evidence, _reference(plan, evidence))


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """How P(target state, evidence) and P(evidence) move with every entry of every conditional table.

    Each table is shaped as the network's own (or the one that replaces it); all numbers are over exp(``reference``),
    the P(evidence) of the question, so that long evidence does not underflow.
    """

    of_both: Mapping[str, Table]
    of_evidence: Mapping[str, Table]
    p_both: float
    p_evidence: float
    reference: float

    @property
    def p(self) -> float:
        """P(target state | evidence)."""
        return self.p_both / self.p_evidence


def derivatives(plan: Plan, name: str, state: int, evidence: Evidence = NOTHING) -> Derivatives:
    """Derivatives of the numerator and the denominator of P(name = state | evidence) = P(both) / P(evidence).

    Both probabilities are linear in each entry taken alone (Castillo, Gutiérrez & Hadi 1997), so that these give the
    target as a function of any one entry, and of any row that is scaled to sum to 1 again.

    >>> from model.inference import compile
    >>> from model.network import Network, Variable
    >>> coin = Network([Variable("coin", ("heads", "tails"))], {"coin": np.array([0.25, 0.75])})
    >>> found = derivatives(compile(coin), "coin", 0)
    >>> found.of_both["coin"], found.of_evidence["coin"], found.p
    (array([1., 0.]), array([1., 1.]), 0.25)

    Raises BadQuestion for evidence that is impossible, or for several cases; NetworkTooLarge where there is no tree.
    """
    reference = _reference(plan, evidence)
    point = np.zeros((1, len(plan.network[name].states)))
    point[0, state] = 1.0
    both = {**evidence.likelihood, name: point * evidence.likelihood.get(name, 1.0)}
    of_both = slopes(plan, Evidence(1, both, evidence.tables), reference)
    of_evidence = slopes(plan, evidence, reference)
    table = evidence.tables.get(name, plan.network.tables[name][None])[0]
    p_both, p_evidence = float((of_both[name] * table).sum()), float((of_evidence[name] * table).sum())
    return Derivatives(of_both, of_evidence, p_both, p_evidence, reference)


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
        for child in plan.cliques.children[c]:
            table, log = _product(plan, evidence, heard, c, above=above[c], without=child)
            above[child] = _lowered(_kept(table, members, plan.tree.cliques[child].separator), log)
        for name in plan.cliques.families[c]:
            table, log = _product(plan, evidence, heard, c, above=above[c], without=name)
            family = [plan.network.position[v] for v in (*plan.network[name].parents, name)]
            found[name] = _kept(table, members, family) * math.exp(log - reference)
    return [found[name] for name in plan.network.names]


def slopes(plan: Plan, evidence: Evidence, reference: float) -> dict[str, Table]:
    """d P(evidence) / d every entry of every conditional table, times exp(-``reference``), in one case.

    Raises NetworkTooLarge where there is no tree.
    """
    if plan.too_large:
        raise plan.too_large
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
    table, log = np.ones(plan.cliques.shapes[c]) * above[0], above[1]
    tables, likelihoods = clique_factors(plan.cliques, c, evidence)
    for factor in (*(factor for name, factor in tables.items() if name != without), *likelihoods):
        table = table * factor[0]
    for child in plan.cliques.children[c]:
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
