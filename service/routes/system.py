"""Is it alive, can it answer, and what can it be asked."""

from __future__ import annotations

from service.http.address import PREFIX
from service.http.operation import Reply, Service, json_form, operation
from service.http.problems import NotReady
from service.routes.openapi import document
from service.schemas import answers
from service.translate import models, process_status


@operation("GET", "/livez", forms=(json_form(answers.Alive, suffix=""),), cacheable=False)
def alive(_: Service) -> Reply:
    """Say that the process answers."""
    return Reply(lambda: {"status": "alive"})


@operation("GET", "/readyz", forms=(json_form(answers.Readiness, suffix=""),), errors=(503,), cacheable=False)
def ready(service: Service) -> Reply:
    """Say whether questions can be answered: ready, degraded where something is wrong, 503 when none can.

    Degraded is a service one of whose models cannot be loaded, or whose store cannot be written to.
    """
    revisions = service.live.now
    if not revisions.ready:
        reasons = [f"{name}: {broken.reasons[0]}" for name, broken in revisions.broken.items()]
        raise NotReady(f"no model can be answered from: {'; '.join(reasons) or 'the folder holds none'}")
    store = process_status.store_state(service.store, public=service.settings.public_read)
    status = "degraded" if revisions.broken or store["trouble"] else "ready"
    return Reply(lambda: {"status": status, "models": models.states(revisions), "store": store})


@operation("GET", "/v1/status", forms=(json_form(answers.ProcessStatus, suffix=""),), cacheable=False)
def status(service: Service) -> Reply:
    """Say what the process that answers holds and does: its memory, what it keeps, heavy questions, its models."""
    revisions = service.live.now
    return Reply(lambda: process_status.status(revisions, service.gate, service.caches))


@operation("GET", "/openapi.json", forms=(json_form(dict[str, object], suffix=""),))
def openapi(service: Service) -> Reply:
    """Describe every operation as OpenAPI 3.1."""
    return Reply(lambda: _document(service))


@operation("GET", "/v1/openapi.json", forms=(json_form(dict[str, object], suffix=""),))
def openapi_of_version(service: Service) -> Reply:
    """Describe every operation as OpenAPI 3.1, beside the resources."""
    return Reply(lambda: _document(service))


def _document(service: Service) -> dict[str, object]:
    """The description, with the path under which the client sees the service."""
    return {**document(service), "servers": [{"url": PREFIX.get() or "/"}]}


OPERATIONS = (alive, ready, status, openapi, openapi_of_version)
