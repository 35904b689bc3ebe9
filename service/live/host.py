"""What the processes of this host know of each other: which worker serves what, what the loader waits for."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec

from model.errors import BadPriors
from model.forecast import Forecaster, restored
from model.resources.deadline import checkpoint
from service.live import loading, mapped, states, stored
from service.live.board import Board, Worker
from service.revisions import Attempt, Broken, Live, ModelNotReady, Revisions
from service.settings import Settings
from service.store.activations import Activation
from service.store.database import Store

TOLD = "loader.json"
LOOKED = 0.01
SECONDS = 60.0
"""The longest that a request waits for the loader to compile a revision that is not served."""


class Loading(msgspec.Struct, frozen=True):
    """What the loader is about: its part beside other hosts, by model what it waits for, and what is not kept yet, with
    what the store said of it.
    """

    role: Literal["watches", "follows", "calls only"]
    waiting: dict[str, str]
    unkept: int
    trouble: str | None = None


class Host:
    """The loader beside this process's workers; without one, as where an application stands alone, there is none."""

    def __init__(self) -> None:
        self.board: Board | None = None
        self.home: Path | None = None
        self._first: dict[str, str] = {}

    def begin(self, board: Board, home: Path, start: Revisions) -> None:
        """A loader is beside this process and those that are forked from it, which serve the same at the start."""
        self.board, self.home = board, home
        self._first = {name: held.model.revision for name, held in start.ready.items()}

    def workers(self) -> list[Worker]:
        """Every worker of the host with what it serves."""
        return [] if self.board is None else list(self.board.workers())

    def loader(self) -> tuple[int, float] | None:
        """The loader's process, and how many seconds ago it was last seen."""
        return None if self.board is None else self.board.loader()

    def revisions_in(self, number: int) -> dict[str, str] | None:
        """The revision of each model in a state; None of one that is gone."""
        if self.home is None:
            return None
        if number == 0:
            return self._first
        try:
            return {name: each.revision for name, each in states.read(self.home, number).served.items()}
        except (OSError, msgspec.DecodeError):
            return None

    def loading(self) -> Loading | None:
        """What the loader is about; None where there is none, or it has said nothing yet."""
        try:
            return msgspec.json.decode(((self.home or Path()) / TOLD).read_bytes(), type=Loading)
        except (OSError, msgspec.DecodeError):
            return None

    def compiled(self, model: str, revision: str) -> Forecaster | None:
        """A stored revision that is not served, compiled by the loader and mapped; None where there is no loader.

        Work that is watched ends at its deadline while it waits. Raises BadPriors for files that this version of the
        software no longer takes, and ModelNotReady for what else is wrong.
        """
        if self.board is None or self.home is None or self.loading() is None:
            return None
        place, until = states.older(self.home, model, revision), time.monotonic() + SECONDS
        while time.monotonic() < until:
            try:
                return _mapped(place, model, revision)
            except FileNotFoundError:
                states.ask(self.home, model, revision)
                self.board.call()
            checkpoint()
            time.sleep(LOOKED)
        raise ModelNotReady(f"{revision} of {model} was not made ready within {SECONDS:g} s")

    def activated(
        self, live: Live, store: Store, settings: Settings, activation: Activation, *, seconds: float = 30.0
    ) -> Revisions:
        """What is served once an activation by call is: every answer that begins after this is from that revision.

        Raises ModelNotReady where the revision cannot be served, or not within so many seconds.
        """
        if self.board is None:
            live.put(_alone(live.now, store, settings, activation))
        else:
            _waited(self.board, live, activation, time.monotonic() + seconds)
        held = live.now
        forecaster = held.ready.get(activation.model)
        if forecaster is None or forecaster.model.revision != activation.revision:
            attempt = held.attempts.get(activation.model)
            reason = attempt.found.reasons[0] if attempt and attempt.found else f"not done within {seconds:g} s"
            raise ModelNotReady(f"{activation.revision} of {activation.model} is not served: {reason}")
        return held


def _mapped(place: Path, model: str, revision: str) -> Forecaster:
    """What the loader left of a revision. Raises FileNotFoundError where it has not, and what was wrong with it."""
    result = loading.result_in(place)
    if result.kind == "ready":
        found = restored(mapped.read(place))
        os.utime(place)
        return found
    shutil.rmtree(place, ignore_errors=True)  # what was wrong may be right the next time
    if result.problems:
        raise BadPriors(replace(each, file=f"{revision}: {Path(each.file).name}") for each in result.problems)
    raise ModelNotReady(f"{revision} of {model} is not made ready: {(*result.reasons, 'its files changed')[0]}")


def _waited(board: Board, live: Live, activation: Activation, until: float) -> None:
    board.call()
    while live.now.taken < activation.seq and time.monotonic() < until:
        time.sleep(LOOKED)


def _alone(held: Revisions, store: Store, settings: Settings, activation: Activation) -> Revisions:
    """The same with the activated revision, read and compiled in this process."""
    found = stored.loaded(store, activation, seconds=settings.load_seconds)
    if not isinstance(found, Broken):
        return stored.serving(held, found, activation, activation.cause)
    return replace(held, attempts={**held.attempts, activation.model: Attempt(activation.at, found)})
