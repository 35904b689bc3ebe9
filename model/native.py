"""The door to numba: compiled where it can be imported, plain Python and numpy where not."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

try:
    import numba

    COMPILED = True
except ImportError:
    COMPILED = False
    warnings.warn("numba cannot be imported: inference runs on numpy alone, slower", RuntimeWarning, stacklevel=2)

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function over arrays to machine code that releases the interpreter lock; unchanged without numba.

    The machine code is kept beside the source, or in NUMBA_CACHE_DIR, or in the user's own cache folder; where none of
    them can be written it is compiled anew in every process. Kernels call each other across files and hold the numbers
    of ``model/layout.py``, so a change to one of these files changes all.
    """
    if not COMPILED:
        return function
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    try:
        compiled.enable_caching()
    except RuntimeError:
        warnings.warn(
            "compiled code cannot be kept; let NUMBA_CACHE_DIR name a folder for it", RuntimeWarning, stacklevel=2
        )
    else:
        index = compiled._cache._cache_file
        index._source_stamp = (index._source_stamp, sources())
    return cast(Function, compiled)


@cache
def sources() -> str:
    """A digest of every file that compiled code is made from."""
    here = Path(__file__).parent
    files = sorted([*here.glob("*kernels.py"), here / "layout.py", here / "native.py"])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
