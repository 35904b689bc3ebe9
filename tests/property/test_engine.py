"""The engine against enumeration of the joint, on random networks of up to six variables, zeros included."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from model import inference
from model.evidence import Case
from model.inference import Evidence
from model.inference.arrays import encode
from model.network import Network
from tests.networks import cases, enumerated, marginal, networks

CLOSE = {"rtol": 0, "atol": 1e-12}
RARE = settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
"""For tests of what few random questions have."""


@st.composite
def questions(draw, count=1, alike=False):
    network = draw(networks())
    first = draw(cases(network))
    others = [Case(draw(cases(network, settings=False)).findings, first.settings) for _ in range(count - 1)]
    kept = [Case({n: f for n, f in case.findings.items() if n not in first.settings}, case.settings) for case in others]
    return network, [first, *kept]


@given(questions())
def test_posterior_and_probability_of_evidence_equal_the_enumerated_joint(question):
    network, (case,) = question
    joint = enumerated(network, case)
    found = inference.posterior(inference.compile(network), encode(network, [case]))
    if joint.sum() == 0:
        assert found.log_evidence[0] == -math.inf
        assert all((found.of(name) == 0).all() for name in network.names)
        return
    assert math.exp(found.log_evidence[0]) == pytest.approx(joint.sum(), rel=1e-12)
    for name in network.names:
        np.testing.assert_allclose(found.of(name)[0], marginal(joint, network, name), **CLOSE)


@RARE
@given(questions(), st.sampled_from((inference.CELL_LIMIT, 1)))
def test_marginals_without_the_probability_of_evidence_are_the_same(question, limit):
    network, (case,) = question
    plan = inference.compile(network, limit=limit)
    evidence = encode(network, [case])
    assume(np.isfinite(inference.log_evidence(plan, evidence)[0]))
    for name in network.names:
        [alone] = inference.marginals(plan, evidence, (name,)).values()
        np.testing.assert_allclose(alone, inference.posterior(plan, evidence, (name,)).of(name), **CLOSE)


@given(questions(count=5))
def test_a_batch_equals_its_cases_asked_one_by_one(question):
    network, batch = question
    plan = inference.compile(network)
    together = inference.posterior(plan, encode(network, batch))
    for i, case in enumerate(batch):
        alone = inference.posterior(plan, encode(network, [case]))
        np.testing.assert_allclose(together.log_evidence[i], alone.log_evidence[0], rtol=1e-12)
        for name in network.names:
            np.testing.assert_allclose(together.of(name)[i], alone.of(name)[0], **CLOSE)


@given(questions(count=7))
def test_a_batch_cut_into_blocks_equals_the_batch_in_one(question):
    network, batch = question
    plan, evidence = inference.compile(network), encode(network, batch)
    whole = inference.posterior(plan, evidence)
    parts = [inference.posterior(plan, evidence.block(start, start + 3)) for start in (0, 3, 6)]
    for name in network.names:
        np.testing.assert_allclose(np.concatenate([p.of(name) for p in parts]), whole.of(name), **CLOSE)


@RARE
@given(questions(), st.data())
def test_a_joint_of_some_variables_equals_the_enumerated_one(question, data):
    network, (case,) = question
    names = data.draw(st.lists(st.sampled_from(network.names), min_size=1, max_size=4, unique=True))
    joint = enumerated(network, case)
    assume(joint.sum() > 0)
    axes = tuple(i for i, name in enumerate(network.names) if name not in names)
    kept = [name for name in network.names if name in names]
    wanted = (joint.sum(axis=axes) / joint.sum()).transpose([kept.index(name) for name in names])
    found = inference.joint(inference.compile(network), names, encode(network, [case]))
    np.testing.assert_allclose(found, wanted, **CLOSE)


@given(questions(count=3))
def test_the_most_probable_explanation_is_as_probable_as_the_enumerated_best(question):
    network, batch = question
    states, log_p, ties = inference.most_probable(inference.compile(network), encode(network, batch))
    for i, case in enumerate(batch):
        joint = enumerated(network, case)
        if joint.max() == 0:
            assert (log_p[i], ties[i]) == (-math.inf, False)
        else:
            assert math.exp(log_p[i]) == pytest.approx(joint.max(), rel=1e-12)
            assert joint[tuple(states[i])] == pytest.approx(joint.max(), rel=1e-12)
            assert ties[i] == ((joint >= joint.max() * (1 - 1e-12)).sum() > 1)


@given(questions(), st.floats(1e-6, 1e6))
def test_a_likelihood_scaled_by_any_constant_changes_nothing(question, factor):
    network, (case,) = question
    plan, evidence = inference.compile(network), encode(network, [case])
    scaled = Evidence(1, {name: rows * factor for name, rows in evidence.likelihood.items()}, evidence.tables)
    one, other = inference.posterior(plan, evidence), inference.posterior(plan, scaled)
    for name in network.names:
        np.testing.assert_allclose(one.of(name), other.of(name), **CLOSE)


@given(networks())
def test_the_cells_known_before_compiling_are_the_cells_allocated(network):
    plan = inference.compile(network)
    assert plan.cells == sum(potential.size for potential in plan.cliques.potentials)


@given(networks())
def test_the_tree_holds_every_family_and_keeps_running_intersection(network):
    tree = inference.compile(network).tree
    for variable in network.variables:
        family = {network.position[name] for name in (variable.name, *variable.parents)}
        assert any(family.issubset(clique.variables) for clique in tree.cliques)
    for c, clique in enumerate(tree.cliques[:-1]):
        assert clique.parent > c
        above = set(tree.cliques[clique.parent].variables)
        assert set(clique.separator) == set(clique.variables) & above
        outside = {v for other in tree.cliques[c + 1 :] for v in other.variables}
        assert not set(clique.variables[: clique.residual]) & outside


@RARE
@given(networks(), st.data())
def test_observing_a_root_equals_setting_it(network, data):
    roots = [variable for variable in network.variables if not variable.parents]
    root = data.draw(st.sampled_from(roots))
    k = data.draw(st.sampled_from(np.flatnonzero(network.tables[root.name]).tolist()))
    plan = inference.compile(network)
    point = np.eye(len(root.states))[[k]]
    seen = inference.posterior(plan, Evidence(1, {root.name: point}))
    done = inference.posterior(plan, Evidence(1, {}, {root.name: point}))
    for name in network.names:
        np.testing.assert_allclose(seen.of(name), done.of(name), **CLOSE)


def test_evidence_on_all_of_a_long_chain_does_not_underflow():
    from model.network import Variable

    two = ("no", "yes")
    flip = np.array([[1 - 1e-12, 1e-12], [1e-12, 1 - 1e-12]])
    names = [f"x{i}" for i in range(96)]
    chain = [Variable(n, two, (names[i - 1],) if i else ()) for i, n in enumerate(names)]
    network = Network(chain, {n: flip if i else np.array([0.5, 0.5]) for i, n in enumerate(names)})
    alternating = {n: np.eye(2)[[i % 2]] for i, n in enumerate(names)}
    log = inference.log_evidence(inference.compile(network), Evidence(1, alternating))
    assert log[0] == pytest.approx(math.log(0.5) + 95 * math.log(1e-12), rel=1e-12)
