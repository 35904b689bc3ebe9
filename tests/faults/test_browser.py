"""What modellers write, in a real Chromium: nothing of it runs (fault 50)."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.faults.test_hostile_priors import SENTENCES
from tests.prior_copies import ASIA, copied, said
from tests.servers import gunicorn

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium")]

RUN = "document.documentElement.setAttribute('data-ran', 1)"
PAYLOADS = (
    f"<script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f'\\"><svg onload="{RUN}">',
    f'</h1><details open ontoggle="{RUN}">',
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    f'</title><body onload="{RUN}">',
)


def shown(address: str, profile: Path) -> str:
    """The page as it stands in the browser once its scripts have run."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    command += ["--virtual-time-budget=2000", "--dump-dom", address]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return ran.stdout


@pytest.mark.parametrize("payload", PAYLOADS[:2])
def test_a_page_that_is_not_ours_runs_what_is_written_into_it(payload: str, tmp_path: Path) -> None:
    """What the next test relies on: the browser runs scripts, and that is seen."""
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><title>t</title><h1>{payload}</h1>")
    assert "data-ran" in shown(page.as_uri(), tmp_path / "profile").partition("<body")[0]


def test_fault_50_nothing_that_a_modeller_writes_runs_in_a_browser(tmp_path: Path) -> None:
    models = tmp_path / "models"
    for number, payload in enumerate(PAYLOADS):
        written = payload.replace("\\", "\\\\").replace('"', '\\"')
        folder = copied(ASIA, models).rename(models / f"asia-{number}")
        for path in folder.glob("*.yaml"):
            path.write_text(SENTENCES.sub(lambda found, written=written: f'{found[1]}"{written}"\n', path.read_text()))
        assert said(folder) == []
        wrong = models / f"wrong-{number}"
        wrong.mkdir()
        (wrong / "model.yaml").write_text(f'title: "{written}"\n"{written}": 1\n...\n')
    with gunicorn(models, tmp_path / "log", workers=1) as server:
        pages = {page: shown(server.url + page, tmp_path / "profile") for page in ("/", "/errors")}
    assert all(f"wrong-{number}" in pages["/"] for number in range(len(PAYLOADS)))
    assert "onerror" in pages["/"]
    for page in pages.values():
        assert "data-ran" not in re.sub("<title>.*?</title>", "", page.partition("<body")[0], flags=re.DOTALL)
        assert "<svg onload" not in page
