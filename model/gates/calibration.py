"""From a typical case to the case where nothing acts: bases solved so that the average is what was stated."""

from __future__ import annotations

import numpy as np

from model.errors import BadNetwork
from model.gates.formulas import LEAST, tails
from model.network import Table

CALIBRATED = 1e-13
"""A calibrated marginal is within this part of the stated one, state by state: a rare state is met as well as any.

Times one and the size of its logarithm, in which it is solved for: the rarer it is, the larger is its last digit."""

LARGEST = 1e300
"""Odds over this count as this: what is below them is as good as impossible, and no float is smaller."""

FAINT = 1e-110
"""The largest influences there are take a base below this to less than LEAST."""

TINIEST = 1e-307
"""The smallest probability that keeps all of its digits."""

NARROW = 1e-3
"""Thresholds closer than this say little of the rare state between them, whose share is solved for by itself."""

LONGEST_STEP = 8.0
"""No log factor moves further than this in one step."""


def calibrated_ordinal(base: Table, shift: Table, joint: Table) -> Table:
    """The row at shift 0 with which ``ordinal`` gives ``base`` on average over the parents' ``joint``.

    Each threshold is solved on its own (monotone, bracketed Newton). Shapes as in ``ordinal``;
    ``joint`` (*parents' states) sums to 1; of several bases, (bases, *parents' states) has a joint for each.

    >>> joint = np.outer([0.7, 0.3], [0.4, 0.6])
    >>> row = calibrated_ordinal(np.array([0.9, 0.1]), np.log([[1, 0.5], [4, 2]]), joint)
    >>> float(np.log(row[1] / row[0]).round(9))
    -2.412978205
    """
    weight, occurs = joint[joint > 0], joint.ravel() > 0
    if base.ndim > 1 and joint.ndim == shift.ndim:
        occurs = joint.reshape(len(joint), -1).sum(axis=0) > 0
        weight = joint.reshape(len(joint), 1, -1)[..., occurs]
    shift = shift.reshape(*base.shape[:-1], -1)[..., occurs]
    below, above = (tail[..., 1:-1] for tail in tails(base))
    with np.errstate(divide="ignore"):
        goal = np.log(below) - np.log(above)
    inner = _thresholds(goal, shift[..., None, :], weight)
    ends = np.full((*inner.shape[:-1], 1), np.inf)
    threshold = np.concatenate([-ends, np.maximum.accumulate(inner, axis=-1), ends], axis=-1)
    lower, upper = threshold[..., :-1], threshold[..., 1:]
    with np.errstate(invalid="ignore"):
        share = _sigmoid(upper) * _sigmoid(-lower) * -np.expm1(lower - upper)
        narrow = (base > 0) & (upper - lower < NARROW)
    if narrow.any():
        share = np.where(narrow, base / _average_rise(threshold, shift, weight), share)
    return _kept_possible(share, base)


def calibrated_nominal(base: Table, shift: Table, joint: Table) -> Table:
    """The row at shift 0 with which ``nominal`` gives ``base`` on average over the parents' ``joint``.

    The log factors of the states minimise a convex cost whose slope is the error of the average: Newton's
    method, each step halved until the cost falls. Shapes as in ``nominal``.

    >>> from model.gates import nominal
    >>> joint, shift = np.array([0.5, 0.5]), np.log([[1, 1, 1], [1, 4, 1]])
    >>> row = calibrated_nominal(np.array([0.5, 0.3, 0.2]), shift, joint)
    >>> (joint @ nominal(row, shift)).round(12)
    array([0.5, 0.3, 0.2])
    """
    weight, occurs = joint[joint > 0], joint.ravel() > 0
    shift = shift.reshape(*base.shape[:-1], -1, base.shape[-1])[..., occurs, :]
    with np.errstate(divide="ignore"):
        level = np.log(base)
    unit = np.where(base > 0, base * (1 - np.where(base > 0, level, 0.0)), 1.0)
    for _ in range(200):
        cost, rows = _cost(level, shift, weight=weight, base=base)
        error = (np.abs(weight @ rows - base) / unit).max()
        if error <= CALIBRATED:
            break
        step = np.clip(_newton_step(rows, weight, base), -LONGEST_STEP, LONGEST_STEP)
        level = _descended(level, step, shift, weight=weight, base=base, cost=cost)
    else:
        raise BadNetwork(
            f"no base gives the stated marginal on average: the nearest is off by {float(error):.1e} of it"
        )
    return _kept_possible(_softmax(level), base)


def _kept_possible(row: Table, base: Table) -> Table:
    """A row whose possible states stay possible: none falls below LEAST, unless influences can take its base there."""
    return np.where(base > 0, np.maximum(row, np.where(base < FAINT, TINIEST, LEAST)), 0.0)


def _average_rise(threshold: Table, shift: Table, weight: Table) -> Table:
    """What ``ordinal`` multiplies each state's share at shift 0 by, on average, with these thresholds: (…, states)."""
    half = np.exp(shift / 2)[..., None]
    spread = _sigmoid(threshold)[..., None, :] / half + _sigmoid(-threshold)[..., None, :] * half
    return _average(np.moveaxis(1 / (spread[..., 1:] * spread[..., :-1]), -2, -1), weight)


def _average(values: Table, weight: Table) -> Table:
    """The weighted mean over the last axis: one weight for each place, (places,), or for each base too."""
    mean: Table = values @ weight if weight.ndim == 1 else (values * weight).sum(axis=-1)
    return mean


def _thresholds(goal: Table, shift: Table, weight: Table) -> Table:
    """Thresholds whose average sigmoid(threshold - shift) has the log odds ``goal``; infinite where that is.

    Newton on the log odds, nearly linear there; where a step leaves the bracket, or the last one did not
    halve the gap, the bracket is halved instead.
    """
    finite = np.isfinite(goal)
    wanted = np.where(finite, goal, 0.0)
    low, high = wanted + shift.min(axis=-1), wanted + shift.max(axis=-1)
    threshold = wanted + _average(shift, weight)
    tolerance = CALIBRATED * (1 + np.abs(wanted))
    odds, gap_before = np.exp(shift), np.full(wanted.shape, np.inf)
    for _ in range(400):
        with np.errstate(over="ignore"):
            above = np.minimum(np.exp(-threshold)[..., None] * odds, LARGEST)
        below = 1 / (1 + above)
        above *= below
        mean_below, mean_above = _average(below, weight), _average(above, weight)
        gap = np.log(mean_below) - np.log(mean_above) - wanted
        solved = np.abs(gap) <= tolerance
        if solved.all():
            break
        low, high = np.where(gap < 0, threshold, low), np.where(gap > 0, threshold, high)
        newton = threshold - gap * mean_below * mean_above / _average(below * above, weight)
        trusted = (newton > low) & (newton < high) & (np.abs(gap) <= gap_before / 2)
        threshold = np.where(solved, threshold, np.where(trusted, newton, (low + high) / 2))
        gap_before = np.abs(gap)
    return np.where(finite, threshold, goal)


def _sigmoid(z: Table) -> Table:
    chance: Table = np.exp(-np.logaddexp(0.0, -z))
    return chance


def _cost(level: Table, shift: Table, *, weight: Table, base: Table) -> tuple[Table, Table]:
    """The convex cost of log factors ``level``, and the rows they give."""
    logs = level[..., None, :] + shift
    most = logs.max(axis=-1, keepdims=True)
    mass = np.exp(logs - most)
    total = mass.sum(axis=-1, keepdims=True)
    spent = (base * np.where(base > 0, level, 0.0)).sum(axis=-1)
    return (most + np.log(total))[..., 0] @ weight - spent, mass / total


def _newton_step(rows: Table, weight: Table, base: Table) -> Table:
    """Newton's step on the log factors, scaled so that rare states do no harm; nil for impossible ones."""
    reached = weight @ rows
    root = np.sqrt(np.where(base > 0, np.maximum(reached, np.minimum(base, LEAST)), 1.0))
    scaled = rows / root[..., None, :]
    together = np.swapaxes(scaled, -1, -2) @ (weight[:, None] * scaled)
    free = np.where(base > 0, root, 0.0)
    system = (1 + 1e-14) * np.eye(base.shape[-1]) - together + free[..., :, None] * free[..., None, :]
    step: Table = np.linalg.solve(system, ((base - reached) / root)[..., None])[..., 0] / root
    return step


def _descended(level: Table, step: Table, shift: Table, *, weight: Table, base: Table, cost: Table) -> Table:
    """Log factors moved along the step, halved wherever it would raise the cost beyond rounding."""
    allowed = cost + 1e-14 * (1 + np.abs(cost))
    for _ in range(60):
        moved = level + step
        worse = _cost(moved, shift, weight=weight, base=base)[0] > allowed
        if not worse.any():
            break
        step = np.where(worse[..., None], step / 2, step)
    return moved


def _softmax(level: Table) -> Table:
    mass: Table = np.exp(level - level.max(axis=-1, keepdims=True))
    row: Table = mass / mass.sum(axis=-1, keepdims=True)
    return row
