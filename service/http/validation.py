"""Query strings and bodies checked against pydantic shapes, every mistake named with its place."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Annotated, Any, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from model.errors import AftermathError, SeveralErrors
from service.http.problems import BadField, BadRequest, MissingField, UnknownField

MOST_PARAMETERS = 1_000

MOST_MISTAKES = 50


def query_parameters(raw: bytes, shape: type[BaseModel]) -> dict[str, Any]:
    """The parameters of a query string, those that repeat as lists.

    >>> from service.schemas.requests import ForecastParameters
    >>> query_parameters(b"given=xray:yes&given=smoke:no&scenario=clinic", ForecastParameters)
    {'given': ['xray:yes', 'smoke:no'], 'scenario': 'clinic'}

    Raises BadRequest for what is no query string, BadField for a parameter said twice that may be said once.
    """
    found: dict[str, Any] = {}
    for name, value in _pairs(raw):
        field = shape.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is list:
            found.setdefault(name, []).append(value)
        elif name in found:
            raise BadField(f"the parameter {name!r} may be said once", where=(name,))
        else:
            found[name] = value
    return found


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        text = raw.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise BadRequest("the query string is not UTF-8") from None
    except ValueError:
        raise BadRequest(f"the query string has more than {MOST_PARAMETERS:,} parameters") from None
    if any("\0" in part for pair in pairs for part in pair):
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
        raise SeveralErrors([_mistake(mistake, shape) for mistake in mistakes]) from None


def _mistake(mistake: Mapping[str, Any], shape: type[BaseModel]) -> AftermathError:
    steps = mistake["loc"]
    where = tuple(step for step in steps if not _is_tag(step))
    match mistake["type"]:
        case "extra_forbidden":
            fields = shape.model_fields if len(steps) == 1 else [str(s)[1:] for s in steps if _is_tag(s)]
            return UnknownField(str(steps[-1]), fields, where=where)
        case "missing":
            return MissingField(f"the field {steps[-1]!r} is missing", where=where)
        case _:
            message = mistake["msg"][:1].lower() + mistake["msg"][1:]
            return BadField(f"{message}; found {reprlib.repr(mistake['input'])}", where=where)


def _is_tag(step: str | int) -> bool:
    return isinstance(step, str) and (step.startswith("\0") or step == "[key]")


Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A name or a state as sent; whether it exists is for the model to say."""


class Shape(BaseModel):
    """A mapping that a client sends: unknown keys are refused, values are never coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Pinned(Shape):
    """Parameters of every address of a model."""

    revision: Annotated[
        Text | None, Field(description="Answer from this revision, or not at all; such an answer never changes.")
    ] = None
