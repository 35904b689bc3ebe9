"""The tools that may be called, each with what it takes and says, and how the operation of the service answers it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from model.errors import Place
from model.resources.cost import Cost
from model.resources.deadline import checkpoint
from service.http.access import demand
from service.http.address import model_path
from service.http.operation import Operation, Reply, Service, forecaster_of
from service.http.problems import BadField, MissingField, UnknownField
from service.http.validation import Hurried, validated
from service.mcp import shapes, short
from service.translate.kinds import kind_named, posed

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """An answer to a call that is not yet worked out: what it costs, and what it says."""

    content: Callable[[], Struct]
    cost: Callable[[], Cost] = Cost


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: ``takes`` are its arguments as properties of JSON Schema, ``needs`` those that may not be left out."""

    name: str
    title: str
    about: str
    takes: Mapping[str, JSON]
    needs: tuple[str, ...]
    says: type[Struct]
    call: Callable[[Service, JSON], Call]

    def described(self) -> JSON:
        """The tool as a client is told of it. Nothing that it does changes anything."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.about,
            "inputSchema": {
                "type": "object",
                "properties": dict(self.takes),
                "required": list(self.needs),
                "additionalProperties": False,
            },
            "outputSchema": shapes.schema(self.says),
            "annotations": {
                "title": self.title,
                "readOnlyHint": True,
                "destructiveHint": False,
                "idempotentHint": True,
                "openWorldHint": False,
            },
        }

    def called(self, service: Service, arguments: JSON) -> Call:
        """The answer to a call. Raises UnknownField, MissingField, and what the operation raises for a bad question."""
        for name in arguments:
            if name not in self.takes:
                raise UnknownField(name, tuple(self.takes), where=(name,))
        for name in self.needs:
            if name not in arguments:
                raise MissingField(f"the field {name!r} is missing", where=(name,))
        for name, value in arguments.items():
            _check_type(self.takes[name], value, (name,))
        return self.call(service, {name: value for name, value in arguments.items() if value is not None})


MOST_LOOKED_FOR = 200
"""Characters of words to look for among variables."""

KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}
CALLED = {"string": "text", "integer": "a whole number", "number": "a number", "array": "a list", "object": "a mapping"}


def _check_type(schema: JSON, value: Any, where: Place) -> None:
    """Raise BadField where a value is not of the kind that its schema names; the operation checks the rest."""
    kind = schema.get("type")
    if kind is None or value is None:
        return
    if not isinstance(value, KINDS[kind]) or isinstance(value, bool):
        raise BadField(f"expected {CALLED[kind]}; found {repr(value)[:80]}", where=where)
    longest = schema.get("maxLength")
    if longest is not None and isinstance(value, str) and len(value) > longest:
        raise BadField(f"expected at most {longest} characters; found {len(value):,}", where=where)
    least, most = schema.get("minimum"), schema.get("maximum")
    if (least is not None and value < least) or (most is not None and value > most):
        raise BadField(f"expected {CALLED[kind]} from {least} to {most}; found {value}", where=where)


def _text(about: str, **more: Any) -> JSON:
    return {"type": "string", "description": about, **more}


MODEL = _text("The model's name, from list_models.")
GIVEN: JSON = {
    "type": "object",
    "description": "What is known, by variable: a state, or one of {in: [states]}, {not: [states]}, {likelihood: "
    "{state: number}}, {assumed: {state: chance}}, and of measured variables {over: n}, {under: n}, {between: [a, b]}.",
}
DO: JSON = {
    "type": "object",
    "description": "What is done (an intervention, not an observation), by variable: a state, or {p: {state: chance}}.",
}
SCENARIO = _text("A scenario of the model in place of its default picture; `none` asks without one.")
COHORT = _text("A cohort of the model: the question is about its members.")
REVISION = _text("Answer from this revision of the model; without it from the active one.")
INTERVAL: JSON = {"description": "The share of draws that intervals hold, 0.9 unless said, or `none`."}
EVENT = _text(
    "In place of target: `name:state`, `name:in(a,b)`, or `any(…)`, `all(…)`, `at_least(2,…)` of several of these."
)
STATE = _text("A state of the target; without it the most probable one.")
STATED = {"given": GIVEN, "do": DO, "scenario": SCENARIO, "cohort": COHORT}
ABOUT = {"model": MODEL, "target": _text("A variable's name, from find_variables."), "event": EVENT}
ANALYSED = {**ABOUT, "state": STATE, **STATED, "revision": REVISION}


def _asked(kind: str, shorten: Callable[[Mapping[str, Any]], Struct]) -> Callable[[Service, JSON], Call]:
    """Answer by the operation of a kind of question, with the same fields."""

    def call(service: Service, arguments: JSON) -> Call:
        return _answered(service, kind, arguments, shorten)

    return call


def _answered(service: Service, kind: str, arguments: JSON, shorten: Callable[[Mapping[str, Any]], Struct]) -> Call:
    fields = dict(arguments)
    name, revision = fields.pop("model"), fields.pop("revision", None)
    demand("read", name)
    forecaster = forecaster_of(service, name, revision, where=("model",))
    found = kind_named(service.operations, kind)
    reply = posed(found, forecaster, fields)
    return _kept(service, found.addressed, reply, forecaster.model.revision, shorten)


def _kept(
    service: Service, operation: Operation, reply: Reply, revision: str, shorten: Callable[[Mapping[str, Any]], Struct]
) -> Call:
    """An answer in short, worked out unless its JSON is in the cache of answers."""
    assert reply.address is not None
    key = f"whole {reply.address.url('json', revision=revision)}"
    form = next(form for form in operation.forms if form.suffix == "json")

    def content() -> Struct:
        data = service.cache.find(key)
        if data is None:
            data = form.write(reply.content())
            service.cache.put(key, data, weight=len(data) + len(key))
        return shorten(msgspec.json.decode(data, type=dict[str, Any]))

    return Call(content, lambda: Cost() if service.cache.find(key) is not None else reply.cost())


def _forecast(service: Service, arguments: JSON) -> Call:
    """A target is asked for as dashboards ask, an event as a question of one."""
    event = arguments.pop("event", None)
    if event is None:
        return _answered(service, "forecast", arguments, short.forecast)
    if "target" in arguments:
        raise BadField("target and event are both named; a forecast is of one of them", where=("event",))
    return _answered(service, "query", {**arguments, "events": [event]}, short.forecast)


def _operation(service: Service, method: str, path: str) -> Operation:
    return next(each for each in service.operations if (each.method, each.path) == (method, path))


def _list_models(service: Service, _: JSON) -> Call:
    reply = _operation(service, "GET", "/v1/models").view(service)
    return Call(lambda: short.models(reply.content()["models"]), reply.cost)


def _find_variables(service: Service, arguments: JSON) -> Call:
    name = arguments["model"]
    demand("read", name)
    forecaster = forecaster_of(service, name, arguments.get("revision"), where=("model",))
    reply = _operation(service, "GET", "/v1/models/<model>/variables").view(forecaster)

    def content() -> Struct:
        body = reply.content()
        found = sorted(
            ((_fit(each, arguments.get("text", "")), i, each) for i, each in enumerate(body.variables)),
            key=lambda fit: (-fit[0], fit[1]),
        )
        rows, left = short.first([each for fit, _, each in found if fit > 0], arguments.get("most", 10))
        return shapes.VariablesSaid(
            body.model,
            body.revision,
            body.as_of,
            [
                shapes.VariableSaid(
                    each.name, each.label, each.role, list(each.states)[:12], dict(list(each.labels.items())[:12])
                )
                for each in rows
            ],
            left,
            f"{model_path(name, 'variables')}?revision={body.revision}",
        )

    return Call(content, reply.cost)


def _fit(variable: Any, said: str) -> float:
    """How well a variable fits words: the share of them that its name, label and states have, nearly or in full."""
    checkpoint()
    words = list(dict.fromkeys(said.lower().replace("_", " ").split()))
    if not words:
        return 1.0
    own = f"{variable.name} {variable.label} {' '.join(variable.states)}".lower().replace("_", " ").split()
    found = [
        1.0 if any(word in each for each in own) else 0.5 * bool(difflib.get_close_matches(word, own, 1, 0.8))
        for word in words
    ]
    return sum(found) / len(found)


def _diff(service: Service, arguments: JSON) -> Call:
    operation = _operation(service, "GET", "/v1/models/<model>/diff/<between>")
    name = arguments["model"]
    demand("read", name)
    newer = arguments.get("newer", "active")
    between = f"{arguments['older']}...{newer}"
    scenarios = {"scenario": arguments["scenarios"]} if "scenarios" in arguments else {}
    asked = validated(operation.query, scenarios) if operation.query else None
    reply = operation.view(service, name, between, asked=asked)
    form = next(form for form in operation.forms if form.suffix == "json")

    def content() -> Struct:
        body = msgspec.json.decode(form.write(reply.content()), type=dict[str, Any])
        more = "".join(f"{'&' if i else '?'}scenario={each}" for i, each in enumerate(arguments.get("scenarios", ())))
        pinned = model_path(name, "diff", f"{body['old']}...{body['new']}")
        return short.diff(body, f"{pinned}.json{more}")

    return Call(content, reply.cost)


def _check_prose(service: Service, arguments: JSON) -> Call:
    operation = _operation(service, "POST", "/v1/prose")
    [intake] = operation.body
    reply = operation.view(service, asked=Hurried(), body=validated(intake.shape, arguments))
    return Call(lambda: short.prose(msgspec.to_builtins(reply.content())), reply.cost)


TOOLS = (
    Tool(
        "list_models",
        "List the models",
        "The models that can be asked, with what each forecasts and its revision. Begin here.",
        {},
        (),
        shapes.ModelsSaid,
        _list_models,
    ),
    Tool(
        "find_variables",
        "Find variables",
        "Variables of a model by words of their names, labels and states: what can be asked for, known or done.",
        {
            "model": MODEL,
            "text": _text("Words to look for; without them the first variables.", maxLength=MOST_LOOKED_FOR),
            "most": {
                "type": "integer",
                "minimum": 1,
                "maximum": 16,
                "description": "How many at the most: 10 unless said.",
            },
            "revision": REVISION,
        },
        ("model",),
        shapes.VariablesSaid,
        _find_variables,
    ),
    Tool(
        "forecast",
        "Forecast",
        "The distribution of one target under a what-if, with intervals and what was done changes.",
        {**ABOUT, **STATED, "interval": INTERVAL, "revision": REVISION},
        ("model",),
        shapes.ForecastSaid,
        _forecast,
    ),
    Tool(
        "compare",
        "Compare questions or scenarios",
        "Questions beside each other, each held against the first; or, without sides, scenarios against the default.",
        {
            "model": MODEL,
            "targets": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Without them the headline targets.",
            },
            "sides": {
                "type": "array",
                "items": {"type": "object"},
                "description": "Two questions or more, each {name, given, do, scenario, cohort}.",
            },
            "scenarios": {
                "type": "array",
                "items": {"type": "string"},
                "description": "In place of sides; none means every one.",
            },
            "given": GIVEN,
            "do": DO,
            "cohort": COHORT,
            "interval": INTERVAL,
            "revision": REVISION,
        },
        ("model",),
        shapes.ComparisonSaid,
        _asked("compare", short.comparison),
    ),
    Tool(
        "explain",
        "Explain a forecast",
        "Why an event has its probability: what each thing done moved, and what each finding weighs.",
        ANALYSED,
        ("model",),
        shapes.ExplanationSaid,
        _asked("explanation", short.explanation),
    ),
    Tool(
        "sensitivity",
        "Sensitivity to prior numbers",
        "Which prior numbers move an event most over their own ranges, and where they tip it past a threshold.",
        {
            **ANALYSED,
            "threshold": {"type": "number", "minimum": 0, "maximum": 1, "description": "A probability to pass."},
        },
        ("model",),
        shapes.SensitivitySaid,
        _asked("sensitivity", short.sensitivity),
    ),
    Tool(
        "collection_plan",
        "Plan what to find out next",
        "The reports that improve a forecast most for what they cost, in order.",
        {
            **ANALYSED,
            "steps": {
                "type": "integer",
                "minimum": 1,
                "maximum": 8,
                "description": "How long the plan is: 3 unless said.",
            },
            "budget": {"type": "number", "description": "What all steps may cost together."},
        },
        ("model",),
        shapes.PlanSaid,
        _asked("collection-plan", short.plan),
    ),
    Tool(
        "diff",
        "Compare two revisions",
        "What the edits between two revisions of a model do to its headline forecasts.",
        {
            "model": MODEL,
            "older": _text("A revision by its hash, its name, or `active`."),
            "newer": _text("Another; the active one unless said."),
            "scenarios": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Under these alone; else under every one.",
            },
        },
        ("model", "older"),
        shapes.DiffSaid,
        _diff,
    ),
    Tool(
        "check_prose",
        "Check the numbers of a text",
        "Hold a text against the answers whose permalinks stand in it or beside it: each number that they do not "
        "support, with the nearest that they do. Use it on what you write before it is sent.",
        {
            "text": _text("The text, with the permalinks that it cites."),
            "permalinks": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Permalinks that the text leaves out.",
            },
        },
        ("text",),
        shapes.ProseSaid,
        _check_prose,
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}
