"""Situations: what the questions behind answers observe, assume and set, and which conditions in words hold there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

COHORT, SCENARIO, SIDE = "(cohort)", "(scenario)", "(side)"
"""What a situation says beside variables, and no variable can be called."""


@dataclass(frozen=True, slots=True)
class Held:
    """The states that a variable may be in; where ``excluded``, all others."""

    states: frozenset[str]
    excluded: bool = False


Situation = Mapping[str, Held]


@dataclass(frozen=True, slots=True)
class Condition:
    """A variable in one of these states, as a sentence names it; ``states`` is None where it says without it."""

    variable: str
    states: frozenset[str] | None


def situation(body: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Held]:
    """What holds where ``body`` has the evidence of a question and ``asked`` its scenario and cohort.

    >>> situation({"given": {"smoke": "yes"}, "do": {"bronc": {"not": ["no"]}}}, {"cohort": None})
    {'smoke': Held(states=frozenset({'yes'}), excluded=False), 'bronc': Held(states=frozenset({'no'}), excluded=True)}
    """
    parts = [body[part] for part in ("given", "do") if isinstance(body.get(part), dict)]
    made = {name: _held(value) for part in parts for name, value in part.items()}
    for key, name in (("cohort", COHORT), ("scenario", SCENARIO)):
        if isinstance(asked.get(key), str):
            made[name] = Held(frozenset((asked[key],)))
    return made


def _held(value: object) -> Held:
    if isinstance(value, dict) and "not" in value:
        return Held(frozenset(_states(value["not"])), excluded=True)
    return Held(frozenset(_states(value)))


def _states(value: object) -> Iterator[str]:
    """The states that a finding leaves possible."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, int | float):
                yield from [key] if each > 0 else []
            else:
                yield from _states(each)
    elif isinstance(value, list):
        for each in value:
            yield from _states(each)


def holds(conditions: Iterable[Condition], where: Situation) -> bool:
    """Whether a situation is one of which the conditions can be said.

    >>> weak = {"borders": Held(frozenset({"weak"}))}
    >>> [holds([Condition("borders", frozenset({said}))], weak) for said in ("weak", "strong")]
    [True, False]
    """
    return all(_holds(each, where.get(each.variable)) for each in conditions)


def _holds(condition: Condition, held: Held | None) -> bool:
    if condition.states is None:
        return held is None or "no" in held.states
    if held is None:
        return condition.variable == SIDE
    return bool(condition.states - held.states if held.excluded else condition.states & held.states)
