"""The page for analysts is true: every question can be asked all three ways, and has one answer."""

import json
import math
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from service.cli.main import commands
from tests.sources import ROOT
from wsgi import app

SERVER = "http://127.0.0.1:8000"
PAGE = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
BEFORE, *SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)


def blocks(section: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def asked(section: str, program: str) -> list[str]:
    """The one command of a section for this program, as words."""
    lines = [line.removeprefix("$ ") for text in blocks(section, "console") for line in text.splitlines()]
    (command,) = (line for line in lines if line.startswith(f"{program} "))
    return shlex.split(command)


def numbers(body: Any) -> Iterator[float]:
    if isinstance(body, dict | list):
        for each in body.values() if isinstance(body, dict) else body:
            yield from numbers(each)
    elif isinstance(body, float):
        yield body


@pytest.fixture(scope="module")
def imports() -> dict[str, Any]:
    names: dict[str, Any] = {}
    (once,) = blocks(BEFORE, "python")
    exec(once.replace('Path("priors/asia")', f"Path({str(ROOT / 'priors' / 'asia')!r})"), names)
    return names


def test_there_are_twelve_questions() -> None:
    assert [section.split(".")[0] for section in SECTIONS] == [str(number) for number in range(1, 13)]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.splitlines()[0])
def test_a_question_has_one_answer_over_http_on_the_command_line_and_in_python(
    section: str, imports: dict[str, Any]
) -> None:
    url = asked(section, "curl")[-1].removeprefix(SERVER)
    over_http = app.test_client().get(url, base_url=SERVER)
    assert over_http.status_code == 200, over_http.text

    words = asked(section, "aftermath")[1:]
    page = CliRunner().invoke(commands, words)
    assert page.exit_code == 0, page.output
    assert CliRunner().invoke(commands, [*words, "--json"]).stdout_bytes == over_http.data

    names = dict(imports)
    (snippet,) = blocks(section, "python")
    exec(snippet, names)
    assert [each for each in numbers(json.loads(over_http.data)) if math.isclose(each, names["found"], rel_tol=1e-9)]
