"""What tells one file from another: a digest of what is in it."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
