"""Whether a computation lost a number that was too small to be held: the processor's own flag (IEEE 754, section 7.5).

The flag is raised where a result is below 2**-1022 and not exact, stays until it is cleared, and costs nothing.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable
from functools import cache
from typing import TypeVar

FLAGS = {"x86_64": 0x10, "AMD64": 0x10, "aarch64": 0x08, "arm64": 0x08}
"""FE_UNDERFLOW of C's fenv.h, by machine."""

Result = TypeVar("Result")


def watched(run: Callable[[], Result]) -> tuple[Result, bool]:
    """What a function returns, and whether a number may have been lost in it, in this thread.

    A function that uses numpy's own arithmetic after what is to be watched clears the flag. Where the machine is
    unknown a number may always have been lost.

    >>> watched(lambda: 1e-200 * float("1e-200")), watched(lambda: 0.5 * float("0.5"))
    ((0.0, True), (0.25, False))
    """
    library, flag = _library()
    if library is None:
        return run(), True
    library.feclearexcept(flag)
    found = run()
    return found, bool(library.fetestexcept(flag))


@cache
def _library() -> tuple[ctypes.CDLL | None, int]:
    """The C library that runs this process, and its number for an underflow; None where either is unknown."""
    flag = FLAGS.get(platform.machine(), 0)
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):
        return None, flag
    known = flag and hasattr(library, "fetestexcept") and hasattr(library, "feclearexcept")
    return library if known else None, flag
