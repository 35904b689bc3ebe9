"""Joints over HTTP with their intervals, as JSON and as a table; numbers outside their intervals, in every form."""

import csv
import io
import shutil

import pytest
from jsonschema import Draft202012Validator

from service import create_app
from service.settings import Settings
from tests.sources import ROOT

RARE = "/v1/models/rare"
FIXED = ["p", "lo", "hi", "outside", "tie", "p_evidence", "model", "revision"]
REASONS = {"few_draws", "tail", "baseline", "nonlinear"}


@pytest.fixture(scope="module")
def rare(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rare")
    shutil.copytree(ROOT / "tests" / "data" / "rare", folder / "rare")
    shutil.copytree(ROOT / "priors" / "asia", folder / "asia")
    return create_app(Settings(folder)).test_client()


@pytest.fixture(scope="module")
def document(rare):
    return rare.get("/v1/openapi.json").json


def table(answer):
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


def number(cell):
    return float(cell) if cell else None


def test_every_combination_has_its_interval_where_one_is_asked_for(rare):
    drawn = rare.get("/v1/models/asia/query?target=lung&joint=lung,tub&given=xray:yes").json["joint"][0]
    plain = rare.get("/v1/models/asia/query?target=lung&joint=lung,tub&given=xray:yes&interval=none").json["joint"][0]
    assert [row["p"] for row in drawn["rows"]] == [row["p"] for row in plain["rows"]]
    assert all(row["lo"] < row["p"] < row["hi"] for row in drawn["rows"])
    assert all(row["lo"] is row["hi"] is None for row in plain["rows"])
    assert (drawn["interval"]["mass"], drawn["interval"]["draws"], plain["interval"]) == (0.9, 1000, None)


@pytest.mark.parametrize(
    ("asked", "columns", "counts"),
    [
        ("joint=guard,breach", ["guard", "breach"], {"guard,breach": 4}),
        ("joint=guard,breach&interval=0.5", ["guard", "breach"], {"guard,breach": 4}),
        (
            "joint=guard,breach&joint=fence,guard&target=breach",
            ["guard", "breach", "fence"],
            {"guard,breach": 4, "fence,guard": 4, "breach": 2},
        ),
        ("joint=guard&most_probable=true", ["guard", "fence", "breach"], {"guard": 2, "most_probable": 1}),
        ("most_probable=true&given=guard:low", ["guard", "fence", "breach"], {"most_probable": 1}),
        ("event=any(guard:low,breach:yes)&joint=guard,fence", ["guard", "fence", "any(guard:low,breach:yes)"],
         {"guard,fence": 4, "any(guard:low,breach:yes)": 2}),
    ],
)  # fmt: skip
def test_a_table_with_joints_has_a_row_for_each_combination_and_a_column_for_each_variable(
    rare, asked, columns, counts
):
    rows = table(rare.get(f"{RARE}/query.csv?{asked}"))
    assert list(rows[0]) == ["joint", *columns, *FIXED]
    assert {
        name: sum(row["joint"] == name for row in rows) for name in dict.fromkeys(r["joint"] for r in rows)
    } == counts
    for row in rows:
        of = columns if row["joint"] == "most_probable" else [c for c in columns if c in named(row["joint"], columns)]
        assert [column for column in columns if row[column]] == of


def named(joint, columns):
    return [joint] if joint in columns else joint.split(",")


def test_the_table_has_the_numbers_of_the_json_to_the_last_digit(rare):
    asked = "joint=guard,breach&joint=fence&target=breach&most_probable=true&given=breach:no"
    body = rare.get(f"{RARE}/query?{asked}").json
    rows = table(rare.get(f"{RARE}/query.csv?{asked}"))
    expected = [(*row["states"], row["p"], row["lo"], row["hi"]) for joint in body["joint"] for row in joint["rows"]]
    expected += [(row["state"], row["p"], row["lo"], row["hi"]) for t in body["targets"] for row in t["distribution"]]
    best = body["most_probable"]
    expected.append((*best["states"].values(), best["p"], None, None))
    sent = [
        (
            *(row[name] for name in ("guard", "fence", "breach") if row[name]),
            *map(number, (row["p"], row["lo"], row["hi"])),
        )
        for row in rows
    ]
    assert sent == expected
    assert {float(row["p_evidence"]) for row in rows} == {body["p_evidence"]}


def test_the_same_table_comes_by_post(rare):
    body = {"joint": [["guard", "breach"]], "targets": ["breach"]}
    sent = rare.post(f"{RARE}/query.csv", json=body)
    assert sent.data == rare.get(f"{RARE}/query.csv?target=breach&joint=guard,breach").data


def test_without_joints_a_row_is_a_state(rare):
    assert list(table(rare.get(f"{RARE}/query.csv?target=breach"))[0])[:3] == ["target", "state", "p"]


ANSWERS = {
    "forecast/breach": ("outside", "shift_outside"),
    "query?target=breach&target=guard": ("outside", "shift_outside"),
    "marginals?interval=0.2": ("outside", "shift_outside"),
    "compare?target=breach": ("outside", "difference_outside"),
    "policies?target=breach&state=yes": ("outside", "shift_outside"),
    "matrix?interval=0.5": (None, "outside"),
    "query?target=breach&joint=guard,breach": ("outside", None),
}


@pytest.mark.parametrize("address", ANSWERS)
@pytest.mark.parametrize("also", ["", "do=guard:high", "given=guard:low"])
def test_a_row_says_that_its_number_lies_outside_its_interval_and_why(rare, address, also):
    if also and address.startswith("matrix"):
        return
    resource, _, said = address.partition("?")
    rows = table(rare.get(f"{RARE}/{resource}.csv?{'&'.join(part for part in (said, also) if part)}"))
    outside, shifted = ANSWERS[address]
    shift, low, high = {
        "compare": ("difference", "difference_lo", "difference_hi"), "matrix": ("shift", "lo", "hi")
    }.get(resource, ("shift", "shift_lo", "shift_hi"))  # fmt: skip
    checked = 0
    for row in rows:
        for column, value, start, end in ((outside, "p", "lo", "hi"), (shifted, shift, low, high)):
            if column is None or not row[start]:
                continue
            p, lo, hi = (float(row[name]) for name in (value, start, end))
            assert (row[column] in REASONS) == (p < lo - 1e-9 or p > hi + 1e-9)
            assert row[column] in {"", *REASONS}
            checked += 1
    assert checked


def test_the_body_lists_what_lies_outside_with_the_mean_of_the_draws_and_the_reason(rare):
    body = rare.get(f"{RARE}/forecast/breach?fields=all&do=guard:high").json
    held = body["interval"]
    yes = next(each for each in held["outside"] if (each["state"], each["of"]) == ("yes", "p"))
    row = body["distribution"][0]
    assert (yes["target"], yes["value"], yes["lo"], yes["hi"]) == ("breach", row["p"], row["lo"], row["hi"])
    assert yes["why"] == "tail"
    assert yes["mean"] > yes["hi"]
    assert "outside" in held["warning"]
    assert rare.get("/v1/models/asia/forecast/lung?fields=interval").json["interval"]["outside"] == []


def test_a_case_of_a_batch_lists_what_lies_outside(rare):
    body = {"targets": ["breach"], "cases": [{"do": {"guard": "high"}}, {}], "interval": 0.9}
    first, second = rare.post(f"{RARE}/batch", json=body).json["cases"]
    assert [(each["state"], each["of"]) for each in first["outside"]] == [("yes", "p"), ("no", "p")]
    assert second["outside"] == []
    rows = table(rare.post(f"{RARE}/batch.csv", json=body))
    assert [row["outside"] for row in rows] == ["tail", "tail", "", ""]
    assert "outside" not in rare.post(f"{RARE}/batch", json={**body, "interval": None}).json["cases"][0]


def test_a_ranking_names_what_a_setting_replaces_and_which_levers_are_left_out(rare):
    body = rare.get(f"{RARE}/policies?target=breach&state=yes&cohort=guarded&given=fence:open").json
    assert {(row["variable"], tuple(row["replaced"])) for row in body["rows"]} == {
        ("guard", ("guard=high of cohort guarded",))
    }
    assert body["left_out"] == [{"variable": "fence", "why": "the question itself says fence=open"}]
    rows = table(rare.get(f"{RARE}/policies.csv?target=breach&state=yes&cohort=guarded&given=fence:open"))
    assert {row["replaced"] for row in rows} == {"guard=high of cohort guarded"}


def test_a_goal_that_nothing_reaches_has_the_nearest_to_it_in_every_form(rare):
    asked = "target=breach&state=yes&above=0.5"
    body = rare.get(f"{RARE}/goals?{asked}").json
    assert body["sets"] == []
    best = body["best"]
    assert [(c["verb"], c["variable"], c["state"]) for c in best["changes"]] == [
        ("do", "guard", "low"), ("do", "fence", "open"),
    ]  # fmt: skip
    assert (best["p"], best["margin"]) == (pytest.approx(0.02), pytest.approx(-0.48))
    rows = table(rare.get(f"{RARE}/goals.csv?{asked}"))
    assert [(row["variable"], row["reached"], float(row["p"])) for row in rows] == [
        ("guard", "false", best["p"]), ("fence", "false", best["p"]),
    ]  # fmt: skip


def test_the_nearest_to_a_goal_may_be_to_change_nothing(rare):
    asked = "target=breach&state=yes&above=0.5&do=guard:low&do=fence:open"
    assert rare.get(f"{RARE}/goals?{asked}").json["best"]["changes"] == []
    [row] = table(rare.get(f"{RARE}/goals.csv?{asked}"))
    assert (row["set"], row["size"], row["verb"], row["variable"], row["reached"]) == ("1", "0", "", "", "false")


def test_a_goal_that_is_reached_has_only_sets_that_reach_it(rare):
    asked = "target=breach&state=yes&above=0.015"
    assert rare.get(f"{RARE}/goals?{asked}").json["best"] is None
    assert {row["reached"] for row in table(rare.get(f"{RARE}/goals.csv?{asked}"))} == {"true"}


def test_a_collection_plan_says_the_unit_of_each_number(rare, document):
    step = document["components"]["schemas"]["model.analyses.collection_plan.Step"]["properties"]
    units = {"value": "Brier", "cumulative": "Brier", "cost": "units of cost", "value_per_cost": "unit of cost",
             "lead_days": "Days", "reliability": "Probability", "bits": "in bits"}  # fmt: skip
    for name, unit in units.items():
        assert unit in step[name]["description"], name
    plan = document["components"]["schemas"]["CollectionPlanAnswer"]["properties"]
    for name in ("score", "covered", "cost"):
        assert plan[name]["description"]
    rows = table(rare.get("/v1/models/asia/collection-plan.csv?target=lung&state=yes"))
    assert {(row["value_unit"], row["cost_unit"]) for row in rows} == {("Brier score", "comparative")}
    described = document["paths"]["/v1/models/{model}/collection-plan.csv"]["get"]["responses"]["200"]["description"]
    assert "bits (What the report tells" in described


def test_the_document_names_both_tables_of_a_query(document):
    said = document["paths"]["/v1/models/{model}/query.csv"]["get"]["responses"]["200"]["description"]
    assert "with the columns target, state, p, lo, hi" in said
    assert "; or joint (Which table" in said


@pytest.mark.parametrize(
    "path",
    [
        "query?target=breach&joint=guard,breach&do=guard:high",
        "policies?target=breach&state=yes&cohort=guarded&given=fence:open",
        "goals?target=breach&state=yes&above=0.5",
        "compare?target=breach",
        "matrix?interval=0.5",
        "collection-plan?target=breach",
    ],
)
def test_what_is_sent_has_the_shape_declared(rare, document, path):
    resource = path.partition("?")[0]
    schema = document["paths"][f"/v1/models/{{model}}/{resource}"]["get"]["responses"]["200"]["content"]
    resolved = {**schema["application/json"]["schema"], "components": document["components"]}
    Draft202012Validator(resolved).validate(rare.get(f"{RARE}/{path}").json)
