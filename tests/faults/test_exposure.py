"""The service is not open to other machines by mistake, however it is started."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.wire import HOST, read_all, statuses
from tests.servers import ROOT, free_port, served

pytestmark = pytest.mark.slow

GUNICORN = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
SERVE = [sys.executable, "-m", "service.cli.main", "serve"]


def started(command: list[str], **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_serve_beyond_this_machine_is_refused_with_advice(asia: Path, host: str) -> None:
    ended = started([*SERVE, "--host", host, "--port", str(free_port()), "--priors", str(asia)])
    assert ended.returncode == 1
    assert "can be reached from other machines" in ended.stderr
    assert "--public-read" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_gunicorn_beyond_this_machine_is_refused_with_advice(asia: Path) -> None:
    command = [*GUNICORN, "--bind", f"0.0.0.0:{free_port()}", "wsgi:app"]
    ended = started(command, AFTERMATH_PRIORS=str(asia), WEB_CONCURRENCY="1")
    assert ended.returncode == 1
    assert "AFTERMATH_PUBLIC_READ=1" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("word", ["flag", "environment"])
def test_open_on_purpose_is_said_in_one_line_and_served(asia: Path, tmp_path: Path, word: str) -> None:
    port, log = free_port(), tmp_path / "log"
    settings = {"AFTERMATH_PRIORS": str(asia), "WEB_CONCURRENCY": "1"}
    if word == "flag":
        command = [*SERVE, "--host", "0.0.0.0", "--port", str(port), "--public-read"]
    else:
        command = [*GUNICORN, "--bind", f"0.0.0.0:{port}", "wsgi:app"]
        settings["AFTERMATH_PUBLIC_READ"] = "1"
    with served(command, port=port, cwd=ROOT, log=log, **settings):
        said = [line for line in log.read_text().splitlines() if "may read every model" in line]
    assert any(f"0.0.0.0:{port}" in line for line in said)


def test_a_unix_socket_counts_as_this_machine(asia: Path, tmp_path: Path) -> None:
    port, place = free_port(), tmp_path / "socket"
    command = [*GUNICORN, "--bind", f"unix:{place}", "--bind", f"127.0.0.1:{port}", "--workers", "1", "wsgi:app"]
    running = served(command, port=port, cwd=ROOT, log=tmp_path / "log", AFTERMATH_PRIORS=str(asia))
    with running, socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(place))
        forged = b"SCRIPT_NAME: /a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 6.6.6.6\r\n"
        sock.sendall(b"GET /livez HTTP/1.1\r\n" + HOST + forged + b"Connection: close\r\n\r\n")
        assert statuses(read_all(sock)) == [200]


def test_fault_62_no_control_socket_is_opened(asia: Path, tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    home.mkdir()
    command = [*GUNICORN, "--bind", f"127.0.0.1:{port}", "--workers", "1", "wsgi:app"]
    settings = {"AFTERMATH_PRIORS": str(asia), "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    with served(command, port=port, cwd=ROOT, log=tmp_path / "log", **settings):
        assert [path for path in home.rglob("*") if path.is_socket()] == []
        assert list(ROOT.glob("*.ctl")) == []
