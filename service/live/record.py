"""What is served, kept in the store: each revision with its files, and since when and why it is active."""

from __future__ import annotations

import json
import logging

from model.specification import Model
from service.revisions import Revisions
from service.store import activations, revisions
from service.store.database import Store
from service.store.errors import StoreError

logger = logging.getLogger(__name__)


def start(store: Store, served: Revisions, *, engine: str) -> None:
    """Keep every revision that is served at the start, and note that it is active.

    Where the store is in trouble the log says so, and answers go on without a history.
    """
    try:
        for name, forecaster in served.ready.items():
            keep(store, forecaster.model, dict(served.files.get(name, {})), engine=engine)
            activations.activate(store, name, forecaster.model.revision, cause="start")
    except StoreError as error:
        logger.warning("what is served at the start is not kept: %s", error)


def keep(
    store: Store, model: Model, files: dict[str, bytes], *, engine: str, author: str = "", message: str = ""
) -> None:
    """Keep a revision with its files. Raises StoreError."""
    content = json.dumps([model.name, model.content]).encode()
    revisions.keep(
        store, model.name, model.revision, files=files, content=content, engine=engine, author=author, message=message
    )
