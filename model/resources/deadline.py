"""Work that can be ended: by a deadline, or since nobody waits any more, looked at between its steps."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from model.errors import WorkEnded


class DeadlinePassed(WorkEnded):
    """A question whose work was not done by its deadline."""

    code = "deadline"


class NobodyWaits(WorkEnded):
    """A question whose asker has gone: nobody reads this."""

    code = "client_gone"


STEP = 20_000_000
"""Table entries that one call of a kernel goes through at the most, where it can be cut: some 20 ms."""


def _never() -> bool:
    return False


def nothing() -> None:
    """What is done where nothing is to be done."""


@dataclass(slots=True, eq=False)
class Watch:
    """One piece of work: when it must end, who may end it sooner, and how many steps it has taken.

    Once its thread has worked for ``light`` seconds of the processor, ``heavy`` is called, once: it may wait, or raise.
    """

    seconds: float
    gone: Callable[[], bool] = _never
    started: float = field(default_factory=time.monotonic)
    steps: int = 0
    light: float = math.inf
    heavy: Callable[[], None] = nothing
    thread: int = field(default_factory=threading.get_ident)
    worked: float = field(default_factory=time.thread_time)

    def check(self) -> None:
        """Raise DeadlinePassed past the deadline, NobodyWaits where the asker has gone, and what ``heavy`` raises."""
        self.steps += 1
        passed = time.monotonic() - self.started
        if passed > self.seconds:
            raise DeadlinePassed(
                f"not done after {passed:.2f} s; the deadline is {self.seconds:g} s, and {self.steps:,} steps were done"
            )
        if self.gone():
            raise NobodyWaits("the client has hung up")
        own = self.light < math.inf and threading.get_ident() == self.thread
        if own and time.thread_time() - self.worked > self.light:
            self.light = math.inf
            self.heavy()


_watched: ContextVar[Watch | None] = ContextVar("watched", default=None)


@contextmanager
def watched(watch: Watch | None) -> Iterator[None]:
    """Work in this thread that ends by itself once the watch says so.

    >>> with watched(Watch(0.0)):
    ...     checkpoint()
    Traceback (most recent call last):
    model.resources.deadline.DeadlinePassed: not done after 0.00 s; the deadline is 0 s, and 1 steps were done
    """
    token = _watched.set(watch)
    try:
        yield
    finally:
        _watched.reset(token)


def watch() -> Watch | None:
    """The watch of this thread's work, to be looked at by the threads that help it."""
    return _watched.get()


def checkpoint() -> None:
    """Between two steps of work: end it here if it must end."""
    found = _watched.get()
    if found is not None:
        found.check()
