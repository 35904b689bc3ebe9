"""A connection to PostgreSQL on which no answer is waited for without end.

A link that is cut is noticed by TCP. One whose other end acknowledges what is sent and passes nothing on, as a proxy
before a server that hangs, is noticed here alone: by how long nothing was heard while something was expected.
"""

from __future__ import annotations

import math
import time
from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen

Found = TypeVar("Found")
INTERVAL = 0.1
"""Seconds between two looks at the time, as psycopg has it."""


class _Silent(Exception):
    """Nothing was heard for too long."""


class BoundedConnection(Connection[Any]):
    """Closed once the server was ``silent`` for so many seconds while its answer was waited for.

    A long answer of which something arrives every now and then is read to its end. What is raised then is psycopg's
    own OperationalError, and the connection is closed, so that a pool replaces it.
    """

    silent = math.inf

    def wait(self, gen: PQGen[Found], interval: float = INTERVAL, timeout: float | None = None) -> Found:
        """What a generator of psycopg's returns in the end. Raises OperationalError."""
        try:
            return super().wait(_heard(gen, self.silent), interval, timeout)
        except _Silent:
            self.pgconn.finish()
            raise OperationalError(f"the server says nothing for {self.silent:g} s") from None


def _heard(gen: PQGen[Found], silent: float) -> PQGen[Found]:
    """The same generator, which ends with _Silent where the socket was not ready for so many seconds."""
    heard = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard = time.monotonic()
            elif time.monotonic() - heard > silent:
                raise _Silent
            wanted = gen.send(ready)
    except StopIteration as end:
        found: Found = end.value
        return found
