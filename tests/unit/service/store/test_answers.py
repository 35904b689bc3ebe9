"""An answer under a permalink is the bytes that were first sent, whatever becomes of its revision."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from service.store import answers, prune
from service.store.answers import Asked
from service.store.database import Store
from service.store.errors import (
    AnswerNotKept,
    QuotaExceeded,
    RevisionInUse,
    RevisionNotKept,
    StoreUnavailable,
    TooLargeToKeep,
)
from service.store.limits import Limits
from tests.stores import raw, with_revisions

QUESTION = '{"targets":["lung"]}'


def asked(revision: str, question: str = QUESTION) -> Asked:
    return Asked("asia", revision, "1.0", "query", question)


def test_an_answer_is_found_by_its_id_in_each_form(store: Store) -> None:
    (revision,) = with_revisions(store, 1)
    id = answers.keep(store, asked(revision), {"json": b"{}\n", "csv": b"a\r\n"}, client="me")
    found = answers.answer(store, id)
    assert (found.asked, found.forms) == (asked(revision), ("csv", "json"))
    assert (answers.body(store, id, "json"), answers.body(store, id, "csv")) == (b"{}\n", b"a\r\n")


def test_the_same_question_has_the_same_id_and_its_first_bytes_stay(store: Store) -> None:
    (revision,) = with_revisions(store, 1)
    id = answers.keep(store, asked(revision), {"json": b"first"})
    assert answers.keep(store, asked(revision), {"json": b"second", "csv": b"added"}) == id
    assert (answers.body(store, id, "json"), answers.body(store, id, "csv")) == (b"first", b"added")


def test_every_part_of_what_was_asked_makes_another_id() -> None:
    same = ("asia", "r-1", "1.0", "query", "{}")
    ids = {Asked(*same[:position], "other", *same[position + 1 :]).id for position in range(5)}
    assert len(ids | {Asked(*same).id}) == 6


def test_an_answer_that_is_not_kept_is_named(store: Store) -> None:
    with pytest.raises(AnswerNotKept, match="no answer 'a-nothing'"):
        answers.answer(store, "a-nothing")
    (revision,) = with_revisions(store, 1)
    id = answers.keep(store, asked(revision), {"json": b"{}"})
    with pytest.raises(AnswerNotKept, match=rf"no answer '{id}\.csv'"):
        answers.body(store, id, "csv")


def test_an_answer_needs_its_revision(store: Store) -> None:
    with pytest.raises(RevisionNotKept):
        answers.keep(store, asked("r-9"), {"json": b"{}"})


def test_an_answer_over_the_limit_is_refused(store: Store) -> None:
    (revision,) = with_revisions(store, 1)
    store.limits = Limits(answer_bytes=3)
    with pytest.raises(TooLargeToKeep, match="4 bytes, more than 3"):
        answers.keep(store, asked(revision), {"json": b"{}", "csv": b"ab"})


def test_new_answers_of_a_client_have_a_limit_a_day_and_old_ones_can_be_asked_for(store: Store) -> None:
    (revision,) = with_revisions(store, 1)
    time = datetime(2026, 3, 1, tzinfo=UTC)
    store.limits, store.clock = Limits(answers_a_day=2), lambda: time
    for number in (1, 2, 1, 2):
        answers.keep(store, asked(revision, str(number)), {"json": b"{}"}, client="me")
    with pytest.raises(QuotaExceeded, match="2 new answers were kept for you within a day"):
        answers.keep(store, asked(revision, "3"), {"json": b"{}"}, client="me")
    answers.keep(store, asked(revision, "3"), {"json": b"{}"}, client="somebody else")
    time += timedelta(days=1, seconds=1)
    answers.keep(store, asked(revision, "4"), {"json": b"{}"}, client="me")


def test_a_revision_that_an_answer_refers_to_cannot_be_removed(store: Store) -> None:
    first, second = with_revisions(store)
    answers.keep(store, asked(first), {"json": b"{}"})
    with pytest.raises(RevisionInUse, match=f"{first} of asia cannot be removed: it has 1 answer"):
        prune.drop_revision(store, "asia", first)
    assert prune.drop_revision(store, "asia", second).rows == {
        "revisions": 1,
        "revision_files": 2,
        "compiled_sizes": 1,
        "blobs": 2,
    }
    with pytest.raises(RevisionNotKept):
        prune.drop_revision(store, "asia", second)


def test_bytes_that_were_changed_are_not_sent(store: Store) -> None:
    (revision,) = with_revisions(store, 1)
    id = answers.keep(store, asked(revision), {"json": b"{}"})
    on_table = "" if store.described.startswith("SQLite") else " ON blobs"
    changed = "CAST('[]' AS BLOB)" if store.described.startswith("SQLite") else "'[]'::bytea"
    digest = sha256(b"{}").hexdigest()
    raw(
        store,
        f"DROP TRIGGER blobs_refuses_update{on_table}",
        f"UPDATE blobs SET content = {changed} WHERE digest = '{digest}'",
    )
    with pytest.raises(StoreUnavailable, match=f"the content {digest[:16]} is damaged"):
        answers.body(store, id, "json")
