"""The right to watch the folder of models, which one of the hosts over a store has at a time, while it runs."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from service.store.database import Store
from service.store.errors import StoreError
from service.store.location import Folder, Nowhere

FILE = "watcher.lock"
NUMBER = 7_203_521_965
"""The advisory lock in PostgreSQL. It ends with the connection that holds it, however that ends."""
ENDS = """SELECT CASE WHEN current_setting('server_version_num')::int >= 140000
THEN set_config('idle_session_timeout', '600s', false) END"""
"""The session ends, and the right with it, once nothing was heard of its holder for ten minutes, which is longer than
any load: where a link is silent, and what answers for its other end acknowledges all, nothing else tells."""
DATABASE = "SELECT oid FROM pg_database WHERE datname = current_database()"
"""Locks of all databases of a server stand in one list."""


def is_taken(store: Store) -> bool:
    """Whether some process has the right now. It is not taken to see that. Raises StoreError."""
    place = store.place
    if isinstance(place, Nowhere):
        return False
    if not isinstance(place, Folder):
        with store.reading() as connection:
            return bool(connection.execute(text(f"SELECT {_granted()}")).scalar_one())
    try:
        opened = os.open(place.path / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)  # others who only look may do so at the same time
    except OSError:
        return True
    finally:
        os.close(opened)
    return False


def _granted(more: str = "true") -> str:
    """An expression that is true where a session has the lock of this database, of which ``more`` holds."""
    ours = f"objid = {NUMBER & 0xFFFFFFFF} AND classid = {NUMBER >> 32} AND database = ({DATABASE})"
    return f"EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND {ours} AND {more})"


class Lease:
    """One process's claim. It is the process's own: a fork does not carry it on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._file: int | None = None
        self._connection: Connection | None = None

    def held(self) -> bool | None:
        """Whether this process has the right now, asked for if it has it not; None where the store does not say."""
        place = self._store.place
        if isinstance(place, Nowhere):
            return True
        return self._by_file(place) if isinstance(place, Folder) else self._by_connection()

    def _by_file(self, place: Folder) -> bool | None:
        if self._file is not None:
            return True
        try:
            opened = os.open(place.path / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(opened)
            return False
        self._file = opened
        return True

    def _by_connection(self) -> bool | None:
        try:
            if self._connection is None:
                self._connection = self._store.session()
                self._connection.execute(text(ENDS))
                self._connection.commit()
            with self._connection.begin():
                return bool(self._connection.execute(text(f"SELECT {self._asked()}")).scalar_one())
        except (SQLAlchemyError, StoreError):
            with suppress(SQLAlchemyError):
                if self._connection is not None:
                    self._connection.invalidate()
                    self._connection.close()
            self._connection = None
            return None

    def _asked(self) -> str:
        """An expression that is true where this session has the lock, and takes it once where it is free."""
        return f"CASE WHEN {_granted('pid = pg_backend_pid()')} THEN true ELSE pg_try_advisory_lock({NUMBER}) END"
