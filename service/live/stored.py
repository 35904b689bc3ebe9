"""Revisions of the store that are served: at a start in place of files that are wrong, or since somebody asked."""

from __future__ import annotations

import logging
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from model.forecast import Forecaster
from service.revisions import Attempt, Broken, Origin, Revisions, prepared
from service.settings import Settings
from service.store import activations, revisions
from service.store.activations import Activation
from service.store.database import Store
from service.store.errors import StoreError
from service.store.location import Nowhere

logger = logging.getLogger(__name__)


def recovered(held: Revisions, store: Store, settings: Settings) -> Revisions:
    """What a start serves: of a model whose files are wrong the last revision that was active, from the store.

    A revision that was made active by call stays so while the files are what they were before. Connections to the
    store are closed again: none is carried through a fork.
    """
    if isinstance(store.place, Nowhere):
        return held
    with closing(store):
        try:
            for name, activation in activations.all_active(store).items():
                origin = _origin(held, store, name, activation)
                if origin is not None:
                    held = _with(held, store, settings, activation, origin)
        except StoreError as error:
            logger.warning("no earlier revision is looked for: %s", error)
    return held


def _origin(held: Revisions, store: Store, name: str, activation: Activation) -> Origin | None:
    """Why the store's revision is served in place of what the files say; None where it is not."""
    if name in held.broken:
        return "store"
    if name not in held.ready or activation.cause != "call":
        return None
    own = held.ready[name].model.revision
    before = next((each for each in activations.latest(store, name) if each.cause != "call"), None)
    unchanged = before is not None and before.revision == own != activation.revision
    return "call" if unchanged else None


def _with(held: Revisions, store: Store, settings: Settings, activation: Activation, origin: Origin) -> Revisions:
    name = activation.model
    found = loaded(store, activation, seconds=settings.load_seconds)
    if isinstance(found, Broken):
        logger.error("model %s: its stored revision %s is not served either", name, activation.revision)
        return held
    logger.warning("model %s: revision %s is served, from: %s", name, activation.revision, origin)
    return serving(held, found, activation, origin)


def serving(held: Revisions, found: Forecaster, activation: Activation, origin: Origin) -> Revisions:
    """The same with one model at a revision that was activated."""
    name = activation.model
    attempts = held.attempts if name in held.attempts else {**held.attempts, name: Attempt(activation.at)}
    return replace(
        held,
        ready={**held.ready, name: found},
        broken={other: each for other, each in held.broken.items() if other != name},
        since={**held.since, name: activation.at},
        origins={**held.origins, name: origin},
        attempts=attempts,
        taken=max(held.taken, activation.seq),
    )


def loaded(store: Store, activation: Activation, *, seconds: float) -> Forecaster | Broken:
    """A stored revision, read and compiled here. Raises StoreError."""
    with tempfile.TemporaryDirectory() as folder:
        unpacked = revisions.unpack(store, activation.model, activation.revision, Path(folder))
        found = prepared(activation.model, unpacked, seconds)
    if not isinstance(found, Broken) and found.model.revision != activation.revision:
        return Broken(activation.model, (f"its files are now revision {found.model.revision}: the program changed",))
    return found
