"""A backup restores into either database, a check finds what was changed, and a prune removes only what it may."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest

from model.errors import Problem
from service.store import (
    activations,
    answers,
    attempts,
    audit,
    backup,
    checks,
    history,
    links,
    names,
    prune,
    questions,
    revisions,
    tokens,
)
from service.store.answers import Asked
from service.store.checks import raw_rows
from service.store.database import Store
from service.store.errors import AnswerNotKept, BadBackup
from service.store.location import Folder
from service.store.tables import metadata
from tests.stores import ready, with_revisions

DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def other(folder: Path) -> Iterator[Store]:
    """Another store, empty, in an SQLite file."""
    with closing(ready(Folder(folder / "other"))) as made:
        yield made


def fill(store: Store) -> list[str]:
    """Something in every table."""
    kept = with_revisions(store, 3)
    activations.activate(store, "asia", kept[0], cause="start", reason="a reason with ä, ' and \u2028")
    activations.retire(store, "asia")
    activations.activate(store, "asia", kept[1], cause="file")
    names.point(store, "asia", "published", revision=kept[0])
    questions.keep(store, "asia", "no-smoke", question="do=smoke:no", label="ä")
    answers.keep(store, Asked("asia", kept[0], "1.0", "query", "{}"), {"json": b"{}", "csv": b"a\r\n"}, client="me")
    attempts.record(store, "asia", (Problem("a.yaml", 1, 1, "lung", "sums to 0.9", "1"),))
    history.put(store, "asia", [history.Point("lung", kept[0], 0.1 + 0.2, 1e-300)])
    tokens.new(store, "a dashboard")
    links.new(store, links.question("/v1/models/asia/forecast/lung"), lasting=timedelta(days=1))
    prune.prune(store)
    return kept


def everything(store: Store) -> dict[str, list[dict[str, object]]]:
    with store.reading() as connection:
        return {table.name: raw_rows(connection, table) for table in metadata.sorted_tables}


@pytest.mark.parametrize("name", ["copy.zip", "copy.sqlite"])
def test_a_store_is_restored_as_it_was(store: Store, other: Store, folder: Path, name: str) -> None:
    fill(store)
    backup.backup(store, folder / name)
    counts = backup.restore(other, folder / name)
    assert everything(other) == everything(store)
    assert all(counts.values())
    assert checks.check(other) == checks.check(store)
    assert checks.check(other).damage == ()


@pytest.mark.parametrize("name", ["copy.zip", "copy.sqlite"])
def test_a_store_moves_from_sqlite_to_either_database(store: Store, other: Store, folder: Path, name: str) -> None:
    kept = fill(other)
    backup.backup(other, folder / name)
    backup.restore(store, folder / name)
    assert everything(store) == everything(other)
    activations.activate(store, "asia", kept[2], cause="call", expected=kept[1])
    audit.record(store, audit.Deed("me", "go on", "a test", "done"))
    assert checks.check(store).damage == ()


def test_a_backup_is_of_one_state_while_others_write(store: Store, other: Store, folder: Path) -> None:
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            audit.record(store, audit.Deed("me", "write", "a test", "done"))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        backup.backup(store, folder / "copy.zip")
    finally:
        done.set()
        thread.join()
    backup.restore(other, folder / "copy.zip")
    assert checks.check(other).damage == ()


def test_nothing_is_written_over(store: Store, folder: Path) -> None:
    (folder / "copy").write_text("mine")
    with pytest.raises(BadBackup, match="copy is there already; name another file"):
        backup.backup(store, folder / "copy")
    assert (folder / "copy").read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == ["copy"]


def test_only_an_empty_store_is_filled(store: Store, other: Store, folder: Path) -> None:
    fill(other)
    backup.backup(other, folder / "copy.zip")
    with_revisions(store, 1)
    before = everything(store)
    with pytest.raises(BadBackup, match="the store is not empty"):
        backup.restore(store, folder / "copy.zip")
    assert everything(store) == before


def of_step(source: Path, made: Path, step: str, *, without: set[str]) -> Path:
    """An archive as an earlier version wrote it, which did not have some of the tables."""
    with ZipFile(source) as archive, ZipFile(made, "w") as older:
        for name in archive.namelist():
            if name.removesuffix(".jsonl") not in without:
                older.writestr(name, archive.read(name).replace(b'"step": "0005"', f'"step": "{step}"'.encode()))
    return made


def test_an_archive_of_an_earlier_version_is_restored_and_lacks_only_tables_that_came_later(
    store: Store, other: Store, folder: Path
) -> None:
    fill(other)
    backup.backup(other, folder / "copy.zip")
    older = of_step(
        folder / "copy.zip",
        folder / "older.zip",
        "0001",
        without={"links", "retirements", "questions", "compiled_sizes"},
    )
    counts = backup.restore(store, older)
    assert (counts["links"], counts["retirements"], counts["activations"]) == (0, 0, 2)
    damaged = of_step(folder / "copy.zip", folder / "damaged.zip", "0002", without={"links"})
    with pytest.raises(BadBackup, match=r"links\.jsonl"), closing(ready(Folder(folder / "third"))) as third:
        backup.restore(third, damaged)


def spoilt(folder: Path, how: str) -> Path:
    """A copy of copy.zip with something wrong."""
    file = folder / "spoilt.zip"
    if how == "cut short":
        file.write_bytes((folder / "copy.zip").read_bytes()[:-200])
        return file
    if how == "no backup":
        file.write_text("a shopping list")
        return file
    with ZipFile(folder / "copy.zip") as source, ZipFile(file, "w") as made:
        for name in source.namelist():
            content = source.read(name)
            if how == "another version":
                content = content.replace(b'"step": "0005"', b'"step": "0007"')
            if how == "changed content" and name.startswith("blobs/"):
                content += b" "
            if how == "changed row" and name == "activations.jsonl":
                content = content.replace(b"r-0000000000000002", b"r-0000000000000003")
            if how == "rows missing" and name == "answers.jsonl":
                content = b""
            if how != "no table" or name != "names.jsonl":
                made.writestr(name, content)
    return file


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("cut short", "is no backup, or is damaged"),
        ("no backup", "is no backup, or is damaged"),
        ("no table", r"is no backup, or is damaged: .*names\.jsonl"),
        ("another version", r"a backup of another version \(aftermath-archive-1, step 0007\)"),
        ("changed content", "is no backup, or is damaged: the content [0-9a-f]{16} is not what was written"),
        ("changed row", r"spoilt\.zip is damaged: activations, row 2: it is not what was written"),
        ("rows missing", "is damaged: its rows do not fit together"),
    ],
)
def test_a_damaged_backup_restores_nothing(store: Store, other: Store, folder: Path, how: str, said: str) -> None:
    fill(other)
    backup.backup(other, folder / "copy.zip")
    with pytest.raises(BadBackup, match=said):
        backup.restore(store, spoilt(folder, how))
    assert not any(rows for name, rows in everything(store).items() if name != "usage")


def test_a_damaged_file_is_not_copied(store: Store, folder: Path) -> None:
    if not isinstance(store.place, Folder):
        store = ready(Folder(folder / "own"))
    fill(store)
    store.close()
    assert isinstance(store.place, Folder)
    content = bytearray(store.place.file.read_bytes())
    content[8192:12288] = bytes(4096)
    store.place.file.write_bytes(content)
    with pytest.raises(BadBackup, match=r"cannot be copied|is damaged"):
        backup.backup(store, folder / "copy.sqlite")
    assert not (folder / "copy.sqlite").exists()
    store.close()


def test_a_prune_removes_what_is_old_and_not_needed(store: Store) -> None:
    store.clock = lambda: DAY
    kept = with_revisions(store, 4)
    activations.activate(store, "asia", kept[0], cause="start")
    names.point(store, "asia", "published", revision=kept[1])
    old = answers.keep(store, Asked("asia", kept[0], "1.0", "query", "old"), {"json": b"old"})
    for found in ("sums to 0.9", "sums to 0.8"):
        attempts.record(store, "asia", (Problem("a.yaml", 1, 1, "lung", found, "1"),))
    store.clock = lambda: DAY + timedelta(days=20)
    young = answers.keep(store, Asked("asia", kept[2], "1.0", "query", "young"), {"json": b"young"})

    planned = prune.prune(store, older=timedelta(days=10), dry_run=True)
    assert answers.body(store, old, "json") == b"old"
    done = prune.prune(store, older=timedelta(days=10), author="me", origin="a test")
    assert planned == done
    assert done.rows == {
        "answer_forms": 1,
        "answers": 1,
        "attempts": 1,
        "revision_files": 2,
        "compiled_sizes": 1,
        "revisions": 1,
        "blobs": 3,
    }
    with pytest.raises(AnswerNotKept):
        answers.body(store, old, "json")
    assert answers.body(store, young, "json") == b"young"
    assert [each.revision for each in revisions.latest(store, "asia")] == [kept[2], kept[1], kept[0]]
    assert checks.check(store).damage == ()


def test_a_prune_is_recorded_for_ever_and_a_dry_run_is_not(store: Store) -> None:
    with_revisions(store, 1)
    store.clock = lambda: datetime(2036, 1, 1, tzinfo=UTC)
    prune.prune(store, older=timedelta(days=1), dry_run=True)
    assert everything(store)["prunes"] == []
    prune.prune(store, older=timedelta(days=1), author="me", origin="a test")
    (row,) = everything(store)["prunes"]
    (entry,) = audit.latest(store)
    assert (row["author"], row["criteria"], row["is_open"]) == ("me", '{"older_than_days": 1.0}', 0)
    assert (entry.deed.who, entry.deed.what, entry.deed.detail["rows"]["revisions"]) == ("me", "prune", 1)


def test_without_an_age_only_content_that_nothing_refers_to_goes(store: Store) -> None:
    fill(store)
    before = everything(store)
    assert prune.prune(store).rows == {}
    after = everything(store)
    assert {name for name in before if before[name] != after[name]} == {"prunes", "audit"}


def test_an_sqlite_backup_is_a_file_by_itself(folder: Path, other: Store) -> None:
    fill(other)
    backup.backup(other, folder / "copy.sqlite")
    with closing(sqlite3.connect(folder / "copy.sqlite")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("SELECT count(*) FROM revisions").fetchone() == (3,)
