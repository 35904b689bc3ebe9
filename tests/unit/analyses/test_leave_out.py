"""What each kind of gate says without one of its statements, against a gate that states as much by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.analyses.leave_out import even, table_without, without
from model.gates import AllNeeded, AnyCause, Influences, Pinned, Ranked
from model.network import Table
from model.priors import load
from model.specification import Model

KINDS = Path(__file__).parents[2] / "data" / "kinds"
Place = tuple[str | int, ...]


@pytest.fixture(scope="module")
def kinds() -> Model:
    return load(KINDS)


def left(model: Model, name: str, *places: Place) -> Table:
    """The table of a variable without the statements at these places."""
    described = model.described[name]
    silent = [said for said in described.statements if said.place in places]
    assert len(silent) == len(places)
    return without(described, model.network[name], silent)


def test_without_nothing_the_table_stays(kinds: Model) -> None:
    for name in kinds.network.names:
        np.testing.assert_allclose(left(kinds, name), kinds.network.tables[name], atol=1e-14)


def test_a_row_becomes_even_over_what_it_allows_for(kinds: Model) -> None:
    np.testing.assert_allclose(left(kinds, "c", ("rows", 0)), [1 / 3, 1 / 3, 1 / 3])
    assert even(np.array([[0.0, 0.3, 0.7]])).tolist() == [[0, 0.5, 0.5]]


def test_a_cause_does_nothing_and_a_leak_is_even(kinds: Model) -> None:
    gate = kinds.described["any"].gate
    assert isinstance(gate, AnyCause)
    effects = (np.array([[1.0, 0, 0], [1, 0, 0]]), gate.effects[1])
    np.testing.assert_allclose(left(kinds, "any", ("causes", "a", 0)), replace(gate, effects=effects).table())
    np.testing.assert_allclose(left(kinds, "any", ("leak",)), replace(gate, leak=np.full(3, 1 / 3)).table())
    second = np.array(gate.effects[1])
    second[2] = (1, 0, 0)
    found = left(kinds, "any", ("causes", "c", 1))
    np.testing.assert_allclose(found, replace(gate, effects=(gate.effects[0], second)).table())


def test_a_need_limits_nothing_and_a_ceiling_is_even(kinds: Model) -> None:
    gate = kinds.described["all"].gate
    assert isinstance(gate, AllNeeded)
    limits = (gate.limits[0], np.array([[0.0, 1], [0, 1]]))
    np.testing.assert_allclose(left(kinds, "all", ("needs", "b", 0)), replace(gate, limits=limits).table())
    np.testing.assert_allclose(left(kinds, "all", ("ceiling",)), replace(gate, ceiling=np.array([0.5, 0.5])).table())


def test_an_influence_has_no_strength_and_a_typical_base_is_still_the_average(kinds: Model) -> None:
    gate = kinds.described["typical"].gate
    assert isinstance(gate, Influences)
    weaker = replace(gate, effects=(replace(gate.effects[0], strength=0), gate.effects[1]))
    found = left(kinds, "typical", ("influences", "a"))
    np.testing.assert_allclose(found, weaker.table())
    average = np.einsum("ab,abs->s", gate.parents_joint, found)
    np.testing.assert_allclose(average, gate.base, atol=1e-12)
    average = np.einsum("ab,abs->s", gate.parents_joint, left(kinds, "typical", ("base",)))
    np.testing.assert_allclose(average, [0.5, 0.5], atol=1e-12)


def test_a_shift_of_several_states_is_left_out_whole(kinds: Model) -> None:
    gate = kinds.described["unordered"].gate
    assert isinstance(gate, Influences)
    weaker = tuple(replace(effect, strength=0) if effect.parent == 1 else effect for effect in gate.effects)
    found = left(kinds, "unordered", ("influences", "b"))
    np.testing.assert_allclose(found, replace(gate, effects=weaker).table())


def test_an_exception_stays_what_it_allows_for_over_a_gate_that_lost_its_base(kinds: Model) -> None:
    gate = kinds.described["ordered"].gate
    assert isinstance(gate, Pinned)
    assert isinstance(gate.gate, Influences)
    base = np.full(3, 1 / 3)
    found = left(kinds, "ordered", ("base",), ("except", 0))
    np.testing.assert_allclose(found, replace(gate, gate=replace(gate.gate, base=base)).table())


def test_a_weight_is_one_and_without_its_variance_a_ranked_variable_is_even(kinds: Model) -> None:
    gate = kinds.described["ranked"].gate
    assert isinstance(gate, Ranked)
    found = left(kinds, "ranked", ("weights", "c"))
    np.testing.assert_allclose(found, replace(gate, weights=(1.0, 1.0)).table())
    np.testing.assert_allclose(left(kinds, "ranked", ()), 1 / 3)


def test_of_a_pool_the_experts_who_cite_something_else_remain() -> None:
    flagship = load(Path(__file__).parents[3] / "priors" / "mosul-2017")
    [said] = [one for one in flagship.described["early_return"].statements if one.pool is not None]
    others = [expert for expert in said.pool.members if "B17" not in expert.sources]
    assert len(others) == len(said.pool.members) - 1 == 1
    table = table_without(flagship, "early_return", "B17", partly=True)
    assert table is not None
    europe = flagship.network["home_region"].states.index("europe")
    np.testing.assert_allclose(table[europe], others[0].row)
    moved = np.abs(table - flagship.network.tables["early_return"]).max(axis=1) > 0
    assert np.flatnonzero(moved).tolist() == [europe]
