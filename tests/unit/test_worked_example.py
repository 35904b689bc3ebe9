"""The worked example runs, and says what the functions it shows say."""

import os
import re
import subprocess
import sys

import pytest

from model.analyses.causal_effect import cause_effect
from model.analyses.collection_plan import plan
from model.analyses.explanation import explain
from model.analyses.goal_seeking import goals, policies
from model.analyses.sensitivity import sensitivity
from model.analyses.variance_attribution import attribution
from model.evidence import Observed, SetTo
from model.forecast import Forecaster, answer, prepare
from model.priors import load
from model.question import Question
from model.specification import NO_SCENARIO
from tests.sources import ROOT

SCRIPT = ROOT / "docs" / "worked_example.py"
TARGET, STATE = "radicalised_youth_pool", "growing"
GIVEN = {"is_finances": Observed("halved"), "border_intel_strength": Observed("weak")}
QUESTION = Question(
    (TARGET,), GIVEN, {"returnee_response_model": SetTo("care_and_mentoring")}, scenario=NO_SCENARIO, interval=0.9
)
UNDONE = Question((TARGET,), GIVEN, scenario=NO_SCENARIO, interval=0.9)


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the script prints, by lines."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    ran = subprocess.run(
        [sys.executable, SCRIPT], env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.splitlines()


@pytest.fixture(scope="module")
def flagship() -> Forecaster:
    return prepare(load(ROOT / "priors" / "mosul-2017"))


def test_it_prints_the_answer_with_its_intervals(said: list[str], flagship: Forecaster) -> None:
    found = answer(flagship, QUESTION)
    assert f"Model mosul-2017, revision {found.revision}" in said
    assert f"P(evidence) {found.p_evidence:.4f}" in said
    for row in found.targets[0].distribution:
        assert f"{TARGET}={row.state}: {row.p:.4f} ({row.low:.4f} to {row.high:.4f}), shift {row.shift:+.4f}" in said


def test_it_sets_seeing_beside_doing(said: list[str], flagship: Forecaster) -> None:
    found = cause_effect(flagship, Question(scenario=NO_SCENARIO), cause="is_finances", target=TARGET, state=STATE)
    assert max(abs(row.gap or 0.0) for row in found.rows) > 1e-3
    for row in found.rows:
        line = f"is_finances={row.state}: seen {row.observe:.4f}, done {row.intervene:.4f}, gap {row.gap:+.4f}"
        assert line in said
    assert any(line.startswith("Back doors: confounders ") for line in said)


def test_it_weighs_each_finding(said: list[str], flagship: Forecaster) -> None:
    found = explain(flagship, QUESTION, target=TARGET, state=STATE)
    assert len(found.balance.weights) == 2
    for weight in found.balance.weights:
        assert f"{weight.statement} {weight.direction} it by {weight.db:+.4f} dB" in said
    assert sum(line.startswith("Way: ") for line in said) == len(found.chains)


def test_it_names_the_statements_and_sources_that_carry_the_spread(said: list[str], flagship: Forecaster) -> None:
    found = attribution(flagship, QUESTION, target=TARGET, state=STATE)
    assert f"Standard deviation {found.sd:.4f}" in said
    first, source = found.statements[0], found.sources[0]
    assert f"Share {first.share:.4f}: {first.variable}, {first.what} ({first.file}:{first.line})" in said
    assert f"Source {source.source}: share {source.share:.4f} by {source.statements} statements" in said


def test_it_finds_the_widest_swing_and_a_break_even_that_tips(said: list[str], flagship: Forecaster) -> None:
    baseline = {row.state: row.baseline for row in answer(flagship, QUESTION).targets[0].distribution}[STATE]
    found = sensitivity(flagship, QUESTION, target=TARGET, state=STATE, threshold=baseline)
    widest = found.rows[0]
    ends = f"from {widest.low:.4g} to {widest.high:.4g}"
    assert f"Swing {widest.swing:.4f}: {widest.variable}, {widest.what} {ends}" in said
    tips = next(row for row in found.rows if row.threshold is not None and row.threshold.values)
    assert tips.threshold is not None
    at = f"{tips.threshold.direction} {tips.threshold.values[0]:.4f}; it is {tips.value:.4g}"
    assert f"Break-even at {baseline:.4f}: {tips.variable}, {tips.what} {at}" in said


def test_it_makes_the_collection_plan(said: list[str], flagship: Forecaster) -> None:
    found = plan(flagship, QUESTION, target=TARGET, state=STATE, steps=3)
    assert len(found.steps) == 3
    for step in found.steps:
        assert f"Collect {step.variable}: value {step.value:.3g} at cost {step.cost:g}, {step.how}" in said


def test_it_seeks_a_goal_and_ranks_the_policies(said: list[str], flagship: Forecaster) -> None:
    now = {row.state: row.p for row in answer(flagship, QUESTION).targets[0].distribution}[STATE]
    ways = goals(flagship, UNDONE, target=TARGET, state=STATE, below=now + 0.005)
    assert f"Goal below {now + 0.005:.4f}: {ways.p:.4f} now, {ways.found} smallest sets reach it" in said
    assert ways.sets
    best = ways.sets[0]
    assert f"Set: {', '.join(map(str, best.changes))} brings it to {best.p:.4f}" in said
    lowest = policies(flagship, UNDONE, target=TARGET, state=STATE).rows[0]
    assert f"Policy do({lowest.variable}={lowest.state}): {lowest.p:.4f}, shift {lowest.shift:+.4f}" in said


def test_it_draws_the_pictures(said: list[str]) -> None:
    names = [line.split()[1] for line in said if line.startswith("Picture ")]
    assert names == [f"{kind}.svg:" for kind in ("distribution", "tornado", "waterfall", "network")]


def test_its_prose_holds_no_result() -> None:
    prose = [line for line in SCRIPT.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    assert len(prose) > 20
    assert [line for line in prose if re.search(r"\d", line)] == []
