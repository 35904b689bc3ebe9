"""Counts that processes share: exact among threads and processes, and left to the others by one that dies."""

import multiprocessing
import os
import signal
import threading
import time

import pytest

from service.http.shared_counts import SharedCounts


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def allowed(counts: SharedCounts, asked: int, *, limit: int, name: str = "somebody") -> int:
    return sum(counts.take(name, limit=limit, seconds=60).allowed for _ in range(asked))


def test_what_is_left_is_counted_down_to_nothing() -> None:
    counts = SharedCounts(clock=Clock(30.0))
    taken = [counts.take("somebody", limit=3, seconds=60) for _ in range(4)]
    assert [each.remaining for each in taken] == [2, 1, 0, 0]
    assert [each.allowed for each in taken] == [True, True, True, False]
    assert {each.reset for each in taken} == {30}


def test_the_window_slides() -> None:
    clock = Clock()
    counts = SharedCounts(clock=clock)
    assert allowed(counts, 200, limit=100) == 100
    clock.now = 61.0
    assert allowed(counts, 200, limit=100) == 2
    clock.now = 90.0
    assert 47 <= allowed(counts, 200, limit=100) <= 49
    clock.now = 180.0
    assert allowed(counts, 200, limit=100) >= 48
    clock.now = 400.0
    assert allowed(counts, 200, limit=100) == 100


@pytest.mark.parametrize("start", [0.0, 31.0, 59.5])
def test_after_the_wait_that_was_said_one_more_is_allowed(start: float) -> None:
    clock = Clock(start)
    counts = SharedCounts(clock=clock)
    for _ in range(5):
        allowed(counts, 50, limit=10)
        refused = counts.take("somebody", limit=10, seconds=60)
        assert not refused.allowed
        clock.now += refused.retry_after
        assert counts.take("somebody", limit=10, seconds=60).allowed


def test_to_look_counts_nothing() -> None:
    counts = SharedCounts(clock=Clock())
    assert all(counts.take("somebody", limit=1, seconds=60, count=0).allowed for _ in range(5))
    assert allowed(counts, 5, limit=1) == 1


def test_a_full_table_gives_up_who_was_used_least_lately() -> None:
    clock = Clock()
    counts = SharedCounts(buckets=1, clock=clock)
    for number in range(8):
        clock.now = 61.0 * number
        allowed(counts, 5, limit=5, name=str(number))
    assert allowed(counts, 1, limit=5, name="another") == 1
    assert allowed(counts, 1, limit=5, name="7") == 0


def test_threads_and_processes_count_as_one() -> None:
    counts = SharedCounts()
    context = multiprocessing.get_context("fork")
    found = context.Queue()

    def work() -> None:
        mine: list[int] = []
        threads = [threading.Thread(target=lambda: mine.append(allowed(counts, 200, limit=500))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found.put(sum(mine))

    processes = [context.Process(target=work) for _ in range(4)]
    for process in processes:
        process.start()
    totals = [found.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
    # A window that ends meanwhile lets a few more through: what slides out of it in the time that this takes.
    assert 500 <= sum(totals) <= 550


def test_a_process_that_is_killed_with_a_lock_leaves_it_to_the_others() -> None:
    counts = SharedCounts(buckets=1)
    child = os.fork()
    if not child:
        with counts._locked(0):
            time.sleep(60)
        os._exit(0)
    time.sleep(0.3)
    waiting = threading.Thread(target=lambda: counts.take("somebody", limit=1, seconds=60))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    waiting.join(10)
    assert not waiting.is_alive()
