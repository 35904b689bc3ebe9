"""The page for operators names every setting that the code reads, with the value that it has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import ROOT, modules

PAGE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
CONFIGURATION = ROOT / "gunicorn.conf.py"
FILES = [*modules("service"), *modules("model"), CONFIGURATION, ROOT / "dev.py", ROOT / "wsgi.py"]
OF_THE_SYSTEM = {"PATH"}


def constants(tree: ast.AST) -> dict[str, str]:
    """Names of a module that stand for a text."""
    return {
        target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def read_from_the_environment(path: Path) -> Iterator[str]:
    """Variables that a module asks the environment for, by ``get`` or by their place."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "environment.get", "os.getenv"):
            key = node.args[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            key = node.slice
        else:
            continue
        yield named[key.id] if isinstance(key, ast.Name) else ast.literal_eval(key)


def settings() -> set[str]:
    written = {word for path in FILES for word in re.findall(r"AFTERMATH_[A-Z_]+", path.read_text(encoding="utf-8"))}
    return written | {name for path in FILES for name in read_from_the_environment(path)} - OF_THE_SYSTEM


def configured() -> list[tuple[str, ast.expr]]:
    """What gunicorn.conf.py sets, in its order."""
    tree = ast.parse(CONFIGURATION.read_text(encoding="utf-8"))
    assigned = [
        node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    return [(node.targets[0].id, node.value) for node in assigned if node.targets[0].id.islower()]  # type: ignore[attr-defined]


def test_every_variable_that_the_code_reads_has_its_row() -> None:
    found = settings()
    assert {"AFTERMATH_PRIORS", "AFTERMATH_HOSTS", "AFTERMATH_CACHE", "WEB_CONCURRENCY", "XDG_CACHE_HOME"} <= found
    assert [name for name in sorted(found) if f"| `{name}` |" not in PAGE] == []


def test_every_variable_of_the_project_on_the_page_is_one_that_the_code_reads() -> None:
    assert set(re.findall(r"AFTERMATH_[A-Z_]+", PAGE)) <= settings()


def test_every_setting_of_gunicorn_has_its_row_and_no_other_has() -> None:
    table = PAGE.split("## gunicorn.conf.py")[1].split("##")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {name for name, _ in configured()}


@pytest.mark.parametrize(
    ("name", "value"), [(name, each.value) for name, each in configured() if isinstance(each, ast.Constant)]
)
def test_a_value_on_the_page_is_the_value_that_is_set(name: str, value: object) -> None:
    (row,) = re.findall(rf"^\| `{name}` \| ([^|]*) \|", PAGE, re.MULTILINE)
    assert row.strip("`") == str(value)


def test_variables_that_are_set_whatever_they_are_are_named() -> None:
    text = CONFIGURATION.read_text(encoding="utf-8")
    names = re.findall(r"\w+_(?:NUM|MAXIMUM)_THREADS", text)
    assert names
    assert [name for name in names if f"`{name}`" not in PAGE] == []
