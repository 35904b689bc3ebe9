"""A field of the wrong kind is one error at its place, in words of the service."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from wsgi import app

SERVER = "http://127.0.0.1:8000"
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"interval": 5}, "/interval", "expected a number below 1 or 'none'; found 5"),
    ({"interval": "x"}, "/interval", "expected a number or 'none'; found 'x'"),
    ({"interval": [1]}, "/interval", "expected a number or 'none'; found [1]"),
    ({"targets": "lung"}, "/targets", "expected a list; found 'lung'"),
    ({"targets": [""]}, "/targets/0", "expected at least 1 character; found ''"),
    ({"given": [1]}, "/given", "expected a mapping; found [1]"),
    ({"joint": [1]}, "/joint/0", "expected a list; found 1"),
    ({"most_probable": 1}, "/most_probable", "expected true or false; found 1"),
    ({"scenario": 1}, "/scenario", "expected text; found 1"),
    ({"do": {"smoke": {"p": {"yes": 2}}}}, "/do/smoke/p/yes", "expected a number of at most 1; found 2"),
    (
        {"given": {"xray": {"likelihood": {"yes": -1}}}},
        "/given/xray/likelihood/yes",
        "a number of at least 0; found -1",
    ),
]


@pytest.fixture
def client() -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(("wrong", "pointer", "said"), WRONG)
def test_a_field_of_the_wrong_kind_is_one_error_at_its_place(
    client: FlaskClient, wrong: dict[str, Any], pointer: str, said: str
) -> None:
    answer = client.post("/v1/models/asia/query", json={"targets": ["lung"], **wrong}, base_url=SERVER)
    assert answer.status_code == 422
    body = answer.get_json(force=True)
    assert not body.get("errors")
    assert (body["pointer"], said in body["detail"]) == (pointer, True), body["detail"]


def test_mistakes_in_several_places_are_an_error_each(client: FlaskClient) -> None:
    wrong = {"targets": "lung", "interval": 5, "given": [1]}
    body = client.post("/v1/models/asia/query", json=wrong, base_url=SERVER).get_json(force=True)
    assert [each["pointer"] for each in body["errors"]] == ["/targets", "/given", "/interval"]
