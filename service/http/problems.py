"""Errors as problem documents (RFC 9457): one shape, whoever refused the request.

One table says which exception is which status; nothing else in the service decides it. The table
holds no web framework, so that the server's own refusals (``server``) use it as well.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from http import HTTPStatus
from typing import NotRequired

from typing_extensions import TypedDict

from model.errors import (
    AftermathError,
    BadQuestion,
    DuplicateEvidence,
    EvidenceOnIntervened,
    ExplainedError,
    GroupOutcomeOfCohort,
    ImpossibleEvidence,
    JointTooLarge,
    NoScale,
    NotACutPoint,
    Place,
    SeveralErrors,
    UnknownCohort,
    UnknownName,
    UnknownScenario,
    UnknownSource,
    UnknownState,
    UnknownVariable,
)
from model.resources.cost import TooCostly
from model.resources.deadline import DeadlinePassed, NobodyWaits
from service.http.access_errors import NotAllowed, RateLimited, TokenNeeded, TooManyGuesses
from service.http.address import PREFIX
from service.http.admission import Busy
from service.revisions import ModelNotReady, NeedsReason, UnknownModel, UnknownRevision
from service.store.errors import (
    AnswerNotKept,
    BadKey,
    BadLinkAddress,
    BadText,
    BadToken,
    QuotaExceeded,
    RevisionInUse,
    RevisionNotKept,
    StalePrecondition,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreUnavailable,
    TooLargeToKeep,
    UnknownQuestion,
    UnknownRevisionName,
)

MEDIA = "application/problem+json"
MOST_ALLOWED = 200


class BadRequest(AftermathError):
    """A request that cannot be read: not UTF-8, not a query string, no Host."""

    code = "bad_request"


class BadJSON(AftermathError):
    """A body that is not JSON as RFC 8259 and common sense have it."""

    code = "bad_json"


class BadCSV(AftermathError):
    """A body that is not CSV as RFC 4180 has it."""

    code = "bad_csv"


class ForeignHost(AftermathError):
    """A Host header that names another site: a proxy set up wrongly, or DNS rebinding."""

    code = "foreign_host"


class ForeignOrigin(AftermathError):
    """A request that a page of another site made."""

    code = "foreign_origin"


class BadField(AftermathError):
    """A field of the right name and the wrong shape."""

    code = "bad_field"


class BadPermalink(AftermathError):
    """An address that is no permalink of an answer of this service: not pinned, of another site, or of nothing."""

    code = "bad_permalink"


class UnknownField(UnknownName):
    """A field or a parameter that the operation does not have."""

    kind, kinds, code = "field", "fields", "unknown_field"


class UnknownKind(UnknownName):
    """A kind of question that is not kept."""

    kind, kinds, code = "kind of question", "kinds", "unknown_kind"


class NoSuchForm(UnknownName):
    """A form in which this answer is not to be had."""

    kind, kinds, code = "form", "forms", "no_such_form"


class NoSuchFile(UnknownName):
    """A file that the revision does not have."""

    kind, kinds, code = "file", "files", "no_such_file"


class PreconditionRequired(AftermathError):
    """A change that does not say for which state it was made."""

    code = "precondition_required"


class MissingField(AftermathError):
    """A field that the operation needs."""

    code = "missing_field"


class TooMany(AftermathError):
    """More items than one request may hold."""

    code = "too_many"


class AnswerTooLarge(AftermathError):
    """An answer with more rows than one reply may hold."""

    code = "answer_too_large"


class BodyTooLarge(AftermathError):
    """A body over the limit of its operation."""

    code = "body_too_large"


class WrongMediaType(AftermathError):
    """A body in a format that the operation does not read."""

    code = "unsupported_media_type"


class NotReady(AftermathError):
    """A service that can answer nothing."""

    code = "not_ready"


STATUSES: dict[type[ExplainedError], int] = {
    UnknownModel: 404,
    UnknownRevision: 404,
    UnknownVariable: 422,
    UnknownState: 422,
    UnknownScenario: 422,
    UnknownCohort: 422,
    UnknownSource: 422,
    UnknownField: 422,
    UnknownKind: 422,
    MissingField: 422,
    NoSuchForm: 404,
    NoSuchFile: 404,
    PreconditionRequired: 428,
    NeedsReason: 409,
    BadField: 422,
    BadPermalink: 422,
    BadQuestion: 422,
    DuplicateEvidence: 422,
    NoScale: 422,
    NotACutPoint: 422,
    EvidenceOnIntervened: 422,
    GroupOutcomeOfCohort: 422,
    ImpossibleEvidence: 422,
    JointTooLarge: 422,
    TooMany: 422,
    AnswerTooLarge: 422,
    BadRequest: 400,
    ForeignHost: 400,
    ForeignOrigin: 403,
    BadJSON: 400,
    BadCSV: 400,
    BodyTooLarge: 413,
    WrongMediaType: 415,
    TooCostly: 422,
    Busy: 429,
    DeadlinePassed: 503,
    NobodyWaits: 503,
    ModelNotReady: 503,
    NotReady: 503,
    AnswerNotKept: 404,
    BadKey: 401,
    BadLinkAddress: 422,
    BadText: 422,
    BadToken: 401,
    NotAllowed: 403,
    QuotaExceeded: 429,
    RateLimited: 429,
    RevisionInUse: 409,
    RevisionNotKept: 404,
    StalePrecondition: 412,
    StoreBusy: 503,
    StoreError: 500,
    StoreFull: 507,
    StoreUnavailable: 503,
    TokenNeeded: 401,
    TooLargeToKeep: 422,
    TooManyGuesses: 429,
    UnknownQuestion: 404,
    UnknownRevisionName: 404,
}
"""Exception class to status. A class not named takes its nearest ancestor's; beyond them all it is 422."""


PLAIN: dict[int, tuple[str, str]] = {
    400: ("bad_request", "A request that cannot be read."),
    403: ("forbidden", "A request that the server may not take."),
    404: ("not_found", "An address at which there is nothing."),
    405: ("method_not_allowed", "A method that the address does not have; Allow names those it has."),
    408: ("request_timeout", "A request that took too long to arrive."),
    411: ("length_required", "A body whose length is not said."),
    413: ("body_too_large", "A body over the limit of its operation."),
    414: ("address_too_long", "An address over the limit of the server: send the question by POST."),
    415: ("unsupported_media_type", "A body in a format that the operation does not read."),
    417: ("expectation_failed", "An Expect header other than 100-continue."),
    431: ("headers_too_large", "Headers over the limit of the server."),
    500: ("internal", "A mistake of ours; the log has it under the id."),
    503: ("out_of_memory", "A worker that had no memory left for the answer: ask again, or for less at once."),
    501: ("not_implemented", "A transfer coding that the server does not know."),
}
"""Status to code and meaning, for refusals by the framework and the server that have no exception of ours."""
NO_MEMORY = "the worker had no memory left for this; ask again, or for less at once"
"""What such a 503 says, wherever in the worker memory ran out."""


class Fault(TypedDict):
    """One mistake: where it is, and what would have been right."""

    code: str
    detail: str
    pointer: str | None
    allowed: list[str]
    did_you_mean: str | None


class Problem(TypedDict):
    """Why a request was refused. ``errors`` holds every mistake where there are several."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    pointer: str | None
    allowed: list[str]
    did_you_mean: str | None
    errors: list[Fault]
    conflict: NotRequired[list[str]]
    id: NotRequired[str]


def problem(error: ExplainedError) -> Problem:
    """The body for an exception that explains itself.

    >>> from model.errors import UnknownState
    >>> problem(UnknownState("halfed", ("halved",), where=("given", "finances")))["pointer"]
    '/given/finances'
    """
    if isinstance(error, SeveralErrors):
        first = problem(error.errors[0])
        return {**first, "errors": [fault(each) for each in error.errors] if len(error.errors) > 1 else []}
    body = _problem(status_of(error), fault(error))
    if isinstance(error, ImpossibleEvidence):
        body["conflict"] = list(error.conflict)
    return body


def lacks_memory(error: BaseException) -> bool:
    """Whether an exception says that no memory was left: some of Python's own C code fails without saying why.

    >>> lacks_memory(MemoryError()), lacks_memory(SystemError("error return without exception set"))
    (True, True)
    """
    match error:
        case MemoryError():
            return True
        case OSError():
            return error.errno == errno.ENOMEM
        case SystemError():
            return "without" in str(error)
        case _:
            return False


def plain(status: int, detail: str, *, allowed: Sequence[str] = ()) -> Problem:
    """The body for a refusal that has no exception of ours: no such address, no such method.

    >>> plain(404, "nothing at /v2")["code"]
    'not_found'
    """
    code, _ = PLAIN.get(status) or (HTTPStatus(status).phrase.lower().replace(" ", "_"), "")
    return _problem(
        status, {"code": code, "detail": detail, "pointer": None, "allowed": list(allowed), "did_you_mean": None}
    )


def status_of(error: ExplainedError) -> int:
    """The status of an exception: 404 for an unknown name in the path, else by the table."""
    if isinstance(error, UnknownName) and error.where[:1] == ("path",):
        return 404
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 422)


def fault(error: ExplainedError) -> Fault:
    """One mistake as JSON; what the model calls evidence is called given in requests."""
    is_of_model = error.where[:1] == ("evidence",) and not isinstance(error, UnknownField)
    place = ("given", *error.where[1:]) if is_of_model else error.where
    return {
        "code": error.code,
        "detail": visible(error.detail),
        "pointer": visible(pointer(place)) if place else None,
        "allowed": list(error.allowed[:MOST_ALLOWED]),
        "did_you_mean": error.did_you_mean,
    }


def codes() -> dict[str, tuple[int, str]]:
    """Every code with its status and its meaning in a sentence.

    >>> codes()["unknown_state"]
    (422, 'A state that the variable does not have.')
    """
    raised = {kind.code: (STATUSES[kind], (kind.__doc__ or "").partition("\n")[0]) for kind in STATUSES}
    return {**raised, **{code: (status, meaning) for status, (code, meaning) in PLAIN.items() if code not in raised}}


def pointer(place: Place) -> str:
    """A place as a JSON pointer (RFC 6901).

    >>> pointer(("cases", 3, "given", "a/b"))
    '/cases/3/given/a~1b'
    """
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in place)


def visible(text: str) -> str:
    r"""Text that a terminal can show: what a client sent comes back with its control characters written out.

    >>> visible("no state 'a\x9b31m'")
    "no state 'a\\x9b31m'"
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def _problem(status: int, mistake: Fault) -> Problem:
    words = mistake["code"].replace("_", " ").replace("json", "JSON").replace("csv", "CSV")
    return {
        "type": f"{PREFIX.get()}/errors#{mistake['code'].replace('_', '-')}",
        "title": words[:1].upper() + words[1:],
        "status": status,
        "code": mistake["code"],
        "detail": visible(mistake["detail"]),
        "pointer": mistake["pointer"] and visible(mistake["pointer"]),
        "allowed": mistake["allowed"],
        "did_you_mean": mistake["did_you_mean"],
        "errors": [],
    }
