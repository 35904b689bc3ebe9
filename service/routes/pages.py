"""Plain pages for people: where to start, and what the errors mean."""

from __future__ import annotations

from importlib.resources import files

from flask import render_template

from model.wording import quantity
from service.http.access import readable
from service.http.address import PREFIX
from service.http.operation import Form, Reply, Service, operation
from service.http.problems import codes
from service.routes.models import visible
from service.store.scopes import OPEN
from service.translate import models

HTML = "text/html; charset=utf-8"


def _template(name: str) -> Form:
    return Form("", HTML, lambda content: render_template(name, prefix=PREFIX.get(), **content).encode(), str)


@operation("GET", "/", forms=(_template("start.html"),), scope=OPEN)
def start(service: Service) -> Reply:
    """Show the models and questions worth asking, with links that ask them."""
    revisions = service.live.now
    ready = {name: forecaster for name, forecaster in revisions.ready.items() if readable(name)}
    return Reply(
        lambda: {
            "states": visible(models.states(revisions)),
            "is_whole": all(map(readable, revisions.names)),
            "models": {name: models.model_answer(forecaster) for name, forecaster in ready.items()},
            "described": {name: forecaster.model.described for name, forecaster in ready.items()},
            "quantity": quantity,
        }
    )


@operation("GET", "/errors", forms=(_template("errors.html"),), scope=OPEN)
def errors(_: Service) -> Reply:
    """Explain the codes of problem documents."""
    return Reply(lambda: {"codes": codes()})


@operation("GET", "/page.css", forms=(Form("", "text/css; charset=utf-8", lambda data: data, str),), scope=OPEN)
def style(_: Service) -> Reply:
    """The style of the plain pages."""
    return Reply((files("service") / "templates" / "page.css").read_bytes)


OPERATIONS = (start, errors, style)
