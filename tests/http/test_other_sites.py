"""Which Host may be addressed, and which pages may ask: the matrix of fetch metadata, origins and methods."""

import itertools

import pytest

from service import create_app
from service.http.security import HEADERS
from service.settings import Settings

PATH = "/v1/models/asia/forecast/lung.json"
QUERY = {"targets": ["lung"]}
DASHBOARD = "https://dashboard.test"


@pytest.fixture(scope="module")
def shared(priors):
    return create_app(Settings(priors, origins=(DASHBOARD,))).test_client()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost.", 200),
        ("localhost:0", 200),
        ("localhost:65535", 200),
        ("[::1]:8000", 200),
        ("192.0.2.1", 200),
        ("forecasts.test:443", 200),
        ("localhost:65536", 400),
        ("localhost:99999999999", 400),
        ("localhost:-1", 400),
        ("localhost:80a", 400),
        ("[::1]8000", 400),
        ("attacker.test", 400),
        ("localhost@attacker.test", 400),
        ("forecasts.test attacker.test", 400),
        ("forecasts.test.attacker.test", 400),
    ],
)
def test_fault_48_only_a_known_host_with_a_port_in_range_is_answered(client, host, status):
    assert client.get("/livez", headers={"Host": host}).status_code == status


def test_fault_48_a_request_without_a_host_is_refused(client, refused):
    answer = client.get("/livez", environ_overrides={"HTTP_HOST": ""})
    refused(answer, 400, "bad_request")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost/livez", 200),
        ("HTTP://LOCALHOST/livez", 200),
        ("http://attacker.test/livez", 400),
        ("http://localhost:81/livez", 400),
        ("http://user@localhost/livez", 400),
    ],
)
def test_fault_48_an_absolute_address_and_the_host_agree(client, target, status):
    answer = client.get("/livez", environ_overrides={"RAW_URI": target, "HTTP_HOST": "localhost"})
    assert answer.status_code == status


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://attacker.test"},
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    {"Origin": "https://attacker.test", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    {"Origin": "http://localhost.attacker.test", "Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize(("headers", "method"), list(itertools.product(FOREIGN, ["GET", "HEAD", "POST"])))
def test_fault_49_requests_of_other_sites_are_refused(client, headers, method):
    path = "/v1/models/asia/query" if method == "POST" else PATH
    answer = client.open(path, method=method, headers=headers, json=QUERY if method == "POST" else None)
    assert answer.status_code == 403
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_fault_49_the_refusal_says_what_would_let_it_in(client, refused):
    answer = client.get(PATH, headers={"Origin": "https://attacker.test"})
    assert "AFTERMATH_ORIGINS" in refused(answer, 403, "foreign_origin")["detail"]


def test_fault_49_a_form_of_another_site_is_refused_though_it_navigates(client):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.post("/v1/models/asia/query", headers=headers, json=QUERY).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://localhost"},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost"},
    ],
)
def test_own_pages_and_links_from_elsewhere_are_answered(client, headers):
    assert client.get(PATH, headers=headers).status_code == 200


def test_fault_51_no_origin_is_allowed_by_default_and_none_is_reflected(client):
    for origin in ("https://attacker.test", "null", "http://localhost", DASHBOARD):
        answer = client.get(PATH, headers={"Origin": origin})
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_fault_51_an_allowed_origin_reads_answers_and_refusals_without_credentials(shared):
    for path, status in ((PATH, 200), ("/nowhere", 404)):
        answer = shared.get(path, headers={"Origin": DASHBOARD, "Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == DASHBOARD
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]


def test_fault_51_every_answer_varies_by_origin_where_any_is_allowed(shared):
    assert "Origin" in shared.get(PATH).headers["Vary"]
    assert shared.get(PATH, headers={"Origin": "https://attacker.test"}).status_code == 403


def test_fault_51_a_poll_that_is_known_is_not_answered_with_the_headers_of_another_origin(shared):
    tag = shared.get(PATH).headers["ETag"]
    for _ in range(2):
        for origin, allowed in ((DASHBOARD, DASHBOARD), ("https://attacker.test", None), ("http://localhost", None)):
            answer = shared.get(PATH, headers={"Origin": origin, "If-None-Match": tag})
            assert answer.status_code == (403 if "attacker" in origin else 304)
            assert answer.headers.get("Access-Control-Allow-Origin") == allowed


def test_fault_51_a_preflight_of_an_allowed_origin_is_told_what_it_may_send(shared):
    asked = {"Origin": DASHBOARD, "Access-Control-Request-Method": "POST", "Sec-Fetch-Site": "cross-site"}
    answer = shared.options("/v1/models/asia/query", headers=asked)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == DASHBOARD
    assert "POST" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    sendable = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"Content-Type", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"} <= {*sendable}
    foreign = shared.options("/v1/models/asia/query", headers={**asked, "Origin": "https://attacker.test"})
    assert foreign.status_code == 403


def test_fault_51_any_origin_is_never_any_with_credentials(priors):
    anyone = create_app(Settings(priors, origins=("*",))).test_client()
    answer = anyone.get(PATH, headers={"Origin": "https://anybody.test", "Sec-Fetch-Site": "cross-site"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def addresses(app):
    """Every address of the URL map, with something at each place that a name stands."""
    for rule in app.url_map.iter_rules():
        names = {"model": "asia", "target": "lung", "variable": "lung"}
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<{name}>", names.get(name, "nothing"))
        yield from ((method, path) for method in sorted(rule.methods or ()))


def test_fault_52_every_route_form_and_error_is_protected(app):
    client = app.test_client()
    asked = list(addresses(app))
    assert len(asked) > 100
    wrong = [("PUT", "/v1/models"), ("GET", "/nowhere"), ("GET", "/v1/models/nothing"), ("GET", "/v1/models/broken")]
    hosts = ("localhost", "attacker.test")
    for (method, path), host in itertools.product([*asked, *wrong], hosts):
        answer = client.open(path, method=method, headers={"Host": host}, json={} if method == "POST" else None)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, (method, path, answer.status)
        assert answer.headers.getlist("Content-Security-Policy") == [HEADERS["Content-Security-Policy"]]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert answer.status_code < 500 or path.endswith("/broken")
