"""Lines of the access log: printable, without secrets, whole; ids and traces as the standards have them."""

import json
import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http import telemetry
from service.http.proxies import BehindProxies
from service.http.server.access_log import AT_ONCE, AccessLog, question
from service.http.server.observer import Observer
from service.http.telemetry import RECORD, Record, traced
from service.settings import Settings, from_environment
from tests.servers import ROOT

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KEYS = [
    "time",
    "id",
    "traceparent",
    "address",
    "client",
    "method",
    "route",
    "form",
    "status",
    "code",
    "seconds",
    "engine_seconds",
    "bytes",
    "cache",
    "cost",
    "model",
    "revision",
    "worker",
]


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


@given(method=st.text(), client=st.text(), target=st.text(alphabet=st.characters(max_codepoint=255)))
def test_fault_61_a_line_is_one_line_of_printable_ascii_whatever_is_sent(method, client, target):
    log = AccessLog("-", questions=True)
    record = Record(id="1", method=method, client=client, question=question(target))
    line = log.line(record)
    assert set(line[:-1].decode("ascii")) <= set(string.printable) - set("\n\r\t\x0b\x0c")
    assert line.endswith(b"}\n")
    assert len(line) <= AT_ONCE
    assert list(json.loads(line)) == [*KEYS, "question"]


@pytest.mark.parametrize(
    "target",
    [
        "/v1/models?key=al_abcdefghijkl_SECRETSECRET",
        "/v1/models?k%65y=al_abcdefghijkl_SECRETSECRET",
        "/v1/models?%6bey=al%5Fabcdefghijkl%5FSECRETSECRET",
        "/v1/models/am_abcdefghijkl_SECRETSECRET",
        "/v1/models/a%6d_abcdefghijkl_SECRETSECRET?x=1",
        "/v1/models?x=Bearer%20SECRETSECRET",
    ],
)
def test_fault_61_no_secret_stands_in_a_question(target):
    assert "SECRET" not in question(target)


def test_a_question_is_in_no_line_unless_it_is_asked_for(tmp_path):
    record = Record(id="1", question="/v1/models/asia")
    assert list(json.loads(AccessLog("-").line(record))) == KEYS
    assert from_environment({"AFTERMATH_LOG_QUESTIONS": "1"}).log_questions
    assert not from_environment({}).log_questions


def test_lines_are_written_whole_and_counted_where_they_cannot_be(tmp_path):
    log = AccessLog(str(tmp_path / "log"))
    assert [log.write(Record(id=str(i))) for i in range(100)] == [0] * 100
    assert log.flush() == 0
    assert [line["id"] for line in lines(tmp_path / "log")] == list(map(str, range(100)))
    full = AccessLog("/dev/full")
    assert sum(full.write(Record(id=str(i))) for i in range(100)) + full.flush() == 100


def test_lines_to_a_pipe_go_in_parts_that_it_takes_at_one_stroke(tmp_path, monkeypatch):
    sizes, write = [], os.write
    log = AccessLog(str(tmp_path / "log"))
    monkeypatch.setattr(os, "write", lambda file, data: (sizes.append(len(data)), write(file, data))[1])
    for i in range(200):
        log.write(Record(id=str(i), route="/v1/models/<model>/forecast/<target>"))
    log.flush()
    assert max(sizes) <= AT_ONCE
    assert len(lines(tmp_path / "log")) == 200


def test_a_log_that_was_moved_away_is_begun_anew(tmp_path):
    log = AccessLog(str(tmp_path / "log"))
    log.write(Record(id="before"))
    log.flush()
    (tmp_path / "log").rename(tmp_path / "log.1")
    log.write(Record(id="between"))
    log.flush()
    log.reopen()
    log.write(Record(id="after"))
    log.flush()
    assert [line["id"] for line in lines(tmp_path / "log.1")] == ["before", "between"]
    assert [line["id"] for line in lines(tmp_path / "log")] == ["after"]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        f"{TRACE}-more",
        f"{TRACE},{TRACE}",
        f" {TRACE}",
        f"{TRACE}\n",
        TRACE[:-1],
        TRACE.replace("-", "_"),
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.more",
    ],
)
def test_a_trace_that_is_not_well_formed_is_replaced(said):
    made = traced(said)
    assert made != said
    assert traced(made) == made
    assert made != traced(said)


def test_a_trace_is_passed_on_and_none_is_made_where_none_came():
    assert traced(TRACE) == TRACE
    assert traced(None) is None
    assert traced(f"01-{TRACE[3:-2]}ff-x") == TRACE


def seen(headers, *, trusted):
    """The id of a request that comes with these headers from an address that is trusted or not."""
    found = {}
    inner = BehindProxies(
        lambda environ, _: found.update(id=telemetry.identify(environ)) or (),
        Settings(ROOT / "priors", proxies=from_environment({"AFTERMATH_PROXIES": "10.0.0.1"}).proxies).proxies,
    )
    inner({"REMOTE_ADDR": "10.0.0.1" if trusted else "10.0.0.2", **headers}, lambda *_: None)
    return found["id"]


@pytest.mark.parametrize("said", ["4bf92f35-77b3", "a" * 128, "Root=1-67891233:abc"])
def test_the_id_of_a_trusted_proxy_is_taken(said):
    assert seen({"HTTP_X_REQUEST_ID": said}, trusted=True) == said


@pytest.mark.parametrize("said", ["", "a" * 129, "a b", "a\nb", 'a"b', "é", "\x1b[31m", "-a"])
def test_an_id_that_is_none_is_replaced(said):
    made = seen({"HTTP_X_REQUEST_ID": said}, trusted=True)
    assert made != said
    assert len(made) == 32


def test_fault_60_the_id_of_anybody_else_is_not_taken():
    assert seen({"HTTP_X_REQUEST_ID": "4bf92f35"}, trusted=False) != "4bf92f35"


def test_no_two_requests_have_one_id_and_no_two_processes():
    made = {telemetry.new_id() for _ in range(1_000)}
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, telemetry.new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    made.add(os.read(reader, 100).decode())
    os.close(reader)
    os.close(writer)
    assert len(made) == 1_001


def test_what_cannot_be_read_has_an_id_a_code_and_a_line(tmp_path):
    log = AccessLog(str(tmp_path / "log"))
    observer = Observer(log=log)
    data = observer.refused_unread(("192.0.2.7", 1), 408, "the head of the request took longer than 10 s")
    observer.flush()
    (line,) = lines(tmp_path / "log")
    assert f"X-Request-Id: {line['id']}\r\n".encode() in data
    assert (line["status"], line["code"], line["address"]) == (408, "request_timeout", "192.0.2.7")
    assert (line["bytes"], line["method"], line["route"]) == (len(data.partition(b"\r\n\r\n")[2]), None, None)


def test_a_record_that_nobody_made_is_nobodys():
    environ = {}
    record = telemetry.of(environ)
    assert environ[RECORD] is record is telemetry.of(environ)
