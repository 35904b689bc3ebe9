"""Is it alive, can it answer, and what can it be asked."""

from __future__ import annotations

from service.http.access import EVERY, demand, is_here, readable
from service.http.address import PREFIX
from service.http.forms import json_form
from service.http.operation import Reply, Service, operation
from service.http.problems import NotReady
from service.routes.models import visible
from service.routes.openapi import document
from service.schemas import answers
from service.store.scopes import OPEN, READ
from service.translate import live_status, models, process_status


@operation("GET", "/livez", forms=(json_form(answers.Alive, suffix=""),), cacheable=False, scope=OPEN)
def alive(_: Service) -> Reply:
    """Say that the process answers."""
    return Reply(lambda: {"status": "alive"})


@operation(
    "GET", "/readyz", forms=(json_form(answers.Readiness, suffix=""),), errors=(503,), cacheable=False, scope=OPEN
)
def ready(service: Service) -> Reply:
    """Say whether questions can be answered: ready, degraded where something is wrong, 503 when none can.

    Degraded is a service one of whose models cannot be loaded as its files are now, or waits for a reason, whether an
    earlier revision of it is served or none, or whose store cannot be written to.
    """
    revisions = service.live.now
    if not revisions.ready:
        told = [f"{name}: {broken.reasons[0]}" for name, broken in revisions.broken.items() if readable(name)]
        why = "; ".join(told) or ("the log says why" if revisions.broken else "the folder holds none")
        raise NotReady(f"no model can be answered from: {why}")
    store = live_status.store_state(service.store, service.host, public=service.settings.public_read or not is_here())
    status = "degraded" if revisions.is_degraded or store["trouble"] else "ready"
    return Reply(lambda: {"status": status, "models": visible(models.states(revisions)), "store": store})


@operation("GET", "/v1/status", forms=(json_form(answers.ProcessStatus, suffix=""),), cacheable=False)
def status(service: Service) -> Reply:
    """Say which revision of each model is active, where it is from and since when, and how its last load ended.

    Of each worker of the host what it serves and when it was last seen; of the one that answers its memory, what it
    keeps, and heavy questions.
    """
    demand(READ, EVERY)
    revisions, public = service.live.now, service.settings.public_read or not is_here()
    return Reply(
        lambda: {
            **process_status.process(revisions, service.gate, service.caches),
            **live_status.status(revisions, service.host),
            "store": live_status.store_state(service.store, service.host, public=public),
        }
    )


@operation("GET", "/openapi.json", forms=(json_form(dict[str, object], suffix=""),))
def openapi(service: Service) -> Reply:
    """Describe every operation as OpenAPI 3.1."""
    return Reply(lambda: _document(service))


@operation("GET", "/v1/openapi.json", forms=(json_form(dict[str, object], suffix=""),))
def openapi_of_version(service: Service) -> Reply:
    """Describe every operation as OpenAPI 3.1, beside the resources."""
    return Reply(lambda: _document(service))


def example_model(service: Service) -> str | None:
    """The model that examples are taken from: the first that the client may read."""
    return next(filter(readable, service.live.now.ready), None)


def _document(service: Service) -> dict[str, object]:
    """The description, with the path under which the client sees the service."""
    return {**document(service, example_model(service)), "servers": [{"url": PREFIX.get() or "/"}]}


OPERATIONS = (alive, ready, status, openapi, openapi_of_version)
