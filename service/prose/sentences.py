"""Sentences of a text, with what in them is an address, a name or code blanked out, and places by line and column."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

ABBREVIATIONS = frozenset(["e.g", "i.e", "cf", "vs", "mr", "mrs", "ms", "dr", "prof", "al", "st", "u.s", "u.k", "u.n"])
BEFORE_NUMBERS = frozenset(
    ["approx", "ca", "c", "fig", "figs", "no", "nos", "p", "pp", "sec", "ch", "ed", "vol", "art", "para", "eq"]
)
"""What is short for something only where a number follows."""
_ENDS = re.compile(r"[.!?]+[\"'”’»)\]]*(?=\s)|\n\s*\n|\n(?=\s*(?:[-*•|#>]|\d+[.)])\s*)|[|](?=\s*\n)|\n(?=\|)|;\s")
_BLANKED = (
    re.compile(r"(?:https?|ftp)://[^\s<>\"')\]]+"),
    re.compile(r"(?<![\w/])/v1/[^\s<>\"')\]]+"),
    re.compile(r"\bdoi:\s?\S+", re.IGNORECASE),
    re.compile(r"\br-[0-9a-f]{6,}\b"),
    re.compile(r"\[\^\w+\]:?"),
    re.compile(
        r"`(?![^`\n]*\d\s?(?:%|per ?cent\b|points?\b|pp\b))(?![^`\n]*\s[=:≈]\s0?\.\d+`)[^`\n]*[A-Za-z_]{2}[^`\n]*`"
    ),
    re.compile(r"\b[A-Za-z][\w]*(?:[-_][A-Za-z\d]+)*[-_]\d[\w]*\b"),
)
"""Addresses, revisions, marks of footnotes, code but for numbers with their unit, and names that end in a number, such
as ``mosul-2017``."""
LINES = re.compile("\n")
LONGEST = 800
"""Characters of a sentence: what a number belongs to is looked for among all of its names and numbers."""
AROUND = 32
"""Characters shown on each side of a number."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: where it stands, and whether a paragraph begins with it. ``text`` is blanked."""

    start: int
    text: str
    opens: bool

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return self.text.lstrip().startswith("|") or self.text.count("|") > 1


@dataclass(frozen=True)
class Prose:
    """A text to be looked at."""

    text: str

    @cached_property
    def blanked(self) -> str:
        """The text, character for character, without what is no prose."""
        found = self.text
        for pattern in _BLANKED:
            found = pattern.sub(lambda match: "\x00" * len(match[0]), found)
        return found

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in LINES.finditer(self.text))]

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of a character, counted from one.

        >>> Prose("a\\nbc").place(3)
        (2, 2)
        """
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def around(self, start: int, end: int) -> str:
        """The words around a part of the text, in one line."""
        low, high = max(0, start - AROUND), min(len(self.text), end + AROUND)
        while 0 < low < start and not self.text[low - 1].isspace():
            low += 1
        while end < high < len(self.text) and not self.text[high].isspace():
            high -= 1
        return " ".join(self.text[low:high].split())

    def sentences(self) -> list[Sentence]:
        """Sentences, cells of tables and items of lists, in order.

        >>> [each.text for each in Prose("It is 0.4, i.e. two in five. See p. 3.").sentences()]
        ['It is 0.4, i.e. two in five.', ' See p. 3.']
        """
        found: list[Sentence] = []
        start, opens = 0, True
        for end in _ENDS.finditer(self.blanked):
            before = self.blanked[start : end.start()]
            if end[0][0] == "." and _is_abbreviation(before, self.blanked[end.end() :]):
                continue
            if end[0][0] == ";" and before.count("[") > before.count("]"):  # [73.6 %; 91.1 %]
                continue
            found.append(Sentence(start, self.blanked[start : end.end()], opens))
            start, opens = end.end(), "\n\n" in end[0].replace(" ", "")
        found.append(Sentence(start, self.blanked[start:], opens))
        return [part for each in found if each.text.strip("\x00 \n\t") for part in _parts(each)]


def _parts(sentence: Sentence) -> Iterator[Sentence]:
    """A sentence, cut between words where it is longer than one that somebody reads."""
    text, start = sentence.text, 0
    while len(text) - start > LONGEST:
        space = max(text.rfind(mark, start + 1, start + LONGEST) for mark in (" ", "\n", "\t"))
        end = space if space > start else start + LONGEST
        yield Sentence(sentence.start + start, text[start:end], sentence.opens and not start)
        start = end
    yield Sentence(sentence.start + start, text[start:], sentence.opens and not start)


def _is_abbreviation(before: str, after: str) -> bool:
    words = before.rsplit(None, 1)
    last = words[-1].lower().lstrip("(“\"'") if words else ""
    if last in BEFORE_NUMBERS and re.match(r"\s+\d", after):
        return True
    return last in ABBREVIATIONS or (len(last) == 1 and last.isalpha() and last not in "aci")
