"""Where a sentence names a target, a state of it, or a side of a comparison, in words like those of its label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:['’]s)?|\d{1,3}(?:,\d{3})+|\d+k?")
SMALL = frozenset(
    re.findall(
        r"\w+",
        "the a an of in on to for and or but at by its his her their with from is are be being who what that as than "
        "between",
    )
)
"""Words that a name may have or not have."""
COMPARING = {"less": "under", "fewer": "under", "below": "under", "over": "more", "above": "more", "least": "more"}
"""Words of one meaning in names such as *under 50* and *200 and more*; alone they tell no name from another."""
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
    text = word.lower().replace("’", "'").removesuffix("'s").replace(",", "")
    if text in COMPARING:
        return COMPARING[text]
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


def head(text: str) -> str:
    """The first word of a name that counts.

    >>> head("The income of the core organisation")
    'income'
    """
    words = [stem(match[0]) for match in WORD.finditer(text.replace("_", " "))]
    return next((word for word in words if word not in SMALL), words[0] if words else "")


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
    has_comma = re.search(r",(?!\d)", text) is not None
    return not re.search(r"[.;:!?()|\x00]", text) and (not has_comma or length > 2)


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
        if len(keys) == 1 and len(word) > 3 and word not in COMPARING.values():
            made[next(iter(keys))].append(word)
    return made


def partial(sentence: str, names: Mapping[str, Iterable[str]], beside: Sequence[Mention] = ()) -> list[Mention]:
    """Where the sentence has a single word that tells one name from the others, beside what it names in full.

    >>> partial("It will persist.", {"persistent": ["Persistent"], "dormant": ["Dormant"]})
    [Mention(start=8, end=15, key='persistent')]
    """
    telling = [(word, key) for key, words in distinctive(names).items() for word in words]
    found = []
    for match in WORD.finditer(sentence):
        keys = {key for word, key in telling if is_related(stem(match[0]), word)}
        if len(keys) == 1 and not inside(beside, match.start()):
            found.append(Mention(*match.span(), keys.pop()))
    return found


@lru_cache(65_536)
def is_related(one: str, other: str) -> bool:
    """Whether two words are forms of one.

    >>> is_related("grow", "growing"), is_related("resurgence", "resurgent"), is_related("growth", "growing")
    (True, True, True)
    >>> is_related("limit", "little"), is_related("stable", "stage")
    (False, False)
    """
    if one == other or _bare(one) == _bare(other):
        return True
    shorter = min(len(one), len(other))
    common = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), shorter)
    return shorter >= 6 and common >= max(6, shorter - 3)


@lru_cache(4_096)
def _bare(word: str) -> str:
    """A word without the ending of a verb, or of who does it."""
    for ending in ("ing", "ed", "th", "er"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 4 else word


def finding(label: str | None) -> list[str]:
    """What a finding is called whichever way it turns out: *X-ray* of *Positive X-ray*."""
    return [label.removeprefix("Positive ")] if label and label.startswith("Positive ") else []


def ways(key: str, label: str | None) -> list[str]:
    """How a thing of this name and label may be said."""
    return [text for text in dict.fromkeys((label or key, key.replace("_", " "))) if phrase(text)]


def governing(
    found: Sequence[Mention], number: tuple[int, int], numbers: Sequence[tuple[int, int]], sentence: str
) -> Mention | None:
    """Which of the places where a sentence names something a number belongs to, None where it belongs to none.

    ``numbers`` are the places of all numbers of the sentence that belong to something.
    """
    listed = _by_order(found, number, numbers, sentence)
    if listed is not None:
        return listed
    start, end = number
    following = [each for each in found if each.start >= end]
    if len(following) > 1 and _AMONG.fullmatch(sentence[end : following[0].start] or "."):
        following = following[1:] if _HAVE.match(sentence[following[0].end :]) else following
    preceding = [each for each in found if each.end <= start]
    if following and _leads_to(sentence[:start], sentence[end : following[0].start]):
        return following[0]
    if preceding:
        within = [each for each in preceding if not _APART.search(sentence[each.end : start])]
        return (within or preceding)[-1]
    if following:
        mine = _FRONTED.match(sentence[:start]) or not _BOUND.search(sentence[end : following[0].start])
        return following[0] if mine or not any(other[0] >= following[0].end for other in numbers) else None
    return None


_AMONG = re.compile(r"\s+of\s+(?:(?:such|these|those|all|the)\s+)?(?:\w+[\s-]+)?", re.IGNORECASE)
_HAVE = re.compile(r"\s+(?:(?:will|would|may)\s+)?(?:have|has|develop|get|suffer|show|end up)\b", re.IGNORECASE)
"""After the people of whom a number is a share: it is of what they have."""
_LISTED = re.compile(r"(?:[\s,;/“”\"']|\b(?:and|or|the|an?|of)\b)*", re.IGNORECASE)
_APART = re.compile(r";|\bwhile\b|\bwhereas\b")
_BOUND = re.compile(r"[.;,:]|\b(?:and|but|while|whereas|than|against|versus|or|compared|from|to)\b")
_FRONTED = re.compile(r"\W*(?:\w+\s+){0,2}$")
_BEGINS = re.compile(r"(?:^|[,;:(–—]|\band|\bbut|\bagainst|\bwhile|\bwhereas)\s*(?:[a-z]+\s+){0,2}$", re.IGNORECASE)
_OF = re.compile(r"\b(?:for|of|that|chance|probability|likelihood|risk|is|are)\b")


def _by_order(
    found: Sequence[Mention], number: tuple[int, int], numbers: Sequence[tuple[int, int]], sentence: str
) -> Mention | None:
    """The name at the number's position, where all names stand before all numbers and are as many."""
    if len(found) != len(numbers) or len(numbers) < 2 or number not in numbers:
        return None
    apart = found[-1].end <= numbers[0][0] or numbers[-1][1] <= found[0].start
    is_list = all(_LISTED.fullmatch(sentence[one.end : other.start]) for one, other in pairwise(found))
    return found[list(numbers).index(number)] if apart and is_list else None


def _leads_to(before: str, between: str) -> bool:
    """Whether the words between a number and a name say that the number is of it.

    They do where they say so (23 % for …), and where the number begins a clause (…, 21 % go underground).
    """
    if _BOUND.search(between) or len(between) > 60:
        return False
    return _OF.search(between) is not None or (len(between.split()) <= 3 and _BEGINS.search(before) is not None)


def inside(found: Sequence[Mention], at: int) -> bool:
    """Whether a place lies in what is named."""
    return any(each.start <= at < each.end for each in found)


def without(sentence: str, found: Iterable[Mention]) -> str:
    """The sentence, character for character, with what is named blanked out."""
    text = sentence
    for each in found:
        text = text[: each.start] + "\x00" * (each.end - each.start) + text[each.end :]
    return text
