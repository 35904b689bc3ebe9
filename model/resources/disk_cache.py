"""Files that one run leaves for later ones on the same machine, in the user's cache folder.

Who keeps something here reads it under a digest of all that it depends on, and makes it again where it is not whole,
so that no file changes an answer. Any of them may be removed at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CODE = Path(__file__).parents[1]
MOST_ORDERS, MOST_ORDER_BYTES = 500, 16_000_000
"""Orders kept beside each other, and their bytes: of networks as large as the flagship one takes up to 13 kB."""
CHECKSUM = hashlib.sha256().digest_size

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


def write(place: Path, *parts: bytes | memoryview) -> None:
    """Leave a file for later runs; readers and other writers see a whole file or none. Where it cannot be, none."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=place.stem[:8], suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(parts)
            os.replace(name, place)
        except OSError:
            with suppress(OSError):
                os.unlink(name)


def read(place: Path) -> memoryview | None:
    """What ``write_whole`` left in a file, marked as used now; None where there is none, or not a whole one."""
    try:
        content = memoryview(place.read_bytes())
    except OSError:
        return None
    if hashlib.sha256(content[CHECKSUM:]).digest() != content[:CHECKSUM]:
        return None
    with suppress(OSError):
        os.utime(place)
    return content[CHECKSUM:]


def write_whole(place: Path, *parts: bytes | memoryview) -> None:
    """Leave a file with its checksum."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    write(place, digest.digest(), *parts)


def keep(place: Path, content: bytes, *, most_files: int, most_bytes: int) -> None:
    """Leave a file with its checksum, and remove the least recently used beside it beyond what the folder may hold."""
    if len(content) < most_bytes:
        write_whole(place, content)
        tidy(place, most_files=most_files, most_bytes=most_bytes)


def tidy(place: Path, *, most_files: int, most_bytes: int) -> None:
    """Remove the least recently used files beside one, and of its ending, beyond what their folder may hold."""
    with suppress(OSError):
        files = ((path.stat(), path) for path in place.parent.glob(f"*{place.suffix}"))
        total = 0
        for count, (stat, path) in enumerate(sorted(files, key=lambda each: -each[0].st_mtime_ns), start=1):
            total += stat.st_size
            if count > most_files or total > most_bytes:
                path.unlink(missing_ok=True)


@cache
def code() -> str | None:
    """A digest of this package's sources and all that they run on; None where the sources are not to be had.

    Of the packages that are installed beside numpy, of the settings of numpy's and numba's threads, and of the
    machine, since the last bits of a number may depend on its processor.
    """
    sources, numpy = sorted(CODE.rglob("*.py")), find_spec("numpy")
    if not sources or numpy is None or numpy.origin is None:
        return None
    digest = hashlib.sha256(digest_of(sources, CODE).encode())
    packages = sorted(name for name in os.listdir(Path(numpy.origin).parents[1]) if name.endswith("-info"))
    threads = sorted(item for item in os.environ.items() if item[0].endswith("_NUM_THREADS") or "NUMBA" in item[0])
    digest.update(repr((packages, threads, sys.version, tuple(os.uname()))).encode())
    return digest.hexdigest()


def digest_of(files: list[Path], below: Path) -> str:
    """A digest of the names and contents of files below a folder. Raises OSError where one cannot be read."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(below).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def read_order(place: Path) -> Any:
    """The JSON that ``write_order`` left in a file; None unless it is whole, by its own checksum."""
    try:
        kept = json.loads(place.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    with suppress(OSError):
        os.utime(place)
    return kept.get("order") if isinstance(kept, dict) and kept.get("sum") == _sum(kept.get("order")) else None


def write_order(place: Path, order: Any) -> None:
    """Leave lists of numbers for later runs, with their checksum; MOST_ORDERS of them beside each other at the most.

    Questions about events search for orders of their own, so that there is no end of them.
    """
    write(place, json.dumps({"order": order, "sum": _sum(order)}).encode())
    tidy(place, most_files=MOST_ORDERS, most_bytes=MOST_ORDER_BYTES)


def _sum(order: Any) -> str:
    return hashlib.sha256(json.dumps(order).encode()).hexdigest()[:16]
