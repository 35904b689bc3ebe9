"""Raw connections to a real server: half requests, answers that nobody reads, and probes beside them."""

import socket
import statistics
import struct
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tests.servers import ROOT, Server, free_port, served

HOST = b"Host: localhost\r\n"
POST = b"POST /v1/models/asia/query HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"


@dataclass(frozen=True, slots=True)
class Behind:
    """A server, and the file in which its application says what became of waiting requests."""

    server: Server
    log: Path

    @property
    def port(self) -> int:
        return port_of(self.server)


@contextmanager
def served_by(
    application: str, folder: Path, *options: str, priors: Path, workers: int = 2, **settings: str
) -> Iterator[Server]:
    """gunicorn as shipped, with more options, on a free port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", str(workers)]
    command += ["--bind", f"127.0.0.1:{port}", *options, application]
    log = folder / "server.log"
    with served(command, port=port, cwd=ROOT, log=log, AFTERMATH_PRIORS=str(priors), **settings) as running:
        yield running


def port_of(server: Server) -> int:
    return int(server.url.rsplit(":", 1)[1])


def connect(port: int, *, timeout: float = 20, receive: int | None = None) -> socket.socket:
    """A connection; ``receive`` bounds what the kernel takes in for it."""
    sock = socket.socket()
    if receive is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    sock.settimeout(timeout)
    sock.connect(("127.0.0.1", port))
    return sock


def reset(sock: socket.socket) -> None:
    """Close with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def read_all(sock: socket.socket) -> bytes:
    """Everything until the server closes."""
    received = b""
    while chunk := sock.recv(65_536):
        received += chunk
    return received


def exchange(port: int, data: bytes) -> bytes:
    """What comes back until the server closes the connection."""
    with connect(port) as sock:
        sock.sendall(data)
        return read_all(sock)


def statuses(received: bytes) -> list[int]:
    """The status of each answer in what was received; each has its length."""
    found = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        found.append(int(head.split()[1]))
        (length,) = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-l")]
        assert len(rest) >= length, "an answer that was cut short"
        received = rest[length:]
    return found


def probes(url: str, count: int = 20) -> list[float]:
    """The seconds of each of ``count`` health checks, each on its own connection; one that fails raises."""
    took = []
    for _ in range(count):
        started = time.monotonic()
        with urllib.request.urlopen(f"{url}/livez", timeout=20) as answer:
            assert answer.status == 200
        took.append(time.monotonic() - started)
    return took


def assert_undisturbed(alone: Sequence[float], beside: Sequence[float]) -> None:
    """Half a second is the goal; a machine that was slow before is allowed to be as slow again."""
    slowest, most = sorted(beside)[int(0.95 * len(beside))], sorted(alone)[-1]
    assert slowest < 0.5 + 5 * most, (most, slowest)
    assert max(beside) < 5, max(beside)
    assert statistics.median(beside) < 0.25 + 5 * statistics.median(alone)


def keep_alive_answers(port: int, path: str, count: int) -> list[int]:
    """The statuses of ``count`` requests on one connection."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    found = []
    for _ in range(count):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        found.append(answer.status)
    connection.close()
    return found
