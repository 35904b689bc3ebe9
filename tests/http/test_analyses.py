"""Analyses of one event over HTTP: what the model finds, in every form, pinned, kept and refused like any answer."""

import csv
import dataclasses
import io
import json
from collections.abc import Mapping

import pytest
from jsonschema import Draft202012Validator

from model.analyses.causal_effect import cause_effect
from model.analyses.collection_plan import plan
from model.analyses.explanation import explain
from model.analyses.goal_seeking import goals, policies
from model.analyses.sensitivity import sensitivity
from model.analyses.variance_attribution import attribution
from model.evidence import syntax
from model.forecast import prepare
from model.priors import load
from model.question import Question
from model.report.brief import brief
from model.report.brief_text import markdown, text
from service.analyses.analysis import OWN
from service.http.json_encoding import encoded

EVENT = "target=lung&state=yes"
KNOWN = "given=xray:yes&given=dysp:yes"
EACH = {
    "attribution": EVENT,
    "sensitivity": f"{EVENT}&threshold=0.5",
    "explanation": EVENT,
    "collection-plan": f"{EVENT}&steps=2",
    "goals": f"{EVENT}&below=0.3&using=both&largest=2",
    "policies": EVENT,
    "cause-effect": "effect=lung&state=yes&cause=smoke",
    "brief": EVENT,
}
TABLES = [resource for resource in EACH if resource != "brief"]
FORMS = [*((resource, form) for resource in TABLES for form in ("json", "csv"))]
FORMS += [("brief", form) for form in ("json", "md", "txt")]


def address(resource, form="json", extra=KNOWN):
    return f"/v1/models/asia/{resource}.{form}?{EACH[resource]}&{extra}"


@pytest.fixture(scope="module")
def asia(priors):
    return prepare(load(priors / "asia"))


@pytest.fixture(scope="module")
def found(asia):
    """What the model's own functions find for each address."""
    question = Question(("lung",), syntax.findings(["xray:yes", "dysp:yes"]))
    event = {"target": "lung", "state": "yes"}
    return {
        "attribution": attribution(asia, question, **event),
        "sensitivity": sensitivity(asia, question, **event, threshold=0.5),
        "explanation": explain(asia, question, **event),
        "collection-plan": plan(asia, question, **event, steps=2),
        "goals": goals(asia, question, **event, below=0.3, using="both", largest=2),
        "policies": policies(asia, question, **event),
        "cause-effect": cause_effect(asia, question, cause="smoke", **event),
        "brief": brief(asia, question, **event),
    }


def fields_and_properties(value):
    """A result as JSON's own kinds of values."""
    if dataclasses.is_dataclass(value):
        named = [field.name for field in dataclasses.fields(value)]
        named += [name for name, member in vars(type(value)).items() if isinstance(member, property)]
        return {name: fields_and_properties(getattr(value, name)) for name in named}
    if isinstance(value, Mapping):
        return {key: fields_and_properties(item) for key, item in value.items()}
    return [fields_and_properties(item) for item in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize("resource", EACH)
def test_the_numbers_are_those_of_the_model_s_own_functions(client, found, resource):
    answer = client.get(address(resource)).json
    expected = {name: value for name, value in fields_and_properties(found[resource]).items() if name not in OWN}
    assert {name: answer[name] for name in expected} == json.loads(encoded(expected))


@pytest.mark.parametrize("resource", EACH)
def test_it_says_what_was_asked_and_where_it_stands(client, resource):
    answer = client.get(address(resource)).json
    assert answer["given"] == answer["asked"]["given"] == {"xray": "yes", "dysp": "yes"}
    assert (answer["asked"]["target"], answer["asked"]["state"]) == ("lung", "yes")
    assert answer["as_of"] == "1988-12-31"
    for link in answer["links"].values():
        assert client.get(link).status_code == 200
    assert client.get(answer["permalink"]).json == answer


@pytest.mark.parametrize("resource", EACH)
def test_the_bare_address_gives_json(client, resource):
    bare = client.get(address(resource).replace(f"{resource}.json", resource))
    assert bare.content_type == "application/json"
    assert bare.data == client.get(address(resource)).data


@pytest.mark.parametrize("resource", TABLES)
def test_the_table_in_it_is_csv(client, resource):
    answer = client.get(address(resource, "csv"))
    assert (answer.status_code, answer.content_type) == (200, "text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))
    assert rows
    assert all(None not in row and None not in row.values() for row in rows)


def test_the_csv_has_the_numbers_of_the_json_to_the_last_digit(client):
    answer = client.get(address("attribution")).json
    rows = list(csv.DictReader(io.StringIO(client.get(address("attribution", "csv")).text, newline="")))
    assert [float(row["share"]) for row in rows] == [row["share"] for row in answer["statements"]]


@pytest.mark.parametrize(("resource", "form"), FORMS)
def test_an_answer_is_tagged_and_not_sent_twice(client, resource, form):
    first = client.get(address(resource, form))
    assert first.headers["Cache-Control"] == "public, max-age=5"
    again = client.get(address(resource, form), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(("resource", "form"), FORMS)
def test_pinned_to_its_revision_it_is_the_same_bytes_and_may_be_kept(client, asia, resource, form):
    loose = client.get(address(resource, form))
    pinned = client.get(address(resource, form, extra=f"{KNOWN}&revision={asia.model.revision}"))
    assert pinned.data == loose.data
    assert pinned.headers["Cache-Control"] == "public, max-age=86400"


@pytest.mark.parametrize("resource", EACH)
def test_the_order_of_evidence_does_not_matter(client, resource):
    turned = client.get(address(resource, extra="given=dysp:yes&given=xray:yes"))
    assert turned.data == client.get(address(resource)).data


@pytest.mark.parametrize("resource", [each for each in TABLES if each not in ("goals", "cause-effect")] + ["brief"])
def test_without_a_state_it_is_the_most_probable_one(client, resource):
    answer = client.get(f"/v1/models/asia/{resource}?target=lung&given=smoke:no").json
    assert answer["asked"]["state"] is None
    assert answer["state"] == (None if resource == "collection-plan" else "no")


# A brief


def test_a_brief_is_written_with_its_own_pinned_address(client, asia, found):
    for form, media, write in (("md", "text/markdown", markdown), ("txt", "text/plain", text)):
        answer = client.get(address("brief", form))
        assert answer.content_type == f"{media}; charset=utf-8"
        link = answer.text.rstrip().splitlines()[-1].strip("`")
        assert link == f"{address('brief', form)}&revision={asia.model.revision}"
        assert answer.text == write(found["brief"], permalink=link)
        assert client.get(link).data == answer.data


def test_each_form_of_a_brief_points_to_the_others(client):
    alternates = client.get(address("brief", "md")).headers.getlist("Link")
    assert ["brief.json" in each or "brief.txt" in each for each in alternates] == [True, True]


def test_a_brief_without_evidence_is_sent_too(client):
    answer = client.get("/v1/models/asia/brief.txt?target=lung&state=yes")
    assert answer.text.startswith('"Lung cancer: yes" is very unlikely (6 %; 90 % interval ')
    assert "REASONS" not in answer.text


@pytest.mark.parametrize("resource", EACH)
def test_an_answer_has_the_shape_that_is_documented(client, resource):
    document = client.get("/openapi.json").json
    said = document["paths"][f"/v1/models/{{model}}/{resource}"]["get"]["responses"]["200"]
    schema = said["content"]["application/json"]["schema"]
    answer = client.get(address(resource)).json
    Draft202012Validator({**schema, "components": document["components"]}).validate(answer)
    declared = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    assert set(answer) == set(declared["properties"]) == set(declared["required"])


def test_the_text_forms_of_a_brief_are_documented(client):
    paths = client.get("/openapi.json").json["paths"]
    for form, media in (("md", "text/markdown"), ("txt", "text/plain")):
        said = paths[f"/v1/models/{{model}}/brief.{form}"]["get"]["responses"]["200"]
        assert said["content"] == {media: {"schema": {"type": "string"}}}
        assert "CSV" not in said["description"]


# Refusals


@pytest.mark.parametrize("resource", EACH)
def test_an_unknown_target_is_refused_with_what_there_is(client, refused, resource):
    problem = refused(client.get(address(resource).replace("lung", "lnug")), 422, "unknown_variable")
    assert problem["did_you_mean"] == "lung"
    assert problem["pointer"] in ("/target", "/effect")


@pytest.mark.parametrize("resource", EACH)
def test_an_unknown_state_is_refused_with_what_there_is(client, refused, resource):
    problem = refused(client.get(address(resource).replace("state=yes", "state=ys")), 422, "unknown_state")
    assert (problem["pointer"], problem["allowed"]) == ("/state", ["yes", "no"])


@pytest.mark.parametrize("resource", EACH)
def test_a_missing_target_is_refused(client, refused, resource):
    address_without = f"/v1/models/asia/{resource}?state=yes&{KNOWN}"
    if resource == "cause-effect":
        address_without += "&cause=smoke"
    problem = refused(client.get(address_without), 422, "missing_field")
    assert problem["pointer"] in ("/target", "/effect")


@pytest.mark.parametrize("resource", EACH)
def test_impossible_evidence_is_refused_with_what_cannot_hold_together(client, refused, resource):
    extra = "given=tub:yes&given=either:no"
    problem = refused(client.get(address(resource, extra=extra)), 422, "impossible_evidence")
    assert problem["conflict"] == ["tub=yes", "either=no"]


@pytest.mark.parametrize("threshold", ["1.5", "-0.1", "nan", "half"])
def test_a_threshold_that_is_no_probability_is_refused(client, refused, threshold):
    problem = refused(client.get(f"/v1/models/asia/sensitivity?{EVENT}&threshold={threshold}"), 422, "bad_field")
    assert problem["pointer"] == "/threshold"


@pytest.mark.parametrize("said", ["", "&below=0.2&above=0.4"])
def test_a_goal_has_one_threshold(client, refused, said):
    problem = refused(client.get(f"/v1/models/asia/goals?{EVENT}{said}"), 422, "bad_question")
    assert problem["pointer"] == "/below"
    assert "below or above" in problem["detail"]


@pytest.mark.parametrize(
    ("resource", "said", "pointer"),
    [
        ("goals", "below=0.2&largest=4", "/largest"),
        ("goals", "below=0.2&using=magic", "/using"),
        ("collection-plan", "steps=0", "/steps"),
        ("collection-plan", "budget=0", "/budget"),
        ("policies", "interval=1", "/interval"),
    ],
)
def test_a_parameter_out_of_range_is_refused_in_its_place(client, refused, resource, said, pointer):
    problem = refused(client.get(f"/v1/models/asia/{resource}?{EVENT}&{said}"), 422, "bad_field")
    assert problem["pointer"].startswith(pointer)


def test_an_unknown_parameter_and_an_unknown_model_are_refused(client, refused):
    refused(client.get(f"/v1/models/asia/brief?{EVENT}&colour=red"), 422, "unknown_field")
    refused(client.get(f"/v1/models/asai/brief?{EVENT}"), 404, "unknown_model")
    assert client.get(f"/v1/models/asia/brief.csv?{EVENT}").status_code == 404


def test_names_that_bite_are_written_as_they_are(client):
    answer = client.get("/v1/models/oddities/brief.md", query_string={"target": "odd", "state": "a,b"})
    assert answer.status_code == 200
    assert "a,b" in answer.text
