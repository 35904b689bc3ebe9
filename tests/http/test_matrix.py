"""The matrix over HTTP: long rows of every cause on every target, one address each, bounded and refused with reason."""

import csv
import io

import pytest
from jsonschema import Draft202012Validator

from service import create_app
from service.settings import Settings
from tests.prior_copies import DATA, copied, edited

MATRIX = "/v1/models/asia/matrix"
ADDRESSES = ["", "?by=given", "?target=lung&target=dysp", "?scenario=back_from_asia&interval=0.8&target=tub&by=given"]


def table(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))


def test_the_columns_are_fixed_and_the_ends_follow_where_intervals_were_asked_for(client):
    plain, drawn = table(client.get(f"{MATRIX}.csv")), table(client.get(f"{MATRIX}.csv?interval=0.9"))
    assert plain[0] == ["cause", "from", "to", "target", "state", "shift"]
    assert drawn[0] == ["cause", "from", "to", "target", "state", "shift", "lo", "hi", "outside"]
    assert client.get(f"{MATRIX}.csv").text.partition("\r\n")[0] == "cause,from,to,target,state,shift"
    assert [row[:6] for row in drawn] == plain
    assert all(float(row[6]) <= float(row[5]) <= float(row[7]) for row in drawn[1:])


def test_the_table_has_the_rows_of_the_json_to_the_last_digit(client):
    rows = client.get(f"{MATRIX}.json").json["rows"]
    sent = table(client.get(f"{MATRIX}.csv"))[1:]
    assert [[*row[:5], float(row[5])] for row in sent] == [list(row.values()) for row in rows]
    assert list(rows[0]) == ["cause", "from", "to", "target", "state", "shift"]


def test_a_shift_is_the_difference_of_two_forecasts(client):
    found = {(r["cause"], r["target"], r["state"]): r for r in client.get(f"{MATRIX}?target=dysp").json["rows"]}
    row = found["smoke", "dysp", "yes"]
    ends = [
        client.get(f"/v1/models/asia/forecast/dysp?do=smoke:{state}").json["distribution"][0]["p"]
        for state in (row["from"], row["to"])
    ]
    assert (row["from"], row["to"], row["shift"]) == ("yes", "no", pytest.approx(ends[1] - ends[0]))


@pytest.mark.parametrize("asked", ADDRESSES)
def test_the_permalink_and_the_links_give_the_same_answer(client, asked):
    plain = client.get(f"{MATRIX}{asked}")
    assert plain.status_code == 200
    assert client.get(plain.json["permalink"]).data == client.get(plain.json["links"]["json"]).data == plain.data
    assert client.get(plain.json["links"]["csv"]).data == client.get(f"{MATRIX}.csv{asked}").data


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("asked", ADDRESSES)
def test_it_is_tagged_and_not_sent_twice_and_head_has_its_headers(client, form, asked):
    address = f"{MATRIX}.{form}{asked}"
    first, head = client.get(address), client.head(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert (head.status_code, head.data, {**head.headers}) == (200, b"", {**first.headers})


@pytest.mark.parametrize("asked", ["?by=do", "?interval=none", "?scenario=none", "?by=do&scenario=none&interval=none"])
def test_what_is_so_unsaid_may_be_said(client, asked):
    silent, said = client.get(MATRIX), client.get(f"{MATRIX}{asked}")
    assert (said.data, said.headers["ETag"]) == (silent.data, silent.headers["ETag"])


def test_it_says_what_was_asked(client):
    answer = client.get(f"{MATRIX}?by=given&scenario=back_from_asia&target=tub&interval=0.5").json
    said = [answer[name] for name in ("by", "scenario", "targets", "interval", "as_of")]
    assert said == ["given", "back_from_asia", ["tub"], 0.5, "1988-12-31"]
    silent = client.get(MATRIX).json
    assert [silent[name] for name in ("by", "scenario", "interval")] == ["do", None, None]
    assert silent["targets"] == ["lung", "tub", "bronc"]


@pytest.mark.parametrize(
    ("asked", "code", "pointer", "hint"),
    [
        ("target=lungs", "unknown_variable", "/targets/0", "lung"),
        ("target=lung&target=tubb", "unknown_variable", "/targets/1", "tub"),
        ("target=any(lung:yes,tub:yes)", "unknown_variable", "/targets/0", None),
        ("target=", "bad_field", "/target/0", None),
        ("scenario=back_from_asi", "unknown_scenario", "/scenario", "back_from_asia"),
        ("scenario=", "bad_field", "/scenario", None),
        ("by=did", "bad_field", "/by", None),
        ("by=do&by=given", "bad_field", "/by", None),
        ("interval=0", "bad_field", "/interval", None),
        ("given=xray:yes", "unknown_field", "/given", None),
        ("cohort=a_smoker", "unknown_field", "/cohort", None),
        ("event=lung:yes", "unknown_field", "/event", None),
    ],
)
@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_bad_address_is_refused_in_its_place(client, refused, form, asked, code, pointer, hint):
    problem = refused(client.get(f"{MATRIX}.{form}?{asked}"), 422, code)
    assert problem["did_you_mean"] == hint or hint is None
    if "interval" not in asked:
        assert problem["pointer"] == pointer


def test_a_model_that_is_not_there_has_no_matrix(client, refused):
    refused(client.get("/v1/models/asian/matrix"), 404, "unknown_model")
    refused(client.get("/v1/models/broken/matrix.csv"), 503, "model_not_ready")
    refused(client.post(MATRIX), 405, "method_not_allowed")


def test_states_that_bite_are_written_so_that_a_reader_gets_them_back(client):
    answer = client.get("/v1/models/oddities/matrix?target=never").json
    rows = table(client.get("/v1/models/oddities/matrix.csv?target=never"))[1:]
    assert {(row["from"], row["to"]) for row in answer["rows"]} == {("=1+1", "plain")}
    assert len(rows) == len(answer["rows"]) > 0


def test_intervals_of_too_many_are_refused_and_without_them_all_are_answered(client, refused, monkeypatch):
    every = "&".join(f"target={name}" for name in ("asia", "tub", "smoke", "lung", "bronc", "either", "xray", "dysp"))
    assert client.get(f"{MATRIX}?{every}").status_code == 200
    monkeypatch.setattr("service.analyses.matrix.MOST_DRAWN", 63)
    problem = refused(client.get(f"{MATRIX}?interval=0.7&{every}"), 422, "answer_too_large")
    assert "64 causes and targets" in problem["detail"]
    assert client.get(f"{MATRIX}?{every}&interval=none").status_code == 200
    assert client.get(f"{MATRIX}?interval=0.7&target=lung&target=lung").status_code == 200


def test_a_target_said_twice_is_answered_once(client):
    once, twice = client.get(f"{MATRIX}?target=lung").json, client.get(f"{MATRIX}?target=lung&target=lung").json
    assert twice["rows"] == once["rows"]


def test_a_default_picture_is_not_laid_in_unless_it_is_named(tmp_path):
    default = ("headline:", "default_scenario: the_fort_holds\nheadline:")
    edited(DATA / "levels", tmp_path / "pictured", "model.yaml", default)
    copied(DATA / "levels", tmp_path / "plain")
    pictured, plain = (create_app(Settings(tmp_path / each)).test_client() for each in ("pictured", "plain"))
    silent, none, named = (
        pictured.get(f"/v1/models/levels/matrix{asked}").json
        for asked in ("", "?scenario=none", "?scenario=the_fort_holds")
    )
    assert silent == none
    assert silent["rows"] == plain.get("/v1/models/levels/matrix").json["rows"]
    assert (silent["scenario"], named["scenario"]) == (None, "the_fort_holds")
    assert "scenario=the_fort_holds" in named["permalink"]


def test_it_is_documented_with_an_example_that_is_answered(client):
    document = client.get("/openapi.json").json
    described = document["paths"]["/v1/models/{model}/matrix"]["get"]
    assert [each["name"] for each in described["parameters"]] == [
        "model",
        "fields",
        "sources",
        "deadline_ms",
        "revision",
        "by",
        "target",
        "scenario",
        "interval",
    ]
    [by] = [each for each in described["parameters"] if each["name"] == "by"]
    assert by["schema"] == {"enum": ["do", "given"], "type": "string"}
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    valid = Draft202012Validator({**schema, "components": document["components"]})
    for asked in ADDRESSES:
        valid.validate(client.get(f"{MATRIX}{asked}").json)
    said = document["paths"]["/v1/models/{model}/matrix.csv"]["get"]["responses"]["200"]["description"]
    assert said.endswith("with the columns cause, from, to, target, state, shift.")
