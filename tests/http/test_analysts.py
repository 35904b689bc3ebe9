"""The page for analysts is true: every question can be asked all three ways, and has one answer."""

import json
import math
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from model.report.probability_words import WORDS, in_words
from service.cli.main import commands
from service.routes import OPERATIONS
from tests.sources import ROOT
from wsgi import app

SERVER = "http://127.0.0.1:8000"
PAGE = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
BEFORE, *EVERY = re.split(r"^## ", PAGE, flags=re.MULTILINE)
SECTIONS = [section for section in EVERY if section[0].isdigit()]
[BODIES] = (section for section in EVERY if section.startswith("Questions too long"))


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


OF_OTHERS = {"/v1/models/asia/validate", "/v1/models/asia/activate", "/v1/links"}
"""Addresses that the pages for modellers and operators tell of."""


def posted() -> list[tuple[str, Any]]:
    """The path and the body of each request of the page that has one."""
    lines = [line.removeprefix("$ ") for text in blocks(BODIES, "console") for line in text.splitlines()]
    asked_by_curl = [shlex.split(line) for line in lines]
    assert all(words[:2] == ["curl", "-g"] and words[3] == "--json" for words in asked_by_curl)
    return [(words[2].removeprefix(SERVER), json.loads(words[4])) for words in asked_by_curl]


def test_every_address_that_takes_a_json_body_has_an_example_with_one() -> None:
    takes_a_body = {each.path.replace("<model>", "asia") for each in OPERATIONS if each.method == "POST"}
    assert {path for path, _ in posted()} == takes_a_body - OF_OTHERS


@pytest.mark.parametrize(("path", "body"), posted())
def test_what_is_sent_as_a_body_is_answered(path: str, body: Any) -> None:
    sent = app.test_client().post(path, base_url=SERVER, json=body)
    assert sent.status_code == 200, sent.text
    said = json.loads(sent.data)
    if path.endswith("batch"):
        assert [each["id"] for each in said["cases"]] == [each["id"] for each in body["cases"]]
        assert all(each["targets"] for each in said["cases"])
    elif path == "/v1/prose":
        assert said["supported"] is True
    elif path == "/mcp":
        assert said["result"]["serverInfo"]["name"] == "aftermath"
    else:
        again = app.test_client().get(said["permalink"], base_url=SERVER)
        assert again.data == sent.data or (path == "/v1/answers" and again.json["revision"] == said["revision"])


def test_the_example_of_a_text_is_judged_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [section] = (section for section in EVERY if section.startswith("A text, held against"))
    report, said = blocks(section, "text")
    monkeypatch.chdir(tmp_path)
    Path("report.md").write_text(report, encoding="utf-8")
    words = asked(section, "aftermath")[1:]
    judged = CliRunner().invoke(commands, words, env={"AFTERMATH_PRIORS": str(ROOT / "priors"), "COLUMNS": "100"})
    assert (judged.exit_code, judged.output) == (1, said)


def test_the_words_of_likelihood_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| ([a-z ]+|more than 99 %) \| (.*?\d.*?) \|$", PAGE, re.MULTILINE)
    assert len(rows) == len(WORDS)
    for (words, bounds), whole in zip(rows, WORDS, strict=True):
        assert whole.startswith(words)
        low = re.search(r"from ([\d.]+) %", bounds)
        high = re.search(r"below ([\d.]+) %", bounds)
        assert in_words(float(low[1]) / 100 if low else 0.0) == whole
        assert in_words(math.nextafter(float(high[1]) / 100, 0) if high else 1.0) == whole
