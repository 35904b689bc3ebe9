"""Pictures: their files, their bytes, and that nothing on them is missing."""

import html
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from model.analyses.explanation import explain
from model.analyses.matrix import FEWEST_SHOWN, matrix
from model.analyses.sensitivity import sensitivity
from model.errors import AftermathError
from model.evidence import Observed, SetTo, observe
from model.forecast import Forecaster, answer, prepare
from model.network import Network, Variable
from model.priors import load
from model.question import Question, of_target, resolve
from service import pictures
from service.cli import main
from service.layers import _crossings, _neighbours, _ordered, placed
from service.pictures import heat_map
from service.pictures.bars import decibels, probability
from service.settings import default_priors
from tests.networks import networks
from tests.prior_copies import DATA
from tests.textbook import model_of

MAGIC = {".png": b"\x89PNG\r\n\x1a\n", ".svg": b"<?xml"}
XRAY = ("--given", "xray:yes")
PLOTS = {
    "distribution": ("distribution", "asia", "lung"),
    "tornado": ("tornado", "asia", "lung", "yes"),
    "waterfall": ("waterfall", "asia", "lung", "yes"),
    "network": ("network", "asia", "lung"),
}
EVENT = ("--event", "any(lung:yes,tub:yes)")


@pytest.fixture(scope="module")
def asia() -> Forecaster:
    return prepare(load(default_priors() / "asia"))


def plotted(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main.main(["plot", *map(str, arguments)])
    return int(ended.value.code or 0)


def words(file: Path) -> str:
    """The text of an SVG, its lines joined as they were wrapped."""
    found = re.findall(r"<text[^>]*>([^<]*)</text>", file.read_text(encoding="utf-8"))
    return html.unescape(" ".join(found))


# the command


@pytest.mark.parametrize("ending", MAGIC)
@pytest.mark.parametrize("kind", PLOTS)
def test_each_kind_of_picture_is_written_as_its_ending_says(
    kind: str, ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"picture{ending}"
    assert plotted(*PLOTS[kind], file, *XRAY) == 0
    assert capsys.readouterr().out == f"wrote {file}\n"
    assert file.read_bytes().startswith(MAGIC[ending])
    assert len(file.read_bytes()) > 5_000


@pytest.mark.parametrize("kind", PLOTS)
def test_the_same_picture_is_the_same_bytes(kind: str, tmp_path: Path) -> None:
    files = [tmp_path / "one.svg", tmp_path / "two.svg"]
    assert [plotted(*PLOTS[kind], file, *XRAY) for file in files] == [0, 0]
    one, two = (file.read_bytes() for file in files)
    assert one == two
    assert b"<dc:date>" not in one


def test_a_readers_own_settings_of_matplotlib_change_nothing(tmp_path: Path, asia: Forecaster) -> None:
    import matplotlib

    question = Question(("lung",), observe(xray="yes").findings, interval=0.9)
    files = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for file, size in zip(files, (10.0, 30.0), strict=True):
        with matplotlib.rc_context({"font.size": size, "svg.hashsalt": None, "text.parse_math": True}):
            pictures.save(pictures.distribution(asia.model, answer(asia, question)), file)
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("name", ["lung.pdf", "lung", "lung.svg.gz"])
def test_another_ending_is_refused_before_anything_is_worked_out(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plotted("distribution", "no_such_model", "lung", tmp_path / name) == 1
    assert "a picture ends in .png or .svg" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib" or "service.pictures" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delattr("service.pictures")
    assert plotted("distribution", "asia", "lung", tmp_path / "lung.svg") == 1
    assert capsys.readouterr().err == "pictures need matplotlib: pip install 'aftermath[plots]'\n"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plotted("distribution", "asia", "lung", tmp_path / "nowhere" / "lung.svg") == 1
    assert "the picture cannot be written: No such file or directory" in capsys.readouterr().err


def test_scenario_cohort_and_what_is_done_are_those_of_ask(tmp_path: Path) -> None:
    file = tmp_path / "tub.svg"
    said = ("--scenario", "back_from_asia", "--cohort", "a_smoker", "--do", "bronc:no")
    assert plotted("distribution", "asia", "tub", file, *said) == 0
    shown = words(file)
    for label in ("Recent visit to Asia: yes", "Smoker: yes", "Shortness of breath: yes", "done Bronchitis: no"):
        assert label in shown


def test_unknown_names_are_refused_with_a_near_miss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plotted("tornado", "asia", "lung", "yess", tmp_path / "lung.svg") == 1
    assert "Did you mean 'yes'?" in capsys.readouterr().err


@pytest.mark.parametrize("kind", PLOTS)
def test_an_event_stands_in_for_a_target(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "event.svg"
    assert plotted(kind, "asia", file, *EVENT, *XRAY) == 0
    assert "any of (Tuberculosis: yes; Lung cancer: yes)" in words(file)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("distribution", "asia"), "Expected MODEL TARGET FILE, or --event in place of TARGET."),
        (("tornado", "asia", "lung"), "Expected MODEL TARGET STATE FILE, or --event in place of TARGET."),
        (("distribution", "asia", "lung", "tub"), "Expected MODEL TARGET FILE"),
        (("distribution", "asia", "lung", *EVENT), "TARGET and --event are both named"),
    ],
)
def test_too_few_names_and_too_many_are_wrong_usage(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plotted(*arguments, tmp_path / "lung.svg") == 2
    assert message in capsys.readouterr().err


# what is on them


def test_a_distribution_has_the_labels_of_states(tmp_path: Path) -> None:
    file = tmp_path / "pathway.svg"
    assert plotted("distribution", "mosul-2017", "pathway", file, "--no-interval") == 0
    said = words(file)
    for label in ("Killed or captured", "Hardcore underground", "Free agent", "Returnee"):
        assert label in said
    assert "killed_or_captured" not in said


@pytest.mark.parametrize(
    "arguments", [("distribution", "mosul-2017", "return_flow"), ("network", "mosul-2017", "return_flow")]
)
def test_what_a_state_measures_stands_below_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "flow.svg"
    only_it = ("--around", "0") if arguments[0] == "network" else ("--no-interval",)
    assert plotted(*arguments, file, *only_it) == 0
    said = words(file)
    assert "Flow of returnees (fighters)" in said
    for state in ("trickle 0 to 1,000", "moderate 1,000 to 3,000", "surge 3,000 or more"):
        assert state.split(maxsplit=1)[0] in said
        assert state.split(maxsplit=1)[1] in said


def test_the_title_of_a_waterfall_says_what_its_state_measures(tmp_path: Path) -> None:
    file = tmp_path / "flow.svg"
    said = ("--given", "border_intel_strength:weak")
    assert plotted("waterfall", "mosul-2017", "return_flow", "surge", file, *said) == 0
    assert "Flow of returnees: surge (3,000 fighters or more)" in words(file)


def test_a_matrix_has_every_shift_with_its_state(tmp_path: Path, asia: Forecaster) -> None:
    file = tmp_path / "matrix.svg"
    assert plotted("matrix", "asia", file, "--given", "--targets", "lung,tub", "--targets", "either") == 0
    said = words(file)
    found = matrix(asia, by="given", targets=("lung", "tub", "either"))
    shown = [row for row in found.strongest().values() if abs(row.shift or 0.0) > FEWEST_SHOWN]
    assert len(shown) > 3
    for row in shown:
        assert f"{100 * (row.shift or 0.0):+.1f} {row.state}".replace("-", "−") in said
    assert all(asia.model.described[name].label in said for name in (*found.targets, *found.ranked()))
    assert "the cause observed from one state to the other" in said
    assert "left out" not in said


def test_a_matrix_says_how_many_causes_are_left_out(
    tmp_path: Path, asia: Forecaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heat_map, "MOST", 1)
    found = matrix(asia, scenario="back_from_asia")
    assert len(found.ranked()) == 2
    pictures.save(pictures.matrix(asia.model, found), tmp_path / "matrix.svg")
    said = words(tmp_path / "matrix.svg")
    assert "the 1 cause with the largest shifts, 1 left out" in said
    assert f"under {asia.model.scenario('back_from_asia').label}" in said


def test_a_matrix_of_a_root_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plotted("matrix", "asia", tmp_path / "matrix.svg", "--targets", "asia") == 1
    assert "no variable is a cause of these targets" in capsys.readouterr().err


def test_a_distribution_has_every_state_with_its_probability_and_baseline(tmp_path: Path, asia: Forecaster) -> None:
    found = answer(asia, Question(("lung",), observe(xray="yes").findings, interval=0.8))
    pictures.save(pictures.distribution(asia.model, found), tmp_path / "lung.svg")
    said = words(tmp_path / "lung.svg")
    for row in found.targets[0].distribution:
        assert row.state in said
        assert f"{row.p:.3f}" in said
        assert f"{row.baseline:.3f}" in said
    assert "Lung cancer" in said
    assert "intervals hold 80 %" in said


def test_a_tornado_names_every_number_and_both_its_ends(tmp_path: Path, asia: Forecaster) -> None:
    question = Question(findings=observe(xray="yes").findings)
    found = sensitivity(asia, question, target="lung", state="yes")
    asked = resolve(asia.model, of_target(question, "lung"))
    pictures.save(pictures.tornado(asia.model, found, asked), tmp_path / "lung.svg")
    said = words(tmp_path / "lung.svg")
    assert len(found.rows) == 8
    for row in found.rows:
        assert {row.what, asia.model.described[row.variable].label} == {
            text for text in (row.what, asia.model.described[row.variable].label) if text in said
        }
        assert f"{row.low:.3g}".replace("-", "−") in said
        assert f"{row.high:.3g}".replace("-", "−") in said


def test_a_tornado_names_its_scenario_and_its_cohort_with_what_they_bring(tmp_path: Path, asia: Forecaster) -> None:
    question = Question(scenario="back_from_asia", cohort="a_smoker")
    found = sensitivity(asia, question, target="lung", state="yes")
    asked = resolve(asia.model, of_target(question, "lung"))
    pictures.save(pictures.tornado(asia.model, found, asked), tmp_path / "lung.svg")
    said = words(tmp_path / "lung.svg")
    assert f"under {asia.model.scenarios['back_from_asia'].label}; of One patient who smokes" in said
    for name, finding in asked.case.findings.items():
        assert asia.model.in_words(name, finding) in said


def test_a_tornado_shows_as_many_numbers_as_are_asked_for(tmp_path: Path, asia: Forecaster) -> None:
    question = Question(findings=observe(xray="yes").findings)
    found = sensitivity(asia, question, target="lung", state="yes")
    asked = resolve(asia.model, of_target(question, "lung"))
    pictures.save(pictures.tornado(asia.model, found, asked, top=2), tmp_path / "lung.svg")
    said = words(tmp_path / "lung.svg")
    assert "the 2 widest of 8 numbers" in said
    assert [row.what in said for row in found.rows[:3]] == [True, True, False]


def test_a_waterfall_has_every_weight_and_both_ends(tmp_path: Path, asia: Forecaster) -> None:
    question = Question(findings=observe(xray="yes", smoke="yes", dysp="no").findings)
    found = explain(asia, question, target="lung", state="yes")
    pictures.save(pictures.waterfall(asia.model, found, question.findings), tmp_path / "lung.svg")
    said = words(tmp_path / "lung.svg").replace("−", "-")
    for weight in found.balance.weights:
        assert asia.model.in_words(weight.finding, question.findings[weight.finding]) in said
        assert f"{weight.db:+.2f} dB" in said
    assert f"{found.balance.before_db:.2f} dB, p = {found.balance.p_before:.4f}" in said
    assert f"{found.balance.db:.2f} dB, p = {found.balance.p:.4f}" in said


def test_a_waterfall_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plotted("waterfall", "asia", "lung", "yes", tmp_path / "lung.svg") == 1
    assert "nothing is given that could be weighed for lung=yes" in capsys.readouterr().err


def test_a_waterfall_to_certainty_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plotted("waterfall", "asia", "lung", "yes", tmp_path / "lung.svg", "--given", "either:no") == 1
    assert "lung=yes is impossible given the findings" in capsys.readouterr().err


def test_a_network_has_every_variable_state_and_mark(tmp_path: Path, asia: Forecaster) -> None:
    found = answer(asia, Question((), {"xray": Observed("yes")}, {"bronc": SetTo("no")}))
    pictures.save(pictures.network(asia.model, found, target="lung"), tmp_path / "asia.svg")
    said = words(tmp_path / "asia.svg")
    for row in found.targets:
        assert asia.model.described[row.target].label in said
        assert all(f"{state.p:.3f}" in said for state in row.distribution)
    assert said.count("yes") == said.count("no") == 8
    assert [said.count(mark) for mark in ("target", "observed", "done")] == [1, 1, 2]
    assert "dotted arcs are cut by what is done" in said


def test_only_what_is_near_and_what_matters_is_drawn_around_a_target(tmp_path: Path) -> None:
    file = tmp_path / "lung.svg"
    assert plotted("network", "asia", "xray", file, "--around", 1, "--given", "dysp:yes", "--given", "tub:no") == 0
    said = words(file)
    shown = [
        label for label in ("Positive X-ray", "Tuberculosis or lung cancer", "Shortness of breath") if label in said
    ]
    assert len(shown) == 3
    assert "4 of 8 variables" in said
    assert "Smoker" not in said


def test_under_a_cohort_only_what_is_of_the_individual_is_drawn(tmp_path: Path) -> None:
    file = tmp_path / "fate.svg"
    asked = ("--cohort", "borderers", "--do", "war:lost", "--priors", DATA)
    assert plotted("network", "levels", "fate", file, *asked) == 0
    said = words(file)
    assert "What becomes of a soldier" in said
    assert "Soldiers left" not in said


def test_a_network_too_large_to_read_is_refused_with_what_to_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plotted("network", "mosul-2017", "pathway", tmp_path / "all.svg") == 1
    assert "say --around 2 for those near to pathway" in capsys.readouterr().err


def test_labels_are_drawn_as_they_are_written(tmp_path: Path) -> None:
    odd = ("$x^1$ <b>", 'a & "b"')
    found = prepare(model_of(Network([Variable("v", odd)], {"v": np.array([0.25, 0.75])})))
    question = Question(("v",))
    for name, draw in (("d", pictures.distribution), ("n", lambda m, a: pictures.network(m, a, target="v"))):
        pictures.save(draw(found.model, answer(found, question)), tmp_path / f"{name}.svg")
        assert all(state in words(tmp_path / f"{name}.svg") for state in odd)


# where things stand


@settings(max_examples=30, deadline=None)
@given(networks())
def test_causes_stand_left_of_effects_and_no_two_boxes_overlap(network: Network) -> None:
    height = {name: 0.5 + 0.1 * len(network[name].states) for name in network.names}
    where = placed(network, set(network.names), height, gap=0.3)
    for name in network.names:
        assert all(where.layer[parent] < where.layer[name] for parent in network[name].parents)
        assert where.middle[name] - height[name] / 2 >= -1e-9
    for one in network.names:
        for other in network.names:
            if one < other and where.layer[one] == where.layer[other]:
                apart = abs(where.middle[one] - where.middle[other])
                assert apart >= (height[one] + height[other]) / 2 + 0.3 - 1e-9


@settings(max_examples=30, deadline=None)
@given(networks())
def test_an_arc_begins_at_the_cause_and_passes_every_layer_once(network: Network) -> None:
    where = placed(network, set(network.names), dict.fromkeys(network.names, 1.0), gap=0.3)
    assert set(where.ways) == {(parent, name) for name in network.names for parent in network[name].parents}
    for (parent, child), way in where.ways.items():
        assert way[0] == (where.layer[parent], where.middle[parent])
        assert way[-1] == (where.layer[child], where.middle[child])
        assert [layer for layer, _ in way] == list(range(where.layer[parent], where.layer[child] + 1))


def test_a_crossing_that_need_not_be_is_undone() -> None:
    links = [("a", "d"), ("b", "c")]
    columns = [["a", "b"], ["c", "d"]]
    _, after = _neighbours(links)
    assert _crossings(columns, after) == 1
    assert _crossings(_ordered(columns, links), after) == 0


def test_decibels_and_probabilities_are_each_others_inverse() -> None:
    p = np.array([1e-4, 0.055, 0.5, 0.999])
    assert probability(decibels(p)) == pytest.approx(p, rel=1e-12)


def test_what_is_refused_of_a_file_is_an_error_of_the_project(tmp_path: Path, asia: Forecaster) -> None:
    figure = pictures.distribution(asia.model, answer(asia, Question(("lung",))))
    with pytest.raises(AftermathError, match="a picture ends in"):
        pictures.save(figure, tmp_path / "lung.gif")


def test_an_ending_in_capitals_is_an_ending(tmp_path: Path, asia: Forecaster) -> None:
    pictures.save(pictures.distribution(asia.model, answer(asia, Question(("lung",)))), tmp_path / "lung.PNG")
    assert (tmp_path / "lung.PNG").read_bytes().startswith(MAGIC[".png"])


def test_what_is_done_is_drawn_beside_not_doing_it(tmp_path: Path) -> None:
    file = tmp_path / "done.svg"
    assert plotted("distribution", "asia", "lung", file, "--do", "smoke:no", "--given", "xray:yes") == 0
    said = words(file)
    assert "without what is done" in said
    assert re.search(r"−34\.6 points, to 0\.142 \(−.* to −.*\)", said)
    assert "baseline" not in said


def test_a_comparison_has_a_bar_for_each_state_on_each_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "sides.svg"
    sides = ["--side", "do=smoke:yes", "--side", "do=smoke:no&name=Never smoked"]
    assert plotted("compare", "asia", "lung", file, *sides) == 0
    said = words(file)
    assert "Never smoked" in said
    assert said.count("points (") == 2
    assert plotted("compare", "asia", "lung", file, *("--side", "do=smoke:yes") * 7) == 1
    assert "6 can be told apart" in capsys.readouterr().err


def test_a_distribution_names_its_scenario_and_cohort_and_stays_in_its_picture(tmp_path: Path) -> None:
    file = tmp_path / "tub.svg"
    done = ("--scenario", "back_from_asia", "--cohort", "a_smoker", "--do", "bronc:no")
    assert plotted("distribution", "asia", "tub", file, *done) == 0
    assert "under Short of breath after a visit to Asia; of One patient who smokes" in words(file)


@pytest.mark.parametrize("question", [{"xray": "yes"}, {"xray": "yes", "smoke": "yes"}, {}])
@pytest.mark.parametrize("setting", [{}, {"asia": "yes"}, {"bronc": "no"}])
def test_all_that_is_said_beside_the_bars_is_inside_and_no_axis_runs_past_1(
    question: dict[str, str], setting: dict[str, str], asia: Forecaster
) -> None:
    given, done = (
        {name: kind(state) for name, state in said.items()} for said, kind in ((question, Observed), (setting, SetTo))
    )
    for target in ("lung", "dysp", "tub"):
        figure = pictures.distribution(asia.model, answer(asia, Question((target,), given, done, interval=0.9)))
        figure.canvas.draw()
        [axes] = figure.axes
        edge = figure.bbox.x1
        assert axes.texts
        assert all(text.get_window_extent().x1 <= edge for text in axes.texts)
        assert axes.spines["bottom"].get_bounds()[1] <= 1


def test_a_waterfall_says_what_is_done(tmp_path: Path) -> None:
    file = tmp_path / "lung.svg"
    assert plotted("waterfall", "asia", "lung", "yes", file, "--given", "xray:yes", "--do", "smoke:no") == 0
    assert "do(smoke=no)" in words(file)


def test_a_network_is_drawn_whole_without_a_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "asia.svg"
    assert plotted("network", "asia", file, "--given", "xray:yes") == 0
    said = words(file)
    assert "8 variables" in said
    assert "observed" in said
    assert "target" not in said
    assert plotted("network", "mosul-2017", tmp_path / "m.svg") == 1
    assert "name a TARGET and say --around 2" in capsys.readouterr().err
    assert plotted("network", "asia", tmp_path / "a.svg", "--around", "1") == 2
