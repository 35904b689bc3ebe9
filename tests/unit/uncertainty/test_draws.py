"""How sure: drawn tables, weighted answers, and the intervals read from them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from model import inference
from model.evidence import Assumed, Case, Observed, Reported, SetTo
from model.forecast import answer, prepare
from model.gates import AnyCause, Stream, TableGate
from model.network import Network, Variable
from model.question import Question
from model.specification import Description, Model, Statement
from model.uncertainty import draws as drawing
from model.uncertainty.draws import COUNT, Draws, interval, sampled
from tests.textbook import network, sprinkler


def told(of: Network, ess: float, *, gates=None) -> Model:
    """A model over a network in which every row is as sure as the others."""
    gates = gates or {}
    described = {
        v.name: Description(
            v.name, v.name, None, "state", "table", None, None,
            gates.get(v.name, TableGate(of.tables[v.name], np.full(of.tables[v.name].shape[:-1], ess))),
            (Statement(v.name, "rows", ("judgement",), ess, "test", "test.yaml", 1),),
        )
        for v in of.variables
    }  # fmt: skip
    return Model("test", "Test", "", "2017-03-06", "", (), of, described)


def root(ess: float) -> Model:
    return told(Network([Variable("x", ("a", "b"))], {"x": np.array([0.3, 0.7])}), ess)


def ends_of(model: Model, target: str, **findings: str) -> tuple[float, float]:
    given = {name: Observed(state) for name, state in findings.items()}
    [found] = answer(prepare(model), Question((target,), given, interval=0.9)).targets
    return found.distribution[0].low, found.distribution[0].high


def test_the_interval_of_a_root_is_that_of_its_beta():
    low, high = ends_of(root(20.0), "x")
    assert (low, high) == pytest.approx(stats.beta.ppf([0.05, 0.95], 6, 14), abs=0.004)


def test_four_times_the_sample_halves_the_interval():
    once, four = (np.diff(ends_of(told(sprinkler(), ess), "Rain", Wet="T"))[0] for ess in (25.0, 100.0))
    assert four / once == pytest.approx(0.5, rel=0.1)


def test_numbers_that_are_certain_leave_no_width():
    model = told(sprinkler(), np.inf)
    point = answer(prepare(model), Question(("Rain",), {"Wet": Observed("T")})).targets[0].distribution[0].p
    assert ends_of(model, "Rain", Wet="T") == pytest.approx((point, point), abs=1e-12)


def test_the_same_revision_and_question_give_the_same_interval():
    assert ends_of(told(sprinkler(), 5.0), "Rain", Wet="T") == ends_of(told(sprinkler(), 5.0), "Rain", Wet="T")
    assert ends_of(told(sprinkler(), 5.0), "Rain") != ends_of(replace(told(sprinkler(), 5.0), name="other"), "Rain")


def moments(model: Model, target: str, case: Case) -> tuple[float, float, float, float]:
    """Weighted and unweighted mean and sd of the target's first state."""
    found = sampled(Draws(model), inference.compile(model.network), target, case)
    p = found.rows[:, 0]
    mean = float(found.weights @ p)
    return mean, float(np.sqrt(found.weights @ (p - mean) ** 2)), float(p.mean()), float(p.std())


@pytest.mark.parametrize(("ess", "sd"), [(5.0, 0.1806), (20.0, 0.0949), (100.0, 0.0430)])
def test_the_spread_of_the_sprinkler_s_rain_is_that_of_many_more_draws(ess, sd, monkeypatch):
    monkeypatch.setattr(drawing, "COUNT", 20_000)
    mean, _, plain, spread = moments(told(sprinkler(), ess), "Rain", Case({"Wet": Observed("T")}))
    assert spread == pytest.approx(sd, rel=0.02)
    if ess == 5.0:
        assert (mean, plain) == pytest.approx((0.7078, 0.7002), abs=0.003)


def test_weights_bring_the_mean_to_the_exact_answer_where_no_number_is_used_twice(monkeypatch):
    monkeypatch.setattr(drawing, "COUNT", 20_000)
    mean, sd, plain, _ = moments(told(network("asia"), 50.0), "lung", Case({"xray": Observed("yes")}))
    assert mean == pytest.approx(0.4887, abs=0.004)
    assert plain == pytest.approx(0.5045, abs=0.004)
    assert sd == pytest.approx(0.1679, abs=0.004)
    ends = interval(*weighted(told(network("asia"), 50.0)), 0.9)
    assert (float(ends[0][0]), float(ends[1][0])) == pytest.approx((0.2232, 0.7778), abs=0.01)


def weighted(model: Model):
    found = sampled(Draws(model), inference.compile(model.network), "lung", Case({"xray": Observed("yes")}))
    return found.rows, found.weights


def noisy_or(*, by_rows: bool) -> Model:
    effects = tuple(np.array([[1.0, 0.0], [1 - c, c]]) for c in (0.3, 0.6, 0.8))
    gate = AnyCause(np.array([0.95, 0.05]), 20.0, effects, tuple(np.array([np.inf, 20.0]) for _ in effects))
    variables = [Variable(name, ("no", "yes")) for name in "abc"]
    half = {name: np.array([0.5, 0.5]) for name in "abc"}
    of = Network([*variables, Variable("y", ("no", "yes"), ("a", "b", "c"))], {**half, "y": gate.table()})
    table = TableGate(gate.table(), np.full((2, 2, 2), 20.0))
    sure = {name: TableGate(half[name], np.array(np.inf)) for name in "abc"}
    return told(of, 20.0, gates={**sure, "y": table if by_rows else gate})


@pytest.mark.parametrize(("by_rows", "sd"), [(True, 0.0284903357), (False, 0.0444720520)])
def test_a_gate_s_own_parameters_carry_more_doubt_than_its_rows(by_rows, sd, monkeypatch):
    monkeypatch.setattr(drawing, "COUNT", 20_000)
    assert moments(noisy_or(by_rows=by_rows), "y", Case({}))[3] == pytest.approx(sd, rel=0.02)


def test_every_draw_is_answered_as_the_network_with_its_tables_would_be():
    model = told(network("asia"), 20.0)
    plan, held = inference.compile(model.network), Draws(model)
    case = Case({"xray": Observed("yes"), "dysp": Reported({"yes": 3.0, "no": 1.0})}, {"bronc": SetTo("no")})
    found = sampled(held, plan, "lung", case)
    of = model.network
    for b in (0, 17, 999):
        tables = {n: t if (drawn := held.table(n)) is None else drawn[b] for n, t in of.tables.items()}
        one = prepare(told(Network(of.variables, tables), 20.0))
        exact = answer(one, Question(("lung",), case.findings, case.settings))
        assert found.rows[b] == pytest.approx(exact.targets.p, abs=1e-12)
    assert found.weights.sum() == pytest.approx(1.0)


def test_an_assumption_is_held_under_every_draw():
    model = told(network("asia"), 20.0)
    case = Case({"xray": Assumed({"yes": 0.8, "no": 0.2})})
    found = sampled(Draws(model), inference.compile(model.network), "xray", case)
    assert found.rows[:, 0] == pytest.approx(np.full(COUNT, 0.8), abs=1e-9)


def test_evidence_that_few_draws_can_explain_is_said_and_not_weighed():
    model = told(network("asia"), 4.0)
    given = {"asia": "yes", "tub": "yes", "smoke": "no", "lung": "yes", "xray": "no", "dysp": "no"}
    question = Question(("bronc",), {name: Observed(state) for name, state in given.items()}, interval=0.9)
    ends = answer(prepare(model), question).targets.intervals
    assert ends.effective < 1000
    assert (ends.warning is not None) == (ends.effective < 100)


def test_ninety_percent_intervals_cover_nine_in_ten_true_networks():
    model = told(network("asia"), 20.0)
    plan, held = inference.compile(model.network), Draws(model)
    found = sampled(held, plan, "dysp", Case({}))
    [low], [high] = interval(found.rows[:, :1], found.weights, 0.9)
    truths = {n: model.described[n].gate.draw(Stream(5).at(n), 500) for n in model.network.names}
    p = inference.posterior(plan, inference.Evidence(500, {}, truths), ("dysp",)).of("dysp")[:, 0]
    assert 0.86 <= np.mean((low <= p) & (p <= high)) <= 0.94


def test_ninety_percent_intervals_cover_when_the_case_is_drawn_from_the_true_network_too():
    model = told(network("asia"), 20.0)
    plan, held = inference.compile(model.network), Draws(model)
    rng = np.random.default_rng(6)
    truths = {n: model.described[n].gate.draw(Stream(6).at(n), 500) for n in model.network.names}
    seen = inference.posterior(plan, inference.Evidence(500, {}, truths), ("xray",)).of("xray")[:, 0] > rng.random(500)
    inside = []
    for state, which in (("yes", np.flatnonzero(seen)), ("no", np.flatnonzero(~seen))):
        found = sampled(held, plan, "lung", Case({"xray": Observed(state)}))
        [low], [high] = interval(found.rows[:, :1], found.weights, 0.9)
        likelihood = np.tile(np.eye(2)[["yes", "no"].index(state)], (len(which), 1))
        evidence = inference.Evidence(len(which), {"xray": likelihood}, {n: t[which] for n, t in truths.items()})
        p = inference.posterior(plan, evidence, ("lung",)).of("lung")[:, 0]
        inside.extend(((low <= p) & (p <= high)).tolist())
    assert 0.86 <= np.mean(inside) <= 0.94


def test_a_shift_s_interval_is_of_paired_draws():
    forecaster = prepare(told(network("asia"), 20.0))
    ends = answer(forecaster, Question(("lung",), {"asia": Observed("yes")}, interval=0.9)).targets.intervals
    assert ends.shift_low == pytest.approx(np.zeros(2), abs=1e-12)
    assert ends.shift_high == pytest.approx(np.zeros(2), abs=1e-12)
    assert (ends.high - ends.low > 0.01).all()


def test_a_target_that_is_too_costly_to_draw_has_no_interval_and_says_so(monkeypatch):
    monkeypatch.setattr(drawing, "WORK", 1)
    found = answer(prepare(told(network("asia"), 20.0)), Question(("lung",), interval=0.9)).targets
    assert found[0].distribution[0].low is None
    assert "too large to draw" in (found.intervals.warning or "")
