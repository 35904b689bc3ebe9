"""dev.py on a new machine: killed half-way, run twice, without a network, with a tampered lock."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dev
from tests.servers import clone, free_port, served, start, stop

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone(tmp_path_factory.mktemp("clone"))


def wait_for(path: Path, *, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < until, f"{path} was not made in {seconds} s"
        time.sleep(0.02)


def run(project: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / "dev.py"), *arguments]
    environment = {**os.environ, **settings}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_a_killed_set_up_is_done_again_and_the_next_start_skips_it(project: Path, tmp_path: Path) -> None:
    place = tmp_path / "environment"
    port, log = free_port(), tmp_path / "log"
    settings = {"AFTERMATH_VENV": str(place), "WEB_CONCURRENCY": "1"}
    command = [sys.executable, project / "dev.py", "run", "--port", str(port)]

    killed = start(command, cwd=tmp_path, log=log, settings=settings)
    wait_for(place / "bin" / "python")
    stop(killed, signal.SIGKILL)
    assert dev.stamped(place) == dev.UNFINISHED

    with served(command, port=port, cwd=tmp_path, log=log, within=600, **settings) as first:
        assert "Setting up" in log.read_text()
    log.unlink()
    with served(command, port=port, cwd=tmp_path, log=log, **settings) as second:
        assert "Setting up" not in log.read_text()
        assert second.seconds < first.seconds / 4


def test_a_folder_that_is_not_an_environment_is_left_alone(project: Path, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("keep")
    ran = run(project, "run", AFTERMATH_VENV=str(tmp_path))
    assert ran.returncode == 1
    assert "is not an environment that dev.py made" in ran.stderr
    assert (tmp_path / "letters.txt").read_text() == "keep"


def test_without_a_package_index_the_set_up_says_so_and_leaves_nothing_in_use(project: Path, tmp_path: Path) -> None:
    place = tmp_path / "environment"
    ran = run(project, "run", AFTERMATH_VENV=str(place), PIP_NO_INDEX="1", PIP_FIND_LINKS="", UV_OFFLINE="1")
    assert ran.returncode == 1
    assert "The packages could not be installed" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert dev.stamped(place) == dev.UNFINISHED


def test_fault_63_a_package_whose_hash_is_not_in_the_lock_is_refused(tmp_path: Path) -> None:
    project = clone(tmp_path / "clone")
    lines = dev.locked("uv").splitlines()
    pinned = [lines[0], f"    --hash=sha256:{'0' * 64}", ""]
    (project / "requirements.txt").write_text("\n".join(pinned))
    ran = run(project, "run", AFTERMATH_VENV=str(tmp_path / "environment"))
    assert ran.returncode == 1
    assert "DO NOT MATCH THE HASHES" in ran.stderr
    assert not (tmp_path / "environment" / "bin" / "uv").exists()


def test_a_port_in_use_is_told_before_anything_is_served() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(dev.CannotSetUp, match=rf"port {port} cannot be used: Address already in use"):
            dev.demand_the_port("127.0.0.1", port)
