"""Conditional requests and HEAD over the whole URL map: by tags, weak ones, lists and the star, and by dates."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import SERVICE, create_app
from service.http.security import READABLE
from service.settings import Settings
from service.store import answers
from service.store.location import Folder
from tests.http.addresses import every_get
from tests.servers import ROOT, Server, gunicorn

FORECAST = "/v1/models/asia/forecast/lung"
MARGINALS = "/v1/models/asia/marginals"
PACK = {"Accept-Encoding": "gzip"}
PACKINGS: tuple[dict[str, str], ...] = ({}, PACK, {"Accept-Encoding": "zstd"})
NEVER_KEPT = ("/livez", "/readyz", "/v1/status", "/metrics", "/v1/links", "/v1/links.json")
OF_EACH_ANSWER = {
    "date",
    "ratelimit-remaining",
    "ratelimit-reset",
    "server-timing",
    "connection",
    "x-request-id",
    "traceparent",
}
"""Headers that may differ between two answers to one request."""
REVIEWED = timedelta(seconds=2)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(ROOT / "priors" / "asia", folder / "models" / "asia")
    made = create_app(Settings(folder / "models", place=Folder(folder / "state")))
    while "Last-Modified" not in made.test_client().get(FORECAST).headers:  # told once its second is over
        time.sleep(0.05)
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def past(app: Flask) -> Iterator[datetime]:
    """The service began, and its revisions became active, some time ago: at this whole second."""
    service = app.extensions[SERVICE]
    before, now = (service.started, service.live.now), datetime.now(UTC).replace(microsecond=0)
    at = now - timedelta(hours=1)
    object.__setattr__(service, "started", at)
    service.live.put(replaced_since(service.live.now, at))
    yield at
    object.__setattr__(service, "started", before[0])
    service.live.put(before[1])


def replaced_since(served, at):
    return replace(served, since=dict.fromkeys(served.since, at))


def stated(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def test_every_address_that_may_be_kept_knows_its_tag_however_it_is_said(app, client):
    count = 0
    for path in every_get(app, client):
        if path in NEVER_KEPT:
            continue
        for packing in PACKINGS:
            tag = client.get(path, headers=packing).headers["ETag"]
            for known in (tag, f"W/{tag}", f'"a, b", "other",W/{tag} , "more"', "*"):
                again = client.get(path, headers={**packing, "If-None-Match": known})
                assert (again.status_code, again.data) == (304, b""), (path, known)
                assert known == "*" or again.headers["ETag"] == tag
                assert "Content-Length" not in again.headers
            for known in (tag.strip('"')[:-1], '"other"', 'W/"other", "*"', f"{tag[:-2]}", ""):
                assert client.get(path, headers={**packing, "If-None-Match": known}).status_code == 200, (path, known)
            count += 1
    assert count > 200


def test_head_says_of_every_address_what_get_sends(app, client):
    addresses = list(every_get(app, client))
    assert len(addresses) > 80
    for path in [*addresses, "/nowhere", f"{FORECAST}s", f"{FORECAST}?given=xray:never", f"{MARGINALS}?fields=targets"]:
        if path in NEVER_KEPT:
            continue
        for packing in PACKINGS:
            got, head = (client.open(path, method=method, headers=packing) for method in ("GET", "HEAD"))
            assert (head.status_code, head.data) == (got.status_code, b""), path
            assert dict(head.headers) == dict(got.headers), path
            assert head.headers["Content-Length"] == str(len(got.data)), path


def test_health_has_its_length_too(client):
    for path in NEVER_KEPT:
        head = client.head(path)
        assert (head.data, int(head.headers["Content-Length"]) > 0) == (b"", True)


@pytest.mark.slow
def test_on_the_wire_a_head_has_the_headers_of_get_and_no_body(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    with gunicorn(tmp_path / "models", tmp_path / "log", AFTERMATH_STATE=str(tmp_path / "state")) as running:
        running.settled(lambda: "last-modified" in asked(running, "GET", FORECAST, {})[1])  # once its second is over
        for path in (FORECAST, f"{FORECAST}.csv", MARGINALS, "/", "/openapi.json", "/nowhere", "/v1/models/asia/names"):
            for packing in PACKINGS:
                got, head = (asked(running, method, path, packing) for method in ("GET", "HEAD"))
                assert head[1] == got[1], path
                assert int(head[1]["content-length"]) == len(got[2]) > 0
                assert (head[0], head[2]) == (got[0], b"")


def asked(server: Server, method: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, the last by a second request on the same connection, which a stray body would spoil."""
    with closing(HTTPConnection(server.url.removeprefix("http://"), timeout=20)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.request("GET", "/livez")
        assert json.load(connection.getresponse()) == {"status": "alive"}
    found = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in OF_EACH_ANSWER}
    return answer.status, found, body


def test_an_answer_of_a_model_says_since_when_its_address_gives_it(client, past):
    for path in (
        FORECAST,
        f"{FORECAST}.csv?fields=p",
        MARGINALS,
        "/v1/models/asia",
        "/v1/models/asia/brief?target=lung",
    ):
        assert client.get(path).headers["Last-Modified"] == stated(past)
    revision = client.get(FORECAST).json["revision"]
    assert client.get(f"{FORECAST}?revision={revision}").headers["Last-Modified"] == stated(past)


@pytest.mark.parametrize("path", ["/", "/v1/models", "/v1/status", "/openapi.json", f"{FORECAST}?given=xray:never"])
def test_where_no_time_is_known_none_is_said(client, past, path):
    assert "Last-Modified" not in client.get(path).headers


def test_what_a_name_means_may_be_of_another_time(client, past):
    assert "Last-Modified" not in client.get(f"{FORECAST}?revision=active").headers


def test_an_answer_that_is_kept_is_of_the_time_when_it_was_kept(client, app):
    kept = client.post("/v1/answers", json={"model": "asia", "targets": ["lung"], "given": {"dysp": "yes"}}).json
    service = app.extensions[SERVICE]
    at = answers.answer(service.store, kept["id"]).at
    until = at + REVIEWED
    while datetime.now(UTC) < until:
        pass
    said = parsedate_to_datetime(client.get(kept["permalink"]).headers["Last-Modified"])
    assert timedelta(0) <= said - at < timedelta(seconds=1)
    assert client.get(kept["permalink"], headers={"If-Modified-Since": stated(said)}).status_code == 304


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize(("later", "status"), [(-1, 200), (0, 304), (1, 304), (86_400, 304)])
def test_an_answer_that_has_not_changed_since_is_not_sent_again(client, past, later, status, packing):
    since = {"If-Modified-Since": stated(past + timedelta(seconds=later))}
    for path in (FORECAST, MARGINALS, f"{MARGINALS}.csv"):
        whole = client.get(path, headers=packing)
        for method in ("GET", "HEAD"):
            again = client.open(path, method=method, headers={**packing, **since})
            assert again.status_code == status
            if status == 304:
                assert (again.data, again.headers["ETag"]) == (b"", whole.headers["ETag"])
                assert again.headers["Cache-Control"] == whole.headers["Cache-Control"]


@pytest.mark.parametrize("date", ["yesterday", "", "2026-11-30", "Mon, 99 Nov 2026 00:00:00 GMT"])
def test_a_date_that_is_none_is_ignored(client, past, date):
    assert client.get(FORECAST, headers={"If-Modified-Since": date}).status_code == 200


def test_a_tag_goes_before_a_date(client, past):
    later = stated(past + timedelta(days=1))
    earlier = stated(past - timedelta(days=1))
    tag = client.get(FORECAST).headers["ETag"]
    assert client.get(FORECAST, headers={"If-None-Match": '"other"', "If-Modified-Since": later}).status_code == 200
    assert client.get(FORECAST, headers={"If-None-Match": tag, "If-Modified-Since": earlier}).status_code == 304


def test_a_question_without_an_answer_is_refused_whatever_date_is_said(client, past):
    since = {"If-Modified-Since": stated(past + timedelta(days=1))}
    assert client.get(f"{FORECAST}?given=tub:yes&given=either:no", headers=since).status_code == 422
    assert client.post("/v1/models/asia/query", json={"targets": ["lung"]}, headers=since).status_code == 200


def test_a_revision_made_active_makes_the_answer_newer(client, past, app):
    service = app.extensions[SERVICE]
    since = {"If-Modified-Since": client.get(FORECAST).headers["Last-Modified"]}
    assert client.get(FORECAST, headers=since).status_code == 304
    service.live.put(replaced_since(service.live.now, past + timedelta(minutes=30)))
    assert client.get(FORECAST, headers=since).status_code == 200


def test_other_software_makes_the_answer_newer(client, past, app):
    since = {"If-Modified-Since": client.get(FORECAST).headers["Last-Modified"]}
    object.__setattr__(app.extensions[SERVICE], "started", past + timedelta(minutes=1))
    assert client.get(FORECAST, headers=since).status_code == 200


def test_no_date_is_said_within_the_second_of_the_change(client, past, app):
    """What was answered just before the change, in the same second, must not pass for what was answered after it."""
    service = app.extensions[SERVICE]
    service.live.put(replaced_since(service.live.now, datetime.now(UTC) + timedelta(seconds=30)))
    assert "Last-Modified" not in client.get(FORECAST).headers


def test_a_page_of_an_allowed_origin_may_read_what_a_client_needs(tmp_path):
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "asia")
    shared = create_app(Settings(tmp_path, origins=("https://dashboard.test",))).test_client()
    answer = shared.get(FORECAST, headers={"Origin": "https://dashboard.test", "Sec-Fetch-Site": "cross-site"})
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    wanted = ["ETag", "Link", "X-Model-Revision", "Retry-After", "Last-Modified", "Server-Timing", "Content-Encoding"]
    wanted += [f"RateLimit-{name}" for name in ("Limit", "Remaining", "Reset")]
    assert set(wanted) <= set(exposed)
    assert exposed == READABLE.split(", ")
