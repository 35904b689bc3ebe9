"""Copies of the store, and a store from a copy.

A backup is an SQLite file or an archive: a zip with the rows of each table as JSON lines and each content as a file.
Either can be restored into either database, so that a deployment can move from one to the other.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from sqlalchemy import Connection, Table, func, insert, select, update

from service.store import hash_chain, migrate
from service.store.checks import CHAINED, raw_rows
from service.store.database import Store
from service.store.errors import BadBackup, StoreError
from service.store.location import Folder
from service.store.tables import blobs, iso, metadata, usage

FORMAT = "aftermath-archive-1"
ABOUT = "about.json"
SQLITE_MAGIC = b"SQLite format 3\0"
AT_ONCE = 500
MADE_LATER = {"links": "0002", "retirements": "0003", "questions": "0004", "compiled_sizes": "0005"}
"""Tables that a step after the first has made. No step has changed a table that was there."""
TABLES = [table for table in metadata.sorted_tables if table.name not in ("blobs", "usage")]


class Source(Protocol):
    """A backup that is read: contents with the time each was kept, and the rows of each table."""

    def contents(self) -> Iterable[tuple[str, bytes]]: ...
    def rows(self, table: Table) -> Iterable[Mapping[str, Any]]: ...


def backup(store: Store, file: Path) -> None:
    """Write a backup while the store is in use: an archive where the name ends in .zip or the store is no SQLite file.

    The file comes into being whole or not at all. Raises BadBackup where it is there already.
    """
    if file.exists():
        raise BadBackup(f"{file} is there already; name another file")
    handle, name = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name[:32]}-")
    os.close(handle)
    part = Path(name)
    try:
        if isinstance(store.place, Folder) and file.suffix != ".zip":
            _copy(store, store.place.file, part)
        else:
            _archive(store, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def restore(store: Store, file: Path) -> dict[str, int]:
    """Fill an empty store from a backup, all of it or nothing, and return how many rows each table got.

    Raises BadBackup where the file is no backup, is damaged, or the store holds something.
    """
    with _source(file) as source, store.writing() as connection:
        for table in metadata.sorted_tables:
            if table is not usage and connection.execute(select(func.count()).select_from(table)).scalar_one():
                raise BadBackup(f"the store is not empty (it has {table.name}); restore into another place")
        counts = {"blobs": _restore_contents(connection, source)}
        for table in TABLES:
            counts[table.name] = _restore_rows(connection, table, source.rows(table))
        for table in CHAINED:
            for number, what in hash_chain.broken(raw_rows(connection, table)):
                raise BadBackup(f"{file} is damaged: {table.name}, row {number}: {what}")
    return counts


def _copy(store: Store, file: Path, part: Path) -> None:
    """SQLite's own online backup, in one step; the copy is a file by itself, without a log beside it."""
    with store.reading():
        pass
    address = f"{file.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = delete")
            (found,) = copy.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise BadBackup(f"{file.name} cannot be copied: {error}") from error
    if found != "ok":
        raise BadBackup(f"{file.name} is damaged ({found}); aftermath db check says more")


def _archive(store: Store, part: Path) -> None:
    with ZipFile(part, "w", ZIP_DEFLATED) as archive, store.reading() as connection:
        about = {"format": FORMAT, "step": migrate.version(connection), "at": iso(store.clock())}
        archive.writestr(ABOUT, json.dumps(about))
        times = {}
        for digest, at in connection.execute(select(blobs.c.digest, blobs.c.at).order_by(blobs.c.digest)).all():
            times[digest] = iso(at)
            archive.writestr(f"blobs/{digest}", _content(connection, digest))
        archive.writestr("blobs.json", json.dumps(times))
        for table in TABLES:
            lines = (json.dumps(row, ensure_ascii=False) for row in raw_rows(connection, table))
            archive.writestr(f"{table.name}.jsonl", "".join(f"{line}\n" for line in lines))


def _content(connection: Connection, digest: str) -> bytes:
    return bytes(connection.execute(select(blobs.c.content).where(blobs.c.digest == digest)).scalar_one())


@contextmanager
def _source(file: Path) -> Iterator[Source]:
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(SQLITE_MAGIC))
    except OSError as error:
        raise BadBackup(f"{file} cannot be read: {error.strerror}") from error
    if begins == SQLITE_MAGIC:
        with _sqlite_source(file) as source:
            yield source
        return
    try:
        with ZipFile(file) as archive:
            yield _ArchiveSource(file, archive)
    except (BadZipFile, EOFError, KeyError, TypeError, ValueError, zlib.error) as error:
        raise BadBackup(f"{file} is no backup, or is damaged: {error}") from error
    except StoreError as error:
        if type(error) is not StoreError:
            raise
        raise BadBackup(f"{file} is damaged: its rows do not fit together") from error


@contextmanager
def _sqlite_source(file: Path) -> Iterator[Source]:
    """A copy of the file, its tables brought up to date, so that an older backup can be read."""
    with tempfile.TemporaryDirectory() as folder:
        place = Folder(Path(folder))
        shutil.copyfile(file, place.file)
        copy = Store(place)
        try:
            with copy.reading() as connection:
                yield _StoreSource(connection)
        except StoreError as error:
            raise error if isinstance(error, BadBackup) else BadBackup(f"{file}: {error}") from error
        finally:
            copy.close()


class _StoreSource:
    """Another store that is read."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Each content with the time at which it was kept."""
        for digest, at in self.connection.execute(select(blobs.c.digest, blobs.c.at)).all():
            yield iso(at), _content(self.connection, digest)

    def rows(self, table: Table) -> Iterable[Mapping[str, Any]]:
        """The rows of a table as they are stored."""
        return raw_rows(self.connection, table)


class _ArchiveSource:
    """A zip that is read."""

    def __init__(self, file: Path, archive: ZipFile) -> None:
        about = json.loads(archive.read(ABOUT))
        if about["format"] != FORMAT or about["step"] > migrate.head():
            raise BadBackup(
                f"{file} is a backup of another version ({about['format']}, step {about['step']}); "
                f"this one reads {FORMAT}, up to step {migrate.head()}"
            )
        self.archive = archive
        self._step = about["step"]

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Each content with the time at which it was kept."""
        for digest, at in json.loads(self.archive.read("blobs.json")).items():
            content = self.archive.read(f"blobs/{digest}")
            if hashlib.sha256(content).hexdigest() != digest:
                raise ValueError(f"the content {digest[:16]} is not what was written")
            yield at, content

    def rows(self, table: Table) -> Iterator[Mapping[str, Any]]:
        """The rows of a table as they are stored; none of one that a later step than the archive's has made."""
        if self._step < MADE_LATER.get(table.name, ""):
            return
        for line in self.archive.read(f"{table.name}.jsonl").decode().split("\n"):
            if line:
                yield json.loads(line)


def _restore_contents(connection: Connection, source: Source) -> int:
    count = size = 0
    for at, content in source.contents():
        digest = hashlib.sha256(content).hexdigest()
        connection.execute(insert(blobs).values(digest=digest, size=len(content), at=at, content=content))
        count, size = count + 1, size + len(content)
    connection.execute(update(usage).values(bytes=size))
    return count


def _restore_rows(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
    waiting = [dict(row) for row in rows]
    for first in range(0, len(waiting), AT_ONCE):
        connection.execute(insert(table), waiting[first : first + AT_ONCE])
    return len(waiting)
