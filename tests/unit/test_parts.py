"""A variable that was split into parts: do() on the whole is do() on each part."""

from __future__ import annotations

import pytest

from model.errors import BadPriors
from model.evidence import Observed, SetTo
from model.forecast import answer, prepare
from model.priors import load
from model.question import Question
from service.settings import default_priors
from tests.prior_copies import edited

ASIA = default_priors() / "asia"


def whole(tmp_path, parts="[smoke]"):
    """The textbook network in which ``asia`` was split into other variables."""
    return edited(ASIA, tmp_path, "diseases.yaml", ("  asia:\n", f"  asia:\n    parts: {parts}\n"))


def test_doing_the_whole_does_each_part_and_what_is_said_of_a_part_wins(tmp_path):
    forecaster = prepare(load(whole(tmp_path)))
    done = answer(forecaster, Question(("smoke",), settings={"asia": SetTo("yes")}))
    assert dict(done.settings) == {"smoke": SetTo("yes"), "asia": SetTo("yes")}
    own = Question(("smoke",), settings={"asia": SetTo("yes"), "smoke": SetTo("no")})
    assert answer(forecaster, own).settings["smoke"] == SetTo("no")
    observed = Question(("smoke",), {"smoke": Observed("no")}, {"asia": SetTo("yes")})
    assert set(answer(forecaster, observed).settings) == {"asia"}


def test_observing_the_whole_does_nothing_to_a_part(tmp_path):
    found = answer(prepare(load(whole(tmp_path))), Question(("smoke",), {"asia": Observed("yes")}))
    assert dict(found.settings) == {}
    assert [row.shift for row in found.targets[0].distribution] == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ("[asia]", "asia, parts, item 1: the variable itself, expected another variable of the same states."),
        ("[smoke, smoke]", "asia, parts, item 2: 'smoke' again"),
        ("[smok]", "asia, parts, item 1: no variable 'smok', .* Did you mean 'smoke'"),
    ],
)
def test_a_part_is_another_variable_named_once(tmp_path, parts, said):
    with pytest.raises(BadPriors, match=said):
        load(whole(tmp_path, parts))


def test_a_part_has_the_states_of_the_whole(tmp_path):
    change = ("  prison_use:\n", "  prison_use:\n    parts: [psychological_care]\n")
    said = "parts, item 1: 'psychological_care', whose states are 'none', 'some', 'wide'"
    with pytest.raises(BadPriors, match=said):
        load(edited(default_priors() / "mosul-2017", tmp_path, "levers.yaml", change))
