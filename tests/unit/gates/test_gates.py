"""Words to tables: worked examples of each kind, what a draw keeps, and what a gate refuses."""

from itertools import product

import numpy as np
import pytest

from model.errors import BadNetwork
from model.gates import (
    AllNeeded,
    AnyCause,
    Gate,
    Influence,
    Influences,
    Pinned,
    Ranked,
    Rule,
    TableGate,
    all_needed,
    any_cause,
    calibrated_nominal,
    calibrated_ordinal,
    nominal,
    ordinal,
    ranked,
)
from model.gates.formulas import Combine
from model.gates.streams import Stream
from model.network import Table

CERTAIN = np.inf
FOUR = 10 * np.log10(4)
HALF = -10 * np.log10(2)


def cause(chance: float) -> Table:
    """What a binary cause does alone, absent and present."""
    return np.array([[1.0, 0.0], [1 - chance, chance]])


def noisy_or(*, ess: float = 20.0) -> AnyCause:
    effects = tuple(cause(chance) for chance in (0.3, 0.6, 0.8))
    return AnyCause(np.array([0.95, 0.05]), ess, effects, (np.array([CERTAIN, ess]),) * 3)


def returns_home(when: str, *, ess: float = 30.0) -> Influences:
    """Base 10 %, one parent (30 % yes) at odds times 4, another (60 % yes) at odds times 1/2."""
    effects = (
        Influence(0, FOUR, np.array([0.0, 1.0]), ess),
        Influence(1, HALF, np.array([0.0, 1.0]), ess),
    )
    joint = np.outer([0.7, 0.3], [0.4, 0.6]) if when == "typical" else None
    base = np.array([0.9, 0.1])
    return Influences("ordinal", base, ess, "typical" if when == "typical" else "reference", effects, (2, 2), joint)


def destinations(*, when_typical: bool = False) -> Influences:
    away = np.zeros((2, 4))
    away[1, 0] = 1
    third, fourth = np.zeros((2, 4)), np.zeros((2, 4))
    third[1, 2] = fourth[1, 3] = 1
    effects = (
        Influence(0, -10 * np.log10(3), away, 30.0),
        Influence(1, FOUR, third, 30.0),
        Influence(1, -HALF, fourth, 30.0),
    )
    joint = np.array([[0.1, 0.2], [0.3, 0.4]]) if when_typical else None
    base = np.array([0.5, 0.3, 0.15, 0.05])
    return Influences("nominal", base, 30.0, "typical" if when_typical else "reference", effects, (2, 2), joint)


def middle(combine: Combine, weights: tuple[float, ...], levels: tuple[int, ...], *, samples: int = 1) -> Table:
    """The row of a ranked child of three states at these levels of parents of three states; variance 0.05."""
    table = ranked(
        np.array(weights),
        np.array(0.05),
        states=3,
        combine=combine,
        cards=(3,) * len(levels),
        reverse=(False,) * len(levels),
        samples=samples,
    )
    return table[levels]


def every_gate() -> dict[str, Gate]:
    rows = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.2, 0.8], [1.0, 0.0]]])
    mask = np.array([[False, True], [False, False]])
    table = TableGate(rows, np.full((2, 2), 20.0))
    return {
        "table": table,
        "any cause": noisy_or(),
        "all needed": AllNeeded(np.array([0.05, 0.95]), 30.0, (cause(0.3)[::-1],), (np.array([20.0, CERTAIN]),)),
        "influences": returns_home("reference"),
        "typical influences": returns_home("typical"),
        "nominal influences": destinations(),
        "typical nominal influences": destinations(when_typical=True),
        "ranked": Ranked(3, "mean", (3.0, 1.0), (False, True), (3, 2), 0.05, 30.0),
        "rule": Rule(np.array([[0, 1], [1, 2]]), 3),
        "pinned": Pinned(returns_home("reference"), mask, rows, np.full((2, 2), 50.0)),
    }


def test_any_cause_of_three_is_the_noisy_or_of_the_net_form() -> None:
    expected = {
        (0, 0, 0): 0.05,
        (1, 0, 0): 0.335,
        (0, 1, 0): 0.62,
        (0, 0, 1): 0.81,
        (1, 1, 0): 0.734,
        (1, 0, 1): 0.867,
        (0, 1, 1): 0.924,
        (1, 1, 1): 0.9468,
    }
    table = noisy_or().table()
    assert {when: float(table[(*when, 1)]) for when in expected} == pytest.approx(expected, abs=1e-15)


def test_any_cause_of_ordered_states_is_the_noisy_max() -> None:
    first = np.array([[1, 0, 0], [0.5, 0.3, 0.2]])
    second = np.array([[1, 0, 0], [0.7, 0.2, 0.1], [0.2, 0.3, 0.5]])
    table = any_cause(np.array([0.9, 0.08, 0.02]), [first, second])
    expected = [
        [[0.9, 0.08, 0.02], [0.63, 0.252, 0.118], [0.18, 0.31, 0.51]],
        [[0.45, 0.334, 0.216], [0.315, 0.3906, 0.2944], [0.09, 0.302, 0.608]],
    ]
    np.testing.assert_allclose(table, expected, atol=1e-15)


def test_a_state_that_no_cause_reaches_stays_impossible() -> None:
    thirds = np.array([[1.0, 0.0, 0.0], [0.1, 0.9, 0.0], [0.7, 0.3, 0.0]])
    table = any_cause(np.array([0.1, 0.9, 0.0]), [thirds, thirds])
    assert (table[..., 2] == 0).all()


def test_all_needed_is_the_lowest_of_what_each_parent_allows() -> None:
    ceiling = np.array([0.02, 0.08, 0.9])
    limits = [np.array([[0.5, 0.3, 0.2], [0.0, 0.0, 1.0]]), np.array([[0.2, 0.5, 0.3], [0.0, 0.1, 0.9]])]
    table = all_needed(ceiling, limits)
    for first, second in product(range(2), range(2)):
        row = np.zeros(3)
        for a, b, c in product(range(3), repeat=3):
            row[min(a, b, c)] += ceiling[a] * limits[0][first, b] * limits[1][second, c]
        np.testing.assert_allclose(table[first, second], row, atol=1e-15)


def test_ordinal_influences_multiply_the_odds_of_being_above_each_threshold() -> None:
    base = np.array([0.5, 0.3, 0.2])
    raised, lowered, both = ordinal(base, np.log([4.0, 0.5, 2.0]))
    np.testing.assert_allclose(raised, [0.2, 0.3, 0.5], atol=1e-15)
    np.testing.assert_allclose(lowered, [2 / 3, 2 / 9, 1 / 9], atol=1e-15)
    np.testing.assert_allclose(both, [1 / 3, 1 / 3, 1 / 3], atol=1e-15)


def test_an_influence_far_beyond_reason_keeps_every_state_possible() -> None:
    table = Influences(
        "ordinal", np.array([0.5, 0.5]), 30.0, "reference", (Influence(0, 9000.0, np.array([-1.0, 1.0]), 30.0),), (2,)
    ).table()
    assert (table > 0).all()
    np.testing.assert_allclose(table.sum(axis=-1), 1)


def test_nominal_influences_multiply_the_odds_of_each_state() -> None:
    table = destinations().table()
    np.testing.assert_allclose(table[0, 0], [0.5, 0.3, 0.15, 0.05], atol=1e-15)
    np.testing.assert_allclose(table[1, 0], [0.25, 0.45, 0.225, 0.075], atol=1e-15)
    np.testing.assert_allclose(table[0, 1], [1 / 3, 0.2, 0.4, 1 / 15], atol=1e-15)
    np.testing.assert_allclose(table[1, 1], [1 / 7, 9 / 35, 18 / 35, 3 / 35], atol=1e-15)


def test_a_typical_base_is_met_on_average_by_an_intercept_solved_for() -> None:
    gate = returns_home("typical")
    reference = gate.reference()
    assert np.log(reference[1] / reference[0]) == pytest.approx(-2.412978205009, abs=1e-11)
    expected = [[0.082188382115, 0.042855294727], [0.263727515104, 0.151892930055]]
    np.testing.assert_allclose(gate.table()[..., 1], expected, atol=1e-11)


def test_a_base_at_the_reference_is_the_row_where_nothing_acts() -> None:
    gate = returns_home("reference")
    np.testing.assert_allclose(gate.table()[0, 0], [0.9, 0.1], atol=1e-15)
    np.testing.assert_array_equal(gate.reference(), gate.base)


def test_a_base_at_the_reference_takes_no_notice_of_a_joint() -> None:
    gate = returns_home("typical")
    fixed = Influences("ordinal", gate.base, 30.0, "reference", gate.effects, gate.cards, gate.parents_joint)
    np.testing.assert_array_equal(fixed.table(), returns_home("reference").table())


def test_a_typical_base_ignores_combinations_that_never_occur() -> None:
    joint = np.array([[0.0, 0.0], [0.5, 0.5]])
    shift = np.log([[1.0, 1.0], [4.0, 1.0]])
    base = np.array([0.6, 0.4])
    average = np.tensordot(joint, ordinal(calibrated_ordinal(base, shift, joint), shift), 2)
    np.testing.assert_allclose(average, base, atol=1e-14)


def test_a_joint_need_not_sum_to_1_since_combinations_may_be_taken_out_of_it() -> None:
    gate = returns_home("typical")
    assert gate.parents_joint is not None
    scaled = Influences("ordinal", gate.base, 30.0, "typical", gate.effects, gate.cards, gate.parents_joint * 0.2)
    np.testing.assert_allclose(scaled.table(), gate.table(), atol=1e-13)


def test_a_typical_nominal_base_is_met_on_average() -> None:
    gate = destinations(when_typical=True)
    assert gate.parents_joint is not None
    np.testing.assert_allclose(np.tensordot(gate.parents_joint, gate.table(), 2), gate.base, atol=1e-13)


def test_a_nominal_calibration_survives_near_deterministic_influences() -> None:
    shift = np.array([[0.0, 0.0, 0.0], [60.0, 0.0, -60.0], [-60.0, 60.0, 0.0]])
    joint, base = np.array([0.5, 0.3, 0.2]), np.array([0.7, 0.1, 0.2])
    row = calibrated_nominal(base, shift, joint)
    np.testing.assert_allclose(joint @ nominal(row, shift), base, atol=1e-12)


@pytest.mark.parametrize(
    ("combine", "expected"),
    [
        ("mean", (0.0715536306, 0.4642231847, 0.4642231847)),
        ("max", (0.0715536306, 0.4642231847, 0.4642231847)),
        ("min", (0.2209552335, 0.5580895330, 0.2209552335)),
        ("mixminmax", (0.4642231847, 0.4642231847, 0.0715536306)),
    ],
)
def test_a_ranked_child_of_two_parents_is_a_normal_cut_to_the_unit(combine: Combine, expected: Table) -> None:
    np.testing.assert_allclose(middle(combine, (3.0, 1.0), (2, 0)), expected, atol=1e-10)


@pytest.mark.parametrize(
    ("combine", "expected"),
    [
        ("mean", (0.1087315907, 0.5137132634, 0.3775551459)),
        ("min", (0.2209552335, 0.5580895330, 0.2209552335)),
        ("max", (0.0924294594, 0.4955791856, 0.4119913550)),
    ],
)
def test_a_ranked_child_of_three_parents_tells_the_ways_to_combine_apart(combine: Combine, expected: Table) -> None:
    np.testing.assert_allclose(middle(combine, (3.0, 1.0, 2.0), (2, 0, 1)), expected, atol=1e-10)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (5, (0.0812313092, 0.4549932604, 0.4637754304)),
        (10, (0.0815227306, 0.4547086231, 0.4637686463)),
    ],
)
def test_a_ranked_row_averages_over_mid_points_of_the_parents_bins(samples: int, expected: Table) -> None:
    np.testing.assert_allclose(middle("mean", (3.0, 1.0), (2, 0), samples=samples), expected, atol=1e-10)


def test_three_gauss_points_come_near_the_exact_average_over_the_bins() -> None:
    exact = (0.0816197166, 0.4546138297, 0.4637664537)
    np.testing.assert_allclose(middle("mean", (3.0, 1.0), (2, 0), samples=3), exact, atol=1e-5)


def test_a_ranked_child_of_a_tiny_variance_has_rows_and_no_zero_divided_by_zero() -> None:
    table = Ranked(5, "mean", (1.0, 1.0), (False, False), (5, 5), 1e-6, None).table()
    np.testing.assert_allclose(table.sum(axis=-1), 1, atol=1e-12)
    assert table[0, 0, 0] == pytest.approx(1)
    assert table[4, 4, 4] == pytest.approx(1)


def test_a_rule_puts_everything_on_the_state_it_names() -> None:
    expected = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
    np.testing.assert_array_equal(Rule(np.array([[0, 1], [1, 1]]), 2).table(), expected)


def test_pinned_rows_replace_those_of_the_gate_and_leave_the_others() -> None:
    gate = returns_home("reference")
    mask = np.array([[True, False], [False, False]])
    pinned = Pinned(gate, mask, np.broadcast_to([1.0, 0.0], (2, 2, 2)), np.full((2, 2), CERTAIN))
    np.testing.assert_array_equal(pinned.table()[0, 0], [1, 0])
    np.testing.assert_array_equal(pinned.table()[~mask], gate.table()[~mask])
    drawn = pinned.draw(Stream(5), 50)
    assert (drawn[:, 0, 0] == [1, 0]).all()
    assert drawn[:, 1, 1].std(axis=0).min() > 0


@pytest.mark.parametrize("name", every_gate())
def test_draws_of_every_gate_are_tables_with_the_zeros_of_the_stated_one(name: str) -> None:
    gate = every_gate()[name]
    table = gate.table()
    drawn = gate.draw(Stream(7), 200)
    assert drawn.shape == (200, *table.shape)
    np.testing.assert_allclose(drawn.sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_array_equal(drawn == 0, np.broadcast_to(table == 0, drawn.shape))


@pytest.mark.parametrize("name", every_gate())
def test_one_seed_draws_the_same_bytes(name: str) -> None:
    gate = every_gate()[name]
    once = gate.draw(Stream(11), 20)
    assert once.tobytes() == gate.draw(Stream(11), 20).tobytes()


@pytest.mark.parametrize(("probability", "ess"), [(0.3, 4.0), (0.5, 10.0), (0.02, 30.0)])
def test_a_row_is_drawn_with_the_mean_and_the_variance_of_its_dirichlet(probability: float, ess: float) -> None:
    row = np.array([probability, 0.9 - probability, 0.1, 0.0])
    drawn = TableGate(row, np.array(ess)).draw(Stream(13), 40_000)
    variance = row * (1 - row) / (ess + 1)
    np.testing.assert_allclose(drawn.mean(axis=0), row, atol=5 * np.sqrt(variance.max() / 40_000))
    np.testing.assert_allclose(drawn.var(axis=0), variance, rtol=0.06)


def test_a_row_known_for_certain_never_moves() -> None:
    drawn = TableGate(np.array([[0.9, 0.1], [0.5, 0.5]]), np.array([CERTAIN, 10.0])).draw(Stream(1), 30)
    assert (drawn[:, 0] == [0.9, 0.1]).all()
    assert len(np.unique(drawn[:, 1, 0])) == 30


def test_what_is_possible_is_never_drawn_impossible() -> None:
    drawn = TableGate(np.array([1e-9, 1 - 1e-9]), np.array(4.0)).draw(Stream(3), 1000)
    assert (drawn > 0).all()


def test_rows_written_as_one_statement_are_drawn_as_one() -> None:
    rows = np.array([[0.9, 0.1], [0.5, 0.5], [0.9, 0.1]])
    drawn = TableGate(rows, np.full(3, 10.0), tied=np.array([0, 1, 0])).draw(Stream(1), 30)
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 2])
    assert (drawn[:, 0] != drawn[:, 1]).all()


def test_states_of_a_parent_written_as_one_cause_are_drawn_as_one() -> None:
    effect = np.array([[1, 0], [0.4, 0.6], [0.4, 0.6]])
    ess, tied = np.array([CERTAIN, 9.0, 9.0]), np.array([0, 1, 1])
    drawn = AnyCause(np.array([0.9, 0.1]), 20.0, (effect,), (ess,), (tied,)).draw(Stream(1), 30)
    np.testing.assert_array_equal(drawn[:, 1], drawn[:, 2])
    assert (drawn[:, 0] != drawn[:, 1]).all()


def test_uncertainty_of_a_gate_is_on_its_parameters_and_wider_than_on_its_rows() -> None:
    gate = noisy_or()
    exact, by_rows = 0.0444720520, 0.0284903357
    draws = 60_000
    drawn = gate.draw(Stream(17), draws)[..., 1].mean(axis=(1, 2, 3))
    rows = TableGate(gate.table(), np.full((2, 2, 2), 20.0)).draw(Stream(17), draws)
    assert drawn.mean() == pytest.approx(0.66085, abs=5 * exact / np.sqrt(draws))
    assert drawn.std() == pytest.approx(exact, rel=5 / np.sqrt(2 * draws))
    assert rows[..., 1].mean(axis=(1, 2, 3)).std() == pytest.approx(by_rows, rel=5 / np.sqrt(2 * draws))


def test_a_strength_is_drawn_as_a_normal_on_the_log_odds() -> None:
    ess = 16.0
    gate = Influences(
        "ordinal", np.array([0.5, 0.5]), CERTAIN, "reference", (Influence(0, FOUR, np.array([0.0, 1.0]), ess),), (2,)
    )
    drawn = gate.draw(Stream(19), 20_000)[:, 1]
    log_odds = np.log(drawn[:, 1] / drawn[:, 0])
    assert log_odds.mean() == pytest.approx(np.log(4), abs=0.02)
    assert log_odds.std() == pytest.approx(2 / np.sqrt(ess), rel=0.03)


def test_a_slope_over_several_states_moves_as_one_parameter() -> None:
    pattern = np.array([-1.0, 0.0, 1.0])
    gate = Influences("ordinal", np.array([0.5, 0.5]), CERTAIN, "reference", (Influence(0, 5.0, pattern, 9.0),), (3,))
    drawn = gate.draw(Stream(23), 40)
    log_odds = np.log(drawn[..., 1] / drawn[..., 0])
    np.testing.assert_allclose(log_odds[:, 0], -log_odds[:, 2], atol=1e-12)
    np.testing.assert_allclose(log_odds[:, 1], 0, atol=1e-12)
    assert log_odds[:, 2].std() > 0.4


def test_every_draw_of_a_typical_base_is_calibrated_anew() -> None:
    gate = returns_home("typical")
    sure_base = Influences("ordinal", gate.base, CERTAIN, "typical", gate.effects, gate.cards, gate.parents_joint)
    assert sure_base.parents_joint is not None
    drawn = sure_base.draw(Stream(29), 100)
    average = np.einsum("drcs,rc->ds", drawn, sure_base.parents_joint)
    np.testing.assert_allclose(average, np.broadcast_to(gate.base, average.shape), atol=1e-12)
    assert drawn[:, 1, 0, 1].std() > 0.02


def test_ranked_weights_and_variance_are_drawn_log_normally_or_not_at_all() -> None:
    sure = Ranked(3, "mean", (3.0, 1.0), (False, False), (3, 3), 0.05, None)
    np.testing.assert_allclose(sure.draw(Stream(1), 5), np.broadcast_to(sure.table(), (5, 3, 3, 3)))
    unsure = Ranked(3, "mean", (3.0, 1.0), (False, False), (3, 3), 0.05, 10.0)
    drawn = unsure.draw(Stream(1), 4000)
    assert drawn[:, 2, 0, 2].std() > 0.05
    np.testing.assert_allclose(np.median(drawn, axis=0), sure.table(), atol=0.02)


def test_a_ranked_variance_is_drawn_even_where_one_parent_makes_its_weight_idle() -> None:
    gate = Ranked(3, "mean", (1.0,), (False,), (3,), 0.05, 10.0)
    table, drawn = gate.table(), gate.draw(Stream(1), 4000)
    assert drawn[:, 1, 1].std() > 0.05
    doubled = Ranked(3, "mean", (1.0,), (False,), (3,), 0.05 * np.exp(np.sqrt(2 / 10)), None).table()
    share_below = (drawn[:, 1, 1] > doubled[1, 1]).mean()
    assert doubled[1, 1] < table[1, 1]
    assert share_below == pytest.approx(0.841, abs=0.03)


def test_ranked_draws_in_blocks_equal_draws_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Ranked(3, "min", (3.0, 1.0), (False, True), (3, 3), 0.05, 10.0)
    at_once = gate.draw(Stream(1), 20)
    monkeypatch.setattr("model.gates.kinds.BLOCK", 3 * 3 * 25 * 3 * 7)
    np.testing.assert_array_equal(gate.draw(Stream(1), 20), at_once)


def test_a_gate_cannot_be_changed_once_built() -> None:
    gate = noisy_or()
    with pytest.raises(ValueError, match="read-only"):
        gate.effects[0][1, 1] = 0.9


def test_a_gate_keeps_its_numbers_when_the_callers_array_changes() -> None:
    rows = np.array([[0.9, 0.1], [0.5, 0.5]])
    gate = TableGate(rows, np.array([10.0, 10.0]))
    rows[0] = [0.0, 1.0]
    np.testing.assert_array_equal(gate.table()[0], [0.9, 0.1])


def test_rows_that_do_not_sum_to_1_are_refused() -> None:
    with pytest.raises(BadNetwork, match=r"rows of a gate has a row that is 0\.1 off the sum of 1"):
        TableGate(np.array([0.5, 0.4]), np.array(10.0))


def test_a_negative_probability_is_refused() -> None:
    with pytest.raises(BadNetwork, match="must be probabilities"):
        TableGate(np.array([1.5, -0.5]), np.array(10.0))


def test_a_sample_size_of_the_wrong_shape_is_refused_with_both_shapes() -> None:
    with pytest.raises(BadNetwork, match=r"ess of a gate has shape \(3,\), not \(2,\)"):
        TableGate(np.array([[0.9, 0.1], [0.5, 0.5]]), np.full(3, 10.0))


def test_a_sample_size_of_zero_is_refused() -> None:
    with pytest.raises(BadNetwork, match="ess of a gate must be positive"):
        TableGate(np.array([0.9, 0.1]), np.array(0.0))


def test_tied_rows_that_differ_are_refused() -> None:
    with pytest.raises(BadNetwork, match="tied rows of a gate differ"):
        TableGate(np.array([[0.9, 0.1], [0.5, 0.5]]), np.full(2, 10.0), tied=np.array([0, 0]))


def test_a_typical_base_without_a_joint_is_refused() -> None:
    with pytest.raises(BadNetwork, match="needs the joint of the parents"):
        Influences("ordinal", np.array([0.5, 0.5]), 10.0, "typical", (), (2,))


def test_a_typical_base_whose_joint_is_all_zero_is_refused() -> None:
    with pytest.raises(BadNetwork, match="not all zero"):
        Influences("ordinal", np.array([0.5, 0.5]), 10.0, "typical", (), (2,), np.zeros(2))


def test_a_pattern_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(BadNetwork, match=r"pattern of parent 0 of a gate has shape \(3,\), not \(2,\)"):
        Influences("ordinal", np.array([0.5, 0.5]), 10.0, "reference", (Influence(0, 3.0, np.ones(3), 10.0),), (2,))


def test_a_ranked_gate_with_a_weight_missing_is_refused() -> None:
    with pytest.raises(BadNetwork, match="over 2 parents needs 2 weights, not 1"):
        Ranked(3, "mean", (1.0,), (False, False), (3, 3), 0.05, None)


def test_a_rule_that_names_a_state_that_is_not_is_refused() -> None:
    with pytest.raises(BadNetwork, match="names state 2, but there are 2"):
        Rule(np.array([0, 2]), 2)


@pytest.mark.parametrize("scale", ["ordinal", "nominal"])
def test_tables_over_several_joints_are_those_over_each_alone(scale: str) -> None:
    rng = np.random.default_rng(3)
    pattern = np.array([0.0, 0.5, 1.0]) if scale == "ordinal" else np.eye(3)
    effects = (
        Influence(0, 7.0, pattern, 20.0),
        Influence(1, -4.0, pattern[:2] if scale == "ordinal" else np.eye(3)[:2], 20.0),
    )
    joints = rng.dirichlet(np.ones(6), 5).reshape(5, 3, 2)
    joints[0, 1] = 0.0
    base = np.array([0.6, 0.3, 0.1])
    gates = [Influences(scale, base, 30.0, "typical", effects, (3, 2), joint) for joint in joints]
    found = gates[0].tables_over(joints)
    np.testing.assert_allclose(found, np.stack([gate.table() for gate in gates]), rtol=0, atol=1e-12)
    for joint, table in zip(joints, found, strict=True):
        np.testing.assert_allclose(np.tensordot(joint / joint.sum(), table, 2), base, rtol=0, atol=1e-12)
