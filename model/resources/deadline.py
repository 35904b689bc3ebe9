"""Work that can be ended: by a deadline, or since nobody waits any more, looked at between its steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from model.errors import AftermathError


class DeadlinePassed(AftermathError):
    """A question whose work was not done by its deadline."""

    code = "deadline"


class NobodyWaits(AftermathError):
    """A question whose asker has gone: nobody reads this."""

    code = "client_gone"


STEP = 20_000_000
"""Table entries that one call of a kernel goes through at the most, where it can be cut: some 20 ms."""


def _never() -> bool:
    return False


@dataclass(slots=True, eq=False)
class Watch:
    """One piece of work: when it must end, who may end it sooner, and how many steps it has taken."""

    seconds: float
    gone: Callable[[], bool] = _never
    started: float = field(default_factory=time.monotonic)
    steps: int = 0

    def check(self) -> None:
        """Raise DeadlinePassed past the deadline, NobodyWaits where the asker has gone."""
        self.steps += 1
        passed = time.monotonic() - self.started
        if passed > self.seconds:
            raise DeadlinePassed(
                f"not done after {passed:.2f} s; the deadline is {self.seconds:g} s, and {self.steps:,} steps were done"
            )
        if self.gone():
            raise NobodyWaits("the client has hung up")


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
