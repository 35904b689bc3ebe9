"""Who did what, from where, and what came of it: a log whose rows are chained by hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from service.store import hash_chain
from service.store.database import Store
from service.store.tables import audit


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done or refused: ``origin`` is where from, ``outcome`` is done or a code of an error."""

    who: str
    what: str
    origin: str
    outcome: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A deed in the log, with its number and its hash."""

    seq: int
    at: datetime
    deed: Deed
    chain: str


def record(store: Store, deed: Deed) -> int:
    """Write a deed into the log and return its number."""
    with store.writing() as connection:
        return append(connection, deed, at=store.clock())


def append(connection: Connection, deed: Deed, *, at: datetime) -> int:
    """The same within a transaction that writes, so that a change and its entry are kept together or not at all."""
    detail = json.dumps(dict(deed.detail), sort_keys=True, ensure_ascii=False)
    row = {"at": at, "who": deed.who, "what": deed.what, "origin": deed.origin, "outcome": deed.outcome}
    return hash_chain.append(connection, audit, {**row, "detail": detail})


def latest(store: Store, *, most: int = 50, before: int | None = None) -> list[Entry]:
    """The log, the last entry first; ``before`` a number, for the next page."""
    chosen = select(audit).order_by(audit.c.seq.desc()).limit(most)
    if before is not None:
        chosen = chosen.where(audit.c.seq < before)
    with store.reading() as connection:
        return [
            Entry(row.seq, row.at, Deed(row.who, row.what, row.origin, row.outcome, json.loads(row.detail)), row.chain)
            for row in connection.execute(chosen)
        ]
