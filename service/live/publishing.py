"""What the loader publishes: each state is made ready by every worker, then all serve it at once."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from service.live import loading, states
from service.live.board import CANDIDATE, PRESENT, Board
from service.live.states import State

logger = logging.getLogger(__name__)

LATE = 10.0
"""Seconds in which each worker makes a state ready: who has not is replaced."""


class Published:
    """The state that is served, and the way to the next. ``waits`` is called while workers are waited for."""

    def __init__(self, board: Board, home: Path, state: State, *, waits: Callable[[], None]) -> None:
        self._board, self._home, self._waits = board, home, waits
        self.state = state

    def publish(self, **changed: object) -> None:
        """Let each worker make the next state ready, then let all serve it at once."""
        state = msgspec.structs.replace(self.state, number=self.state.number + 1, **changed)
        states.write(self._home, state)
        self._board.words[CANDIDATE] = state.number
        until = time.monotonic() + LATE
        while late := [each for each in self._board.workers() if each.ready < state.number and _runs(each.pid)]:
            if time.monotonic() > until:
                for each in late:
                    logger.error("worker %d did not make revisions ready in %g s: it is replaced", each.pid, LATE)
                    _kill(each.pid)
                break
            self._waits()
            time.sleep(loading.LOOKED)
        self._board.words[PRESENT] = state.number
        self.state = state
        states.tidy(self._home, state)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
