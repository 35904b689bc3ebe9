"""What finding out costs: read from files, part of the revision, refused where it does not hold together."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.priors import load
from model.specification import JUDGEMENT, Collectable
from tests.prior_copies import ASIA, edited, said
from tests.sources import ROOT

FLAGSHIP = ROOT / "priors" / "mosul-2017"


def test_a_variable_is_collected_as_its_file_says():
    assert load(ASIA).collection["xray"] == Collectable(
        name="xray",
        how="An X-ray of the chest, read once",
        cost=10.0,
        lead_days=1.0,
        reliability=0.98,
        sources=("lauritzen_spiegelhalter_1988", JUDGEMENT),
        reason="The paper has an X-ray that shows either disease; cost and chance of a misreading are examples.",
    )


def test_a_variable_that_is_not_listed_cannot_be_observed():
    assert set(load(ASIA).collection) == {"smoke", "asia", "xray"}


def test_what_finding_out_costs_is_part_of_the_revision(tmp_path: Path):
    cheaper = load(edited(ASIA, tmp_path, "collection.yaml", ("cost: 10", "cost: 9")))
    assert cheaper.network.digest() == load(ASIA).network.digest()
    assert cheaper.revision != load(ASIA).revision


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "  smoke:\n",
            "  smok:\n",
            "4:3: smok: no variable 'smok', expected one of 'asia', 'tub', 'smoke', 'lung', 'bronc', 'either', "
            "'xray', 'dysp'. Did you mean 'smoke'?",
        ),
        (
            "reliability: 0.9\n",
            "reliability: 0.5\n",
            "8:18: smoke, reliability: 0.5, no better than a guess among 2 states, expected a number above 0.5.",
        ),
        (
            "reliability: 0.9\n",
            "reliability: 98\n",
            "8:18: smoke, reliability: 98, expected a number of at most 1 (98 % is written 0.98).",
        ),
        ("cost: 10", "cost: 0", "20:11: xray, cost: 0, expected a number above 0."),
        ("lead_days: 1\n", "lead_days: -1\n", "21:16: xray, lead_days: -1, expected a number of at least 0."),
        (
            "    reason: Nobody forgets such a journey.\n",
            "",
            "16:15: asia, sources, item 1: judgement without a reason, expected a reason beside it, in one line.",
        ),
        (
            "[lauritzen_spiegelhalter_1988, judgement]",
            "[judgement, lauritzen_spiegelhalter_1989]",
            "23:26: xray, sources, item 2: no source 'lauritzen_spiegelhalter_1989', expected one of "
            "'lauritzen_spiegelhalter_1988'. Did you mean 'lauritzen_spiegelhalter_1988'?",
        ),
        (
            "[lauritzen_spiegelhalter_1988, judgement]",
            "[judgement, judgement]",
            "23:26: xray, sources, item 2: 'judgement' again, expected each name once.",
        ),
        (
            "    how: An X-ray of the chest, read once\n",
            "",
            "19:5: xray: no 'how', expected one: How it would be learnt: who reports what.",
        ),
    ],
)
def test_a_collection_that_does_not_hold_together_is_refused(tmp_path: Path, old: str, new: str, problem: str):
    assert said(edited(ASIA, tmp_path, "collection.yaml", (old, new))) == [f"collection.yaml:{problem}"]


def test_the_flagship_asks_about_what_can_be_reported_and_never_about_its_headline():
    model = load(FLAGSHIP)
    assert 20 <= len(model.collection) <= 28
    assert not set(model.collection) & set(model.headline)
    assert {model.described[name].role for name in model.collection} <= {"lever", "condition", "state", "outcome"}


def test_every_cost_of_the_flagship_says_why():
    assert [each.name for each in load(FLAGSHIP).collection.values() if not each.reason] == []


def test_a_reliable_report_is_better_than_a_guess_for_every_variable_of_the_flagship():
    model = load(FLAGSHIP)
    assert all(each.reliability * len(model.network[name].states) > 1 for name, each in model.collection.items())
