"""The door to numba: compiled where it can be imported, plain Python and numpy where not."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

try:
    import numba

    COMPILED = True
except ImportError:
    COMPILED = False
    warnings.warn("numba cannot be imported: inference runs on numpy alone, slower", RuntimeWarning, stacklevel=2)

ROOM = Path(__file__).parent.parent

HELD = ("layout.py", "columns.py", "simd.py", "__init__.py")
"""Files whose constants and vector instructions are compiled in, and those that only pass names on."""

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function over arrays to machine code that releases the interpreter lock; unchanged without numba.

    The machine code is kept beside the source, or in NUMBA_CACHE_DIR, or in the user's own cache folder; where none of
    them can be written it is compiled anew in every process. Kernels call each other across files, so what is kept of
    one is stale once any file that it builds on has changed.
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
        index = cast(Any, compiled)._cache._cache_file
        index._source_stamp = (index._source_stamp, sources(function.__code__.co_filename))
    return cast(Function, compiled)


@cache
def sources(file: str) -> str:
    """A digest of a file of kernels, of those that it calls and of the constants that they hold."""
    seen: dict[Path, str] = {}
    waiting = [Path(file)]
    while waiting:
        place = waiting.pop()
        if place not in seen:
            seen[place] = place.read_text(encoding="utf-8")
            waiting += [other for other in _imported(seen[place]) if other.name in HELD or _has_kernels(other)]
    return hashlib.sha256("".join(seen[place] for place in sorted(seen)).encode()).hexdigest()


def _imported(text: str) -> Iterator[Path]:
    """The project's files that a file imports from."""
    for module, names in re.findall(r"^from model\.([\w.]+) import (\([^)]*\)|.*)$", text, re.MULTILINE):
        place = ROOM.joinpath(*module.split("."))
        parts = [place / f"{name}.py" for name in re.findall(r"\w+", names)]
        yield from (other for other in (place.with_suffix(".py"), place / "__init__.py", *parts) if other.is_file())


def _has_kernels(place: Path) -> bool:
    return "\n@kernel" in place.read_text(encoding="utf-8")
