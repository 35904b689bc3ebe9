"""A worker's side: it makes the next state ready beside its requests, and serves it once the board says so."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from pathlib import Path

from model.forecast import Forecaster, restored
from service.live import mapped, states
from service.live.board import Board
from service.live.states import State
from service.revisions import Live, Revisions

logger = logging.getLogger(__name__)

LOOKED = 0.05
"""Seconds between two looks at the board: 20 looks a second take some 0.2 ms of a worker's time together."""
TRIES = 50


class Follower:
    """What one worker has made ready; ``live`` has what it was forked with, and gets what comes after.

    ``let_go`` is told which revisions are not served any more.
    """

    def __init__(
        self, board: Board, home: Path, live: Live, *, slot: int, public: bool, let_go: Callable[[Set[str]], None]
    ) -> None:
        self._board, self._home, self._live, self._slot, self._public = board, home, live, slot, public
        self._let_go = let_go
        self._lock = threading.Lock()
        self._present = self._newest = (states.first(live.now), live.now)
        self._seen = _revisions(self._present[0])

    def follow(self, number: int) -> tuple[int, Revisions]:
        """The present state and what is served in it, where the one at hand is ``number``, made ready if it is not."""
        with self._lock:
            for _ in range(TRIES):
                wanted = self._board.present
                try:
                    if self._newest[0].number != wanted:
                        self._newest = self._made(wanted)
                    self._present = self._newest
                    self._board.note(self._slot, ready=wanted, served=wanted)
                    return wanted, self._present[1]
                except OSError:  # the next state is served already and this one is gone, or no descriptor is left
                    time.sleep(0.01)
        logger.critical("state %d of the models cannot be mapped: this worker ends", wanted)
        os._exit(1)

    def begin(self) -> None:
        """Take the worker's place on the board and follow it, in a thread of its own."""
        number, _ = self.follow(0)
        self._live.follow(self._board.words, self.follow)
        self._board.enter(self._slot, pid=os.getpid(), state=number)
        threading.Thread(target=self._run, name="follower", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(LOOKED)
            with suppress(MemoryError):  # there may be none to write a line of the log either
                self._try()

    def _try(self) -> None:
        try:
            self._look()
        except FileNotFoundError:
            return
        except OSError as error:  # no descriptor or no memory is left for now: it is tried again
            logger.warning("the next state of the models cannot be mapped yet: %s", error.strerror)
            time.sleep(1)
        except Exception:
            logger.exception("the next state of the models cannot be mapped")
            time.sleep(1)

    def _look(self) -> None:
        """Make the candidate ready; once it is the present state, let the one before go."""
        board = self._board
        candidate, present = board.candidate, board.present
        if candidate > self._newest[0].number:
            made = self._made(candidate)
            with self._lock:
                if candidate > self._newest[0].number:
                    self._newest = made
        if present != self._present[0].number:
            self._live.catch_up()
        served = _revisions(self._present[0])
        if served != self._seen:
            self._let_go(self._seen - served)
            self._seen = served
        board.note(self._slot, ready=self._newest[0].number, served=self._present[0].number)

    def _made(self, number: int) -> tuple[State, Revisions]:
        """A state and what is served in it: models that did not change are those at hand."""
        state = states.read(self._home, number)
        known = self._at_hand()
        ready = {name: self._model(name, each.folder, known) for name, each in state.served.items()}
        attempts = {name: each.attempt(name, public=self._public) for name, each in state.tried.items()}
        broken = {name: each.found for name, each in attempts.items() if each.found is not None and name not in ready}
        since = {name: each.since for name, each in state.served.items()}
        origins = {name: each.origin for name, each in state.served.items()}
        return state, Revisions(ready, broken, since, {}, origins, attempts, state.taken)

    def _at_hand(self) -> Mapping[tuple[str, str | None], Forecaster]:
        return {
            (name, each.folder): revisions.ready[name]
            for state, revisions in (self._present, self._newest)
            for name, each in state.served.items()
        }

    def _model(self, name: str, folder: str | None, known: Mapping[tuple[str, str | None], Forecaster]) -> Forecaster:
        found = known.get((name, folder))
        return restored(mapped.read(self._home / (folder or ""))) if found is None else found


def _revisions(state: State) -> Set[str]:
    return {each.revision for each in state.served.values()}
