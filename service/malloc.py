"""glibc's allocator set up for a process of many threads that works with large arrays and runs for long.

By default each thread gets an arena of its own, up to eight a core, and each keeps what was freed in it: with eight
threads on two cores some 400 MB a worker that nothing uses. Allocations above a threshold are given back when they are
freed, but that threshold rises to 32 MB with the first large array that is freed. Fewer arenas and a threshold that
stays give that memory back.
"""

from __future__ import annotations

import ctypes
import os

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
ARENAS = 2
GIVEN_BACK = 4 << 20
"""Bytes from which an array is mapped by itself and given back when it is freed. Pages fresh from the system are zeroed
first, so that a lower threshold slows down arrays that are made and dropped all the time."""

SETTINGS = {
    "MALLOC_ARENA_MAX": (M_ARENA_MAX, ARENAS),
    "MALLOC_MMAP_THRESHOLD_": (M_MMAP_THRESHOLD, GIVEN_BACK),
    "MALLOC_TRIM_THRESHOLD_": (M_TRIM_THRESHOLD, 2 * GIVEN_BACK),
}
"""By glibc's environment variable, which goes before: its number for ``mallopt``, and the value."""


def bound() -> bool:
    """Set it up for this process and those that it forks; whether there was such an allocator to set up."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    done = [mallopt(*setting) for name, setting in SETTINGS.items() if name not in os.environ]
    return all(done)
