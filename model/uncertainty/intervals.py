"""Intervals of an answer: what the uncertainty of its numbers leaves open, and what no interval here covers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.evidence import Case
from model.inference import Plan
from model.inference.arrays import AGREE, difference
from model.network import Table, Variable
from model.uncertainty.draws import COUNT, FEWEST, Draws, Sampled, interval, sampled, sampled_each
from model.wording import decimal, quantity

COVERS = "parameter uncertainty"
OMITS = ("structure", "sampling of individuals")

MASS = 0.9
"""What an interval holds unless another share is asked for."""

ROUNDING = 1e-9
"""How far past an end of its interval a number must be, relative to them, to be called outside."""

NAMED = 3
"""Numbers outside their intervals that a warning names; of more it says how many."""

Kind = Literal["p", "shift", "effect"]
KINDS: tuple[Kind, ...] = ("p", "shift")

Reason = Literal["few_draws", "tail", "baseline", "nonlinear"]
"""Why a number of an answer lies outside its interval.

An answer is worked out at the stated numbers, its interval is of draws of them. ``few_draws``: the evidence leaves
so few that they are taken as equally likely. ``tail``: the mean of the draws is outside as well, carried by a few
that are far out. ``baseline``: the evidence says which draws are likely, and most of the gap is how far that moves
the baseline under them. ``nonlinear``: the mean of the draws is another number than the answer, as wherever
a table is no straight line in its numbers (a log odds, a scale that is calibrated), or uses one of them twice.
"""

SAID: dict[Reason, str] = {
    "few_draws": "too few draws count to be weighed",
    "tail": "a few draws far out carry their mean",
    "baseline": "the evidence moves the baseline under the draws",
    "nonlinear": "the answer is no straight line in its numbers, so that the mean of the draws is another",
}


@dataclass(frozen=True, slots=True)
class Outside:
    """A number of an answer that lies outside its own interval.

    ``of`` says which: the probability of the state, its shift, or the effect of what is done. ``value`` is at the
    stated numbers, ``low`` and ``high`` are the ends of its interval, ``mean`` is the weighted mean of the draws that
    the interval is of.
    """

    target: str
    state: str
    of: Kind
    value: float
    low: float
    high: float
    mean: float
    why: Reason

    def __str__(self) -> str:
        """The number and its interval, as a warning has them.

        >>> str(Outside("lung", "yes", "shift", -0.25, -0.1, 0.5, 0.0, "tail"))
        'the shift of lung=yes (-0.2500, not -0.1000 to 0.5000)'
        """
        number = "" if self.of == "p" else f"the {self.of} of "
        ends = f"{decimal(self.low)} to {decimal(self.high)}"
        return f"{number}{self.target}={self.state} ({decimal(self.value)}, not {ends})"


def outside_text(found: Sequence[Outside], named: Sequence[str] = ()) -> str:
    """What to know of numbers that lie outside their intervals, in words; ``named`` is what each is called.

    >>> outside_text([Outside("lung", "yes", "p", 0.25, 0.3, 0.5, 0.4, "nonlinear")])  # doctest: +ELLIPSIS
    '1 number lies outside its range: lung=yes (0.2500, not 0.3000 to 0.5000); answers are at the stated numbers...'
    """
    names = [*(named or map(str, found))]
    listed = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    count = quantity(len(found), "number")
    head = f"{count} lies outside its range" if len(found) == 1 else f"{count} lie outside their ranges"
    why = " or ".join(SAID[reason] for reason in SAID if any(each.why == reason for each in found))
    return f"{head}: {listed}; answers are at the stated numbers, ranges are of draws of them, and {why}"


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Central intervals of every state of every target, end to end as the probabilities are, shape (states,).

    ``low`` and ``high`` are of the probability, ``shift_low`` and ``shift_high`` of its difference from the
    baseline under the same draws; NaN for a target that is too costly to draw. ``effective`` is the smallest
    number of draws that the evidence leaves any target; ``left_out`` draws cannot hold the assumptions, and are none
    of ``draws``. ``outside`` are the probabilities, shifts and effects that lie outside their own interval by more than
    ROUNDING, in the order of the states.
    """

    mass: float
    draws: int
    effective: float
    low: Table
    high: Table
    shift_low: Table
    shift_high: Table
    outside: tuple[Outside, ...] = ()
    left_out: int = 0

    def of_state(self, k: int) -> tuple[float | None, float | None, float | None, float | None]:
        """Low, high, shift's low and high of one state by its place; None where there is no interval."""
        ends = (float(part[k]) for part in (self.low, self.high, self.shift_low, self.shift_high))
        low, high, shift_low, shift_high = (None if math.isnan(end) else end for end in ends)
        return low, high, shift_low, shift_high

    def outside_of(self, target: str, state: str) -> tuple[Outside, ...]:
        """What of one state lies outside its interval."""
        return tuple(each for each in self.outside if (each.target, each.state) == (target, state))

    def reasons(self, target: str, state: str) -> tuple[Reason | None, Reason | None]:
        """Why the probability of one state lies outside its interval, and why its shift does; None where inside."""
        found = {each.of: each.why for each in self.outside_of(target, state)}
        return found.get("p"), found.get("shift")

    @property
    def caution(self) -> str | None:
        """What to know of all of them before relying on any, in a sentence."""
        told = []
        if np.isnan(self.low).any():
            told.append(
                "some targets have no interval: their tables are too large to draw, or too few draws allow "
                "what is given"
            )
        elif self.effective < FEWEST:
            told.append(
                f"the evidence is so unlikely under most draws that only {self.effective:.0f} count; the draws are "
                "taken as equally likely instead"
            )
        if self.left_out:
            told.append(f"{quantity(self.left_out, 'draw')} left out, under which the assumptions cannot be held")
        return "; ".join(told) or None

    @property
    def warning(self) -> str | None:
        """``caution``, and what lies outside its interval and why."""
        return warned(self.caution, self.outside)


def warned(caution: str | None, outside: Sequence[Outside], named: Sequence[str] = ()) -> str | None:
    """A caution and what lies outside its interval, None where there is neither."""
    parts = [part for part in (caution, outside_text(outside, named) if outside else None) if part]
    return "; ".join(parts) or None


def intervals(
    draws: Draws,
    plan: Plan,
    targets: Sequence[str],
    case: Case,
    *,
    mass: float,
    p: Table,
    before: Table,
    against: Sequence[Sampled | None] | None = None,
) -> Intervals:
    """The intervals of the targets in a case that is possible, and which of its numbers lie outside them.

    ``p`` and ``before`` are the targets' probabilities at the stated numbers and those that shifts are measured from,
    end to end, shape (states,). ``against`` are the samples that shifts are measured from, and their draws weigh half
    of each pair then, so that either side seen from the other is its mirror; by default they are those of the baseline,
    and the case alone weighs.
    """
    befores = against or draws.baseline(plan, targets)
    samples = sampled_each(draws, plan, targets, case)
    places = pairwise(accumulate(plan.network.cards(targets), initial=0))
    parts: list[Table] = []
    outside: list[Outside] = []
    for name, (start, end), sample, other in zip(targets, places, samples, befores, strict=True):
        if sample is None or other is None:
            parts.append(np.full((4, end - start), np.nan))
            continue
        pairs = _Pairs(sample, other, even=against is not None)
        parts.append(np.stack(pairs.ends(mass)))
        outside += pairs.outside(plan.network[name], parts[-1], p[start:end], before[start:end])
    return _gathered(mass, samples, np.concatenate(parts, axis=1), outside)


def intervals_alone(draws: Draws, plan: Plan, name: str, case: Case, *, mass: float, p: Table) -> Intervals:
    """The intervals of one variable's states without those of shifts, which are NaN; ``p`` as in ``intervals``."""
    sample, variable = sampled(draws, plan, name, case), plan.network[name]
    if sample is None:
        return no_intervals(mass, len(variable.states))
    ends = np.full((4, len(variable.states)), np.nan)
    ends[:2] = interval(sample.rows, sample.weights, mass)
    return _gathered(mass, [sample], ends, [*_Pairs(sample, sample, even=False).outside(variable, ends, p, p)])


def no_intervals(mass: float, states: int) -> Intervals:
    """Of what is too costly to draw: NaN for each state."""
    return _gathered(mass, [], np.full((4, states), np.nan), [])


def _gathered(mass: float, samples: Sequence[Sampled | None], ends: Table, outside: Sequence[Outside]) -> Intervals:
    ends.setflags(write=False)
    kept = [sample for sample in samples if sample is not None]
    fewest = min((sample.effective for sample in kept), default=float(COUNT))
    left_out = max((sample.left_out for sample in kept), default=0)
    used = min((len(sample.rows) - sample.left_out for sample in kept), default=COUNT)
    low, high, shift_low, shift_high = ends
    return Intervals(mass, used, fewest, low, high, shift_low, shift_high, tuple(outside), left_out)


def between(
    draws: Draws,
    plan: Plan,
    targets: Sequence[str],
    case: Case,
    other: Case,
    *,
    mass: float,
    p: Table,
    before: Table,
) -> tuple[Table, Table, tuple[Outside, ...]]:
    """The ends of the interval of what two cases differ by, both possible, and which differences lie outside them.

    Both cases are asked under the same draws. Numbers are of the states of all targets end to end: ``p`` in the case
    and ``before`` in the other at the stated numbers; the ends are NaN for a target that is too costly to draw.
    """
    against = sampled_each(draws, plan, targets, other)
    found = intervals(draws, plan, targets, case, mass=mass, p=p, before=before, against=against)
    outside = tuple(replace(each, of="effect") for each in found.outside if each.of == "shift")
    return found.shift_low, found.shift_high, outside


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """One target under each draw, and what its shift is measured from under the same draw.

    The draws of a pair weigh what the case gives them, or with ``even`` the mean of that and of what the other gives.
    """

    sample: Sampled
    before: Sampled
    even: bool

    @property
    def shared(self) -> tuple[Table, Table, Table]:
        """The draws that both have: probabilities, those before, weights that sum to 1, 0 where one weighs nothing."""
        count = min(len(self.sample.rows), len(self.before.rows))
        weights, others = (each.weights[:count] / each.weights[:count].sum() for each in (self.sample, self.before))
        pair = (weights + others) / 2 if self.even else weights
        both = np.where((weights > 0) & (others > 0), pair, 0.0)
        counted = both if both.any() else pair
        return self.sample.rows[:count], self.before.rows[:count], counted / counted.sum()

    def ends(self, mass: float) -> tuple[Table, Table, Table, Table]:
        """Low and high of the probability, and of its difference from before under the same draws."""
        rows, before, weights = self.shared
        return (
            *interval(self.sample.rows, self.sample.weights, mass),
            *interval(difference(rows, before), weights, mass),
        )

    def outside(self, variable: Variable, ends: Table, p: Table, before: Table) -> Iterator[Outside]:
        """What lies outside its ends, of shape (4, states): each state's probability, then its shift."""
        values, low, high = np.stack([p, difference(p, before)]), ends[[0, 2]], ends[[1, 3]]
        slack = AGREE * np.maximum(p, before)
        beyond = _beyond(values, low, high, slack)
        if not beyond.any():
            return
        rows, others, weights = self.shared
        means = np.stack([self.sample.weights @ self.sample.rows, weights @ (rows - others)])
        tails = _beyond(means, low, high, slack)
        learnt = weights @ others - self.before.weights @ self.before.rows
        moved = np.abs(learnt) > np.abs(values[1] - means[1] - learnt)
        for k, i in np.argwhere(beyond.T).tolist():
            value, start, end, mean = (float(table[i, k]) for table in (values, low, high, means))
            why = self._why(tail=bool(tails[i, k]), baseline=i == 1 and bool(moved[k]))
            yield Outside(variable.name, variable.states[k], KINDS[i], value, start, end, mean, why)

    def _why(self, *, tail: bool, baseline: bool) -> Reason:
        if self.sample.effective < FEWEST:
            return "few_draws"
        if tail:
            return "tail"
        return "baseline" if baseline else "nonlinear"


def _beyond(values: Table, low: Table, high: Table, slack: Table) -> NDArray[np.bool_]:
    """Which numbers lie outside their intervals by more than rounding; not those that have none."""
    near = slack + ROUNDING * np.maximum(np.abs(values), np.maximum(np.abs(low), np.abs(high)))
    found: NDArray[np.bool_] = (values < low - near) | (values > high + near)
    return found
