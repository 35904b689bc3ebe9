"""What all analyses share over HTTP: the event asked about, the address, the body, and its schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_type_hints

from msgspec import Meta, Struct, defstruct
from pydantic import Field

from model import events
from model.events import HAPPENS
from model.evidence import syntax
from model.forecast import Forecaster, answer
from model.inference.arrays import ranked
from model.question import Question, Resolved, resolve
from model.resources.cost import Cost
from model.specification import Model
from service.http.address import Address, Links, model_path
from service.http.forms import Form, csv_form, json_form
from service.http.json_encoding import encoded
from service.http.operation import Reply
from service.http.problems import BadField, MissingField
from service.http.validation import Text
from service.schemas import answers, requests
from service.schemas.requests import EventText
from service.translate import questions
from service.translate.forecasts import header

Parameters = tuple[tuple[str, object], ...]

ERRORS = (404, 422, 503)
JSON_AND_CSV = ("json", "csv")

OWN = ("model", "revision", "as_of", "settings", "scenario", "cohort")
"""What a result says of its question and every body says in its own way."""


class AnalysisAsked(Struct):
    """The event asked about, under which statements; scenario and cohort are not yet laid in."""

    target: str
    state: str | None
    given: dict[str, answers.Finding]
    do: dict[str, answers.Setting]
    scenario: str | None
    cohort: str | None


class AnalysisAbout(answers.Header):
    """What every analysis says of itself."""

    asked: AnalysisAsked
    given: dict[str, answers.Finding]
    do: dict[str, answers.Setting]
    replaced: list[str]


class AnalysisPlaces(Struct):
    """Where the analysis stands."""

    permalink: str | None
    links: Links


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """A target, one of its states if one was named, and the question that they are asked under, in canonical order.

    ``forecaster`` is the one that has a variable for it.
    """

    forecaster: Forecaster
    target: str
    state: str | None
    asked: Resolved

    @property
    def question(self) -> Question:
        """What is asked, in canonical order."""
        return self.asked.question


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """A result on its way out."""

    model: Model
    event: Event
    result: Any
    address: Address
    forms: tuple[str, ...] = JSON_AND_CSV
    """Suffixes of its addresses."""


class EventParameters(requests.CaseParameters):
    """An event in place of a target, a state, and what is known and set."""

    event: EventText = None
    state: Annotated[
        Text | None,
        Field(description="A state of the target; without it the most probable one, of an event `yes`."),
    ] = None


class AnalysisParameters(EventParameters):
    """A target or an event, a state of it, and what is known and set."""

    target: Annotated[
        Text | None, Field(description="The variable that the analysis is about, unless an event is.")
    ] = None


def event_of(forecaster: Forecaster, asked: AnalysisParameters) -> Event:
    """The event of an address that names a target or an event."""
    return event_asked(forecaster, asked, asked.target, "target")


def event_asked(forecaster: Forecaster, asked: EventParameters, target: str | None, where: str) -> Event:
    """The event of an address, ``where`` being the target's parameter.

    Raises MissingField or BadField unless one of target and event is named, and the error of an unknown name.
    """
    if asked.event is not None and target is not None:
        raise BadField(f"{where} and event are both named; an analysis is about one of them", where=("event",))
    if asked.event is not None:
        found = events.event(forecaster.model, asked.event)
        forecaster, target = forecaster.about((found,)), str(found)
    if target is None:
        raise MissingField(f"the field {where!r} is missing, and no event stands in its place", where=(where,))
    model = forecaster.model
    variable = model.network.variable(target, where=(where,))
    if asked.state is not None:
        variable.state(asked.state, where=("state",))
    question = Question(
        (target,),
        syntax.findings(asked.given),
        syntax.settings(asked.do),
        scenario=asked.scenario,
        cohort=asked.cohort,
    )
    return Event(forecaster, target, asked.state, resolve(model, question))


def state_of(event: Event) -> str:
    """The state asked about; where none was named the most probable one, the first of those that are."""
    if event.state is not None:
        return event.state
    if event.target in event.forecaster.model.events:
        return HAPPENS
    [found] = answer(event.forecaster, event.asked).targets
    return max(found.distribution, key=lambda row: ranked(row.p)).state


def reply(
    event: Event,
    resource: str,
    analyse: Callable[[], Any],
    cost: Callable[[], Cost],
    *,
    target: str = "target",
    also: Parameters = (),
    forms: tuple[str, ...] = JSON_AND_CSV,
) -> Reply:
    """An analysis to be worked out when it is needed; ``also`` are parameters of its own, None where left out.

    ``cost`` counts what it will cost, ``forms`` are the suffixes of its addresses.
    """
    model = event.forecaster.model
    place = address(event, resource, target=target, also=also)
    return Reply(lambda: Analysed(model, event, analyse(), place, forms), place, cost)


def address(event: Event, resource: str, *, target: str = "target", also: Parameters = ()) -> Address:
    """Where an analysis of an event stands."""
    state = (("state", event.state),) if event.state is not None else ()
    own = tuple((name, _parameter_text(value)) for name, value in also if value is not None)
    model = event.forecaster.model
    named = "event" if event.target in model.events else target
    return Address(
        model_path(model.name, resource),
        ((named, event.target), *state, *questions.case_parameters(event.question), *own),
    )


def _parameter_text(value: object) -> str:
    return syntax.plain_number(value) if isinstance(value, float) else str(value)


def json_and_csv(result: type, row: type, rows: Callable[[Any], Iterator[Any]]) -> tuple[Form, Form]:
    """An analysis as JSON, and the table in it as CSV: ``rows`` makes its rows from the result."""
    return body_form(result), csv_form(row, lambda found: rows(found.result))


def documented(kind: type, said: Mapping[str, str]) -> type:
    """The shape of a dataclass as JSON with a description of some of its fields, for the schema alone.

    >>> documented(Address, {"path": "Without its suffix."}).__struct_fields__
    ('path', 'parameters')

    Raises KeyError for a description of a field that it does not have.
    """
    hints = get_type_hints(kind, include_extras=True)
    shape = hints | {name: Annotated[hints[name], Meta(description=text)] for name, text in said.items()}
    return defstruct(kind.__name__, list(shape.items()), namespace={"__doc__": kind.__doc__}, module=kind.__module__)


def body_form(result: type, places: type = AnalysisPlaces, shown: Mapping[str, Any] | None = None) -> Form:
    """An analysis as JSON: what every analysis says of itself, the fields of its result, and where it stands.

    ``shown`` are types of fields of the result that the schema shows in place of its own, with descriptions.
    """
    about, hints, where = (get_type_hints(kind, include_extras=True) for kind in (AnalysisAbout, result, places))
    own = [each.name for each in fields(result) if each.name not in OWN]
    shape = about | {name: hints[name] for name in own} | dict(shown or {}) | where
    body = defstruct(f"{result.__name__}Answer", list(shape.items()), namespace={"__doc__": result.__doc__})

    def written(found: Analysed) -> bytes:
        made = {name: getattr(found.result, name) for name in own}
        return encoded(body(*header(found.model), **_about(found) | made | _places(found)))

    return json_form(body, write=written)


def _about(found: Analysed) -> dict[str, Any]:
    """The fields of ``AnalysisAbout`` after those of the header."""
    question, case = found.event.question, found.event.asked
    return {
        "asked": AnalysisAsked(
            target=found.event.target,
            state=found.event.state,
            given=questions.findings_json(question.findings),
            do=questions.settings_json(question.settings),
            scenario=question.scenario,
            cohort=question.cohort,
        ),
        "given": questions.findings_json(case.case.findings),
        "do": questions.settings_json(case.case.settings),
        "replaced": list(case.replaced),
    }


def _places(found: Analysed) -> dict[str, Any]:
    return {
        "permalink": found.address.permalink(found.model.revision),
        "links": {form: found.address.permalink(None, form) for form in found.forms},
    }
