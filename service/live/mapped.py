"""Compiled models on disk: one file of arrays, which readers map and share, and one of the values around them.

Reading makes nothing but tuples, mappings, numbers, texts, and values of classes of ``model``; nothing is run.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

ARRAYS, VALUES = "arrays", "values"
ALIGNED = 64
"""Bytes of a line of the processor's cache: an array begins at one, as where numpy allocates it or better."""

PRIMITIVES = (str, int, float, bool, type(None))
TUPLE, LIST, SET, DICT, PROXY, SLICE, ARRAY, OBJECT, NAMED, MEMBER = range(10)


class Unwritable(TypeError):
    """A value of a kind that is not written."""


def write(folder: Path, value: Any) -> int:
    """Write a value into a folder and return the bytes that this takes. Raises Unwritable, and OSError."""
    with (folder / ARRAYS).open("wb") as file:
        writer = _Writer(file.write)
        writer.reference(value)
        values = msgspec.msgpack.encode((writer.classes, writer.nodes))
        size = file.tell()
    (folder / VALUES).write_bytes(values)
    return size + len(values)


def read(folder: Path) -> Any:
    """The value in a folder, its arrays mapped: they are read-only, and readers of one folder share their memory.

    The folder may be removed while its arrays are in use. Raises OSError where it is not there.
    """
    classes, nodes = msgspec.msgpack.decode((folder / VALUES).read_bytes(), type=tuple[list[str], list[Any]])
    with (folder / ARRAYS).open("rb") as file:
        size = file.seek(0, 2)
        memory: mmap.mmap | bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    return _made([_class(name) for name in classes], nodes, memory)


@dataclass(slots=True, eq=False)
class _Writer:
    """Nodes in an order in which each comes after its parts; a value that is met twice is one node."""

    put: Callable[[bytes | memoryview], object]
    nodes: list[Any] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    at: int = 0
    known: dict[Any, int] = field(default_factory=dict)
    alive: list[Any] = field(default_factory=list)

    def reference(self, value: Any) -> int:
        """The number of a value's node, which is written where it is not yet."""
        key = (type(value), repr(value)) if isinstance(value, PRIMITIVES) else id(value)
        found = self.known.get(key)
        if found is None:
            node = value if isinstance(value, PRIMITIVES) else self._node(value)
            self.alive.append(value)
            self.nodes.append(node)
            found = self.known[key] = len(self.nodes) - 1
        return found

    def _node(self, value: Any) -> list[Any]:
        each = self.reference
        if isinstance(value, np.ndarray):
            return [ARRAY, *self._array(value)]
        if isinstance(value, Enum):
            return [MEMBER, self._class(type(value)), each(value.value)]
        if isinstance(value, tuple):
            parts = [each(part) for part in value]
            return [TUPLE, *parts] if type(value) is tuple else [NAMED, self._class(type(value)), *parts]
        if isinstance(value, slice):
            return [SLICE, each(value.start), each(value.stop), each(value.step)]
        if type(value) in (list, frozenset):
            return [LIST if type(value) is list else SET, *(each(part) for part in value)]
        if type(value) in (dict, MappingProxyType):
            kind = DICT if type(value) is dict else PROXY
            return [kind, *(each(part) for item in value.items() for part in item)]
        if is_dataclass(value) and not isinstance(value, type):
            parts = [each(getattr(value, part.name)) for part in fields(value)]
            return [OBJECT, self._class(type(value)), *parts]
        raise Unwritable(f"a {type(value).__module__}.{type(value).__qualname__} is not written")

    def _class(self, kind: type) -> int:
        name = f"{kind.__module__}:{kind.__qualname__}"
        if name not in self.classes:
            _class(name)
            self.classes.append(name)
        return self.classes.index(name)

    def _array(self, array: NDArray[Any]) -> list[Any]:
        """Where an array is, its type and shape, and the order in which its axes lie in memory.

        The last bits of a sum over it depend on that order.
        """
        order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
        laid_out = np.ascontiguousarray(array.transpose(order))
        if laid_out.dtype.hasobject:
            raise Unwritable("an array of objects is not written")
        gap = -self.at % ALIGNED
        self.put(bytes(gap))
        start = self.at + gap
        self.put(laid_out.tobytes())
        self.at = start + laid_out.nbytes
        shape = [array.shape[axis] for axis in order]
        return [laid_out.dtype.str, start, shape, [order.index(axis) for axis in range(array.ndim)]]


def _made(classes: list[type], nodes: list[Any], memory: mmap.mmap | bytes) -> Any:
    """The value of the last node."""
    values: list[Any] = []
    for node in nodes:
        if type(node) is not list:
            values.append(node)
            continue
        kind, *parts = node
        if kind == ARRAY:
            values.append(_array(memory, *parts))
        elif kind in (OBJECT, NAMED, MEMBER):
            values.append(_object(kind, classes[parts[0]], [values[part] for part in parts[1:]]))
        else:
            values.append(_collection(kind, [values[part] for part in parts]))
    return values[-1]


def _collection(kind: int, parts: list[Any]) -> Any:
    if kind == TUPLE:
        return tuple(parts)
    if kind == LIST:
        return parts
    if kind == SET:
        return frozenset(parts)
    if kind == SLICE:
        return slice(*parts)
    found = dict(zip(parts[::2], parts[1::2], strict=True))
    return found if kind == DICT else MappingProxyType(found)


def _object(kind: int, cls: Any, parts: list[Any]) -> Any:
    """A value of a class as it was, without its checks: it passed them before it was written."""
    if kind != OBJECT:
        return cls(*parts)
    made: object = object.__new__(cls)
    for name, part in zip(cls.__dataclass_fields__, parts, strict=True):
        object.__setattr__(made, name, part)
    return made


def _array(memory: mmap.mmap | bytes, kind: str, start: int, shape: list[int], axes: list[int]) -> NDArray[Any]:
    count = int(np.prod(shape, dtype=np.int64))
    flat = np.frombuffer(memory, dtype=np.dtype(kind), count=count, offset=start) if count else np.empty(0, kind)
    flat.setflags(write=False)
    return flat.reshape(shape).transpose(axes)


def _class(name: str) -> type:
    """A class of ``model`` by its name. Raises Unwritable for any other."""
    module, _, called = name.partition(":")
    found = getattr(import_module(module), called, None) if module.split(".")[0] == "model" else None
    if not isinstance(found, type) or found.__module__ != module:
        raise Unwritable(f"{name} is no value of a model")
    if not (is_dataclass(found) or issubclass(found, (tuple, Enum))):
        raise Unwritable(f"{name} is more than its parts")
    return found
