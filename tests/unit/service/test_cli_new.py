"""``aftermath new`` makes a model that loads, ``aftermath schema`` what the first lines of its files point at."""

import json
import os
import re
from pathlib import Path

import pytest

from model import priors
from model.priors.files import NAME_RULE
from model.priors.schema.json_schema import KINDS, written
from service.cli import new


def test_a_new_model_passes_its_check_even_a_strict_one(run, tmp_path: Path) -> None:
    ran = run("new", tmp_path / "ceasefire")
    assert (ran.code, ran.err) == (0, "")
    assert run("check", "ceasefire", "--strict", "--priors", tmp_path).code == 0


def test_a_new_model_shows_each_part_once(run, tmp_path: Path) -> None:
    run("new", tmp_path / "mine")
    model = priors.load(tmp_path / "mine")
    assert len(model.network.names) == 3
    assert (len(model.sources), len(model.scenarios), len(model.examples)) == (1, 1, 1)
    assert all("#" in file.read_text() for file in (tmp_path / "mine").iterdir())


def test_the_commands_that_it_names_run(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named = [line for line in run("new", "models/mine").out.splitlines() if line.startswith("aftermath ")]
    assert len(named) == 2
    assert [run(*line.split()[1:]).code for line in named] == [0, 0]


def test_an_empty_folder_is_filled(run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert run("new", tmp_path / "mine").code == 0


def test_a_folder_with_something_in_it_is_refused_and_stays_as_it_is(run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    ran = run("new", tmp_path / "mine")
    assert ran.code == 1
    assert "not empty" in ran.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", ["Ceasefire", "a model", "x" * 65])
def test_a_name_that_no_model_may_have_is_refused(run, tmp_path: Path, name: str) -> None:
    ran = run("new", tmp_path / name)
    assert ran.code == 1
    assert NAME_RULE in ran.err
    assert list(tmp_path.iterdir()) == []


def test_nothing_stays_when_a_file_cannot_be_written(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(new.os, "replace", full)
    ran = run("new", tmp_path / "mine")
    assert (ran.code, ran.err) == (1, f"{tmp_path / 'mine'}: cannot be written: {os.strerror(28)}\n")
    assert list(tmp_path.iterdir()) == []


def test_every_file_of_a_new_model_points_at_a_schema_that_schema_writes(run, tmp_path: Path) -> None:
    run("new", tmp_path / "mine")
    assert run("schema", tmp_path / "mine").code == 0
    for file in (tmp_path / "mine").iterdir():
        (path,) = re.findall(r"\$schema=(\S+)", file.read_text())
        json.loads((file.parent / path).read_text())


def test_schemas_stand_beside_a_model_or_inside_a_folder_of_models(run, tmp_path: Path) -> None:
    run("new", tmp_path / "models" / "mine")
    for named in (tmp_path / "models" / "mine", tmp_path / "models"):
        assert run("schema", named).code == 0
        folder = tmp_path / "models" / "schema"
        assert {path.name: path.read_text() for path in folder.iterdir()} == {
            f"{kind}.schema.json": written(kind) for kind in KINDS
        }


def test_a_folder_that_holds_no_model_gets_no_schemas(run, tmp_path: Path) -> None:
    ran = run("schema", tmp_path)
    assert ran.code == 1
    assert "model.yaml" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["check", "mine"], ["variables", "mine"], ["show", "mine", "mission"]])
def test_a_folder_without_model_yaml_says_what_stands_in_its_place(run, tmp_path: Path, command: list[str]) -> None:
    run("new", tmp_path / "mine")
    (tmp_path / "mine" / "model.yaml").rename(tmp_path / "mine" / "model.yml")
    ran = run(*command, "--priors", tmp_path)
    assert ran.code == 1
    assert "model.yaml:1:1: no such file, but 'model.yml', expected that file" in ran.out + ran.err
