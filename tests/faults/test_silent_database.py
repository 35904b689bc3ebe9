"""A link to PostgreSQL that acknowledges everything and passes nothing on: who waits for it, and for how long (42)."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import text

from service.store import audit, lease
from service.store.database import PATIENCE, Store
from service.store.errors import StoreBusy, StoreUnavailable, StoreUnreachable
from service.store.lease import Lease
from service.store.location import Server
from tests import stores
from tests.faulty_link import FaultyLink, faulty_link

pytestmark = pytest.mark.needs("initdb")
DEED = audit.Deed("somebody", "write", "a test", "done")
SILENT = 1.0
CONNECTING = 5.0
SLACK = 3.0
"""Seconds by which a loaded machine may be late."""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[stores.PostgreSQL]:
    with stores.postgresql(durable=False) as server:
        yield server


@pytest.fixture
def url(postgresql: stores.PostgreSQL, request: pytest.FixtureRequest) -> str:
    return postgresql.database(f"silent_{abs(hash(request.node.name))}")


@pytest.fixture
def link(postgresql: stores.PostgreSQL) -> Iterator[FaultyLink]:
    with faulty_link(postgresql.port) as made:
        yield made


@pytest.fixture
def store(postgresql: stores.PostgreSQL, link: FaultyLink, url: str) -> Iterator[Store]:
    """A store as a service has it, over the link, that has been used."""
    with closing(Store(Server(url.replace(f":{postgresql.port}/", f":{link.port}/")), silent=SILENT)) as made:
        audit.record(made, DEED)
        yield made


def refused_in(store: Store) -> float:
    """The seconds until a write is refused because nobody answers."""
    started = time.monotonic()
    with pytest.raises(StoreUnreachable, match="PostgreSQL cannot be reached"):
        audit.record(store, DEED)
    return time.monotonic() - started


def test_fault_42_a_write_over_a_silent_link_is_refused_and_the_next_ones_at_once_until_it_speaks(store, link) -> None:
    link.become("silent")
    assert refused_in(store) < SILENT + CONNECTING + SLACK
    assert [refused_in(store) < 0.2 for _ in range(5)] == [True] * 5
    link.become("well")
    until = time.monotonic() + 30
    while True:
        try:
            audit.record(store, DEED)
            break
        except StoreUnavailable:
            assert time.monotonic() < until
            time.sleep(0.1)
    assert len(audit.latest(store)) == 2


def test_fault_42_of_many_that_need_a_silent_server_one_at_a_time_waits_for_it(store, link) -> None:
    link.become("silent")
    refused_in(store)
    time.sleep(2 * (SILENT + CONNECTING) + 0.5)  # it is tried again
    took: list[float] = []
    threads = [threading.Thread(target=lambda: took.append(refused_in(store))) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(took) == 8
    assert sum(each > 0.5 for each in took) <= 1


def falls_silent(store: Store, link: FaultyLink) -> None:
    with store.writing() as connection:
        connection.execute(text("DELETE FROM usage"))
        link.become("silent")
        connection.execute(text("SELECT 1"))


def test_fault_42_a_link_that_falls_silent_in_a_transaction_takes_it_back(store, link) -> None:
    started = time.monotonic()
    with pytest.raises(StoreUnreachable, match=r"says nothing for 5\.5 s"):
        falls_silent(store, link)
    assert time.monotonic() - started < SILENT + PATIENCE + SLACK
    link.become("cut")
    link.become("well")
    time.sleep(2 * (SILENT + PATIENCE) + 1)
    with store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM usage")).scalar_one() == 1


def test_what_is_asked_of_the_store_within_a_try_is_part_of_it(store, link) -> None:
    link.become("cut")
    refused_in(store)
    link.become("well")
    time.sleep(1.5)
    with store.writing(), store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM usage")).scalar_one() == 1


def test_a_lock_is_waited_for_as_long_as_ever_though_the_server_says_nothing_meanwhile(store, url) -> None:
    with locked(url, "EXCLUSIVE"):
        started = time.monotonic()
        with pytest.raises(StoreBusy):
            audit.record(store, DEED)
        assert time.monotonic() - started > PATIENCE * 0.8


def test_a_long_answer_that_arrives_in_pieces_is_read_to_its_end(store, link) -> None:
    """Each piece of a slow link is held up; together they take longer than the server may be silent."""
    link.become("slow")
    started = time.monotonic()
    with store.reading() as connection:
        rows = connection.execute(text("SELECT repeat('x', 100000) FROM generate_series(1, 100)")).all()
    assert len(rows) == 100
    assert time.monotonic() - started > SILENT


def locked(url: str, mode: str) -> psycopg.Connection:
    other = psycopg.connect(url)
    other.execute(f"LOCK TABLE audit IN {mode} MODE".encode())
    return other


def test_a_read_that_waits_for_a_lock_is_refused_as_busy_and_nobody_else_is(store, url) -> None:
    with locked(url, "ACCESS EXCLUSIVE"), pytest.raises(StoreBusy, match="another process"):
        audit.latest(store)
    started = time.monotonic()
    assert audit.latest(store)
    assert time.monotonic() - started < 0.5


def test_the_server_lets_go_of_what_a_session_that_fell_silent_has_locked(store) -> None:
    """What stands between may answer for a service that is gone; the server is told how long to wait by itself."""
    named = ("idle_in_transaction_session_timeout", "tcp_keepalives_idle", "tcp_user_timeout", "lock_timeout")
    with store.reading() as connection:
        found = [connection.execute(text(f"SHOW {name}")).scalar_one() for name in named]
    assert found == ["1min", "5", "5000", "600ms"]


def test_fault_42_the_lease_and_the_lock_on_writes_of_a_silent_host_are_taken_over(
    postgresql, link, url, monkeypatch
) -> None:
    """Two hosts, one behind a link that falls silent for ever, as behind a firewall that forgot it."""
    monkeypatch.setattr("service.store.postgresql.ABANDONED", "2s")
    monkeypatch.setattr("service.store.lease.ENDS", lease.ENDS.replace("600s", "2s"))
    behind = Server(url.replace(f":{postgresql.port}/", f":{link.port}/"))
    with closing(Store(behind, silent=SILENT)) as lost, closing(Store(Server(url), silent=SILENT)) as other:
        audit.record(lost, DEED)
        held, claim = Lease(lost), Lease(other)
        assert (held.held(), claim.held()) == (True, False)
        with pytest.raises(StoreUnreachable):
            falls_silent(lost, link)
        until = time.monotonic() + 20
        while not claim.held():
            assert time.monotonic() < until
            time.sleep(0.2)
        assert audit.record(other, DEED) == 2
        link.become("cut")
        for each in (held, claim):
            each._connection.invalidate()
            each._connection.close()


def test_a_server_with_no_connection_free_is_busy_and_not_away(url) -> None:
    held: list[psycopg.Connection] = []
    try:
        with pytest.raises(psycopg.OperationalError):
            held.extend(psycopg.connect(url) for _ in range(200))
        with closing(Store(Server(url), silent=SILENT)) as store, pytest.raises(StoreBusy, match="no connection free"):
            audit.latest(store)
    finally:
        for each in held:
            each.close()


def test_an_operator_waits_for_a_server_as_long_as_it_takes(url) -> None:
    with closing(Store(Server(url))) as store, store.reading() as connection:
        assert connection.execute(text("SELECT 'done' FROM pg_sleep(2)")).scalar_one() == "done"
