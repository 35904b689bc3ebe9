"""The process beside the serving workers, forked from gunicorn's master: it keeps in the store what is served."""

from __future__ import annotations

import os
from typing import Any

from service import SERVICE
from service.live import record


def begin(server: Any) -> None:
    """Begin it. Connections to the store are opened after this fork, never before."""
    service = server.app.wsgi().extensions.get(SERVICE)
    if service is None or os.fork():
        return
    try:
        record.start(service.store, service.live.now, engine=service.fingerprint)
    finally:
        os._exit(0)
