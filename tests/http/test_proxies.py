"""What a proxy says of the client is believed from trusted addresses, and from no other."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import create_app
from service.settings import BadSettings, Settings, from_environment

PATH = "/v1/models/asia/forecast/lung.json?given=xray:yes&fields=all"
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "attacker.test",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/elsewhere",
    "X-Forwarded-Port": "1",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=attacker.test;proto=https",
    "Script-Name": "/elsewhere",
    "X-Script-Name": "/elsewhere",
    "X-Remote-User": "root",
}

Ask = Callable[..., TestResponse]


@pytest.fixture(scope="module")
def proxied(priors):
    trusted = from_environment({"AFTERMATH_PROXIES": "10.0.0.0/8,2001:db8::/32,unix"}).proxies
    return noting(create_app(Settings(priors, hosts=("forecasts.test",), proxies=trusted, public_read=True)))


@pytest.fixture(scope="module")
def alone(priors):
    """A service that believes nobody."""
    return create_app(Settings(priors, hosts=("forecasts.test",), public_read=True)).test_client()


def noting(app: Any) -> FlaskClient:
    """A client of the application, which notes what it sees behind its proxies in ``client.seen``."""
    client = app.test_client()
    client.seen = {}
    behind = app.wsgi_app
    application = behind._application

    def noted(environ, start_response):
        client.seen = dict(environ)
        return application(environ, start_response)

    behind._application = noted
    return client


@pytest.fixture
def ask(proxied: FlaskClient) -> Ask:
    def asked(path: str = PATH, *, peer: str = "10.0.0.1", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return proxied.get(path, headers=named, environ_overrides={"REMOTE_ADDR": peer})

    return asked


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "192.0.2.1"])
def test_fault_60_what_a_client_forges_is_ignored_and_loopback_is_no_proxy(alone, proxied, peer):
    plain = alone.get(PATH, environ_overrides={"REMOTE_ADDR": peer})
    for each in (alone, proxied):
        for names in (FORGED, *({name: value} for name, value in FORGED.items())):
            forged = each.get(PATH, headers=names, environ_overrides={"REMOTE_ADDR": peer})
            assert (forged.status_code, forged.data) == (200, plain.data)
    assert (proxied.seen["REMOTE_ADDR"], proxied.seen["wsgi.url_scheme"]) == (peer, "http")
    assert (proxied.seen["SCRIPT_NAME"], proxied.seen["HTTP_HOST"]) == ("", "localhost")


def test_a_trusted_proxy_names_client_host_scheme_and_prefix(ask, proxied):
    answer = ask(
        X_Forwarded_For="203.0.113.9", X_Forwarded_Host="forecasts.test", X_Forwarded_Proto="https",
        X_Forwarded_Prefix="/forecasts/",
    )  # fmt: skip
    environ = proxied.seen
    assert answer.status_code == 200
    assert environ["REMOTE_ADDR"] == "203.0.113.9"
    assert (environ["HTTP_HOST"], environ["wsgi.url_scheme"]) == ("forecasts.test", "https")
    body = answer.get_json()
    assert body["permalink"].startswith("/forecasts/v1/models/asia/")
    assert all(link.startswith("/forecasts/v1/") for link in body["links"].values())
    assert "</forecasts/v1/" in answer.headers["Link"]


def test_a_prefix_is_in_every_address_of_pages_lists_errors_and_the_description(ask, proxied):
    for path in ("/plain", "/errors", "/v1/models", "/v1/models/asia", "/v1/models/asia/variables.json", "/nowhere"):
        with_prefix = ask(path, X_Forwarded_Prefix="/forecasts").text
        assert "/forecasts/" in with_prefix
        assert with_prefix.replace("/forecasts/", "/") == ask(path).text, path
    assert ask("/openapi.json", X_Forwarded_Prefix="/forecasts").get_json()["servers"] == [{"url": "/forecasts"}]
    assert ask("/openapi.json").get_json()["servers"] == [{"url": "/"}]


def test_the_same_poll_under_two_prefixes_gets_its_own_links(ask, proxied):
    for prefix in ("/one", "/two", "/one"):
        answer = ask(X_Forwarded_Prefix=prefix)
        again = ask(X_Forwarded_Prefix=prefix, If_None_Match=answer.headers["ETag"])
        assert (again.status_code, again.headers["Link"]) == (304, answer.headers["Link"])
        assert f"<{prefix}/v1" in again.headers["Link"]


@pytest.mark.parametrize(
    ("headers", "client_address"),
    [
        ({"X_Forwarded_For": "203.0.113.9, 10.0.0.7"}, "203.0.113.9"),
        ({"X_Forwarded_For": "6.6.6.6, 203.0.113.9, 10.0.0.7"}, "203.0.113.9"),
        ({"X_Forwarded_For": "6.6.6.6, 203.0.113.9"}, "203.0.113.9"),
        ({"X_Forwarded_For": "10.0.0.8, 10.0.0.7"}, "10.0.0.8"),
        ({"X_Forwarded_For": "203.0.113.9, unknown, 10.0.0.7"}, "10.0.0.7"),
        ({"X_Forwarded_For": "203.0.113.9:4711"}, "203.0.113.9"),
        ({"X_Forwarded_For": "[2001:db9::1]:4711"}, "2001:db9::1"),
        ({"X_Forwarded_For": "::ffff:203.0.113.9"}, "203.0.113.9"),
        ({"Forwarded": 'for="[2001:db9::1]:80";proto=https, for=10.0.0.7'}, "2001:db9::1"),
        ({"Forwarded": "for=6.6.6.6, For=203.0.113.9;Host=forecasts.test"}, "203.0.113.9"),
        ({"Forwarded": "for=203.0.113.9", "X_Forwarded_For": "203.0.113.9"}, "203.0.113.9"),
        ({}, "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_trusted_proxy(ask, proxied, headers, client_address):
    answer = ask(**headers)
    assert answer.status_code == 200
    assert proxied.seen["REMOTE_ADDR"] == client_address


def test_host_and_scheme_are_those_that_the_outermost_trusted_proxy_saw(ask, proxied):
    answer = ask(
        X_Forwarded_For="6.6.6.6, 203.0.113.9, 10.0.0.7",
        X_Forwarded_Host="attacker.test, forecasts.test, inner.test",
        X_Forwarded_Proto="http, https, http",
    )
    assert answer.status_code == 200
    environ = proxied.seen
    assert (environ["HTTP_HOST"], environ["wsgi.url_scheme"]) == ("forecasts.test", "https")


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Forwarded": "for=203.0.113.9", "X_Forwarded_For": "203.0.113.8"}, "different values of client"),
        ({"Forwarded": "for"}, "Forwarded cannot be read"),
        ({"Forwarded": "for=1.2.3.4;for=5.6.7.8"}, "Forwarded cannot be read"),
        ({"X_Forwarded_Proto": "javascript"}, "it is http or https"),
        ({"X_Forwarded_Prefix": "//attacker.test"}, "such as /forecasts"),
        ({"X_Forwarded_Prefix": "/a/../b"}, "such as /forecasts"),
        ({"X_Forwarded_Prefix": '/"><script>'}, "such as /forecasts"),
    ],
)
def test_what_a_trusted_proxy_cannot_mean_is_refused(ask, refused, headers, said):
    assert said in refused(ask(**headers), 400, "bad_request")["detail"]


def test_a_host_that_a_proxy_names_is_checked_like_any_other(ask, refused):
    refused(ask(X_Forwarded_Host="attacker.test"), 400, "foreign_host")


def test_a_unix_socket_is_trusted_only_by_name(priors, ask, proxied):
    ask(peer="", X_Forwarded_For="203.0.113.9")
    assert proxied.seen["REMOTE_ADDR"] == "203.0.113.9"
    nameless = noting(
        create_app(
            Settings(priors, proxies=from_environment({"AFTERMATH_PROXIES": "10.0.0.1"}).proxies, public_read=True)
        )
    )
    nameless.get(PATH, headers={"X-Forwarded-For": "203.0.113.9"}, environ_overrides={"REMOTE_ADDR": ""})
    assert nameless.seen["REMOTE_ADDR"] == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AFTERMATH_PROXIES", "10.0.0.1/8", "no address or network"),
        ("AFTERMATH_PROXIES", "proxy.test", "no address or network"),
        ("AFTERMATH_ORIGINS", "https://a.test/path", "no origin"),
        ("AFTERMATH_PUBLIC_READ", "perhaps", "would be 1 or 0"),
    ],
)
def test_a_setting_that_cannot_be_read_ends_the_start(name, value, said):
    with pytest.raises(BadSettings, match=said):
        from_environment({name: value})
