"""What the words mean, read back: sentences for each kind of gate, the table with its ranges, and the page."""

from dataclasses import replace

import numpy as np
import pytest

from model.errors import UnknownVariable
from model.gates import (
    AllNeeded,
    AnyCause,
    Gate,
    Influence,
    Influences,
    Pinned,
    Ranked,
    Rule,
    TableGate,
)
from model.gates.streams import Stream
from model.network import Network, Variable
from model.readback import ReadBack, in_words, show
from model.readback import table_ranges as readback_ranges
from model.readback.gate_sentences import odds
from model.readback.state_boxes import boxes
from model.readback.table_ranges import DRAWS, ranges
from model.specification import JUDGEMENT, Description, Model, Source, Statement
from model.wording import percent

NO_YES = ("no", "yes")
LEVELS = ("low", "medium", "high")
CERTAIN = np.inf
FOUR = 10 * np.log10(4)

PAPER = Source("paper", "Share who return", "A Journal", "2016-05", "https://example.org/paper", "verified")


def described(name: str, gate: Gate, statements: tuple[Statement, ...] = ()) -> Description:
    return Description(
        name=name,
        label=name.capitalize(),
        definition=None,
        role="state",
        kind="table",
        from_article=None,
        note=None,
        gate=gate,
        statements=statements,
    )


def model_of(gate: Gate, states: tuple[str, ...], *parents: tuple[str, tuple[str, ...]], **said: object) -> Model:
    """A variable `x` with this gate, under parents that are as likely in any of their states."""
    even = {name: TableGate(np.full(len(its), 1 / len(its)), np.array(10.0)) for name, its in parents}
    variables = [*(Variable(name, its) for name, its in parents), Variable("x", states, tuple(n for n, _ in parents))]
    gates = {**even, "x": gate}
    return Model(
        name="test",
        title="Test",
        description="For tests",
        as_of="2017-03-06",
        horizon="two years",
        headline=("x",),
        network=Network(variables, {name: its_gate.table() for name, its_gate in gates.items()}),
        described={
            name: replace(described(name, its_gate), **(said if name == "x" else {}))
            for name, its_gate in gates.items()
        },
        sources={"paper": PAPER},
    )


def words_of(model: Model) -> tuple[str, ...]:
    return in_words(model.described["x"], model.network["x"], model.network)


def returns(when: str) -> Influences:
    effects = (
        Influence(0, FOUR, np.array([0.0, 1.0]), 30.0),
        Influence(1, -10 * np.log10(2), np.array([0.0, 1.0]), 30.0),
    )
    joint = np.full((2, 2), 0.25) if when == "typical" else None
    base = np.array([0.9, 0.1])
    return Influences("ordinal", base, 30.0, "typical" if when == "typical" else "reference", effects, (2, 2), joint)


def two_causes() -> AnyCause:
    effects = (np.array([[1, 0], [0.7, 0.3]]), np.array([[1, 0], [0.2, 0.8]]))
    return AnyCause(np.array([0.95, 0.05]), 20.0, effects, (np.array([CERTAIN, 20.0]),) * 2)


def test_any_cause_says_what_each_cause_does_alone_and_what_happens_with_none() -> None:
    assert words_of(model_of(two_causes(), NO_YES, ("border", NO_YES), ("amnesty", NO_YES))) == (
        "Any one of these alone can bring it about; of several that do, the one that brings it highest decides.",
        "border yes alone makes it no 70 %, yes 30 %.",
        "amnesty yes alone makes it no 20 %, yes 80 %.",
        "With none of them it is still no 95 %, yes 5 %; as sure as 20 cases would make it.",
    )


def test_all_needed_says_what_limits_it_and_what_happens_when_nothing_does() -> None:
    limits = (np.array([[0.7, 0.3], [0, 1]]),)
    gate = AllNeeded(np.array([0.1, 0.9]), 30.0, limits, (np.array([20.0, CERTAIN]),))
    assert words_of(model_of(gate, NO_YES, ("border", NO_YES))) == (
        "All of these must allow it; of several that limit it, the one that holds it lowest decides.",
        "border no alone holds it to no 70 %, yes 30 %.",
        "When all of them allow everything it is no 10 %, yes 90 %; as sure as 30 cases would make it.",
    )


def test_influences_are_said_as_odds_with_the_probabilities_they_lead_to() -> None:
    words = words_of(model_of(returns("reference"), NO_YES, ("border", NO_YES), ("amnesty", NO_YES)))
    assert words == (
        "Where none of these acts it is no 90 %, yes 10 %; as sure as 30 cases would make it.",
        "Compared with that, border yes makes yes about four times as likely in odds: from 10 % to 31 %.",
        "Compared with that, amnesty yes makes yes about half as likely in odds: from 10 % to 5.3 %.",
    )


def test_a_typical_base_is_said_beside_the_case_where_nothing_acts() -> None:
    gate = returns("typical")
    words = words_of(model_of(gate, NO_YES, ("border", NO_YES), ("amnesty", NO_YES)))
    nothing, border = gate.table()[0, 0, 1], gate.table()[1, 0, 1]
    assert words[0] == "In a typical case it is no 90 %, yes 10 %; as sure as 30 cases would make it."
    assert words[1] == f"Where none of these acts it is no {percent(1 - nothing)}, yes {percent(nothing)}."
    assert words[2].endswith(f"from {percent(nothing)} to {percent(border)}.")


def test_influences_on_ordered_states_say_which_way_and_from_what_to_what() -> None:
    gate = Influences(
        "ordinal",
        np.array([0.5, 0.3, 0.2]),
        30.0,
        "reference",
        (Influence(0, -FOUR, np.array([0.0, 1.0]), 30.0),),
        (2,),
    )
    assert words_of(model_of(gate, LEVELS, ("border", NO_YES)))[1] == (
        "Compared with that, border yes lowers it, about a quarter as likely in odds to be above any level: "
        "low from 50 % to 80 %, medium from 30 % to 14 %, high from 20 % to 5.9 %."
    )


def test_influences_on_states_without_order_name_the_states_they_push() -> None:
    pattern = np.zeros((2, 3))
    pattern[1, 2] = 1
    gate = Influences(
        "nominal", np.array([0.5, 0.3, 0.2]), 30.0, "reference", (Influence(0, FOUR, pattern, 30.0),), (2,)
    )
    assert words_of(model_of(gate, ("yemen", "libya", "asia"), ("border", NO_YES)))[1] == (
        "Compared with that, border yes makes asia about four times as likely in odds: "
        "yemen from 50 % to 31 %, libya from 30 % to 19 %, asia from 20 % to 50 %."
    )


@pytest.mark.parametrize(
    ("combine", "weights", "expected"),
    [
        ("mean", (3.0, 1.0), "It is mostly the average of a (weight 3) and b the other way round (weight 1)."),
        (
            "min",
            (3.0, 1.0),
            "It is mostly the average of a (weight 3) and b the other way round (weight 1), "
            "but cannot be much better than the worst.",
        ),
        (
            "mixminmax",
            (3.0, 1.0),
            "It lies between the worst (weight 3) and the best (weight 1) of a and b the other way round.",
        ),
    ],
)
def test_a_ranked_gate_says_what_it_averages(combine, weights, expected) -> None:
    gate = Ranked(3, combine, weights, (False, True), (3, 3), 0.05, 30.0)
    words = words_of(model_of(gate, LEVELS, ("a", LEVELS), ("b", LEVELS)))
    assert words[0] == expected


def test_a_ranked_gate_reads_back_its_extremes_for_they_surprise() -> None:
    gate = Ranked(3, "mean", (1.0, 1.0), (False, True), (3, 3), 0.05, None)
    words = words_of(model_of(gate, LEVELS, ("a", LEVELS), ("b", LEVELS)))
    high = gate.table()[2, 0, 2]
    assert 0.6 < high < 0.75
    assert words[2].startswith("With everything for it, it is low ")
    assert words[2].endswith(f"high {percent(high)}.")
    assert words[3].startswith(f"With everything against it, it is low {percent(high)}")


def test_a_rule_is_said_in_as_few_cases_as_its_combinations_allow() -> None:
    gate = Rule(np.array([[0, 1], [1, 1]]), 2)
    assert words_of(model_of(gate, NO_YES, ("tub", NO_YES), ("lung", NO_YES))) == (
        "It is no for certain when tub no and lung no.",
        "Otherwise it is yes for certain.",
    )


def test_rows_laid_over_a_gate_are_said_as_exceptions() -> None:
    mask = np.array([[True, True], [False, False]])
    rows = np.broadcast_to([1.0, 0.0], (2, 2, 2))
    gate = Pinned(two_causes(), mask, rows, np.full((2, 2), CERTAIN))
    words = words_of(model_of(gate, NO_YES, ("alive", NO_YES), ("border", NO_YES)))
    assert words[-1] == "Except when alive no: no for certain."
    assert words[0].startswith("Any one of these")


def test_rows_are_said_to_be_written_row_by_row() -> None:
    gate = TableGate(np.array([[0.9, 0.1], [0.5, 0.5]]), np.full(2, 10.0))
    assert words_of(model_of(gate, NO_YES, ("border", NO_YES))) == (
        "It is written row by row, for each combination of border.",
    )


def test_boxes_hold_exactly_the_combinations_asked_for() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        mask = rng.random((2, 3, 3)) < 0.5
        covered = np.zeros(mask.shape, dtype=int)
        for box in boxes(mask):
            covered[np.ix_(*(sorted(side) for side in box))] += 1
        np.testing.assert_array_equal(covered, mask)


def test_the_factor_words_never_hide_a_direction() -> None:
    assert [odds(10 ** (dB / 10)) for dB in (3, 6, 10, 15)] == ["twice", "four times", "ten times", "32 times"]
    assert [odds(10 ** (-dB / 10)) for dB in (3, 6, 10, 15)] == ["half", "a quarter", "a tenth", "0.032 times"]
    assert odds(1.0) == "1 times"


@pytest.mark.parametrize(
    ("ess", "low", "high"), [(4, 0.032, 0.689), (10, 0.098, 0.550), (30, 0.172, 0.443), (100, 0.227, 0.377)]
)
def test_ranges_of_a_row_are_those_of_its_beta(ess: float, low: float, high: float) -> None:
    (lows, highs), draws = ranges(TableGate(np.array([0.3, 0.7]), np.array(float(ess))), stream=Stream(1))
    assert (lows[0], highs[0]) == pytest.approx((low, high), abs=5e-4)
    assert draws == 0


def test_a_row_that_is_certain_has_no_range() -> None:
    gate = TableGate(np.array([[1.0, 0.0], [0.3, 0.7]]), np.array([30.0, CERTAIN]))
    (low, high), _ = ranges(gate, stream=Stream(1))
    np.testing.assert_array_equal(low, gate.rows)
    np.testing.assert_array_equal(high, gate.rows)


def test_ranges_of_a_gate_come_from_draws_of_its_parameters() -> None:
    gate = two_causes()
    (low, high), draws = ranges(gate, stream=Stream(1))
    assert draws == DRAWS
    drawn = gate.draw(Stream(2), 40_000)
    np.testing.assert_allclose(low, np.quantile(drawn, 0.05, axis=0), atol=0.01)
    np.testing.assert_allclose(high, np.quantile(drawn, 0.95, axis=0), atol=0.01)


def test_ranges_of_rows_laid_over_a_gate_are_exact_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readback_ranges, "DRAWS", 300)
    mask = np.array([[True, False], [False, False]])
    rows = np.full((2, 2, 2), [0.3, 0.7])
    (low, high), draws = ranges(Pinned(two_causes(), mask, rows, np.full((2, 2), 30.0)), stream=Stream(1))
    assert draws == 300
    assert (low[0, 0, 0], high[0, 0, 0]) == pytest.approx((0.172, 0.443), abs=5e-4)
    assert low[0, 1, 1] < two_causes().table()[0, 1, 1] < high[0, 1, 1]


def test_a_large_table_gets_fewer_draws_and_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readback_ranges, "MOST_NUMBERS", 4_000)
    shown = show(model_of(two_causes(), NO_YES, ("border", NO_YES), ("amnesty", NO_YES)), "x")
    assert shown.draws == 500
    assert "from 500 draws" in shown.text()


def three_levels() -> Model:
    rows = np.array([[0.9, 0.1, 0.0], [0.3, 0.7, 0.0], [0.0, 0.0, 1.0]])
    statements = (
        Statement("x", "when {border: low}", ("paper",), 30.0, None, "x.yaml", 7, published="direction"),
        Statement("x", "when {border: medium}", (JUDGEMENT,), 4.0, "nobody counted", "x.yaml", 9),
    )
    gate = TableGate(rows, np.array([30.0, 30.0, CERTAIN]))
    return model_of(gate, LEVELS, ("border", LEVELS), statements=statements, definition="How many come back.")


def test_the_table_is_shown_with_names_in_file_order_and_what_never_happens() -> None:
    lines = show(three_levels(), "x").text().splitlines()
    start = lines.index("border  low             medium         high")
    assert lines[start : start + 4] == [
        "border  low             medium         high",
        "low     90 % (80–97.1)  10 % (2.9–20)  never",
        "medium  30 % (17–44)    70 % (56–83)   never",
        "high    never           never          certain",
    ]


def test_the_page_names_what_each_number_rests_on() -> None:
    text = show(three_levels(), "x").text(200)
    assert "- when {border: low}, as sure as 30 cases: paper; published: direction [x.yaml:7]" in text
    assert (
        "- when {border: medium}, as sure as 4 cases: judgement (nobody counted); published: nothing [x.yaml:9]" in text
    )
    assert "- paper: Share who return. A Journal, 2016-05, https://example.org/paper (verified)" in text
    assert "How many come back." in text
    assert "90 % range, exact" in text


@pytest.mark.parametrize("width", [200, 100, 60, 40])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    text = show(three_levels(), "x").text(width)
    assert "90 % (80–97.1)" in text
    assert max(map(len, text.splitlines())) <= width


def test_an_address_is_kept_whole_on_the_narrowest_page() -> None:
    assert "https://example.org/paper" in show(three_levels(), "x").text(1)


def test_a_page_too_narrow_for_columns_gives_a_line_to_each_state() -> None:
    lines = show(three_levels(), "x").text(30).splitlines()
    start = lines.index("border medium")
    assert lines[start + 1 : start + 4] == ["  low     30 % (17–44)", "  medium  70 % (56–83)", "  high    never"]


def test_every_combination_is_shown_however_many_there_are() -> None:
    parents = tuple((name, LEVELS) for name in "abcd")
    gate = TableGate(np.full((3, 3, 3, 3, 2), 0.5), np.full((3, 3, 3, 3), 10.0))
    shown = show(model_of(gate, NO_YES, *parents), "x")
    assert len(shown.rows) == 81
    assert shown.rows[5].when == ("low", "low", "medium", "high")
    assert sum(line.count("50 % (25–75)") for line in shown.text().splitlines()) == 162


def test_a_read_back_does_not_flicker_between_revisions_and_differs_between_models() -> None:
    model = model_of(two_causes(), NO_YES, ("border", NO_YES), ("amnesty", NO_YES))
    retold = replace(model, title="Another title")
    assert retold.revision != model.revision
    assert show(model, "x").rows == show(retold, "x").rows
    assert show(model, "x").rows != show(replace(model, name="another"), "x").rows


def test_the_point_lies_in_its_range_and_is_the_networks_own_number() -> None:
    model = model_of(returns("typical"), NO_YES, ("border", NO_YES), ("amnesty", NO_YES))
    shown: ReadBack = show(model, "x")
    points = np.array([[cell.p for cell in row.cells] for row in shown.rows]).reshape(2, 2, 2)
    np.testing.assert_array_equal(points, model.network.tables["x"])
    assert all(cell.low < cell.p < cell.high for row in shown.rows for cell in row.cells)


def test_a_variable_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownVariable, match="Did you mean 'border'"):
        show(three_levels(), "bordr")
