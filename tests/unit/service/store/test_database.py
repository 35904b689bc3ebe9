"""Transactions: whole or not at all, one writer at a time, a connection of its own in each process."""

import os
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from service.store import activations, audit, checks, opened, revisions
from service.store.database import RETRIED, Store
from service.store.errors import StoreUnavailable
from service.store.location import Folder, Nowhere, Server
from service.store.sqlite import wal_is_safe
from tests import stores
from tests.servers import free_port
from tests.stores import with_revisions


def test_what_an_exception_ends_is_taken_back(store: Store) -> None:
    def half() -> None:
        with store.writing() as connection:
            audit.append(connection, audit.Deed("me", "x", "a test", "done"), at=store.clock())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert audit.latest(store) == []


def test_threads_that_append_make_one_chain(store: Store) -> None:
    def work(name: str) -> None:
        for number in range(12):
            audit.record(store, audit.Deed(name, "count", "a test", "done", {"number": number}))

    threads = [threading.Thread(target=work, args=(f"thread {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = audit.latest(store, most=200)
    assert [each.seq for each in found] == list(range(96, 0, -1))
    assert checks.check(store).damage == ()


def test_a_process_that_was_forked_opens_its_own_connections(store: Store) -> None:
    with_revisions(store, 1)
    child = os.fork()
    if child == 0:
        try:
            activations.activate(store, "asia", "r-0000000000000001", cause="call", author=str(os.getpid()))
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    present = activations.active(store, "asia")
    assert present is not None
    assert present.author == str(child)
    with_revisions(store, 2)
    assert len(revisions.latest(store, "asia")) == 2


def test_a_store_that_was_closed_opens_again(store: Store) -> None:
    with_revisions(store, 1)
    store.close()
    assert len(revisions.latest(store, "asia")) == 1


def test_a_store_in_order_has_no_trouble_even_while_somebody_writes(store: Store) -> None:
    assert store.trouble() is None
    with closing(Store(store.place)) as other, other.writing():
        assert store.trouble() is None


def test_no_store_says_why_and_its_uses_say_it_too(caplog: pytest.LogCaptureFixture) -> None:
    store = opened(Nowhere("AFTERMATH_STATE is empty"))
    assert "nothing is kept: this service keeps nothing: AFTERMATH_STATE is empty" in caplog.text
    assert store.trouble() == "this service keeps nothing: AFTERMATH_STATE is empty"
    with pytest.raises(StoreUnavailable, match="AFTERMATH_STATE is empty"):
        activations.all_active(store)


def test_a_folder_that_cannot_be_made_is_said_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file")
    store = opened(Folder(tmp_path / "taken" / "state"))
    assert "nothing is kept: the state folder cannot be used" in caplog.text
    assert "Not a directory" in (store.trouble() or "")
    (tmp_path / "taken").unlink()
    monkeypatch.setattr("service.store.database.RETRIED", 0.0)
    assert RETRIED > 0
    assert store.trouble() is None
    store.close()


def test_a_server_that_does_not_answer_is_said_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    store = opened(Server(f"postgresql://tester:secret@127.0.0.1:{free_port()}/nothing"))
    assert "nothing is kept: PostgreSQL cannot be reached" in caplog.text
    assert "secret" not in caplog.text
    with pytest.raises(StoreUnavailable, match="PostgreSQL cannot be reached"):
        activations.all_active(store)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    store = opened(Server("postgresql://me@db.example/x"))
    assert store.trouble() == "PostgreSQL needs a driver that is not installed; pip install 'aftermath[postgresql]'"


def test_the_folder_and_the_file_are_their_owner_s_alone(folder: Path) -> None:
    with closing(opened(Folder(folder / "a" / "state"))):
        modes = [
            stat.S_IMODE(path.stat().st_mode) for path in (folder / "a" / "state", *(folder / "a" / "state").iterdir())
        ]
    assert modes == [0o700, 0o600]


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 6, 23), True),
        ((3, 7, 0), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((4, 0, 0), True),
    ],
)
def test_versions_whose_log_can_be_damaged_are_known(version: tuple[int, int, int], safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_a_file_from_a_machine_with_a_log_gets_a_rollback_journal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journals = []
    for version in ((3, 51, 3), (3, 40, 1), (3, 51, 3)):
        monkeypatch.setattr("service.store.sqlite.VERSION", version)
        with closing(opened(Folder(folder / "state"))) as store, store.reading() as connection:
            journals.append(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())
    assert journals == ["wal", "delete", "wal"]


@pytest.mark.needs("postgres")
def test_a_database_that_is_read_only_is_said(postgresql: stores.PostgreSQL) -> None:
    url = postgresql.database("read_only")
    with closing(stores.ready(Server(url))) as store:
        with_revisions(store, 1)
    with closing(stores.ready(Server(f"{url}?options=-c%20default_transaction_read_only%3Don"))) as store:
        assert store.trouble() == "PostgreSQL lets nothing be written"
        with pytest.raises(StoreUnavailable, match="read-only transaction"):
            with_revisions(store, 2)
        assert len(revisions.latest(store, "asia")) == 1
