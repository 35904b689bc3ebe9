"""The store itself: transactions that read or write, one engine a process, and one family of errors."""

from __future__ import annotations

import logging
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Row, Table, func, select, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from service.store import migrate
from service.store.errors import StoreBusy, StoreError, StoreUnavailable
from service.store.limits import Limits
from service.store.location import Folder, Nowhere, Place
from service.store.outage import RETRIED, Outage
from service.store.postgresql import PostgreSQL
from service.store.sqlite import SQLite

logger = logging.getLogger(__name__)

PATIENCE = 4.5
"""Seconds that a transaction waits for another's lock: its refusal is to be there within five."""
PATIENCE_AT_START = 30.0
SILENT = 3.0
"""Seconds without a word of the server after which a service takes a link to it for dead."""
PROBE = 0.2


class Backend(Protocol):
    """What differs between SQLite and PostgreSQL."""

    @property
    def described(self) -> str: ...
    @property
    def caution(self) -> str | None: ...
    def make_ready(self, patience: float) -> None: ...
    def engine(self) -> Engine: ...
    def turn(self, patience: float) -> AbstractContextManager[float]: ...
    def begun(self, connection: Connection, patience: float, *, writes: bool) -> None: ...
    def confirm(self, connection: Connection) -> None: ...
    def unwritable(self, connection: Connection) -> str | None: ...
    def failure(self, error: BaseException) -> StoreError | None: ...


def now() -> datetime:
    """The time by this machine's clock, in UTC."""
    return datetime.now(UTC)


class Store:
    """The store at a place. It may be shared by threads, and survives a fork: each process opens its own connections.

    ``clock`` says when something happened; no order depends on it. ``silent`` is for how many seconds a server may say
    nothing while an answer of it is waited for, beside the patience with others' locks: without end where an operator
    waits, who may have asked for much.
    """

    def __init__(
        self,
        place: Place,
        *,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = now,
        silent: float = math.inf,
    ) -> None:
        self.place = place
        self.limits = limits or Limits()
        self.clock = clock
        self._backend = _backend(place, silent)
        self._outage = Outage()
        self._engines: dict[int, Engine] = {}
        self._is_ready = False
        self._refused: tuple[float, StoreError] | None = None

    @property
    def described(self) -> str:
        """Which database it is, in words."""
        return self._backend.described if self._backend else str(self.place)

    @property
    def caution(self) -> str | None:
        """What an operator should know of the database that it is in."""
        return self._backend.caution if self._backend else None

    def prepare(self, *, patience: float = PATIENCE_AT_START) -> list[str]:
        """Make the tables, or bring them up to date, and return the steps that this took.

        Raises StoreUnavailable or StoreBusy where that cannot be done; a later use tries again.
        """
        backend = self._used()
        try:
            self._make_ready(backend, patience)
            with self._reading(backend, patience) as connection:
                is_current = migrate.version(connection) == migrate.head()
            steps: list[str] = []
            if not is_current:
                with self._writing(backend, PATIENCE_AT_START) as connection:
                    steps = migrate.upgrade(connection)
        except StoreError as error:
            self._refused = (time.monotonic(), error)
            raise
        self._is_ready, self._refused = True, None
        return steps

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one state of the store."""
        with self._reading(self._ready(), PATIENCE) as connection:
            yield connection

    @contextmanager
    def writing(self, *, patience: float = PATIENCE) -> Iterator[Connection]:
        """A transaction that writes, alone among all processes: what it reads stays true until it has committed.

        Once the block has been left, what it wrote is on disk. Any exception takes all of it back. ``patience`` are the
        seconds that it waits for another's lock.
        """
        with self._writing(self._ready(), patience) as connection:
            yield connection

    def trouble(self) -> str | None:
        """Why nothing can be kept now; None where all is well, or another process is only writing at the moment."""
        try:
            backend = self._ready()
            with self._writing(backend, PROBE) as connection:
                connection.execute(text("SELECT version_num FROM alembic_version"))
                return backend.unwritable(connection)
        except StoreBusy:
            return None
        except StoreError as error:
            return str(error)

    def close(self) -> None:
        """Close this process's connections that are not in use, as before a fork."""
        engine = self._engines.pop(os.getpid(), None)
        if engine is not None:
            engine.dispose()

    def session(self) -> Connection:
        """A connection for what ends with it, such as a lock of the session; errors of its use are the database's.

        Raises StoreError where there is none.
        """
        backend = self._used()
        with self._outage.watched(), _translated(backend):
            return self._engine(backend).connect()

    def _make_ready(self, backend: Backend, patience: float) -> None:
        try:
            with _translated(backend):
                backend.make_ready(patience)
        except OSError as error:
            raise StoreUnavailable(f"the state folder cannot be used: {error.filename}: {error.strerror}") from error

    @contextmanager
    def _reading(self, backend: Backend, patience: float) -> Iterator[Connection]:
        connected = self._connection(backend, patience, writes=False)
        with self._outage.watched(), _translated(backend), connected as connection, connection.begin():
            backend.begun(connection, patience, writes=False)
            yield connection

    @contextmanager
    def _writing(self, backend: Backend, patience: float) -> Iterator[Connection]:
        with (
            self._outage.watched(),
            _translated(backend),
            backend.turn(patience) as left,
            self._connection(backend, left, writes=True) as connection,
        ):
            with connection.begin():
                backend.begun(connection, left, writes=True)
                yield connection
            backend.confirm(connection)

    @contextmanager
    def _connection(self, backend: Backend, patience: float, *, writes: bool) -> Iterator[Connection]:
        with self._engine(backend).connect() as connection:
            yield connection.execution_options(patience=patience, writes=writes)

    def _engine(self, backend: Backend) -> Engine:
        # Engines of a parent process stay where they are, unused: closing its connections here would end its locks.
        return self._engines.get(os.getpid()) or self._engines.setdefault(os.getpid(), backend.engine())

    def _used(self) -> Backend:
        if isinstance(self.place, Nowhere):
            raise StoreUnavailable(f"this service keeps nothing: {self.place.why}")
        assert self._backend is not None, "every other place has one"
        return self._backend

    def _ready(self) -> Backend:
        if not self._is_ready:
            if self._refused and time.monotonic() - self._refused[0] < RETRIED:
                raise type(self._refused[1])(self._refused[1].detail)
            self.prepare(patience=PATIENCE)
        return self._used()


def _backend(place: Place, silent: float) -> Backend | None:
    if isinstance(place, Nowhere):
        return None
    return SQLite(place) if isinstance(place, Folder) else PostgreSQL(place, silent=silent)


@contextmanager
def _translated(backend: Backend) -> Iterator[None]:
    """Exceptions of the database as the store's own."""
    try:
        yield
    except NoConnectionFree as error:
        raise StoreBusy("every connection to the store is in use") from error
    except DisconnectionError as error:
        raise StoreUnavailable("the store was replaced while it was in use") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        if isinstance(error, StatementError) and isinstance(error.orig, StoreError):
            raise error.orig from None
        known = backend.failure((error.orig or error) if isinstance(error, DBAPIError) else error)
        if known is None:
            logger.exception("the store refused a statement")
        raise known or StoreError("the store refused a statement; the log has it") from error


def next_number(connection: Connection, table: Table) -> int:
    """The sequence number of the next row of a table, within a transaction that writes."""
    return int(connection.execute(select(func.coalesce(func.max(table.c.seq), 0))).scalar_one()) + 1


def fields(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """A row by the names of its columns."""
    return row._asdict()
