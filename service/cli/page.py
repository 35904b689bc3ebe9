"""Text on a terminal: how wide it is, lines that fit, and characters that it has."""

from __future__ import annotations

import codecs
import os
import re
import sys
from io import TextIOWrapper
from shutil import get_terminal_size

import click

from model.wording import wrapped

WIDTH = 100
"""Columns where nobody says how many there are."""
NARROWEST = 20
"""To fewer columns than this nothing is fitted."""
ROW = re.compile(r"\S {2,}\S|[│█·▌]{2}|^[|#]")
"""What a line has that is not broken: columns two spaces apart, a bar, or in Markdown the mark of a table or a head."""


def width() -> int:
    """Columns of a page: COLUMNS, else those of the terminal, else 100."""
    return max(NARROWEST, get_terminal_size((WIDTH, 24)).columns)


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print text, its lines no wider than the terminal where there is one, or than COLUMNS."""
    stream = sys.stderr if err else sys.stdout
    known = bool(os.environ.get("COLUMNS")) or stream.isatty()
    letters = in_letters_of(stream.encoding or "utf-8", text)  # click would write UTF-8 where there is only ASCII
    click.echo(folded(letters, width()) if known else letters, err=err, nl=nl)


def folded(text: str, columns: int) -> str:
    """Text whose longer lines go on below, further in; a row of a table stays whole, as a long word does.

    >>> print(folded("one two three four five\\n  a     b      c         d         e", 20))
    one two three four
      five
      a     b      c         d         e
    """
    return "\n".join(line for whole in text.split("\n") for line in _fitted(whole, columns))


def _fitted(line: str, columns: int) -> list[str]:
    if len(line) <= columns or ROW.search(line):
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    return wrapped(line.strip(), columns, first=indent, then=f"{indent}  ")


def in_letters_of(encoding: str, text: str) -> str:
    """Text with what an encoding does not have in the letters that it has, as near as may be.

    >>> in_letters_of("ascii", "7–9 × é"), in_letters_of("iso-8859-1", "7–9 × é")
    ('7-9 * e', '7-9 × é')
    """
    return text.encode(encoding, TRANSLITERATED).decode(encoding)


TRANSLITERATED = "aftermath.transliterated"


def _transliterated(error: UnicodeError) -> tuple[str, int]:
    from anyascii import anyascii

    if not isinstance(error, UnicodeEncodeError):
        raise error
    return anyascii(error.object[error.start : error.end]) or "?", error.end


codecs.register_error(TRANSLITERATED, _transliterated)


def fit_streams() -> None:
    """Let no character end a command: what a terminal's encoding lacks is written in letters that it has.

    Under LC_ALL=C, which Python takes for UTF-8, these are those of ASCII.
    """
    plain = os.environ.get("LC_ALL") in ("C", "POSIX") and not os.environ.get("PYTHONIOENCODING")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="ascii" if plain else None, errors=TRANSLITERATED)
