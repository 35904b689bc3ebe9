"""What a question costs, counted before any of it is worked out.

The unit is what one core of a server of 2020 does in a nanosecond: some table entry multiplied and added in a loop over
many. Every executor, and every part of an answer, has its own number of units an entry, measured by ``bench cost``.
Counts are of a warm service; what a first question of its kind takes beside that is counted by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.errors import AftermathError

SECOND = 1_000_000_000
"""Units that one core works in a second."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Units of the parts of a question: its answer at the stated numbers and under every draw, the rest of an
    analysis, and the bytes of the answer.

    >>> (Cost(point=2) + Cost(draws=3, answer=1)).total
    6
    """

    point: int = 0
    draws: int = 0
    analysis: int = 0
    answer: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.point + other.point,
            self.draws + other.draws,
            self.analysis + other.analysis,
            self.answer + other.answer,
        )

    def __mul__(self, times: int) -> Cost:
        return Cost(self.point * times, self.draws * times, self.analysis * times, self.answer * times)

    @property
    def total(self) -> int:
        """All of it."""
        return self.point + self.draws + self.analysis + self.answer


class TooCostly(AftermathError):
    """A question whose counted cost is over the limit: refused before any of it is worked out."""

    code = "too_costly"

    def __init__(self, cost: Cost, limit: int) -> None:
        shares = {"draws": cost.draws, "point": cost.point, "analysis": cost.analysis, "answer": cost.answer}
        advice = ADVICE[max(shares, key=lambda part: shares[part])]
        super().__init__(
            f"the question costs {cost.total:,} units, counted before any work; the limit is {limit:,}. {advice}"
        )
        self.cost = cost
        self.limit = limit


ADVICE = {
    "draws": "Most of it are intervals: ask about fewer targets, or for no interval (interval=none)",
    "point": "Ask about fewer targets or fewer cases",
    "analysis": "Ask about fewer findings, or for a smaller search",
    "answer": "Ask about fewer targets: most of it is the answer's length",
}


def check(cost: Cost, limit: int) -> Cost:
    """The cost. Raises TooCostly where it is over the limit."""
    if cost.total > limit:
        raise TooCostly(cost, limit)
    return cost
