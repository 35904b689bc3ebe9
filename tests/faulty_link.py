"""A link to a server of this machine that can be made slow, or cut, while it is in use."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SLOW = 0.02
"""Seconds by which a slow link holds up each piece of what is sent."""
RESET = struct.pack("ii", 1, 0)
"""To be closed with a reset, and not as what has come to its end."""


class FaultyLink:
    """Passes on what is sent to a port: ``well``, ``slow``, ``cut``, where each connection is reset, or ``silent``.

    What is silent takes everything and passes nothing on, until it is something else.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self.state = "well"
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self.listener.getsockname()[1])
        self.open: set[socket.socket] = set()
        self.heard = threading.Event()
        self.heard.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def become(self, state: str) -> None:
        self.state = state
        if state == "silent":
            self.heard.clear()
        else:
            self.heard.set()
        if state == "cut":
            for each in [*self.open]:
                self._reset(each)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.state == "cut":
                    self._reset(client)
                    continue
                server = socket.create_connection(("127.0.0.1", self.target))
                self.open |= {client, server}
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                if self.state == "slow":
                    time.sleep(SLOW)
                self.heard.wait()
                sink.sendall(piece)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            self.open.discard(each)
        source.close()

    def _reset(self, end: socket.socket) -> None:
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for what comes: a close alone does not
        end.close()
        self.open.discard(end)


@contextmanager
def faulty_link(port: int) -> Iterator[FaultyLink]:
    link = FaultyLink(port)
    try:
        yield link
    finally:
        link.listener.close()
        link.become("cut")
