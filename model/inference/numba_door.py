"""The door to numba: compiled where it can be imported, plain Python and numpy where not."""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

try:
    import numba
except ImportError:
    COMPILED = False
    warnings.warn("numba cannot be imported: inference runs on numpy alone, slower", RuntimeWarning, stacklevel=2)
else:
    from numba.core import event

    from model.inference.compile_progress import Progress
    from model.inference.kernel_cache import KernelCache

    COMPILED = True
    PROGRESS = Progress()
    event.register("numba:compile", PROGRESS)  # type: ignore[no-untyped-call]

ROOM = Path(__file__).parent
"""The package in which every kernel is."""

LAYOUTS = ("layout.py", "columns.py")
"""Files of constants and tuples that are compiled into kernels, beside the files that import from this one."""

WHOLE = "whole"
"""The file that says that a folder holds every kernel."""

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function over arrays to machine code that releases the interpreter lock; unchanged without numba.

    The machine code is kept in a folder named by the digest of all sources of kernels, since kernels call each other
    across files. It stands in NUMBA_CACHE_DIR where that is set, else beside the sources, else in the user's own cache
    folder: in the first of them that has every kernel or can be written. Where there is none, all is compiled anew in
    every process. Folders of earlier sources stay until they are removed by hand.
    """
    if not COMPILED:
        return function
    compiled: Any = numba.njit(nogil=True, error_model="numpy")(function)
    place = folder()
    if place is None:
        warnings.warn(
            "compiled code cannot be kept; let NUMBA_CACHE_DIR name a folder for it", RuntimeWarning, stacklevel=2
        )
    else:
        compiled._cache = KernelCache(function, place)
    return cast(Function, compiled)


@cache
def folder() -> Path | None:
    """Where the machine code of these sources is kept: None where nothing can be kept."""
    name = f"kernels-{digest(ROOM)}"
    places = (base / name for base in _bases())
    return next((place for place in places if (place / WHOLE).is_file() or _writable(place)), None)


def digest(room: Path) -> str:
    """A digest of every file of kernels below a folder, and of the constants and instructions compiled into them."""
    found = hashlib.sha256()
    for place in sources(room):
        text = place.read_bytes()
        found.update(f"{place.relative_to(room).as_posix()} {len(text)}\n".encode())
        found.update(text)
    return found.hexdigest()[:16]


def sources(room: Path) -> list[Path]:
    """Files of kernels and what is compiled into them."""
    return [
        place
        for place in sorted(room.rglob("*.py"))
        if place.name in LAYOUTS or b"numba_door" in place.read_bytes() or place.name == "numba_door.py"
    ]


def _bases() -> Iterator[Path]:
    """Folders that may hold compiled code, the preferred one first."""
    named = cast(Any, numba.config).CACHE_DIR
    if named:
        yield Path(named)
    yield ROOM / "__pycache__"
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        yield (Path(base) if base else Path.home() / ".cache") / "aftermath"
    except RuntimeError:  # no home
        return


def _writable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            return True
    except OSError:
        return False
