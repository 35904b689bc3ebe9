"""The page for modellers is true: what it says to type prints what is shown, and its workflow fails where it says."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.pages import Command, is_shown, page, run, steps
from tests.sources import ROOT

PAGE = page("modellers.md")
COMMANDS = [step for step in steps(PAGE) if isinstance(step, Command)]


def shell(line: str, environment: dict[str, str] | None = None) -> int:
    """The exit code of a line that is no command of this program alone."""
    return subprocess.run(["bash", "-euc", line], env=environment, check=False).returncode


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose folder ``models`` holds asia, committed, as the current folder."""
    for name, value in (("NAME", "A modeller"), ("EMAIL", "modeller@example.org")):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "before" / "asia")
    assert shell("git init -q -b main . && git add models && git commit -q -m 'As published'") == 0
    return tmp_path


def followed(here: Path) -> list[tuple[Command, int, list[str]]]:
    """Each command of the page done in turn, with its exit code and what it printed."""
    environment = {"AFTERMATH_STATE": str(here / "state")}
    done = []
    for step in COMMANDS:
        if step.line.startswith("export "):
            name, _, value = step.line.removeprefix("export ").partition("=")
            environment[name] = value
        elif step.words[0] == "aftermath":
            done.append((step, *run(step, environment)))
        else:
            assert step.words[0] in ("git", "sed"), step.line
            assert shell(step.line) == 0, step.line
    return done


def test_every_command_prints_what_is_shown(here: Path) -> None:
    done = followed(here)
    assert len(done) == 4
    for command, _, printed in done:
        assert is_shown(printed, command.shown), (command.line, printed)
    assert [code for _, code, _ in done] == [0, 0, 0, 0]


def workflow() -> dict[str, str]:
    """What the steps of the workflow run, by their names."""
    [text] = (text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "jobs:" in text)
    return {step["name"]: step["run"] for step in YAML(typ="safe").load(text)["jobs"]["diff"]["steps"] if "run" in step}


@pytest.mark.parametrize(("chance", "fails"), [("0.12", False), ("0.3", True)])
def test_the_workflow_writes_its_page_and_fails_over_the_limit_alone(here: Path, chance: str, fails: bool) -> None:
    tool = here / "bin" / "aftermath"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from service.cli.main import main; main()" "$@"\n')
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    environment = os.environ | {
        "PATH": f"{tool.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "AFTERMATH_PRIORS": "models",
        "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(here / "summary.md"),
    }
    assert shell("git update-ref refs/remotes/origin/main main && git checkout -q -b study", environment) == 0
    assert shell(COMMANDS[1].line.replace("0.12", chance).replace("0.88", f"{1 - float(chance):g}")) == 0
    assert shell("git commit -q -a -m study", environment) == 0
    lines = workflow()
    assert set(lines) == {"Install", "The models load", "What the edits do"}
    assert shell(lines["The models load"], environment) == 1  # the paper's own figure is a check, and 0.12 misses it
    assert shell(lines["What the edits do"], environment) == int(fails)
    summary = (here / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("## What the edits of asia do\n")
    assert "| lung, row when {smoke: yes} | numeric | asia/diseases.yaml:40 |" in summary


def test_the_lines_of_python_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [text] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert shell(COMMANDS[1].line) == 0
    names: dict[str, object] = {}
    exec(text, names)
    assert names["parts"] == {"lung, row when {smoke: yes}": pytest.approx(0.01, abs=1e-12)}
