"""Which priors and sources carry the spread of an answer: worked numbers, draws, and leaving a source out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import priors
from model import inference
from model.analyses.parameter_derivatives import ask
from model.analyses.variance_attribution import Attribution, attribution, parts_of
from model.evidence import Observed, SetTo, observe
from model.forecast import Forecaster, answer, prepare
from model.gates import AnyCause, Stream, TableGate
from model.inference import Evidence
from model.network import Network, Variable
from model.priors import load
from model.question import Question
from model.specification import Expert, Model, Pool, Source, Statement
from tests.prior_copies import edited
from tests.stated import stated
from tests.textbook import model_of, network

PRIORS = Path(priors.__path__[0])
WET = Question(findings=observe(Wet="T").findings)
XRAY = Question(findings=observe(xray="yes").findings)
RNG = 1
STATED = "{guess: 4, low: 10, medium: 30, high: 100}"
SURER = "{guess: 100, low: 250, medium: 750, high: 2500}"


def sprinkler(ess: float) -> Forecaster:
    return prepare(stated(network("sprinkler"), ess=ess))


@pytest.fixture(scope="module")
def asia() -> Forecaster:
    return prepare(load(PRIORS / "asia"))


@pytest.fixture(scope="module")
def flagship() -> Forecaster:
    return prepare(load(PRIORS / "mosul-2017"))


def by_variable(found: Attribution) -> dict[str, float]:
    return {row.variable: row.share for row in found.variables}


def sd_of_draws(forecaster: Forecaster, question: Question, target: str, state: int, *, draws: int) -> float:
    """Standard deviation of the answer when every table that counts is drawn."""
    asked = ask(forecaster, question, target)
    names = [name for name in forecaster.model.network.names if name in asked.needed]
    tables = {name: np.array(forecaster.model.described[name].gate.draw(Stream(RNG).at(name), draws)) for name in names}
    rows = {name: np.repeat(row, draws, axis=0) for name, row in asked.evidence.likelihood.items()}
    evidence = Evidence(draws, rows, {**asked.evidence.tables, **tables})
    return float(inference.posterior(forecaster.plan, evidence, (target,)).of(target)[:, state].std())


@pytest.mark.parametrize(("ess", "sd"), [(5, 0.1759520122), (20, 0.0940503066), (100, 0.0428853715)])
def test_the_spread_of_rain_on_wet_grass_is_the_one_worked_by_hand(ess: float, sd: float) -> None:
    found = attribution(sprinkler(ess), WET, target="Rain", state="T")
    assert found.sd == pytest.approx(sd, abs=1e-9)
    worked = {"Cloudy": 0.512467, "Rain": 0.237533, "Sprinkler": 0.207747, "Wet": 0.042253}
    assert by_variable(found) == pytest.approx(worked, abs=1e-6)
    assert {row.source: row.share for row in found.sources} == pytest.approx(worked, abs=1e-6)


def test_the_spread_of_rain_before_anything_is_known_is_the_one_worked_by_hand() -> None:
    found = attribution(sprinkler(20), Question(), target="Rain", state="T")
    assert found.sd == pytest.approx(0.0899735411, abs=1e-9)


def test_the_spread_of_lung_cancer_on_an_x_ray_is_the_one_worked_by_hand(asia: Forecaster) -> None:
    found = attribution(asia, XRAY, target="lung", state="yes")
    assert found.sd == pytest.approx(0.1764597210, abs=1e-9)
    shares = by_variable(found)
    worked = {"xray": 0.514, "lung": 0.363, "tub": 0.093, "smoke": 0.029}
    assert {name: shares[name] for name in worked} == pytest.approx(worked, abs=6e-4)


def noisy_or() -> Model:
    """Three causes of even chance, certain; the gate's own numbers as sure as twenty cases."""
    parents = ("a", "b", "c")
    even = [Variable(name, ("no", "yes")) for name in parents]
    effects = tuple(np.array([[1.0, 0.0], [1 - c, c]]) for c in (0.3, 0.6, 0.8))
    sizes = tuple(np.array([np.inf, 20.0]) for _ in parents)
    ties = tuple(np.array([-1, 0]) for _ in parents)
    gate = AnyCause(np.array([0.95, 0.05]), 20.0, effects, sizes, ties)
    tables = {name: np.array([0.5, 0.5]) for name in parents}
    plain = model_of(Network([*even, Variable("y", ("no", "yes"), parents)], {**tables, "y": gate.table()}))
    said = tuple(
        Statement("y", f"{{{name}: yes}} alone: no, yes", (name,), 20.0, None, "y.yaml", 1, ("causes", name, 0))
        for name in parents
    )
    leak = Statement("y", "with no cause: no 0.95, yes 0.05", ("judgement",), 20.0, "a guess", "y.yaml", 2, ("leak",))
    described = {**plain.described, "y": replace(plain.described["y"], gate=gate, statements=(*said, leak))}
    sources = {name: Source(name, name, name, "2016", None, "verified") for name in parents}
    return replace(plain, described=described, sources=sources)


def test_a_gate_has_the_spread_of_its_own_numbers_rather_than_of_the_rows_they_make() -> None:
    found = attribution(prepare(noisy_or()), Question(), target="y", state="yes")
    assert found.p == pytest.approx(0.66085, abs=1e-12)
    assert found.sd == pytest.approx(0.0443345493, abs=1e-9)
    by_rows = stated(noisy_or().network, ess=20)
    sure = {
        name: replace(said, gate=TableGate(by_rows.network.tables[name], np.array(np.inf)), statements=())
        for name, said in by_rows.described.items()
        if name != "y"
    }
    rows = replace(by_rows, described={**by_rows.described, **sure})
    assert attribution(prepare(rows), Question(), target="y", state="yes").sd == pytest.approx(0.0284903357, abs=1e-9)


def test_the_spread_is_that_of_draws_from_the_priors(asia: Forecaster) -> None:
    for forecaster, question, target in ((sprinkler(20), WET, "Rain"), (asia, XRAY, "lung")):
        found = attribution(forecaster, question, target=target, state=forecaster.model.network[target].states[0])
        assert found.sd == pytest.approx(sd_of_draws(forecaster, question, target, 0, draws=20_000), rel=0.1)


# However sure each expert of a pool is, they stay apart, and a draw that follows one does so in every row: to first
# order rows are independent, so that the two never quite meet. Rows that were counted keep the size of their count.
@pytest.mark.parametrize(("ess", "within"), [(STATED, 0.2), (SURER, 0.15)])
def test_the_spread_of_a_headline_is_that_of_draws_the_closer_the_surer_the_priors_are(
    tmp_path: Path, ess: str, within: float
) -> None:
    surer = prepare(load(edited(PRIORS / "mosul-2017", tmp_path, "model.yaml", (STATED, ess))))
    question = Question(settings={"border_intel_strength": SetTo("strong")})
    found = attribution(surer, question, target="pathway", state="returnee")
    position = surer.model.network["pathway"].states.index("returnee")
    assert found.sd == pytest.approx(sd_of_draws(surer, question, "pathway", position, draws=4_000), rel=within)


def test_shares_of_the_flagship_sum_to_one_and_are_nowhere_negative(flagship: Forecaster) -> None:
    found = attribution(flagship, Question(), target="directed_attack_europe", state="mass_casualty")
    for rows in (found.statements, found.sources, found.variables):
        shares = [row.share for row in rows]
        assert sum(shares) == pytest.approx(1, abs=1e-12)
        assert min(shares) >= 0
        assert shares == sorted(shares, reverse=True)


def test_a_row_says_how_often_its_case_occurs(asia: Forecaster) -> None:
    found = attribution(asia, XRAY, target="lung", state="yes")
    visited = {(row.variable, row.what): row.p_visited for row in found.statements}
    smoke = answer(asia, replace(XRAY, targets=("smoke",))).targets[0].distribution[0].p
    assert visited["lung", "when {smoke: yes}: yes 0.1, no 0.9"] == pytest.approx(smoke, abs=1e-12)
    assert visited["smoke", "yes 0.5, no 0.5"] is None


def test_a_source_cited_only_by_what_does_not_matter_has_exactly_nothing() -> None:
    found = attribution(sprinkler(20), Question(findings={"Cloudy": Observed("T")}), target="Rain", state="T")
    idle = [row for row in found.sources if row.source != "Rain"]
    assert len(idle) == 3
    assert all((row.share, row.shift_without, row.shift_without_any, row.statements) == (0, 0, 0, 0) for row in idle)


def test_without_a_source_the_answer_is_that_of_a_model_whose_rows_are_even(asia: Forecaster) -> None:
    found = attribution(sprinkler(20), WET, target="Rain", state="T")
    plain = network("sprinkler")
    for row in found.sources:
        table = plain.tables[row.source]
        even = (table > 0) / (table > 0).sum(axis=-1, keepdims=True)
        emptied = prepare(model_of(Network(plain.variables, {**plain.tables, row.source: even})))
        assert row.p_without == pytest.approx(
            answer(emptied, replace(WET, targets=("Rain",))).targets[0].distribution[0].p
        )
        assert row.p_without_any == row.p_without
        assert row.alone == row.statements


def test_a_cause_without_its_source_does_nothing() -> None:
    found = attribution(prepare(noisy_or()), Question(), target="y", state="yes")
    without = {row.source: row.p_without for row in found.sources}
    assert without["c"] == pytest.approx(1 - 0.95 * 0.85 * 0.7, abs=1e-12)
    assert without["judgement"] == pytest.approx(1 - 0.5 * 0.85 * 0.7 * 0.6, abs=1e-12)


def test_evidence_that_is_impossible_without_a_source_leaves_no_answer() -> None:
    model = noisy_or()
    said = model.described["y"]
    assert isinstance(said.gate, AnyCause)
    gate = replace(said.gate, leak=np.array([1.0, 0.0]), leak_ess=np.inf)
    only_c = Question(findings={"y": Observed("yes"), "a": Observed("no"), "b": Observed("no")})
    statements = said.statements[:3]
    described = {**model.described, "y": replace(said, gate=gate, statements=statements)}
    tables = {**model.network.tables, "y": gate.table()}
    leakless = replace(model, network=Network(model.network.variables, tables), described=described)
    found = attribution(prepare(leakless), only_c, target="c", state="yes")
    assert {row.source: row.p_without for row in found.sources}["c"] is None


def test_a_statement_with_other_sources_stays_when_one_is_left_out_and_is_split_between_them() -> None:
    model = stated(network("sprinkler"), ess=20)
    rain = model.described["Rain"]
    shared = tuple(replace(said, sources=("Rain", "Wet")) for said in rain.statements)
    forecaster = prepare(replace(model, described={**model.described, "Rain": replace(rain, statements=shared)}))
    found = {row.source: row for row in attribution(forecaster, WET, target="Rain", state="T").sources}
    assert found["Rain"].share == pytest.approx(0.237533 / 2, abs=1e-6)
    assert found["Wet"].share == pytest.approx(0.042253 + 0.237533 / 2, abs=1e-6)
    assert (found["Rain"].alone, found["Rain"].shift_without) == (0, 0)
    assert found["Rain"].shift_without_any != 0


def test_nothing_uncertain_gives_no_spread_and_no_shares(asia: Forecaster) -> None:
    found = attribution(sprinkler(np.inf), WET, target="Rain", state="T")
    assert (found.sd, found.statements, found.variables) == (0, (), ())
    assert {row.share for row in found.sources} == {0}


def test_parts_of_a_statement_sum_to_one() -> None:
    said = Statement("x", "yes 0.2", ("one", "two", "judgement"), 10.0, "a guess", "x.yaml", 3)
    assert sum(parts_of(said).values()) == pytest.approx(1)
    assert len(set(parts_of(said).values())) == 1


def test_a_certain_row_carries_nothing_and_is_missed_all_the_same() -> None:
    model = stated(network("sprinkler"), ess=np.inf)
    found = {row.source: row for row in attribution(prepare(model), WET, target="Rain", state="T").sources}
    assert (found["Rain"].share, found["Rain"].statements) == (0, 0)
    assert found["Rain"].shift_without != 0


def test_a_pooled_statement_is_split_by_the_weights_of_its_members() -> None:
    experts = (Expert(("one", "two"), 0.75, 10.0, None, (0.2, 0.8)), Expert(("three",), 0.25, 10.0, None, (0.2, 0.8)))
    pool = Pool("linear", experts, 0.0)
    said = Statement("x", "yes 0.2", ("one", "two", "three"), 10.0, None, "x.yaml", 3, ("rows", 0), pool)
    assert parts_of(said) == pytest.approx({"one": 0.375, "two": 0.375, "three": 0.25})
