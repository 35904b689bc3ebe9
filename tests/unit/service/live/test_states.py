"""The last load of a model, as a state has it and as workers tell it."""

from datetime import UTC, datetime

import pytest

from model.errors import Problem
from service.live.states import Tried

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PROBLEM = Problem("asia/chest.yaml", 41, 9, "lung", "sums to 0.9", "1")
MOVED = "lung: yes moves by 14 points, over acknowledge_over"


@pytest.mark.parametrize(("public", "told"), [(False, MOVED), (True, "needs_reason; the log has what moves")])
def test_files_that_are_held_back_are_told_as_such_and_not_as_wrong(public: bool, told: str) -> None:
    attempt = Tried(NOW, (MOVED,), is_held=True).attempt("asia", public=public)
    assert attempt.is_held
    assert attempt.found is not None
    assert attempt.found.reasons == (told,)


@pytest.mark.parametrize(("public", "told"), [(False, str(PROBLEM)), (True, "asia/chest.yaml:41:9: bad_priors")])
def test_files_that_are_wrong_are_told_whole_or_in_public_by_their_place(public: bool, told: str) -> None:
    attempt = Tried(NOW, (str(PROBLEM),), (PROBLEM,)).attempt("asia", public=public)
    assert not attempt.is_held
    assert attempt.found is not None
    assert attempt.found.reasons == (told,)


def test_a_load_that_went_well_is_told_alike_in_public() -> None:
    assert Tried(NOW).attempt("asia", public=True) == Tried(NOW).attempt("asia", public=False)
