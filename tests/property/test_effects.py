"""The effect of what is done: the answer beside the one to the same question without it, however it is asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.answers import Answer, seen_after
from model.errors import ImpossibleEvidence
from model.forecast import answer, answers, prepare
from model.question import Question, resolve
from tests.networks import cases, enumerated, marginal, networks
from tests.textbook import model_of


@st.composite
def doings(draw):
    """A network, and a case that does something in it."""
    network = draw(networks(variables=5))
    case = draw(cases(network).filter(lambda case: case.settings))
    return network, case


def p_of(joint, network):
    return np.concatenate([marginal(joint, network, name) for name in network.names])


@given(doings())
def test_an_effect_is_the_answer_less_the_one_without_what_is_done(doing):
    network, case = doing
    joint, before = enumerated(network, case), enumerated(network, type(case)(case.findings))
    question = Question(network.names, case.findings, case.settings)
    if joint.sum() == 0:
        with pytest.raises(ImpossibleEvidence):
            answer(prepare(model_of(network)), question)
        return
    effect = answer(prepare(model_of(network)), question).effect
    assert (effect.without.findings, effect.without.settings) == (in_order(network, case.findings), {})
    if before.sum() == 0:
        assert isinstance(effect.impossible, ImpossibleEvidence)
        assert np.isnan(effect.p).all()
        assert effect.alone == ()
        return
    np.testing.assert_allclose(effect.p, p_of(before, network), rtol=0, atol=1e-12)
    np.testing.assert_allclose(effect.change, p_of(joint, network) - p_of(before, network), rtol=0, atol=1e-12)
    assert [each.variable for each in effect.alone] == [name for name in network.names if name in case.settings]
    for each in effect.alone:
        only = enumerated(network, type(case)(case.findings, {each.variable: case.settings[each.variable]}))
        if only.sum() == 0:
            assert np.isnan(each.change).all()
        else:
            change = p_of(only, network) - p_of(before, network)
            np.testing.assert_allclose(each.change, change, rtol=0, atol=1e-12)


def in_order(network, findings):
    """Findings as an answer has them, in the order of the file."""
    return resolve(model_of(network), Question((), findings)).case.findings


@given(doings(), st.data())
def test_a_batch_has_the_effects_of_its_cases_each_asked_alone(doing, data):
    network, case = doing
    others = data.draw(st.lists(cases(network), min_size=1, max_size=3))
    forecaster = prepare(model_of(network))
    asked = [Question(network.names, each.findings, each.settings) for each in (case, *others)]
    for question, found in zip(asked, answers(forecaster, asked), strict=True):
        if not isinstance(found, Answer):
            continue
        alone = answer(forecaster, question).effect
        if alone is None:
            assert found.effect is None
            continue
        np.testing.assert_allclose(found.effect.p, alone.p, rtol=0, atol=1e-12)
        np.testing.assert_allclose(found.effect.change, alone.change, rtol=0, atol=1e-12)


@given(doings())
def test_a_finding_is_seen_after_a_do_exactly_where_a_directed_way_leads_from_it(doing):
    network, case = doing
    ways = {
        (done, name)
        for done in case.settings
        for name in case.findings
        if name != done and leads(network, case.settings, done, name)
    }
    found = seen_after(network, case)
    assert {(done, name) for name, all_done in found.items() for done in all_done} == ways


def leads(network, cut, start, end):
    """Whether a directed way leads from a variable to another, not into one that is set."""
    return any(child == end or leads(network, cut, child, end) for child in network.children(start) if child not in cut)
