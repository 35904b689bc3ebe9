"""What variable elimination promises beyond the right numbers: no underflow, bounds, threads, forks, refusals."""

import math
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from model import inference
from model.errors import BadQuestion, NetworkTooLarge
from model.inference import Evidence, Posterior, variable_elimination
from model.inference.junction_tree.packed import executor
from model.inference.lru import ByteLRU
from model.inference.variable_elimination import scheduler
from model.network import Network, Variable

TWO = ("no", "yes")


def ask(prepared, evidence, names):
    return Posterior.gathered(*variable_elimination.posterior(prepared, evidence, names))


def chain(length, slip=1e-12):
    names = [f"x{i}" for i in range(length)]
    flip = np.array([[1 - slip, slip], [slip, 1 - slip]])
    variables = [Variable(n, TWO, (names[i - 1],) if i else ()) for i, n in enumerate(names)]
    return Network(variables, {n: flip if i else np.array([0.5, 0.5]) for i, n in enumerate(names)})


def scenarios(network, count, *, seed=0, each=3):
    """Random findings about ``each`` variables in each case."""
    rng = np.random.default_rng(seed)
    rows = {name: np.ones((count, len(network[name].states))) for name in network.names}
    for i in range(count):
        for name in rng.choice(network.names, each, replace=False):
            rows[name][i] = np.eye(len(network[name].states))[rng.integers(len(network[name].states))]
    return Evidence(count, rows)


def web(width):
    """Causes with a common effect for every pair of them: joining all causes once the effects are seen."""
    causes = [Variable(f"c{i}", TWO) for i in range(width)]
    effects = [Variable(f"e{i}_{k}", TWO, (f"c{i}", f"c{k}")) for i in range(width) for k in range(i)]
    tables = {v.name: np.array([0.3, 0.7]) for v in causes}
    tables |= {v.name: np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.3, 0.7], [0.4, 0.6]]]) for v in effects}
    return Network([*causes, *effects], tables)


@pytest.mark.parametrize("cases", [1, 3, 70])
def test_evidence_on_all_of_a_long_chain_does_not_underflow(cases):
    network = chain(400)
    alternating = {n: np.repeat(np.eye(2)[[i % 2]], cases, axis=0) for i, n in enumerate(network.names)}
    alternating["x7"] = np.linspace(0.1, 0.9, cases)[:, None] * [[0.0, 1.0]]
    found = ask(variable_elimination.prepare(network), Evidence(cases, alternating), ["x200"])
    wanted = math.log(0.5) + 399 * math.log(1e-12) + np.log(np.linspace(0.1, 0.9, cases))
    np.testing.assert_allclose(found.log_evidence, wanted, rtol=1e-12)


def unrolled(slices, width):
    """``width`` variables a slice, each read from itself and a neighbour one slice before."""
    rng = np.random.default_rng(7)
    variables = [
        Variable(f"x{t}_{i}", TWO, (f"x{t - 1}_{i}", f"x{t - 1}_{(i + 1) % width}") if t else ())
        for t in range(slices)
        for i in range(width)
    ]
    rare = {v.name: 10.0 ** rng.uniform(-30, -1, [2] * len(v.parents)) for v in variables}
    return Network(variables, {n: np.stack([p, 1 - p], axis=-1) for n, p in rare.items()})


@pytest.mark.parametrize("cases", [1, 40])
def test_evidence_on_all_of_an_unrolled_network_has_the_product_of_its_rows_as_its_probability(cases):
    network = unrolled(8, 12)
    rng = np.random.default_rng(3)
    states = {n: rng.integers(2, size=cases) for n in network.names}
    evidence = Evidence(cases, {n: np.eye(2)[s] for n, s in states.items()})
    rows = [network.tables[v.name][(*(states[p] for p in v.parents), states[v.name])] for v in network.variables]
    wanted = np.log(rows).sum(axis=0)
    assert (wanted < -750).all()
    by_lanes = ask(variable_elimination.prepare(network), evidence, ["x4_5"]).log_evidence
    by_tree = inference.posterior(inference.compile(network), evidence).log_evidence
    np.testing.assert_allclose(by_lanes, wanted, rtol=1e-13)
    np.testing.assert_allclose(by_tree, wanted, rtol=1e-13)


def rare(count, exponent=-200):
    """A cause and effects that are all but impossible without it, less so with it."""
    variables = [Variable("cause", TWO), *(Variable(f"e{i}", TWO, ("cause",)) for i in range(count))]
    seldom = np.array([1.0, 3.0]) * 10.0**exponent
    tables = {v.name: np.stack([1 - seldom, seldom], axis=1) for v in variables[1:]}
    return Network(variables, {"cause": np.array([0.8, 0.2]), **tables})


@pytest.mark.parametrize("cases", [1, 3, 70])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_tiny_numbers_of_several_tables_multiplied_do_not_vanish(cases, count):
    network = rare(count)
    seen = {f"e{i}": np.repeat([[0.0, 1.0]], cases, axis=0) for i in range(count)}
    seen["e0"] = np.linspace(0.2, 1.0, cases)[:, None] * [[0.0, 1.0]]
    weights = np.array([0.8, 0.2 * 3.0**count])
    prepared = variable_elimination.prepare(network)
    found = ask(prepared, Evidence(cases, seen), ["cause"])
    np.testing.assert_allclose(found.of("cause"), np.tile(weights / weights.sum(), (cases, 1)), rtol=1e-13)
    wanted = math.log(weights.sum()) - 200 * count * math.log(10) + np.log(np.linspace(0.2, 1.0, cases))
    np.testing.assert_allclose(found.log_evidence, wanted, rtol=1e-13)
    apart = variable_elimination.marginals(prepared, Evidence(cases, seen), ["cause"])["cause"]
    np.testing.assert_allclose(apart, found.of("cause"), rtol=1e-13)


def test_tiny_numbers_of_drawn_tables_do_not_vanish():
    network, tiny = rare(3, -2), rare(3)
    drawn = {f"e{i}": np.repeat(tiny.tables[f"e{i}"][None], 40, axis=0) for i in range(3)}
    evidence = Evidence(1, {name: np.array([[0.0, 1.0]]) for name in drawn})
    rows, log_p = variable_elimination.draws_with_evidence(
        variable_elimination.prepare(network), "cause", evidence, drawn
    )
    np.testing.assert_allclose(rows, np.tile([0.8 / 6.2, 5.4 / 6.2], (40, 1)), rtol=1e-13)
    np.testing.assert_allclose(log_p, math.log(6.2) - 600 * math.log(10), rtol=1e-13)


def links(count, p):
    """A chain whose links each hold with some probability, or twice that by its kind; one end needs all of them."""
    variables = [Variable("kind", TWO), Variable("x0", TWO)]
    variables += [Variable(f"x{i}", TWO, ("kind", f"x{i - 1}")) for i in range(1, count + 1)]
    holds = np.array([[[1.0, 0.0], [1 - p, p]], [[1.0, 0.0], [1 - 2 * p, 2 * p]]])
    tables = {v.name: holds for v in variables[2:]} | {"kind": np.array([0.5, 0.5]), "x0": np.array([0.5, 0.5])}
    return Network(variables, tables)


@pytest.mark.parametrize("cases", [1, 40])
def test_what_grows_rarer_step_by_step_does_not_vanish(cases):
    evidence = Evidence(cases, {"x20": np.repeat([[0.0, 0.5]], cases, axis=0)})
    found = ask(variable_elimination.prepare(links(20, 1e-40)), evidence, ["kind"])
    np.testing.assert_allclose(found.of("kind")[:, 0], 1 / (1 + 2.0**20), rtol=1e-13)
    np.testing.assert_allclose(found.log_evidence, math.log((1 + 2.0**20) / 8) - 800 * math.log(10), rtol=1e-13)


def test_what_grows_rarer_step_by_step_under_draws_does_not_vanish():
    drawn = {f"x{i}": np.repeat(links(1, 1e-40).tables["x1"][None], 40, axis=0) for i in range(1, 21)}
    evidence = Evidence(1, {"x20": np.array([[0.0, 0.5]])})
    rows, log_p = variable_elimination.draws_with_evidence(
        variable_elimination.prepare(links(20, 0.25)), "kind", evidence, drawn
    )
    np.testing.assert_allclose(rows[:, 0], 1 / (1 + 2.0**20), rtol=1e-13)
    np.testing.assert_allclose(log_p, math.log((1 + 2.0**20) / 8) - 800 * math.log(10), rtol=1e-13)


def test_likelihoods_of_any_scale_leave_the_distribution_alone():
    network = chain(60, 0.2)
    plain = Evidence(40, {n: np.random.default_rng(i).random((40, 2)) for i, n in enumerate(network.names)})
    tiny = Evidence(40, {n: rows * 1e-300 for n, rows in plain.likelihood.items()})
    prepared = variable_elimination.prepare(network)
    one, other = (ask(prepared, evidence, ["x30"]) for evidence in (plain, tiny))
    np.testing.assert_allclose(one.of("x30"), other.of("x30"), rtol=0, atol=1e-12)
    np.testing.assert_allclose(other.log_evidence, one.log_evidence + 60 * math.log(1e-300), rtol=1e-12)


def test_an_impossible_case_is_marked_in_its_own_row_of_a_batch():
    never = np.array([[1.0, 0.0], [0.0, 1.0]])
    variables = [Variable("a", TWO), Variable("b", TWO, ("a",)), Variable("c", TWO, ("b",))]
    network = Network(variables, {"a": np.array([0.25, 0.75]), "b": never, "c": np.array([[0.9, 0.1], [0.4, 0.6]])})
    a, c = np.eye(2)[np.arange(50) % 2], np.eye(2)[np.arange(50) // 25]
    b = np.where(np.arange(50)[:, None] == 33, [[1.0, 0.0]], 1.0)
    found = ask(variable_elimination.prepare(network), Evidence(50, {"a": a, "b": b, "c": c}), ["b"])
    assert found.log_evidence[33] == -math.inf
    assert np.isfinite(np.delete(found.log_evidence, 33)).all()
    assert (found.of("b")[33] == 0).all()
    np.testing.assert_array_equal(np.delete(found.of("b"), 33, axis=0), np.delete(a, 33, axis=0))


def test_draws_equal_the_junction_tree_with_each_draw_in_place():
    network = web(4)
    rng = np.random.default_rng(1)
    drawn = {n: rng.dirichlet([1.0, 2.0], size=(45, *table.shape[:-1])) for n, table in network.tables.items()}
    evidence = Evidence(1, {"e2_1": np.array([[0.0, 1.0]]), "e3_0": np.array([[1.0, 0.0]])})
    prepared = variable_elimination.prepare(network)
    counting = variable_elimination.needed(prepared, ["c2"], evidence)
    assert counting == ("c1", "c2", "e2_1")
    found = variable_elimination.draws(prepared, ["c2"], evidence, {name: drawn[name] for name in counting})["c2"]
    plan = inference.compile(network)
    for i in range(45):
        there = Evidence(1, evidence.likelihood, {name: rows[[i]] for name, rows in drawn.items()})
        np.testing.assert_allclose(found[i], inference.posterior(plan, there, ["c2"]).of("c2")[0], rtol=0, atol=1e-12)


def test_a_network_too_large_for_a_tree_is_answered_where_its_pruned_part_fits():
    network = web(40)
    plan = inference.compile(network)
    assert isinstance(plan.too_large, NetworkTooLarge)
    prepared = variable_elimination.prepare(network)
    seen = Evidence(1, {"e1_0": np.array([[0.0, 1.0]])})
    joint = np.outer([0.3, 0.7], [0.3, 0.7]) * [[0.1, 0.8], [0.7, 0.6]]
    found = ask(prepared, seen, ["c0"])
    np.testing.assert_allclose(found.of("c0")[0], joint.sum(axis=0) / joint.sum(), rtol=0, atol=1e-12)
    everything = Evidence(1, {n: np.array([[0.0, 1.0]]) for n in network.names if n.startswith("e")})
    with pytest.raises(NetworkTooLarge, match=r"width 39"):
        ask(prepared, everything, ["c0"])
    assert inference.posterior(plan, seen, ["c0"]).rows.tobytes() == found.rows.tobytes()
    assert "variable elimination, a program for each target" in plan.explain()
    with pytest.raises(NetworkTooLarge, match=r"exact inference needs"):
        inference.most_probable(plan, seen)


def test_the_same_batch_gives_the_same_bytes_from_any_number_of_threads():
    network = chain(30, 0.1)
    evidence = scenarios(network, 3000)
    prepared = variable_elimination.prepare(network)
    wanted = ask(prepared, evidence, ["x11"]).of("x11").tobytes()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, prepared, evidence, ["x11"]) for _ in range(8)]
        assert {future.result().of("x11").tobytes() for future in asked} == {wanted}
    alone = variable_elimination.prepare(network)
    alone.workers.count = 1
    assert ask(alone, evidence, ["x11"]).of("x11").tobytes() == wanted


def test_a_process_forked_after_the_threads_started_still_answers():
    network = chain(300, 0.1)
    evidence = scenarios(network, 3000)
    prepared = variable_elimination.prepare(network)
    wanted = ask(prepared, evidence, ["x11"]).of("x11")
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=lambda: theirs.send_bytes(ask(prepared, evidence, ["x11"]).of("x11").tobytes()))
    child.start()
    assert ours.poll(60)
    assert ours.recv_bytes() == wanted.tobytes()
    child.join(10)
    assert child.exitcode == 0


def test_only_so_many_programs_are_kept():
    recent = ByteLRU(2500)
    made = []
    for key in ("a", "b", "a", "c", "a", "b"):
        recent.get(key, lambda key=key: made.append(key))
    assert made == ["a", "b", "c", "b"]


def test_a_batch_too_large_for_lanes_is_answered_one_by_one(monkeypatch):
    network = chain(12, 0.1)
    evidence = scenarios(network, 60, each=2)
    wanted = ask(variable_elimination.prepare(network), evidence, ["x5"])
    monkeypatch.setattr(scheduler, "MEMORY", 0)
    monkeypatch.setattr(scheduler, "_side_by_side", None)
    found = ask(variable_elimination.prepare(network), evidence, ["x5"])
    np.testing.assert_allclose(found.of("x5"), wanted.of("x5"), rtol=0, atol=1e-12)


def test_a_batch_cut_by_what_its_findings_draw_in_equals_the_junction_tree(monkeypatch):
    monkeypatch.setattr(scheduler, "WORTH_PARTS", 0)
    monkeypatch.setattr(scheduler, "PART", 32)
    network = web(6)
    evidence = scenarios(network, 700, each=2)
    prepared = variable_elimination.prepare(network)
    found = ask(prepared, evidence, ["c2"])
    assert len({program.cells for program, _ in prepared.programs._values.values()}) > 4
    wanted = inference.compile(network).packed
    rows = executor.posterior(wanted, evidence.cases, evidence.likelihood, {}, ("c2",))
    np.testing.assert_allclose(found.rows, rows, rtol=1e-12, atol=1e-12)


def test_multiplications_are_counted_of_what_the_findings_draw_in():
    network = web(8)
    prepared = variable_elimination.prepare(network)
    little = Evidence(1, {"e1_0": np.array([[0.0, 1.0]])})
    assert variable_elimination.cells(prepared, little, "c0") < 20
    everything = Evidence(1, {n: np.array([[0.0, 1.0]]) for n in network.names if n.startswith("e")})
    assert variable_elimination.cells(prepared, everything, "c0") > 256


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(2, {"x0": np.ones((2, 3))}),
        Evidence(2, {"x0": np.ones((1, 2))}),
        Evidence(2, {}, {"x1": np.ones((3, 2, 2)) / 2}),
        Evidence(2, {}, {"x1": np.ones((2, 2)) / 2}),
    ],
)
def test_an_array_of_the_wrong_shape_is_refused(evidence):
    with pytest.raises(BadQuestion, match=r"x[01] has shape .*, not"):
        ask(variable_elimination.prepare(chain(3)), evidence, ["x2"])
