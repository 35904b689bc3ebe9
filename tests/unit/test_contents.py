"""The model's contents page: what it names is there, and nothing is imported before it is asked for."""

import json
import subprocess
import sys

import pytest

import model
from tests.sources import ROOT


def loaded_after(code: str) -> set[str]:
    """Names of the modules that a fresh Python has after running the code in the project's folder."""
    said = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout))


def test_the_errors_are_imported_without_numpy_and_numba():
    loaded = loaded_after("import model.errors")
    assert not loaded & {"numpy", "numba", "scipy", "pydantic"}
    assert {name for name in loaded if name.split(".")[0] == "model"} == {"model", "model.errors"}


def test_evidence_and_specification_are_imported_without_numba():
    assert "numba" not in loaded_after("import model.evidence, model.specification")


def test_every_name_of_the_contents_page_is_what_its_file_calls_it():
    from model import evidence, forecast, priors, question

    homes = {**vars(evidence), **vars(forecast), **vars(question), "load": priors.load}
    assert all(getattr(model, name) is homes[name] for name in model.__all__)
    assert set(model.__all__) <= set(dir(model))


def test_no_module_of_the_model_hides_a_name_of_the_contents_page():
    files = {path.stem for path in (ROOT / "model").iterdir()}
    assert not files & set(model.__all__)


def test_a_name_that_the_contents_page_does_not_have_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'answerr'"):
        _ = model.answerr
