"""Who tries a store that could not be reached, and when: one at a time, and none that knows less than another."""

import os
import threading

import pytest

from service.store import outage as outages
from service.store.errors import StoreBusy, StoreUnreachable
from service.store.outage import Outage


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the time is, to be set."""
    now = [100.0]
    monkeypatch.setattr(outages.time, "monotonic", lambda: now[0])
    return now


def fails(outage: Outage, clock: list[float], *, after: float = 0.0) -> None:
    with outage.watched():
        clock[0] += after
        raise StoreUnreachable("nobody answers")


def use(outage: Outage) -> bool:
    """Whether a use that would succeed is let in."""
    try:
        with outage.watched():
            return True
    except StoreUnreachable:
        return False


def down(outage: Outage, clock: list[float], *, after: float = 0.0) -> None:
    with pytest.raises(StoreUnreachable):
        fails(outage, clock, after=after)


def test_after_a_failure_all_are_refused_until_it_is_time_and_then_one_tries(clock) -> None:
    outage, seen = Outage(), list[bool]()
    down(outage, clock)
    clock[0] += 0.9
    assert not use(outage)
    clock[0] += 0.2
    with outage.watched():
        thread = threading.Thread(target=lambda: seen.append(use(outage)))
        thread.start()
        thread.join()
        assert seen == [False]
    assert use(outage)


def test_what_is_asked_within_a_try_is_part_of_it(clock) -> None:
    outage = Outage()
    down(outage, clock)
    clock[0] += 1.1
    with outage.watched():
        assert use(outage)


@pytest.mark.parametrize(("took", "waits"), [(0.0, 1.0), (3.0, 6.0), (60.0, 10.0)])
def test_a_long_try_puts_the_next_one_off_for_longer_and_not_for_ever(clock, took: float, waits: float) -> None:
    outage = Outage()
    down(outage, clock, after=took)
    clock[0] += waits - 0.1
    assert not use(outage)
    clock[0] += 0.2
    assert use(outage)


def test_an_old_use_that_fails_after_newer_ones_succeeded_refuses_nobody(clock) -> None:
    outage = Outage()

    def long() -> None:
        with outage.watched():
            clock[0] += 3
            assert use(outage)
            fails(Outage(), clock, after=1)

    with pytest.raises(StoreUnreachable):
        long()
    assert use(outage)


def test_a_refusal_that_passes_through_a_use_is_no_new_failure(clock) -> None:
    outage = Outage()
    seen: list[bool] = []

    def other() -> None:
        down(outage, clock)
        clock[0] += 0.5
        seen.append(use(outage))

    def refused_within() -> None:
        with outage.watched():
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
            with outage.watched():
                raise AssertionError("it is not this one's turn")

    with pytest.raises(StoreUnreachable):
        refused_within()
    clock[0] += 0.6
    assert (seen, use(outage)) == ([False], True)


def test_after_a_try_that_ends_in_another_error_the_next_one_looks_at_once(clock) -> None:
    outage = Outage()
    down(outage, clock)
    clock[0] += 1.1

    def busy() -> None:
        with outage.watched():
            raise StoreBusy("another process writes to the store")

    with pytest.raises(StoreBusy):
        busy()
    assert [use(outage), use(outage)] == [True, True]


def test_a_try_of_the_process_before_a_fork_is_not_the_childs(clock, monkeypatch) -> None:
    outage = Outage()
    down(outage, clock)
    clock[0] += 1.1
    with outage.watched():
        monkeypatch.setattr(os, "getpid", lambda: -1)
        assert use(outage)
