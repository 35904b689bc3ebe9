"""Fixed points found in fewer steps: what the last steps had in common tells where they lead."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.network import Table

MEMORY = 5
"""Steps that are looked back on."""

RIDGE = 1e-12
"""Beside the squares of the steps: what steps that are nearly alike cannot tell is left alone."""

FARTHEST = 300.0
"""A step that would move a number further than this is not taken."""


class Acceleration:
    """Anderson acceleration of many fixed points side by side (Anderson 1965; Walker & Ni 2011), each held to descend.

    Where the next step, from where it led to, is not nearer than the one before, the fixed point goes back to where
    the map itself led to and begins anew.

    >>> halved, path = np.array([[8.0, 4.0]]), Acceleration(1, 2)
    >>> which = np.arange(1)
    >>> for _ in range(4):
    ...     after = halved * np.array([0.9, 0.5])
    ...     halved = path.further(which, halved, after, np.abs(halved - after).max(axis=1))
    >>> bool(np.abs(halved).max() < 1e-9)
    True
    """

    def __init__(self, cases: int, size: int) -> None:
        self._points = np.zeros((cases, MEMORY + 1, size))
        self._steps = np.zeros((cases, MEMORY + 1, size))
        self._count = np.zeros(cases, dtype=np.int64)
        self._best = np.full(cases, np.inf)
        self._plain = np.zeros((cases, size))

    def further(self, which: NDArray[np.intp], before: Table, after: Table, distance: Table) -> Table:
        """Where to go on from: ``before`` (cases, numbers) are those of the cases ``which``, ``after`` what the map
        made of them, ``distance`` (cases,) how far from the fixed point they were, however it is measured.
        """
        worse = (distance > self._best[which]) & (self._count[which] > 1)
        self._best[which] = np.where(worse, np.inf, distance)
        self._count[which[worse]] = 0
        good = which[~worse]
        points, steps = self._points, self._steps
        points[good] = np.roll(points[good], 1, axis=1)
        steps[good] = np.roll(steps[good], 1, axis=1)
        points[good, 0], steps[good, 0] = before[~worse], (after - before)[~worse]
        self._count[good] = np.minimum(self._count[good] + 1, MEMORY + 1)
        found = np.where(worse[:, None], self._plain[which], after)
        self._plain[good] = after[~worse]
        several = self._count[good] > 1
        found[np.flatnonzero(~worse)[several]] = self._accelerated(good[several])
        return found

    def _accelerated(self, which: NDArray[np.intp]) -> Table:
        points, steps, count = self._points[which], self._steps[which], self._count[which]
        used = np.arange(MEMORY)[None] < count[:, None] - 1
        apart = (steps[:, :1] - steps[:, 1:]) * used[:, :, None]
        walked = (points[:, :1] - points[:, 1:]) * used[:, :, None]
        squares = apart @ apart.transpose(0, 2, 1)
        scale = np.trace(squares, axis1=1, axis2=2)
        diagonal = np.arange(MEMORY)
        squares[:, diagonal, diagonal] += np.where(used, RIDGE * scale[:, None], 1.0)
        squares[scale == 0] = np.eye(MEMORY)
        shares = np.linalg.solve(squares, (apart @ steps[:, 0, :, None]))
        plain = points[:, 0] + steps[:, 0]
        moved = -((walked + apart).transpose(0, 2, 1) @ shares)[:, :, 0]
        taken = np.isfinite(moved).all(axis=1) & (np.abs(moved).max(axis=1, initial=0.0) < FARTHEST)
        return np.where(taken[:, None], plain + np.where(np.isfinite(moved), moved, 0.0), plain)
