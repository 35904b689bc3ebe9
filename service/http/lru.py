"""A cache of bounded weight, the least recently used evicted first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key, safe to share between threads; those not asked for the longest make room for new ones.

    ``most`` is the weight that all may have together. One that would fill over an eighth of it is not kept.

    >>> letters = Kept[str](16)
    >>> for letter in "abcdefgh":
    ...     letters.put(letter, letter.upper(), weight=2)
    >>> letters.get("a")
    'A'
    >>> letters.put("i", "I", weight=2)
    >>> letters.get("a"), letters.get("b")
    ('A', None)
    """

    __slots__ = ("_held", "_lock", "_most", "_weight")

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._held: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value under a key, if it is still kept."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def put(self, key: Hashable, value: Value, *, weight: int) -> None:
        """Keep a value for a while."""
        if weight > self._most // 8:
            return
        with self._lock:
            _, before = self._held.pop(key, (None, 0))
            self._held[key] = value, weight
            self._weight += weight - before
            while self._weight > self._most:
                _, (_, gone) = self._held.popitem(last=False)
                self._weight -= gone
