"""Clients that poll one forecast over and over, each on a connection of its own, and note what they saw."""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit


@dataclass
class Pollers:
    """What polls of ``path`` ended with: failures in words, and for each client the revisions that it saw in order."""

    url: str
    path: str
    addresses: Sequence[str] = ("127.0.0.1",)
    failures: list[str] = field(default_factory=list)
    seen: list[list[tuple[str, float, str]]] = field(default_factory=list)
    slowest: float = 0.0
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def count(self) -> int:
        return sum(map(len, self.seen))

    @property
    def revisions(self) -> set[str]:
        return {revision for each in self.seen for revision, _, _ in each}

    def poll(self, number: int) -> None:
        """Poll until the end, with a new connection only where the server has closed the one before."""
        place, mine = urlsplit(self.url), self.seen[number]
        source = (self.addresses[number % len(self.addresses)], 0)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30, source_address=source)
        while not self.ending.is_set():
            began = time.monotonic()
            try:
                connection.request("GET", self.path)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                connection.close()
                continue
            self.slowest = max(self.slowest, time.monotonic() - began)
            if answer.status != 200:
                self.failures.append(f"{answer.status}: {body[:200]!r}")
                continue
            said = json.loads(body)
            if said["revision"] != answer.headers["X-Model-Revision"]:
                self.failures.append(f"two revisions: {said['revision']}, {answer.headers['X-Model-Revision']}")
            mine.append((said["revision"], said["distribution"][0]["p"], answer.headers["ETag"]))
        connection.close()

    def backward(self, order: Sequence[str]) -> int:
        """How often a client saw an earlier revision after a later one."""
        place = {revision: i for i, revision in enumerate(order)}
        return sum(
            place[after] < place[before] for each in self.seen for (before, _, _), (after, _, _) in pairwise(each)
        )


@contextmanager
def polling(url: str, path: str, *, clients: int = 4, addresses: Sequence[str] = ("127.0.0.1",)) -> Iterator[Pollers]:
    """Clients that poll while the block runs, from addresses of this machine in turn."""
    pollers = Pollers(url, path, addresses)
    pollers.seen = [[] for _ in range(clients)]
    threads = [threading.Thread(target=pollers.poll, args=(number,)) for number in range(clients)]
    for each in threads:
        each.start()
    try:
        yield pollers
    finally:
        pollers.ending.set()
        for each in threads:
            each.join()
