"""Real servers for faults of the wire: the shipped settings over one model, and an application that waits."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.wire import Behind, served_by
from tests.servers import ROOT, Server, free_port, served

QUICK = """
import sys
sys.path.insert(0, {root!r})
exec(compile(open({shipped!r}).read(), {shipped!r}, "exec"))
from service.http.server import transport
transport.HEAD_SECONDS = transport.TRANSFER_SECONDS = transport.LINGER_SECONDS = 1.0
"""
"""gunicorn's settings as shipped, with waits of a second."""

WAITING = """
import json, pathlib, time
LOG = pathlib.Path({log!r})

def app(environ, start_response):
    path, body = environ["PATH_INFO"], environ["wsgi.input"].read()
    if path == "/wait":
        until = time.monotonic() + 20
        while time.monotonic() < until and not environ["aftermath.hung_up"]():
            time.sleep(0.02)
        with LOG.open("a") as log:
            log.write("hung up\\n" if environ["aftermath.hung_up"]() else "waited\\n")
    if path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    answer = b"x" * int(environ["QUERY_STRING"]) if path == "/large" else body or b'{{"status":"alive"}}'
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
"""
"""An application that waits for its client to hang up, sleeps, echoes bodies, or answers with many bytes."""


@pytest.fixture(scope="session")
def asia(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    shutil.copytree(ROOT / "priors" / "asia", folder / "asia")
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, asia: Path) -> Iterator[Server]:
    """A real gunicorn with the settings that are shipped, and two workers."""
    with served_by("wsgi:app", tmp_path_factory.mktemp("log"), priors=asia) as running:
        yield running


@pytest.fixture(scope="session")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """One worker with waits of a second, over an application that waits."""
    folder = tmp_path_factory.mktemp("waiting")
    (folder / "quick.py").write_text(QUICK.format(root=str(ROOT), shipped=str(ROOT / "gunicorn.conf.py")))
    (folder / "waits.py").write_text(WAITING.format(log=str(folder / "hung_up.log")))
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", folder / "quick.py", "--workers", "1"]
    command += ["--bind", f"127.0.0.1:{port}", "--pythonpath", f"{folder},{ROOT}", "waits:app"]
    with served(command, port=port, cwd=folder, log=folder / "server.log") as running:
        yield Behind(running, folder / "hung_up.log")
