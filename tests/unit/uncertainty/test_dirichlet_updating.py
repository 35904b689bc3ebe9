"""Updating from counts: the numbers of the literature, fading, and cases that are alike."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from model.gates import TableGate
from model.inference import compile as compiled
from model.inference import joint
from model.readback.table_ranges import beta_range
from model.specification import Counts, Seen
from model.uncertainty.dirichlet_updating import Shift, age, faded, impossible_cases, sequential, updated
from tests.textbook import sprinkler

AS_OF = "2017-03-06"
PLAN = compiled(sprinkler())


def batch(*cases: tuple[int, dict[str, str]], name: str = "seen", date: str = AS_OF, updates: tuple[str, ...] = ()):
    return Counts(name, name, date, ("diary",), tuple(Seen(n, states) for n, states in cases), updates)


def gates(**ess: float) -> dict[str, TableGate]:
    tables = PLAN.network.tables
    return {name: TableGate(tables[name], np.full(tables[name].shape[:-1], size)) for name, size in ess.items()}


def learnt(open_: dict[str, TableGate], *counts: Counts, fading: float = 1.0) -> dict[str, Shift]:
    return updated(PLAN, open_, counts, as_of=AS_OF, fading=fading)


SHARES = np.array([[0.8 * 0.909, 0.2 * 0.09], [0.2 * 0.945, 0.8 * 0.45]])
"""P(Rain, Wet = T | Cloudy), before it is divided by P(Wet = T)."""


def test_complete_counts_add_to_the_row_they_fall_under() -> None:
    found = learnt(gates(Rain=10), batch((3, {"Cloudy": "T", "Rain": "T"}), (5, {"Cloudy": "T", "Rain": "F"})))["Rain"]
    assert_allclose(found.gate.rows[0], [0.6111111111, 0.3888888889], atol=1e-10)
    assert found.gate.ess.tolist() == [18, 10]
    assert found.gate.rows[1].tolist() == [0.2, 0.8]
    low, high = beta_range(found.gate.rows, found.gate.ess)
    assert_allclose((low[0, 0], high[0, 0]), (0.4197053516, 0.7880918452), atol=1e-10)
    assert (found.cases.tolist(), found.counts) == ([8, 0], (("seen",), ()))


def test_counts_fade_towards_the_prior_and_not_towards_ignorance() -> None:
    assert_allclose(faded(np.array([8.0, 2.0]), np.array([11.0, 7.0]), 0.9**2), [10.43, 6.05], atol=1e-12)
    assert_allclose(faded(np.array([8.0, 2.0]), np.array([11.0, 7.0]), 0.9**900), [8, 2], atol=1e-12)


def test_counts_of_two_years_ago_weigh_the_square_of_the_fading() -> None:
    when = "2015-03-06"
    years = 731 / 365.25
    counts = batch((3, {"Cloudy": "T", "Rain": "T"}), (5, {"Cloudy": "T", "Rain": "F"}), date=when)
    found = learnt(gates(Rain=10), counts, fading=0.9 ** (2 / years))["Rain"]
    assert age(when, AS_OF) == years
    assert_allclose(found.gate.rows[0] * found.gate.ess[0], [10.43, 6.05], atol=1e-12)
    assert_allclose(found.cases[0], 6.48, atol=1e-12)


def test_each_of_several_counts_fades_from_its_own_date_whatever_their_order() -> None:
    old = batch((4, {"Cloudy": "T", "Rain": "T"}), name="old", date="2013")
    new = batch((6, {"Cloudy": "T", "Rain": "F"}), name="new", date="2016-11")
    one, other = (learnt(gates(Rain=10), *counts, fading=0.8)["Rain"] for counts in ((old, new), (new, old)))
    wanted = [8 + 4 * 0.8 ** age("2013", AS_OF), 2 + 6 * 0.8 ** age("2016-11", AS_OF)]
    assert_allclose(one.gate.rows[0] * one.gate.ess[0], wanted, rtol=1e-14)
    assert np.array_equal(one.gate.rows, other.gate.rows)
    assert one.counts[0] == ("old", "new")


def test_an_incomplete_case_has_the_mean_and_the_average_variance_of_its_mixture() -> None:
    found = learnt(gates(Rain=10), batch((1, {"Wet": "T"})))["Rain"]
    assert_allclose(found.gate.rows[:, 0], [0.8092047035, 0.2055632823], atol=1e-10)
    assert_allclose(found.gate.ess, [10.4024751645, 9.8359652636], atol=1e-10)


def test_the_fractional_update_is_surer_than_the_exact_one() -> None:
    alpha = np.array([[8.0, 2.0], [2.0, 8.0]])
    shares = SHARES / SHARES.sum()
    found = alpha + shares  # EM: every alpha gains the probability that the case fell under it
    assert_allclose(found, [(8.5618915160, 2.0139082058), (2.1460361613, 8.2781641168)], atol=1e-10)
    assert (sequential(alpha, shares).sum(axis=-1) < found.sum(axis=-1)).all()


def test_a_case_that_was_seen_whole_is_a_count_of_one_by_both_updates() -> None:
    alpha, seen = np.array([[7.0, 2.0, 1.0]]), np.array([[0.0, 1.0, 0.0]])
    assert_allclose(sequential(alpha, seen), alpha + seen, rtol=1e-14)


def test_a_case_that_says_nothing_of_a_row_leaves_it_to_the_bit() -> None:
    found = learnt(gates(Rain=10, Sprinkler=7, Cloudy=3), batch((3, {"Cloudy": "F"})))
    assert list(found) == ["Cloudy"]


def test_a_zero_stays_a_zero_and_a_certain_row_stays_certain() -> None:
    found = learnt(gates(Wet=5), batch((40, {"Wet": "T"}), (9, {"Rain": "T", "Wet": "F"})))["Wet"]
    assert found.gate.rows[1, 1].tolist() == [0, 1]
    assert found.gate.ess[1, 1] == 5
    three = np.array([[3.0, 0.0, 1.0]])
    assert sequential(three, np.array([[0.1, 0.0, 0.3]]))[0, 1] == 0


def test_rows_that_were_written_as_one_learn_as_one() -> None:
    tied = TableGate(np.array([[0.8, 0.2], [0.8, 0.2]]), np.array([10.0, 10.0]), np.array([0, 0]))
    found = learnt({"Rain": tied}, batch((3, {"Cloudy": "T", "Rain": "T"}), (5, {"Cloudy": "F", "Rain": "F"})))["Rain"]
    assert_allclose(found.gate.rows, np.array([[11, 7], [11, 7]]) / 18, rtol=1e-14)
    assert found.gate.ess.tolist() == [18, 18]


@pytest.mark.parametrize("case", [{"Wet": "T"}, {"Cloudy": "T", "Wet": "F"}, {"Rain": "F", "Wet": "T"}])
def test_many_cases_that_are_alike_teach_what_they_would_one_by_one(case: dict[str, str]) -> None:
    open_ = gates(Cloudy=4, Sprinkler=3, Rain=10, Wet=5)
    together, each = (learnt(open_, counts) for counts in (batch((150, case)), batch(*[(1, case)] * 150)))
    assert list(together) == list(each)
    for name, shift in together.items():
        assert_allclose(shift.gate.rows, each[name].gate.rows, atol=2e-4)
        assert_allclose(shift.gate.ess, each[name].gate.ess, rtol=2e-4)
        assert_allclose(shift.cases, each[name].cases, rtol=2e-3)


def test_a_million_cases_are_absorbed_in_a_bounded_number_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("model.uncertainty.dirichlet_updating.joint", lambda *said: asked.append(1) or joint(*said))
    found = learnt(gates(Rain=10), batch((1_000_000, {"Wet": "T"})))["Rain"]
    assert 10 < len(asked) < 2 * 32 * np.log(1_000_000 / 32) + 64
    assert np.isfinite(found.gate.ess).all()


def test_whole_families_need_no_inference_however_many_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.uncertainty.dirichlet_updating.joint", None)
    found = learnt(gates(Rain=10), batch((10**9, {"Cloudy": "T", "Rain": "T"})))["Rain"]
    assert found.gate.ess[0] == 10**9 + 10


def test_only_the_variables_that_counts_are_said_to_teach_are_moved() -> None:
    found = learnt(gates(Rain=10, Sprinkler=10), batch((3, {"Wet": "T"}), updates=("Sprinkler",)))
    assert list(found) == ["Sprinkler"]


@pytest.mark.parametrize(
    ("seen", "days"),
    [
        ("2017-03-06", 0),
        ("2016", 65 + 182.5),
        ("2016-02", 366 + 19),
        ("2017-03", 2.5),
        ("2017", 32),
        ("2017-02", 19.5),
    ],
)
def test_a_date_is_the_middle_of_what_it_covers_by_the_day_of_knowledge(seen: str, days: float) -> None:
    assert age(seen, AS_OF) * 365.25 == pytest.approx(days)


def test_cases_that_cannot_happen_are_named() -> None:
    cases = batch((1, {"Wet": "T"}), (2, {"Sprinkler": "F", "Rain": "F", "Wet": "T"}), (3, {"Rain": "T"})).cases
    assert impossible_cases(PLAN, cases) == [1]
