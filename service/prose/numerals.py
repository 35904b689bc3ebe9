"""Numbers in running text: digits, words, fractions and odds, with unit, precision and hedge, single or as ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from service.prose import cues

Unit = Literal["percent", "points", "share", "odds", "times", "decibels", "bits", "none"]
"""``share`` is a fraction in words, ``odds`` so many in so many; ``none`` a number with nothing behind it."""

SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
VALUES = {word: i for i, word in enumerate(SMALL)} | {word: 10 * i for i, word in enumerate(TENS, 2)}
PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
HEDGES = {
    "above": (
        "over", "above", "more than", "at least", "no less than", "not less than", "upwards of", "exceeding",
        "exceeds",
    ),
    "just above": ("just over", "slightly over", "slightly more than", "a little over", "just above"),
    "below": ("under", "below", "less than", "at most", "no more than", "not more than", "fewer than"),
    "just below": ("just under", "nearly", "almost", "slightly less than", "just below", "a little under", "not quite"),
    "about": (
        "about", "around", "roughly", "approximately", "approx.", "approx", "some", "circa", "ca.", "c.", "close to",
        "near", "nearer", "in the region of", "on the order of", "~", "≈",
    ),
}  # fmt: skip
"""Words before a number that widen what it says, by how."""

ARROW = "→"
_WORD = rf"(?:(?:{'|'.join(TENS)})(?:[- ](?:{'|'.join(SMALL[1:10])}))?|{'|'.join(reversed(SMALL))}|(?:a|one) hundred)"
_DIGITS = r"(?:\d+,\d{1,2}(?=[ \u00a0]?(?:%|per ?cent))|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_NUMBER = rf"(?:{_DIGITS}|(?<![\w-]){_WORD}(?:(?!\w)|(?=fold\b)))"
_UNIT = (
    r"(?:[ \u00a0\u202f-]?(?:percentage|percent|per cent|%)[ -]?(?:points?|pts?)\b"
    r"|[ \u00a0\u202f]?[%％]|[ \u00a0-]?per ?cent\b|[ \u00a0]?(?:pct|pc)\b|[ \u00a0]?p\.c\."
    r"|[ \u00a0-]points?\b|[ \u00a0]?(?:pp|pts|p\.p\.)(?![\w])"
    r"|[ \u00a0-]?(?:decibels?|dB)\b|[ \u00a0-]bits?\b|[ \u00a0-]times\b|-?fold\b|[×x](?![\w]))"
)
_SIGN = r"(?:(?<![\w\d.,%)])[+−-](?=\s?[\d.]))\s?"
_ONE = rf"(?P<sign>{_SIGN})?(?P<number>{_NUMBER})(?P<unit>{_UNIT})?"
_RANGE = (
    rf"(?P<sign>{_SIGN})?(?P<low>{_NUMBER})(?P<low_unit>{_UNIT})?"
    r"(?P<link>[,;]\s+|\s?(?:→|->)\s?|\s?[–—]\s?|\s?-\s?|\s+(?:to|and|through|up to|down to)\s+)"
    rf"(?P<sign_high>[+−-]\s?)?(?P<high>{_NUMBER})(?P<high_unit>{_UNIT})?"
)
_ODDS = (
    rf"(?P<of>{_NUMBER})(?:\s+chances?|(?<=one)\s+[a-z]+)?(?:\s+|-)(?:in|out\s+of|(?<=\d\s)of(?=\s\d))(?:\s+|-)(?:every\s+|a\s+)?"
    rf"(?P<among>{_DIGITS}|{_WORD}(?!\w)|hundred(?!\w))"
)
_AGAINST = (
    rf"(?P<one>{_NUMBER})\s?(?:[ -]to[ -]|:)\s?(?P<other>{_NUMBER})(?!{_UNIT}|[\w.,]*\d)(?:\s+(?P<how>on|against)\b)?"
)
_SLASHED = r"(?!9/11\b|7/7\b)(?P<of>\d+)\s?/\s?(?P<among>\d+)(?![\w/]|\.\d)"
_SHARE = (
    r"(?<![\w-])(?:(?P<whole>half|one[ -]half)|(?P<count>a|an|one|two|three|four|five|six|seven|eight|nine)[ -]"
    rf"(?P<part>{'|'.join(PARTS)})s?)(?![\w-])"
)
_TWICE = r"(?<![\w-])(?P<twice>twice|double|doubles|doubled|triples?|tripled|halves)(?![\w-])"

_END = r"(?![\d])"
_ODD_ONE = re.compile(_ODDS + r"(?![\w.]*\d)", re.IGNORECASE)
_SLASHED_ODDS = re.compile(_SLASHED)
_ODD_TWO = re.compile(_AGAINST, re.IGNORECASE)
_RANGED = re.compile(_RANGE + _END, re.IGNORECASE)
_SINGLE = re.compile(_ONE + _END, re.IGNORECASE)
_SHARED = re.compile(_SHARE, re.IGNORECASE)
_MANIFOLD = re.compile(_TWICE, re.IGNORECASE)
_BEGINS = re.compile(
    rf"(?<![\w/.])(?:(?:{_SIGN})?{_NUMBER})|(?<![\w-])(?:half|one[ -]half|an? (?:{'|'.join(PARTS)}))(?!\w)|{_TWICE}",
    re.IGNORECASE,
)
"""Where a number may begin."""
_BEFORE = {
    kind: re.compile(rf"(?:^|(?<=[\s(]))(?:{'|'.join(map(re.escape, words))})\s*$", re.IGNORECASE)
    for kind, words in HEDGES.items()
}
_INTRODUCED = re.compile(r"\b(?P<word>between|from|of|by|within)\s+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number of a text, or the two of a range.

    ``values`` are as printed in ``unit`` (23 of "23 %"), ``steps`` the size of the last digit of each. ``introduced``
    is the word that begins a range: between, from, or nothing. ``signs`` are 1, -1 or, where none is printed, 0.
    """

    start: int
    end: int
    values: tuple[float, ...]
    steps: tuple[float, ...]
    unit: Unit
    hedge: str = ""
    signs: tuple[int, ...] = (0,)
    introduced: str = ""
    is_word: bool = False

    @property
    def is_range(self) -> bool:
        """Whether two numbers stand for what lies between them."""
        return len(self.values) == 2


def numerals(text: str) -> Iterator[Numeral]:
    """The numbers of a text, from left to right.

    >>> [(each.values, each.unit) for each in numerals("It rises by 3 points, to between 11 and 15 per cent.")]
    [((3.0,), 'points'), ((11.0, 15.0), 'percent')]
    >>> [(each.values, each.unit, each.hedge) for each in numerals("about a quarter; one in four; 0.23")]
    [((0.25,), 'share', 'about'), ((0.25,), 'odds', ''), ((0.23,), 'none', '')]
    """
    at = 0
    while (begun := _BEGINS.search(text, at)) is not None:
        made = _numeral(text, begun.start())
        at = begun.end() if made is None else made.end
        if made is not None:
            yield made


def _numeral(text: str, start: int) -> Numeral | None:
    hedge = _hedge(text, start)
    if found := _ODD_ONE.match(text, start) or _slashed(text, start):
        of, among = _value(found["of"])[0], _value(found["among"])[0]
        if among:
            return Numeral(start, found.end(), (of / among,), (1 / among,), "odds", hedge)
    if (found := _ODD_TWO.match(text, start)) and (found["how"] or cues.ODDS.search(text[:start])):
        return _odds(found, text[:start], hedge)
    if found := _SHARED.match(text, start):
        count = found["count"].lower() if found["count"] else "one"
        part = PARTS[found["part"].lower()] if found["part"] else 2
        return Numeral(start, found.end(), (VALUES.get(count, 1) / part,), (0.05,), "share", hedge, is_word=True)
    if (found := _RANGED.match(text, start)) and _is_range(found, text):
        return _range(found, text, hedge)
    if found := _SINGLE.match(text, start):
        value, step = _value(found["number"])
        is_word = not any(c.isdigit() for c in found["number"])
        signs = (_sign(found["sign"]),)
        return Numeral(start, found.end(), (value,), (step,), _unit(found["unit"]), hedge, signs, is_word=is_word)
    if found := _MANIFOLD.match(text, start):
        word = found["twice"].lower()
        value = 0.5 if word == "halves" else 3.0 if word.startswith("tripl") else 2.0
        return Numeral(start, found.end(), (value,), (0.2 if value > 1 else 0.05,), "times", hedge, is_word=True)
    return None


def _slashed(text: str, start: int) -> re.Match[str] | None:
    """So many in so many with a stroke between, where chances are spoken of: no date, season (2016/17) or 9/11."""
    found = _SLASHED_ODDS.match(text, start)
    return found if found and int(found["of"]) <= int(found["among"]) and cues.CHANCE.search(text) else None


def _is_range(found: re.Match[str], text: str) -> bool:
    """Whether two numbers are one range: with ``and`` only after ``between``, and of one unit where both have one."""
    link, before = found["link"].strip().lower(), text[: found.start()]
    introduced = _INTRODUCED.search(before)
    word = introduced["word"].lower() if introduced else ""
    first, second = found["low_unit"], found["high_unit"]
    if link == ",":
        return before[-1:] in ("[", "(") and text[found.end() : found.end() + 1] in ("]", ")") and "." in found["low"]
    if link == "and" and word not in ("between", "within"):
        return False
    if first and _unit(first) != _unit(second):
        return False
    if (link in ("through", "up to", "down to") and not second) or (word == "by" and first):
        return False
    turned = cues.TURNED.search(before) is not None  # up 8 to 33 %: by so much, to so much
    if link == "to" and turned and not first and second and word == "":
        return False
    return not (link == "-" and not second and found["link"] != "-")


def _range(found: re.Match[str], text: str, hedge: str) -> Numeral:
    (low, low_step), (high, high_step) = _value(found["low"]), _value(found["high"])
    introduced = _INTRODUCED.search(text[: found.start()])
    return Numeral(
        *found.span(),
        (low, high),
        (low_step, high_step),
        _unit(found["high_unit"] or found["low_unit"]),
        hedge,
        (_sign(found["sign"]), _sign(found["sign_high"])),
        ARROW if found["link"].strip() in (ARROW, "->") else introduced["word"].lower() if introduced else "",
        is_word=not any(c.isdigit() for c in found[0]),
    )


def _odds(found: re.Match[str], before: str, hedge: str) -> Numeral:
    """Odds of so much to so much as a probability: of 3 to 1 it is 0.75, of 3 to 1 against 0.25.

    >>> [each.values for each in numerals("The odds are 3 to 1; it is 4:1 against.")]
    [(0.75,), (0.2,)]
    """
    one, other = _value(found["one"])[0], _value(found["other"])[0]
    is_against = (found["how"] or "").lower() == "against" or cues.ODDS_AGAINST.search(before) is not None
    every = one + other or 1.0
    p = other / every if is_against else one / every
    return Numeral(*found.span(), (p,), (min(one, other) / every**2,), "odds", hedge)


def _value(text: str) -> tuple[float, float]:
    """A number as printed, and the size of its last digit.

    >>> _value("23.10"), _value("twenty-three"), _value("1,000")
    ((23.1, 0.01), (23.0, 1.0), (1000.0, 1.0))
    """
    comma = re.fullmatch(r"\d+,\d{1,2}", text)
    plain = text.replace(",", "." if comma else "").lower()
    if any(c.isdigit() for c in plain):
        places = len(plain.partition(".")[2])
        return float(plain), float(f"1e-{places}")
    if "hundred" in plain:
        return 100.0, 1.0
    return float(sum(VALUES[word] for word in re.split(r"[- ]", plain))), 1.0


def _unit(text: str | None) -> Unit:
    said = (text or "").strip(" \u00a0\u202f-").lower()
    if not said:
        return "none"
    if "p" in said and ("point" in said or "pt" in said or said in ("pp", "p.p.")):
        return "points"
    if said[0] in "%％p":
        return "percent"
    if said.startswith("d"):
        return "decibels"
    return "bits" if said.startswith("b") else "times"


def _sign(text: str | None) -> int:
    if not text or not text.strip():
        return 0
    return 1 if text.strip() == "+" else -1


def _hedge(text: str, start: int) -> str:
    """The kind of hedge right before a number, by the longest: no more than, and not more than.

    >>> _hedge("It is no more than 9 %.", 18), _hedge("It is more than 9 %.", 15)
    ('below', 'above')
    """
    before = text[max(0, start - 24) : start]
    found = ((match.start(), kind) for kind, words in _BEFORE.items() if (match := words.search(before)))
    return min(found, default=(0, ""))[1]
