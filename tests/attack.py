"""Many clients at once that each send one question, without a thread for each, and polls that are timed meanwhile."""

from __future__ import annotations

import json
import re
import selectors
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.clients import Client
from tests.mixed_questions import Asked

CHUNK = 1 << 16


def another(question: dict[str, Any], number: int) -> Asked:
    """The question with another number in it where it has one, so that nothing of its answer is kept."""
    body, path = question["body"], question["path"]
    if body is None:
        path = re.sub(r"((?:interval|below|threshold)=)[0-9.e-]+", rf"\g<1>0.9{number:06d}", path)
        return Asked("attack", path)
    if isinstance(body.get("interval"), float):
        body = {**body, "interval": 0.9 + number * 1e-6}
    return Asked("attack", path, json.dumps(body).encode())


def at_once(port: int, asked: Sequence[Asked], *, within: float) -> list[tuple[int, bytes, float]]:
    """Status, body and seconds of each question, all sent at the same moment on connections of their own.

    Raises TimeoutError where one is not answered in time.
    """
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in asked]
    selector, received = selectors.DefaultSelector(), [bytearray() for _ in asked]
    found: list[tuple[int, bytes, float]] = [(0, b"", 0.0)] * len(asked)
    started = time.monotonic()
    for i, (client, each) in enumerate(zip(clients, asked, strict=True)):
        client.sendall(_request(each))
        selector.register(client, selectors.EVENT_READ, i)
    while selector.get_map():
        ready = selector.select(max(0.0, started + within - time.monotonic()))
        if not ready:
            raise TimeoutError(f"{len(selector.get_map())} of {len(asked)} questions are not answered after {within} s")
        for key, _ in ready:
            data = key.fileobj.recv(CHUNK)  # type: ignore[union-attr]
            received[key.data] += data
            if not data:
                selector.unregister(key.fileobj)
                clients[key.data].close()
                head, _, body = bytes(received[key.data]).partition(b"\r\n\r\n")
                found[key.data] = int(head.split()[1]), body, time.monotonic() - started
    return found


def _request(asked: Asked) -> bytes:
    body = asked.body or b""
    typed = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{asked.method} {asked.path} HTTP/1.1\r\nHost: localhost\r\n{typed}Connection: close\r\n\r\n"
    return head.encode() + body


@dataclass(slots=True)
class Polls:
    """Seconds that each poll took, and what came back wrong."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """Seconds within which 99 of 100 were answered."""
        return sorted(self.seconds)[int(0.99 * len(self.seconds))]


@contextmanager
def polled(url: str, path: str) -> Iterator[Polls]:
    """Ask for health, for a forecast and for the same one already known, one after the other, until the block ends."""
    found, over = Polls(), threading.Event()

    def work() -> None:
        with Client(url) as client:
            tag = client.get(path).etag or ""
            turn = 0
            while not over.is_set():
                kinds = (("/livez", {}, 200), (path, {}, 200), (path, {"If-None-Match": tag}, 304))
                address, headers, wanted = kinds[turn % len(kinds)]
                answer = client.get(address, **headers)
                found.seconds.append(answer.seconds)
                if answer.status != wanted:
                    found.wrong.append(f"{address}: {answer.status}, not {wanted}")
                turn += 1
                time.sleep(0.003)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def polls_for(url: str, path: str, seconds: float) -> Polls:
    """Polls with nothing else going on."""
    with polled(url, path) as found:
        time.sleep(seconds)
    return found
