"""POST /v1/prose: a text is held against the answers that it cites, live ones and kept ones, of this service alone."""

import pytest

from service.schemas.prose import MOST_CITED, MOST_NUMBERS
from tests.http.test_access import ELSEWHERE


@pytest.fixture
def asked(client):
    """An answer to cite, as its body in full."""
    return client.get("/v1/models/asia/forecast/lung?given=xray:yes&fields=all").get_json()


def sent(client, text, *permalinks, **options):
    return client.post("/v1/prose", json={"text": text, "permalinks": list(permalinks)}, **options)


def test_a_number_that_the_answer_has_is_supported_and_another_is_named_with_its_place(client, asked):
    text = f"Lung cancer is at 49 % ({asked['permalink']}).\nIt rises by 12 points."
    found = sent(client, text).get_json()
    assert (found["supported"], found["numbers"], found["permalinks"]) == (False, 2, [asked["permalink"]])
    [wrong] = found["unsupported"]
    assert (wrong["text"], wrong["line"], wrong["column"], wrong["target"]) == ("12 points", 2, 13, "lung")
    assert wrong["nearest"]["value"] == asked["distribution"][0]["shift"]
    assert wrong["nearest"]["permalink"] == asked["permalink"]


def test_a_permalink_may_stand_beside_the_text(client, asked):
    assert sent(client, "Lung cancer is at 49 %.", asked["permalink"]).get_json()["supported"] is True
    whole = f"http://localhost{asked['permalink']}"
    assert sent(client, "Lung cancer is at 49 %.", whole).get_json()["supported"] is True


def test_a_client_may_give_it_less_time_than_the_service_does(client, asked):
    text = f"See {asked['permalink']}.\n\n" + "Lung cancer is at 49 % or at 51 %, and then at 49 %.\n" * 200
    late = client.post("/v1/prose?deadline_ms=1", json={"text": text})
    assert (late.status_code, late.get_json()["code"]) == (503, "deadline")
    wrong = client.post("/v1/prose?deadline_ms=0", json={"text": text})
    assert (wrong.status_code, wrong.get_json()["pointer"]) == (422, "/deadline_ms")


def test_an_answer_that_is_kept_may_be_cited(client):
    kept = client.post("/v1/answers", json={"model": "asia", "targets": ["tub"], "given": {"xray": "yes"}}).get_json()
    text = f"Tuberculosis: 9 %, see {kept['permalink']}."
    assert sent(client, text).get_json() == {
        "supported": True,
        "numbers": 1,
        "unsupported": [],
        "permalinks": [kept["permalink"]],
    }


@pytest.mark.parametrize("kind", ["query", "compare", "explanation", "sensitivity", "collection-plan", "marginals"])
def test_answers_of_every_kind_may_be_cited(client, kind):
    question = (
        "" if kind == "marginals" else "?target=lung" if kind in ("query", "compare") else "?target=lung&state=yes"
    )
    permalink = client.get(f"/v1/models/asia/{kind}.json{question}").get_json()["permalink"]
    found = sent(client, "Lung cancer has 99.9 %.", permalink).get_json()
    assert [each["text"] for each in found["unsupported"]] == ["99.9 %"]


def test_sides_of_a_comparison_are_told_apart(client):
    sides = "side=name%3DSmokers%26given%3Dsmoke:yes&side=name%3DAbstainers%26given%3Dsmoke:no"
    permalink = client.get(f"/v1/models/asia/compare.json?target=lung&{sides}").get_json()["permalink"]
    assert sent(client, "Smokers have lung cancer with 10 %, abstainers with 1 %.", permalink).get_json()["supported"]
    found = sent(client, "Smokers have lung cancer with 1 %, abstainers with 10 %.", permalink).get_json()
    assert [each["text"] for each in found["unsupported"]] == ["1 %", "10 %"]


@pytest.mark.parametrize(
    ("permalink", "code", "status"),
    [
        ("/v1/models/asia/forecast/lung", "bad_permalink", 422),
        ("/v1/models/asia/forecast/lung?revision=active", "bad_permalink", 422),
        ("/v1/models/asia/graph?revision=r-0123456789abcdef", "bad_permalink", 422),
        ("/v1/answers/a-1/latest", "bad_permalink", 422),
        ("/somewhere/else", "bad_permalink", 422),
        ("https://elsewhere.example/v1/answers/a-1.json", "bad_permalink", 422),
        ("http://[", "bad_permalink", 422),
        ("/v1/answers/a-1.json", "answer_not_kept", 404),
        ("/v1/models/asi/forecast/lung?revision=r-0123456789abcdef", "unknown_model", 404),
        ("/v1/models/asia/forecast/lung?revision=r-0123456789abcdef", "unknown_revision", 404),
    ],
)
def test_what_is_no_permalink_of_this_service_is_refused(client, refused, permalink, code, status):
    refused(sent(client, "Lung cancer: 49 %.", permalink), status, code)


def test_a_text_that_cites_nothing_or_too_much_is_refused(client, refused, asked):
    assert "cites no answer" in refused(sent(client, "Lung cancer: 49 %."), 422, "bad_permalink")["detail"]
    many = [f"{asked['permalink']}&interval=0.{i + 10}" for i in range(MOST_CITED + 1)]
    assert "the most is" in refused(sent(client, " ".join(many)), 422, "bad_permalink")["detail"]
    numbers = " ".join(["1 %"] * (MOST_NUMBERS + 1))
    refused(sent(client, numbers, asked["permalink"]), 422, "too_many")


def test_permalinks_are_written_and_read_with_the_prefix_of_a_proxy(app, asked):
    """``X-Forwarded-Prefix`` is believed from a proxy alone; without one a prefix is no part of an address."""
    problem = sent(app.test_client(), "x", f"/forecasts{asked['permalink']}")
    assert problem.status_code == 422


def test_an_answer_of_a_model_that_may_not_be_read_supports_nothing(client, asked, refused):
    elsewhere = {"REMOTE_ADDR": ELSEWHERE}
    refused(sent(client, "Lung cancer: 49 %.", asked["permalink"], environ_overrides=elsewhere), 401, "token_needed")


def test_a_long_text_is_held_against_an_answer_in_no_time(client, asked):
    text = "Lung cancer has 49 % and 12,345 of 23 per cent or one in two, about a third; " * 12
    found = sent(client, text, asked["permalink"], headers={})
    assert found.status_code == 200
    assert found.get_json()["numbers"] > 30
