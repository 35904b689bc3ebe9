"""Texts of tests/data/prose/free.txt, with the places of their numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.prose_texts import Noted, Text
from tests.sources import ROOT

DATA = ROOT / "tests" / "data" / "prose"
MARKED = re.compile(r"\[([+-])(.*?)\1\]")


def answers() -> list[dict[str, Any]]:
    """Bodies of answers, as the service gave them."""
    found: list[dict[str, Any]] = json.loads((DATA / "answers.json").read_text(encoding="utf-8"))
    return found


def texts() -> Iterator[Text]:
    """Each text with the permalinks that it cites and its numbers."""
    links = [each["permalink"] for each in answers()]
    for block in (DATA / "free.txt").read_text(encoding="utf-8").strip().split("\n\n"):
        places, _, marked = block.partition(": ")
        if block.startswith("#"):
            continue
        plain, numbers, at = "", list[Noted](), 0
        for found in MARKED.finditer(marked):
            plain += marked[at : found.start()]
            numbers.append(Noted(len(plain), len(plain) + len(found[2]), found[2], found[1] == "+"))
            plain += found[2]
            at = found.end()
        yield Text(plain + marked[at:], tuple(links[int(place)] for place in places.split(",")), tuple(numbers))
