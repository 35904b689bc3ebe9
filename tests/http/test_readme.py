"""The README is true: its commands exist, its links answer, and the answers it shows are the answers given."""

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dev
from service.cli.main import commands
from wsgi import app

README = Path(dev.ROOT, "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(console|json)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for kind, text in BLOCKS for line in text.splitlines() if line.startswith("$ ")]
SERVER = "http://127.0.0.1:8000"


def of(program: str) -> list[str]:
    found = [command for command in COMMANDS if command.startswith(program)]
    assert found, f"the README shows no {program}"
    return found


def get(command: str) -> Any:
    (url,) = [word for word in shlex.split(command) if word.startswith(SERVER)]
    answer = app.test_client().get(url.removeprefix(SERVER), base_url=SERVER)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text)


def shown_answers() -> Iterator[tuple[str, Any]]:
    """Each request with the JSON printed under it, numbers kept with the digits they are printed with."""
    for (kind, text), (following, body) in itertools.pairwise(BLOCKS):
        if kind == "console" and text.startswith("$ curl") and following == "json":
            yield text.strip().removeprefix("$ "), json.loads(body, parse_float=Decimal)


def printed_tables() -> Iterator[tuple[str, str]]:
    for kind, text in BLOCKS:
        command, _, output = text.removeprefix("$ ").partition("\n")
        if kind == "console" and command.startswith("aftermath") and output and not output.startswith("$ "):
            yield command, output


def differences(answer: Any, shown: Any, place: str = "answer") -> Iterator[str]:
    """Where an answer is not what is shown: every key shown is there, every list whole, numbers to the digits shown."""
    if isinstance(shown, dict) and isinstance(answer, dict):
        for key, value in shown.items():
            yield from differences(answer.get(key), value, f"{place}.{key}")
    elif isinstance(shown, list) and isinstance(answer, list) and len(shown) == len(answer):
        for index, (one, other) in enumerate(zip(answer, shown, strict=True)):
            yield from differences(one, other, f"{place}[{index}]")
    elif isinstance(shown, Decimal) and isinstance(answer, float):
        if Decimal(repr(answer)).quantize(shown) != shown:
            yield f"{place} is {answer}, shown as {shown}"
    elif answer != shown:
        yield f"{place} is {answer!r}, shown as {shown!r}"


@pytest.mark.parametrize("command", of("python3 dev.py"))
def test_a_command_of_dev_py_exists(command: str) -> None:
    options, rest = dev.parsed(shlex.split(command)[2:])
    assert options.command in ("run", "test")
    assert rest == []


@pytest.mark.parametrize("command", of("aftermath"))
def test_a_command_runs_as_it_is_written(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(commands, shlex.split(command)[1:], prog_name="aftermath")
    assert ran.exit_code == 0, ran.output


def test_every_request_stands_with_its_answer() -> None:
    shown = dict(shown_answers())
    assert list(shown) == of("curl")
    found = [difference for command, answer in shown.items() for difference in differences(get(command), answer)]
    assert found == []


def test_a_question_on_the_command_line_prints_what_is_shown() -> None:
    shown = dict(printed_tables())
    assert of("aftermath ask")[0] in shown
    for command, output in shown.items():
        assert CliRunner().invoke(commands, shlex.split(command)[1:]).output.rstrip() == output.rstrip()


def test_a_wrong_digit_or_a_missing_state_in_the_readme_is_found() -> None:
    answer = {"distribution": [{"state": "a", "p": 0.31249}, {"state": "b", "p": 0.68751}]}
    right = {"distribution": [{"state": "a", "p": Decimal("0.312")}, {"p": Decimal("0.69")}]}
    assert list(differences(answer, right)) == []
    assert list(differences(answer, {"distribution": [{"state": "a"}]})) != []
    assert list(differences(answer, {"distribution": [{"p": Decimal("0.313")}, {}]})) == [
        "answer.distribution[0].p is 0.31249, shown as 0.313"
    ]


def test_every_room_on_the_map_exists() -> None:
    rooms = re.findall(r"^\| (`[^|]+`) \|", README.split("## The map of the house")[1].split("##")[0], re.MULTILINE)
    paths = [path for row in rooms for path in re.findall(r"`([^`]+)`", row)]
    assert len(paths) > 8
    assert [path for path in paths if not (dev.ROOT / path).exists()] == []
