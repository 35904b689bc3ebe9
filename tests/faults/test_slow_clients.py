"""Clients that are slow, silent, or gone: three hundred of them take no thread from anyone."""

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults.wire import (
    HOST,
    POST,
    Behind,
    assert_undisturbed,
    connect,
    exchange,
    port_of,
    probes,
    read_all,
    reset,
    statuses,
)
from tests.servers import ROOT, Server, free_port, served

pytestmark = pytest.mark.slow

SLOW = 300
UNREAD = b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n"
KINDS = {
    "idle": b"",
    "headers": b"GET /livez HTTP/1.1\r\nHost: loc",
    "body": POST + b'Content-Length: 100\r\n\r\n{"targets',
    "chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "unread": UNREAD * 2,
}


@contextmanager
def slow_clients(port: int, sent: bytes, count: int = SLOW) -> Iterator[list[socket.socket]]:
    """As many connections that have sent so much, and neither send nor read on."""
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            sock = stack.enter_context(connect(port, receive=4096))
            sock.setblocking(False)
            if sent:
                sock.send(sent)
            opened.append(sock)
        yield opened


def wait_until_quiet(url: str) -> None:
    """Until what was asked for has been worked out, and the answers wait for their readers."""
    until = time.monotonic() + 60
    while max(probes(url, 5)) > 0.1:
        assert time.monotonic() < until


@pytest.mark.parametrize("kind", KINDS)
def test_fault_45_slow_clients_leave_every_health_check_answered(server: Server, kind: str) -> None:
    alone = probes(server.url)
    with slow_clients(port_of(server), KINDS[kind]):
        wait_until_quiet(server.url)
        assert_undisturbed(alone, probes(server.url))


def test_fault_45_slow_clients_of_all_kinds_at_once_leave_questions_answered(server: Server) -> None:
    port = port_of(server)
    question = POST + b'Content-Length: 18\r\nConnection: close\r\n\r\n{"targets":["tub"]'
    with ExitStack() as stack:
        for sent in KINDS.values():
            stack.enter_context(slow_clients(port, sent, SLOW // len(KINDS)))
        assert statuses(exchange(port, question.replace(b"18", b"19") + b"}")) == [200]


def test_fault_45_more_connections_than_a_worker_holds_make_room_for_the_next(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(slow_clients(port_of(server), KINDS["headers"], 450))
        assert len(probes(server.url)) == 20


def test_fault_45_without_file_descriptors_left_the_next_connection_takes_the_place_of_the_slowest(
    tmp_path: Path, asia: Path
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", "1"]
    command += ["--bind", f"127.0.0.1:{port}", "wsgi:app"]
    limited = ["bash", "-c", 'ulimit -n 100; exec "$@"', "bash", *command]
    with served(limited, port=port, cwd=ROOT, log=tmp_path / "log", AFTERMATH_PRIORS=str(asia)) as own:
        with slow_clients(port, KINDS["headers"]):
            assert len(probes(own.url)) == 20
        assert "Traceback" not in own.log.read_text()


def test_fault_45_bodies_that_never_end_are_held_up_to_a_bound_and_the_oldest_is_refused(waiting: Behind) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 8000000\r\n\r\n"
    with ExitStack() as stack:
        opened = [stack.enter_context(connect(waiting.port)) for _ in range(12)]
        for sock in opened:
            sock.sendall(head + b"x" * 7_000_000)
        assert len(probes(waiting.server.url)) == 20
        refused = 0
        for sock in opened:
            sock.settimeout(0.2)
            try:
                refused += sock.recv(100).startswith(b"HTTP/1.1 503")
            except TimeoutError:
                continue
    assert 12 - 64 // 7 <= refused <= 5


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: loc", 408),
        (b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\n1234", 408),
        (b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n12", 408),
    ],
)
def test_fault_45_a_head_or_a_body_that_does_not_arrive_in_time_is_refused(
    waiting: Behind, sent: bytes, status: int
) -> None:
    started = time.monotonic()
    assert statuses(exchange(waiting.port, sent)) == [status]
    assert time.monotonic() - started > 0.9


def test_fault_45_a_byte_now_and_then_does_not_prolong_a_head(waiting: Behind) -> None:
    with connect(waiting.port) as sock:
        sock.sendall(b"GET /livez HTTP/1.1\r\n")
        answered = False
        for _ in range(200):
            try:
                sock.sendall(b"X: y\r\n")
                sock.settimeout(0.05)
                answered = sock.recv(100).startswith(b"HTTP/1.1 408")
            except TimeoutError:
                continue
            break
        assert answered


def test_fault_45_a_connection_that_says_nothing_is_closed(waiting: Behind) -> None:
    with connect(waiting.port) as sock:
        assert read_all(sock) == b""


def test_fault_45_an_answer_that_nobody_reads_is_given_up_and_its_memory_with_it(waiting: Behind) -> None:
    with connect(waiting.port, receive=4096) as sock:
        sock.sendall(b"GET /large?20000000 HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(4)
        with pytest.raises(ConnectionResetError):
            read_all(sock)


def test_a_large_answer_arrives_whole_though_it_is_read_slowly(waiting: Behind) -> None:
    with connect(waiting.port, receive=4096) as sock:
        sock.sendall(b"GET /large?3000000 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        received = b""
        while chunk := sock.recv(100_000):
            received += chunk
            time.sleep(0.001)
    assert statuses(received) == [200]


def test_a_byte_at_a_time_is_a_request_all_the_same(waiting: Behind) -> None:
    request = b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
    with connect(waiting.port) as sock:
        for byte in request:
            sock.sendall(bytes([byte]))
        assert read_all(sock).endswith(b"\r\n\r\nok")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\n1234",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n0\r\n",
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n9\r\n1234",
    ],
)
def test_a_body_cut_short_of_its_length_is_refused(waiting: Behind, request_bytes: bytes) -> None:
    with connect(waiting.port) as sock:
        sock.sendall(request_bytes)
        sock.shutdown(socket.SHUT_WR)
        assert statuses(read_all(sock)) == [400]


def logged(waiting: Behind, ask: Callable[[socket.socket], None]) -> str:
    """What the application says of a request that waits for its client, after the client did something."""
    before = waiting.log.read_text().count("\n") if waiting.log.exists() else 0
    with connect(waiting.port) as sock:
        sock.sendall(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(0.3)
        ask(sock)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            lines = waiting.log.read_text().splitlines() if waiting.log.exists() else []
            if len(lines) > before:
                return lines[-1]
            time.sleep(0.02)
    return "nothing"


@pytest.mark.parametrize(
    "leave", [socket.socket.close, reset, lambda sock: sock.shutdown(socket.SHUT_WR)], ids=["close", "reset", "half"]
)
def test_a_client_that_hangs_up_is_noticed_while_its_request_runs(
    waiting: Behind, leave: Callable[[socket.socket], None]
) -> None:
    assert logged(waiting, leave) == "hung up"


def test_a_client_that_sends_its_next_request_has_not_hung_up(waiting: Behind) -> None:
    with connect(waiting.port) as sock:
        sock.sendall(b"GET /sleep?0.5 HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(0.1)
        sock.sendall(b"GET /livez HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert statuses(read_all(sock)) == [200, 200]


def test_requests_sent_ahead_are_answered_in_their_order(waiting: Behind) -> None:
    echoes = b"".join(
        b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\n\r\n%04d" % number for number in range(200)
    )
    with connect(waiting.port) as sock:
        sock.sendall(echoes)
        sock.shutdown(socket.SHUT_WR)
        received = read_all(sock)
    assert statuses(received) == [200] * 200
    assert [int(part[:4]) for part in received.split(b"\r\n\r\n")[1:]] == list(range(200))


def test_a_client_that_waits_to_be_told_to_go_on_is_told(waiting: Behind) -> None:
    with connect(waiting.port) as sock:
        head = (
            b"POST /echo HTTP/1.1\r\n"
            + HOST
            + b"Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        sock.sendall(head)
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"ok")
        assert read_all(sock).endswith(b"\r\n\r\nok")
