"""Random edits of real models: the parts of every shift add up to it, and equal those of brute force."""

import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.analyses.revision_diff import Edition, diff, edition, why
from model.errors import AftermathError
from model.forecast import prepare
from model.priors import load
from model.priors.files import files_of
from model.question import Question
from tests.prior_copies import ASIA, copied
from tests.revisions import brute_force, of, p_of
from tests.sources import ROOT

COLOMBIA = ROOT / "priors" / "colombia-2016"
NUMBERS = re.compile(r"p: \{(\w+): (0\.\d+), (\w+): (0\.\d+)\}|strength: (weak|moderate|strong)\b")
"""Rows of two states, and strengths in words: what is edited."""

SITES = {
    folder: [
        (path.name, match.span(), match)
        for path in sorted(folder.glob("*.yaml"))
        if path.name not in ("checks.yaml", "scenarios.yaml", "cohorts.yaml", "model.yaml", "questions.yaml")
        for match in NUMBERS.finditer(path.read_text(encoding="utf-8"))
    ]
    for folder in (ASIA, COLOMBIA)
}
OLD: dict[Path, Edition] = {}


def old(folder: Path) -> Edition:
    return OLD.setdefault(folder, of(folder))


def written(match: re.Match[str], amount: float) -> str:
    if match[5]:
        others = [word for word in ("weak", "moderate", "strong") if word != match[5]]
        return f"strength: {others[int(amount * 2)]}"
    p = round(0.01 + 0.98 * amount, 3)
    return f"p: {{{match[1]}: {p:g}, {match[3]}: {round(1 - p, 3):g}}}"


def apply(folder: Path, into: Path, chosen: dict[int, float]) -> Edition:
    made = copied(folder, into)
    for site in sorted(chosen, reverse=True):  # from the end of a file on, so that places before stay as they are
        name, (start, end), match = SITES[folder][site]
        text = (made / name).read_text(encoding="utf-8")
        (made / name).write_text(text[:start] + written(match, chosen[site]) + text[end:], encoding="utf-8")
    return edition(prepare(load(made)), files_of(made))


def edited(folder: Path, most: int):
    amounts = st.floats(0, 0.999)
    return st.dictionaries(st.integers(0, len(SITES[folder]) - 1), amounts, min_size=1, max_size=most)


def check(found) -> None:
    for each in found:
        for state in each.states:
            whole = (state.after or 0.0) - (state.before or 0.0)
            assert abs(state.shift - whole) <= 1e-12
            assert abs(sum(part.shift for part in state.parts) - whole) <= 1e-9
        assert each.note is None


@pytest.mark.parametrize("folder", [ASIA, COLOMBIA], ids=["asia", "colombia-2016"])
@given(st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_parts_of_every_headline_add_up_to_its_shift(folder, data):
    chosen = data.draw(edited(folder, 12))
    with tempfile.TemporaryDirectory() as place:
        try:
            new = apply(folder, Path(place), chosen)
        except AftermathError:
            return  # a base that its influences cannot keep to on average
        found = diff(old(folder), new, mass=None, orders=8)
    assert len(found.units) <= len(chosen)
    check(found.shifts)


@pytest.mark.parametrize("folder", [ASIA, COLOMBIA], ids=["asia", "colombia-2016"])
@given(st.data())
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_split_is_that_of_models_written_out_and_read_again(folder, data):
    chosen = data.draw(edited(folder, 3))
    numbers = sorted(chosen)
    headline = data.draw(st.sampled_from(old(folder).model.headlines))
    scenario = data.draw(st.sampled_from([None, *old(folder).model.scenarios]))
    question = Question((headline.target,), headline.findings, scenario=scenario)
    with tempfile.TemporaryDirectory() as place:
        worth = {}
        for bits in range(1 << len(numbers)):
            some = {number: chosen[number] for i, number in enumerate(numbers) if bits >> i & 1}
            mixed = apply(folder, Path(place, str(bits)), some)
            worth[frozenset(i for i in range(len(numbers)) if bits >> i & 1)] = p_of(mixed, question)
        found = why(old(folder), mixed, headline.target, under=question, mass=None)
    right = brute_force(worth, len(numbers))
    split = np.array([[part.shift for part in state.parts] for state in found.states]).reshape(len(found.states), -1)
    if len(found.units) == len(
        numbers
    ):  # two edits may be of one statement, and one may not be able to reach the target
        np.testing.assert_allclose(sorted(split[0]), sorted(right[:, 0]), atol=1e-9)
    np.testing.assert_allclose(split.sum(axis=1), right.sum(axis=0), atol=1e-9)
