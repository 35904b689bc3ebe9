"""What knowing a variable would tell, and plans of collection, against enumeration of the joint."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from model.analyses.collection_plan import plan
from model.analyses.value_of_information import (
    brier_drop,
    decide,
    mutual_information,
    report_matrix,
    reported,
    sample_information,
    tells,
)
from model.evidence import Reported, likelihood
from model.forecast import answer, prepare
from model.question import Question
from model.specification import Collectable
from tests.networks import cases, enumerated, marginal, networks
from tests.textbook import model_of


def entropy(p):
    """Bits of a distribution."""
    some = p[p > 0]
    return float(-(some * np.log2(some)).sum())


FEW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


@st.composite
def possible(draw):
    """A network, a case of positive probability, its joint given the evidence, and a target."""
    network = draw(networks(variables=5))
    case = draw(cases(network))
    joint = enumerated(network, case)
    assume(joint.sum() > 0)
    return network, case, joint / joint.sum(), draw(st.sampled_from(network.names))


@st.composite
def joints(draw, axes=2):
    """A joint distribution of two to four states an axis, zeros included."""
    shape = tuple(draw(st.integers(2, 4)) for _ in range(axes))
    weights = draw(st.lists(st.integers(0, 4), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))).filter(any))
    return np.reshape(weights, shape) / sum(weights)


def pair(network, joint, one, other):
    """P(one, other), shape (states of one, states of other)."""
    axes = [network.position[one], network.position[other]]
    table = joint.sum(axis=tuple(i for i in range(joint.ndim) if i not in axes))
    return table if axes[0] < axes[1] else table.T


def score_after(told):
    """Expected Brier score of the last axis once all others are known."""
    rows = told.reshape(-1, told.shape[-1])
    return sum(row.sum() * (1 - ((row / row.sum()) ** 2).sum()) for row in rows if row.any())


def still_open(network, case):
    def states_left(name):
        finding = case.findings.get(name)
        return len(network[name].states) if finding is None else np.count_nonzero(likelihood(network[name], finding))

    return [name for name in network.names if name not in case.settings and states_left(name) != 1]


@FEW
@given(possible())
def test_bits_and_brier_drop_equal_those_of_the_enumerated_joint(drawn):
    network, case, joint, target = drawn
    found = tells(prepare(model_of(network)), Question((), case.findings, case.settings), target=target)
    assert {row.variable for row in found} == set(still_open(network, case)) - {target}
    p = marginal(joint, network, target)
    for row in found:
        both = pair(network, joint, row.variable, target)
        bits = entropy(p) - sum(c * entropy(line / c) for c, line in zip(both.sum(axis=1), both, strict=True) if c)
        assert row.bits == pytest.approx(bits, abs=1e-12)
        assert row.value == pytest.approx((1 - (p**2).sum()) - score_after(both), abs=1e-12)
        assert 0 <= row.bits <= min(entropy(p), entropy(both.sum(axis=1))) + 1e-12


@FEW
@given(joints(axes=3))
def test_two_variables_tell_what_one_tells_and_then_the_other(joint):
    together = joint.reshape(-1, joint.shape[-1])
    for measure in (mutual_information, brier_drop):
        then = measure(joint) + measure(joint.sum(axis=1))
        assert measure(together) == pytest.approx(then, abs=1e-12)


@FEW
@given(joints(), st.data())
def test_knowing_a_variable_is_worth_no_more_to_a_decision_than_knowing_the_target(joint, data):
    worth = st.floats(-10, 10)
    states = joint.shape[1]
    utility = np.array(data.draw(st.lists(st.lists(worth, min_size=states, max_size=states), min_size=1, max_size=3)))
    perfect = sample_information(np.diag(joint.sum(axis=0)), utility)
    assert 0 <= sample_information(joint, utility) <= perfect + 1e-12


@FEW
@given(joints(), st.floats(0, 1))
def test_a_report_tells_no_more_than_the_truth(joint, reliability):
    states = joint.shape[0]

    def told(r):
        return reported(joint, Collectable("x", "asking", 1.0, 0.0, r, ()))

    for measure in (mutual_information, brier_drop):
        assert measure(told(reliability)) <= measure(joint) + 1e-12
        assert measure(told(1.0)) == pytest.approx(measure(joint), abs=1e-15)
        assert measure(told(1 / states)) == pytest.approx(0, abs=1e-15)


@st.composite
def collections(draw, network):
    """What may be found out of some of the variables, at different costs and reliabilities."""
    names = draw(st.lists(st.sampled_from(network.names), unique=True))
    cost, sure = st.sampled_from([1.0, 2.0, 5.0]), st.sampled_from([0.6, 0.8, 1.0])
    return {name: Collectable(name, "asking", draw(cost), 1.0, draw(sure), ()) for name in names}


def told(network, joint, listed, names, target):
    """P(reports, target) by giving the enumerated joint a report for each name, shape (reports, states of target)."""
    states = network[target].states
    rows = []
    for combination in product(*(range(len(network[name].states)) for name in names)):
        weighted = joint
        for name, report in zip(names, combination, strict=True):
            row = report_matrix(len(network[name].states), listed[name].reliability)[report]
            shape = [1] * joint.ndim
            shape[network.position[name]] = len(row)
            weighted = weighted * row.reshape(shape)
        axis = network.position[target]
        rows.append(weighted.sum(axis=tuple(i for i in range(joint.ndim) if i != axis)))
    return np.array(rows).reshape(-1, len(states))


@FEW
@given(possible(), st.data())
def test_a_plan_takes_at_each_step_what_enumeration_finds_to_be_worth_most_for_its_cost(drawn, data):
    network, case, joint, target = drawn
    listed = data.draw(collections(network))
    model = replace(model_of(network), collection=listed)
    found = plan(prepare(model), Question((), case.findings, case.settings), target=target, steps=3)
    names = [name for name in listed if name in still_open(network, case)]
    score = score_after(marginal(joint, network, target)[None])
    assert found.score == pytest.approx(score, abs=1e-12)
    done = []
    for step in found.steps:
        before = score_after(told(network, joint, listed, done, target))
        gains = {
            name: before - score_after(told(network, joint, listed, [*done, name], target))
            for name in names
            if name not in done
        }
        done.append(step.variable)
        assert step.value == pytest.approx(gains[step.variable], abs=1e-12)
        assert step.cumulative == pytest.approx(score - (before - step.value), abs=1e-12)
        assert step.value_per_cost >= max(gain / listed[name].cost for name, gain in gains.items()) - 1e-12
    if len(done) < 3:
        left = [n for n in names if n not in done]
        after = score_after(told(network, joint, listed, done, target))
        assert all(after - score_after(told(network, joint, listed, [*done, n], target)) < 1e-12 for n in left)
    assert {s.variable for s in found.skipped} | set(done) == set(listed)
    assert found.covered == pytest.approx(1.0, abs=1e-12)


@FEW
@given(possible(), st.data())
def test_what_a_report_would_make_of_an_event_is_the_answer_to_the_question_with_the_report(drawn, data):
    network, case, _, target = drawn
    listed = {n: replace(c, reliability=0.8) for n, c in data.draw(collections(network)).items()}
    forecaster = prepare(replace(model_of(network), collection=listed))
    state = data.draw(st.sampled_from(network[target].states))
    question = Question((target,), case.findings, case.settings)
    found = plan(forecaster, question, target=target, state=state)
    for step in found.steps:
        assert sum(row.chance for row in step.reports) == pytest.approx(1, abs=1e-12)
        if step.variable in case.findings:
            continue
        states = network[step.variable].states
        for row in step.reports:
            likely = dict(zip(states, report_matrix(len(states), 0.8)[states.index(row.report)].tolist(), strict=True))
            asked = replace(question, findings={**case.findings, step.variable: Reported(likely)})
            rows = answer(forecaster, asked).targets[0].distribution
            assert row.p == {state: pytest.approx(next(r.p for r in rows if r.state == state), abs=1e-12)}


@FEW
@given(possible(), st.data())
def test_knowing_more_before_deciding_is_worth_from_nothing_to_what_certainty_is(drawn, data):
    network, case, joint, target = drawn
    states = network[target].states
    worth = st.integers(-5, 5).map(float)
    utilities = {a: {s: data.draw(worth) for s in states} for a in ("act", "wait")}
    found = decide(
        prepare(model_of(network)), Question((), case.findings, case.settings), target=target, utilities=utilities
    )
    table = np.array([[row[s] for s in states] for row in utilities.values()])
    assert found.utility == pytest.approx((table @ marginal(joint, network, target)).max(), abs=1e-12)
    for name, value in found.sample.items():
        both = pair(network, joint, name, target)
        informed = sum((table @ line).max() for line in both)
        assert value == pytest.approx(informed - found.utility, abs=1e-12)
        assert 0 <= value <= found.perfect + 1e-12
