"""Headers of answers are those that gunicorn sends, checked once or over and over."""

from types import SimpleNamespace

import pytest
from gunicorn.http.wsgi import InvalidResponseHeader, InvalidResponseHeaderName, Response

from service.http.server import response
from service.http.server.response import GatheredResponse

HEADERS = [
    ("Content-Type", "application/json"),
    ("Content-Length", "12"),
    ("ETag", ' "a"\t'),
    ("Connection", "close"),
    ("Keep-Alive", "timeout=5"),
    ("Upgrade", "websocket"),
    ("Link", "</a>; rel=x"),
    ("Link", "</b>; rel=y"),
    ("X-Long", "a" * 1_000),
    ("Vary", ""),
]


def taken(kind: type, headers: list[tuple[str, str]]) -> tuple[object, ...]:
    made = kind(SimpleNamespace(method="GET", version=(1, 1)), None, SimpleNamespace())
    made.process_headers(headers)
    return made.headers, made.response_length, made.upgrade


@pytest.fixture(autouse=True)
def none_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "_checked", {})


def test_they_are_taken_as_gunicorn_takes_them_the_first_time_and_every_time() -> None:
    wanted = taken(Response, HEADERS)
    for _ in range(3):
        assert taken(GatheredResponse, HEADERS) == wanted
    assert ("Content-Length", "12") not in response._checked
    assert response._checked["ETag", ' "a"\t'] == ("ETag", '"a"')


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (("Bad name", "a"), InvalidResponseHeaderName),
        (("X", "a\r\nSet-Cookie: b"), InvalidResponseHeader),
        (("X", "a\0"), InvalidResponseHeader),
        (("X", 1), TypeError),
    ],
)
def test_what_may_not_be_sent_is_refused_every_time(header: tuple[str, str], error: type[Exception]) -> None:
    for _ in range(3):
        with pytest.raises(error):
            taken(GatheredResponse, [("X", "a"), header])


def test_so_many_are_kept_at_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "MOST_CHECKED", 10)
    for number in range(100):
        taken(GatheredResponse, [("ETag", f'"{number}"')])
        assert len(response._checked) <= 10
