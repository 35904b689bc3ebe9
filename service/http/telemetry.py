"""What is noted of a request on its way: for the access log, for the counters, and for the headers that say it.

The server makes a ``Record`` and leaves it in the request's environment; whoever knows something of the request writes
it there. Without such a server nobody reads it.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Protocol

from flask import Flask, Response, request

from service.http.clients import OUTCOME
from service.http.proxies import TRUSTED

RECORD = "aftermath.record"
"""Where the environment of a request has its record."""

Stage = Literal["parse", "queue", "engine", "write"]
Cache = Literal["hit", "miss", "revalidated"]
Headers = list[tuple[str, str]]

_VERSION_00 = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_LATER_VERSION = re.compile(r"(?!00|ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{0,127}")


class Addressed(Protocol):
    """An operation, as far as its address goes."""

    @property
    def path(self) -> str: ...


@dataclass(slots=True, eq=False)
class Record:
    """What is known of a request and its answer, times in nanoseconds of the monotonic clock.

    ``arrived`` is when the request was whole, ``seen`` when a thread took it. ``operation`` is the number of the
    operation that answers, ``route`` its address with places for names, and ``form`` the ending of the address that
    asks for a form. ``cost`` is what was counted before the work. ``stages`` are how long each took. ``size`` are the
    bytes of the answer's body.
    """

    arrived: int = field(default_factory=time.perf_counter_ns)
    seen: int = field(default_factory=time.perf_counter_ns)
    id: str = ""
    traceparent: str | None = None
    method: str | None = None
    operation: int | None = None
    route: str | None = None
    form: str | None = None
    status: int = 0
    code: str | None = None
    size: int = 0
    address: str | None = None
    client: str | None = None
    question: str | None = None
    model: str | None = None
    revision: str | None = None
    cost: int | None = None
    cache: Cache | None = None
    stages: dict[Stage, int] = field(default_factory=dict)
    ended: int = 0

    def parsed(self) -> None:
        """Note that the request has been read and understood, and how long that took."""
        self.stages["parse"] = time.perf_counter_ns() - self.seen

    @property
    def age(self) -> float:
        """Seconds since the request was whole."""
        return (time.perf_counter_ns() - self.arrived) / 1e9

    def headers(self) -> Headers:
        """What the answer says of it."""
        told = [("X-Request-Id", self.id)]
        if self.traceparent is not None:
            told.append(("traceparent", self.traceparent))
        timing = server_timing(self)
        if timing:
            told.append(("Server-Timing", timing))
        return told


def server_timing(record: Record) -> str:
    """The stages of an answer as the header Server-Timing has them, in milliseconds.

    >>> server_timing(Record(cache="miss", stages={"parse": 400_000, "engine": 3_000_000}))
    'cache;desc=miss, parse;dur=0.4, engine;dur=3'
    """
    told = [f"cache;desc={record.cache}"] if record.stages and record.cache else []
    told += [f"{stage};dur={round(taken / 1e6, 3):g}" for stage, taken in record.stages.items()]
    return ", ".join(told)


def of(environ: MutableMapping[str, Any]) -> Record:
    """The record of a request, made where the server made none."""
    found: Record = environ.setdefault(RECORD, Record())
    return found


@dataclass(slots=True, eq=False)
class Timed:
    """Notes in a record how long a stage of its answer takes, if it comes to its end."""

    record: Record
    name: Stage
    started: int = 0

    def __enter__(self) -> None:
        self.started = time.perf_counter_ns()

    def __exit__(self, error: object, *_: object) -> None:
        if error is None:
            self.record.stages[self.name] = time.perf_counter_ns() - self.started


def register(app: Flask, operations: Sequence[Addressed]) -> None:
    """Note of every request that the framework answers what it is about, and how it ended.

    Endpoints begin with the number of their operation and end with the address.
    """
    app.after_request(_noting(operations))


def _noting(operations: Sequence[Addressed]) -> Callable[[Response], Response]:
    def noted(response: Response) -> Response:
        record = of(request.environ)
        if request.endpoint is not None:
            number, _, address = request.endpoint.split(" ", 2)
            path = operations[int(number)].path
            record.operation, record.route, record.form = int(number), path, address.removeprefix(path)[1:] or None
        record.code = request.environ.get(OUTCOME)
        record.revision = response.headers.get("X-Model-Revision")
        if record.revision is not None:
            record.model = (request.view_args or {}).get("model")
        return response

    return noted


def identify(environ: MutableMapping[str, Any]) -> str:
    """The id of a request: that of a trusted proxy where it is one, else a new one."""
    record = of(environ)
    if not record.id:
        said = environ.get("HTTP_X_REQUEST_ID", "") if TRUSTED in environ else ""
        record.id = said if _REQUEST_ID.fullmatch(said) else new_id()
    return record.id


def new_id() -> str:
    """An id that no other request has: 32 hexadecimal digits, those of the process and a number.

    Random ones would each cost a call of the system, in which other threads may take the processor.
    """
    return f"{_of_process()}{next(_numbers):012x}"


@cache
def _of_process() -> str:
    return os.urandom(10).hex()


_numbers = itertools.count(1)
os.register_at_fork(after_in_child=_of_process.cache_clear)


def traced(said: str | None) -> str | None:
    """The header traceparent (W3C Trace Context) to pass on: as it came, or another trace where it is not well-formed.

    Of a version that is not known yet, what every version has is passed on as version 00. Nothing said is none.

    >>> traced("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    >>> traced("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03-more")
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    >>> traced("00-00000000000000000000000000000000-b7ad6b7169203331-01")[-3:], traced(None)
    ('-00', None)
    """
    if said is None or _VERSION_00.fullmatch(said):
        return said
    later = _LATER_VERSION.fullmatch(said)
    if later:
        return f"00-{later[1]}-{int(later[2], 16) & 1:02x}"
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00"
