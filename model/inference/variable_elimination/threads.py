"""A thread a core, for parts of one question."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from model.resources.deadline import watch

T = TypeVar("T")


class Workers:
    """A thread a core, started when first needed, anew in a process that was forked."""

    def __init__(self) -> None:
        self._process = -1
        self._pool: ThreadPoolExecutor | None = None
        self.count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def each(self, do: Callable[[T], None], parts: Sequence[T]) -> None:
        """Do the same to every part, in this thread and the others; returns when all are done."""
        waiting, watched = iter(parts), watch()

        def work() -> None:
            for part in waiting:
                if watched is not None:
                    watched.check()
                do(part)

        helpers = [self._threads().submit(work) for _ in range(min(self.count, len(parts)) - 1)]
        work()
        for helper in helpers:
            if not helper.cancel():
                helper.result()

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None or self._process != os.getpid():
            self._pool, self._process = ThreadPoolExecutor(self.count, thread_name_prefix="lanes"), os.getpid()
        return self._pool
