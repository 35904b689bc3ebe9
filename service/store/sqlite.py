"""The store in an SQLite file: how it is opened, what locks a write, and what its errors mean."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.pool import QueuePool

from service.store.errors import StoreBusy, StoreError, StoreFull, StoreUnavailable
from service.store.fair_lock import FairLock
from service.store.location import Folder

CONNECTIONS = 8
"""As many as a worker has threads."""
PATIENCE_TO_OPEN = 4.0
"""Seconds that a new connection waits while another process holds the whole file."""
NO_ROOM = 65_536
"""Free bytes of a disk under which it is full, whatever SQLite calls a write that failed."""
FULL = "the disk of the store is full"

VERSION = sqlite3.sqlite_version_info
FIXED = (3, 51, 3)
BACKPORTED = ((3, 44, 6), (3, 50, 7))
FIRST_WITH_WAL = (3, 7, 0)


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether a version of SQLite may keep a write-ahead log under several connections.

    From 3.7.0 to 3.51.2 a checkpoint that resets the log at the wrong moment can lose a commit or damage the file
    (sqlite.org/wal.html#walresetbug); 3.44.6 and 3.50.7 have the repair too.

    >>> wal_is_safe((3, 40, 1)), wal_is_safe((3, 50, 7)), wal_is_safe((3, 51, 3))
    (False, True, True)
    """
    same_line = any(version[:2] == repaired[:2] and version >= repaired for repaired in BACKPORTED)
    return version >= FIXED or same_line or version < FIRST_WITH_WAL


class SQLite:
    """An SQLite file in a folder."""

    def __init__(self, folder: Folder) -> None:
        self.file = folder.file
        self.uses_wal = wal_is_safe(VERSION)
        self.version = ".".join(map(str, VERSION))
        self._queues: dict[int, FairLock] = {}

    @property
    def described(self) -> str:
        """The engine in words."""
        journal = "write-ahead log" if self.uses_wal else "rollback journal"
        return f"SQLite {self.version}, {journal}"

    @property
    def caution(self) -> str | None:
        """What an operator should know of this version of SQLite."""
        if self.uses_wal:
            return None
        return (
            f"SQLite {self.version} can damage a write-ahead log (repaired in 3.51.3), so the store keeps a rollback "
            "journal: reads wait for a write, and a write for reads"
        )

    def make_ready(self, patience: float) -> None:
        """Make the folder and the file, readable by their owner alone, and set how the file keeps its journal."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.file.exists():
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR, 0o600))
        self._set_journal(time.monotonic() + patience)

    def _set_journal(self, until: float) -> None:
        wanted = "wal" if self.uses_wal else "delete"
        connection = self._connect()
        try:
            while True:
                try:
                    (found,) = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
                    if found == wanted:
                        return
                except sqlite3.OperationalError as error:
                    if _primary(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                        raise
                if time.monotonic() > until:
                    raise StoreBusy(
                        f"the store's journal cannot be changed from {found!r} to {wanted!r} while it is in use"
                    )
                time.sleep(0.05)
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        """A connection to the file that is there: one that was removed is not made again."""
        address = f"{self.file.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(
            address, uri=True, timeout=PATIENCE_TO_OPEN, isolation_level=None, check_same_thread=False
        )

    def engine(self) -> Engine:
        """An engine that has opened nothing yet."""
        made = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            pool_timeout=5,
        )
        event.listen(made, "connect", self._configure)
        event.listen(made, "checkout", self._demand_same_file)
        event.listen(made, "begin", _begin)
        return made

    def _configure(self, connection: sqlite3.Connection, record: Any) -> None:
        record.info["file"] = _identity(self.file)
        # A rollback journal needs EXTRA for what FULL promises of a log: the folder is synced once it is deleted.
        connection.execute(f"PRAGMA synchronous = {'FULL' if self.uses_wal else 'EXTRA'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")

    def _demand_same_file(self, _connection: sqlite3.Connection, record: Any, _proxy: Any) -> None:
        """A connection outlives its file: what is written through it afterwards would be lost."""
        if _identity(self.file) != record.info["file"]:
            raise InvalidatePoolError("the file was replaced")

    @contextmanager
    def turn(self, patience: float) -> Iterator[float]:
        """This thread's turn among those of its process that write, and the patience that is left once it has come."""
        until = time.monotonic() + patience
        queue = self._queues.get(os.getpid()) or self._queues.setdefault(os.getpid(), FairLock())
        if not queue.acquire(patience):
            raise StoreBusy("other requests write to the store")
        try:
            yield max(0.0, until - time.monotonic())
        finally:
            queue.release()

    def begun(self, connection: Connection, patience: float, *, writes: bool) -> None:
        """Nothing more: BEGIN IMMEDIATE holds the lock on writes, and a read sees one state."""

    def confirm(self, connection: Connection) -> None:
        """Raise StoreUnavailable where the file was removed while it was written to."""
        if _identity(self.file) != connection.info["file"]:
            raise StoreUnavailable(f"{self.file.name} was removed or replaced while it was written to; write again")

    def unwritable(self, connection: Connection) -> str | None:
        """Why nothing can be written where a transaction could begin, as it can on a read-only file and a full disk."""
        for path in (self.file, self.file.parent):
            if not os.access(path, os.W_OK):
                return f"{path.name} can be read and not written to"
        return FULL if self._has_no_room() else None

    def failure(self, error: BaseException) -> StoreError | None:
        """What an error of SQLite means; None where it is a mistake of ours."""
        code = _primary(error)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StoreBusy("another process writes to the store")
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and self._has_no_room()):
            return StoreFull(FULL)
        if said := self._unusable(code, error):
            return StoreUnavailable(said)
        return None

    def _unusable(self, code: int | None, error: BaseException) -> str | None:
        restore = "restore a backup with aftermath db restore"
        if code == sqlite3.SQLITE_READONLY:
            return f"{self.file.name} can be read and not written to"
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return f"{self.file.name} is damaged ({error}); {restore}"
        if code == sqlite3.SQLITE_CANTOPEN:
            return (
                f"{self.file.name} cannot be opened" if self.file.exists() else f"{self.file.name} is gone; {restore}"
            )
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM):
            return f"{self.file.name} cannot be used ({error})"
        if code == sqlite3.SQLITE_ERROR and "no such table" in str(error):
            return f"{self.file.name} has lost its tables; {restore}"
        return None

    def _has_no_room(self) -> bool:
        try:
            return shutil.disk_usage(self.file.parent).free < NO_ROOM
        except OSError:
            return False


def _begin(connection: Connection) -> None:
    """Begin as the transaction needs it: one that writes takes the lock now, so that what it reads stays true."""
    options = connection.get_execution_options()
    patience: float = options["patience"]
    if options["writes"]:
        _begin_to_write(connection, time.monotonic() + patience)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {round(1000 * patience)}")
    if not options["writes"]:
        connection.exec_driver_sql("BEGIN")


def _begin_to_write(connection: Connection, until: float) -> None:
    """Take the lock on writes, asking more often than SQLite would, so that no process starves beside a busy one."""
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if _primary(error.orig) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(random.uniform(0.001, 0.003))


def _primary(error: BaseException | None) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file has the name now."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
