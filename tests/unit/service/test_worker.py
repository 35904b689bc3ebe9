"""The worker's loop and its connections where memory runs out at one of their steps."""

import logging
import selectors
import socket
from types import SimpleNamespace

import pytest

from service.http.server.transport import Transport
from service.http.server.worker import Worker


def without_memory(*_: object) -> None:
    raise MemoryError


def worker_of(**parts) -> Worker:
    """A worker that is about to look at what has come, with nothing to do but these parts."""
    worker = Worker.__new__(Worker)
    worker.swept = 0.0
    worker.poller = SimpleNamespace(select=lambda _: parts.get("events", []))
    worker.transport = SimpleNamespace(sweep=parts.get("sweep", lambda _: None))
    worker.observer = SimpleNamespace(tick=parts.get("tick", lambda _: None))
    if "select" in parts:
        worker.poller = SimpleNamespace(select=parts["select"])
    return worker


@pytest.mark.parametrize("step", ["select", "sweep", "tick"])
def test_the_loop_of_a_worker_goes_on_where_a_step_of_it_finds_no_memory(step) -> None:
    worker = worker_of(**{step: without_memory})
    with pytest.raises(MemoryError):
        worker._meet(0.0)
    assert worker._dispatch(0.0) is None


@pytest.mark.parametrize("error", [SystemError("bad argument to internal function"), OSError(9, "bad descriptor")])
def test_an_error_that_has_nothing_to_do_with_memory_ends_the_loop(error) -> None:
    def raises(*_: object) -> None:
        raise error

    with pytest.raises(type(error)):
        worker_of(tick=raises)._dispatch(0.0)


def test_the_loop_goes_on_where_a_connection_cannot_be_taken_for_lack_of_memory() -> None:
    taken = []
    listener = SimpleNamespace(data=without_memory, fileobj=None)
    worker = worker_of(events=[(listener, 1)], tick=taken.append)
    worker._dispatch(0.0)
    assert taken == []  # what is due waits until the next round


@pytest.fixture
def pair():
    """A transport whose threads find no memory for a request, and a client of it."""
    poller = selectors.DefaultSelector()
    deferred: list = []
    transport = Transport(
        poller,
        defer=lambda step, *arguments: deferred.append((step, arguments)),
        hand_over=without_memory,
        log=logging.getLogger(__name__),
        keepalive=5.0,
    )
    here, there = socket.socketpair()
    transport.open(here, "a client", "a server")
    yield transport, there, deferred
    there.close()
    transport.close()
    poller.close()


def answer_of(transport, client, deferred) -> bytes:
    connection = next(iter(transport.connections))
    transport.event(connection, selectors.EVENT_READ)
    for step, arguments in deferred:
        step(*arguments)
    client.settimeout(5)
    return b"".join(iter(lambda: client.recv(65_536), b""))


def test_a_request_whose_arrival_finds_no_memory_is_answered_503(pair) -> None:
    transport, client, deferred = pair
    transport.body_limit = without_memory
    client.sendall(b"POST /v1/prose HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
    client.shutdown(socket.SHUT_WR)
    answer = answer_of(transport, client, deferred)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b'"code":"out_of_memory"' in answer
    assert b"Retry-After: 1" in answer
    assert transport.held == 0


def test_a_request_that_a_thread_may_have_is_never_answered_twice(pair) -> None:
    transport, client, deferred = pair
    client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer_of(transport, client, deferred) == b""
    assert deferred == []
    assert not transport.connections


class WithoutRoom:
    """A socket that finds no memory to read into, and otherwise is the one that it stands for."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __getattr__(self, name: str):
        return without_memory if name == "recv" else getattr(self._sock, name)


def test_a_client_that_goes_on_sending_reads_that_there_is_no_memory(pair) -> None:
    """Its connection would be reset, and the answer lost, where what it sends is left unread."""
    transport, client, deferred = pair
    connection = next(iter(transport.connections))
    connection.sock = WithoutRoom(connection.sock)
    head = b"POST /v1/prose HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n"
    client.sendall(head)
    transport.event(connection, selectors.EVENT_READ)
    for _ in range(9):  # before and after the answer is over
        client.sendall(b"x" * 10_000)
        transport.event(connection, selectors.EVENT_READ)
        while deferred:
            step, arguments = deferred.pop(0)
            step(*arguments)
    assert connection.drained == len(head) + 90_000
    assert transport.connections == {connection}
    client.shutdown(socket.SHUT_WR)
    transport.event(connection, selectors.EVENT_READ)
    assert not transport.connections
    client.settimeout(5)
    answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 503 ")


def test_one_that_waits_to_be_closed_is_closed_when_its_time_is_over(pair) -> None:
    transport, client, deferred = pair
    connection = next(iter(transport.connections))
    connection.sock = WithoutRoom(connection.sock)
    client.sendall(b"GET /livez HTTP/1.1\r\n")
    transport.event(connection, selectors.EVENT_READ)
    [(step, arguments)] = deferred
    step(*arguments)
    assert connection.lingering
    transport.sweep(connection.deadline + 1)
    assert not transport.connections
