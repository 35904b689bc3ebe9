"""Every refusal has one shape, says where and what would have been right, and is never a 5xx for bad input."""

import json
import logging

import pytest

from service.http.problems import codes
from service.http.security import HEADERS

FORECAST = "/v1/models/asia/forecast/lung.json"
QUERY = "/v1/models/asia/query"


def send(client, body: str | bytes, **options):
    return client.post(QUERY, data=body, **{"content_type": "application/json", **options})


@pytest.mark.parametrize(
    ("path", "status", "code", "pointer", "hint"),
    [
        ("/v2", 404, "not_found", None, None),
        ("/v1/models/", 404, "not_found", None, None),
        ("/v1//models", 404, "not_found", None, None),
        ("/v1/models/asian", 404, "unknown_model", "/path/model", "asia"),
        ("/v1/models/%00/variables", 404, "unknown_model", "/path/model", None),
        ("/v1/models/%ff%fe/variables", 404, "unknown_model", "/path/model", None),
        ("/v1/models/asia/variables/lungs", 404, "unknown_variable", "/path/variable", "lung"),
        ("/v1/models/asia/forecast/lungs.csv", 404, "unknown_variable", "/path/target", "lung"),
        ("/v1/models/asia?revision=r-0", 404, "unknown_revision", "/revision", None),
        ("/v1/models/broken", 503, "model_not_ready", None, None),
        ("/v1/models/broken/forecast/lung", 503, "model_not_ready", None, None),
        (f"{FORECAST}?gven=xray:yes", 422, "unknown_field", "/gven", "given"),
        (f"{FORECAST}?scenario=a&scenario=b", 422, "bad_field", "/scenario", None),
        (f"{FORECAST}?scenario=", 422, "bad_field", "/scenario", None),
        (f"{FORECAST}?scenario=back_from_asi", 422, "unknown_scenario", "/scenario", "back_from_asia"),
        (f"{FORECAST}?cohort=smoker", 422, "unknown_cohort", "/cohort", "a_smoker"),
        (f"{FORECAST}?given=xray", 422, "bad_question", "/given/0", None),
        (f"{FORECAST}?given=xray:", 422, "bad_question", "/given/0", None),
        (f"{FORECAST}?given=smoke:yes&given=xray:in(", 422, "bad_question", "/given/1", None),
        (f"{FORECAST}?given=xray:in()", 422, "bad_question", "/given/0", None),
        (f"{FORECAST}?given=xray:like(yes)", 422, "bad_question", "/given/0", None),
        (f"{FORECAST}?given=xray:like(yes=nan)", 422, "bad_question", "/given/0", None),
        (f"{FORECAST}?given=xray:like(yes=1e999)", 422, "bad_question", "/given/0", None),
        (f"{FORECAST}?given=xray:like(yes=-1)", 422, "bad_question", "/given/xray", None),
        (f"{FORECAST}?given=xray:like(yes=0)", 422, "bad_question", "/given/xray", None),
        (f"{FORECAST}?given=xray:assumed(yes=0.4)", 422, "bad_question", "/given/xray", None),
        (f"{FORECAST}?given=xray:not(yes,no)", 422, "bad_question", "/given/xray", None),
        (f"{FORECAST}?do=smoke:chances(yes=0.5,no=0.6)", 422, "bad_question", "/do/smoke", None),
        (f"{FORECAST}?do=smoke:maybe", 422, "unknown_state", "/do/smoke", None),
        (f"{FORECAST}?given=xray:ye", 422, "unknown_state", "/given/xray", "yes"),
        (f"{FORECAST}?given=xry:yes", 422, "unknown_variable", "/given/xry", "xray"),
        (f"{FORECAST}?given=xray:yes&given=xray:yes", 422, "duplicate_evidence", "/given/xray", None),
        (f"{FORECAST}?given=xray:yes&do=xray:no", 422, "evidence_on_intervened", "/given/xray", None),
        ("/v1/models/asia/query?target=lungs", 422, "unknown_variable", "/targets/0", "lung"),
        ("/v1/models/asia/query?joint=lung,lung", 422, "bad_question", "/joint/0", None),
        ("/v1/models/asia/query?most_probable=yes", 422, "bad_field", "/most_probable", None),
        ("/v1/models/asia/query.csv?joint=lung,lung", 422, "bad_question", "/joint/0", None),
        ("/v1/models/asia/compare?scenario=back", 422, "unknown_scenario", "/scenarios/0", None),
        (f"{FORECAST}?given=%ff", 400, "bad_request", None, None),
        (f"{FORECAST}?given=%ed%a0%80:a", 400, "bad_request", None, None),
        (f"{FORECAST}?given=xray:%00", 400, "bad_request", None, None),
        (f"{FORECAST}?{'&' * 1001}{'a=&' * 1001}", 400, "bad_request", None, None),
    ],
)
def test_a_bad_address_is_refused_in_its_place(client, refused, path, status, code, pointer, hint):
    problem = refused(client.get(path), status, code)
    assert problem["pointer"] == pointer
    assert problem["did_you_mean"] == hint
    assert hint is None or hint in problem["allowed"]


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ("", 400, "bad_json", None),
        ("{", 400, "bad_json", None),
        ('{"targets": ["lung"],}', 400, "bad_json", None),
        ('{"given": {"xray": NaN}}', 400, "bad_json", "/given/xray"),
        ('{"given": {"xray": {"likelihood": {"yes": -Infinity}}}}', 400, "bad_json", "/given/xray/likelihood/yes"),
        ('{"given": {"xray": {"likelihood": {"yes": 1e999}}}}', 400, "bad_json", "/given/xray/likelihood/yes"),
        ('{"given": {"xray": ' + "9" * 4000 + "}}", 400, "bad_json", "/given/xray"),
        ('{"given": {"xray": 9007199254740993}}', 400, "bad_json", "/given/xray"),
        ('{"given": {"xray": "yes", "xray": "no"}}', 400, "bad_json", "/given/xray"),
        ('{"given": {"xray": "\\u0000"}}', 400, "bad_json", "/given/xray"),
        ('{"given": {"xray": "\\ud800"}}', 400, "bad_json", "/given/xray"),
        ('{"given": {"\\ud800": "yes"}}', 400, "bad_json", "/given"),
        ("[" * 100_000, 400, "bad_json", None),
        ('{"a":' * 65 + "1" + "}" * 65, 400, "bad_json", None),
        ('{"given": {}}'.encode("utf-16"), 400, "bad_json", None),
        (b'{"given": "\xff"}', 400, "bad_json", None),
        (b"\xef\xbb\xbf{}", 400, "bad_json", None),
        ("3", 422, "bad_field", None),
        ("[]", 422, "bad_field", None),
        ("null", 422, "bad_field", None),
        ('{"tragets": []}', 422, "unknown_field", "/tragets"),
        ('{"targets": "lung"}', 422, "bad_field", "/targets"),
        ('{"targets": [1]}', 422, "bad_field", "/targets/0"),
        ('{"given": {"xray": true}}', 422, "bad_field", "/given/xray"),
        ('{"given": {"xray": {"is": "yes"}}}', 422, "bad_field", "/given/xray"),
        ('{"given": {"xray": {"in": []}}}', 422, "bad_field", "/given/xray/in"),
        ('{"given": {"xray": {"in": ["yes"], "not": ["no"]}}}', 422, "unknown_field", "/given/xray/not"),
        ('{"given": {"xray": {"likelihood": {"yes": "4"}}}}', 422, "bad_field", "/given/xray/likelihood/yes"),
        ('{"given": {"xray": {"p": {"yes": 1}}}}', 422, "bad_field", "/given/xray"),
        ('{"given": {"": "yes"}}', 422, "bad_field", "/given/"),
        ('{"do": {"smoke": {"in": ["yes"]}}}', 422, "bad_field", "/do/smoke"),
        ('{"most_probable": 1}', 422, "bad_field", "/most_probable"),
        ('{"joint": [[]]}', 422, "bad_field", "/joint/0"),
        ('{"joint": [["lung", "lungs"]]}', 422, "unknown_variable", "/joint/0"),
    ],
)
def test_a_bad_body_is_refused_in_its_place(client, refused, body, status, code, pointer):
    assert refused(send(client, body), status, code)["pointer"] == pointer


def test_all_mistakes_of_a_request_are_told_at_once(client, refused):
    answer = client.get(f"{FORECAST}?given=xray:ye&given=smoke:yes&do=bronk:yes&cohort=nobody")
    problem = refused(answer, 422, "unknown_state")
    assert [mistake["pointer"] for mistake in problem["errors"]] == ["/given/xray", "/do/bronk", "/cohort"]
    assert [mistake["did_you_mean"] for mistake in problem["errors"]] == ["yes", "bronc", None]


def test_impossible_evidence_names_a_smallest_conflict(client, refused):
    problem = refused(
        client.get(f"{FORECAST}?given=smoke:yes&given=tub:yes&given=either:no"), 422, "impossible_evidence"
    )
    assert problem["conflict"] == ["tub=yes", "either=no"]


@pytest.mark.parametrize("number", ["1e308", "5e-324", "1e-308"])
def test_extreme_likelihoods_are_answered(client, number):
    given = "&".join(f"given={name}:like(yes={number},no={number})" for name in ("xray", "tub", "smoke", "bronc"))
    answer = client.get(f"{FORECAST}?{given}")
    assert answer.status_code == 200
    assert answer.json["distribution"][0]["p"] == pytest.approx(0.055)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_a_method_that_is_not_there_names_those_that_are(client, refused, method):
    answer = client.open(QUERY, method=method)
    assert refused(answer, 405, "method_not_allowed")["allowed"] == ["GET", "HEAD", "OPTIONS", "POST"]
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize(
    "options",
    [
        {"content_type": "text/plain"},
        {"content_type": None},
        {"content_type": "application/json; charset=utf-16"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"headers": {"Content-Encoding": "gzip"}},
    ],
)
def test_a_body_in_another_format_is_refused(client, refused, options):
    assert refused(send(client, "{}", **options), 415, "unsupported_media_type")["allowed"]


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_read(client, refused):
    assert "1,000,000" in refused(send(client, b" " * 1_000_001), 413, "body_too_large")["detail"]
    body = b'{"targets": ["lung"]}'
    assert send(client, body + b" " * (1_000_000 - len(body))).status_code == 200


@pytest.mark.parametrize(
    ("host", "code"),
    [("attacker.test", "foreign_host"), ("localhost:80x", "foreign_host"), ("localhost.attacker.test", "foreign_host")],
)
def test_a_foreign_host_is_refused(client, refused, host, code):
    refused(client.get("/livez", headers={"Host": host}), 400, code)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "forecasts.test:443"])
def test_a_host_that_is_ours_is_answered(client, host):
    assert client.get("/livez", headers={"Host": host}).status_code == 200


def test_a_mistake_of_ours_says_nothing_of_itself_and_is_logged_whole(app, client, refused, caplog, monkeypatch):
    def fails(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("service.routes.forecasts.answer", fails)
    with caplog.at_level(logging.ERROR):
        answer = client.get(f"{FORECAST}?given=xray:like(yes=3,no=7)")
    problem = refused(answer, 500, "internal")
    assert "secret" not in answer.text
    assert problem["id"] in caplog.text
    assert "RuntimeError: a secret detail" in caplog.text


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/v1/models.csv", FORECAST, "/nowhere", "/v1/models/broken", "/assets/page.css"]
)
def test_every_answer_carries_the_headers_that_protect_readers(client, path):
    answer = client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_every_code_is_explained_where_its_type_points(client):
    page = client.get("/errors").text
    assert len(codes()) > 20
    assert all(f'id="{code.replace("_", "-")}"' in page for code in codes())


def test_every_error_that_can_leave_has_a_status_of_its_own():
    from model import errors
    from service.http import problems

    never_sent = {
        errors.AftermathError,
        errors.ExplainedError,
        errors.WorkEnded,
        errors.UnknownName,
        errors.BadNetwork,
        errors.BadPriors,
        errors.NetworkTooLarge,
        errors.BadExchangeFile,
        errors.SeveralErrors,
    }
    kinds = [
        kind
        for module in (errors, problems)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, errors.ExplainedError)
    ]
    assert set(kinds) - never_sent == set(problems.STATUSES)


def test_a_problem_reads_the_same_through_json(client):
    text = client.get("/nowhere").text
    assert json.loads(text)["status"] == 404
    assert text.endswith("\n")


def test_a_lack_of_memory_before_a_view_is_found_is_no_internal_error(client, refused, monkeypatch):
    """Flask wraps what is raised while it looks for the view."""

    def without_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("werkzeug.routing.map.MapAdapter.match", without_memory)
    answer = client.get(FORECAST)
    refused(answer, 503, "out_of_memory")
    assert int(answer.headers["Retry-After"]) >= 1
