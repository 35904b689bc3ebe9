"""What this process holds and does, as JSON: for operators, and for tests that its memory is bounded."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.analyses import leave_out, parameter_derivatives, sensitivity
from model.forecast import Forecaster
from model.inference.lru import ByteLRU, Usage
from service.http import address
from service.http.admission import Gate, Load
from service.revisions import Revisions
from service.schemas import answers
from service.translate import forecasts

PROC = Path("/proc/self")

BY_BYTES: dict[str, ByteLRU[Any]] = {
    "tables left out": leave_out.KEPT,
    "grids": sensitivity.GRIDS,
    "numbers of variables": parameter_derivatives.OF_VARIABLES,
}
"""Caches that all models share, bounded by bytes."""

BY_ENTRIES: dict[str, Any] = {
    "numbers of models": parameter_derivatives.numbers,
    "encoded parts": forecasts.states_part,
    "encoded sources": forecasts.source_part,
    "addresses": address.query_string,
}
"""Caches that all models share, bounded by entries, which are small."""


def process(revisions: Revisions, gate: Gate, of_answers: Mapping[str, Usage]) -> dict[str, object]:
    """Of the process that runs this."""
    resident, private = memory()
    return {
        "pid": os.getpid(),
        "uptime_seconds": uptime(),
        "rss_bytes": resident,
        "private_bytes": private,
        "threads": threading.active_count(),
        "trees_bytes": sum(forecaster.plan.spare_bytes for forecaster in revisions.ready.values()),
        "caches": caches(revisions, of_answers),
        "work": _work(gate.load),
    }


def caches(revisions: Revisions, of_answers: Mapping[str, Usage]) -> list[answers.CacheUse]:
    """Every cache of the process: of answers, of what all models share, and of each model."""
    return [
        *(_in_bytes(name, None, usage) for name, usage in of_answers.items()),
        *(_in_bytes(name, None, cache.usage) for name, cache in BY_BYTES.items()),
        *(_in_entries(name, None, cached.cache_info()) for name, cached in BY_ENTRIES.items()),
        *(each for name, forecaster in sorted(revisions.ready.items()) for each in _of_model(name, forecaster)),
    ]


def _work(load: Load) -> answers.HeavyWork:
    return {
        "places": load.places,
        "working": load.working,
        "queue": load.queue,
        "waiting": load.waiting,
        "begun": load.begun,
    }


def _of_model(name: str, forecaster: Forecaster) -> list[answers.CacheUse]:
    counted: dict[str, Any] = {
        "bases": forecaster.basis,
        "events": forecaster.laid_over,
        "combinations": forecaster.combined,
    }
    return [
        *(_in_bytes(cache, name, usage) for cache, usage in forecaster.caches.items()),
        *(_in_entries(cache, name, cached.cache_info()) for cache, cached in counted.items()),
    ]


def _in_bytes(name: str, model: str | None, usage: Usage) -> answers.CacheUse:
    return {
        "cache": name,
        "model": model,
        "bytes": usage.held,
        "limit_bytes": usage.limit,
        "entries": usage.entries,
        "limit_entries": None,
    }


def _in_entries(name: str, model: str | None, info: tuple[int, int, int | None, int]) -> answers.CacheUse:
    _, _, most, entries = info
    return {
        "cache": name,
        "model": model,
        "bytes": None,
        "limit_bytes": None,
        "entries": entries,
        "limit_entries": most,
    }


def memory() -> tuple[int | None, int | None]:
    """Bytes that are resident, and those of them that no other process has; None where the system does not say."""
    try:
        lines = (PROC / "smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return None, None
    found = {name: int(size.split()[0]) * 1024 for name, size in (line.split(":") for line in lines)}
    return found["Rss"], found["Private_Clean"] + found["Private_Dirty"]


def uptime() -> float | None:
    """Seconds since this process began; None where the system does not say."""
    try:
        ticks = (PROC / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return None
    return round(time.clock_gettime(time.CLOCK_BOOTTIME) - int(ticks) / os.sysconf("SC_CLK_TCK"), 1)
