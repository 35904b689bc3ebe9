"""The flagship model keeps the article whole, argues as it argues, and stays inside the published figures."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from math import isfinite

import pytest

from model.analyses.model_review import AnyHeld, HeldAcross, held
from model.evidence import Finding, Observed, RuledOut, Setting, SetTo
from model.forecast import Forecaster, answer, prepare
from model.priors import load
from model.question import Question
from model.specification import JUDGEMENT, NO_SCENARIO, Check, Model
from tests.prior_copies import edited
from tests.sources import ROOT

FOLDER = ROOT / "priors" / "mosul-2017"
DATA = ROOT / "tests" / "data" / "mosul-2017"

NOTICEABLE = 0.01
"""A shift of a mean level, in states, or of a probability, that is not rounding."""

SUMMARIES = frozenset(
    {
        "caliphate_brand",
        "detection_europe",
        "insurgent_capacity",
        "is_fortunes",
        "material_hardship",
        "mentoring_by_disillusioned",
        "operational_returnees",
        "room_to_hide",
        "territorial_loss_rate",
        "war_tribulations",
        "way_home",
        "way_out",
    }
)
"""Variables that stand between the two ends of an edge of the article, to keep tables small."""

IN_THEATRE: dict[str, Finding] = {"status_end_2016": Observed("in_theatre")}
"""A fighter who is alive and in Iraq and Syria when the forecast begins."""

HOLDS_WITH = {
    "allegiance": "hardcore_underground",
    "next_theatre": "free_agent",
    "return_destination": "returnee",
    "returnee_type": "returnee",
}
"""The one pathway under which each of these is something; under any other it is 'none'."""


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


ARTICLE = rows("article_variables.csv")
NODES = rows("nodes.csv")
EDGES = rows("edges.csv")


@cache
def flagship() -> Model:
    return load(FOLDER)


@cache
def forecaster() -> Forecaster:
    return prepare(flagship())


def chances(target: str, given: Mapping[str, Finding] | None = None, **do: Setting) -> dict[str, float]:
    question = Question(targets=(target,), findings=given or {}, settings=do, scenario=NO_SCENARIO)
    return {state.state: state.p for state in answer(forecaster(), question).targets[0].distribution}


def level(distribution: Mapping[str, float]) -> float:
    """Mean position of the state, lowest 0."""
    return sum(position * p for position, p in enumerate(distribution.values()))


@cache
def figures() -> dict[str, AnyHeld]:
    return {figure.check.name: figure for figure in held(forecaster())}


def named(edge: dict[str, str]) -> str:
    return f"{edge['parent']}->{edge['child']}"


# What the article names


def test_the_article_names_97_variables():
    assert len({row["name"] for row in ARTICLE}) == len(ARTICLE) == 97


@pytest.mark.parametrize("row", ARTICLE, ids=lambda row: row["name"])
def test_each_variable_of_the_article_is_a_variable_or_is_folded_into_some(row):
    name, model = row["name"], flagship()
    found = {"variable": name in model.network, "folded": name in model.folded}
    assert found == {"variable": row["became"] == "variable", "folded": row["became"] == "folded"}


def test_what_is_folded_is_named_by_the_article_and_goes_into_variables():
    folded = flagship().folded
    assert set(folded) == {row["name"] for row in ARTICLE if row["became"] == "folded"}
    assert {into for one in folded.values() for into in one.into} <= set(flagship().network.names)


def test_the_group_level_has_40_names():
    assert len({row["name"] for row in NODES}) == len(NODES) == 40


@pytest.mark.parametrize("node", NODES, ids=lambda node: node["name"])
def test_names_and_states_of_the_group_level_are_kept(node):
    assert "|".join(flagship().network[node["name"]].states) == node["states"]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node["name"])
def test_each_name_of_the_group_level_can_be_asked_observed_and_done(node):
    name, first = node["name"], node["states"].split("|")[0]
    assert min(chances(name).values()) > 0
    assert chances(name, {name: Observed(first)})[first] == 1.0
    assert chances(name, **{name: SetTo(first)})[first] == 1.0


@pytest.mark.parametrize(
    ("variable", "states"),
    [
        ("pathway", {"killed_or_captured", "hardcore_underground", "free_agent", "returnee"}),
        ("allegiance", {"none", "isis", "jabhat_fateh_al_sham", "ahrar_al_sham", "al_qaeda"}),
        ("next_theatre", {"none", "yemen", "libya", "west_africa", "afghanistan", "elsewhere"}),
        ("return_destination", {"none", "country_of_origin", "europe", "asia", "north_america"}),
        ("returnee_type", {"none", "disillusioned", "disengaged_not_disillusioned", "operational"}),
        ("motivation_to_join", {"utopia", "adventure", "religious_identity"}),
        ("reason_to_leave", {"none", "marriage", "battle_fatigue", "family"}),
        ("commitment", {"low", "medium", "high"}),
        ("attack_by_returnee", {"none", "lone_actor", "directed"}),
    ],
)
def test_the_fighter_level_has_the_groups_of_the_article(variable, states):
    assert set(flagship().network[variable].states) == states


def test_four_theatres_are_followed():
    theatres = {name.removeprefix("theatre_") for name in flagship().network.names if name.startswith("theatre_")}
    assert theatres == {"yemen", "libya", "west_africa", "afghanistan"}


def test_it_has_at_least_55_variables_of_at_most_5_parents():
    variables = flagship().network.variables
    assert len(variables) >= 55
    assert max(len(variable.parents) for variable in variables) == 5


def test_each_kind_of_table_is_in_use():
    kinds = {described.kind for described in flagship().described.values()}
    assert kinds == {"table", "any_cause", "all_needed", "influences", "ranked", "rule"}


def test_each_variable_says_what_it_means_and_where_the_article_has_it():
    silent = [
        name
        for name, described in flagship().described.items()
        if not (described.label and (described.definition or described.definitions) and described.from_article)
    ]
    assert silent == []


def test_the_compiled_tree_stays_under_700_000_entries():
    assert 30_000 < forecaster().plan.cells < 700_000


# What the article argues


def test_the_article_argues_69_edges():
    assert len({named(edge) for edge in EDGES}) == len(EDGES) == 69


@pytest.mark.parametrize("edge", EDGES, ids=named)
def test_an_edge_of_the_article_is_an_arc_or_runs_through_one_or_two_summaries(edge):
    network = flagship().network
    reached, steps = {edge["child"]}, 0
    while edge["parent"] not in {parent for name in reached for parent in network[name].parents}:
        reached = {parent for name in reached for parent in network[name].parents if parent in SUMMARIES}
        steps += 1
        assert reached, f"no path from {named(edge)} through summaries"
    assert steps <= 2


@pytest.mark.parametrize("edge", [e for e in EDGES if e["sign"] in ("+", "-")], ids=named)
def test_raising_the_parent_moves_the_child_the_way_the_article_argues(edge):
    states = flagship().network[edge["parent"]].states
    levels = [level(chances(edge["child"], **{edge["parent"]: SetTo(state)})) for state in (states[0], states[-1])]
    shift = levels[1] - levels[0] if edge["sign"] == "+" else levels[0] - levels[1]
    assert shift > NOTICEABLE


@pytest.mark.parametrize(
    ("parent", "state"),
    [
        ("disappointment_in_theatre", "disillusioned"),
        ("personal_pull_factors", "disengaged_committed"),
        ("external_ops_capacity", "operational"),
    ],
)
def test_raising_the_parent_makes_its_type_of_returnee_likelier(parent, state):
    p = [chances("returnee_mix", **{parent: SetTo(at)})[state] for at in flagship().network[parent].states]
    assert all(later - earlier > NOTICEABLE for earlier, later in pairwise(p))


@pytest.mark.parametrize("child", ["operational_networks_europe", "attacks_origin_countries"])
def test_operational_returnees_raise_networks_and_attacks(child):
    by_type = {
        state: level(chances(child, returnee_mix=SetTo(state))) for state in flagship().network["returnee_mix"].states
    }
    assert by_type.pop("operational") - max(by_type.values()) > NOTICEABLE


def test_disillusioned_returnees_lower_the_pool_of_radicalised_youth():
    by_type = {
        state: level(chances("radicalised_youth_pool", returnee_mix=SetTo(state)))
        for state in flagship().network["returnee_mix"].states
    }
    disillusioned = by_type.pop("disillusioned")
    assert min(by_type.values()) - disillusioned > NOTICEABLE


def test_how_the_war_ends_moves_ungoverned_areas_both_ways():
    by_end = [
        level(chances("ungoverned_areas", conflict_end_mode=SetTo(end)))
        for end in ("ongoing", "negotiated", "military_defeat")
    ]
    assert by_end[1] < by_end[2] < by_end[0]


def test_every_edge_of_the_article_is_tested_by_one_of_the_above():
    signs = {edge["sign"] for edge in EDGES}
    assert signs == {
        "+",
        "-",
        "mixed",
        "-> disillusioned",
        "-> disengaged",
        "-> operational",
        "operational raises",
        "disillusioned lowers",
    }


@pytest.mark.parametrize(
    ("lever", "state", "pathway", "raised"),
    [
        ("coalition_military_pressure", "high", "killed_or_captured", True),
        ("host_nation_capacity", "strong", "free_agent", False),
        ("home_return_barriers", "high", "returnee", False),
        ("home_return_barriers", "high", "free_agent", True),
        ("border_intel_strength", "strong", "returnee", False),
    ],
)
def test_a_lever_moves_the_pathway_of_a_fighter(lever, state, pathway, raised):
    states = flagship().network[lever].states
    before, after = (chances("pathway", IN_THEATRE, **{lever: SetTo(at)})[pathway] for at in (states[0], state))
    assert (after - before if raised else before - after) > NOTICEABLE


# One fighter


def test_the_pathways_are_exhaustive_and_none_is_empty():
    shares = chances("pathway")
    assert sum(shares.values()) == pytest.approx(1, abs=1e-12)
    assert min(shares.values()) > NOTICEABLE


@pytest.mark.parametrize(("variable", "pathway"), HOLDS_WITH.items())
def test_none_holds_exactly_when_the_pathway_is_another(variable, pathway):
    for other in flagship().network["pathway"].states:
        assert chances(variable, {"pathway": Observed(other)})["none"] == (0.0 if other == pathway else 1.0)


@pytest.mark.parametrize(("variable", "pathway"), HOLDS_WITH.items())
def test_a_state_other_than_none_tells_the_pathway(variable, pathway):
    assert chances("pathway", {variable: RuledOut(("none",))})[pathway] == 1.0
    assert chances("pathway", {variable: Observed("none")})[pathway] == 0.0


@pytest.mark.parametrize("variable", ["attack_by_returnee", "recruitment", "mentoring_effect"])
def test_one_who_does_not_return_does_nothing_at_home(variable):
    assert chances(variable, {"pathway": RuledOut(("returnee",))})["none"] == 1.0
    assert chances(variable, {"pathway": Observed("returnee")})["none"] < 1 - NOTICEABLE / 10


def test_one_already_home_is_a_returnee_and_the_dead_are_killed():
    assert chances("pathway", {"status_end_2016": Observed("returned")})["returnee"] == 1.0
    assert chances("pathway", {"status_end_2016": Observed("dead")})["killed_or_captured"] == 1.0


def test_commitment_keeps_fighters_underground_and_out_of_the_disillusioned():
    by_commitment = [
        chances("pathway", IN_THEATRE | {"commitment": Observed(state)})["hardcore_underground"]
        for state in ("low", "medium", "high")
    ]
    returned = [
        chances("returnee_type", {"pathway": Observed("returnee"), "commitment": Observed(state)})["disillusioned"]
        for state in ("low", "medium", "high")
    ]
    assert all(later - earlier > NOTICEABLE for earlier, later in pairwise(by_commitment))
    assert all(earlier - later > NOTICEABLE for earlier, later in pairwise(returned))


# What the numbers rest on


def test_every_statement_has_a_source_and_every_judgement_its_reason():
    statements = [one for described in flagship().described.values() for one in described.statements]
    assert len(statements) > 250
    assert [(one.file, one.line) for one in statements if not one.sources] == []
    assert [(one.file, one.line) for one in statements if JUDGEMENT in one.sources and not one.reason] == []


def test_a_number_that_rests_on_judgement_is_of_low_confidence():
    """Where several experts are pooled, of each who judges: the others may be surer."""
    judged = [
        (one.file, one.line, voice.ess)
        for described in flagship().described.values()
        for one in described.statements
        for voice in (one.pool.members if one.pool else (one,))
        if JUDGEMENT in voice.sources and voice.ess is not None and isfinite(voice.ess)
    ]
    assert len(judged) > 100
    assert [place for *place, ess in judged if ess > 10] == []


def test_no_source_is_later_than_the_day_of_knowledge():
    model = flagship()
    assert model.as_of == "2017-03-06"
    assert [source.name for source in model.sources.values() if source.date > model.as_of[: len(source.date)]] == []


def test_every_source_is_cited_by_something():
    model = flagship()
    cited = set(model.cited(model.network.names))
    for part in (model.scenarios, model.cohorts, model.checks):
        cited |= {name for value in part.values() for name in value.sources}
    cited |= {name for question in model.questions.values() for name in question.base_rate.sources}
    assert set(model.sources) - cited == set()


# Scenarios, cohorts, checks


def test_the_scenarios_of_the_article_are_there_and_possible():
    scenarios = flagship().scenarios
    assert set(scenarios) == {
        "march_2017",
        "mass_return_fear",
        "care_instead_of_prison",
        "hardened_borders",
        "negotiated_end",
        "al_qaeda_rapprochement",
    }
    assert min(answer(forecaster(), Question(targets=("pathway",), scenario=name)).p_evidence for name in scenarios) > 0


def shown(target: str, *, scenario: str | None = None, cohort: str | None = None) -> dict[str, float]:
    whole = answer(forecaster(), Question(targets=(target,), scenario=scenario, cohort=cohort))
    return {state.state: state.p for state in whole.targets[0].distribution}


def test_care_shrinks_the_pool_of_youth_and_hard_borders_keep_returnees_out():
    assert level(shown("radicalised_youth_pool", scenario="care_instead_of_prison")) < level(
        chances("radicalised_youth_pool")
    )
    hardened = Question(targets=("pathway",), findings=IN_THEATRE, scenario="hardened_borders")
    after = {s.state: s.p for s in answer(forecaster(), hardened).targets[0].distribution}
    assert after["returnee"] < chances("pathway", IN_THEATRE)["returnee"] - NOTICEABLE


def test_rapprochement_brings_those_who_stay_under_al_qaeda():
    staying: dict[str, Finding] = {"pathway": Observed("hardcore_underground")}
    question = Question(targets=("allegiance",), findings=staying, scenario="al_qaeda_rapprochement")
    after = {s.state: s.p for s in answer(forecaster(), question).targets[0].distribution}
    assert after["al_qaeda"] > 3 * chances("allegiance", staying)["al_qaeda"]


def test_there_are_twelve_cohorts_and_their_fates_differ():
    cohorts = flagship().cohorts
    assert len(cohorts) == 12
    assert all(0 < cohort.low < cohort.high for cohort in cohorts.values())
    shares = {name: round(shown("pathway", cohort=name)["returnee"], 2) for name in cohorts}
    assert len(set(shares.values())) >= 8


def test_there_are_at_least_15_checks_over_at_least_15_figures():
    checks = flagship().checks
    assert len(checks) >= 20
    assert len({source for check in checks.values() for source in check.sources}) >= 15


@pytest.mark.parametrize("name", sorted(flagship().checks))
def test_the_model_is_inside_the_published_range(name):
    assert figures()[name].inside


@pytest.mark.parametrize("name", sorted(flagship().checks))
def test_a_check_could_fail(name):
    figure = figures()[name]
    if isinstance(figure.check, Check):
        assert figure.check.low > 0 or figure.check.high < 1
    if isinstance(figure, HeldAcross):
        assert len(figure.likely) < len(flagship().network[figure.check.against].states)
    assert figure.p is not None
    assert 0 < figure.p < 1


def test_a_revision_that_leaves_the_evidence_is_seen(tmp_path):
    change = ("disengaged_committed: 0.65, operational: 0.10", "disengaged_committed: 0.25, operational: 0.50")
    outside = held(prepare(load(edited(FOLDER, tmp_path, "returns.yaml", change))))
    assert "group_operational" in {f.check.name for f in outside if not f.inside}


def test_the_examples_can_be_answered():
    examples = flagship().examples
    assert len(examples) >= 6
    for example in examples:
        question = Question(
            targets=(example.target,),
            findings=example.findings,
            settings=example.settings,
            scenario=example.scenario,
            cohort=example.cohort,
        )
        distribution = answer(forecaster(), question).targets[0].distribution
        assert sum(state.p for state in distribution) == pytest.approx(1, abs=1e-12)
