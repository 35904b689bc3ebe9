"""What a real server of two workers writes down of each request: its log, its headers, its counters."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path

import pytest

from tests.scrapes import named, scraped, series
from tests.servers import Server, gunicorn

pytestmark = pytest.mark.slow

FORECAST = "/v1/models/asia/forecast/lung"
ROUTE = "/v1/models/<model>/forecast/<target>"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PROXY, ELSEWHERE = "127.0.0.2", "127.0.0.3"
"""The address whose word is believed, and one that is not, both of this machine."""


@dataclass
class Observed:
    """A server and its log. Each request comes on a connection of its own, so that every worker gets some."""

    server: Server
    log: Path
    read: int = field(default=0)

    def ask(self, path, *, method="GET", source="127.0.0.1", body=None, **headers):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(source, 0))
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.body = answer.read()
        connection.close()
        return answer

    @property
    def port(self):
        return int(self.server.url.rpartition(":")[2])

    def line(self, answer):
        """The line of an answer, once it is written."""
        wanted = answer.getheader("X-Request-Id")
        return self.server.settled(lambda: next((each for each in self.lines() if each["id"] == wanted), None))

    def lines(self):
        text = "".join(file.read_text(encoding="ascii") for file in self.log.parent.glob("access.log*"))
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def observed(priors: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    folder = tmp_path_factory.mktemp("observed")
    settings = {
        "AFTERMATH_ACCESS_LOG": str(folder / "access.log"),
        "AFTERMATH_PROXIES": PROXY,
        "AFTERMATH_COST": "0.002",
        "AFTERMATH_STATE": str(folder / "state"),
    }
    with gunicorn(priors, folder / "log", workers=2, **settings) as server:
        yield Observed(server, folder / "access.log")


def test_a_line_tells_of_the_request_and_nothing_of_the_question(observed):
    answer = observed.ask(f"{FORECAST}.csv?given=xray:yes&do=smoke:no")
    line = observed.line(answer)
    assert line["route"] == ROUTE
    assert (line["method"], line["form"], line["status"], line["code"]) == ("GET", "csv", 200, None)
    assert (line["model"], line["revision"]) == ("asia", answer.getheader("X-Model-Revision"))
    assert (line["bytes"], line["cache"], line["client"]) == (len(answer.body), "miss", "this machine")
    assert line["cost"] > 0
    assert 0 < line["engine_seconds"] < line["seconds"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert not {"xray", "smoke", "lung"} & set(re.findall(r"\w+", json.dumps(line)))


def test_a_poll_that_is_answered_before_the_framework_has_its_line_too(observed):
    tag = observed.ask(FORECAST).getheader("ETag")
    answers = [observed.ask(FORECAST, If_None_Match=tag) for _ in range(8)]
    assert {answer.status for answer in answers} == {304}
    lines = [observed.line(answer) for answer in answers]
    assert len({line["id"] for line in lines}) == 8
    for line in lines:
        assert (line["route"], line["status"], line["bytes"], line["cache"]) == (ROUTE, 304, 0, "revalidated")
        assert (line["model"], line["revision"]) == ("asia", answers[0].getheader("X-Model-Revision"))
    assert {answer.getheader("Server-Timing") for answer in answers} & {None}  # no times of an earlier answer


REFUSED = [
    ("GET", f"{FORECAST}?given=xray:nope", None, 422, "unknown_state", ROUTE),
    ("GET", "/v1/models/nothing", None, 404, "unknown_model", "/v1/models/<model>"),
    ("GET", "/nothing", None, 404, "not_found", None),
    ("DELETE", FORECAST, None, 405, "method_not_allowed", None),
    ("POST", "/v1/models/asia/query", b"[", 400, "bad_json", "/v1/models/<model>/query"),
    ("POST", "/v1/models/asia/query", b"x" * 2_000_000, 413, "body_too_large", None),
    ("GET", "/v1/models/asia/marginals?interval=0.9", None, 422, "too_costly", "/v1/models/<model>/marginals"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code", "route"), REFUSED)
def test_a_refusal_has_a_line_with_its_code(observed, method, path, body, status, code, route):
    answer = observed.ask(path, method=method, body=body, Content_Type="application/json")
    assert (answer.status, json.loads(answer.body)["code"]) == (status, code), answer.body
    line = observed.line(answer)
    assert (line["status"], line["code"], line["route"], line["bytes"]) == (status, code, route, len(answer.body))


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GARBAGE\r\n\r\n", 400, "bad_request"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "address_too_long"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \x1b[31m\r\n\r\n", 400, "bad_request"),
        (b"GET /\x9b1m HTTP/1.1\r\nHost: localhost\r\n\r\n", None, None),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"),
    ],
)
def test_fault_61_what_cannot_be_read_has_a_line_without_a_control_character(observed, sent, status, code):
    with socket.create_connection(("127.0.0.1", observed.port), timeout=20) as sock:
        sock.sendall(sent)
        received = sock.recv(65_536)
    wanted = re.search(rb"\r\nX-Request-Id: ([0-9a-f]{32})\r\n", received)[1].decode()
    find = lambda: next((each for each in observed.lines() if each["id"] == wanted), None)  # noqa: E731
    line = observed.server.settled(find)
    if status is not None:
        assert (line["status"], line["code"], line["route"]) == (status, code, None)
    assert line["address"] == "127.0.0.1"
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f-\xff]", observed.log.read_bytes())


def test_fault_61_no_secret_comes_into_the_log(observed):
    secrets = {
        "token": f"am_abcdefghijkl_{'TOKENCANARY' * 3}",
        "key": f"al_abcdefghijkl_{'KEYCANARY' * 3}",
        "other": "BASICCANARY",
    }
    answers = [
        observed.ask(FORECAST, Authorization=f"Bearer {secrets['token']}"),
        observed.ask(f"{FORECAST}?key={secrets['key']}"),
        observed.ask(f"{FORECAST}?k%65y={secrets['key']}"),
        observed.ask(f"/{secrets['token']}?x={secrets['key']}", Referer=f"http://x/?key={secrets['key']}"),
        observed.ask(FORECAST, Authorization=f"Basic {secrets['other']}", Cookie=f"a={secrets['other']}"),
        observed.ask(FORECAST, traceparent=secrets["token"], X_Request_Id=secrets["key"], source=ELSEWHERE),
        observed.ask(FORECAST, X_Request_Id=f"{secrets['key']} x", source=PROXY),
    ]
    assert [answer.status for answer in answers[:2]] == [401, 401]
    assert all(observed.line(answer) for answer in answers)
    assert "CANARY" not in observed.log.read_text() + observed.server.log.read_text()


def test_the_id_of_a_trusted_proxy_is_sent_back_and_noted_and_of_nobody_else(observed):
    taken = observed.ask(FORECAST, source=PROXY, X_Request_Id="edge-17", X_Forwarded_For="192.0.2.9")
    assert taken.getheader("X-Request-Id") == "edge-17"
    assert observed.line(taken)["address"] == "192.0.2.9"
    made = observed.ask(FORECAST, source=ELSEWHERE, X_Request_Id="edge-18")
    assert re.fullmatch(r"[0-9a-f]{32}", made.getheader("X-Request-Id"))
    assert observed.line(made)["address"] == ELSEWHERE


@pytest.mark.parametrize(("said", "passed"), [(TRACE, True), (TRACE.upper(), False), (f"{TRACE}-x", False)])
def test_a_trace_is_passed_on_in_answer_and_log(observed, said, passed):
    tag = observed.ask(FORECAST).getheader("ETag")
    for headers in ({}, {"If_None_Match": tag}, {"If_None_Match": tag}):
        answer = observed.ask(FORECAST, traceparent=said, **headers)
        told = answer.getheader("traceparent")
        assert (told == said) is passed
        assert observed.line(answer)["traceparent"] == told
    assert observed.ask(FORECAST).getheader("traceparent") is None


def test_an_answer_says_how_long_its_stages_took(observed):
    path = f"{FORECAST}?given=dysp:yes"
    first = observed.ask(path)
    assert first.getheader("Server-Timing").startswith("cache;desc=miss, ")
    stages = dict(re.findall(r"(\w+);dur=([\d.]+)", first.getheader("Server-Timing")))
    assert list(stages) == ["parse", "queue", "engine", "write"]
    assert sum(map(float, stages.values())) < 1000 * observed.line(first)["seconds"]
    assert float(stages["engine"]) > 0
    again = [observed.ask(path).getheader("Server-Timing") for _ in range(6)]
    assert any(re.fullmatch(r"cache;desc=hit, parse;dur=[\d.]+", each) for each in again)


def test_a_log_that_is_moved_away_is_begun_anew_by_every_worker(observed):
    before = observed.ask("/livez")
    observed.line(before)
    observed.log.rename(observed.log.with_name("access.log.1"))
    os.kill(observed.server.process.pid, signal.SIGUSR1)
    observed.server.settled(observed.log.exists)
    time.sleep(1.0)  # for the other worker
    after = [observed.ask("/livez") for _ in range(16)]
    ids = {answer.getheader("X-Request-Id") for answer in after}
    found = lambda: [json.loads(line) for line in observed.log.read_text().splitlines()]  # noqa: E731
    observed.server.settled(lambda: ids <= {line["id"] for line in found()})


def requests(url):
    return {
        name: count for name, count in named(scraped(url), "aftermath_requests_total").items() if "/metrics" not in name
    }


def test_whichever_worker_is_scraped_tells_of_all_requests(observed):
    url = observed.server.url
    before = requests(url)
    for _ in range(40):
        observed.ask(f"{FORECAST}?given=xray:no")
    found = [requests(url) for _ in range(8)]
    assert all(each == found[0] for each in found)
    key = ("GET", ROUTE, "200")
    assert found[0][key] - before.get(key, 0) == 40
    times = scraped(url)[series("aftermath_request_seconds_count", method="GET", route=ROUTE)]
    assert times == sum(count for (_, route, _), count in found[0].items() if route == ROUTE)


def test_counts_do_not_go_back_when_a_worker_is_killed(observed):
    url = observed.server.url
    before = requests(url)
    status = observed.server.get("/v1/status")
    counted = []
    os.kill(status["workers"][0]["pid"], signal.SIGKILL)
    until = time.monotonic() + 6
    while time.monotonic() < until:
        try:
            counted.append(requests(url))
        except OSError:
            continue
    assert len(counted) > 10
    for earlier, later in pairwise([before, *counted]):
        assert {name: count for name, count in earlier.items() if later.get(name, 0) < count} == {}
    observed.server.settled(lambda: scraped(url)[series("aftermath_workers")] == 2)


def test_the_classes_of_times_only_grow_and_end_with_all(observed):
    found = scraped(observed.server.url)
    by_route = {}
    for (name, labels), count in found.items():
        if name == "aftermath_request_seconds_bucket":
            labels = dict(labels)
            by_route.setdefault((labels["method"], labels["route"]), []).append((float(labels["le"]), count))
    assert by_route
    for (method, route), classes in by_route.items():
        counts = [count for _, count in sorted(classes)]
        assert counts == sorted(counts)
        assert counts[-1] == found[series("aftermath_request_seconds_count", method=method, route=route)]


def test_series_are_bounded_whatever_is_asked(observed):
    observed.ask("/nothing")
    observed.ask(f"{FORECAST}?given=xray:nope")
    observed.ask("/v1/models/asia")
    before = set(scraped(observed.server.url))
    for i in range(100):
        observed.ask(f"/nothing/{i}")
        observed.ask(f"{FORECAST}?given=xray:no{i}")
        observed.ask(f"/v1/models/m{i}")
    new = set(scraped(observed.server.url)) - before
    assert {name for name, _ in new} <= {
        "aftermath_requests_total",
        "aftermath_refusals_total",
        "aftermath_request_seconds_bucket",
        "aftermath_request_seconds_count",
        "aftermath_request_seconds_sum",
    }
    assert len(new) <= 21


def test_refusals_are_counted_by_code(observed):
    url = observed.server.url
    before = named(scraped(url), "aftermath_refusals_total")
    observed.ask(f"{FORECAST}?given=xray:nope")
    with socket.create_connection(("127.0.0.1", observed.port), timeout=20) as sock:
        sock.sendall(b"GET / HTTP/9.9\r\n\r\n")
        sock.recv(65_536)
    after = named(scraped(url), "aftermath_refusals_total")
    assert after[("unknown_state",)] == before.get(("unknown_state",), 0) + 1
    assert after[("bad_request",)] == before.get(("bad_request",), 0) + 1


def test_every_headline_forecast_is_the_one_that_the_api_answers(observed):
    found = scraped(observed.server.url)
    expected = {}
    for model in observed.server.get("/v1/models")["models"]:
        for target in observed.server.get(f"/v1/models/{model['name']}")["headline"] if model["ready"] else ():
            answer = observed.server.get(f"/v1/models/{model['name']}/forecast/{target}")
            for row in answer["distribution"]:
                for name, key in (("", "p"), ("_lo", "lo"), ("_hi", "hi")):
                    own = series(f"aftermath_forecast{name}", model=model["name"], target=target, state=row["state"])
                    expected[own] = row[key]
    assert len(expected) > 6
    assert {own: value for own, value in found.items() if own[0].startswith("aftermath_forecast")} == expected


def test_caches_are_told_by_worker_as_status_tells_them(observed):
    status = observed.server.get("/v1/status")
    told = {each["cache"] for each in status["caches"]}
    entries = named(scraped(observed.server.url), "aftermath_cache_entries")
    assert {cache for cache, _ in entries} == told
    assert {worker for _, worker in entries} == {"0", "1"}
    in_bytes = {each["cache"] for each in status["caches"] if each["bytes"] is not None}
    assert {cache for cache, _ in named(scraped(observed.server.url), "aftermath_cache_bytes")} == in_bytes


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_wrong(observed):
    with urllib.request.urlopen(f"{observed.server.url}/metrics", timeout=60) as answer:
        text = answer.read()
    ran = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def test_metrics_are_for_this_machine_and_for_whoever_has_a_token(observed):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        scraped(observed.server.url, {"X-Forwarded-For": "192.0.2.1"})
