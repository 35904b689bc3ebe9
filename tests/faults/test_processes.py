"""Workers that are killed, told to stop, reloaded, replaced or recycled while eight clients ask without a pause."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.load import load
from tests.faults.wire import HOST, Behind, connect, port_of, read_all, served_by, statuses
from tests.servers import ROOT, Server, free_port, served

pytestmark = pytest.mark.slow

CLIENTS = 8


def children(master: int) -> list[int]:
    """The workers of a master, and its loader."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(master)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def workers(server: Server) -> list[int]:
    """The master's children but for the loader, which goes on over a reload of the workers."""
    loader = (server.get("/v1/status")["loader"] or {}).get("pid")
    return [pid for pid in children(server.process.pid) if pid != loader]


@pytest.fixture
def own(tmp_path: Path, asia: Path) -> Iterator[Server]:
    """A server that a test may hurt."""
    with served_by("wsgi:app", tmp_path, priors=asia) as running:
        yield running


def kill_in_turn(server: Server, count: int) -> None:
    """Kill a worker, and go on once another is in its place; what the master does at its start is over by then."""
    for _ in range(count):
        time.sleep(0.5)
        before = workers(server)
        os.kill(before[0], signal.SIGKILL)
        until = time.monotonic() + 20
        while len([pid for pid in workers(server) if pid not in before]) < 1:
            assert time.monotonic() < until, "no new worker"
            time.sleep(0.02)
    time.sleep(0.5)


def test_fault_01_a_killed_worker_loses_no_more_than_what_it_was_answering(own: Server) -> None:
    with load(port_of(own), clients=CLIENTS) as found:
        kill_in_turn(own, 5)
    assert found.answered > 500
    assert len(found.lost) <= 5 * CLIENTS, found.lost


def test_fault_01_with_one_retry_a_killed_worker_loses_nothing(own: Server) -> None:
    with load(port_of(own), clients=CLIENTS, retries=1) as found:
        kill_in_turn(own, 5)
    assert found.answered > 500
    assert found.lost == []


@pytest.mark.long
def test_fault_01_a_hundred_kills(own: Server) -> None:
    with load(port_of(own), clients=CLIENTS, retries=2) as found:
        kill_in_turn(own, 100)
    assert found.answered > 20_000
    assert found.lost == []


@pytest.mark.parametrize("times", [1, 5])
def test_fault_05_a_reload_signal_under_load_loses_nothing(own: Server, times: int) -> None:
    with load(port_of(own), clients=CLIENTS) as found:
        time.sleep(0.5)
        before = workers(own)
        for _ in range(times):
            own.process.send_signal(signal.SIGHUP)
            time.sleep(1)
        until = time.monotonic() + 20
        while set(before) & set(workers(own)):
            assert time.monotonic() < until, "the old workers are still there"
            time.sleep(0.1)
    assert found.answered > 500
    assert found.lost == []


def test_fault_06_what_is_under_way_when_the_service_stops_is_answered(own: Server) -> None:
    """Started is finished: whoever got a connection in gets a whole answer, and the end comes in time."""
    port, answers = port_of(own), []

    def ask() -> None:
        with connect(port) as sock:
            sock.sendall(b"GET /v1/models/asia/matrix.json HTTP/1.1\r\n" + HOST + b"\r\n")
            opened.wait()
            answers.append(statuses(read_all(sock)))

    opened = threading.Barrier(21)
    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    opened.wait()
    time.sleep(0.3)
    started = time.monotonic()
    own.process.terminate()
    for thread in threads:
        thread.join()
    assert own.process.wait(timeout=40) == 0
    assert time.monotonic() - started < 30
    assert answers == [[200]] * 20


def test_fault_06_slow_clients_and_waiting_requests_do_not_hold_up_the_end(tmp_path: Path, asia: Path) -> None:
    with served_by("wsgi:app", tmp_path, "--graceful-timeout", "3", priors=asia) as own:
        port = port_of(own)
        held = [connect(port) for _ in range(50)]
        for sock in held:
            sock.sendall(b"GET / HTTP/1.1\r\n")
        with load(port, clients=CLIENTS):
            time.sleep(0.5)
            started = time.monotonic()
            own.process.terminate()
            assert own.process.wait(timeout=40) == 0
            assert time.monotonic() - started < 3 + 5
        for sock in held:
            sock.close()


def test_fault_07_a_new_master_takes_over_the_socket_without_a_gap(tmp_path: Path, asia: Path) -> None:
    """USR2 starts the next master on the same socket, WINCH ends the old one's workers, TERM the old one."""
    record, port, log = tmp_path / "master.pid", free_port(), tmp_path / "log"
    program = Path(sys.executable).parent / "gunicorn"  # ``python -m gunicorn`` cannot start itself again
    command = [program, "--config", "gunicorn.conf.py", "--workers", "2", "--pid", record]
    command += ["--bind", f"127.0.0.1:{port}", "wsgi:app"]
    with served(command, port=port, cwd=ROOT, log=log, AFTERMATH_PRIORS=str(asia)) as own:
        successor = Path(f"{record}.2")
        try:
            with load(port_of(own), clients=CLIENTS) as found:
                time.sleep(0.5)
                own.process.send_signal(signal.SIGUSR2)
                until = time.monotonic() + 60
                while not successor.exists() or len(children(int(successor.read_text() or 0))) < 3:
                    assert time.monotonic() < until, own.log.read_text()
                    time.sleep(0.1)
                time.sleep(1)
                own.process.send_signal(signal.SIGWINCH)
                time.sleep(1)
                own.process.send_signal(signal.SIGTERM)
                assert own.process.wait(timeout=40) == 0
                after = found.answered
                time.sleep(0.5)
                assert found.answered > after
            assert found.lost == []
        finally:
            for path in (successor, record):
                if path.exists():
                    os.kill(int(path.read_text()), signal.SIGTERM)
                    break


def test_fault_08_workers_that_are_recycled_lose_nothing(tmp_path: Path, asia: Path) -> None:
    recycled = ("--max-requests", "200", "--max-requests-jitter", "50")
    with served_by("wsgi:app", tmp_path, *recycled, priors=asia) as own:
        with load(port_of(own), clients=CLIENTS) as found:
            time.sleep(8)
        assert own.log.read_text().count("Autorestarting worker") > 4
    assert found.answered > 1_000
    assert found.lost == []


def test_a_request_that_takes_long_is_answered_though_its_worker_is_told_to_stop(waiting: Behind) -> None:
    """The heartbeat is the poller's: a long request is no dead worker."""
    with connect(waiting.port) as sock:
        sock.sendall(b"GET /sleep?2 HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(0.5)
        waiting.server.process.send_signal(signal.SIGHUP)
        assert statuses(read_all(sock)) == [200]
