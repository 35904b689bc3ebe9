"""Models that only the folder of a host has which follows another: none is served, so that all hosts answer alike."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from model import priors

PATIENCE = 5.0
"""Seconds in which a host that watches, and has just begun, keeps what it serves."""
REASON = "another host watches its folder, and serves no model of this name"


class Unwatched:
    """The folder of models of a host while it follows; ``waiting`` says by model what is waited for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._since: dict[str, float] = {}
        self.waiting: dict[str, str] = {}

    def look(self, *, served: Set[str], active: Set[str], now: float) -> list[str]:
        """The models that are served here, and have not been active in the store for a while."""
        there: Set[str]
        try:
            there = priors.models(self._root).keys()
        except OSError:
            there = served
        self.waiting = dict.fromkeys(sorted(there - active), REASON)
        self._since = {name: self._since.get(name, now) for name in served - active}
        return [name for name, since in self._since.items() if now - since >= PATIENCE]

    def forget(self) -> None:
        """This host watches now: nothing of its folder waits for another."""
        self._since, self.waiting = {}, {}
