"""The kinds of gates: the statements of one variable, with how sure each is.

Each gives the ``table`` that its numbers mean, and can ``draw`` tables with the uncertainty on its own
parameters rather than on the rows they expand to, which would make the answers look too sure.
Axes: parents in the variable's order, then the states. An equivalent sample size (ESS) of ``inf``
marks a number that is certain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, prod, sqrt
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from model.errors import BadNetwork
from model.gates.calibration import calibrated_nominal, calibrated_ordinal
from model.gates.formulas import NATS_PER_DECIBEL, Combine, all_needed, any_cause, nominal, ordinal, ranked
from model.gates.pooling import (
    Experts,
    RowPool,
    Statements,
    StrengthPool,
    check_pools,
    own_races,
    row_drawn,
    rows_drawn,
)
from model.gates.sampling import Indices, latin_hypercube_normals
from model.gates.streams import Stream, numbered
from model.network import SUM_TOLERANCE, Table

Mask = NDArray[np.bool_]

LARGEST_SHIFT = 100.0
"""Influences that add to more than this (natural log odds; 434 dB) count as this, so that no odds overflow."""

BLOCK = 2_000_000
"""Numbers held at once while ranked tables are drawn."""


class Gate(Protocol):
    """The numbers of one variable, as its author stated them."""

    def table(self) -> Table:
        """The table that the stated numbers mean; shape (*parents' states, states), rows sum to 1."""

    def draw(self, stream: Stream, draws: int, experts: Experts | None = None) -> Table:
        """Tables that the stated numbers and their ESS allow; shape (draws, *parents' states, states).

        Each of them has a stream of its own below ``stream``, known by its place among the parents and states: a
        number that changes leaves the draws of the others as they are. ``experts`` gives the clocks by which pooled
        numbers choose their expert (see ``pooling``), so that one set of draws follows the same expert in every
        variable; None makes them for this gate alone.
        """


@dataclass(frozen=True, slots=True, eq=False)
class TableGate:
    """A table written row by row; each row is one parameter, a Dirichlet of its own.

    ``rows`` (*parents' states, states), ``ess`` (*parents' states). ``tied``, of the shape of ``ess``,
    numbers the statements: rows of one number were written as one and are drawn as one (their ESS must
    agree); None draws each row on its own. ``pools`` holds, by its number in ``tied``, each statement that pools
    several experts: its row is the pooled one. ``fallback`` is the number of the row that holds wherever no other does.

    >>> TableGate(np.array([[0.9, 0.1], [0.5, 0.5]]), np.array([30.0, 4.0])).draw(Stream(1), 2).shape
    (2, 2, 2)
    """

    rows: Table
    ess: Table
    tied: Indices | None = None
    pools: Mapping[int, RowPool] = field(default_factory=dict)
    fallback: int | None = None

    def __post_init__(self) -> None:
        _lock(self, "rows", _distributions(self.rows, "rows"))
        _lock(self, "ess", _sizes(self.ess, self.rows.shape[:-1], "ess"))
        if self.tied is not None:
            _lock(self, "tied", _groups(self.tied, self.rows))
        check_pools(self.pools, self.rows, self.tied)

    def table(self) -> Table:
        return self.rows

    def draw(self, stream: Stream, draws: int, experts: Experts | None = None) -> Table:
        statements = Statements(self.rows, self.ess, self.tied, self.pools, self.fallback)
        return rows_drawn(stream, statements, draws=draws, experts=experts or own_races(stream, draws))


@dataclass(frozen=True, slots=True, eq=False)
class AnyCause:
    """Noisy-OR and noisy-MAX with a leak: any one cause can bring the child up, the strongest decides.

    ``leak`` (states,), ``effects[i]`` (states of parent i, states): what that state of the parent does
    alone; the child's lowest state for certain means no effect. ``effect_ess[i]`` (states of parent i,),
    ``inf`` where there is no parameter. ``tied[i]``, of the same shape, numbers the statements about parent i:
    states of one number are drawn as one; empty, each state is drawn on its own. ``leak_pool`` and ``pools[i]``,
    by those numbers, hold the statements that pool several experts.
    """

    leak: Table
    leak_ess: float
    effects: tuple[Table, ...]
    effect_ess: tuple[Table, ...]
    tied: tuple[Indices, ...] = ()
    leak_pool: RowPool | None = None
    pools: tuple[Mapping[int, RowPool], ...] = ()

    def __post_init__(self) -> None:
        _lock(self, "leak", _distributions(self.leak, "leak"))
        _lock_parents(self, "effects", "effect_ess", states=self.leak.size)

    def table(self) -> Table:
        return any_cause(self.leak, self.effects)

    def draw(self, stream: Stream, draws: int, experts: Experts | None = None) -> Table:
        clocks = experts or own_races(stream, draws)
        leak = row_drawn(stream.at("leak"), self.leak, self.leak_ess, draws=draws, pool=self.leak_pool, experts=clocks)
        return any_cause(leak, _parents_drawn(self, stream, self.effects, self.effect_ess, draws, clocks))


@dataclass(frozen=True, slots=True, eq=False)
class AllNeeded:
    """Noisy-AND and noisy-MIN: every parent must allow it, the most limiting decides.

    ``ceiling`` (states,): what happens when every parent allows everything; ``limits[i]`` (states of
    parent i, states): what that state alone allows, the child's highest state for certain meaning everything.
    ``limit_ess``, ``tied``, ``ceiling_pool`` and ``pools`` as in AnyCause.
    """

    ceiling: Table
    ceiling_ess: float
    limits: tuple[Table, ...]
    limit_ess: tuple[Table, ...]
    tied: tuple[Indices, ...] = ()
    ceiling_pool: RowPool | None = None
    pools: tuple[Mapping[int, RowPool], ...] = ()

    def __post_init__(self) -> None:
        _lock(self, "ceiling", _distributions(self.ceiling, "ceiling"))
        _lock_parents(self, "limits", "limit_ess", states=self.ceiling.size)

    def table(self) -> Table:
        return all_needed(self.ceiling, self.limits)

    def draw(self, stream: Stream, draws: int, experts: Experts | None = None) -> Table:
        clocks = experts or own_races(stream, draws)
        own = stream.at("ceiling")
        ceiling = row_drawn(own, self.ceiling, self.ceiling_ess, draws=draws, pool=self.ceiling_pool, experts=clocks)
        return all_needed(ceiling, _parents_drawn(self, stream, self.limits, self.limit_ess, draws, clocks))


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """One parameter of an influences gate: a strength, and how much of it each state of one parent has.

    ``parent`` is the parent's position, ``strength`` decibels on the odds, signed. ``pattern`` is
    (states of the parent,) for an ordinal child, where 1 raises the child by the whole strength and 0 does
    nothing, and (states of the parent, states of the child) for a nominal one, where the strength is put on
    the odds of the states marked 1. As statements of a prior file become parameters:

    - ``{if: [a, b], effect: lowers, strength: s}``: strength -s, pattern 1 at a and b, 0 elsewhere;
    - a slope ``{effect: raises, strength: s, reference: r}`` over n states: strength s, pattern (j - r) / (n - 1);
    - ``{if: a, towards: {x: s, y: t}, away_from: {z: u}}``: three influences, strengths s, t, -u, each with
      pattern 1 at (a, its state).

    ``pool`` holds the strengths that several experts gave, where ``strength`` is their pooled one.
    """

    parent: int
    strength: float
    pattern: Table
    ess: float
    pool: StrengthPool | None = None

    def __post_init__(self) -> None:
        _lock(self, "pattern", np.array(self.pattern, dtype=np.float64))

    @property
    def decibels(self) -> Table:
        """What each state does, in decibels; shape of the pattern."""
        return self.strength * self.pattern

    @property
    def place(self) -> tuple[int, ...]:
        """The parent, and the first of its states (and of the child's) that the influence is about."""
        return (self.parent, *np.argwhere(self.pattern)[:1].ravel().tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Influences:
    """Influences that add on the log odds: proportional odds (ordinal, two states too) or multinomial logit.

    ``base`` (states,) is the row where every influence is nil (``when`` "reference"), or the marginal over
    ``parents_joint`` (``when`` "typical"; the joint has the shape ``cards`` and need not sum to 1, so that
    combinations which `except` rows take away can be given no weight). ``effects`` are the parameters;
    ``base_pool`` is what several experts say of the base.
    """

    scale: Literal["ordinal", "nominal"]
    base: Table
    base_ess: float
    when: Literal["reference", "typical"]
    effects: tuple[Influence, ...]
    cards: tuple[int, ...]
    parents_joint: Table | None = None
    base_pool: RowPool | None = None

    def __post_init__(self) -> None:
        _lock(self, "base", _distributions(self.base, "base"))
        for effect in self.effects:
            wanted = (self.cards[effect.parent],) + ((self.base.size,) if self.scale == "nominal" else ())
            _expect_shape(effect.pattern, wanted, f"pattern of parent {effect.parent}")
        if self.when == "typical":
            _lock(self, "parents_joint", _weights(self.parents_joint, self.cards))

    def table(self) -> Table:
        strengths = np.array([[effect.strength * NATS_PER_DECIBEL for effect in self.effects]])
        table: Table = self.tables(self.base[None], strengths)[0]
        return table

    def draw(self, stream: Stream, draws: int, experts: Experts | None = None) -> Table:
        """Base drawn as a Dirichlet, each strength as a normal of sd 2 / sqrt(ESS) in natural log odds.

        That is the sd of a log odds learnt from ESS cases at p = 1/2.
        """
        clocks = experts or own_races(stream, draws)
        base = row_drawn(stream.at("base"), self.base, self.base_ess, draws=draws, pool=self.base_pool, experts=clocks)
        mean = np.array([effect.strength * NATS_PER_DECIBEL for effect in self.effects])
        spread = np.array([2 / sqrt(effect.ess) for effect in self.effects])
        own = [stream.at(*place, again) for place, again in numbered(effect.place for effect in self.effects)]
        strengths = mean + spread * latin_hypercube_normals(own, draws)[..., 0]
        for position, effect in enumerate(self.effects):
            if effect.pool is not None:
                strengths[:, position] = effect.pool.draw(own[position], draws, clocks) * NATS_PER_DECIBEL
        return self.tables(base, strengths)

    def of_parent(self, parent: int) -> Table:
        """All that one parent does, in decibels; (its states,) or (its states, the child's states)."""
        shape = (self.cards[parent], self.base.size) if self.scale == "nominal" else (self.cards[parent],)
        return sum((effect.decibels for effect in self.effects if effect.parent == parent), np.zeros(shape))

    def reference(self) -> Table:
        """The row where every influence is nil; differs from the base when that is typical."""
        strengths = np.array([[effect.strength * NATS_PER_DECIBEL for effect in self.effects]])
        row: Table = self._at_reference(self.base[None], self._shift(strengths))[0]
        return row

    def alone(self, parent: int, state: int) -> Table:
        """The row where only this state of this parent acts."""
        shift = np.clip(self.of_parent(parent)[state] * NATS_PER_DECIBEL, -LARGEST_SHIFT, LARGEST_SHIFT)
        return (ordinal if self.scale == "ordinal" else nominal)(self.reference(), shift)

    def tables(self, base: Table, strengths: Table) -> Table:
        """Tables of bases (draws, states) with strengths (draws, effects) in natural log odds, calibrated anew."""
        shift = self._shift(strengths)
        expand = ordinal if self.scale == "ordinal" else nominal
        return expand(self._at_reference(base, shift), shift)

    def tables_over(self, joints: Table) -> Table:
        """The tables of a typical gate over other joints of its parents, (joints, *cards): (joints, *cards, states)."""
        if self.scale == "nominal":
            return np.stack([replace(self, parents_joint=joint).table() for joint in joints])
        weights = np.stack([_weights(joint, self.cards) for joint in joints])
        strengths = np.array([[effect.strength * NATS_PER_DECIBEL for effect in self.effects]])
        shift = np.repeat(self._shift(strengths), len(joints), axis=0)
        return ordinal(calibrated_ordinal(np.repeat(self.base[None], len(joints), axis=0), shift, weights), shift)

    def _at_reference(self, base: Table, shift: Table) -> Table:
        if self.when == "reference" or self.parents_joint is None:
            return base
        calibrate = calibrated_ordinal if self.scale == "ordinal" else calibrated_nominal
        return calibrate(base, shift, self.parents_joint)

    def _shift(self, strengths: Table) -> Table:
        """Strengths (draws, effects) laid over the parents' axes: (draws, *cards) or (draws, *cards, states)."""
        states = (self.base.size,) if self.scale == "nominal" else ()
        total = np.zeros((len(strengths), *self.cards, *states))
        for effect, strength in zip(self.effects, strengths.T, strict=True):
            ones = [1] * len(self.cards)
            ones[effect.parent] = self.cards[effect.parent]
            pattern = effect.pattern.reshape(*ones, *states)
            total += strength.reshape(-1, *(1,) * pattern.ndim) * pattern
        return np.clip(total, -LARGEST_SHIFT, LARGEST_SHIFT)


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A truncated normal about a weighted combination of ordered parents.

    ``weights``: one for each parent, in the variable's order; for "mixminmax" two, of the worst and of the
    best parent. ``reversed[i]``: a high state of parent i lowers the child. ``variance`` on the 0 to 1 scale.
    Drawn as log-normals about the stated values: weights with sd 1 / sqrt(ESS), the variance with
    sd sqrt(2 / ESS), the relative error of a variance learnt from ESS cases. ``ess`` None means certain;
    ``weights_ess``, when given, holds one for each weight instead.
    """

    states: int
    combine: Combine
    weights: tuple[float, ...]
    reversed: tuple[bool, ...]
    cards: tuple[int, ...]
    variance: float
    ess: float | None
    weights_ess: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        parents, wanted = len(self.cards), 2 if self.combine == "mixminmax" else len(self.cards)
        for name, values, needed in (("weights", self.weights, wanted), ("directions", self.reversed, parents)):
            if len(values) != needed:
                raise BadNetwork(f"a ranked gate over {parents} parents needs {needed} {name}, not {len(values)}")
        if not (self.variance > 0 and all(weight > 0 for weight in self.weights)):
            raise BadNetwork("the weights and the variance of a ranked gate must be positive")

    def table(self) -> Table:
        table: Table = self.tables(np.array(self.weights)[None], np.array([self.variance]))[0]
        return table

    def draw(self, stream: Stream, draws: int, experts: Experts | None = None) -> Table:
        """As ``table``, with fewer points in each bin beyond two parents, and in blocks to bound the memory."""
        ess = np.inf if self.ess is None else self.ess
        weights_ess = np.array(self.weights_ess or [ess] * len(self.weights))
        own = [stream.at("weight", position) for position in range(len(self.weights))]
        scores = latin_hypercube_normals([*own, stream.at("variance")], draws)[..., 0]
        weights = np.array(self.weights) * np.exp(scores[:, :-1] / np.sqrt(weights_ess))
        variance = self.variance * np.exp(scores[:, -1] * sqrt(2 / ess))
        return self._in_blocks(weights, variance, samples={1: 5, 2: 5, 3: 3}.get(len(self.cards), 2))

    def tables(self, weights: Table, variance: Table) -> Table:
        """Tables of weights (draws, weights) with variances (draws,), as fine as ``table``."""
        return self._in_blocks(weights, variance, samples=5 if len(self.cards) <= 5 else 3)

    def _in_blocks(self, weights: Table, variance: Table, *, samples: int) -> Table:
        block = max(1, BLOCK // (prod(self.cards) * samples ** len(self.cards) * self.states))
        starts = range(0, len(weights), block)
        parts = [self._at_once(weights[s : s + block], variance[s : s + block], samples) for s in starts]
        return np.concatenate(parts)

    def _at_once(self, weights: Table, variance: Table, samples: int) -> Table:
        return ranked(
            weights,
            variance,
            states=self.states,
            combine=self.combine,
            cards=self.cards,
            reverse=self.reversed,
            samples=samples,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A variable that its parents decide for certain; ``outcome`` (*parents' states) holds positions of states."""

    outcome: Indices
    states: int

    def __post_init__(self) -> None:
        outcome = np.array(self.outcome, dtype=np.int64)
        if outcome.size and not (outcome.min() >= 0 and outcome.max() < self.states):
            raise BadNetwork(f"a rule names state {int(outcome.max())}, but there are {self.states}")
        _lock(self, "outcome", outcome)

    def table(self) -> Table:
        return np.eye(self.states)[self.outcome]

    def draw(self, stream: Stream, draws: int, experts: Experts | None = None) -> Table:
        return np.broadcast_to(self.table(), (draws, *self.outcome.shape, self.states))


@dataclass(frozen=True, slots=True, eq=False)
class Pinned:
    """Rows laid over a gate: where ``mask`` (*parents' states) is true, ``rows`` and ``ess`` decide instead.

    ``rows`` (*parents' states, states) and ``ess`` (*parents' states) are read only under the mask; ``tied`` and
    ``pools`` as in TableGate. A gate calibrated to a typical case should give the masked combinations no weight.
    """

    gate: Gate
    mask: Mask
    rows: Table
    ess: Table
    tied: Indices | None = None
    pools: Mapping[int, RowPool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mask = np.array(self.mask, dtype=np.bool_)
        rows = np.where(mask[..., None], self.rows, np.eye(self.rows.shape[-1])[0])
        _lock(self, "mask", mask)
        _lock(self, "rows", _distributions(rows, "rows"))
        _lock(self, "ess", _sizes(np.where(mask, self.ess, np.inf), mask.shape, "ess"))
        if self.tied is not None:
            _lock(self, "tied", _groups(np.where(mask, self.tied, -1), rows))
        check_pools(self.pools, rows, self.tied)

    def table(self) -> Table:
        return np.where(self.mask[..., None], self.rows, self.gate.table())

    def draw(self, stream: Stream, draws: int, experts: Experts | None = None) -> Table:
        clocks = experts or own_races(stream, draws)
        drawn = np.array(self.gate.draw(stream, draws, clocks))
        over, own = Statements(self.rows, self.ess, self.tied, self.pools), stream.at("except")
        drawn[:, self.mask] = rows_drawn(own, over, draws=draws, where=self.mask, experts=clocks)
        return drawn


def _parents_drawn(
    gate: AnyCause | AllNeeded,
    stream: Stream,
    effects: Sequence[Table],
    sizes: Sequence[Table],
    draws: int,
    experts: Experts,
) -> list[Table]:
    """Draws of what the states of each parent do alone; (draws, states of the parent, states) for each."""
    tied: Sequence[Indices | None] = gate.tied or [None] * len(effects)
    pools: Sequence[Mapping[int, RowPool]] = gate.pools or [{}] * len(effects)
    return [
        rows_drawn(stream.at("parent", i), Statements(*stated), draws=draws, experts=experts)
        for i, stated in enumerate(zip(effects, sizes, tied, pools, strict=True))
    ]


def _lock(value: object, name: str, array: NDArray[np.generic]) -> None:
    array.setflags(write=False)
    object.__setattr__(value, name, array)


def _lock_parents(gate: AnyCause | AllNeeded, rows: str, sizes: str, *, states: int) -> None:
    """Check and lock the tables of each parent, and the ESS and ties that go with them."""
    effects = tuple(_distributions(effect, rows) for effect in getattr(gate, rows))
    for effect in effects:
        _expect_shape(effect, (len(effect), states), rows)
    ess = tuple(
        _sizes(size, effect.shape[:-1], sizes) for size, effect in zip(getattr(gate, sizes), effects, strict=True)
    )
    tied = tuple(_groups(group, effect) for group, effect in zip(gate.tied, effects if gate.tied else (), strict=True))
    for pools, effect, group in zip(gate.pools, effects if gate.pools else (), tied if gate.pools else (), strict=True):
        check_pools(pools, effect, group)
    for name, arrays in ((rows, effects), (sizes, ess), ("tied", tied)):
        for array in arrays:
            array.setflags(write=False)
        object.__setattr__(gate, name, arrays)


def _distributions(rows: Table, name: str) -> Table:
    array = np.array(rows, dtype=np.float64)
    if not (array.ndim and np.isfinite(array).all() and (array >= 0).all()):
        raise BadNetwork(f"{name} of a gate must be probabilities, last axis the states")
    off = np.abs(array.sum(axis=-1) - 1).max()
    if off > SUM_TOLERANCE:
        raise BadNetwork(f"{name} of a gate has a row that is {float(off):.3g} off the sum of 1")
    return array


def _sizes(ess: Table, shape: tuple[int, ...], name: str) -> Table:
    array = np.array(ess, dtype=np.float64)
    _expect_shape(array, shape, name)
    if not (array > 0).all():
        raise BadNetwork(f"{name} of a gate must be positive")
    return array


def _groups(tied: Indices, rows: Table) -> Indices:
    """The ties, once it is sure that rows of one number are alike."""
    array = np.array(tied, dtype=np.int64)
    _expect_shape(array, rows.shape[:-1], "tied")
    _, first, group = np.unique(array, return_index=True, return_inverse=True)
    flat = rows.reshape(-1, rows.shape[-1])
    if not np.array_equal(flat[first][group.ravel()], flat):
        raise BadNetwork("tied rows of a gate differ; rows of one number are one statement")
    return array


def _weights(joint: Table | None, shape: tuple[int, ...]) -> Table:
    if joint is None:
        raise BadNetwork("a base that is typical needs the joint of the parents")
    array = np.array(joint, dtype=np.float64)
    _expect_shape(array, shape, "parents_joint")
    total = float(array.sum())
    if not (isfinite(total) and total > 0 and (array >= 0).all()):
        raise BadNetwork("parents_joint of a gate must be weights that are not all zero")
    return array / total


def _expect_shape(array: NDArray[np.generic], shape: tuple[int, ...], name: str) -> None:
    if array.shape != shape:
        raise BadNetwork(f"{name} of a gate has shape {array.shape}, not {shape}")
