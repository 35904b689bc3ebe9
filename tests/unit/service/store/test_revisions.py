"""Revisions are kept once, one of a model is active, and of several who would change that one wins."""

import hashlib
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from model import priors
from model.errors import Problem
from model.priors.files import files_of
from service.settings import default_priors
from service.store import activations, attempts, history, names, revisions
from service.store.database import Store
from service.store.errors import (
    BadText,
    RevisionNotKept,
    StalePrecondition,
    StoreFull,
    StoreUnavailable,
    TooLargeToKeep,
    UnknownRevisionName,
)
from service.store.limits import Limits
from tests.stores import with_revisions


def test_a_revision_keeps_its_files_and_what_it_is_the_hash_of(store: Store) -> None:
    files = {"model.yaml": b"title: A\n", "variables.yaml": "a: ä\n".encode()}
    kept = revisions.keep(
        store, "asia", "r-1", files=files, content=b"said", engine="2.0", tree_cells=40, author="me", message="why"
    )
    assert (kept.seq, kept.author, kept.message, kept.engine) == (1, "me", "why", "2.0")
    assert (kept.size, kept.tree_cells) == (19, 40)
    assert revisions.revision(store, "asia", "r-1") == kept
    assert revisions.files(store, "asia", "r-1") == files
    assert revisions.content(store, "asia", "r-1") == b"said"


def test_a_stored_revision_loads_as_the_model_that_it_was(store: Store, tmp_path: Path) -> None:
    source = default_priors() / "asia"
    model = priors.load(source)
    content = json.dumps([model.name, model.content]).encode()
    revisions.keep(store, "asia", model.revision, files=files_of(source), content=content, engine="1")
    assert f"r-{hashlib.sha256(content).hexdigest()[:16]}" == model.revision
    folder = revisions.unpack(store, "asia", model.revision, tmp_path / "unpacked")
    assert priors.load(folder).revision == model.revision
    assert {path.name for path in folder.iterdir()} == {path.name for path in source.glob("*.yaml")}


@pytest.mark.parametrize("name", ["../model.yaml", "/etc/passwd", "a/b.yaml", "..", ""])
def test_files_that_lie_elsewhere_are_not_unpacked(store: Store, tmp_path: Path, name: str) -> None:
    revisions.keep(store, "asia", "r-1", files={"model.yaml": b"", name: b"x"}, content=b"c", engine="1")
    with pytest.raises(StoreUnavailable, match="which no model has: it was changed"):
        revisions.unpack(store, "asia", "r-1", tmp_path / "unpacked")
    assert list(tmp_path.iterdir()) == []


def test_a_revision_that_is_kept_again_stays_as_it_was(store: Store) -> None:
    first = revisions.keep(store, "asia", "r-1", files={"a": b"1"}, content=b"c", engine="1", author="first")
    again = revisions.keep(store, "asia", "r-1", files={"a": b"2"}, content=b"c", engine="2", author="second")
    assert again == first
    assert revisions.files(store, "asia", "r-1") == {"a": b"1"}
    assert revisions.latest(store, "asia") == [first]


def test_revisions_are_listed_by_page_the_last_first(store: Store) -> None:
    kept = with_revisions(store, 5)
    page = revisions.latest(store, "asia", most=2)
    assert [each.revision for each in page] == [kept[4], kept[3]]
    assert [each.revision for each in revisions.latest(store, "asia", before=page[-1].seq)] == [
        kept[2],
        kept[1],
        kept[0],
    ]
    assert revisions.latest(store, "lung") == []


def test_order_does_not_depend_on_the_clock(store: Store) -> None:
    times = iter(datetime(2026, 3, 1, tzinfo=UTC) - timedelta(days=365 * number) for number in range(20))
    store.clock = lambda: next(times)
    first, second, third = with_revisions(store, 3)
    assert [each.revision for each in revisions.latest(store, "asia")] == [third, second, first]
    activations.activate(store, "asia", second, cause="file")
    activations.activate(store, "asia", first, cause="file")
    present = activations.active(store, "asia")
    assert present is not None
    assert present.revision == first
    assert present.at < datetime(2023, 1, 1, tzinfo=UTC)


def test_what_is_not_kept_is_named(store: Store) -> None:
    with pytest.raises(RevisionNotKept, match="no revision 'r-9' of the model 'asia'"):
        revisions.files(store, "asia", "r-9")
    with pytest.raises(RevisionNotKept):
        activations.activate(store, "asia", "r-9", cause="call")
    with pytest.raises(RevisionNotKept):
        history.put(store, "asia", [history.Point("lung", "r-9", 0.5)])


def test_a_revision_over_the_limit_is_refused(store: Store) -> None:
    store.limits = Limits(revision_bytes=10)
    with pytest.raises(TooLargeToKeep, match="11 bytes, more than 10"):
        revisions.keep(store, "asia", "r-1", files={"a": b"1234567890"}, content=b"c", engine="1")


def test_a_store_over_its_limit_is_full_and_keeps_nothing_of_what_did_not_fit(store: Store) -> None:
    store.limits = Limits(total_bytes=8)
    with pytest.raises(StoreFull, match=r"would hold 11 bytes, more than its limit of 8; .* aftermath db prune"):
        revisions.keep(store, "asia", "r-1", files={"a": b"1234567890"}, content=b"c", engine="1")
    assert revisions.latest(store, "asia") == []
    revisions.keep(store, "asia", "r-1", files={"a": b"1234567"}, content=b"c", engine="1")


def test_activations_say_what_they_replaced(store: Store) -> None:
    first, second = with_revisions(store)
    assert activations.active(store, "asia") is None
    one = activations.activate(store, "asia", first, cause="start")
    two = activations.activate(store, "asia", second, cause="call", expected=first, author="me", reason="a new source")
    assert (one.previous, two.previous, two.author, two.reason) == (None, first, "me", "a new source")
    assert activations.active(store, "asia") == two
    assert activations.all_active(store) == {"asia": two}
    assert activations.latest(store, "asia") == [two, one]
    assert activations.last_numbers(store)[0] == 2


def test_activating_the_active_revision_changes_nothing(store: Store) -> None:
    (first,) = with_revisions(store, 1)
    one = activations.activate(store, "asia", first, cause="start")
    assert activations.activate(store, "asia", first, cause="start") == one
    assert activations.last_numbers(store)[0] == 1


def test_a_stale_expectation_is_told_what_is_active(store: Store) -> None:
    first, second = with_revisions(store)
    activations.activate(store, "asia", first, cause="start", expected=None)
    for expected in (None, second):
        with pytest.raises(StalePrecondition, match=f"and is {first}; look at what changed") as stale:
            activations.activate(store, "asia", second, cause="call", expected=expected)
        assert stale.value.current == first


def race(store: Store, contenders: list[str], expected: str) -> list[str]:
    """Those of several, each in a thread of its own, who activated what they wanted in place of ``expected``."""
    won: list[str] = []
    begin = threading.Barrier(len(contenders))

    def run(revision: str) -> None:
        begin.wait()
        try:
            won.append(activations.activate(store, "asia", revision, cause="call", expected=expected).revision)
        except StalePrecondition:
            return

    threads = [threading.Thread(target=run, args=(each,)) for each in contenders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def raced(store: Store, races: int) -> None:
    kept = with_revisions(store, 4)
    active = activations.activate(store, "asia", kept[0], cause="start").revision
    for _ in range(races):
        (active,) = race(store, [each for each in kept if each != active], active)
    assert activations.last_numbers(store)[0] == races + 1
    chain = activations.latest(store, "asia", most=races + 1)
    assert [each.previous for each in chain[:-1]] == [each.revision for each in chain[1:]]


def test_of_several_who_activate_at_once_exactly_one_wins(store: Store) -> None:
    raced(store, 20)


@pytest.mark.long
def test_of_several_who_activate_at_once_exactly_one_wins_a_thousand_times(store: Store) -> None:
    raced(store, 1000)


def test_attempts_are_noted_when_they_end_otherwise_than_the_last(store: Store) -> None:
    problem = Problem("asia/chest.yaml", 41, 9, "lung", "sums to 0.9", "1")
    assert attempts.record(store, "asia", ()) is None
    failed = attempts.record(store, "asia", (problem,), author="me")
    assert failed is not None
    assert (failed.seq, failed.problems) == (1, (problem,))
    assert attempts.record(store, "asia", (problem,)) == failed
    mended = attempts.record(store, "asia", ())
    assert attempts.last(store, "asia") == mended
    assert mended is not None
    assert (mended.seq, mended.problems) == (2, ())


def test_a_name_means_its_last_revision_and_remembers_the_others(store: Store) -> None:
    first, second = with_revisions(store)
    names.point(store, "asia", "published", revision=first, author="me")
    names.point(store, "asia", "published", revision=second, expected=first)
    names.point(store, "asia", "draft", revision=second)
    assert names.resolve(store, "asia", "published") == second
    assert names.current(store, "asia") == {"draft": second, "published": second}
    assert [each.revision for each in names.history(store, "asia", "published")] == [second, first]
    with pytest.raises(StalePrecondition, match=f"published of asia was expected to be {first} and is {second}"):
        names.point(store, "asia", "published", revision=first, expected=first)


def test_a_name_that_was_taken_away_is_unknown_and_can_be_given_again(store: Store) -> None:
    first, _ = with_revisions(store)
    names.point(store, "asia", "published", revision=first)
    names.point(store, "asia", "publishes", revision=first)
    names.point(store, "asia", "published", revision=None)
    with pytest.raises(UnknownRevisionName, match="no revision named 'published'") as unknown:
        names.resolve(store, "asia", "published")
    assert unknown.value.did_you_mean == "publishes"
    names.point(store, "asia", "published", revision=first)
    assert names.resolve(store, "asia", "published") == first


@pytest.mark.parametrize("name", ["", "Published", "r-0000000000000001", "a b", "a" * 65, "ä", "-a"])
def test_a_name_is_spelt_as_names_are(store: Store, name: str) -> None:
    first, _ = with_revisions(store)
    with pytest.raises(BadText, match="cannot be the name of a revision: lower-case letters"):
        names.point(store, "asia", name, revision=first)


@pytest.mark.parametrize(("text", "found"), [("a\0b", "U+0000"), ("a\ud800", "U+D800")])
def test_a_text_that_no_database_keeps_is_refused_by_both(store: Store, text: str, found: str) -> None:
    with pytest.raises(BadText, match=re.escape(f"a text holds {found}, which cannot be kept")):
        revisions.keep(store, "asia", "r-1", files={}, content=b"c", engine="1", message=text)
    assert revisions.latest(store, "asia") == []


def test_points_of_a_question_are_kept_and_take_the_place_of_those_before(store: Store) -> None:
    first, second = with_revisions(store)
    assert history.points(store, "asia", "q%") == []
    lung = history.Point("q%:yes", first, 0.1, 0.05, 0.2)
    history.put(store, "asia", [lung, history.Point("q%:no", first, 0.9), history.Point("qq:yes", second, 0.5)])
    assert {each.series: each for each in history.points(store, "asia", "q%")}["q%:yes"] == lung
    history.put(store, "asia", [history.Point("q%:yes", first, 0.2), history.Point("q%:yes", second, 0.3)])
    found = {(each.series, each.revision): each.p for each in history.points(store, "asia", "q%")}
    assert found == {("q%:yes", first): 0.2, ("q%:no", first): 0.9, ("q%:yes", second): 0.3}


def test_a_model_that_is_retired_has_no_active_revision_until_one_is_made_active_again(store: Store) -> None:
    first, second = with_revisions(store)
    (other,) = with_revisions(store, 1, "mosul-2017")
    activations.activate(store, "mosul-2017", other, cause="start")
    activations.activate(store, "asia", first, cause="start")
    activations.activate(store, "asia", second, cause="file")
    before = activations.last_numbers(store)
    activations.retire(store, "asia")
    activations.retire(store, "asia")
    assert activations.last_numbers(store) == (before[0], before[1] + 1)
    assert activations.active(store, "asia") is None
    assert set(activations.all_active(store)) == {"mosul-2017"}
    assert activations.retired(store) == {"asia"}
    with pytest.raises(StalePrecondition, match="is none"):
        activations.activate(store, "asia", first, cause="call", expected=second)
    again = activations.activate(store, "asia", second, cause="file", expected=None)
    assert (again.previous, again.seq) == (None, 4)
    assert activations.retired(store) == frozenset()
    assert activations.active(store, "asia") == again
    assert len(activations.every(store, "asia")) == 3
