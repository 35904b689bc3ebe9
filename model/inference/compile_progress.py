"""What is said on standard error while kernels are compiled, so that nobody waits in silence."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from numba.core import event

FIRST, NEXT = 1.0, 4.0
"""Seconds of compiling before the first line, and between lines."""


def say(functions: int) -> None:
    """A line on standard error: how many functions are compiled so far."""
    print(f"Compiling the engine for this machine, once: {functions} functions so far.", file=sys.stderr, flush=True)


class Progress(event.Listener):
    """Listens to numba: a line after FIRST seconds of compiling, then one every ``every`` seconds until it is done.

    Kernels that are found in the cache are not compiled, so that nothing is said of them. ``tell`` is called with the
    number of functions compiled so far.
    """

    def __init__(self, tell: Callable[[int], None] = say) -> None:
        self.tell = tell
        self.every = NEXT
        self.depth = self.done = 0
        self.due = 0.0
        self.over = threading.Event()

    def on_start(self, event: Any) -> None:
        """A function is compiled, by itself or because the one before it calls it."""
        self.depth += 1
        if self.depth == 1 and event.data["dispatcher"].py_func.__module__.startswith("model."):
            self.due = self.due or time.monotonic() + FIRST
            self.over = threading.Event()
            threading.Thread(target=self._report, args=(self.over,), daemon=True).start()

    def on_end(self, event: Any) -> None:
        """A function is compiled, or could not be."""
        self.depth -= 1
        self.done += 1
        if self.depth == 0:
            self.over.set()

    def _report(self, over: threading.Event) -> None:
        while not over.wait(max(0.0, self.due - time.monotonic())):
            self.tell(self.done)
            self.due = time.monotonic() + self.every
