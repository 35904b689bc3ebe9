"""Dataclasses of the model as JSON: every field and property under its own name, and the schema of that."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from typing_extensions import TypedDict

PUBLISHED = {
    "active_trails": "Trails",
    "causal_effect": "Causes",
    "collection_plan": "Collection",
    "evidence_conflict": "Conflict",
    "goal_seeking": "Goals",
    "variance_attribution": "Attribution",
    "weight_of_evidence": "Weights",
    "TrailsTrail": "TrailsChain",
}
"""What the published schema calls a file, or a result, of the model: clients may be made from it."""


def plain(value: Any) -> Any:
    """A result as JSON's own kinds of values: fields first, then properties, in the order declared.

    >>> from model.analyses.value_of_information import Tells
    >>> plain((Tells("xray", 0.25, 0.1),))
    [{'variable': 'xray', 'bits': 0.25, 'value': 0.1}]
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


@cache
def shape(kind: type) -> Any:
    """The typed dictionary that ``plain`` makes of a dataclass, for the documentation of answers."""
    hints = get_type_hints(kind)
    fields = {name: _shape(hints[name]) for name in _names(kind) if name in hints}
    made = {
        name: _shape(get_type_hints(getattr(kind, name).fget)["return"]) for name in _names(kind) if name not in hints
    }
    module = kind.__module__.rpartition(".")[2]
    name = PUBLISHED.get(module, module.title().replace("_", "")) + kind.__name__
    typed = TypedDict(PUBLISHED.get(name, name), fields | made)  # type: ignore[misc]
    typed.__doc__ = kind.__doc__
    return typed


@cache
def _names(kind: type) -> tuple[str, ...]:
    fields = [field.name for field in dataclasses.fields(kind)]
    return (*fields, *(name for name, member in vars(kind).items() if isinstance(member, property)))


def _shape(hint: Any) -> Any:
    """A type as JSON has it."""
    origin, inner = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint):
        return shape(hint)  # type: ignore[arg-type]
    if origin in (Union, types.UnionType):
        return Union[tuple(_shape(each) for each in inner)]  # noqa: UP007
    if origin is tuple:
        return list[Union[tuple(_shape(each) for each in inner if each is not Ellipsis)]]  # type: ignore[misc] # noqa: UP007
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return dict[inner[0], _shape(inner[1])]  # type: ignore[valid-type, misc]
    if origin is Literal or origin is None:
        return hint
    raise TypeError(f"no JSON for {hint}")
