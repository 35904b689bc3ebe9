"""Questions: from requests to what they mean (``model.question``), and from questions to their addresses.

The command line imports this too, so the shapes of bodies, which take a while to build, are imported by what reads one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from model import events
from model.errors import JointTooLarge, Place, UnknownVariable
from model.evidence import (
    Assumed,
    Observed,
    OneOf,
    Reported,
    RuledOut,
    SaidFinding,
    SaidSetting,
    SetChances,
    SetTo,
    Within,
    syntax,
)
from model.forecast import Forecaster
from model.question import Question, Resolved, resolve
from model.specification import Example, Model
from model.uncertainty.intervals import MASS
from service.http.address import Address, model_path
from service.schemas import answers

if TYPE_CHECKING:
    from pydantic import BaseModel

    from service.schemas import requests

MOST_JOINT_CELLS = 10_000


def about(
    forecaster: Forecaster, said: Sequence[str], *, where: str = "event", beside: Sequence[str] = ()
) -> tuple[Forecaster, list[str]]:
    """The forecaster with a variable for each event said, and what these are called; ``beside`` are other targets.

    Raises BadQuestion for what is no event, and the error of an unknown name: an event is no target of its own.
    """
    found = events.texts(forecaster.model, said, where=where)
    laid = forecaster.about(found)
    refuse_events(laid.model, ((name, ("targets", i)) for i, name in enumerate(beside)))
    return laid, list(map(str, found))


def refuse_events(model: Model, names: Iterable[tuple[str, Place]]) -> None:
    """Refuse an event by its text where a variable of the model is to be named, as every model would.

    Raises UnknownVariable.
    """
    if not model.events:
        return
    for name, where in names:
        if name in model.network and events.is_laid_over(name):
            own = tuple(each for each in model.network.names if not events.is_laid_over(each))
            raise UnknownVariable(name, own, where=where)


def question_from_body(model: Model, body: requests.AskedInFull, named: Sequence[str]) -> Resolved:
    """The question of a body, its targets and then the events named."""
    targets = (*body.targets, *named)
    return resolved(
        model,
        Question(
            targets=targets,
            findings=findings_from_json(body.given),
            settings=settings_from_json(body.do),
            scenario=body.scenario,
            cohort=body.cohort,
            joint=tuple(map(tuple, body.joint)),
            most_probable=body.most_probable,
            interval=interval_mass(body.interval, named=bool(targets)),
        ),
    )


def interval_mass(said: float | str | None, *, named: bool) -> float | None:
    """The share of an interval as asked for; unsaid, it depends on whether targets are ``named``.

    >>> interval_mass(None, named=True), interval_mass("none", named=True), interval_mass(0.5, named=False)
    (0.9, None, 0.5)
    """
    if said is None:
        return MASS if named else None
    return None if isinstance(said, str) else said


def question_from_address(model: Model, asked: requests.ForecastParameters, *, targets: Sequence[str]) -> Resolved:
    """The question of an address."""
    return resolved(model, _addressed(asked, targets))


def query_from_address(model: Model, asked: requests.QueryParameters, named: Sequence[str]) -> Resolved:
    """The question of an address that may ask for events, joints and the most probable states too."""
    common = _addressed(asked, (*asked.target, *named))
    return resolved(model, replace(common, joint=joints(asked.joint), most_probable=asked.most_probable))


def joints(said: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The variables of each joint from their names with commas.

    >>> joints(["lung,tub", "smoke"])
    (('lung', 'tub'), ('smoke',))
    """
    return tuple(tuple(text.split(",")) for text in said)


def _addressed(asked: requests.ForecastParameters, targets: Sequence[str]) -> Question:
    return Question(
        targets=tuple(targets),
        findings=syntax.findings(asked.given),
        settings=syntax.settings(asked.do),
        scenario=asked.scenario,
        cohort=asked.cohort,
        interval=interval_mass(asked.interval, named=bool(targets)),
    )


def question_of_case(
    model: Model, case: requests.Case, *, targets: tuple[str, ...], interval: float | None
) -> Resolved:
    """The question of one case of a batch."""
    given, do = findings_from_json(case.given), settings_from_json(case.do)
    question = Question(targets, given, do, scenario=case.scenario, cohort=case.cohort, interval=interval)
    refuse_events(model, stated(question))
    return resolve(model, question)


def stated(question: Question) -> Iterator[tuple[str, Place]]:
    """What a question says something of, or joins, each with its place."""
    yield from ((name, ("given", name)) for name in question.findings)
    yield from ((name, ("do", name)) for name in question.settings)
    yield from ((name, ("joint", i)) for i, names in enumerate(question.joint) for name in names)


def findings_from_json(given: Mapping[str, str | BaseModel]) -> dict[str, SaidFinding]:
    """Findings from their shapes."""
    return {name: _finding_from_json(said) for name, said in given.items()}


def settings_from_json(do: Mapping[str, str | BaseModel]) -> dict[str, SaidSetting]:
    """Settings from their shapes."""
    return {name: _setting_from_json(said) for name, said in do.items()}


def _setting_from_json(said: str | BaseModel) -> SaidSetting:
    from service.schemas import requests

    if isinstance(said, requests.Chances):
        return SetChances(dict(said.p))
    return _within_from_json(said) or SetTo(str(said))


def _within_from_json(said: str | BaseModel) -> Within | None:
    from service.schemas import requests

    match said:
        case requests.Over():
            return Within(low=said.over)
        case requests.Under():
            return Within(high=said.under)
        case requests.Between():
            return Within(*said.between)
    return None


def _finding_from_json(said: str | BaseModel) -> SaidFinding:
    from service.schemas import requests

    match said:
        case requests.InStates():
            return OneOf(tuple(said.in_))
        case requests.NotStates():
            return RuledOut(tuple(said.not_))
        case requests.Likelihood():
            return Reported(dict(said.likelihood))
        case requests.AssumedChances():
            return Assumed(dict(said.assumed))
        case _:
            return _within_from_json(said) or Observed(str(said))


def resolved(model: Model, question: Question) -> Resolved:
    """What a question means. Raises what ``resolve`` raises, and JointTooLarge beyond 10,000 cells."""
    refuse_events(model, stated(question))
    known = [names for names in question.joint if all(name in model.network for name in names)]
    cells = sum(math.prod(model.network.cards(names)) for names in known)
    if cells > MOST_JOINT_CELLS:
        raise JointTooLarge(f"the joints have {cells:,} cells, the most is {MOST_JOINT_CELLS:,}", where=("joint",))
    return resolve(model, question)


def example_question(model: Model, each: Example) -> Question:
    """The question of an example, in canonical order."""
    asked = Question(
        (each.target,), each.findings, each.settings, scenario=each.scenario, cohort=each.cohort, interval=MASS
    )
    return resolve(model, asked).question


def forecast_address(model: Model, question: Question) -> Address:
    """Where one target's forecast stands."""
    return Address(model_path(model.name, "forecast", question.targets[0]), tuple(_parameters(question)))


def query_address(model: Model, question: Question, *, resource: str = "query") -> Address:
    """Where the answer to a question of several targets stands, however it was asked."""
    targets = [("event" if target in model.events else "target", target) for target in question.targets]
    joints = [("joint", ",".join(names)) for names in question.joint]
    explanation = [("most_probable", "true")] if question.most_probable else []
    path = model_path(model.name, resource)
    return Address(path, (*targets, *_parameters(question), *joints, *explanation))


def _parameters(question: Question) -> Iterator[tuple[str, str]]:
    yield from case_parameters(question)
    if question.interval != interval_mass(None, named=bool(question.targets)):
        yield "interval", "none" if question.interval is None else syntax.plain_number(question.interval)


def event_parameters(question: Question) -> tuple[tuple[str, str], ...]:
    """A question's one target, and what is known and set, as parameters of an analysis."""
    return (("target", question.targets[0]), *case_parameters(question))


def case_parameters(question: Question) -> Iterator[tuple[str, str]]:
    """What is known and set, as parameters of an address."""
    for name, finding in question.findings.items():
        yield "given", f"{name}:{syntax.text_of(finding)}"
    for name, setting in question.settings.items():
        yield "do", f"{name}:{syntax.text_of(setting)}"
    if question.scenario is not None:
        yield "scenario", question.scenario
    if question.cohort is not None:
        yield "cohort", question.cohort


SAFE = ":(),="
"""What stands in a side of a comparison as it is."""


def side_text(name: str | None, question: Question) -> str:
    """A side of a comparison, with its name, as a query string of its own.

    >>> side_text("Never", Question(settings={"smoke": SetTo("no")}, cohort="a_smoker"))
    'name=Never&do=smoke:no&cohort=a_smoker'
    """
    named = (("name", name),) if name is not None else ()
    return "&".join(f"{key}={quote(value, safe=SAFE)}" for key, value in (*named, *case_parameters(question)))


def findings_json(findings: Mapping[str, SaidFinding]) -> dict[str, answers.Finding]:
    """Findings as JSON."""
    return {name: _finding_json(finding) for name, finding in findings.items()}


def settings_json(settings: Mapping[str, SaidSetting]) -> dict[str, answers.Setting]:
    """Settings as JSON."""
    return {name: _setting_json(said) for name, said in settings.items()}


def _setting_json(said: SaidSetting) -> answers.Setting:
    match said:
        case SetChances(chances):
            return answers.ChancesSet(dict(chances))
        case SetTo(state):
            return state
        case Within():
            return syntax.text_of(said)


def _finding_json(finding: SaidFinding) -> answers.Finding:
    match finding:
        case Observed(state):
            return state
        case OneOf(states):
            return answers.InSet(list(states))
        case RuledOut(states):
            return answers.NotSet(list(states))
        case Reported(numbers):
            return answers.LikelihoodSet(dict(numbers))
        case Assumed(numbers):
            return answers.AssumedSet(dict(numbers))
        case Within():
            return syntax.text_of(finding)
