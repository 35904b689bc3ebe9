"""The notebook over HTTP runs against a served model, and says what the service says."""

import json
import os
import re
from collections.abc import Iterator

import pytest

from service.client import Client, Question
from tests.servers import ROOT, Server, gunicorn

nbformat = pytest.importorskip("nbformat", reason="needs nbformat, an extra of the tests")
nbclient = pytest.importorskip("nbclient", reason="needs nbclient, an extra of the tests")

NOTEBOOK = ROOT / "docs" / "client.ipynb"
TARGET, STATE = "radicalised_youth_pool", "growing"
GIVEN = {"is_finances": "halved", "border_intel_strength": "weak"}
ABOUT = Question(TARGET, GIVEN, {"returnee_response_model": "care_and_mentoring"}, scenario="none")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "models").mkdir()
    (folder / "models" / "mosul-2017").symlink_to(ROOT / "priors" / "mosul-2017")
    with gunicorn(folder / "models", folder / "log", AFTERMATH_STATE=str(folder / "state")) as server:
        yield server


@pytest.fixture(scope="module")
def cells(running: Server) -> list[str]:
    """What each cell of code put out, as text."""
    environment = {**os.environ, "AFTERMATH_URL": running.url, "PYTHONPATH": str(ROOT)}
    found = nbformat.read(NOTEBOOK, as_version=4)
    runner = nbclient.NotebookClient(found, timeout=120, kernel_name="python3", resources={"metadata": {"path": ROOT}})
    runner.execute(env=environment)
    return [text_of(cell) for cell in found.cells if cell.cell_type == "code"]


def text_of(cell) -> str:
    texts = [each.get("text", "") or each.get("data", {}).get("text/html", "") for each in cell.outputs]
    assert "error" not in {each.output_type for each in cell.outputs}
    return "".join(texts)


@pytest.mark.slow
def test_the_notebook_runs_against_a_served_model_and_says_what_the_service_says(running, cells):
    with Client(running.url) as client:
        mosul = client.model("mosul-2017")
        whole = mosul.query(ABOUT)
        now = whole.probability(STATE)
        said = "\n".join(cells)
        assert f"Forecast {STATE}: {now:.4f}, revision {whole.revision}" in said
        assert f"P(evidence) {whole.p_evidence:.4f}; {whole.sentence}" in said
        assert "Refused: unknown_state at given.is_finances, did you mean 'halved'?" in said
        widest = mosul.sensitivity(ABOUT, STATE, threshold=now).rows[0]
        assert f"Widest swing {widest.swing:.4f}: {widest.variable}" in said
        undone = Question(TARGET, GIVEN, scenario="none")
        best = mosul.goals(undone, STATE, below=round(now + 0.005, 4)).sets[0]
        assert f"brings it to {best.p:.4f}" in said
        assert f"Polled {now:.4f}" in said
        assert re.search(r"Kept as /v1/answers/a-[0-9a-f]{24}\.json", said)


@pytest.mark.slow
def test_answers_show_themselves_as_tables(cells):
    assert sum("<table" in each for each in cells) >= 10
    assert sum("dataframe" in each for each in cells) >= 9


def test_the_notebook_is_kept_without_results():
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    code = [cell for cell in found["cells"] if cell["cell_type"] == "code"]
    prose = ["".join(cell["source"]) for cell in found["cells"] if cell["cell_type"] == "markdown"]
    assert len(code) > 10
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert [text for text in prose if re.search(r"\b0\.\d|\d %", text)] == []
