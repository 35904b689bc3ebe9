"""Counts that all workers of a host share: how often somebody did something within a sliding window.

The table is memory made before the workers fork. Its locks are of two kinds, since a worker may be killed at any
moment: threads of a process wait for each other at a lock of that process, processes at a lock on a byte of a file,
which the kernel takes from one that dies.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b

SLOT = struct.Struct("<16sQII")
"""Of one who is counted: a digest of the name, when the window ends, what was counted in the one before, in it."""
WAYS = 8
"""Slots that a name may take; where all are taken, the one that was used least lately makes room."""
BUCKETS = 4_096
STRIPES = 64
EMPTY = bytes(16)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it: whether it was within the limit, and then how many more would be; the seconds until the window
    ends, and until one more would be within it.
    """

    allowed: bool
    limit: int
    remaining: int
    reset: int
    retry_after: int


class SharedCounts:
    """Counts by name. A window of so many seconds slides: what was counted in the one before counts in part.

    ``clock`` gives seconds that are the same in all processes and never go back.

    >>> counts = SharedCounts(clock=lambda: 90.0)
    >>> [counts.take("somebody", limit=2, seconds=60).allowed for _ in range(3)]
    [True, True, False]
    >>> counts.take("somebody else", limit=2, seconds=60).remaining
    1
    """

    def __init__(self, *, buckets: int = BUCKETS, clock: Callable[[], float] = time.monotonic) -> None:
        self._buckets = buckets
        self._clock = clock
        self._file = _file_in_memory(buckets * WAYS * SLOT.size)
        self._table = mmap.mmap(self._file, buckets * WAYS * SLOT.size)
        self._threads = [threading.Lock() for _ in range(STRIPES)]

    def take(self, name: str, *, limit: int, seconds: int, count: int = 1) -> Taken:
        """Count one more of a name, unless that is over the limit; ``count`` 0 only looks."""
        now = self._clock()
        elapsed = now % seconds
        end = seconds * int(now // seconds + 1)
        key = blake2b(f"{seconds} {name}".encode(errors="surrogateescape"), digest_size=16).digest()
        bucket = int.from_bytes(key[:4], "little") % self._buckets
        with self._locked(bucket % STRIPES):
            place, before, present = self._find(bucket, key, end=end, seconds=seconds)
            used = before * (1 - elapsed / seconds) + present
            allowed = used < limit
            if allowed and count:
                present += count
                SLOT.pack_into(self._table, place, key, end, before, present)
        left = max(0, math.floor(limit - used - count)) if allowed else 0
        reset = math.ceil(seconds - elapsed)
        wait = 0 if allowed else _wait(limit, before=before, present=present, seconds=seconds, elapsed=elapsed)
        return Taken(allowed, limit, left, reset, wait)

    def _find(self, bucket: int, key: bytes, *, end: int, seconds: int) -> tuple[int, int, int]:
        """Where a name has its slot or gets one, what it counted in the window before, and what in this one."""
        first = bucket * WAYS * SLOT.size
        oldest, place = (math.inf, 0), first
        for at in range(first, first + WAYS * SLOT.size, SLOT.size):
            whose, last, before, present = SLOT.unpack_from(self._table, at)
            if whose == key:
                if last == end:
                    return at, before, present
                return at, present if last == end - seconds else 0, 0
            age = (-1, 0) if whose == EMPTY else (last, present)
            if age < oldest:
                oldest, place = age, at
        return place, 0, 0

    @contextmanager
    def _locked(self, stripe: int) -> Iterator[None]:
        with self._threads[stripe]:
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, stripe)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, stripe)


def _wait(limit: int, *, before: int, present: int, seconds: int, elapsed: float) -> int:
    """Seconds until one more is within the limit, where nothing else is counted meanwhile."""
    if present < limit:
        until = seconds * (1 - (limit - present) / before) - elapsed
    else:
        until = seconds - elapsed + seconds * (1 - limit / present)
    return max(0, math.floor(until + 1e-6)) + 1


def _file_in_memory(size: int) -> int:
    """A file without a name, as long as the table."""
    if hasattr(os, "memfd_create"):
        file = os.memfd_create("aftermath-counts")
    else:
        with tempfile.TemporaryFile() as made:
            file = os.dup(made.fileno())
    os.truncate(file, size)
    return file
