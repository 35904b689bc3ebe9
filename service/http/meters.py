"""Counters and gauges that all workers of a host share, for ``/metrics``: whichever worker is asked tells of all.

They stand in memory made before the workers fork, a row for each worker, which that worker alone writes. When a worker
ends, the master adds what it counted to a row of those that have ended, so that no counter ever goes back and nothing
is left of it on a disk. prometheus_client's own way over several processes keeps files instead, a few for each process
that ever was, reads all of them for each answer, and is chosen by a variable of the environment before the import.
"""

from __future__ import annotations

import mmap
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.http.telemetry import Record

WORKERS = 256
"""Rows of workers. Those beyond share the last, and may then count too few."""
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
"""Upper bounds of the classes of times, in seconds: a poll that changed nothing to the usual deadline."""
STATUSES = tuple(map(int, HTTPStatus))
OTHER = 0
"""In place of a status or a code that is none of those."""
GAUGES = ("resident_bytes", "heavy_working", "heavy_waiting")
CACHES = 64
"""Caches of a worker that there may be, each of one kind for all models together."""
UNCOUNTED = 2**64 - 1

_LIMITS = tuple(round(bound * 1e9) for bound in BOUNDS)
_CLASSES = len(BOUNDS) + 1
_TIMES = _CLASSES + 1
_WORD = 8
_ENDED = 0
_VERSION, _HEAD = 0, 8

Row = NDArray[np.uint64]


class Addressed(Protocol):
    """An operation, as far as its address goes."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Times:
    """How often something took at most so long, by ``BOUNDS`` and then at all, and the seconds of it together."""

    counts: tuple[int, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class CacheSize:
    """What the caches of one kind hold in a worker; ``bytes`` are None of those whose entries alone are counted."""

    bytes: int | None
    entries: int


class Meters:
    """The counters of a host. ``operations`` are told apart by number, ``codes`` are those of refusals.

    >>> class Livez:
    ...     method, path = "GET", "/livez"
    >>> meters = Meters([Livez], ["not_found"])
    >>> meters.count(Record(arrived=0, ended=3_000_000, operation=0, status=200))
    >>> meters.count(Record(arrived=0, ended=1_000_000, status=404, code="not_found"))
    >>> told = meters.told()
    >>> told.requests
    {('GET', '/livez', '200'): 1, ('none', 'none', '404'): 1}
    >>> told.times["GET", "/livez"].seconds, told.refusals
    (0.003, {'not_found': 1})
    """

    def __init__(self, operations: Sequence[Addressed], codes: Sequence[str]) -> None:
        self._names = [*((each.method, each.path) for each in operations), ("none", "none")]
        self._codes = [*codes, "other"]
        self._code_at = {code: i for i, code in enumerate(self._codes)}
        self._status_at = {status: i for i, status in enumerate((*STATUSES, OTHER))}
        self._statuses_from = 0
        self._times_from = self._statuses_from + len(self._names) * len(self._status_at)
        self._engine_from = self._times_from + len(self._names) * _TIMES
        self._codes_from = self._engine_from + len(self._names) * _TIMES
        self._lost_at = self._codes_from + len(self._codes)
        self._gauges_from = self._lost_at + 1
        self._caches_from = self._gauges_from + len(GAUGES)
        self._width = self._caches_from + 2 * CACHES
        self._memory = mmap.mmap(-1, _WORD * (_HEAD + self._width * (WORKERS + 1)))
        self._words = memoryview(self._memory).cast("Q")
        self._lock = threading.Lock()
        self._base = 0
        self._caches: tuple[str, ...] = ()
        self.serve(0)

    def serve(self, slot: int) -> None:
        """Count in the row of one worker from now on: in that worker."""
        self._base = self._row(slot)

    def _row(self, slot: int) -> int:
        return _HEAD + self._width * (1 + min(slot, WORKERS - 1))

    def count(self, record: Record) -> None:
        """Count a request that has been answered."""
        words, number = self._words, record.operation
        at = len(self._names) - 1 if number is None else number
        status = self._status_at.get(record.status, len(STATUSES))
        taken, engine = record.ended - record.arrived, record.stages.get("engine") if record.cost else None
        with self._lock:
            base = self._base
            words[base + at * len(self._status_at) + status] += 1
            self._time(base + self._times_from + at * _TIMES, taken)
            if engine is not None:
                self._time(base + self._engine_from + at * _TIMES, engine)
            if record.code is not None:
                words[base + self._codes_from + self._code_at.get(record.code, len(self._codes) - 1)] += 1

    def _time(self, at: int, taken: int) -> None:
        self._words[at + bisect_left(_LIMITS, taken)] += 1
        self._words[at + _CLASSES] += taken

    def lose(self, lines: int) -> None:
        """Count lines of the access log that could not be written."""
        with self._lock:
            self._words[self._base + self._lost_at] += lines

    def name_caches(self, names: Sequence[str]) -> None:
        """The caches that workers have: said before they fork, since they tell of them by number."""
        self._caches = tuple(names)[:CACHES]

    def publish(self, gauges: Mapping[str, int], caches: Mapping[str, CacheSize]) -> None:
        """Say how it stands with this worker, for whichever worker is asked."""
        with self._lock:
            base = self._base
            for i, name in enumerate(GAUGES):
                self._words[base + self._gauges_from + i] = gauges[name]
            for i, name in enumerate(self._caches):
                found = caches.get(name, CacheSize(None, 0))
                self._words[base + self._caches_from + 2 * i] = UNCOUNTED if found.bytes is None else found.bytes
                self._words[base + self._caches_from + 2 * i + 1] = found.entries

    def end(self, slot: int) -> None:
        """Add what a worker counted to what those counted that have ended: in the master, once it has ended.

        Whoever reads meanwhile reads again, so that nothing is ever counted twice or not at all.
        """
        if slot >= WORKERS:
            return
        table = self._table()
        self._words[_VERSION] += 1
        try:
            row = table[1 + slot]
            table[_ENDED, : self._gauges_from] += row[: self._gauges_from]
            row[:] = 0
        finally:
            self._words[_VERSION] += 1

    def _table(self) -> NDArray[np.uint64]:
        """Every row, as wide as one is: first of those that have ended, then of each worker."""
        return np.frombuffer(self._memory, np.uint64, offset=_WORD * _HEAD).reshape(WORKERS + 1, self._width)

    def told(self, workers: Sequence[int] = (0,)) -> Told:
        """What has been counted, and how it stands with the workers of these slots."""
        rows = [0, *sorted({1 + min(slot, WORKERS - 1) for slot in workers})]
        table = self._table()
        while True:
            before = self._words[_VERSION]
            copy = table[rows].copy()
            if before % 2 == 0 and before == self._words[_VERSION]:
                break
            time.sleep(0.0005)
        return self._read(copy[:, : self._gauges_from].sum(axis=0), dict(zip(rows[1:], copy[1:], strict=True)))

    def _read(self, sums: Row, rows: Mapping[int, Row]) -> Told:
        told = Told({}, {}, {}, {}, int(sums[self._lost_at]), {}, {})
        statuses = [str(status) for status in STATUSES] + ["other"]
        for i, name in enumerate(self._names):
            first = self._statuses_from + i * len(statuses)
            for status, count in zip(statuses, sums[first : first + len(statuses)].tolist(), strict=True):
                if count:
                    told.requests[*name, status] = told.requests.get((*name, status), 0) + count
            for into, start in ((told.times, self._times_from), (told.engine, self._engine_from)):
                found = _times(sums[start + i * _TIMES : start + (i + 1) * _TIMES])
                if found.counts[-1]:
                    into[name] = found
        for code, count in zip(self._codes, sums[self._codes_from : self._lost_at].tolist(), strict=True):
            if count:
                told.refusals[code] = count
        for number, row in rows.items():
            gauges = row[self._gauges_from : self._caches_from].tolist()
            told.gauges[number - 1] = dict(zip(GAUGES, gauges, strict=True))
            held = row[self._caches_from :].tolist()
            told.caches[number - 1] = {
                name: CacheSize(None if held[2 * i] == UNCOUNTED else held[2 * i], held[2 * i + 1])
                for i, name in enumerate(self._caches)
            }
        return told


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What has been counted: requests by method, route and status, times of whole requests and of the engine by method
    and route, refusals by code, and lines of the access log that could not be written; and of each worker by slot its
    gauges and what its caches hold.
    """

    requests: dict[tuple[str, str, str], int]
    times: dict[tuple[str, str], Times]
    engine: dict[tuple[str, str], Times]
    refusals: dict[str, int]
    lost: int
    gauges: dict[int, dict[str, int]]
    caches: dict[int, dict[str, CacheSize]]


def _times(words: Row) -> Times:
    counts = np.cumsum(words[:_CLASSES]).tolist()
    return Times(tuple(counts), int(words[_CLASSES]) / 1e9)
