"""The same question gives the same bytes, and one that the client has costs no inference."""

import re

import pytest

from service import create_app
from service.settings import Settings

FORECAST = "/v1/models/asia/forecast/lung"


@pytest.fixture
def client(priors):
    """A service of its own, which has answered nothing yet."""
    return create_app(Settings(priors)).test_client()


@pytest.fixture
def inferences(monkeypatch):
    """Counts how often a question is worked out."""
    from service.routes import forecasts

    counted = []
    really = forecasts.answer

    def counting(forecaster, question):
        counted.append(question)
        return really(forecaster, question)

    monkeypatch.setattr(forecasts, "answer", counting)
    return counted


def test_a_client_who_has_the_answer_is_told_so_without_an_inference(client, inferences):
    first = client.get(f"{FORECAST}.json?given=xray:yes")
    assert len(inferences) == 1
    again = client.get(f"{FORECAST}.json?given=xray:yes", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, len(inferences)) == (304, b"", 1)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"] == "public, max-age=5"
    assert again.headers["X-Model-Revision"] == first.json["revision"]


def test_the_tag_is_strong_and_a_proxy_may_have_weakened_it(client, inferences):
    tag = client.get(FORECAST).headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    assert client.get(FORECAST, headers={"If-None-Match": f'"other", W/{tag}'}).status_code == 304
    assert len(inferences) == 1


def test_another_tag_gets_the_answer(client):
    assert client.get(FORECAST, headers={"If-None-Match": '"other"'}).status_code == 200


def test_any_tag_stands_only_for_an_answer_that_there_is(client):
    assert client.get(FORECAST, headers={"If-None-Match": "*"}).status_code == 304
    assert client.get(f"{FORECAST}?given=xray:never", headers={"If-None-Match": "*"}).status_code == 422
    assert client.get(f"{FORECAST}?given=tub:yes&given=either:no", headers={"If-None-Match": "*"}).status_code == 422


def test_the_same_question_again_is_not_worked_out_again_and_has_the_same_bytes(client, inferences):
    question = {"given": {"xray": "yes", "dysp": "yes"}}
    first, second = (client.post("/v1/models/asia/query", json=question) for _ in range(2))
    pinned = client.get(first.json["permalink"])
    assert first.data == second.data == pinned.data
    assert len(inferences) == 1
    assert client.get("/v1/models/asia/query.csv?given=xray:yes&given=dysp:yes").content_type.startswith("text/csv")
    assert len(inferences) == 2


def test_what_is_kept_and_what_is_worked_out_are_the_same_bytes(client, priors):
    paths = ["/v1/models/asia/marginals?given=xray:yes", FORECAST, f"{FORECAST}.csv?do=smoke:yes"]
    paths += [
        "/v1/models/asia/variables/lung",
        "/v1/models/oddities/compare",
        "/v1/models/asia/query?most_probable=true",
    ]
    once, again = ([client.get(path).data for path in paths] for _ in range(2))
    assert once == again == [create_app(Settings(priors)).test_client().get(path).data for path in paths]


def test_the_answers_kept_are_bounded(priors, inferences, monkeypatch):
    from service.http import operation

    monkeypatch.setattr(operation, "ANSWERS", 100_000)
    client = create_app(Settings(priors)).test_client()
    questions = [{"given": {"xray": {"likelihood": {"yes": float(i), "no": 1.0}}}} for i in range(1, 101)]
    first = [client.post("/v1/models/asia/query", json=question).data for question in questions]
    again = [client.post("/v1/models/asia/query", json=question).data for question in reversed(questions)]
    assert first == list(reversed(again))
    assert 100 < len(inferences) < 200


def test_a_table_with_a_joint_is_not_taken_for_the_one_without(client):
    plain, joint = "/v1/models/asia/query.csv", "/v1/models/asia/query.csv?joint=lung,tub"
    tag = client.get(plain).headers["ETag"]
    assert client.get(joint).headers["ETag"] != tag
    assert client.get(joint, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "other",
    [
        "given=dysp:yes&given=xray:yes",
        "given=dysp:in(yes)&given=xray:yes",
        "given=dysp%3Ayes&given=xray:in(yes,yes)",
    ],
)
def test_two_ways_of_asking_give_the_same_bytes_and_tag(client, other):
    one, two = (client.get(f"{FORECAST}?{query}") for query in ("given=xray:yes&given=dysp:yes", other))
    assert (one.data, one.headers["ETag"]) == (two.data, two.headers["ETag"])


def test_the_bare_address_gives_the_json(client):
    bare, suffixed = client.get(FORECAST), client.get(f"{FORECAST}.json")
    assert (bare.data, bare.headers["ETag"]) == (suffixed.data, suffixed.headers["ETag"])


def test_each_form_question_and_target_has_its_own_tag(client):
    addresses = [f"{FORECAST}.json", f"{FORECAST}.csv", f"{FORECAST}.json?given=xray:yes", f"{FORECAST}?do=xray:yes"]
    addresses += ["/v1/models/asia/forecast/tub", "/v1/models/asia/marginals", "/v1/models/asia/query"]
    tags = {client.get(address).headers["ETag"] for address in addresses}
    assert len(tags) == len(addresses)


def test_another_version_of_the_software_has_other_tags(priors, client, monkeypatch):
    from service.http import fingerprint

    monkeypatch.setattr(fingerprint, "fingerprint", lambda: "another")
    other = create_app(Settings(priors)).test_client()
    assert other.get(FORECAST).data == client.get(FORECAST).data
    assert other.get(FORECAST).headers["ETag"] != client.get(FORECAST).headers["ETag"]


def test_the_permalink_gives_the_same_bytes_for_ever(client):
    plain = client.get(f"{FORECAST}?given=xray:like(yes=4,no=1)&do=smoke:yes&scenario=back_from_asia")
    pinned = client.get(plain.json["permalink"])
    assert pinned.data == plain.data
    assert pinned.headers["Cache-Control"] == "public, max-age=86400"
    assert f"revision={plain.json['revision']}" in plain.json["permalink"]


def test_a_question_by_post_has_a_permalink_that_gives_the_same_bytes(client):
    body = {
        "targets": ["lung", "tub"],
        "given": {"xray": {"assumed": {"yes": 0.7, "no": 0.3}}, "dysp": {"not": ["no"]}},
        "do": {"smoke": {"p": {"yes": 0.25, "no": 0.75}}},
        "joint": [["lung", "tub"]],
        "most_probable": True,
        "cohort": None,
    }
    sent = client.post("/v1/models/asia/query", json=body)
    assert sent.status_code == 200
    assert sent.headers["Cache-Control"] == "no-store"
    assert client.get(sent.json["permalink"]).data == sent.data


def test_a_comparison_has_a_permalink_that_gives_the_same_bytes(client):
    plain = client.get("/v1/models/oddities/compare?target=never")
    assert client.get(plain.json["permalink"]).data == plain.data
    sent = client.post("/v1/models/oddities/compare", json={"targets": ["never"]})
    assert sent.data == plain.data


def test_a_permalink_too_long_for_a_server_is_not_given(client):
    names = ["lung"] * 900
    answer = client.post("/v1/models/asia/query", json={"targets": names})
    assert answer.status_code == 200
    assert answer.json["permalink"] is None
    assert answer.json["links"] == {"json": None, "csv": None}


@pytest.mark.parametrize(
    "path",
    ["/v1/models/asia", "/v1/models/asia/variables", "/v1/models/asia/variables/lung", "/v1/models/asia/graph.dot"],
)
def test_what_describes_a_model_is_kept_like_an_answer(client, path):
    first = client.get(path)
    assert first.status_code == 200
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    pinned = client.get(f"{path}?revision={first.headers['X-Model-Revision']}")
    assert pinned.headers["Cache-Control"] == "public, max-age=86400"
    assert pinned.data == first.data


@pytest.mark.parametrize("path", ["/", "/plain", "/errors", "/assets/page.css", "/v1/models", "/openapi.json"])
def test_what_no_revision_decides_is_tagged_by_its_bytes(client, path):
    first = client.get(path)
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/v1/status"])
def test_health_is_never_kept(client, path):
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_head_has_the_headers_of_get(client):
    asked, got = client.head(FORECAST), client.get(FORECAST)
    assert asked.data == b""
    assert {**asked.headers} == {**got.headers}


def test_the_other_form_is_linked(client):
    answer = client.get(f"{FORECAST}?given=xray:yes")
    assert answer.headers["Link"] == f'<{FORECAST}.csv?given=xray:yes>; rel="alternate"; type="text/csv"'
    links = client.get(f"{FORECAST}?given=xray:yes&fields=links").json["links"]
    assert client.get(links["csv"]).content_type.startswith("text/csv")
