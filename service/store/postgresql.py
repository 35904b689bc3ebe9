"""The store in a PostgreSQL database: how it is reached, what locks a write, and what its errors mean."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from service.store.errors import StoreBusy, StoreError, StoreFull, StoreUnavailable, StoreUnreachable
from service.store.location import Server

CONNECTIONS = 8
"""As many as a worker has threads."""
WRITES = 7_203_521_964
"""The advisory lock that every transaction which writes takes, so that what it reads stays true until it commits."""

NETWORK = {
    "application_name": "aftermath",
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "2",
    "tcp_user_timeout": "5000",
}
"""How soon a link that is cut is noticed, unless the URL says otherwise."""

SERVER_SIDE = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "5000",
}
"""How soon the server notices such a link: until then it keeps what the session has locked."""
ABANDONED = "60s"
"""After so long without a statement the server takes back a transaction of a service: none of ours pauses so long."""

LOCKED, WORKING = 0.6, 10
"""Times the seconds that the server may be silent: a read waits so long for a lock, and is then refused as busy and not
taken for one of a server that is away; and so long may a statement take, its answer sent, before the server ends it."""

CANCELLED, DISK_FULL = "57014", ("53100",)
BUSY = ("53", "55P03", "40001", "40P01")
AWAY = ("08", "57P", "25006", "28", "3D", "42P01", "42501", "3F")
"""Beginnings of SQLSTATE: too many connections, locks, deadlocks; no connection, shutdown, read-only, no rights."""
FULL = ("too many clients", "connection slots", "too many connections")
"""In what a server says that refuses a connection, of which the driver tells no SQLSTATE."""


class PostgreSQL:
    """A database of a PostgreSQL server."""

    def __init__(self, server: Server, *, silent: float) -> None:
        """``silent`` is for how many seconds a statement may go without a word of the server."""
        self._silent = silent
        self.url = make_url(server.url).set(drivername="postgresql+psycopg")
        self.described = str(server)
        self.caution: str | None = None

    def make_ready(self, patience: float) -> None:
        """Raise StoreUnavailable unless the driver is installed."""
        try:
            import psycopg  # noqa: F401
        except ImportError:
            raise StoreUnavailable(
                "PostgreSQL needs a driver that is not installed; pip install 'aftermath[postgresql]'"
            ) from None

    def engine(self) -> Engine:
        """An engine that has opened nothing yet."""
        network = {name: value for name, value in NETWORK.items() if name not in self.url.query}
        engine = create_engine(
            self.url,
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args=network,
        )
        event.listen(engine, "do_connect", self._connected)
        event.listen(engine, "checkin", self._given_back)
        return engine

    def _connected(self, dialect: Any, record: Any, words: Any, said: dict[str, Any]) -> Any:
        from service.store.bounded_connection import BoundedConnection  # needs the driver

        connection = BoundedConnection.connect(*words, **said)
        connection.silent = self._silent
        limits = dict(SERVER_SIDE)
        if self._silent < math.inf:
            limits |= {**self._limits(0.0), "idle_in_transaction_session_timeout": ABANDONED}
        chosen = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in limits.items())
        try:
            connection.execute(f"SELECT {chosen}".encode())
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection

    def _limits(self, patience: float) -> dict[str, str]:
        """How long the server waits for a lock, and works on a statement."""
        return {
            "lock_timeout": f"{round(1000 * (patience or LOCKED * self._silent))}ms",
            "statement_timeout": f"{round(1000 * (patience + WORKING * self._silent))}ms",
        }

    def _given_back(self, connection: Any, record: Any) -> None:
        if connection is not None:
            connection.silent = self._silent

    def turn(self, patience: float) -> AbstractContextManager[float]:
        """Nothing, and all of the patience: the server has a queue for its locks."""
        return nullcontext(patience)

    def begun(self, connection: Connection, patience: float, *, writes: bool) -> None:
        """Wait for the lock on writes, which ends with the transaction; a read sees one state."""
        if not writes:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            return
        driver: Any = connection.connection.driver_connection
        driver.silent = self._silent + patience  # any of its statements may wait for a lock
        limits = self._limits(patience) if self._silent < math.inf else {"lock_timeout": f"{round(1000 * patience)}ms"}
        chosen = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in limits.items())
        connection.execute(text(f"SELECT {chosen}"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITES})"))

    def confirm(self, connection: Connection) -> None:
        """Nothing: a commit that the server acknowledged is kept."""

    def unwritable(self, connection: Connection) -> str | None:
        """Why nothing can be written where a transaction could begin: the server is a standby, or set to read only."""
        if connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
            return "PostgreSQL lets nothing be written"
        return None

    def failure(self, error: BaseException) -> StoreError | None:
        """What an error of PostgreSQL or of the link to it means; None where it is a mistake of ours."""
        state = getattr(error, "sqlstate", None)
        if state is None:
            kinds = {kind.__name__ for kind in type(error).__mro__}
            if not kinds & {"OperationalError", "InterfaceError"}:
                return None
            if any(words in str(error) for words in FULL):
                return StoreBusy("PostgreSQL has no connection free")
            first = str(error).strip().splitlines()[:1]
            return StoreUnreachable(f"PostgreSQL cannot be reached{f' ({first[0]})' if first else ''}")
        if state == CANCELLED:
            return StoreBusy("PostgreSQL takes too long with a statement")
        if state in DISK_FULL:
            return StoreFull("the disk of PostgreSQL is full")
        if state.startswith(BUSY):
            return StoreBusy("another process writes to the store")
        if state.startswith(AWAY):
            return StoreUnavailable(f"PostgreSQL cannot be used now ({str(error).splitlines()[0]})")
        return None
