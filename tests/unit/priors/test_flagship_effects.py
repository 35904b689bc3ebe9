"""What each cause is to do to each outcome of the flagship, argued before the priors were revised."""

from __future__ import annotations

import csv
import re
from functools import cache

import pytest

from model.analyses.matrix import matrix
from model.analyses.model_review import footing, ranges
from model.evidence import Observed, SetTo
from model.forecast import Forecaster, answer, prepare
from model.network import Network
from model.priors import load
from model.question import Question
from model.specification import NO_SCENARIO
from service.analyses.matrix import markdown
from tests.sources import ROOT

PAGE = ROOT / "docs" / "flagship.md"
TABLE = ROOT / "tests" / "data" / "mosul-2017" / "argued_effects.csv"

IN_THEATRE = {"status_end_2016": "in_theatre"}
FIVE_CAUSES = (
    ("is_territorial_control", "none", "substantial"),
    ("is_finances", "collapsed", "sustained"),
    ("conflict_end_mode", "ongoing", "military_defeat"),
    ("border_intel_strength", "weak", "strong"),
    ("motivation_to_join", "adventure", "religious_identity"),
)


def argued() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def named(effect: dict[str, str]) -> str:
    return "-".join(effect[key] for key in ("cause", "from", "to", "outcome", "state", "given"))


SUPPORTED = [effect for effect in argued() if not effect["not_supported"]]
MISSED = [effect for effect in argued() if effect["not_supported"]]


@cache
def forecaster() -> Forecaster:
    return prepare(load(ROOT / "priors" / "mosul-2017"))


def chances(target: str, given: dict[str, str], do: dict[str, str], scenario: str | None = None) -> dict[str, float]:
    findings = {name: Observed(state) for name, state in given.items()}
    settings = {name: SetTo(state) for name, state in do.items()}
    found = answer(forecaster(), Question((target,), findings, settings, scenario=scenario or NO_SCENARIO))
    return {state.state: state.p for state in found.targets[0].distribution}


def shift(effect: dict[str, str]) -> float:
    """In points, towards the sign that is argued."""
    given = dict(one.split(":") for one in effect["given"].split(";") if one)
    before, after = (
        chances(effect["outcome"], given, {effect["cause"]: effect[end]}, effect["scenario"] or None)[effect["state"]]
        for end in ("from", "to")
    )
    points = 100 * (after - before)
    return {"+": points, "-": -points, "either": abs(points)}[effect["sign"]]


def apart(network: Network, cause: str, outcome: str) -> int:
    """Arcs on the shortest directed way from a cause to an outcome."""
    steps, reached = 0, {outcome}
    while cause not in reached:
        reached = reached | {parent for name in reached for parent in network[name].parents}
        steps += 1
        assert steps < len(network.names), f"no way from {cause} to {outcome}"
    return steps


def test_at_least_60_effects_are_argued_of_which_40_are_two_arcs_apart_and_30_on_a_fighter():
    model = forecaster().model
    distances = [apart(model.network, effect["cause"], effect["outcome"]) for effect in SUPPORTED]
    fighter = [model.described[effect["outcome"]].level == "individual" for effect in SUPPORTED]
    assert len(SUPPORTED) >= 60
    assert sum(distance >= 2 for distance in distances) >= 40
    assert sum(fighter) >= 30


def test_each_effect_is_argued_once_with_a_sign_bounds_and_a_reason():
    assert len({named(effect) for effect in argued()}) == len(argued())
    for effect in argued():
        assert effect["sign"] in {"+", "-", "either"}
        assert 0 <= float(effect["least"]) < float(effect["greatest"])
        assert effect["because"]


@pytest.mark.parametrize("effect", SUPPORTED, ids=named)
def test_the_model_does_what_is_argued(effect):
    assert float(effect["least"]) <= shift(effect) <= float(effect["greatest"])


@pytest.mark.parametrize("effect", MISSED, ids=named)
def test_what_is_not_supported_says_why_and_is_still_missed(effect):
    assert len(effect["not_supported"]) > 20
    assert not float(effect["least"]) <= shift(effect) <= float(effect["greatest"])


@pytest.mark.parametrize(("cause", "low", "high"), FIVE_CAUSES, ids=lambda value: value)
def test_each_of_the_five_causes_moves_a_pathway_of_those_in_theatre_by_two_points(cause, low, high):
    before, after = (chances("pathway", IN_THEATRE, {cause: state}) for state in (low, high))
    assert max(abs(after[state] - before[state]) for state in before) >= 0.02


def test_the_page_on_the_flagship_shows_what_the_five_causes_do():
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if "` = " in line]
    assert len(rows) == 2 * len(FIVE_CAUSES)
    for cause, *shown in rows:
        name, state = cause.replace("`", "").split(" = ")
        found = chances("pathway", IN_THEATRE, {name: state})
        assert [f"{p:.3f}" for p in found.values()] == shown


def test_the_page_on_the_flagship_says_the_size_and_the_sources_that_there_are():
    text = PAGE.read_text(encoding="utf-8")
    counted = footing(forecaster().model)
    said = f"Of {counted.statements} statements {counted.numbers} have a published number, {counted.directions} a"
    assert said in " ".join(text.split())
    assert f"{round(forecaster().plan.cells, -3):,} table" in " ".join(text.split())
    cited = set(re.findall(r"\bB\d\d+\b", text))
    assert cited <= set(forecaster().model.sources)


def test_the_page_on_the_flagship_names_every_headline_that_is_wide_open():
    text = PAGE.read_text(encoding="utf-8")
    listed = text[text.index("Headlines whose range is wider") : text.index("## What it leaves out")]
    wide = [each.target for each in ranges(forecaster()).wide]
    assert wide
    assert [target for target in wide if f"`{target}`" not in listed] == []


def test_the_page_on_the_flagship_ends_with_the_matrix():
    assert PAGE.read_text(encoding="utf-8").endswith("\n\n" + markdown(matrix(forecaster()), forecaster().model))


@pytest.mark.parametrize("dispersal", ["hundreds", "low_thousands", "over_5k"])
@pytest.mark.parametrize(("cause", "low", "high"), FIVE_CAUSES[:3], ids=lambda value: value)
def test_dispersal_is_no_bottleneck(cause, low, high, dispersal):
    """With it held, land, money and the end of the war still move whom a fighter who stays belongs to."""
    given = {"pathway": "hardcore_underground"}
    held = {"fighters_dispersing": dispersal}
    before, after = (chances("allegiance", given, {**held, cause: state}) for state in (low, high))
    assert max(abs(after[state] - before[state]) for state in before) >= 0.01


def test_no_lever_of_the_article_is_without_effect():
    """Each moves something that is not a part of it by a tenth of a point."""
    model = forecaster().model
    outcomes = tuple(name for name in model.network.names if model.described[name].role in {"outcome", "pathway"})
    idle = []
    for lever in (name for name in model.network.names if model.described[name].role == "lever"):
        first, *_, last = model.network[lever].states
        low, high = (
            answer(forecaster(), Question(outcomes, settings={lever: SetTo(end)}, scenario=NO_SCENARIO))
            for end in (first, last)
        )
        if abs(low.targets.p - high.targets.p).max() < 0.001:
            idle.append(lever)
    assert idle == []


def test_what_influences_nothing_is_an_outcome_that_one_asks_for():
    model = forecaster().model
    leaves = [name for name in model.network.names if not model.network.children(name)]
    assert [name for name in leaves if model.described[name].role not in {"outcome", "pathway"}] == []


def test_those_home_by_2016_do_not_react_to_2018():
    early = {"way_of_return": "early"}
    for cause in ("is_finances", "external_ops_capacity", "fighter_attrition", "disappointment_in_theatre"):
        states = forecaster().model.network[cause].states
        before, after = (chances("returnee_type", early, {cause: state}) for state in (states[0], states[-1]))
        assert before == pytest.approx(after, abs=1e-12)


def test_cohorts_differ_where_their_sources_do():
    cohorts = forecaster().model.cohorts
    rows = {}
    for name in cohorts:
        found = answer(forecaster(), Question(("status_end_2016",), cohort=name))
        rows[name] = tuple(round(state.p, 3) for state in found.targets[0].distribution)
    without_counts = {"jordan", "turkey"}
    assert len({rows[name] for name in rows if name not in without_counts}) == len(rows) - len(without_counts)


def test_doing_a_variable_that_was_split_does_each_of_its_parts():
    model = forecaster().model
    split = {name: described.parts for name, described in model.described.items() if described.parts}
    assert set(split) == {"local_group_welcome"}
    for name, parts in split.items():
        state = model.network[name].states[-1]
        found = answer(forecaster(), Question(parts, settings={name: SetTo(state)}))
        assert set(found.settings) == {name, *parts}
        assert [{s.state: s.p for s in target.distribution}[state] for target in found.targets] == [1.0] * len(parts)
