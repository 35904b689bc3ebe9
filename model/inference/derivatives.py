"""How an answer moves with every number of the network: derivatives by all table entries in one pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model.errors import BadQuestion
from model.inference import NOTHING, Evidence, Plan, log_evidence
from model.inference.junction_tree import reference as textbook
from model.inference.junction_tree.packed import executor as compiled
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


def slopes(plan: Plan, evidence: Evidence, reference: float) -> dict[str, Table]:
    """d P(evidence) / d every entry of every conditional table, times exp(-``reference``), in one case.

    Raises NetworkTooLarge where there is no tree.
    """
    if plan.too_large:
        raise plan.too_large
    if plan.numpy_alone:
        return dict(zip(plan.network.names, textbook.gradient(plan.cliques, evidence, reference), strict=True))
    parts = compiled.gradient(plan.whole, evidence.likelihood, evidence.tables, reference)
    return dict(zip(plan.network.names, parts, strict=True))


def _reference(plan: Plan, evidence: Evidence) -> float:
    if evidence.cases != 1:
        raise BadQuestion(f"a gradient is of one case, not of {evidence.cases}")
    log = float(log_evidence(plan, evidence)[0])
    if log == -math.inf:
        raise BadQuestion("the evidence is impossible, so its logarithm has no gradient", where=("evidence",))
    return log
