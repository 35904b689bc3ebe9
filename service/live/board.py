"""Memory that gunicorn's master, its workers and the loader share: the present state by number, and who has it.

Each word has one writer at a time and is written whole, so that readers need no lock.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

WORD = 8
PRESENT, CANDIDATE, LOADER, BEAT, CALLS, RECORDED = range(6)
"""The state that is served, the one to make ready, the loader's process, when it was last seen, calls for attention,
and whether what is served at the start is kept in the store."""

FIRST = 8
SLOTS = 1_024
"""Workers that there may be at once."""

PID, READY, SERVED, SEEN, SLOT = 0, 1, 2, 3, 4
"""A worker's process, the state that it has made ready, the one it serves, when it was last seen; words of a slot."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What one worker has, and how many seconds ago it was last seen."""

    slot: int
    pid: int
    ready: int
    served: int
    seconds: float


class Board:
    """Made before the fork by the process from which the others are forked.

    >>> board = Board()
    >>> board.enter(0, pid=12, state=3)
    >>> [(each.pid, each.served) for each in board.workers()]
    [(12, 3)]
    """

    def __init__(self) -> None:
        self.words = memoryview(mmap.mmap(-1, WORD * (FIRST + SLOT * SLOTS))).cast("Q")

    @property
    def present(self) -> int:
        """The number of the state that is served."""
        return self.words[PRESENT]

    @property
    def candidate(self) -> int:
        """The number of the state that workers are to make ready."""
        return self.words[CANDIDATE]

    @property
    def calls(self) -> int:
        """How often a worker has called the loader's attention to the store."""
        return self.words[CALLS]

    @property
    def is_recorded(self) -> bool:
        """Whether a loader has kept what is served at the start, so that one after it does not do so again."""
        return bool(self.words[RECORDED])

    def record(self) -> None:
        """Say that what is served at the start is kept, or is another host's to keep."""
        self.words[RECORDED] = 1

    def call(self) -> None:
        """Call the loader's attention to the store. Of two calls at once one may be lost: each means the same."""
        self.words[CALLS] += 1

    def enter(self, slot: int, *, pid: int, state: int) -> None:
        """Take a slot for a worker that has a state and serves it."""
        self.note(slot, ready=state, served=state)
        self.words[_at(slot, PID)] = pid

    def leave(self, slot: int) -> None:
        """Free the slot of a worker that has ended."""
        for word in range(SLOT):
            self.words[_at(slot, word)] = 0

    def note(self, slot: int, *, ready: int, served: int) -> None:
        """Say which state a worker has made ready, and which it serves."""
        self.words[_at(slot, READY)] = ready
        self.words[_at(slot, SERVED)] = served
        self.words[_at(slot, SEEN)] = time.monotonic_ns()

    def beat(self) -> None:
        """Say that the loader is there."""
        self.words[LOADER], self.words[BEAT] = os.getpid(), time.monotonic_ns()

    def loader(self) -> tuple[int, float] | None:
        """The loader's process, and how many seconds ago it was last seen; None before it began."""
        pid = self.words[LOADER]
        return (pid, _since(self.words[BEAT])) if pid else None

    def workers(self) -> Iterator[Worker]:
        """Every worker that serves."""
        for slot in range(SLOTS):
            pid = self.words[_at(slot, PID)]
            if pid:
                ready, served, seen = (self.words[_at(slot, word)] for word in (READY, SERVED, SEEN))
                yield Worker(slot, pid, ready, served, _since(seen))


def _at(slot: int, word: int) -> int:
    return FIRST + SLOT * slot + word


def _since(seen: int) -> float:
    return max(0, time.monotonic_ns() - seen) / 1e9
