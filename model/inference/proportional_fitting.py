"""Likelihoods under which variables have the distributions that are assumed for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model.evidence import Assumed, Case, weight_vector
from model.inference import log_evidence, marginals
from model.inference.acceleration import Acceleration
from model.inference.arrays import LEAST_EXACT, Evidence
from model.inference.marginal_fit import marginal_fit
from model.inference.plan import Plan
from model.network import Network, Table
from model.resources.deadline import checkpoint

SWEEPS = 200
"""Of accelerated ones some ten are usual."""

AVERAGE = 32
"""Sweeps a case, over all cases and where Newton's method can take over, after which no more are made."""

STALLED, NEARER = 32, 0.99
"""Sweeps after which a case is given up that has not come nearer, by this factor, to what it assumes: a fit without an
end goes round at a distance that stays, one that is slow comes nearer by more."""

FITTED = 1e-12

MOST_COMBINATIONS = 100_000
"""States of the assumed variables together, times cases, that are asked about where sweeps do not suffice."""

WORK = 4_000_000_000
"""Entries of the tree that asking about them goes through at the most: some 3 s."""

FAINTEST, FAINT = 1e-307, 1e-60
"""A likelihood below the first is no longer a number with all its digits; below the second, of 1 for the largest, few
products of it with probabilities are."""

Wanted = dict[str, tuple[NDArray[np.intp], Table]]
"""By variable: which cases assume a distribution for it, and those distributions, shape (those cases, states)."""


def fit(
    plan: Plan, evidence: Evidence, cases: Sequence[Case], *, start: Mapping[str, Table] | None = None
) -> tuple[Evidence, NDArray[np.bool_]]:
    """Fit every assumption of every case at once, and which cases could be fitted, shape (cases,).

    Iterative proportional fitting (Jeffrey's rule for several variables: Valtorta, Kim & Vomlel 2002), accelerated;
    done when all marginals are within 1e-12 of those assumed. Where these sweeps do not suffice, since variables depend
    on each other almost wholly, by Newton's method on the joint of those assumed, if that can be listed. A case whose
    fit has no end, or whose evidence is impossible, has likelihoods that hold nothing; furthest apart are those that
    fight each other. ``start`` are likelihoods of assumed variables to begin with, each of shape (states,), positive
    where a probability is assumed.
    """
    wanted = _assumed(plan.network, cases)
    fitted = np.ones(len(cases), dtype=np.bool_)
    if not wanted:
        return evidence, fitted
    rows = {name: np.array(found) for name, found in evidence.likelihood.items()}
    for name, first in (start or {}).items():
        which, target = wanted[name]
        rows[name][which] = np.where(target > 0, first, 0.0)
    left = np.arange(len(cases))
    path = Acceleration(len(cases), sum(target.shape[1] for _, target in wanted.values()))
    nearest, since = np.full(len(cases), np.inf), np.zeros(len(cases), dtype=np.int64)
    some, made, unfinished = evidence, 0, left
    for _ in range(SWEEPS):
        checkpoint()
        if made > AVERAGE * len(cases) and _can_be_listed(plan, _together(wanted, unfinished)):
            break
        made += len(left)
        furthest, lost = _swept(plan, some, rows, left, wanted, path)
        fitted[lost] = False
        nearer = furthest < NEARER * nearest[left]
        nearest[left] = np.where(nearer, furthest, nearest[left])
        since[left] = np.where(nearer, 0, since[left] + 1)
        apart = ~(furthest < FITTED)
        fitted[left[apart & (since[left] >= STALLED)]] = False
        unfinished = left[apart & fitted[left]]
        if not len(unfinished):
            break
        if 4 * len(unfinished) < 3 * len(left):
            left, some = unfinished, evidence.picked(unfinished)
    fitted[unfinished] = False
    for names, which in _together(wanted, np.flatnonzero(~fitted)).items():
        if not _can_be_listed(plan, {names: which}):
            continue
        found, fitted[which] = _by_newton(plan, evidence, wanted, names, which)
        for name, fresh in zip(names, found, strict=True):
            rows[name][which] = fresh
    return Evidence(evidence.cases, rows, evidence.tables), fitted


def _swept(
    plan: Plan, some: Evidence, rows: dict[str, Table], left: NDArray[np.intp], wanted: Wanted, path: Acceleration
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Bring each assumed variable of the cases ``left`` to its marginal, one after the other, and then further on.

    ``some`` is the evidence of these cases, ``rows`` the likelihoods of all, which are changed. Returns how far their
    marginals were from those assumed, shape (cases left,), and those that cannot be brought there.
    """
    furthest, lost = np.zeros(len(left)), [np.empty(0, dtype=np.intp)]
    before: list[Table] = []
    after: list[Table] = []
    for name, (which, target) in wanted.items():
        at, of = _both(left, which)
        said = Evidence(len(left), {n: each[left] for n, each in rows.items()}, some.tables)
        wants, old = target[of], rows[name][left[at]]
        now = _log_marginals(plan, said, name, at, wants)
        furthest[at] = np.maximum(furthest[at], np.abs(np.exp(now) - wants).max(axis=1, initial=0.0))
        fresh, gone = _moved(old, wants, now)
        lost.append(left[at[gone]])
        rows[name][left[at]] = fresh
        for kept, likelihoods in ((before, old), (after, fresh)):
            logs = np.zeros((len(left), target.shape[1]))
            logs[at] = np.log(np.where(wants > 0, likelihoods, 1.0))
            kept.append(logs)
    further = path.further(left, np.hstack(before), np.hstack(after), furthest)
    column = 0
    for name, (which, target) in wanted.items():
        at, of = _both(left, which)
        logs = further[at, column : column + target.shape[1]]
        column += target.shape[1]
        held = np.isfinite(logs).all(axis=1)
        rows[name][left[at[held]]] = _likelihoods(logs[held], target[of][held])
    return furthest, np.concatenate(lost)


def _log_marginals(plan: Plan, said: Evidence, name: str, at: NDArray[np.intp], wants: Table) -> Table:
    """Logarithms of the distribution of a variable in the cases ``at``, shape (those cases, states).

    Where a state that is wanted is too faint beside the others for a number, the engine is asked for its logarithm.
    """
    now = marginals(plan, said, (name,))[name][at]
    with np.errstate(divide="ignore"):
        logs = np.asarray(np.log(now))
    faint = np.flatnonzero(((wants > 0) & (now < LEAST_EXACT)).any(axis=1))
    if len(faint):
        states = now.shape[1]
        each = said.picked(np.repeat(at[faint], states))
        alone = each.likelihood[name] * np.tile(np.eye(states), (len(faint), 1))
        told = Evidence(each.cases, {**each.likelihood, name: alone}, each.tables)
        found = log_evidence(plan, told).reshape(-1, states)
        with np.errstate(invalid="ignore"):
            logs[faint] = found - np.logaddexp.reduce(found, axis=1, keepdims=True)
    return logs


def _both(left: NDArray[np.intp], which: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where cases of both lists, each in rising order, stand in the one and in the other."""
    _, at, of = np.intersect1d(left, which, assume_unique=True, return_indices=True)
    return at, of


def _together(wanted: Wanted, left: NDArray[np.intp]) -> dict[tuple[str, ...], NDArray[np.intp]]:
    """Cases that are left, by the variables that they assume a distribution for, where these are several."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for case in left.tolist():
        names = tuple(name for name, (which, _) in wanted.items() if case in which)
        if len(names) > 1:
            groups.setdefault(names, []).append(case)
    return {names: np.array(cases) for names, cases in groups.items()}


def _can_be_listed(plan: Plan, groups: Mapping[tuple[str, ...], NDArray[np.intp]]) -> bool:
    """Whether the engine can be asked about every state of the assumed variables together, in each of these cases."""
    count = sum(math.prod(plan.network.cards(names)) * len(cases) for names, cases in groups.items())
    return count <= min(MOST_COMBINATIONS, WORK // plan.cells)


def _by_newton(
    plan: Plan, evidence: Evidence, wanted: Wanted, names: tuple[str, ...], cases: NDArray[np.intp]
) -> tuple[list[Table], NDArray[np.bool_]]:
    """Likelihoods of some variables in some cases, the largest of each 1, and which cases could be fitted."""
    cards, count = plan.network.cards(names), len(cases)
    size = math.prod(cards)
    combinations = np.indices(cards).reshape(len(cards), -1)
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
        rows.append(_likelihoods(logarithms, target))
        done &= ~((target > 0) & (rows[-1] < FAINTEST)).any(axis=1)
    return rows, done


def _moved(likelihoods: Table, target: Table, now: Table) -> tuple[Table, NDArray[np.bool_]]:
    """Likelihoods (cases, states) brought to a target; and which cannot be brought there, shape (cases,).

    ``now`` are logarithms of what is held under the likelihoods.

    Those have no likelihood for a state that is wanted: they are left as they were.
    """
    wanted = target > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(likelihoods) + np.log(target) - now
    fresh = _likelihoods(np.where(wanted, logs, 0.0), target)
    lost = np.asarray((wanted & ~(fresh >= FAINTEST)).any(axis=1))
    return np.where(lost[:, None], likelihoods, fresh), lost


def _likelihoods(logs: Table, target: Table) -> Table:
    """From their logarithms (cases, states), nil where nothing is wanted; of each case the largest is 1.

    Where the smallest would be below FAINT beside that, 1 lies in the middle between the two: products with
    probabilities as faint are numbers longer.
    """
    wanted = target > 0
    top = np.where(wanted, logs, -np.inf).max(axis=1, keepdims=True)
    low = np.where(wanted, logs, np.inf).min(axis=1, keepdims=True)
    unit = np.where(top - low > -math.log(FAINT), (top + low) / 2, top)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(wanted, np.exp(logs - unit), 0.0)


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
