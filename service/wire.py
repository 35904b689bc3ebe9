"""JSON and the model: requests become questions, answers become the bodies that are sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np
from pydantic import BaseModel

from model.answers import Answer, Basis, status_of
from model.errors import AftermathError, BadQuestion, JointTooLarge, Place
from model.evidence import Assumed, Finding, Observed, OneOf, Reported, RuledOut, SetChances, Setting, SetTo
from model.network import Network, Table, Variable
from model.question import Question
from model.specification import JUDGEMENT, Example, Model
from model.uncertainty.intervals import COVERS, MASS, OMITS, Intervals
from service import answers, grammar, shapes
from service.problems import Refused
from service.writing import GAP, Words, encoded, written

LONGEST_ADDRESS = 8_000
MOST_JOINT_CELLS = 10_000
WRITTEN = 64
"""Bases of answers whose words are kept as JSON: some 100 KB each where every variable is a target."""

PIECES = 4_096
"""Variables, sources and lists of names that are kept as JSON for answers of every basis: some kB each."""

ADDRESSES = 256
"""Query strings that are kept: an answer says its own several times."""

Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class Address:
    """What identifies a resource: a path without its suffix, and parameters in canonical order.

    ``beside`` are parameters for what has no place in a table, so the address of the CSV goes without them.

    >>> Address("/v1/models/asia/forecast/lung", (("given", "xray:yes"),)).url("json", revision="r-1")
    '/v1/models/asia/forecast/lung.json?given=xray:yes&revision=r-1'
    """

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    beside: tuple[tuple[str, str], ...] = ()

    def url(self, form: str, *, revision: str | None = None) -> str:
        """The address in a form, pinned to a revision if one is named."""
        pinned = (("revision", revision),) if revision else ()
        query = _query((*self.parameters, *(() if form == "csv" else self.beside), *pinned))
        return f"{self.path}.{form}" + (f"?{query}" if query else "")

    def permalink(self, revision: str | None, form: str = "json") -> str | None:
        """The address, pinned if a revision is named, or None when it is longer than a server takes."""
        url = self.url(form, revision=revision)
        return url if len(url) <= LONGEST_ADDRESS else None

    def links(self) -> answers.Links:
        """The address in both forms, unpinned."""
        urls = {form: self.url(form) for form in ("json", "csv")}
        short = {form: url if len(url) <= LONGEST_ADDRESS else None for form, url in urls.items()}
        return {"json": short["json"], "csv": short["csv"]}


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """An answer on its way out, and where it stands."""

    model: Model
    answer: Answer
    address: Address


@lru_cache(ADDRESSES)
def _query(said: tuple[tuple[str, str], ...]) -> str:
    return "&".join(f"{name}={quote(value, safe=':(),=')}" for name, value in said)


def answer_body(model: Model, answer: Answer) -> bytes:
    """The JSON body of an answer, as HTTP sends it: a forecast for one target alone, else a query's answer.

    The answer must be to a question in canonical order (see ``canonical``).
    """
    question = answer.question
    single = len(question.targets) == 1 and not question.joint and not question.most_probable
    if single:
        return forecast_body(Found(model, answer, forecast_address(model, question)))
    return query_body(Found(model, answer, query_address(model, question)))


def forecast_body(found: Found) -> bytes:
    """One target's forecast as JSON."""
    return encoded(forecast_answer(found))


def query_body(found: Found) -> bytes:
    """The answer of several targets as JSON."""
    return encoded(query_answer(found))


def model_path(model: str, *steps: str) -> str:
    """The path of a resource of a model.

    >>> model_path("asia", "variables", "lung")
    '/v1/models/asia/variables/lung'
    """
    return "/".join(("/v1/models", *(quote(step, safe="") for step in (model, *steps))))


def question_sent(model: Model, body: shapes.AskedInFull) -> Question:
    """The question of a body, in canonical order."""
    return canonical(
        model,
        Question(
            targets=tuple(body.targets),
            findings=findings_sent(body.given),
            settings=settings_sent(body.do),
            scenario=body.scenario,
            cohort=body.cohort,
            joint=tuple(map(tuple, body.joint)),
            most_probable=body.most_probable,
            interval=interval_asked(body.interval, named=bool(body.targets)),
        ),
    )


def interval_asked(said: float | str | None, *, named: bool) -> float | None:
    """The share of an interval as asked for; unsaid, it depends on whether targets are ``named``.

    >>> interval_asked(None, named=True), interval_asked("none", named=True), interval_asked(0.5, named=False)
    (0.9, None, 0.5)
    """
    if said is None:
        return MASS if named else None
    return None if isinstance(said, str) else said


def question_addressed(model: Model, asked: shapes.ForecastParameters, *, targets: Sequence[str]) -> Question:
    """The question of an address, in canonical order."""
    return canonical(
        model,
        Question(
            targets=tuple(targets),
            findings=grammar.findings(asked.given),
            settings=grammar.settings(asked.do),
            scenario=asked.scenario,
            cohort=asked.cohort,
            interval=interval_asked(asked.interval, named=bool(targets)),
        ),
    )


def query_addressed(model: Model, asked: shapes.QueryParameters) -> Question:
    """The question of an address that may ask for joints and the most probable states too."""
    return replace(
        question_addressed(model, asked, targets=asked.target),
        joint=tuple(tuple(text.split(",")) for text in asked.joint),
        most_probable=asked.most_probable,
    )


def case_sent(model: Model, case: shapes.Case, *, targets: tuple[str, ...]) -> Question:
    """The question of one case of a batch."""
    given, do = findings_sent(case.given), settings_sent(case.do)
    return canonical(model, Question(targets, given, do, scenario=case.scenario, cohort=case.cohort))


def findings_sent(given: Mapping[str, str | BaseModel]) -> dict[str, Finding]:
    """Findings from their shapes."""
    return {name: _finding(said) for name, said in given.items()}


def settings_sent(do: Mapping[str, str | BaseModel]) -> dict[str, Setting]:
    """Settings from their shapes."""
    return {name: SetChances(dict(s.p)) if isinstance(s, shapes.Chances) else SetTo(str(s)) for name, s in do.items()}


def _finding(said: str | BaseModel) -> Finding:
    match said:
        case shapes.InStates():
            return OneOf(tuple(said.in_))
        case shapes.NotStates():
            return RuledOut(tuple(said.not_))
        case shapes.Likelihood():
            return Reported(dict(said.likelihood))
        case shapes.AssumedChances():
            return Assumed(dict(said.assumed))
        case _:
            return Observed(str(said))


def canonical(model: Model, question: Question) -> Question:
    """The same question in the order of the file, so that two ways of asking it give the same bytes.

    Raises the error of an unknown name, or Refused with all of them; JointTooLarge beyond 10,000 cells.
    """
    wrong: list[AftermathError] = []
    for i, target in enumerate(question.targets):
        with noted(wrong):
            model.network.variable(target, where=("targets", i))
    for i, names in enumerate(question.joint):
        with noted(wrong):
            _ = [model.network.variable(name, where=("joint", i)) for name in names]
    findings = _in_order(model.network, question.findings, "given", arranged=_finding_in_order, wrong=wrong)
    settings = _in_order(model.network, question.settings, "do", arranged=_setting_in_order, wrong=wrong)
    with noted(wrong):
        _ = model.scenario(question.scenario) if question.scenario is not None else None
    with noted(wrong):
        _ = model.cohort(question.cohort) if question.cohort is not None else None
    if wrong:
        raise wrong[0] if len(wrong) == 1 else Refused(wrong)
    _refuse_large_joints(model.network, question.joint)
    return replace(question, findings=findings, settings=settings)


def _refuse_large_joints(network: Network, joints: Sequence[Sequence[str]]) -> None:
    cells = sum(math.prod(network.cards(names)) for names in joints)
    if cells > MOST_JOINT_CELLS:
        raise JointTooLarge(f"the joints have {cells:,} cells, the most is {MOST_JOINT_CELLS:,}", where=("joint",))


def canonical_example(model: Model, each: Example) -> Question:
    """The question of an example, in canonical order."""
    asked = Question(
        (each.target,), each.findings, each.settings, scenario=each.scenario, cohort=each.cohort, interval=MASS
    )
    return canonical(model, asked)


@contextmanager
def noted(wrong: list[AftermathError]) -> Iterator[None]:
    """Put an error on the list and go on, so that a request hears of all its mistakes at once."""
    try:
        yield
    except AftermathError as error:
        wrong.append(error)


def _in_order(
    network: Network,
    said: Mapping[str, Said],
    where: str,
    *,
    arranged: Callable[[Variable, Said, Place], Said],
    wrong: list[AftermathError],
) -> dict[str, Said]:
    found: dict[str, Said] = {}
    for name, statement in said.items():
        with noted(wrong):
            found[name] = arranged(network.variable(name, where=(where, name)), statement, (where, name))
    return {name: found[name] for name in network.names if name in found}


def _finding_in_order(variable: Variable, said: Finding, where: Place) -> Finding:
    """A finding with its states in the order of the file; a set of one state is that state."""
    match said:
        case Observed(state):
            return Observed(_known(variable, (state,), where)[0])
        case OneOf(states):
            known = _known(variable, states, where)
            return OneOf(known) if len(known) > 1 else Observed(known[0])
        case RuledOut(states):
            return RuledOut(_known(variable, states, where))
        case Reported(numbers):
            return Reported({state: numbers[state] for state in _known(variable, numbers, where)})
        case Assumed(numbers):
            return Assumed({state: numbers[state] for state in _known(variable, numbers, where)})


def _setting_in_order(variable: Variable, said: Setting, where: Place) -> Setting:
    """A setting with its states in the order of the file; all chances on one state is that state."""
    if isinstance(said, SetTo):
        return SetTo(_known(variable, (said.state,), where)[0])
    chances = {state: said.probabilities[state] for state in _known(variable, said.probabilities, where)}
    return SetTo(next(iter(chances))) if list(chances.values()) == [1.0] else SetChances(chances)


def _known(variable: Variable, states: Iterable[str], where: Place) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(states), key=lambda name: variable.state(name, where=where)))


def forecast_address(model: Model, question: Question) -> Address:
    """Where one target's forecast stands."""
    return Address(model_path(model.name, "forecast", question.targets[0]), tuple(_parameters(question)))


def query_address(model: Model, question: Question, *, resource: str = "query") -> Address:
    """Where the answer to a question of several targets stands, however it was asked."""
    targets = [("target", target) for target in question.targets]
    joints = [("joint", ",".join(names)) for names in question.joint]
    explanation = [("most_probable", "true")] if question.most_probable else []
    path = model_path(model.name, resource)
    return Address(path, (*targets, *_parameters(question)), (*joints, *explanation))


def _parameters(question: Question) -> Iterator[tuple[str, str]]:
    yield from case_parameters(question)
    if question.interval != interval_asked(None, named=bool(question.targets)):
        yield "interval", "none" if question.interval is None else grammar.plain_number(question.interval)


def event_parameters(question: Question) -> tuple[tuple[str, str], ...]:
    """A question's one target, and what is known and set, as parameters of an analysis."""
    return (("target", question.targets[0]), *case_parameters(question))


def case_parameters(question: Question) -> Iterator[tuple[str, str]]:
    """What is known and set, as parameters of an address."""
    for name, finding in question.findings.items():
        yield "given", f"{name}:{grammar.written(finding)}"
    for name, setting in question.settings.items():
        yield "do", f"{name}:{grammar.written(setting)}"
    if question.scenario is not None:
        yield "scenario", question.scenario
    if question.cohort is not None:
        yield "cohort", question.cohort


def forecast_answer(found: Found) -> answers.ForecastAnswer:
    """The body of one target's forecast."""
    model, answer = found.model, found.answer
    [target] = answer.targets.basis.targets
    return {
        "model": answer.model,
        "revision": answer.revision,
        "as_of": model.as_of,
        "target": target.name,
        "label": model.described[target.name].label,
        "distribution": _distribution(answer.targets.basis, answer.targets.intervals is not None).laid(
            _numbers(answer), missing=True
        ),
        **_evidence(model, answer),
        "sources": _sources(model, answer.targets.basis),
        "permalink": found.address.permalink(answer.revision),
        "links": found.address.links(),
    }


def query_answer(found: Found) -> answers.QueryAnswer:
    """The body of an answer of several targets."""
    model, answer = found.model, found.answer
    return {
        "model": answer.model,
        "revision": answer.revision,
        "as_of": model.as_of,
        "targets": _targets(model, answer.targets.basis, answer.targets.intervals is not None).laid(
            _numbers(answer), missing=True
        ),
        "joint": [
            {"variables": list(joint.variables), "rows": [{"states": list(s), "p": p} for s, p in joint.rows]}
            for joint in answer.joint
        ],
        "most_probable": (
            {"states": dict(answer.most_probable.states), "p": answer.most_probable.p} if answer.most_probable else None
        ),
        **_evidence(model, answer),
        "sources": _sources(model, answer.targets.basis),
        "permalink": found.address.permalink(answer.revision),
        "links": found.address.links(),
    }


def _evidence(model: Model, answer: Answer) -> answers.Evidence:
    """What was asked and used, in the order of the file, and how likely it was."""
    question, names = answer.question, model.network.names
    findings = {name: answer.findings[name] for name in names if name in answer.findings}
    settings = {name: answer.settings[name] for name in names if name in answer.settings}
    return {
        "asked": {
            "targets": list(question.targets),
            "given": findings_said(question.findings),
            "do": settings_said(question.settings),
            "scenario": question.scenario,
            "cohort": question.cohort,
            "joint": [list(names) for names in question.joint],
            "most_probable": question.most_probable,
            "interval": question.interval,
        },
        "given": findings_said(findings),
        "do": settings_said(settings),
        "replaced": list(answer.replaced),
        "p_evidence": answer.p_evidence,
        "log10_p_evidence": log10(answer.log_p_evidence),
        "conflict_bits": answer.conflict_bits,
        "interval": interval_said(answer.targets.intervals),
        "status": _status(model.network, answer),
        "no_effect": list(answer.no_effect),
    }


def _status(network: Network, answer: Answer) -> answers.StatusSaid:
    found = status_of(network, answer)
    return {
        "observed": dict(found.observed),
        "restricted": {name: list(states) for name, states in found.restricted.items()},
        "reported": list(found.reported),
        "assumed": list(found.assumed),
        "controlled": [{"variable": name, "cut": list(parents)} for name, parents in found.controlled.items()],
        "implied": dict(found.implied),
        "no_effect": list(found.no_effect),
    }


def interval_said(found: Intervals | None) -> answers.IntervalSaid | None:
    """What intervals mean, as JSON."""
    if found is None:
        return None
    return {
        "mass": found.mass,
        "draws": found.draws,
        "effective_draws": found.effective,
        "covers": COVERS,
        "omits": list(OMITS),
        "warning": found.warning,
    }


def _numbers(answer: Answer) -> Table:
    """What is laid into each state of each target: p, its interval, shift, its interval; p and shift where none is."""
    p, found = answer.targets.p, answer.targets.intervals
    shift = p - answer.targets.basis.baseline
    if found is None:
        return np.stack([p, shift], axis=1)
    return np.stack([p, found.low, found.high, shift, found.shift_low, found.shift_high], axis=1)


@lru_cache(WRITTEN)
def _targets(model: Model, basis: Basis, intervals: bool) -> Words:
    said: list[answers.TargetDistribution] = [
        {
            "target": variable.name,
            "label": model.described[variable.name].label,
            "distribution": _states_said(variable, basis.baseline[place].tobytes(), intervals),
            "no_effect": _names_said(idle),
            "sources": _names_said(sources),
        }
        for variable, place, idle, sources in zip(basis.targets, basis.places, basis.idle, basis.cited, strict=True)
    ]
    return Words(said)


@lru_cache(WRITTEN)
def _distribution(basis: Basis, intervals: bool) -> Words:
    return Words(_states(basis.targets[0], basis.baseline, intervals))


def _states(variable: Variable, baseline: Table, intervals: bool) -> list[answers.StateShift]:
    """A distribution in the order of the file, with its baseline, and gaps for the numbers of one answer."""
    end = GAP if intervals else None
    return [
        {
            "state": state,
            "p": GAP,
            "lo": end,
            "hi": end,
            "baseline": before,
            "shift": GAP,
            "shift_lo": end,
            "shift_hi": end,
        }
        for state, before in zip(variable.states, baseline.tolist(), strict=True)
    ]


@lru_cache(PIECES)
def _states_said(variable: Variable, baseline: bytes, intervals: bool) -> Any:
    return written(_states(variable, np.frombuffer(baseline), intervals))


@lru_cache(PIECES)
def _names_said(names: tuple[str, ...]) -> Any:
    return written(names)


@lru_cache(WRITTEN)
def _sources(model: Model, basis: Basis) -> Any:
    return written([_source_said(model, name) for name in basis.sources])


@lru_cache(PIECES)
def _source_said(model: Model, name: str) -> Any:
    return written(_cited(model, name))


def rows(found: Found) -> list[answers.StateRow]:
    """An answer as rows, one a state of a target. Raises BadQuestion when a joint was asked for too."""
    answer = found.answer
    if answer.joint or answer.most_probable:
        raise BadQuestion("joint and most_probable have no place in a table: ask for JSON")
    numbers, basis = _numbers(answer), answer.targets.basis
    if answer.targets.intervals is None:
        numbers = np.insert(numbers, [1, 1, 2, 2], np.nan, axis=1)
    states = [(variable.name, state) for variable in basis.targets for state in variable.states]
    return [
        {
            "target": target,
            "state": state,
            "p": p,
            "lo": lo,
            "hi": hi,
            "baseline": baseline,
            "shift": shift,
            "shift_lo": shift_lo,
            "shift_hi": shift_hi,
            "p_evidence": answer.p_evidence,
            "model": answer.model,
            "revision": answer.revision,
        }
        for (target, state), baseline, (p, lo, hi, shift, shift_lo, shift_hi) in zip(
            states, basis.baseline.tolist(), _or_none(numbers), strict=True
        )
    ]


def _or_none(numbers: Table) -> list[list[Any]]:
    """Rows of numbers, None where there is none."""
    return [[None if math.isnan(number) else number for number in row] for row in numbers.tolist()]


def findings_said(findings: Mapping[str, Finding]) -> dict[str, answers.FindingSaid]:
    """Findings as JSON."""
    return {name: _said(finding) for name, finding in findings.items()}


def settings_said(settings: Mapping[str, Setting]) -> dict[str, answers.SettingSaid]:
    """Settings as JSON."""
    return {
        name: {"p": dict(said.probabilities)} if isinstance(said, SetChances) else said.state
        for name, said in settings.items()
    }


def _said(finding: Finding) -> answers.FindingSaid:
    match finding:
        case Observed(state):
            return state
        case OneOf(states):
            return {"in": list(states)}
        case RuledOut(states):
            return {"not": list(states)}
        case Reported(numbers):
            return {"likelihood": dict(numbers)}
        case Assumed(numbers):
            return {"assumed": dict(numbers)}


def cited(model: Model, names: Sequence[str]) -> list[answers.Cited]:
    """Sources in full; judgement shown as what it is."""
    return [_cited(model, name) for name in names]


def _cited(model: Model, name: str) -> answers.Cited:
    if name == JUDGEMENT:
        title = "Judgement of the modeller, with the reason given beside the number"
        return {
            "name": name,
            "title": title,
            "publication": None,
            "date": None,
            "url": None,
            "kind": "judgement",
            "status": "judgement",
            "read": None,
            "note": None,
        }
    source = model.source(name)
    return {
        "name": source.name,
        "title": source.title,
        "publication": source.publication,
        "date": source.date,
        "url": source.url,
        "kind": source.kind,
        "status": source.status,
        "read": source.read,
        "note": source.note,
    }


def log10(natural: float) -> float:
    """A natural logarithm as a decimal one, minus zero made zero."""
    return natural / math.log(10) + 0.0
