"""What the store survives: kills, a full disk, locks, damaged files, a database that restarts, and tampering."""

import itertools
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from service.store import activations, answers, audit, backup, checks, hash_chain, opened, revisions
from service.store.answers import Asked
from service.store.database import PATIENCE, Store
from service.store.errors import StoreBusy, StoreError, StoreFull, StoreUnavailable
from service.store.location import Folder, Server
from service.store.sqlite import FIXED
from tests import stores
from tests.servers import ROOT
from tests.stores import raw, with_revisions

JOURNALS = {"log": FIXED, "journal": (3, 40, 1)}
DEED = audit.Deed("somebody", "write", "a test", "done")


@pytest.fixture(params=JOURNALS)
def journal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Either way in which SQLite keeps its journal."""
    monkeypatch.setattr("service.store.sqlite.VERSION", JOURNALS[request.param])
    return str(request.param)


@pytest.fixture
def store(journal: str, tmp_path: Path) -> Iterator[Store]:
    with closing(stores.ready(Folder(tmp_path / "state"))) as made:
        yield made


@pytest.fixture(scope="module")
def postgresql() -> Iterator[stores.PostgreSQL]:
    with stores.postgresql() as server:
        yield server


def file_of(store: Store) -> Path:
    assert isinstance(store.place, Folder)
    return store.place.file


# 3: killed in the middle of a write


def killed_writers(store: Store, journal: str, kills: int) -> None:
    """Two processes at a time write until one is killed; what was acknowledged is there, once."""
    with_revisions(store, 1)
    acknowledged: list[str] = []
    chance = random.Random(3)
    for number in range(kills):
        command = [sys.executable, "-m", "tests.store_writer", str(file_of(store).parent), journal]
        writers = [
            subprocess.Popen([*command, f"w{number}{side}"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
            for side in "ab"
        ]
        for writer in writers:
            assert writer.stdout is not None
            acknowledged.append(writer.stdout.readline().strip())
        time.sleep(chance.random())
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            acknowledged += [line.strip() for line in writer.communicate()[0].splitlines(keepends=True) if "\n" in line]
    assert len(acknowledged) > 2 * kills
    written = Counter(each.deed.detail["id"] for each in audit.latest(store, most=1_000_000))
    assert [each for each in acknowledged if written[each] != 1] == []
    for each in acknowledged:
        id = Asked("asia", "r-0000000000000001", "1.0", "query", each).id
        assert answers.body(store, id, "json") == each.encode() * 200
    assert checks.check(store).damage == ()


@pytest.mark.slow
def test_fault_3_writers_that_are_killed_lose_no_acknowledged_write(store: Store, journal: str) -> None:
    killed_writers(store, journal, 3)


@pytest.mark.long
def test_fault_3_writers_that_are_killed_forty_times_lose_no_acknowledged_write(store: Store, journal: str) -> None:
    killed_writers(store, journal, 40)


# 37: the disk is full


def test_fault_37_a_full_disk_refuses_writes_serves_reads_and_recovers_alone(journal: str) -> None:
    with stores.small_disk(megabytes=2) as disk, closing(stores.ready(Folder(disk / "state"))) as store:
        (disk / "filler").write_bytes(bytes(600_000))
        with_revisions(store, 1)
        kept: dict[str, bytes] = {}

        def keep(number: int) -> None:
            content = random.Random(number).randbytes(50_000)
            kept[answers.keep(store, Asked("asia", "r-0000000000000001", "1", "q", str(number)), {"f": content})] = (
                content
            )

        def fill() -> None:
            for number in itertools.count():
                keep(number)

        with pytest.raises(StoreFull, match="the disk of the store is full"):
            fill()
        assert len(kept) > 3
        with pytest.raises(StoreFull):
            keep(1_000)
        assert {id: answers.body(store, id, "f") for id in kept} == kept
        (disk / "filler").unlink()
        keep(2_000)
        assert {id: answers.body(store, id, "f") for id in kept} == kept
        assert checks.check(store).damage == ()


# 38: another process holds the lock


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process that holds the whole file until the end, or thirty seconds."""
    hold = (
        "import sqlite3, sys, time\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN EXCLUSIVE')\n"
        "print('locked', flush=True)\n"
        "time.sleep(30)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", hold, str(file)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield
        assert process.poll() is None, "the lock was to be held all the while"
    finally:
        process.kill()
        process.communicate()


def test_fault_38_a_write_that_waits_for_another_process_is_refused_within_five_seconds(
    store: Store, journal: str
) -> None:
    assert PATIENCE < 5
    audit.record(store, DEED)
    with locked(file_of(store)):
        started = time.monotonic()
        with pytest.raises(StoreBusy, match="another process writes to the store") as refused:
            audit.record(store, DEED)
        assert PATIENCE * 0.8 < time.monotonic() - started < 15
        assert refused.value.retry_after == 1
        if journal == "log":
            assert len(audit.latest(store)) == 1
    assert audit.record(store, DEED) == 2


@pytest.mark.needs("postgres")
def test_fault_38_a_write_that_waits_for_a_lock_of_postgresql_is_refused(postgresql: stores.PostgreSQL) -> None:
    url = postgresql.database("fault_38")
    with closing(stores.ready(Server(url))) as store, psycopg.connect(url) as other:
        other.execute("LOCK TABLE audit IN EXCLUSIVE MODE")
        started = time.monotonic()
        with pytest.raises(StoreBusy):
            audit.record(store, DEED)
        assert PATIENCE * 0.8 < time.monotonic() - started < 15
        assert audit.latest(store) == []
        other.rollback()
        assert audit.record(store, DEED) == 1


# 39: a version of SQLite whose log can be damaged


@pytest.mark.parametrize(("version", "found"), [((3, 51, 3), ["wal", 2]), ((3, 51, 2), ["delete", 3])])
def test_fault_39_a_version_whose_log_can_be_damaged_keeps_a_rollback_journal_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, version, found
) -> None:
    monkeypatch.setattr("service.store.sqlite.VERSION", version)
    with closing(opened(Folder(tmp_path / "state"))) as store, store.reading() as connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        settings = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]
    assert settings == [*found, 1, 4500]
    said = "SQLite 3.51.2 can damage a write-ahead log (repaired in 3.51.3), so the store keeps a rollback journal"
    assert (said in caplog.text) is (version == (3, 51, 2))


# 40: the file is damaged, cannot be written to, or is gone


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (b"", "has lost its tables; restore a backup with aftermath db restore|is damaged"),
        (b"not a database at all" * 1000, "is damaged"),
        (None, "is damaged"),
    ],
)
def test_fault_40_a_truncated_or_overwritten_file_is_told_and_its_backup_can_take_its_place(
    store: Store, tmp_path: Path, left: bytes | None, said: str
) -> None:
    with_revisions(store, 3)
    backup.backup(store, tmp_path / "copy.sqlite")
    store.close()
    file = file_of(store)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] if left is None else left)
    with pytest.raises(StoreUnavailable, match=said):
        audit.record(store, DEED)
    with pytest.raises(StoreUnavailable, match=said):
        audit.latest(store)
    assert store.trouble() is not None
    assert checks.check(store).damage != ()
    os.replace(tmp_path / "copy.sqlite", file)
    assert store.trouble() is None
    assert len(revisions.latest(store, "asia")) == 3


def test_fault_40_a_file_that_is_removed_while_it_is_in_use_acknowledges_nothing(store: Store, tmp_path: Path) -> None:
    with_revisions(store, 2)
    backup.backup(store, tmp_path / "copy.sqlite")
    file_of(store).unlink()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"aftermath\.sqlite is gone; restore a backup"):
            audit.record(store, DEED)
        with pytest.raises(StoreUnavailable, match="is gone"):
            audit.latest(store)
    assert "is gone" in (store.trouble() or "")
    for beside in file_of(store).parent.iterdir():
        beside.unlink()
    os.replace(tmp_path / "copy.sqlite", file_of(store))
    assert audit.record(store, DEED) == 1
    assert len(revisions.latest(store, "asia")) == 2


def test_fault_40_a_file_that_is_removed_in_the_middle_of_a_write_acknowledges_nothing(store: Store) -> None:
    def write() -> None:
        with store.writing() as connection:
            audit.append(connection, DEED, at=store.clock())
            file_of(store).unlink()

    with pytest.raises(StoreError):
        write()


def test_fault_40_a_file_that_cannot_be_written_to_is_read(store: Store) -> None:
    with_revisions(store, 1)
    store.close()
    folder = file_of(store).parent
    if os.getuid() == 0:
        for path in (*folder.parents, folder):
            path.chmod(path.stat().st_mode | 0o055)
    file_of(store).chmod(0o444)
    child = os.fork()
    if child == 0:
        os._exit(_reads_and_does_not_write(store))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    file_of(store).chmod(0o644)
    assert audit.record(store, DEED) == 1


def _reads_and_does_not_write(store: Store) -> int:
    """0 where a process that is not root reads the store, cannot write to it and is told so."""
    try:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(stores.unprivileged_user().pw_gid)
            os.setuid(stores.unprivileged_user().pw_uid)
        if len(revisions.latest(store, "asia")) != 1:
            return 2
        if "can be read and not written to" not in (store.trouble() or ""):
            return 3
        audit.record(store, DEED)
    except StoreUnavailable:
        return 0
    except BaseException:
        return 4
    return 5


# 41: PostgreSQL restarts


def restarted_under_writes(server: stores.PostgreSQL, name: str, modes: list[str]) -> None:
    store = stores.ready(Server(server.database(name)))
    with_revisions(store, 1)
    acknowledged: list[str] = []
    refused: Counter[str] = Counter()
    done = threading.Event()

    def write(writer: int) -> None:
        for number in itertools.count():
            asked = Asked("asia", "r-0000000000000001", "1.0", "query", f"{writer}-{number}")
            while not done.is_set():
                try:
                    answers.keep(store, asked, {"json": asked.question.encode()}, client=str(writer))
                except (StoreUnavailable, StoreBusy) as error:
                    refused[error.code] += 1
                    time.sleep(0.02)
                else:
                    acknowledged.append(asked.question)
                    break
            if done.is_set():
                return

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for mode in modes:
        before = len(acknowledged)
        wait_for_more(acknowledged, before + 20)
        server.stop(mode)
        server.start()
        wait_for_more(acknowledged, before + 40)
    done.set()
    for thread in threads:
        thread.join()
    assert refused["store_unavailable"] > 0
    for question in acknowledged:
        id = Asked("asia", "r-0000000000000001", "1.0", "query", question).id
        assert answers.body(store, id, "json") == question.encode()
    assert len(set(acknowledged)) == len(acknowledged)
    assert checks.check(store).damage == ()
    store.close()


def wait_for_more(items: list[str], count: int) -> None:
    until = time.monotonic() + 120
    while len(items) < count:
        assert time.monotonic() < until, f"{len(items)} of {count} writes were acknowledged in two minutes"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.needs("postgres")
def test_fault_41_a_database_that_restarts_under_writes_loses_nothing_acknowledged(postgresql) -> None:
    restarted_under_writes(postgresql, "fault_41", ["fast", "immediate"])


@pytest.mark.long
@pytest.mark.needs("postgres")
def test_fault_41_a_database_that_restarts_twenty_times_under_writes_loses_nothing_acknowledged(postgresql) -> None:
    restarted_under_writes(postgresql, "fault_41_long", ["fast", "immediate"] * 10)


# 44: somebody changes the log


TEXTS = ("at", "who", "what", "origin", "outcome", "detail", "chain")


def logged(store: Store) -> None:
    for number in range(5):
        audit.record(store, audit.Deed("Zoë", "activate", "127.0.0.1", "done", {"number": number}))


def broken(store: Store) -> list[int]:
    with store.reading() as connection:
        return [number for number, _ in hash_chain.broken(checks.raw_rows(connection, audit.audit))]


@pytest.mark.parametrize("column", TEXTS)
def test_fault_44_any_bit_that_is_changed_is_found_at_its_row(tmp_path: Path, column: str) -> None:
    with tempfile.TemporaryDirectory(dir=stores.quick_folder()) as folder:
        store = stores.ready(Folder(Path(folder)))
        logged(store)
        assert broken(store) == []
        with closing(sqlite3.connect(file_of(store), isolation_level=None)) as connection:
            connection.execute("DROP TRIGGER audit_refuses_update")
            query = f"SELECT CAST({column} AS BLOB) FROM audit WHERE seq = 3"
            (stored,) = connection.execute(query).fetchone()
            change = f"UPDATE audit SET {column} = CAST(? AS TEXT) WHERE seq = 3"
            for bit in range(8 * len(stored)):
                flipped = bytearray(stored)
                flipped[bit // 8] ^= 1 << bit % 8
                connection.execute(change, (bytes(flipped),))
                assert broken(store) == [3], f"bit {bit} of {column}"
            connection.execute(change, (stored,))
        assert broken(store) == []
        store.close()


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("column", TEXTS)
def test_fault_44_a_changed_letter_in_postgresql_is_found_at_its_row(postgresql, column: str) -> None:
    store = stores.ready(Server(postgresql.database(f"fault_44_{column}")))
    logged(store)
    raw(store, "DROP TRIGGER audit_refuses_update ON audit")
    with store.reading() as connection:
        stored = connection.exec_driver_sql(f"SELECT {column} FROM audit WHERE seq = 3").scalar_one()
    for position in range(len(stored)):
        changed = stored[:position] + chr(ord(stored[position]) ^ 1) + stored[position + 1 :]
        with store.writing() as connection:
            connection.exec_driver_sql(f"UPDATE audit SET {column} = %s WHERE seq = 3", (changed,))
        assert broken(store) == [3], f"letter {position} of {column}"
    store.close()


def test_fault_44_a_row_that_is_taken_out_or_given_another_number_is_found(store: Store) -> None:
    logged(store)
    for bit in range(3, 12):
        raw(
            store, "DROP TRIGGER IF EXISTS audit_refuses_update", f"UPDATE audit SET seq = {3 ^ 1 << bit} WHERE seq = 3"
        )
        assert broken(store) == [4, 3 ^ 1 << bit]
        raw(store, f"UPDATE audit SET seq = 3 WHERE seq = {3 ^ 1 << bit}")
    raw(store, "DROP TRIGGER audit_refuses_delete", "DELETE FROM audit WHERE seq = 3")
    assert [str(each) for each in checks.check(store).damage if "row" in each.where] == [
        "audit, row 4: missing before it: 1 row"
    ]


def test_fault_44_a_changed_activation_and_changed_content_are_found(store: Store) -> None:
    first, second = with_revisions(store)
    for revision in (first, second, first):
        activations.activate(store, "asia", revision, cause="file")
    raw(
        store,
        "DROP TRIGGER activations_refuses_update",
        "DROP TRIGGER blobs_refuses_update",
        f"UPDATE activations SET revision = '{first}' WHERE seq = 2",
        "UPDATE blobs SET content = CAST('x' || content AS BLOB) WHERE digest = (SELECT min(digest) FROM blobs)",
    )
    found = sorted(str(each) for each in checks.check(store).damage)
    assert found[0] == "activations, row 2: it is not what was written"
    assert any(each.startswith("blobs, ") and "its content is not what was written" in each for each in found)
