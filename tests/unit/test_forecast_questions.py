"""Forecast questions: what the model gives the event of each, and nothing that moves an answer."""

import pytest

from model.analyses.model_review import forecasted
from model.evidence import Observed, RuledOut
from model.forecast import answer, prepare
from model.priors import load
from model.question import Question
from model.specification import BaseRate, Event
from tests.prior_copies import ASIA, DATA, copied, edited

LEVELS = DATA / "levels"
ARMY = prepare(load(LEVELS))


def test_a_question_is_read_with_its_event_its_days_and_its_base_rate():
    question = ARMY.model.questions["H02"]
    assert (question.asked, question.resolves_by) == ("2017-03-06", "2017-06-30")
    assert question.event == Event("fate", ("leaves",), "the_fort_holds", "borderers", {"stock": RuledOut(("few",))})
    assert question.base_rate == BaseRate(0.05, ("judgement",), "Few ever leave a fort that holds.")
    assert question.note == "The event counts nobody who came back."
    assert ARMY.model.questions["H03"].event is None
    assert load(ASIA).questions == {}


def test_the_event_has_the_probability_of_its_states_under_its_conditions():
    first, second, third = forecasted(ARMY)
    assert first.p == pytest.approx(0.46 + 0.27)
    asked = Question(("fate",), {"stock": RuledOut(("few",)), "war": Observed("held"), "home": Observed("near")})
    assert second.p == pytest.approx(answer(ARMY, asked).targets[0].distribution[1].p)
    assert (third.p, third.reason) == (None, "No variable is about the general.")


def test_a_question_and_an_example_may_be_asked_without_the_default_scenario(tmp_path):
    plain = load(LEVELS)
    assert plain.questions["H02"].event.scenario == "the_fort_holds"
    folder = edited(LEVELS, tmp_path, "questions.yaml", ("scenario: the_fort_holds", "scenario: none"))
    settings = folder / "model.yaml"
    text = settings.read_text().replace(
        "\nheadline:",
        "\ndefault_scenario: the_fort_holds\nexamples:\n  - {label: Plain, target: war, scenario: none}\n"
        "  - {label: Default, target: war}\nheadline:",
        1,
    )
    settings.write_text(text)
    model = load(folder)
    assert model.questions["H02"].event.scenario == "none"
    forecaster = prepare(model)
    asked = Question(("fate",), {"stock": RuledOut(("few",))}, scenario="none", cohort="borderers")
    assert forecasted(forecaster)[1].p == answer(forecaster, asked).targets[0].distribution[1].p
    bare, default = (
        answer(forecaster, Question((each.target,), scenario=each.scenario)).targets[0].distribution[1].p
        for each in model.examples
    )
    assert bare == pytest.approx(0.4)
    assert default == 1.0


def test_an_event_that_cannot_be_says_why(tmp_path):
    certain = ("      - p: {lost: 0.6, held: 0.4}", "      - p: {lost: 1, held: never}")
    found = forecasted(prepare(load(edited(LEVELS, tmp_path, "variables.yaml", certain))))
    assert (found[1].p, found[1].reason) == (None, "evidence: war=held cannot happen in this model")


def test_a_question_added_changed_or_taken_away_moves_no_revision(tmp_path):
    folder = edited(LEVELS, tmp_path, "questions.yaml", ("p: 0.7", "p: 0.6"), ("general", "quartermaster"))
    changed = load(folder)
    assert changed.questions != ARMY.model.questions
    (folder / "questions.yaml").unlink()
    model = folder / "model.yaml"
    model.write_text(model.read_text().replace(", questions.yaml", ""))
    assert load(folder).questions == {}
    assert {changed.revision, load(folder).revision} == {ARMY.model.revision}


def test_any_other_change_still_does(tmp_path):
    folder = copied(LEVELS, tmp_path)
    sources = folder / "sources.yaml"
    sources.write_text(sources.read_text().replace("A quartermaster", "The quartermaster"))
    assert load(folder).revision != ARMY.model.revision
