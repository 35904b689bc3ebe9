"""Files that one run leaves for later ones on the same machine, in the user's cache folder.

Who keeps something here reads it under a digest of all that it depends on, and makes it again where it is not whole,
so that no file changes an answer. Any of them may be removed at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

CACHE = "AFTERMATH_CACHE"
"""Environment variable that names the folder; the user's cache folder by default, no folder where it is empty."""


def folder(kind: str) -> Path | None:
    """Where files of a kind are kept; None where nothing says."""
    named = os.environ.get(CACHE)
    if named is not None:
        return Path(named) / kind if named else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "aftermath" / kind
    except RuntimeError:
        return None


def write(place: Path, content: bytes) -> None:
    """Leave a file for later runs; readers and other writers see a whole file or none. Where it cannot be, none."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=place.stem[:8], suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(name, place)
        except OSError:
            with suppress(OSError):
                os.unlink(name)


def read_order(place: Path) -> Any:
    """The JSON that ``write_order`` left in a file; None unless it is whole, by its own checksum."""
    try:
        kept = json.loads(place.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return kept.get("order") if isinstance(kept, dict) and kept.get("sum") == _sum(kept.get("order")) else None


def write_order(place: Path, order: Any) -> None:
    """Leave lists of numbers for later runs, with their checksum."""
    write(place, json.dumps({"order": order, "sum": _sum(order)}).encode())


def _sum(order: Any) -> str:
    return hashlib.sha256(json.dumps(order).encode()).hexdigest()[:16]
