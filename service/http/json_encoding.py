"""JSON encoding of answers, and JSON templates: text encoded once, into which the numbers of each answer are filled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

_MARK = b"\0"

DIGITS = 13
"""Significant digits of the numbers that are sent: what comes after them is rounding of the working."""

LARGE = 1e9
"""Numbers from which on are sent in full: they are counts and amounts, whole for the most part."""

_TENS = 10.0 ** np.arange(23)
"""The powers of ten that floating point has exactly."""

ROOM = 16_000_000
"""Bytes of a large answer beside what is counted of it."""

LEAVES = frozenset({str, int, bool, type(None), msgspec.Raw, msgspec.UnsetType})
"""Types of what holds no floating-point number."""


class AsSaid(msgspec.Struct):
    """A part of an answer whose numbers are somebody's own: they are sent as they were said."""


GAP: Any = msgspec.Raw(_MARK)
"""Stands in a value where a number is to be laid in. JSON escapes NUL in texts, so the mark is found nowhere else."""


def encoded(value: Any) -> bytes:
    """JSON as sent: keys in the order declared, numbers to DIGITS significant digits, a newline at the end.

    Structs and dataclasses are objects with their fields.

    >>> encoded({"p": 0.1 + 0.2, "state": "ja/né"}).decode()
    '{"p":0.3,"state":"ja/né"}\\n'

    Raises ValueError for NaN and infinities, which JSON does not have.
    """
    return _encode(_plain(value)) + b"\n"


def make_room(count: int) -> None:
    """Raise MemoryError where there is no room for an answer of so many bytes.

    For large answers, before they are encoded: msgspec 0.22 ends the whole process where its buffer cannot grow. The
    buffer grows by half, so that twice the bytes are asked for; none of them is touched.
    """
    bytearray(2 * count + ROOM)


def rounded(number: float) -> float:
    """A number below LARGE to DIGITS significant digits.

    >>> rounded(0.5000000000000039), rounded(1 / 3), rounded(1e-300)
    (0.5, 0.3333333333333, 1e-300)
    """
    if abs(number) >= LARGE or not number:
        return number + 0.0
    if abs(number) < 1e-9:
        return float(f"{number:.{DIGITS}g}")
    ten = 10.0 ** (DIGITS - 1 - math.floor(math.log10(abs(number))))
    return round(number * ten) / ten


def all_rounded(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each number of an array as ``rounded`` has it; any shape, NaN is left.

    >>> all_rounded(np.array([0.1 + 0.2, np.nan]))
    array([0.3, nan])
    """
    sizes = np.abs(numbers)
    some = (sizes >= 1e-9) & (sizes < LARGE)
    within = np.where(some, numbers, 1.0)
    tens = _TENS[DIGITS - 1 - np.floor(np.log10(np.abs(within))).astype(np.int64)]
    found: NDArray[np.float64] = np.where(some, np.rint(within * tens) / tens, numbers) + 0.0
    for place in zip(*np.nonzero((sizes > 0) & (sizes < 1e-9)), strict=True):
        found[place] = rounded(float(found[place]))
    return found


def encoded_part(value: Any) -> Any:
    """A part of an answer as JSON already: it goes into a value as it is.

    >>> encoded({"sources": encoded_part(["a", "b"])})
    b'{"sources":["a","b"]}\\n'
    """
    return msgspec.Raw(encoded(value)[:-1])


def text_part(value: Any) -> Any:
    """A part of an answer as JSON already, that holds texts and parts and no number of its own."""
    return msgspec.Raw(_encode(value))


class Template:
    """A value with gaps for numbers, encoded once.

    >>> template = Template([{"state": "yes", "p": GAP}, {"state": "no", "p": GAP}])
    >>> encoded({"distribution": template.filled(np.array([0.25, 0.75]))})
    b'{"distribution":[{"state":"yes","p":0.25},{"state":"no","p":0.75}]}\\n'
    """

    __slots__ = ("_pieces",)

    def __init__(self, value: Any, *, is_text: bool = False) -> None:
        """``is_text`` says that no number stands in the value but within parts that are encoded already."""
        self._pieces = _encode(value).split(_MARK) if is_text else encoded(value)[:-1].split(_MARK)

    def filled(self, numbers: NDArray[np.float64], *, missing: bool = False) -> Any:
        """The value with the numbers in its gaps, in the order of the array. Raises ValueError as ``encoded`` does.

        Where numbers may be ``missing``, NaN becomes null.
        """
        if np.isinf(numbers).any() if missing else not np.isfinite(numbers).all():
            raise ValueError("a number of an answer is not JSON compliant")
        line = [b""] * (2 * len(self._pieces) - 1)
        line[::2] = self._pieces
        line[1::2] = _encode(all_rounded(numbers.ravel()).tolist())[1:-1].split(b",")
        return msgspec.Raw(b"".join(line))


def _plain(value: Any) -> Any:
    """The value in mappings and lists with its numbers rounded. Refuses what the encoder would write as null."""
    if type(value) in LEAVES:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not JSON compliant")
        return rounded(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return list(map(_plain, value))
    if isinstance(value, AsSaid):
        return value
    if isinstance(value, msgspec.Struct):
        held = zip(_names(type(value)), msgspec.structs.astuple(value), strict=True)
        return {name: _plain(part) for name, part in held if part is not msgspec.UNSET}
    return _plain(msgspec.to_builtins(value, enc_hook=_as_builtin))


@cache
def _names(shape: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(shape))


def _as_builtin(value: Any) -> Any:
    """What JSON has for a value of the model that the encoder does not know: a mapping that is locked."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


_encode = msgspec.json.Encoder(enc_hook=_as_builtin).encode
