"""Scalars: YAML 1.2's core schema in one strict spelling, and text that the eye can tell."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any

from ruamel.yaml.events import (
    ScalarEvent,
)

LONGEST_NUMBER = 40

INTEGER = re.compile(r"[-+]?[0-9]+")

NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")

PROPER_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")

INFINITE = frozenset({".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})

NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN", "-.inf", "-.Inf", "-.INF"})

TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

NOTHING = frozenset({"", "~", "null", "Null", "NULL"})

Wrong = tuple[str, str]
"""What was found and what would have been right."""

NO_VALUE = ("no value", "a value")


def _is_plain(event: ScalarEvent) -> bool:
    return bool(event.implicit[0])


def is_integer(event: ScalarEvent) -> bool:
    return _is_plain(event) and INTEGER.fullmatch(event.value) is not None


def resolved(event: ScalarEvent) -> tuple[Any, Wrong | None]:
    """The value of a scalar by the YAML 1.2 core schema, and what is wrong with how it is written."""
    text = event.value
    if not _is_plain(event):
        return text, _wrong_text(text)
    if text in NOTHING:
        return None, NO_VALUE
    if text in TRUTH:
        return TRUTH[text], None
    if text in INFINITE:
        return math.inf, None
    if text in NOT_A_NUMBER:
        return None, (text, f'a number, or "{text}" in quotes when it is a name')
    if OTHER_BASE.fullmatch(text):
        return None, (text, f'a number in decimal digits, or "{text}" in quotes when it is a name')
    return _number(text) if NUMBER.fullmatch(text) else (text, None)


def _number(text: str) -> tuple[Any, Wrong | None]:
    if len(text) > LONGEST_NUMBER or math.isinf(float(text)):
        return None, (f"the number {text[:20]}…", "a number that a computer can hold")
    value = int(text) if INTEGER.fullmatch(text) else float(text)
    if PROPER_NUMBER.fullmatch(text):
        return value, None
    return value, (text, f'{_proper(text)}, or "{text}" in quotes when it is a name')


def _proper(text: str) -> str:
    """A number in its usual form.

    >>> [_proper(text) for text in ("010", ".5", "-1.", "+3", "00.50e3")]
    ['10', '0.5', '-1.0', '3', '0.50e3']
    """
    sign = "-" if text.startswith("-") else ""
    head, mark, exponent = text.lstrip("+-").partition("e" if "e" in text else "E")
    whole, point, fraction = head.partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{point}{(fraction or '0') if point else ''}{mark}{exponent}"


def wrong_key(event: ScalarEvent) -> Wrong | None:
    text = event.value
    if not _is_plain(event):
        return _wrong_text(text)
    if text == "<<":
        return "the merge key '<<'", "the keys themselves, written out"
    if text in NOTHING:
        return "a key that is empty", "a word"
    if text in TRUTH or text in INFINITE | NOT_A_NUMBER or NUMBER.fullmatch(text) or OTHER_BASE.fullmatch(text):
        return f"{text} as a key", f'a word, or "{text}" in quotes when it is a name'
    return None


def _wrong_text(text: str) -> Wrong | None:
    """What is wrong with quoted text, whose escapes may hide what the eye cannot see."""
    odd = odd_character(text.replace("\n", " ").replace("\t", " "))
    return odd[1:] if odd else None


def odd_character(text: str) -> tuple[int, str, str] | None:
    """Position of the first character that cannot be told by eye, what it is, and what would be right.

    >>> odd_character("no\\u200bne")
    (2, 'the invisible character U+200B', 'text without it')
    >>> odd_character("Sa\\u0308le")
    (1, 'a letter and its accent apart (U+0061 U+0308)', 'the one character U+00E4')
    """
    for position, character in enumerate(text):
        category = unicodedata.category(character)
        if category == "Zs" and character != " ":
            return position, f"the space U+{ord(character):04X}", "a plain space"
        if category[0] == "C" or category in ("Zl", "Zp"):
            return position, f"the invisible character U+{ord(character):04X}", "text without it"
    if not unicodedata.is_normalized("NFC", text):
        start = next(i for i in range(len(text)) if not unicodedata.is_normalized("NFC", text[: i + 1]))
        first = max(start - 1, 0)
        apart, together = text[first : start + 1], unicodedata.normalize("NFC", text[first : start + 1])
        return first, f"a letter and its accent apart ({_points(apart)})", f"the one character {_points(together)}"
    return None


def _points(text: str) -> str:
    return " ".join(f"U+{ord(character):04X}" for character in text)
