"""Texts made from real answers, with a note of each number that they hold: whether the answers support it.

Written apart from the judge, to what a reader would say: it knows nothing of how numbers are read from a text.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
ONES += " eighteen nineteen"
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
FRACTIONS = ((0.5, "half"), (1 / 3, "a third"), (2 / 3, "two thirds"), (0.25, "a quarter"), (0.75, "three quarters"))
ODDS = ((1, 2), (1, 3), (1, 4), (1, 5), (1, 10), (2, 3), (3, 4), (2, 5), (3, 10))
UNITS = (" %", "%", " per cent", " percent")
POINTS = (" points", " percentage points", " percentage-points", " pp")
RISES = ("rises", "goes up", "climbs", "increases")
FALLS = ("falls", "goes down", "drops", "decreases")
CHANCE = ("probability", "likelihood", "chance")
PLAIN = (
    "The three scenarios are set out on page 12.",
    "All of this is as of 6 March 2017, and the horizon ends in 2018.",
    "The data are handled as ISO 27001 asks.",
    "Section 4.2 has the rest, and Figure 3 a picture.",
    "Two of the four experts were asked again at 10:30.",
    "We looked at 12 reports over 18 months.",
    "(1) The model is exact. (2) Its numbers are not.",
    "Version 1.2 of the note was circulated on 2017-03-06.",
    "See paragraphs 7 and 8 of UN Resolution 2178.",
    "The 5th edition, published in the 1990s, had 340 pages.",
    "Some 62 sources stand behind it; B27 and B32 weigh most.",
    "One of them is the article itself.",
    "Both runs took under 10 seconds on 2 cores.",
    "It cost €3.5 million and 40 staff.",
)
AMERICAN = (("organisation", "organization"), ("adicalised", "adicalized"), ("programme", "program"))


@dataclass(frozen=True)
class Piece:
    """A number of a text: what stands there, and whether the answers support it."""

    said: str
    supported: bool


@dataclass(frozen=True)
class Noted:
    """A number in its place: characters from ``start`` to ``end`` of the text."""

    start: int
    end: int
    said: str
    supported: bool


@dataclass(frozen=True)
class Text:
    """A text, the permalinks that it cites, and its numbers that are forecasts."""

    text: str
    permalinks: tuple[str, ...]
    numbers: tuple[Noted, ...]


Part = str | Piece


def in_words(number: int) -> str:
    """A number below a hundred, written out."""
    if number < 20:
        return ONES.split()[number]
    return TENS[number // 10] + (f"-{in_words(number % 10)}" if number % 10 else "")


def decimals(value: float, places: int) -> str:
    return f"{value:.{places}f}"


class Author:
    """Somebody who writes about answers; the same seed writes the same."""

    def __init__(self, seed: int, answers: Sequence[dict[str, Any]]) -> None:
        self.random = random.Random(seed)
        self.answers = answers

    def one(self, of: Sequence[Any]) -> Any:
        return self.random.choice(of)

    def is_so(self, share: float) -> bool:
        return self.random.random() < share

    def level(self, p: float) -> str:
        """A probability, rounded as people do."""
        ways: list[Callable[[], str]] = [
            lambda: decimals(100 * p, 0) + self.one(UNITS),
            lambda: decimals(100 * p, 1) + self.one(UNITS),
            lambda: decimals(p, self.one((2, 3, 4))),
            lambda: in_words(round(100 * p)) + self.one((" per cent", " percent")),
        ]
        near = 5 * round(20 * p)
        if abs(near - 100 * p) < 2 and 0 < near < 100:
            ways.append(lambda: f"{self.one(('about', 'around', 'roughly'))} {near}{self.one(UNITS)}")
        ways += [lambda of=of, n=n: f"{in_words(of)} in {in_words(n)}" for of, n in ODDS if abs(of / n - p) < 0.012]
        ways += [lambda name=name: f"about {name}" for value, name in FRACTIONS if abs(value - p) < 0.015]
        if not 0.01 < p < 0.99:
            ways = [lambda: decimals(p, 4), lambda: decimals(100 * p, 2) + self.one(UNITS)]
        return str(self.one(ways)())

    def wrong_level(self, rows: Sequence[Row], row: Row) -> str:
        """A probability that the row does not have."""
        p = row["p"]
        away = [q for q in (p + d / 100 for d in (-31, -17, -11, -7, 7, 11, 17, 31)) if 0.02 < q < 0.98]
        ways = [lambda: decimals(100 * self.one(away), self.one((0, 1))) + self.one(UNITS)]
        ways.append(lambda: decimals(self.one(away), self.one((2, 4))))
        others = [each["p"] for each in rows if abs(each["p"] - p) > 0.03]
        if others:
            ways.append(lambda: decimals(100 * self.one(others), 1) + self.one(UNITS))
        if abs(row["lo"] - p) > 0.03:
            ways.append(lambda: decimals(100 * row["lo"], 0) + self.one(UNITS))
        if p > 0.05:
            ways.append(lambda: decimals(p, 2) + self.one(UNITS))
        floor = int(100 * p)
        if 100 * p - floor > 0.6:
            ways.append(lambda: f"{floor}{self.one(UNITS)}")
        if abs(p - 0.5) > 0.05:
            ways.append(lambda: decimals(100 * (1 - p), 1) + self.one(UNITS))
        return str(self.one(ways)())

    def points(self, change: float) -> str:
        size = 100 * abs(change)
        places = 0 if size > 3 and self.is_so(0.5) else 1
        text = decimals(size, places)
        if places == 0 and self.is_so(0.3):
            text = in_words(round(size))
        return text + self.one(POINTS[:2] if text.isalpha() or "-" in text else POINTS)

    def what(self, target: Row, row: Row) -> str:
        """An event, as a noun phrase."""
        label, state = target["label"], row["state"]
        low = label[:1].lower() + label[1:] if label[1:2].islower() else label
        if [each["state"] for each in target["distribution"]] == ["yes", "no"]:
            said = low if state == "yes" else self.one((f"no {low}", f"the absence of {low}"))
            return said if self.is_so(0.7) or state == "no" else f"the patient having {low}"
        name = (row.get("label") or state.replace("_", " ")).lower()
        return str(self.one((f"“{name}” for {low}", f"{low} being {name}", f"{low}: {name}", f"a {name} {low}")))

    def sentence_of_level(self, target: Row, row: Row, ok: bool) -> list[Part]:
        number = Piece(self.level(row["p"]) if ok else self.wrong_level(target["distribution"], row), ok)
        what = self.what(target, row)
        return list(
            self.one(
                (
                    [f"The {self.one(CHANCE)} of {what} is ", number, "."],
                    [f"We put the {self.one(CHANCE)} of {what} at ", number, "."],
                    ["There is a ", number, f" {self.one(CHANCE)} of {what}."],
                    [f"For {what}, the model says ", number, "."],
                    [f"{what[:1].upper()}{what[1:]} has a {self.one(CHANCE)} of ", number, "."],
                    [f"{what[:1].upper()}{what[1:]} stands at ", number, " once everything is taken in."],
                )
            )
        )

    def sentence_of_range(self, target: Row, row: Row, ok: bool) -> list[Part]:
        low, high = 100 * row["lo"], 100 * row["hi"]
        if not ok:
            other = [each for each in target["distribution"] if abs(each["lo"] - row["lo"]) > 0.03]
            if other and self.is_so(0.4):
                low, high = 100 * self.one(other)["lo"], high
            elif self.is_so(0.5):
                low, high = max(0.0, low - self.one((4, 9))) if low > 10 else low + 5, high
            else:
                low, high = low, min(99.0, high + self.one((5, 8))) if high < 90 else high - 8
        places = self.one((0, 1)) if min(low, 100 - high) > 2 else 1
        a, b, unit = decimals(low, places), decimals(high, places), self.one(UNITS)
        number = Piece(
            self.one(
                (f"between {a} and {b}{unit}", f"{a} to {b}{unit}", f"{a}–{b}{unit}", f"from {a}{unit} to {b}{unit}")
            ),
            ok,
        )
        what = self.what(target, row)
        return list(
            self.one(
                (
                    [f"The 90 % interval for {what} runs ", number, "."],
                    [f"The {self.one(CHANCE)} of {what} lies ", number, "."],
                    [f"For {what} the range is ", number, "."],
                )
            )
        )

    def sentence_of_change(self, target: Row, row: Row, ok: bool) -> list[Part]:
        shift, what = row["shift"], self.what(target, row)
        up = shift > 0
        text = self.points(shift)
        if not ok:
            mode = self.one(("direction", "size", "percent"))
            if mode == "direction":
                up = not up
            elif mode == "size":
                text = self.points(abs(shift) + self.one((0.03, 0.07, 0.12)))
            else:
                text = decimals(100 * abs(shift), 1) + self.one(UNITS)
        verb = self.one(RISES if up else FALLS)
        chance = self.one(CHANCE)
        number = Piece(text, ok)
        return list(
            self.one(
                (
                    [f"The {chance} of {what} {verb} by ", number, "."],
                    ["That is ", number, f" {'higher' if up else 'lower'} than the baseline for {what}."],
                    [f"What is known {'raises' if up else 'lowers'} the {chance} of {what} by ", number, "."],
                    [f"The {chance} of {what} does not {'fall' if up else 'rise'}: it {verb} by ", number, "."],
                    [f"A {'rise' if up else 'fall'} of ", number, f" is what {what} sees."],
                )
            )
        )

    def sentence_from_to(self, target: Row, row: Row, ok: bool) -> list[Part]:
        before, after = row["baseline"], row["p"]
        unit = self.one(UNITS)
        wrong = not ok
        first = decimals(100 * before + (9 if wrong else 0), 1)
        up = after > before
        verb = self.one(RISES if up else FALLS)
        what = self.what(target, row)
        return [
            f"The {self.one(CHANCE)} of {what} {verb} ",
            Piece(f"from {first} to {decimals(100 * after, 1)}{unit}", ok),
            ".",
        ]

    def text(self) -> Text:
        """Some sentences about one answer or two."""
        chosen = self.random.sample(range(len(self.answers)), self.one((1, 1, 2)))
        parts: list[Part] = []
        for i in chosen:
            body = self.answers[i]
            for _ in range(self.one((1, 2, 3))):
                target = self.one(body["targets"])
                row = self.one(target["distribution"])
                parts += [*self._sentence(target, row), " "]
                if self.is_so(0.35):
                    parts += [self.one(PLAIN), " "]
        return self._written(parts, tuple(self.answers[i]["permalink"] for i in chosen))

    def _sentence(self, target: Row, row: Row) -> list[Part]:
        ok = self.is_so(0.55)
        ways = [self.sentence_of_level, self.sentence_of_level]
        if 0.03 < row["p"] < 0.97:
            ways.append(self.sentence_of_range)
        if abs(row["shift"]) > 0.012:
            ways += [self.sentence_of_change, self.sentence_from_to]
        return list(self.one(ways)(target, row, ok))

    def _written(self, parts: Sequence[Part], permalinks: tuple[str, ...]) -> Text:
        american = self.is_so(0.3)
        text, numbers = "", []
        for part in parts:
            said = part.said if isinstance(part, Piece) else part
            for british, other in AMERICAN if american else ():
                said = said.replace(british, other)
            if isinstance(part, Piece):
                numbers.append(Noted(len(text), len(text) + len(said), said, part.supported))
            text += said
        return Text(text.strip(), permalinks, tuple(numbers))


def texts(count: int, answers: Sequence[dict[str, Any]], *, seed: int = 18) -> list[Text]:
    """So many texts about these answers."""
    return [Author(seed * 1_000 + i, answers).text() for i in range(count)]


@dataclass(frozen=True)
class Contrast:
    """One target under two conditions, each in words as they stand after *with*; rows of both in one order."""

    target: Row
    conditions: tuple[str, str]
    rows: tuple[Sequence[Row], Sequence[Row]]
    permalinks: tuple[str, ...]


class Contrasting(Author):
    """Somebody who writes about one target under two conditions."""

    def __init__(self, seed: int, contrasts: Sequence[Contrast]) -> None:
        super().__init__(seed, ())
        self.contrasts = contrasts

    def text(self) -> Text:
        """A few sentences about one contrast."""
        chosen = self.one(self.contrasts)
        parts: list[Part] = []
        for _ in range(self.one((1, 2, 3))):
            parts += [*self._of(chosen), " "]
        return self._written(parts, chosen.permalinks)

    def _of(self, contrast: Contrast) -> list[Part]:
        i = self.random.randrange(len(contrast.rows[0]))
        order = self.one(((0, 1), (1, 0)))
        first, second = (contrast.rows[side][i] for side in order)
        words = tuple(contrast.conditions[side] for side in order)
        apart = first["p"] - second["p"]
        ways = [self._of_one] if abs(apart) < 0.02 else [self._of_one, self._of_both, self._of_difference]
        if min(first["p"], second["p"]) > 0.02 and first["p"] > 1.2 * second["p"]:
            ways.append(self._of_ratio)
        ok = self.is_so(0.5) or abs(apart) < 0.02
        return self.one(ways)((self.what(contrast.target, first), *words), first["p"], second["p"], ok)

    def percent(self, p: float) -> str:
        return decimals(100 * p, 1) + self.one(UNITS)

    def _of_one(self, words: tuple[str, ...], p: float, q: float, ok: bool) -> list[Part]:
        what, one, _ = words
        number = Piece(self.percent(p if ok else q), ok)
        if self.is_so(0.5):
            return [f"With {one} the {self.one(CHANCE)} of {what} is ", number, "."]
        return [f"The {self.one(CHANCE)} of {what} is ", number, f" with {one}."]

    def _of_both(self, words: tuple[str, ...], p: float, q: float, ok: bool) -> list[Part]:
        what, one, other = words
        pair = [Piece(self.percent(each), ok) for each in ((p, q) if ok else (q, p))]
        link = self.one((", with ", " and with ", ", but with "))
        return [f"With {one} the {self.one(CHANCE)} of {what} is ", pair[0], f"{link}{other} ", pair[1], "."]

    def _of_difference(self, words: tuple[str, ...], p: float, q: float, ok: bool) -> list[Part]:
        what, one, other = words
        more, size = p > q, abs(p - q)
        if not ok and self.is_so(0.5):
            more = not more
        elif not ok:
            size += self.one((0.04, 0.09))
        number = Piece(decimals(100 * size, 1) + self.one(POINTS), ok)
        said = "higher" if more else "lower"
        if self.is_so(0.5):
            return [f"The {self.one(CHANCE)} of {what} is ", number, f" {said} with {one} than with {other}."]
        return [f"Compared with {other}, the {self.one(CHANCE)} of {what} is ", number, f" {said} with {one}."]

    def _of_ratio(self, words: tuple[str, ...], p: float, q: float, ok: bool) -> list[Part]:
        what, one, other = words
        number = Piece(f"{decimals(p / q if ok else 1.5 * p / q, 1)} times", ok)
        return [f"The {self.one(CHANCE)} of {what} is ", number, f" as high with {one} as with {other}."]


def contrasting(count: int, contrasts: Sequence[Contrast], *, seed: int = 18) -> list[Text]:
    """So many texts about these contrasts."""
    return [Contrasting(seed * 1_000 + i, contrasts).text() for i in range(count)]
