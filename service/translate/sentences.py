"""A question as one sentence, by the labels of its variables and states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model.evidence import (
    Assumed,
    Observed,
    OneOf,
    Reported,
    RuledOut,
    SaidFinding,
    SaidSetting,
    SetTo,
    Within,
    spoken,
    syntax,
)
from model.question import Question
from model.specification import NO_SCENARIO, Description, Model

MOST_TARGETS = 3
"""Targets that a sentence names one by one."""


def sentence(model: Model, question: Question) -> str:
    """What a question asks, under which conditions.

    >>> from model.priors import load
    >>> from service.settings import default_priors
    >>> asia = load(default_priors() / "asia")
    >>> sentence(asia, Question(("lung",), {"xray": Observed("yes")}, {"smoke": SetTo("no")}))
    'How likely is each state of “Lung cancer”, if “Smoker” is set to no, and “Positive X-ray” is yes?'
    """
    ways = [f"{_quoted(model, name)} {_set(model.described[name], said)}" for name, said in question.settings.items()]
    ways += [
        f"{_quoted(model, name)} {_found(model.described[name], said)}" for name, said in question.findings.items()
    ]
    condition = f", if {', and '.join(ways)}" if ways else ""
    return f"How likely is each state of {_targets(model, question)}{condition}{_picture(model, question)}?"


def _targets(model: Model, question: Question) -> str:
    named = [*question.targets, *(name for joint in question.joint for name in joint)]
    targets = list(dict.fromkeys(named))
    if not targets:
        return "every variable"
    said = [_quoted(model, name) for name in targets[:MOST_TARGETS]]
    if len(targets) > MOST_TARGETS:
        said.append(f"{len(targets) - MOST_TARGETS} more")
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _picture(model: Model, question: Question) -> str:
    """Scenario and cohort, where there are any."""
    said = []
    if question.scenario == NO_SCENARIO:
        said.append("without any picture")
    elif question.scenario is not None:
        said.append(f"under “{model.scenarios[question.scenario].label}”")
    if question.cohort is not None:
        said.append(f"for “{model.cohorts[question.cohort].label}”")
    return f", {', '.join(said)}" if said else ""


def _quoted(model: Model, name: str) -> str:
    described = model.described.get(name)
    return f"“{described.label if described else name}”"


def _found(described: Description, said: SaidFinding) -> str:
    match said:
        case Observed(state):
            return f"is {_state(described, state)}"
        case OneOf(states):
            return f"is {_either(described, states)}"
        case RuledOut(states):
            return f"is not {_either(described, states)}"
        case Reported(numbers):
            return f"is reported (likelihood {_numbers(described, numbers)})"
        case Assumed(numbers):
            return f"is held at {_numbers(described, numbers)}"
        case Within():
            return f"is {syntax.text_of(said)}"


def _set(described: Description, said: SaidSetting) -> str:
    if isinstance(said, SetTo):
        return f"is set to {_state(described, said.state)}"
    if isinstance(said, Within):
        return f"is set to {syntax.text_of(said)}"
    return f"is made to follow {_numbers(described, said.probabilities)}"


def _state(described: Description, state: str) -> str:
    return described.labels.get(state) or spoken(state)


def _either(described: Description, states: Sequence[str]) -> str:
    return " or ".join(_state(described, state) for state in states)


def _numbers(described: Description, numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{_state(described, state)} {number:g}" for state, number in numbers.items())
