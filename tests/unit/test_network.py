"""Variables and networks refuse to be wrong, and say where."""

import numpy as np
import pytest

from model.errors import BadNetwork, UnknownState, UnknownVariable
from model.network import Network, Variable
from tests.textbook import network

TWO = ("no", "yes")
EVEN = np.array([0.5, 0.5])
FLIP = np.array([[0.9, 0.1], [0.1, 0.9]])


def test_a_cycle_is_shown_as_a_path():
    ring = [Variable("a", TWO, ("c",)), Variable("b", TWO, ("a",)), Variable("c", TWO, ("b",))]
    with pytest.raises(BadNetwork, match="a cycle: a <- c <- b <- a"):
        Network(ring, dict.fromkeys("abc", FLIP))


def test_a_variable_that_is_its_own_parent_is_a_cycle():
    with pytest.raises(BadNetwork, match="a cycle: a <- a"):
        Network([Variable("a", TWO, ("a",))], {"a": FLIP})


def test_an_unknown_parent_names_the_nearest():
    with pytest.raises(UnknownVariable, match=r"wet\.parents: no variable 'rane'.*Did you mean 'rain'\?"):
        Network([Variable("rain", TWO), Variable("wet", TWO, ("rane",))], {"rain": EVEN, "wet": FLIP})


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (EVEN, r"wet\.table: the table has shape \(2,\), not \(2, 2\)"),
        (np.array([[0.5, 0.5], [0.5, 0.6]]), r"wet\.table: the row when \{rain: yes\} sums to 1\.1, not 1"),
        (np.array([[1.5, -0.5], [0.5, 0.5]]), "negative or not finite"),
        (np.array([[np.nan, 0.5], [0.5, 0.5]]), "negative or not finite"),
    ],
)
def test_a_table_that_is_not_conditional_probabilities_is_refused(table, message):
    with pytest.raises(BadNetwork, match=message):
        Network([Variable("rain", TWO), Variable("wet", TWO, ("rain",))], {"rain": EVEN, "wet": table})


@pytest.mark.parametrize(
    ("variables", "tables", "message"),
    [
        ([], {}, "needs at least one variable"),
        ([Variable("a", TWO), Variable("a", TWO)], {"a": EVEN}, "variable 'a' named twice"),
        ([Variable("a", TWO)], {"b": EVEN}, "tables and variables differ: 'a', 'b'"),
    ],
)
def test_variables_and_tables_must_match(variables, tables, message):
    with pytest.raises(BadNetwork, match=message):
        Network(variables, tables)


@pytest.mark.parametrize(
    ("name", "states", "parents", "message"),
    [
        ("", TWO, (), "an empty name"),
        ("a", (), (), "a: a variable needs at least one state"),
        ("a", ("x", "x"), (), "a: state 'x' named twice"),
        ("a", TWO, ("b", "b"), "a: parent 'b' named twice"),
    ],
)
def test_a_variable_refuses_what_cannot_be_one(name, states, parents, message):
    with pytest.raises(BadNetwork, match=message):
        Variable(name, states, parents)


def test_an_unknown_state_names_the_nearest():
    with pytest.raises(UnknownState, match=r"rain: no state 'yse'; the states are 'no', 'yes'\. Did you mean 'yes'\?"):
        Variable("rain", TWO).state("yse")


def test_tables_are_copied_in_and_locked():
    given = np.array([0.5, 0.5])
    made = Network([Variable("a", TWO)], {"a": given})
    given[0] = 0.9
    assert made.tables["a"].tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match="read-only"):
        made.tables["a"][0] = 0.9


def test_a_row_within_the_tolerance_is_divided_by_its_sum_and_an_exact_one_is_left_as_it_is():
    thirds = np.array([0.3333333333] * 3)
    made = Network([Variable("a", ("x", "y", "z"))], {"a": thirds}).tables["a"]
    assert abs(made.sum() - 1) < 1e-15
    again = Network([Variable("a", ("x", "y", "z"))], {"a": made}).tables["a"]
    assert again.tobytes() == made.tobytes()


def test_parents_come_before_children_in_topological_order():
    alarm = network("alarm")
    place = {name: i for i, name in enumerate(alarm.topological)}
    assert set(place) == set(alarm.names)
    assert all(place[parent] < place[v.name] for v in alarm.variables for parent in v.parents)


def test_ancestors_and_children_of_a_variable():
    asia = network("asia")
    assert asia.ancestors(["xray"]) == {"xray", "either", "lung", "tub", "smoke", "asia"}
    assert asia.children("smoke") == ("lung", "bronc")


def test_the_digest_tells_networks_apart_by_any_number():
    first = Network([Variable("a", TWO)], {"a": np.array([0.5, 0.5])})
    other = Network([Variable("a", TWO)], {"a": np.array([0.5 + 2**-53, 0.5 - 2**-53])})
    assert first.digest() != other.digest()
