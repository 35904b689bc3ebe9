"""Machine code kept between runs, in a file for each kernel and the types it is called with.

In place of numba's own cache, which makes the compiler ready before it loads anything (0.3 s of imports), lets two
processes that compile at once give two kernels one number, keeps nothing for a folder that can be read and not
written, and fails on a damaged file.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
from numba.core.compiler import CompileResult
from numba.core.runtime.nrt import rtsys
from numba.core.serialize import dumps

from model.resources import disk_cache


class KernelCache:
    """The machine code of one function, as numba's dispatcher asks for it."""

    def __init__(self, function: Callable[..., Any], place: Path) -> None:
        self.place = place
        self.name = f"{Path(inspect.getfile(function)).stem}.{function.__name__}"
        self.code = function.__code__.co_code

    @property
    def cache_path(self) -> str:
        """The folder, for numba's statistics."""
        return str(self.place)

    def load_overload(self, signature: Any, target: Any) -> Any:
        """What was compiled for these types; None where it was not, or the file is not whole.

        What machine code calls must be there: numba's runtime. Compiling makes the rest ready by itself.
        """
        content = disk_cache.read(self.file(signature, target.codegen()))
        if content is None:
            return None
        rtsys.initialize(target)
        return CompileResult._rebuild(target, *pickle.loads(content))  # type: ignore[no-untyped-call]

    def save_overload(self, signature: Any, made: Any) -> None:
        """Keep what was compiled; where that cannot be, nothing happens."""
        parts = made._asdict()
        if not parts["lifted"] and not parts["library"].has_dynamic_globals:
            place = self.file(signature, made.codegen)
            disk_cache.write_whole(place, dumps(made._reduce()))  # type: ignore[no-untyped-call]
            with suppress(OSError):  # whoever may read the sources may read this, though another user compiled them
                place.chmod(place.parent.stat().st_mode & 0o444 | 0o200)

    def file(self, signature: Any, codegen: Any) -> Path:
        """Where the machine code for these types, this processor and these versions is."""
        versions = (numba.__version__, sys.version, codegen.magic_tuple())
        key = hashlib.sha256(repr((signature, self.code, versions)).encode()).hexdigest()
        return self.place / f"{self.name}-{key[:32]}.kernel"
