"""Counts files: what they do to a model when it is loaded, what they leave alone, and what is said of it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model.gates import TableGate
from model.inference import Evidence, joint
from model.inference import compile as compiled
from model.network import Network
from model.priors import load
from model.readback import show
from model.specification import Model
from model.uncertainty.dirichlet_updating import age, sequential
from service.cli import text as terminal
from tests.prior_copies import DATA, edited

MORNINGS = DATA / "counts"
WITHOUT = (("files: [sources.yaml, weather.yaml, mornings.yaml]", "files: [sources.yaml, weather.yaml]"),)
WET = """  wet_2017:
    label: Mornings on which the grass was wet
    date: '2017-03'
    sources: [neighbour]
    updates: [rain, season]
    cases:
      - {n: 1, seen: {wet: yes}}
      - {n: 2, seen: {wet: yes, season: winter}}
"""


@pytest.fixture(scope="module")
def counted() -> Model:
    return load(MORNINGS)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = edited(MORNINGS, tmp_path_factory.mktemp("plain"), "model.yaml", *WITHOUT)
    (folder / "mornings.yaml").unlink()
    return load(folder)


def gate(model: Model, name: str) -> TableGate:
    found = model.described[name].gate
    assert isinstance(found, TableGate)
    return found


def test_rows_move_by_the_faded_counts_and_the_network_holds_their_means(counted: Model) -> None:
    kept = 0.9 ** age("2015-03-06", "2017-03-06")
    found = gate(counted, "cloudy")
    assert_allclose(found.rows * found.ess, [5 + 8 * kept, 5], rtol=1e-14)
    for name, description in counted.described.items():
        assert_allclose(counted.network.tables[name], description.gate.table(), atol=1e-15)


def test_incomplete_cases_come_after_the_older_counts_and_on_top_of_them(counted: Model, plain: Model) -> None:
    """The same, by hand: the diary faded to 2017, then each wet morning as a mixture, then faded to the last day."""
    prior = gate(plain, "rain").rows * 10
    last = 0.9 ** age("2017-03", "2017-03-06")
    first = 0.9 ** (age("2015-03-06", "2017-03-06") - age("2017-03", "2017-03-06"))
    alpha = prior + first * np.array([[3, 5], [0, 0]])
    cloudy = (np.array([5, 5]) + first * np.array([8, 0])) / (10 + first * 8)
    for season in (None, "winter", "winter"):
        tables = {**plain.network.tables, "cloudy": cloudy, "rain": alpha / alpha.sum(axis=1, keepdims=True)}
        seen = {"wet": np.array([[1.0, 0.0]])} | ({"season": np.array([[0.0, 1.0]])} if season else {})
        plan = compiled(Network(plain.network.variables, tables))
        alpha = sequential(alpha, joint(plan, ("cloudy", "rain"), Evidence(1, seen)))
    alpha = prior + last * (alpha - prior)
    found = gate(counted, "rain")
    assert_allclose(found.rows * found.ess[:, None], alpha, rtol=1e-12)


def test_what_a_row_was_is_kept_beside_what_it_is(counted: Model, plain: Model) -> None:
    prior = counted.described["rain"].prior
    assert isinstance(prior, TableGate)
    assert np.array_equal(prior.rows, gate(plain, "rain").rows)
    assert [counted.described[name].prior for name in ("season", "sprinkler", "wet")] == [None, None, None]
    (first, second) = counted.learned["rain"].rows
    assert (first.before, first.ess_before, first.counts) == ((0.8, 0.2), 10, ("diary_2015", "wet_2017"))
    assert first.after == tuple(gate(counted, "rain").rows[0])
    assert (second.counts, round(second.ess_after, 2)) == (("wet_2017",), 9.79)
    assert list(counted.learned) == ["cloudy", "rain"]


def test_a_row_that_moved_rests_on_the_sources_of_the_counts_too(counted: Model) -> None:
    assert [s.sources for s in counted.described["rain"].statements] == [
        ("pearl_1988", "diary", "neighbour"),
        ("pearl_1988", "neighbour"),
    ]
    assert counted.cited(["sprinkler"]) == ("pearl_1988",)
    assert counted.cited(["cloudy"]) == ("pearl_1988", "diary")


def test_a_typical_base_is_calibrated_on_the_priors_and_then_follows_the_counts(counted: Model, plain: Model) -> None:
    assert np.array_equal(counted.network.tables["season"], plain.network.tables["season"])
    at_rest = joint(compiled(plain.network), ("season",))
    moved = joint(compiled(counted.network), ("season",))
    assert_allclose(at_rest, [0.5, 0.5], atol=1e-12)
    assert moved[1] > 0.55


def test_a_gate_that_is_no_table_is_left_alone_and_that_is_said(counted: Model) -> None:
    (note,) = counted.counts_notes
    assert (note.counts, note.variable) == ("wet_2017", "season")
    assert note.text.startswith("seen in 2 cases, in 0 of them with all its parents, but not written row by row")


def test_counts_that_move_nothing_say_so(tmp_path: Path) -> None:
    folder = edited(MORNINGS, tmp_path, "mornings.yaml", ("updates: [rain, season]", "updates: [season]"))
    assert [note.text.split(",")[0] for note in load(folder).counts_notes] == ["seen in 2 cases", "moved no row"]


def test_a_source_that_the_prior_cites_itself_may_count_twice_and_that_is_said(tmp_path: Path) -> None:
    folder = edited(MORNINGS, tmp_path, "mornings.yaml", ("sources: [diary]", "sources: [pearl_1988]"))
    notes = [(note.variable, note.text) for note in load(folder).counts_notes if note.counts == "diary_2015"]
    text = "its rows cite pearl_1988 themselves, so the same cases may count twice"
    assert notes == [("cloudy", text), ("rain", text)]


def test_the_prior_files_are_never_written(tmp_path: Path) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in MORNINGS.iterdir()}
    load(MORNINGS)
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in MORNINGS.iterdir()} == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mornings.yaml", "n: 3", "n: 4"),
        ("mornings.yaml", "date: 2015-03-06", "date: 2015-03-05"),
        ("mornings.yaml", "label: Cloudy", "label: Grey"),
        ("model.yaml", "fading: 0.9", "fading: 0.8"),
    ],
)
def test_counts_belong_to_the_revision(counted: Model, file: str, old: str, new: str, tmp_path: Path) -> None:
    assert load(edited(MORNINGS, tmp_path, file, (old, new))).revision != counted.revision


def test_without_fading_every_count_weighs_one(tmp_path: Path) -> None:
    folder = edited(MORNINGS, tmp_path, "model.yaml", ("fading: 0.9\n", ""))
    assert gate(load(folder), "cloudy").ess == 18


def test_rows_written_as_one_add_up_what_was_counted_under_each(tmp_path: Path) -> None:
    rows = """      - {when: {cloudy: yes}, p: {yes: 0.8, no: 0.2}}
      - {when: {cloudy: no}, p: {yes: 0.2, no: 0.8}}
"""
    one = "      - {when: {cloudy: [yes, no]}, p: {yes: 0.5, no: 0.5}}\n"
    folder = edited(MORNINGS, tmp_path, "weather.yaml", (rows, one))
    old = "seen: {cloudy: yes, rain: no}}\n"
    text = (folder / "mornings.yaml").read_text(encoding="utf-8").replace(WET, "")
    diary = text.replace(old, f"{old}      - {{n: 2, seen: {{cloudy: no, rain: no}}}}\n")
    (folder / "mornings.yaml").write_text(diary, encoding="utf-8")
    found = gate(load(folder), "rain")
    kept = 0.9 ** age("2015-03-06", "2017-03-06")
    assert_allclose(found.rows * found.ess[:, None], [[5 + 3 * kept, 5 + 7 * kept]] * 2, rtol=1e-14)


def test_check_says_in_a_few_lines_what_the_counts_did(counted: Model) -> None:
    said = terminal.counts_text(counted).splitlines()
    assert said[:3] == [
        "counts diary_2015: 8 cases, seen 2015-03-06",
        "counts wet_2017: 3 cases, seen 2017-03",
        "counts keep 90 % of their weight a year",
    ]
    assert said[3] == "  moved cloudy: 1 row by 6.48 cases' worth, the furthest probability by 0.2"
    assert said[5].startswith("  wet_2017: season, seen in 2 cases")


def test_show_prints_the_prior_row_the_counts_and_the_row_after_them(counted: Model) -> None:
    page = show(counted, "rain").text(200)
    assert "What counts made of it" in page
    assert (
        "- when {cloudy: yes}: yes 0.8, no 0.2, as sure as 10 cases; with diary_2015, wet_2017 (8.98 cases' worth): "
        "yes 67 %, no 33 %, as sure as 18.2 cases"
    ) in page
    assert "What counts made of it" not in show(counted, "wet").text(200)
