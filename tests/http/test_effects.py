"""What a question does is held against not doing it, in every form of every answer."""

import csv
import io

import pytest

DONE = "/v1/models/asia/forecast/lung{}?fields=all&given=xray:yes&do=smoke:no"
EFFECT = ["without", "effect", "effect_lo", "effect_hi"]


def test_an_answer_to_a_question_that_does_something_has_its_effect(client):
    done = client.get(DONE.format("")).json
    seen = client.get("/v1/models/asia/forecast/lung?fields=all&given=xray:yes").json
    for row, before in zip(done["distribution"], seen["distribution"], strict=True):
        assert row["without"] == before["p"]
        assert row["effect"] == pytest.approx(row["p"] - row["without"], abs=1e-12)
        assert row["effect_lo"] < row["effect"] < row["effect_hi"]
    assert done["without"]["given"] == {"xray": "yes"}
    assert done["without"]["do"] == {}
    assert done["without"]["p_evidence"] == seen["p_evidence"]
    assert done["without"]["error"] is None
    assert done["status"]["after_do"] == [{"variable": "xray", "do": ["smoke"]}]
    [alone] = done["alone"]
    assert (alone["variable"], alone["do"]) == ("smoke", "no")
    assert [row["effect"] for row in alone["targets"][0]["distribution"]] == [
        row["effect"] for row in done["distribution"]
    ]


def test_an_answer_to_one_that_does_nothing_has_none(client):
    seen = client.get("/v1/models/asia/forecast/lung?fields=all&given=xray:yes").json
    assert set(EFFECT).isdisjoint(seen["distribution"][0])
    assert {"without", "alone"}.isdisjoint(seen)
    assert seen["status"]["after_do"] == []


def test_without_intervals_an_effect_has_no_ends(client):
    [row, _] = client.get(f"{DONE.format('')}&interval=none").json["distribution"]
    assert row["effect"] < 0
    assert (row["effect_lo"], row["effect_hi"]) == (None, None)


def test_each_of_several_do_stands_alone_too(client):
    answer = client.get("/v1/models/asia/query?target=dysp&do=smoke:no&do=bronc:no").json
    smoke, bronc = answer["alone"]
    for alone, path in ((smoke, "do=smoke:no"), (bronc, "do=bronc:no")):
        [row, _] = client.get(f"/v1/models/asia/forecast/dysp?fields=all&{path}").json["distribution"]
        assert alone["targets"][0]["distribution"][0]["effect"] == row["effect"]
    every = client.get("/v1/models/asia/marginals?do=smoke:no&do=bronc:no").json
    assert "alone" not in every
    assert [t["distribution"][0]["effect"] for t in every["targets"] if t["target"] == "dysp"] == [
        answer["targets"][0]["distribution"][0]["effect"]
    ]


def test_the_table_leads_with_the_effect(client):
    [first, *_] = csv.DictReader(io.StringIO(client.get(DONE.format(".csv")).text))
    body = client.get(DONE.format("")).json["distribution"][0]
    assert [float(first[name]) for name in EFFECT] == [body[name] for name in EFFECT]
    assert list(first).index("effect") < list(first).index("shift")
    [plain, *_] = csv.DictReader(io.StringIO(client.get("/v1/models/asia/forecast/lung.csv").text))
    assert [plain[name] for name in EFFECT] == ["", "", "", ""]


def test_a_batch_has_effects_where_a_case_does_something(client):
    cases = [
        {"do": {"smoke": "no"}, "given": {"xray": "yes"}},
        {"given": {"xray": "yes"}},
        {"do": {"smoke": "yes"}, "given": {"xray": "yes"}},
    ]
    sent = {"targets": ["lung"], "cases": cases, "interval": 0.9}
    done, seen, smoking = client.post("/v1/models/asia/batch", json=sent).json["cases"]
    single = client.get(DONE.format("")).json["distribution"]
    for row, alone in zip(done["targets"][0]["distribution"], single, strict=True):
        assert {name: row[name] for name in EFFECT} == {name: alone[name] for name in EFFECT}
    assert set(EFFECT).isdisjoint(seen["targets"][0]["distribution"][0])
    assert smoking["targets"][0]["distribution"][0]["without"] == single[0]["without"]
    table = client.post("/v1/models/asia/batch.csv", json=sent).text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["effect"] == "" for row in rows] == [False, False, True, True, False, False]


def test_an_explanation_prints_what_each_do_moved(client):
    found = client.get("/v1/models/asia/explanation?target=lung&state=yes&given=xray:yes&do=smoke:no").json
    row = client.get(DONE.format("")).json["distribution"][0]
    assert {name: found["done"][name] for name in ("p", "without", "effect")} == {
        name: row[name] for name in ("p", "without", "effect")
    }
    assert found["done"]["each"][0]["statement"] == "do(smoke=no)"
    assert found["after_do"] == {"xray": ["smoke"]}
    table = client.get("/v1/models/asia/explanation.csv?target=lung&state=yes&given=xray:yes&do=smoke:no").text
    first, second = csv.DictReader(io.StringIO(table))
    assert (first["statement"], float(first["effect"])) == ("do(smoke=no)", row["effect"])
    assert (second["statement"], second["effect"]) == ("xray=yes", "")


def test_a_brief_leads_with_it(client):
    path = "/v1/models/asia/brief.txt?target=lung&state=yes&given=xray:yes&do=smoke:no"
    assert client.get(path).text.startswith("What is done (Smoker: no) puts")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_nothing_is_sent_that_is_rounding(client, form):
    """Every probability and difference has thirteen digits at the most, and a stated number is itself."""
    for path in ("marginals", "marginals?do=smoke:yes", "compare?scenario=back_from_asia", "policies?target=lung"):
        path, _, asked = path.partition("?")
        text = client.get(f"/v1/models/asia/{path}.{form}?{asked}").text
        assert not {"0000000000", "9999999999"} & {number[-10:] for number in text.replace('"', ",").split(",")}
    smoke = client.get("/v1/models/asia/forecast/smoke?fields=all").json["distribution"]
    assert [(row["p"], row["baseline"], row["shift"]) for row in smoke] == [(0.5, 0.5, 0.0)] * 2


MOVED = ("shift", "effect", "delta", "gap", "bits", "db", "swing", "derivative", "share", "sd", "margin", "difference")
KNOWN = ("", "&given=asia:yes&given=smoke:no", "&given=dysp:yes&given=either:yes", "&given=xray:yes&do=smoke:no")


def moves(part, name=""):
    """Every number of a body that says how far something moved, by the field that it stands in."""
    if isinstance(part, dict):
        return [found for key, value in part.items() for found in moves(value, key)]
    if isinstance(part, list):
        return [found for value in part for found in moves(value, name)]
    said = isinstance(part, float) and any(word in name.split("_") for word in MOVED)
    return [(name, part)] if said else []


@pytest.mark.parametrize("known", KNOWN)
@pytest.mark.parametrize(
    "resource",
    ["explanation", "attribution", "sensitivity", "collection-plan", "goals", "policies", "brief", "forecast/lung"],
)
def test_what_does_not_move_is_sent_as_nothing(client, resource, known):
    own = "&below=0.01" if resource == "goals" else ""
    asked = known if "/" in resource else f"&target=lung&state=yes{own}{known}"
    answer = client.get(f"/v1/models/asia/{resource}?{asked.lstrip('&')}")
    assert answer.status_code == 200
    assert [(name, x) for name, x in moves(answer.json) if 0 < abs(x) < 1e-14] == []
    assert "-0.0," not in answer.text
