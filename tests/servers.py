"""Real servers for tests: started on a free port, waited for, stopped, their log shown when they fail."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ("model", "service", "priors")
GROUND = ("wsgi.py", "dev.py", "gunicorn.conf.py", "setup.cfg", "pyproject.toml", "requirements.txt", "README.md")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers at ``url``; ``seconds`` passed from its start to its first answer."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    seconds: float

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def settled(self, look: Callable[[], Any], *, within: float = 30) -> Any:
        """What ``look`` finds once it is true."""
        until = time.monotonic() + within
        while not (found := look()):
            assert time.monotonic() < until, f"nothing was found within {within} s:\n{self.log.read_text()}"
            time.sleep(0.02)
        return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clone(folder: Path) -> Path:
    """The project as a new clone would hold it, without what set-up and tests have made."""
    for room in SHIPPED:
        made = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / room, folder / room, ignore=made)
    for name in GROUND:
        shutil.copy2(ROOT / name, folder / name)
    return folder


@contextmanager
def served(
    command: Sequence[str | Path], *, port: int, cwd: Path, log: Path, within: float = 60, **settings: str
) -> Iterator[Server]:
    """The command's server once it answers /livez; stopped by SIGTERM to its whole group at the end."""
    started = time.monotonic()
    process = start(command, cwd=cwd, log=log, settings=settings)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_alive(url, process, log=log, until=started + within)
        yield Server(url, process, log, time.monotonic() - started)
    finally:
        stop(process)


@contextmanager
def gunicorn(priors: Path, log: Path, *options: str, workers: int = 2, **settings: str) -> Iterator[Server]:
    """A real gunicorn with the settings that are shipped, over a folder of models."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", *options]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "wsgi:app"]
    settings = {"AFTERMATH_PRIORS": str(priors), **settings}
    with served(command, port=port, cwd=ROOT, log=log, within=300, **settings) as running:
        yield running


def start(
    command: Sequence[str | Path], *, cwd: Path, log: Path, settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_alive(url: str, process: subprocess.Popen[bytes], *, log: Path, until: float) -> None:
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}:\n{log.read_text()}")
        try:
            urllib.request.urlopen(f"{url}/livez", timeout=5).close()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"/livez answered {error.code}:\n{log.read_text()}") from error
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the server did not answer in time:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
    """End the process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, number)
        process.wait(timeout=40)
