"""What a worker writes down of each request that it answers, also of those that never reach the application."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from service.http import telemetry
from service.http.clients import CLIENT_NAME
from service.http.meters import Meters
from service.http.problems import PLAIN
from service.http.server import error_responses
from service.http.server.access_log import AccessLog, question
from service.http.telemetry import RECORD, Record

OBSERVED = "observer"
"""Where an application has what makes the observer of a worker, in that worker."""
EVERY = 5.0
"""Seconds between two such calls."""


class Observer:
    """The counters and the log of one worker. Without either it gives requests their ids alone."""

    def __init__(
        self, meters: Meters | None = None, log: AccessLog | None = None, publish: Callable[[], None] | None = None
    ) -> None:
        self._meters = meters
        self._log = log
        self._publish = publish
        self._published = -EVERY

    def begin(self, record: Record, environ: dict[str, Any]) -> None:
        """A request has been read and goes to the application next."""
        environ[RECORD] = record
        record.method = environ["REQUEST_METHOD"]
        record.traceparent = telemetry.traced(environ.get("HTTP_TRACEPARENT"))

    def headers(self, record: Record, environ: dict[str, Any]) -> list[tuple[str, str]]:
        """What its answer says beside what the application has said."""
        telemetry.identify(environ)
        record.address, record.client = environ.get("REMOTE_ADDR") or None, environ.get(CLIENT_NAME)
        if self._log is not None and self._log.questions:
            record.question = question(environ.get("RAW_URI", ""))
        return record.headers()

    def refusal(self, record: Record, client: Any, status: int, answer: Callable[[telemetry.Headers], bytes]) -> bytes:
        """The answer to what cannot be read, which ``answer`` makes with these headers."""
        record.id = record.id or telemetry.new_id()
        record.address = record.address or _address(client)
        data = answer(record.headers())
        record.status, record.size = status, len(data.partition(b"\r\n\r\n")[2])
        if record.code is None and status in PLAIN:
            record.code = PLAIN[status][0]
        return data

    def refused_unread(self, client: Any, status: int, detail: str) -> bytes:
        """The answer to a request that has not arrived as it should, written down at once."""
        record = Record()
        data = self.refusal(record, client, status, lambda headers: error_responses.refusal(status, detail, headers))
        self.done(record)
        return data

    def done(self, record: Record) -> None:
        """Its answer is whole and leaves next."""
        record.ended = time.perf_counter_ns()
        if self._meters is not None:
            self._meters.count(record)
        if self._log is not None:
            self._lost(self._log.write(record))

    def _lost(self, lines: int) -> None:
        if lines and self._meters is not None:
            self._meters.lose(lines)

    def flush(self) -> None:
        """Write the lines of the log that were gathered."""
        if self._log is not None:
            self._lost(self._log.flush())

    def tick(self, now: float) -> None:
        """What is to be done once in a while: write the log, and say how it stands with this worker."""
        self.flush()
        if self._publish is not None and now - self._published >= EVERY:
            self._published = now
            self._publish()

    def reopen(self) -> None:
        """Go on in the file that now has the log's name."""
        if self._log is not None:
            self._log.reopen()


def _address(client: Any) -> str | None:
    """The peer's address; of a Unix socket there is none."""
    return str(client[0]) if isinstance(client, tuple) and client else None
