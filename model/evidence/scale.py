"""Measured scales: states that are intervals of a number, and what a distribution over them says of that number."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from model.errors import BadQuestion, NotACutPoint, Place
from model.network import Table


@dataclass(frozen=True, slots=True)
class Scale:
    """What the states of a variable measure.

    State i is the number from ``bounds[i]`` up to, not including, ``bounds[i + 1]``, in ``unit``; the first bound may
    be minus infinity and the last infinity. ``series`` says what is counted, by whom and when.

    >>> fighters = Scale("fighters", (0.0, 1000.0, 5000.0, math.inf), "fighters in the theatre, by estimate")
    >>> fighters.within(1000.0, None), fighters.in_words(2)
    (range(1, 3), '5,000 fighters or more')
    """

    unit: str
    bounds: tuple[float, ...]
    series: str

    @property
    def cut_points(self) -> tuple[float, ...]:
        """Where one state ends and the next begins."""
        return self.bounds[1:-1]

    @property
    def is_closed(self) -> bool:
        """Whether both ends are stated, so that the number has an expectation."""
        return math.isfinite(self.bounds[0]) and math.isfinite(self.bounds[-1])

    def within(self, low: float | None, high: float | None, *, where: Place = ()) -> range:
        """Positions of the states from ``low`` up to ``high``; None leaves that side open.

        Raises NotACutPoint where no state begins at ``low`` or none ends at ``high``, BadQuestion where nothing lies
        between. Both ends named, the outermost bounds may be among them; one of them alone would say nothing.
        """
        both = low is not None and high is not None
        first, last = 0, len(self.bounds) - 1
        if low is not None:
            first = self._position(low, self.bounds[:-1], both, where)
        if high is not None:
            last = self._position(high, self.bounds[1:], both, where) + 1
        if first >= last:
            raise BadQuestion(f"nothing lies from {low or 0:,.10g} up to {high or 0:,.10g} {self.unit}", where=where)
        return range(first, last)

    def in_words(self, state: int) -> str:
        """The interval of a state as people say it."""
        return self._said(state, f" {self.unit}")

    def interval(self, state: int) -> str:
        """The same without the unit, for where that is said once.

        >>> Scale("fighters", (0.0, 1000.0, math.inf), "").interval(1)
        '1,000 or more'
        """
        return self._said(state, "")

    def _said(self, state: int, unit: str) -> str:
        low, high = self.bounds[state : state + 2]
        if math.isinf(high):
            return f"{low:,.10g}{unit} or more"
        return f"under {high:,.10g}{unit}" if math.isinf(low) else f"{low:,.10g} to {high:,.10g}{unit}"

    def mean(self, p: Table) -> float:
        """Expectation of the number where it is spread evenly within each state; ``p`` has shape (states,).

        >>> import numpy as np
        >>> Scale("%", (0.0, 10.0, 30.0), "").mean(np.array([0.5, 0.5]))
        12.5

        Raises BadQuestion where an end is open: its states then say nothing about how far the number reaches.
        """
        middles = [(low + high) / 2 for low, high in pairwise(self._closed())]
        return math.fsum(share * middle for share, middle in zip(p.tolist(), middles, strict=True))

    def quantiles(self, p: Table, shares: Sequence[float]) -> tuple[float, ...]:
        """Numbers below which these shares of the probability lie, spread evenly within each state.

        >>> import numpy as np
        >>> Scale("%", (0.0, 10.0, 30.0), "").quantiles(np.array([0.5, 0.5]), (0.25, 0.75))
        (5.0, 20.0)

        Raises BadQuestion where an end is open.
        """
        ends, below = self._closed(), list(accumulate(p.tolist(), initial=0.0))
        return tuple(_crossing(ends, below, share * below[-1]) for share in shares)

    def _closed(self) -> tuple[float, ...]:
        if not self.is_closed:
            raise BadQuestion(f"the scale in {self.unit} has an open end, so the number has no expectation")
        return self.bounds

    def _position(self, number: float, ends: Sequence[float], both: bool, where: Place) -> int:
        """Where a number stands among the ends of states on one side; else what can be used is named."""
        if number not in ends:
            usable = [end for end in ends if math.isfinite(end)] if both else self.cut_points
            raise NotACutPoint(number, usable, unit=self.unit, where=where)
        return ends.index(number)


def _crossing(ends: Sequence[float], below: Sequence[float], share: float) -> float:
    """Where the probability below a number reaches a share, within the state that has it.

    ``below[i]`` is the probability below ``ends[i]``. A state without any is passed over.
    """
    i = max(bisect_left(below, share), bisect_right(below, 0.0))
    return ends[i - 1] + (share - below[i - 1]) / (below[i] - below[i - 1]) * (ends[i] - ends[i - 1])


def faults(bounds: Sequence[float], states: int) -> list[tuple[int | None, str, str]]:
    """What is wrong with bounds for so many states: the place among them (None: all), what was found, what is right.

    >>> faults([0.0, 10.0, 5.0], 2)
    [(2, '5 after 10', 'bounds that ascend')]
    """
    found: list[tuple[int | None, str, str]] = []
    if len(bounds) != states + 1:
        expected = f"{states + 1}: where each state begins, and where the last ends"
        found.append((None, f"{len(bounds)} bounds for {states} states", expected))
    for position, (before, after) in enumerate(pairwise(bounds), 1):
        if not before < after:
            found.append((position, f"{after:,.10g} after {before:,.10g}", "bounds that ascend"))
    return found
