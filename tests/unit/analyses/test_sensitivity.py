"""Sensitivity on the chest clinic, number by number against the literature, and on the flagship."""

from pathlib import Path

import numpy as np
import pytest

import priors
from model import events, inference
from model.analyses.parameter_derivatives import numbers
from model.analyses.sensitivity import Sensitivity, Swing, distance, sensitivity
from model.errors import BadQuestion, ImpossibleEvidence, UnknownState
from model.evidence import Assumed, Observed, SetTo, observe
from model.forecast import Forecaster, answer, prepare
from model.inference.derivatives import derivatives
from model.priors import load
from model.question import Question
from model.specification import NO_SCENARIO, Model
from model.uncertainty.parameters import parameters
from tests.stated import stated
from tests.textbook import network

XRAY = Question(findings=observe(xray="yes").findings)
PRIORS = Path(priors.__path__[0])


@pytest.fixture(scope="module")
def asia() -> Forecaster:
    return prepare(load(PRIORS / "asia"))


@pytest.fixture(scope="module")
def flagship() -> Model:
    return load(PRIORS / "mosul-2017")


@pytest.fixture(scope="module")
def lung(asia: Forecaster) -> Sensitivity:
    return sensitivity(asia, XRAY, target="lung", state="yes", threshold=0.6)


def row(found: Sensitivity, variable: str, what: str) -> Swing:
    [swing] = [row for row in found.rows if (row.variable, row.what) == (variable, what)]
    return swing


def at(swing: Swing, t: float) -> float:
    assert swing.coefficients is not None
    alpha, beta, gamma, delta = swing.coefficients
    return (alpha * t + beta) / (gamma * t + delta)


@pytest.mark.parametrize(
    ("variable", "what", "coefficients", "derivative"),
    [
        ("lung", "when {smoke: yes}: yes", (0.49, 0.0049, 0.460164, 0.06427364), 2.4037765035),
        ("smoke", "yes", (0.0882, 0.0098, 0.08282952, 0.06887528), 0.4326797706),
    ],
)
def test_the_one_way_function_of_a_row_has_the_coefficients_worked_by_hand(
    lung: Sensitivity,
    variable: str,
    what: str,
    coefficients: tuple[float, ...],
    derivative: float,
) -> None:
    swing = row(lung, variable, what)
    assert swing.coefficients == pytest.approx(coefficients, abs=1e-12)
    assert swing.derivative == pytest.approx(derivative, abs=1e-10)


def test_doubling_the_risk_of_smokers_gives_the_answer_worked_by_hand(lung: Sensitivity) -> None:
    swing = row(lung, "lung", "when {smoke: yes}: yes")
    assert [at(swing, t) for t in (0.1, 0.2)] == pytest.approx([0.4887114013, 0.6583222035], abs=1e-10)


@pytest.mark.parametrize(
    ("variable", "what", "low", "high"),
    [
        ("lung", "when {smoke: yes}: yes", 0.4636270395, 0.5117864061),
        ("smoke", "yes", 0.4662333444, 0.5095624181),
        ("xray", "when {either: no}: yes", 0.5103481370, 0.4688346718),
        ("xray", "when {either: yes}: yes", 0.4667255024, 0.4928907234),
        ("tub", "when {asia: no}: yes", 0.4925974282, 0.4848862071),
        ("lung", "when {smoke: no}: yes", 0.4862975535, 0.4911051902),
    ],
)
def test_a_tenth_less_and_a_tenth_more_give_the_tornado_worked_by_hand(
    lung: Sensitivity, variable: str, what: str, low: float, high: float
) -> None:
    swing = row(lung, variable, what)
    ends = at(swing, 0.9 * swing.value), at(swing, min(1.0, 1.1 * swing.value))
    assert ends == pytest.approx((low, high), abs=1e-10)


def test_the_widest_swing_is_first(lung: Sensitivity) -> None:
    swings = [swing.swing for swing in lung.rows]
    assert swings == sorted(swings, reverse=True)
    assert swings[0] > 0.1


def test_each_number_moves_over_the_range_that_its_ess_allows(lung: Sensitivity) -> None:
    swing = row(lung, "smoke", "yes")
    drawn = np.random.default_rng(1).beta(25, 25, 200_000)
    assert (swing.low, swing.high) == pytest.approx(np.quantile(drawn, (0.05, 0.95)), abs=1e-3)
    assert (swing.p_low, swing.p_high) == pytest.approx((at(swing, swing.low), at(swing, swing.high)), abs=1e-12)


def test_a_row_says_where_its_number_is_written(lung: Sensitivity) -> None:
    swing = row(lung, "lung", "when {smoke: yes}: yes")
    assert (swing.file, swing.sources, swing.ess) == (
        "asia/diseases.yaml",
        ("lauritzen_spiegelhalter_1988",),
        50.0,
    )
    lines = (PRIORS / swing.file).read_text(encoding="utf-8").splitlines()
    assert "smoke: yes" in lines[swing.line - 1]


def test_at_a_break_even_the_threshold_is_met_and_beyond_it_passed(lung: Sensitivity) -> None:
    swing = row(lung, "lung", "when {smoke: yes}: yes")
    assert swing.threshold is not None
    assert swing.threshold.direction == "above"
    [value] = swing.threshold.values
    assert at(swing, value) == pytest.approx(0.6, abs=1e-12)
    assert at(swing, value + 0.01) > 0.6


def test_what_never_tips_the_answer_says_how_far_it_stays_away_at_both_ends(lung: Sensitivity) -> None:
    swing = row(lung, "asia", "yes")
    assert swing.threshold is not None
    assert swing.threshold.never
    assert swing.threshold.margins == pytest.approx((at(swing, 0) - 0.6, at(swing, 1) - 0.6), abs=1e-12)
    assert max(m for m in swing.threshold.margins if m is not None) < 0


def test_numbers_of_what_does_not_matter_or_is_set_have_no_row(asia: Forecaster) -> None:
    done = Question(findings=XRAY.findings, settings={"smoke": SetTo("yes")})
    found = sensitivity(asia, done, target="lung", state="yes")
    assert {swing.variable for swing in found.rows} == {"asia", "tub", "lung", "xray"}


def test_an_assumed_finding_is_held_by_the_likelihood_fitted_for_the_stated_numbers(asia: Forecaster) -> None:
    question = Question(("lung",), {"xray": Assumed({"yes": 0.3, "no": 0.7})})
    found = sensitivity(asia, question, target="lung", state="yes")
    assert found.held == ("xray",)
    assert found.p == pytest.approx(answer(asia, question).targets[0].distribution[0].p, abs=1e-9)


def test_impossible_evidence_an_unknown_state_and_an_odd_threshold_are_refused(asia: Forecaster) -> None:
    impossible = Question(findings={"either": Observed("no"), "lung": Observed("yes")})
    with pytest.raises(ImpossibleEvidence):
        sensitivity(asia, impossible, target="bronc", state="yes")
    with pytest.raises(UnknownState, match="maybe"):
        sensitivity(asia, XRAY, target="lung", state="maybe")
    with pytest.raises(BadQuestion, match=r"threshold is 1\.2"):
        sensitivity(asia, XRAY, target="lung", state="yes", threshold=1.2)


def test_the_distance_of_doubled_risk_bounds_the_change_of_log_odds(lung: Sensitivity) -> None:
    swing = row(lung, "lung", "when {smoke: yes}: yes")
    log_odds = [np.log(at(swing, t) / (1 - at(swing, t))) for t in (0.1, 0.2)]
    bound = distance(np.array([0.1, 0.9]), np.array([0.2, 0.8]))
    assert bound == pytest.approx(0.8109302162, abs=1e-10)
    assert log_odds[1] - log_odds[0] == pytest.approx(0.7009883741, abs=1e-10)
    assert distance(np.array([0.0, 1.0]), np.array([0.1, 0.9])) == np.inf


def test_where_an_end_makes_the_evidence_impossible_nothing_is_said_of_the_answer() -> None:
    forecaster = prepare(stated(network("sprinkler"), ess=10))
    question = Question(findings={"Cloudy": Observed("F")})
    found = sensitivity(forecaster, question, target="Sprinkler", state="T", threshold=0.2)
    assert {swing.variable for swing in found.rows} == {"Sprinkler"}
    both = Question(findings={"Sprinkler": Observed("T"), "Rain": Observed("F")})
    never_cloudy = sensitivity(forecaster, both, target="Cloudy", state="T", threshold=0.5)
    swing = next(row for row in never_cloudy.rows if row.variable == "Cloudy")
    assert swing.threshold is not None
    assert swing.threshold.margins == pytest.approx((0.5, -0.5))


def test_every_uncertain_statement_of_the_flagship_has_its_numbers(flagship: Model) -> None:
    for name in flagship.network.names:
        described = flagship.described[name]
        covered = {number.statement for number in parameters(described, flagship.network[name])}
        assert covered == {said for said in described.statements if said.ess is not None}


def test_every_number_of_the_flagship_at_its_value_gives_the_table_of_the_model(flagship: Model) -> None:
    for number in numbers(flagship).parameters:
        table = number.tables(np.array([number.value]))[0]
        np.testing.assert_allclose(table, flagship.network.tables[number.variable], rtol=0, atol=1e-12)


@pytest.mark.parametrize("target", ["pathway", "directed_attack_europe"])
def test_the_tornado_of_the_flagship_equals_inference_at_both_ends_of_each_range(flagship: Model, target: str) -> None:
    forecaster = prepare(flagship)
    state = flagship.network[target].states[-1]
    found = sensitivity(forecaster, Question(scenario=NO_SCENARIO), target=target, state=state, search=0)
    by_place = {
        (number.statement.line, number.statement.file, number.what): number for number in numbers(flagship).parameters
    }
    for swing in found.rows[::9]:
        tables = by_place[swing.line, swing.file, swing.what].tables(np.array([swing.low, swing.high]))
        moved = inference.Evidence(2, {}, {swing.variable: tables})
        p = inference.posterior(forecaster.plan, moved, (target,)).of(target)[:, -1]
        assert (swing.p_low, swing.p_high) == pytest.approx(tuple(p), abs=1e-12)


def test_an_entry_that_never_happens_has_the_derivative_worked_by_hand() -> None:
    plan = inference.compile(network("sprinkler"))
    wet = inference.Evidence(1, {"Wet": np.array([[1.0, 0.0]])})
    found = derivatives(plan, "Rain", 0, wet)
    both, alone = found.of_both["Wet"][1, 1, 0], found.of_evidence["Wet"][1, 1, 0]
    assert (both - found.p * alone) / found.p_evidence == pytest.approx(-0.3172601243, abs=1e-10)


def test_models_with_events_of_their_own_share_the_numbers_of_all_other_variables():
    asia = prepare(load(PRIORS / "asia"))
    laid = asia.about(events.texts(asia.model, ["any(lung:yes,smoke:yes)"]))
    own, others = numbers(asia.model), numbers(laid.model)
    assert len(own.parameters) == len(others.parameters) > 10
    assert all(one is other for one, other in zip(own.parameters, others.parameters, strict=True))
