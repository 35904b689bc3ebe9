"""Which two answers, sides or rows a sentence compares, and what a claim may be of at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations

from service.prose.claims import Claim
from service.prose.conditions import Comparison
from service.prose.facts import Fact, Facts
from service.prose.situations import Condition, holds

MOST_ALIKE = 40
"""Levels of one state, in several answers or sides, among which two are looked for."""
MOST_OPEN = 3
"""Answers or sides of which any two may be compared where the sentence does not say which."""


def is_about(claim: Claim, fact: Fact) -> bool:
    """Whether a fact is of the answer, target and state that a claim names; what it does not name may be any."""
    if claim.sources and fact.source not in claim.sources:
        return False
    if fact.name in ("mass", "p_evidence", "said", "threshold", "covered", "score"):
        return True
    if claim.target is not None and fact.target != claim.target:
        return False
    if claim.state is not None and fact.state not in (claim.state, None):
        return claim.negated
    return True


def is_under(conditions: Sequence[Condition], fact: Fact, facts: Facts) -> bool:
    """Whether a fact holds under these conditions; one of what was before does under any."""
    return fact.where is None or holds(conditions, facts.situations[fact.where])


def compared_facts(claim: Claim, known: Facts) -> Iterator[tuple[Fact, Fact]]:
    """Probabilities of one state in two answers, sides or rows, the first under what the sentence is about."""
    compared = claim.compared
    for alike in levels_alike(claim, known):
        if not _is_clear(compared, alike, known):
            continue
        for first, second in permutations(alike, 2):
            if first.where == second.where or _is_mixed(compared, first, second, known):
                continue
            if not claim.negated:
                yield first, second
            elif first.state == claim.state:
                yield replace(first, value=1 - first.value), replace(second, value=1 - second.value)


def levels_alike(claim: Claim, known: Facts) -> Iterator[list[Fact]]:
    """Probabilities of one state each, that may be those of a claim."""
    levels: dict[tuple[str | None, str | None], list[Fact]] = {}
    for each in known.facts:
        if each.name == "p" and is_about(claim, each):
            levels.setdefault((each.target, each.state), []).append(each)
    return (alike[:MOST_ALIKE] for alike in levels.values())


def _is_clear(compared: Comparison, alike: Sequence[Fact], known: Facts) -> bool:
    """Whether it is known which two are compared: both are named, or one is and only one other is there."""
    if compared.subject and compared.reference:
        return True
    named = compared.subject or compared.reference
    places = {each.where for each in alike if each.where is not None}
    if not named:
        return len(places) <= MOST_OPEN
    where = [known.situations[place] for place in places]
    stated = [each for each in where if all(one.variable in each for one in named)]
    return len({tuple(each[one.variable] for one in named) for each in stated if not holds(named, each)}) == 1


def _is_mixed(compared: Comparison, first: Fact, second: Fact, known: Facts) -> bool:
    """Whether two facts are not the two that are compared, in this order."""
    subject, reference = compared.subject, compared.reference
    if compared.is_open and subject and reference and not is_under(subject, first, known):
        subject, reference = reference, subject
    if subject and (not is_under(subject, first, known) or is_under(subject, second, known)):
        return True
    if not _is_stated(subject or reference, first, known) or not _is_stated(subject or reference, second, known):
        return True
    return bool(reference) and (not is_under(reference, second, known) or is_under(reference, first, known))


def _is_stated(conditions: Sequence[Condition], fact: Fact, known: Facts) -> bool:
    """Whether the question of a fact states something of each variable of some conditions."""
    return fact.where is not None and all(each.variable in known.situations[fact.where] for each in conditions)
