"""A cohort speaks of its own members: over HTTP too, what is of the group is refused under one."""

import shutil

import pytest

from service import create_app
from service.settings import Settings
from tests.prior_copies import DATA

ARMY = "/v1/models/levels"
EVENT = "target=stock&state=few&cohort=borderers"


@pytest.fixture(scope="module")
def army(tmp_path_factory):
    folder = tmp_path_factory.mktemp("levels")
    shutil.copytree(DATA / "levels", folder / "levels")
    return create_app(Settings(folder)).test_client()


@pytest.mark.parametrize(
    ("address", "pointer"),
    [
        ("forecast/stock?cohort=borderers", "/targets/0"),
        ("query?target=fate&target=stock&cohort=borderers", "/targets/1"),
        ("query?target=fate&joint=fate,war&cohort=borderers", "/joint/0"),
        ("query?target=fate&most_probable=true&cohort=borderers", "/most_probable"),
        ("compare?target=war&cohort=borderers", "/targets/0"),
        (f"explanation?{EVENT}", "/targets/0"),
        (f"attribution?{EVENT}", "/targets/0"),
        (f"sensitivity?{EVENT}", "/targets/0"),
        (f"collection-plan?{EVENT}", "/targets/0"),
        (f"goals?{EVENT}&below=0.1", "/targets/0"),
        (f"policies?{EVENT}", "/targets/0"),
        ("cause-effect?cause=war&effect=stock&state=few&cohort=borderers", "/targets/0"),
        (f"brief?{EVENT}", "/targets/0"),
        ("explanation?target=stock&cohort=borderers", "/targets/0"),
    ],
)
def test_what_is_of_the_group_is_refused_under_a_cohort(army, refused, address, pointer):
    problem = refused(army.get(f"{ARMY}/{address}"), 422, "group_outcome_of_cohort")
    assert (problem["pointer"], problem["allowed"]) == (pointer, ["fate"])
    assert "leave the cohort out" in problem["detail"]


def test_the_same_is_refused_when_it_is_sent(army, refused):
    body = {"targets": ["stock"], "cohort": "borderers"}
    refused(army.post(f"{ARMY}/query", json=body), 422, "group_outcome_of_cohort")
    refused(army.post(f"{ARMY}/compare", json=body), 422, "group_outcome_of_cohort")


def test_a_batch_refuses_the_case_of_the_cohort_alone(army):
    cases = [{"id": "all"}, {"id": "some", "cohort": "borderers"}]
    found = army.post(f"{ARMY}/batch", json={"targets": ["stock"], "cases": cases}).json
    assert [case["error"] and case["error"]["code"] for case in found["cases"]] == [None, "group_outcome_of_cohort"]


def test_an_analyst_told_so_leaves_the_cohort_out_or_asks_of_the_individual(army, refused):
    problem = refused(army.get(f"{ARMY}/forecast/stock?cohort=borderers"), 422, "group_outcome_of_cohort")
    [instead] = problem["allowed"]
    stays = army.get(f"{ARMY}/forecast/{instead}?cohort=borderers").json["distribution"][0]
    assert (stays["state"], stays["p"]) == ("stays", pytest.approx(0.3))
    assert army.get(f"{ARMY}/forecast/stock").json["distribution"][0]["p"] == pytest.approx(0.46)


def test_nothing_named_is_what_is_of_the_individual(army):
    marginals = army.get(f"{ARMY}/marginals?cohort=borderers").json
    assert [each["target"] for each in marginals["targets"]] == ["home", "fate"]
    compared = army.get(f"{ARMY}/compare?cohort=borderers").json
    assert [each["target"] for each in compared["targets"]] == ["fate"]
    assert [each["target"] for each in army.get(f"{ARMY}/compare").json["targets"]] == ["stock", "fate"]


def test_a_model_says_what_it_leaves_out_and_why(army):
    model = army.get(ARMY).json
    assert model["left_out"] == [
        {"name": "the_general", "why": "Nobody knows what he wants."},
        {"name": "weather", "why": "It is the same for both sides."},
    ]
    assert [each["name"] for each in model["folded"]] == ["deserters"]


def test_a_variable_says_its_level(army):
    listed = {each["name"]: each["level"] for each in army.get(f"{ARMY}/variables").json["variables"]}
    assert listed == {"war": "group", "stock": "group", "home": "individual", "fate": "individual"}
    assert army.get(f"{ARMY}/variables/fate").json["level"] == "individual"
    assert "level" in army.get(f"{ARMY}/variables.csv").text.splitlines()[0].split(",")
