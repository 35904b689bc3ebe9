"""Questions of every kind in one shape: which operation answers a kind, and how it is called with fields of JSON.

A kind is called as the last step of its address: ``query``, ``compare``, ``forecast``, ``sensitivity``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from model.errors import UnknownName
from model.evidence import syntax
from model.forecast import Forecaster
from service.http.address import MODELS
from service.http.operation import Operation, Reply
from service.http.problems import BadField, MissingField, UnknownField, UnknownKind
from service.http.validation import Pinned, Shape, query_parameters, validated
from service.schemas.requests import Do, Given
from service.translate.questions import findings_from_json, settings_from_json

OF_MODEL = f"{MODELS}/<model>/"


@dataclass(frozen=True, slots=True)
class Kind:
    """How questions of a kind are asked: by an address, and where there is such a way, in full by a body."""

    name: str
    addressed: Operation
    in_full: Operation | None

    @property
    def steps(self) -> tuple[str, ...]:
        """What is named in the path after the model, such as the target of a forecast."""
        own = self.addressed.path.removeprefix(OF_MODEL).split("/")[1:]
        return tuple(step.strip("<>") for step in own)


class _Stated(Shape):
    """Evidence and interventions by variable, as bodies have them."""

    given: Given = Field(default_factory=dict)
    do: Do = Field(default_factory=dict)


def kinds(operations: Iterable[Operation]) -> dict[str, Kind]:
    """Every kind of question that is answered from one model, by name.

    It is one that has an address with parameters of its own.
    """
    every = tuple(operations)
    posted = {each.path: each for each in every if each.method == "POST"}
    asked = [each for each in every if each.method == "GET" and each.of_model and each.query is not Pinned]
    made = (Kind(each.path.removeprefix(OF_MODEL).split("/")[0], each, posted.get(each.path)) for each in asked)
    return {kind.name: kind for kind in made}


def kind_named(operations: Iterable[Operation], name: str) -> Kind:
    """A kind by name. Raises UnknownKind."""
    known = kinds(operations)
    if name not in known:
        raise UnknownKind(name, known, where=("kind",))
    return known[name]


def posed(kind: Kind, forecaster: Forecaster, fields: Mapping[str, Any]) -> Reply:
    """The answer to a question of a kind from its fields, which are those of its body or, without one, its parameters.

    In place of the texts of an address ``given`` and ``do`` may be mappings by variable, as in bodies. Raises what the
    operation raises for a question that it does not take.
    """
    if kind.in_full is not None:
        [intake] = kind.in_full.body
        return kind.in_full.view(forecaster, body=validated(intake.shape, dict(fields)))
    for step in kind.steps:
        if not isinstance(fields.get(step, ""), str):
            raise BadField(f"expected text; found {fields[step]!r}", where=(step,))
        if step not in fields:
            raise MissingField(f"the field {step!r} is missing", where=(step,))
    path = {step: fields[step] for step in kind.steps}
    rest = {name: value for name, value in fields.items() if name not in path}
    return _asked(kind, forecaster, path, _parameters(kind.addressed, rest))


def posed_again(kind: Kind, forecaster: Forecaster, path: Mapping[str, str], query: str) -> Reply:
    """The same for a question as its address has it: what is named in the path, and the query string."""
    shape = kind.addressed.query or Pinned
    return _asked(kind, forecaster, path, query_parameters(query.encode(), shape))


def _asked(kind: Kind, forecaster: Forecaster, path: Mapping[str, str], parameters: Mapping[str, Any]) -> Reply:
    shape = kind.addressed.query or Pinned
    asked = validated(shape, dict(parameters))
    try:
        return kind.addressed.view(forecaster, **path, asked=asked)
    except UnknownName as error:
        if error.where[:1] == ("path",):
            error.where = error.where[1:]
        raise


def _parameters(operation: Operation, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of JSON as the texts of an address."""
    shape = operation.query or Pinned
    own = [name for name in shape.model_fields if name not in Pinned.model_fields]
    for name in fields:
        if name not in own:
            raise UnknownField(name, own, where=(name,))
    stated = {name: fields[name] for name in ("given", "do") if isinstance(fields.get(name), dict)}
    said: _Stated = validated(_Stated, stated)
    texts: dict[str, Any] = {
        "given": [f"{name}:{syntax.text_of(each)}" for name, each in findings_from_json(said.given).items()],
        "do": [f"{name}:{syntax.text_of(each)}" for name, each in settings_from_json(said.do).items()],
    }
    return {name: texts[name] if name in stated else _as_text(value) for name, value in fields.items()}


def _as_text(value: Any) -> Any:
    """A value of JSON as an address has it; lists item by item, null and what no address holds as they are.

    >>> _as_text(True), _as_text(0.5), _as_text(["a", 3])
    ('true', '0.5', ['a', '3'])
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return syntax.plain_number(value)
        case list():
            return [_as_text(each) for each in value]
    return value
