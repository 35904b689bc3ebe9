"""What an answer makes of each variable: the words for every kind of statement, and for what follows from it."""

import pytest

from model.errors import ImpossibleEvidence
from model.evidence import Assumed, Observed, OneOf, Reported, RuledOut, SetChances, SetTo
from model.forecast import answer
from model.question import Question
from service.translate.forecasts import status
from tests.textbook import forecaster

YES, NO = Observed("yes"), Observed("no")


def of(findings=None, settings=None, targets=()):
    asia = forecaster("asia")
    return status(asia.model.network, answer(asia, Question(targets, findings or {}, settings or {})))


def test_every_kind_of_finding_is_listed_under_its_own_word():
    found = of(
        {
            "smoke": YES,
            "xray": Reported({"yes": 4.0, "no": 1.0}),
            "bronc": Assumed({"yes": 0.4, "no": 0.6}),
            "dysp": OneOf(("no", "yes")),
            "tub": RuledOut(("yes",)),
        }
    )
    assert found.observed == {"smoke": "yes"}
    assert found.reported == ["xray"]
    assert found.assumed == ["bronc"]
    assert found.restricted == {"dysp": ["yes", "no"], "tub": ["no"]}


def test_a_variable_set_is_controlled_and_its_cut_arcs_are_listed():
    found = of({}, {"either": SetTo("yes"), "smoke": SetChances({"yes": 0.5, "no": 0.5})})
    assert {each.variable: set(each.cut) for each in found.controlled} == {
        "either": {"lung", "tub"},
        "smoke": set(),
    }


def test_a_state_that_follows_without_a_statement_is_implied():
    assert of({"lung": YES}).implied == {"either": "yes"}
    assert of({"either": NO}).implied == {"lung": "no", "tub": "no"}


def test_an_intervention_implies_downstream_and_not_upstream():
    assert of({}, {"lung": SetTo("yes")}).implied == {"either": "yes"}
    assert of({}, {"either": SetTo("no")}).implied == {}


def test_states_implied_are_looked_for_among_the_targets():
    assert of({"lung": YES}, targets=("xray",)).implied == {}
    assert of({"lung": YES}, targets=("either",)).implied == {"either": "yes"}


def test_evidence_separated_from_every_target_has_no_effect():
    assert of({"either": YES, "xray": YES}, targets=("dysp",)).no_effect == ["xray"]


def test_impossible_evidence_has_no_status():
    with pytest.raises(ImpossibleEvidence):
        of({"either": NO, "lung": YES})
