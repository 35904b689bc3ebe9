"""History: the forecast of a question under every revision that was active, over HTTP as rows and as a feed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypedDict
from xml.etree import ElementTree

from msgspec import Struct
from pydantic import BeforeValidator, Field, WithJsonSchema

from model.analyses import question_cost
from model.answers import Answer
from model.errors import AftermathError
from model.evidence import syntax
from model.forecast import answer
from model.question import Question, resolve
from model.resources.cost import Cost
from model.resources.deadline import checkpoint
from model.uncertainty.intervals import MASS
from service.http.address import Address, model_path
from service.http.csv_tables import Table
from service.http.forms import Form, json_form, table_form
from service.http.json_encoding import encoded
from service.http.operation import Reply, Service, operation
from service.schemas.requests import StatedParameters
from service.store import activations, revisions
from service.store.activations import Activation
from service.store.history import Point, points, put
from service.store.tables import iso
from service.translate.questions import case_parameters

RECENT, MOST_POINTS = 100, 500
"""Changes that are always shown, the last ones; and how many in all, those before thinned out evenly."""

FED = 50
"""Changes that a feed tells of, the last first."""

ATOM = "http://www.w3.org/2005/Atom"
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not have."""


def _time(value: object) -> object:
    """A time as an address has it. Raises ValueError for one that does not say of which zone it is."""
    expected = "expected a time such as 2026-03-01T09:30:00Z"
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(expected) from None
    if found.tzinfo is None:
        raise ValueError(f"{expected}, with its Z")
    return found


TimeText = Annotated[datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time"})]


class HistoryParameters(StatedParameters):
    """Under what, and of which time."""

    from_: Annotated[TimeText | None, Field(alias="from", description="Changes from this time on.")] = None
    to: Annotated[TimeText | None, Field(description="Changes up to this time.")] = None
    shape: Annotated[
        Literal["long", "wide"], Field(description="A row for each state of each change, or a column for each state.")
    ] = "long"


class HistoryRow(TypedDict):
    """A state's forecast from the time on at which its revision became active."""

    time: str
    series: str
    p: float
    lo: float | None
    hi: float | None
    revision: str
    cause: str
    left_interval: bool | None


class LeftOut(Struct):
    """A revision that has no answer to the question."""

    revision: str
    why: str


class HistoryJSON(Struct):
    """The forecast of a question through the revisions of a model; ``thinned`` counts changes that are not shown."""

    model: str
    target: str
    given: list[str]
    do: list[str]
    scenario: str | None
    cohort: str | None
    interval: float
    rows: list[dict[str, Any]]
    thinned: int
    left_out: list[LeftOut]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A history on its way out."""

    model: str
    question: Question
    shape: str
    made: Sequence[Activation]
    points: Mapping[str, Mapping[str, Point]]
    thinned: int
    left_out: Sequence[LeftOut]

    @property
    def target(self) -> str:
        """What the history is of."""
        return self.question.targets[0]

    def rows(self) -> list[HistoryRow]:
        """A row for each state of each change, in their order."""
        found: list[HistoryRow] = []
        before: Mapping[str, Point] = {}
        for each in self.made:
            now = self.points.get(each.revision, {})
            found += [_row(each, state, point, before.get(state)) for state, point in now.items()]
            before = now or before
        return found

    def wide(self) -> list[dict[str, object]]:
        """A row for each change, with a column for each state."""
        states = dict.fromkeys(state for each in self.made for state in self.points.get(each.revision, {}))
        return [
            {
                "time": iso(each.at),
                **{state: now[state].p if state in now else None for state in states},
                "revision": each.revision,
                "cause": each.cause,
            }
            for each in self.made
            if (now := self.points.get(each.revision))
        ]

    def shown(self) -> list[dict[str, object]]:
        """The rows in the shape that was asked for."""
        return self.wide() if self.shape == "wide" else [dict(row) for row in self.rows()]


def _row(made: Activation, state: str, now: Point, before: Point | None) -> HistoryRow:
    left = None
    if before is not None and before.lo is not None and before.hi is not None:
        left = not before.lo <= now.p <= before.hi
    return {
        "time": iso(made.at),
        "series": state,
        "p": now.p,
        "lo": now.lo,
        "hi": now.hi,
        "revision": made.revision,
        "cause": made.cause,
        "left_interval": left,
    }


def body(found: Found) -> bytes:
    """A history as JSON."""
    said = {name: [value for key, value in case_parameters(found.question) if key == name] for name in ("given", "do")}
    return encoded(
        HistoryJSON(
            model=found.model,
            target=found.target,
            given=said["given"],
            do=said["do"],
            scenario=found.question.scenario,
            cohort=found.question.cohort,
            interval=MASS,
            rows=found.shown(),
            thinned=found.thinned,
            left_out=list(found.left_out),
        )
    )


def table(found: Found) -> Table:
    """A history as a table."""
    rows = found.shown()
    wide = tuple(rows[0]) if rows else ("time", "revision", "cause")
    columns = wide if found.shape == "wide" else tuple(HistoryRow.__annotations__)
    return Table(columns, rows, dict.fromkeys(columns, float | None))


def feed(found: Found) -> bytes:
    """The changes as an Atom feed (RFC 4287): what became active, why, and what the forecast is since."""
    place = Address(model_path(found.model, "history", found.target), tuple(case_parameters(found.question)))
    root = ElementTree.Element("feed", xmlns=ATOM)
    latest = found.made[-1].at if found.made else datetime.fromtimestamp(0, UTC)
    identity = hashlib.sha256(place.url("atom").encode()).hexdigest()[:16]
    _texts(root, title=f"{found.model}: {found.target}", id=f"urn:aftermath:{identity}", updated=iso(latest))
    ElementTree.SubElement(root, "link", rel="self", href=place.url("atom"))
    ElementTree.SubElement(root, "link", rel="alternate", href=place.url("json"))
    author = ElementTree.SubElement(root, "author")
    _texts(author, name="Aftermath")
    for each in reversed(found.made[-FED:]):
        root.append(_entry(found, each, identity))
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _entry(found: Found, made: Activation, identity: str) -> ElementTree.Element:
    entry = ElementTree.Element("entry")
    now = found.points.get(made.revision, {})
    said = ", ".join(f"{state} {100 * point.p:.1f} %" for state, point in now.items()) or "no answer"
    _texts(entry, title=said, id=f"urn:aftermath:{identity}:{made.seq}", updated=iso(made.at))
    between = f"{made.previous}...{made.revision}" if made.previous else made.revision
    where = ("diff", between) if made.previous else ("revisions", between)
    ElementTree.SubElement(entry, "link", rel="alternate", href=model_path(found.model, *where))
    why = f": {made.reason}" if made.reason else ""
    _texts(entry, summary=f"{made.revision} became active ({made.cause}){why}")
    return entry


def _texts(parent: ElementTree.Element, **texts: str) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(parent, name).text = UNWRITABLE.sub("\ufffd", text)


@operation(
    "GET",
    "/v1/models/<model>/history/<target>",
    query=HistoryParameters,
    forms=(
        json_form(HistoryJSON, write=body),
        table_form(HistoryRow, table),
        Form("atom", "application/atom+xml; charset=utf-8", feed, str),
    ),
    errors=(404, 422, 429, 503),
    of_model=False,
)
def history(service: Service, model: str, target: str, asked: HistoryParameters) -> Reply:
    """Show the forecast of a question under every revision that was active, from when on.

    Each is worked out once and kept. The last 100 changes are always there; before them up to 400, evenly thinned.
    `left_interval` says whether a forecast lies outside the interval of the one before.
    """
    service.stored_models.demand_model(model)
    question = Question(
        (target,),
        syntax.findings(asked.given),
        syntax.settings(asked.do),
        scenario=asked.scenario,
        cohort=asked.cohort,
        interval=MASS,
    )
    served = service.live.now.ready.get(model)
    if served is not None:
        served.model.network.variable(target, where=("path", "target"))
        question = resolve(served.model, question).question
    every = [
        each
        for each in activations.every(service.store, model)
        if (asked.from_ is None or each.at >= asked.from_) and (asked.to is None or each.at <= asked.to)
    ]
    made = thinned(every)
    series = _series(question)
    kept = _by_revision(points(service.store, model, series))
    order = served.model.network[target].states if served and target in served.model.network else ()
    missing = [each for each in dict.fromkeys(each.revision for each in made) if each not in kept]

    def found() -> Found:
        left_out: list[LeftOut] = []
        for revision in missing:
            checkpoint()
            try:
                new = _points(
                    answer(service.stored_models.edition(model, revision).forecaster, question), series, revision
                )
            except AftermathError as error:
                left_out.append(LeftOut(revision, str(error)))
                continue
            put(service.store, model, new)
            kept[revision] = _by_revision(new)[revision]
        shown = {each: _in_order(kept.get(each, {}), order) for each in kept}
        return Found(model, question, asked.shape, made, shown, len(every) - len(made), left_out)

    return Reply(found, cost=lambda: _cost(service, model, question, missing))


def thinned(made: Sequence[Activation]) -> list[Activation]:
    """The last RECENT changes and of those before as many as make MOST_POINTS, evenly spread, the first among them."""
    early, recent = made[:-RECENT], made[-RECENT:]
    most = MOST_POINTS - RECENT
    if len(early) > most:
        early = [early[i * len(early) // most] for i in range(most)]
    return [*early, *recent]


def _series(question: Question) -> str:
    said = repr((question.targets, sorted(case_parameters(question))))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _by_revision(found: Sequence[Point]) -> dict[str, dict[str, Point]]:
    by_revision: dict[str, dict[str, Point]] = {}
    for point in found:
        by_revision.setdefault(point.revision, {})[point.series.partition(":")[2]] = point
    return by_revision


def _in_order(states: Mapping[str, Point], order: Sequence[str]) -> dict[str, Point]:
    """Those of the model as it is served first, in its order."""
    return {state: states[state] for state in (*(each for each in order if each in states), *states)}


def _points(found: Answer, series: str, revision: str) -> list[Point]:
    [target] = found.targets
    return [Point(f"{series}:{row.state}", revision, row.p, row.low, row.high) for row in target.distribution]


def _cost(service: Service, model: str, question: Question, missing: Sequence[str]) -> Cost:
    """Each revision that is missing made ready and asked."""
    if not missing:
        return Cost()
    size = sum(revisions.revision(service.store, model, each).size for each in missing)
    served = service.live.now.ready.get(model)
    each = question_cost.of_question(served, question) if served else Cost()
    return question_cost.of_reading(size) + each * len(missing)


OPERATIONS = (history,)
