"""Models kept between runs: a file for each folder as it last was, so that files which did not change are not read.

A file never changes an answer. It is found under a digest of every prior file, of the code and packages that made the
model of them and of the machine; it ends with its own checksum; and reading it can make nothing but values of this
package. Whatever is not whole is made again. The least recently used are removed where they become too many.
"""

from __future__ import annotations

import copyreg
import hashlib
import io
import pickle
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.priors.files import MODEL_FILE, is_prior_file, lies_in, model_name, nested, read_inside, shown_name
from model.priors.yaml.reader import SIZE_LIMIT
from model.resources import disk_cache
from model.specification import Model

MOST_FILES = 64
MOST_BYTES = 256_000_000
"""What the folder of models may hold; a model of 130 variables takes 0.3 MB, one with a table of 4,096 rows 2 MB."""


def key(folder: Path) -> str | None:
    """A digest of all that the model of a folder depends on; None where nothing can be kept.

    It depends on the names and bytes of its files, on what the folder is called, and on the code that reads it.
    """
    code = disk_cache.code()
    if disk_cache.folder("models") is None or code is None:
        return None
    digest = hashlib.sha256(repr((code, model_name(folder), shown_name(folder))).encode())
    try:
        settings = read_inside(folder / MODEL_FILE, folder, most=SIZE_LIMIT + 1)
        for path in [folder / MODEL_FILE, *sorted(path for path in folder.iterdir() if is_prior_file(path))]:
            inside = lies_in(path, folder)
            is_read = inside and (path.name == MODEL_FILE or path.name.encode() in settings)
            content = read_inside(path, folder, most=SIZE_LIMIT + 1) if is_read else b""
            digest.update(repr((path.name, inside, len(content))).encode())
            digest.update(content)
        digest.update(repr([path.parent.name for path in nested(folder)]).encode())
    except OSError:
        return None
    return digest.hexdigest()


def read(key: str | None) -> Model | None:
    """The model kept under a key; None where there is none, or not a whole one."""
    place = _place(key)
    content = None if place is None else disk_cache.read(place)
    if content is None:
        return None
    try:
        found = _Reader(io.BytesIO(content)).load()
    except (ValueError, TypeError, LookupError, AttributeError, EOFError, ImportError, pickle.UnpicklingError):
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
    disk_cache.keep(place, stream.getvalue(), most_files=MOST_FILES, most_bytes=MOST_BYTES)


def _place(key: str | None) -> Path | None:
    folder = disk_cache.folder("models")
    return None if key is None or folder is None else folder / f"{key}.model"


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
