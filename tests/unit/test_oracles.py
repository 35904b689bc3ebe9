"""Answers that three independent tools agree on."""

import json
import math
from pathlib import Path

import pytest

from model.evidence import Finding, Observed, OneOf, Reported
from model.forecast import answer
from model.question import Question
from tests.textbook import forecaster

ORACLES = json.loads((Path(__file__).parent.parent / "data" / "oracles.json").read_text())


def finding(network, name, said) -> Finding:
    if isinstance(said, str):
        return Observed(said)
    if isinstance(said, dict):
        return OneOf(tuple(said["in"]))
    return Reported(dict(zip(network[name].states, said, strict=True)))


def test_there_are_twenty_six_oracles():
    assert len(ORACLES) == 26


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda o: f"{o['id']}-{o['network']}-{o['target']}")
def test_an_answer_equals_the_one_that_three_tools_give(oracle):
    ready = forecaster(oracle["network"])
    said = {name: finding(ready.model.network, name, value) for name, value in oracle["evidence"].items()}
    found = answer(ready, Question((oracle["target"],), said))
    p = {row.state: row.p for row in found.targets[0].distribution}
    assert p[oracle["state"]] == pytest.approx(oracle["answer"], abs=1e-11)
    reports = [finding.likelihood.values() for finding in said.values() if isinstance(finding, Reported)]
    scaled = math.prod(max(numbers) for numbers in reports)
    assert found.p_evidence == pytest.approx(oracle["p_evidence"] / scaled, rel=1e-10)
