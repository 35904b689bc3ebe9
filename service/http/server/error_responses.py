"""The server's own refusals, of requests that never reach the application, as problem documents."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from gunicorn.http import errors

from service.http.json_encoding import encoded
from service.http.problems import MEDIA, NO_MEMORY, lacks_memory, plain
from service.http.security import HEADERS

STATUSES: dict[type[Exception], int] = {
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: 431,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
    errors.ForbiddenProxyRequest: 403,
    errors.ConfigurationProblem: 500,
    errors.InvalidResponseHeader: 500,
    errors.InvalidResponseHeaderName: 500,
    errors.ParseException: 400,
    errors.NoMoreData: 400,
}
"""What the parser raises to status; a class not named takes its nearest ancestor's, others are 500."""


def status_of(error: Exception) -> int:
    """The status for an exception that left the parser or the application."""
    if lacks_memory(error):
        return 503
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def of_error(error: Exception, further: Iterable[tuple[str, str]] = ()) -> bytes:
    """The whole HTTP response to a request that could not be parsed or answered, with these further headers.

    >>> of_error(errors.LimitRequestLine(9000, 8190)).splitlines()[0]
    b'HTTP/1.1 414 URI Too Long'
    """
    status = status_of(error)
    match status:
        case 500:
            detail = "internal; the log has it"
        case 503:
            detail = NO_MEMORY
        case _:
            detail = f"the request cannot be read: {str(error)[:200]}"
    return refusal(status, detail, further)


def refusal(status: int, detail: str, further: Iterable[tuple[str, str]] = ()) -> bytes:
    """The whole HTTP response of a refusal, after which the connection is closed, with these further headers.

    >>> refusal(408, "the head of the request took longer than 10 s").splitlines()[0]
    b'HTTP/1.1 408 Request Timeout'
    """
    body = encoded(plain(status, detail))
    headers = {
        "Connection": "close",
        "Content-Type": MEDIA,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        **HEADERS,
        **dict(further),
    }
    if status == 503:
        headers["Retry-After"] = "1"
    reason = "URI Too Long" if status == 414 else HTTPStatus(status).phrase
    head = "\r\n".join([f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())])
    return f"{head}\r\n\r\n".encode("latin-1") + body


OUT_OF_MEMORY = refusal(503, NO_MEMORY)
"""Made beforehand: there may be no memory to make it."""
