"""What a folder says is taken once it is quiet, whole, and not as it was."""

import os
import shutil
import time

import pytest

from service.live.watch import CHECKOUT, GONE, INCOMPLETE, QUIET, Watcher, is_being_written
from tests.edited import copied


@pytest.fixture
def models(tmp_path):
    return copied(tmp_path / "models")


class Clock:
    """Looks at the folder at times that a test says."""

    def __init__(self, root):
        self.watcher, self.now = Watcher(root, {}), 0.0

    def after(self, seconds):
        """Models that have changed once so many seconds have passed, looked at before and after."""
        self.watcher.changes(self.now)
        self.now += seconds
        return self.watcher.changes(self.now)

    def taken(self):
        """All that is there is taken."""
        for change in self.after(GONE + QUIET):
            self.watcher.take(change)
        return self


def names(changes):
    return [(each.name, each.folder is not None) for each in changes]


def test_what_is_taken_is_not_told_again(models) -> None:
    clock = Clock(models.root)
    assert names(clock.after(QUIET)) == [("asia", True)]
    assert names(clock.taken().after(1)) == []


def test_a_saved_file_is_told_once_it_has_been_quiet(models) -> None:
    clock = Clock(models.root).taken()
    models.save(0.2)
    assert clock.after(QUIET - 0.1) == []
    assert clock.watcher.waiting == {"asia": "its files have to be unchanged for 0.3 s"}
    models.save(0.25)
    assert clock.after(QUIET - 0.1) == []
    assert names(clock.after(0.2)) == [("asia", True)]


def test_a_file_with_the_same_size_and_time_is_seen_to_have_changed(models) -> None:
    clock = Clock(models.root)
    models.save(0.2)
    clock.taken()
    size = models.file.stat()
    time.sleep(0.05)  # the clock of a file system has steps; what is read is read long after the last of them
    models.save(0.3)
    os.utime(models.file, ns=(size.st_atime_ns, size.st_mtime_ns))
    assert models.file.stat().st_size == size.st_size
    assert names(clock.after(QUIET)) == [("asia", True)]


@pytest.mark.parametrize("name", [".diseases.yaml.swp", "diseases.yaml~", "#diseases.yaml#", "4913", ".#diseases.yaml"])
def test_what_editors_leave_beside_a_file_changes_nothing(name, models) -> None:
    clock = Clock(models.root).taken()
    (models.folder / name).write_text("x")
    assert clock.after(QUIET) == []


def test_a_listed_file_that_is_not_there_is_waited_for_and_told_in_the_end(models) -> None:
    clock = Clock(models.root).taken()
    models.file.unlink()
    assert clock.after(QUIET) == []
    assert clock.watcher.waiting == {"asia": "diseases.yaml is listed and not there yet"}
    assert names(clock.after(INCOMPLETE)) == [("asia", True)]


def test_a_model_whose_folder_is_gone_is_told_after_a_while(models) -> None:
    clock = Clock(models.root).taken()
    shutil.rmtree(models.folder)
    assert clock.after(QUIET) == []
    assert names(clock.after(GONE)) == [("asia", False)]


def test_a_folder_that_cannot_be_listed_has_lost_no_model(models) -> None:
    clock = Clock(models.root).taken()
    models.root.rename(models.root.with_name("away"))
    assert clock.after(GONE) == [] == clock.after(60)
    assert clock.watcher.waiting == {"asia": "the folder of models cannot be listed: No such file or directory"}
    models.root.with_name("away").rename(models.root)
    assert clock.after(QUIET) == []
    models.save(0.3)
    clock.after(0)
    assert names(clock.after(2 * QUIET)) == [("asia", True)]


def test_a_lock_of_git_is_waited_for_unless_it_was_left_behind(models) -> None:
    clock = Clock(models.root).taken()
    (models.root / ".git").mkdir()
    lock = models.root / ".git" / "index.lock"
    lock.write_text("")
    models.save(0.2)
    assert clock.after(QUIET) == []
    old = lock.stat().st_mtime - CHECKOUT - 1
    os.utime(lock, (old, old))
    assert names(clock.after(QUIET)) == [("asia", True)]


def test_a_file_is_seen_to_be_open_for_writing(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a")
    if not hasattr(__import__("fcntl"), "F_SETLEASE"):
        pytest.skip("needs leases on files, which Linux has")
    assert not is_being_written(path)
    with path.open("a"):
        assert is_being_written(path)
    with path.open():
        assert not is_being_written(path)


def test_files_that_changed_while_they_were_read_are_waited_for_anew(models) -> None:
    clock = Clock(models.root).taken()
    models.save(0.2)
    (change,) = clock.after(QUIET)
    clock.watcher.again(change.name, clock.now)
    assert clock.watcher.changes(clock.now + QUIET / 2) == []
    assert names(clock.watcher.changes(clock.now + QUIET)) == [("asia", True)]
