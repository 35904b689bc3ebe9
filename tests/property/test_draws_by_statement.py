"""What an edit of a prior file does not touch is drawn alike before and after: one statement changed, no others."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from model import priors
from model.evidence import Case
from model.forecast import prepare
from model.gates import Gate, Influences, Pinned, Ranked, RowPool, Stream, TableGate
from model.network import Table
from model.specification import Model
from model.uncertainty.draws import Draws, sampled
from tests.sources import ROOT

KINDS = ROOT / "tests" / "data" / "kinds"
ASIA = ROOT / "priors" / "asia"
MOSUL = ROOT / "priors" / "mosul-2017"
HALVES = {"no": 0.5, "yes": 0.5}


@cache
def loaded(folder: Path) -> Model:
    return priors.load(folder)


def places(node: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where numbers stand that may be changed by themselves: probabilities beside another, strengths and weights."""
    if isinstance(node, dict):
        for key, value in node.items():
            numbers = [k for k, p in value.items() if isinstance(p, float)] if isinstance(value, dict) else []
            if (key == "p" and len(numbers) > 1) or (
                key in ("strength", "weight", "ess") and isinstance(value, int | float)
            ):
                yield (*steps, key)
            yield from places(value, (*steps, key))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from places(value, (*steps, position))


def edited(folder: Path, into: Path, which: int) -> tuple[str, Model]:
    """A variable, and the model of a copy in which one number of it is another one."""
    yaml = YAML()
    yaml.preserve_quotes, yaml.explicit_end = True, True
    copy = Path(shutil.copytree(folder, into / folder.name))
    files = [path for path in sorted(copy.glob("*.yaml")) if "variables:" in path.read_text(encoding="utf-8")]
    read = {path: yaml.load(path) for path in files}
    every = [(path, steps) for path, data in read.items() for steps in places(data["variables"])]
    path, steps = every[which % len(every)]
    holder = read[path]["variables"]
    for step in steps[:-1]:
        holder = holder[step]
    if steps[-1] == "p":
        first, second = [k for k, p in holder["p"].items() if isinstance(p, float)][:2]
        both = float(holder["p"][first]) + float(holder["p"][second])
        holder["p"][first], holder["p"][second] = round(0.37 * both, 9), round(both - round(0.37 * both, 9), 9)
    else:
        holder[steps[-1]] = float(holder[steps[-1]]) * 1.25
    yaml.dump(read[path], path)
    return str(steps[0]), priors.load(copy)


def under_the_old_parents(gate: Gate, old: Gate) -> Gate:
    """A gate with the joint of its parents as it was: only its own numbers are drawn, and that is worked out."""
    if isinstance(gate, Pinned) and isinstance(old, Pinned):
        return replace(gate, gate=under_the_old_parents(gate.gate, old.gate))
    if isinstance(gate, Influences) and isinstance(old, Influences):
        return replace(gate, parents_joint=old.parents_joint)
    return gate


def drawn(model: Model, name: str) -> bytes:
    table = Draws(model).table(name)
    return b"" if table is None else table.tobytes()


@pytest.mark.parametrize("folder", [KINDS, ASIA], ids=["kinds", "asia"])
@settings(max_examples=15)
@given(which=st.integers(0, 10_000))
def test_one_number_edited_leaves_the_draws_of_every_other_variable(folder: Path, which: int) -> None:
    old = loaded(folder)
    with tempfile.TemporaryDirectory() as into:
        name, new = edited(folder, Path(into), which)
    assert new.revision != old.revision
    for other in old.network.names:
        if other == name:
            continue
        said, before = new.described[other], old.described[other]
        gate = under_the_old_parents(said.gate, before.gate)
        kept = replace(new, described={**new.described, other: replace(said, gate=gate)})
        assert drawn(kept, other) == drawn(old, other), other


@settings(max_examples=2)
@given(which=st.integers(0, 10_000))
def test_one_number_of_the_flagship_edited_leaves_the_answers_that_do_not_depend_on_it(which: int) -> None:
    old = loaded(MOSUL)
    with tempfile.TemporaryDirectory() as into:
        name, new = edited(MOSUL, Path(into), which)
    before, after = prepare(old), prepare(new)
    above = [n for n in old.network.names if name not in old.network.ancestors([n])][-3:]
    assert above
    for target in above:
        one, other = (sampled(each.draws, each.plan, target, Case({})) for each in (before, after))
        assert one is not None
        assert other is not None
        assert one.rows.tobytes() == other.rows.tobytes()
        assert one.weights.tobytes() == other.weights.tobytes()


def test_another_model_of_the_same_files_draws_otherwise(tmp_path: Path) -> None:
    other = priors.load(Path(shutil.copytree(ASIA, tmp_path / "asia-again")))
    old = loaded(ASIA)
    assert [n for n in old.network.names if drawn(old, n) == drawn(other, n) != b""] == []


def rows(draws: Table) -> list[bytes]:
    """The draws of each row of a table."""
    return [np.ascontiguousarray(draws[:, *cell]).tobytes() for cell in np.ndindex(draws.shape[1:-1])]


def test_one_row_of_a_table_edited_leaves_the_draws_of_the_others() -> None:
    table = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.2, 0.8], [0.6, 0.4]]])
    other = table.copy()
    other[1, 0] = [0.3, 0.7]
    before, after = (rows(TableGate(t, np.full((2, 2), 20.0)).draw(Stream(1), 100)) for t in (table, other))
    assert [one == two for one, two in zip(before, after, strict=True)] == [True, True, False, True]
    assert len(set(before)) == 4


def test_rows_in_another_order_are_drawn_alike_and_a_default_stays_when_a_row_is_added() -> None:
    table = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]]])
    more = table.copy()
    more[0, 1] = [0.2, 0.8]
    one = TableGate(table, np.full((2, 2), 20.0), np.array([[0, 1], [1, 1]]), fallback=1).draw(Stream(1), 100)
    two = TableGate(more, np.full((2, 2), 20.0), np.array([[1, 0], [2, 2]]), fallback=2).draw(Stream(1), 100)
    before, after = rows(one), rows(two)
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True, True]


def test_a_number_that_is_edited_moves_with_its_old_draws() -> None:
    """Its stream is the same too, so that a small change moves every draw a little and the same way."""
    one, two = (TableGate(np.array([p, 1 - p]), np.array(20.0)).draw(Stream(1), 100)[:, 0] for p in (0.30, 0.31))
    assert (two > one).all()
    assert (two - one).max() < 0.02


def test_one_influence_added_before_another_leaves_the_draws_of_that() -> None:
    gate = loaded(KINDS).described["ordered"].gate
    assert isinstance(gate, Pinned)
    assert isinstance(gate.gate, Influences)
    first, second = gate.gate.effects
    silent = replace(first, strength=0.0, ess=np.inf)
    one = replace(gate.gate, effects=(silent, second)).draw(Stream(1), 50)
    two = replace(gate.gate, effects=(second,)).draw(Stream(1), 50)
    np.testing.assert_allclose(one, two, rtol=1e-12)


def test_one_weight_edited_leaves_the_draws_of_the_variance_and_of_the_other_weight() -> None:
    def scores(weight: float) -> Table:
        return Ranked(2, "mean", (weight, 1.0), (False, False), (2, 2), 0.05, 30.0).draw(Stream(1), 50)

    assert np.corrcoef(scores(3.0)[:, 0, 1, 0], scores(3.3)[:, 0, 1, 0])[0, 1] > 0.99


def test_one_expert_added_leaves_the_draws_of_the_others() -> None:
    def pool(*experts: str) -> RowPool:
        count = len(experts)
        stated = np.tile([0.3, 0.7], (count, 1))
        return RowPool("linear", stated, np.full(count, 1 / count), np.full(count, 9.0), tuple((e,) for e in experts))

    def clock(sources: tuple[str, ...]) -> Table:
        return np.full(40, 0.0 if sources == ("b",) else 1.0)  # b is always the first

    two, three = (pool(*experts).draw(Stream(1), 40, clock) for experts in ("ab", "cab"))
    assert two.tobytes() == three.tobytes()
    assert len(np.unique(two)) > 40
