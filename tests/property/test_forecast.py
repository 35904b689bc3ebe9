"""Answers against enumeration of the joint: every verb, interventions, impossible evidence, what had no effect."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from model.errors import ImpossibleEvidence
from model.evidence import Assumed, Case, in_words
from model.forecast import answer, answers, prepare
from model.question import Question, resolve
from tests.networks import attainable, cases, enumerated, fitted, marginal, networks
from tests.textbook import model_of


@st.composite
def questions(draw, assumed=False):
    network = draw(networks(variables=5))
    return network, draw(cases(network, assumed=assumed))


def asked(network, case, targets=()):
    return answer(prepare(model_of(network)), Question(targets, case.findings, case.settings))


def without(case, name):
    return Case({n: f for n, f in case.findings.items() if n != name}, case.settings)


def distributions(found):
    return {t.target: np.array([row.p for row in t.distribution]) for t in found.targets}


@given(questions())
def test_an_answer_equals_the_enumerated_joint_or_the_evidence_is_impossible(question):
    network, case = question
    joint = enumerated(network, case)
    if joint.sum() == 0:
        with pytest.raises(ImpossibleEvidence):
            asked(network, case)
        return
    found = asked(network, case)
    assert found.p_evidence == pytest.approx(joint.sum(), rel=1e-12)
    for name, p in distributions(found).items():
        np.testing.assert_allclose(p, marginal(joint, network, name), rtol=0, atol=1e-12)


RARE = settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
"""For tests of what few random questions have."""


@RARE
@given(questions())
def test_a_conflicting_set_is_impossible_and_every_smaller_one_is_possible(question):
    network, case = question
    assume(enumerated(network, case).sum() == 0)
    with pytest.raises(ImpossibleEvidence) as caught:
        asked(network, case)
    read = resolve(model_of(network), Question((), case.findings, case.settings)).case
    kept = {n: f for n, f in read.findings.items() if in_words(n, f) in caught.value.conflict}
    conflict = Case(kept, case.settings)
    assert len(kept) == len(caught.value.conflict)
    assert enumerated(network, conflict).sum() == 0
    assert all(enumerated(network, without(conflict, name)).sum() > 0 for name in kept)


def reached(joint, network, targets) -> bool:
    return all(np.allclose(marginal(joint, network, n), t, rtol=0, atol=1e-12) for n, t in targets.items())


@RARE
@given(questions(assumed=True))
def test_assumptions_are_held_and_agree_with_fitting_the_enumerated_joint(question):
    network, case = question
    targets = {
        name: np.array([finding.probabilities[state] for state in network[name].states])
        for name, finding in case.findings.items()
        if isinstance(finding, Assumed)
    }
    joint = enumerated(network, case)
    assume(targets and joint.sum() > 0)
    wanted = fitted(joint, network, targets, sweeps=200)
    if not reached(wanted, network, targets):
        assume(not attainable(joint, network, targets))
        with pytest.raises(ImpossibleEvidence):
            asked(network, case)
        return
    found = distributions(asked(network, case))
    for name, target in targets.items():
        np.testing.assert_allclose(found[name], target, rtol=0, atol=1e-11)
    for name, p in found.items():
        np.testing.assert_allclose(p, marginal(wanted, network, name), rtol=0, atol=1e-9)


@RARE
@given(questions())
def test_what_is_said_to_have_no_effect_changes_nothing(question):
    network, case = question
    assume(enumerated(network, case).sum() > 0)
    found = asked(network, case)
    for target in found.targets:
        idle = set(target.no_effect)
        less = Case(
            {n: f for n, f in case.findings.items() if n not in idle},
            {n: s for n, s in case.settings.items() if n not in idle},
        )
        if not enumerated(network, less).sum():  # what is set alone lets the findings happen at all
            continue
        alone = asked(network, less, (target.target,))
        np.testing.assert_allclose(
            distributions(alone)[target.target], distributions(found)[target.target], rtol=0, atol=1e-12
        )


@RARE
@given(questions())
def test_conflict_is_the_findings_own_probabilities_over_their_joint_one(question):
    network, case = question
    joint = enumerated(network, case)
    assume(joint.sum() > 0 and len(case.findings) > 1)
    alone = [enumerated(network, Case({n: f}, case.settings)).sum() for n, f in case.findings.items()]
    bits = sum(map(math.log2, alone)) - math.log2(joint.sum())
    assert asked(network, case).conflict_bits == pytest.approx(bits, abs=1e-9)


@given(st.data())
def test_a_batch_equals_its_questions_one_by_one(data):
    network = data.draw(networks(variables=4))
    batch = [data.draw(cases(network)) for _ in range(5)]
    ready = prepare(model_of(network))
    found = answers(ready, [Question((), case.findings, case.settings) for case in batch])
    for one, case in zip(found, batch, strict=True):
        if enumerated(network, case).sum() == 0:
            assert isinstance(one, ImpossibleEvidence)
            continue
        for name, p in distributions(asked(network, case)).items():
            np.testing.assert_allclose(distributions(one)[name], p, rtol=0, atol=1e-12)
