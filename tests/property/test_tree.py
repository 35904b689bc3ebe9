"""The compiled tree executor against the numpy executor, each of its loops against its numpy twin."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import accumulate
from operator import mul
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model import inference
from model.evidence import Case
from model.inference import Evidence
from model.inference.arrays import encode
from model.inference.junction_tree.packed import executor, index_maps, prior_passes
from model.network import Network, Variable
from tests.layouts import compiled, layouts, short_runs
from tests.networks import cases, networks

pytest.importorskip("numba")
from model.inference.junction_tree.packed import table_kernels as kernels
from tests.twins import tables as table_twins

CLOSE = {"rtol": 0, "atol": 1e-12}
settings.register_profile("compiled", deadline=None)
settings.load_profile("compiled")


@st.composite
def questions(draw):
    """A network and a batch of one to five cases under the same interventions, some of them impossible."""
    network = draw(networks())
    first = draw(cases(network))
    batch = [first]
    for _ in range(draw(st.integers(0, 4))):
        other = draw(cases(network, settings=False)).findings
        batch.append(Case({n: f for n, f in other.items() if n not in first.settings}, first.settings))
    return network, encode(network, batch)


def assert_same(found, wanted, names):
    np.testing.assert_allclose(found.log_evidence, wanted.log_evidence, rtol=1e-12, atol=1e-12)
    for name in names:
        np.testing.assert_allclose(found.of(name), wanted.of(name), **CLOSE)


@given(questions(), layouts())
def test_all_marginals_equal_those_of_the_numpy_executor(question, layout):
    network, evidence = question
    plan = compiled(network, layout)
    assert_same(inference.posterior(plan, evidence), inference.posterior_numpy(plan, evidence), network.names)


@given(questions(), layouts(), st.data())
def test_marginals_of_some_targets_equal_those_of_the_numpy_executor(question, layout, data):
    network, evidence = question
    names = data.draw(st.lists(st.sampled_from(network.names), max_size=3))
    plan = compiled(network, layout)
    assert_same(inference.posterior(plan, evidence, names), inference.posterior_numpy(plan, evidence, names), names)


@given(questions(), st.data())
def test_tables_replaced_differently_in_each_case_are_each_case_on_its_own(question, data):
    network, evidence = question
    name = data.draw(st.sampled_from(network.names))
    shape = network.tables[name].shape
    seeds = np.random.default_rng(data.draw(st.integers(0, 99)))
    rows = seeds.dirichlet(np.full(shape[-1], 0.3), size=(evidence.cases, *shape[:-1]))
    question = Evidence(evidence.cases, evidence.likelihood, {**evidence.tables, name: rows})
    plan = inference.compile(network)
    assert_same(inference.posterior(plan, question), inference.posterior_numpy(plan, question), network.names)


@given(questions(), layouts())
def test_the_most_probable_explanation_is_as_probable_as_the_numpy_executors(question, layout):
    network, evidence = question
    plan = compiled(network, layout)
    states, logs, ties = inference.most_probable(plan, evidence)
    wanted = inference.most_probable_numpy(plan, evidence)
    np.testing.assert_allclose(logs, wanted.logs, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(ties, wanted.ties)
    for i in range(evidence.cases):
        if logs[i] > -math.inf:
            assert math.exp(logs[i]) == pytest.approx(_probability(network, evidence, states[i], i), rel=1e-12)


def _probability(network, evidence, states, case):
    at = dict(zip(network.names, states.tolist(), strict=True))
    p = 1.0
    for variable in network.variables:
        tables = evidence.tables.get(variable.name, network.tables[variable.name][None])
        p *= tables[(case if len(tables) > 1 else 0, *(at[n] for n in (*variable.parents, variable.name)))]
        if variable.name in evidence.likelihood:
            p *= evidence.likelihood[variable.name][case, at[variable.name]]
    return p


@given(questions(), layouts(), st.data())
def test_a_joint_equals_that_of_the_numpy_executor(question, layout, data):
    network, evidence = question
    names = data.draw(st.lists(st.sampled_from(network.names), min_size=1, max_size=3, unique=True))
    plan, one = compiled(network, layout), evidence.block(0, 1)
    found = inference.joint(plan, names, one)
    wanted = inference.joint(replace(plan, numpy_alone=True), names, one)
    np.testing.assert_allclose(found, wanted, **CLOSE)


@given(questions())
def test_the_same_question_gives_the_same_bytes_whatever_was_asked_before(question):
    network, evidence = question
    plan = inference.compile(network)
    before = inference.posterior(plan, evidence).rows.tobytes()
    inference.posterior(plan, Evidence(), network.names[:1])
    inference.most_probable(plan, evidence)
    assert inference.posterior(plan, evidence).rows.tobytes() == before
    assert inference.posterior(inference.compile(network), evidence).rows.tobytes() == before


@given(questions())
def test_neither_the_order_of_findings_nor_the_batch_changes_a_bit(question):
    network, evidence = question
    plan = inference.compile(network)
    together = inference.posterior(plan, evidence).rows
    for i in range(evidence.cases):
        one = evidence.block(i, i + 1)
        said = [name for name, rows in one.likelihood.items() if not (rows == 1).all()]
        turned = Evidence(1, {name: one.likelihood[name] for name in reversed(said)}, one.tables)
        assert inference.posterior(plan, turned).rows[0].tobytes() == together[i].tobytes()


@st.composite
def drawn_maps(draw):
    """A map between a table and a smaller one over some of its axes, numbers for both, and parts to take it in."""
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=5)))
    wanted = draw(st.lists(st.sampled_from(range(len(shape))), unique=True, max_size=len(shape)))
    if draw(st.booleans()):
        wanted.sort()
    writer = index_maps.Writer(0)
    support = draw(st.sampled_from([None, np.arange(0, math.prod(shape), 2)]))
    with mock.patch.multiple(index_maps, SHORT_RUNS=draw(short_runs()), MAP_ROWS=draw(st.sampled_from([1, 6, 99]))):
        m = index_maps.Maps(writer, [tuple(range(len(shape)))], [shape], [support]).to(0, wanted)
    cells = np.indices(shape).reshape(len(shape), -1)
    lengths = [shape[v] for v in wanted]
    meets = np.ravel_multi_index([cells[v] for v in wanted], lengths) if wanted else np.zeros(cells.shape[1], int)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    table = rng.random(cells.shape[1]) * (rng.random(cells.shape[1]) < 0.7)
    part = draw(st.sampled_from([*accumulate(reversed(shape), mul, initial=1)]))
    if support is not None:
        meets, table = meets[support], table[support]
    starts = range(0, len(table), part)
    parts = [(first, min(first + part, len(table))) for first in starts]
    return np.concatenate(writer.blocks), m, meets, table, rng.random(math.prod(lengths)), parts


@given(drawn_maps())
def test_each_loop_over_a_map_equals_its_numpy_twin(drawn):
    ints, m, meets, table, small, parts = drawn
    assert table_twins.cells(ints, m).tolist() == meets.tolist()
    product, summed, largest = np.zeros_like(table), small.copy(), small.copy()
    for part in parts:
        kernels.times(ints, m, table, small, product, (0, 0, 0), part)
        kernels.sums(ints, m, table, summed, (0, 0), part)
        kernels.maxima(ints, m, table, largest, (0, 0), part)
    np.testing.assert_array_equal(product, table_twins.times(table, meets, small))
    np.testing.assert_allclose(summed, table_twins.sums(table, meets, small), rtol=1e-14)
    np.testing.assert_array_equal(largest, table_twins.maxima(table, meets, small))


@given(st.integers(0, 9), st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_rows_weighed_are_a_vector_times_a_matrix_and_touch_nothing_else(rows, width, seed):
    rng = np.random.default_rng(seed)
    weights, matrix, target = rng.random(rows + 1), rng.random(rows * width + 1), rng.random(width + 2)
    wanted = target.copy()
    wanted[1:-1] = table_twins.vector_matrix(weights[1:], matrix[1:].reshape(rows, width), target[1:-1])
    kernels.vector_matrix(weights, 1, rows, matrix, 1, width, target, 1)
    np.testing.assert_allclose(target, wanted, rtol=1e-14)


def star(children, causes=2):
    """One cause of many states with many effects."""
    rng = np.random.default_rng(7)
    names = [f"x{i}" for i in range(children)]
    tables = {name: rng.dirichlet((5.0, 5.0), size=causes) for name in names}
    states = tuple(f"s{k}" for k in range(causes))
    effects = [Variable(name, ("no", "yes"), ("c",)) for name in names]
    return Network([Variable("c", states), *effects], {"c": np.full(causes, 1 / causes), **tables})


def test_four_hundred_findings_on_one_cause_do_not_underflow():
    network = star(400, causes=30)
    states = {f"x{i}": i % 2 for i in range(400)}
    evidence = Evidence(1, {name: np.eye(2)[[k]] for name, k in states.items()})
    found = inference.posterior(inference.compile(network), evidence, ["c"])
    logs = sum(np.log(network.tables[name][:, k]) for name, k in states.items()) - math.log(30)
    total = np.logaddexp.reduce(logs)
    assert found.log_evidence[0] == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(found.of("c")[0], np.exp(logs - total), atol=1e-12)


def test_threads_asking_at_once_are_answered_as_one_thread_is():
    network = star(12)
    plan = inference.compile(network)
    asked = [
        Evidence(1, {f"x{i % 12}": np.eye(2)[[i % 2]], f"x{i * 5 % 12}": np.eye(2)[[i // 2 % 2]]}) for i in range(400)
    ]
    alone = [inference.posterior(plan, evidence).rows.tobytes() for evidence in asked]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda evidence: inference.posterior(plan, evidence).rows.tobytes(), asked))
    assert together == alone
    assert len(plan.packed.spare) <= executor.SPARE


@given(questions())
def test_without_numba_the_numpy_executor_answers(question):
    network, evidence = question
    plan = inference.compile(network)
    wanted = inference.posterior(plan, evidence)
    alone = replace(plan, numpy_alone=True)
    assert_same(inference.posterior(alone, evidence), wanted, network.names)
    assert "numpy executor" in alone.explain()


@given(networks(), st.data())
def test_no_table_keeps_a_zero_where_compression_pays(network, data):
    assume(any((table == 0).any() for table in network.tables.values()))
    plan = compiled(network, {prior_passes: {"DENSE": 1.1, "SMALLEST_SPARSE": 0, "LITTLE": 1.0}})
    beliefs = sum(
        np.count_nonzero(inference.joint(plan, [network.names[v] for v in c.variables])) for c in plan.tree.cliques
    )
    assert plan.packed.packed.cells <= beliefs


def test_marginals_of_a_long_chain_of_unlikely_findings_do_not_underflow():
    flip = np.array([[1 - 1e-12, 1e-12], [1e-12, 1 - 1e-12]])
    names = [f"x{i}" for i in range(240)]
    chain = [Variable(n, ("no", "yes"), (names[i - 1],) if i else ()) for i, n in enumerate(names)]
    seen = [Variable(f"y{i}", ("no", "yes"), (n,)) for i, n in enumerate(names)]
    tables = {n: flip if i else np.array([0.5, 0.5]) for i, n in enumerate(names)}
    noisy = np.array([[0.9, 0.1], [0.2, 0.8]])
    plan = inference.compile(Network([*chain, *seen], {**tables, **{v.name: noisy for v in seen}}))
    alternating = {n: np.eye(2)[[i // 2 % 2]] for i, n in enumerate(names) if i % 2 == 0}
    evidence = Evidence(1, alternating)
    wanted = inference.posterior_numpy(plan, evidence)
    assert wanted.log_evidence[0] < -2500
    assert_same(inference.posterior(plan, evidence), wanted, plan.network.names)
    cut = Evidence(1, alternating, {"x101": flip[None]})
    assert_same(inference.posterior(plan, cut), wanted, plan.network.names)
