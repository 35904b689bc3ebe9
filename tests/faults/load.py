"""Clients that ask without a pause on kept connections, and count what was lost."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

PATH = "/v1/models/asia/forecast/lung.json?given=xray:yes"


@dataclass(slots=True)
class Load:
    """What became of the requests of all clients. ``lost`` has one line for each that got no whole answer."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)
    worst: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int, seconds: float) -> None:
        with self.lock:
            self.worst = max(self.worst, seconds)
            if status == 200:
                self.answered += 1
            else:
                self.lost.append(f"status {status}")


def ask_on(connection: HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status


@contextmanager
def load(port: int, *, clients: int = 8, path: str = PATH, retries: int = 0) -> Iterator[Load]:
    """Load until the block ends; a request may be sent ``retries`` times more before it counts as lost."""
    found, stop = Load(), threading.Event()

    def client() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        while not stop.is_set():
            started = time.monotonic()
            for left in range(retries, -1, -1):
                try:
                    found.note(ask_on(connection, path), time.monotonic() - started)
                    break
                except (OSError, HTTPException) as error:
                    connection.close()
                    if not left:
                        with found.lock:
                            found.lost.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join()
