"""Which headlines move over a model's limit between two revisions."""

import pytest

from model.analyses.revision_diff import over_limit
from tests.revisions import changed
from tests.sources import ROOT

ASIA = ROOT / "priors" / "asia"
LIMIT = ("model.yaml", "headline:", "acknowledge_over: 0.03\nheadline:")
LUNG = ("diseases.yaml", "{yes: 0.1, no: 0.9}", "{yes: 0.2, no: 0.8}")
XRAY = ("findings.yaml", "{yes: 0.98, no: 0.02}", "{yes: 0.9, no: 0.1}")


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    return changed(ASIA, tmp_path_factory.mktemp("limited"), LIMIT).forecaster


def found(old, tmp_path, *changes):
    new = changed(ASIA, tmp_path, *changes).forecaster
    return [(each.headline, each.scenario, each.state) for each in over_limit(old, new)]


def test_the_state_that_moves_most_is_told_under_each_scenario(limited, tmp_path):
    moved = found(limited, tmp_path, LIMIT, LUNG)
    assert moved == [("lung", None, "yes"), ("lung", "back_from_asia", "yes")]


def test_what_moves_less_than_the_limit_passes(limited, tmp_path):
    assert found(limited, tmp_path, LIMIT, XRAY) == []


def test_an_edit_cannot_take_the_limit_away_that_it_passes(limited, tmp_path):
    assert found(limited, tmp_path, LUNG)
    looser = ("model.yaml", "headline:", "acknowledge_over: 0.9\nheadline:")
    (tmp_path / "more").mkdir()
    assert found(limited, tmp_path / "more", looser, LUNG)


def test_without_a_limit_every_edit_passes(tmp_path):
    plain = changed(ASIA, tmp_path).forecaster
    (tmp_path / "more").mkdir()
    assert found(plain, tmp_path / "more", LUNG) == []


def test_a_headline_that_the_new_model_cannot_answer_is_over_every_limit(limited, tmp_path):
    other = changed(ROOT / "tests" / "data" / "models" / "oddities", tmp_path).forecaster
    assert {(each.state, str(each)) for each in over_limit(limited, other) if each.scenario is None} == {
        (None, f"{name} is answered by one of the two revisions alone") for name in limited.model.headline
    }
