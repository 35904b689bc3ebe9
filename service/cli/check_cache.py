"""What ``check`` printed of a model, kept until a file of the model or of the program changes.

A file never changes what is printed: it is found under a digest of all that it depends on, and has its own checksum.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from model.priors import model_cache
from model.resources import disk_cache

MOST_FILES = 256
MOST_BYTES = 16_000_000
"""What the folder of checks may hold; one takes some kilobytes."""

CODE = Path(__file__).parents[1]


def key(folder: Path, **options: int) -> str | None:
    """A digest of a model's files, of the options of the command and of the code; None where nothing can be kept."""
    model = model_cache.key(folder)
    sources = sorted(CODE.rglob("*.py"))
    if model is None or not sources:
        return None
    parts = (model, disk_cache.digest_of(sources, CODE), sorted(options.items()))
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def read(key: str | None) -> tuple[str, bool] | None:
    """What was printed under a key, and whether nothing was wrong; None where nothing is kept."""
    place = _place(key)
    content = None if place is None else disk_cache.read(place)
    if content is None:
        return None
    text, sound = json.loads(bytes(content))
    return text, sound


def write(key: str | None, text: str, sound: bool) -> None:
    """Keep what was printed; where that cannot be, nothing happens."""
    place = _place(key)
    if place is not None:
        content = json.dumps([text, sound]).encode()
        disk_cache.keep(place, content, most_files=MOST_FILES, most_bytes=MOST_BYTES)


def _place(key: str | None) -> Path | None:
    folder = disk_cache.folder("checks")
    return None if key is None or folder is None else folder / f"{key}.check"
