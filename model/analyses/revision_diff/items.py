"""The items of an entry of a prior file: the smallest parts that an edit is of, and the entry made of them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from model.priors.yaml.source_map import Steps, as_yaml

Item = tuple[str, ...]
"""What a part of an entry is called: ``("rows", "{smoke: yes}")``, ``("influences", "amnesty")``, ``("label",)``."""

EditClass = Literal["reformatting", "comment", "label", "order", "rename", "checks", "sources", "numeric", "structural"]

MEANING: dict[EditClass, str] = {
    "reformatting": "no forecast can move",
    "comment": "no forecast can move",
    "label": "no forecast can move",
    "order": "no forecast can move",
    "rename": "no forecast can move",
    "checks": "no probability can move, only what it is held against, asked for or counted in",
    "sources": "moves intervals, not points",
    "numeric": "moves points",
    "structural": "moves points",
}
"""What an edit of each class can do to a forecast."""

MOVING: frozenset[EditClass] = frozenset({"numeric", "structural"})
BY_CONDITION = {"rows": "when", "except": "when", "rules": "when"}
BY_PARENT = ("causes", "needs", "influences")
LABELS = frozenset({"label", "definition", "note", "from_article", "called", "role", "level", "title", "description"})
LABELS |= {"as_of", "horizon", "files", "examples", "folded", "left_out", "headline", "was", "acknowledge_over"}
SURENESS = frozenset({"confidence", "ess", "counted", "sources", "reason", "published"})
STRUCTURE = frozenset({"states", "parents", "kind", "parts", "scale", "combine"})
ORDERED = frozenset({"states", "parents", "parts"})
UNMOVING_KINDS: dict[str, EditClass] = {
    "sources": "sources",
    "checks": "checks",
    "questions": "checks",
    "collection": "checks",
}


@dataclass(frozen=True, slots=True)
class Value:
    """One item as written: its data, and the steps that lead to it from the entry."""

    data: Any
    steps: Steps


def items_of(kind: str, data: Mapping[str, Any]) -> dict[Item, Value]:
    """The items of one entry, in its order.

    >>> rain = {"states": ["no", "yes"], "rows": [{"p": {"no": 0.8, "yes": 0.2}}]}
    >>> list(items_of("variables", rain))
    [('states',), ('rows', '{}')]
    """
    return dict(_items(kind, data))


def _items(kind: str, data: Mapping[str, Any]) -> Iterator[tuple[Item, Value]]:
    for key, said in data.items():
        if kind == "variables" and key in BY_CONDITION:
            for i, row in enumerate(said):
                yield (key, condition(row.get(BY_CONDITION[key], {}))), Value(row, (key, i))
        elif kind == "variables" and key in BY_PARENT:
            yield from _of_parents(key, said)
        elif (kind == "variables" and key == "weights") or (
            kind in ("scenarios", "cohorts") and key in ("given", "do")
        ):
            for name, each in said.items():
                yield (key, name), Value(each, (key, name))
        elif kind == "model" and key == "words":
            for group, words in said.items():
                for word, number in words.items():
                    yield (key, group, word), Value(number, (key, group, word))
        else:
            yield (key,), Value(said, (key,))


def _of_parents(key: str, said: Mapping[str, Any]) -> Iterator[tuple[Item, Value]]:
    """What each parent does: each condition of it by itself, a slope over all its states whole."""
    for parent, effects in said.items():
        for i, effect in enumerate(effects if isinstance(effects, list) else [effects]):
            steps = (key, parent, i) if isinstance(effects, list) else (key, parent)
            about = (condition({parent: effect["if"]}),) if "if" in effect else ()
            yield (key, parent, *about), Value(effect, steps)


def condition(when: Mapping[str, Any]) -> str:
    """A condition in one way of writing it, whatever the order of its parents and states.

    >>> condition({"b": ["yes", "no"], "a": ["x"]})
    '{a: x, b: [no, yes]}'
    """
    listed = {name: sorted(s) if isinstance(s, list) else [s] for name, s in sorted(when.items())}
    return as_yaml({name: states if len(states) > 1 else states[0] for name, states in listed.items()})


def assembled(items: Mapping[Item, Any]) -> dict[str, Any]:
    """The data of a variable made of its items again: what ``items_of`` took apart.

    >>> rain = {"states": ["no", "yes"], "rows": [{"p": {"no": 0.8, "yes": 0.2}}]}
    >>> assembled({item: value.data for item, value in items_of("variables", rain).items()}) == rain
    True
    """
    made: dict[str, Any] = {}
    for (key, *more), data in items.items():
        if key in BY_CONDITION:
            made.setdefault(key, []).append(data)
        elif key in BY_PARENT:
            made.setdefault(key, {}).setdefault(more[0], []).append(data)
        elif key == "weights":
            made.setdefault(key, {})[more[0]] = data
        else:
            made[key] = data
    for parent, effects in made.get("influences", {}).items():
        if len(effects) == 1 and "if" not in effects[0]:
            made["influences"][parent] = effects[0]
    return made


def in_words(kind: str, item: Item) -> str:
    """What an item is called in text.

    >>> in_words("variables", ("rows", "{smoke: yes}")), in_words("variables", ("rows", "{}"))
    ('row when {smoke: yes}', 'row')
    """
    key, *more = item
    if key in BY_CONDITION and kind == "variables":
        name = {"rows": "row", "except": "exception", "rules": "rule"}[key]
        return name if more[0] == "{}" else f"{name} when {more[0]}"
    if key in BY_PARENT:
        return f"{key} {more[-1]}"
    return " ".join(item)


# What an edit of an item is


def class_of(kind: str, item: Item, old: Any, new: Any) -> EditClass:
    """The class of an edit of one item; None stands for an item that is not there."""
    key = item[0]
    if kind in UNMOVING_KINDS:
        return UNMOVING_KINDS[kind]
    if (kind, item) == ("cohorts", ("size",)):
        return "checks"
    if key in LABELS:
        return "label"
    if key in SURENESS or item[:2] == ("words", "confidence"):
        return "sources"
    if key in ORDERED and old is not None and new is not None:
        if list(old) == list(new):
            return "label"
        return "order" if key != "states" and sorted(old) == sorted(new) else "structural"
    if kind == "variables" and key in STRUCTURE:
        return "structural"
    if without_sureness(old) == without_sureness(new) and old is not None:
        return "sources"
    return "numeric"


def without_sureness(data: Any) -> Any:
    """What of a statement decides its number: without how sure it is, what it rests on and what is noted beside it."""
    if isinstance(data, dict):
        return {key: without_sureness(each) for key, each in data.items() if key not in SURENESS and key != "note"}
    if isinstance(data, list):
        return [without_sureness(each) for each in data]
    return data
