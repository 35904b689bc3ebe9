"""Several experts on one number: pooled for the point, kept apart in the draws.

Two pools. A linear one holds that one of the experts is right and nobody knows which: the stated row is the
weighted mean, and each draw follows one expert (Stone 1961). A log one holds that each knows a part: the row is the
weighted geometric mean, and each draw pools a row of every expert (Genest & Zidek 1986).

The expert of a draw is the one whose clock rings first. A clock is exponential and belongs to the sources, so that
rows which pool the same sources follow the same expert in the same draw. Of clocks divided by the weights the
smallest is that of expert i with probability w_i.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.errors import BadNetwork
from model.gates.formulas import NATS_PER_DECIBEL
from model.gates.sampling import Indices, dirichlet
from model.gates.streams import Stream, numbered
from model.network import SUM_TOLERANCE, Table, complements

Mask = NDArray[np.bool_]

Method = Literal["linear", "log"]

Experts = Callable[[tuple[str, ...]], Table]
"""The clock of the expert with these sources, one time for each draw; the same whenever it is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class RowPool:
    """What several experts say of one row.

    ``rows`` (experts, states), ``weights`` (experts,) that sum to 1, ``ess`` (experts,), ``sources`` one tuple of
    names for each expert. In a log pool a state that one expert rules out must be ruled out by all.

    >>> rows = np.array([[0.6, 0.4], [0.7, 0.3], [0.9, 0.1]])
    >>> pool = RowPool("linear", rows, np.full(3, 1 / 3), np.full(3, 20.0), (("a",), ("b",), ("c",)))
    >>> pool.row().round(4), round(pool.size(), 10)
    (array([0.7333, 0.2667]), 7.1052631579)
    """

    method: Method
    rows: Table
    weights: Table
    ess: Table
    sources: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        rows = np.array(self.rows, dtype=np.float64)
        if rows.ndim != 2 or not (np.isfinite(rows).all() and (rows >= 0).all()):
            raise BadNetwork("rows of a pool must be probabilities, axes the experts and the states")
        if np.abs(rows.sum(axis=1) - 1).max() > SUM_TOLERANCE:
            raise BadNetwork("a row of a pool does not sum to 1")
        if self.method == "log" and not ((rows > 0) == (rows[0] > 0)).all():
            raise BadNetwork("a log pool needs experts who rule out the same states")
        _lock(self, "rows", rows)
        _lock_experts(self, len(rows))

    def row(self) -> Table:
        """The pooled row; (states,)."""
        if self.method == "linear":
            mean: Table = self.weights @ self.rows
            return mean
        pooled: Table = _geometric(self.rows[None], self.weights)[0]
        return pooled

    def size(self) -> float:
        """Equivalent sample size of the pool.

        Linear: of the one Dirichlet with the mixture's mean and its sum of variances over the states, so that
        disagreement costs confidence. Log: the sum of the experts' sizes. ``inf`` where all are certain and agree.
        """
        if self.method == "log":
            return float(self.ess.sum())
        mean, variance = self.row(), float((self.within() + self.between()).sum())
        return float((mean * complements(mean)).sum()) / variance - 1 if variance > 0 else inf

    def within(self) -> Table:
        """Variance that the experts' own uncertainty gives each state of the mixture; (states,)."""
        own: Table = self.weights @ (self.rows * complements(self.rows) / (self.ess[:, None] + 1))
        return own

    def between(self) -> Table:
        """Variance that the experts' disagreement gives each state of the mixture; (states,)."""
        apart: Table = self.weights @ (self.rows - self.weights @ self.rows) ** 2
        return apart

    def disagreement(self) -> float:
        """Share of the mixture's variance that lies between the experts: 0 when they agree, 1 when each is sure."""
        return _share(float(self.between().sum()), float(self.within().sum()))

    def draw(self, stream: Stream, draws: int, experts: Experts) -> Table:
        """Rows that the experts and their ESS allow, each expert's from a stream of its sources; (draws, states)."""
        own = [stream.at(name, again) for name, again in numbered(map(_known_by, self.sources))]
        drawn = dirichlet(own, self.rows, self.ess, draws=draws)
        if self.method == "log":
            return _geometric(drawn, self.weights)
        chosen: Table = drawn[np.arange(draws), _first(self.weights, self.sources, experts)]
        return chosen


@dataclass(frozen=True, slots=True, eq=False)
class StrengthPool:
    """What several experts say of one strength, pooled linearly in decibels.

    ``strengths`` (experts,), signed decibels on the odds; ``weights``, ``ess`` and ``sources`` as in RowPool.

    >>> pool = StrengthPool(np.array([3.0, 10.0]), np.array([0.5, 0.5]), np.full(2, 10.0), (("a",), ("b",)))
    >>> pool.mean(), round(pool.size(), 2), round(pool.disagreement(), 2)
    (6.5, 3.81, 0.62)
    """

    strengths: Table
    weights: Table
    ess: Table
    sources: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        _lock(self, "strengths", np.array(self.strengths, dtype=np.float64))
        _lock_experts(self, len(self.strengths))

    def mean(self) -> float:
        """The pooled strength in decibels."""
        return float(self.weights @ self.strengths)

    def size(self) -> float:
        """The sample size whose log odds would vary as much as the mixture's; ``inf`` where nothing varies."""
        variance = self._within() + self._between()
        return 4 / variance if variance > 0 else inf

    def disagreement(self) -> float:
        """Share of the mixture's variance that lies between the experts."""
        return _share(self._between(), self._within())

    def draw(self, stream: Stream, draws: int, experts: Experts) -> Table:
        """Strengths in decibels, each about that of the expert of its draw; (draws,)."""
        expert = _first(self.weights, self.sources, experts)
        spread = 2 / np.sqrt(self.ess) / NATS_PER_DECIBEL
        drawn: Table = self.strengths[expert] + spread[expert] * stream.generator().standard_normal(draws)
        return drawn

    def turned(self) -> StrengthPool:
        """The same strengths with the other sign."""
        return StrengthPool(-self.strengths, self.weights, self.ess, self.sources)

    def _within(self) -> float:
        return float(self.weights @ (4 / self.ess))

    def _between(self) -> float:
        apart = (self.strengths - self.mean()) * NATS_PER_DECIBEL
        return float(self.weights @ apart**2)


@dataclass(frozen=True, slots=True, eq=False)
class Statements:
    """Rows as they were written.

    ``rows`` (*parents' states, states) and ``ess`` (*parents' states); rows of one number in ``tied`` are one
    statement, ``pools`` holds those of several experts. ``fallback`` is the number of the one that holds where no
    other does.
    """

    rows: Table
    ess: Table
    tied: Indices | None = None
    pools: Mapping[int, RowPool] = field(default_factory=dict)
    fallback: int | None = None


def exponential_races(seed: int, draws: int) -> Experts:
    """Clocks that depend on the seed and the sources alone: one set serves every variable of a set of draws.

    The order of the sources does not matter.

    >>> clock = exponential_races(1, 3)
    >>> bool((clock(("B15", "B16")) == clock(("B16", "B15"))).all())
    True
    """

    def clock(sources: tuple[str, ...]) -> Table:
        key = int.from_bytes(hashlib.sha256(_known_by(sources).encode()).digest()[:16])
        return np.random.default_rng([seed, key]).standard_exponential(draws)

    return clock


def _known_by(sources: Sequence[str]) -> str:
    """What an expert is known by: its sources, in whatever order they are written."""
    return "\n".join(sorted(set(sources)))


def own_races(stream: Stream, draws: int) -> Experts:
    """Clocks for one gate drawn by itself."""
    return exponential_races(stream.at("experts").number(), draws)


def row_drawn(stream: Stream, row: Table, ess: float, *, draws: int, pool: RowPool | None, experts: Experts) -> Table:
    """Draws of one row of its own, pooled or not; (draws, states)."""
    if pool is not None:
        return pool.draw(stream, draws, experts)
    return dirichlet([stream], row[None], np.array([ess]), draws=draws)[:, 0]


def rows_drawn(
    stream: Stream, statements: Statements, *, draws: int, where: Mask | None = None, experts: Experts
) -> Table:
    """Draws of rows: of all, shape (draws, *rows, states), or of those in ``where``, (draws, rows in it, states).

    A statement is drawn once for all of its rows, from a stream known by the first of them.
    """
    shape, states = statements.ess.shape, statements.rows.shape[-1]
    chosen = np.ones(shape, dtype=np.bool_) if where is None else where
    flat, cells = np.flatnonzero(chosen), np.argwhere(chosen)
    numbers = flat if statements.tied is None else statements.tied.ravel()[flat]
    each, first, group = np.unique(numbers, return_index=True, return_inverse=True)
    streams = [
        stream.at("others") if number == statements.fallback else stream.at(*cell)
        for number, cell in zip(each.tolist(), cells[first].tolist(), strict=True)
    ]
    mean, ess = statements.rows.reshape(-1, states)[flat[first]], statements.ess.ravel()[flat[first]]
    drawn = dirichlet(streams, mean, ess, draws=draws)
    for position, number in enumerate(each.tolist()):
        if number in statements.pools:
            drawn[:, position] = statements.pools[number].draw(streams[position], draws, experts)
    if statements.tied is not None:
        drawn = drawn[:, group.ravel()]
    return drawn.reshape(draws, *shape, states) if where is None else drawn


def check_pools(pools: Mapping[int, RowPool], rows: Table, tied: Indices | None) -> None:
    """The rows of a pooled statement are those that its pool gives. Raises BadNetwork."""
    for number, pool in pools.items():
        here = tied == number if tied is not None else None
        if here is None or not np.any(here):
            raise BadNetwork(f"a pool of statement {number}, which no row is tied to")
        if np.abs(rows[here] - pool.row()).max() > SUM_TOLERANCE:
            raise BadNetwork(f"the rows of statement {number} are not those of its pool")


def _first(weights: Table, sources: Sequence[tuple[str, ...]], experts: Experts) -> Indices:
    """The expert of each draw; (draws,)."""
    clocks = np.stack([experts(each) for each in sources])
    chosen: Indices = (clocks / weights[:, None]).argmin(axis=0)
    return chosen


def _geometric(rows: Table, weights: Table) -> Table:
    """Weighted geometric means of rows (draws, experts, states), each normalised; (draws, states)."""
    possible = rows[0, 0] > 0
    level = weights @ np.log(np.where(possible, rows, 1.0))
    mass = np.where(possible, np.exp(level - level.max(axis=-1, keepdims=True)), 0.0)
    pooled: Table = mass / mass.sum(axis=-1, keepdims=True)
    return pooled


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part > 0 else 0.0


def _lock_experts(pool: RowPool | StrengthPool, experts: int) -> None:
    """Check and lock the weights and sizes; weights off the sum of 1 by rounding alone are brought to it."""
    weights, ess = (np.array(array, dtype=np.float64) for array in (pool.weights, pool.ess))
    if experts < 2 or not (weights.shape == ess.shape == (experts,) and len(pool.sources) == experts):
        raise BadNetwork("a pool needs two experts at least, each with a weight, a size and sources")
    if not ((weights > 0).all() and (ess > 0).all() and abs(weights.sum() - 1) <= SUM_TOLERANCE):
        raise BadNetwork("weights of a pool must be above 0 and sum to 1, and its sizes be above 0")
    _lock(pool, "weights", weights / weights.sum())
    _lock(pool, "ess", ess)


def _lock(value: object, name: str, array: NDArray[np.generic]) -> None:
    array.setflags(write=False)
    object.__setattr__(value, name, array)
