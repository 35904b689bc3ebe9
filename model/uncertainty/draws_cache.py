"""Drawn tables kept between runs, each in a file of its own: drawing one takes twenty times as long as reading it.

A file never changes an answer. It is found under a digest of the gate that was drawn, of its seeds, of the code and
packages that drew it and of the machine; it has its own checksum; whatever is not whole is drawn again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from model.gates import Gate
from model.network import Table
from model.resources import disk_cache

MOST_FILES = 1_024
MOST_BYTES = 256_000_000
"""What the folder of draws may hold; those of a model of 130 variables take 60 MB."""


TIDIED_EVERY = 64
"""Files between looks at what the folder holds: looking takes as long as writing one."""

WRITTEN = count()


def place(gate: Gate, *seeds: int) -> Path | None:
    """The file of a gate's draws; None where nothing can be kept."""
    folder, code = disk_cache.folder("draws"), disk_cache.code()
    if folder is None or code is None:
        return None
    digest = hashlib.sha256(repr((code, seeds)).encode())
    try:
        _add(digest, gate)
    except TypeError:
        return None
    return folder / f"{digest.hexdigest()}.draws"


def read(place: Path | None) -> Table | None:
    """The table in a file; None where there is none, or not a whole one."""
    content = None if place is None else disk_cache.read(place)
    if content is None:
        return None
    head, _, _ = bytes(content[:256]).partition(b"\n")
    shape = tuple(json.loads(head))
    table = np.empty(shape)
    table.reshape(-1).view(np.uint8)[:] = content[len(head) + 1 :]
    return table


def write(place: Path | None, table: Table) -> None:
    """Keep a table, laid out in the order of its axes, for later runs; where that cannot be, nothing happens."""
    if place is not None and table.nbytes < MOST_BYTES:
        disk_cache.write_whole(place, json.dumps(table.shape).encode() + b"\n", table.reshape(-1).view(np.uint8).data)
        if next(WRITTEN) % TIDIED_EVERY == 0:
            disk_cache.tidy(place, most_files=MOST_FILES, most_bytes=MOST_BYTES)


def _add(digest: Any, value: Any) -> None:
    """Add a value and all that is in it to a digest. Raises TypeError for one that is more than its parts."""
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        digest.update(repr((value.dtype.str, value.shape, value.strides)).encode())
        digest.update(value.tobytes())
    elif is_dataclass(value) and not isinstance(value, type):
        digest.update(f"{type(value).__qualname__} {len(fields(value))}\n".encode())
        for each in fields(value):
            _add(digest, getattr(value, each.name))
    elif isinstance(value, Mapping):
        _add(digest, tuple(value.items()))
    elif isinstance(value, (tuple, list)):
        digest.update(f"{len(value)}\n".encode())
        for part in value:
            _add(digest, part)
    elif value is None or isinstance(value, (str, int, float)):
        digest.update(repr((type(value).__name__, value)).encode())
    else:
        raise TypeError(type(value).__name__)
