"""Variable elimination against enumeration of the joint and the junction tree, zeros and impossible cases included."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import inference
from model.d_separation import requisite_each
from model.evidence import Case
from model.inference import Evidence, Posterior, variable_elimination
from model.inference.arrays import encode
from model.inference.simd import LANES
from model.inference.variable_elimination import (
    binding,
    case_groups,
    per_case_kernels,
    simd_kernels,
    single_kernels,
)
from model.inference.variable_elimination import program as program_module
from model.inference.variable_elimination.coded_evidence import code_evidence
from model.inference.variable_elimination.columns import CUT, HARD, SIZE, SOFT, Workspace
from model.inference.variable_elimination.threads import Workers
from model.network import Network
from tests.networks import cases, enumerated, marginal, networks
from tests.twins import interpreters

CLOSE = {"rtol": 0, "atol": 1e-12}


def ask(prepared, evidence, names):
    return Posterior.gathered(*variable_elimination.posterior(prepared, evidence, names))


@st.composite
def questions(draw, most=1):
    """A network and cases that set the same variables by do()."""
    network = draw(networks())
    first = draw(cases(network))
    others = [draw(cases(network, settings=False)) for _ in range(draw(st.integers(0, most - 1)))]
    kept = [
        Case({n: f for n, f in case.findings.items() if n not in first.settings}, first.settings) for case in others
    ]
    return network, [first, *kept]


@settings(deadline=None)
@given(questions())
def test_one_case_equals_the_enumerated_joint(question):
    network, (case,) = question
    joint = enumerated(network, case)
    prepared = variable_elimination.prepare(network)
    for name in network.names:
        found = ask(prepared, encode(network, [case]), [name])
        if joint.sum() == 0:
            assert found.log_evidence[0] == -math.inf
            assert (found.of(name) == 0).all()
        else:
            assert math.exp(found.log_evidence[0]) == pytest.approx(joint.sum(), rel=1e-12)
            np.testing.assert_allclose(found.of(name)[0], marginal(joint, network, name), **CLOSE)


@settings(deadline=None)
@given(questions(most=4), st.data())
def test_a_batch_equals_the_junction_tree(question, data):
    network, some = question
    batch = data.draw(st.lists(st.sampled_from(some), min_size=1, max_size=80))
    evidence = encode(network, batch)
    check_against_the_tree(network, evidence)


@settings(deadline=None)
@given(networks(), st.integers(0, 2**32 - 1))
def test_a_batch_that_speaks_of_other_variables_in_each_case_equals_the_junction_tree(network, seed):
    check_against_the_tree(network, _scattered(network, np.random.default_rng(seed), 70))


def _scattered(network, rng, count):
    """Random likelihoods, known states and silences, do() with other states in each case, and tables drawn by case."""
    likelihood, tables = {}, {}
    for variable in network.variables:
        card, shape = len(variable.states), (count, *network.tables[variable.name].shape)
        speaks = rng.random()
        rows = np.where(rng.random((count, 1)) < 0.5, np.eye(card)[rng.integers(card, size=count)], 1.0)
        soft = rng.random((count, 1)) < 0.2
        rows = np.where(soft, rng.integers(0, 3, (count, card)) * 10.0 ** rng.integers(-40, 40, (count, 1)), rows)
        if speaks < 0.6:
            likelihood[variable.name] = rows
        what = rng.random()
        if what < 0.15:
            tables[variable.name] = rng.dirichlet(np.ones(card), size=shape[:-1])
        elif what < 0.3:
            chosen = np.eye(card)[rng.integers(card, size=count)]
            tables[variable.name] = np.broadcast_to(chosen.reshape(count, *([1] * (len(shape) - 2)), card), shape)
        elif what < 0.4:
            tables[variable.name] = rng.dirichlet(np.ones(card), size=(1, *shape[1:-1]))
    return Evidence(count, likelihood, tables)


def check_against_the_tree(network, evidence):
    one = inference.posterior(inference.compile(network), evidence)
    prepared = variable_elimination.prepare(network)
    together = ask(prepared, evidence, network.names)
    np.testing.assert_allclose(together.log_evidence, one.log_evidence, rtol=1e-12, atol=1e-12)
    for name in network.names:
        alone = ask(prepared, evidence, [name])
        np.testing.assert_allclose(alone.log_evidence, one.log_evidence, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(alone.of(name), one.of(name), **CLOSE)
        np.testing.assert_allclose(together.of(name), one.of(name), **CLOSE)


@settings(deadline=None, max_examples=40)
@given(questions(), st.sampled_from([1, 7, 40]), st.integers(0, 2**32 - 1))
def test_draws_with_their_evidence_equal_one_network_a_draw(question, count, seed):
    network, (case,) = question
    rng = np.random.default_rng(seed)
    drawn = {
        n: rng.integers(0, 4, (count, *rows.shape)) + np.eye(rows.shape[-1])[rng.integers(rows.shape[-1])]
        for n, rows in network.tables.items()
        if rng.random() < 0.7
    }
    drawn = {n: rows / rows.sum(axis=-1, keepdims=True) for n, rows in drawn.items()}
    evidence, prepared = encode(network, [case]), variable_elimination.prepare(network)
    alone = {n: variable_elimination.draws_with_evidence(prepared, n, evidence, drawn) for n in network.names}
    for i in range(count if drawn else 1):
        changed = Network(network.variables, {**network.tables, **{n: rows[i] for n, rows in drawn.items()}})
        wanted = inference.posterior(inference.compile(changed), evidence)
        for name in network.names:
            rows, logs = alone[name]
            np.testing.assert_allclose(logs[i], wanted.log_evidence[0], rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(rows[i], wanted.of(name)[0], **CLOSE)


@settings(deadline=None)
@given(networks(), st.integers(0, 2**32 - 1))
def test_numbers_of_any_size_are_answered_as_by_their_logarithms(network, seed):
    rng = np.random.default_rng(seed)
    network = Network(network.variables, {n: _spread(rng, rows) for n, rows in network.tables.items()})
    count, position = 20, network.position
    likelihood = {
        v.name: np.where(
            rng.random((count, 1)) < 0.7, np.eye(len(v.states))[rng.integers(len(v.states), size=count)], 1.0
        )
        * rng.choice([1.0, 1e-150], (count, len(v.states)))
        for v in network.variables
        if rng.random() < 0.8
    }
    tables = {
        n: np.stack([_spread(rng, rows) for _ in range(count)])
        for n, rows in network.tables.items()
        if rng.random() < 0.2
    }
    for many in (1, count):
        evidence = Evidence(
            many, {n: r[:many] for n, r in likelihood.items()}, {n: r[:many] for n, r in tables.items()}
        )
        for name in network.names:
            found = ask(variable_elimination.prepare(network), evidence, [name])
            for i in range(many):
                logs = _log_joint(
                    network, {n: r[i] for n, r in likelihood.items()}, {n: r[i] for n, r in tables.items()}
                )
                wanted = np.logaddexp.reduce(
                    np.moveaxis(logs, position[name], 0).reshape(logs.shape[position[name]], -1), axis=1
                )
                whole = np.logaddexp.reduce(wanted)
                assert found.log_evidence[i] == pytest.approx(whole, rel=1e-12)
                shares = np.exp(wanted - whole) if whole > -math.inf else np.zeros(len(wanted))
                np.testing.assert_allclose(found.of(name)[i], shares, rtol=0, atol=1e-10)


def _spread(rng, rows):
    """The same rows with states as rare as 1e-300, one of them taking the rest."""
    tiny = np.where(rows > 0, 10.0 ** -rng.integers(1, 300, rows.shape), 0.0)
    rest = rng.integers(rows.shape[-1], size=rows.shape[:-1])[..., None]
    np.put_along_axis(tiny, rest, 0.0, axis=-1)
    np.put_along_axis(tiny, rest, 1.0 - tiny.sum(axis=-1, keepdims=True), axis=-1)
    return tiny


def _log_joint(network, likelihood, tables):
    """The logarithm of P(every variable, evidence), shape (states of each variable, file order)."""
    at = dict(zip(network.names, np.indices(network.cards(network.names)), strict=True))
    rows = {**network.tables, **tables}
    with np.errstate(divide="ignore"):
        return sum(
            np.log(rows[v.name][tuple(at[n] for n in (*v.parents, v.name))])
            + np.log(likelihood.get(v.name, np.ones(len(v.states))))[at[v.name]]
            for v in network.variables
        )


@st.composite
def programs(draw, *, single_case):
    """A program for some target and shape of evidence, with the network's tables in memory and the rest left out."""
    network = draw(networks())
    packed = program_module.pack(network)
    bits = [0, 0, HARD, SOFT] if single_case else [0, SOFT, SOFT]
    role = np.array([draw(st.sampled_from(bits)) for _ in network.names])
    target = draw(st.integers(-1, len(role) - 1))
    if target >= 0:
        role[target] &= ~HARD
    return packed, program_module.program(
        packed, target, role, with_p_evidence=draw(st.booleans()), single_case=single_case
    )


@settings(deadline=None)
@given(programs(single_case=True), st.integers(0, 2**32 - 1))
def test_the_steps_of_one_case_equal_their_twin_in_numpy(drawn, seed):
    _, program = drawn
    rng = np.random.default_rng(seed)
    at = np.concatenate([[0], np.cumsum(program.factors[:, SIZE])[:-1]])
    scales = 10.0 ** rng.integers(-90, 90, len(at))  # three of them multiplied are still a number
    one = np.repeat(scales, program.factors[:, SIZE]) * rng.random(program.entries)
    other, exponents, found = one.copy(), np.zeros(len(at)), np.zeros(len(at))
    single_kernels.run_steps(program.steps, program.inputs, program.maps, at, one, exponents)
    interpreters.run_steps(program.steps, program.inputs, program.maps, at, other, found)
    np.testing.assert_allclose(one[at[-1] :], np.ldexp(other[at[-1] :], int(found[-1] - exponents[-1])), rtol=1e-12)


@settings(deadline=None)
@given(programs(single_case=True), st.integers(0, 2**32 - 1))
def test_the_steps_for_numbers_of_any_size_equal_their_twin_in_numpy(drawn, seed):
    _, program = drawn
    rng = np.random.default_rng(seed)
    at = np.concatenate([[0], np.cumsum(program.factors[:, SIZE])[:-1]])
    one = (
        rng.random(program.entries)
        * 10.0 ** rng.integers(-300, 1, program.entries)
        * rng.integers(0, 2, program.entries)
    )
    other, powers, found = one.copy(), np.zeros(program.entries, np.int64), np.zeros(program.entries, np.int64)
    single_kernels.wide_steps(program.steps, program.inputs, program.maps, at, one, powers)
    interpreters.wide_steps(program.steps, program.inputs, program.maps, at, other, found)
    row, log = per_case_kernels.total_of(one[at[-1] :], powers[at[-1] :])
    with np.errstate(divide="ignore"):
        logs = np.log(other[at[-1] :]) + found[at[-1] :] * math.log(2.0)
    assert log == pytest.approx(np.logaddexp.reduce(logs), rel=1e-12)
    wanted = np.exp(logs - np.logaddexp.reduce(logs)) if log > -math.inf else np.zeros(len(logs))
    np.testing.assert_allclose(row, wanted, rtol=0, atol=1e-10)


@settings(deadline=None)
@given(programs(single_case=False), st.booleans(), st.integers(0, 2**32 - 1))
def test_the_steps_of_many_cases_equal_their_twin_in_numpy(drawn, careful, seed):
    packed, program = drawn
    linked = binding.link(packed, code_evidence(packed.network, Workers(), 1, {}, {}), program, 0)
    rng = np.random.default_rng(seed)
    live = np.where(linked.constant_at < 0, rng.choice([0, 2], len(linked.place)), 1).astype(np.uint8)
    memory = rng.random(linked.memory * LANES) * (rng.random(linked.memory * LANES) < 0.8)
    memory *= 10.0 ** rng.integers(-70, 1, len(memory))
    results = []
    for steps in (simd_kernels.lane_steps, interpreters.lane_steps):
        there, exponents, alive, wide = memory.copy(), np.zeros(LANES), live.copy(), np.zeros(LANES, np.bool_)
        work = Workspace(there, np.empty(linked.mixed), alive, exponents, wide)
        fixed = steps(linked.bound, work, careful)
        results.append((there, exponents, alive, fixed, wide))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-300)


@settings(deadline=None)
@given(networks(), st.data())
def test_the_tables_read_are_those_that_d_separation_leaves(network, data):
    kinds = {name: data.draw(st.sampled_from(["", "hard", "soft", "cut", "done"])) for name in network.names}
    target = data.draw(st.sampled_from(network.names))
    kinds[target] = ""
    bits = {
        "": 0, "hard": HARD, "soft": SOFT, "cut": CUT,
        "done": CUT | HARD,
    }  # fmt: skip
    which = {kind: {name for name in network.names if kinds[name] == kind} for kind in bits}
    role = np.array([bits[kinds[name]] for name in network.names])
    found = program_module.needed(program_module.pack(network), network.position[target], role, with_p_evidence=False)
    wanted = requisite_each(
        network, [target], observed=which["hard"], reported=which["soft"], cut=which["cut"] | which["done"],
        fixed=which["done"],
    )  # fmt: skip
    settings = np.array([name in which["cut"] for name in network.names])
    np.testing.assert_array_equal(found & ~settings, wanted.tables[0])
    np.testing.assert_array_equal(found & settings, wanted.evidence[0] & settings)


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 90), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_distinct_columns_are_found_exactly(rows, cases, states, seed):
    codes = np.random.default_rng(seed).integers(-1, states, (rows, cases)).astype(np.int32)
    first, which = case_groups.distinct(codes)
    np.testing.assert_array_equal(codes[:, first][:, which], codes)
    assert len(first) == len({tuple(column) for column in codes.T.tolist()})
