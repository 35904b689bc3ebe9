"""A JSON parser that refuses what a lenient one lets through, and names the place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from model.errors import Place
from service.http.problems import BadJSON

MOST_DEPTH = 64
LARGEST_INTEGER = 2**53

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_ESCAPED_ODDITY = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Stands in the parsed value where something was wrong, until its place is known."""

    detail: str
    key: str | None = None


def read(raw: bytes) -> Any:
    """The value of a JSON text.

    >>> read(b'{"given": {"smoke": "yes"}}')
    {'given': {'smoke': 'yes'}}

    Raises BadJSON for bytes that are not UTF-8, for bad syntax, a key named twice, NaN and
    Infinity, numbers too large to keep, NUL, half a surrogate pair, and depth over 64.
    """
    text = _decoded(raw)
    _refuse_depth(raw)
    flaws: list[_Flaw] = []
    value = _parsed(text, flaws)
    if flaws or _ESCAPED_ODDITY.search(text):
        _refuse_flaws(value)
    return value


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJSON(f"the body is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}") from None


def _refuse_depth(raw: bytes) -> None:
    brackets = _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS)
    if any(depth > MOST_DEPTH for depth in accumulate(map(_STEP.__getitem__, brackets))):
        raise BadJSON(f"the body is nested more than {MOST_DEPTH} deep")


def _parsed(text: str, flaws: list[_Flaw]) -> Any:
    def flawed(detail: str, key: str | None = None) -> _Flaw:
        flaws.append(_Flaw(detail, key))
        return flaws[-1]

    def integer(digits: str) -> Any:
        if len(digits) > 17 or abs(int(digits)) > LARGEST_INTEGER:
            return flawed(f"an integer of {len(digits.lstrip('-'))} digits is beyond 2^53 and would lose digits")
        return int(digits)

    def number(digits: str) -> Any:
        value = float(digits)
        return value if math.isfinite(value) else flawed(f"the number {_short(digits)} is too large to keep")

    def mapping(pairs: list[tuple[str, Any]]) -> Any:
        value = dict(pairs)
        if len(value) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            value[twice] = flawed(f"the key {_short(twice)!r} is named twice", twice)
        return value

    try:
        return json.loads(
            text,
            parse_int=integer,
            parse_float=number,
            parse_constant=lambda name: flawed(f"{name} is not JSON"),
            object_pairs_hook=mapping,
        )
    except json.JSONDecodeError as error:
        raise BadJSON(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None


def _refuse_flaws(value: Any) -> None:
    for place, item in _walk(value, ()):
        if isinstance(item, _Flaw):
            raise BadJSON(item.detail, where=place)
        if isinstance(item, str) and "\0" in item:
            raise BadJSON("text with a NUL character", where=place)
        if isinstance(item, str) and any("\ud800" <= letter <= "\udfff" for letter in item):
            raise BadJSON("text with half a surrogate pair", where=tuple(_printable(step) for step in place))


def _walk(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Every key and leaf with its place; depth is bounded before this is called."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield place, key
            yield from _walk(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, (*place, index))
    else:
        yield place, value


def _printable(step: str | int) -> str | int:
    return step if isinstance(step, int) else step.encode("utf-8", "replace").decode()


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
