"""A client names the fields that it wants, and how sources stand; an answer in short is short."""

import csv
import io
import json

import pytest

from service import create_app
from service.settings import Settings
from tests.servers import ROOT

LUNG = "/v1/models/asia/forecast/lung"
MARGINALS = "/v1/models/asia/marginals"
MOST = 1_000
"""Bytes of the plain address of one target."""


def whole(client, path=f"{LUNG}?given=xray:yes&do=smoke:no"):
    return client.get(f"{path}&fields=all").json


def columns(answer):
    return next(csv.reader(io.StringIO(answer.text)))


def test_the_plain_address_of_a_target_is_short_and_says_what_a_dashboard_shows(client):
    short = client.get(f"{LUNG}?given=xray:yes&do=smoke:no").json
    assert list(short) == ["model", "revision", "as_of", "target", "distribution", "permalink"]
    for row, long in zip(short["distribution"], whole(client)["distribution"], strict=True):
        assert row == {name: long[name] for name in ("state", "p", "lo", "hi", "shift", "effect")}
    assert client.get(short["permalink"]).json == short
    seen = client.get(f"{LUNG}?given=xray:yes").json
    assert list(seen["distribution"][0]) == ["state", "p", "lo", "hi", "shift"]
    bare = client.get(f"{LUNG}?interval=none").json["distribution"][0]
    assert (bare["lo"], bare["hi"]) == (None, None)


def test_plain_marginals_are_as_short_as_the_forecasts_of_their_targets(client):
    for said in ("given=xray:yes&do=smoke:no", "given=xray:yes", "interval=0.9&given=xray:yes"):
        short = client.get(f"{MARGINALS}?{said}").json
        assert list(short) == ["model", "revision", "as_of", "targets", "p_evidence", "permalink"]
        every = whole(client, f"{MARGINALS}?{said}")
        assert short["p_evidence"] == every["p_evidence"]
        names = ("state", "p", "lo", "hi", "shift", *(["effect"] if "do=" in said else []))
        assert short["targets"] == [
            {"target": each["target"], "distribution": [{name: row[name] for name in names} for row in rows]}
            for each in every["targets"]
            for rows in (each["distribution"],)
        ]
        assert client.get(short["permalink"]).json == short


def test_plain_marginals_of_the_flagship_take_a_quarter_of_everything():
    client = create_app(Settings(ROOT / "priors")).test_client()
    path = "/v1/models/mosul-2017/marginals"
    assert 4 * len(client.get(path).data) < len(client.get(f"{path}?fields=all").data)


def test_the_plain_address_of_any_target_has_a_thousand_bytes_at_the_most():
    client = create_app(Settings(ROOT / "priors")).test_client()
    for model in client.get("/v1/models").json["models"]:
        place = f"/v1/models/{model['name']}"
        names = [each["name"] for each in client.get(f"{place}/variables").json["variables"]]
        sizes = {name: len(client.get(f"{place}/forecast/{name}").data) for name in names}
        assert {name: size for name, size in sizes.items() if size > MOST} == {}


@pytest.mark.parametrize(
    "path", [f"{LUNG}?given=xray:yes", MARGINALS + "?", "/v1/models/asia/variables?", "/v1/models?"]
)
def test_fields_are_those_of_the_whole_in_the_order_named(client, path):
    every = whole(client, path)
    some = list(every)[::-2]
    found = client.get(f"{path}&fields={','.join(some)}")
    assert list(found.json) == some
    assert found.json == {name: every[name] for name in some}
    assert client.get(f"{path}&fields=all,{some[0]}").json == every


def test_two_selections_have_two_tags_and_each_is_answered_304(client):
    tags = set()
    for said in ("", "&fields=all", "&fields=distribution", "&fields=distribution&sources=none", "&sources=names"):
        first = client.get(f"{LUNG}?given=xray:yes{said}")
        tags.add(first.headers["ETag"])
        again = client.get(f"{LUNG}?given=xray:yes{said}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    assert len(tags) == 5


def without_sources(part):
    if isinstance(part, dict):
        return {name: without_sources(value) for name, value in part.items() if name != "sources"}
    return [without_sources(each) for each in part] if isinstance(part, list) else part


@pytest.mark.parametrize(
    "path", ["/v1/models/asia/query", "/v1/models/asia/scenarios", "/v1/models/asia/variables/dysp"]
)
def test_sources_are_left_out_wherever_they_stand_or_named(client, path):
    every = client.get(f"{path}?sources=full").json
    assert every == client.get(path).json
    assert json.dumps(client.get(f"{path}?sources=none").json) == json.dumps(without_sources(every))
    named = client.get(f"{path}?sources=names").json
    if isinstance(every.get("sources", [None])[0], dict):
        assert named["sources"] == [each["name"] for each in every["sources"]]
    assert without_sources(named) == without_sources(every)


@pytest.mark.parametrize("path", [LUNG, MARGINALS])
def test_an_answer_in_short_has_its_sources_where_they_are_wanted(client, path):
    path += "?given=xray:yes&do=smoke:no"
    every = whole(client, path)
    short = client.get(path).json
    assert client.get(f"{path}&sources=none").json == short
    assert client.get(f"{path}&sources=full").json == {**short, "sources": every["sources"]}
    assert client.get(f"{path}&sources=names").json["sources"] == [each["name"] for each in every["sources"]]


def test_columns_of_a_table_are_named_too_and_some_come_on_request_alone(client):
    plain = client.get(f"{LUNG}.csv")
    assert {"as_of", "time"}.isdisjoint(columns(plain))
    found = client.get(f"{LUNG}.csv?fields=time,as_of,state,p")
    assert columns(found) == ["time", "as_of", "state", "p"]
    [first, _] = csv.DictReader(io.StringIO(found.text))
    [same, _] = csv.DictReader(io.StringIO(plain.text))
    since = client.get("/v1/status").json["models"]
    [asia] = [each for each in since if each["model"] == "asia"]
    assert first["time"][:19] == asia["since"][:19]
    assert (first["as_of"], first["state"], first["p"]) == ("1988-12-31", same["state"], same["p"])
    assert columns(client.get(f"{LUNG}.csv?fields=all,time")) == [*columns(plain), "time"]
    revision = client.get("/v1/models/asia/cohorts.csv?fields=all,revision")
    assert [row["revision"] for row in csv.DictReader(io.StringIO(revision.text))]


def test_a_table_whose_columns_are_the_question_s_own_is_cut_as_well(client):
    path = "/v1/models/asia/query.csv?target=lung&joint=tub,lung"
    assert columns(client.get(f"{path}&fields=tub,lung,p")) == ["tub", "lung", "p"]


@pytest.mark.parametrize(
    ("path", "said", "suggested"),
    [
        (LUNG, "distributon", "distribution"),
        (f"{LUNG}.csv", "sate", "state"),
        ("/v1/models", "model", "models"),
        ("/v1/models/asia/graph", "arc", "arcs"),
    ],
)
def test_a_field_that_is_not_there_is_refused_with_the_nearest(client, refused, path, said, suggested):
    problem = refused(client.get(f"{path}?fields={said}"), 422, "unknown_field")
    assert problem["did_you_mean"] == suggested
    assert problem["pointer"] == "/fields"


@pytest.mark.parametrize("said", ["", ",", "p,", ",p"])
def test_fields_are_names_with_commas(client, refused, said):
    detail = refused(client.get(f"{LUNG}?fields={said}"), 422, "bad_field")["detail"]
    assert "names with a comma between each two" in detail or not said


def test_a_text_has_no_fields(client, refused):
    path = "/v1/models/asia/brief.md?target=lung"
    refused(client.get(f"{path}&fields=p"), 422, "bad_field")
    assert client.get(f"{path}&fields=all").data == client.get(path).data


def test_an_answer_that_is_kept_is_whole_and_is_read_in_parts(client):
    kept = client.post("/v1/answers", json={"model": "asia", "kind": "forecast", "target": "lung"}).json
    every = client.get(kept["permalink"]).json
    assert "sources" in every
    assert client.get(f"{kept['permalink']}?fields=target,distribution").json == {
        "target": "lung", "distribution": every["distribution"]
    }  # fmt: skip
    assert columns(client.get(f"{kept['links']['csv']}?fields=p,state")) == ["p", "state"]
