"""How it stands with the worker that runs this, for the counters that all workers share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from service.http.meters import CacheSize
from service.http.operation import Service
from service.schemas import answers
from service.translate import process_status

MEMORY = Path("/proc/self/statm")


def publish(service: Service) -> None:
    """Say what this worker's caches hold, how much memory it has, and how many heavy questions it works on."""
    load = service.gate.load
    gauges = {
        "resident_bytes": resident_bytes(),
        "heavy_working": load.working,
        "heavy_waiting": load.waiting,
    }
    service.meters.publish(gauges, sizes(_caches(service)))


def name_caches(service: Service) -> None:
    """Tell the counters which caches there are, before workers are forked."""
    service.meters.name_caches(sorted(sizes(_caches(service))))


def _caches(service: Service) -> list[answers.CacheUse]:
    """The caches of ``/v1/status``."""
    return process_status.caches(service.live.now, service.caches)


def sizes(caches: Iterable[Mapping[str, Any]]) -> dict[str, CacheSize]:
    """Caches of one kind together, whichever model they are of.

    >>> of_model = {"cache": "bases", "bytes": None, "entries": 2}
    >>> sizes([{**of_model, "model": "asia"}, {**of_model, "model": "levels"}])
    {'bases': CacheSize(bytes=None, entries=4)}
    """
    found: dict[str, CacheSize] = {}
    for each in caches:
        before = found.get(each["cache"], CacheSize(None, 0))
        held = each["bytes"] if before.bytes is None else before.bytes + (each["bytes"] or 0)
        found[each["cache"]] = CacheSize(held, before.entries + each["entries"])
    return found


def resident_bytes() -> int:
    """Bytes of this process that are in memory; 0 where the system does not say."""
    try:
        pages = int(MEMORY.read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
