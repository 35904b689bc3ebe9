"""What a model would say without some of its statements: nothing is known where they spoke."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from model.gates import AllNeeded, AnyCause, Gate, Influences, Pinned, Ranked, RowPool, TableGate, all_needed, any_cause
from model.inference.lru import ByteLRU
from model.network import Table, Variable
from model.specification import Description, Expert, Model, Pool, Statement
from model.uncertainty.parameters import effects_of, owners

KEPT: ByteLRU[Table] = ByteLRU(16_000_000)
"""Tables of gates without some statements that are kept ready: most take a calibration each."""

Place = tuple[str | int, ...]

Instead = Mapping[Place, tuple[float, ...] | None]
"""What statements say once something is left out, by their place: a row, a strength by itself, or None for nothing."""


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
    return _said_instead(description.gate, variable, {said.place: None for said in left_out})


def table_without(model: Model, name: str, source: str, *, partly: bool) -> Table | None:
    """The table of a variable without what rests on a source alone, or ``partly`` too; None where it stays.

    Of a pool only the experts that rest on the source are left out, as long as another one remains.
    """
    description = model.described[name]
    instead = dict(_without_source(description.statements, source, partly=partly))
    if not instead:
        return None
    table = _said_instead(description.gate, model.network[name], instead)
    return None if np.array_equal(table, model.network.tables[name]) else table


def _without_source(
    statements: Collection[Statement], source: str, *, partly: bool
) -> Iterator[tuple[Place, tuple[float, ...] | None]]:
    for said in statements:
        experts = () if said.pool is None else said.pool.members
        left = [expert for expert in experts if not _rests_on(expert.sources, source, partly=partly)]
        if said.pool is not None and left:
            if len(left) < len(experts):
                yield said.place, _repooled(said.pool, left)
        elif _rests_on(said.sources, source, partly=partly):
            yield said.place, None


def _rests_on(sources: Collection[str], source: str, *, partly: bool) -> bool:
    return source in sources if partly else set(sources) == {source}


def _repooled(pool: Pool, left: Collection[Expert]) -> tuple[float, ...]:
    """What the experts who are left say together, their weights in the proportions they had."""
    weights = np.array([expert.weight for expert in left])
    weights /= weights.sum()
    rows = [expert.row for expert in left if expert.row is not None]
    if not rows:
        return (float(weights @ [expert.strength or 0.0 for expert in left]),)
    if len(rows) == 1:
        return rows[0]
    ess = np.array([np.inf if expert.ess is None else expert.ess for expert in left])
    return tuple(RowPool(pool.method, np.array(rows), weights, ess, tuple(e.sources for e in left)).row().tolist())


def even(row: Table) -> Table:
    """A row in which each possible state is as likely as the others.

    >>> even(np.array([0.9, 0.1, 0.0]))
    array([0.5, 0.5, 0. ])
    """
    possible = row > 0
    spread: Table = possible / possible.sum(axis=-1, keepdims=True)
    return spread


def _said_instead(gate: Gate, variable: Variable, instead: Instead) -> Table:
    match gate:
        case Pinned():
            inner = _said_instead(gate.gate, variable, instead)
            table = gate.rows if gate.tied is None else _rows(gate.rows, gate.tied, instead, "except")
            return np.where(gate.mask[..., None], table, inner)
        case TableGate():
            return _rows(gate.rows, owners(gate), instead, "rows")
        case AnyCause():
            effects = _effects(gate.effects, gate.tied, variable, instead, nothing=0)
            return any_cause(_row(gate.leak, instead, ("leak",)), effects)
        case AllNeeded():
            limits = _effects(gate.limits, gate.tied, variable, instead, nothing=-1)
            return all_needed(_row(gate.ceiling, instead, ("ceiling",)), limits)
        case Influences() | Ranked():
            key = gate, variable, frozenset(instead.items())
            return KEPT.get(key, partial(_worked_out, *key))
    return gate.table()


def _rows(rows: Table, owner: np.ndarray[tuple[int, ...], np.dtype[np.int64]], instead: Instead, key: str) -> Table:
    """Rows of a table with those of some statements replaced; ``owner`` numbers the statement of each."""
    table = rows.copy()
    for place, row in instead.items():
        if place[:1] == (key,):
            mine = owner == place[1]
            table[mine] = even(rows[mine]) if row is None else row
    return table


def _row(row: Table, instead: Instead, place: Place) -> Table:
    if place not in instead:
        return row
    other = instead[place]
    return even(row) if other is None else np.array(other)


def _effects(
    effects: tuple[Table, ...],
    tied: tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], ...],
    variable: Variable,
    instead: Instead,
    *,
    nothing: int,
) -> tuple[Table, ...]:
    found = []
    for i, (parent, effect) in enumerate(zip(variable.parents, effects, strict=True)):
        owner, table = tied[i] if tied else np.arange(len(effect)), effect.copy()
        for place, row in instead.items():
            if place[1:2] == (parent,):
                table[owner == place[2]] = np.eye(effect.shape[1])[nothing] if row is None else row
        found.append(table)
    return tuple(found)


def _worked_out(
    gate: Influences | Ranked, variable: Variable, instead: frozenset[tuple[Place, tuple[float, ...] | None]]
) -> Table:
    if isinstance(gate, Influences):
        table = _without_influences(gate, variable, dict(instead))
    else:
        table = _without_weights(gate, variable, dict(instead))
    table.setflags(write=False)
    return table


def _without_influences(gate: Influences, variable: Variable, instead: Instead) -> Table:
    strengths = {
        k: 0.0 if strength is None else strength[0]
        for place, strength in instead.items()
        if place[0] == "influences"
        for k in effects_of(gate, variable.parents.index(str(place[1])), int(place[2]) if len(place) > 2 else 0)
    }
    effects = tuple(
        replace(effect, strength=math.copysign(strengths[k], effect.strength), pool=None) if k in strengths else effect
        for k, effect in enumerate(gate.effects)
    )
    return replace(gate, base=_row(gate.base, instead, ("base",)), base_pool=None, effects=effects).table()


def _without_weights(gate: Ranked, variable: Variable, instead: Instead) -> Table:
    if () in instead:
        return np.full((*gate.cards, gate.states), 1 / gate.states)
    if gate.combine == "mixminmax":
        return gate.table()
    weights = [
        1.0 if ("weights", name) in instead else weight
        for name, weight in zip(variable.parents, gate.weights, strict=True)
    ]
    return replace(gate, weights=tuple(weights)).table()
