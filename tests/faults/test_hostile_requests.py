"""Requests that were written to do harm: too large, too deep, ambiguous, with more behind them than they say."""

import ast
import json
import os
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.faults.test_processes import workers
from tests.faults.wire import HOST, POST, connect, port_of, probes, statuses
from tests.servers import Server
from tests.sources import ROOT, imports, modules

pytestmark = pytest.mark.slow

SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
GET = b"GET /livez HTTP/1.1\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
QUERY = b'{"targets":["tub"]}'


def answers(server: Server, data: bytes, *, then_end: bool = True) -> bytes:
    """What comes back for the bytes on one connection, until the server closes it."""
    with connect(port_of(server), timeout=15) as sock:
        sock.sendall(data)
        if then_end:
            sock.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while chunk := sock.recv(65_536):
                received += chunk
        except ConnectionResetError:
            pass
    return received


AMBIGUOUS = {
    "length and chunked": POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunked and length": POST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
    "two equal lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "lengths in a list": POST + b"Content-Length: 0, 44\r\n\r\n",
    "signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "hex length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "underscored length": POST + b"Content-Length: 1_0\r\n\r\n0123456789",
    "superscript length": POST + b"Content-Length: \xb2\r\n\r\n{}",
    "space before the colon": POST + b"Content-Length : 2\r\n\r\n{}",
    "coding before a space": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "folded": POST + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n",
    "chunked in 1.0": POST.replace(b"HTTP/1.1", b"HTTP/1.0") + CHUNKED + b"\r\n0\r\n\r\n",
    "bare line feeds": b"GET /livez HTTP/1.1\nHost: localhost\n\n",
    "a bare line feed within": GET + b"Host: localhost\nX: a\r\n\r\n",
    "two hosts": GET + HOST + b"Host: attacker.test\r\n\r\n",
    "no host": GET + b"\r\n",
    "a null": GET + HOST + b"X: a\0b\r\n\r\n",
    "an absolute address elsewhere": b"GET http://attacker.test/livez HTTP/1.1\r\n" + HOST + b"\r\n",
}
"""23 requests that two readers might read in two ways."""


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_fault_46_an_ambiguous_request_is_refused_and_nothing_behind_it_runs(server: Server, name: str) -> None:
    received = answers(server, AMBIGUOUS[name] + SMUGGLED)
    found = statuses(received)
    assert found[0] in (400, 501), found
    assert b"/smuggled" not in received or name in ("no host", "an absolute address elsewhere")


@pytest.mark.parametrize("coding", [b"gzip", b"identity", b"gzip, chunked", b"xchunked", b"deflate"])
def test_fault_46_another_transfer_coding_is_not_implemented(server: Server, coding: bytes) -> None:
    received = answers(server, POST + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n" + SMUGGLED)
    assert statuses(received) == [501]


def test_fault_46_headers_with_underscores_are_none(server: Server) -> None:
    forged = b"Content_Length: 5\r\nSCRIPT_NAME: /a\r\nX_Forwarded_For: 6.6.6.6\r\nConnection: close\r\n"
    assert statuses(answers(server, GET + HOST + forged + b"\r\n")) == [200]


@pytest.mark.parametrize(
    "body",
    [
        b"ZZ\r\n{}\r\n0\r\n\r\n", b"\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n", b"0x2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}0\r\n\r\n", b"2\n{}\n0\n\n", b"2;a=\x00\r\n{}\r\n0\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\nGET",
        b"ffffffffffffffffffff\r\n{}\r\n0\r\n\r\n", b"2\r\n{}\r\n0\r\nContent-Length: 3\r\n\r\n",
        b"2\r\n{}\r\n0\r\nHost: attacker.test\r\n\r\n", b"1;" + b"a" * 9_000 + b"\r\n{\r\n0\r\n\r\n",
    ],
)  # fmt: skip
def test_fault_47_a_malformed_chunk_is_refused_and_the_connection_closed(server: Server, body: bytes) -> None:
    received = answers(server, POST + CHUNKED + b"\r\n" + body + SMUGGLED)
    assert statuses(received) in ([400], [413]), received[:200]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /nowhere HTTP/1.1\r\n" + HOST, 404),
        (b"POST /livez HTTP/1.1\r\n" + HOST, 405),
        (b"POST /v1/models/asia/query HTTP/1.1\r\n" + HOST + b"Content-Type: text/plain\r\n", 415),
        (POST.replace(b"localhost", b"attacker.test"), 400),
    ],
)
def test_a_body_that_was_not_read_ends_its_connection(server: Server, head: bytes, status: int) -> None:
    received = answers(server, head + b"Content-Length: 2\r\n\r\n{}" + SMUGGLED, then_end=False)
    assert statuses(received) == [status]
    assert b"\r\nConnection: close\r\n" in received


def test_a_body_that_was_read_and_refused_keeps_its_connection(server: Server) -> None:
    last = b"GET /livez HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    received = answers(server, POST + b'Content-Length: 7\r\n\r\n{"a":1}' + last, then_end=False)
    assert statuses(received) == [422, 200]


@pytest.mark.parametrize("path", [b"/v1/models/asia/query", b"/nowhere", b"/v1/models/asia/forecast/lung"])
@pytest.mark.parametrize("chunked", [False, True])
def test_fault_28_a_hundred_megabytes_are_refused_and_not_kept(server: Server, path: bytes, chunked: bool) -> None:
    probes(server.url, 10)
    for _ in range(20):  # what refuses, and what is at work just after the start, takes its memory before
        answers(
            server, b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 100000000\r\n\r\n", then_end=False
        )
    before = resident(server)
    head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
    block = b" " * 1_000_000
    with connect(port_of(server)) as sock:
        sock.sendall(head + (CHUNKED if chunked else b"Content-Length: 100000000\r\n") + b"\r\n")
        try:
            for _ in range(100):
                sock.sendall(b"f4240\r\n" + block + b"\r\n" if chunked else block)
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            pass
        received = sock.recv(65_536)
    assert received.startswith(b"HTTP/1.1 413 ")
    assert resident(server) - before < 8_000_000


def resident(server: Server) -> int:
    """Bytes of memory that the workers have had at most."""
    total = 0
    for pid in workers(server):
        (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmHWM")]
        total += int(line.split()[1]) * 1024
    return total


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (29, b"[" * 100_000),
        (29, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        (30, b'{"given":{"xray":' + b"9" * 4_000 + b"}}"),
        (30, b'{"given":{"xray":{"likelihood":{"yes":1e400}}}}'),
        (30, b'{"given":{"xray":{"likelihood":{"yes":NaN}}}}'),
        (30, b'{"given":{"xray":{"likelihood":{"yes":-Infinity}}}}'),
        (31, b'{"given":{"xray":"yes","xray":"no"}}'),
        (31, b'{"given":{"xray":"\\ud800"}}'),
        (31, b'{"given":{"xray":"\\u0000"}}'),
        (31, '{"given":{}}'.encode("utf-16")),
    ],
)
def test_fault_29_30_31_a_body_that_is_no_plain_json_is_refused(server: Server, fault: int, body: bytes) -> None:
    head = POST + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    received = answers(server, head + body, then_end=False)
    assert statuses(received) == [400], fault
    json.loads(received.partition(b"\r\n\r\n")[2], parse_constant=pytest.fail)


def test_fault_53_what_is_not_in_the_address_does_not_change_a_cacheable_answer(server: Server) -> None:
    """Headers that a cache does not look at change neither the bytes nor the tag; where they decide who asks, a refusal
    that no cache keeps is all that they bring about.
    """
    target = b"GET /v1/models/asia/forecast/lung.json HTTP/1.1\r\n" + HOST + b"Connection: close\r\n"
    odd = [
        b"X-Original-URL: /errors", b"Cookie: a=b", b"X-HTTP-Method-Override: POST", b"Accept: text/html",
        b"Accept-Language: fr", b"Authorization: Basic YTpi", b"Range: bytes=0-9", b"X-Rewrite-URL: /errors",
    ]  # fmt: skip
    asking = [
        b"X-Forwarded-Host: attacker.test", b"X-Forwarded-Prefix: /a", b"Forwarded: host=attacker.test",
        b"Authorization: Bearer a",
    ]  # fmt: skip
    plain = answers(server, target + b"\r\n", then_end=False)

    of_each = (b"Date:", b"X-Request-Id:", b"Server-Timing:")

    def without_what_each_has(received: bytes) -> list[bytes]:
        return [line for line in received.split(b"\r\n") if not line.startswith(of_each)]

    for header in odd:
        other = answers(server, target + header + b"\r\n\r\n", then_end=False)
        assert without_what_each_has(other) == without_what_each_has(plain), header
    for header in asking:
        refused = answers(server, target + header + b"\r\n\r\n", then_end=False)
        assert (statuses(refused), b"Cache-Control: no-store" in refused) == ([401], True), header
        assert b"attacker.test" not in refused


FETCHING = {"urllib.request", "http.client", "ftplib", "smtplib", "requests", "httpx", "aiohttp", "urllib3", "xmlrpc"}


STORE = ROOT / "service" / "store"
"""It connects to the one database that the operator names."""


def test_fault_55_nothing_of_the_service_connects_to_anything() -> None:
    """No address that somebody sends or writes is fetched: there is nothing in the program that could."""
    client = ROOT / "service" / "client.py"  # of others: nothing of the service imports it
    for path in {*modules("service"), *modules("model"), ROOT / "wsgi.py", ROOT / "gunicorn.conf.py"} - {client}:
        named = set(imports(path))
        assert not any(name.startswith("service.client") for name in named), path
        assert not {name for name in named if name in FETCHING or name.rpartition(".")[0] in FETCHING}, path
        calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        reached = ("create_connection", "urlopen", *(() if path.is_relative_to(STORE) else (".connect",)))
        assert not [call for call in calls if call.endswith(reached)], path


def test_fault_61_what_clients_send_does_not_write_the_log(server: Server) -> None:
    canary = b"Canary5150"
    hostile = [
        b"GET /%0d%0aINFO%20forged-" + canary + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /\x1b[31m" + canary + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        GET + b"Host: \x1b[2J" + canary + b"\r\n\r\n",
        GET + HOST + b"Authorization: Bearer " + canary + b"\r\nCookie: token=" + canary + b"\r\n\r\n",
        GET + HOST + b"X: \x1b]0;" + canary + b"\x07\r\n\r\n",
        GET + HOST + b"Bad Name " + canary + b"\x1b[31m: a\r\n\r\n",
        POST + b"Content-Length: 12\r\n\r\n" + b'"' + canary + b'"',
        b"\x1b[31m" + canary + b"\r\n\r\n",
    ]
    for request in hostile:
        answers(server, request)
    log = server.log.read_text()
    assert [c for c in log if not (c.isprintable() or c == "\n")] == []
    assert "\nINFO forged" not in log
    assert "token=" not in log
    assert "Bearer" not in log


FORK = """
import os, signal, sys
from service import create_app
from service.settings import Settings
from pathlib import Path
app = create_app(Settings(Path(sys.argv[1])), ahead=True)
lost = 0
for number in range(int(sys.argv[2])):
    child = os.fork()
    if not child:
        signal.alarm(60)
        asked = app.test_client().post("/v1/models/asia/query", json={"targets": ["lung"], "given": {"xray": "yes"}})
        os._exit(asked.status_code != 200)
    lost += os.waitpid(child, 0)[1] != 0
print("lost", lost)
"""


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.long)])
def test_fault_36_a_forked_process_answers_from_what_was_loaded_before(asia: Path, count: int) -> None:
    command = [sys.executable, "-c", FORK, str(asia), str(count)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500, check=False)
    assert ended.stdout.strip() == "lost 0", ended.stderr[-2000:]


def test_fault_36_no_kernel_runs_in_threads_of_its_own() -> None:
    """The threading layers of numba end a forked or threaded process; nothing here starts one."""
    for path in modules("model"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [keyword.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for keyword in node.keywords]
        assert "parallel" not in names, path
        assert not [name for name in imports(path) if name == "numba.prange"], path


DANGEROUS = {"eval", "exec", "yaml.load", "yaml.unsafe_load", "pickle.loads", "pickle.load", "os.system"}


OF_THE_PROGRAM = ROOT / "model" / "inference" / "kernel_cache.py"
"""It reads compiled kernels that the program wrote, as numba does."""


def test_fault_63_nothing_runs_text_or_reads_values_that_could() -> None:
    for path in {*modules("service"), *modules("model")} - {OF_THE_PROGRAM}:
        calls = [ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        assert [call for call in calls if call in DANGEROUS] == [], path


def test_fault_63_the_server_is_not_older_than_its_last_hole() -> None:
    """Floors of what reads bytes from strangers: gunicorn 26.1 mended its chunks, Werkzeug 3.1 its forms."""
    for name, floor in (("gunicorn", (26, 1)), ("werkzeug", (3, 1))):
        assert tuple(map(int, version(name).split(".")[:2])) >= floor
