"""Random numbers by name: what a number of a gate is, not what was drawn before it, decides how it is drawn."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Step = str | int
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of random numbers under a seed, known by the steps that lead to it.

    Two streams are independent where a step differs, and each is the same whichever others are used beside it.

    >>> stream = Stream(1).at("row", 0)
    >>> stream.number() == Stream(1).at("row", 0).number()
    True
    >>> stream.number() == stream.at(2).number()
    False
    """

    seed: int
    steps: tuple[Step, ...] = ()

    def at(self, *steps: Step) -> Stream:
        """A stream further down."""
        return Stream(self.seed, (*self.steps, *steps))

    def number(self) -> int:
        """The seed of the stream itself."""
        return int.from_bytes(hashlib.sha256(repr((self.seed, self.steps)).encode()).digest()[:16])

    def generator(self) -> np.random.Generator:
        """A generator at the start of the stream."""
        return np.random.default_rng(self.number())


def named_stream(*names: str) -> Stream:
    """The stream that belongs to names, such as those of a model and of one of its variables."""
    return Stream(int.from_bytes(hashlib.sha256("\n".join(names).encode()).digest()[:8]))


def numbered(keys: Iterable[Key]) -> Iterator[tuple[Key, int]]:
    """Each key with how often it stood before, so that no two are alike.

    >>> list(numbered(["a", "b", "a"]))
    [('a', 0), ('b', 0), ('a', 1)]
    """
    before: Counter[Key] = Counter()
    for key in keys:
        yield key, before[key]
        before[key] += 1
