"""What an arc is worth by its table: which way, and by how much."""

import numpy as np
import pytest

from model.analyses.arc_strength import arc_strengths
from model.network import Network, Variable

THREE = ("low", "medium", "high")


def arc(rows, nominal=()):
    """The one arc of a network of a cause and its effect, of this table."""
    states = THREE[: len(rows[0])]
    cause = Variable("cause", tuple(f"s{i}" for i in range(len(rows))))
    effect = Variable("effect", states, ("cause",))
    tables = {"cause": np.full(len(rows), 1 / len(rows)), "effect": np.array(rows)}
    [found] = arc_strengths(Network([cause, effect], tables), nominal)
    return found


@pytest.mark.parametrize(
    ("rows", "sign"),
    [
        ([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7]], "raises"),
        ([[0.1, 0.2, 0.7], [0.7, 0.2, 0.1]], "lowers"),
        ([[0.5, 0.0, 0.5], [0.2, 0.6, 0.2]], "mixed"),
        ([[0.2, 0.8], [0.8, 0.2], [0.2, 0.8]], "mixed"),
        ([[0.4, 0.6], [0.4, 0.6]], "none"),
    ],
)
def test_the_sign_is_of_steps_up_the_states(rows, sign):
    assert arc(rows).sign == sign


def test_the_strength_is_the_largest_total_variation_between_two_states_of_the_cause():
    assert arc([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]).strength == pytest.approx(0.6)
    assert arc([[1.0, 0.0], [0.0, 1.0]]).strength == 1.0
    assert arc([[0.4, 0.6], [0.4, 0.6]]).strength == 0.0


def test_states_without_an_order_have_no_sign():
    rows = [[0.7, 0.3], [0.2, 0.8]]
    assert arc(rows, {"effect"}).sign == arc(rows, {"cause"}).sign == "unordered"
    assert arc([[0.4, 0.6], [0.4, 0.6]], {"effect"}).sign == "none"


def test_other_causes_are_averaged_evenly():
    two = ("no", "yes")
    variables = [Variable("a", two), Variable("b", two), Variable("c", two, ("a", "b"))]
    half = np.array([0.5, 0.5])
    either = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])
    found = list(arc_strengths(Network(variables, {"a": half, "b": half, "c": either})))
    assert [(each.parent, each.sign, each.strength) for each in found] == [("a", "raises", 0.5), ("b", "raises", 0.5)]
