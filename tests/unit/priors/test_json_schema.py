"""The JSON Schemas that editors use: current, and of one mind with the loader."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from model.priors.schema.definitions import FILE_KINDS
from model.priors.schema.json_schema import FOLDER, KINDS, schema, write, written
from model.priors.yaml.reader import read_file
from tests.prior_copies import DATA, edited
from tests.sources import ROOT

PRIOR_FILES = sorted((ROOT / "priors").glob("*/*.yaml"))


def named(path: Path) -> str:
    return path.relative_to(ROOT / "priors").as_posix()


def kind_and_data(path: Path) -> tuple[str, Any]:
    data = read_file(path, file=path.name).data
    return "model" if path.name == "model.yaml" else next(iter(data)), data


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_in_the_folder_is_the_one_that_the_definitions_make(kind: str) -> None:
    found = (FOLDER / f"{kind}.schema.json").read_text(encoding="utf-8")
    assert found == written(kind), "run: python -m model.priors.schema.json_schema"


def test_there_is_a_schema_for_each_kind_of_file_and_no_other(tmp_path: Path) -> None:
    write(tmp_path)
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path in tmp_path.iterdir()}
    assert len(KINDS) == 1 + len(FILE_KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_itself_valid_and_allows_nothing_to_be_null_but_an_end_of_a_scale(kind: str) -> None:
    Draft202012Validator.check_schema(schema(kind))
    nullable = [name for name, said in schema(kind)["$defs"].items() if '"null"' in json.dumps(said)]
    assert nullable == (["MeasuredScale"] if kind == "variables" else [])


@pytest.mark.parametrize("path", PRIOR_FILES, ids=named)
def test_every_prior_file_begins_with_the_line_that_tells_editors_its_schema(path: Path) -> None:
    kind, _ = kind_and_data(path)
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first == f"# yaml-language-server: $schema=../schema/{kind}.schema.json"
    assert (path.parent / first.partition("=")[2]).resolve() == FOLDER / f"{kind}.schema.json"


@pytest.mark.parametrize("path", PRIOR_FILES, ids=named)
def test_every_prior_file_keeps_to_its_schema(path: Path) -> None:
    kind, data = kind_and_data(path)
    assert [error.message for error in Draft202012Validator(schema(kind)).iter_errors(data)] == []


def test_every_kind_of_variable_keeps_to_the_schema() -> None:
    _, data = kind_and_data(DATA / "kinds" / "variables.yaml")
    assert list(Draft202012Validator(schema("variables")).iter_errors(data)) == []


@pytest.mark.parametrize("file", ["model.yaml", "mornings.yaml"])
def test_counts_and_their_fading_keep_to_the_schema(file: str) -> None:
    kind, data = kind_and_data(DATA / "counts" / file)
    assert list(Draft202012Validator(schema(kind)).iter_errors(data)) == []


@pytest.mark.parametrize("path", sorted((DATA / "levels").iterdir()), ids=lambda path: path.name)
def test_what_has_levels_keeps_to_the_schema(path: Path) -> None:
    kind, data = kind_and_data(path)
    assert list(Draft202012Validator(schema(kind)).iter_errors(data)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: across_levels", "kind: across"),
        ("kind: across_levels", "kind: range"),
        ("unbounded", "endless"),
        ("    against: stock\n", ""),
        ("likely: 0.7", "likely: 0"),
        ("range: [0.25, 0.35]", "bounds: [0, 1]"),
    ],
)
def test_an_editor_marks_a_check_across_levels_of_the_wrong_shape(old: str, new: str, tmp_path: Path) -> None:
    folder = edited(DATA / "levels", tmp_path, "checks.yaml", (old, new))
    data = read_file(folder / "checks.yaml", file="checks.yaml").data
    assert not Draft202012Validator(schema("checks")).is_valid(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    not_expressible: No variable is about the general.\n", ""),
        ("    not_expressible:", "    event: {variable: war, states: [lost]}\n    not_expressible:"),
        ("p: 0.7", "p: 1"),
        ("asked: 2017-03-06", "asked: 2017-03"),
    ],
)
def test_an_editor_marks_a_question_of_the_wrong_shape(old: str, new: str, tmp_path: Path) -> None:
    folder = edited(DATA / "levels", tmp_path, "questions.yaml", (old, new))
    data = read_file(folder / "questions.yaml", file="questions.yaml").data
    assert not Draft202012Validator(schema("questions")).is_valid(data)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "negative",
            "above_one",
            "bare_true",
            "bare_yes",
            "missing_key",
            "unknown_key",
            "unknown_kind",
            "unknown_role",
        ),
        *("percent", "quoted_number", "sexagesimal", "missing_value", "unknown_top_key", "list_on_top"),
    ],
)
def test_what_the_loader_refuses_for_its_shape_an_editor_marks_too(name: str) -> None:
    data = read_file(DATA / "bad_priors" / f"{name}.yaml", file=name).data
    assert not Draft202012Validator(schema("variables")).is_valid(data)
