"""The formulas of the gates: arrays in, tables out.

Axes: any number of leading batch axes (draws), then one axis for each parent in the variable's order,
then the states.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Literal

import numpy as np

from model.network import Table

Combine = Literal["mean", "min", "max", "mixminmax"]

NATS_PER_DECIBEL = log(10) / 10
"""Ten decibels multiply the odds by ten."""

LEAST = 1e-200
"""What is possible stays possible: no probability that is drawn or solved for is less than this."""


def any_cause(leak: Table, effects: Sequence[Table]) -> Table:
    """Noisy-MAX: each cause alone, and the leak, brings the child to a state; the highest of them happens.

    Net form (Díez 1993): ``effects[i]`` is what parent i does alone, leak aside. Shapes: ``leak``
    (…, states), ``effects[i]`` (…, states of parent i, states), states low to high; the result
    (…, states of parent 1, …, states). With two states it is the noisy-OR.

    The highest of two is at k when one is at k and the other no higher, or the other at k and the first below: sums of
    products, whose digits do not cancel as those of the differences of P(at most k) do where a state is rare.

    >>> off_on = np.array([[1.0, 0.0], [0.7, 0.3]])
    >>> any_cause(np.array([0.95, 0.05]), [off_on]).round(3)
    array([[0.95 , 0.05 ],
           [0.665, 0.335]])
    """
    batch = leak.ndim - 1
    mass, at_most = _exact_and_at_most(leak)
    for position, effect in enumerate(effects):
        own, own_at_most = (_with_axes(part, batch, position) for part in _exact_and_at_most(effect))
        mass = mass[..., None, :] * own_at_most
        mass[..., 1:] += at_most[..., None, :-1] * own[..., 1:]
        at_most = at_most[..., None, :] * own_at_most
    return mass


def all_needed(ceiling: Table, limits: Sequence[Table]) -> Table:
    """Noisy-MIN: each parent allows up to some state; the lowest of them, and of the ceiling, happens.

    The mirror image of ``any_cause``; the highest state is what a parent that allows everything allows.

    >>> limit = np.array([[0.8, 0.2], [0.0, 1.0]])
    >>> all_needed(np.array([0.1, 0.9]), [limit]).round(3)
    array([[0.82, 0.18],
           [0.1 , 0.9 ]])
    """
    return any_cause(ceiling[..., ::-1], [limit[..., ::-1] for limit in limits])[..., ::-1]


def ordinal(base: Table, shift: Table) -> Table:
    """Proportional odds (McCullagh 1980): a positive shift moves the child towards its higher states.

    P(at most k | shift) = sigmoid(threshold k - shift), thresholds from ``base``: the row at shift 0.
    ``base`` (…, states), ``shift`` (…, *parents' states) in natural log odds; zeros of the base stay zero.
    Written as p(k) e^s / [(C(k) + E(k) e^s) (C(k-1) + E(k-1) e^s)], C = P(at most k), E = 1 - C, which
    loses no digits to cancellation.

    >>> ordinal(np.array([0.5, 0.3, 0.2]), np.log([1.0, 4.0])).round(3)
    array([[0.5, 0.3, 0.2],
           [0.2, 0.3, 0.5]])
    """
    axes = shift.ndim - (base.ndim - 1)
    base, below, above = (_with_axes(part, base.ndim - 1, axes) for part in (base, *tails(base)))
    half = np.exp(shift / 2)[..., None]
    weight = below / half + above * half
    row: Table = base / (weight[..., 1:] * weight[..., :-1])
    return row


def nominal(base: Table, shift: Table) -> Table:
    """Multinomial logit: each state's odds multiplied by its own factors, then all made to sum to 1.

    ``base`` (…, states), ``shift`` (…, *parents' states, states) in natural log odds; zeros stay zero.

    >>> nominal(np.array([0.5, 0.3, 0.15, 0.05]), np.log([[1, 1, 1, 1], [1 / 3, 1, 1, 1]])).round(3)
    array([[0.5  , 0.3  , 0.15 , 0.05 ],
           [0.25 , 0.45 , 0.225, 0.075]])
    """
    base = _with_axes(base, base.ndim - 1, shift.ndim - base.ndim)
    shift = np.where(base > 0, shift, -np.inf)
    mass: Table = base * np.exp(shift - shift.max(axis=-1, keepdims=True))
    row: Table = mass / mass.sum(axis=-1, keepdims=True)
    return row


def ranked(
    weights: Table,
    variance: Table,
    *,
    states: int,
    combine: Combine,
    cards: Sequence[int],
    reverse: Sequence[bool],
    samples: int = 5,
) -> Table:
    """A ranked node (Fenton, Neil & Caballero 2007): a normal about a weighted combination, cut to [0, 1].

    States are equal bins of [0, 1], low to high, of parents and child alike; a row is the average over
    ``samples`` points in each parent's bin: five or more are the mid-points of equal parts, fewer are
    Gauss-Legendre points. ``weights`` (…, parents), or (…, 2) as worst and best for ``mixminmax``;
    ``variance`` (…); the result (…, *cards, states). A parent in ``reverse`` counts from its other end.

    >>> ranked(np.array([3.0, 1.0]), np.array(0.05), states=3, combine="mean", cards=(3, 3),
    ...        reverse=(False, False))[2, 0].round(6)
    array([0.081231, 0.454993, 0.463775])
    """
    points, share = _samples(samples)
    batch = np.ndim(variance)
    levels = [_levels(card, points, flip) for card, flip in zip(cards, reverse, strict=True)]
    middle = _combined(weights, levels, combine)
    table = _truncated_normal(middle, np.sqrt(variance).reshape(np.shape(variance) + (1,) * len(cards)), states)
    table = table.reshape(*table.shape[:batch], *(n for card in cards for n in (card, len(points))), states)
    for position in reversed(range(len(cards))):
        table = np.tensordot(table, share, axes=([batch + 2 * position + 1], [0]))
    return table


def tails(distribution: Table) -> tuple[Table, Table]:
    """P(at most k) and P(above k) for k = -1 … last, each summed from its own end: (…, states + 1)."""
    none = np.zeros((*distribution.shape[:-1], 1))
    below = np.concatenate([none, _cumulative(distribution)], axis=-1)
    above = np.concatenate([none, _cumulative(distribution[..., ::-1])], axis=-1)[..., ::-1]
    return below, above


def _exact_and_at_most(distribution: Table) -> tuple[Table, Table]:
    """P(k) and P(at most k), both over the sum of the row."""
    return distribution / np.cumsum(distribution, axis=-1)[..., -1:], _cumulative(distribution)


def _cumulative(distribution: Table) -> Table:
    """P(at most k): ends at exactly 1, also where the last states are impossible."""
    total = np.cumsum(distribution, axis=-1)
    return total / total[..., -1:]


def _with_axes(array: Table, batch: int, count: int) -> Table:
    """``count`` axes of length 1 after the batch axes."""
    return array.reshape(*array.shape[:batch], *(1,) * count, *array.shape[batch:])


def _samples(count: int) -> tuple[Table, Table]:
    """Points in (0, 1) and their weights: mid-points of equal parts, or Gauss-Legendre below five."""
    if count >= 5:
        return (np.arange(count) + 0.5) / count, np.full(count, 1 / count)
    points, weights = np.polynomial.legendre.leggauss(count)
    return (points + 1) / 2, weights / 2


def _levels(card: int, points: Table, reverse: bool) -> Table:
    """Where the points of each bin lie on [0, 1]: (card * points,), bin by bin."""
    levels = ((np.arange(card)[:, None] + points) / card).ravel()
    return 1 - levels if reverse else levels


def _combined(weights: Table, levels: Sequence[Table], combine: Combine) -> Table:
    """The middle of the child at each point of the parents' grid: (…, *points of each parent)."""
    count = len(levels)
    grid = np.stack(np.meshgrid(*levels, indexing="ij"))
    weight = np.moveaxis(weights, -1, 0)
    weight = weight.reshape(*weight.shape, *(1,) * count)
    grid = grid.reshape(count, *(1,) * (weights.ndim - 1), *grid.shape[1:])
    middle: Table
    match combine:
        case "mean":
            middle = (weight * grid).sum(axis=0) / weight.sum(axis=0)
        case "min":
            middle = _leaning(weight, grid).min(axis=0)
        case "max":
            middle = _leaning(weight, grid).max(axis=0)
        case "mixminmax":
            middle = (weight[0] * grid.min(axis=0) + weight[1] * grid.max(axis=0)) / weight.sum(axis=0)
    return middle


def _leaning(weight: Table, grid: Table) -> Table:
    """The average of all parents with each in turn given its weight and the others one: (parents, …)."""
    leaning: Table = (grid.sum(axis=0) + (weight - 1) * grid) / (weight + len(grid) - 1)
    return leaning


def _truncated_normal(middle: Table, sd: Table, states: int) -> Table:
    """Mass of each of ``states`` equal bins of [0, 1] under a normal cut to it: (…, states).

    Bins on one side of the middle are differences of that side's tail, so no digits are lost. The middle
    lies in [0, 1], hence the mass that the cut keeps is never small.
    """
    from scipy.special import ndtr

    edges = (np.linspace(0, 1, states + 1) - middle[..., None]) / sd[..., None]
    tail = ndtr(-np.abs(edges))
    lower, upper = tail[..., :-1], tail[..., 1:]
    around = (edges[..., :-1] < 0) & (edges[..., 1:] > 0)
    mass = np.where(around, 1 - lower - upper, np.abs(upper - lower))
    return np.asarray(mass / mass.sum(axis=-1, keepdims=True), dtype=np.float64)
