"""A poll answered at the door has every byte of the one that went the long way, and only polls are."""

from dataclasses import replace

import pytest
from werkzeug.test import Client, create_environ, run_wsgi_app

from service import create_app
from service.http import operation
from service.http.clients import CLIENT, CLIENT_NAME, here
from service.http.not_modified import NotModified
from service.settings import Settings

FORECAST = "/v1/models/asia/forecast/lung"
LOCAL = {CLIENT: here("127.0.0.1"), CLIENT_NAME: here("127.0.0.1").name}
"""What is known of a client before it comes to the door."""


class Behind:
    """The application behind the door, counting who comes through."""

    def __init__(self, application):
        self.application, self.came = application, 0

    def __call__(self, environ, start_response):
        self.came += 1
        return self.application(environ, start_response)


@pytest.fixture
def door(priors, monkeypatch):
    """A service of its own, whose revisions a test may change."""
    services = []
    really = operation.register
    monkeypatch.setattr(operation, "register", lambda app, service: (services.append(service), really(app, service)))
    app = create_app(Settings(priors, hosts=("forecasts.test",)))
    held = {"ready": services[0].live.now.ready}
    behind = Behind(app.wsgi_app._application._application)
    return NotModified(behind, lambda: held["ready"]), behind, held


def asked(door, path, *, method="GET", tag, host="localhost"):
    """Status, headers in their order, and body."""
    environ = create_environ(path, method=method, base_url=f"http://{host}", headers={"If-None-Match": tag})
    environ |= LOCAL
    body, status, headers = run_wsgi_app(door, environ, buffered=True)
    return status, list(headers), b"".join(body)


def tag_of(door, path):
    return Client(door).get(path, environ_overrides=LOCAL).headers["ETag"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    [
        f"{FORECAST}.json?given=xray:yes&given=dysp:in(yes)",
        f"{FORECAST}.csv?do=smoke:yes",
        FORECAST,
        "/v1/models/asia/marginals",
        "/v1/models/asia/graph.dot",
        "/v1/models/oddities/compare",
    ],
)
def test_the_second_poll_is_answered_at_the_door_with_the_same_bytes(door, path, method):
    polls, behind, _ = door
    tag = tag_of(polls, path)
    came = behind.came
    first, second, third = (asked(polls, path, method=method, tag=tag) for _ in range(3))
    assert first[0] == "304 NOT MODIFIED"
    assert first == second == third == asked(behind, path, method=method, tag=tag)
    assert behind.came == came + 2


def test_a_pinned_poll_keeps_its_longer_life(door):
    polls, _, held = door
    path = f"{FORECAST}?revision={held['ready']['asia'].model.revision}"
    tag = tag_of(polls, path)
    first, second = (asked(polls, path, tag=tag) for _ in range(2))
    assert first == second
    assert ("Cache-Control", operation.A_DAY) in second[1]


def test_any_other_request_goes_the_long_way(door):
    polls, behind, _ = door
    tag = tag_of(polls, FORECAST)
    for _ in range(2):
        asked(polls, FORECAST, tag=tag)
    came = behind.came
    assert asked(polls, FORECAST, tag='"other"')[0] == "200 OK"
    assert asked(polls, FORECAST, tag=f'"other", {tag}')[0] == "304 NOT MODIFIED"
    assert asked(polls, FORECAST, tag=tag, method="HEAD")[0] == "304 NOT MODIFIED"
    assert asked(polls, f"{FORECAST}?given=xray:yes", tag=tag)[0] == "200 OK"
    assert asked(polls, f"{FORECAST}?given=xray:never", tag=tag)[0].startswith("422")
    assert asked(polls, FORECAST, tag=tag, host="attacker.example")[0].startswith("400")
    assert asked(polls, FORECAST, tag=tag, host="forecasts.test")[0] == "304 NOT MODIFIED"
    assert asked(polls, FORECAST, tag=tag, method="POST")[0].startswith("405")
    assert Client(polls).get(FORECAST, environ_overrides=LOCAL).status_code == 200
    assert behind.came == came + 9


@pytest.mark.parametrize("path", ["/", "/v1/models", "/livez", "/v1/models/broken", f"{FORECAST}?given=xray:never"])
def test_what_is_not_of_a_revision_is_never_answered_at_the_door(door, path):
    polls, behind, _ = door
    tag = Client(polls).get(path, environ_overrides=LOCAL).headers.get("ETag", '"none"')
    came = behind.came
    for _ in range(3):
        asked(polls, path, tag=tag)
    assert behind.came == came + 3


def test_another_revision_is_asked_itself_even_when_its_words_are_the_same(door):
    polls, behind, held = door
    tag = tag_of(polls, FORECAST)
    for _ in range(2):
        asked(polls, FORECAST, tag=tag)
    came, old = behind.came, held["ready"]
    other = replace(old["asia"].model, content="another")
    held["ready"] = {**old, "asia": replace(old["asia"], model=other)}
    asked(polls, FORECAST, tag=tag)
    held["ready"] = {name: found for name, found in old.items() if name != "asia"}
    asked(polls, FORECAST, tag=tag)
    assert behind.came == came + 2
    held["ready"] = old
    assert asked(polls, FORECAST, tag=tag)[0] == "304 NOT MODIFIED"


def test_the_door_remembers_within_its_bound(door, monkeypatch):
    monkeypatch.setattr("service.http.not_modified.MEMORY", 40_000)
    _, behind, held = door
    polls = NotModified(behind, lambda: held["ready"])
    tags = {i: tag_of(polls, f"{FORECAST}?given=xray:like(yes={i},no=1)") for i in range(1, 101)}
    for i, tag in tags.items():
        asked(polls, f"{FORECAST}?given=xray:like(yes={i},no=1)", tag=tag)
    came = behind.came
    for i, tag in reversed(tags.items()):
        assert asked(polls, f"{FORECAST}?given=xray:like(yes={i},no=1)", tag=tag)[0] == "304 NOT MODIFIED"
    assert 0 < behind.came - came < 100
