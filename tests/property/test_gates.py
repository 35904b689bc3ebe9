"""What holds for gates of any numbers: two ways to one table, and the symmetries of each kind."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model.gates import (
    AnyCause,
    Influence,
    Influences,
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

Draw = st.DrawFn

counts = st.integers(2, 4)
chances = st.floats(0, 1)
cards = st.lists(counts, min_size=1, max_size=3).map(tuple)
combines: st.SearchStrategy[Combine] = st.sampled_from(["mean", "min", "max", "mixminmax"])


@st.composite
def rows(draw: Draw, shape: tuple[int, ...]) -> Table:
    """Distributions along the last axis, with zeros among them."""
    whole = draw(arrays.arrays(np.int64, shape, elements=st.integers(0, 20))).astype(float)
    whole[..., draw(st.integers(0, shape[-1] - 1))] += 1
    return whole / whole.sum(axis=-1, keepdims=True)


@st.composite
def shifts(draw: Draw, shape: tuple[int, ...], *, most: float = 8.0) -> Table:
    return draw(arrays.arrays(np.float64, shape, elements=st.floats(-most, most)))


@st.composite
def causes(draw: Draw) -> tuple[Table, list[Table]]:
    states = draw(counts)
    effects = [draw(rows((card, states))) for card in draw(cards)]
    return draw(rows((states,))), effects


@st.composite
def typical_ordinal(draw: Draw) -> tuple[Table, Table, Table]:
    parents, states = draw(cards), draw(counts)
    return draw(rows((states,))), draw(shifts(parents)), draw(rows((int(np.prod(parents)),))).reshape(parents)


@st.composite
def typical_nominal(draw: Draw) -> tuple[Table, Table, Table]:
    parents, states = draw(cards), draw(counts)
    joint = draw(rows((int(np.prod(parents)),))).reshape(parents)
    return draw(rows((states,))), draw(shifts((*parents, states))), joint


def by_outcomes(leak: Table, effects: list[Table]) -> Table:
    """The table of any cause by going through all that leak and causes may bring about together."""
    table = np.zeros((*(len(effect) for effect in effects), leak.size))
    for when in product(*(range(len(effect)) for effect in effects)):
        for outcome in product(range(leak.size), repeat=len(effects) + 1):
            parts = [effect[row, state] for effect, row, state in zip(effects, when, outcome[1:], strict=True)]
            table[(*when, max(outcome))] += leak[outcome[0]] * np.prod(parts)
    return table


@given(causes())
def test_any_cause_equals_the_sum_over_what_each_cause_may_bring(case):
    leak, effects = case
    np.testing.assert_allclose(any_cause(leak, effects), by_outcomes(leak, effects), atol=1e-14)


@given(causes())
def test_any_cause_equals_a_chain_of_maxima_of_two(case):
    leak, effects = case
    chain = leak[None]
    for effect in effects:
        steps = [any_cause(row, [effect]) for row in chain]
        chain = np.stack(steps).reshape(-1, leak.size)
    np.testing.assert_allclose(any_cause(leak, effects).reshape(-1, leak.size), chain, atol=1e-14)


@given(causes())
def test_adding_a_cause_never_lowers_the_child(case):
    leak, effects = case
    with_all = np.cumsum(any_cause(leak, effects), axis=-1)
    without_last = np.cumsum(any_cause(leak, effects[:-1]), axis=-1)
    assert (with_all <= without_last[..., None, :] + 1e-14).all()


@given(st.floats(0, 0.9), st.lists(chances, min_size=1, max_size=4))
def test_net_weights_equal_compound_weights_made_of_them(leak, weights):
    net = any_cause(np.array([1 - leak, leak]), [np.array([[1, 0], [1 - c, c]]) for c in weights])
    compound = [1 - (1 - c) * (1 - leak) for c in weights]
    for when in product((0, 1), repeat=len(weights)):
        absent = (1 - leak) * np.prod([((1 - p) / (1 - leak)) ** on for p, on in zip(compound, when, strict=True)])
        np.testing.assert_allclose(net[(*when, 0)], absent, atol=1e-12)


@given(causes())
def test_all_needed_is_any_cause_seen_in_a_mirror(case):
    ceiling, limits = case
    mirrored = by_outcomes(ceiling[::-1], [limit[:, ::-1] for limit in limits])[..., ::-1]
    np.testing.assert_allclose(all_needed(ceiling, limits), mirrored, atol=1e-14)


@given(rows((4,)), shifts((3, 2)))
def test_ordinal_rows_move_the_log_odds_of_every_threshold_by_the_shift(base, shift):
    row = ordinal(base, shift)
    np.testing.assert_allclose(row.sum(axis=-1), 1, atol=1e-12)
    assert ((row == 0) == (base == 0)).all()
    above, above_base = np.cumsum(row[..., ::-1], axis=-1)[..., -2::-1], np.cumsum(base[::-1])[-2::-1]
    odds = above_base * np.exp(shift)[..., None] / (above_base * np.exp(shift)[..., None] + 1 - above_base)
    np.testing.assert_allclose(above, odds, atol=1e-12)


@given(rows((4,)), shifts((3, 4)))
def test_nominal_rows_keep_zeros_and_a_common_shift_changes_nothing(base, shift):
    row = nominal(base, shift)
    assert ((row == 0) == (base == 0)).all()
    np.testing.assert_allclose(nominal(base, shift + 3.7), row, rtol=1e-12)


@given(rows((3,)), st.floats(-20, 20), counts, st.data())
def test_an_influence_that_lowers_equals_one_that_raises_from_the_flipped_parent(base, strength, card, data):
    pattern = data.draw(arrays.arrays(np.float64, (card,), elements=st.floats(-1, 1)))
    lowers = Influences("ordinal", base, 30.0, "reference", (Influence(0, -strength, pattern, 30.0),), (card,))
    raises = Influences("ordinal", base, 30.0, "reference", (Influence(0, strength, -pattern, 30.0),), (card,))
    np.testing.assert_allclose(lowers.table(), raises.table(), rtol=1e-12)


@given(rows((3,)), st.floats(-20, 20), counts, st.booleans())
def test_a_slope_that_lowers_is_the_slope_that_raises_with_the_parent_upside_down(base, strength, card, typical):
    """Between reference at one end and at the other lies an intercept; a typical base has none."""
    slope = np.arange(card) / (card - 1)
    joint = np.full(card, 1 / card) if typical else None
    when = "typical" if typical else "reference"
    up = Influences("ordinal", base, 30.0, when, (Influence(0, strength, slope, 30.0),), (card,), joint)
    reference = slope if typical else slope - 1
    down = Influences("ordinal", base, 30.0, when, (Influence(0, -strength, reference, 30.0),), (card,), joint)
    flipped = down.table()[::-1]
    np.testing.assert_allclose(up.table(), flipped, atol=1e-9)


@given(typical_ordinal())
def test_a_typical_ordinal_base_returns_the_stated_marginal(case):
    base, shift, joint = case
    reference = calibrated_ordinal(base, shift, joint)
    average = np.tensordot(joint, ordinal(reference, shift), joint.ndim)
    np.testing.assert_allclose(average, base, atol=1e-12)
    assert ((reference == 0) == (base == 0)).all()


@given(typical_nominal())
def test_a_typical_nominal_base_returns_the_stated_marginal(case):
    base, shift, joint = case
    reference = calibrated_nominal(base, shift, joint)
    average = np.tensordot(joint, nominal(reference, shift), joint.ndim)
    np.testing.assert_allclose(average, base, atol=1e-12)
    assert ((reference == 0) == (base == 0)).all()


@given(typical_ordinal())
def test_of_two_states_the_nominal_and_the_ordinal_scale_agree(case):
    base, shift, joint = case
    two = np.array([base[0], 1 - base[0]])
    twice = np.stack([np.zeros_like(shift), shift], axis=-1)
    np.testing.assert_allclose(ordinal(two, shift), nominal(two, twice), atol=1e-14)
    one, other = calibrated_ordinal(two, shift, joint), calibrated_nominal(two, twice, joint)
    np.testing.assert_allclose(ordinal(one, shift), nominal(other, twice), atol=1e-11)


@given(st.data(), counts, cards)
def test_a_batch_of_parameters_equals_each_taken_alone(data, states, parents):
    """The batch axes of every formula, against a loop."""
    bases = data.draw(rows((3, states)))
    effects = [data.draw(rows((3, card, states))) for card in parents]
    shift, shift_by_state = data.draw(shifts((3, *parents))), data.draw(shifts((3, *parents, states)))
    joint = data.draw(rows((int(np.prod(parents)),))).reshape(parents)
    together = (
        any_cause(bases, effects),
        all_needed(bases, effects),
        ordinal(bases, shift),
        nominal(bases, shift_by_state),
        ordinal(calibrated_ordinal(bases, shift, joint), shift),
        nominal(calibrated_nominal(bases, shift_by_state, joint), shift_by_state),
    )
    for i in range(3):
        alone = (
            any_cause(bases[i], [effect[i] for effect in effects]),
            all_needed(bases[i], [effect[i] for effect in effects]),
            ordinal(bases[i], shift[i]),
            nominal(bases[i], shift_by_state[i]),
            ordinal(calibrated_ordinal(bases[i], shift[i], joint), shift[i]),
            nominal(calibrated_nominal(bases[i], shift_by_state[i], joint), shift_by_state[i]),
        )
        for batch, single in zip(together, alone, strict=True):
            np.testing.assert_allclose(batch[i], single, atol=1e-11)


def table_of(combine, weights, variance, *, states, parents, reverse):
    return ranked(np.array(weights), np.array(variance), states=states, combine=combine, cards=parents, reverse=reverse)


positive = st.floats(0.1, 10)
variances = st.floats(0.002, 0.5)


@given(combines, positive, variances, counts, counts)
def test_swapping_two_ranked_parents_of_equal_weight_transposes_the_table(combine, weight, variance, states, card):
    table = table_of(combine, (weight, weight), variance, states=states, parents=(card, card), reverse=(False, False))
    np.testing.assert_allclose(table, table.swapaxes(0, 1), atol=1e-12)


@given(combines, positive, positive, variances, counts, cards.filter(lambda c: len(c) == 2))
def test_turning_every_order_around_mirrors_the_ranked_rows(combine, first, second, variance, states, parents):
    """Where best and worst change places, so do min and max and the weights of mixminmax."""
    mirror = {"min": "max", "max": "min"}.get(combine, combine)
    mirrored_weights = (second, first) if combine == "mixminmax" else (first, second)
    shape = {"states": states, "parents": parents}
    table = table_of(combine, (first, second), variance, reverse=(False, False), **shape)
    turned = table_of(mirror, mirrored_weights, variance, reverse=(True, True), **shape)
    np.testing.assert_allclose(table, turned[..., ::-1], atol=1e-12)


@given(st.tuples(st.floats(1, 10), st.floats(1, 10)), variances, counts)
def test_ranked_by_the_worst_lies_below_the_plain_mean_and_by_the_best_above(weights, variance, card):
    shape = {"states": 4, "parents": (card, card), "reverse": (False, False)}
    worst, best = (np.cumsum(table_of(c, weights, variance, **shape), axis=-1) for c in ("min", "max"))
    mean = np.cumsum(table_of("mean", (1.0, 1.0), variance, **shape), axis=-1)
    assert (worst >= mean - 1e-12).all()
    assert (mean >= best - 1e-12).all()


@settings(max_examples=20)
@given(st.floats(2, 200), st.integers(0, 2**32 - 1))
def test_draws_of_a_gate_narrow_as_its_sample_size_grows(ess, seed):
    def spread(size):
        effects = (np.array([[1.0, 0.0], [0.4, 0.6]]),)
        gate = AnyCause(np.array([0.9, 0.1]), size, effects, (np.array([np.inf, size]),))
        return gate.draw(Stream(seed), 400)[:, 1, 1].std()

    assert spread(ess * 16) < spread(ess)
    assert spread(1e9) < 1e-4
