"""JSON encoding of answers, and JSON templates: text encoded once, into which the numbers of each answer are filled."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

_MARK = b"\0"

LEAVES = frozenset({str, int, bool, type(None), msgspec.Raw, msgspec.UnsetType})
"""Types of what holds no floating-point number."""

GAP: Any = msgspec.Raw(_MARK)
"""Stands in a value where a number is to be laid in. JSON escapes NUL in texts, so the mark is found nowhere else."""


def encoded(value: Any) -> bytes:
    """JSON as sent: keys in the order declared, the shortest number that reads back the same, a newline at the end.

    Structs and dataclasses are objects with their fields.

    >>> encoded({"p": 0.1, "state": "ja/né"}).decode()
    '{"p":0.1,"state":"ja/né"}\\n'

    Raises ValueError for NaN and infinities, which JSON does not have.
    """
    _refuse_infinities(value)
    return _encode(value) + b"\n"


def encoded_part(value: Any) -> Any:
    """A part of an answer as JSON already: it goes into a value as it is.

    >>> encoded({"sources": encoded_part(["a", "b"])})
    b'{"sources":["a","b"]}\\n'
    """
    return msgspec.Raw(encoded(value)[:-1])


class Template:
    """A value with gaps for numbers, encoded once.

    >>> template = Template([{"state": "yes", "p": GAP}, {"state": "no", "p": GAP}])
    >>> encoded({"distribution": template.filled(np.array([0.25, 0.75]))})
    b'{"distribution":[{"state":"yes","p":0.25},{"state":"no","p":0.75}]}\\n'
    """

    __slots__ = ("_pieces",)

    def __init__(self, value: Any) -> None:
        self._pieces = encoded(value)[:-1].split(_MARK)

    def filled(self, numbers: NDArray[np.float64], *, missing: bool = False) -> Any:
        """The value with the numbers in its gaps, in the order of the array. Raises ValueError as ``encoded`` does.

        Where numbers may be ``missing``, NaN becomes null.
        """
        if not (np.isfinite(numbers) | (missing & np.isnan(numbers))).all():
            raise ValueError("a number of an answer is not JSON compliant")
        line = [b""] * (2 * len(self._pieces) - 1)
        line[::2] = self._pieces
        line[1::2] = _encode(numbers.ravel().tolist())[1:-1].split(b",")
        return msgspec.Raw(b"".join(line))


def _refuse_infinities(value: Any) -> None:
    """What the encoder would write as null."""
    waiting: list[Iterable[Any]] = [(value,)]
    for items in waiting:
        for item in items:
            if type(item) in LEAVES:
                continue
            if isinstance(item, float):
                if not math.isfinite(item):
                    raise ValueError(f"{item} is not JSON compliant")
            elif isinstance(item, dict):
                waiting.append(item.values())
            elif isinstance(item, list | tuple):
                waiting.append(item)
            elif isinstance(item, msgspec.Struct):
                waiting.append(msgspec.structs.astuple(item))
            else:
                waiting.append((msgspec.to_builtins(item, enc_hook=_as_builtin),))


def _as_builtin(value: Any) -> Any:
    """What JSON has for a value of the model that the encoder does not know: a mapping that is locked."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


_encode = msgspec.json.Encoder(enc_hook=_as_builtin).encode
