"""Limits, tokens and links over a real server with several workers."""

import json
import os
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from service.store import links, tokens
from service.store.location import Folder
from tests.clients import run_all
from tests.faults.test_exposure import SERVE, started
from tests.faults.wire import HOST, read_all, statuses
from tests.servers import Server, gunicorn
from tests.stores import ready

pytestmark = pytest.mark.slow

FORECAST = "/v1/models/asia/forecast/lung.json"
LIMIT = 200


class Elsewhere:
    """Clients of a server that asks them for tokens: their requests were passed on."""

    def __init__(self, server: Server, state: Path) -> None:
        self.server, self.state = server, state

    def ask(self, path: str = FORECAST, *, token: str | None = None, address: str = "192.0.2.1") -> tuple[int, str]:
        asked = urllib.request.Request(self.server.url + path, headers={"X-Forwarded-For": address})
        if token is not None:
            asked.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def token(self, **options: object) -> tokens.Issued:
        with closing(ready(Folder(self.state))) as store:
            return tokens.new(store, "a test", **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def elsewhere(asia: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("access")
    settings = {
        "AFTERMATH_STATE": str(folder / "state"),
        "AFTERMATH_TOKENS": "1",
        "AFTERMATH_PROXIES": "127.0.0.1",
        "AFTERMATH_RATE": str(LIMIT),
    }
    with gunicorn(asia, folder / "log", "--access-logfile", "-", workers=4, **settings) as server:
        yield Elsewhere(server, folder / "state")


def at_once(elsewhere: Elsewhere, token: str, count: int) -> list[int]:
    found: list[int] = []

    def work() -> None:
        for _ in range(count // 8):
            found.append(elsewhere.ask(token=token)[0])

    run_all([work] * 8)
    return found


def test_fault_59_the_limit_of_a_token_holds_within_a_tenth_at_four_workers(elsewhere: Elsewhere) -> None:
    one, other = elsewhere.token(), elsewhere.token()
    found = at_once(elsewhere, one.secret, 2 * LIMIT)
    assert set(found) == {200, 429}
    assert 0.9 * LIMIT <= found.count(200) <= 1.1 * LIMIT
    assert elsewhere.ask(token=other.secret)[0] == 200


def test_fault_58_guesses_are_counted_across_four_workers(elsewhere: Elsewhere) -> None:
    valid = elsewhere.token()
    found = [elsewhere.ask(token=f"am_{'a' * 12}_{number:043d}", address="192.0.2.2")[0] for number in range(20)]
    assert found == [401] * 10 + [429] * 10
    assert elsewhere.ask(token=valid.secret, address="192.0.2.3")[0] == 200


def test_a_token_is_revoked_at_every_worker(elsewhere: Elsewhere) -> None:
    issued = elsewhere.token()
    assert {elsewhere.ask(token=issued.secret)[0] for _ in range(20)} == {200}
    with closing(ready(Folder(elsewhere.state))) as store:
        tokens.revoke(store, issued.token.id)
    time.sleep(2.5)
    assert 200 not in {elsewhere.ask(token=issued.secret)[0] for _ in range(20)}


def test_fault_61_neither_a_token_nor_a_key_is_in_the_log(elsewhere: Elsewhere) -> None:
    issued = elsewhere.token()
    with closing(ready(Folder(elsewhere.state))) as store:
        link = links.new(store, links.question(FORECAST), lasting=timedelta(days=1))
    assert elsewhere.ask(token=issued.secret)[0] == 200
    assert elsewhere.ask(link.address(".csv"))[0] == 200
    assert elsewhere.ask(f"/nowhere?key={link.key}")[0] == 403
    host, port = elsewhere.server.url.removeprefix("http://").split(":")
    for line in (
        f"GET {link.address()} HTTP/9.9",
        f"G@T {link.address()} HTTP/1.1",
        f"GET /livez HTTP/1.1\r\nReferer: http://site.test{link.address()}",
        f"GET /livez HTTP/1.1\r\nBad Name: Bearer {issued.secret}",
    ):
        with socket.create_connection((host, int(port)), timeout=10) as sock:
            sock.sendall(line.encode() + b"\r\n" + HOST + b"Connection: close\r\n\r\n")
            assert statuses(read_all(sock))[0] in (200, 400, 505)
    log = elsewhere.server.log.read_text()
    assert "GET /v1/models/asia/forecast/lung.csv HTTP/1.1" in log
    for secret in (issued.secret, link.key):
        assert secret.split("_", 2)[2] not in log


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="needs a system that says who connected to a socket")
def test_a_unix_socket_is_for_the_user_of_the_service_and_for_nobody_passed_on(asia: Path, tmp_path: Path) -> None:
    folder = tempfile.TemporaryDirectory()
    os.chmod(folder.name, 0o755)
    place = Path(folder.name) / "socket"
    settings = {"AFTERMATH_TOKENS": "1", "AFTERMATH_STATE": str(tmp_path / "state")}

    def ask(extra: bytes) -> int:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(place))
            sock.sendall(b"GET " + FORECAST.encode() + b" HTTP/1.1\r\n" + HOST + extra + b"Connection: close\r\n\r\n")
            return statuses(read_all(sock))[0]

    with folder, gunicorn(asia, tmp_path / "log", "--bind", f"unix:{place}", workers=1, **settings):
        assert ask(b"") == 200
        assert ask(b"X-Forwarded-For: 127.0.0.1\r\n") == 401
        if os.geteuid() == 0:
            os.chmod(place, 0o666)
            child = os.fork()
            if not child:
                status = 0
                try:
                    os.setuid(65534)
                    status = ask(b"")
                finally:
                    os._exit(status // 100)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4


def test_everybody_and_nobody_without_a_token_exclude_each_other(asia: Path, tmp_path: Path) -> None:
    ended = started([*SERVE, "--host", "0.0.0.0", "--tokens", "--public-read", "--priors", str(asia)])
    assert ended.returncode == 1
    assert "exclude each other" in ended.stderr


def test_health_and_the_page_are_open_and_tell_of_no_model(elsewhere: Elsewhere) -> None:
    assert json.loads(elsewhere.ask("/readyz")[1])["models"] == []
    status, page = elsewhere.ask("/plain")
    assert (status, "asia" in page) == (200, False)
    assert elsewhere.ask("/livez")[0] == 200
