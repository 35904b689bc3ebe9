"""What each cause is to do to each outcome of the flagship, argued before the priors were revised."""

from __future__ import annotations

import csv

from tests.sources import ROOT

TABLE = ROOT / "tests" / "data" / "mosul-2017" / "argued_effects.csv"

FIGHTER_LEVEL = frozenset(
    {
        "allegiance",
        "attack_by_returnee",
        "mentoring_effect",
        "next_theatre",
        "pathway",
        "recruitment",
        "removed_how",
        "returnee_type",
    }
)


def argued() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_at_least_60_effects_are_argued_of_which_30_are_on_a_fighter():
    assert len(argued()) >= 60
    assert sum(effect["outcome"] in FIGHTER_LEVEL for effect in argued()) >= 30


def test_each_effect_is_argued_once_with_a_sign_bounds_and_a_reason():
    keys = [(e["cause"], e["from"], e["to"], e["outcome"], e["state"], e["given"]) for e in argued()]
    assert len(set(keys)) == len(keys)
    for effect in argued():
        assert effect["sign"] in {"+", "-", "either"}
        assert 0 <= float(effect["least"]) < float(effect["greatest"])
        assert effect["because"]
