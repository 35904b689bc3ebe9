"""Rows drawn around stated probabilities, as sure as their equivalent sample size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.gates.formulas import LEAST
from model.network import Table

Indices = NDArray[np.int64]


def dirichlet(rng: np.random.Generator, mean: Table, ess: Table, *, draws: int, tied: Indices | None = None) -> Table:
    """Dirichlet draws of each row: (draws, *rows, states). Rows of one number in ``tied`` are drawn once."""
    if tied is not None:
        _, first, group = np.unique(tied, return_index=True, return_inverse=True)
        flat = dirichlet(rng, mean.reshape(-1, mean.shape[-1])[first], ess.ravel()[first], draws=draws)
        return flat[:, group.ravel()].reshape(draws, *mean.shape)
    drawn = np.array(np.broadcast_to(mean, (draws, *mean.shape)))
    sure = np.isfinite(ess)
    if sure.any():
        drawn[:, sure] = _dirichlet_rows(rng, mean[sure], ess[sure], draws)
    return drawn


def _dirichlet_rows(rng: np.random.Generator, mean: Table, ess: Table, draws: int) -> Table:
    """Rows (rows, states) drawn as normalised gammas, in logs: gamma(a) = gamma(a + 1) U^(1/a) never underflows."""
    possible = mean > 0
    alpha = np.where(possible, ess[:, None] * mean, 1.0)
    shape = (draws, *mean.shape)
    level = np.log(rng.standard_gamma(alpha + 1, shape)) - rng.standard_exponential(shape) / alpha
    level = np.where(possible, level, -np.inf)
    mass = np.exp(level - level.max(axis=-1, keepdims=True))
    share: Table = mass / mass.sum(axis=-1, keepdims=True)
    return np.where(possible, np.maximum(share, LEAST), 0.0)
