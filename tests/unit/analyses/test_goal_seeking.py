"""Goals and policies on the chest clinic, with smoking and travel as levers, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

import model.analyses.goal_seeking
from model.analyses.goal_seeking import Change, goals, policies
from model.errors import BadQuestion, ImpossibleEvidence, UnknownState, UnknownVariable
from model.evidence import Assumed, Observed, SetTo
from model.forecast import prepare
from model.gates import TableGate
from model.question import Question
from model.specification import Collectable
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
    assert [(row.size, row.tried, row.combined, row.possible) for row in found.searched] == [
        (1, 4, 4, 4),
        (2, 4, 4, 4),
        (3, 0, 4, 4),
    ]


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
    assert {row.variable for row in policies(clinic(), asked, target="lung", state="yes").rows} == {"asia"}


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
