"""A cache bounded by bytes, the least recently used evicted first."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Generic, NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")

OBJECT = 1_000
"""Bytes counted for a value beside its arrays: the object, its parts that are no arrays, and its place in the cache."""


class Usage(NamedTuple):
    """What a cache holds: bytes counted, how many of them it may hold, and values."""

    held: int
    limit: int
    entries: int


class ByteLRU(Generic[T]):
    """The most recently used values by key, within ``most`` bytes together; threads may share it.

    A value heavier than ``largest`` is not cached. Without ``largest`` any value is, one heavier than ``most`` alone.

    >>> letters = ByteLRU[str](16)
    >>> for letter in "abcdefgh":
    ...     letters.put(letter, letter.upper(), weight=2)
    >>> letters.find("a")
    'A'
    >>> letters.put("i", "I", weight=2)
    >>> letters.find("a"), letters.find("b")
    ('A', None)
    """

    __slots__ = ("_largest", "_lock", "_most", "_values", "_weight")

    def __init__(self, most: int, *, largest: int | None = None) -> None:
        self._most = most
        self._largest = largest
        self._values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T], *, weigh: Callable[[T], int] | None = None) -> T:
        """The value of the key, made now if it is not cached; two threads may both make it, and one is cached.

        ``weigh`` counts its bytes, ``weight_of`` without it.
        """
        with self._lock:
            if key in self._values:
                return self._used(key)
        made = make()
        with self._lock:
            if key in self._values:
                return self._used(key)
            self._add(key, made, (weigh or weight_of)(made) + weight_of_key(key))
            return made

    @property
    def usage(self) -> Usage:
        """What it holds now."""
        with self._lock:
            return Usage(self._weight, self._most, len(self._values))

    def find(self, key: Hashable) -> T | None:
        """The value of the key, None where it is not cached."""
        with self._lock:
            return self._used(key) if key in self._values else None

    def put(self, key: Hashable, value: T, *, weight: int) -> None:
        """Cache a value of so many bytes, in place of one that the key had before."""
        with self._lock:
            if self._largest is None or weight <= self._largest:
                self._weight -= self._values.pop(key, (None, 0))[1]
                self._add(key, value, weight)

    def drop(self, is_unwanted: Callable[[Hashable, T], bool]) -> None:
        """Evict every value that is unwanted, by its key or by itself.

        >>> letters = ByteLRU[str](16)
        >>> for letter in "abc":
        ...     letters.put(letter, letter.upper(), weight=2)
        >>> letters.drop(lambda key, value: value == "B")
        >>> letters.find("b"), letters.usage.held
        (None, 4)
        """
        with self._lock:
            for key in [key for key, (value, _) in self._values.items() if is_unwanted(key, value)]:
                self._weight -= self._values.pop(key)[1]

    def _used(self, key: Hashable) -> T:
        self._values.move_to_end(key)
        return self._values[key][0]

    def _add(self, key: Hashable, value: T, weight: int) -> None:
        self._values[key] = value, weight
        self._weight += weight
        while self._weight > self._most and len(self._values) > 1:
            _, (_, gone) = self._values.popitem(last=False)
            self._weight -= gone


def weight_of(value: object) -> int:
    """Bytes of a value: its arrays wherever they are in it, and what any object takes.

    An array that is a view counts as what it keeps in memory, which is the whole of which it is a part.

    >>> weight_of({"a": np.zeros(10), "b": (np.zeros(100)[:1], None)})
    1880
    """
    return OBJECT + sum(array.nbytes for array in _arrays(value, {}).values())


def weight_of_key(key: Hashable) -> int:
    """Bytes of the texts of a key, those in tuples too."""
    if isinstance(key, tuple):
        return sum(map(weight_of_key, key))
    return sys.getsizeof(key) if isinstance(key, str | bytes) else 0


def _arrays(value: object, found: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The arrays in a value by identity, each once: in slots, mappings and sequences."""
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        found[id(value)] = value
    elif isinstance(value, Mapping):
        for part in value.values():
            _arrays(part, found)
    elif isinstance(value, tuple | list):
        for part in value:
            _arrays(part, found)
    else:
        for name in getattr(type(value), "__slots__", ()):
            _arrays(getattr(value, name, None), found)
    return found
