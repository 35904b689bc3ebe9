"""Every command where its output goes nowhere, its terminal is odd, or its words are no text: never a traceback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from model import priors
from service.cli.main import commands
from tests.servers import ROOT

pytestmark = pytest.mark.slow

EVENT = ["asia", "lung", "yes"]
ARGUMENTS = {
    "activate": ["asia"],
    "ask": ["asia", "lung"],
    "attribution": EVENT,
    "brief": EVENT,
    "cause-effect": ["asia", "smoke", "lung", "yes"],
    "check": ["asia"],
    "cohorts": ["asia"],
    "compare": ["asia", "lung"],
    "db": ["check"],
    "diff": ["asia", str(ROOT / "priors" / "asia"), str(ROOT / "priors" / "asia")],
    "explain": EVENT,
    "export": ["asia", "exported.bif"],
    "goals": [*EVENT, "--below", "0.05"],
    "import": ["asia.bif", "imported"],
    "matrix": ["asia"],
    "models": [],
    "new": ["fresh"],
    "plan": EVENT,
    "plot": ["tornado", *EVENT, "plot.svg"],
    "policies": EVENT,
    "prose": ["report.md"],
    "questions": ["asia"],
    "scenarios": ["asia"],
    "schema": ["priors"],
    "sensitivity": EVENT,
    "serve": ["--help"],
    "show": ["asia", "lung"],
    "sources": ["asia"],
    "status": [],
    "sweep": ["asia", "--grid", "xray=*;do.smoke=no", "--out", "swept"],
    "link": ["list"],
    "token": ["list"],
    "validate": [str(ROOT / "priors" / "asia"), "--against", str(ROOT / "priors" / "asia")],
    "variables": ["asia"],
}
QUIET = {"export", "import", "new", "plot", "schema"}
"""Commands whose output is a file."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, asia: Path) -> Path:
    """A file of another program's format."""
    folder = tmp_path_factory.mktemp("exported")
    run(["export", "asia", "asia.bif"], folder, AFTERMATH_PRIORS=str(asia))
    return folder / "asia.bif"


@pytest.fixture
def place(tmp_path: Path, asia: Path, exported: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in, with models of its own and a file to import."""
    shutil.copytree(asia, tmp_path / "priors")
    shutil.copy(exported, tmp_path)
    cited = f"/v1/models/asia/forecast/lung?given=xray:yes&revision={priors.load(asia / 'asia').revision}"
    (tmp_path / "report.md").write_text(f"Lung cancer is at 49 % ({cited}).")
    monkeypatch.setenv("AFTERMATH_PRIORS", str(tmp_path / "priors"))
    return tmp_path


def run(
    words: list[str] | list[bytes], folder: Path, *, out: int | None = None, **settings: str
) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    command = [sys.executable, "-m", "service.cli.main", *words]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if out is None else out,
        stderr=subprocess.PIPE,
        timeout=120,
        check=False,
    )


def said(ended: subprocess.CompletedProcess[bytes]) -> list[str]:
    text = ended.stderr.decode(errors="replace")
    assert "Traceback" not in text, text
    assert "Exception ignored" not in text, text
    return text.splitlines()


def words(name: str) -> list[str]:
    return [name, *ARGUMENTS[name]]


def test_every_command_is_tried() -> None:
    assert sorted(ARGUMENTS) == sorted(commands.commands)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_full_disk_is_told_in_a_line(name: str, place: Path) -> None:
    with open("/dev/full", "wb") as full:
        ended = run(words(name), place, out=full.fileno())
    lines = said(ended)
    if name not in QUIET:
        assert ended.returncode == 1
        assert lines[-1] == "aftermath: No space left on device"
        assert len(lines) == 1


def each_or(quick: set[str]) -> list[object]:
    """Every command, all but some of them in the long version alone."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.long) for name in ARGUMENTS]


@pytest.mark.parametrize("name", each_or({"ask", "models", "check", "serve", "export"}))
def test_a_reader_that_has_gone_is_no_error_to_show(name: str, place: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = run(words(name), place, out=writing)
    os.close(writing)
    assert said(ended) == [] or name in QUIET


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_narrow_plain_terminal_gets_the_answer(name: str, place: Path) -> None:
    ended = run(words(name), place, COLUMNS="40", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", TERM="dumb")
    assert ended.returncode == 0, said(ended)
    said(ended)
    assert b"\x1b" not in ended.stdout


@pytest.mark.parametrize("name", ARGUMENTS)
def test_words_that_are_no_text_are_refused_in_sentences(name: str, place: Path) -> None:
    odd = [name.encode(), *(word.encode() for word in ARGUMENTS[name])]
    ended = run([*odd[:1], b"\xff\xfe", *odd[2:]], place)
    assert ended.returncode != 0 or name in QUIET or name in ("serve", "models")
    said(ended)


def test_a_disk_that_is_full_when_a_file_is_written_is_told_in_a_line(place: Path) -> None:
    ended = run(["export", "asia", "/dev/full", "--format", "bif"], place)
    lines = said(ended)
    assert ended.returncode != 0
    assert len(lines) <= 4
