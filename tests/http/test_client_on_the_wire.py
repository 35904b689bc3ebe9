"""The client file against real servers: connections, refusals that pass, polls, threads, and the file by itself."""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from service import SERVICE, create_app
from service import client as client_file
from service.client import Client, ClientError, Question, Refusal, Unreachable
from service.settings import Settings
from service.store import tokens
from service.store.location import Folder
from tests.http.test_client import Within
from tests.servers import ROOT, Server, free_port, gunicorn

XRAY = Question(given={"xray": "yes"})
PROBLEM = {"code": "busy", "detail": "come back", "status": 429}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("running")
    shutil.copytree(ROOT / "priors" / "asia", folder / "models" / "asia")
    with gunicorn(folder / "models", folder / "log", AFTERMATH_STATE=str(folder / "state")) as server:
        yield server


@dataclass
class Scripted:
    """A server that answers with what a test says, in order and the last again, and keeps what it was sent."""

    answers: list[tuple[int, dict[str, str], bytes]]
    closing: bool = False
    seen: list[dict[str, Any]] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    url: str = ""

    def next(self) -> tuple[int, dict[str, str], bytes]:
        return self.answers[min(len(self.seen), len(self.answers)) - 1]


@contextmanager
def scripted(*answers: tuple[int, dict[str, str], bytes], closing: bool = False) -> Iterator[Scripted]:
    script = Scripted(list(answers), closing)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            script.seen.append({"path": self.path, "body": body, **{k.lower(): v for k, v in self.headers.items()}})
            script.ports.append(self.client_address[1])
            status, headers, data = script.next()
            if status == 0:
                time.sleep(2)
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = script.closing

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        script.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


def answer(number: int, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/json", **headers}, json.dumps({"number": number}).encode()


def refused(status: int, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/problem+json", **headers}, json.dumps(PROBLEM).encode()


@pytest.fixture
def asked() -> Iterator[Callable[..., Client]]:
    """Makes clients, whose connections are closed at the end."""
    made: list[Client] = []

    def make(url: str, **settings: Any) -> Client:
        made.append(Client(url, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_questions_go_over_one_connection_and_another_where_it_was_closed(asked):
    with scripted(answer(1)) as server:
        client = asked(server.url)
        assert [client.read("/v1/a").number for _ in range(3)] == [1, 1, 1]
        assert len(set(server.ports)) == 1
        client.close()
        client.read("/v1/a")
        assert len(set(server.ports)) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(asked, method):
    with scripted(answer(1), closing=True) as server:
        client = asked(server.url)
        for _ in range(3):
            assert client._answer(method, "/v1/a", None if method == "GET" else {}).number == 1
            time.sleep(0.05)
        assert len(set(server.ports)) == 3


def test_what_makes_something_is_not_sent_twice(asked):
    with scripted(answer(1), closing=True) as server:
        client = asked(server.url)
        client.read("/v1/a")
        connection = client._own.connection
        connection.sock = connection.sock or connection.connect() or connection.sock
        connection.sock.close()
        with pytest.raises(Unreachable):
            client.link("/v1/models/asia/forecast/lung")
        assert len(server.seen) == 1


def test_nobody_there_and_nobody_who_answers_in_time_are_said(asked):
    with pytest.raises(Unreachable, match=r"GET http://127.0.0.1:\d+/v1/models.json: .*refused"):
        asked(f"http://127.0.0.1:{free_port()}").models()
    with scripted((0, {}, b"")) as server:
        started = time.monotonic()
        with pytest.raises(Unreachable, match="timed out"):
            asked(server.url, timeout=0.2).models()
        assert time.monotonic() - started < 1


def test_a_question_that_is_to_come_back_is_asked_again_within_the_patience(asked):
    with scripted(refused(429, **{"Retry-After": "1"}), answer(2)) as server:
        started = time.monotonic()
        assert asked(server.url).read("/v1/a").number == 2
        assert 1 <= time.monotonic() - started < 3
    with scripted(refused(503, **{"Retry-After": "10"})) as server:
        with pytest.raises(Refusal) as caught:
            asked(server.url, patience=5).read("/v1/a")
        assert (caught.value.status, caught.value.retry_after, len(server.seen)) == (503, 10.0, 1)
    with scripted(refused(503)) as server:
        with pytest.raises(Refusal):
            asked(server.url).read("/v1/a")
        assert len(server.seen) == 1


def test_a_refusal_that_is_not_the_services_says_what_it_looks_like(asked):
    html = {"Content-Type": "text/html"}
    bad = (502, html, b"<h1>Bad Gateway</h1>")
    with scripted(bad) as server, pytest.raises(Refusal, match="http_502: <h1>Bad Gateway</h1>"):
        asked(server.url).models()
    with scripted((301, {"Location": "https://elsewhere.test/"}, b"")) as server:
        with pytest.raises(Refusal, match="http_301"):
            asked(server.url, token="secret").models()
        assert len(server.seen) == 1
    with scripted((200, html, b"<h1>Log in</h1>")) as server, pytest.raises(ClientError, match="no JSON but text/html"):
        asked(server.url).models()


def test_a_token_is_sent_and_a_wrong_one_refused(tmp_path, running, asked):
    with pytest.raises(Refusal) as caught:
        asked(running.url, token="aft_wrong").models()
    assert (caught.value.status, caught.value.code) == (401, "bad_token")
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    app = create_app(Settings(tmp_path / "models", place=Folder(tmp_path / "state"), public_read=False))
    issued = tokens.new(app.extensions[SERVICE].store, "a notebook", scopes=("read",), author="test")
    allowed, unknown = Within(app, token=issued.secret), Within(app)
    for each in (allowed, unknown):
        each.origin = "192.0.2.7"
    assert allowed.model("asia").forecast("lung").probability("yes") == pytest.approx(0.055)
    with pytest.raises(Refusal) as caught:
        unknown.model("asia").forecast("lung")
    assert (caught.value.status, caught.value.code) == (401, "token_needed")
    with pytest.raises(Refusal) as caught:
        allowed.model("asia").keep(Question("lung"))
    assert (caught.value.status, caught.value.code) == (403, "not_allowed")


@pytest.mark.slow
def test_one_client_may_be_used_by_many_threads(running, asked):
    client = asked(running.url)
    asia = client.model("asia")
    expected = {state: asia.query(Question("lung", given={"xray": state})) for state in ("yes", "no")}
    failures: list[object] = []

    def work(k: int) -> None:
        for i in range(40):
            state = ("yes", "no")[(i + k) % 2]
            if asia.query(Question("lung", given={"xray": state})) != expected[state]:
                failures.append((k, i))
        client.close()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []


@pytest.mark.slow
def test_long_answers_come_packed(running, asked, monkeypatch):
    client = asked(running.url)
    unpacked = []
    really = client_file.gzip.decompress
    monkeypatch.setattr(client_file.gzip, "decompress", lambda data: unpacked.append(len(data)) or really(data))
    found = client.model("asia").marginals(XRAY)
    assert len(found.targets) == 8
    assert unpacked
    assert unpacked[0] < len(json.dumps(found)) / 2


def test_a_poll_yields_what_changed_and_reads_nothing_else(asked, monkeypatch):
    one, two = answer(1, ETag='"one"'), answer(2, ETag='"two"')
    same = (304, {"ETag": '"one"'}, b"")
    with scripted(one, same, same, one, two, same, answer(3, ETag='"three"')) as server:
        read = []
        really = json.loads
        monkeypatch.setattr(client_file.json, "loads", lambda *said, **how: read.append(said) or really(*said, **how))
        found = list(islice(asked(server.url).poll("/v1/a", every=0.01), 3))
        assert [each.number for each in found] == [1, 2, 3]
        assert [each.etag for each in found] == ['"one"', '"two"', '"three"']
        assert len(read) == 3
        assert [each.get("if-none-match") for each in server.seen] == [None, *['"one"'] * 4, *['"two"'] * 2]


def test_a_poll_backs_off_as_it_is_told_and_goes_on(asked):
    told: list[tuple[str, float]] = []
    with scripted(refused(503), refused(500), refused(429, **{"Retry-After": "1"}), answer(1, ETag='"a"')) as server:
        started = time.monotonic()
        polled = asked(server.url).poll(
            "/v1/a", every=0.05, failed=lambda error, wait: told.append((type(error).__name__, wait))
        )
        assert next(polled).number == 1
        assert time.monotonic() - started > 1
    waits = [wait for _, wait in told]
    assert [name for name, _ in told] == ["Refusal"] * 3
    assert 1.6 <= waits[0] / 0.05 <= 2.4
    assert 1.6 <= waits[1] / waits[0] <= 2.4
    assert waits[2] == 1


def test_a_poll_of_what_cannot_be_is_refused_and_one_that_is_stopped_ends(asked):
    with scripted(refused(422)) as server, pytest.raises(Refusal):
        next(asked(server.url).poll("/v1/a"))
    stop = threading.Event()
    with scripted(answer(1, ETag='"a"')) as server:
        polled = asked(server.url).poll("/v1/a", every=60, stop=stop)
        assert next(polled).number == 1
        threading.Timer(0.1, stop.set).start()
        started = time.monotonic()
        assert list(polled) == []
        assert time.monotonic() - started < 5


@pytest.mark.slow
def test_a_poll_of_a_running_service_sees_a_saved_prior(tmp_path, asked):
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    with gunicorn(tmp_path / "models", tmp_path / "log", AFTERMATH_STATE=str(tmp_path / "state")) as server:
        polled = asked(server.url).model("asia").poll("xray", Question(), every=0.05)
        before = next(polled)
        path = tmp_path / "models" / "asia" / "findings.yaml"
        path.write_text(path.read_text().replace("yes: 0.98", "yes: 0.97").replace("no: 0.02", "no: 0.03"))
        after = next(polled)
        assert before.revision != after.revision
        assert before.probability("yes") > after.probability("yes")
        now = server.get("/v1/models/asia/forecast/xray.json")
        assert (after, after.served) == (now, now["revision"])


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import aftermath_client as copied
with copied.Client(sys.argv[2]) as client:
    asia = client.model("asia")
    answer = asia.query(copied.Question("lung", given={"xray": copied.reported(yes=4, no=1)}, do={"smoke": "no"}))
    batch = asia.batch([copied.Question(given={"xray": "yes"}), {"given": {"xray": "maybe"}}], copied.Question("lung"))
    assert [case.error is None for case in batch.cases] == [True, False]
    try:
        answer.frame()
    except ImportError as error:
        assert error.name == "pandas", error
    else:
        raise AssertionError("there is no pandas here")
    assert not {name.partition(".")[0] for name in sys.modules} & {"service", "model", "numpy", "flask", "pydantic"}
    print(answer.probability("yes"))
"""


@pytest.mark.slow
def test_the_file_works_by_itself_where_nothing_is_installed(running, tmp_path):
    shutil.copy2(Path(client_file.__file__), tmp_path / "aftermath_client.py")
    command = [sys.executable, "-S", "-I", "-W", "error", "-c", SCRIPT, str(tmp_path), running.url]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    said = running.get("/v1/models/asia/forecast/lung.json?given=xray:like(yes=4,no=1)&do=smoke:no")
    assert float(ran.stdout) == said["distribution"][0]["p"]


def test_the_copied_file_is_typed_by_itself(tmp_path):
    shutil.copy2(Path(client_file.__file__), tmp_path / "aftermath_client.py")
    (tmp_path / "used.py").write_text(
        "from aftermath_client import Answer, Client, Question, reported\n"
        "def ask(url: str) -> list[Answer]:\n"
        "    asia = Client(url).model('asia')\n"
        "    return [asia.query(Question('lung', given={'xray': reported(yes=4.0)})), *asia.poll('lung')]\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--no-site-packages", "--config-file=", "used.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stdout) == (0, "Success: no issues found in 1 source file\n"), ran.stdout


def test_importing_it_from_the_package_imports_nothing_heavy():
    heavy = {"flask", "model", "numpy", "numba", "pydantic", "sqlalchemy", "msgspec", "pandas"}
    said = f"import sys, service.client; print(sorted({heavy!r} & {{name.partition('.')[0] for name in sys.modules}}))"
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.strip() == "[]"
