"""Who may work now: heavy questions one after the other, a short queue, clients in turn; all others at once.

Questions whose counted cost is small need no place here, and nor do polls that change nothing and checks of health:
the threads that heavy questions cannot take are theirs. A question that turns out to be heavier than it was counted,
as when what cannot hold together is searched for, takes a place in the middle of its work, or ends.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from model.errors import WorkEnded
from model.resources.cost import SECOND
from model.resources.deadline import Watch, nothing

HEAVY = SECOND // 20
"""Counted cost from which a question needs a place."""

LIGHT = 5 * HEAVY / SECOND
"""Seconds of the processor after which a question that was to be a small one needs a place too."""

SLICE = 0.1
"""Seconds after which one who waits looks whether its client is still there."""


class Busy(WorkEnded):
    """More heavy questions at once than may wait: ask again after the seconds that Retry-After says."""

    code = "busy"

    def __init__(self, detail: str, *, seconds: int) -> None:
        super().__init__(detail)
        self.retry_after = seconds


class Load(NamedTuple):
    """Heavy questions at work and waiting, how many of each there may be, and how many questions were begun at all."""

    places: int
    working: int
    queue: int
    waiting: int
    begun: int


class _Waiting:
    """A question at work or in the queue: its turn, and what it costs."""

    def __init__(self, cost: int) -> None:
        self.turn = threading.Event()
        self.cost = cost


class Turn:
    """One request's way through the gate: it has a place from its first heavy work on until it ends."""

    def __init__(self, gate: Gate, client: str, watch: Watch) -> None:
        self._gate = gate
        self._client = client
        self._watch = watch
        self._place: _Waiting | None = None

    def begin(self, cost: int) -> None:
        """Begin work of this cost, in a place where it is heavy. Raises what ``Gate.turn`` names."""
        if cost >= HEAVY:
            self.take(cost)
        self._gate.count(cost)

    def take(self, cost: int = SECOND) -> None:
        """Have a place, waited for if need be; of what was not counted as heavy nobody knows the cost."""
        if self._place is None:
            self._watch.light = math.inf
            self._place = self._gate.come(self._client, cost, self._watch)

    def end(self) -> None:
        """Give the place back."""
        if self._place is not None:
            self._gate.leave(self._place)
            self._place = None


class Gate:
    """At most ``places`` heavy questions at work in this process, ``queue`` waiting, half of those one client's.

    >>> gate = Gate(places=1, queue=2)
    >>> with gate.turn("127.0.0.1", Watch(1.0)) as turn:
    ...     turn.begin(10 * SECOND)
    ...     gate.load.working, gate.waiting
    (1, 0)
    """

    def __init__(self, *, places: int, queue: int) -> None:
        self._places = places
        self._queue = queue
        self._lock = threading.Lock()
        self._working: dict[_Waiting, int] = {}
        self._lines: dict[str, deque[_Waiting]] = {}
        self._begun = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._lines.values()))

    @property
    def load(self) -> Load:
        """How much is going on now."""
        with self._lock:
            return Load(self._places, len(self._working), self._queue, self.waiting, self._begun)

    @contextmanager
    def turn(self, client: str, watch: Watch) -> Iterator[Turn]:
        """A request's turn: work that it begins as heavy, or that turns out to be, has a place until it ends.

        Raises Busy where too many wait, or what is before it would take it past its deadline; DeadlinePassed and
        NobodyWaits while it waits.
        """
        turn = Turn(self, client, watch)
        watch.light, watch.heavy = LIGHT, turn.take
        try:
            yield turn
        finally:
            watch.light, watch.heavy = math.inf, nothing  # the two refer to each other no longer, and are freed at once
            turn.end()

    @contextmanager
    def place(self, client: str, cost: int, watch: Watch) -> Iterator[None]:
        """A turn for one piece of work of this cost. Raises what ``turn`` names."""
        with self.turn(client, watch) as turn:
            turn.begin(cost)
            yield

    def count(self, cost: int) -> None:
        """Count a question that is begun; what costs nothing is none."""
        with self._lock:
            self._begun += cost > 0

    def come(self, client: str, cost: int, watch: Watch) -> _Waiting:
        """A place, once there is one for work of this cost. Raises what ``turn`` says."""
        mine = _Waiting(cost)
        with self._lock:
            if len(self._working) < self._places and not self._lines:
                self._working[mine] = cost
                return mine
            mine_before = len(self._lines.get(client, ()))
            seconds = self._before(client) / SECOND / self._places
            if self.waiting >= self._queue or mine_before >= max(1, self._queue // 2) or seconds > watch.seconds:
                raise Busy(
                    f"{len(self._working)} heavy questions are at work and {self.waiting} wait,"
                    f" {mine_before} of them yours; ask again in {max(1, round(seconds))} s",
                    seconds=max(1, round(seconds)),
                )
            self._lines.setdefault(client, deque()).append(mine)
        try:
            while not mine.turn.wait(SLICE):
                watch.check()
        except WorkEnded:
            self._give_up(client, mine)
            raise
        return mine

    def _before(self, client: str) -> float:
        """Units of work before one more question of a client: half of what is at work, and what comes in turn."""
        own = len(self._lines.get(client, ()))
        waiting = (each.cost for line in self._lines.values() for each in list(line)[: own + 1])
        return sum(self._working.values()) / 2 + sum(waiting)

    def _give_up(self, client: str, mine: _Waiting) -> None:
        with self._lock:
            line = self._lines.get(client)
            if line is not None and mine in line:
                line.remove(mine)
                if not line:
                    del self._lines[client]
                return
        self.leave(mine)

    def leave(self, place: _Waiting) -> None:
        """Give the place to the client whose turn it is: the one that has waited longest since its last."""
        with self._lock:
            del self._working[place]
            while self._lines and len(self._working) < self._places:
                client = next(iter(self._lines))
                line = self._lines.pop(client)
                after = line.popleft()
                if line:
                    self._lines[client] = line
                self._working[after] = after.cost
                after.turn.set()
