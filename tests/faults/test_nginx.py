"""Behind the nginx file that ships, under the real nginx."""

import gzip
import re
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.behind_nginx import behind_nginx
from tests.faults.load import load
from tests.faults.test_processes import kill_in_turn
from tests.faults.test_slow_clients import KINDS, slow_clients, wait_until_quiet
from tests.faults.wire import HOST, assert_undisturbed, connect, port_of, probes, served_by, statuses
from tests.servers import Server

pytestmark = [pytest.mark.slow, pytest.mark.needs("nginx")]


@dataclass(frozen=True, slots=True)
class Front:
    """nginx on a port, and the service behind it."""

    port: int
    service: Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory, asia: Path) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("nginx")
    logged = ("--access-logfile", "-", "--access-logformat", "client %(h)s %(U)s id %({x-request-id}i)s")
    with (
        served_by("wsgi:app", folder, *logged, priors=asia, AFTERMATH_PROXIES="127.0.0.1") as service,
        behind_nginx(folder, [port_of(service)]) as port,
    ):
        yield Front(port, service)


@pytest.mark.parametrize("kind", KINDS)
def test_fault_45_slow_clients_of_nginx_leave_every_health_check_answered(front: Front, kind: str) -> None:
    alone = probes(front.url)
    with slow_clients(front.port, KINDS[kind]):
        wait_until_quiet(front.url)
        assert_undisturbed(alone, probes(front.url))


def test_fault_02_a_killed_worker_behind_nginx_is_never_a_502(front: Front) -> None:
    with load(front.port) as found:
        time.sleep(0.5)
        kill_in_turn(front.service, 5)
    assert found.answered > 500
    assert [lost for lost in found.lost if lost.startswith("status")] == []
    assert len(found.lost) <= 5, found.lost


def test_the_service_behind_nginx_sees_its_client(front: Front) -> None:
    connection = HTTPConnection("127.0.0.1", front.port, source_address=("127.0.0.7", 0), timeout=20)
    connection.request("GET", "/livez", headers={"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.8"})
    assert b"alive" in connection.getresponse().read()
    connection.close()
    assert "client 127.0.0.7 /livez" in front.service.log.read_text()


def test_forged_headers_do_not_come_through_nginx(front: Front) -> None:
    path = "/v1/models/asia/forecast/lung.json"
    forged = {
        "X-Forwarded-Prefix": "/elsewhere",
        "X-Forwarded-Host": "attacker.test",
        "Forwarded": "host=attacker.test",
    }
    with urllib.request.urlopen(f"{front.url}{path}", timeout=20) as plain:
        expected = plain.read()
    with urllib.request.urlopen(urllib.request.Request(front.url + path, headers=forged), timeout=20) as answer:
        assert answer.read() == expected


def test_a_body_over_the_limit_is_refused_by_nginx_too(front: Front) -> None:
    head = b"POST /v1/models/asia/batch HTTP/1.1\r\n" + HOST + b"Content-Length: 100000000\r\n\r\n"
    with connect(front.port) as sock:
        sock.sendall(head)
        assert b" 413 " in sock.recv(65_536).split(b"\r\n")[0]


def test_an_address_as_long_as_the_service_takes_passes_nginx(front: Front) -> None:
    request = b"GET /livez?" + b"a" * 8_000 + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    with connect(front.port) as sock:
        sock.sendall(request)
        received = b""
        while chunk := sock.recv(65_536):
            received += chunk
    assert statuses(received)[0] in (200, 422)


def test_answers_are_packed_for_who_unpacks_and_polled_by_the_tag_that_came_with_them(front: Front) -> None:
    path = "/v1/models/asia/variables.json"
    with urllib.request.urlopen(front.url + path, timeout=20) as plain:
        expected = plain.read()
    asked = {"Accept-Encoding": "gzip"}
    with urllib.request.urlopen(urllib.request.Request(front.url + path, headers=asked), timeout=20) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        packed, tag = answer.read(), answer.headers["ETag"]
    assert gzip.decompress(packed) == expected
    assert len(packed) < len(expected) / 2
    connection = HTTPConnection("127.0.0.1", front.port, timeout=20)
    connection.request("GET", path, headers={**asked, "If-None-Match": tag})
    assert connection.getresponse().status == 304
    connection.close()


def test_the_id_of_a_request_is_the_proxys_and_not_its_clients(front: Front) -> None:
    forged = urllib.request.Request(f"{front.url}/livez", headers={"X-Request-Id": "forged"})
    with urllib.request.urlopen(forged, timeout=20) as answer:
        told = answer.headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{32}", told)
    assert f"id {told}" in front.service.log.read_text()
