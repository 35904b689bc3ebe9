"""Bytes by their SHA-256: kept once, however many revisions and answers have them."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from service.store.errors import StoreFull, StoreUnavailable
from service.store.limits import Limits
from service.store.tables import blobs, usage


def keep(connection: Connection, content: bytes, *, at: datetime, limits: Limits) -> str:
    """Keep bytes and return their digest, in a transaction that writes. Raises StoreFull over the limit of bytes."""
    digest = hashlib.sha256(content).hexdigest()
    if connection.execute(select(blobs.c.digest).where(blobs.c.digest == digest)).first() is None:
        used = int(connection.execute(select(usage.c.bytes)).scalar_one()) + len(content)
        if used > limits.total_bytes:
            raise StoreFull(
                f"the store would hold {used:,} bytes, more than its limit of {limits.total_bytes:,}; "
                "make room with aftermath db prune"
            )
        connection.execute(insert(blobs).values(digest=digest, size=len(content), at=at, content=content))
        connection.execute(update(usage).values(bytes=used))
    return digest


def content(connection: Connection, digest: str) -> bytes:
    """The bytes of a digest. Raises StoreUnavailable where they are no longer what they were."""
    found = connection.execute(select(blobs.c.content).where(blobs.c.digest == digest)).scalar_one_or_none()
    if found is None or hashlib.sha256(found).hexdigest() != digest:
        raise StoreUnavailable(f"the content {digest[:16]} is damaged; restore a backup with aftermath db restore")
    return bytes(found)
