"""Warnings of a model: what is not wrong, is served as it is, and what its modeller should know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from model.specification import AcrossLevels, Description, Model


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that is not wrong and that a modeller should know: where, about what, and what would be better."""

    about: str
    text: str
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.about}: {self.text}"


ASKED = ("outcome", "pathway")
"""Roles of what people ask about, whether or not anything depends on it."""
JUDGED = ("outcome", "condition")
"""Roles whose states must be such that a stranger can say afterwards which came true."""

RISING = (
    ("none", "no", "never", "absent", "zero"),
    ("very_low", "very_weak", "very_few", "very_small", "minimal"),
    ("low", "weak", "few", "small", "little", "poor", "rare"),
    ("medium", "moderate", "middle", "some", "average"),
    ("high", "strong", "many", "large", "much", "good", "frequent"),
    ("very_high", "very_strong", "very_many", "very_large", "extreme", "maximal"),
)
"""Names of states that say how much, in rising order."""

QUOTES = "“”„‟«»‘’‚‛‹›"
"""Quotation marks of a word processor: to YAML they are letters like any other."""


SAME = 1e-12
"""Probabilities no further apart than this are the same: what is left of them is rounding."""

UNUSED = "nothing depends on it and nothing speaks of it: only outcomes and pathways are there to be asked alone"


def warnings(model: Model) -> tuple[Warned, ...]:
    """Everything to be warned of, in the order of the files.

    Outcomes and conditions whose states nobody could judge afterwards; states of ranked variables and their parents
    that do not rise; variables that nothing asks and nothing depends on; parents that change nothing; variables of the
    group with a parent of the individual level; sources that nothing cites; typographic quotes.
    """
    found = [*_unjudged(model), *_falling(model), *_unused(model), *_idle(model), *_of_one_member(model)]
    found += [*_uncited(model), *_typographic(model)]
    return tuple(sorted(found, key=lambda each: (each.file, each.line, each.column)))


def _at(described: Description, text: str) -> Warned:
    return Warned(described.name, text, described.file, described.line, described.column)


def _unjudged(model: Model) -> Iterator[Warned]:
    text = "nobody could say afterwards which state came true: give it a scale, or a definition of each state"
    for each in model.described.values():
        if each.role in JUDGED and not each.can_be_judged:
            yield _at(each, text)


def _falling(model: Model) -> Iterator[Warned]:
    """A ranked variable takes the first state of itself and of each parent for the lowest."""
    ranked = [variable for variable in model.network.variables if model.described[variable.name].kind == "ranked"]
    for name in dict.fromkeys(name for variable in ranked for name in (variable.name, *variable.parents)):
        states = model.network[name].states
        if not rise(states):
            text = f"its states do not rise ({', '.join(states)}), and a ranked table takes the first for the lowest"
            yield _at(model.described[name], text)


def rise(states: Sequence[str]) -> bool:
    """Whether no name of a state says that there is less of something than one before it.

    >>> rise(["high", "medium", "low"]), rise(["low", "high", "medium"]), rise(["low", "high"]), rise(["east", "west"])
    (False, False, True, True)
    """
    rank = {word: level for level, words in enumerate(RISING) for word in words}
    levels = [rank[state] for state in states if state in rank]
    return all(earlier <= later for earlier, later in pairwise(levels))


def _unused(model: Model) -> Iterator[Warned]:
    """Neither an outcome nor a pathway, a parent of nothing, and nothing in the model asks or speaks of it."""
    used = {*model.headline, *model.collection, *_spoken_of(model)}
    used |= {part for described in model.described.values() for part in described.parts}
    for name in model.network.names:
        described = model.described[name]
        if described.role not in ASKED and name not in used and not model.network.children(name):
            yield _at(
                described,
                UNUSED,
            )


def _idle(model: Model) -> Iterator[Warned]:
    """Parents whose state changes no probability of their child: an arc that is there in vain."""
    for variable in model.network.variables:
        table = model.network.tables[variable.name]
        for axis, parent in enumerate(variable.parents):
            if np.ptp(table, axis=axis).max() <= SAME:
                text = f"its parent {parent} changes nothing: in every state of it the probabilities are the same"
                yield _at(model.described[variable.name], text)


def _of_one_member(model: Model) -> Iterator[Warned]:
    """What is said of the group as a whole does not rest on how it stands with one member of a cohort."""
    for variable in model.network.variables:
        if variable.name in model.individual:
            continue
        for parent in (name for name in variable.parents if name in model.individual):
            text = f"it is of the group as a whole, and its parent {parent} of one individual: give both the same level"
            yield _at(model.described[variable.name], text)


def _spoken_of(model: Model) -> Iterator[str]:
    for scenario in model.scenarios.values():
        yield from (*scenario.findings, *scenario.settings)
    for cohort in model.cohorts.values():
        yield from cohort.findings
    for example in model.examples:
        yield from (example.target, *example.findings, *example.settings)
    for check in model.checks.values():
        yield from (check.target, *([check.against] if isinstance(check, AcrossLevels) else []))
    for question in model.questions.values():
        yield from (question.event.variable, *question.event.findings) if question.event else ()
    for counts in model.counts.values():
        yield from (name for case in counts.cases for name in case.states)


def _uncited(model: Model) -> Iterator[Warned]:
    cited = {source for described in model.described.values() for source in described.sources}
    for said in (model.scenarios, model.cohorts, model.checks, model.collection, model.counts):
        cited |= {source for each in said.values() for source in each.sources}
    cited |= {source for question in model.questions.values() for source in question.base_rate.sources}
    for source in model.sources.values():
        if source.name not in cited:
            yield Warned(source.name, "a source that nothing cites", source.file, source.line, source.column)


def _typographic(model: Model) -> Iterator[Warned]:
    """Text that somebody meant to quote: the marks are part of it."""
    for name, described in model.described.items():
        texts = (*model.network[name].states, described.label, *described.labels.values())
        for text in texts:
            if text[0] in QUOTES and text[-1] in QUOTES:
                yield _at(described, f"the quotes of {text} are part of the text: straight ones are not")
