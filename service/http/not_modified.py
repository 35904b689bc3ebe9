"""Conditional requests that were answered 304 before are answered 304 without waking the framework.

A dashboard asks the same address over and over with the ETag of the answer that it shows. Once such a request
has been checked in every respect and ended in 304, the same request of the same client is answered 304 here with the
same headers, for as long as the model is at the same revision and what the client presents is valid, which is settled
before. Nothing else is cached.

``register`` answers those that know an answer by its date alone (``If-Modified-Since``, RFC 9110, 13.1.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import ceil
from time import time
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request
from werkzeug.http import http_date

from model.forecast import Forecaster
from model.inference.lru import ByteLRU
from service.http.clients import CLIENT_NAME, REFUSAL
from service.http.proxies import PROBLEM
from service.http.telemetry import RECORD, Record

ANSWERED_FROM = "aftermath.forecaster"
"""Where the operation leaves the forecaster that it answered from, in the request's environment."""
NOT_MODIFIED = "304 NOT MODIFIED"
MEMORY = 8_000_000
POLL = 1_000
"""Bytes of a poll beside its texts."""
METHODS = ("GET", "HEAD")
DECIDING = (
    "HTTP_HOST",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "RAW_URI",
    "HTTP_ORIGIN",
    "HTTP_SEC_FETCH_SITE",
    "HTTP_SEC_FETCH_MODE",
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD",
    PROBLEM,
    CLIENT_NAME,
)

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Poll:
    """The headers of a 304, and the model and its revision whose answer the client has.

    Of the operation that answered first ``operation`` is its number, ``route`` its address, ``form`` the ending.
    """

    model: str
    revision: str
    headers: tuple[tuple[str, str], ...]
    operation: int | None = None
    route: str | None = None
    form: str | None = None

    def note(self, record: Record) -> None:
        """Note what a request was about that was answered with it."""
        record.operation, record.route, record.form = self.operation, self.route, self.form
        record.model, record.revision, record.cache = self.model, self.revision, "revalidated"


def polls_kept() -> ByteLRU[Poll]:
    """Where polls are kept, empty."""
    return ByteLRU(MEMORY, largest=MEMORY // 8)


class NotModified:
    """A WSGI application in front of another; ``ready`` gives the forecasters that are active now, by name."""

    def __init__(
        self,
        application: WSGIApplication,
        ready: Callable[[], Mapping[str, Forecaster]],
        polls: ByteLRU[Poll] | None = None,
    ) -> None:
        self._application = application
        self._ready = ready
        self._polls = polls_kept() if polls is None else polls

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known is None or environ["REQUEST_METHOD"] not in METHODS or REFUSAL in environ:
            return self._application(environ, start_response)
        key = (known, environ["REQUEST_METHOD"], *(environ.get(name) for name in DECIDING))
        poll = self._polls.find(key)
        if poll is not None and self._is_active(poll):
            if RECORD in environ:
                poll.note(environ[RECORD])
            start_response(NOT_MODIFIED, list(poll.headers))
            return ()
        return self._application(environ, self._noting(key, environ, start_response))

    def _is_active(self, poll: Poll) -> bool:
        forecaster = self._ready().get(poll.model)
        return forecaster is not None and forecaster.model.revision == poll.revision

    def _noting(self, key: tuple[Any, ...], environ: WSGIEnvironment, start_response: StartResponse) -> StartResponse:
        def noted(status: str, headers: Headers, *exception: Any) -> Callable[[bytes], object]:
            forecaster = environ.get(ANSWERED_FROM)
            if status == NOT_MODIFIED and forecaster is not None:
                weight = sum(map(len, filter(None, key))) + sum(len(name) + len(value) for name, value in headers)
                weight += POLL
                record, model = environ[RECORD], forecaster.model
                about = record.operation, record.route, record.form
                self._polls.put(key, Poll(model.name, model.revision, tuple(headers), *about), weight=weight)
            return start_response(status, headers, *exception)

        return noted


@lru_cache(256)
def date_of_change(at: datetime) -> tuple[float, str]:
    """The date of a change as a header can have it, whose dates are of whole seconds: rounded up.

    The first is from when on it may be told, in seconds of the clock: an answer of before the change then never has
    that date, though it were of the same second.

    >>> from datetime import UTC
    >>> date_of_change(datetime(2026, 11, 30, 12, 0, 0, 250_000, UTC))
    (1796040001.0, 'Mon, 30 Nov 2026 12:00:01 GMT')
    """
    date = float(ceil(at.timestamp()))
    return date, http_date(date)


def say_changed(response: Response, at: datetime) -> None:
    """Say since when the address gives this answer, once that second is over; not where it is not sent."""
    date, text = date_of_change(at)
    if response.status_code == 200 and date <= time():
        response.headers["Last-Modified"] = text


def register(app: Flask) -> None:
    """Tell clients that know the date of an answer, and no tag, whether it is another by now."""
    app.after_request(_dated)


def _dated(response: Response) -> Response:
    environ = request.environ
    if "HTTP_IF_MODIFIED_SINCE" not in environ or "HTTP_IF_NONE_MATCH" in environ or request.method not in METHODS:
        return response
    known, date = request.if_modified_since, response.last_modified
    if known is not None and date is not None and date <= known and response.status_code == 200:
        response.status_code = 304
        response.set_data(b"")
    return response
