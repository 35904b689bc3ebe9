"""What is asked, and what it means under a model: read once, every name checked, scenario and cohort laid in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

from model.errors import AftermathError, BadQuestion, GroupOutcomeOfCohort, Place, SeveralErrors
from model.evidence import (
    Assumed,
    Case,
    Finding,
    Observed,
    OneOf,
    Reported,
    RuledOut,
    SaidFinding,
    SaidSetting,
    SetChances,
    Setting,
    SetTo,
    Within,
    check_apart,
    distribution,
    in_words,
    likelihood,
    set_within,
    within_states,
)
from model.evidence.scale import Scale
from model.inference.arrays import Evidence, encode
from model.network import Network, Variable
from model.specification import NO_SCENARIO, Model

Statement = TypeVar("Statement")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: ``targets`` (none means every variable), given findings, under interventions.

    Under a cohort, where the model has variables of the individual level, the targets are of that level: none
    means every one of them.

    A scenario and a cohort bring statements of their own; on one variable the more specific wins:
    the question's own, then the scenario's do(), then the cohort's evidence, then the scenario's.
    Where no scenario is named the model's default picture is meant; ``scenario`` NO_SCENARIO asks without one.
    ``interval`` is the share that the interval of each target's state is to hold; None asks for none.
    """

    targets: tuple[str, ...] = ()
    findings: Mapping[str, SaidFinding] = field(default_factory=dict)
    settings: Mapping[str, SaidSetting] = field(default_factory=dict)
    scenario: str | None = None
    cohort: str | None = None
    joint: tuple[tuple[str, ...], ...] = ()
    most_probable: bool = False
    interval: float | None = None


@dataclass(frozen=True)
class Resolved:
    """A question as a model understands it: nothing in it needs to be checked again.

    ``question`` is as it was asked, in canonical order: variables and states in the order of the file, a set of one
    state as that state, a number as the states it names, the default picture named. ``case`` has its scenario and
    cohort laid in; what they said and something more specific replaced is named in ``replaced``. ``targets`` are those
    to be answered, and ``asked`` those for inference, None where they are all variables.
    """

    network: Network
    question: Question
    targets: tuple[str, ...]
    asked: tuple[str, ...] | None
    case: Case
    replaced: tuple[str, ...]

    @cached_property
    def evidence(self) -> Evidence:
        """The case as arrays: a question is counted by them, and then answered."""
        return encode(self.network, [self.case])


def picture_of(model: Model, resolved: Resolved) -> Mapping[str, Finding]:
    """The findings of the default picture that stand behind a question: none where it names another, or asks without.

    Those that the question replaces are among them, unless it sets their variable: without it they count again.
    """
    if model.default_scenario is None or resolved.question.scenario != model.default_scenario:
        return {}
    findings = model.scenarios[model.default_scenario].findings
    return {name: finding for name, finding in findings.items() if name not in resolved.case.settings}


def of_target(question: Question, target: str) -> Question:
    """The same question about one target alone, as every analysis of an event asks it."""
    return replace(question, targets=(target,), joint=(), most_probable=False)


def resolve(model: Model, question: Question | Resolved) -> Resolved:
    """What a question means under a model; one that is resolved already is trusted.

    Raises the error of what is wrong with it, or SeveralErrors with each.
    """
    if isinstance(question, Resolved):
        return question
    question, own = _canonical(model, question)
    _check_whole(model, question, own)
    case, replaced = _laid(_layers(model, question, own))
    answerable = model.network.names if question.cohort is None else model.answerable(question.cohort)
    asked = question.targets or (answerable if len(answerable) < len(model.network.names) else None)
    return Resolved(model.network, question, asked or model.network.names, asked, case, replaced)


# Names and numbers, in canonical order


def _canonical(model: Model, question: Question) -> tuple[Question, Case]:
    """The same question in the order of the file, so that two ways of asking it give the same bytes; what it states."""
    wrong: list[AftermathError] = []
    network = model.network
    for i, target in enumerate(question.targets):
        if target not in network.position:
            tried(wrong, network.variable, target, where=("targets", i))
    for i, names in enumerate(question.joint):
        with collecting(wrong):
            _ = [network.variable(name, where=("joint", i)) for name in names]
    findings = _in_order(model, question.findings, "given", read=_finding, wrong=wrong)
    settings = _in_order(model, question.settings, "do", read=_setting, wrong=wrong)
    scenario = model.default_scenario
    if question.scenario is not None:
        scenario = tried(wrong, model.picture, question.scenario)
    if question.cohort is not None:
        tried(wrong, model.cohort, question.cohort)
    raise_all(wrong)
    return replace(question, findings=findings, settings=settings, scenario=scenario), Case(findings, settings)


@contextmanager
def collecting(wrong: list[AftermathError]) -> Iterator[None]:
    """Put an error on the list and go on, so that whoever asks hears of all mistakes at once."""
    try:
        yield
    except AftermathError as error:
        wrong.extend(each_of(error))


def tried(wrong: list[AftermathError], read: Callable[..., Result], *args: Any, **named: Any) -> Result | None:
    """What a function makes of its arguments; its error goes on the list."""
    try:
        return read(*args, **named)
    except AftermathError as error:
        wrong.extend(each_of(error))
        return None


def each_of(error: AftermathError) -> tuple[AftermathError, ...]:
    """The mistakes that an error tells of, each by itself."""
    return error.errors if isinstance(error, SeveralErrors) else (error,)


def raise_all(wrong: Sequence[AftermathError]) -> None:
    """Raise the error that was collected, or all of them as one; nothing where there is none."""
    if wrong:
        raise wrong[0] if len(wrong) == 1 else SeveralErrors(wrong)


def _in_order(
    model: Model,
    stated: Mapping[str, Statement],
    where: str,
    *,
    read: Callable[[Variable, Scale | None, Statement, Place], Result],
    wrong: list[AftermathError],
) -> dict[str, Result]:
    """Statements in the order of the file, each read with the place that it was written at."""
    found: dict[str, Result] = {}
    network = model.network
    for name, statement in stated.items():
        if name not in network.position:
            tried(wrong, network.variable, name, where=(where, name))
            continue
        variable, scale = network.variables[network.position[name]], model.described[name].scale
        checked = tried(wrong, read, variable, scale, statement, (where, name))
        if checked is not None:
            found[name] = checked
    return dict(sorted(found.items(), key=lambda item: network.position[item[0]]))


def _finding(variable: Variable, scale: Scale | None, finding: SaidFinding, where: Place) -> Finding:
    """A finding whose states exist and whose numbers hold, in the file's order; a set of one state is that state."""
    if isinstance(finding, Within):
        return within_states(variable, finding, scale, where=where)
    if isinstance(finding, Observed) and finding.state in variable.states:
        return finding
    likelihood(variable, finding, where=where)
    match finding:
        case OneOf(states):
            known = _ordered(variable, states)
            return OneOf(known) if len(known) > 1 else Observed(known[0])
        case RuledOut(states):
            return RuledOut(_ordered(variable, states))
        case Reported(weights):
            return Reported({state: weights[state] for state in _ordered(variable, weights)})
        case Assumed(shares):
            return Assumed({state: shares[state] for state in _ordered(variable, shares)})
    return finding


def _setting(variable: Variable, scale: Scale | None, setting: SaidSetting, where: Place) -> Setting:
    """A setting whose states exist and whose chances hold; all chances on one state is that state."""
    if isinstance(setting, Within):
        return set_within(variable, setting, scale, where=where)
    distribution(variable, setting)
    if isinstance(setting, SetTo):
        return setting
    chances = {state: setting.probabilities[state] for state in _ordered(variable, setting.probabilities)}
    return SetTo(next(iter(chances))) if list(chances.values()) == [1.0] else SetChances(chances)


def _ordered(variable: Variable, states: Iterable[str]) -> tuple[str, ...]:
    named = set(states)
    return tuple(state for state in variable.states if state in named)


# What the question as a whole may ask


def _check_whole(model: Model, question: Question, own: Case) -> None:
    if question.interval is not None and not 0 < question.interval < 1:
        raise BadQuestion(f"an interval holds a share between 0 and 1, not {question.interval:g}", where=("interval",))
    for i, names in enumerate(question.joint):
        if len(set(names)) != len(names) or not names:
            raise BadQuestion("a joint names each variable once, and at least one", where=("joint", i))
    check_apart(own)
    if question.cohort is not None:
        _check_levels(model, question, question.cohort)


def _check_levels(model: Model, question: Question, cohort: str) -> None:
    """Refuse a target that a cohort's evidence does not speak of. Raises GroupOutcomeOfCohort."""
    answerable = frozenset(model.answerable(cohort))
    joint = [(name, ("joint", i)) for i, names in enumerate(question.joint) for name in names]
    for target, where in (*((name, ("targets", i)) for i, name in enumerate(question.targets)), *joint):
        if target not in answerable:
            raise GroupOutcomeOfCohort(target, cohort, model.headline_of(cohort), where=where)
    if question.most_probable and len(answerable) < len(model.network.names):
        raise GroupOutcomeOfCohort(None, cohort, model.headline_of(cohort), where=("most_probable",))


# Scenario and cohort, laid in

Layer = tuple[str, Mapping[str, Finding], Mapping[str, Setting]]
"""Who states what: its name, findings and settings."""


def _layers(model: Model, question: Question, own: Case) -> Iterator[Layer]:
    """The statements of a question, its scenario and its cohort, the more specific first."""
    yield "question", own.findings, _with_parts(model, own.settings, own.findings)
    scenario = model.scenarios.get(question.scenario or NO_SCENARIO)
    cohort = model.cohort(question.cohort) if question.cohort is not None else None
    if scenario:
        yield f"scenario {scenario.name}", {}, _with_parts(model, scenario.settings, {})
    if cohort:
        yield f"cohort {cohort.name}", cohort.findings, {}
    if scenario:
        yield f"scenario {scenario.name}", scenario.findings, {}


def _with_parts(model: Model, settings: Mapping[str, Setting], findings: Mapping[str, Finding]) -> dict[str, Setting]:
    """The settings, and with each the same on the parts of its variable of which nothing else is said."""
    parts = {part: setting for name, setting in settings.items() for part in model.described[name].parts}
    return {**{part: setting for part, setting in parts.items() if part not in findings}, **settings}


def _laid(layers: Iterable[Layer]) -> tuple[Case, tuple[str, ...]]:
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
