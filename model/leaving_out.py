"""What a model would say without some of its statements: nothing is known where they spoke."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache

import numpy as np

from model.document import Description, Model, Statement
from model.gates import AllNeeded, AnyCause, Gate, Influences, Pinned, Ranked, TableGate
from model.network import Table, Variable
from model.parameters import effects_of, owners

KEPT = 1_024
"""Tables of gates without some statements that are kept ready: most take a calibration each."""

Place = tuple[str | int, ...]


def without(description: Description, variable: Variable, left_out: Collection[Statement]) -> Table:
    """The table of a variable when some of its statements say nothing.

    A row, a base, a leak or a ceiling then holds each state that it allows for as likely as the others; an influence
    has no strength; a cause does nothing and a need limits nothing; a weight is 1, and without a variance
    every state of a ranked variable is as likely. A typical base keeps the joint of the parents it was calibrated on.

    >>> from model.network import Variable
    >>> said = Statement("rain", "no 0.8, yes 0.2", ("diary",), 30.0, None, "rain.yaml", 4, ("rows", 0))
    >>> gate = TableGate(np.array([0.8, 0.2]), np.array(30.0))
    >>> rain = Description(name="rain", label="Rain", definition=None, role="state", kind="table",
    ...                    from_article=None, note=None, gate=gate, statements=(said,))
    >>> without(rain, Variable("rain", ("no", "yes")), [said])
    array([0.5, 0.5])
    """
    return _silent(description.gate, variable, frozenset(said.place for said in left_out))


def table_without(model: Model, name: str, source: str, *, partly: bool) -> Table | None:
    """The table of a variable without what rests on a source alone, or ``partly`` too; None where it stays."""
    description = model.described[name]
    left_out = [
        said for said in description.statements if source in said.sources and (partly or set(said.sources) == {source})
    ]
    if not left_out:
        return None
    table = without(description, model.network[name], left_out)
    return None if np.array_equal(table, model.network.tables[name]) else table


def even(row: Table) -> Table:
    """A row in which each possible state is as likely as the others.

    >>> even(np.array([0.9, 0.1, 0.0]))
    array([0.5, 0.5, 0. ])
    """
    possible = row > 0
    spread: Table = possible / possible.sum(axis=-1, keepdims=True)
    return spread


def _silent(gate: Gate, variable: Variable, places: frozenset[Place]) -> Table:
    match gate:
        case Pinned():
            inner, table = _silent(gate.gate, variable, places), gate.rows
            if gate.tied is not None:
                silent = np.isin(gate.tied, _positions(places, "except"))
                table = np.where(silent[..., None], even(gate.rows), gate.rows)
            return np.where(gate.mask[..., None], table, inner)
        case TableGate():
            silent = np.isin(owners(gate), _positions(places, "rows"))
            return np.where(silent[..., None], even(gate.rows), gate.rows)
        case AnyCause():
            effects = _effects(gate.effects, gate.tied, variable, places, nothing=0)
            leak = even(gate.leak) if ("leak",) in places else gate.leak
            return replace(gate, leak=leak, effects=effects).table()
        case AllNeeded():
            limits = _effects(gate.limits, gate.tied, variable, places, nothing=-1)
            ceiling = even(gate.ceiling) if ("ceiling",) in places else gate.ceiling
            return replace(gate, ceiling=ceiling, limits=limits).table()
        case Influences() | Ranked():
            return _worked_out(gate, variable, places)
    return gate.table()


def _positions(places: Collection[Place], key: str) -> list[int]:
    return [int(place[1]) for place in places if place[:1] == (key,)]


def _effects(
    effects: tuple[Table, ...],
    tied: tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], ...],
    variable: Variable,
    places: frozenset[Place],
    *,
    nothing: int,
) -> tuple[Table, ...]:
    found = []
    for i, (parent, effect) in enumerate(zip(variable.parents, effects, strict=True)):
        owner = tied[i] if tied else np.arange(len(effect))
        silent = np.isin(owner, [place[2] for place in places if place[1:2] == (parent,)])
        found.append(np.where(silent[:, None], np.eye(effect.shape[1])[nothing], effect))
    return tuple(found)


@lru_cache(maxsize=KEPT)
def _worked_out(gate: Influences | Ranked, variable: Variable, places: frozenset[Place]) -> Table:
    if isinstance(gate, Influences):
        table = _without_influences(gate, variable, places)
    else:
        table = _without_weights(gate, variable, places)
    table.setflags(write=False)
    return table


def _without_influences(gate: Influences, variable: Variable, places: frozenset[Place]) -> Table:
    silent = {
        k
        for place in places
        if place[0] == "influences"
        for k in effects_of(gate, variable.parents.index(str(place[1])), int(place[2]) if len(place) > 2 else 0)
    }
    effects = tuple(replace(effect, strength=0.0) if k in silent else effect for k, effect in enumerate(gate.effects))
    return replace(gate, base=even(gate.base) if ("base",) in places else gate.base, effects=effects).table()


def _without_weights(gate: Ranked, variable: Variable, places: frozenset[Place]) -> Table:
    if () in places:
        return np.full((*gate.cards, gate.states), 1 / gate.states)
    if gate.combine == "mixminmax":
        return gate.table()
    weights = [
        1.0 if ("weights", name) in places else weight
        for name, weight in zip(variable.parents, gate.weights, strict=True)
    ]
    return replace(gate, weights=tuple(weights)).table()
