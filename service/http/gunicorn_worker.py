"""A gunicorn worker whose own refusals, of requests that never reach the application, are problem documents.

``gunicorn.conf.py`` names it: ``worker_class = "service.http.gunicorn_worker.Worker"``.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from service.http.json_encoding import encoded
from service.http.problems import MEDIA, plain
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
}
"""Parser error to status; a class not named takes its nearest ancestor's, others are 500."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, with problem documents for requests that cannot be parsed."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Write the refusal to the socket; the connection is closed by the caller."""
        status = next((STATUSES[kind] for kind in type(exc).__mro__ if kind in STATUSES), 500)
        if status == 500:
            self.log.exception("error before the application, from %s", addr)
        else:
            self.log.warning("refused a request from %s: %.200s", addr, exc)
        try:
            util.write_nonblock(client, refusal(status, exc))
        except OSError:
            self.log.debug("the client was gone before the refusal")


def refusal(status: int, error: Exception) -> bytes:
    """The whole HTTP response to a request that could not be parsed.

    >>> refusal(414, errors.LimitRequestLine(9000, 8190)).splitlines()[0]
    b'HTTP/1.1 414 URI Too Long'
    """
    detail = "internal; the log has it" if status == 500 else f"the request cannot be read: {str(error)[:200]}"
    body = encoded(plain(status, detail))
    headers = {
        "Connection": "close",
        "Content-Type": MEDIA,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        **HEADERS,
    }
    reason = "URI Too Long" if status == 414 else HTTPStatus(status).phrase
    head = "\r\n".join([f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())])
    return f"{head}\r\n\r\n".encode("latin-1") + body
