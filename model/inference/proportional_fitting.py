"""Likelihoods under which variables have the distributions that are assumed for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.evidence import Assumed, Case, weight_vector
from model.inference import log_evidence, marginals
from model.inference.arrays import Evidence
from model.inference.marginal_fit import marginal_fit
from model.inference.plan import Plan
from model.network import Network, Table

SWEEPS = 500

FITTED = 1e-12

MOST_COMBINATIONS = 100_000
"""States of the assumed variables together, times cases, that are asked about where SWEEPS do not suffice."""

FAINTEST = 1e-307
"""A likelihood below this, of 1 for the state with the largest, is no longer a number with all its digits."""

Wanted = dict[str, tuple[NDArray[np.intp], Table]]
"""By variable: which cases assume a distribution for it, and those distributions, shape (those cases, states)."""


def fit(plan: Plan, evidence: Evidence, cases: Sequence[Case]) -> tuple[Evidence, NDArray[np.bool_]]:
    """Fit every assumption of every case at once, and which cases could be fitted, shape (cases,).

    Iterative proportional fitting (Jeffrey's rule for several variables: Valtorta, Kim & Vomlel 2002); done when
    all marginals are within 1e-12 of those assumed. Where SWEEPS do not suffice, since variables depend on each other
    almost wholly, by Newton's method on the joint of those assumed. A case whose fit has no end, or whose evidence
    is impossible, has likelihoods of no meaning.
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
    for names, some in _together(wanted, ~fitted).items():
        found, fitted[some] = _by_newton(plan, evidence, wanted, names, some)
        for name, fresh in zip(names, found, strict=True):
            rows[name] = np.array(rows[name])
            rows[name][some] = fresh
    return Evidence(evidence.cases, rows, evidence.tables), fitted


def _together(wanted: Wanted, left: NDArray[np.bool_]) -> dict[tuple[str, ...], NDArray[np.intp]]:
    """Cases that are left, by the variables that they assume a distribution for, where these are several."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for case in np.flatnonzero(left).tolist():
        names = tuple(name for name, (which, _) in wanted.items() if case in which)
        if len(names) > 1:
            groups.setdefault(names, []).append(case)
    return {names: np.array(cases) for names, cases in groups.items()}


def _by_newton(
    plan: Plan, evidence: Evidence, wanted: Wanted, names: tuple[str, ...], cases: NDArray[np.intp]
) -> tuple[list[Table], NDArray[np.bool_]]:
    """Likelihoods of some variables in some cases, the largest of each 1, and which cases could be fitted."""
    cards, count = plan.network.cards(names), len(cases)
    combinations = np.indices(cards).reshape(len(cards), -1)
    size = combinations.shape[1]
    none = [evidence.likelihood[name][cases] for name in names]
    if size * count > MOST_COMBINATIONS:
        return none, np.zeros(count, dtype=np.bool_)
    repeated = evidence.picked(np.repeat(cases, size))
    each = {
        name: np.tile(np.eye(card)[states], (count, 1))
        for name, card, states in zip(names, cards, combinations, strict=True)
    }
    told = Evidence(count * size, {**repeated.likelihood, **each}, repeated.tables)
    logs = log_evidence(plan, told).reshape(count, *cards)
    targets = [target[np.searchsorted(which, cases)] for which, target in (wanted[name] for name in names)]
    found, done = marginal_fit(logs, targets, close=FITTED)
    rows = []
    for logarithms, target in zip(found, targets, strict=True):
        logarithms = np.where(target > 0, logarithms, -np.inf)
        rows.append(np.exp(logarithms - logarithms.max(axis=1, keepdims=True)))
        done &= ~((target > 0) & (rows[-1] < FAINTEST)).any(axis=1)
    return rows, done


def _moved(rows: Table, which: NDArray[np.intp], target: Table, now: Table) -> tuple[Table, NDArray[np.intp]]:
    """Likelihoods with some cases' brought to a target, the largest of each made 1; and which cannot be brought there.

    Where the smallest would be too small beside that, 1 lies in the middle between the two. Those that cannot have no
    likelihood for a state that is wanted: they are left as they were.
    """
    moved = np.array(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        fresh = rows[which] * np.divide(target, now, out=np.zeros_like(target), where=now > 0)
        fresh /= _unit(fresh, target)[:, None]
    lost = ((target > 0) & ~(fresh >= FAINTEST)).any(axis=1)
    fresh[lost] = rows[which][lost]
    moved[which] = fresh
    return moved, which[lost]


def _unit(likelihoods: Table, target: Table) -> Table:
    """What to divide each case's likelihoods by, shape (cases,)."""
    largest = likelihoods.max(axis=1)
    smallest = np.where(target > 0, likelihoods, np.inf).min(axis=1)
    apart = (smallest > 0) & (smallest < FAINTEST * largest)
    unit: Table = np.where(apart, np.sqrt(largest) * np.sqrt(np.where(apart, smallest, 1.0)), largest)
    return unit


def _assumed(network: Network, cases: Sequence[Case]) -> Wanted:
    """The distributions that some cases assume."""
    found: dict[str, tuple[list[int], list[Table]]] = {}
    for i, case in enumerate(cases):
        for name, finding in case.findings.items():
            if isinstance(finding, Assumed):
                which, targets = found.setdefault(name, ([], []))
                which.append(i)
                targets.append(weight_vector(network[name], finding.probabilities, ("evidence", name)))
    return {name: (np.array(which), np.stack(targets)) for name, (which, targets) in found.items()}
