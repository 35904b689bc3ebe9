"""What the service is measured against, served by the same gunicorn beside it: ``bench.baseline_app:app``.

A bare hello, and a question that is read and checked like any other and then not worked out. Neither is
part of the product.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypedDict

from flask import Flask

from model.forecast import Forecaster
from model.inference.precompile import warm
from service import revisions, routes
from service.http import error_handlers, operation, security
from service.http.fingerprint import fingerprint
from service.http.forms import json_body, json_form
from service.http.operation import Reply, Service
from service.schemas import requests
from service.settings import from_environment
from service.translate import questions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HELLO = "/bench/hello"
CHECKED = "/bench/models/<model>/query"


class Checked(TypedDict):
    """The answer that tells nothing."""

    ok: bool


@operation.operation(
    "POST", CHECKED, body=(json_body(requests.AskedInFull),), forms=(json_form(Checked, suffix=""),), errors=(404, 422)
)
def checked(forecaster: Forecaster, body: requests.AskedInFull) -> Reply:
    """Read a question, check it against the model, and leave it at that."""
    question = questions.question_from_body(forecaster.model, body, ())
    return Reply(lambda: {"ok": True}, questions.query_address(forecaster.model, question))


def hello() -> Flask:
    """The least that the framework can do."""
    bare = Flask("hello")
    bare.add_url_rule(HELLO, view_func=lambda: "hello", endpoint="hello")
    return bare


def with_checked() -> Flask:
    """The product, wired as ``create_app`` wires it, with one more operation: the one that does not infer."""
    settings = from_environment()
    app = Flask("service", static_folder=None)
    app.url_map.merge_slashes = False
    operations = (*routes.OPERATIONS, checked)
    operation.register(app, Service(settings, revisions.load(settings.priors), fingerprint(), operations))
    security.register(app, settings.hosts)
    error_handlers.register(app)
    return app


class Together:
    """Both in one server: bare hello by its address, everything else to the product."""

    def __init__(self) -> None:
        warm()
        self.hello, self.product = hello(), with_checked()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        chosen: Any = self.hello if environ["PATH_INFO"] == HELLO else self.product
        return chosen(environ, start_response)  # type: ignore[no-any-return]


def __getattr__(name: str) -> Together:
    """``app`` is made when gunicorn asks for it, so that importing this module loads no models."""
    if name == "app":
        return Together()
    raise AttributeError(name)
