"""The words of each kind of variable, and the tables that they mean."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model.gates import AllNeeded, AnyCause, Influences, Pinned, Ranked, Rule, TableGate
from model.inference import compile as compiled
from model.inference import posterior
from model.priors import load
from model.specification import Model
from tests.prior_copies import ASIA, DATA, edited


@pytest.fixture(scope="module")
def kinds() -> Model:
    return load(DATA / "kinds")


def test_rows_are_kept_as_written_and_rest_is_what_is_left(kinds: Model) -> None:
    gate = kinds.described["c"].gate
    assert isinstance(gate, TableGate)
    assert gate.rows.tolist() == [0.2, 0.3, 0.5]
    assert gate.ess == 10


def test_any_cause_is_the_noisy_max_of_the_literature(kinds: Model) -> None:
    gate = kinds.described["any"].gate
    assert isinstance(gate, AnyCause)
    rows = [(0.9, 0.08, 0.02), (0.63, 0.252, 0.118), (0.18, 0.31, 0.51)]
    rows += [(0.45, 0.334, 0.216), (0.315, 0.3906, 0.2944), (0.09, 0.302, 0.608)]
    assert_allclose(kinds.network.tables["any"].reshape(6, 3), rows, atol=1e-12)
    assert [sizes.tolist() for sizes in gate.effect_ess] == [[np.inf, 7.0], [np.inf, 10.0, 10.0]]


def test_all_needed_multiplies_what_each_parent_allows(kinds: Model) -> None:
    assert isinstance(kinds.described["all"].gate, AllNeeded)
    yes = kinds.network.tables["all"][..., 1]
    assert_allclose(yes, [[0.9 * 0.2 * 0.5, 0.9 * 0.2], [0.9 * 0.5, 0.9]], atol=1e-12)


def test_a_typical_base_is_the_marginal_of_the_compiled_network(kinds: Model) -> None:
    yes = kinds.network.tables["typical"][..., 1]
    assert_allclose(yes, [[0.082188382115, 0.042855294727], [0.263727515104, 0.151892930055]], atol=1e-11)
    marginal = posterior(compiled(kinds.network), names=["typical"]).of("typical")
    assert_allclose(marginal, [[0.9, 0.1]], atol=1e-12)


def test_a_base_of_two_states_may_name_one(kinds: Model, tmp_path: Path) -> None:
    changed = edited(
        DATA / "kinds", tmp_path, "variables.yaml", ("base: {p: {no: 0.9, yes: 0.1}", "base: {p: {yes: 0.1}")
    )
    assert_allclose(load(changed).network.tables["typical"], kinds.network.tables["typical"], atol=1e-15)


def test_a_reference_base_is_the_row_where_nothing_acts(kinds: Model) -> None:
    table = kinds.network.tables["ordered"]
    assert_allclose(table[0, 1], [0.5, 0.3, 0.2], atol=1e-12)
    assert_allclose(table[1, 1], [0.2, 0.3, 0.5], atol=1e-12)


def test_a_slope_spreads_its_strength_evenly_from_the_lowest_to_the_highest_state(kinds: Model) -> None:
    gate = kinds.described["ordered"].gate
    assert isinstance(gate, Pinned)
    assert isinstance(gate.gate, Influences)
    assert_allclose(gate.gate.of_parent(1), [6.0, 0.0, -6.0], atol=1e-12)


def test_an_exception_is_laid_over_the_gate(kinds: Model) -> None:
    assert kinds.network.tables["ordered"][1, 0].tolist() == [0.0, 0.0, 1.0]
    gate = kinds.described["ordered"].gate
    assert isinstance(gate, Pinned)
    assert gate.mask.tolist() == [[False, False, False], [True, False, False]]


def test_nominal_influences_multiply_the_odds_of_the_states_they_name(kinds: Model) -> None:
    table = kinds.network.tables["unordered"]
    assert_allclose(table[1, 0], [0.25, 0.45, 0.225, 0.075], atol=1e-12)
    assert_allclose(table[0, 1], [1 / 3, 0.2, 0.4, 1 / 15], atol=1e-12)
    assert_allclose(table[1, 1], [1 / 7, 9 / 35, 18 / 35, 3 / 35], atol=1e-12)


def test_a_ranked_mean_is_the_interval_average_of_the_literature(kinds: Model) -> None:
    gate = kinds.described["ranked"].gate
    assert isinstance(gate, Ranked)
    assert_allclose(kinds.network.tables["ranked"][2, 0], [0.0812313092, 0.4549932604, 0.4637754304], atol=1e-9)
    assert (gate.variance, gate.ess, gate.weights_ess) == (0.05, 10.0, (40.0, 10.0))


def test_mixminmax_weighs_the_worst_and_the_best(kinds: Model) -> None:
    gate = kinds.described["ends"].gate
    assert isinstance(gate, Ranked)
    assert gate.weights == (3.0, 1.0)


def test_a_rule_decides_and_otherwise_takes_what_is_left(kinds: Model) -> None:
    gate = kinds.described["rule"].gate
    assert isinstance(gate, Rule)
    assert gate.outcome.tolist() == [[0, 1], [1, 2]]


def test_rows_for_several_states_are_one_statement_and_one_parameter() -> None:
    asia = load(ASIA)
    gate = asia.described["dysp"].gate
    assert isinstance(gate, TableGate)
    assert gate.tied is not None
    assert sorted(gate.tied.ravel()) == [0, 1, 2, 3]
    assert len(asia.described["dysp"].statements) == 4


def test_a_typical_base_is_the_marginal_where_no_exception_holds(tmp_path: Path) -> None:
    old = "      b: {if: yes, effect: lowers, strength: 3.010299956639812}\n"
    new = "    except:\n      - {when: {b: no}, p: {no: 1, yes: never}}\n"
    table = load(edited(DATA / "kinds", tmp_path, "variables.yaml", (old, new))).network.tables["typical"]
    assert table[:, 0].tolist() == [[1.0, 0.0], [1.0, 0.0]]
    assert_allclose(0.7 * table[0, 1] + 0.3 * table[1, 1], [0.9, 0.1], atol=1e-12)
