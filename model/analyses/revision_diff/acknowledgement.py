"""Whether a revision moves a headline so far that somebody has to say why before it is served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.errors import AftermathError
from model.forecast import Forecaster, answer
from model.inference.arrays import ranked
from model.question import Question
from model.resources.deadline import checkpoint
from model.specification import Headline
from model.wording import points

ROUNDING = 1e-9
"""A shift no further over a limit is not over it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A headline under a scenario, and its state that moves most; ``state`` None where one side has no answer."""

    headline: str
    scenario: str | None
    state: str | None
    shift: float

    def __str__(self) -> str:
        named = f"{self.headline} under {self.scenario}" if self.scenario else self.headline
        if self.state is None:
            return f"{named} is answered by one of the two revisions alone"
        return f"{named}: {self.state} moves by {points(self.shift)}"


def over_limit(old: Forecaster, new: Forecaster) -> tuple[Moved, ...]:
    """Headlines that move by more than the limit of the older revision, of the newer where that states none.

    Each is asked without a scenario and under each scenario of the older revision; of the states the one that moves
    most is told. A headline that one of the two revisions cannot answer is over every limit. None without a limit.
    """
    limit = old.model.acknowledge_over or new.model.acknowledge_over
    if limit is None:
        return ()
    return tuple(moved for moved in _moved(old, new) if moved.state is None or abs(moved.shift) > limit + ROUNDING)


def _moved(old: Forecaster, new: Forecaster) -> Iterator[Moved]:
    for headline in old.model.headlines:
        for scenario in (None, *old.model.scenarios):
            checkpoint()
            before, after = (_chances(each, headline, scenario) for each in (old, new))
            if before is None and after is None:
                continue
            if before is None or after is None:
                yield Moved(str(headline), scenario, None, 1.0)
                continue
            shifts = {state: after.get(state, 0.0) - before.get(state, 0.0) for state in {**before, **after}}
            state = max(shifts, key=lambda each: ranked(abs(shifts[each])))
            yield Moved(str(headline), scenario, state, shifts[state])


def _chances(forecaster: Forecaster, headline: Headline, scenario: str | None) -> dict[str, float] | None:
    """The distribution of a headline by state; None where the model has no answer."""
    try:
        [found] = answer(forecaster, Question((headline.target,), headline.findings, scenario=scenario)).targets
    except AftermathError:
        return None
    return {row.state: row.p for row in found.distribution}
