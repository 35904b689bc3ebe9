"""Answers under a permalink: the bytes stay, whatever becomes of the model; the same question has the same id."""

import base64
import json
import shutil
import subprocess
import sys

import pytest

from service import SERVICE
from service.store.limits import Limits
from tests.http.conftest import check_refusal
from tests.http.test_revisions import LESS, revised, served
from tests.servers import ROOT

QUESTIONS = {
    "query": {"targets": ["lung", "bronc"], "given": {"xray": "yes"}, "joint": [["lung", "bronc"]]},
    "forecast": {"target": "lung", "given": {"xray": {"not": ["no"]}}, "do": {"smoke": "no"}},
    "marginals": {"given": ["xray:yes"]},
    "compare": {"sides": [{"do": {"smoke": "no"}}, {"do": {"smoke": "yes"}}]},
    "sensitivity": {"target": "lung", "given": {"dysp": "yes"}, "threshold": 0.5},
    "attribution": {"target": "lung"},
    "explanation": {"target": "lung", "given": {"xray": "yes", "dysp": "yes"}},
    "collection-plan": {"target": "lung"},
    "goals": {"target": "lung", "state": "yes", "below": 0.01},
    "policies": {"target": "lung"},
    "cause-effect": {"cause": "smoke", "effect": "lung"},
    "matrix": {"by": "given"},
    "brief": {"target": "lung", "given": {"xray": "yes"}},
}


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    return tmp_path


@pytest.fixture
def client(place):
    return served(place)


def kept(client, kind, **more):
    response = client.post("/v1/answers", json={"model": "asia", "kind": kind, **QUESTIONS[kind], **more})
    assert response.status_code == 200, response.text
    return response.json


@pytest.mark.parametrize("kind", QUESTIONS)
def test_an_answer_of_every_kind_is_kept_in_every_form(client, kind):
    found = kept(client, kind)
    assert found["links"]["json"] == found["permalink"]
    for suffix, link in found["links"].items():
        sent = client.get(link)
        asked = found["question"].partition("?")
        whole = "&fields=all" if suffix == "json" else ""
        today = client.get(f"{asked[0]}.{suffix}?{asked[2]}{whole}")
        assert sent.data == today.data
        assert sent.content_type == today.content_type
        assert "immutable" in sent.headers["Cache-Control"]
        assert client.get(link, headers={"If-None-Match": sent.headers["ETag"]}).status_code == 304
        assert client.get(f"{found['latest']}.{suffix}").data == today.data


def test_every_kind_of_question_is_tried_here(client):
    refused = check_refusal(client.post("/v1/answers", json={"model": "asia", "kind": "any"}), 422, "unknown_kind")
    assert set(refused["allowed"]) == set(QUESTIONS)


def test_the_same_question_asked_again_keeps_and_works_out_nothing(client, monkeypatch):
    first = kept(client, "query")
    monkeypatch.setattr("service.routes.forecasts.answer", lambda *_: pytest.fail("worked out again"))
    assert kept(client, "query") == first
    turned = {**QUESTIONS["query"], "given": {"xray": {"in": ["yes"]}}}
    assert client.post("/v1/answers", json={"model": "asia", **turned}).json["id"] == first["id"]


def test_the_bytes_outlive_an_edit_and_lead_to_the_question_today(client, place):
    found = kept(client, "forecast")
    before = client.get(found["permalink"]).data
    after = revised(place, LESS)
    sent = after.get(found["permalink"])
    assert sent.data == before
    assert json.loads(sent.data)["revision"] == found["revision"] == sent.headers["X-Model-Revision"]
    assert sent.headers["Link"] == f'<{found["latest"]}>; rel="latest-version"'
    latest = after.get(found["latest"])
    assert latest.json["revision"] == after.get("/v1/models/asia").json["revision"] != found["revision"]
    assert latest.data != before
    again = kept(after, "forecast")
    assert again["id"] != found["id"]
    assert kept(after, "forecast", revision=found["revision"])["id"] == found["id"]


LATER = """
import base64, json, sys
from pathlib import Path
from service.http import fingerprint
fingerprint.fingerprint = lambda: "another version of the software"
from service import create_app
from service.settings import Settings
from service.store.location import Folder
place, again, *links = sys.argv[1:]
client = create_app(Settings(Path(place) / "models", place=Folder(Path(place) / "state"))).test_client()
found = [client.get(link) for link in links]
bodies = [[each.status_code, base64.b64encode(each.data).decode()] for each in found]
print(json.dumps({"bodies": bodies, "again": client.post("/v1/answers", json=json.loads(again)).json}))
"""


def edited(folder):
    name, old, new = LESS
    (folder / name).write_text((folder / name).read_text().replace(old, new))


def broken(folder):
    (folder / LESS[0]).write_text("a file that is no model")


@pytest.mark.slow
@pytest.mark.parametrize("change", [None, edited, broken, shutil.rmtree])
def test_the_bytes_outlive_the_process_the_files_and_the_version_of_the_software(client, place, change):
    found = {kind: kept(client, kind) for kind in ("forecast", "query", "compare", "sensitivity")}
    links = [link for each in found.values() for link in each["links"].values()]
    assert {link.rpartition(".")[2] for link in links} >= {"json", "csv"}
    before = [[200, client.get(link).data] for link in links]
    if change is not None:
        change(place / "models" / "asia")
        shutil.copytree(ROOT / "priors" / "asia", place / "models" / "another")
    again = json.dumps({"model": "asia", "kind": "forecast", **QUESTIONS["forecast"]})
    ran = subprocess.run([sys.executable, "-c", LATER, place, again, *links], cwd=ROOT, capture_output=True, check=True)
    said = json.loads(ran.stdout)
    assert [[status, base64.b64decode(body)] for status, body in said["bodies"]] == before
    assert said["again"].get("id") != found["forecast"]["id"], "the version is part of what an id is a digest of"


def test_a_question_longer_than_any_address_is_kept(client):
    sides = [{"name": f"side {i} {'x' * 150}", "do": {"smoke": "no"}} for i in range(80)]
    found = client.post("/v1/answers", json={"model": "asia", "kind": "compare", "sides": sides}).json
    assert len(found["question"]) > 8_190
    assert len(client.get(found["permalink"]).json["sides"]) == 80
    assert client.get(found["latest"]).data == client.get(found["permalink"]).data


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"model": "asai"}, 404, "unknown_model", "/model"),
        ({"kind": "query"}, 422, "missing_field", "/model"),
        ({"model": "asia", "kind": "forecast"}, 422, "missing_field", "/target"),
        ({"model": "asia", "kind": "forecast", "target": 3}, 422, "bad_field", "/target"),
        ({"model": "asia", "kind": "forecast", "target": "lunk"}, 422, "unknown_variable", "/target"),
        ({"model": "asia", "kind": "forecast", "target": "lung", "gvien": {}}, 422, "unknown_field", "/gvien"),
        (
            {"model": "asia", "kind": "forecast", "target": "lung", "given": {"xray": 3}},
            422,
            "bad_field",
            "/given/xray",
        ),
        ({"model": "asia", "given": {"xray": "maybe"}}, 422, "unknown_state", "/given/xray"),
        ({"model": "asia", "kind": "goals", "target": "lung", "below": True}, 422, "bad_field", "/below"),
        ({"model": "asia", "deadline_ms": 5}, 422, "unknown_field", "/deadline_ms"),
        ({"model": "asia", "evidence": {}}, 422, "unknown_field", "/evidence"),
        ({"model": "asia", "revision": "nobody"}, 404, "unknown_revision_name", "/revision"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_its_place(client, body, status, code, pointer):
    assert check_refusal(client.post("/v1/answers", json=body), status, code)["pointer"] == pointer


def test_a_form_that_a_kind_does_not_have_is_refused_with_those_it_has(client):
    found = kept(client, "query")
    for path in (f"/v1/answers/{found['id']}.md", f"{found['latest']}.txt"):
        refused = check_refusal(client.get(path), 404, "no_such_form")
        assert sorted(refused["allowed"]) == ["arrow", "csv", "json", "parquet"]
    check_refusal(client.get("/v1/answers/a-000000000000000000000000"), 404, "answer_not_kept")


def test_a_client_may_keep_so_many_new_answers_a_day(client):
    client.application.extensions[SERVICE].store.limits = Limits(answers_a_day=2)
    for name in ("lung", "tub"):
        assert client.post("/v1/answers", json={"model": "asia", "targets": [name]}).status_code == 200
    refused = client.post("/v1/answers", json={"model": "asia", "targets": ["bronc"]})
    check_refusal(refused, 429, "quota_exceeded")
    assert client.post("/v1/answers", json={"model": "asia", "targets": ["lung"]}).status_code == 200


def test_a_full_store_says_what_to_prune(client):
    client.application.extensions[SERVICE].store.limits = Limits(total_bytes=1)
    refused = client.post("/v1/answers", json={"model": "asia", "targets": ["bronc"]})
    assert "prune" in check_refusal(refused, 507, "store_full")["detail"]


def test_links_behind_a_proxy_have_its_prefix_and_the_kept_bytes_have_none(place):
    from service import create_app
    from service.settings import Settings
    from service.store.location import Folder

    app = create_app(Settings(place / "models", place=Folder(place / "state"), proxies=("unix",)))
    plain = app.test_client()
    found = kept(plain, "query")
    environ = {"REMOTE_ADDR": "", "HTTP_X_FORWARDED_PREFIX": "/forecasts", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}
    behind = plain.post("/v1/answers", json={"model": "asia", **QUESTIONS["query"]}, environ_overrides=environ).json
    assert behind["id"] == found["id"]
    assert behind["permalink"].removeprefix("/forecasts") == found["permalink"]
