"""Models kept between runs: a file for each folder as it last was, so that files which did not change are not read.

A file never changes an answer. It is found under a digest of every prior file, of the code and packages that made the
model of them and of the machine; it ends with its own checksum; and reading it can make nothing but values of this
package. Whatever is not whole is made again. The least recently used are removed where they become too many.
"""

from __future__ import annotations

import copyreg
import hashlib
import io
import os
import pickle
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.priors.files import MODEL_FILE, is_prior_file, lies_in, model_name, nested, shown_name
from model.specification import Model
from model.work import disk_cache

MOST_FILES = 64
MOST_BYTES = 256_000_000
"""What the folder of models may hold; a model of 130 variables takes 0.3 MB, one with a table of 4,096 rows 2 MB."""

CODE = Path(__file__).parents[1]
CHECKSUM = hashlib.sha256().digest_size


def key(folder: Path) -> str | None:
    """A digest of all that the model of a folder depends on; None where nothing can be kept.

    It depends on the names and bytes of its files, on what the folder is called, on the sources of this package, on
    the packages that are installed beside numpy, on the settings of numpy's and numba's threads, and on the machine,
    since the last bits of a number may depend on its processor.
    """
    code = _code()
    if disk_cache.folder("models") is None or code is None:
        return None
    digest = hashlib.sha256(repr((code, model_name(folder), shown_name(folder))).encode())
    try:
        for path in [folder / MODEL_FILE, *sorted(path for path in folder.iterdir() if is_prior_file(path))]:
            content = path.read_bytes()
            digest.update(repr((path.name, lies_in(path, folder), len(content))).encode())
            digest.update(content)
        digest.update(repr([path.parent.name for path in nested(folder)]).encode())
    except OSError:
        return None
    return digest.hexdigest()


def read(key: str | None) -> Model | None:
    """The model kept under a key; None where there is none, or not a whole one."""
    place = _place(key)
    if place is None:
        return None
    try:
        content = place.read_bytes()
        if hashlib.sha256(content[CHECKSUM:]).digest() != content[:CHECKSUM]:
            return None
        found = _Reader(io.BytesIO(content[CHECKSUM:])).load()
        os.utime(place)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, EOFError, ImportError, pickle.UnpicklingError):
        return None
    return found if isinstance(found, Model) else None


def write(key: str | None, model: Model) -> None:
    """Keep a model for later runs; where that cannot be, nothing happens."""
    place = _place(key)
    if place is None:
        return
    stream = io.BytesIO()
    try:
        _Writer(stream, protocol=5).dump(model)
    except (pickle.PicklingError, TypeError, AttributeError):
        return
    content = stream.getvalue()
    if len(content) < MOST_BYTES:
        disk_cache.write(place, hashlib.sha256(content).digest() + content)
        _tidy(place.parent)


def _place(key: str | None) -> Path | None:
    folder = disk_cache.folder("models")
    return None if key is None or folder is None else folder / f"{key}.model"


@cache
def _code() -> str | None:
    """A digest of what makes a model of files, apart from the files; None where the sources are not to be had."""
    sources = sorted(CODE.rglob("*.py"))
    if not sources:
        return None
    digest = hashlib.sha256()
    for path in sources:
        digest.update(f"{path.relative_to(CODE).as_posix()} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    packages = sorted(name for name in os.listdir(Path(np.__file__).parents[1]) if name.endswith("-info"))
    threads = sorted(item for item in os.environ.items() if item[0].endswith("_NUM_THREADS") or "NUMBA" in item[0])
    digest.update(repr((packages, threads, sys.version, tuple(os.uname()))).encode())
    return digest.hexdigest()


def _tidy(folder: Path) -> None:
    """Remove the least recently used files beyond what the folder may hold."""
    with suppress(OSError):
        found = sorted(((path.stat(), path) for path in folder.glob("*.model")), key=lambda each: -each[0].st_mtime_ns)
        total = 0
        for count, (stat, path) in enumerate(found, start=1):
            total += stat.st_size
            if count > MOST_FILES or total > MOST_BYTES:
                path.unlink(missing_ok=True)


# Values to bytes and back


def _array(content: bytes, kind: str, shape: tuple[int, ...], axes: tuple[int, ...]) -> NDArray[Any]:
    """An array that cannot be written to, its axes laid out in memory as they were."""
    return np.frombuffer(content, dtype=np.dtype(kind)).reshape(shape).transpose(axes)


def _mapping(items: dict[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(items)


def _reduced_array(array: NDArray[Any]) -> tuple[Any, ...]:
    """An array as its bytes in the order of memory, on which the last bits of a sum over it depend."""
    order = tuple(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
    laid_out = array.transpose(order)
    if array.dtype.hasobject or not laid_out.flags.c_contiguous:
        raise pickle.PicklingError("an array that is part of another")
    axes = tuple(order.index(axis) for axis in range(array.ndim))
    return _array, (laid_out.tobytes(), array.dtype.str, laid_out.shape, axes)


class _Writer(pickle.Pickler):
    dispatch_table = copyreg.dispatch_table.copy() | {
        np.ndarray: _reduced_array,
        MappingProxyType: lambda items: (_mapping, (dict(items),)),
    }


class _Reader(pickle.Unpickler):
    """Makes values of classes of this package, and nothing else: a file in the cache cannot run anything."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in ((__name__, "_array"), (__name__, "_mapping")):
            return globals()[name]
        found = getattr(import_module(module), name, None) if module.startswith("model.") else None
        if not isinstance(found, type) or found.__module__ != module:
            raise pickle.UnpicklingError(f"{module}.{name} is no value of a model")
        return found
