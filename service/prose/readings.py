"""How a number of a sentence is meant: a level or a change, upwards or downwards, and which numbers it may be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.prose import cues
from service.prose.names import Mention
from service.prose.numerals import ARROW, Numeral

BEFORE = frozenset(("baseline", "without", "p_without", "before", "p_before"))
"""Names of what a probability was before something was known or done."""
NEAR = 40
"""Characters before a number within which a word makes it what an interval holds."""
SOON = 30
"""Characters within which a word of direction after a change belongs to it."""


def is_negated(text: str, mention: Mention) -> bool:
    """Whether what is named is said not to be: no lung cancer, lung cancer is ruled out."""
    return bool(cues.NEGATED.search(text[: mention.start]) or cues.NEGATED_AFTER.match(text[mention.end :]))


def is_denied_after(text: str, at: int) -> bool:
    """Whether what stands right after a number turns it around: 91 % do not."""
    return cues.DO_NOT.match(text[at:]) is not None


def has_own_verb(text: str, at: int) -> bool:
    """Whether a verb follows a number that says what happens (a quarter come home), not in words of a state."""
    return cues.OWN_VERB.match(text[at:]) is not None


def is_aside(text: str, mention: Mention) -> bool:
    """Whether what is named is a condition or is compared with, and no number's own subject."""
    before = text[_clause_start(text, mention.start) : mention.start]
    return bool(cues.ASIDE.search(before)) and not cues.CHANCE_OF.search(before) and not cues.SAID_OF.search(before)


def is_clause(text: str, mention: Mention, numbers: Sequence[Numeral]) -> bool:
    """Whether what is named stands in a subordinate clause that ends before the numbers."""
    before = text[_clause_start(text, mention.start) : mention.start]
    ends = re.search(r"[,;:]\s", text[mention.end :])
    if cues.SUBORDINATE.match(before) is None or ends is None:
        return False
    return all(each.start >= mention.end + ends.start() for each in numbers)


def is_mass(number: Numeral, text: str) -> bool:
    """Whether a number is what an interval holds: a 90 % interval."""
    if number.unit != "percent" or number.is_range:
        return False
    return cues.RANGE_AFTER.match(text[number.end :]) is not None


def kind(number: Numeral, text: str) -> tuple[str, int, bool]:
    """What a number is, the direction that is said of it (1, -1, or 0 where none is), and whether that is denied.

    A level is a probability, a change a difference of two, relative where it is a share of what was before, and a ratio
    so many times it. A pair are the ends of an interval, and a step is from one level to another.
    """
    sign, denied, at = _direction(number, text)
    if number.is_range:
        return _kind_of_range(number, text, sign, denied, turned=at is not None)
    match number.unit:
        case "points":
            return "change", sign, denied
        case "times":
            return "ratio", sign, denied
        case "decibels" | "bits":
            return "other", sign, denied
    if any(number.signs):
        return "change", sign, denied
    before, after = text[: number.start], text[number.end :]
    if cues.RELATIVE.match(after) or (at is not None and cues.BY.search(before)) or cues.BY_SHARE.search(before):
        return ("change" if number.unit == "none" else "relative"), sign, denied
    towards = cues.TO.search(before) is not None
    if number.unit == "percent" and not number.hedge and not towards and cues.TURNED.search(before):
        return "relative", sign, denied
    if cues.DENIED_LEVEL.search(before):
        return "level", 0, True
    if at is None or not towards or re.search(r"[,;:]\s", before[at:]):
        return "level", 0, False
    return "level", sign, denied


def _kind_of_range(number: Numeral, text: str, sign: int, denied: bool, *, turned: bool) -> tuple[str, int, bool]:
    if number.unit == "points" or any(number.signs):
        return "pair change", 0, False
    if number.introduced == ARROW:
        return "step", 0, False
    if turned and number.introduced == "from" and cues.FROM_OR_BY.search(text[: number.start]):
        return "step", sign, denied
    return "pair", 0, False


def _direction(number: Numeral, text: str) -> tuple[int, bool, int | None]:
    """The direction of a number, whether it is denied, and where the word stands that says it, if a word does."""
    signed = [sign for sign in number.signs if sign]
    if signed:
        return signed[0], False, None
    after = cues.ADJACENT.match(text[number.end :])
    if after and (after["up"] or "").lower() != "up":
        return (1 if after["up"] else -1), False, number.end
    before = text[: number.start]
    said = [each for each in cues.TURNS.finditer(before) if not _is_hedge(each, before)]
    if said:
        last = said[-1]
        return (1 if last["up"] else -1), bool(cues.DENIED.search(before[: last.start()])), last.start()
    later = cues.TURNS.search(text, number.end)
    if later and number.unit == "points" and not re.search(r"[,;:.]", text[number.end : later.start()]):
        return ((1 if later["up"] else -1) if later.start() - number.end < SOON else 0), False, later.start()
    return 0, False, None


def _is_hedge(word: re.Match[str], before: str) -> bool:
    """Whether a word of direction is part of a hedge (more than 20 %, up to 30 %), or of an upper or a lower end."""
    rest, said = before[word.end() :], word[0].lower()
    match said:
        case "more" | "less" | "fewer":
            return re.match(r"\s+than\s*$", rest) is not None
        case "above" | "below":
            return not rest.strip()
        case "up":
            return rest.strip() == "to"
        case "lower" | "higher" | "greater":
            return re.match(r"\s+(?:end|bound|limit|edge)", rest) is not None
    return False


def fields(number: Numeral, text: str, said: str, *, since: int, is_row: bool) -> frozenset[str]:
    """The names of the numbers of an answer that this one may be; in a row of a table any, written ``*``.

    ``said`` is what ``kind`` says of it, ``since`` where the number before it ends: what stands between is of this one.
    """
    if is_row:
        return frozenset(("*",))
    if is_mass(number, text):
        return frozenset(("mass",))
    start, end = max(since, _part_start(text, number.start)), _clause_end(text, number.end)
    clause = text[start:end]
    found = {"p", *(name for name, words in cues.FIELDS.items() if re.search(words, clause, re.IGNORECASE))}
    ends = ("_lo", cues.LOW), ("_hi", cues.HIGH)
    if said == "change":
        return frozenset({*found, *(end for end, cue in ends if cue.search(clause))})
    if said != "level":
        return frozenset(found)
    before, after = text[start : number.start], text[number.end : end]
    if cues.ONLY_BEFORE.search(before):
        return BEFORE
    if cues.FROM.search(before):
        return BEFORE | {"lo"}
    found |= {name for name, cue in (("lo", cues.LOW), ("hi", cues.HIGH)) if cue.search(clause)}
    alone = re.search(r"\d", after) is None  # else what follows belongs to the number after
    if cues.FRONTED.match(text) or cues.BEFORE.search(before) or (alone and cues.BEFORE.search(after)):
        found |= BEFORE
    if cues.EVIDENCE.search(clause):
        found.add("p_evidence")
    if number.unit == "percent" and cues.RANGE.search(text[max(0, number.start - NEAR) : number.end + SOON]):
        found.add("mass")
    return frozenset(found)


def _clause_start(text: str, at: int) -> int:
    marks = [match.end() for match in cues.CLAUSE.finditer(text, 0, at)]
    return marks[-1] if marks else 0


def _part_start(text: str, at: int) -> int:
    return text.rfind(";", 0, at) + 1


def _clause_end(text: str, at: int) -> int:
    found = cues.CLAUSE.search(text, at)
    return found.start() if found else len(text)
