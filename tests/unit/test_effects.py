"""What is done is held against not doing it: the displaced counts again, pairs of draws, words."""

from functools import cache

import numpy as np
import pytest

from model import priors
from model.analyses.comparison import compare
from model.analyses.explanation import explain
from model.answers import Answer
from model.errors import ImpossibleEvidence
from model.evidence import Case, Observed, SetTo, syntax
from model.forecast import answer, prepare
from model.network import Network, Variable
from model.question import Question
from model.report.brief import brief
from model.report.brief_text import text
from model.uncertainty.draws import interval, sampled
from service.settings import default_priors
from tests.textbook import model_of


@cache
def forecaster(name):
    return prepare(priors.load(default_priors() / name))


def asked(given=(), do=(), targets=("pathway",), **named):
    return Question(targets, syntax.findings(given), syntax.settings(do), **named)


BORDERS = "border_intel_strength:strong"


def test_what_a_do_displaces_in_the_cohort_counts_again_without_it():
    flagship = forecaster("mosul-2017")
    said = answer(flagship, asked(do=[BORDERS], cohort="belgium"))
    assert said.replaced == ("border_intel_strength=weak of cohort belgium",)
    without = answer(flagship, asked(cohort="belgium"))
    assert said.effect.without.findings == without.findings
    np.testing.assert_allclose(said.effect.p, without.targets.p, rtol=1e-12)
    np.testing.assert_allclose(said.effect.change, said.targets.p - without.targets.p, rtol=0, atol=1e-12)
    # The baseline is the default picture alone: the cohort's own distance from it is no effect of the borders.
    assert np.abs(said.targets.p - said.targets.basis.baseline).max() > 5 * np.abs(said.effect.change).max()


def test_a_do_of_the_scenario_is_part_of_the_picture():
    flagship = forecaster("mosul-2017")
    [name] = [n for n, s in flagship.model.scenarios.items() if "border_intel_strength" in s.settings][:1]
    alone = answer(flagship, asked(scenario=name))
    assert alone.effect is None
    more = answer(flagship, asked(do=["prison_use:rare"], scenario=name))
    assert set(more.effect.without.settings) == set(alone.settings)
    np.testing.assert_allclose(more.effect.p, alone.targets.p, rtol=1e-12)
    displaced = answer(flagship, asked(do=["border_intel_strength:weak"], scenario=name))
    assert displaced.effect.without.settings == alone.settings
    np.testing.assert_allclose(displaced.effect.p, alone.targets.p, rtol=1e-12)


def test_ends_are_of_the_difference_under_the_same_draws():
    asia = forecaster("asia")
    found = answer(asia, asked(["dysp:yes"], ["smoke:no"], ("lung",), interval=0.8))
    case = Case({"dysp": Observed("yes")}, {"smoke": SetTo("no")})
    here, there = (sampled(asia.draws, asia.plan, "lung", each) for each in (case, Case(case.findings)))
    low, high = interval(here.rows - there.rows, (here.weights + there.weights) / 2, 0.8)
    np.testing.assert_allclose(found.effect.low, low, atol=1e-12)
    np.testing.assert_allclose(found.effect.high, high, atol=1e-12)
    row = found.targets[0].distribution[0]
    assert row.effect_low <= row.effect <= row.effect_high


def chain(prior, *rows):
    """A cause of two states and what it brings about."""
    cause, effect = Variable("cause", ("no", "yes")), Variable("effect", ("no", "yes"), ("cause",))
    return prepare(model_of(Network([cause, effect], {"cause": np.array(prior), "effect": np.array(rows)})))


def test_findings_that_are_impossible_without_the_do_leave_no_effect_and_say_why():
    never = chain([1.0, 0.0], [1.0, 0.0], [0.5, 0.5])
    found = answer(never, asked(["effect:yes"], ["cause:yes"], ("cause", "effect"), interval=0.9))
    assert isinstance(found.effect.impossible, ImpossibleEvidence)
    assert found.effect.impossible.conflict == ("effect=yes",)
    assert np.isnan(found.effect.p).all()
    assert found.effect.alone == ()
    assert [row.effect for row in found.targets[1].distribution] == [None, None]
    assert found.targets[1].distribution[1].p == 1.0


def test_every_variable_asked_for_has_effects_of_all_do_together():
    found = answer(forecaster("asia"), asked(do=["smoke:no", "bronc:yes"], targets=()))
    assert found.effect.alone == ()
    assert len(found.effect.p) == 16


def test_an_explanation_weighs_what_the_question_says_and_not_the_picture_behind_it():
    flagship = forecaster("mosul-2017")
    found = explain(flagship, asked(["room_to_hide:ample"]), target="pathway", state="returnee")
    assert [each.finding for each in found.balance.weights] == ["room_to_hide"]
    assert found.balance.p_before == pytest.approx(flagship.baseline["pathway"][3], rel=1e-12)
    assert found.background
    none = explain(flagship, asked(scenario="none"), target="pathway", state="returnee")
    assert (none.background, none.balance.weights) == ((), ())


def test_a_finding_that_replaces_one_of_the_picture_is_weighed_against_that_one():
    flagship = forecaster("mosul-2017")
    picture = flagship.model.scenarios[flagship.model.default_scenario].findings
    name = next(name for name in picture if name == "is_finances")
    found = explain(flagship, asked([f"{name}:sustained"]), target="pathway", state="returnee")
    [weight] = found.balance.weights
    assert weight.p_without == pytest.approx(flagship.baseline["pathway"][3], rel=1e-12)


def test_an_explanation_says_what_each_do_moved():
    flagship = forecaster("mosul-2017")
    question = asked(do=[BORDERS, "prison_use:rare"], cohort="belgium")
    done = explain(flagship, question, target="pathway", state="returnee").done
    row = answer(flagship, asked(do=[BORDERS], cohort="belgium")).targets[0].distribution[3]
    borders, prison = done.each
    assert borders.effect == pytest.approx(row.effect, rel=1e-9)
    assert prison.effect == prison.effect_low == prison.effect_high == 0.0
    assert done.p - done.without == pytest.approx(done.effect, abs=1e-12)


def test_sides_are_held_against_the_first():
    asia = forecaster("asia")
    sides = compare(
        asia,
        [
            asked(["smoke:yes"], targets=("lung",)),
            asked(do=["smoke:yes"], targets=("lung",)),
            asked(["either:no", "lung:yes"], targets=("lung",)),
        ],
    )
    seen, done, impossible = sides
    assert isinstance(seen.result, Answer)
    assert done.difference.tolist() == seen.difference.tolist() == [0.0, 0.0]
    assert isinstance(impossible.result, ImpossibleEvidence)
    assert np.isnan(impossible.difference).all()
    assert impossible.ends is None


def test_either_side_seen_from_the_other_is_its_mirror():
    asia = forecaster("asia")
    seen, done = asked(["dysp:yes"], targets=("bronc",)), asked(["dysp:yes"], ["smoke:no"], ("bronc",))
    there, back = compare(asia, [seen, done])[1].ends, compare(asia, [done, seen])[1].ends
    np.testing.assert_allclose(there.shift_low, -back.shift_high, atol=1e-12)
    np.testing.assert_allclose(there.shift_high, -back.shift_low, atol=1e-12)


def test_an_impossible_first_side_leaves_no_difference():
    asia = forecaster("asia")
    impossible, other = compare(asia, [asked(["either:no", "lung:yes"], targets=("lung",)), asked(targets=("lung",))])
    assert isinstance(impossible.result, ImpossibleEvidence)
    assert isinstance(other.result, Answer)
    assert np.isnan(other.difference).all()


def test_a_brief_leads_with_the_effect_and_says_what_cannot_be_told_from_nothing():
    flagship = forecaster("mosul-2017")
    said = text(brief(flagship, asked(do=[BORDERS], cohort="belgium"), target="pathway", state="returnee"))
    assert said.startswith("What is done (Border police and intelligence: strong) puts")
    doubtful = text(brief(forecaster("asia"), asked(["xray:yes"], ["smoke:no"]), target="lung", state="yes"))
    assert "cannot be told from nothing" in " ".join(doubtful.split())


def test_words_change_only_with_a_change_that_matters():
    """0.4495 is unlikely and 0.4505 a roughly even chance, and a tenth of a point lies between them."""
    near = chain([0.5, 0.5], [0.5505, 0.4495], [0.5495, 0.4505])
    found = brief(near, asked(do=["cause:yes"]), target="effect", state="yes")
    assert (found.words, found.done.without.words) == ("roughly even chance", "roughly even chance")
    found = brief(near, asked(do=["cause:no"]), target="effect", state="yes")
    assert (found.words, found.done.without.words, found.done.matters) == ("unlikely", "45 %", False)
    far = chain([0.5, 0.5], [0.65, 0.35], [0.5, 0.5])
    found = brief(far, asked(do=["cause:yes"]), target="effect", state="yes")
    assert (found.words, found.done.without.words, found.done.matters) == ("roughly even chance", "unlikely", True)
