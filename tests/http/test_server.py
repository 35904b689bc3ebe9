"""A real gunicorn with the settings that are shipped: two workers, and requests that no client library would send."""

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection

import pytest

from service.http.security import HEADERS
from tests.servers import Server

pytestmark = pytest.mark.slow

SHAPE = ["type", "title", "status", "code", "detail", "pointer", "allowed", "did_you_mean", "errors"]
POST = b"POST /v1/models/asia/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def raw(server: Server, request: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    """Every answer that comes back on one connection for these bytes."""
    port = int(server.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        with suppress(TimeoutError):  # a client that ended its sending would count as gone
            while chunk := connection.recv(65536):
                received += chunk
                connection.settimeout(0.5)
    return list(parsed(received))


def parsed(received: bytes) -> Iterator[tuple[int, dict[str, str], bytes]]:
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers["content-length"])
        yield int(status.split()[1]), headers, rest[:length]
        received = rest[length:]


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"GARBAGE\r\n\r\n", 400, "bad_request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 400, "bad_request"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "address_too_long"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 99 + b"\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Name: a\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n folded\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: attacker.test\r\n\r\n", 400, "bad_request"),
        (b"GET /livez HTTP/1.1\r\n\r\n", 400, "bad_request"),
        (b"GET /livez HTTP/1.0\r\n\r\n", 400, "bad_request"),
        (b"GET /livez HTTP/1.1\r\nHost: attacker.test\r\n\r\n", 400, "foreign_host"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: miracles\r\n\r\n", 417, "expectation_failed"),
        (POST + b"Content-Length: -1\r\n\r\n", 400, "bad_request"),
        (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "bad_request"),
        (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad_request"),
        (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400, "bad_request"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n", 400, "bad_request"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}no end", 400, "bad_request"),
        (POST + b"Content-Length: 99999999999\r\n\r\n", 413, "body_too_large"),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\nf4241\r\n" + b" " * 0xF4241 + b"\r\n0\r\n\r\n",
            413,
            "body_too_large",
        ),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_once_in_the_one_shape(server, request_bytes, status, code):
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n" if status == 400 else b""
    [(found, headers, body), *more] = raw(server, request_bytes + smuggled)
    problem = json.loads(body)
    assert list(problem) == SHAPE
    assert (found, problem["status"], problem["code"]) == (status, status, code), problem
    assert headers["content-type"] == "application/problem+json"
    assert {name: headers[name.lower()] for name in HEADERS} == HEADERS
    assert all(b"not_found" in answer or code in ("bad_request", "foreign_host") for _, _, answer in more)
    if headers.get("connection") == "close":
        assert more == []


def test_after_a_malformed_chunk_the_connection_is_closed(server):
    bad = POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n"
    answers = raw(server, bad + b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert [status for status, _, _ in answers] == [400]


def test_a_chunked_body_within_the_limit_is_answered(server):
    [(status, _, body)] = raw(
        server, POST + b'Transfer-Encoding: chunked\r\n\r\n11\r\n{"targets":["tub"\r\n2\r\n]}\r\n0\r\n\r\n'
    )
    assert (status, json.loads(body)["asked"]["targets"]) == (200, ["tub"])


def test_a_chunked_table_over_the_limit_is_never_cut_short_and_answered(server):
    line = b"yes\n"
    body = b"xray\n" + line * ((8_000_001 - 5) // 4 + 1)
    request = (
        b"POST /v1/models/asia/batch.csv HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + f"{len(body):x}".encode() + b"\r\n" + body + b"\r\n0\r\n\r\n"
    )
    [(status, _, answer)] = raw(server, request)
    assert (status, json.loads(answer)["code"]) == (413, "body_too_large")


def test_any_worker_and_any_thread_gives_the_same_bytes(server):
    port = int(server.url.rsplit(":", 1)[1])
    paths = [
        f"/v1/models/asia/marginals?given=dysp:{state}&do=smoke:{done}"
        for state in ("yes", "no")
        for done in ("yes", "no")
    ]

    def ask(i: int) -> tuple[str, bytes, str | None]:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", paths[i % 4])
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 200
        return paths[i % 4], body, answer.getheader("ETag")

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(ask, range(200)))
    assert len(answers) == 4


def test_both_workers_were_there_to_answer(server):
    assert len(re.findall(r"Booting worker", server.log.read_text())) == 2


def test_the_log_holds_no_traceback(server):
    assert "Traceback" not in server.log.read_text().replace("model broken", "")
