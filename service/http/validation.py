"""Query strings and bodies checked against pydantic shapes, every mistake named with its place."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from model.errors import AftermathError, Place, SeveralErrors
from model.wording import quantity
from service.http.problems import BadField, BadRequest, MissingField, UnknownField

MOST_PARAMETERS = 1_000

MOST_MISTAKES = 50


def query_parameters(raw: bytes, shape: type[BaseModel]) -> dict[str, Any]:
    """The parameters of a query string, those that repeat as lists.

    >>> from service.schemas.requests import ForecastParameters
    >>> query_parameters(b"given=xray:yes&given=smoke:no&scenario=clinic", ForecastParameters)
    {'given': ['xray:yes', 'smoke:no'], 'scenario': 'clinic'}

    Raises BadRequest for what is no query string, BadField for a parameter said twice that may be said once, and for
    one whose value is a query string of its own (``shape.nested``) that has lost what stands after it.
    """
    for name, own in getattr(shape, "nested", {}).items():
        _check_nested(raw, name, own)
    found: dict[str, Any] = {}
    lists = _lists(shape)
    for name, value in _pairs(raw):
        if name in lists:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise BadField(f"the parameter {name!r} may be said once", where=(name,))
        else:
            found[name] = value
    return found


@cache
def _lists(shape: type[BaseModel]) -> frozenset[str]:
    """The fields of a shape that hold several values."""
    return frozenset(name for name, field in shape.model_fields.items() if get_origin(field.annotation) is list)


def _check_nested(raw: bytes, name: str, own: Collection[str]) -> None:
    """Refuse a query string within a query string that was not encoded once more, so that its ``&`` ended it.

    Its parameters, the ``own``, would then be said of everything. Raises BadField.
    """
    parts = [part.split(b"=", 1) for part in raw.split(b"&")]
    position = -1
    for (key, *value), after in zip(parts, [*parts[1:], [b""]], strict=True):
        position += key.decode(errors="replace") == name
        text, follows = b"=".join(value), after[0].decode(errors="replace")
        bare = b"=" in text and b"%26" not in text
        if key.decode(errors="replace") == name and bare and follows in own:
            raise BadField(
                f"a '{name}' with a plain '=' is followed by {follows + '='!r}, which would then be said of every "
                f"{name}: encode each {name} once more, as {name}=do%3Dsmoke:no%26given%3Dxray:yes, and write what "
                f"all of them say before the first",
                where=(name, position),
            )


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        text = raw.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise BadRequest("the query string is not UTF-8") from None
    except ValueError:
        raise BadRequest(f"the query string has more than {MOST_PARAMETERS:,} parameters") from None
    if b"%00" in raw or b"\0" in raw:
        raise BadRequest("the query string holds a NUL character")
    return pairs


def validated(shape: type[BaseModel], value: Any) -> Any:
    """A value of the shape. Raises SeveralErrors with every mistake, each in its place.

    >>> from service.schemas.requests import AskedInFull
    >>> validated(AskedInFull, {"given": {"xray": 3}})
    Traceback (most recent call last):
    model.errors.SeveralErrors: expected a state, or one of in, not, likelihood, assumed, over, under, between; found 3
    """
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        mistakes = error.errors(include_url=False)[:MOST_MISTAKES]
    by_place: dict[Place, list[ErrorDetails]] = {}
    for mistake in mistakes:
        by_place.setdefault(_where(mistake, value), []).append(mistake)
    raise SeveralErrors([_mistake(found, where, shape) for where, found in by_place.items()])


def _where(mistake: ErrorDetails, value: Any) -> Place:
    """The way through what was sent; not the choices of the shape, which stand in pydantic's way as well."""
    where: list[str | int] = []
    *_, last = mistake["loc"] or ("",)
    for step in mistake["loc"]:
        there = isinstance(value, Mapping) and step in value
        if there or (isinstance(value, list) and isinstance(step, int) and step < len(value)):
            where, value = [*where, step], value[step]
    return (*where, last) if mistake["type"] == "missing" else tuple(where)


def _mistake(found: Sequence[ErrorDetails], where: Place, shape: type[BaseModel]) -> AftermathError:
    """One error for all that is wrong in one place, where each of several choices may find fault."""
    first = found[0]
    steps = first["loc"]
    match first["type"]:
        case "extra_forbidden":
            return UnknownField(str(steps[-1]), _fields_at(shape, steps[:-1]), where=where)
        case "missing":
            return MissingField(f"the field {steps[-1]!r} is missing", where=where)
        case _:
            expected = " or ".join(dict.fromkeys(map(_expected, found)))
            return BadField(f"expected {expected}; found {reprlib.repr(first['input'])}", where=where)


def _fields_at(shape: type[BaseModel], steps: Sequence[str | int]) -> list[str]:
    """The fields that there are in a place of a shape; of a choice those that tell its kinds apart."""
    tags = [str(step)[1:] for step in steps if _is_tag(step)]
    if tags:
        return tags
    for step in steps:
        if isinstance(step, str):
            within = {each.alias or name: each.annotation for name, each in shape.model_fields.items()}
            found = _shape_in(within.get(step))
            if found is None:
                return []
            shape = found
    return [each.alias or name for name, each in shape.model_fields.items()]


def _shape_in(annotation: Any) -> type[BaseModel] | None:
    """The shape that a field holds, by itself or in a list; None where it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_shape_in, get_args(annotation))), None)


KINDS = {
    "string_type": "text",
    "string_pattern_mismatch": "names with a comma between each two",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number that is not infinite",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "null",
}

BOUNDS = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}


def _expected(mistake: ErrorDetails) -> str:
    """What belongs there, in words of this service whatever pydantic calls it.

    >>> _expected({"type": "less_than", "loc": (), "msg": "", "input": 5, "ctx": {"lt": 1.0}})
    'a number below 1'
    """
    kind, context = mistake["type"], mistake.get("ctx", {})
    bounds = [f"{words} {context[key]:.10g}" for key, words in BOUNDS.items() if key in context]
    if bounds:
        return f"a number {bounds[0]}"
    if kind == "literal_error":
        return str(context["expected"])
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        one = "character" if kind.startswith("string") else "item"
        bound, count = ("least", context["min_length"]) if kind.endswith("short") else ("most", context["max_length"])
        return f"at {bound} {quantity(count, one)}"
    return KINDS.get(kind) or mistake["msg"].removeprefix("Value error, ").removeprefix("expected ")


def _is_tag(step: str | int) -> bool:
    return isinstance(step, str) and (step.startswith("\0") or step == "[key]")


Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A name or a state as sent; whether it exists is for the model to say."""


class Shape(BaseModel):
    """A mapping that a client sends: unknown keys are refused, values are never coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


MOST_MILLISECONDS = 3_600_000


class Selected(Shape):
    """Parameters of every address that gives JSON or a table: which parts of the answer are sent."""

    fields: Annotated[
        Text | None,
        Field(
            pattern=r"^[^,]+(,[^,]+)*$",
            description="Which fields are sent, with commas: keys of JSON, or columns of a table, in this order. `all` "
            "stands for every one. A table of a model has `as_of`, `revision` and `time` (since when that is served) "
            "besides.",
        ),
    ] = None
    sources: Annotated[
        Literal["none", "names", "full"] | None,
        Field(description="How sources stand in JSON: not at all, by name, or in full."),
    ] = None


class Hurried(Selected):
    """Parameters of every address at which something is worked out."""

    deadline_ms: Annotated[
        int | None,
        Field(
            ge=1,
            le=MOST_MILLISECONDS,
            strict=False,
            description="Milliseconds after which nobody needs the answer: fewer than the service allows.",
        ),
    ] = None


class Pinned(Hurried):
    """Parameters of every address of a model."""

    revision: Annotated[
        Text | None,
        Field(
            description="Answer from this revision, or not at all: its hash, and then the answer never changes, or a "
            "name that was given to one."
        ),
    ] = None
