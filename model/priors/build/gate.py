"""One variable's words to its gate: every kind of table, and what all of them have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from model.errors import Problem
from model.gates import AllNeeded, AnyCause, Gate, Pinned, Ranked, RowPool, Rule, TableGate
from model.network import Table, Variable
from model.priors.build.expert_pools import StatedRow, stated_row, stated_strength
from model.priors.build.influences import Typical, influences
from model.priors.build.rows import Rows, exceptions, laid, lay_default
from model.priors.build.statements import Integers, Known, Reader, Step
from model.priors.schema.cited import Definition
from model.priors.schema.validation import Written
from model.priors.schema.variables import (
    AllNeededVariable,
    AnyCauseVariable,
    Base,
    Cause,
    Distribution,
    InfluencesVariable,
    RankedVariable,
    Row,
    RuleVariable,
    Shift,
    Strength,
    TableVariable,
    VariableBase,
    Weight,
)
from model.priors.yaml.source_map import as_yaml
from model.specification import Statement


@dataclass(frozen=True, slots=True, eq=False)
class Drafted:
    """A variable whose words have all been understood; its gate may still wait for the parents' joint."""

    written: Written[VariableBase]
    variable: Variable
    gate: Gate | Typical
    exceptions: Rows | None
    statements: tuple[Statement, ...]

    @property
    def is_typical(self) -> bool:
        """Whether the gate waits for how the parents stand together."""
        return isinstance(self.gate, Typical)

    def finished(self, joint: Table | None) -> Gate:
        """The gate. A typical one is calibrated where no exception holds: there alone its base speaks."""
        gate = self.gate
        if isinstance(gate, Typical):
            assert joint is not None
            gate = gate.over(joint if self.exceptions is None else np.where(self.exceptions.mask, 0.0, joint))
        if self.exceptions is None:
            return gate
        over = self.exceptions
        return Pinned(gate, over.mask, over.rows, over.ess, over.owner, over.pools)


def draft(written: Written[VariableBase], known: Known, problems: list[Problem]) -> Drafted | None:
    """Understand one variable, or note everything that cannot be understood and return None."""
    before = len(problems)
    reader = Reader(written, known, problems)
    if not reader.has_all_parents:
        _apart_from_parents(reader, reader.said)
        return None
    if reader.is_too_large():
        return None
    gate = _gate(reader)
    over = exceptions(reader)
    if gate is None or len(problems) > before:
        return None
    said = written.said
    variable = Variable(written.name, tuple(said.states), tuple(said.parents))
    return Drafted(written, variable, gate, over, tuple(reader.statements))


def _apart_from_parents(reader: Reader, said: object, *steps: Step) -> None:
    """Note what is wrong with numbers, words and sources of a variable whose parents are not known."""
    match said:
        case Distribution():
            stated_row(reader, said, *steps, one_of_two=isinstance(said, Base))
            reader.check_sources(said, *steps)
        case Strength():
            stated_strength(reader, said, *steps)
            reader.check_sources(said, *steps)
        case Weight() | Shift():
            reader.size(said, *steps)
            reader.check_sources(said, *steps)
        case Definition():
            for name, field in type(said).model_fields.items():
                _apart_from_parents(reader, getattr(said, name), *steps, field.alias or name)
        case dict():
            for key, value in said.items():
                _apart_from_parents(reader, value, *steps, key)
        case list():
            for position, value in enumerate(said):
                _apart_from_parents(reader, value, *steps, position)
    if isinstance(said, RankedVariable):
        reader.amount("spread", said.spread, "spread")


def _gate(reader: Reader) -> Gate | Typical | None:
    match reader.said:
        case TableVariable():
            return _table(reader, reader.said)
        case AnyCauseVariable():
            return _any_cause(reader, reader.said)
        case AllNeededVariable():
            return _all_needed(reader, reader.said)
        case InfluencesVariable():
            return influences(reader, reader.said)
        case RankedVariable():
            return _ranked(reader, reader.said)
        case RuleVariable():
            return _rule(reader, reader.said)
    raise TypeError(f"no gate for {type(reader.said).__name__}")


def _table(reader: Reader, said: TableVariable) -> TableGate | None:
    table, placed = laid(reader, said.rows, "rows")
    if placed and said.default is not None:
        lay_default(reader, table, said.default, len(said.rows))
    elif placed:
        reader.check_gaps(table.mask, "rows", "a row for each")
    if not table.mask.all() or not np.isclose(table.rows.sum(axis=-1), 1).all():
        return None
    fallback = None if said.default is None else len(said.rows)
    return TableGate(table.rows, table.ess, table.owner, table.pools, fallback)


class _ByState(NamedTuple):
    """What each state of each parent does alone, one of each for each parent."""

    effects: tuple[Table, ...]
    sizes: tuple[Table, ...]
    owners: tuple[Integers, ...]
    pools: tuple[dict[int, RowPool], ...]


def _by_state(reader: Reader, causes: Mapping[str, list[Cause]], key: str, nothing: Table) -> _ByState:
    """What each state of each parent does alone; ``nothing`` for the states not named."""
    effects = tuple(np.tile(nothing, (card, 1)) for card in reader.cards)
    sizes = tuple(np.full(card, math.inf) for card in reader.cards)
    owners = tuple(np.full(card, -1, dtype=np.int64) for card in reader.cards)
    pools: tuple[dict[int, RowPool], ...] = tuple({} for _ in reader.cards)
    for parent in (name for name in causes if name in reader.parents):
        i = reader.parents.index(parent)
        for position, cause in enumerate(causes[parent]):
            steps = (key, parent, position)
            chosen = reader.states_once(cause.if_, i, owners[i], position, *steps)
            stated = stated_row(reader, cause, *steps)
            if chosen is not None and stated is not None:
                effects[i][chosen], sizes[i][chosen] = stated.row, stated.ess
                if stated.pool is not None:
                    pools[i][position] = stated.pool
                what = f"{as_yaml({parent: cause.if_})} alone: {reader.said_row(stated.row)}"
                reader.state(cause, what, stated.ess, *steps, pool=stated.told)
    return _ByState(effects, sizes, owners, pools)


def _alone(reader: Reader, row: Row, key: str, what: str) -> StatedRow | None:
    """A distribution that depends on no parent: a leak or a ceiling."""
    if row.when:
        reader.note(key, "when", found="a condition", expected="none: this is what happens apart from the parents")
    stated = stated_row(reader, row, key)
    if stated is not None:
        reader.state(row, f"{what}: {reader.said_row(stated.row)}", stated.ess, key, pool=stated.told)
    return stated


def _any_cause(reader: Reader, said: AnyCauseVariable) -> AnyCause | None:
    reader.check_used(said.causes, "causes")
    lowest = np.eye(len(reader.states))[0]
    effects, sizes, owners, pools = _by_state(reader, said.causes, "causes", lowest)
    leak = _alone(reader, said.leak, "leak", "with no cause")
    return AnyCause(leak.row, leak.ess, effects, sizes, owners, leak.pool, pools) if leak else None


def _all_needed(reader: Reader, said: AllNeededVariable) -> AllNeeded | None:
    reader.check_used(said.needs, "needs")
    highest = np.eye(len(reader.states))[-1]
    limits, sizes, owners, pools = _by_state(reader, said.needs, "needs", highest)
    ceiling = _alone(reader, said.ceiling, "ceiling", "when everything allows it")
    return AllNeeded(ceiling.row, ceiling.ess, limits, sizes, owners, ceiling.pool, pools) if ceiling else None


def _ranked(reader: Reader, said: RankedVariable) -> Ranked | None:
    good = reader.check_used(said.weights, "weights", exceptions_count=False)
    size = reader.size(said)
    variance = reader.amount("spread", said.spread, "spread")
    own = _weight_sizes(reader, said)
    weights = _ranked_weights(reader, said)
    if not good or variance is None or weights is None or any(p not in said.weights for p in reader.parents):
        return None
    reader.state(said, f"combined by {said.combine}, with a variance of {variance:g}", size)
    return Ranked(
        states=len(reader.states),
        combine=said.combine,
        weights=weights,
        reversed=tuple(said.weights[parent].effect == "lowers" for parent in reader.parents),
        cards=reader.cards,
        variance=variance,
        ess=None if math.isinf(size) else size,
        weights_ess=None if said.combine == "mixminmax" else own,
    )


def _weight_sizes(reader: Reader, said: RankedVariable) -> tuple[float, ...]:
    """How sure each weight is, in the order of the parents."""
    sizes = {}
    for parent, weight in said.weights.items():
        sizes[parent] = reader.size(weight, "weights", parent)
        if parent in reader.parents:
            what = f"{parent} {weight.effect} it with weight {weight.weight:g}"
            reader.state(weight, what, sizes[parent], "weights", parent)
    return tuple(sizes[parent] for parent in reader.parents if parent in sizes)


def _ranked_weights(reader: Reader, said: RankedVariable) -> tuple[float, ...] | None:
    ends = (said.worst, said.best)
    if said.combine != "mixminmax":
        for key, end in zip(("worst", "best"), ends, strict=True):
            if end is not None:
                reader.note(key, found=f"{key!r} with {said.combine}", expected="'combine: mixminmax'", at_key=True)
        return tuple(said.weights[parent].weight for parent in reader.parents if parent in said.weights)
    for parent, weight in said.weights.items():
        if "weight" in weight.model_fields_set:
            expected = "only worst and best weigh in mixminmax"
            reader.note("weights", parent, "weight", found="a weight of one parent", expected=expected, at_key=True)
    if said.worst is None or said.best is None:
        reader.note("combine", found="mixminmax without its two weights", expected="'worst' and 'best' beside it")
        return None
    return said.worst, said.best


def _rule(reader: Reader, said: RuleVariable) -> Rule | None:
    owner = np.full(reader.cards, -1, dtype=np.int64)
    outcome = np.full(reader.cards, -1, dtype=np.int64)
    placed = True
    for position, rule in enumerate(said.rules):
        mask = reader.combinations(rule.when, "rules", position, "when")
        state = reader.chosen(rule.is_, reader.states, reader.written.name, "rules", position, "is")
        placed = placed and mask is not None and state is not None
        if mask is None or state is None:
            continue
        reader.check_overlap(mask, owner, "rules", position)
        owner[mask], outcome[mask] = position, state[0]
        reader.state_rule(f"when {as_yaml(rule.when)}: {rule.is_}", "rules", position)
    if said.otherwise is not None:
        state = reader.chosen(said.otherwise, reader.states, reader.written.name, "otherwise")
        outcome[outcome < 0] = state[0] if state else 0
        reader.state_rule(f"otherwise: {said.otherwise}", "otherwise")
    elif placed:
        reader.check_gaps(owner >= 0, "rules", "a rule for each, or 'otherwise'")
    return Rule(outcome, len(reader.states)) if (outcome >= 0).all() else None
