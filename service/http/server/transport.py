"""What arrives on connections and what leaves them, without waiting for any: the work of the poller's thread."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from service.http.server import error_responses, framing
from service.http.server.connection import Connection

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
HEAD_SECONDS = 10.0
"""For a head, from the connection's start or the head's first byte."""
TRANSFER_SECONDS = 30.0
SLOWEST = 50_000
"""A body may take TRANSFER_SECONDS, and a second more for each so many bytes. An answer as well, and no longer than
TRANSFER_SECONDS without a byte of it read."""
LINGER_SECONDS = 2.0
LINGER_BYTES = 200_000_000
"""What a client may go on sending after a refusal before the connection is cut, which might lose the refusal."""
LARGEST_BODY = 8_000_000
"""Where the application does not say (see ``body_limits``)."""
HELD = 64_000_000
"""Bytes of unfinished requests and unread answers that a worker holds in all."""
AHEAD = 65_536
"""Bytes of further requests that are read while one is answered."""
SINK = bytearray(AHEAD)
"""Where what nobody wants is read to: there is room for it where there is none for anything."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Transport:
    """The connections of a worker.

    ``hand_over`` gets each whole request and must not block; ``send`` takes its answer, from any thread. All else is
    for the poller's thread, where ``defer`` brings a call. ``keepalive`` are the seconds that an idle one is held.
    """

    def __init__(
        self,
        poller: selectors.BaseSelector,
        *,
        defer: Callable[..., None],
        hand_over: Callable[[Connection, bytes], None],
        log: Any,
        keepalive: float,
    ) -> None:
        self.poller = poller
        self.defer = defer
        self.hand_over = hand_over
        self.log = log
        self.keepalive = keepalive
        self.connections: set[Connection] = set()
        self.held = 0
        self.body_limit: Callable[[str, str], int] = lambda *_: LARGEST_BODY
        self.refusal: Callable[[Any, int, str], bytes] = lambda _, status, detail: error_responses.refusal(
            status, detail
        )

    def open(self, sock: socket.socket, client: Any, server: Any) -> None:
        """Take a connection, and wait for its first request."""
        sock.setblocking(False)
        connection = Connection(sock, client, server, time.monotonic() + HEAD_SECONDS)
        self.connections.add(connection)
        self._watch(connection, READ)

    def event(self, connection: Connection, events: int) -> None:
        """A socket can be read or written. What one connection does wrong ends that one alone."""
        if events & READ:
            self._guarded(self._readable, connection)
        if events & WRITE:
            self._guarded(self._writable, connection)

    def _guarded(self, step: Callable[..., None], connection: Connection, *arguments: Any) -> None:
        try:
            if not connection.closed:
                step(connection, *arguments)
        except MemoryError:
            self._let_go(connection)
            self.log.exception("no memory for what came from %s", connection.client)
        except Exception:
            self._drop(connection)
            self.log.exception("dropped the connection of %s", connection.client)

    def _let_go(self, connection: Connection) -> None:
        """Forget what a connection holds, and say so where no answer is on the way."""
        connection.buffer = bytearray()
        if connection.lingering or connection.closed:
            return
        if connection.busy:
            self._drop(connection)
            return
        self._hold(connection, 0)
        connection.busy = connection.unwanted = True
        try:
            self.send(connection, error_responses.OUT_OF_MEMORY, keep=False)
        except MemoryError:
            self._drop(connection)

    def has_room(self, most: int) -> bool:
        """Whether one more can be taken, if need be in the place of one that waits."""
        return len(self.connections) < most or any(not each.busy for each in self.connections)

    def make_room(self) -> None:
        """Close the connection that has waited longest."""
        waiting = [each for each in self.connections if not each.busy]
        if waiting:
            self._drop(min(waiting, key=lambda each: each.deadline))

    def _watch(self, connection: Connection, events: int) -> None:
        if connection.watched == events:
            return
        if not events:
            self.poller.unregister(connection.sock)
        elif connection.watched:
            self.poller.modify(connection.sock, events, connection)
        else:
            self.poller.register(connection.sock, events, connection)
        connection.watched = events

    def _drop(self, connection: Connection, *, reset: bool = False) -> None:
        if connection.closed:
            return
        connection.closed = connection.ended = True
        self._hold(connection, 0)
        self._watch(connection, 0)
        with contextlib.suppress(OSError):
            if reset:  # what the reader has not taken is forgotten by the kernel as well
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sock.close()
        self.connections.discard(connection)

    def _hold(self, connection: Connection, size: int) -> None:
        self.held += size - connection.held
        connection.held = size

    def sweep(self, now: float) -> None:
        """End every wait that is over."""
        for connection in [each for each in self.connections if each.deadline < now]:
            if connection.unsent is not None:
                self._drop(connection, reset=True)
            elif not connection.busy:
                if not connection.lingering:
                    self.event(connection, READ)
                self._expire(connection, now)

    def _expire(self, connection: Connection, now: float) -> None:
        """End a wait that is over, unless something has come at the last moment."""
        if connection.closed or connection.busy or connection.deadline >= now:
            return
        if connection.lingering or not connection.buffer:
            self._drop(connection)
        else:
            part = "head" if connection.head is None else "body"
            self._refuse(connection, 408, f"the {part} of the request did not arrive in time")

    def hurry(self, seconds: float) -> None:
        """Idle clients have a moment to send what they were sending."""
        for connection in self.connections:
            if connection.is_idle:
                connection.deadline = min(connection.deadline, time.monotonic() + seconds)

    def close(self) -> None:
        """Close every connection, whatever it waits for."""
        for connection in list(self.connections):
            self._drop(connection)

    def _readable(self, connection: Connection) -> None:
        if connection.lingering or connection.unwanted:
            self._drain(connection)
            return
        try:
            data = connection.sock.recv(8_192 if connection.head is None else 262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
            connection.buffer.clear()
            if not connection.busy:
                self._drop(connection)
                return
        if not data:
            connection.ended = True
            self._watch(connection, connection.watched & ~READ)
        connection.buffer += data
        if not connection.busy:
            self._advance(connection)
        elif len(connection.buffer) > AHEAD:
            self._watch(connection, connection.watched & ~READ)

    def _drain(self, connection: Connection) -> None:
        """Read what nobody waits for, which takes no memory, so that the client reads what it was sent."""
        try:
            count = connection.sock.recv_into(SINK)
        except BlockingIOError:
            return
        except OSError:
            count = 0
        connection.drained += count
        if count and connection.drained <= LINGER_BYTES:
            return
        if connection.lingering:
            self._drop(connection)
        else:
            connection.ended = True
            self._watch(connection, connection.watched & ~READ)

    def _advance(self, connection: Connection) -> None:
        """Hand the next request to a thread if it is whole, or say what it still waits for."""
        if connection.busy or connection.closed or connection.lingering:
            return
        if not connection.buffer:
            if connection.ended:
                self._drop(connection)
            else:
                self._watch(connection, READ)
            return
        if connection.head is None and not self._begin(connection):
            return
        end = connection.whole_request()
        if end is None:
            self._wait_for_the_rest(connection)
        else:
            self._hand_over(connection, end)

    def _begin(self, connection: Connection) -> bool:
        """Read the head, and decide by it what body is waited for; whether there is a head to go on with."""
        head = framing.head_of(connection.buffer)
        if head is None:
            self._wait_for_the_head(connection)
            return False
        if head.foreign_coding:
            self._refuse(connection, 501, "the body is read as it is or in the transfer coding 'chunked' alone")
            return False
        connection.head = head
        if not head.has_body:
            return True
        connection.chunks = framing.Chunks(head.size) if head.chunked else None
        connection.largest = self._largest_body(connection.buffer)
        connection.deadline = time.monotonic() + TRANSFER_SECONDS + min(head.length, connection.largest) / SLOWEST
        if head.length > connection.largest:
            self._refuse(connection, 413, f"the body is larger than {connection.largest:,} bytes")
            return False
        if head.expects_continue and len(connection.buffer) == head.size:
            with contextlib.suppress(OSError):
                connection.sock.send(CONTINUE)
        return True

    def _largest_body(self, data: bytearray) -> int:
        method, _, rest = data[: framing.LONGEST_LINE].lstrip(b"\r\n").partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        return self.body_limit(method.decode("latin-1"), path.decode("latin-1"))

    def _wait_for_the_head(self, connection: Connection) -> None:
        status = framing.too_long(connection.buffer)
        if status is not None:
            self._refuse(connection, status, "the request line or the headers are too long")
        elif connection.ended:
            self._refuse(connection, 400, "the request ends within its head")
        elif connection.held == 0:
            connection.deadline = time.monotonic() + HEAD_SECONDS
            self._hold(connection, len(connection.buffer))
            self._watch(connection, READ)

    def _wait_for_the_rest(self, connection: Connection) -> None:
        size = connection.chunks.size if connection.chunks is not None else 0
        if size > connection.largest or len(connection.buffer) > 2 * connection.largest + framing.LONGEST_HEAD:
            self._refuse(connection, 413, f"the body is larger than {connection.largest:,} bytes")
        elif connection.ended:
            self._refuse(connection, 400, "the body ends before the length that its head declares")
        else:
            self._hold(connection, len(connection.buffer))
            self._watch(connection, READ)
            if self.held > HELD:
                waiting = [each for each in self.connections if each.held and not each.busy]
                oldest = min(waiting, key=lambda each: each.deadline)
                self._refuse(oldest, 503, "too many unfinished requests are held; try again")

    def _hand_over(self, connection: Connection, end: int) -> None:
        data = bytes(connection.buffer[:end])
        del connection.buffer[:end]
        connection.head = connection.chunks = None
        self._hold(connection, 0)
        if not connection.ended and len(connection.buffer) <= AHEAD:
            self._watch(connection, READ)
        connection.busy = True
        self.hand_over(connection, data)

    def _refuse(self, connection: Connection, status: int, detail: str) -> None:
        """Send a refusal from the poller's thread."""
        self.log.warning("refused a request from %s: %s", connection.client, detail)
        connection.buffer.clear()
        self._hold(connection, 0)
        connection.busy = True
        self.send(connection, self.refusal(connection.client, status, detail), keep=False)

    def send(self, connection: Connection, data: bytes, *, keep: bool) -> None:
        """Send what the socket takes at once; the poller sends the rest. Any thread."""
        try:
            sent = connection.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.defer(self._drop, connection)
            return
        if sent < len(data):
            self.defer(self._guarded, self._write_on, connection, memoryview(data)[sent:], keep)
        elif keep:
            connection.deadline = time.monotonic() + self.keepalive
            connection.busy = False
            if connection.buffer or connection.ended:
                self.defer(self._guarded, self._advance, connection)
        else:
            self.defer(self._guarded, self._linger, connection)

    def _write_on(self, connection: Connection, data: memoryview, keep: bool) -> None:
        connection.unsent, connection.keep = data, keep
        connection.deadline = time.monotonic() + TRANSFER_SECONDS
        connection.last = connection.deadline + len(data) / SLOWEST
        self._hold(connection, len(data))
        self._watch(connection, connection.watched | WRITE)
        while self.held > HELD:
            unread = [each for each in self.connections if each.unsent is not None]
            if not unread:
                break
            self._drop(min(unread, key=lambda each: each.deadline), reset=True)

    def _writable(self, connection: Connection) -> None:
        if connection.unsent is None:
            return
        try:
            sent = connection.sock.send(connection.unsent)
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
            return
        connection.unsent = connection.unsent[sent:]
        connection.deadline = min(time.monotonic() + TRANSFER_SECONDS, connection.last)
        self._hold(connection, len(connection.unsent))
        if connection.unsent:
            return
        connection.unsent = None
        self._watch(connection, connection.watched & ~WRITE)
        if connection.keep:
            connection.deadline = time.monotonic() + self.keepalive
            connection.busy = False
            self._advance(connection)
        else:
            self._linger(connection)

    def _linger(self, connection: Connection) -> None:
        """Say that the answer is over, and wait a moment for the client to close, so that it reads what it was sent."""
        connection.busy, connection.lingering = False, True
        connection.deadline = time.monotonic() + LINGER_SECONDS
        connection.buffer.clear()
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(connection)
            return
        if connection.ended:
            self._drop(connection)
            return
        self._watch(connection, READ)
