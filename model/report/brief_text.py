"""A brief as written text: its words stand in brief.j2, and here how they are laid out and its numbers are said.

The same brief gives the same text; words of likelihood are from one fixed table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from model.report.brief import Brief, Reason
from model.report.probability_words import REMOTE, percent
from model.wording import points, portion, quantity, share, signed_points, wrapped

WIDTH = 100
FAINT = 0.1
"""Decibels below which a reason is only named."""
PHRASES = {
    REMOTE: "is remote",
    "almost no chance": "has almost no chance",
    "roughly even chance": "has a roughly even chance",
}
"""How the words that are no adjectives stand in a sentence."""

APART = "What the conditions do to the cohort, without what the cohort itself does:"
"""What stands before the command that compares them."""

Body = Callable[[], str]


def markdown(brief: Brief, *, permalink: str | None = None, apart: str | None = None) -> str:
    """The brief as Markdown.

    ``permalink`` is where it can be found again, ``apart`` the command that tells the cohort from the conditions.
    """

    def opening(caller: Body) -> str:
        sentences, _ = _lines(caller)
        return f"# {_escaped(brief.event)}\n\n**{_escaped(sentences)}**"

    def section(heading: str, caller: Body) -> str:
        sentences, listed = map(_escaped, _lines(caller))
        return "".join(f"\n\n{part}" for part in (f"## {heading}", sentences, listed) if part)

    below = [f"{APART} `{apart}`" if apart else None, f"`{permalink}`" if permalink else None]
    return _page(brief, opening, section, below)


def text(brief: Brief, *, permalink: str | None = None, apart: str | None = None, width: int = WIDTH) -> str:
    """The brief as plain text, ``width`` columns wide but for addresses and commands."""

    def opening(caller: Body) -> str:
        sentences, _ = _lines(caller)
        return _filled(sentences, width)

    def section(heading: str, caller: Body) -> str:
        sentences, listed = _lines(caller)
        filled = [_filled(point, width, then="  ") for point in listed.split("\n")]
        return "\n\n" + "\n".join(part for part in (heading.upper(), _filled(sentences, width), *filled) if part)

    return _page(brief, opening, section, [f"{APART}\n{apart}" if apart else None, permalink])


def _page(brief: Brief, opening: Callable[..., str], section: Callable[..., str], below: Sequence[str | None]) -> str:
    page = WORDS.get_template("brief.j2").render(brief=brief, opening=opening, section=section)
    return "\n\n".join([page, *filter(None, below)]) + "\n"


def _lines(body: Body) -> tuple[str, str]:
    """The sentences of a part of the template, one after another, and its points, one a line."""
    lines = [line.strip() for line in body().split("\n")]
    listed = [line for line in lines if line.startswith("- ")]
    return " ".join(line for line in lines if line and line not in listed), "\n".join(listed)


def _phrase(words: str) -> str:
    return PHRASES.get(words, f"is {words}")


def _short(words: str) -> str:
    """Words that are followed by their number without the number in them."""
    return words.replace(REMOTE, "remote")


def _decibels(weight: float) -> str:
    return f"{weight:+.1f} dB" if abs(weight) >= FAINT else f"less than {FAINT:g} dB"


def _higher(difference: float) -> str:
    return "higher" if difference > 0 else "lower"


def _faint(reason: Reason) -> bool:
    return reason.db is not None and abs(reason.db) < FAINT


def _filled(said: str, width: int, *, then: str = "") -> str:
    """Lines of at most ``width`` columns; no number is parted from its percent sign."""
    lines = wrapped(said.replace(" %", "\0%"), width, then=then)
    return "\n".join(lines).replace("\0%", " %")


def _escaped(said: str) -> str:
    r"""Text in which Markdown finds nothing to mark up.

    >>> _escaped("a_b *c* [d]")
    'a\\_b \\*c\\* \\[d\\]'
    """
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", said)


WORDS = Environment(
    loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
WORDS.filters |= {
    "decibels": _decibels,
    "higher": _higher,
    "percent": percent,
    "phrase": _phrase,
    "points": points,
    "portion": portion,
    "quantity": quantity,
    "share": share,
    "short": _short,
    "signed": signed_points,
}
WORDS.tests["faint"] = _faint
WORDS.globals["FAINT"] = FAINT
