"""A lock is had in the order in which it was asked for, and no writer waits for ever beside busy ones."""

import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from service.store import audit
from service.store.fair_lock import FairLock
from service.store.location import Folder
from tests import stores
from tests.servers import ROOT
from tests.stores import with_revisions


def test_those_who_wait_have_it_in_the_order_in_which_they_came() -> None:
    lock, order = FairLock(), []

    def wait(number: int) -> None:
        assert lock.acquire(60)
        order.append(number)
        lock.release()

    assert lock.acquire(0)
    threads = [threading.Thread(target=wait, args=(number,)) for number in range(10)]
    for count, thread in enumerate(threads, start=1):
        thread.start()
        while len(lock._waiting) < count:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join()
    assert order == list(range(10))
    assert lock.acquire(0)


def test_whoever_waits_too_long_leaves_the_queue() -> None:
    lock = FairLock()
    assert lock.acquire(0)
    assert not lock.acquire(0.01)
    lock.release()
    assert lock.acquire(0)


@pytest.mark.parametrize("journal", ["log", "journal"])
def test_a_process_writes_beside_one_that_writes_without_a_pause(
    folder: Path, monkeypatch: pytest.MonkeyPatch, journal: str
) -> None:
    monkeypatch.setattr("service.store.sqlite.VERSION", (3, 51, 3) if journal == "log" else (3, 40, 1))
    with closing(stores.ready(Folder(folder / "state"))) as store:
        with_revisions(store, 1)
        command = [sys.executable, "-m", "tests.store_writer", str(folder / "state"), journal, "other"]
        other = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "other-0\n"
            for number in range(100):
                audit.record(store, audit.Deed("me", "write", "a test", "done", {"number": number}))
        finally:
            other.kill()
            others = other.communicate()[0].count("\n")
        mine = [each for each in audit.latest(store, most=100_000) if each.deed.who == "me"]
    assert len(mine) == 100
    assert others > 0
