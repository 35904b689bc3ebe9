"""Plain pages for people: where to start, and what the errors mean."""

from __future__ import annotations

from importlib.resources import files

from flask import render_template

from model.wording import quantity
from service.http.address import PREFIX
from service.http.operation import Form, Reply, Service, operation
from service.http.problems import codes
from service.translate import models

HTML = "text/html; charset=utf-8"


def _template(name: str) -> Form:
    return Form("", HTML, lambda content: render_template(name, prefix=PREFIX.get(), **content).encode(), str)


@operation("GET", "/", forms=(_template("start.html"),))
def start(service: Service) -> Reply:
    """Show the models and questions worth asking, with links that ask them."""
    revisions = service.live.now
    return Reply(
        lambda: {
            "states": models.states(revisions),
            "models": {name: models.model_answer(forecaster) for name, forecaster in revisions.ready.items()},
            "described": {name: forecaster.model.described for name, forecaster in revisions.ready.items()},
            "quantity": quantity,
        }
    )


@operation("GET", "/errors", forms=(_template("errors.html"),))
def errors(_: Service) -> Reply:
    """Explain the codes of problem documents."""
    return Reply(lambda: {"codes": codes()})


@operation("GET", "/page.css", forms=(Form("", "text/css; charset=utf-8", lambda data: data, str),))
def style(_: Service) -> Reply:
    """The style of the plain pages."""
    return Reply((files("service") / "templates" / "page.css").read_bytes)


OPERATIONS = (start, errors, style)
