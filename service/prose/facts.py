"""Facts: every number that an answer holds, with what it is a number of, from the JSON body of the answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from service.prose.analyses import BESIDE, LIFTED, as_rows
from service.prose.situations import COHORT, SCENARIO, SIDE, Held, Situation, situation

LEVELS = ("p", "lo", "hi", "baseline", "without")
CHANGES = ("shift", "effect", "difference", "gap", "delta", "change")
EARLIER = ("baseline", "without", "p_before", "before")
"""Levels before something was known or done, under no condition that a sentence names."""
YES = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Fact:
    """A number of an answer. ``name`` is the field that it stands in, ``kind`` says how it may be written.

    A ``level`` is a probability, a ``change`` a signed difference of two, a ``ratio`` one probability over another, a
    ``share`` any other number of 0 to 1, and ``other`` has its own unit. ``group`` is common to the numbers of one row,
    ``ends`` are the names of the two fields that hold its interval. ``moves`` are the changes of its row.
    """

    value: float
    name: str
    kind: str
    target: str | None = None
    state: str | None = None
    side: str | None = None
    group: int = 0
    source: int = 0
    moves: tuple[float, ...] = ()
    where: int | None = None
    """Place of its situation in ``Facts.situations``; None where it is of what was before."""
    earlier: int | None = None
    """The same of what stands beside it as before: of the first side in a comparison."""


@dataclass(slots=True)
class Facts:
    """What some answers say: their numbers, and what their targets, states and sides are called."""

    facts: list[Fact] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    sides: dict[str, str] = field(default_factory=dict)
    permalinks: list[str] = field(default_factory=list)
    situations: list[Situation] = field(default_factory=list)
    """What the questions observe, assume or set, and under which scenario, of which cohort and on which side."""
    groups: dict[str, dict[str, str]] = field(default_factory=lambda: {COHORT: {}, SCENARIO: {}})
    """What cohorts and scenarios are called."""

    def add(self, permalink: str, body: Mapping[str, Any]) -> None:
        """Take in the body of one more answer."""
        source = len(self.permalinks)
        self.permalinks.append(permalink)
        asked = body["asked"] if isinstance(body.get("asked"), dict) else {}
        sides = {each["side"]: each for each in asked.get("sides", ())}
        sided = {name: self._known(_of_side(each, sides.get(name, {}))) for name, each in _sides(body).items()}
        common, first = self._known(situation(body, asked)), next(iter(sided.values()), None)
        about = Fact(0.0, "", "other", source=source, where=common, earlier=first)
        found = list(_walk(as_rows(body), about, self, sided))
        groups = max((each.group for each in self.facts), default=0)
        self.facts += [replace(each, group=each.group + groups) for each in found]

    @property
    def stated(self) -> set[str]:
        """Variables that the questions observe, assume or set."""
        return {name for each in self.situations for name in each} - {COHORT, SCENARIO, SIDE}

    def is_yes_or_no(self, target: str | None) -> bool:
        """Whether a target has the states yes and no."""
        return target is not None and set(self.states.get(target, ())) == set(YES)

    def _known(self, where: Situation) -> int:
        self.situations.append(where)
        return len(self.situations) - 1

    def changed(self, where: int | None, body: Mapping[str, Any]) -> int | None:
        """The situation of a row that holds something beside the question, or not all of it."""
        if where is None or not (BESIDE in body or LIFTED in body):
            return where
        beside = {name: Held(frozenset((state,))) for name, state in body.get(BESIDE, {}).items()}
        kept = {name: held for name, held in self.situations[where].items() if name != body.get(LIFTED)}
        return self._known(kept | beside)

    def name(self, target: str, label: str | None, states: Mapping[str, str]) -> None:
        """What a variable and its states are called in words."""
        if self.labels.get(target, target) == target:
            self.labels[target] = label or target
        self.states.setdefault(target, {}).update({state: text for state, text in states.items() if text})


def _sides(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The sides of a comparison, by name, each with its evidence."""
    sides = body.get("sides")
    return {each["side"]: each for each in sides if "side" in each} if isinstance(sides, list) else {}


def _of_side(body: Mapping[str, Any], asked: Mapping[str, Any]) -> Situation:
    return {**situation(body, asked), SIDE: Held(frozenset((body["side"],)))}


def _walk(body: Mapping[str, Any], about: Fact, known: Facts, sided: Mapping[str, int]) -> Iterator[Fact]:
    """The numbers of a mapping and of what is in it, each with the target, state and side that it stands under.

    ``sided`` are the places of the situations of sides.
    """
    target = body.get("target") or body.get("variable")
    about = replace(
        about,
        target=target if isinstance(target, str) else about.target,
        state=_text(body, "state") or about.state,
        side=_text(body, "side") or _text(body, "scenario") or about.side,
        where=known.changed(sided.get(_text(body, "side") or "", about.where), body),
    )
    if about.target and isinstance(body.get("label"), str) and "state" not in body:
        known.name(about.target, body["label"], {})
    if "state" in body and about.target and about.state:
        known.name(about.target, None, {about.state: _text(body, "label") or about.state})
    if about.side and about.side not in known.sides:
        known.sides[about.side] = _text(body, "label") or about.side
    yield from _row(body, about)
    for key, value in body.items():
        if key in ("asked", "given", "do") and isinstance(value, dict):
            yield from _said(value, about)
        elif isinstance(value, dict):
            yield from _walk(value, _under(about, key, known), known, sided)
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    yield from _walk(each, about, known, sided)


def _under(about: Fact, key: str, known: Facts) -> Fact:
    """The same, about a variable where the key of what comes is the name of one, as in ``numbers``."""
    return replace(about, target=key) if key in known.labels else about


def _row(body: Mapping[str, Any], about: Fact) -> Iterator[Fact]:
    """The numbers of one mapping."""
    numbers = {key: float(value) for key, value in body.items() if _is_number(value)}
    moves = tuple(numbers[key] for key in CHANGES if key in numbers and key != "gap")
    group = id(body)
    for key, value in numbers.items():
        where = about.earlier if key in EARLIER else about.where
        yield replace(about, value=value, name=key, kind=_kind(key, value), moves=moves, group=group, where=where)
    if {"p", "state"} <= body.keys() and numbers.get("p", 0) > 0:
        for before in ("baseline", "without"):
            if numbers.get(before, 0) > 0:
                ratio = numbers["p"] / numbers[before]
                yield replace(about, value=ratio, name=f"p over {before}", kind="ratio", moves=moves, group=group)
    if "difference" in numbers and "p" in numbers and numbers["p"] - numbers["difference"] > 0:
        first = numbers["p"] - numbers["difference"]
        yield replace(
            about, value=numbers["p"] / first, name="p over the first", kind="ratio", moves=moves, group=group
        )
        yield replace(about, value=first, name="baseline", kind="level", moves=moves, group=group, where=about.earlier)


def _said(body: Any, about: Fact, variable: str | None = None) -> Iterator[Fact]:
    """Numbers that the question itself says: likelihoods, chances that are held or set."""
    for key, value in body.items():
        if isinstance(value, dict):
            yield from _said(value, about, variable if key in ("given", "do", "likelihood", "assumed", "p") else key)
        elif _is_number(value) and variable is not None:
            yield replace(
                about, value=float(value), name="said", kind="share", target=variable, state=str(key), side=None
            )
        elif _is_number(value):
            yield replace(about, value=float(value), name=str(key), kind="share", side=None)


def _kind(key: str, value: float) -> str:
    base = key.removesuffix("_lo").removesuffix("_hi")
    if base in CHANGES:
        return "change"
    if key in LEVELS or key in (
        "p_without",
        "p_before",
        "p_low",
        "p_high",
        "before",
        "after",
        "observe",
        "intervene",
        "now",
    ):
        return "level"
    return "share" if 0 <= value <= 1 and not key.endswith(("bits", "db")) else "other"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(body: Mapping[str, Any], key: str) -> str | None:
    value = body.get(key)
    return value if isinstance(value, str) else None


def pairs(facts: Sequence[Fact], low: str, high: str) -> Iterator[tuple[Fact, Fact]]:
    """The facts of these two names that stand in one row."""
    highs = {(each.group, each.side): each for each in facts if each.name == high}
    for each in facts:
        other = highs.get((each.group, each.side))
        if each.name == low and other is not None:
            yield each, other
