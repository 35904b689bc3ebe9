"""The tutorial is true: whoever does what it says has a model of ten variables, and reads what it prints."""

import shutil
from pathlib import Path

import pytest

from model.priors import load
from tests.pages import Command, File, followed, is_shown, page, steps

PAGE = page("tutorial.md")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_prints_what_is_shown_and_the_model_has_ten_variables(here: Path) -> None:
    folder = here / "models" / "appointment"
    codes = []
    for command, code, printed in followed(PAGE, folder):
        assert is_shown(printed, command.shown), (command.line, printed)
        assert (code == 0) == ("problem" not in command.shown[-1]), command.line
        codes.append(code)
    assert (len(codes) > 12, codes.count(1)) == (True, 1)
    model = load(folder)
    assert len(model.network.names) == 10
    assert (len(model.scenarios), len(model.checks)) == (1, 1)


def test_nothing_in_it_rests_on_a_source_that_is_not_one_of_the_two(here: Path) -> None:
    list(followed(PAGE, here / "models" / "appointment"))
    model = load(here / "models" / "appointment")
    assert {source for each in model.described.values() for source in each.sources} == {"db_2023", "judgement"}


def test_each_kind_of_step_is_taken() -> None:
    done = list(steps(PAGE))
    lines = [step.line for step in done if isinstance(step, Command)]
    for word in ("new", "schema", "check", "show", "ask", "policies", "explain"):
        assert any(line.startswith(f"aftermath {word} ") for line in lines), word
    for option in ("--do", "--scenario", "--interval", "--given"):
        assert any(f" {option} " in line for line in lines), option
    names = [step.name for step in done if isinstance(step, File)]
    assert names.count("scenarios.yaml") == 2


def test_a_changed_number_or_a_line_too_many_is_seen() -> None:
    assert is_shown(["a 0.25", "b 0.75"], ["a 0.25", "…"])
    assert not is_shown(["a 0.25", "b 0.75"], ["a 0.26", "…"])
    assert not is_shown(["a 0.25", "b 0.75"], ["a 0.25"])


def test_the_schemas_that_the_files_name_are_written(here: Path) -> None:
    list(followed(PAGE, here / "models" / "appointment"))
    for step in steps(PAGE):
        if isinstance(step, File):
            first = step.text.partition("\n")[0].partition("=")[2]
            assert (here / "models" / "appointment" / first).resolve().is_file(), step.name
    shutil.rmtree(here / "models")
