"""The loader beside gunicorn's workers: begun by the master, begun again where it dies, ended with the master."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import time
from contextlib import suppress
from typing import Any

from service import SERVICE
from service.live import states
from service.live.board import Board
from service.live.follower import Follower
from service.live.loader import Loader

logger = logging.getLogger(__name__)

AGAIN = 1.0
"""Seconds between two beginnings of a loader that dies."""
ENDING = 5.0
NAMES = ("INT", "HUP", "USR1", "USR2", "WINCH", "TTIN", "TTOU", "IO")
IGNORED = tuple(signal.Signals[f"SIG{name}"] for name in NAMES)
"""Signals of a whole group of processes that are meant for gunicorn, or that come of leases on files."""


class Beside:
    """What the master has for the loader and the workers that it forks."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.board, self.home = Board(), states.new_home()
        self.loader: int | None = None
        self.begun = -AGAIN
        self.slots: dict[int, Any] = {}
        service.host.begin(self.board, self.home, service.live.now)

    def demand_loader(self, server: Any) -> None:
        """Begin the loader where none runs."""
        now = time.monotonic()
        if now - self.begun < AGAIN or (self.loader is not None and _runs(self.loader)):
            return
        if self.loader is not None:
            logger.error("the loader of models (pid %d) has ended; another one begins", self.loader)
        self.begun = now
        master = os.getpid()
        self.loader = os.fork()
        if self.loader == 0:
            self._load(server, master)

    def _load(self, server: Any, master: int) -> None:
        """Be the loader until the master ends. Connections to the store are opened after the fork alone."""
        try:
            for number in IGNORED:
                signal.signal(number, signal.SIG_IGN)
            for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGABRT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            for listener in server.LISTENERS:
                os.close(listener.sock.fileno())
            service, home = self.service, self.home
            Loader(
                service.settings,
                service.store,
                service.live.now,
                engine=service.fingerprint,
                board=self.board,
                home=home,
                parent=master,
            ).run()
            shutil.rmtree(home, ignore_errors=True)
            os._exit(0)
        except BaseException:
            logger.exception("the loader of models ends")
            os._exit(1)

    def reserve(self, worker: Any) -> None:
        """A slot on the board for a worker that is about to be forked."""
        slot = next(slot for slot in range(len(self.slots) + 1) if slot not in self.slots)
        self.slots[slot] = worker
        worker.beside, worker.slot = self, slot

    def release(self, worker: Any) -> None:
        """Free the slot of a worker that has ended."""
        self.slots.pop(worker.slot, None)
        self.service.meters.end(worker.slot)
        self.board.leave(worker.slot)

    def end(self) -> None:
        """End the loader with the master."""
        if self.loader is not None:
            with suppress(ProcessLookupError):
                os.kill(self.loader, signal.SIGTERM)
            until = time.monotonic() + ENDING
            while _runs(self.loader) and time.monotonic() < until:
                time.sleep(0.02)
            with suppress(ProcessLookupError):
                os.kill(self.loader, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)


def begin(server: Any) -> None:
    """In the master, before it forks its first worker. An application that is not ours has no loader.

    gunicorn's hooks are called when a worker comes or goes; its loop looks after workers each second, and at once when
    a child ends. There the loader is looked after too.
    """
    service = getattr(server.app.callable, "extensions", {}).get(SERVICE)
    server.beside = None if service is None else Beside(service)
    if server.beside is None:
        return
    manage_workers = server.manage_workers

    def manage() -> None:
        server.beside.demand_loader(server)
        manage_workers()

    server.manage_workers = manage


def reserve(server: Any, worker: Any) -> None:
    """In the master, before a worker is forked."""
    if getattr(server, "beside", None) is not None:
        server.beside.reserve(worker)


def follow(worker: Any) -> None:
    """In a worker, before it takes its first request.

    gunicorn ends the whole service where a worker does not begin, so one that cannot just ends, and another follows.
    """
    beside = getattr(worker, "beside", None)
    if beside is None:
        return
    service = beside.service
    service.meters.serve(worker.slot)
    public = service.settings.public_read
    try:
        mine = {"slot": worker.slot, "public": public, "let_go": service.let_go}
        Follower(beside.board, beside.home, service.live, **mine).begin()
    except Exception:
        logger.exception("a worker cannot have the models that are served")
        os._exit(1)


def release(server: Any, worker: Any) -> None:
    """In the master, after a worker has ended."""
    if getattr(server, "beside", None) is not None:
        server.beside.release(worker)


def end(server: Any) -> None:
    """In the master, at its end."""
    if getattr(server, "beside", None) is not None:
        server.beside.end()


def _runs(pid: int) -> bool:
    """Whether a child runs; one that has ended is reaped here, unless it was already."""
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False
