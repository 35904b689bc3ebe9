"""What is asked, and what it means under a model: every name checked, scenario and cohort laid in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from model.errors import BadQuestion, GroupOutcomeOfCohort
from model.evidence import Case, Finding, Setting, check, in_words
from model.specification import Model


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: ``targets`` (none means every variable), given findings, under interventions.

    Under a cohort, where the model has variables of the individual level, the targets are of that level: none
    means every one of them.

    A scenario and a cohort bring statements of their own; on one variable the more specific wins:
    the question's own, then the scenario's do(), then the cohort's evidence, then the scenario's.
    ``interval`` is the share that the interval of each target's state is to hold; None asks for none.
    """

    targets: tuple[str, ...] = ()
    findings: Mapping[str, Finding] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    scenario: str | None = None
    cohort: str | None = None
    joint: tuple[tuple[str, ...], ...] = ()
    most_probable: bool = False
    interval: float | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """A question with its scenario and cohort laid in, every name checked.

    ``asked`` are the targets for the engine, None where they are all variables.
    """

    question: Question
    targets: tuple[str, ...]
    asked: tuple[str, ...] | None
    case: Case
    replaced: tuple[str, ...]


def of_target(question: Question, target: str) -> Question:
    """The same question about one target alone, as every analysis of an event asks it."""
    return replace(question, targets=(target,), joint=(), most_probable=False)


def resolve(model: Model, question: Question) -> Resolved:
    """Lay scenario and cohort under the question's own statements, every name checked."""
    network = model.network
    if question.interval is not None and not 0 < question.interval < 1:
        raise BadQuestion(f"an interval holds a share between 0 and 1, not {question.interval:g}", where=("interval",))
    for i, target in enumerate(question.targets):
        network.variable(target, where=("targets", i))
    for i, names in enumerate(question.joint):
        _check_joint(model, names, ("joint", i))
    own = Case(question.findings, question.settings)
    check(network, own)
    scenario = model.scenario(question.scenario) if question.scenario else None
    cohort = model.cohort(question.cohort) if question.cohort else None
    if cohort:
        _check_levels(model, question, cohort.name)
    layers: list[tuple[str, Mapping[str, Finding], Mapping[str, Setting]]] = [
        ("question", own.findings, _with_parts(model, own.settings, own.findings))
    ]
    if scenario:
        layers.append((f"scenario {scenario.name}", {}, _with_parts(model, scenario.settings, {})))
    if cohort:
        layers.append((f"cohort {cohort.name}", cohort.findings, {}))
    if scenario:
        layers.append((f"scenario {scenario.name}", scenario.findings, {}))
    case, replaced = _laid(layers)
    answerable = model.answerable(question.cohort)
    asked = question.targets or (answerable if len(answerable) < len(network.names) else None)
    return Resolved(question, asked or network.names, asked, case, replaced)


def _with_parts(model: Model, settings: Mapping[str, Setting], findings: Mapping[str, Finding]) -> dict[str, Setting]:
    """The settings, and with each the same on the parts of its variable of which nothing else is said."""
    parts = {part: setting for name, setting in settings.items() for part in model.described[name].parts}
    return {**{part: setting for part, setting in parts.items() if part not in findings}, **settings}


def _check_joint(model: Model, names: Sequence[str], where: tuple[str | int, ...]) -> None:
    for name in names:
        model.network.variable(name, where=where)
    if len(set(names)) != len(names) or not names:
        raise BadQuestion("a joint names each variable once, and at least one", where=where)


def _check_levels(model: Model, question: Question, cohort: str) -> None:
    """Refuse a target that a cohort's evidence does not speak of. Raises GroupOutcomeOfCohort."""
    answerable = frozenset(model.answerable(cohort))
    joint = [(name, ("joint", i)) for i, names in enumerate(question.joint) for name in names]
    for target, where in (*((name, ("targets", i)) for i, name in enumerate(question.targets)), *joint):
        if target not in answerable:
            raise GroupOutcomeOfCohort(target, cohort, model.headline_of(cohort), where=where)
    if question.most_probable and len(answerable) < len(model.network.names):
        raise GroupOutcomeOfCohort(None, cohort, model.headline_of(cohort), where=("most_probable",))


def _laid(
    layers: Iterable[tuple[str, Mapping[str, Finding], Mapping[str, Setting]]],
) -> tuple[Case, tuple[str, ...]]:
    """Statements laid over each other, the first layer on top; what is covered is named with its origin."""
    findings: dict[str, Finding] = {}
    settings: dict[str, Setting] = {}
    replaced = []
    for origin, given, set_to in layers:
        for name, statement in (*given.items(), *set_to.items()):
            if name in findings or name in settings:
                replaced.append(f"{in_words(name, statement)} of {origin}")
        findings.update({name: f for name, f in given.items() if name not in findings and name not in settings})
        settings.update({name: s for name, s in set_to.items() if name not in findings and name not in settings})
    return Case(findings, settings), tuple(replaced)
