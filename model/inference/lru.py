"""A cache bounded by bytes, the least recently used evicted first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")


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

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of the key, made now if it is not cached; two threads may both make it, and one is cached."""
        with self._lock:
            if key in self._values:
                return self._used(key)
        made = make()
        with self._lock:
            if key in self._values:
                return self._used(key)
            self._add(key, made, weight_of(made))
            return made

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
    """Bytes of a value: its arrays, and what any object takes."""
    names = getattr(value, "__slots__", ())
    return 1000 + sum(part.nbytes for name in names if isinstance(part := getattr(value, name), np.ndarray))
