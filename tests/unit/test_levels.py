"""What is of the group is not answered under a cohort, by whatever way it is asked."""

from dataclasses import replace

import pytest

from model.analyses.causal_effect import cause_effect
from model.analyses.collection_plan import plan
from model.analyses.explanation import explain
from model.analyses.goal_seeking import goals, policies
from model.analyses.sensitivity import sensitivity
from model.analyses.value_of_information import tells
from model.analyses.variance_attribution import attribution
from model.errors import AftermathError, GroupOutcomeOfCohort, UnknownCohort
from model.evidence import Observed, SetTo
from model.forecast import answer, answers, prepare
from model.priors import load
from model.question import Question
from model.report.brief import brief
from tests.prior_copies import ASIA, DATA, edited

ARMY = prepare(load(DATA / "levels"))
OF_COHORT = Question(cohort="borderers")


def test_a_variable_is_of_the_group_unless_it_says_otherwise():
    levels = {name: described.level for name, described in ARMY.model.described.items()}
    assert levels == {"war": "group", "stock": "group", "home": "individual", "fate": "individual"}
    assert ARMY.model.individual == ("home", "fate")
    assert load(ASIA).individual == ()


def test_a_target_of_the_individual_level_is_answered_under_a_cohort():
    [found] = answer(ARMY, replace(OF_COHORT, targets=("fate",))).targets
    assert found.distribution[0].p == pytest.approx(0.6 * 0.1 + 0.4 * 0.6)


def test_a_target_of_the_group_is_refused_with_what_to_ask_instead():
    with pytest.raises(GroupOutcomeOfCohort) as refused:
        answer(ARMY, replace(OF_COHORT, targets=("fate", "stock")))
    assert str(refused.value) == (
        "targets.1: stock is of the group as a whole, and the evidence of the cohort borderers is of its own members, "
        "not of the group: leave the cohort out, or ask for what is of an individual, such as 'fate'"
    )
    assert (refused.value.target, refused.value.cohort, refused.value.allowed) == ("stock", "borderers", ("fate",))


def test_without_a_headline_of_the_individual_level_all_of_that_level_are_named(tmp_path):
    folder = edited(DATA / "levels", tmp_path, "model.yaml", ("headline: [stock, fate]", "headline: [stock]"))
    with pytest.raises(GroupOutcomeOfCohort, match="such as 'home', 'fate'"):
        answer(prepare(load(folder)), replace(OF_COHORT, targets=("war",)))


def test_a_joint_with_a_variable_of_the_group_is_refused():
    with pytest.raises(GroupOutcomeOfCohort, match=r"^joint\.1: war is of the group"):
        answer(ARMY, replace(OF_COHORT, targets=("fate",), joint=(("home", "fate"), ("fate", "war"))))


def test_the_most_probable_states_of_all_variables_are_refused():
    with pytest.raises(GroupOutcomeOfCohort, match=r"^most_probable: "):
        answer(ARMY, replace(OF_COHORT, targets=("fate",), most_probable=True))


def test_no_targets_are_those_of_the_individual_level_under_a_cohort_and_all_without_one():
    assert [found.target for found in answer(ARMY, OF_COHORT).targets] == ["home", "fate"]
    assert [found.target for found in answer(ARMY, Question()).targets] == ["war", "stock", "home", "fate"]


def test_the_group_is_answered_without_a_cohort_and_may_be_given_or_done_under_one():
    assert answer(ARMY, Question(("stock",), {"home": Observed("near")})).p_evidence == pytest.approx(0.5)
    known = Question(("fate",), {"stock": Observed("few")}, {"war": SetTo("lost")}, cohort="borderers")
    assert answer(ARMY, known).targets[0].distribution[0].p == pytest.approx(0.1)


def test_in_a_batch_a_case_of_a_cohort_is_refused_in_its_place():
    asked = [Question(("stock",)), replace(OF_COHORT, targets=("stock",)), OF_COHORT, Question()]
    first, refused, *rest = answers(ARMY, asked)
    assert isinstance(refused, GroupOutcomeOfCohort)
    assert not any(isinstance(found, AftermathError) for found in (first, *rest))
    assert [len(found.targets) for found in (first, *rest)] == [1, 2, 4]


def test_an_unknown_cohort_is_an_unknown_cohort_first():
    with pytest.raises(UnknownCohort):
        answer(ARMY, Question(("stock",), cohort="highlanders"))


ANALYSES = {
    "explanation": lambda: explain(ARMY, OF_COHORT, target="stock", state="few"),
    "attribution": lambda: attribution(ARMY, OF_COHORT, target="stock", state="few"),
    "sensitivity": lambda: sensitivity(ARMY, OF_COHORT, target="stock", state="few"),
    "collection plan": lambda: plan(ARMY, OF_COHORT, target="stock", state="few"),
    "goals": lambda: goals(ARMY, OF_COHORT, target="stock", state="few", below=0.1),
    "policies": lambda: policies(ARMY, OF_COHORT, target="stock", state="few"),
    "information": lambda: tells(ARMY, OF_COHORT, target="stock"),
    "cause and effect": lambda: cause_effect(ARMY, OF_COHORT, cause="war", target="stock", state="few"),
    "brief": lambda: brief(ARMY, OF_COHORT, target="stock", state="few"),
}


@pytest.mark.parametrize("analysis", ANALYSES)
def test_no_analysis_is_of_the_group_under_a_cohort(analysis):
    with pytest.raises(GroupOutcomeOfCohort, match="stock is of the group"):
        ANALYSES[analysis]()


def test_an_analysis_of_the_individual_level_is_answered_under_a_cohort():
    assert explain(ARMY, OF_COHORT, target="fate", state="stays").balance.p == pytest.approx(0.3)


def test_a_model_without_levels_answers_every_variable_of_a_cohort():
    asia = prepare(load(ASIA))
    assert len(answer(asia, Question(cohort="a_smoker", most_probable=True)).targets) == 8
    assert answer(asia, Question(("tub",), joint=(("tub", "lung"),), cohort="a_smoker")).joint


def test_a_level_is_part_of_the_revision(tmp_path):
    folder = edited(DATA / "levels", tmp_path, "variables.yaml", ("    level: individual\n", ""))
    assert load(folder).revision != ARMY.model.revision
    alone = replace(ARMY.model, content=None)
    described = {name: replace(each, level="group") for name, each in alone.described.items()}
    assert replace(alone, described=described).revision != alone.revision
