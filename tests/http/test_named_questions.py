"""Named questions over HTTP: kept by name for one version, listed, refused where the model could not be asked so."""

import shutil

import pytest

from service import SERVICE
from service.store import audit
from tests.http.conftest import check_refusal
from tests.http.test_revisions import served
from tests.servers import ROOT

LIST = "/v1/models/asia/questions"
PATH = f"{LIST}/nobody-smokes"
NEW = {"If-None-Match": "*"}


@pytest.fixture
def client(tmp_path):
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    return served(tmp_path)


def named(client, question, headers=NEW, path=PATH, **more):
    return client.put(path, json={"question": question, **more}, headers=headers)


def test_a_question_is_kept_in_the_order_of_the_model_listed_and_asked(client):
    made = named(client, "do=smoke:no&given=xray:yes", label="Nobody smokes")
    assert made.status_code == 200
    assert made.json["question"] == "given=xray:yes&do=smoke:no"
    assert made.json["page"] == "/?model=asia&given=xray:yes&do=smoke:no"
    [listed] = client.get(f"{LIST}.json").json["questions"]
    assert (listed["name"], listed["label"], listed["seq"]) == ("nobody-smokes", "Nobody smokes", made.json["seq"])
    asked = client.get(f"/v1/models/asia/forecast/lung?{listed['question']}")
    assert asked.json["distribution"][0]["p"] == pytest.approx(
        client.get("/v1/models/asia/forecast/lung?given=xray:yes&do=smoke:no").json["distribution"][0]["p"]
    )


def test_a_change_says_of_which_version(client):
    first = named(client, "do=smoke:no").json["seq"]
    check_refusal(client.put(PATH, json={"question": "do=smoke:yes"}), 428, "precondition_required")
    check_refusal(named(client, "do=smoke:yes"), 412, "stale_precondition")
    second = named(client, "do=smoke:yes", {"If-Match": f'"{first}"'}).json
    check_refusal(named(client, "", {"If-Match": f'"{first}"'}), 412, "stale_precondition")
    assert [each["question"] for each in client.get(PATH).json["asked"]] == ["do=smoke:yes", "do=smoke:no"]
    gone = named(client, None, {"If-Match": f'"{second["seq"]}"'})
    assert (gone.json["question"], gone.json["page"]) == (None, None)
    assert client.get(LIST).json["questions"] == []


@pytest.mark.parametrize(
    ("question", "status", "code"),
    [
        ("do=smoke:maybe", 422, "unknown_state"),
        ("given=nothing:yes", 422, "unknown_variable"),
        ("target=lung", 422, "unknown_field"),
        ("scenario=nobody", 422, "unknown_scenario"),
    ],
)
def test_what_the_model_could_not_be_asked_is_not_kept(client, question, status, code):
    problem = check_refusal(named(client, question), status, code)
    assert problem["pointer"].startswith("/question")
    assert client.get(LIST).json["questions"] == []


def test_a_name_that_never_asked_anything_is_unknown(client):
    named(client, "")
    check_refusal(client.get(f"{LIST}/nobody-smoke"), 404, "unknown_question")


def test_whoever_names_a_question_stands_in_the_audit_log(client):
    named(client, "do=smoke:no")
    store = client.application.extensions[SERVICE].store
    assert f"PUT {PATH}" in [each.deed.what for each in audit.latest(store)]
