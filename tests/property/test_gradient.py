"""Derivatives against finite differences of the engine, and the compiled pass against its numpy twin."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model import inference
from model.errors import BadQuestion
from model.inference import Evidence
from model.inference.arrays import encode
from model.inference.derivatives import derivatives, gradient
from model.inference.junction_tree import reference as textbook
from model.inference.junction_tree.packed import executor
from tests.networks import cases, networks

compiled = settings(deadline=None)


@st.composite
def questions(draw):
    network = draw(networks())
    return network, encode(network, [draw(cases(network))])


def moved(network, evidence, name, cell, by):
    """The same question with one entry of a table moved and the rest of its row left alone."""
    table = np.array(evidence.tables.get(name, network.tables[name][None]))
    table[(0, *cell)] += by
    return Evidence(1, evidence.likelihood, {**evidence.tables, name: table})


@compiled
@given(questions(), st.data())
def test_the_gradient_of_log_p_evidence_equals_its_finite_difference(question, data):
    network, evidence = question
    plan = inference.compile(network)
    before = inference.log_evidence(plan, evidence)[0]
    assume(before > math.log(1e-3))
    name = data.draw(st.sampled_from(network.names))
    cell = data.draw(st.sampled_from(list(np.ndindex(network.tables[name].shape))))
    after = inference.log_evidence(plan, moved(network, evidence, name, cell, 1e-6))[0]
    assert gradient(plan, evidence)[name][cell] == pytest.approx((after - before) / 1e-6, rel=1e-2, abs=1e-3)


@compiled
@given(questions(), st.data())
def test_the_gradient_of_a_target_equals_its_finite_difference(question, data):
    network, evidence = question
    plan = inference.compile(network)
    assume(inference.log_evidence(plan, evidence)[0] > math.log(1e-3))
    target = data.draw(st.sampled_from(network.names))
    state = data.draw(st.integers(0, len(network[target].states) - 1))
    name = data.draw(st.sampled_from(network.names))
    cell = data.draw(st.sampled_from(list(np.ndindex(network.tables[name].shape))))
    slopes = derivatives(plan, target, state, evidence)
    found = (slopes.of_both[name][cell] - slopes.p * slopes.of_evidence[name][cell]) / slopes.p_evidence
    before = inference.posterior(plan, evidence, (target,)).of(target)[0, state]
    after = inference.posterior(plan, moved(network, evidence, name, cell, 1e-6), (target,)).of(target)[0, state]
    assert found == pytest.approx((after - before) / 1e-6, rel=1e-2, abs=1e-3)


@compiled
@given(questions())
def test_the_compiled_gradient_equals_its_numpy_twin(question):
    network, evidence = question
    plan = inference.compile(network)
    reference = max(inference.log_evidence(plan, evidence)[0], -50.0)
    found = executor.gradient(plan.whole, evidence.likelihood, evidence.tables, reference)
    wanted = textbook.gradient(plan.cliques, evidence, reference)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


@compiled
@given(questions())
def test_entries_times_their_derivatives_sum_to_one_table_by_table(question):
    network, evidence = question
    plan = inference.compile(network)
    assume(inference.log_evidence(plan, evidence)[0] > -math.inf)
    for name, slopes in gradient(plan, evidence).items():
        table = evidence.tables.get(name, network.tables[name][None])[0]
        assert (slopes * table).sum() == pytest.approx(1.0, rel=1e-12)


@compiled
@given(networks())
def test_impossible_evidence_has_no_gradient(network):
    name = network.names[0]
    nothing = Evidence(1, {name: np.zeros((1, len(network[name].states)))})
    with pytest.raises(BadQuestion, match="impossible"):
        gradient(inference.compile(network), nothing)


@compiled
@given(questions(), st.data())
def test_numerator_and_denominator_are_the_enumerated_joints_and_linear_in_each_entry(question, data):
    network, evidence = question
    plan = inference.compile(network)
    assume(inference.log_evidence(plan, evidence)[0] > math.log(1e-6))
    target = data.draw(st.sampled_from(network.names))
    state = data.draw(st.integers(0, len(network[target].states) - 1))
    found = derivatives(plan, target, state, evidence)
    p = inference.posterior_numpy(plan, evidence, (target,)).of(target)[0, state]
    assert found.p == pytest.approx(p, abs=1e-12)
    assert found.p_evidence == pytest.approx(1.0, rel=1e-12)
    name = data.draw(st.sampled_from(network.names))
    cell = data.draw(st.sampled_from(list(np.ndindex(network.tables[name].shape))))
    there = moved(network, evidence, name, cell, 0.25)
    scale = math.exp(found.reference)
    rows = there.likelihood.get(target, np.ones((1, len(network[target].states))))
    both = Evidence(1, {**there.likelihood, target: rows * np.eye(rows.shape[1])[state]}, there.tables)
    for slope, before, asked in (
        (found.of_evidence, found.p_evidence, there),
        (found.of_both, found.p_both, both),
    ):
        after = math.exp(inference.posterior_numpy(plan, asked, ()).log_evidence[0])
        assert (before + 0.25 * slope[name][cell]) * scale == pytest.approx(after, rel=1e-9, abs=1e-13)
