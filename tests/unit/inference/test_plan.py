"""What a plan says of itself: who answers and why, what it counts, what memory it takes."""

import math
from unittest import mock

import numpy as np
import pytest

from model import inference
from model.inference import Evidence, plan, variable_elimination
from model.inference.junction_tree.packed import executor, layout, shortcuts
from model.inference.junction_tree.triangulation import too_large
from model.network import Network, Variable
from tests.networks import grid

pytest.importorskip("numba")


def lattice(side):
    """A square of variables, each caused by those left of it and above it."""
    names = [f"x{i}" for i in range(side**2)]
    rng = np.random.default_rng(3)
    variables, tables = [], {}
    for i, name in enumerate(names):
        parents = tuple(names[u] for u in range(i) if grid(side)[i] >> u & 1)
        variables.append(Variable(name, ("no", "yes"), parents))
        tables[name] = rng.dirichlet((1.0, 1.0), size=(2,) * len(parents))
    return Network(variables, tables)


@pytest.fixture(scope="module")
def wide():
    """A tree of over 20,000 entries, of which a corner needs few."""
    return inference.compile(lattice(12))


def yes(*names):
    return Evidence(1, {name: np.array([[0.0, 1.0]]) for name in names})


def test_a_target_in_a_corner_of_a_wide_tree_is_answered_by_a_program_and_it_is_said_why(wide):
    asked = ("x2",)
    said = wide.explain(yes("x1"), asked).splitlines()
    assert said[0].startswith("junction tree: ")
    touched, stored = wide.touched(yes("x1"), asked), wide.packed.packed.cells
    assert said[2] == f"tree: {touched:,} entries touched a case, both passes; {stored:,} weighed against programs"
    assert said[3] == f"programs: {variable_elimination.cells(wide.programs, yes('x1'), 'x2'):,} multiplications a case"
    assert wide.choice(yes("x1"), asked) is plan.FEWER_STEPS
    assert (
        said[-1] == "answered by: variable elimination, a program for each target costs less than the tree has entries"
    )


def test_a_few_cases_on_a_slow_tree_cost_what_each_costs_by_itself():
    slow = inference.compile(lattice(13))
    some = {
        f"x{i}": np.array([[0.0, 1.0] if case == k else [1.0, 1.0] for case in range(5)])
        for k, i in enumerate((1, 27, 60, 110, 168))
    }
    batch = Evidence(5, some)
    assert 2 * variable_elimination.cells(slow.programs, batch, "x2") >= slow.packed.packed.cells > plan.TREE_IS_SLOW
    assert slow.choice(batch, ("x2",)) is plan.FEWER_STEPS
    apart = [inference.posterior(slow, batch.block(i, i + 1), ("x2",)).of("x2")[0] for i in range(5)]
    np.testing.assert_allclose(inference.posterior(slow, batch, ("x2",)).of("x2"), apart, rtol=0, atol=1e-12)


def test_the_whole_distribution_is_answered_by_the_tree(wide):
    assert wide.explain().endswith("answered by: compiled tree executor, two passes give every variable")
    assert wide.explain(names=()).endswith("answered by: compiled tree executor, one pass gives P(evidence)")


@pytest.mark.parametrize("choice", [plan.FEWER_STEPS, plan.FEWER_ENTRIES, plan.NO_NUMBA])
def test_a_question_goes_where_the_choice_says(choice):
    ready = inference.compile(lattice(3))
    with (
        mock.patch.object(plan.Plan, "choice", return_value=choice),
        mock.patch.object(variable_elimination, "posterior", wraps=variable_elimination.posterior) as programs,
        mock.patch.object(executor, "posterior", wraps=executor.posterior) as passes,
    ):
        inference.posterior(ready, yes("x8"), ("x0",))
        assert ready.explain(yes("x8"), ("x0",)).endswith(choice.why)
    assert programs.called == (choice.executor == plan.PROGRAMS)
    assert passes.called == (choice.executor == plan.TREE)


def test_whichever_executor_answers_the_numbers_are_the_same(wide):
    seen = yes("x1", "x30")
    found = []
    for choice in (plan.FEWER_STEPS, plan.FEWER_ENTRIES, plan.NO_NUMBA):
        with mock.patch.object(plan.Plan, "choice", return_value=choice):
            found.append(inference.posterior(wide, seen, ("x2", "x40")).rows)
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[2], found[1], rtol=0, atol=1e-12)


def test_a_refused_tree_is_explained_by_the_refusal():
    ready = inference.compile(lattice(4), limit=10)
    said = ready.explain(yes("x1"), ("x0",)).splitlines()
    assert said[1] == f"refused: {ready.too_large}"
    assert "more than the limit of 10" in said[1]
    assert said[-1] == "answered by: variable elimination, a program for each target; the tree is too large"


def test_a_program_that_is_too_large_is_explained_by_its_refusal():
    ready = inference.compile(lattice(3))
    refusal = too_large(ready.tree, 10)
    with mock.patch.object(variable_elimination, "cells", side_effect=refusal):
        assert f"programs: refused: {refusal}" in ready.explain(yes("x1"), ("x0",))
        assert ready.choice(yes("x1"), ("x0",)) is plan.FEWER_ENTRIES


def test_entries_touched_are_those_between_the_findings_and_the_targets(wide):
    stored = wide.packed.packed.cells
    assert wide.touched(Evidence(), ()) == 0
    assert wide.touched(Evidence(), None) == stored
    assert stored < wide.touched(yes(*wide.network.names), None) <= 2 * stored
    near, far = wide.touched(yes("x0"), ("x0",)), wide.touched(yes("x0"), ("x143",))
    assert 0 < near < far <= 2 * stored
    assert wide.touched(yes("x0"), ()) <= near
    done = Evidence(1, {}, {"x0": np.array([[0.0, 1.0]])})
    assert wide.touched(done, ("x0",)) >= near


def test_the_entries_counted_on_the_way_up_are_those_of_the_cliques_that_the_compiled_pass_visits():
    ready = inference.compile(lattice(6))
    for names in (("x0",), ("x1", "x35"), ("x7", "x20", "x29")):
        inference.posterior(ready, yes(*names))
        _, state = ready.packed.spare[-1]
        packed = ready.packed.packed
        modes = state[layout.MODE * len(packed.entries) :][: len(packed.entries)]
        visited = sum(entries for entries, mode in zip(packed.entries, modes, strict=True) if mode)
        assert ready.touched(yes(*names), None) == packed.cells + visited


def test_the_memory_of_a_plan_and_of_a_workspace_is_what_is_allocated_and_bounded(wide):
    packed = wide.packed.packed
    work, state = packed.workspace()
    assert wide.memory == plan.Memory(packed.floats.nbytes + packed.ints.nbytes, work.nbytes + state.nbytes)
    numbers = sum(table.size for table in wide.network.tables.values())
    states = sum(len(v.states) for v in wide.network.variables)
    separators = sum(
        math.prod(len(wide.network.variables[v].states) for v in clique.separator) for clique in wide.tree.cliques
    )
    assert len(work) <= 2 * wide.cells + 2 * separators + numbers + states
    room = max(shortcuts.SHORTCUT_ROOM, wide.cells)
    assert len(packed.floats) <= numbers + wide.cells + 2 * separators + len(wide.tree.cliques) + room
    assert f"{wide.memory.tables / 1e6:.1f} MB shared by all threads" in wide.explain()


def test_a_workspace_is_never_shared_and_few_are_kept():
    ready = inference.compile(lattice(3)).packed
    taken = [ready.take() for _ in range(9)]
    assert len({id(work) for work, _ in taken}) == 9
    for workspace in taken:
        ready.give_back(workspace)
    assert len(ready.spare) == executor.SPARE


def test_what_the_tree_takes_for_impossible_is_confirmed_or_answered_by_programs():
    """Two findings of 1e-200 meet in one table: the first case is unlikely, the second impossible, the third plain."""
    two, tiny = ("no", "yes"), 1e-200
    rare = np.array([[1 - tiny, tiny], [1 - 2 * tiny, 2 * tiny]])
    tables = {
        "a": np.array([0.5, 0.5]),
        "b": rare,
        "c": np.stack([rare, rare]),
        "d": np.array([[1.0, 0.0], [1.0, 0.0]]),
    }
    parents = {"a": (), "b": ("a",), "c": ("b", "a"), "d": ("a",)}
    ready = inference.compile(Network([Variable(n, two, p) for n, p in parents.items()], tables))
    known, unknown = [0.0, 1.0], [1.0, 1.0]
    said = {"b": [known, unknown, unknown], "c": [known, unknown, known], "d": [unknown, known, unknown]}
    batch = Evidence(3, {name: np.array(rows) for name, rows in said.items()})
    wanted = [math.log(2.5) + 2 * math.log(tiny), -math.inf, math.log(1.5 * tiny)]
    for names in (None, ("a",)):
        found = inference.posterior(ready, batch, names)
        np.testing.assert_allclose(found.log_evidence, wanted, rtol=1e-9)
        np.testing.assert_allclose(found.of("a"), [[0.2, 0.8], [0.0, 0.0], [1 / 3, 2 / 3]], rtol=1e-9)
    one = batch.block(0, 1)
    np.testing.assert_allclose(inference.joint(ready, ("a", "b"), one), [[0.0, 0.2], [0.0, 0.8]], rtol=1e-9)
    np.testing.assert_array_equal(inference.joint(ready, ("a", "b"), batch.block(1, 2)), np.zeros((2, 2)))
