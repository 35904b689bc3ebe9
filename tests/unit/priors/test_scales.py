"""Scales, labels and definitions of states, and the default picture: read from files, broken in every way, used."""

import math

import numpy as np
import pytest

from model.errors import BadQuestion, NoScale, NotACutPoint
from model.evidence import Observed, OneOf, SetTo, Within, within_states
from model.evidence.scale import Scale
from model.forecast import answer, prepare
from model.network import Variable
from model.priors import load
from model.question import Question, resolve
from model.specification import NO_SCENARIO
from tests.prior_copies import ASIA, DATA, edited, said

LEVELS = DATA / "levels"
STATES = "    states: [few, some, many]\n"
SCALE = "    scale: {unit: soldiers, bounds: [0, 450, 900, null], series: the quartermaster's muster of each month}\n"
CHECK = "    bounds: [0, 450, 900, 1000]\n"


def scaled(tmp_path, scale=SCALE, **more):
    folder = edited(LEVELS, tmp_path, "variables.yaml", (STATES, more.get("states", STATES) + scale))
    checks = folder / "checks.yaml"
    text = checks.read_text()
    assert "bounds:" in text
    lines = [line for line in text.split("\n") if "bounds:" not in line]
    checks.write_text("\n".join(lines))
    return folder


def test_a_scale_is_read_and_a_check_across_levels_takes_its_bounds(tmp_path):
    model = load(scaled(tmp_path))
    assert model.described["stock"].scale == Scale(
        "soldiers", (0.0, 450.0, 900.0, math.inf), "the quartermaster's muster of each month"
    )
    assert model.described["war"].scale is None
    assert {check.bounds for check in model.checks.values() if hasattr(check, "bounds")} == {(0, 450, 900, math.inf)}


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("bounds: [0, 450, null]", "3 bounds for 3 states, expected 4: where each state begins"),
        ("bounds: [0, 900, 450, null]", "450 after 900, expected bounds that ascend"),
        ("bounds: [0, 450, 450, null]", "450 after 450, expected bounds that ascend"),
        ("bounds: [0, null, 900, 1000]", "null between two bounds, expected a number"),
        ("bounds: [0, 450, 900, many]", "'many', expected a number"),
        ("bounds: 450", "expected a list"),
    ],
)
def test_bounds_that_do_not_hold_say_where_and_what_would_have_been_right(tmp_path, scale, expected):
    folder = scaled(tmp_path, f"    scale: {{unit: soldiers, {scale}, series: the muster}}\n")
    [problem] = [text for text in said(folder) if "stock" in text]
    assert expected in problem
    assert "variables.yaml:1" in problem


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("{bounds: [0, 450, 900, null], series: the muster}", "no 'unit'"),
        ("{unit: soldiers, bounds: [0, 450, 900, null]}", "no 'series'"),
        ("{unit: soldiers, bound: [0, 450, 900, null], series: x}", "Did you mean 'bounds'?"),
        ("measured", "'measured', expected 'ordinal', 'nominal', or a mapping with unit, bounds and series"),
    ],
)
def test_a_scale_of_the_wrong_shape_says_what_it_lacks(tmp_path, scale, expected):
    assert any(expected in text for text in said(scaled(tmp_path, f"    scale: {scale}\n")))


def test_labels_and_definitions_of_states_are_read(tmp_path):
    folder = edited(
        LEVELS,
        tmp_path,
        "variables.yaml",
        (
            STATES,
            "    states: {few: Hardly any, some: Some, many: A full army}\n",
        ),
        (
            "    definition: Under 450, under 900, or more.\n",
            "    definition: {few: Under 450., some: 450 to 899., many: 900 or more.}\n",
        ),
    )
    told = load(folder).described["stock"]
    assert (told.state_label("many"), told.definition, told.can_be_judged) == ("A full army", None, True)
    assert dict(told.definitions)["some"] == "450 to 899."
    assert load(LEVELS).described["stock"].can_be_judged is False


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("{few: a, some: b}", "no definition of 'many'"),
        ("{few: a, some: b, many: c, lots: d}", "no state 'lots'"),
        ("{few: a, some: b, man: c}", "Did you mean 'many'?"),
        ("{few: a, or none: at all, some: b, many: c}", "or quotes around a text that holds a comma"),
        ("[a, b, c]", "text, or a mapping from each state to how it would be judged"),
    ],
)
def test_definitions_of_some_states_only_are_refused(tmp_path, definition, expected):
    change = ("    definition: Under 450, under 900, or more.\n", f"    definition: {definition}\n")
    assert any(expected in text for text in said(edited(LEVELS, tmp_path, "variables.yaml", change)))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("{few: Few, some: Some, many: ''}", "text that is not empty"),
        ("{few: Few, some : Some, Few: Many}", "which looks like 'few'"),
        ("[few, null, many]", '"null" in quotes when it is a name'),
        ("few", "a list of states, or a mapping from states to labels"),
    ],
)
def test_labels_that_do_not_hold_are_refused(tmp_path, states, expected):
    folder = edited(LEVELS, tmp_path, "variables.yaml", (STATES, f"    states: {states}\n"))
    assert any(expected in text for text in said(folder))


def test_numbers_name_states_at_cut_points_alone(tmp_path):
    model = load(scaled(tmp_path))

    def read(said):
        return resolve(model, Question(findings={"stock": said})).question.findings["stock"]

    assert read(Within(low=900)) == Observed("many")
    assert read(Within(high=900)) == OneOf(("few", "some"))
    assert read(Within(450, 900)) == Observed("some")
    with pytest.raises(
        NotACutPoint, match=r"given\.stock: 500 soldiers is not a cut point; the cut points are 450, 900"
    ):
        read(Within(low=500))
    with pytest.raises(BadQuestion, match="nothing lies from 900 up to 450"):
        read(Within(900, 450))
    with pytest.raises(NoScale, match=r"given\.war: war has no measured scale"):
        resolve(model, Question(findings={"war": Within(low=1)}))


BOUNDS = (0.0, 450.0, 900.0, 2000.0)


@pytest.mark.parametrize("number", [*BOUNDS, -1.0, 500.0, 3000.0])
@pytest.mark.parametrize(
    ("ends", "accepted", "named"),
    [
        (lambda number: (number, None), BOUNDS[:-1], ["450", "900"]),
        (lambda number: (None, number), BOUNDS[1:], ["450", "900"]),
        (lambda number: (number, 2000.0), BOUNDS[:-1], ["0", "450", "900"]),
        (lambda number: (0.0, number), BOUNDS[1:], ["450", "900", "2000"]),
    ],
    ids=["over", "under", "between, its low end", "between, its high end"],
)
def test_a_number_where_a_state_begins_or_ends_is_used_and_for_any_other_these_are_named(ends, accepted, named, number):
    scale = Scale("soldiers", BOUNDS, "")
    if number in accepted:
        assert len(scale.within(*ends(number))) > 0
    else:
        with pytest.raises(NotACutPoint, match=f"{number:g} soldiers is not a cut point") as refused:
            scale.within(*ends(number))
        assert list(refused.value.allowed) == named


@pytest.mark.parametrize(
    ("said", "number"), [(Within(low=2000), 2000), (Within(high=0), 0), (Within(low=math.inf), math.inf)]
)
def test_an_end_of_the_scale_beyond_which_nothing_lies_is_no_cut_point(said, number):
    stock = Variable("stock", ("few", "some", "many"))
    bounds = (*BOUNDS[:-1], number) if math.isinf(number) else BOUNDS
    with pytest.raises(NotACutPoint, match=f"{number:g} soldiers is not a cut point; the cut points are 450, 900"):
        within_states(stock, said, Scale("soldiers", bounds, ""), where=())


def test_a_number_is_done_where_it_names_one_state(tmp_path):
    model = load(scaled(tmp_path))
    assert resolve(model, Question(settings={"stock": Within(low=900)})).question.settings == {"stock": SetTo("many")}
    with pytest.raises(BadQuestion, match="this names several: some, many"):
        resolve(model, Question(settings={"stock": Within(low=450)}))


def test_a_number_means_the_same_as_its_states(tmp_path):
    forecaster = prepare(load(scaled(tmp_path)))
    by_number = answer(forecaster, Question(("war",), {"stock": Within(low=450)}))
    by_states = answer(forecaster, Question(("war",), {"stock": OneOf(("some", "many"))}))
    assert by_number.targets == by_states.targets
    assert by_number.question == by_states.question


def test_files_may_use_numbers_too(tmp_path):
    folder = scaled(tmp_path)
    scenarios = folder / "scenarios.yaml"
    text = scenarios.read_text().replace(
        "scenarios:\n", "scenarios:\n  large: {label: L, given: {stock: {over: 900}}}\n"
    )
    scenarios.write_text(text)
    assert load(folder).scenarios["large"].findings == {"stock": Observed("many")}
    scenarios.write_text(text.replace("over: 900", "over: 901"))
    [problem] = [text for text in said(folder) if "901" in text]
    assert "901 soldiers, which is not a cut point, expected cut points of its scale: 450, 900" in problem
    assert problem.count("450") == 1


def test_only_a_closed_scale_has_a_mean_and_quantiles():
    closed = Scale("%", (0.0, 10.0, 30.0, 100.0), "s")
    p = np.array([0.2, 0.5, 0.3])
    assert closed.mean(p) == pytest.approx(0.2 * 5 + 0.5 * 20 + 0.3 * 65)
    assert closed.quantiles(p, (0.0, 0.1, 0.7, 1.0)) == pytest.approx((0.0, 5.0, 30.0, 100.0))
    assert closed.quantiles(np.array([0.0, 1.0, 0.0]), (0.0, 0.5)) == pytest.approx((10.0, 20.0))
    # bounds 0, 10, 30, 100: half of what lies above 30 is below 65, whatever the state between could have held
    assert closed.quantiles(np.array([0.5, 0.0, 0.5]), (0.25, 0.5, 0.75)) == pytest.approx((5.0, 10.0, 65.0))
    for bounds in ((0.0, 10.0, 30.0, math.inf), (-math.inf, 10.0, 30.0, 100.0)):
        with pytest.raises(BadQuestion, match="open end"):
            Scale("%", bounds, "s").mean(p)


# The default picture


def default(tmp_path, name="the_fort_holds"):
    return edited(LEVELS, tmp_path, "model.yaml", ("headline:", f"default_scenario: {name}\nheadline:"))


def test_a_question_that_names_no_scenario_is_asked_under_the_default_picture(tmp_path):
    forecaster = prepare(load(default(tmp_path)))
    silent, named = Question(("fate",)), Question(("fate",), scenario="the_fort_holds")
    assert resolve(forecaster.model, silent).question.scenario == "the_fort_holds"
    assert answer(forecaster, silent).targets == answer(forecaster, named).targets
    without = answer(forecaster, Question(("fate",), scenario=NO_SCENARIO))
    plain = answer(prepare(load(LEVELS)), Question(("fate",)))
    assert without.targets.p == pytest.approx(plain.targets.p)
    assert resolve(forecaster.model, Question(scenario=NO_SCENARIO)).question.scenario == NO_SCENARIO
    assert resolve(prepare(load(LEVELS)).model, Question(scenario=NO_SCENARIO)).question.scenario is None


def test_the_baseline_is_the_default_picture_with_nothing_else_said(tmp_path):
    forecaster = prepare(load(default(tmp_path)))
    found = answer(forecaster, Question(("fate",), interval=0.9))
    assert found.targets.basis.baseline == pytest.approx(found.targets.p)
    assert found.targets.intervals.shift_low == pytest.approx([0.0, 0.0])
    asked = answer(forecaster, Question(("fate",), {"home": Observed("near")}, scenario=NO_SCENARIO))
    assert asked.targets.basis.baseline == pytest.approx(found.targets.p)


def test_what_the_question_says_wins_over_the_default_picture(tmp_path):
    model = load(default(tmp_path))
    resolved = resolve(model, Question(findings={"war": Observed("lost")}))
    assert resolved.case.findings["war"] == Observed("lost")
    assert resolved.replaced == ("war=held of scenario the_fort_holds",)


def test_a_default_that_is_no_scenario_or_cannot_be_called_so_is_refused(tmp_path):
    [problem] = said(default(tmp_path, "the_fort_falls"))
    assert "no scenario 'the_fort_falls'" in problem
    folder = edited(LEVELS, tmp_path / "second", "scenarios.yaml", ("the_fort_holds:", "none:"))
    assert any("a scenario called 'none', expected another name" in text for text in said(folder))


def test_a_model_without_scales_reads_as_before():
    assert load(ASIA).default_scenario is None
    assert not any(told.scale or told.labels for told in load(ASIA).described.values())
