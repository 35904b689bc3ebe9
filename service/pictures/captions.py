"""What stands on a picture in words: states with what they measure, events, and what is given and done."""

from __future__ import annotations

from collections.abc import Mapping

from model.evidence import Finding, Setting
from model.question import Question
from model.specification import Description, Model
from service.pictures.canvas import wrapped


def state_lines(described: Description, i: int, state: str, width: int) -> list[str]:
    """State ``i`` by its label in lines of about so many characters, and on a line below the interval that it is."""
    interval = [described.scale.interval(i)] if described.scale else []
    return [*wrapped(described.state_label(state), width).splitlines(), *interval]


def event_title(model: Model, target: str, state: str) -> str:
    """A target in one of its states, with what that is on a scale."""
    described = model.described[target]
    title = f"{described.label}: {described.state_label(state)}"
    if described.scale is None:
        return title
    return f"{title} ({described.scale.in_words(model.network[target].state(state))})"


def pictured(model: Model, scenario: str | None, cohort: str | None) -> list[str]:
    """The scenario and the cohort that a question was asked under, by their labels."""
    said = []
    if scenario is not None and scenario in model.scenarios:
        said.append(f"under {model.scenarios[scenario].label}")
    if cohort is not None:
        said.append(f"of {model.cohorts[cohort].label}")
    return said


def conditions(model: Model, findings: Mapping[str, Finding], settings: Mapping[str, Setting], width: int) -> str:
    """What is given and what is done, by labels, each on lines of its own."""
    lines = [
        wrapped(f"{how} {'; '.join(model.in_words(name, statement) for name, statement in said.items())}", width)
        for how, said in (("given", findings), ("done", settings))
        if said
    ]
    return "\n".join(lines) or "nothing given, nothing done"


def under_which(
    model: Model,
    question: Question,
    findings: Mapping[str, Finding],
    settings: Mapping[str, Setting],
    width: int,
) -> str:
    """The scenario and the cohort of a question, and on lines of their own what is given and done with both laid in."""
    about = wrapped("; ".join(pictured(model, question.scenario, question.cohort)), width)
    return "\n".join(filter(None, (about, conditions(model, findings, settings, width))))
