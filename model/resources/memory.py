"""Work that may take only so much memory: beyond that Python and numpy raise MemoryError, and the process lives on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STATUS = Path("/proc/self/statm")


@contextmanager
def limited(most: int) -> Iterator[None]:
    """Raise MemoryError in the block where the process would map ``most`` bytes beyond what it has mapped before.

    The limit is of the whole process, its threads too, and of its address space (RLIMIT_AS), of which it may use less:
    it is for a process that does nothing else meanwhile. A lower limit that holds already stays. Where the system does
    not say how much is mapped nothing is limited.

    >>> import numpy as np
    >>> with limited(200_000_000):
    ...     len(np.zeros(1_000_000))
    1000000
    """
    mapped = _mapped()
    if mapped is None:
        yield
        return
    import resource  # not on every system

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    standing = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([mapped + most, *standing]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _mapped() -> int | None:
    """Bytes of address space that this process has mapped."""
    try:
        pages = int(STATUS.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
