"""Weights under which a joint distribution has given marginals: for what proportional fitting is too slow at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.network import Table

STEPS = 1_000
"""Newton steps: far from the end each moves a logarithm by about 1, and 1e-300 is 690 away."""

LONGEST = 30.0
"""The most that one step may move a logarithm."""

FARTHEST = 1_000.0
"""A logarithm beyond which a case is given up: the weight, of 1 for the largest, would be no number any more."""

STIFF, LOOSE = 1e12, 1e-15
"""Damping beyond which a case is given up, and below which there is none."""


def marginal_fit(logs: Table, targets: Sequence[Table], *, close: float) -> tuple[list[Table], NDArray[np.bool_]]:
    """Logarithms of the weights, for each target shape (cases, states), and which cases are fitted, shape (cases,).

    ``logs`` (cases, states of the first variable, …) are those of the joint up to a factor, ``targets`` (cases,
    states) the marginals wanted; done within ``close`` of them. The dual of the closest distribution with these
    marginals, log sum(joint * weights) - sum(targets * log weights), is convex: Newton's method, damped (Marquardt
    1963). Where no distribution has them, or weights would have to be infinite for more than ``close``, it has no end.

    >>> logs, half = np.log([[[0.999, 0.001], [0.001, 0.999]]]), np.array([[0.5, 0.5]])
    >>> (a, b), done = marginal_fit(logs, [half, np.array([[0.499, 0.501]])], close=1e-12)
    >>> joint = np.exp(logs[0] + a[0][:, None] + b[0])
    >>> done, (joint / joint.sum()).sum(axis=0).round(9)
    (array([ True]), array([0.499, 0.501]))
    """
    cards = logs.shape[1:]
    wanted = np.concatenate(targets, axis=1)
    member = np.concatenate([np.eye(k)[which] for k, which in zip(cards, _states(cards), strict=True)], axis=1)
    cells = np.where((wanted == 0) @ member.T > 0, -np.inf, logs.reshape(len(logs), -1))
    free = _free(wanted, cards)
    theta, damping = np.zeros_like(wanted), np.full(len(logs), 1e-3)
    objective, gradient, hessian = _dual(cells, member, wanted, theta)
    for _ in range(STEPS):
        error = np.abs(gradient).max(axis=1)
        left = np.flatnonzero(
            (error >= close) & (damping < STIFF) & np.isfinite(objective) & (np.abs(theta).max(axis=1) < FARTHEST)
        )
        if not len(left):
            break
        step = _step(hessian[left], gradient[left], wanted[left], free[left], damping[left])
        tried = theta[left] + step
        found = _dual(cells[left], member, wanted[left], tried)
        better = (found[0] < objective[left]) | (np.abs(found[1]).max(axis=1) < error[left])
        good = left[better]
        theta[good] = tried[better]
        objective[good], gradient[good], hessian[good] = (part[better] for part in found)
        damping[left] = np.where(better, np.maximum(damping[left] / 10, LOOSE), np.maximum(damping[left], 1e-9) * 10)
    done = np.isfinite(objective) & (np.abs(gradient).max(axis=1) < close)
    return np.split(theta, np.cumsum(cards)[:-1], axis=1), done


def _states(cards: Sequence[int]) -> NDArray[np.int64]:
    """The state of each variable in each cell, shape (variables, cells)."""
    states: NDArray[np.int64] = np.indices(cards).reshape(len(cards), -1)
    return states


def _free(wanted: Table, cards: Sequence[int]) -> NDArray[np.bool_]:
    """Weights that are sought: those of states wanted but for one a variable, since only ratios count."""
    free = wanted > 0
    start = 0
    for card in cards:
        free[np.arange(len(wanted)), start + wanted[:, start : start + card].argmax(axis=1)] = False
        start += card
    return free


def _dual(cells: Table, member: Table, wanted: Table, theta: Table) -> tuple[Table, Table, Table]:
    """The objective (cases,), its gradient (cases, weights) and its second derivatives (cases, weights, weights)."""
    with np.errstate(invalid="ignore", divide="ignore", under="ignore"):
        weighted = cells + theta @ member.T
        top = weighted.max(axis=1, keepdims=True)
        p = np.exp(weighted - top)
        total = p.sum(axis=1, keepdims=True)
        p /= total
        objective = (top + np.log(total))[:, 0] - (wanted * theta).sum(axis=1)
        marginals = p @ member
        second = np.einsum("nc,ci,cj->nij", p, member, member) - marginals[:, :, None] * marginals[:, None, :]
    return objective, np.nan_to_num(marginals - wanted, nan=1.0), np.nan_to_num(second)


def _step(hessian: Table, gradient: Table, wanted: Table, free: NDArray[np.bool_], damping: Table) -> Table:
    """A damped Newton step, in weights scaled by the root of what is wanted of them; zero for those not free."""
    scale = np.where(free, 1 / np.sqrt(np.where(free, wanted, 1.0)), 0.0)
    scaled = hessian * scale[:, :, None] * scale[:, None, :]
    fixed = np.where(free, damping[:, None], 1.0)
    scaled[:, np.arange(scaled.shape[1]), np.arange(scaled.shape[1])] += fixed
    step: Table = -scale * _solved(scaled, scale * gradient)
    longest = np.abs(step).max(axis=1, keepdims=True)
    return np.asarray(step * LONGEST / np.maximum(longest, LONGEST), dtype=np.float64)


def _solved(matrices: Table, right: Table) -> Table:
    """What each symmetric matrix (n, k, k) times it is its right side (n, k); the nearest and least where none is.

    Damping as small as LOOSE is lost to rounding beside weights that move together.
    """
    try:
        return np.asarray(np.linalg.solve(matrices, right[:, :, None])[:, :, 0])
    except np.linalg.LinAlgError:
        return np.asarray((np.linalg.pinv(matrices, hermitian=True) @ right[:, :, None])[:, :, 0])
