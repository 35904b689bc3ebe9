"""Named questions: what a name asks now, what it asked before, and who is told that it was changed meanwhile."""

import pytest

from service.store import questions
from service.store.database import Store
from service.store.errors import BadText, QuotaExceeded, StalePrecondition, UnknownQuestion


def test_a_name_asks_what_was_kept_last_and_remembers_what_it_asked(store: Store) -> None:
    first = questions.keep(store, "asia", "no-smoke", question="do=smoke:no", label="Nobody smokes", author="me")
    second = questions.keep(store, "asia", "no-smoke", question="do=smoke:yes", expected=str(first.seq))
    questions.keep(store, "asia", "another", question="")
    assert [(each.name, each.question) for each in questions.current(store, "asia")] == [
        ("another", ""),
        ("no-smoke", "do=smoke:yes"),
    ]
    assert questions.history(store, "asia", "no-smoke") == [second, first]
    assert questions.current(store, "mosul-2017") == []


def test_the_same_again_is_no_new_version(store: Store) -> None:
    first = questions.keep(store, "asia", "a", question="do=smoke:no", label="x")
    assert questions.keep(store, "asia", "a", question="do=smoke:no", label="x") == first
    assert questions.keep(store, "asia", "a", question="do=smoke:no", label="y").seq == first.seq + 1


def test_of_two_who_change_the_same_version_one_is_told(store: Store) -> None:
    first = questions.keep(store, "asia", "a", question="do=smoke:no", expected=None)
    questions.keep(store, "asia", "a", question="do=smoke:yes", expected=str(first.seq))
    for expected in (str(first.seq), None):
        with pytest.raises(StalePrecondition, match="expected to be at version"):
            questions.keep(store, "asia", "a", question="", expected=expected)


def test_a_name_is_taken_away_and_given_again(store: Store) -> None:
    questions.keep(store, "asia", "a", question="do=smoke:no")
    questions.keep(store, "asia", "a", question=None)
    assert questions.current(store, "asia") == []
    with pytest.raises(UnknownQuestion, match="no question named 'a'"):
        questions.keep(store, "asia", "a", question=None)
    questions.keep(store, "asia", "a", question="", expected=None)
    assert [each.question for each in questions.history(store, "asia", "a")] == ["", None, "do=smoke:no"]


@pytest.mark.parametrize(
    ("name", "question", "label"), [("A", "", ""), ("r-1", "", ""), ("a", "x" * 8_001, ""), ("a", "", "x" * 201)]
)
def test_what_is_no_name_or_too_long_is_refused(store: Store, name: str, question: str, label: str) -> None:
    with pytest.raises(BadText):
        questions.keep(store, "asia", name, question=question, label=label)


def test_a_model_has_only_so_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "MOST", 2)
    for name in ("a", "b"):
        questions.keep(store, "asia", name, question="")
    with pytest.raises(QuotaExceeded, match="2 named questions"):
        questions.keep(store, "asia", "c", question="")
    questions.keep(store, "asia", "a", question="do=smoke:no")
    questions.keep(store, "mosul-2017", "c", question="")


def test_a_name_that_never_asked_is_unknown(store: Store) -> None:
    questions.keep(store, "asia", "no-smoke", question="")
    with pytest.raises(UnknownQuestion, match="no-smoke"):
        questions.history(store, "asia", "no-smok")
