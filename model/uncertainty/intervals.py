"""Intervals of an answer: what the uncertainty of its numbers leaves open, and what no interval here covers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.evidence import Case
from model.inference import Plan
from model.network import Table
from model.uncertainty.draws import COUNT, FEWEST, Draws, Sampled, interval, sampled
from model.wording import quantity

COVERS = "parameter uncertainty"
OMITS = ("structure", "sampling of individuals")

MASS = 0.9
"""What an interval holds unless another share is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Central intervals of every state of every target, end to end as the probabilities are, shape (states,).

    ``low`` and ``high`` are of the probability, ``shift_low`` and ``shift_high`` of its difference from the
    baseline under the same draws; NaN for a target that is too costly to draw. ``effective`` is the smallest
    number of draws that the evidence leaves any target; ``left_out`` draws cannot hold the assumptions, and are none
    of ``draws``.
    """

    mass: float
    draws: int
    effective: float
    low: Table
    high: Table
    shift_low: Table
    shift_high: Table
    left_out: int = 0

    def of_state(self, k: int) -> tuple[float | None, float | None, float | None, float | None]:
        """Low, high, shift's low and high of one state by its place; None where there is no interval."""
        ends = (float(part[k]) for part in (self.low, self.high, self.shift_low, self.shift_high))
        low, high, shift_low, shift_high = (None if math.isnan(end) else end for end in ends)
        return low, high, shift_low, shift_high

    @property
    def warning(self) -> str | None:
        """What to know before relying on them, in a sentence."""
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
    left_out = max((sample.left_out for sample in kept), default=0)
    used = min((len(sample.rows) - sample.left_out for sample in kept), default=COUNT)
    low, high, shift_low, shift_high = ends
    return Intervals(mass, used, fewest, low, high, shift_low, shift_high, left_out)


def _ends(sample: Sampled, before: Sampled, mass: float) -> tuple[Table, Table, Table, Table]:
    """Low and high of the probability, and of its difference from before under the same draws."""
    count = min(len(sample.rows), len(before.rows))
    shift = sample.rows[:count] - before.rows[:count]
    weights = sample.weights[:count] / sample.weights[:count].sum()
    return (*interval(sample.rows, sample.weights, mass), *interval(shift, weights, mass))
