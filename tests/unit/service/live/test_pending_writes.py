"""What the store could not take at once is kept in its order, and does not undo what was done by call meanwhile."""

from contextlib import closing
from datetime import UTC, datetime

import pytest

from service.live import record
from service.live.pending_writes import Unkept
from service.store import activations, revisions
from service.store.errors import StoreFull
from service.store.location import Folder
from tests.stores import ready, with_revisions

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    with closing(ready(Folder(tmp_path))) as made:
        yield made


def change(revision):
    files = {"model.yaml": b"title: A model\n", "variables.yaml": revision.encode()}
    return record.Change("asia", revision, revision.encode(), files, "1.0", "me", "why", AT)


def test_a_change_waits_behind_one_that_the_store_does_not_take() -> None:
    kept, full = [], [True]

    def keep(what):
        def one(late):
            if full[0]:
                raise StoreFull("full")
            kept.append((what, late))

        return one

    waiting = Unkept()
    waiting.keep(keep("first"))
    with pytest.raises(StoreFull):
        waiting.catch_up()
    full[0] = False
    waiting.keep(keep("second"))
    assert (kept, len(waiting)) == ([], 2)
    waiting.catch_up()
    assert (kept, len(waiting)) == ([("first", True), ("second", True)], 0)


def test_a_change_is_active_since_it_was_served_and_not_since_it_was_kept(store) -> None:
    assert record.change(store, change("r-1")).at == AT


def test_a_change_that_is_kept_late_is_kept_and_does_not_undo_a_later_call(store) -> None:
    first, second = with_revisions(store)
    activations.activate(store, "asia", first, cause="start")
    taken = activations.last_numbers(store)[0]
    called = activations.activate(store, "asia", second, cause="call")
    assert record.change(store, change("r-1"), unless_called_after=taken) == called
    assert activations.active(store, "asia") == called
    assert revisions.files(store, "asia", "r-1")["variables.yaml"] == b"r-1"
    assert record.change(store, change("r-1"), unless_called_after=called.seq).revision == "r-1"
