"""Interleaved timing: everyone answers in turn, round after round, and only ratios within the run count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.peers import Done, Refused

Clock = Callable[[], float]
Turn = Callable[[int, float], Sequence[Done]]
"""Answer questions from number ``first`` on for about so many seconds."""

ROUNDS = 5
REPEATS = 40


@dataclass(slots=True)
class Measured:
    """Seconds by question, of one runner; or the reason why there are none."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    reason: str = ""

    def median(self, task: int) -> float:
        """Typical seconds of one question."""
        return statistics.median(self.seconds[task])

    @property
    def typical(self) -> float | None:
        """Median over the questions, each by its own median."""
        return statistics.median(map(self.median, self.seconds)) if self.seconds else None


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times longer a peer took for the same questions: the median question, and the one where it did best."""

    median: float
    lowest: float


def clock(*, wall: bool) -> Clock:
    """Processor time of all threads of the process, which a busy machine does not stretch; or the clock on the wall."""
    return time.perf_counter if wall else time.process_time


def interleaved(
    runners: Mapping[str, Turn], *, seconds: float, see: Callable[[str, Done], None]
) -> dict[str, Measured]:
    """Let every runner answer in turn, ROUNDS times, within about so many seconds; ``see`` gets each answer.

    A runner that refuses is out from then on, its reason noted.
    """
    found = {name: Measured() for name in runners}
    first = dict.fromkeys(runners, 0)
    started = time.perf_counter()
    for turn in range(ROUNDS):
        left = seconds - (time.perf_counter() - started)
        if turn and left <= 0:
            break
        share = max(left, 0.0) / (ROUNDS - turn) / len(runners)
        for name, run in runners.items():
            if found[name].reason:
                continue
            try:
                for done in run(first[name], share):
                    found[name].seconds.setdefault(done.task, []).append(done.seconds)
                    first[name] = done.task + 1
                    see(name, done)
            except Refused as refused:
                found[name].reason = str(refused)
    return found


def compared(ours: Measured, best: Sequence[Measured]) -> Ratio | None:
    """The ratio over the questions that ours and a peer both answered; of a peer's engines the quickest counts."""
    ratios = [
        min(engine.median(task) for engine in best if task in engine.seconds) / ours.median(task)
        for task in ours.seconds
        if any(task in engine.seconds for engine in best)
    ]
    return Ratio(statistics.median(ratios), min(ratios)) if ratios else None
