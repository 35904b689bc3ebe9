"""The name that a variable had before is no variable's now, and was one variable's alone."""

import pytest

from model import priors
from model.errors import BadPriors
from tests.prior_copies import edited
from tests.sources import ROOT

ASIA = ROOT / "priors" / "asia"


@pytest.mark.parametrize(
    ("was", "found"),
    [
        ("bronc", "found its own name, expected the name that it had before"),
        ("lung", "found 'lung', which is a variable of this model, expected the name that it had before"),
    ],
)
def test_a_name_that_a_variable_has_now_is_none_from_before(tmp_path, was, found):
    folder = edited(ASIA, tmp_path, "diseases.yaml", ("  bronc:\n", f"  bronc:\n    was: {was}\n"))
    with pytest.raises(BadPriors) as refused:
        priors.load(folder)
    [problem] = refused.value.problems
    assert (problem.file.endswith("diseases.yaml"), problem.where) == (True, "bronc, was")
    assert str(problem.found) in found
    assert str(problem.expected) in found


def test_two_variables_did_not_have_one_name(tmp_path):
    changes = [(f"  {name}:\n", f"  {name}:\n    was: cough\n") for name in ("bronc", "lung")]
    folder = edited(ASIA, tmp_path, "diseases.yaml", *changes)
    with pytest.raises(BadPriors) as refused:
        priors.load(folder)
    [problem] = refused.value.problems
    assert problem.found in ("'cough', which lung had too", "'cough', which bronc had too")


def test_a_name_from_before_changes_no_number(tmp_path):
    folder = edited(ASIA, tmp_path, "diseases.yaml", ("  bronc:\n", "  bronc:\n    was: bronchitis\n"))
    now, before = (priors.load(each).network.tables for each in (folder, ASIA))
    assert all((now[name] == before[name]).all() for name in before)
