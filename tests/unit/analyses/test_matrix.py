"""The matrix: every cause's shift on every headline, each the difference of two answers."""

from dataclasses import replace

import numpy as np
import pytest

from model.analyses.matrix import matrix
from model.errors import BadQuestion, UnknownScenario, UnknownVariable
from model.evidence import Observed, SetTo
from model.forecast import answer, prepare
from model.network import Network, Variable
from model.priors import load
from model.question import Question
from tests.prior_copies import ASIA, DATA, edited
from tests.textbook import model_of

FOUND = prepare(load(ASIA))
LEVELS = DATA / "levels"


def p(forecaster, target, **asked):
    [found] = answer(forecaster, Question((target,), **asked)).targets
    return {row.state: row.p for row in found.distribution}


@pytest.mark.parametrize("by", ["do", "given"])
def test_each_shift_is_the_difference_of_two_answers(by):
    found = matrix(FOUND, by=by, targets=("dysp", "lung"))
    verb, argument = (SetTo, "settings") if by == "do" else (Observed, "findings")
    assert found.rows
    for row in found.rows:
        start, to = (p(FOUND, row.target, **{argument: {row.cause: verb(state)}}) for state in (row.start, row.to))
        assert row.shift == pytest.approx(to[row.state] - start[row.state], abs=1e-12)


def test_causes_are_what_lies_upstream_and_no_cause_of_itself():
    found = matrix(FOUND, targets=("lung",))
    assert {row.cause for row in found.rows} == {"smoke"}
    assert {(row.start, row.to) for row in found.rows} == {("yes", "no")}
    assert found.ranked() == ["smoke"]


def test_a_variable_that_no_way_leads_from_is_no_cause():
    rows = matrix(FOUND, by="given", targets=("lung", "tub")).rows
    assert {(row.cause, row.target) for row in rows} == {("smoke", "lung"), ("asia", "tub")}


def test_a_headline_asked_of_some_cases_is_a_column_of_its_own(tmp_path):
    asked = "headline: [stock, {label: Of the far, target: fate, given: {home: far}}, fate]"
    forecaster = prepare(load(edited(LEVELS, tmp_path, "model.yaml", ("headline: [stock, fate]", asked))))
    assert forecaster.model.headline == ("stock", "fate")
    found = matrix(forecaster)
    assert found.targets == ("stock", "fate|home:far", "fate")
    causes = {target: [row.cause for row in found.rows if row.target == target] for target in found.targets}
    assert causes == {"stock": ["war"] * 3, "fate|home:far": ["war"] * 2, "fate": ["war"] * 2 + ["home"] * 2}
    far = next(row for row in found.rows if row.target == "fate|home:far" and row.state == "stays")
    assert far.shift == pytest.approx(0.8 - 0.3)


def test_of_two_states_that_move_alike_the_first_is_the_strongest():
    found = matrix(FOUND, by="given")
    strongest = found.strongest().values()
    assert {row.state for row in strongest} == {"yes"}
    assert any(row.shift for row in strongest)


def three_ways(nominal):
    cause, child = Variable("cause", ("a", "b", "c")), Variable("child", ("no", "yes"), ("cause",))
    tables = {"cause": np.full(3, 1 / 3), "child": np.array([[0.5, 0.5], [0.9, 0.1], [0.4, 0.6]])}
    model = replace(model_of(Network([cause, child], tables)), headline=("child",), headlines=())
    described = {**model.described, "cause": replace(model.described["cause"], is_nominal=nominal)}
    return prepare(replace(model, described=described))


def test_states_without_an_order_are_taken_where_they_differ_most():
    ordered, nominal = (matrix(three_ways(nominal)) for nominal in (False, True))
    assert [(row.start, row.to) for row in ordered.rows] == [("a", "c")] * 2
    assert [(row.start, row.to) for row in nominal.rows] == [("b", "c")] * 2
    assert nominal.rows[1].shift == pytest.approx(0.5)
    assert nominal.strongest()["cause", "child"].state == "no"


def test_a_cause_that_cannot_be_so_has_no_shift():
    cause, child = Variable("cause", ("a", "b")), Variable("child", ("no", "yes"), ("cause",))
    tables = {"cause": np.array([1.0, 0.0]), "child": np.array([[0.5, 0.5], [0.9, 0.1]])}
    forecaster = prepare(replace(model_of(Network([cause, child], tables)), headline=("child",), headlines=()))
    assert [row.shift for row in matrix(forecaster, by="given").rows] == [None, None]
    assert matrix(forecaster).rows[1].shift == pytest.approx(-0.4)


def test_nothing_is_known_unless_a_scenario_is_named(tmp_path):
    folder = edited(LEVELS, tmp_path, "model.yaml", ("headline:", "default_scenario: the_fort_holds\nheadline:"))
    silent, plain = prepare(load(folder)), prepare(load(LEVELS))
    assert matrix(silent).rows == matrix(plain).rows
    under = matrix(silent, scenario="the_fort_holds", targets=("fate",))
    home = next(row for row in under.rows if row.cause == "home" and row.state == "stays")
    assert home.shift == pytest.approx(0.8 - 0.6)


def test_intervals_are_of_the_difference_under_the_same_draws():
    found = matrix(FOUND, targets=("lung",), mass=0.9)
    for row in found.rows:
        assert row.low < row.shift < row.high
        assert row.high - row.low < 0.5


def test_what_does_not_exist_is_refused():
    with pytest.raises(UnknownVariable):
        matrix(FOUND, targets=("lungs",))
    with pytest.raises(UnknownScenario):
        matrix(FOUND, scenario="nowhere")
    with pytest.raises(BadQuestion, match="between 0 and 1"):
        matrix(FOUND, mass=1.5)
