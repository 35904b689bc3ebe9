"""Values kept for the next question, within so many bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")


class ByteLRU(Generic[T]):
    """The most recently used values by key, within so many bytes; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[object, tuple[T, int]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The value of the key, made now if it is not kept; two threads may both make it, and one is kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        made = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made, _weight(made)
                self._held += self._kept[key][1]
            while self._held > self._most and len(self._kept) > 1:
                self._held -= self._kept.popitem(last=False)[1][1]
            return self._kept[key][0] if key in self._kept else made


def _weight(value: object) -> int:
    """Bytes of a value: its arrays, and what any object takes."""
    names = getattr(value, "__slots__", ())
    return 1000 + sum(part.nbytes for name in names if isinstance(part := getattr(value, name), np.ndarray))
