"""Evidence as written in addresses and on the command line: ``name:state``, ``name:not(a,b)`` …

| text | meaning |
|---|---|
| ``x:a`` | x was observed in state a; under do, x is set to a |
| ``x:in(a,b)`` | x is in one of these states |
| ``x:not(a,b)`` | x is in none of these states |
| ``x:like(a=4,b=1)`` | a report, four times as likely under a as under b |
| ``x:assumed(a=0.7,b=0.3)`` | these chances hold, whatever else is known |
| ``x:over(5)`` | the number that x measures is 5 or more; 5 is a cut point of its scale; also under do |
| ``x:under(5)`` | it is less than 5 |
| ``x:between(1,5)`` | it is 1 or more and less than 5 |
| ``x:chances(a=0.3,b=0.7)`` | under do: x follows these chances, whatever its causes |

The first colon ends the name. What does not begin with a verb and a parenthesis is a state, taken literally.
Inside a verb a state that holds ``, ( ) = "`` stands in double quotes, a quote in it doubled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from model.errors import BadQuestion, DuplicateEvidence, Place
from model.evidence import (
    Assumed,
    Observed,
    OneOf,
    Reported,
    RuledOut,
    SaidFinding,
    SaidSetting,
    SetChances,
    SetTo,
    Within,
)

NUMBER_VERBS = ("over", "under", "between")
FINDING_VERBS = ("in", "not", "like", "assumed", *NUMBER_VERBS)
DO_VERBS = ("chances", *NUMBER_VERBS)

_ITEM = re.compile(r'\s*+(?:"((?:[^"]|"")*+)"\s*+|([^,()="]++))(?:=([^,()="]++))?(?:(,)|\Z)')
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NEEDS_QUOTES = re.compile(r'[,()="]|^\s|\s$')

Statement = TypeVar("Statement")


def finding(text: str, *, where: Place = ("given",)) -> tuple[str, SaidFinding]:
    """One piece of evidence, with the variable it is about.

    >>> finding("xray:not(no,unclear)")
    ('xray', RuledOut(states=('no', 'unclear')))

    Raises BadQuestion, saying what was expected.
    """
    name, value = _split(text, where)
    return name, finding_from_text(value, where=where)


def finding_from_text(value: str, *, where: Place = ("given",)) -> SaidFinding:
    """What a piece of evidence says, without the name: the part after the colon.

    >>> finding_from_text("like(yes=4,no=1)")
    Reported(likelihood={'yes': 4.0, 'no': 1.0})
    """
    verb, inside = _call(value, FINDING_VERBS, where)
    match verb:
        case "in":
            return OneOf(_states(inside, where))
        case "not":
            return RuledOut(_states(inside, where))
        case "like":
            return Reported(_numbers(inside, where))
        case "assumed":
            return Assumed(_numbers(inside, where))
        case "over" | "under" | "between":
            return _within(verb, inside, where)
        case _:
            return Observed(value)


def setting(text: str, *, where: Place = ("do",)) -> tuple[str, SaidSetting]:
    """One intervention, with the variable it sets.

    >>> setting("smoke:no")
    ('smoke', SetTo(state='no'))
    """
    name, value = _split(text, where)
    return name, setting_from_text(value, where=where)


def setting_from_text(value: str, *, where: Place = ("do",)) -> SaidSetting:
    """What an intervention says, without the name.

    >>> setting_from_text("chances(yes=0.1,no=0.9)")
    SetChances(probabilities={'yes': 0.1, 'no': 0.9})
    """
    verb, inside = _call(value, DO_VERBS, where)
    if verb in NUMBER_VERBS:
        return _within(verb, inside, where)
    return SetChances(_numbers(inside, where)) if verb == "chances" else SetTo(value)


def findings(texts: Sequence[str], *, where: str = "given") -> dict[str, SaidFinding]:
    """Several pieces of evidence. Raises DuplicateEvidence when two are about one variable.

    >>> findings(["smoke:yes", "xray:no"])
    {'smoke': Observed(state='yes'), 'xray': Observed(state='no')}
    """
    return _collected(texts, finding, where)


def settings(texts: Sequence[str], *, where: str = "do") -> dict[str, SaidSetting]:
    """Several interventions. Raises DuplicateEvidence when two set one variable."""
    return _collected(texts, setting, where)


def text_of(statement: SaidFinding | SaidSetting) -> str:
    """The text after the colon that means this: the inverse of reading it.

    >>> text_of(Reported({"yes": 4.0, "no": 1.0}))
    'like(yes=4,no=1)'
    >>> text_of(Observed("in(a)"))
    'in("in(a)")'
    """
    match statement:
        case Observed(state):
            return f"in({_quoted(state)})" if _opens(state, FINDING_VERBS) else state
        case SetTo(state):
            return f"chances({_quoted(state)}=1)" if _opens(state, DO_VERBS) else state
        case OneOf(states):
            return f"in({','.join(map(_quoted, states))})"
        case RuledOut(states):
            return f"not({','.join(map(_quoted, states))})"
        case Reported(numbers):
            return f"like({_pairs(numbers)})"
        case Assumed(numbers):
            return f"assumed({_pairs(numbers)})"
        case SetChances(numbers):
            return f"chances({_pairs(numbers)})"
        case Within(low, None) if low is not None:
            return f"over({plain_number(low)})"
        case Within(None, high) if high is not None:
            return f"under({plain_number(high)})"
        case Within(low, high):
            return f"between({plain_number(low or 0.0)},{plain_number(high or 0.0)})"


def plain_number(value: float) -> str:
    """A number in its shortest exact form.

    >>> plain_number(4.0), plain_number(0.1)
    ('4', '0.1')
    """
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _split(text: str, where: Place) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name or not value:
        raise BadQuestion(f"expected name:state or name:verb(...), found {text[:80]!r}", where=where)
    return name, value


def _call(value: str, verbs: tuple[str, ...], where: Place) -> tuple[str | None, str]:
    """The verb and what its parentheses hold; no verb when the text is a state."""
    if not _opens(value, verbs):
        return None, ""
    if not value.endswith(")"):
        raise BadQuestion(f"a verb that is not closed by a parenthesis: {value[:80]!r}", where=where)
    verb, _, inside = value[:-1].partition("(")
    return verb, inside


def _opens(value: str, verbs: tuple[str, ...]) -> bool:
    return "(" in value and value.startswith(tuple(f"{verb}(" for verb in verbs))


def _states(inside: str, where: Place) -> tuple[str, ...]:
    items = _items(inside, where)
    if any(number is not None for _, number in items):
        raise BadQuestion(f"expected states, found numbers: {inside[:80]!r}", where=where)
    return tuple(state for state, _ in items)


def _numbers(inside: str, where: Place) -> dict[str, float]:
    found: dict[str, float] = {}
    for state, number in _items(inside, where):
        if number is None or not _is_number(number):
            raise BadQuestion(f"expected state=number, found {state!r}={number!r}", where=where)
        if state in found:
            raise BadQuestion(f"the state {state!r} is named twice", where=where)
        found[state] = float(number)
    return found


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def _within(verb: str, inside: str, where: Place) -> Within:
    """A number, or two of ascending size, as a verb has them."""
    wanted = 2 if verb == "between" else 1
    parts = [part.strip() for part in inside.split(",")]
    if len(parts) != wanted or not all(map(_is_number, parts)):
        example = "between(1000,5000)" if wanted == 2 else f"{verb}(5000)"
        raise BadQuestion(f"expected {example}, with plain numbers; found {verb}({inside[:80]})", where=where)
    numbers = [float(part) for part in parts]
    match verb:
        case "over":
            return Within(low=numbers[0])
        case "under":
            return Within(high=numbers[0])
    return Within(*numbers)


def _items(inside: str, where: Place) -> list[tuple[str, str | None]]:
    """Pairs of state and the text after its equals sign, None where there is none."""
    items: list[tuple[str, str | None]] = []
    at, more = 0, True
    while more:
        match = _ITEM.match(inside, at)
        if match is None or not (match[1] or (match[2] or "").strip()):
            raise BadQuestion(f"expected states separated by commas, found {inside[:80]!r}", where=where)
        quoted, bare, number, comma = match.groups()
        items.append((bare.strip() if quoted is None else quoted.replace('""', '"'), number and number.strip()))
        at, more = match.end(), comma is not None
    return items


def _collected(texts: Sequence[str], read: Callable[..., tuple[str, Statement]], where: str) -> dict[str, Statement]:
    found: dict[str, Statement] = {}
    for index, text in enumerate(texts):
        name, value = read(text, where=(where, index))
        if name in found:
            raise DuplicateEvidence(f"two statements about {name!r}", where=(where, name))
        found[name] = value
    return found


def needs_quotes(state: str) -> bool:
    """Whether a state stands in quotes inside a verb.

    >>> needs_quotes("a,b"), needs_quotes("ab")
    (True, False)
    """
    return _NEEDS_QUOTES.search(state) is not None


def _quoted(state: str) -> str:
    return '"' + state.replace('"', '""') + '"' if needs_quotes(state) else state


def _pairs(numbers: Mapping[str, float]) -> str:
    return ",".join(f"{_quoted(state)}={plain_number(value)}" for state, value in numbers.items())
