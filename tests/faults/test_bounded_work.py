"""Heavy questions against the real server: they end when nobody waits, take turns, and leave all others answered."""

import json
import os
import random
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from model import priors
from tests.servers import ROOT, Server, free_port, served

MODEL = "/v1/models/mosul-2017"


@pytest.fixture(scope="module")
def states() -> dict[str, tuple[str, ...]]:
    network = priors.load(ROOT / "priors" / "mosul-2017").network
    return {variable.name: variable.states for variable in network.variables}


@pytest.fixture(scope="module")
def flagship(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker, as shipped."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", "1"]
    command += ["--bind", f"127.0.0.1:{port}", "wsgi:app"]
    log = tmp_path_factory.mktemp("bounded") / "log"
    with served(command, port=port, cwd=ROOT, log=log, within=180, AFTERMATH_ACCESS_LOG="-") as server:
        yield server


def heavy(states: dict[str, tuple[str, ...]], number: int, *, targets: int = 0) -> bytes:
    """A question that takes a while, another for each number: likelihoods on twelve variables, intervals on all, or
    on as many targets as are named.
    """
    chosen = random.Random(number).sample(sorted(states), 12)
    given = {name: {"likelihood": {state: 0.3 + 0.1 * i for i, state in enumerate(states[name])}} for name in chosen}
    asked = {"given": given, "interval": 0.9, "scenario": "none", "targets": sorted(states)[:targets]}
    return json.dumps(asked).encode()


def request(body: bytes, path: str = f"{MODEL}/query") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    return f"{head}Connection: close\r\n\r\n".encode() + body


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def asked(server: Server, body: bytes, *, path: str = f"{MODEL}/query", source: str = "127.0.0.1") -> tuple[int, dict]:
    connection = HTTPConnection("127.0.0.1", port_of(server), timeout=90, source_address=(source, 0))
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    found = json.loads(answer.read())
    connection.close()
    return answer.status, found


def work_of(server: Server) -> float:
    """Seconds of the processor that the server's processes have used."""
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == server.process.pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("way", ["close", "reset", "half-close"])
def test_a_client_that_hangs_up_ends_its_work(flagship, states, way):
    with socket.create_connection(("127.0.0.1", port_of(flagship))) as client:
        before = work_of(flagship)
        client.sendall(request(heavy(states, len(way))))
        until = time.monotonic() + 20
        while work_of(flagship) - before < 0.3:
            assert time.monotonic() < until, "the work was not begun"
            time.sleep(0.02)
        if way == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if way == "half-close":
            client.shutdown(socket.SHUT_WR)
        else:
            client.close()
        time.sleep(1.5)
        ended = work_of(flagship)
        time.sleep(1.5)
        assert work_of(flagship) - ended < 0.3


def test_a_deadline_ends_the_work_and_says_so(flagship, states):
    started = time.monotonic()
    status, found = asked(flagship, heavy(states, 1), path=f"{MODEL}/query?deadline_ms=400")
    assert (status, found["code"]) == (503, "deadline")
    assert "the deadline is 0.4 s" in found["detail"]
    assert time.monotonic() - started < 8


def test_one_who_sends_forty_heavy_questions_does_not_starve_one_who_sends_one(flagship, states):
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda i=i: found.append(asked(flagship, heavy(states, 100 + i, targets=12))[0]))
        for i in range(40)
    ]
    for thread in threads:
        thread.start()
    status, said = asked(flagship, heavy(states, 1, targets=12), source="127.0.0.2")
    assert status == 200, said
    for thread in threads:
        thread.join()
    counts = Counter(found)
    assert counts[429] >= 20
    assert set(counts) <= {200, 429}


def test_polls_and_health_checks_are_answered_while_every_place_is_taken(flagship, states):
    stop, seconds = threading.Event(), []
    poll = f"{MODEL}/forecast/pathway.json"
    first = HTTPConnection("127.0.0.1", port_of(flagship), timeout=30)
    first.request("GET", poll)
    answer = first.getresponse()
    answer.read()
    tag = answer.headers["ETag"]
    first.close()

    def client():
        connection = HTTPConnection("127.0.0.1", port_of(flagship), timeout=30)
        while not stop.is_set():
            for path, headers, wanted in (("/livez", {}, 200), (poll, {"If-None-Match": tag}, 304)):
                started = time.monotonic()
                connection.request("GET", path, headers=headers)
                got = connection.getresponse()
                got.read()
                seconds.append((time.monotonic() - started, got.status == wanted))
            time.sleep(0.02)
        connection.close()

    polls = threading.Thread(target=client)
    polls.start()
    until = time.monotonic() + 5

    def attack(number):
        while time.monotonic() < until:
            number += 12
            statuses.append(asked(flagship, heavy(states, number, targets=12))[0])
            if statuses[-1] == 429:
                time.sleep(0.05)

    statuses: list[int] = []
    busy = [threading.Thread(target=attack, args=(200 + i,)) for i in range(12)]
    for thread in busy:
        thread.start()
    for thread in busy:
        thread.join()
    stop.set()
    polls.join()
    assert set(statuses) == {200, 429}
    assert len(seconds) > 20
    assert all(fine for _, fine in seconds)
    ranked = sorted(took for took, _ in seconds)
    assert ranked[int(0.99 * len(ranked))] < 1.0


def test_the_stop_signal_ends_heavy_work_within_the_graceful_time(tmp_path, states):
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", "1"]
    command += ["--graceful-timeout", "5", "--bind", f"127.0.0.1:{port}", "wsgi:app"]
    with served(command, port=port, cwd=ROOT, log=tmp_path / "log", within=180) as server:
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(6)]
        for i, client in enumerate(clients):
            client.sendall(request(heavy(states, 300 + i)))
        time.sleep(1)
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=30)
        assert time.monotonic() - started < 15
        for client in clients:
            client.close()


def test_questions_that_waited_and_those_that_found_no_place_are_in_the_access_log(flagship, states):
    found: dict[str, tuple[int, str]] = {}

    def ask(number: int) -> None:
        connection = HTTPConnection("127.0.0.1", port_of(flagship), timeout=90)
        body = heavy(states, 900 + number, targets=12)
        connection.request("POST", f"{MODEL}/query", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        found[answer.headers["X-Request-Id"]] = answer.status, answer.headers["Server-Timing"] or ""
        connection.close()

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in found.values()} == {200, 429}
    time.sleep(1)
    lines = [json.loads(line) for line in flagship.log.read_text().splitlines() if line.startswith('{"time":')]
    own = {line["id"]: line for line in lines if line["id"] in found}
    assert own.keys() == found.keys()
    for name, (status, timing) in found.items():
        assert own[name]["status"] == status
        assert own[name]["code"] == (None if status == 200 else "busy")
        assert own[name]["cost"] > 50_000_000
        assert status == 429 or "queue;dur=" in timing
