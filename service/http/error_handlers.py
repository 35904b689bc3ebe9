"""Every exception of a request becomes a problem document here, whatever raised it."""

from __future__ import annotations

import logging

from flask import Flask, Response, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound

from model.errors import ExplainedError
from service.http import telemetry
from service.http.access_errors import NotAllowed, TokenNeeded
from service.http.clients import OUTCOME
from service.http.json_encoding import encoded
from service.http.problems import MEDIA, NO_MEMORY, Problem, lacks_memory, plain, problem

logger = logging.getLogger(__name__)

AFTER_MEMORY = 2
"""Seconds after which one whose answer found no memory is to ask again."""

CHALLENGE = 'Bearer realm="aftermath"'
KEPT_HEADERS = ("Allow", "Retry-After")


def register(app: Flask) -> None:
    """Answer every exception of the application with a problem document."""
    app.register_error_handler(Exception, refusal)


def refusal(error: Exception) -> Response:
    """The answer to a request that ended in an exception."""
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, Exception):
        error = error.original_exception  # it was raised before a view was found
    if isinstance(error, ExplainedError):
        response = _response(problem(error))
        retry_after = getattr(error, "retry_after", None)
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        if response.status_code == 401 or isinstance(error, NotAllowed):
            response.headers["WWW-Authenticate"] = _challenge(error)
        return response
    if lacks_memory(error):
        logger.error("out of memory on %s %s", request.method, request.path, exc_info=error)
        response = _response(plain(503, NO_MEMORY))
        response.headers["Retry-After"] = str(AFTER_MEMORY)
        return response
    if isinstance(error, ParseException):
        return _response(plain(400, f"the body cannot be read: {str(error)[:200]}"))
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        return _of_framework(error, error.code)
    reference = telemetry.identify(request.environ)
    logger.error("internal error %s on %s %s", reference, request.method, request.path, exc_info=error)
    return _response({**plain(500, "internal; the log has it under the id"), "id": reference})


def _challenge(error: ExplainedError) -> str:
    """What would let the request in, as RFC 6750 has it."""
    if isinstance(error, NotAllowed):
        return f'{CHALLENGE}, error="insufficient_scope", scope="{error.scope}"'
    return CHALLENGE if isinstance(error, TokenNeeded) else f'{CHALLENGE}, error="invalid_token"'


def _of_framework(error: HTTPException, status: int) -> Response:
    allowed: list[str] = []
    match error:
        case NotFound():
            detail = f"there is nothing at {request.path[:200]}; /openapi.json lists every address"
        case MethodNotAllowed():
            allowed = sorted(error.valid_methods or ())
            detail = f"{request.method[:20]} is not a method of {request.path[:200]}; they are {', '.join(allowed)}"
        case _:
            detail = error.description or error.name
    response = _response(plain(status, detail, allowed=allowed))
    for name, value in error.get_headers(request.environ):
        if name in KEPT_HEADERS:
            response.headers[name] = value
    return response


def _response(body: Problem) -> Response:
    request.environ[OUTCOME] = body["code"]
    response = Response(encoded(body), body["status"], content_type=MEDIA)
    response.headers["Cache-Control"] = "no-store"
    return response
