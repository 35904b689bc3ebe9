"""Intervals of an answer: what the uncertainty of its numbers leaves open, and what no interval here covers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.evidence import Case
from model.inference import Plan
from model.network import Table, difference
from model.uncertainty.draws import COUNT, FEWEST, Draws, Sampled, interval, sampled

COVERS = "parameter uncertainty"
OMITS = ("structure", "sampling of individuals")

MASS = 0.9
"""What an interval holds unless another share is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Central intervals of every state of every target, end to end as the probabilities are, shape (states,).

    ``low`` and ``high`` are of the probability, ``shift_low`` and ``shift_high`` of its difference from the
    baseline under the same draws; NaN for a target that is too costly to draw. ``effective`` is the smallest
    number of draws that the evidence leaves any target.
    """

    mass: float
    draws: int
    effective: float
    low: Table
    high: Table
    shift_low: Table
    shift_high: Table

    def of_state(self, k: int) -> tuple[float | None, float | None, float | None, float | None]:
        """Low, high, shift's low and high of one state by its place; None where there is no interval."""
        ends = (float(part[k]) for part in (self.low, self.high, self.shift_low, self.shift_high))
        low, high, shift_low, shift_high = (None if math.isnan(end) else end for end in ends)
        return low, high, shift_low, shift_high

    @property
    def warning(self) -> str | None:
        """What to know before relying on them, in a sentence."""
        if np.isnan(self.low).any():
            return "some targets have no interval: their tables are too large to draw, or no draw allows the evidence"
        if self.effective < FEWEST:
            return (
                f"the evidence is so unlikely under most draws that only {self.effective:.0f} count; the draws are "
                "taken as equally likely instead"
            )
        return None


def intervals(
    draws: Draws,
    plan: Plan,
    targets: Sequence[str],
    case: Case,
    *,
    mass: float,
    against: Sequence[Sampled | None] | None = None,
) -> Intervals:
    """The intervals of the targets in a case that is possible.

    ``against`` are the targets' samples that shifts are measured from; by default those without evidence.
    """
    befores = against or [draws.baseline(plan, name) for name in targets]
    samples = [sampled(draws, plan, name, case) for name in targets]
    parts = [
        np.full((4, len(plan.network[name].states)), np.nan)
        if sample is None or before is None
        else np.stack(_ends(sample, before, mass))
        for name, sample, before in zip(targets, samples, befores, strict=True)
    ]
    ends = np.concatenate(parts, axis=1)
    ends.setflags(write=False)
    kept = [sample for sample in samples if sample is not None]
    fewest = min((sample.effective for sample in kept), default=float(COUNT))
    return Intervals(mass, min((len(sample.rows) for sample in kept), default=COUNT), fewest, *ends)


def between(
    draws: Draws, plan: Plan, targets: Sequence[str], case: Case, before: Case, *, mass: float
) -> tuple[Table, Table]:
    """The ends of the interval of what two cases differ by, both possible: states of all targets end to end.

    Both are asked under the same draws. NaN for a target that is too costly to draw.
    """
    parts = [
        np.full((2, len(plan.network[name].states)), np.nan)
        if sample is None or other is None
        else np.stack(_ends(sample, other, mass)[2:])
        for name in targets
        for sample, other in [(sampled(draws, plan, name, case), sampled(draws, plan, name, before))]
    ]
    low, high = np.concatenate(parts, axis=1)
    return low, high


def _ends(sample: Sampled, before: Sampled, mass: float) -> tuple[Table, Table, Table, Table]:
    """Low and high of the probability, and of its difference from before under the same draws."""
    count = min(len(sample.rows), len(before.rows))
    shift = difference(sample.rows[:count], before.rows[:count])
    weights = sample.weights[:count] / sample.weights[:count].sum()
    return (*interval(sample.rows, sample.weights, mass), *interval(shift, weights, mass))
