"""Clients of a real server: one kept connection each, many at once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Self

from tests.mixed_questions import Asked


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back, and after how many seconds."""

    status: int
    body: bytes
    etag: str | None
    seconds: float


class Client:
    """One kept connection."""

    def __init__(self, url: str, timeout: float = 60) -> None:
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=timeout)

    def ask(self, asked: Asked, **headers: str) -> Answered:
        sent = {"Content-Type": "application/json", **headers} if asked.body is not None else headers
        started = time.monotonic()
        self._connection.request(asked.method, asked.path, asked.body, sent)
        answer = self._connection.getresponse()
        body = answer.read()
        return Answered(answer.status, body, answer.getheader("ETag"), time.monotonic() - started)

    def get(self, path: str, **headers: str) -> Answered:
        return self.ask(Asked("get", path), **headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()


def side_by_side(url: str, asked: Sequence[Asked], *, clients: int) -> list[Answered]:
    """Every question by as many clients at once, the answers in the order of the questions."""
    found: dict[int, Answered] = {}
    waiting = iter(enumerate(asked))
    lock = threading.Lock()

    def work() -> None:
        with Client(url) as client:
            while True:
                with lock:
                    step = next(waiting, None)
                if step is None:
                    break
                found[step[0]] = client.ask(step[1])

    run_all([work] * clients)
    return [found[i] for i in range(len(asked))]


def status(url: str) -> Any:
    """What the process that answers says of itself."""
    with Client(url) as client:
        return json.loads(client.get("/v1/status").body)


def run_all(each: Iterable[Callable[[], object]]) -> None:
    """Run functions at once, each in its thread; what one of them raises is raised here."""
    errors: list[BaseException] = []

    def caught(do: Callable[[], object]) -> None:
        try:
            do()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=caught, args=(do,)) for do in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
