"""What a modeller is told: arcs that cost, what numbers rest on, checks inside or outside their range."""

from dataclasses import replace

import pytest

from model import priors
from model.forecast import prepare
from model.network import Network, Variable
from model.review import Costly, costly_arcs, footing, held
from model.triangulation import junction_tree
from service.settings import default_priors
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
    tree = junction_tree(whole)
    arcs = costly_arcs(whole, tree)
    assert len(arcs) == 5
    assert [arc.entries for arc in arcs] == sorted((arc.entries for arc in arcs), reverse=True)
    for arc in arcs:
        assert arc.entries >= tree.cells - junction_tree(without(whole, arc)).cells > 0


def test_no_arc_left_out_costs_more_than_those_named():
    whole = network("child")
    tree = junction_tree(whole)
    every = [
        tree.cells - junction_tree(without(whole, Costly(parent, v.name, 0))).cells
        for v in whole.variables
        for parent in v.parents
    ]
    assert [arc.entries for arc in costly_arcs(whole, tree)] == sorted(every, reverse=True)[:5]


def test_a_network_without_arcs_has_no_costly_ones():
    lone = Network([Variable("x", ("a", "b"))], {"x": network("sprinkler").tables["Cloudy"]})
    assert costly_arcs(lone, junction_tree(lone)) == ()


def test_statements_are_counted_by_what_they_rest_on(asia):
    model = asia.model
    first = model.described["asia"]
    guessed = replace(
        first, statements=tuple(replace(s, sources=("judgement",), reason="a guess") for s in first.statements)
    )
    partly = replace(
        model.described["smoke"],
        statements=tuple(replace(s, sources=(*s.sources, "judgement")) for s in model.described["smoke"].statements),
    )
    bare = replace(
        model.described["tub"], statements=tuple(replace(s, sources=()) for s in model.described["tub"].statements)
    )
    changed = replace_described(model, {"asia": guessed, "smoke": partly, "tub": bare})
    before, after = footing(model), footing(changed)
    assert (before.statements, before.published, before.judged, before.uncited) == (17, 17, 0, 0)
    assert (after.statements, after.published, after.mixed, after.judged, after.uncited) == (17, 13, 1, 1, 2)
    assert before.certain == after.certain == 3


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


def replace_described(model, described, **parts):
    kept = {key: getattr(model, key) for key in ("name", "title", "description", "as_of", "horizon", "headline")}
    rest = {"network": model.network, "sources": model.sources, "checks": model.checks, **parts}
    return type(model)(**kept, described={**model.described, **described}, **rest)
