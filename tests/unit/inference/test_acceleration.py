"""Fits of assumptions: few rounds, the same under each draw whatever is asked, side by side."""

import numpy as np
import pytest

from model import inference
from model.evidence import Assumed, Case, Observed
from model.forecast import answer, prepare
from model.inference import Evidence, proportional_fitting
from model.inference.acceleration import Acceleration
from model.inference.arrays import encode
from model.inference.proportional_fitting import fit
from model.network import Network, Variable
from model.question import Question
from model.uncertainty.draws import Draws, sampled, sampled_each
from tests.textbook import network
from tests.unit.uncertainty.test_draws import told

TWO = ("no", "yes")


def copies(strength: float) -> Network:
    """Two causes of one thing that is seen, and depends on both almost wholly."""
    rows = np.array([[[strength, 1 - strength], [1 - strength, strength]]] * 2)
    rows[1] = rows[1][::-1]
    return Network(
        [Variable("a", TWO), Variable("b", TWO), Variable("same", TWO, ("a", "b"))],
        {"a": np.array([0.3, 0.7]), "b": np.array([0.6, 0.4]), "same": rows},
    )


@pytest.fixture
def rounds(monkeypatch):
    """How many marginals a fit asked for."""
    asked = []
    own = proportional_fitting.marginals
    monkeypatch.setattr(proportional_fitting, "marginals", lambda *said: asked.append(1) or own(*said))
    return asked


@pytest.mark.parametrize("strength", [0.9, 0.99, 0.999])
def test_a_fit_takes_few_rounds_where_variables_depend_on_each_other(strength, rounds):
    plan = inference.compile(copies(strength))
    case = Case(
        {
            "same": Observed("no"),
            "a": Assumed({"no": 0.5, "yes": 0.5}),
            "b": Assumed({"no": 0.5 + strength / 4, "yes": 0.5 - strength / 4}),
        }
    )
    found, done = fit(plan, encode(plan.network, [case]), [case])
    assert done.all()
    assert len(rounds) <= 2 * 40
    for name in "ab":
        held = inference.posterior(plan, found, (name,)).of(name)[0]
        assert held == pytest.approx(list(case.findings[name].probabilities.values()), abs=1e-12)


def test_a_fit_is_the_same_from_wherever_it_begins():
    plan = inference.compile(network("asia"))
    case = Case({"lung": Assumed({"yes": 0.2, "no": 0.8}), "bronc": Assumed({"yes": 0.7, "no": 0.3})})
    evidence = encode(plan.network, [case])
    found = [
        fit(plan, evidence, [case], start=start)[0].likelihood
        for start in (None, {"lung": np.array([1e-9, 1.0])}, {"lung": np.array([1.0, 1e-9]), "bronc": np.ones(2)})
    ]
    for other in found[1:]:
        for name in case.findings:
            assert other[name] == pytest.approx(found[0][name], abs=1e-10)


def test_cases_of_a_batch_that_assume_different_things_are_fitted_as_each_alone():
    plan = inference.compile(network("asia"))
    cases = [
        Case({"lung": Assumed({"yes": 0.2, "no": 0.8}), "xray": Observed("yes")}),
        Case({"bronc": Assumed({"yes": 0.7, "no": 0.3}), "lung": Assumed({"yes": 0.5, "no": 0.5})}),
        Case({"xray": Observed("no")}),
        Case({"bronc": Assumed({"yes": 1.0, "no": 0.0})}),
    ]
    together, done = fit(plan, encode(plan.network, cases), cases)
    assert done.all()
    for i, case in enumerate(cases):
        alone, _ = fit(plan, encode(plan.network, [case]), [case])
        for name in case.findings:
            assert together.likelihood[name][i] == pytest.approx(alone.likelihood[name][0], abs=1e-10)


def test_the_acceleration_ends_where_the_map_does():
    rng = np.random.default_rng(3)
    shrink = rng.uniform(0.1, 0.95, size=(20, 6))
    at, path, which = rng.normal(size=(20, 6)) * 10, Acceleration(20, 6), np.arange(20)
    plain = at.copy()
    for _ in range(40):
        after = at * shrink
        at = path.further(which, at, after, np.abs(after - at).max(axis=1))
        plain *= shrink
    assert np.abs(at).max() < 1e-6 < np.abs(plain).max()


@pytest.fixture(scope="module")
def model():
    return told(network("asia"), 20.0)


CASE = Case(
    {"lung": Assumed({"yes": 0.2, "no": 0.8}), "bronc": Assumed({"yes": 0.7, "no": 0.3}), "xray": Observed("no")}
)


def test_under_each_draw_the_assumptions_are_held_as_in_the_network_with_its_tables(model):
    plan, draws = inference.compile(model.network), Draws(model)
    found = sampled(draws, plan, "dysp", CASE)
    for k in (0, 7, 999):
        tables = {
            name: model.network.tables[name] if draws.table(name) is None else draws.table(name)[k]
            for name in model.network.names
        }
        drawn = inference.compile(Network(model.network.variables, tables))
        likelihood = fit(drawn, encode(drawn.network, [CASE]), [CASE])[0]
        assert found.rows[k] == pytest.approx(inference.posterior(drawn, likelihood, ("dysp",)).of("dysp")[0], abs=1e-9)


def test_the_fits_of_the_draws_are_made_once_for_all_targets(model, rounds):
    plan, draws = inference.compile(model.network), Draws(model)
    sampled(draws, plan, "dysp", CASE)
    once = len(rounds)
    sampled_each(draws, plan, model.network.names, CASE)
    assert len(rounds) - once <= once // 4


def test_what_takes_the_whole_tree_is_the_same_asked_alone_or_with_others(model, monkeypatch):
    monkeypatch.setattr(inference, "fits_side_by_side", lambda *_: False)
    plan, case = inference.compile(model.network), Case({"xray": Observed("yes"), "dysp": Observed("yes")})
    together = sampled_each(Draws(model), plan, model.network.names, case)
    for name, found in zip(model.network.names, together, strict=True):
        alone = sampled(Draws(model), plan, name, case)
        assert alone.rows.tobytes() == found.rows.tobytes()
        assert alone.weights.tobytes() == found.weights.tobytes()


def test_the_tree_under_draws_answers_as_programs_do(model, monkeypatch):
    plan, case = inference.compile(model.network), Case({"xray": Observed("yes"), "dysp": Observed("yes")})
    by_programs = sampled_each(Draws(model), plan, ("lung", "smoke"), case)
    monkeypatch.setattr(inference, "fits_side_by_side", lambda *_: False)
    by_tree = sampled_each(Draws(model), plan, ("lung", "smoke"), case)
    for one, other in zip(by_programs, by_tree, strict=True):
        assert one.rows == pytest.approx(other.rows, abs=1e-13)
        assert one.weights == pytest.approx(other.weights, rel=1e-9)


def test_assumptions_that_fight_are_refused_by_name(model):
    question = Question(
        ("lung",), {"either": Assumed({"yes": 1.0, "no": 0.0}), "xray": Observed("yes"), "lung": Observed("no"),
                    "tub": Observed("no")}, interval=0.9,
    )  # fmt: skip
    with pytest.raises(Exception, match="cannot hold together with lung=no and either assumed"):
        answer(prepare(model), question)


def test_evidence_of_one_case_and_of_many_is_coded_alike():
    plan = inference.compile(network("asia"))
    row = np.array([[0.3, 0.8]])
    one = inference.posterior(plan, Evidence(1, {"xray": row}), ("lung",)).of("lung")[0]
    many = inference.posterior(plan, Evidence(64, {"xray": np.repeat(row, 64, axis=0)}), ("lung",)).of("lung")
    assert many == pytest.approx(np.repeat(one[None], 64, axis=0), abs=1e-14)
