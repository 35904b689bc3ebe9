"""The HTTP service over the model, and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.http.operation import Service
    from service.settings import Settings


SERVICE = "aftermath"
"""Where the application's extensions have what its operations work with."""


def create_app(settings: Settings | None = None, *, ahead: bool = False) -> Flask:
    """The whole service, wired: models loaded, every operation at its address.

    ``ahead`` of the first question it also makes what questions will need: before a server forks, its workers share it.
    The server then keeps what is served in the store, after the fork; without it that is done here.
    A server has no use for a folder of which no model loads: BadSettings is raised.

    The imports stand here so that the command line, which lives in this package, starts without a web framework.
    """
    from flask import Flask

    from service import revisions, routes
    from service.http import operation
    from service.http.fingerprint import fingerprint
    from service.live import record, stored
    from service.live.host import Host
    from service.settings import BadSettings, from_environment, nothing_to_serve
    from service.store.database import SILENT, Store
    from service.store.location import Nowhere
    from service.stored_models import StoredModels

    chosen = settings or from_environment()
    app = Flask("service", static_folder=None)
    app.url_map.merge_slashes = False
    memory = chosen.load_memory if ahead else None
    held = revisions.load(
        chosen.priors, public=chosen.public_read, seconds=chosen.load_seconds, memory=memory, ahead=ahead
    )
    store = Store(chosen.place, limits=chosen.limits, silent=SILENT)
    engine = fingerprint()
    held = stored.recovered(held, store, chosen, engine=engine)
    if ahead:
        if not held.ready:
            raise BadSettings(nothing_to_serve(chosen.priors, held.broken))
        held.warm()
    live = revisions.Live(held)
    host = Host()
    kept = StoredModels(store, live, host)
    service = operation.Service(chosen, live, store, kept, engine, routes.OPERATIONS, host=host)
    app.extensions[SERVICE] = service
    if not ahead and not isinstance(chosen.place, Nowhere):
        record.try_start(store, held, engine=service.fingerprint)
    _wire(app, service)
    return app


def _wire(app: Flask, service: Service) -> None:
    """Every operation at its address, and what each request and answer passes, in this order."""
    from service import routes
    from service.http import (
        access,
        body_limits,
        error_handlers,
        not_modified,
        operation,
        packing,
        proxies,
        security,
        telemetry,
    )
    from service.routes import observation

    chosen = service.settings
    operation.register(app, service)
    body_limits.register(app, routes.OPERATIONS)
    security.register(app, chosen.hosts, chosen.origins)
    access.register(app, service)
    not_modified.register(app)
    telemetry.register(app, routes.OPERATIONS)
    observation.register(app, service)
    packing.register(app, service.packed)
    error_handlers.register(app)
    if chosen.proxies:
        app.wsgi_app = proxies.BehindProxies(  # type: ignore[method-assign]
            app.wsgi_app, chosen.proxies, chosen.user_header
        )
