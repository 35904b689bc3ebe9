"""Prose held against the answers that it cites, as it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from model.resources.cost import Cost
from model.resources.deadline import checkpoint
from model.specification import Model
from service.http.problems import TooMany
from service.prose.facts import Facts
from service.prose.judge import Judged, Nearest, judged
from service.prose.situations import COHORT, SCENARIO
from service.schemas.prose import MOST_NUMBERS, NearestNumber, ProseAnswer, UnsupportedNumber
from service.translate.citations import Citation

CHARACTER = 100_000
"""Units that a character costs: a number takes 1 to 5 ms (measured), and few are nearer than 20 characters."""


def cost_of_prose(text: str, cited: Sequence[Citation]) -> Cost:
    """What it costs to work out the answers and to hold the text against them."""
    return sum((each.cost() for each in cited), Cost(analysis=CHARACTER * len(text)))


def prose_answer(text: str, cited: Sequence[Citation]) -> ProseAnswer:
    """The numbers of a text that the answers do not support. Raises TooMany beyond 1,000 numbers."""
    facts, others = Facts(), dict[str, str]()
    for each in cited:
        facts.add(each.permalink, each.body())
        if each.model is not None:
            others.update((name, said.label) for name, said in each.model.described.items())
            describe(facts, each.model)
        checkpoint()
    found: list[Judged] = []
    for one in judged(text, facts, others=others):
        checkpoint()
        found.append(one)
        if len(found) > MOST_NUMBERS:
            raise TooMany(f"the text has more than {MOST_NUMBERS:,} numbers; send it in parts", where=("text",))
    wrong = [_unsupported(one) for one in found if not one.supported]
    return ProseAnswer(not wrong, len(found), wrong, [each.permalink for each in cited])


def describe(facts: Facts, model: Model) -> None:
    """What the variables of a model, their states, and its cohorts and scenarios are called."""
    for variable in model.network.variables:
        about = model.described[variable.name]
        facts.name(variable.name, about.label, {state: about.state_label(state) for state in variable.states})
    facts.groups[COHORT].update((name, each.label) for name, each in model.cohorts.items())
    facts.groups[SCENARIO].update((name, each.label) for name, each in model.scenarios.items())


def _unsupported(one: Judged) -> UnsupportedNumber:
    return UnsupportedNumber(
        one.text, one.line, one.column, one.around, one.why, one.target, one.state, _near(one.nearest)
    )


def _near(found: Nearest | None) -> NearestNumber | None:
    if found is None:
        return None
    return NearestNumber(found.value, found.said, found.name, found.target, found.state, found.side, found.permalink)
