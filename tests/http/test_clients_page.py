"""The page on clients is true: each row of its table is held by a test that exists, and its examples run."""

import ast
import contextlib
import io
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.pages import Command, page, steps
from tests.servers import ROOT, Server, gunicorn

PAGE = page("clients.md")
SERVED = "http://127.0.0.1:8000"
ROWS = re.findall(r"^\| (?!client \|)([^|]+) \| ([^|]+) \| ([^|]+) \| `(tests/[^`]+)` \|$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(ROOT / "priors" / "asia", folder / "models" / "asia")
    with gunicorn(folder / "models", folder / "log", AFTERMATH_STATE=str(folder / "state")) as server:
        yield server


def test_every_row_of_the_table_is_held_by_a_test_that_exists():
    [table] = re.findall(r"^\| client \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert len(ROWS) == len(table.splitlines()) > 15
    for client, _, _, named in ROWS:
        path, _, name = named.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, (client, named)


@pytest.mark.slow
def test_the_example_in_python_prints_what_the_service_says(running):
    [example] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert SERVED in example
    said = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(said):
        exec(example.replace(SERVED, running.url), names)
    names["client"].close()
    lines = said.getvalue().splitlines()
    forecast = running.get("/v1/models/asia/forecast/lung.json?given=xray:yes&do=smoke:no")
    first = forecast["distribution"][0]
    assert lines[0] == f"{first['p']} {first['effect']} {forecast['permalink']}"
    assert lines[2] == "unknown_state ('given', 'xray') yes ('yes', 'no')"
    assert float(lines[3]) == running.get("/v1/models/asia/forecast/lung.json?given=xray:yes")["distribution"][0]["p"]
    assert lines[4].startswith("unknown_state: given.xray: no state 'perhaps'")


@pytest.mark.slow
@pytest.mark.needs("curl")
def test_the_commands_of_the_page_do_what_it_says(running, tmp_path):
    lines = [step.line for step in steps(PAGE) if isinstance(step, Command)]
    assert len(lines) == 2
    sizes = []
    for line in lines:
        words = shlex.split(line.replace(SERVED, running.url))
        asked = [*words, "-s", "-w", "%{http_code} %{size_download}"]
        ran = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True)
        sizes.append(ran.stdout)
    table = (tmp_path / "lung.csv").read_bytes()
    assert sizes == [f"200 {len(table)}", "304 0"]
    assert table.startswith(b"target,state,p")


def test_every_way_of_asking_that_the_page_names_is_there():
    from service.client import Answer, Client, Model

    known = {name for kind in (Answer, Client, Model) for name in dir(kind)}
    named = re.findall(r"`(?:asia|client|answer|model)\.(\w+)", PAGE)
    listed = [
        name
        for row in ("analyse", "see what changed, and why")
        for name in re.findall(r"`(\w+)`", PAGE.split(f"| {row} |")[1].split("\n")[0])
    ]
    assert len(named) + len(listed) > 20
    assert {*named, *listed} - known - {"poll"} == set()
