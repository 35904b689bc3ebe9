"""How much a fit to assumptions asks the engine before it ends, also one that has no end."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from model import inference
from model.errors import ImpossibleEvidence
from model.evidence import Assumed, Case, Reported
from model.inference import proportional_fitting
from model.inference.arrays import encode
from model.inference.jeffrey import assume
from model.inference.marginal_fit import LOOSE, _step
from model.inference.proportional_fitting import AVERAGE, MOST_COMBINATIONS, SWEEPS, WORK, fit
from model.network import Network, Variable

TWO, THREE = ("no", "yes"), ("low", "medium", "high")
OR = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])


def either_of_two(others: int) -> Network:
    """``either`` is yes where a or b is; beside them are variables of three states, each read off imprecisely."""
    variables = [Variable("a", TWO), Variable("b", TWO), Variable("either", TWO, ("a", "b"))]
    tables = {"a": np.array([0.9, 0.1]), "b": np.array([0.8, 0.2]), "either": OR}
    for i in range(others):
        variables += [Variable(f"x{i}", THREE), Variable(f"seen{i}", THREE, (f"x{i}",))]
        tables |= {f"x{i}": np.full(3, 1 / 3), f"seen{i}": 0.1 + 0.7 * np.eye(3)}
    return Network(variables, tables)


def assumed(either: float, others: int) -> Case:
    """10 % for each of a and b, so that ``either`` has at most 20 %, and something for each of the others."""
    said = {"a": 0.1, "b": 0.1, "either": either}
    found = {name: Assumed({"no": 1 - p, "yes": p}) for name, p in said.items()}
    more = {f"x{i}": Assumed({"low": 0.5, "medium": 0.3, "high": 0.2}) for i in range(others)}
    return Case(found | more)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The cases that the engine was asked about: of sweeps, and of what can be together."""
    counts: Counter[str] = Counter()

    def counting(name: str) -> Callable[..., object]:
        ask = getattr(proportional_fitting, name)

        def counted(plan, evidence, *more):
            counts[name] += evidence.cases
            counts[f"calls of {name}"] += 1
            return ask(plan, evidence, *more)

        return counted

    for name in ("marginals", "log_evidence"):
        monkeypatch.setattr(proportional_fitting, name, counting(name))
    return counts


@pytest.mark.parametrize("cases", [1, 50])
@pytest.mark.parametrize("others", [0, 3, 8, 12])
def test_a_fit_that_has_no_end_is_given_up_after_bounded_work(asked: Counter[str], cases: int, others: int) -> None:
    network = either_of_two(others)
    plan, case = inference.compile(network), assumed(0.9, others)
    _, done = fit(plan, encode(network, [case] * cases), [case] * cases)
    assert not done.any()
    listed = 8 * 3**others * cases
    sweeps = asked["marginals"] / (len(case.findings) * cases)
    if listed <= min(MOST_COMBINATIONS, WORK // plan.cells):
        assert asked["log_evidence"] == listed
        assert sweeps <= AVERAGE + 2
    else:
        assert asked["log_evidence"] == 0
        assert sweeps <= SWEEPS


@pytest.mark.parametrize("seen", [0, 20])
def test_of_many_assumptions_the_three_that_cannot_hold_together_are_named(asked: Counter[str], seen: int) -> None:
    """What that takes is bounded beside a fit that has an end, though any of 35 findings may be at fault."""
    network = either_of_two(20)
    plan, found = inference.compile(network), {f"seen{i}": Reported(dict.fromkeys(THREE, 0.5)) for i in range(seen)}
    holds, fights = (Case({**found, **assumed(p, 12).findings}) for p in (0.19, 0.9))
    assume(plan, encode(network, [holds]), [holds])
    usual = asked["calls of marginals"]
    with pytest.raises(ImpossibleEvidence) as refused:
        assume(plan, encode(network, [fights]), [fights])
    assert [said.split()[0] for said in refused.value.conflict] == ["a", "b", "either"]
    assert refused.value.smallest
    assert asked["calls of marginals"] < 100 * usual
    assert asked["log_evidence"] <= min(MOST_COMBINATIONS, WORK // plan.cells)


@pytest.mark.parametrize("others", [0, 3, 12])
def test_what_only_just_holds_together_is_fitted(others: int) -> None:
    network = either_of_two(others)
    plan, case = inference.compile(network), assumed(0.1999, others)
    found, done = fit(plan, encode(network, [case]), [case])
    assert done.all()
    held = inference.marginals(plan, found, ("a", "b", "either"))
    assert [held[name][0, 1] for name in held] == pytest.approx([0.1, 0.1, 0.1999], abs=1e-11)


@pytest.mark.parametrize("others", [0, 12])
def test_a_case_that_is_fitted_stays_so_among_many_that_have_no_end(others: int) -> None:
    network = either_of_two(others)
    plan, fights = inference.compile(network), assumed(0.9, others)
    cases = [fights, Case({"a": Assumed({"no": 0.7, "yes": 0.3})}), *[fights] * 9, assumed(0.15, others)]
    _, done = fit(plan, encode(network, cases), cases)
    assert np.flatnonzero(done).tolist() == [1, 11]


def test_weights_that_move_together_take_a_step_all_the_same() -> None:
    """Damping that rounding loses leaves a matrix that has no inverse; the other cases have theirs."""
    hessian = np.stack([np.full((2, 2), 1e3), np.diag([2.0, 4.0])])
    gradient = np.array([[1.0, 1.0], [1.0, 1.0]])
    free = np.ones((2, 2), dtype=bool)
    step = _step(hessian, gradient, np.ones((2, 2)), free, np.full(2, LOOSE))
    assert step == pytest.approx(np.array([[-0.0005, -0.0005], [-0.5, -0.25]]))
