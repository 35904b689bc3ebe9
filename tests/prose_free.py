"""Texts of tests/data/prose, with the places of their numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.prose_texts import Contrast, Noted, Text
from tests.sources import ROOT

DATA = ROOT / "tests" / "data" / "prose"
MARKED = re.compile(r"\[([+-])(.*?)\1\]")
NAMED = re.compile(r"\{(\w+)\}")
DIGITS = re.compile(r"([+−-]?)(\d+(?:\.\d+)?)")
BOUND = re.compile(r"\b(?:more than|less than|fewer than|over|under|at least|at most|exceeds)\s+$")
IS_SHARE = re.compile(r"[+−-]?0?\.\d+(?!.*(?:%|p))")


def answers() -> list[dict[str, Any]]:
    """Bodies of answers, as the service gave them."""
    found: list[dict[str, Any]] = json.loads((DATA / "answers.json").read_text(encoding="utf-8"))
    return found


def texts() -> Iterator[Text]:
    """Each text of free.txt with the permalinks that it cites and its numbers."""
    links = [each["permalink"] for each in answers()]
    for block in (DATA / "free.txt").read_text(encoding="utf-8").strip().split("\n\n"):
        places, _, marked = block.partition(": ")
        if not block.startswith("#"):
            yield _noted(marked, tuple(links[int(place)] for place in places.split(",")))


def cited_answers() -> dict[str, dict[str, Any]]:
    """Bodies of answers of several kinds, as the service gave them, by the names that cited.txt has for them."""
    found: dict[str, dict[str, Any]] = json.loads((DATA / "cited.json").read_text(encoding="utf-8"))
    return found


def cited() -> Iterator[Text]:
    """Each text of cited.txt, which holds the permalinks that it cites."""
    links = {name: body["permalink"] for name, body in cited_answers().items()}
    for block in (DATA / "cited.txt").read_text(encoding="utf-8").split("\n===\n")[1:]:
        names = dict.fromkeys(NAMED.findall(block))
        marked = NAMED.sub(lambda found: links[found[1]], block.strip())
        yield _noted(marked, tuple(links[name] for name in names))


def _noted(marked: str, permalinks: tuple[str, ...]) -> Text:
    plain, numbers, at = "", list[Noted](), 0
    for found in MARKED.finditer(marked):
        plain += marked[at : found.start()]
        numbers.append(Noted(len(plain), len(plain) + len(found[2]), found[2], found[1] == "+"))
        plain += found[2]
        at = found.end()
    return Text(plain + marked[at:], permalinks, tuple(numbers))


def moved(text: Text, by: float) -> Iterator[Text]:
    """The text with one of its supported numbers another one: so many in a hundred more, for each number in turn.

    Bounds are left: what is no more than 9 % is no more than 16 % either.
    """
    for each in text.numbers:
        begin = DIGITS.match(each.said)
        if begin is None or not each.supported or BOUND.search(text.text[: each.start]):
            continue
        whole, part = begin[2], len(begin[2].partition(".")[2])
        value = float(whole) + (by / 100 if IS_SHARE.match(each.said) else by)
        said = f"{begin[1]}{value:.{part}f}{each.said[begin.end() :]}"
        if 0 <= value <= 100:
            other = text.text[: each.start] + said + text.text[each.end :]
            yield Text(other, text.permalinks, (Noted(each.start, each.start + len(said), said, False),))


def contrasts() -> list[Contrast]:
    """What two of those answers, or two sides of one, say of one target."""
    found = cited_answers()
    weak, strong = found["m_attack"], found["m_attack2"]
    links = weak["permalink"], strong["permalink"]
    borders = Contrast(weak, ("weak borders", "strong borders"), (weak["distribution"], strong["distribution"]), links)
    return [
        borders,
        _of_sides(found["a_cmp"], ("smokers", "abstainers")),
        _of_sides(found["c_cmp"], ("the accord kept", "the accord stalling")),
    ]


def _of_sides(body: dict[str, Any], words: tuple[str, str]) -> Contrast:
    [target] = body["targets"]
    first, second = ([state | state["sides"][i] for state in target["states"]] for i in (0, 1))
    return Contrast(target | {"distribution": first}, words, (first, second), (body["permalink"],))
