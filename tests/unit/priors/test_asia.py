"""The textbook network in files: the public BIF's numbers, and its published answers."""

import numpy as np
from numpy.testing import assert_allclose

from model.evidence import Observed, Reported, SetTo
from model.forecast import answer, prepare
from model.priors import load, models
from model.question import Question
from model.specification import JUDGEMENT
from tests.prior_copies import ASIA
from tests.sources import ROOT
from tests.textbook import network

MODEL = load(ASIA)


def test_the_files_are_the_public_network_in_its_own_order() -> None:
    published = network("asia")
    assert MODEL.network.names == published.names
    for variable in published.variables:
        ours = MODEL.network[variable.name]
        assert (ours.states, set(ours.parents)) == (variable.states, set(variable.parents))
        axes = [*(variable.parents.index(parent) for parent in ours.parents), len(variable.parents)]
        assert_allclose(
            MODEL.network.tables[variable.name], published.tables[variable.name].transpose(axes), atol=1e-15
        )


def test_the_files_answer_as_published() -> None:
    forecaster = prepare(MODEL)
    question = Question(targets=("lung",), findings={name: Observed("yes") for name in ("smoke", "xray", "dysp")})
    found = answer(forecaster, question)
    assert abs(found.targets[0].distribution[0].p - 0.7237140153) < 1e-9
    assert abs(found.p_evidence - 0.055519168) < 1e-12


def test_every_table_rests_on_the_paper() -> None:
    assert MODEL.cited(MODEL.network.names) == ("lauritzen_spiegelhalter_1988",)
    assert all(JUDGEMENT not in described.sources for described in MODEL.described.values())


def test_a_statement_keeps_its_words_its_size_and_its_line() -> None:
    statement = MODEL.described["dysp"].statements[1]
    assert statement.what == "when {bronc: no, either: yes}: yes 0.7, no 0.3"
    assert (statement.ess, statement.file) == (50.0, "asia/findings.yaml")
    line = (ASIA / "findings.yaml").read_text(encoding="utf-8").splitlines()[statement.line - 1]
    assert line.strip() == "- when: {bronc: no, either: yes}"


def test_a_rule_is_certain() -> None:
    assert [statement.ess for statement in MODEL.described["either"].statements] == [None, None, None]
    assert MODEL.network.tables["either"][..., 0].tolist() == np.array([[1, 1], [1, 0]]).tolist()


def test_scenarios_cohorts_checks_and_examples_are_values() -> None:
    assert MODEL.scenario("back_from_asia").findings == {"asia": Observed("yes"), "dysp": Observed("yes")}
    assert (MODEL.cohort("a_smoker").low, MODEL.cohort("a_smoker").high) == (1, 1)
    assert MODEL.checks["lung_cancer"].states == ("yes",)
    assert MODEL.examples[2].settings == {"smoke": SetTo("no")}
    assert MODEL.examples[3].findings == {"xray": Reported({"yes": 4, "no": 1})}


def test_the_compiled_model_is_inside_its_checks() -> None:
    forecaster = prepare(MODEL)
    for check in MODEL.checks.values():
        question = Question(targets=(check.target,), scenario=check.scenario, cohort=check.cohort)
        states = answer(forecaster, question).targets[0].distribution
        assert check.low <= sum(state.p for state in states if state.state in check.states) <= check.high


def test_models_are_the_folders_with_a_model_file() -> None:
    found = models(ROOT / "priors")
    assert found["asia"] == ASIA
    assert "schema" not in found
