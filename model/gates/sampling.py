"""Numbers drawn around stated ones, as sure as their equivalent sample size.

Every draw starts from normal scores by Latin hypercube sampling (McKay, Beckman & Conover 1979): each number of a
gate falls once into each of as many equally likely strata as there are draws, so that a thousand draws place the
ends of an interval as well as many thousands of independent ones. Each row and each parameter has a stream of its own,
so that one that is changed, added or taken away leaves the draws of the others as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy  # loads scipy.special, which takes 0.15 s, when something is drawn
from numpy.typing import NDArray

from model.gates.formulas import LEAST
from model.gates.streams import Stream
from model.network import Table

Indices = NDArray[np.int64]

KNOTS = np.linspace(-6.0, 6.0, 33)
"""Normal scores at which the quantiles of a Beta are worked out; between them its log odds are interpolated.

A draw is then off by 1e-4 of its score at the most, a tenth of the finest of a thousand strata. Working quantiles out
is half of the cost of a draw, so that as many as needed is worth as few as do.
"""

NEAR_CERTAIN = 1 - 1e-8
"""A share above this is read from its complement."""


def latin_hypercube_normals(streams: Sequence[Stream], draws: int, count: int = 1) -> Table:
    """Standard normal numbers, ``count`` from each stream, each in every one of ``draws`` equally likely strata once.

    Shape (draws, streams, count). A number does not depend on how many come after it.

    >>> np.sort(latin_hypercube_normals([Stream(1)], 1_000)[:, 0, 0])[[50, 500, 949]].round(2)
    array([-1.64,  0.  ,  1.64])
    """
    chance = np.empty((count, len(streams), draws))
    for position, stream in enumerate(streams):
        rng = stream.generator()
        for numbers in chance[:, position]:
            np.add(rng.permutation(draws), rng.random(draws), out=numbers)
    chance /= draws
    np.clip(chance, LEAST, 1 - 1e-16, out=chance)
    return np.asarray(scipy.special.ndtri(chance, out=chance).T, dtype=np.float64)


def dirichlet(streams: Sequence[Stream], mean: Table, ess: Table, *, draws: int) -> Table:
    """Dirichlet draws of rows (rows, states), each from its own stream: shape (draws, rows, states)."""
    drawn = np.array(np.broadcast_to(mean, (draws, *mean.shape)))
    sure = np.isfinite(ess)
    if sure.any():
        own = [stream for stream, is_drawn in zip(streams, sure, strict=True) if is_drawn]
        drawn[:, sure] = _dirichlet_rows(own, mean[sure], ess[sure], draws)
    return drawn


def _dirichlet_rows(streams: Sequence[Stream], mean: Table, ess: Table, draws: int) -> Table:
    """Rows (rows, states) by breaking a stick: each state takes a Beta share of what those before it left."""
    alpha = ess[:, None] * mean
    after = np.zeros(alpha.shape)
    after[:, :-1] = np.cumsum(alpha[:, :0:-1], axis=1)[:, ::-1]
    scores = latin_hypercube_normals(streams, draws, mean.shape[1] - 1)
    left = np.ones((draws, len(mean)))
    found = np.zeros((draws, *mean.shape))
    for k in range(mean.shape[1]):
        last, broken = (mean[:, k] > 0) & (after[:, k] == 0), (mean[:, k] > 0) & (after[:, k] > 0)
        found[:, last, k] = left[:, last]
        if broken.any():
            odds = _beta_log_odds(scores[:, broken, k], alpha[broken, k], after[broken, k])
            found[:, broken, k] = left[:, broken] * scipy.special.expit(odds)
            left[:, broken] *= scipy.special.expit(-odds)
    return np.where(mean > 0, np.maximum(found, np.minimum(mean, LEAST)), 0.0)


def _beta_log_odds(scores: Table, a: Table, b: Table) -> Table:
    """The log odds at these normal scores (draws, rows) of Betas with parameters ``a`` and ``b`` (rows,).

    Cubic between quantiles worked out at KNOTS: as a function of the score the log odds are nearly straight.
    """
    half = len(KNOTS) // 2
    odds = np.concatenate([_log_odds(a, b, KNOTS[:half]), -_log_odds(b, a, -KNOTS[half:])], axis=1)
    place = np.clip((scores - KNOTS[0]) / (KNOTS[1] - KNOTS[0]), 1, len(KNOTS) - 2 - 1e-9)
    at, row = place.astype(np.int64), np.arange(len(a))
    t = place - at
    before, here, there, beyond = (odds[row, at + step] for step in (-1, 0, 1, 2))
    slope, bend = there - before, 2 * before - 5 * here + 4 * there - beyond
    return np.asarray(here + 0.5 * t * (slope + t * (bend + t * (3 * (here - there) + beyond - before))))


def _log_odds(a: Table, b: Table, scores: Table) -> Table:
    """Log odds at normal scores (scores,), none above 0, of Betas with parameters ``a`` and ``b``: (rows, scores).

    A share so near to 1 that it says nothing of the other is replaced by that of the other.
    """
    a, b = a[:, None], b[:, None]
    # What is stated as rarer than LEAST is drawn as rare as it is stated.
    least, least_other = np.minimum(a / (a + b), LEAST), np.minimum(b / (a + b), LEAST)
    share = np.maximum(scipy.special.betaincinv(a, b, scipy.special.ndtr(scores)), least)
    odds = np.log(share) - np.log1p(-np.minimum(share, NEAR_CERTAIN))
    row, at = np.nonzero(share > NEAR_CERTAIN)
    if len(row):
        other = np.maximum(
            scipy.special.betaincinv(b[row, 0], a[row, 0], scipy.special.ndtr(-scores[at])), least_other[row, 0]
        )
        odds[row, at] = np.log1p(-other) - np.log(other)
    return np.asarray(odds, dtype=np.float64)
