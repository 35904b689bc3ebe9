"""The loader: one process beside a host's workers, which makes what is saved, or asked for by call, active.

It alone changes what is served. A request never waits for it, and what it cannot do it says in the status.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from model.errors import Problem
from model.forecast import Forecaster, restored
from model.priors.files import files_of
from service.live import loading, mapped, record, states, stored
from service.live.asked import compile_asked
from service.live.board import Board
from service.live.host import TOLD, Loading
from service.live.loading import Result
from service.live.pending_writes import Keep, Unkept
from service.live.publishing import Published
from service.live.states import Served, State, Tried
from service.live.unwatched import REASON, Unwatched
from service.live.watch import Change, Watcher
from service.revisions import Origin, Revisions
from service.settings import Settings
from service.store import activations, attempts, revisions
from service.store.activations import Activation
from service.store.database import Store
from service.store.errors import StoreError
from service.store.lease import Lease
from service.store.location import Nowhere

logger = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two looks at the folder."""
HEARD = 0.02
"""Seconds between two looks at whether a worker calls."""
STORE_LOOKED = 0.5
"""Seconds between two looks at what other hosts have activated."""
BEGUN = (("", 0, 0, 0, 0),)
"""Stands for files as they were at the start: each model is looked at once."""
BAD_KEPT = 64
"""Contents with problems that are remembered, so that none is compiled twice."""


Kept = TypeVar("Kept")


class Ended(Exception):
    """The master has ended, and with it the loader."""


class Loader:
    """What the loader knows. ``parent`` is the process from which it was forked."""

    def __init__(
        self, settings: Settings, store: Store, start: Revisions, *, engine: str, board: Board, home: Path, parent: int
    ) -> None:
        self._settings, self._store, self._start, self._engine = settings, store, start, engine
        self._board, self._home, self._parent = board, home, parent
        self._published = Published(board, home, self._last_state(), waits=self._alive)
        self._watcher = Watcher(settings.priors, dict.fromkeys((*self._state.served, *self._state.tried), BEGUN))
        self._lease = Lease(store)
        self._watches = True
        self._asked_store = 0.0
        self._followed: tuple[int, int] | None = None
        self._unwatched = Unwatched(settings.priors)
        self._active: Set[str] = frozenset()
        self._trouble = ""
        self._calls = board.calls
        self._unkept = Unkept()
        self._looked_at: set[str] = set()
        self._bad: dict[tuple[str, str], Tried] = {
            (name, digest): self._state.tried[name]
            for name, digest in self._state.files.items()
            if name in self._state.tried and self._state.tried[name].is_wrong
        }
        self._made = 0
        self._told = b""

    @property
    def _state(self) -> State:
        return self._published.state

    def run(self) -> None:
        """Work until the master ends."""
        while True:
            try:
                self._alive()
                self._look_at_store()
                if self._watches and self._settings.live:
                    for change in self._watcher.changes(time.monotonic()):
                        self._take(change)
                compile_asked(self._home, self._store, load=self._load, new_folder=self._new_folder)
                self._tell()
                self._pause()
            except Ended:
                return
            except OSError as error:
                logger.warning("the loader of models could not do its work, and tries again: %s", error)
                time.sleep(1)

    def _last_state(self) -> State:
        """Where a loader before this one was."""
        if self._board.present:
            return states.read(self._home, self._board.present)
        digests = {name: loading.digest_of(files) for name, files in self._start.files.items() if files}
        return states.first(self._start, digests)

    def _alive(self) -> None:
        if os.getppid() != self._parent:
            raise Ended
        self._board.beat()

    def _pause(self) -> None:
        """Until the next look at the folder, or until a worker calls."""
        until = time.monotonic() + TICK
        while time.monotonic() < until and self._board.calls == self._calls:
            time.sleep(HEARD)

    # What the folder says

    def _take(self, change: Change) -> None:
        """A model whose files changed and are quiet: read it, unless what they say is known."""
        name, folder = change.name, change.folder
        if folder is None:
            self._retire(name)
            self._watcher.take(change)
            return
        try:
            digest = loading.digest_of(files_of(folder))
        except OSError:
            self._watcher.again(name, time.monotonic())
            return
        if digest == self._state.files.get(name):
            self._looked(change)
            return
        known = self._bad.get((name, digest))
        if known is not None:
            self._looked(change)
            self._fail(name, digest, known.reasons, known.problems)
            return
        is_first = name not in self._looked_at
        into = self._new_folder(name)
        result = self._load(name, folder, into, held=True)
        if result.kind == "changed":
            self._watcher.again(name, time.monotonic())
            shutil.rmtree(into, ignore_errors=True)
            return
        self._looked(change)
        if result.kind == "broken":
            shutil.rmtree(into, ignore_errors=True)
            self._fail(name, result.digest or digest, result.reasons, result.problems)
        elif is_first and stored.waits_for_files(self._store, name, result.revision):
            shutil.rmtree(into, ignore_errors=True)
            self._published.publish(files={**self._state.files, name: result.digest or digest})
        elif result.moved and not isinstance(self._store.place, Nowhere):
            self._hold(name, folder, into, result)
        else:
            self._activate_files(name, folder, into, result)

    def _looked(self, change: Change) -> None:
        self._watcher.take(change)
        self._looked_at.add(change.name)

    def _load(self, name: str, folder: Path, into: Path, *, held: bool = False) -> Result:
        """Read and compile a folder; ``held`` against what is served, which it may move too far."""
        settings = self._settings
        return loading.load(
            name,
            folder,
            into,
            seconds=settings.load_seconds,
            memory=settings.load_memory,
            waits=self._alive,
            served=(lambda: self._forecaster(name)) if held else loading.nothing,
        )

    def _forecaster(self, name: str) -> Forecaster | None:
        """What is served of a model."""
        served = self._state.served.get(name)
        if served is None or served.folder is None:
            return self._start.ready.get(name) if served else None
        return restored(mapped.read(self._home / served.folder))

    def _hold(self, name: str, folder: Path, into: Path, result: Result) -> None:
        """Keep a revision, and serve it only once somebody has said why it moves a headline so far."""
        revision, files = result.revision or "", loading.files_in(into)
        shutil.rmtree(into, ignore_errors=True)
        author, message = record.said_in_git(folder)
        said: dict[str, Any] = {"engine": self._engine, "author": author, "message": message}
        said |= {"tree_cells": result.tree_cells}
        self._kept(lambda _: record.keep(self._store, name, revision, result.content.encode(), files, **said))
        reasons = record.waiting(name, revision, result.moved)
        logger.error("model %s: revision %s waits for a reason: %s", name, revision, reasons[0])
        self._fail(name, result.digest or "", reasons, (), is_held=True)

    def _new_folder(self, name: str) -> Path:
        self._made += 1
        return self._home / f"{name}.{os.getpid()}.{self._made}"

    def _activate_files(self, name: str, folder: Path, into: Path, result: Result) -> None:
        assert result.revision is not None
        files = loading.files_in(into)
        said = record.said_in_git(folder)
        change = record.Change(
            name,
            result.revision,
            result.content.encode(),
            files,
            self._engine,
            result.tree_cells,
            *said,
            self._store.clock(),
        )
        taken = self._state.taken
        made = self._kept(lambda late: record.change(self._store, change, unless_called_after=taken if late else None))
        self._kept(lambda _: attempts.record(self._store, name, (), author=said[0]))
        self._serve(name, result, into, origin="file", at=made.at if made else change.at, seq=made)

    def _serve(
        self, name: str, result: Result, into: Path, *, origin: Origin, at: datetime, seq: Activation | None
    ) -> None:
        """Let every worker serve a model that was compiled; one whose revision is served already stays as it is."""
        assert result.revision is not None
        present = self._state.served.get(name)
        if present is not None and present.revision == result.revision:
            shutil.rmtree(into, ignore_errors=True)
            served = (
                present
                if seq is None or seq.cause == present.origin
                else msgspec.structs.replace(present, origin=origin, since=at)
            )
        else:
            served = Served(result.revision, into.name, origin, at)
            logger.info("model %s: revision %s is active, from: %s", name, result.revision, origin)
        files = {**self._state.files, name: result.digest} if origin == "file" and result.digest else self._state.files
        tried = {**self._state.tried, name: Tried(datetime.now(UTC))}
        self._published.publish(
            served={**self._state.served, name: served}, tried=tried, files=files, taken=self._seq(seq)
        )

    def _seq(self, made: Activation | None) -> int:
        return max(self._state.taken, made.seq if made is not None else 0)

    def _fail(
        self,
        name: str,
        digest: str,
        reasons: tuple[str, ...],
        problems: tuple[Problem, ...],
        *,
        is_held: bool = False,
    ) -> None:
        """Files that are wrong, or that are not served yet: what is served stays, and the status says why.

        They are remembered as wrong unless they are held back, which depends on what is served.
        """
        tried = Tried(datetime.now(UTC), reasons, problems, is_held)
        if tried.is_wrong:
            self._bad[name, digest] = tried
        while len(self._bad) > BAD_KEPT:
            del self._bad[next(iter(self._bad))]
        if name in self._state.served:
            logger.error("model %s: revision %s is served on", name, self._state.served[name].revision)
        self._kept(lambda _: attempts.record(self._store, name, record.told(reasons, problems)))
        self._published.publish(tried={**self._state.tried, name: tried}, files={**self._state.files, name: digest})

    def _retire(self, name: str) -> None:
        """A model whose folder is gone: what is stored of it can be read on. Other hosts retire it too."""
        files = _without(self._state.files, name)
        if name in self._state.served or name in self._state.tried:
            at = self._store.clock()
            self._kept(lambda _: activations.retire(self._store, name, at=at))
            self._end(name, files)
        elif len(files) < len(self._state.files):
            self._published.publish(files=files)

    def _end(self, name: str, files: Mapping[str, str], *, why: str = "its folder is gone") -> None:
        """Serve a model no longer."""
        logger.info("model %s is not served any more: %s", name, why)
        served, tried = _without(self._state.served, name), _without(self._state.tried, name)
        self._published.publish(served=served, tried=tried, files=files)

    # What the store says

    def _look_at_store(self) -> None:
        now = time.monotonic()
        called = self._board.calls != self._calls
        if isinstance(self._store.place, Nowhere) or (not called and now - self._asked_store < STORE_LOOKED):
            return
        self._asked_store, self._calls = now, self._board.calls
        try:
            held = self._lease.held()
            self._watches = self._watches if held is None else held
            if not self._watches:
                self._looked_at.clear()
            try:
                self._record_start()
                self._unkept.catch_up()
            finally:  # a store that is full takes nothing new, and what was activated by call is served all the same
                self._follow()
                self._leave_to_watcher(now)
            self._trouble = ""
        except StoreError as error:
            if str(error) != self._trouble:
                logger.warning("nothing can be kept: %s", error)
            self._trouble = str(error)

    def _follow(self) -> None:
        """Serve what was activated by call or by another host, and not what that has retired. Raises StoreError."""
        last = activations.last_numbers(self._store)
        if last == self._followed:
            return
        active = activations.all_active(self._store)
        for name, each in active.items():
            present = self._state.served.get(name)
            is_known = present is not None or name in self._state.tried or self._board.is_recorded
            if each.seq <= self._state.taken or not is_known:
                continue
            if present is None or present.revision != each.revision:
                self._activate_stored(each)
            elif present.origin != each.cause:
                same = msgspec.structs.replace(present, origin=each.cause, since=each.at)
                self._published.publish(served={**self._state.served, name: same})
        if not self._watches:
            for name in activations.retired(self._store) & {*self._state.served, *self._state.tried}:
                self._end(name, self._state.files)
        if last[0] != self._state.taken:
            self._published.publish(taken=last[0])
        self._followed, self._active = last, active.keys()

    def _leave_to_watcher(self, now: float) -> None:
        """Serve no model that another host, which watches its folder, does not: this one's is read once it watches."""
        if self._watches:
            self._unwatched.forget()
            return
        for name in self._unwatched.look(served=self._state.served.keys(), active=self._active, now=now):
            self._end(name, _without(self._state.files, name), why=REASON)

    def _record_start(self) -> None:
        """Keep what was served at the start, unless that is done or is another host's to do. Raises StoreError."""
        if self._watches and not self._board.is_recorded:
            known = {*self._state.served, *self._state.tried}
            record.start(self._store, self._unchanged(known), there=known, engine=self._engine)
        self._board.record()

    def _unchanged(self, known: Set[str]) -> Revisions:
        """What was served at the start but for models of which a loader before this one served something else."""
        start, changed = self._start, {name for name, each in self._state.served.items() if each.folder is not None}
        ready = {name: each for name, each in start.ready.items() if name in known - changed}
        attempts = {name: each for name, each in start.attempts.items() if name in known - changed}
        return replace(start, ready=ready, attempts=attempts)

    def _activate_stored(self, activation: Activation) -> None:
        """Serve a revision from the store. Raises StoreError."""
        name = activation.model
        into, unpacked = self._new_folder(name), self._new_folder("unpacked")
        try:
            folder = revisions.unpack(self._store, name, activation.revision, unpacked)
            result = self._load(name, folder, into)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
        if result.kind == "ready" and result.revision == activation.revision:
            self._serve(name, result, into, origin=activation.cause, at=activation.at, seq=activation)
            return
        shutil.rmtree(into, ignore_errors=True)
        changed = f"the files of {activation.revision} are now {result.revision}: the program changed"
        reasons = result.reasons or (changed,)
        logger.error("model %s: revision %s cannot be served: %s", name, activation.revision, reasons[0])
        self._published.publish(tried={**self._state.tried, name: Tried(datetime.now(UTC), reasons, result.problems)})

    def _kept(self, keep: Keep) -> Activation | None:
        return None if isinstance(self._store.place, Nowhere) else self._unkept.keep(keep)

    # What is told

    def _tell(self) -> None:
        """What the loader is about, for the status."""
        role: Literal["watches", "follows", "calls only"]
        role = "calls only" if not self._settings.live else "watches" if self._watches else "follows"
        unkept = len(self._unkept)
        trouble = self._trouble if self._trouble and (unkept or not self._board.is_recorded) else None
        waiting = self._watcher.waiting if self._watches else self._unwatched.waiting
        told = msgspec.json.encode(Loading(role, waiting, unkept, trouble))
        if told != self._told:
            part = self._home / "loader.part"
            part.write_bytes(told)
            part.replace(self._home / TOLD)
            self._told = told


def _without(held: Mapping[str, Kept], name: str) -> dict[str, Kept]:
    return {other: each for other, each in held.items() if other != name}
