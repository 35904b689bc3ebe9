"""Two or more questions beside each other over HTTP: sides of an address, of a body, as a table."""

import csv
import io
from urllib.parse import quote

import pytest

COMPARE = "/v1/models/asia/compare"


def side(text):
    return f"side={quote(text)}"


TWO = f"{COMPARE}?target=lung&given=dysp:yes&{side('do=smoke:yes')}&{side('do=smoke:no&name=Never smoked')}"
SENT = {
    "targets": ["lung"],
    "given": {"dysp": "yes"},
    "sides": [{"do": {"smoke": "yes"}}, {"do": {"smoke": "no"}, "name": "Never smoked"}],
}


def test_each_side_is_a_question_of_its_own_and_held_against_the_first(client):
    answer = client.get(TWO).json
    assert [column["side"] for column in answer["sides"]] == ["do smoke:yes", "Never smoked"]
    smoking, never = (
        client.get(f"/v1/models/asia/forecast/lung?given=dysp:yes&do=smoke:{state}").json["distribution"]
        for state in ("yes", "no")
    )
    for k, state in enumerate(answer["targets"][0]["states"]):
        first, second = state["sides"]
        assert (first["p"], first["lo"], first["hi"]) == tuple(smoking[k][name] for name in ("p", "lo", "hi"))
        assert (second["p"], second["lo"], second["hi"]) == tuple(never[k][name] for name in ("p", "lo", "hi"))
        assert (first["difference"], first["difference_lo"], first["difference_hi"]) == (0.0, 0.0, 0.0)
        assert second["difference"] == pytest.approx(second["p"] - state["baseline"], abs=1e-12)
        assert second["difference_lo"] < second["difference"] < second["difference_hi"]
    assert [column["after_do"] for column in answer["sides"]] == [[{"variable": "dysp", "do": ["smoke"]}]] * 2
    assert answer["sides"][1]["do"] == {"smoke": "no"}
    assert "scenarios" not in answer


def test_by_post_and_by_its_permalink_it_is_the_same(client):
    sent = client.post(COMPARE, json=SENT)
    assert sent.data == client.get(TWO).data
    assert client.get(sent.json["permalink"]).data == sent.data
    again = client.get(TWO, headers={"If-None-Match": client.get(TWO).headers["ETag"]})
    assert again.status_code == 304


def test_what_all_sides_say_gives_way_to_what_one_says_of_the_same_variable(client):
    sent = {"targets": ["lung"], "given": {"smoke": "yes"}, "sides": [{}, {"do": {"smoke": "yes"}}, {"given": {}}]}
    first, second, third = client.post(COMPARE, json=sent).json["sides"]
    assert (first["given"], first["do"]) == ({"smoke": "yes"}, {})
    assert (second["given"], second["do"]) == ({}, {"smoke": "yes"})
    assert third["given"] == {"smoke": "yes"}


def test_a_state_of_any_name_comes_through_an_address(client):
    model = client.get("/v1/models/oddities/variables").json["variables"]
    [odd] = [each for each in model if each["name"] == "odd"]
    for state in odd["states"]:
        sent = {"targets": ["never"], "sides": [{}, {"given": {"odd": state}, "name": "50 % & more + odd"}]}
        answer = client.post("/v1/models/oddities/compare", json=sent)
        if answer.status_code == 200:
            assert client.get(answer.json["permalink"]).data == answer.data
            assert answer.json["sides"][1]["side"] == "50 % & more + odd"


def test_a_table_has_a_row_for_each_state_on_each_side(client):
    rows = list(csv.DictReader(io.StringIO(client.get(TWO.replace("compare", "compare.csv")).text)))
    assert [(row["side"], row["state"]) for row in rows] == [
        (name, state) for name in ("do smoke:yes", "Never smoked") for state in ("yes", "no")
    ]
    cell = client.get(TWO).json["targets"][0]["states"][0]["sides"][1]
    assert float(rows[2]["difference"]) == cell["difference"]


def test_an_impossible_side_has_its_error_and_the_others_their_answers(client):
    sent = {"targets": ["lung"], "sides": [{}, {"given": {"either": "no", "lung": "yes"}}]}
    answer = client.post(COMPARE, json=sent).json
    assert [column["error"] and column["error"]["code"] for column in answer["sides"]] == [None, "impossible_evidence"]
    assert [cell["difference"] for cell in answer["targets"][0]["states"][0]["sides"]] == [0.0, None]
    sent["sides"].reverse()
    reversed_ = client.post(COMPARE, json=sent).json
    assert reversed_["baseline"] is None
    assert [cell["difference"] for cell in reversed_["targets"][0]["states"][0]["sides"]] == [None, None]


@pytest.mark.parametrize(
    ("asked", "code", "pointer"),
    [
        (side("do=smoke:no"), "bad_question", "/side"),
        (f"{side('do=smoke:no')}&{side('do=smoke:maybe')}", "unknown_state", "/side/1/do/smoke"),
        (f"{side('do=smoke:no')}&{side('doing=smoke:no')}", "unknown_field", "/side/1/doing"),
        (f"{side('do=smoke:no')}&{side('cohort=nobody')}", "unknown_cohort", None),
        (f"{side('')}&{side('given=smoke')}", "bad_question", None),
        (f"{side('')}&{side('do=smoke:no')}&scenario=back_from_asia", "bad_question", "/side"),
    ],
)
def test_what_is_wrong_with_a_side_is_said_in_its_place(client, refused, asked, code, pointer):
    problem = refused(client.get(f"{COMPARE}?target=lung&{asked}"), 422, code)
    if pointer is not None:
        assert problem["pointer"] == pointer
    else:
        assert problem["pointer"].startswith("/side/1")


def test_a_field_that_a_side_does_not_have_is_told_with_those_that_it_has(client, refused):
    problem = refused(
        client.post(COMPARE, json={"targets": ["lung"], "sides": [{}, {"giben": {}}]}), 422, "unknown_field"
    )
    assert (problem["pointer"], problem["did_you_mean"]) == ("/sides/1/giben", "given")
    assert problem["allowed"] == ["name", "given", "do", "scenario", "cohort"]


def test_more_than_can_be_drawn_is_refused_before_any_work(client, refused):
    names = [each["name"] for each in client.get("/v1/models/asia/variables").json["variables"]]
    sent = {"targets": names, "sides": [{"name": str(i)} for i in range(100)]}
    assert client.post(COMPARE, json=sent).status_code == 200
    sent["targets"] = [*names, *names]
    assert client.post(COMPARE, json=sent).status_code == 200
    sent["sides"].append({})
    refused(client.post(COMPARE, json=sent), 422, "bad_field")


@pytest.mark.parametrize(
    "query",
    [
        "side=given=smoke:yes&given=xray:yes&side=given=smoke:no&given=xray:no",
        "side=cohort=a_smoker&do=bronc:yes&side=cohort=a_smoker",
        "side=do=smoke:yes&side=do=smoke:no&scenario=back_from_asia",
        "side=name=Smokes&do=smoke:yes&side=name=Not&do=smoke:no",
    ],
)
def test_a_side_that_is_not_encoded_once_more_is_refused_with_how_to_write_it(client, query):
    refused = client.get(f"/v1/models/asia/compare.json?target=lung&{query}")
    assert refused.status_code == 422
    assert refused.json["pointer"].startswith("/side/")
    assert "side=do%3Dsmoke:no%26given%3Dxray:yes" in refused.json["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "given=xray:yes&side=do=smoke:yes&side=do=smoke:no",
        "side=do=smoke:yes%26given=xray:yes&side=do=smoke:no%26given=xray:yes",
        "side=do%3Dsmoke:yes&side=do%3Dsmoke:no&given=xray:yes",
    ],
)
def test_a_side_whose_end_is_plain_is_taken(client, query):
    found = client.get(f"/v1/models/asia/compare.json?target=lung&{query}").json
    assert [side["given"] for side in found["asked"]["sides"]] == [{"xray": "yes"}] * 2
    assert [side["do"]["smoke"] for side in found["asked"]["sides"]] == ["yes", "no"]
