"""Numbers outside their own intervals: which, why, and that every one of them is named; intervals of joints."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from model import inference
from model.analyses.matrix import matrix
from model.events import texts
from model.evidence import Assumed, Case, Observed, SetTo
from model.forecast import DRAWN_COMBINATIONS, answer, prepare
from model.gates import TableGate
from model.network import Network, Variable
from model.priors import load
from model.question import Question
from model.specification import Description, Model
from model.uncertainty.draws import Draws, interval, sampled
from model.uncertainty.intervals import NAMED, ROUNDING, Outside, intervals, outside_text, warned
from tests.sources import ROOT

RARE = prepare(load(ROOT / "tests" / "data" / "rare"))
COLOMBIA = ROOT / "priors" / "colombia-2016"


def told(of: Network, ess: float) -> Model:
    described = {
        v.name: Description(
            v.name, v.name, None, "state", "table", None, None,
            TableGate(of.tables[v.name], np.full(of.tables[v.name].shape[:-1], ess)), (),
        )
        for v in of.variables
    }  # fmt: skip
    return Model("test", "Test", "", "2017-03-06", "", (), of, described)


def chain(ess: float) -> Model:
    """A coin, and a witness who is hardly ever wrong."""
    two = ("a", "b")
    variables = [Variable("x", two), Variable("y", two, ("x",))]
    return told(Network(variables, {"x": np.array([0.3, 0.7]), "y": np.array([[0.95, 0.05], [0.05, 0.95]])}), ess)


def beyond(found) -> set[tuple[str, str, str]]:
    """What lies outside, by comparing every number of an answer with its ends."""
    basis, ends = found.targets.basis, found.targets.intervals
    named = [(v.name, s) for v in basis.targets for s in v.states]
    shift = found.targets.p - basis.baseline
    numbers = [("p", found.targets.p, ends.low, ends.high), ("shift", shift, ends.shift_low, ends.shift_high)]
    if found.effect is not None:
        numbers.append(("effect", found.effect.change, found.effect.low, found.effect.high))
    return {
        (*named[k], of)
        for of, value, low, high in numbers
        for k in range(len(named))
        if value[k] < low[k] - ROUNDING or value[k] > high[k] + ROUNDING
    }


def test_every_number_outside_its_interval_is_named_and_no_other():
    model = load(COLOMBIA)
    forecaster, seen = prepare(model), 0
    for name in model.network.names[::4]:
        for state in model.network[name].states:
            for said in ({"findings": {name: Observed(state)}}, {"settings": {name: SetTo(state)}}):
                found = answer(forecaster, Question(model.headline, interval=0.5, **said))
                held = found.targets.intervals
                assert {(each.target, each.state, each.of) for each in held.outside} == beyond(found)
                assert (held.warning is None) == (held.caution is None and not held.outside)
                seen += len(held.outside)
    assert seen > 20


@pytest.mark.parametrize("said", [{}, {"settings": {"guard": SetTo("high")}}])
def test_a_mean_that_a_few_draws_carry_is_a_tail(said):
    held = answer(RARE, Question(("breach",), interval=0.9, **said)).targets.intervals
    assert {each.why for each in held.outside} == ({"tail"} if said else set())
    for each in held.outside:
        assert not each.low <= each.mean <= each.high


def asked(*, p: float, before: float, ess: float = 20.0, mass: float = 0.9, **findings: str):
    model = chain(ess)
    case = Case({name: Observed(state) for name, state in findings.items()})
    numbers = {"p": np.array([p, 1 - p]), "before": np.array([before, 1 - before])}
    return intervals(Draws(model), inference.compile(model.network), ("x",), case, mass=mass, **numbers)


def test_an_answer_that_the_mean_of_the_draws_is_far_from_is_nonlinear():
    found = asked(p=0.6, before=0.3)
    assert [(each.state, each.of, each.why) for each in found.outside] == [
        ("a", "p", "nonlinear"), ("a", "shift", "nonlinear"), ("b", "p", "nonlinear"), ("b", "shift", "nonlinear"),
    ]  # fmt: skip
    assert found.outside[0].mean == pytest.approx(0.3, abs=0.01)


def test_a_baseline_that_the_evidence_moves_is_told_from_a_mean_that_is_another_number():
    exact = 0.3 * 0.95 / (0.3 * 0.95 + 0.7 * 0.05)
    assert asked(p=exact, before=0.3, y="a").outside == ()
    found = asked(p=exact, before=0.3, ess=1.0, mass=0.5, y="a").outside
    assert {each.why for each in found if each.of == "shift"} == {"baseline"}
    assert {(each.of, each.why) for each in asked(p=exact, before=0.01, y="a").outside} == {("shift", "nonlinear")}


def test_draws_that_are_not_weighed_are_the_first_reason():
    model = chain(1.0)
    two, rows = ("a", "b"), np.array([[0.001, 0.999], [0.001, 0.999]])
    many = [Variable(f"z{i}", two, ("x",)) for i in range(4)]
    network = Network([*model.network.variables, *many], {**model.network.tables, **{v.name: rows for v in many}})
    model = told(network, 1.0)
    case = Case({v.name: Observed("a") for v in many})
    plan = inference.compile(network)
    numbers = {"p": np.array([1.0, 0.0]), "before": np.array([0.3, 0.7])}
    found = intervals(Draws(model), plan, ("x",), case, mass=0.01, **numbers)
    assert found.effective < 100
    assert {each.why for each in found.outside} == {"few_draws"}
    assert found.warning.startswith("the evidence is so unlikely")
    assert "outside" in found.warning


def test_what_is_as_near_as_rounding_is_not_outside():
    certain = told(chain(1.0).network, np.inf)
    plan = inference.compile(certain.network)
    for by, count in ((1e-13, 0), (1e-6, 4)):
        p = np.array([0.3 + by, 0.7 - by])
        found = intervals(Draws(certain), plan, ("x",), Case({}), mass=0.9, p=p, before=np.array([0.3, 0.7]))
        assert len(found.outside) == count


def test_a_warning_names_a_few_and_counts_the_rest():
    each = Outside("x", "a", "p", 0.1, 0.2, 0.3, 0.25, "nonlinear")
    assert outside_text([each]).startswith("1 number lies outside its range: x=a (0.1000, not 0.2000 to 0.3000); ")
    many = outside_text([each] * (NAMED + 2), [f"n{i}" for i in range(NAMED + 2)])
    assert many.startswith("5 numbers lie outside their ranges: n0, n1, n2 and 2 more; ")
    assert warned(None, []) is None
    assert warned("careful", []) == "careful"


def test_a_shift_of_the_matrix_says_why_it_lies_outside_its_range():
    rows = matrix(RARE, mass=0.5).rows
    assert any(row.outside for row in rows)
    for row in rows:
        assert (row.outside is not None) == (not row.low - ROUNDING <= row.shift <= row.high + ROUNDING)


SAID = [
    {},
    {"findings": {"breach": Observed("no")}},
    {"settings": {"guard": SetTo("low")}},
    {"findings": {"fence": Assumed({"closed": 0.9, "open": 0.1})}},
]


@pytest.mark.parametrize("said", SAID)
def test_the_interval_of_a_joint_of_one_variable_is_that_of_the_variable(said):
    found = answer(RARE, Question(("breach",), joint=(("breach",),), interval=0.8, **said))
    [joint], held = found.joint, found.targets.intervals
    assert joint.ends() == [pytest.approx(held.of_state(k)[:2], abs=1e-12) for k in range(2)]


@pytest.mark.parametrize("said", SAID)
def test_each_draw_of_a_joint_adds_up_to_the_draw_of_its_variables(said):
    names = ("guard", "breach")
    [joint] = answer(RARE, Question(("breach",), joint=(names,), interval=0.9, **said)).joint
    case = Case(said.get("findings", {}), said.get("settings", {}))
    draws, plan, name = RARE.combined(names)
    both, alone = sampled(draws, plan, name, case), sampled(RARE.draws, RARE.plan, "breach", case)
    assert both.rows.reshape(-1, 2, 2).sum(axis=1) == pytest.approx(alone.rows, abs=1e-12)
    assert both.weights == pytest.approx(alone.weights, abs=1e-12)
    low, high = interval(both.rows, both.weights, 0.9)
    assert joint.ends() == list(zip(low.tolist(), high.tolist(), strict=True))
    assert [states for states, _ in joint.rows] == list(product(("high", "low"), ("yes", "no")))


def test_a_joint_without_intervals_has_no_ends():
    [joint] = answer(RARE, Question(("breach",), joint=(("guard", "breach"),))).joint
    assert joint.intervals is None
    assert joint.ends() == [(None, None)] * 4


def test_a_joint_of_too_many_combinations_says_that_it_has_no_intervals():
    count = DRAWN_COMBINATIONS.bit_length()
    variables = [Variable(f"v{i}", ("a", "b")) for i in range(count)]
    of = Network(variables, {v.name: np.full(2, 0.5) for v in variables})
    forecaster = prepare(told(of, 10.0))
    for names, drawn in ((of.names[1:], True), (of.names, False)):
        [joint] = answer(forecaster, Question(("v0",), joint=(tuple(names),), interval=0.9)).joint
        assert all((low is not None) == drawn for low, _ in joint.ends())
        assert (joint.intervals.warning is None) == drawn


def test_a_combination_outside_its_interval_is_called_by_its_states():
    [joint] = answer(RARE, Question(("breach",), joint=(("breach", "guard"),), interval=0.9)).joint
    assert [(each.target, each.state) for each in joint.intervals.outside] == [("breach,guard", "yes,high")]


def test_a_joint_beside_an_event_has_its_intervals():
    events = texts(RARE.model, ["any(guard:low,fence:open)"])
    asked_both = Question((str(events[0]),), joint=(("guard", "breach"),), interval=0.9)
    [beside] = answer(RARE.about(events), asked_both).joint
    [plain] = answer(RARE, replace(asked_both, targets=("breach",))).joint
    assert np.array(beside.ends()) == pytest.approx(np.array(plain.ends()), abs=1e-12)
