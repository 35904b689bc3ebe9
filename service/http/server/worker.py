"""A gunicorn worker whose threads meet whole requests only, and never wait for a client.

``gunicorn.conf.py`` names it: ``worker_class = "service.http.server.worker.Worker"``. One thread, the poller's, reads
heads and bodies as they come, writes on what a slow reader has not taken, and notices clients that hang up. A pool of
threads answers. A connection stays registered with the poller all its life, so that most answers need no wake-up.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from service.http.server import framing, refusals
from service.http.server.connection import Connection
from service.http.server.response import GatheredResponse

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
HEAD_SECONDS = 10.0
"""For a head, from the connection's start or the head's first byte."""
TRANSFER_SECONDS = 30.0
SLOWEST = 50_000
"""A body may take TRANSFER_SECONDS, and a second more for each so many bytes; an unread answer as well."""
LINGER_SECONDS = 2.0
LINGER_BYTES = 200_000_000
"""What a client may go on sending after a refusal before the connection is cut, which might lose the refusal."""
LARGEST_BODY = 8_000_000
"""Where the application does not say (see ``body_limits``)."""
HELD = 64_000_000
"""Bytes of unfinished requests and unread answers that a worker holds in all."""
AHEAD = 65_536
"""Bytes of further requests that are read while one is answered."""
SWEEP_SECONDS = 0.5
GONE = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.ESHUTDOWN, errno.EBADF)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HUNG_UP = "aftermath.hung_up"
"""Where a request's environment has the question whether its client has hung up: a callable, cheap in any thread."""


class Received(IterUnreader):  # type: ignore[misc]
    """The bytes of one request for gunicorn's parser: to want more than there is is an error, never a short body."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes. Raises NoMoreData at their end."""
        data: bytes = super().chunk(size_hint)
        if not data:
            raise refusals.errors.NoMoreData(b"")
        return data


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker with another loop: see the module."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.connections: set[Connection] = set()
        self.held = 0
        self.body_limit: Callable[[str, str], int] = lambda *_: LARGEST_BODY
        self._swept = 0.0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse what this worker does not speak."""
        if cfg.is_ssl:
            raise RuntimeError("the service speaks plain HTTP: a proxy in front of it has the certificate")

    def load_wsgi(self) -> None:
        """Load the application, and the limits of bodies that it may have."""
        super().load_wsgi()
        extensions = getattr(self.wsgi, "extensions", {})
        self.body_limit = extensions.get("largest_body", self.body_limit)

    # The loop of the poller's thread.

    def run(self) -> None:
        """Serve until told to stop, then finish what has begun."""
        self.poller.register(self.method_queue.fileno(), READ, self.method_queue.run_callbacks)
        while self.alive:
            self.notify()
            self.set_accept_enabled(self._has_room())
            self._dispatch()
            if not self.is_parent_alive():
                break
        self.set_accept_enabled(False)
        self._finish()
        self.tpool.shutdown(wait=False, cancel_futures=True)
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()

    def _finish(self) -> None:
        """Answer what is under way within the graceful time; idle clients have a moment to send what they were sending."""
        now = time.monotonic()
        last = now + self.cfg.graceful_timeout
        for connection in self.connections:
            if connection.is_idle:
                connection.deadline = min(connection.deadline, now + STOP_KEEPALIVE_LINGER)
        while self.connections and time.monotonic() < last:
            self.notify()
            self._dispatch(0.1)
        for connection in list(self.connections):
            self._drop(connection)

    def _dispatch(self, timeout: float = SWEEP_SECONDS) -> None:
        for key, events in self.poller.select(timeout):
            if isinstance(key.data, Connection):
                self._guarded(key.data, events)
            else:
                key.data(key.fileobj)
        now = time.monotonic()
        if now - self._swept >= min(timeout, SWEEP_SECONDS):
            self._swept = now
            self._sweep(now)

    def _guarded(self, connection: Connection, events: int) -> None:
        """What one connection does wrong ends that one alone."""
        try:
            if events & READ and not connection.closed:
                self._readable(connection)
            if events & WRITE and not connection.closed:
                self._writable(connection)
        except Exception:
            self.log.exception("dropped the connection of %s", connection.client)
            self._drop(connection)

    # Connections: opened, watched, closed.

    def accept(self, listener: Any) -> None:
        """Take a connection; where there are too many, in the place of the one that has waited longest."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        if len(self.connections) >= self.worker_connections:
            self._make_room()
        sock.setblocking(False)
        connection = Connection(sock, client, listener.getsockname(), time.monotonic() + HEAD_SECONDS)
        self.connections.add(connection)
        self._watch(connection, READ)

    def _has_room(self) -> bool:
        return len(self.connections) < self.worker_connections or any(not each.busy for each in self.connections)

    def _make_room(self) -> None:
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

    def _sweep(self, now: float) -> None:
        for connection in [each for each in self.connections if each.deadline < now]:
            if connection.unsent is not None:
                self._drop(connection, reset=True)
            elif not connection.busy:
                self._guarded(connection, READ) if not connection.lingering else None
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

    # What arrives.

    def _readable(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(8_192 if connection.head is None else 262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
            connection.keep = False
            connection.lingering = connection.lingering or not connection.busy
        if connection.lingering:
            connection.drained += len(data)
            if not data or connection.drained > LINGER_BYTES:
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
                self._refuse(connection, 503, "too many unfinished requests are held; try again")

    def _hand_over(self, connection: Connection, end: int) -> None:
        data = bytes(connection.buffer[:end])
        del connection.buffer[:end]
        connection.head = connection.chunks = None
        self._hold(connection, 0)
        connection.busy = True
        self.tpool.submit(self._answer, connection, data)

    # What leaves.

    def _refuse(self, connection: Connection, status: int, detail: str) -> None:
        """Send a refusal from the poller's thread."""
        self.log.warning("refused a request from %s: %s", connection.client, detail)
        connection.buffer.clear()
        self._hold(connection, 0)
        connection.busy = True
        self._send(connection, refusals.refusal(status, detail), keep=False)

    def _send(self, connection: Connection, data: bytes, *, keep: bool) -> None:
        """Send what the socket takes at once; the poller sends the rest. Any thread."""
        try:
            sent = connection.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.method_queue.defer(self._drop, connection)
            return
        if sent < len(data):
            self.method_queue.defer(self._write_on, connection, memoryview(data)[sent:], keep)
        elif keep:
            connection.deadline = time.monotonic() + self.cfg.keepalive
            connection.busy = False
            if connection.buffer or connection.ended:
                self.method_queue.defer(self._next, connection)
        else:
            self.method_queue.defer(self._linger, connection)

    def _write_on(self, connection: Connection, data: memoryview, keep: bool) -> None:
        if connection.closed:
            return
        connection.unsent, connection.keep = data, keep
        connection.deadline = time.monotonic() + TRANSFER_SECONDS + len(data) / SLOWEST
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
        self._hold(connection, len(connection.unsent))
        if connection.unsent:
            return
        connection.unsent = None
        self._watch(connection, connection.watched & ~WRITE)
        if connection.keep:
            connection.deadline = time.monotonic() + self.cfg.keepalive
            connection.busy = False
            self._next(connection)
        else:
            self._linger(connection)

    def _next(self, connection: Connection) -> None:
        """Go on with what has come since; what one connection does wrong ends that one alone."""
        try:
            self._advance(connection)
        except Exception:
            self.log.exception("dropped the connection of %s", connection.client)
            self._drop(connection)

    def _linger(self, connection: Connection) -> None:
        """Say that the answer is over, and wait a moment for the client to close, so that it reads what it was sent."""
        if connection.closed:
            return
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(connection)
            return
        if connection.ended:
            self._drop(connection)
            return
        connection.busy, connection.lingering = False, True
        connection.buffer.clear()
        connection.deadline = time.monotonic() + LINGER_SECONDS
        self._watch(connection, READ)

    # In a thread of the pool.

    def _answer(self, connection: Connection, data: bytes) -> None:
        """Answer one whole request."""
        try:
            answer, keep = self._respond(connection, data)
        except (Exception, SystemExit) as error:
            answer, keep = self._of_failure(connection, error), False
        self._send(connection, answer, keep=keep)

    def _of_failure(self, connection: Connection, error: BaseException) -> bytes:
        raised = error if isinstance(error, Exception) else RuntimeError("the application exited")
        if refusals.status_of(raised) == 500:
            self.log.exception("error outside the application's handling, from %s", connection.client)
        else:
            self.log.warning("refused a request from %s: %.200s", connection.client, raised)
        return refusals.of_error(raised)

    def _respond(self, connection: Connection, data: bytes) -> tuple[bytes, bool]:
        unreader = Received((data,))
        request = Request(self.cfg, unreader, connection.client)
        request._expected_100_continue = False  # the poller has said so
        response: Any = None
        environ: dict[str, Any] = {}
        started = datetime.now()
        self.cfg.pre_request(self, request)
        try:
            response, environ = wsgi.create(
                request, connection.sock, connection.client, connection.server, self.cfg, GatheredResponse
            )
            environ["wsgi.multithread"] = True
            environ[HUNG_UP] = connection.hung_up
            self._count(response)
            self._run_application(environ, response)
            if not _is_consumed(request, unreader):
                response.force_close()
            answer = response.whole()
            self.log.access(response, request, environ, datetime.now() - started)
            return answer, not response.should_close()
        finally:
            self._after(request, environ, response)

    def _count(self, response: Any) -> None:
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
            self.method_queue.defer(lambda: None)
        if not self.alive or not self.cfg.keepalive:
            response.force_close()

    def _run_application(self, environ: dict[str, Any], response: Any) -> None:
        parts = self.wsgi(environ, response.start_response)
        try:
            for part in parts:
                response.write(part)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        if response.is_short:
            raise RuntimeError("the application's body is shorter than its Content-Length")

    def _after(self, request: Any, environ: dict[str, Any], response: Any) -> None:
        try:
            self.cfg.post_request(self, request, environ, response)
        except Exception:
            self.log.exception("Exception in post_request hook")


def _is_consumed(request: Any, unreader: Received) -> bool:
    """Whether the application has read the whole body, and nothing is left over: else the next request's start is unsure."""
    if request.body.failed or sys.exc_info()[0] is not None:
        return False
    try:
        return not request.body.read(1) and not unreader.take_buffered()
    except Exception:
        return False
