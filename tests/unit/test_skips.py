"""Nothing is skipped in silence: what tests/conftest.py makes of a skip."""

import os
import subprocess
import sys
from pathlib import Path

import dev

SKIPS = (
    "import pytest\n"
    "def test_that_needs_a_printer():\n    pytest.skip('no printer')\n"
    "@pytest.mark.skip\ndef test_without_a_word(): pass\n"
    "@pytest.mark.long\ndef test_of_an_hour(): raise SystemExit\n"
    "@pytest.mark.needs('a-program-nobody-has')\ndef test_with_a_tool(): pass\n"
    "def test_that_runs(): pass\n"
)


def outcome(folder: Path, **settings: str) -> str:
    (folder / "conftest.py").write_text((dev.ROOT / "tests" / "conftest.py").read_text())
    (folder / "test_skips.py").write_text(SKIPS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    long: x\n    needs: x\n")
    environment = {**os.environ, "CI": "", **settings}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "."]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return ran.stdout


def test_in_ci_a_skip_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    said = outcome(tmp_path, CI="true")
    assert "1 failed, 1 passed, 1 deselected, 2 errors" in said
    assert "nothing is skipped in CI: no printer" in said


def test_elsewhere_a_skip_needs_only_a_reason(tmp_path: Path) -> None:
    said = outcome(tmp_path)
    assert "1 passed, 2 skipped, 1 deselected, 1 error" in said
    assert "a skipped test must say why" in said
