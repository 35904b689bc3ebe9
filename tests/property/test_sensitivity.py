"""What holds of every prior number: its tables against the gates, its one-way function against inference."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model import inference
from model.analyses.parameter_derivatives import numbers
from model.analyses.sensitivity import Swing, distance, sensitivity
from model.evidence import Assumed, observe
from model.forecast import Forecaster, prepare
from model.gates import NATS_PER_DECIBEL, AnyCause, Influences, Pinned, Ranked
from model.inference import Evidence
from model.inference.arrays import encode
from model.network import Table
from model.priors import load
from model.question import Question
from model.uncertainty.parameters import Parameter, parameters
from tests.networks import cases, networks
from tests.stated import stated

few = settings(deadline=None, max_examples=30)
KINDS = Path(__file__).parents[1] / "data" / "kinds"


@cache
def kinds() -> Forecaster:
    """A model with a gate of every kind."""
    return prepare(load(KINDS))


@cache
def every() -> tuple[Parameter, ...]:
    model = kinds().model
    return tuple(
        number for name in model.network.names for number in parameters(model.described[name], model.network[name])
    )


any_number = st.sampled_from(range(41)).map(lambda i: every()[i])
part = st.floats(0.02, 0.98)


def between(number: Parameter, share: float) -> float:
    """A value some way along the range of the number."""
    return number.low + share * (number.high - number.low)


def asked(number: Parameter, value: float, evidence: Evidence, target: str, forecaster: Forecaster) -> Table:
    """The target's distribution by inference with the number moved."""
    moved = Evidence(1, evidence.likelihood, {**evidence.tables, number.variable: number.tables(np.array([value]))})
    return inference.posterior(forecaster.plan, moved, (target,)).of(target)[0]


def test_there_are_numbers_of_every_kind_of_gate():
    assert len(every()) == 41
    assert {number.scale for number in every()} == {"probability", "decibels", "weight", "variance"}


@given(any_number, st.lists(part, min_size=1, max_size=4))
def test_tables_of_a_number_are_distributions_and_keep_what_is_never(number, shares):
    values = np.array([between(number, share) for share in shares])
    stated_table = number.tables(np.array([number.value]))[0]
    np.testing.assert_allclose(stated_table, kinds().model.described[number.variable].gate.table(), atol=1e-14)
    tables = number.tables(values)
    np.testing.assert_allclose(tables.sum(axis=-1), 1, atol=1e-12)
    assert (tables[:, stated_table == 0] == 0).all()
    if number.when is not None and number.linear:
        np.testing.assert_allclose(
            tables[:, ~number.when], np.broadcast_to(stated_table, tables.shape)[:, ~number.when]
        )


@given(any_number, part)
def test_the_table_is_affine_in_a_number_that_is_called_linear(number, share):
    if not number.linear:
        return
    value = between(number, share)
    at_zero, at_one, here = number.tables(np.array([0.0, 1.0, value]))
    np.testing.assert_allclose(here, (1 - value) * at_zero + value * at_one, atol=1e-14)


def test_a_moved_number_gives_the_table_of_a_gate_that_states_it_so():
    """By hand, one of each kind: the gate is made anew with the other number."""
    described = kinds().model.described
    found = {(number.variable, *number.statement.place, number.state): number for number in every()}

    def same(key, value, gate):
        np.testing.assert_allclose(found[key].tables(np.array([value]))[0], gate.table(), rtol=1e-12)

    any_ = described["any"].gate
    assert isinstance(any_, AnyCause)
    row = np.array([0.25 * 0.5 / 0.8, 0.25 * 0.3 / 0.8, 0.75])
    same(("any", "causes", "a", 0, "high"), 0.75, replace(any_, effects=(np.stack([[1, 0, 0], row]), any_.effects[1])))
    typical = described["typical"].gate
    assert isinstance(typical, Influences)
    stronger = (replace(typical.effects[0], strength=3.0), typical.effects[1])
    same(("typical", "influences", "a", None), 3.0, replace(typical, effects=stronger))
    same(("typical", "base", "yes"), 0.4, replace(typical, base=np.array([0.6, 0.4])))
    ordered = described["ordered"].gate
    assert isinstance(ordered, Pinned)
    assert isinstance(ordered.gate, Influences)
    base = np.array([0.25, 0.15, 0.6])
    same(("ordered", "base", "high"), 0.6, replace(ordered, gate=replace(ordered.gate, base=base)))
    unordered = described["unordered"].gate
    assert isinstance(unordered, Influences)
    effects = (*unordered.effects[:2], replace(unordered.effects[2], strength=7.0))
    same(("unordered", "influences", "b", "west"), 7.0, replace(unordered, effects=effects))
    ranked = described["ranked"].gate
    assert isinstance(ranked, Ranked)
    same(("ranked", "weights", "c", None), 5.0, replace(ranked, weights=(5.0, 1.0)))
    same(("ranked", None), 0.02, replace(ranked, variance=0.02))


@pytest.mark.parametrize("scale", ["decibels", "weight", "variance"])
def test_the_range_of_a_number_without_bounds_is_that_of_its_draws(scale):
    number = next(number for number in every() if number.scale == scale)
    assert number.statement.ess is not None
    normal = np.random.default_rng(3).standard_normal(400_000)
    ess = number.statement.ess
    drawn = {
        "decibels": number.value + 2 / np.sqrt(ess) / NATS_PER_DECIBEL * normal,
        "weight": number.value * np.exp(normal / np.sqrt(ess)),
        "variance": number.value * np.exp(normal * np.sqrt(2 / ess)),
    }[scale]
    assert (number.low, number.high) == pytest.approx(np.quantile(drawn, (0.05, 0.95)), rel=1e-2, abs=1e-2)


@st.composite
def questions(draw, *, assumed=True):
    """A random network, every row stated, with a question about one of its states."""
    network = draw(networks(variables=5))
    case = draw(cases(network))
    target = draw(st.sampled_from(network.names))
    state = draw(st.sampled_from(network[target].states))
    return prepare(stated(network, ess=draw(st.sampled_from([2.0, 30.0])))), case, target, state


@few
@given(questions(), st.lists(part, min_size=3, max_size=3), part)
def test_one_way_functions_and_break_evens_equal_inference_with_the_number_moved(question, values, threshold):
    forecaster, case, target, state = question
    assume(not any(isinstance(finding, Assumed) for finding in case.findings.values()))
    evidence = encode(forecaster.plan.network, [case])
    assume(inference.log_evidence(forecaster.plan, evidence)[0] > np.log(1e-6))
    found = sensitivity(
        forecaster,
        Question(findings=case.findings, settings=case.settings),
        target=target,
        state=state,
        threshold=threshold,
    )
    position = forecaster.model.network[target].states.index(state)
    by_what = {(number.variable, number.what): number for number in numbers(forecaster.model).parameters}
    for swing in found.rows:
        number = by_what[swing.variable, swing.what]
        for value in (*values, swing.low, swing.high):
            p = asked(number, value, evidence, target, forecaster)[position]
            assert function(swing, value) == pytest.approx(p, abs=1e-9)
        step = 1e-5 * min(swing.value, 1 - swing.value)
        rise = function(swing, swing.value + step) - function(swing, swing.value - step)
        assert swing.derivative == pytest.approx(rise / (2 * step), rel=1e-5, abs=1e-6)
        for value in swing.threshold.values if swing.threshold else ():
            assert asked(number, value, evidence, target, forecaster)[position] == pytest.approx(threshold, abs=1e-9)
        for value in swing.lead.values if swing.lead else ():
            rows = asked(number, value, evidence, target, forecaster)
            first, second = (forecaster.model.network[target].states.index(name) for name in found.leading)
            assert rows[first] == pytest.approx(rows[second], abs=1e-9)
        for tip in (swing.threshold, swing.lead):
            if tip is not None and tip.never and None not in tip.margins:
                assert tip.margins[0] * tip.margins[1] >= -1e-12


def function(swing: Swing, value: float) -> float:
    assert swing.coefficients is not None
    alpha, beta, gamma, delta = swing.coefficients
    return (alpha * value + beta) / (gamma * value + delta)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(["any", "all", "typical", "ordered", "unordered", "ranked", "ends"]), st.data())
def test_numbers_of_every_gate_swing_and_tip_as_inference_says(target, data):
    forecaster = kinds()
    names = [name for name in forecaster.model.network.names if name != target]
    seen = data.draw(st.sampled_from([name for name in names if name not in ("a", "b", "c")]))
    given_ = {} if data.draw(st.booleans()) else {seen: forecaster.model.network[seen].states[-1]}
    case = observe(**given_)
    evidence = encode(forecaster.plan.network, [case])
    state = forecaster.model.network[target].states[-1]
    found = sensitivity(
        forecaster, Question(findings=case.findings), target=target, state=state, threshold=0.4, search=None
    )
    by_what = {(number.variable, number.what): number for number in every()}
    assert found.rows
    for swing in found.rows:
        number = by_what[swing.variable, swing.what]
        ends = [asked(number, value, evidence, target, forecaster)[-1] for value in (swing.low, swing.high)]
        assert (swing.p_low, swing.p_high) == pytest.approx(ends, abs=1e-11)
        step = 1e-4 * swing.value
        up, down = (asked(number, swing.value + by, evidence, target, forecaster)[-1] for by in (step, -step))
        assert swing.derivative == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-6)
        assert swing.threshold is not None
        for value in swing.threshold.values:
            assert asked(number, value, evidence, target, forecaster)[-1] == pytest.approx(0.4, abs=1e-9)
        if swing.threshold.never:
            for value in (swing.threshold.least, swing.threshold.most):
                p = asked(number, value, evidence, target, forecaster)
                assert not p.any() or (p[-1] > 0.4) == (found.p > 0.4)


@few
@given(questions(), part)
def test_no_log_odds_move_further_than_the_distance_of_the_changed_row(question, value):
    forecaster, case, target, state = question
    assume(not any(isinstance(finding, Assumed) for finding in case.findings.values()))
    evidence = encode(forecaster.plan.network, [case])
    assume(inference.log_evidence(forecaster.plan, evidence)[0] > np.log(1e-6))
    position = forecaster.model.network[target].states.index(state)
    before = inference.posterior(forecaster.plan, evidence, (target,)).of(target)[0, position]
    assume(1e-6 < before < 1 - 1e-6)
    for number in numbers(forecaster.model).parameters:
        if number.variable in case.settings:
            continue
        after = asked(number, value, evidence, target, forecaster)[position]
        moved = np.log(after / (1 - after)) - np.log(before / (1 - before))
        tables = number.tables(np.array([number.value, value]))
        assert abs(moved) <= distance(tables[0], tables[1]) + 1e-9
