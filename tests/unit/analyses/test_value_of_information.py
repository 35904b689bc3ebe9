"""Worked numbers of information and of decisions on the chest clinic, and what a plan of collection says."""

from dataclasses import replace

import numpy as np
import pytest

import model.analyses.collection_plan
from model.analyses.collection_plan import plan
from model.analyses.value_of_information import decide, known, tells
from model.errors import BadQuestion, ImpossibleEvidence, UnknownState, UnknownVariable
from model.evidence import Observed, SetTo
from model.forecast import prepare
from model.question import Question
from model.specification import Collectable
from tests.textbook import forecaster, model_of, network

SHORT_OF_BREATH = Question((), {"dysp": Observed("yes")})
UTILITIES = {"treat": {"yes": -1.0, "no": -1.5}, "none": {"yes": -10.0, "no": 0.0}}


def clinic(**costs):
    listed = {name: Collectable(name, f"ask for {name}", cost, 2.0, 0.9, ("s",)) for name, cost in costs.items()}
    return prepare(replace(model_of(network("asia"), "asia"), collection=listed))


def bits(question):
    return {row.variable: row.bits for row in tells(forecaster("asia"), question, target="lung")}


def test_bits_on_lung_cancer_given_shortness_of_breath():
    found = bits(SHORT_OF_BREATH)
    expected = {
        "xray": 0.301746163560,
        "smoke": 0.034276949154,
        "bronc": 0.019890218702,
        "tub": 0.000373065670,
        "asia": 0.000000861687,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)
    p = known(forecaster("asia"), SHORT_OF_BREATH, "lung", None).p
    assert -(p * np.log2(p)).sum() == pytest.approx(0.47768159432, abs=1e-12)


def test_bits_with_nothing_known_are_exactly_zero_for_the_other_disease():
    found = bits(Question())
    assert found["xray"] == pytest.approx(0.184807236453, abs=1e-12)
    assert found["smoke"] == pytest.approx(0.032373995118, abs=1e-12)
    assert found["bronc"] == pytest.approx(0.002539798464, abs=1e-12)
    assert (found["tub"], found["asia"]) == (0.0, 0.0)


def test_treating_or_not_and_what_an_x_ray_is_worth_before():
    found = decide(forecaster("asia"), SHORT_OF_BREATH, target="lung", utilities=UTILITIES)
    assert found.best == "none"
    assert found.expected["treat"] == pytest.approx(-1.448620388623, abs=1e-12)
    assert found.utility == pytest.approx(-1.0275922275, abs=1e-10)
    assert found.perfect == pytest.approx(0.9248330048, abs=1e-10)
    assert found.sample["xray"] == pytest.approx(0.8142449133, abs=1e-10)
    assert found.sample["bronc"] == pytest.approx(0.1471359766, abs=1e-10)
    assert found.sample["smoke"] == pytest.approx(0.0364565868, abs=1e-10)
    assert found.sample["asia"] == pytest.approx(0, abs=1e-15)
    # The node that is "tuberculosis or cancer" can be asked about too, and tells the most.
    assert list(found.sample)[:2] == ["either", "xray"]


def test_an_action_without_a_utility_for_a_state_is_refused():
    with pytest.raises(BadQuestion, match=r"utilities\.treat: no finite utility for no"):
        decide(forecaster("asia"), Question(), target="lung", utilities={"treat": {"yes": 1.0}})


def test_a_plan_begins_with_what_is_worth_most_for_its_cost_and_a_changed_cost_changes_it():
    cheap = plan(clinic(xray=1.0, smoke=1.0, bronc=1.0), SHORT_OF_BREATH, target="lung")
    dear = plan(clinic(xray=100.0, smoke=1.0, bronc=1.0), SHORT_OF_BREATH, target="lung")
    assert cheap.steps[0].variable == "xray"
    assert dear.steps[0].variable == "smoke"
    assert dear.steps[-1].variable == "xray"
    together = [step.cumulative for step in cheap.steps]
    assert together == sorted(together)
    assert together[-1] == pytest.approx(sum(step.value for step in cheap.steps), abs=1e-15)
    # What all three tell together is the same, whatever the order.
    assert dear.steps[-1].cumulative == pytest.approx(together[-1], abs=1e-12)


def test_a_step_says_how_when_and_what_the_report_would_make_of_the_forecast():
    [step] = plan(clinic(xray=4.0), SHORT_OF_BREATH, target="lung", state="yes").steps
    assert (step.how, step.cost, step.lead_days, step.sources) == ("ask for xray", 4.0, 2.0, ("s",))
    assert step.value_per_cost == step.value / 4
    assert [row.report for row in step.reports] == ["yes", "no"]
    now = known(clinic(), SHORT_OF_BREATH, "lung", "yes").p[0]
    assert sum(row.chance * row.p["yes"] for row in step.reports) == pytest.approx(now, abs=1e-15)
    assert step.value == pytest.approx(sum(row.chance * (row.p["yes"] - now) ** 2 for row in step.reports), abs=1e-15)


def test_an_event_of_a_target_with_two_states_counts_once_and_its_distribution_twice():
    whole = plan(clinic(xray=1.0), SHORT_OF_BREATH, target="lung")
    event = plan(clinic(xray=1.0), SHORT_OF_BREATH, target="lung", state="no")
    assert whole.steps[0].value == pytest.approx(2 * event.steps[0].value, abs=1e-15)
    assert whole.score == pytest.approx(2 * event.score, abs=1e-15)


def test_what_is_known_set_or_d_separated_is_skipped_with_the_reason():
    asked = Question((), {"smoke": Observed("yes")}, {"bronc": SetTo("no")})
    found = plan(clinic(smoke=1.0, bronc=1.0, tub=1.0, asia=1.0, xray=1.0), asked, target="lung", steps=1)
    why = {row.variable: row.why for row in found.skipped}
    assert [step.variable for step in found.steps] == ["xray"]
    assert why["smoke"] == "its state is already known"
    assert why["bronc"] == "it is set by do()"
    # Once there is a report of the X-ray, the other disease has something to say.
    assert why["tub"] == "it is worth less for its cost than what is planned"
    found = plan(clinic(tub=1.0), asked, target="lung")
    assert [row.why for row in found.skipped] == ["it can tell nothing of lung, given what is known"]
    assert found.steps == ()


def test_a_budget_is_kept_and_what_is_beyond_it_is_said():
    found = plan(clinic(xray=5.0, smoke=2.0, bronc=1.5), SHORT_OF_BREATH, target="lung", budget=6.0)
    assert [step.variable for step in found.steps] == ["xray"]
    assert found.cost == 5.0
    assert {row.why for row in found.skipped} == {
        "it costs 2, and only 1 is left of the budget after the steps before",
        "it costs 1.5, and only 1 is left of the budget after the steps before",
    }


def test_a_plan_of_more_outcomes_than_are_followed_is_a_lower_bound_and_says_how_much_it_covers(monkeypatch):
    listed = {"xray": 1.0, "smoke": 1.0, "bronc": 1.0, "asia": 1.0}
    whole = plan(clinic(**listed), SHORT_OF_BREATH, target="lung")
    monkeypatch.setattr(model.analyses.collection_plan, "BRANCHES", 3)
    cut = plan(clinic(**listed), SHORT_OF_BREATH, target="lung")
    assert whole.covered == pytest.approx(1, abs=1e-15)
    assert 0.5 < cut.covered < 1
    assert cut.steps[-1].cumulative < whole.steps[-1].cumulative


def test_nothing_listed_means_nothing_to_collect():
    found = plan(forecaster("asia"), Question(), target="lung")
    assert (found.steps, found.skipped) == ((), ())


def test_a_plan_refuses_what_an_answer_refuses():
    with pytest.raises(UnknownVariable, match="target: no variable 'lungs'"):
        plan(clinic(), Question(), target="lungs")
    with pytest.raises(UnknownState, match="state: no state 'maybe'"):
        plan(clinic(), Question(), target="lung", state="maybe")
    impossible = Question((), {"lung": Observed("yes"), "either": Observed("no")})
    with pytest.raises(ImpossibleEvidence, match="cannot hold together"):
        plan(clinic(), impossible, target="tub")
