"""Likelihoods under which variables have the distributions that are assumed for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.evidence import Assumed, Case, weight_vector
from model.inference import marginals
from model.inference.arrays import Evidence
from model.inference.plan import Plan
from model.network import Network, Table

SWEEPS = 500

FITTED = 1e-12

FAINTEST = 1e-307
"""A likelihood below this, of 1 for the state with the largest, is no longer a number with all its digits."""


def fit(plan: Plan, evidence: Evidence, cases: Sequence[Case]) -> tuple[Evidence, NDArray[np.bool_]]:
    """Fit every assumption of every case at once, and which cases could be fitted, shape (cases,).

    Iterative proportional fitting (Jeffrey's rule for several variables: Valtorta, Kim & Vomlel 2002); done when
    all marginals are within 1e-12 of those assumed. A case whose fit has no end, or whose evidence is impossible,
    has likelihoods of no meaning.
    """
    wanted = _assumed(plan.network, cases)
    fitted = np.ones(len(cases), dtype=np.bool_)
    rows = dict(evidence.likelihood)
    for _ in range(SWEEPS if wanted else 0):
        furthest = np.zeros(len(cases))
        for name, (which, target) in wanted.items():
            now = marginals(plan, Evidence(evidence.cases, rows, evidence.tables), (name,))[name][which]
            furthest[which] = np.maximum(furthest[which], np.abs(now - target).max(axis=1))
            rows[name], lost = _moved(rows[name], which, target, now)
            fitted[lost] = False
        if (furthest[fitted] < FITTED).all():
            break
    if wanted:
        fitted &= furthest < FITTED
    return Evidence(evidence.cases, rows, evidence.tables), fitted


def _moved(rows: Table, which: NDArray[np.intp], target: Table, now: Table) -> tuple[Table, NDArray[np.intp]]:
    """Likelihoods with some cases' brought to a target, the largest of each made 1; and which cannot be brought there.

    Those have no likelihood for a state that is wanted: they are left as they were.
    """
    moved = np.array(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        fresh = rows[which] * np.divide(target, now, out=np.zeros_like(target), where=now > 0)
        fresh /= fresh.max(axis=1, keepdims=True)
    lost = ((target > 0) & ~(fresh >= FAINTEST)).any(axis=1)
    fresh[lost] = rows[which][lost]
    moved[which] = fresh
    return moved, which[lost]


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
