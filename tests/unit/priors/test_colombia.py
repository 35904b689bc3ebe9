"""The second model knows nothing after its day, cites what was read, and each lever moves what it is there to move."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest

from model.analyses.model_review import HeldAcross, held
from model.evidence import SetTo
from model.forecast import Forecaster, answer, prepare
from model.priors import load
from model.question import Question
from model.specification import JUDGEMENT, NO_SCENARIO, Model
from tests.sources import ROOT

FOLDER = ROOT / "priors" / "colombia-2016"
PAGE = ROOT / "docs" / "colombia.md"

TWO_POINTS = 0.02

ARGUED = [
    ("verification", "accord_implementation", "collapses", -1),
    ("reintegration_support", "livelihood", "work", +1),
    ("reintegration_support", "pathway", "reintegrated", +1),
    ("security_guarantees", "excombatant_killings", "over_200", -1),
    ("security_guarantees", "pathway", "killed", -1),
    ("state_presence", "vacated_areas", "rival_held", -1),
    ("state_presence", "pathway", "other_group", -1),
    ("crop_substitution", "coca_area", "grows", -1),
    ("crop_substitution", "pathway", "dissident", -1),
    ("legal_security", "command_cohesion", "broken", -1),
    ("legal_security", "pathway", "dissident", -1),
    ("reintegration_mode", "wartime_ties", "close", +1),
    ("pressure_on_groups", "rival_strength", "over_7k", -1),
    ("pressure_on_groups", "pathway", "dissident", -1),
    ("political_support", "pathway", "reintegrated", +1),
    ("accord_implementation", "conflict_recurrence", "peace", +1),
    ("eln_path", "vacated_areas", "rival_held", -1),
    ("illegal_rents", "pathway", "dissident", +1),
    ("rival_strength", "pathway", "other_group", +1),
    ("vacated_areas", "pathway", "killed", +1),
    ("receiving_community", "wartime_ties", "close", -1),
]
"""Cause, outcome, its state, and the sign of the cause's highest state against its lowest, each argued in the files."""


@cache
def colombia() -> Model:
    return load(FOLDER)


@cache
def forecaster() -> Forecaster:
    return prepare(colombia())


def chances(target: str, scenario: str | None = None, **do: str) -> Mapping[str, float]:
    settings = {name: SetTo(state) for name, state in do.items()}
    found = answer(forecaster(), Question((target,), {}, settings, scenario=scenario or NO_SCENARIO))
    return {state.state: state.p for state in found.targets[0].distribution}


def shifts(cause: str, outcome: str = "pathway") -> dict[str, float]:
    """What do() of the cause from its lowest to its highest state adds to each state of the outcome."""
    lowest, *_, highest = colombia().network[cause].states
    before, after = chances(outcome, **{cause: lowest}), chances(outcome, **{cause: highest})
    return {state: after[state] - before[state] for state in before}


def levers() -> list[str]:
    return [name for name, described in colombia().described.items() if described.role == "lever"]


def test_no_source_is_later_than_the_day_of_the_accord():
    as_of = str(colombia().as_of)
    late = [name for name, source in colombia().sources.items() if str(source.date) > as_of[: len(str(source.date))]]
    assert as_of == "2016-11-24"
    assert late == []


def test_each_source_was_opened_and_says_how_far_it_was_read():
    read = {name: source.read for name, source in colombia().sources.items()}
    assert len(read) > 50
    assert {name for name, how in read.items() if how not in {"whole", "part"}} == set()


def test_each_source_is_cited():
    cited = {source for described in colombia().described.values() for source in described.sources}
    cited |= {source for cohort in colombia().cohorts.values() for source in cohort.sources}
    cited |= {source for scenario in colombia().scenarios.values() for source in scenario.sources}
    cited |= {source for check in colombia().checks.values() for source in check.sources}
    cited |= {source for question in colombia().questions.values() for source in question.base_rate.sources}
    assert set(colombia().sources) - cited == set()


def test_it_has_at_least_20_variables_and_stays_small():
    assert len(colombia().network.names) >= 20
    assert forecaster().plan.cells < 50_000


def test_each_number_with_parents_rests_on_more_than_judgement():
    alone = [
        variable.name
        for variable in colombia().network.variables
        if variable.parents and set(colombia().described[variable.name].sources) == {JUDGEMENT}
    ]
    assert alone == ["pathway"]


def test_at_least_three_levers_move_the_pathway_by_two_points():
    moved = {name: max(abs(shift) for shift in shifts(name).values()) for name in levers()}
    assert len(moved) == 8
    assert sum(shift >= TWO_POINTS for shift in moved.values()) >= 6


@pytest.mark.parametrize(("cause", "outcome", "state", "sign"), ARGUED)
def test_a_cause_moves_its_outcome_the_way_that_is_argued(cause, outcome, state, sign):
    assert sign * shifts(cause, outcome)[state] > 0.005


def test_each_lever_is_argued_to_move_something():
    assert set(levers()) <= {cause for cause, *_ in ARGUED}


def test_the_pictures_order_the_pathway_as_they_should():
    kept, stalls, filled = (chances("pathway", name) for name in ("accord_kept", "accord_stalls", "vacuum_filled"))
    assert kept["reintegrated"] > stalls["reintegrated"] + 5 * TWO_POINTS
    assert kept["dissident"] < stalls["dissident"] < filled["dissident"]
    assert filled["other_group"] > stalls["other_group"] + TWO_POINTS
    assert filled["killed"] > stalls["killed"]


def test_every_published_figure_is_met_and_the_two_levels_agree():
    figures = held(forecaster())
    assert {figure.check.name for figure in figures if not figure.inside} == set()
    assert sum(isinstance(figure, HeldAcross) for figure in figures) == 7


def test_the_page_prints_the_shifts_of_the_levers():
    row = re.compile(r"^\| `(\w+)` \| \w+ > \w+ \|((?: [+-]\d+\.\d \|){5})$", re.MULTILINE)
    printed = {
        name: [float(cell) for cell in cells.split("|")[:-1]] for name, cells in row.findall(PAGE.read_text("utf-8"))
    }
    assert set(levers()) < set(printed)
    for name, numbers in printed.items():
        assert numbers == pytest.approx([100 * shift for shift in shifts(name).values()], abs=0.051)
