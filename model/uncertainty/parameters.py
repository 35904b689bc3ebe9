"""The prior numbers of a model one by one: how sure each is, and the table of its variable wherever it stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from model.errors import BadNetwork
from model.gates import NATS_PER_DECIBEL, AllNeeded, AnyCause, Gate, Influences, Pinned, Ranked, TableGate
from model.gates.formulas import all_needed, any_cause
from model.network import Table, Variable, complements
from model.specification import Description, Statement

Mask = NDArray[np.bool_]
Expand = Callable[[Table, Table], Table]
FromRows = Callable[[Table], Table]
Scale = Literal["probability", "decibels", "weight", "variance"]

Z90 = 1.6448536269514722
"""Standard deviations from the middle of a normal to the ends of its 90 % range."""

LARGEST_STRENGTH = 60.0
"""Strengths are looked at up to this many decibels either way: a factor of a million on the odds."""

LARGEST_FACTOR = 100.0
"""Weights and variances are looked at up to this many times what is stated, and down to as small a part."""


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One prior number: where it is stated, its value, its own 90 % range, and the tables it makes.

    ``low`` and ``high`` are the 5 % and 95 % quantiles that its ESS allows (a Beta for an entry of a row, a
    normal for a strength, a log-normal for a weight or a variance), ``sd`` the standard deviation, to first
    order for the log-normals; all three stay at the value when it is ``certain``. ``least`` and ``most`` are as far
    as it is ever moved. ``variance`` times the square of an answer's derivative is what the number adds to the
    variance of the answer; the entries of one row of a Dirichlet move together, and theirs add up to the row's.
    ``linear`` says that the table is an affine function of the number. ``when`` (*parents' states) marks the
    combinations of the parents that the number is about, None where it is about all of them.
    ``rests`` are, of an entry of a row, what its other entries hold at ``value``, ``low`` and ``high``: beside an entry
    of 1.0 a rest of 1e-17 is no difference of 1. Other numbers have none.
    Strengths are signed decibels: what lowers is negative.
    """

    variable: str
    statement: Statement
    what: str
    scale: Scale
    state: str | None
    value: float
    low: float
    high: float
    least: float
    most: float
    sd: float
    variance: float
    certain: bool
    linear: bool
    when: Mask | None
    expand: Expand
    rests: tuple[float, float, float] | None = None

    def tables(self, values: Table, rests: Table | None = None) -> Table:
        """The variable's whole table when this number takes each of the values: (values, *parents' states, states).

        The rest of a row covaries in proportion, so that it sums to 1; rows written as one move as one; what is
        `never` stays so; a typical base is calibrated anew over the same joint of the parents.
        ``rests`` (values,) are what is left to the rest of the row, where it is known more exactly than 1 - value.
        """
        values = np.asarray(values, dtype=np.float64)
        return self.expand(values, self._left(values) if rests is None else rests)

    def _left(self, values: Table) -> Table:
        """What each value leaves to the rest of its row: as stated at the value and the ends of its range."""
        left: Table = 1 - values
        if self.rests is not None:
            at_value, at_low, at_high = self.rests
            for known, rest in ((self.low, at_low), (self.high, at_high), (self.value, at_value)):
                left = np.where(values == known, rest, left)
        return left


def parameters(description: Description, variable: Variable) -> tuple[Parameter, ...]:
    """Every number of a variable that can be moved, in the order of its statements.

    What is certain by being 1, or `never`, is no parameter, and neither is a rule. A row with two possible states
    is one number, that of its state `yes` if there is one and else of the later state; others are one a state.

    >>> said = Statement("rain", "no 0.8, yes 0.2", ("judgement",), 30.0, "a guess", "rain.yaml", 4, ("rows", 0))
    >>> gate = TableGate(np.array([0.8, 0.2]), np.array(30.0))
    >>> rain = Description(name="rain", label="Rain", definition=None, role="state", kind="table",
    ...                    from_article=None, note=None, gate=gate, statements=(said,))
    >>> [number] = parameters(rain, Variable("rain", ("no", "yes")))
    >>> number.what, number.value, round(number.low, 3), round(number.high, 3)
    ('yes', 0.2, 0.094, 0.329)
    >>> number.tables([0.0, 0.4])
    array([[1. , 0. ],
           [0.6, 0.4]])

    Raises BadNetwork for a statement about no number of the gate.
    """
    return tuple(number for said in description.statements for number in _stated(description.gate, said, variable))


def covaried(row: Table, state: int, values: Table, rests: Table) -> Table:
    """A row with one entry moved to each value and the others sharing each rest in proportion: (values, states).

    >>> covaried(np.array([0.5, 0.3, 0.2]), 0, np.array([0.0, 0.75]), np.array([1.0, 0.25]))
    array([[0.  , 0.6 , 0.4 ],
           [0.75, 0.15, 0.1 ]])
    """
    rows: Table = row / complements(row)[state] * rests[:, None]
    rows[:, state] = values
    return rows


def owners(gate: TableGate) -> NDArray[np.int64]:
    """The number of the statement that each row of a table belongs to: (*parents' states,)."""
    return np.arange(gate.ess.size).reshape(gate.ess.shape) if gate.tied is None else gate.tied


def effects_of(gate: Influences, parent: int, position: int) -> list[int]:
    """Which effects the entry at this position among those of one parent has made.

    Entries of one parent are about different states of it, so that the effects of one entry are those about the same.
    """
    entries: dict[bytes, list[int]] = {}
    for k, effect in enumerate(gate.effects):
        if effect.parent == parent:
            about = (effect.pattern != 0).reshape(len(effect.pattern), -1).any(axis=1)
            entries.setdefault(about.tobytes(), []).append(k)
    return list(entries.values())[position]


def _stated(gate: Gate, said: Statement, variable: Variable) -> Iterator[Parameter]:
    match gate, said.place:
        case Pinned(), ("except", int(k)):
            if gate.tied is None:
                raise BadNetwork("exceptions that are not numbered stand for no statement", where=(said.variable,))
            where = gate.mask & (gate.tied == k)
            expand = partial(_with_rows, gate.table(), where)
            yield from _row(said, variable, gate.rows[where][0], float(gate.ess[where][0]), expand, when=where)
        case Pinned(), _:
            for number in _stated(gate.gate, said, variable):
                when = ~gate.mask if number.when is None else number.when & ~gate.mask
                yield replace(number, when=when, expand=partial(_pinned, gate, number.expand))
        case TableGate(), ("rows", int(k)):
            where = owners(gate) == k
            expand = partial(_with_rows, gate.rows, where)
            yield from _row(said, variable, gate.rows[where][0], float(gate.ess[where][0]), expand, when=where)
        case AnyCause() | AllNeeded(), _:
            yield from _of_causes(gate, said, variable)
        case Influences(), _:
            yield from _of_influences(gate, said, variable)
        case Ranked(), _:
            yield from _of_ranked(gate, said, variable)
        case TableGate(), _:
            raise _misplaced(said)


def _of_causes(gate: AnyCause | AllNeeded, said: Statement, variable: Variable) -> Iterator[Parameter]:
    """Numbers of a noisy-MAX or noisy-MIN: the row of its leak or ceiling, and of each entry on a parent."""
    combine: Callable[..., Table] = all_needed
    if isinstance(gate, AnyCause):
        combine, alone, alone_ess, effects, sizes = (any_cause, gate.leak, gate.leak_ess, gate.effects, gate.effect_ess)
    else:
        alone, alone_ess, effects, sizes = gate.ceiling, gate.ceiling_ess, gate.limits, gate.limit_ess
    leading = [effect[None] for effect in effects]
    match said.place:
        case ("leak" | "ceiling",):
            yield from _row(said, variable, alone, alone_ess, partial(_alone, combine, leading))
        case ("causes" | "needs", str(parent), int(k)):
            i = variable.parents.index(parent)
            states = gate.tied[i] == k if gate.tied else np.arange(len(effects[i])) == k
            expand = partial(_with_effect, combine, alone[None], leading, i, states)
            row, ess = effects[i][states][0], float(sizes[i][states][0])
            when = _about(i, states, [len(effect) for effect in effects])
            yield from _row(said, variable, row, ess, expand, when=when)
        case _:
            raise _misplaced(said)


def _of_influences(gate: Influences, said: Statement, variable: Variable) -> Iterator[Parameter]:
    match said.place:
        case ("base",):
            expand = partial(_from_bases, gate)
            yield from _row(said, variable, gate.base, gate.base_ess, expand, linear=False)
        case ("influences", str(parent), *rest):
            found = effects_of(gate, variable.parents.index(parent), int(rest[0]) if rest else 0)
            for k in found:
                yield _strength(gate, k, said, variable, is_one_of=len(found))
        case _:
            raise _misplaced(said)


def _strength(gate: Influences, k: int, said: Statement, variable: Variable, *, is_one_of: int) -> Parameter:
    effect = gate.effects[k]
    about = effect.pattern != 0
    state = variable.states[int(about.any(axis=0).argmax())] if gate.scale == "nominal" else None
    states = about.reshape(len(about), -1).any(axis=1)
    sd = 2 / math.sqrt(effect.ess) / NATS_PER_DECIBEL
    most = max(LARGEST_STRENGTH, abs(effect.strength) + Z90 * sd)
    return Parameter(
        variable=variable.name,
        statement=said,
        what=f"{said.what} ({state})" if is_one_of > 1 else said.what,
        scale="decibels",
        state=state,
        value=effect.strength,
        low=effect.strength - Z90 * sd,
        high=effect.strength + Z90 * sd,
        least=-most,
        most=most,
        sd=sd,
        variance=sd**2,
        certain=sd == 0,
        linear=False,
        when=_about(effect.parent, states, gate.cards),
        expand=partial(_from_strengths, gate, k),
    )


def _of_ranked(gate: Ranked, said: Statement, variable: Variable) -> Iterator[Parameter]:
    """Numbers of a ranked gate; with mixminmax its two weights are stated with the variance, not one a parent."""
    ess = math.inf if gate.ess is None else gate.ess
    match said.place:
        case ("weights", str(parent)):
            i = variable.parents.index(parent)
            size = gate.weights_ess[i] if gate.weights_ess else ess
            if gate.combine != "mixminmax":
                yield _positive(gate, i, said, said.what, spread=1 / math.sqrt(size))
        case ():
            for i, name in enumerate(("worst", "best") if gate.combine == "mixminmax" else ()):
                yield _positive(gate, i, said, f"weight of the {name} parent", spread=1 / math.sqrt(ess))
            yield _positive(gate, None, said, "variance", spread=math.sqrt(2 / ess))
        case _:
            raise _misplaced(said)


def _positive(gate: Ranked, i: int | None, said: Statement, what: str, *, spread: float) -> Parameter:
    """A weight, or the variance where ``i`` is None: log-normal about what is stated."""
    value = gate.variance if i is None else gate.weights[i]
    factor = max(LARGEST_FACTOR, math.exp(Z90 * spread))
    return Parameter(
        variable=said.variable,
        statement=said,
        what=what,
        scale="variance" if i is None else "weight",
        state=None,
        value=value,
        low=value * math.exp(-Z90 * spread),
        high=value * math.exp(Z90 * spread),
        least=value / factor,
        most=value * factor,
        sd=value * spread,
        variance=(value * spread) ** 2,
        certain=spread == 0,
        linear=False,
        when=None,
        expand=partial(_from_ranked, gate, i),
    )


def _row(
    said: Statement,
    variable: Variable,
    row: Table,
    ess: float,
    expand: FromRows,
    *,
    linear: bool = True,
    when: Mask | None = None,
) -> Iterator[Parameter]:
    """The entries of one row, a Dirichlet of the size stated; ``expand`` makes tables of rows (values, states)."""
    condition = said.what.rpartition(": ")[0]
    states = _moved_states(row, variable.states)
    for k in states:
        p, rest = float(row[k]), float(complements(row)[k])
        (low, high), (low_rest, high_rest) = _range(p, rest, ess)
        sd = math.sqrt(p * rest / (ess + 1))
        yield Parameter(
            variable=said.variable,
            statement=said,
            what=f"{condition}: {variable.states[k]}" if condition else variable.states[k],
            scale="probability",
            state=variable.states[k],
            value=p,
            low=low,
            high=high,
            least=0.0,
            most=1.0,
            sd=sd,
            variance=sd**2 * (rest if len(states) > 1 else 1),
            certain=math.isinf(ess),
            linear=linear,
            when=when,
            expand=partial(_covaried_tables, expand, row, k),
            rests=(rest, low_rest, high_rest),
        )


def _range(p: float, rest: float, ess: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """The 5 % and 95 % quantiles of an entry of a row, a Beta, and what each leaves to the rest of the row."""
    from scipy.special import betaincinv

    if math.isinf(ess):
        return (p, p), (rest, rest)
    low, high = (float(betaincinv(ess * p, ess * rest, q)) for q in (0.05, 0.95))
    low_rest, high_rest = (float(betaincinv(ess * rest, ess * p, q)) for q in (0.95, 0.05))
    return (low, high), (low_rest, high_rest)


def _moved_states(row: Table, states: tuple[str, ...]) -> list[int]:
    """The entries of a row that are numbers of their own."""
    possible = [k for k in range(len(states)) if row[k] > 0]
    if len(possible) == 2:
        return [k for k in possible if states[k] == "yes"] or possible[-1:]
    return possible if len(possible) > 2 else []


def _about(parent: int, states: Mask, cards: list[int] | tuple[int, ...]) -> Mask:
    """The combinations in which one parent is in one of the states."""
    shape = [card if i == parent else 1 for i, card in enumerate(cards)]
    return np.broadcast_to(states.reshape(shape), cards)


def _covaried_tables(expand: FromRows, row: Table, state: int, values: Table, rests: Table) -> Table:
    return expand(covaried(row, state, values, rests))


def _with_rows(table: Table, where: Mask, rows: Table) -> Table:
    tables = np.array(np.broadcast_to(table, (len(rows), *table.shape)))
    tables[:, where] = rows[:, None]
    return tables


def _pinned(gate: Pinned, expand: Expand, values: Table, rests: Table) -> Table:
    return np.where(gate.mask[..., None], gate.rows, expand(values, rests))


def _alone(combine: Callable[..., Table], effects: list[Table], rows: Table) -> Table:
    return combine(rows, effects)


def _with_effect(
    combine: Callable[..., Table], alone: Table, effects: list[Table], i: int, states: Mask, rows: Table
) -> Table:
    moved = _with_rows(effects[i][0], states, rows)
    return combine(alone, [moved if k == i else effect for k, effect in enumerate(effects)])


def _stated_strengths(gate: Influences, count: int) -> Table:
    return np.tile([effect.strength * NATS_PER_DECIBEL for effect in gate.effects], (count, 1))


def _from_bases(gate: Influences, rows: Table) -> Table:
    return gate.tables(rows, _stated_strengths(gate, len(rows)))


def _from_strengths(gate: Influences, k: int, values: Table, _rests: Table) -> Table:
    strengths = _stated_strengths(gate, len(values))
    strengths[:, k] = values * NATS_PER_DECIBEL
    return gate.tables(np.broadcast_to(gate.base, (len(values), gate.base.size)), strengths)


def _from_ranked(gate: Ranked, i: int | None, values: Table, _rests: Table) -> Table:
    weights, variance = np.tile(gate.weights, (len(values), 1)), np.full(len(values), gate.variance)
    if i is None:
        return gate.tables(weights, values)
    weights[:, i] = values
    return gate.tables(weights, variance)


def _misplaced(said: Statement) -> BadNetwork:
    return BadNetwork(
        f"the statement {said.what!r} is at {said.place}, where the gate has no number", where=(said.variable,)
    )
