"""Questions from the bodies of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

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
)
from model.question import Question, Resolved, resolve
from model.specification import Model
from service.schemas import requests
from service.translate.questions import interval_mass, refuse_events, resolved, stated


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


def question_of_case(
    model: Model, case: requests.Case, *, targets: tuple[str, ...], interval: float | None
) -> Resolved:
    """The question of one case of a batch."""
    given, do = findings_from_json(case.given), settings_from_json(case.do)
    question = Question(targets, given, do, scenario=case.scenario, cohort=case.cohort, interval=interval)
    refuse_events(model, stated(question))
    return resolve(model, question)


def findings_from_json(given: Mapping[str, str | BaseModel]) -> dict[str, SaidFinding]:
    """Findings from their shapes."""
    return {name: _finding_from_json(said) for name, said in given.items()}


def settings_from_json(do: Mapping[str, str | BaseModel]) -> dict[str, SaidSetting]:
    """Settings from their shapes."""
    return {name: _setting_from_json(said) for name, said in do.items()}


def _setting_from_json(said: str | BaseModel) -> SaidSetting:
    if isinstance(said, requests.Chances):
        return SetChances(dict(said.p))
    return _within_from_json(said) or SetTo(str(said))


def _within_from_json(said: str | BaseModel) -> Within | None:
    match said:
        case requests.Over():
            return Within(low=said.over)
        case requests.Under():
            return Within(high=said.under)
        case requests.Between():
            return Within(*said.between)
    return None


def _finding_from_json(said: str | BaseModel) -> SaidFinding:
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
