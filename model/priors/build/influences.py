"""Influences: words for how strongly each parent raises, lowers or shifts a child, to the parameters of a gate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.errors import listed
from model.gates import Influence, Influences, RowPool
from model.network import Table
from model.priors.build.expert_pools import StatedStrength, stated_row, stated_strength
from model.priors.build.statements import Reader, Step
from model.priors.schema.variables import Effect, InfluencesVariable, Shift, Slope
from model.priors.yaml.source_map import as_yaml


@dataclass(frozen=True, slots=True, eq=False)
class Typical:
    """An influences gate that still waits for how its parents stand together."""

    scale: Literal["ordinal", "nominal"]
    base: Table
    base_ess: float
    effects: tuple[Influence, ...]
    cards: tuple[int, ...]
    pool: RowPool | None = None

    def over(self, joint: Table) -> Influences:
        """The gate, once it is known how often the parents stand in each combination."""
        return Influences(self.scale, self.base, self.base_ess, "typical", self.effects, self.cards, joint, self.pool)


def influences(reader: Reader, said: InfluencesVariable) -> Influences | Typical | None:
    """The gate that a base and the influences on it make; None when the base is not a distribution."""
    reader.check_used(said.influences, "influences")
    base = stated_row(reader, said.base, "base", one_of_two=True)
    if base is not None:
        typically = "typically" if said.base.when == "typical" else "when every influence is at its reference"
        what = f"{typically}: {reader.said_row(base.row)}"
        reader.state(said.base, what, base.ess, "base", pool=base.told)
    effects = tuple(
        effect
        for parent in said.influences
        if parent in reader.parents
        for effect in _effects(reader, said, reader.parents.index(parent))
    )
    if base is None:
        return None
    if said.base.when == "typical":
        return Typical(said.order, base.row, base.ess, effects, reader.cards, base.pool)
    return Influences(said.order, base.row, base.ess, "reference", effects, reader.cards, base_pool=base.pool)


def _effects(reader: Reader, said: InfluencesVariable, parent: int) -> Iterator[Influence]:
    """The parameters of one parent, as many as are written."""
    steps: tuple[Step, ...] = ("influences", reader.parents[parent])
    entry = said.influences[reader.parents[parent]]
    nominal = isinstance(entry, Shift) or (isinstance(entry, list) and isinstance(entry[0], Shift))
    if nominal != (said.order == "nominal"):
        found = "towards and away_from" if nominal else "raises or lowers"
        wanted = "raises or lowers, or 'scale: nominal'" if nominal else "towards or away_from each state"
        reader.note(*steps, found=f"{found} on the {said.order} scale", expected=wanted)
    elif isinstance(entry, Slope):
        yield from _slope(reader, entry, parent, said.base.when, *steps)
    else:
        yield from _steps_of(reader, entry, parent, said.base.when, *steps)


def _slope(reader: Reader, slope: Slope, parent: int, when: str, *steps: Step) -> Iterator[Influence]:
    states = reader.parent_states[parent]
    reference = 0
    if len(states) == 1:
        reader.note(*steps, found="a slope over one state", expected="a parent with two states at least")
    if slope.reference is not None:
        chosen = reader.chosen(slope.reference, states, reader.parents[parent], *steps, "reference")
        reference = chosen[0] if chosen else 0
    elif when == "reference":
        expected = f"the state that changes nothing, one of {listed(states)}"
        reader.note(*steps, found="no reference, though the base is at reference", expected=expected)
    stated = stated_strength(reader, slope, *steps)
    if stated is None or len(states) == 1:
        return
    pattern = (np.arange(len(states)) - reference) / (len(states) - 1)
    what = f"{reader.parents[parent]} {slope.effect} it by {stated.strength:g} dB from {states[0]} to {states[-1]}"
    reader.state(slope, what, stated.ess, *steps, pool=stated.told)
    yield _influence(parent, slope.effect, stated, pattern)


def _steps_of(
    reader: Reader, entry: Effect | Shift | list[Effect] | list[Shift], parent: int, when: str, *steps: Step
) -> Iterator[Influence]:
    """The effects of some states against the parent's others."""
    owner = np.full(reader.cards[parent], -1, dtype=np.int64)
    for position, effect in enumerate(entry if isinstance(entry, list) else [entry]):
        place = (*steps, position) if isinstance(entry, list) else steps
        chosen = reader.states_once(effect.if_, parent, owner, position, *place)
        if isinstance(effect, Effect):
            yield from _effect(reader, effect, parent, chosen, *place)
            continue
        size = reader.size(effect, *place)
        if chosen is not None:
            yield from _shift(reader, effect, parent, chosen, size, *place)
    if when == "reference" and (owner >= 0).all():
        found = "an effect of every state, though the base is at reference"
        reader.note(*steps, found=found, expected="one state at least that changes nothing")


def _effect(reader: Reader, effect: Effect, parent: int, chosen: list[int] | None, *place: Step) -> Iterator[Influence]:
    stated = stated_strength(reader, effect, *place)
    if stated is None or chosen is None:
        return
    pattern = np.zeros(reader.cards[parent])
    pattern[chosen] = 1.0
    condition = as_yaml({reader.parents[parent]: effect.if_})
    what = f"{condition} {effect.effect} it by {stated.strength:g} dB"
    reader.state(effect, what, stated.ess, *place, pool=stated.told)
    yield _influence(parent, effect.effect, stated, pattern)


def _shift(
    reader: Reader, shift: Shift, parent: int, chosen: list[int], size: float, *place: Step
) -> Iterator[Influence]:
    if not shift.towards and not shift.away_from:
        reader.note(*place, found="neither towards nor away_from", expected="one of them, with states")
    both = [state for state in shift.towards if state in shift.away_from]
    for state in both:
        expected = "one of the two"
        reader.note(*place, "away_from", state, found=f"{state!r} towards and away", expected=expected, at_key=True)
    said: list[str] = []
    for key, sign, amounts in (("towards", 1, shift.towards), ("away_from", -1, shift.away_from)):
        for state, amount in amounts.items():
            if state not in reader.states:
                reader.unknown_state(state, reader.states, reader.written.name, *place, key, state, at_key=True)
                continue
            strength = reader.amount("strength", amount, *place, key, state)
            if strength is None:
                continue
            pattern = np.zeros((reader.cards[parent], len(reader.states)))
            pattern[chosen, reader.states.index(state)] = 1.0
            said.append(f"{key.replace('_', ' ')} {state} by {strength:g} dB")
            yield Influence(parent, sign * strength, pattern, size)
    condition = as_yaml({reader.parents[parent]: shift.if_})
    reader.state(shift, f"{condition} moves it {', '.join(said)}", size, *place)


def _influence(parent: int, effect: str, stated: StatedStrength, pattern: Table) -> Influence:
    if effect == "raises":
        return Influence(parent, stated.strength, pattern, stated.ess, stated.pool)
    return Influence(parent, -stated.strength, pattern, stated.ess, stated.pool and stated.pool.turned())
