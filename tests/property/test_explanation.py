"""Explanations against enumeration of the joint: weights, conflict, surprise, trails, seeing and doing."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from model import inference
from model.analyses.active_trails import active_trails, chains
from model.analyses.causal_effect import backdoor, cause_effect
from model.analyses.evidence_conflict import conflict, surprises
from model.analyses.evidence_subsets import whole, without
from model.analyses.weight_of_evidence import weigh
from model.evidence import Case, Observed, Reported, SetTo, known_states, likelihood
from model.forecast import prepare
from model.network import Network
from model.question import Question
from tests.bayes_ball import requisite
from tests.networks import cases, enumerated, marginal, networks
from tests.textbook import model_of

RARE = settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
"""For tests of what few random questions have."""


@st.composite
def possible(draw, *, variables=5, settings=True):
    """A network, statements that can hold together, and a target with no statement of its own."""
    network = draw(networks(variables=variables))
    case = draw(cases(network, settings=settings))
    assume(enumerated(network, case).sum() > 0)
    free = [name for name in network.names if name not in case.findings and name not in case.settings]
    assume(free)
    return network, case, draw(st.sampled_from(free))


def of(network, case, names):
    return Case({name: case.findings[name] for name in names}, case.settings)


def log_odds(network, case, target):
    yes, *others = marginal(enumerated(network, case), network, target)
    return 10 * (math.log10(yes) - math.log10(sum(others)))


@RARE
@given(possible(variables=4))
def test_weights_are_the_average_over_every_order_and_add_up(question):
    network, case, target = question
    full = marginal(enumerated(network, case), network, target)[0]
    assume(0 < full < 1)
    found = weigh(inference.compile(network), case, target, 0)
    added = dict.fromkeys(case.findings, 0.0)
    orders = list(permutations(case.findings))
    for order in orders:
        for k, name in enumerate(order):
            after, before = of(network, case, order[: k + 1]), of(network, case, order[:k])
            added[name] += log_odds(network, after, target) - log_odds(network, before, target)
    averages = [total / len(orders) for total in added.values()]
    assert [w.db for w in found.weights] == pytest.approx(averages, abs=1e-9)
    assert math.fsum(w.db for w in found.weights) == pytest.approx(found.change_db, abs=1e-9)
    assert math.fsum(w.in_order_db for w in found.weights) == pytest.approx(found.change_db, abs=1e-9)


@RARE
@given(possible())
def test_leaving_a_finding_out_is_a_question_without_it(question):
    network, case, target = question
    for weight in weigh(inference.compile(network), case, target, 0).weights:
        less = enumerated(network, without(case, weight.finding))
        assert weight.p_without == pytest.approx(marginal(less, network, target)[0], abs=1e-12)


@RARE
@given(possible())
def test_decibels_are_missing_exactly_where_the_state_is_certain_or_impossible(question):
    network, case, target = question
    p = marginal(enumerated(network, case), network, target)[0]
    found = weigh(inference.compile(network), case, target, 0)
    assert (found.db is None) == (found.reason is not None) == (p in (0.0, 1.0))
    if found.reason:
        deciding = of(network, case, found.decided_by)
        assert marginal(enumerated(network, deciding), network, target)[0] in (0.0, 1.0)


@RARE
@given(possible(), st.data())
def test_a_report_equally_likely_under_every_state_weighs_nothing(question, data):
    network, case, target = question
    assume(0 < marginal(enumerated(network, case), network, target)[0] < 1)
    name = data.draw(st.sampled_from([n for n in network.names if n not in case.findings and n not in case.settings]))
    more = Case({**case.findings, name: Reported(dict.fromkeys(network[name].states, 1.0))}, case.settings)
    weight = weigh(inference.compile(network), more, target, 0).weights[-1]
    assert weight.db == pytest.approx(0.0, abs=1e-10)
    assert weight.direction == "none"


@RARE
@given(possible())
def test_each_finding_conflicts_with_the_rest_as_the_enumerated_joint_says(question):
    network, case, _ = question
    assume(len(case.findings) > 1)
    total = enumerated(network, case).sum()
    found = conflict(inference.compile(network), case)
    for odd in found.findings:
        alone = enumerated(network, of(network, case, [odd.finding])).sum()
        others = enumerated(network, without(case, odd.finding)).sum()
        assert odd.bits == pytest.approx(math.log2(alone * others / total), abs=1e-9)
    for hypothesis in found.resolved_by:
        joint = enumerated(network, case)
        p = marginal(joint, network, hypothesis.variable)[network[hypothesis.variable].state(hypothesis.state)]
        assert hypothesis.p == pytest.approx(p, abs=1e-12)
        assert hypothesis.bits >= found.bits > 0


@RARE
@given(possible())
def test_a_finding_is_as_surprising_as_it_is_improbable_given_the_rest(question):
    network, case, _ = question
    found = surprises(inference.compile(network), case)
    assert len(found) == len(case.findings)
    for each in found:
        rest = enumerated(network, without(case, each.finding))
        expected = marginal(rest, network, each.finding)
        p = expected @ likelihood(network[each.finding], case.findings[each.finding])
        assert list(each.expected.values()) == pytest.approx(expected.tolist(), abs=1e-12)
        assert each.p == pytest.approx(p, abs=1e-12)
        assert each.bits == pytest.approx(-math.log2(p), abs=1e-9)


@RARE
@given(possible())
def test_there_is_an_active_trail_exactly_where_the_ball_of_bayes_reaches(question):
    network, case, target = question
    known = known_states(network, case)
    findings = set(case.findings)
    reached = requisite(
        network,
        [target],
        observed=known & findings,
        reported=findings - known,
        cut=set(case.settings),
        fixed=known & set(case.settings),
    ).evidence
    assert {n for n in findings if active_trails(network, case, n, target)} == reached & findings


@RARE
@given(possible())
def test_a_trail_is_as_strong_as_the_target_moves_when_its_first_arc_is_cut(question):
    network, case, target = question
    plan = inference.compile(network)
    done = enumerated(network, Case({}, case.settings))
    now = marginal(enumerated(network, case), network, target)
    for found in chains(plan, case, target, 0, evidence=whole(plan, case)):
        first = found.steps[0]
        parent, child = (first.start, first.end) if first.forward else (first.end, first.start)
        mean = np.zeros_like(network.tables[child])
        axis = network[child].parents.index(parent)
        for k, p in enumerate(marginal(done, network, parent)):
            mean += p * np.take(network.tables[child], [k], axis=axis)
        cut = marginal(enumerated(Network(network.variables, {**network.tables, child: mean}), case), network, target)
        assert found.strength == pytest.approx(np.abs(now - cut).sum() / 2, abs=1e-12)
        assert found.change == pytest.approx(now[0] - cut[0], abs=1e-12)


def shares(network, case, target):
    joint = enumerated(network, case)
    return marginal(joint, network, target)[0] if joint.sum() > 0 else None


@RARE
@given(possible(), st.data())
def test_seeing_and_doing_equal_conditioning_and_truncated_factorisation(question, data):
    network, case, target = question
    assume(len(network.names) > 1)
    cause = data.draw(st.sampled_from([name for name in network.names if name != target]))
    rest = without(case, cause)
    found = cause_effect(
        prepare(model_of(network)),
        Question((), case.findings, case.settings),
        cause=cause,
        target=target,
        state=network[target].states[0],
    )
    for row in found.rows:
        seen = Case({**rest.findings, cause: Observed(row.state)}, rest.settings)
        done = Case(rest.findings, {**rest.settings, cause: SetTo(row.state)})
        assert row.observe == pytest.approx(shares(network, seen, target), abs=1e-12)
        assert row.intervene == pytest.approx(shares(network, done, target), abs=1e-12)
        if not network[cause].parents and row.gap is not None:
            assert row.gap == pytest.approx(0.0, abs=1e-12)


@RARE
@given(networks(variables=6), st.data())
def test_where_seeing_differs_from_doing_a_confounder_or_the_reverse_is_named(network, data):
    assume(len(network.names) > 1)
    cause, target = data.draw(st.permutations(network.names))[:2]
    case = data.draw(cases(network).map(lambda drawn: Case({}, drawn.settings)))
    case = without(case, cause)
    found = cause_effect(
        prepare(model_of(network)),
        Question((), {}, case.settings),
        cause=cause,
        target=target,
        state=network[target].states[0],
    )
    why = backdoor(network, case, cause, target)
    assert found.backdoor == why
    if not why.confounders and not why.reverse:
        assert all(row.gap is None or abs(row.gap) < 1e-12 for row in found.rows)
    assert set(why.confounders) <= network.ancestors([cause]) & network.ancestors([target])
