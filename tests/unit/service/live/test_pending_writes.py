"""What the store could not take at once is kept in its order, and does not undo what was done by call meanwhile."""

import shutil
from contextlib import closing
from datetime import UTC, datetime

import pytest

from service.live import record
from service.live.pending_writes import Unkept
from service.revisions import load
from service.store import activations, revisions
from service.store.database import Store
from service.store.errors import StoreFull, TooLargeToKeep
from service.store.limits import Limits
from service.store.location import Folder
from tests.servers import ROOT
from tests.stores import ready, with_revisions

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    with closing(ready(Folder(tmp_path))) as made:
        yield made


def change(revision):
    files = {"model.yaml": b"title: A model\n", "variables.yaml": revision.encode()}
    return record.Change("asia", revision, revision.encode(), files, "1.0", 40, "me", "why", AT)


def test_a_change_that_is_too_large_for_the_store_is_given_up_and_none_waits_behind_it() -> None:
    kept, full = [], [True]

    def too_large(_):
        if full[0]:
            raise StoreFull("full")
        raise TooLargeToKeep("40,000,000 bytes")

    waiting = Unkept()
    waiting.keep(too_large)
    waiting.keep(kept.append)
    assert len(waiting) == 2
    full[0] = False
    waiting.catch_up()
    waiting.keep(too_large)
    assert (kept, len(waiting)) == ([True], 0)


def test_a_start_on_a_store_that_does_not_take_one_model_keeps_the_others(store, tmp_path) -> None:
    for name in ("asia", "large"):
        shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / name)
    held = load(tmp_path / "models")
    with closing(Store(store.place, limits=Limits(revision_bytes=20_000))) as small:
        held.files["large"]["notes"] = b"#" * 20_000
        record.start(small, held, there={"asia", "large"}, engine="1")
        assert [*activations.all_active(small)] == ["asia"]


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
