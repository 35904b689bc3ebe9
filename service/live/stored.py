"""Revisions of the store that are served: at a start in place of files that are wrong, or since somebody asked."""

from __future__ import annotations

import logging
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from model.analyses.revision_diff import over_limit
from model.forecast import Forecaster
from model.priors.files import MODEL_FILE
from service.live import record
from service.revisions import Attempt, Broken, Origin, Revisions, prepared
from service.settings import Settings
from service.store import activations, lease, revisions
from service.store.activations import Activation
from service.store.database import Store
from service.store.errors import StoreError
from service.store.location import Nowhere

logger = logging.getLogger(__name__)


def recovered(held: Revisions, store: Store, settings: Settings, *, engine: str) -> Revisions:
    """What a start serves: of a model whose files are wrong the last revision that was active, from the store.

    A revision that was made active by call stays so while the files are what they were before. What the files say is
    held back where it moves a headline over the limit of the model, until somebody says why. Where another host
    watches its folder, what that has made active is served. Connections to the store are closed again: none is carried
    through a fork.
    """
    if isinstance(store.place, Nowhere):
        return held
    with closing(store):
        try:
            follows = lease.is_taken(store)
            if follows:
                held = _followed(held, store)
            for name, activation in _last_active(store, held).items():
                origin = (
                    activation.cause if follows and name not in held.broken else _origin(held, store, name, activation)
                )
                if origin is not None:
                    held = _with(held, store, settings, activation, origin)
                elif name in held.ready:
                    held = _held_back(held, store, settings, activation, engine)
        except StoreError as error:
            logger.warning("no earlier revision is looked for: %s", error)
    return held


def _followed(held: Revisions, store: Store) -> Revisions:
    """The same without the models that the host which watches has retired or never had.

    Of a host that has just begun and kept nothing yet it is not known what it has. The files of models that it never
    had are read once this host watches. Raises StoreError.
    """
    retired, active = activations.retired(store), activations.all_active(store).keys()
    own = held.ready.keys() - active if active else frozenset()
    names = retired | own
    return replace(
        held,
        ready={name: each for name, each in held.ready.items() if name not in names},
        broken={name: each for name, each in held.broken.items() if name not in names},
        attempts={name: each for name, each in held.attempts.items() if name not in names},
        files={name: each for name, each in held.files.items() if name not in own - retired},
    )


def _last_active(store: Store, held: Revisions) -> dict[str, Activation]:
    """What is active of each model; of one whose files are wrong also what was before its folder was removed."""
    found = activations.all_active(store)
    for name in held.broken.keys() - found.keys():
        found.update((name, each) for each in activations.latest(store, name, most=1))
    return found


def _origin(held: Revisions, store: Store, name: str, activation: Activation) -> Origin | None:
    """Why the store's revision is served in place of what the files say; None where it is not."""
    if name in held.broken:
        return "store"
    if name not in held.ready or activation.cause != "call":
        return None
    return "call" if stays_called(store, activation, held.ready[name].model.revision) else None


def stays_called(store: Store, active: Activation, own: str | None) -> bool:
    """Whether a revision was activated by call in place of that of the files, and those still say ``own``, the same.

    Raises StoreError.
    """
    if active.cause != "call":
        return False
    before = next((each for each in activations.latest(store, active.model) if each.cause != "call"), None)
    return before is not None and before.revision == own != active.revision


def waits_for_files(store: Store, name: str, own: str | None) -> bool:
    """The same of what is active now, for files that a host looks at for the first time since it watches them."""
    try:
        active = activations.active(store, name)
        return active is not None and stays_called(store, active, own)
    except StoreError:
        return False


def _held_back(held: Revisions, store: Store, settings: Settings, activation: Activation, engine: str) -> Revisions:
    """The same, with the active revision of a model in place of files that move a headline over its limit.

    The files are kept, so that they can be made active by call. Raises StoreError.
    """
    name, new = activation.model, held.ready[activation.model]
    if new.model.revision == activation.revision or not _has_limit(new, store, activation):
        return held
    old = loaded(store, activation, seconds=settings.load_seconds)
    if isinstance(old, Broken):
        logger.error("model %s: its active revision %s cannot be compared", name, activation.revision)
        return held
    moved = tuple(map(str, over_limit(old, new)))
    if not moved:
        return held
    reasons = record.waiting(name, new.model.revision, moved)
    logger.error("model %s: revision %s waits for a reason: %s", name, new.model.revision, reasons[0])
    attempt = Attempt(held.attempts[name].at, Broken(name, reasons), is_held=True)
    told = attempt.in_public() if settings.public_read else attempt
    held = replace(serving(held, old, activation, "store"), attempts={**held.attempts, name: told})
    if files := held.files.get(name):
        said: dict[str, Any] = {"engine": engine, "tree_cells": new.plan.cells}
        record.keep(store, name, new.model.revision, record.content_of(new.model), files, **said)
    return held


def _has_limit(new: Forecaster, store: Store, activation: Activation) -> bool:
    """Whether one of the two revisions may state a limit: reading its settings costs less than compiling it."""
    if new.model.acknowledge_over is not None:
        return True
    files = revisions.files(store, activation.model, activation.revision)
    return b"acknowledge_over" in files.get(MODEL_FILE, b"")


def _with(held: Revisions, store: Store, settings: Settings, activation: Activation, origin: Origin) -> Revisions:
    name = activation.model
    if name in held.ready and held.ready[name].model.revision == activation.revision:
        return replace(held, taken=max(held.taken, activation.seq))
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
