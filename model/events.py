"""Events: a set of states of one variable, or any, all or at least k of several such sets.

An event is a variable of its own that its parts decide for certain, laid over the model that it is asked of, so
that everything that can be asked of a variable can be asked of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from model.errors import BadQuestion, Place
from model.evidence import Observed, OneOf, RuledOut, Within, likelihood, syntax, within_states
from model.gates import Rule
from model.network import Network, Table, Variable
from model.specification import Description, Model

HAPPENS = "yes"
STATES = ("no", HAPPENS)
"""Of every event: it does not happen, it happens."""

MOST_CONDITIONS = 100
DIRECT = 64
"""Rows of an event's own table; with more its parts are counted up two by two, which keeps cliques small."""

DEPTH = 5
"""Events inside events, at the most."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A variable in one of some states, in the order of the file."""

    variable: str
    states: tuple[str, ...]

    def __str__(self) -> str:
        alone = len(self.states) == 1 and not syntax.needs_quotes(self.states[0])
        return f"{self.variable}:{syntax.text_of(Observed(self.states[0]) if alone else OneOf(self.states))}"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least ``count`` of some events: 1 is any of them, as many as there are is all of them.

    >>> str(AtLeast(1, (Condition("lung", ("yes",)), Condition("tub", ("yes",)))))
    'any(lung:yes,tub:yes)'
    """

    count: int
    of: tuple[Event, ...]

    def __str__(self) -> str:
        parts = ",".join(map(str, self.of))
        if self.count == 1:
            return f"any({parts})"
        return f"all({parts})" if self.count == len(self.of) else f"at_least({self.count},{parts})"


Event = Condition | AtLeast


def event(model: Model, text: str, *, where: Place = ("event",)) -> Event:
    """The event that a text means under a model, in canonical order: two ways of writing it give the same event.

    ``x:a``, ``x:in(a,b)``, ``x:not(a)``, ``x:over(5000)`` are sets of states; ``any(…)``, ``all(…)`` and
    ``at_least(2,…)`` put several together. Raises BadQuestion, UnknownVariable, UnknownState and their like.
    """
    found = _read(model, text.strip(), where, depth=0)
    if sum(1 for _ in _conditions(found)) > MOST_CONDITIONS:
        raise BadQuestion(f"an event has at most {MOST_CONDITIONS} conditions", where=where)
    return found


def _read(model: Model, text: str, where: Place, *, depth: int) -> Event:
    verb = next((verb for verb in ("any", "all", "at_least") if text.startswith(f"{verb}(")), None)
    if verb is None:
        return _condition(model, text, where)
    if not text.endswith(")") or depth == DEPTH:
        what = f"events more than {DEPTH} deep" if depth == DEPTH else "a parenthesis that is not closed"
        raise BadQuestion(f"{what}: {text[:80]!r}", where=where)
    parts = [part.strip() for part in _split(text[len(verb) + 1 : -1])]
    count: int | None = None
    if verb == "at_least":
        first = parts.pop(0)
        if not (first.isascii() and first.isdigit() and len(first) < 4):
            raise BadQuestion(f"expected at_least(2,…) with a number first, found {first[:40]!r}", where=where)
        count = int(first)
    read = [_read(model, part, where, depth=depth + 1) for part in parts]
    return combined(model, read, count=count if verb == "at_least" else {"any": 1}.get(verb), where=where)


def combined(model: Model, parts: Sequence[Event], *, count: int | None, where: Place = ("event",)) -> Event:
    """At least ``count`` of some events (None: all of them) in canonical order; one alone is that event.

    Of any and of all an event said twice is said once; among the others it counts as often as it is said.

    Raises BadQuestion where there are none, or fewer than ``count``.
    """
    needed = len(parts) if count is None else count
    if not 1 <= needed <= len(parts):
        raise BadQuestion(f"{needed} of {len(parts)} events; expected from 1 to as many as there are", where=where)
    counted = list(dict.fromkeys(parts)) if needed in (1, len(parts)) else list(parts)
    needed = min(needed, len(counted))
    position = model.network.position
    ordered = sorted(counted, key=lambda part: (min(position[c.variable] for c in _conditions(part)), str(part)))
    return ordered[0] if len(ordered) == 1 else AtLeast(needed, tuple(ordered))


def _condition(model: Model, text: str, where: Place) -> Condition:
    name, said = syntax.finding(text, where=where)
    variable = model.network.variable(name, where=where)
    if isinstance(said, Within):
        said = within_states(variable, said, model.described[name].scale, where=where)
    if not isinstance(said, Observed | OneOf | RuledOut):
        raise BadQuestion(f"an event is a set of states; {text[:80]!r} is none", where=where)
    allowed = likelihood(variable, said, where=where)
    return Condition(name, tuple(state for state, weight in zip(variable.states, allowed, strict=True) if weight))


def _split(inside: str) -> Iterator[str]:
    """What stands between commas that are in no parentheses and no quotes."""
    depth, quoted, start = 0, False, 0
    for at, character in enumerate(inside):
        if character == '"':
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
            if character == "," and depth == 0:
                yield inside[start:at]
                start = at + 1
    yield inside[start:]


def _conditions(found: Event) -> Iterator[Condition]:
    if isinstance(found, Condition):
        yield found
    else:
        for part in found.of:
            yield from _conditions(part)


def in_words(model: Model, found: Event) -> str:
    """An event as text has it, by labels."""
    if isinstance(found, Condition):
        about = model.described[found.variable]
        return f"{about.label}: {' or '.join(map(about.state_label, found.states))}"
    head = "any of" if found.count == 1 else "all of" if found.count == len(found.of) else f"{found.count} or more of"
    return f"{head} ({'; '.join(in_words(model, part) for part in found.of)})"


# Laid over a model


def with_events(model: Model, events: Sequence[Event]) -> Model:
    """The model with a variable for each event, called as the event is written; its revision is the model's own."""
    laid = _Overlay(model)
    for found in events:
        laid.add(found)
    return laid.over((*model.events, *(str(found) for found in events)))


def with_combinations(model: Model, names: Sequence[str]) -> tuple[Model, str]:
    """The model with a variable whose states are the combinations of those of some others, and what it is called.

    The last of ``names`` changes fastest. It is no event: it is laid over for inference and named in no answer. Its
    table has as many entries as the square of its states, so that it is for few of them.
    """
    laid, name = _Overlay(model), f"all of:{','.join(names)}"
    cards = model.network.cards(names)
    outcome = np.arange(math.prod(cards)).reshape(cards)
    laid.enter(name, name, tuple(map(str, range(outcome.size))), tuple(names), outcome)
    return laid.over(model.events), name


Scored = tuple[Variable, NDArray[np.int64]]
"""A parent, and by its states how many of an event's conditions each fulfils, shape (states,)."""


@dataclass(slots=True, eq=False)
class _Overlay:
    """The variables of events as they are made."""

    model: Model
    variables: list[Variable] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    described: dict[str, Description] = field(default_factory=dict)

    def over(self, events: tuple[str, ...]) -> Model:
        """The model with these variables after its own, and the events that it then has."""
        network = Network(
            (*self.model.network.variables, *self.variables), {**self.model.network.tables, **self.tables}
        )
        made = replace(self.model, network=network, described={**self.model.described, **self.described}, events=events)
        object.__setattr__(made, "revision", self.model.revision)
        return made

    def add(self, found: Event) -> Variable:
        """The variable of an event, with those of the events inside it."""
        name = str(found)
        if name in self.described:
            return next(variable for variable in self.variables if variable.name == name)
        count, parts = (1, (found,)) if isinstance(found, Condition) else (found.count, found.of)
        scored = _merged(self._scored(part) for part in parts)
        while len(scored) > 2 and math.prod(len(scores) for _, scores in scored) > DIRECT:
            first, second, *rest = scored
            reached = np.minimum(np.add.outer(first[1], second[1]), count)
            counter = self.enter(
                f"{name} counted to {len(scored)}",
                f"How many of them hold: {in_words(self.model, found)}",
                tuple(map(str, range(count + 1))),
                (first[0].name, second[0].name),
                reached,
            )
            scored = [(counter, np.arange(count + 1)), *rest]
        together = scored[0][1]
        for _, scores in scored[1:]:
            together = np.add.outer(together, scores)
        parents = tuple(variable.name for variable, _ in scored)
        happens = (together >= count).astype(np.int64)
        return self.enter(name, in_words(self.model, found), STATES, parents, happens)

    def _scored(self, part: Event) -> Scored:
        if isinstance(part, Condition):
            variable = self.model.network[part.variable]
            return variable, np.array([state in part.states for state in variable.states], dtype=np.int64)
        return self.add(part), np.arange(2)

    def enter(
        self, name: str, label: str, states: tuple[str, ...], parents: tuple[str, ...], outcome: NDArray[np.int64]
    ) -> Variable:
        """A variable that its parents decide: ``outcome``, shape (*parents' states), holds positions of its states."""
        variable, gate = Variable(name, states, parents), Rule(outcome, len(states))
        told = [self.described.get(parent) or self.model.described[parent] for parent in parents]
        individual = all(parent.level == "individual" for parent in told)
        self.variables.append(variable)
        self.tables[name] = gate.table()
        self.described[name] = Description(
            name=name,
            label=label,
            definition=None,
            role="outcome",
            kind="rule",
            from_article=None,
            note=None,
            gate=gate,
            statements=(),
            level="individual" if individual else "group",
        )
        return variable


def _merged(scored: Iterable[Scored]) -> list[Scored]:
    """The scores of each parent together, in the order met."""
    found: dict[str, Scored] = {}
    for variable, scores in scored:
        known = found.get(variable.name)
        found[variable.name] = (variable, scores if known is None else known[1] + scores)
    return list(found.values())


def is_laid_over(name: str) -> bool:
    """Whether a variable is one of an event: only these have a colon in their names.

    >>> is_laid_over("any(tub:yes,lung:yes)"), is_laid_over("lung")
    (True, False)
    """
    return ":" in name


def texts(model: Model, said: Sequence[str], *, where: str = "event") -> tuple[Event, ...]:
    """Events from their texts, each once. Raises the error of the first that is none, with its place."""
    return tuple(dict.fromkeys(event(model, text, where=(where, i)) for i, text in enumerate(said)))
