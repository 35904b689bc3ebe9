"""Jeffrey's rule: assumed distributions held by likelihoods that are fitted to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import BadQuestion
from model.evidence import Assumed, Case, weight_vector
from model.inference import Evidence, Plan, marginals
from model.network import Network, Table

SWEEPS = 500

FITTED = 1e-12

FAINTEST = 1e-100
"""A likelihood below this means that the fit runs away: the assumptions contradict each other."""


def assume(plan: Plan, evidence: Evidence, cases: Sequence[Case]) -> Evidence:
    """Fit every assumption at once: the likelihoods under which the marginals are those assumed.

    Iterative proportional fitting (Jeffrey's rule for several variables: Valtorta, Kim & Vomlel 2002);
    done when all marginals are within 1e-12 of those assumed.
    Raises BadQuestion when the assumptions cannot hold together: the fit then has no end.
    """
    wanted = _assumed(plan.network, cases)
    rows = dict(evidence.likelihood)
    for _ in range(SWEEPS if wanted else 0):
        furthest = 0.0
        for name, (which, target) in wanted.items():
            now = marginals(plan, Evidence(evidence.cases, rows, evidence.tables), (name,))[name][which]
            furthest = max(furthest, float(np.abs(now - target).max()))
            rows[name] = _moved(rows[name], which, np.divide(target, now, out=np.zeros_like(target), where=now > 0))
        if furthest < FITTED:
            return Evidence(evidence.cases, rows, evidence.tables)
        if any(0 < float(rows[name][rows[name] > 0].min()) < FAINTEST for name in wanted):
            break
    if not wanted:
        return evidence
    raise BadQuestion(f"the assumptions on {', '.join(wanted)} cannot hold together", where=("evidence",))


def _moved(rows: Table, which: NDArray[np.intp], ratio: Table) -> Table:
    """Likelihoods with some cases' multiplied by a ratio, the largest of each made 1."""
    moved = np.array(rows)
    moved[which] *= ratio
    moved[which] /= np.maximum(moved[which].max(axis=1, keepdims=True), FAINTEST)
    return moved


def _assumed(network: Network, cases: Sequence[Case]) -> dict[str, tuple[NDArray[np.intp], Table]]:
    """By variable: which cases assume a distribution for it, and those distributions, shape (those cases, states)."""
    found: dict[str, tuple[list[int], list[Table]]] = {}
    for i, case in enumerate(cases):
        for name, finding in case.findings.items():
            if isinstance(finding, Assumed):
                which, targets = found.setdefault(name, ([], []))
                which.append(i)
                targets.append(weight_vector(network[name], finding.probabilities, ("evidence", name)))
    return {name: (np.array(which), np.stack(targets)) for name, (which, targets) in found.items()}
