"""Where a sentence names a target, a state of it, or a side of a comparison, in words like those of its label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:['’]s)?|\d+k?")
SMALL = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "in",
        "on",
        "to",
        "for",
        "and",
        "or",
        "at",
        "by",
        "its",
        "his",
        "her",
        "their",
        "with",
        "from",
        "is",
        "are",
        "be",
        "being",
        "who",
        "what",
        "that",
        "as",
    ]
)
"""Words that a name may have or not have."""
SPELLINGS = (
    ("isation", "ization"),
    ("ising", "izing"),
    ("ised", "ized"),
    ("iser", "izer"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("our", "or"),
    ("programme", "program"),
    ("defence", "defense"),
    ("centre", "center"),
    ("ll", "l"),
)
"""British and American."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a sentence that names something."""

    start: int
    end: int
    key: str


@lru_cache(4_096)
def stem(word: str) -> str:
    """A word as it is compared: of one spelling and one number.

    >>> [stem(word) for word in ("Organisations", "organization", "Radicalised", "radicalized", "returnees", "cities")]
    ['organization', 'organization', 'radicalized', 'radicalized', 'returnee', 'city']
    """
    text = word.lower().replace("’", "'").removesuffix("'s")
    for british, american in SPELLINGS:
        if text.endswith(british) or (len(british) > 3 and british in text):
            text = text.replace(british, american)
            break
    if text.endswith("ies") and len(text) > 4:
        return text[:-3] + "y"
    if text.endswith(("ches", "shes", "sses", "xes")):
        return text[:-2]
    return text[:-1] if text.endswith("s") and not text.endswith(("ss", "us", "is")) and len(text) > 3 else text


@lru_cache(4_096)
def phrase(text: str) -> tuple[str, ...]:
    """The words of a name that count, in one order."""
    words = [stem(match[0]) for match in WORD.finditer(text.replace("_", " "))]
    content = [word for word in words if word not in SMALL]
    return tuple(sorted(content or words))


def mentions(sentence: str, names: Mapping[str, Iterable[str]]) -> list[Mention]:
    """Where the sentence has the words of a name, those of one name side by side; longer ones first, none over another.

    ``names`` are the ways to say each key.

    >>> mentions("The flow of the returnees, a surge, is likely.", {"return_flow": ["Flow of returnees"]})
    [Mention(start=4, end=25, key='return_flow')]
    """
    words = [(match.start(), match.end(), stem(match[0])) for match in WORD.finditer(sentence)]
    content = [word for word in words if word[2] not in SMALL]
    by_phrase: dict[tuple[str, ...], str] = {}
    for name, said in names.items():
        for way in said:
            by_phrase.setdefault(phrase(way), name)
    found: list[Mention] = []
    for length in sorted({len(each) for each in by_phrase if each}, reverse=True):
        for i in range(len(content) - length + 1):
            window = content[i : i + length]
            key = by_phrase.get(tuple(sorted(word for *_, word in window)))
            start, end = window[0][0], window[-1][1]
            if key is None or any(other.start < end and start < other.end for other in found):
                continue
            if _is_together(sentence[start:end], length):
                found.append(Mention(start, end, key))
    return sorted(found, key=lambda each: each.start)


def _is_together(text: str, length: int) -> bool:
    """Whether words stand side by side: no sign between them but hyphens, no more than two small words at a time."""
    return not re.search(r"[.;:!?()|\x00]", text) and ("," not in text or length > 2)


def distinctive(names: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Single words of names that belong to one name alone.

    >>> distinctive({"lung": ["Lung cancer"], "tub": ["Tuberculosis"]})
    {'lung': ['cancer', 'lung'], 'tub': ['tuberculosis']}
    """
    owners: dict[str, set[str]] = {}
    for key, ways in names.items():
        for word in {word for way in ways for word in phrase(way)}:
            owners.setdefault(word, set()).add(key)
    made: dict[str, list[str]] = {key: [] for key in names}
    for word, keys in sorted(owners.items()):
        if len(keys) == 1 and len(word) > 3:
            made[next(iter(keys))].append(word)
    return made


def ways(key: str, label: str | None) -> list[str]:
    """How a thing of this name and label may be said."""
    return [text for text in dict.fromkeys((label or key, key.replace("_", " "))) if phrase(text)]


def governing(
    found: Sequence[Mention], number: tuple[int, int], numbers: Sequence[tuple[int, int]], sentence: str
) -> str | None:
    """Which of the things that a sentence names a number belongs to, None where it names none.

    ``numbers`` are the places of all numbers of the sentence that belong to something.
    """
    keys = list(dict.fromkeys(each.key for each in found))
    if len(keys) < 2:
        return keys[0] if keys else None
    listed = _by_order(found, number, numbers, sentence)
    if listed is not None:
        return listed
    start, end = number
    following = [each for each in found if each.start >= end]
    if following and _leads_to(sentence[end : following[0].start]):
        return following[0].key
    preceding = [each for each in found if each.end <= start]
    within = [each for each in preceding if not re.search(r"[;]|\bwhile\b|\bwhereas\b", sentence[each.end : start])]
    return (within or preceding or following)[-1 if preceding else 0].key


def _by_order(
    found: Sequence[Mention], number: tuple[int, int], numbers: Sequence[tuple[int, int]], sentence: str
) -> str | None:
    """The name at the number's position, where all names stand before all numbers and are as many."""
    if len(found) != len(numbers) or len(numbers) < 2 or number not in numbers:
        return None
    apart = found[-1].end <= numbers[0][0] or numbers[-1][1] <= found[0].start
    return found[list(numbers).index(number)].key if apart else None


def _leads_to(between: str) -> bool:
    """Whether words between a number and a name say that the number is of what is named."""
    if re.search(r"[.;,:]|\b(?:and|but|while|whereas|than|against|versus|or|compared|from|to)\b", between):
        return False
    return len(between) < 60 and bool(
        re.search(r"\b(?:for|of|that|chance|probability|likelihood|risk|is|are)\b", between)
    )


def inside(found: Sequence[Mention], at: int) -> bool:
    """Whether a place lies in what is named."""
    return any(each.start <= at < each.end for each in found)


def without(sentence: str, found: Iterable[Mention]) -> str:
    """The sentence, character for character, with what is named blanked out."""
    text = sentence
    for each in found:
        text = text[: each.start] + "\x00" * (each.end - each.start) + text[each.end :]
    return text
