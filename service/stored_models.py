"""Models of revisions that are not served: read from files in the store, compiled, and cached."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from model.analyses import question_cost
from model.analyses.revision_diff import Edition, edition, over_limit
from model.errors import BadPriors, Place
from model.forecast import Forecaster, prepare
from model.inference.lru import ByteLRU, Usage
from model.priors.folder import understand
from model.resources.cost import Cost
from model.uncertainty.draws import COUNT
from service.live import record
from service.live.host import Host
from service.revisions import ACTIVE, HASHED, Live, NeedsReason, UnknownModel, UnknownRevision
from service.store import names, revisions
from service.store.database import Store
from service.store.errors import RevisionNotKept, StoreUnavailable, UnknownRevisionName
from service.store.location import Nowhere
from service.store.revisions import Revision

MEMORY = 512_000_000
"""Bytes of compiled models that are cached, counted by their tables under every draw."""


def made(model: str, files: Mapping[str, bytes], origin: str) -> Edition:
    """The files of a model read, and what they mean made ready.

    Raises BadPriors, its problems naming the origin; without one, the model.
    """
    with TemporaryDirectory() as place:
        folder = Path(place, model)
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        found, problems = understand(folder)
    if found is None:
        named = f"{origin}: " if origin else f"{model}/"
        raise BadPriors(replace(each, file=f"{named}{Path(each.file).name}") for each in problems)
    return edition(prepare(found), files)


class StoredModels:
    """Revisions in the store with their files, each made ready once; threads that want the same one wait for it."""

    def __init__(self, store: Store, live: Live, host: Host, *, limit: int = MEMORY) -> None:
        self._store = store
        self._host = host
        self._live = live
        self._ready: ByteLRU[Edition] = ByteLRU(limit, largest=limit)
        self._lock = threading.Lock()

    @property
    def usage(self) -> Usage:
        """What is cached."""
        return self._ready.usage

    def demand_model(self, model: str) -> None:
        """Raise UnknownModel for a model that is neither served nor kept."""
        served = self._live.now.names
        if model not in served and not self.has(model):
            raise UnknownModel(model, served, where=("path", "model"))

    def has(self, model: str) -> bool:
        """Whether a revision of a model is kept, as of one whose folder was removed."""
        return bool(revisions.latest(self._store, model, most=1))

    def hash_of(self, model: str, said: str, *, where: Place = ("revision",)) -> str:
        """The hash of a revision that is said by its hash, by a name, or as ``active``; ``where`` it is said.

        Raises ModelNotReady and UnknownRevisionName.
        """
        if said == ACTIVE:
            return self._live.now.current(model).model.revision
        if said.startswith(HASHED):
            return said
        try:
            return names.resolve(self._store, model, said)
        except UnknownRevisionName as error:
            raise UnknownRevisionName(said, error.allowed, where=where) from None

    def revision(self, model: str, said: str, *, where: Place) -> Revision:
        """A revision that is kept, said as ``hash_of`` takes it.

        Raises what that does, RevisionNotKept, and StoreUnavailable of one that is served.
        """
        revision = self.hash_of(model, said, where=where)
        try:
            return revisions.revision(self._store, model, revision)
        except RevisionNotKept as error:
            self._demand_unserved(model, revision)
            error.where = where
            raise

    def keep(self, forecaster: Forecaster, *, engine: str) -> None:
        """See that a revision is kept which may be served since a moment ago. Raises StoreError."""
        found = forecaster.model
        files = self._live.now.files.get(found.name)
        if files and self._is_served(found.name, found.revision):
            said: dict[str, Any] = {"engine": engine, "tree_cells": forecaster.plan.cells}
            record.keep(self._store, found.name, found.revision, record.content_of(found), files, **said)
            return
        try:
            revisions.revision(self._store, found.name, found.revision)
        except RevisionNotKept:
            self._demand_unserved(found.name, found.revision)
            raise

    def _is_served(self, model: str, revision: str) -> bool:
        served = self._live.now.ready.get(model)
        return served is not None and served.model.revision == revision

    def _demand_unserved(self, model: str, revision: str) -> None:
        """Raise StoreUnavailable where a revision that is not kept is served: the store did not take it, and will."""
        if self._is_served(model, revision):
            raise StoreUnavailable(f"{revision} of {model} is served and not kept yet: the store has not taken it")

    def demand_reason(self, model: str, revision: str, reason: str) -> None:
        """Raise NeedsReason where a revision moves a headline over the model's limit and nobody said why."""
        served = self._live.now.ready.get(model)
        if reason.strip() or served is None or served.model.revision == revision:
            return
        moved = over_limit(served, self.edition(model, revision).forecaster)
        if moved:
            raise NeedsReason(revision, moved)

    @property
    def there(self) -> bool:
        """Whether there is a store at all."""
        return not isinstance(self._store.place, Nowhere)

    def forecaster(
        self, model: str, revision: str, place: Callable[[Cost], AbstractContextManager[None]]
    ) -> Forecaster:
        """The forecaster of a revision by its hash; ``place`` is where it is made ready, if it is not, for a cost.

        Raises UnknownRevision for one that is not kept, and BadPriors.
        """
        found = self._ready.find(_key(model, revision))
        if found is not None:
            return found.forecaster
        try:
            size = revisions.revision(self._store, model, revision).size
        except RevisionNotKept:
            kept = [each.revision for each in revisions.latest(self._store, model)]
            raise UnknownRevision(revision, kept, where=("revision",)) from None
        with place(question_cost.of_reading(size)):
            return self.edition(model, revision).forecaster

    def edition(self, model: str, revision: str) -> Edition:
        """A revision of a model, by its hash, made ready with its files; the one that is served is so already.

        Raises RevisionNotKept, StoreUnavailable, and BadPriors for files that this version of the software no longer
        takes.
        """
        key = _key(model, revision)
        served = self._live.now.ready.get(model)
        with self._lock:
            found = self._ready.find(key)
            if found is None:
                files = self._files(model, revision)
                is_served = served is not None and served.model.revision == revision
                active = served if is_served else self._host.compiled(model, revision)
                found = edition(active, files) if active else made(model, files, revision)
                self._ready.put(key, found, weight=_weight(found))
        return found

    def _files(self, model: str, revision: str) -> Mapping[str, bytes]:
        try:
            return revisions.files(self._store, model, revision)
        except RevisionNotKept:
            self._demand_unserved(model, revision)
            raise


def _key(model: str, revision: str) -> str:
    return f"{model} {revision}"


def _weight(found: Edition) -> int:
    tables = sum(table.nbytes for table in found.model.network.tables.values())
    return (COUNT + 1) * tables + sum(map(len, found.files.values()))
