r"""The access log: a line of JSON for each request.

It is printable ASCII whatever a client sends, and has nothing that a client presents: of a token the id, of a question
no more than its operation, unless the setting asks for questions; then without keys. Lines are gathered for a moment
and written together: in a call of the system another thread may take the interpreter.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import quote, unquote

import msgspec

from service.http.redaction import redacted
from service.http.telemetry import Record

STANDARD_OUTPUT = "-"
LONGEST_QUESTION = 2_000
"""Characters of a question; a whole line is then shorter than ``AT_ONCE``."""
LONGEST = 200
"""Characters of a method and of a client's name."""
AT_ONCE = 4_096
"""Bytes that a pipe takes at one stroke, so that lines of several workers do not mix."""
GATHERED = 64
"""Lines after which they are written without waiting for the moment."""

_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\<>^`{|}')
_encode = msgspec.json.Encoder().encode


class AccessLog:
    """Lines go to standard output or to a file, which is opened again when ``reopen`` is called.

    ``write`` gathers a line, and ``flush`` writes what was gathered; each says how many lines could not be written, as
    on a full disk.
    """

    def __init__(self, place: str, *, questions: bool = False) -> None:
        self.place = place
        self.questions = questions
        self._second, self._written_second = -1, ""
        self._gathered: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._file = self._opened()

    def _opened(self) -> int:
        if self.place == STANDARD_OUTPUT:
            return 1
        return os.open(self.place, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def reopen(self) -> None:
        """Write to the file that has the name now; to the one before where that cannot be opened."""
        if self.place == STANDARD_OUTPUT:
            return
        try:
            new = self._opened()
        except OSError:
            return
        os.dup2(new, self._file, inheritable=False)  # a thread that writes meanwhile writes to the one or the other
        os.close(new)

    def write(self, record: Record) -> int:
        """Gather the line of a request that has been answered."""
        self._gathered.append(self.line(record))
        return self.flush() if len(self._gathered) >= GATHERED else 0

    def flush(self) -> int:
        """Write what was gathered."""
        if not self._gathered:
            return 0
        with self._lock:
            lines = []
            with suppress(IndexError):
                while True:
                    lines.append(self._gathered.popleft())
            return sum(self._written(part) for part in _parts(lines))

    def _written(self, lines: Sequence[bytes]) -> int:
        """How many of these lines could not be written."""
        data = b"".join(lines)
        try:
            done = os.write(self._file, data)
        except OSError:
            done = 0
        return 0 if done == len(data) else len(lines) - data[:done].count(b"\n")

    def line(self, record: Record) -> bytes:
        r"""The line of a request.

        >>> log = AccessLog("-")
        >>> record = Record(id="4bf9", arrived=0, ended=1_500_000, method="GET", status=404, code="not_found")
        >>> log.line(record).partition(b",")[2][:74]
        b'"id":"4bf9","traceparent":null,"address":null,"client":null,"method":"GET"'
        """
        told = {
            "time": self._now(),
            "id": record.id,
            "traceparent": record.traceparent,
            "address": record.address,
            "client": record.client and record.client[:LONGEST],
            "method": record.method and record.method[:LONGEST],
            "route": record.route,
            "form": record.form,
            "status": record.status,
            "code": record.code,
            "seconds": round((record.ended - record.arrived) / 1e9, 6),
            "engine_seconds": _seconds(record.stages.get("engine")),
            "bytes": record.size,
            "cache": record.cache,
            "cost": record.cost,
            "model": record.model,
            "revision": record.revision,
            "worker": os.getpid(),
        }
        if self.questions:
            told["question"] = record.question
        data = _encode(told)
        if not data.isascii() or b"\x7f" in data:
            data = json.dumps(told, separators=(",", ":")).replace("\x7f", "\\u007f").encode("ascii")
        return data + b"\n"

    def _now(self) -> str:
        """The time as ISO 8601 has it, in milliseconds."""
        now = time.time()
        second, before, text = int(now), self._second, self._written_second
        if second != before:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second, self._written_second = second, text
        return f"{text}.{int((now - second) * 1000):03d}Z"


def _parts(lines: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Lines in groups that a pipe takes at one stroke each."""
    start, size = 0, 0
    for i, line in enumerate(lines):
        if i > start and size + len(line) > AT_ONCE:
            yield lines[start:i]
            start, size = i, 0
        size += len(line)
    yield lines[start:]


def _seconds(taken: int | None) -> float | None:
    return None if taken is None else round(taken / 1e9, 6)


def question(target: str) -> str:
    """The address that was asked, without keys and tokens, in printable ASCII.

    >>> question("/v1/models/asia/forecast/lung?given=xray:yes&key=al_abc")
    '/v1/models/asia/forecast/lung?given=xray:yes&key=...'
    >>> question("/v1/models?k%65y=al_abc&x=\\x9b1m")
    '/v1/models?key=...&x=%9B1m'
    """
    readable = unquote(target, encoding="latin-1")
    told = redacted(readable)
    told = target if told == readable else told
    return quote(told[:LONGEST_QUESTION], safe=_SAFE, encoding="latin-1", errors="replace")[:LONGEST_QUESTION]
