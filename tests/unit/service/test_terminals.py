"""Every command on every terminal: narrow ones, none at all, without colours, and with few letters."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from model import priors
from service.cli import page
from service.cli.main import commands
from tests.prior_copies import DATA
from tests.sources import ROOT

ASKED = {
    "activate": "asia --state {folder}/state",
    "ask": "asia lung --given xray:yes --do smoke:no",
    "attribution": "asia lung yes --given xray:yes",
    "brief": "asia lung yes --given xray:yes",
    "cause-effect": "asia bronc dysp yes",
    "check": "asia",
    "cohorts": "asia",
    "compare": "asia lung --side given=smoke:yes --side given=smoke:no",
    "diff": "asia {asia} {asia}",
    "db": "upgrade --state {folder}/state",
    "explain": "asia dysp yes --given xray:yes --do smoke:no",
    "export": "asia {folder}/asia.bif",
    "goals": "asia dysp yes --below 0.4",
    "import": "{folder}/small.bif small --priors {folder}",
    "link": "list --state {folder}/state",
    "matrix": "asia",
    "models": "",
    "new": "{folder}/mine",
    "plan": "asia lung yes --given dysp:yes",
    "plot": "network asia lung {folder}/asia.svg",
    "policies": "asia dysp yes",
    "prose": "{folder}/report.md",
    "questions": "mosul-2017",
    "scenarios": "asia",
    "schema": "{priors}",
    "sensitivity": "asia lung yes --threshold 0.4",
    "show": "asia dysp",
    "sources": "asia",
    "status": "--state {folder}/state",
    "sweep": "asia --grid xray=*;do.smoke=no --out {folder}/swept",
    "token": "list --state {folder}/state",
    "validate": "{asia} --against {asia}",
    "variables": "asia",
}
NARROW = 40


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, list[str]]:
    """The words of each command, with what it reads and writes in a folder of its own."""
    small = (
        "network small { }\nvariable a { type discrete [ 2 ] { no, yes }; }\nprobability ( a ) { table 0.3, 0.7; }\n"
    )
    (tmp_path / "small.bif").write_text(small, encoding="utf-8")
    revision = priors.load(ROOT / "priors" / "asia").revision
    cited = f"/v1/models/asia/forecast/lung?given=xray:yes&revision={revision}"
    (tmp_path / "report.md").write_text(f"Lung cancer is at 49 % ({cited}).", encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "kinds").symlink_to(DATA / "kinds")
    places = {"asia": str(ROOT / "priors" / "asia"), "folder": str(tmp_path), "priors": str(tmp_path / "models")}
    return {name: [name, *words.format(**places).split()] for name, words in ASKED.items()}


def too_long(output: str) -> list[str]:
    """Lines wider than the terminal that are neither a row of a table nor one long word."""
    return [
        line
        for line in output.splitlines()
        if len(line) > NARROW and len(line.split()) > 1 and not page.ROW.search(line)
    ]


def test_every_command_is_asked_something() -> None:
    assert set(ASKED) | {"serve"} == set(commands.commands)


@pytest.mark.parametrize("name", ASKED)
def test_running_text_is_no_wider_than_a_narrow_terminal(name: str, asked: dict[str, list[str]]) -> None:
    ran = CliRunner().invoke(commands, asked[name], env={"COLUMNS": str(NARROW)}, prog_name="aftermath")
    assert ran.exit_code == 0, ran.output
    assert too_long(ran.output) == []


@pytest.mark.parametrize("name", commands.commands)
def test_help_is_no_wider_than_a_narrow_terminal(name: str) -> None:
    ran = CliRunner().invoke(commands, [name, "--help"], env={"COLUMNS": str(NARROW)}, prog_name="aftermath")
    assert ran.exit_code == 0
    beside = " " * 20  # the second column of the options, which may not be narrower than a word
    wide = (line for line in too_long(ran.output) if not line.startswith(beside))
    assert [line for line in wide if not line.lstrip().startswith("aftermath ")] == []


def test_problems_and_refusals_are_no_wider_either(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "model.yaml").write_text("title: 5\n...\n", encoding="utf-8")
    for words in (["check", "bad", "--priors", str(tmp_path)], ["ask", "asia", "lungs"]):
        ran = subprocess.run(
            [sys.executable, "-m", "service.cli.main", *words],
            env={**os.environ, "COLUMNS": str(NARROW)},
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert ran.returncode == 1
        assert too_long(ran.stdout + ran.stderr) == []


def test_where_nobody_says_how_wide_it_is_a_problem_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "model.yaml").write_text("title: 5\n...\n", encoding="utf-8")
    ran = CliRunner().invoke(commands, ["check", "bad", "--priors", str(tmp_path)], env={"COLUMNS": None})
    assert all(line.startswith((f"{tmp_path}", "bad: ")) for line in ran.output.splitlines())


@pytest.mark.parametrize("name", ASKED)
def test_no_command_sends_colours_to_a_pipe_or_where_none_are_wanted(name: str, asked: dict[str, list[str]]) -> None:
    ran = CliRunner().invoke(commands, asked[name], env={"NO_COLOR": "1", "COLUMNS": None}, prog_name="aftermath")
    assert ran.exit_code == 0, ran.output
    assert "\x1b" not in ran.output


ALL_IN_ONE = (
    "import json, sys\n"
    "from service.cli import main\n"
    "for words in json.loads(sys.argv[1]):\n"
    "    try:\n"
    "        main.main(words)\n"
    "    except SystemExit as ended:\n"
    "        assert not ended.code, words\n"
)


@pytest.mark.parametrize(
    ("variables", "encoding"),
    [
        ({"LC_ALL": "C"}, "ascii"),
        ({"LC_ALL": "POSIX"}, "ascii"),
        ({"PYTHONIOENCODING": "iso-8859-15"}, "iso-8859-15"),
        ({"LC_ALL": "de_DE.UTF-8"}, "utf-8"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else value,
)
def test_every_command_speaks_in_the_letters_of_the_locale(
    variables: dict[str, str], encoding: str, asked: dict[str, list[str]]
) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("LC_ALL", "PYTHONIOENCODING")}
    ran = subprocess.run(
        [sys.executable, "-c", ALL_IN_ONE, json.dumps(list(asked.values()))],
        env={**environment, **variables},
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    said = ran.stdout.decode(encoding)
    assert ran.returncode == 0, ran.stderr.decode(encoding, "replace")
    assert "Traceback" not in ran.stderr.decode(encoding)
    assert "\ufffd" not in said
    assert not re.search(r"â|Â|\?\?", said)
    assert len(said.splitlines()) > 200


def test_a_letter_that_a_terminal_lacks_is_written_in_those_that_it_has() -> None:
    assert page.in_letters_of("ascii", "7–9 × é…") == "7-9 * e..."
    assert page.in_letters_of("iso-8859-15", "é € –") == "é € -"
