"""The OpenAPI document describes every route, and what is sent has the shape that it declares."""

import re

import pytest
from jsonschema import Draft202012Validator

OPTIONAL = {"without", "alone", "sides", "scenarios"}
"""Fields of answers to questions that do something, and of comparisons of questions."""


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json


def test_it_is_the_same_beside_the_resources(client):
    assert client.get("/v1/openapi.json").data == client.get("/openapi.json").data


def test_every_route_is_described_and_nothing_else_is(app, document):
    routed = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert described == routed


def test_each_operation_has_an_identity_a_summary_and_its_refusals(document):
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    identities = [operation["operationId"] for operation in operations]
    assert len(set(identities)) == len(identities)
    assert all(operation["summary"].endswith(".") for operation in operations)
    assert all({"200", "400", "405", "500"} <= set(operation["responses"]) for operation in operations)


def test_every_reference_leads_somewhere(document):
    references = set(re.findall(r"'\$ref': '#/components/(\w+)/([^']+)'", str(document)))
    assert len(references) > 20
    assert [name for kind, name in references if name not in document["components"][kind]] == []


@pytest.mark.parametrize(
    "path",
    [
        "/livez",
        "/readyz",
        "/v1/status",
        "/v1/models",
        "/v1/models/{model}",
        "/v1/models/{model}/variables",
        "/v1/models/{model}/variables/{variable}",
        "/v1/models/{model}/graph",
        "/v1/models/{model}/sources",
        "/v1/models/{model}/scenarios",
        "/v1/models/{model}/cohorts",
        "/v1/models/{model}/forecast/{target}",
        "/v1/models/{model}/forecast/{target}?fields=all",
        "/v1/models/{model}/marginals",
        "/v1/models/{model}/query",
        "/v1/models/{model}/compare",
    ],
)
def test_an_answer_has_the_shape_declared_and_every_field_declared(client, document, path):
    answer = client.get(path.format(model="asia", variable="dysp", target="lung"))
    path, _, is_whole = path.partition("?")
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    resolved = {**schema, "components": document["components"]}
    Draft202012Validator(resolved).validate(answer.json)
    short, *whole = schema.get("anyOf", [schema])
    short = whole[0] if is_whole else short
    declared = document["components"]["schemas"][short["$ref"].rsplit("/", 1)[1]]
    assert set(declared["required"]) <= set(answer.json) <= set(declared["properties"])
    assert set(declared["properties"]) - set(declared["required"]) <= OPTIONAL


def test_the_examples_of_bodies_are_answered(client, document):
    sent = 0
    for path, methods in document["paths"].items():
        body = methods.get("post", {}).get("requestBody", {"content": {}})["content"]
        for media, said in body.items():
            data = said["example"]
            options = {"json": data} if media == "application/json" else {"data": data, "content_type": media}
            sides = methods["post"]["parameters"]
            headers = {each["name"]: each["example"] for each in sides if each["in"] == "header" and "example" in each}
            assert client.post(path.format(model="asia"), headers=headers, **options).status_code == 200
            sent += 1
    assert sent >= 9


TABLES = (".csv", ".parquet", ".arrow")
NAME = "reviewed"
"""Of a revision: what somebody gave, so that no document knows one."""


def test_the_examples_of_addresses_are_answered(client, document):
    places = {"name": NAME}
    client.put(f"/v1/models/asia/names/{NAME}", json={"revision": "active"}, headers={"If-Match": "*"})
    client.put(f"/v1/models/asia/questions/{NAME}", json={"question": "given=xray:yes"}, headers={"If-Match": "*"})
    places["answer"] = client.post("/v1/answers", json={"model": "asia", "kind": "brief", "target": "lung"}).json["id"]
    for path, methods in document["paths"].items():
        parameters = methods.get("get", {}).get("parameters", [])
        places |= {p["name"]: p["example"] for p in parameters if p["in"] == "path" and "example" in p}
        query = {p["name"]: p["example"] for p in parameters if p["in"] == "query" and "example" in p}
        if "get" in methods:
            answer = client.get(path.format(**places), query_string=query)
            lacks = answer.status_code == 404 and answer.json["code"] == "no_such_form" and path.endswith(TABLES)
            assert answer.status_code == 200 or lacks, (path, answer.text)
