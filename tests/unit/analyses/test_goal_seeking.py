"""Goals and policies on the chest clinic, with smoking and travel as levers, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

import model.analyses.goal_seeking
from model.analyses.goal_seeking import Change, goals, policies
from model.errors import BadQuestion, ImpossibleEvidence, UnknownState, UnknownVariable
from model.evidence import Assumed, Observed, SetTo
from model.forecast import answer, prepare
from model.gates import TableGate
from model.priors import load
from model.question import Question
from model.specification import Collectable
from tests.sources import ROOT
from tests.textbook import model_of, network

COUGHING = Question((), {"dysp": Observed("yes")})


def clinic(*, ess=np.inf, levers=("smoke", "asia"), conditions=("bronc", "tub"), listed=()):
    asia = model_of(network("asia"), "asia")
    roles = dict.fromkeys(levers, "lever") | dict.fromkeys(conditions, "condition")
    described = {
        name: replace(
            told,
            role=roles.get(name, "state"),
            gate=TableGate(asia.network.tables[name], np.full(asia.network.tables[name].shape[:-1], ess)),
        )
        for name, told in asia.described.items()
    }
    collection = {name: Collectable(name, "asking", 1.0, 1.0, 0.9, ()) for name in listed}
    return prepare(replace(asia, described=described, collection=collection))


def in_words(found):
    return [[f"{c.verb} {c.variable}={c.state}" for c in row.changes] for row in found.sets]


def test_a_lever_that_is_enough_is_returned_by_itself():
    found = goals(clinic(), COUGHING, target="lung", state="yes", below=0.05)
    assert in_words(found) == [["do smoke=no"]]
    assert found.sets[0].p < 0.05 < found.p
    assert [row.size for row in found.searched] == [1, 2, 3]


def test_findings_are_of_conditions_and_of_what_can_be_collected():
    found = goals(clinic(listed=("xray",)), COUGHING, target="lung", state="yes", below=0.1, using="findings")
    assert in_words(found) == [["observe xray=no"], ["observe tub=yes"], ["observe bronc=yes"]]


def test_levers_and_findings_mix_when_both_are_asked_for():
    found = goals(clinic(), COUGHING, target="lung", state="yes", above=0.3, using="both")
    assert in_words(found) == [["do smoke=yes", "observe bronc=no"]]


def test_a_goal_that_is_met_needs_no_change():
    found = goals(clinic(), COUGHING, target="lung", state="yes", below=0.5)
    assert (found.met, found.sets, found.searched) == (True, (), ())


def test_a_goal_that_nothing_reaches_says_how_far_was_searched():
    found = goals(clinic(), COUGHING, target="lung", state="yes", above=0.99)
    assert (found.sets, found.found, found.cut) == ((), 0, False)
    assert [str(change) for change in found.best.changes] == ["do(asia=no)", "do(smoke=yes)"]
    alone = answer(clinic(), asked_with(found.best.changes)).targets[0].distribution[0].p
    assert (found.best.p, found.best.margin) == (alone, alone - 0.99)
    assert [(row.size, row.tried, row.combined, row.possible) for row in found.searched] == [
        (1, 4, 4, 4),
        (2, 4, 4, 4),
        (3, 0, 4, 4),
    ]


def asked_with(changes):
    return replace(COUGHING, targets=("lung",), settings={change.variable: SetTo(change.state) for change in changes})


@pytest.mark.parametrize("largest", [1, 2])
def test_the_nearest_to_a_goal_is_the_best_of_every_set_that_may_be_made(largest):
    found = goals(clinic(), COUGHING, target="lung", state="yes", above=0.99, largest=largest)
    each = [Change(name, "do", state) for name in ("smoke", "asia") for state in ("yes", "no")]
    sets = [(), *((change,) for change in each), *((one, other) for one in each[:2] for other in each[2:])]
    of = {changes: answer(clinic(), asked_with(changes)).targets[0].distribution[0].p for changes in sets}
    assert found.best.p == pytest.approx(max(p for changes, p in of.items() if len(changes) <= largest), abs=1e-12)


def test_where_every_change_leads_away_the_nearest_is_to_change_nothing():
    asked = replace(COUGHING, settings={"smoke": SetTo("yes"), "asia": SetTo("no")})
    found = goals(clinic(levers=("smoke", "asia")), asked, target="lung", state="yes", above=0.99)
    assert (found.best.changes, found.best.p) == ((), found.p)


def test_a_goal_that_is_reached_has_no_nearest():
    assert goals(clinic(), COUGHING, target="lung", state="yes", below=0.05).best is None
    assert goals(clinic(), COUGHING, target="lung", state="yes", below=0.5).best is None


def test_a_search_that_is_cut_short_says_so_and_tries_the_most_promising_first(monkeypatch):
    monkeypatch.setattr(model.analyses.goal_seeking, "TRIED", 4)
    forecaster = clinic(conditions=("bronc", "tub", "xray"))
    found = goals(forecaster, COUGHING, target="lung", state="yes", above=0.55, using="both", largest=2)
    assert found.cut
    assert found.searched[1].combined < found.searched[1].possible


def test_what_the_question_speaks_of_is_left_as_it_is():
    asked = replace(COUGHING, settings={"smoke": SetTo("yes")})
    found = goals(clinic(), asked, target="lung", state="yes", below=0.05)
    assert found.sets == ()
    ranked = policies(clinic(), asked, target="lung", state="yes")
    assert {row.variable for row in ranked.rows} == {"asia"}
    [left] = ranked.left_out
    assert left.variable == "smoke"
    assert left.why.startswith("the question itself says ")


def test_which_single_lever_lowers_it_most():
    found = policies(clinic(ess=20.0), COUGHING, target="lung", state="yes")
    assert (found.rows[0].variable, found.rows[0].state) == ("smoke", "no")
    assert found.rows[0].shift < 0
    for row in found.rows:
        assert row.low < row.p < row.high
        assert row.shift_low <= row.shift <= row.shift_high


def test_a_lever_that_does_nothing_shifts_nothing_under_any_draw():
    # The probability is uncertain, but it is so alike with and without the lever: the draws are common ones.
    found = policies(clinic(ess=20.0), Question(), target="lung", state="yes")
    row = next(row for row in found.rows if row.variable == "asia")
    assert row.high - row.low > 0.05
    assert (row.shift_low, row.shift_high) == pytest.approx((0, 0), abs=1e-12)


def test_a_setting_under_which_the_evidence_cannot_happen_is_named():
    asked = Question((), {"either": Observed("yes"), "tub": Observed("no")})
    found = policies(clinic(levers=("lung",)), asked, target="xray", state="yes")
    assert found.impossible == (Change("lung", "do", "no"),)
    assert [row.state for row in found.rows] == ["yes"]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({}, "one of the two"),
        ({"below": 0.1, "above": 0.9}, "one of the two"),
        ({"above": 1.5}, r"above: a threshold lies between 0 and 1; 1\.5 does not"),
        ({"below": 0.1, "largest": 4}, "sets of 1 to 3 changes"),
    ],
)
def test_a_goal_without_a_meaning_is_refused(limits, said):
    with pytest.raises(BadQuestion, match=said):
        goals(clinic(), COUGHING, target="lung", state="yes", **limits)


def test_a_goal_refuses_what_an_answer_refuses():
    with pytest.raises(UnknownVariable):
        goals(clinic(), COUGHING, target="lungs", state="yes", below=0.1)
    with pytest.raises(UnknownState, match="state: no state 'maybe'"):
        goals(clinic(), COUGHING, target="lung", state="maybe", below=0.1)
    cannot = Question((), {"lung": Observed("yes"), "either": Observed("no")})
    with pytest.raises(ImpossibleEvidence):
        goals(clinic(), cannot, target="tub", state="yes", below=0.001)
    with pytest.raises(BadQuestion, match="share between 0 and 1, not 90"):
        policies(clinic(), COUGHING, target="lung", state="yes", mass=90)
    with pytest.raises(BadQuestion, match="assumed"):
        goals(clinic(), Question((), {"xray": Assumed({"yes": 0.5, "no": 0.5})}), target="lung", state="yes", below=0.1)


def test_a_change_is_plain_words():
    [row] = goals(clinic(), COUGHING, target="lung", state="yes", below=0.05).sets
    assert row.changes == (Change("smoke", "do", "no"),)


def rare():
    return prepare(load(ROOT / "tests" / "data" / "rare"))


@pytest.mark.parametrize(
    ("asked", "replaced"),
    [
        (Question(), {}),
        (Question(cohort="guarded"), {"guard": ("guard=high of cohort guarded",)}),
        (Question(scenario="shut"), {"fence": ("do(fence=closed) of scenario shut",)}),
        (
            Question(cohort="guarded", scenario="shut"),
            {"guard": ("guard=high of cohort guarded",), "fence": ("do(fence=closed) of scenario shut",)},
        ),
    ],
)
def test_a_lever_stands_in_place_of_what_cohort_and_scenario_say_of_it_and_the_row_says_so(asked, replaced):
    found = policies(rare(), asked, target="breach", state="yes")
    assert {(row.variable, row.state) for row in found.rows} == {
        ("guard", "high"), ("guard", "low"), ("fence", "closed"), ("fence", "open"),
    }  # fmt: skip
    for row in found.rows:
        again = answer(rare(), replace(asked, targets=("breach",), settings={row.variable: SetTo(row.state)}))
        assert row.p == again.targets[0].distribution[0].p
        assert row.replaced == replaced.get(row.variable, ())
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("asked", "replaced"),
    [
        (Question(cohort="guarded"), ("guard=high of cohort guarded",)),
        (Question(cohort="guarded", findings={"fence": Observed("open")}), ("guard=high of cohort guarded",)),
        (
            Question(cohort="guarded", scenario="shut"),
            ("guard=high of cohort guarded", "do(fence=closed) of scenario shut"),
        ),
        (Question(scenario="shut"), ("do(fence=closed) of scenario shut",)),
    ],
)
def test_a_goal_sets_levers_of_which_cohort_and_scenario_speak_and_the_set_says_so(asked, replaced):
    reached = {}
    for guard in ("high", "low", None):
        for fence in ("closed", "open", None):
            done = {
                n: SetTo(state)
                for n, state in (("guard", guard), ("fence", fence))
                if state and n not in asked.findings
            }
            again = answer(rare(), replace(asked, targets=("breach",), settings=done))
            reached[again.targets[0].distribution[0].p] = again.replaced
    highest = max(reached)
    found = goals(rare(), asked, target="breach", state="yes", above=highest)
    assert found.best.p == highest > found.p
    assert set(found.best.replaced) <= set(replaced)
    assert set(found.best.replaced) == set(reached[highest])
    assert found.best.replaced


def test_a_goal_names_what_it_leaves_as_it_is_with_the_reason():
    asked = Question(cohort="guarded", findings={"fence": Observed("open")})
    found = goals(rare(), asked, target="breach", state="yes", below=1e-9)
    assert [(each.variable, each.why) for each in found.left_out] == [("fence", "the question itself says fence=open")]
    forecaster = clinic(conditions=("bronc", "tub"))
    found = goals(
        forecaster,
        replace(COUGHING, findings={"bronc": Observed("yes")}),
        target="lung",
        state="yes",
        above=0.9,
        using="findings",
    )
    assert [(each.variable, each.why) for each in found.left_out] == [("bronc", "the question itself says bronc=yes")]


def test_a_lever_that_is_the_target_or_that_the_question_speaks_of_is_left_out_with_the_reason():
    asked = Question(cohort="guarded", findings={"guard": Observed("low")})
    found = policies(rare(), asked, target="fence", state="open")
    assert found.rows == ()
    assert [(each.variable, each.why) for each in found.left_out] == [
        ("guard", "the question itself says guard=low"),
        ("fence", "it is the target"),
    ]


def test_the_range_of_a_setting_is_that_of_the_question_that_sets_it():
    asked = Question(cohort="guarded", scenario="shut")
    for row in policies(rare(), asked, target="breach", state="yes").rows:
        settings = {row.variable: SetTo(row.state)}
        again = answer(rare(), replace(asked, targets=("breach",), settings=settings, interval=0.9))
        drawn = again.targets[0].distribution[0]
        assert (row.low, row.high) == (drawn.low, drawn.high)
        assert row.outside == again.targets.intervals.reasons("breach", "yes")[0]
        assert (row.outside is not None) == (not row.low - 1e-9 <= row.p <= row.high + 1e-9)
        assert (row.shift_outside is not None) == (not row.shift_low - 1e-9 <= row.shift <= row.shift_high + 1e-9)


def test_a_ranking_says_which_settings_have_their_number_outside_its_range():
    found = policies(rare(), Question(), target="breach", state="yes")
    outside = [row for row in found.rows if row.outside or row.shift_outside]
    assert [(row.variable, row.state) for row in outside] == [("guard", "high"), ("fence", "closed")]
    head = "2 numbers lie outside their ranges: p under do(guard=high), p under do(fence=closed); "
    assert found.warning.startswith(head)
