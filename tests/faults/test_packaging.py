"""What leaves the project as a wheel: whole, and able to serve where nothing else is installed."""

import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.servers import ROOT, SHIPPED, clone, free_port, served

pytestmark = pytest.mark.slow

COMPILING = r"Compiling the engine for this machine, once: \d+ functions so far\.\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, built = clone(tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("built")
    quiet = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *quiet, "--wheel-dir", built, source], check=True)
    return next(built.glob("aftermath-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and what its metadata asks for, at the versions of the lock."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    into = ["--quiet", "--python", folder, "--constraint", ROOT / "requirements.txt"]
    subprocess.run([*uv, "pip", "install", *into, wheel], check=True)
    return folder


def shipped_files() -> set[str]:
    files = {path for room in SHIPPED for path in (ROOT / room).rglob("*") if path.is_file()}
    sources_of_the_page = ROOT / "service" / "web"
    shipped = {path for path in files if "__pycache__" not in path.parts and sources_of_the_page not in path.parents}
    return {path.relative_to(ROOT).as_posix() for path in shipped}


def test_the_wheel_holds_every_file_of_its_rooms(wheel: Path) -> None:
    expected = shipped_files() | {"wsgi.py"}
    assert {
        "model/inference/__init__.py",
        "priors/mosul-2017/model.yaml",
        "priors/schema/model.schema.json",
    } <= expected
    assert sorted(expected - set(ZipFile(wheel).namelist())) == []


def test_the_wheel_holds_nothing_of_the_workshop(wheel: Path) -> None:
    rooms = {name.split("/")[0] for name in ZipFile(wheel).namelist()}
    version = wheel.name.split("-")[1]
    about = {f"aftermath-{version}.data", f"aftermath-{version}.dist-info"}
    assert rooms == {*SHIPPED, "wsgi.py"} | about


def asked(installed: Path, tmp_path: Path) -> subprocess.Popen[str]:
    command = [installed / "bin" / "aftermath", "ask", "asia", "lung", "--given", "xray:yes"]
    return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_first_question_says_that_it_compiles_and_can_be_stopped(installed: Path, tmp_path: Path) -> None:
    stopped = asked(installed, tmp_path)
    assert stopped.stderr is not None
    assert re.fullmatch(COMPILING, stopped.stderr.readline())
    stopped.send_signal(signal.SIGINT)
    _, err = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert [line for line in err.splitlines() if line and not re.fullmatch(COMPILING, line + "\n")] == ["Stopped."]

    first, heard = asked(installed, tmp_path), [time.monotonic()]
    assert first.stderr is not None
    for line in first.stderr:
        assert re.fullmatch(COMPILING, line)
        heard.append(time.monotonic())
    out, _ = first.communicate(timeout=60)
    heard.append(time.monotonic())
    assert first.returncode == 0
    assert "lung" in out
    assert max(later - earlier for earlier, later in pairwise(heard)) < 12  # 4 on a machine that does nothing else

    again = asked(installed, tmp_path)
    assert again.communicate(timeout=60) == (out, "")


def test_the_installed_wheel_serves_its_own_priors(installed: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [installed / "bin" / "aftermath", "serve", "--port", str(port)]
    with served(command, port=port, cwd=tmp_path, log=tmp_path / "log", within=400, WEB_CONCURRENCY="1") as server:
        models = {model["name"]: model for model in server.get("/v1/models")["models"]}
        answer = server.get("/v1/models/asia/forecast/lung.json?given=xray:yes")
    assert {"asia", "mosul-2017"} <= models.keys()
    assert answer["revision"] == models["asia"]["revision"]
    assert sum(row["p"] for row in answer["distribution"]) == pytest.approx(1, abs=1e-12)


def test_the_installed_command_finds_the_same_priors(installed: Path, tmp_path: Path) -> None:
    command = [installed / "bin" / "aftermath", "ask", "asia", "lung", "--given", "xray:yes"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "lung" in ran.stdout
