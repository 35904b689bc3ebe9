"""One connection: what has arrived of the next request, and what has not yet left of the last answer."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any

from service.http.server.framing import Chunks, Head


@dataclass(slots=True, eq=False)
class Connection:
    """The poller's thread changes it, but for two fields: the thread that answers ends ``busy`` and sets ``deadline``.

    ``busy``: a request is in a thread, or its answer on the way. ``ended``: the client sends no more. ``lingering``:
    the last answer is over, and the client may read it before the connection closes. ``unwanted``: that answer is on
    its way, and whatever else comes is thrown away. ``deadline``: when the wait for what comes next is over, on the
    monotonic clock. ``last``: when that for a reader is over, even if it reads. ``held``: bytes counted as held for it.
    """

    sock: socket.socket
    client: Any
    server: Any
    deadline: float
    buffer: bytearray = field(default_factory=bytearray)
    head: Head | None = None
    chunks: Chunks | None = None
    largest: int = 0
    busy: bool = False
    ended: bool = False
    lingering: bool = False
    unwanted: bool = False
    closed: bool = False
    watched: int = 0
    unsent: memoryview | None = None
    last: float = 0.0
    keep: bool = False
    held: int = 0
    drained: int = 0

    def hung_up(self) -> bool:
        """Whether the client has closed the connection, or its sending side, since its request."""
        return self.ended

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a request is here and nothing is owed."""
        return not self.busy and not self.lingering and not self.buffer

    def whole_request(self) -> int | None:
        """Where the request ends in the buffer, or None while more has to come."""
        if self.head is None:
            return None
        if self.chunks is not None:
            return self.chunks.end(self.buffer)
        end = self.head.size + self.head.length
        return end if len(self.buffer) >= end else None
