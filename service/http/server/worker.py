"""A gunicorn worker whose threads meet whole requests only, and never wait for a client.

``gunicorn.conf.py`` names it: ``worker_class = "service.http.server.worker.Worker"``. One thread, the poller's, reads
heads and bodies as they come, writes on what a slow reader has not taken, and notices clients that hang up. A pool of
threads answers. A connection stays registered with the poller all its life, so that most answers need no wake-up.
"""

from __future__ import annotations

import errno
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from time import perf_counter_ns
from typing import Any

from gunicorn.http import errors, wsgi
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from service.http.operation import HUNG_UP
from service.http.problems import lacks_memory
from service.http.redaction import redacted
from service.http.server import error_responses
from service.http.server.connection import Connection
from service.http.server.observer import OBSERVED, Observer
from service.http.server.response import GatheredResponse
from service.http.server.transport import READ, Transport
from service.http.telemetry import Record

SWEEP_SECONDS = 0.5
AFTER_MEMORY = 0.05
"""Seconds until the poller goes on where it found no memory: what the threads do meanwhile gives some back."""


class Received(IterUnreader):  # type: ignore[misc]
    """The bytes of one request for gunicorn's parser: to want more than there is is an error, never a short body."""

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next bytes. Raises NoMoreData at their end."""
        data: bytes = super().chunk(size_hint)
        if not data:
            raise errors.NoMoreData(b"")
        return data


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker with another loop: see the module."""

    alive: bool
    observer = Observer()

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse what this worker does not speak."""
        if cfg.is_ssl:
            raise RuntimeError("the service speaks plain HTTP: a proxy in front of it has the certificate")

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """All threads of the pool, started: where memory is short one more cannot be had."""
        pool: ThreadPoolExecutor = super().get_thread_pool()
        started = threading.Barrier(self.cfg.threads + 1)
        for _ in range(self.cfg.threads):
            pool.submit(started.wait)
        started.wait()
        return pool

    def run(self) -> None:
        """Serve until told to stop, then finish what has begun."""
        self.poller.register(self.method_queue.fileno(), READ, self.method_queue.run_callbacks)
        self.swept = time.monotonic()
        self.transport = Transport(
            self.poller,
            defer=self.method_queue.defer,
            hand_over=lambda connection, data: self.tpool.submit(self._answer, connection, data, perf_counter_ns()),
            log=self.log,
            keepalive=self.cfg.keepalive,
        )
        extensions = getattr(self.wsgi, "extensions", {})
        self.transport.body_limit = extensions.get("largest_body", self.transport.body_limit)
        self.observer = extensions.get(OBSERVED, Observer)()
        self.transport.refusal = self.observer.refused_unread
        while self.alive and self.is_parent_alive():
            self.notify()
            self.set_accept_enabled(self.transport.has_room(self.worker_connections))
            self._dispatch(SWEEP_SECONDS)
        self.set_accept_enabled(False)
        self._finish()
        self.tpool.shutdown(wait=False, cancel_futures=True)
        self.observer.flush()
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()

    def _finish(self) -> None:
        """Answer what is under way within the graceful time."""
        last = time.monotonic() + self.cfg.graceful_timeout
        self.transport.hurry(STOP_KEEPALIVE_LINGER)
        while self.transport.connections and time.monotonic() < last:
            self.notify()
            self._dispatch(SWEEP_SECONDS / 5)
        self.transport.close()

    def _dispatch(self, timeout: float) -> None:
        """Do what has come, and once in a while what is due. A lack of memory ends neither loop nor worker."""
        try:
            self._meet(timeout)
        except Exception as error:
            if not lacks_memory(error):
                raise
            time.sleep(AFTER_MEMORY)

    def _meet(self, timeout: float) -> None:
        for key, events in self.poller.select(timeout):
            if isinstance(key.data, Connection):
                self.transport.event(key.data, events)
            else:
                key.data(key.fileobj)
        now = time.monotonic()
        if now - self.swept >= timeout:
            self.swept = now
            self.transport.sweep(now)
            self.observer.tick(now)

    def handle_usr1(self, sig: int, frame: Any) -> None:
        """Open log files again: they may have been moved away."""
        super().handle_usr1(sig, frame)
        self.observer.reopen()

    def accept(self, listener: Any) -> None:
        """Take a connection; where there are too many, in the place of the one that has waited longest."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                self.transport.make_room()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                self.log.warning("a connection could not be taken: %s", error.strerror)
            return
        if len(self.transport.connections) >= self.worker_connections:
            self.transport.make_room()
        self.transport.open(sock, client, listener.getsockname())

    # In a thread of the pool.

    def _answer(self, connection: Connection, data: bytes, arrived: int) -> None:
        """Answer one whole request, which arrived then on the performance counter, and write it down."""
        try:
            answer, keep = self._answered(connection, data, arrived)
        except Exception as error:
            if not lacks_memory(error):
                self.log.exception("an error could not be answered, to %s", connection.client)
            answer, keep = error_responses.OUT_OF_MEMORY, False
        self.transport.send(connection, answer, keep=keep)

    def _answered(self, connection: Connection, data: bytes, arrived: int) -> tuple[bytes, bool]:
        record = Record(arrived)
        try:
            answer, keep = self._respond(connection, data, record)
        except (Exception, SystemExit) as error:
            answer, keep = self._of_failure(connection, error, record), False
        try:
            self.observer.done(record)
        except Exception:
            self.log.exception("a request could not be written down")
        return answer, keep

    def _of_failure(self, connection: Connection, error: BaseException, record: Record) -> bytes:
        raised = error if isinstance(error, Exception) else RuntimeError("the application exited")
        if error_responses.status_of(raised) == 500:
            self.log.exception("error outside the application's handling, from %s", connection.client)
        else:
            self.log.warning("refused a request from %s: %.200r", connection.client, redacted(str(raised)))
        return self.observer.refusal(
            record,
            connection.client,
            error_responses.status_of(raised),
            lambda headers: error_responses.of_error(raised, headers),
        )

    def _respond(self, connection: Connection, data: bytes, record: Record) -> tuple[bytes, bool]:
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
            self.observer.begin(record, environ)
            self._count(response)
            self._run_application(environ, response)
            response.headers.extend(self.observer.headers(record, environ))
            if not _is_consumed(request, unreader):
                response.force_close()
            answer = response.whole()
            record.status, record.size = response.status_code, response.sent
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
    """Whether the application has read the whole body and nothing is left over: else the next start is unsure."""
    if request.body.failed:
        return False
    try:
        return not request.body.read(1) and not unreader.take_buffered()
    except (OSError, errors.ParseException):
        return False
