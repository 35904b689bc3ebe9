r"""The access log: a line of JSON for each request, written at one stroke, so that lines of workers never mix.

It is printable ASCII whatever a client sends, and has nothing that a client presents: of a token the id, of a question
no more than its operation, unless the setting asks for questions; then without keys.
"""

from __future__ import annotations

import json
import os
import time
from urllib.parse import quote, unquote

from service.http.redaction import redacted
from service.http.telemetry import Record

STANDARD_OUTPUT = "-"
LONGEST_QUESTION = 2_000
"""Characters of a question; a whole line is then within the 4,096 bytes that a pipe takes at one stroke."""
LONGEST = 200
"""Characters of a method and of a client's name."""

_ASCII = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\<>^`{|}')
_encode = json.JSONEncoder(separators=(",", ":")).encode


class AccessLog:
    """Lines go to standard output or to a file, which is opened again when ``reopen`` is called."""

    def __init__(self, place: str, *, questions: bool = False) -> None:
        self.place = place
        self.questions = questions
        self._second, self._written_second = -1, ""
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

    def write(self, record: Record) -> bool:
        """Write the line of a request that has been answered, and say whether it could be: a full disk ends none."""
        data = f"{self.line(record)}\n".encode("ascii")
        try:
            return os.write(self._file, data) == len(data)
        except OSError:
            return False

    def line(self, record: Record) -> str:
        r"""The line of a request.

        >>> log = AccessLog("-")
        >>> record = Record(id="4bf9", arrived=0, ended=1_500_000, method="GET", status=404, code="not_found")
        >>> log.line(record).partition(",")[2][:73]
        '"id":"4bf9","traceparent":null,"address":null,"client":null,"method":"GET"'
        """
        now = time.time()
        second = int(now)
        if second != self._second:
            self._written_second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        told = {
            "time": f"{self._written_second}.{int((now - second) * 1000):03d}Z",
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
        return _encode(told).replace("\x7f", "\\u007f")


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
    return quote(told[:LONGEST_QUESTION], safe=_ASCII, encoding="latin-1", errors="replace")[:LONGEST_QUESTION]
