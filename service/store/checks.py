"""Whether the store is whole: its file, references, triggers, chains of hashes, and every content under its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, String, Table, and_, func, select, text, type_coerce

from model.wording import quantity
from service.store import hash_chain, migrate
from service.store.database import Store
from service.store.errors import StoreError
from service.store.tables import FOR_EVER, PRUNABLE, REVOCABLE, UTCText, activations, audit, blobs, metadata, usage

PAGE = 500
CHAINED = (activations, audit)


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not as it was written, and where."""

    where: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.found}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and all that is wrong.

    ``heads`` are the last hash of each chain: written down elsewhere, they show whether rows were cut from its end.
    """

    contents: int
    rows: int
    heads: dict[str, str]
    damage: tuple[Damage, ...]


def check(store: Store) -> Checked:
    """Look at everything; what cannot be read is damage too. Writes go on meanwhile."""
    damage: list[Damage] = []
    heads: dict[str, str] = {}
    rows = contents = 0
    for part in (_integrity, _triggers, _references, _usage):
        damage += _in_one_read(store, part)
    for table in CHAINED:
        try:
            with store.reading() as connection:
                found = raw_rows(connection, table)
        except StoreError as error:
            damage.append(Damage(table.name, str(error)))
            continue
        rows += len(found)
        heads[table.name] = found[-1]["chain"] if found else hash_chain.START
        damage += [Damage(f"{table.name}, row {number}", what) for number, what in hash_chain.broken(found)]
    for digest, what in _contents(store):
        contents += 1
        damage += [Damage(f"blobs, {digest[:16]}", what)] if what else []
    return Checked(contents, rows, heads, tuple(damage))


def _in_one_read(store: Store, part: Callable[[Connection], Iterator[Damage]]) -> list[Damage]:
    try:
        with store.reading() as connection:
            return list(part(connection))
    except StoreError as error:
        return [Damage(str(store.place), str(error))]


def raw_rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """The rows of a table as they are stored, in order, times as text; of text that is no longer UTF-8, the bytes."""
    columns = [
        type_coerce(each, String).label(each.name) if isinstance(each.type, UTCText) else each for each in table.c
    ]
    order = table.c.seq if "seq" in table.c else next(iter(table.primary_key.columns))
    chosen = select(*columns).order_by(order)
    if connection.dialect.name != "sqlite":
        return [dict(row._mapping) for row in connection.execute(chosen)]
    plain: Any = connection.connection.dbapi_connection
    plain.text_factory = lambda stored: stored.decode(errors="surrogateescape")
    try:
        return [dict(row._mapping) for row in connection.execute(chosen)]
    finally:
        plain.text_factory = str


def _integrity(connection: Connection) -> Iterator[Damage]:
    step, newest = migrate.version(connection), migrate.head()
    if step != newest:
        yield Damage("alembic_version", f"the tables are at step {step}, expected {newest}; run aftermath db upgrade")
    if connection.dialect.name == "sqlite":
        for (line,) in connection.execute(text("PRAGMA integrity_check")):
            if line != "ok":
                yield Damage("file", line)


def _triggers(connection: Connection) -> Iterator[Damage]:
    """Triggers that keep a table append-only and are gone or switched off."""
    if connection.dialect.name == "sqlite":
        query, verbs = "SELECT name FROM sqlite_master WHERE type = 'trigger'", ("update", "delete", "replace")
    else:
        query, verbs = "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'", ("update", "delete", "truncate")
    there = set(connection.execute(text(query)).scalars())
    for table in (*PRUNABLE, *FOR_EVER, *REVOCABLE):
        for verb in verbs:
            if f"{table}_refuses_{verb}" not in there:
                yield Damage(table, f"nothing refuses {verb.upper()} any more: its trigger is gone")


def _references(connection: Connection) -> Iterator[Damage]:
    """Rows that refer to one that is not there."""
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            other = key.referred_table.alias("other")
            same = and_(*(other.c[each.column.name] == each.parent for each in key.elements))
            there = select(text("1")).select_from(other).where(same)
            refers = and_(*(each.parent.is_not(None) for each in key.elements))
            lost = select(func.count()).select_from(table).where(refers, ~there.correlate(table).exists())
            if count := connection.execute(lost).scalar_one():
                yield Damage(
                    table.name, f"{quantity(count, 'reference')} to {key.referred_table.name} that are not there"
                )


def _usage(connection: Connection) -> Iterator[Damage]:
    noted = connection.execute(select(usage.c.bytes)).scalar_one()
    there = connection.execute(select(func.coalesce(func.sum(blobs.c.size), 0))).scalar_one()
    if noted != there:
        yield Damage("usage", f"{noted:,} bytes are noted and {there:,} are there")


def _contents(store: Store) -> Iterator[tuple[str, str | None]]:
    """The digest of each content, with what is wrong where it is not that of the content. Each is read by itself, so
    that no write has to wait for all of them.
    """
    last = ""
    while True:
        chosen = select(blobs.c.digest).where(blobs.c.digest > last).order_by(blobs.c.digest).limit(PAGE)
        try:
            with store.reading() as connection:
                digests = list(connection.execute(chosen).scalars())
        except StoreError as error:
            yield last, str(error)
            return
        for digest in digests:
            yield digest, _wrong(store, digest)
        if len(digests) < PAGE:
            return
        last = digests[-1]


def _wrong(store: Store, digest: str) -> str | None:
    try:
        with store.reading() as connection:
            row = connection.execute(select(blobs.c.content, blobs.c.size).where(blobs.c.digest == digest)).first()
    except StoreError as error:
        return str(error)
    if row is None or (hashlib.sha256(row.content).hexdigest() == digest and len(row.content) == row.size):
        return None
    return "its content is not what was written"
