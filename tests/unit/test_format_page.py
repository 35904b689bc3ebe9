"""The page of the format: whole, made from the definitions, and its examples are loaded and asked."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from model.priors import load
from model.priors.schema.json_schema import KINDS, schema_of
from model.priors.yaml.reader import read
from tests.pages import File, followed, is_shown, page, steps
from tests.sources import ROOT

PAGE = page("format.md")
FILES = [step for step in steps(PAGE) if isinstance(step, File)]


def made_by() -> ModuleType:
    """docs/tables.py, which makes the tables of the manual."""
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TABLES = made_by()


def said(node: Any) -> Iterator[tuple[str, str]]:
    """Every key that is written in a definition and below it, with the definition whose own key it is."""
    if isinstance(node, BaseModel):
        for name in node.model_fields_set:
            owner = next(kind for kind in type(node).__mro__ if name in kind.__annotations__)
            yield owner.__name__, type(node).model_fields[name].alias or name
            yield from said(getattr(node, name))
    elif isinstance(node, dict | list):
        for each in node.values() if isinstance(node, dict) else node:
            yield from said(each)


@pytest.mark.parametrize("name", TABLES.PAGES)
def test_the_tables_of_a_page_are_those_that_the_definitions_make(name: str) -> None:
    assert page(name) == TABLES.with_tables(page(name)), "run: python docs/tables.py"


def test_every_definition_of_the_format_has_its_table_once() -> None:
    made = [name for what in re.findall(r"<!-- made: keys of (.*?) -->", PAGE) for name in what.split(", ")]
    assert sorted(made) == sorted(TABLES.definitions())


def test_every_key_says_what_it_means() -> None:
    silent = [
        (name, key)
        for name, definition in TABLES.definitions().items()
        for key in TABLES.own_keys(definition)
        if not schema_of(definition)["properties"][key].get("description")
    ]
    assert silent == []


def test_every_link_on_the_page_has_its_heading() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in re.findall(r"^#+ (.*)$", PAGE, re.M)
    }
    links = set(re.findall(r"\]\(#([^)]*)\)", PAGE))
    assert len(links) > 40
    assert links - headings == set()


def test_every_key_is_in_an_example() -> None:
    written: set[tuple[str, str]] = set()
    for file in FILES:
        data = read(file.text.encode(), file=file.name).data
        kind = "model" if file.name == "model.yaml" else next(iter(data))
        written |= set(said(KINDS[kind].model_validate(data)))
    keys = {(name, key) for name, each in TABLES.definitions().items() for key in TABLES.own_keys(each)}
    assert keys - written == set()


def test_the_examples_are_one_model_and_every_command_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "models" / "railway"
    ran = list(followed(PAGE, folder, files_first=True))
    assert len(load(folder).network.names) == 15
    assert len(ran) > 12
    for command, code, printed in ran:
        assert code == 0, (command.line, printed)
        assert is_shown(printed, command.shown), (command.line, printed)


def test_a_key_that_is_written_is_found_with_its_owner() -> None:
    data = read(b"sources:\n  a: {title: T, publication: P, date: 2020, status: verified}\n...\n", file="s").data
    assert ("Source", "title") in set(said(KINDS["sources"].model_validate(data)))
