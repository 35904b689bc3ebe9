"""Questions too heavy for the time or the memory that there is end as refusals, and others are answered meanwhile."""

import json
import resource
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path

import pytest

from service import create_app
from service.settings import Settings
from tests.clients import Client, side_by_side, status
from tests.memory import private_bytes
from tests.mixed_questions import Asked, questions
from tests.servers import gunicorn

DEADLINE = 0.3
MARGIN = 5.0
"""Seconds past the deadline that a step of work may take where other tests have the processors too."""
MEGABYTE = 1_000_000


def asked_with_everything(model, number: int) -> Asked:
    """A question as costly as they come, each with other numbers: five assumptions, an interval on every variable."""
    assumed = {}
    for name in ("dissident_strength", "livelihood", "armed_at_end", "vacated_areas", "command_cohesion"):
        first, second, *more = model.network[name].states
        each, step = 1 / (2 + len(more)), 0.01 * number
        assumed[name] = {"assumed": {first: each + step, second: each - step, **dict.fromkeys(more, each)}}
    body = {"targets": list(model.network.names), "given": assumed, "interval": 0.9}
    return Asked("heavy", f"/v1/models/{model.name}/query", json.dumps(body).encode())


def batch_of(model, count: int, **more) -> Asked:
    name = model.network.names[0]
    states = model.network[name].states
    cases = [{"given": {name: states[i % len(states)]}} for i in range(count)]
    return Asked("batch", f"/v1/models/{model.name}/batch", json.dumps({"cases": cases, **more}).encode())


@pytest.fixture(scope="module")
def strict_server(small_priors, tmp_path_factory):
    """No question works longer than DEADLINE, none is too costly to be begun."""
    log = tmp_path_factory.mktemp("log") / "strict.log"
    settings = {"AFTERMATH_DEADLINE": str(DEADLINE), "AFTERMATH_COST": "100000"}
    with gunicorn(small_priors, log, workers=1, **settings) as running:
        yield running


@contextmanager
def room_left(pid: int, count: int):
    """Let a process map so many bytes more, and no others, meanwhile."""
    sizes = dict(line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    whole = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (int(sizes["VmSize"].split()[0]) * 1024 + count, whole[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, whole)


def announced(url: str, path: str, length: int) -> int:
    """The status that a POST gets whose body is announced and never sent."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@contextmanager
def polled(url: str, paths: tuple[str, ...]):
    """Ask some addresses in turn meanwhile; statuses and seconds of each answer."""
    found: list[tuple[int, float]] = []
    over = threading.Event()

    def work() -> None:
        with Client(url) as client:
            while not over.is_set():
                for path in paths:
                    answer = client.get(path)
                    found.append((answer.status, answer.seconds))
                time.sleep(0.005)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def test_fault_09_a_stuck_question_ends_at_its_deadline_and_others_are_answered(strict_server, colombia) -> None:
    others = ("/livez", "/v1/models/asia", "/v1/models/asia/forecast/lung?interval=none")
    with polled(strict_server.url, others) as polls, Client(strict_server.url) as client:
        for number in range(5):
            answer = client.ask(asked_with_everything(colombia, number))
            assert (answer.status, json.loads(answer.body)["code"]) == (503, "deadline")
            assert DEADLINE <= answer.seconds < DEADLINE + MARGIN
    assert len(polls) > 20
    assert {code for code, _ in polls} == {200}
    assert max(seconds for _, seconds in polls) < MARGIN


def test_fault_10_a_question_too_large_is_refused_before_anything_is_allocated(small_server, colombia) -> None:
    names = list(colombia.network.names)
    before = status(small_server.url)
    body = {"targets": names[:1], "joint": [names[:16]], "interval": "none"}
    asked = Asked("joint", f"/v1/models/{colombia.name}/query", json.dumps(body).encode())
    answer = side_by_side(small_server.url, [asked], clients=1)[0]
    after = status(small_server.url)
    assert answer.status == 422
    assert json.loads(answer.body)["code"] in ("joint_too_large", "too_costly")
    assert after["private_bytes"] - before["private_bytes"] < 20 * MEGABYTE
    assert after["pid"] == before["pid"]


def test_fault_10_a_worker_without_memory_answers_503_and_lives_on(small_priors, colombia, tmp_path) -> None:
    with gunicorn(small_priors, tmp_path / "log", workers=1) as server:
        large = batch_of(colombia, 10_000, targets=list(colombia.network.names[:8]))
        small = [Asked("live", "/v1/models/asia")]
        assert {answer.status for answer in side_by_side(server.url, small * 16, clients=8)} == {200}
        pid = status(server.url)["pid"]
        with room_left(pid, 20 * MEGABYTE):
            short = side_by_side(server.url, [large], clients=1)[0]
            assert (short.status, json.loads(short.body)["code"]) == (503, "out_of_memory"), short.body[:300]
            assert side_by_side(server.url, small, clients=1)[0].status == 200
        assert side_by_side(server.url, [large], clients=1)[0].status == 200
        assert status(server.url)["pid"] == pid


@pytest.mark.long
@pytest.mark.parametrize("megabytes", [0, 0.5, 3, 6, 12, 18, 25, 35, 50])
def test_fault_10_whatever_else_a_worker_without_memory_does_is_answered_or_refused(
    small_priors, colombia, tmp_path, megabytes
) -> None:
    with gunicorn(small_priors, tmp_path / "log", workers=1) as server:
        large = batch_of(colombia, 10_000, targets=list(colombia.network.names[:8]))
        small = [
            Asked("live", "/v1/models/asia"),
            Asked("marginals", f"/v1/models/{colombia.name}/marginals?interval=none"),
            Asked("page", f"/v1/models/{colombia.name}"),
        ]
        assert {answer.status for answer in side_by_side(server.url, small * 4, clients=8)} == {200}
        pid = status(server.url)["pid"]
        mixed = [large if i % 20 < 3 else small[i % 3] for i in range(120)]
        with room_left(pid, int(megabytes * MEGABYTE)):
            answers = side_by_side(server.url, mixed, clients=7)
        codes = {(answer.status, json.loads(answer.body).get("code")) for answer in answers}
        assert codes <= {(200, None), (503, "out_of_memory"), (503, "deadline"), (429, "busy")}
        assert (503, "out_of_memory") in codes
        assert side_by_side(server.url, [large], clients=1)[0].status == 200
        assert status(server.url)["pid"] == pid


def test_fault_27_a_batch_over_the_cap_is_refused_at_once_and_one_at_it_is_answered(small_server, asia) -> None:
    pid = status(small_server.url)["pid"]
    before = private_bytes(pid)
    over, at = batch_of(asia, 10_001), batch_of(asia, 10_000)
    refused, done = side_by_side(small_server.url, [over, at], clients=1)
    assert announced(small_server.url, at.path, 8 * MEGABYTE + 1) == 413
    assert refused.status == 422
    assert done.status == 200
    assert len(json.loads(done.body)["cases"]) == 10_000
    assert refused.seconds < done.seconds + 1
    assert private_bytes(pid) - before < 300 * MEGABYTE


def test_fault_33_a_question_over_the_cost_is_refused_before_any_work(small_priors, colombia) -> None:
    app = create_app(Settings(small_priors, cost=50_000_000))
    client = app.test_client()
    refused = answered = 0
    for asked in islice(questions(colombia, 33, kinds=(("forecast", 1), ("assumed", 2), ("policies", 1))), 120):
        before = client.get("/v1/status").json["work"]["begun"]
        answer = client.open(asked.path, method=asked.method, data=asked.body, content_type="application/json")
        begun = client.get("/v1/status").json["work"]["begun"] - before
        if answer.status_code == 422 and answer.json["code"] == "too_costly":
            refused += 1
            assert begun == 0
        elif answer.status_code == 200:
            answered += 1
            assert begun == 1
    assert refused > 20
    assert answered > 5
