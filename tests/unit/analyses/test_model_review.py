"""What a modeller is told: arcs that cost, what numbers rest on, checks inside or outside their range."""

from dataclasses import replace

import pytest

from model import priors
from model.analyses.model_review import (
    WIDE,
    Costly,
    HeldAcross,
    Likely,
    Readings,
    costly_arcs,
    fewest,
    footing,
    held,
    ranges,
)
from model.analyses.variance_attribution import attribution
from model.forecast import answer, prepare
from model.inference.junction_tree.triangulation import triangulate
from model.network import Network, Variable
from model.question import Question
from model.specification import Counted, Expert, Pool
from service.settings import default_priors
from tests.prior_copies import DATA, edited
from tests.textbook import network


@pytest.fixture(scope="module")
def asia():
    return prepare(priors.load(default_priors() / "asia"))


def without(whole: Network, arc: Costly) -> Network:
    """The network with the arc's parent taken from the child, its states averaged over."""
    axis = whole[arc.child].parents.index(arc.parent)
    cut = tuple(parent for parent in whole[arc.child].parents if parent != arc.parent)
    variables = [Variable(v.name, v.states, cut if v.name == arc.child else v.parents) for v in whole.variables]
    return Network(variables, {**whole.tables, arc.child: whole.tables[arc.child].mean(axis=axis)})


@pytest.mark.parametrize("name", ["asia", "child", "insurance"])
def test_an_arcs_cost_is_what_the_tree_loses_with_it(name):
    whole = network(name)
    tree = triangulate(whole)
    arcs = costly_arcs(whole, tree)
    assert len(arcs) == 5
    assert [arc.entries for arc in arcs] == sorted((arc.entries for arc in arcs), reverse=True)
    for arc in arcs:
        assert arc.entries >= tree.cells - triangulate(without(whole, arc)).cells > 0


def test_no_arc_left_out_costs_more_than_those_named():
    whole = network("child")
    tree = triangulate(whole)
    every = [
        tree.cells - triangulate(without(whole, Costly(parent, v.name, 0))).cells
        for v in whole.variables
        for parent in v.parents
    ]
    assert [arc.entries for arc in costly_arcs(whole, tree)] == sorted(every, reverse=True)[:5]


def test_a_network_without_arcs_has_no_costly_ones():
    lone = Network([Variable("x", ("a", "b"))], {"x": network("sprinkler").tables["Cloudy"]})
    assert costly_arcs(lone, triangulate(lone)) == ()


def test_statements_are_counted_by_what_they_rest_on(asia):
    model = asia.model
    counted = Counted(274, 0.2, "one registry")
    changed = replace_described(
        model,
        {
            "asia": restated(model, "asia", sources=("judgement",), reason="a guess", published="nothing"),
            "smoke": restated(model, "smoke", published="number", counted=counted),
            "tub": restated(model, "tub", sources=()),
            "lung": restated(
                model, "lung", pool=Pool("linear", (Expert(("x",), 1.0, 1.0, None, counted=counted),), 0.0)
            ),
        },
    )
    before, after = footing(model), footing(changed)
    assert (before.statements, before.numbers, before.directions, before.judged, before.uncited) == (17, 0, 17, 0, 0)
    assert (after.statements, after.numbers, after.directions, after.judged, after.uncited) == (17, 1, 13, 1, 2)
    assert before.certain == after.certain == 3
    assert (before.counted, after.counted) == (0, 3)


def test_sources_are_counted_by_how_they_were_read(asia):
    [source] = asia.model.sources.values()
    ways = ("whole", "whole", "part", "quoted by a", "quoted by b", "quoted by c", None)
    read = {"x" * i: replace(source, read=way) for i, way in enumerate(ways)} | asia.model.sources
    found = footing(replace_described(asia.model, {}, sources=read)).sources
    assert found == Readings(whole=2, part=1, quoted=3, unsaid=2)


def test_a_headline_is_wide_where_its_range_is_and_what_carries_its_doubt_stands_beside_it(tmp_path):
    folder = edited(
        default_priors() / "asia",
        tmp_path,
        "diseases.yaml",
        ("{yes: 0.6, no: 0.4}", "{yes: 0.6, no: 0.4}\n        ess: 0.5"),
        ("{yes: 0.3, no: 0.7}", "{yes: 0.3, no: 0.7}\n        ess: 0.5"),
    )
    forecaster = prepare(priors.load(folder))
    found = ranges(forecaster)
    asked = Question(("bronc",), interval=0.9)
    widths = [row.high - row.low for row in answer(forecaster, asked).targets[0].distribution]
    assert [wide.target for wide in found.wide] == ["bronc"]
    assert found.wide[0].state == "yes"  # of equals the first
    assert found.wide[0].high - found.wide[0].low == pytest.approx(max(widths), rel=1e-12)
    assert max(widths) > WIDE
    shares = attribution(forecaster, asked, target="bronc", state=found.wide[0].state).statements
    assert found.wide[0].carried_by == shares[:2]
    assert found.warning is None


def test_no_headline_of_a_model_that_is_sure_is_wide(asia):
    assert ranges(asia).wide == ()


def test_statements_whose_every_source_is_unverified_are_counted(asia):
    model = asia.model
    doubted = {name: replace(source, status="unverified") for name, source in model.sources.items()}
    assert footing(model).unverified == 0
    assert footing(replace_described(model, {}, sources=doubted)).unverified == 17


def test_a_figure_is_inside_its_range_edges_included(asia):
    found = {each.check.name: each for each in held(asia)}
    lung = found["lung_cancer"]
    assert lung.p == pytest.approx(0.055, abs=1e-15)
    assert lung.inside
    assert replace(lung, check=replace(lung.check, low=0.055, high=0.055)).inside
    assert not replace(lung, check=replace(lung.check, low=0.056)).inside
    assert not replace(lung, p=None).inside


# Checks across levels


@pytest.fixture(scope="module")
def levels():
    return priors.load(DATA / "levels")


def across(model, name):
    [found] = [each for each in held(prepare(model)) if each.check.name == name]
    return found


def test_a_size_times_a_probability_is_held_against_the_likely_states_of_another_variable(levels):
    found = across(levels, "stock_agrees")
    assert found.p == pytest.approx(0.6 * (0.1 + 0.3) / 2 + 0.4 * (0.6 + 0.8) / 2)
    assert found.implied == pytest.approx((400, 480))
    assert [(each.state, each.low, each.high) for each in found.likely] == [("few", 0, 450), ("some", 450, 900)]
    assert [each.p for each in found.likely] == pytest.approx([0.6 * 0.7 + 0.4 * 0.1, 0.6 * 0.25 + 0.4 * 0.3])
    assert found.inside


def test_both_sides_have_the_scenario_and_the_target_alone_what_is_given_of_it(levels):
    found = across(levels, "stock_agrees_where_the_fort_holds")
    assert found.p == pytest.approx(0.8)
    assert [(each.state, each.high) for each in found.likely] == [("some", 900), ("many", float("inf"))]
    assert [each.p for each in found.likely] == pytest.approx([0.3, 0.6])


def test_both_sides_have_what_is_done(tmp_path):
    folder = edited(DATA / "levels", tmp_path, "checks.yaml", ("    likely: 0.7", "    do: {war: lost}"))
    found = across(priors.load(folder), "stock_agrees")
    assert found.implied == pytest.approx((200, 240))
    assert [each.p for each in found.likely] == pytest.approx([0.7, 0.25])


def test_without_a_size_a_share_is_meant(tmp_path):
    changes = (("    size: {low: 1000, high: 1200}\n", ""), ("[0, 450, 900, unbounded]", "[0, 0.3, 0.6, 1]"))
    found = across(priors.load(edited(DATA / "levels", tmp_path, "checks.yaml", *changes)), "stock_agrees")
    assert found.implied == pytest.approx((0.4, 0.4))
    assert found.inside


def test_the_likely_states_are_the_fewest_that_hold_enough():
    assert fewest([0.2, 0.5, 0.3], 0.5) == [1]
    assert fewest([0.2, 0.5, 0.3], 0.51) == [1, 2]
    assert fewest([0.1, 0.7, 0.2], 0.8) == [1, 2]
    assert fewest([0.7, 0.1, 0.2], 0.9) == [0, 2]
    assert fewest([0.25, 0.5, 0.25], 0.75) == [0, 1]
    assert fewest([0.1, 0.7, 0.1, 0.1], 0.8) == [0, 1]


@pytest.mark.parametrize(
    ("implied", "likely", "inside"),
    [
        ((0, 449), "few", True),
        ((450, 450), "few", False),
        ((450, 450), "some", True),
        ((400, 480), "few", False),
        ((400, 480), "few some", True),
        ((400, 900), "few some", False),
        ((400, 1000), "few many", False),
        ((10, 20), "few many", True),
        ((900, 2000), "many", True),
        ((900, 2001), "many", False),
        ((-1, 3), "few some many", False),
    ],
)
def test_each_number_implied_must_be_one_of_a_likely_state(levels, implied, likely, inside):
    low, high = implied
    check = replace(levels.checks["stock_agrees"], low=low, high=high, bounds=(0, 450, 900, 2000))
    ends = {"few": (0, 450), "some": (450, 900), "many": (900, 2000)}
    found = HeldAcross(check, 1.0, tuple(Likely(state, 0.3, *ends[state]) for state in likely.split()))
    assert found.inside is inside


def test_a_check_across_levels_whose_evidence_is_impossible_is_outside_with_the_reason(tmp_path):
    certain = ("      - p: {lost: 0.6, held: 0.4}", "      - p: {lost: 1, held: never}")
    folder = edited(DATA / "levels", tmp_path, "variables.yaml", certain)
    found = across(priors.load(folder), "stock_agrees_where_the_fort_holds")
    assert (found.p, found.likely, found.implied, found.inside) == (None, (), None, False)
    assert found.reason == "evidence: war=held cannot happen in this model"


def restated(model, name, **said):
    """What is described of a variable, each of its statements with this said of it."""
    described = model.described[name]
    return replace(described, statements=tuple(replace(statement, **said) for statement in described.statements))


def replace_described(model, described, **parts):
    kept = {key: getattr(model, key) for key in ("name", "title", "description", "as_of", "horizon", "headline")}
    rest = {"network": model.network, "sources": model.sources, "checks": model.checks, **parts}
    return type(model)(**kept, described={**model.described, **described}, **rest)
