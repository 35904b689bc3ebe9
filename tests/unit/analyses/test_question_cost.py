"""The counted cost of questions: of every kind, growing with what is asked, and looked at before any work."""

import json
from pathlib import Path

import pytest

import priors
from model import events
from model.analyses import question_cost
from model.analyses.goal_seeking import goals
from model.errors import AftermathError
from model.evidence import Assumed, Observed, SetTo
from model.forecast import prepare
from model.priors import load
from model.question import Question
from model.resources.cost import SECOND, Cost, TooCostly, check
from service import create_app, routes
from service.settings import Settings

ROOT = Path(priors.__path__[0])
CHEAP = {"", "/variables", "/variables/<variable>", "/graph", "/sources", "/scenarios", "/cohorts"}
"""What is only looked up."""

ADDRESSES = {
    "/forecast/<target>": "/forecast/lung",
    "/marginals": "/marginals",
    "/query": "/query?target=lung",
    "/attribution": "/attribution?target=lung",
    "/sensitivity": "/sensitivity?target=lung",
    "/explanation": "/explanation?target=lung",
    "/collection-plan": "/collection-plan?target=lung",
    "/goals": "/goals?target=lung&below=0.01",
    "/policies": "/policies?target=lung",
    "/cause-effect": "/cause-effect?cause=smoke&effect=lung",
    "/compare": "/compare?target=lung",
    "/matrix": "/matrix",
    "/brief": "/brief?target=lung",
}
BODIES = {
    "/query": {"targets": ["lung"]},
    "/batch": {"cases": [{"id": "1", "given": {"smoke": "yes"}}]},
    "/compare": {"targets": ["lung"], "sides": [{"do": {"smoke": "yes"}}, {"do": {"smoke": "no"}}]},
}


@pytest.fixture(scope="module")
def asia():
    return prepare(load(ROOT / "asia"))


def units(forecaster, *targets, **more):
    return question_cost.of_question(forecaster, Question(targets, **more)).total


def test_every_operation_that_works_something_out_counts_what_it_will_cost():
    client = create_app(Settings(ROOT, cost=1)).test_client()
    for each in routes.OPERATIONS:
        _, _, path = each.path.partition("/v1/models/<model>")
        if not each.of_model or path in CHEAP:
            continue
        if each.method == "GET":
            answer = client.get(f"/v1/models/asia{ADDRESSES[path]}")
        else:
            answer = client.post(f"/v1/models/asia{path}", json=BODIES[path])
        assert (answer.status_code, answer.json["code"]) == (422, "too_costly"), each.path


def test_at_the_default_limit_the_same_are_answered():
    client = create_app(Settings(ROOT)).test_client()
    for path in ADDRESSES.values():
        assert client.get(f"/v1/models/asia{path}").status_code == 200, path
    for path, body in BODIES.items():
        assert client.post(f"/v1/models/asia{path}", json=body).status_code == 200, path


def test_the_refusal_says_the_cost_the_limit_and_what_would_make_it_cheaper():
    client = create_app(Settings(ROOT, cost=SECOND // 1000)).test_client()
    answer = client.get("/v1/models/asia/marginals?interval=0.9")
    assert answer.status_code == 422
    assert "counted before any work; the limit is 1,000,000. Most of it are intervals" in answer.json["detail"]
    assert "interval=none" in answer.json["detail"]
    assert client.get("/v1/models/asia/marginals").status_code == 200


def test_the_cost_grows_with_what_is_asked(asia):
    plain = units(asia, "lung")
    assert plain < units(asia, "lung", interval=0.9) < units(asia, "lung", "tub", interval=0.9)
    assert plain < units(asia, "lung", settings={"smoke": SetTo("no")})
    assert plain < units(asia, "lung", most_probable=True) < units(asia, "lung", joint=(("lung", "tub"),) * 9)
    half = Assumed({"yes": 0.5, "no": 0.5})
    one = units(asia, "lung", findings={"xray": half}, interval=0.9)
    assert one < units(asia, "lung", findings={"xray": half, "dysp": half}, interval=0.9)


def test_held_assumptions_cost_at_most_ten_times_what_observed_findings_do(asia):
    flagship = prepare(load(ROOT / "mosul-2017"))
    for forecaster in (asia, flagship):
        names = forecaster.model.network.names[-5:]
        states = {name: forecaster.model.network[name].states for name in names}
        even = {name: Assumed(dict.fromkeys(states[name], 1 / len(states[name]))) for name in names}
        seen = {name: Observed(states[name][0]) for name in names}
        counted = [units(forecaster, findings=said, interval=0.9, scenario="none") for said in (even, seen)]
        if forecaster is flagship:
            assert counted[0] < 10 * counted[1]
            assert counted[0] < Settings(ROOT).cost


def test_a_batch_costs_as_many_times_as_it_has_cases(asia):
    case = Question(("lung",), {"smoke": Observed("yes")}, interval=0.9)
    one, many = (question_cost.of_several(asia, [case] * count).total for count in (1, 1000))
    assert 300 * one < many <= 1000 * one
    assert question_cost.of_several(asia, []).total == 0


@pytest.mark.parametrize(
    "sides", ["side=do%3Dsmoke%3Ayes&side=do%3Dsmoke%3Ano", "scenario=back_from_asia&scenario=none"]
)
def test_the_intervals_of_a_comparison_are_counted(sides):
    client = create_app(Settings(ROOT, cost=SECOND // 500)).test_client()
    path = f"/v1/models/asia/compare?target=lung&target=dysp&{sides}"
    assert client.get(f"{path}&interval=none").status_code == 200
    assert client.get(path).json["code"] == "too_costly"


def test_the_tree_of_an_event_is_counted_where_the_whole_of_it_is_needed(asia):
    """Sums about one target need none of it, derivatives by every number do."""
    laid = asia.about(events.texts(asia.model, ["any(lung:yes,smoke:yes,xray:yes)"]))
    [name] = [name for name in laid.model.network.names if name not in asia.model.network]
    own, of_event = (
        question_cost.of_prior_numbers(forecaster, Question((target,)))
        for forecaster, target in ((asia, "lung"), (laid, name))
    )
    assert of_event.analysis - own.analysis >= question_cost.PACKED * laid.plan.cells
    assert question_cost.of_question(laid, Question((name,))).analysis == 0
    assert question_cost.of_question(laid, Question((name,), joint=((name, "dysp"),))).analysis > 0


def test_sets_of_changes_are_counted_as_they_are_tried(asia):
    """No two changes of one variable are in a set."""
    found = goals(asia, Question(("dysp",)), target="dysp", state="yes", below=1e-9, using="both", largest=2)
    tried = sum(each.tried for each in found.searched)
    cards = [len(variable.states) for variable in asia.model.network.variables if variable.name != "dysp"]
    assert tried <= question_cost._sets(cards, 2) < 2 * tried + 100


def test_wrong_cases_of_a_batch_cost_nothing():
    client = create_app(Settings(ROOT, cost=1)).test_client()
    answer = client.post("/v1/models/asia/batch", json={"cases": [{"id": "1", "given": {"smoke": "perhaps"}}]})
    assert (answer.status_code, answer.json["refused"]) == (200, 1)


def test_a_wrong_name_is_refused_as_such_and_not_for_its_cost():
    client = create_app(Settings(ROOT, cost=1)).test_client()
    assert client.get("/v1/models/asia/forecast/lungs").json["code"] == "unknown_variable"


def test_the_limit_itself_is_allowed():
    assert check(Cost(point=5), 5).total == 5
    with pytest.raises(TooCostly) as caught:
        check(Cost(point=2, draws=4), 5)
    assert isinstance(caught.value, AftermathError)
    assert json.dumps(caught.value.cost.total) == "6"


def test_a_deadline_that_a_client_asks_for_may_only_be_sooner():
    client = create_app(Settings(ROOT, deadline=1e-9)).test_client()
    answer = client.get("/v1/models/asia/forecast/lung?deadline_ms=60000")
    assert (answer.status_code, answer.json["code"]) == (503, "deadline")
    patient = create_app(Settings(ROOT)).test_client()
    said = patient.get("/v1/models/asia/forecast/lung?given=smoke:yes")
    asked = patient.get("/v1/models/asia/forecast/lung?given=smoke:yes&deadline_ms=60000")
    assert (asked.data, asked.headers["ETag"]) == (said.data, said.headers["ETag"])
    assert patient.get("/v1/models/asia/forecast/lung?deadline_ms=0").json["code"] == "bad_field"
