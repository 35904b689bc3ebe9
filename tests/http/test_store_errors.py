"""What a client reads when the store cannot keep or find something."""

import pytest

from service.http.error_handlers import refusal
from service.store.errors import (
    AnswerNotKept,
    BadToken,
    QuotaExceeded,
    RevisionNotKept,
    StalePrecondition,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreUnavailable,
)


@pytest.mark.parametrize(
    ("error", "status", "code", "retry"),
    [
        (StoreFull("the disk of the store is full"), 507, "store_full", "60"),
        (StoreBusy("another process writes to the store"), 503, "store_busy", "1"),
        (StoreUnavailable("the file is gone"), 503, "store_unavailable", "10"),
        (QuotaExceeded("5,000 new answers"), 429, "quota_exceeded", "3600"),
        (StalePrecondition("expected r-1", current="r-2"), 412, "stale_precondition", None),
        (AnswerNotKept("a-1"), 404, "answer_not_kept", None),
        (RevisionNotKept("asia", "r-9"), 404, "revision_not_kept", None),
        (BadToken("the token is not valid"), 401, "bad_token", None),
        (StoreError("the store refused a statement; the log has it"), 500, "store_failed", None),
    ],
)
def test_a_failure_of_the_store_says_what_it_is_and_when_to_ask_again(app, error, status, code, retry) -> None:
    with app.test_request_context("/v1/answers/a-1"):
        answer = refusal(error)
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (status, code)
    assert answer.get_json(force=True)["detail"] == error.detail
    assert answer.headers.get("Retry-After") == retry
