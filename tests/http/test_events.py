"""Events over HTTP: asked wherever a target may stand, one address for each, and refused with a reason."""

import csv
import io
import shutil

import pytest
from jsonschema import Draft202012Validator

from service import create_app
from service.settings import Settings
from tests.prior_copies import DATA, edited

ASIA = "/v1/models/asia"
ANY = "any(tub:yes,lung:yes)"
SPELLINGS = [
    "any( lung:yes , tub:yes )",
    "at_least(1,tub:yes,lung:yes)",
    "any(tub:not(no),lung:in(yes))",
    "any(lung:yes,tub:yes,lung:yes)",
    "any(any(tub:yes,lung:yes))",
]
ANALYSES = {
    "attribution": "",
    "sensitivity": "&threshold=0.5",
    "explanation": "",
    "collection-plan": "&steps=2",
    "goals": "&below=0.01&using=both&largest=2",
    "policies": "",
    "cause-effect": "&cause=smoke",
    "brief": "",
}
TARGET = {resource: "effect" if resource == "cause-effect" else "target" for resource in ANALYSES}
NO_EVENTS = {
    "any(lung:yes": ("bad_question", "a parenthesis that is not closed"),
    "any(any(lung:yes)": ("bad_question", "a parenthesis that is not closed"),
    "any(lung:yes))": ("unknown_state", "no state 'yes)'"),
    "any(lung:yes,tub:yes)x": ("bad_question", "not closed"),
    "any(lung:yes),any(tub:yes)": ("unknown_state", "no state"),
    "any((lung:yes))": ("unknown_variable", "no variable '(lung'"),
    "any()": ("bad_question", "expected name:state"),
    "any(lung:yes,)": ("bad_question", "expected name:state"),
    "lung": ("bad_question", "expected name:state"),
    " ": ("bad_question", "expected name:state"),
    ":": ("bad_question", "expected name:state"),
    "at_least(9,lung:yes,tub:yes)": ("bad_question", "9 of 2 events"),
    "at_least(0,lung:yes)": ("bad_question", "0 of 1 events"),
    "at_least(2)": ("bad_question", "2 of 0 events"),
    "at_least()": ("bad_question", "a number first"),
    "at_least(-1,lung:yes)": ("bad_question", "a number first"),
    "at_least(²,lung:yes)": ("bad_question", "a number first"),
    "at_least(1e1,lung:yes)": ("bad_question", "a number first"),
    "lung:like(yes=4,no=1)": ("bad_question", "an event is a set of states"),
    "any(lung:assumed(yes=0.5,no=0.5),tub:yes)": ("bad_question", "an event is a set of states"),
    "lung:not(yes,no)": ("bad_question", "no state at all"),
    "lung:over(5)": ("no_scale", "no measured scale"),
    "any(any(any(any(any(any(lung:yes))))))": ("bad_question", "more than 5 deep"),
    f"at_least(2,{','.join(['lung:yes'] * 101)})": ("bad_question", "at most 100 conditions"),
    "any(lung:ｙｅｓ)": ("unknown_state", "no state 'ｙｅｓ'"),
    "any(lung:“yes”)": ("unknown_state", "no state '“yes”'"),
}


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """An army whose stock is measured, and the accord, which has a default picture and long names."""
    folder = tmp_path_factory.mktemp("others")
    scale = "    scale: {unit: soldiers, bounds: [0, 450, 900, null], series: the muster}\n"
    states = "    states: [few, some, many]\n"
    army = edited(DATA / "levels", folder, "variables.yaml", (states, states + scale))
    checks = army / "checks.yaml"
    checks.write_text("".join(line for line in checks.read_text().splitlines(True) if "bounds:" not in line))
    shutil.copytree(DATA.parents[1] / "priors" / "colombia-2016", folder / "colombia-2016")
    return create_app(Settings(folder)).test_client()


def query(client, *events, model="asia", form="json", **also):
    return client.get(f"/v1/models/{model}/query.{form}", query_string={"event": list(events), **also})


def p(answer, i=0):
    """Probability that event i happens."""
    [row] = [row for row in answer.json["targets"][i]["distribution"] if row["state"] == "yes"]
    return row["p"]


# One event, one address


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("form", ["json", "csv"])
def test_two_spellings_of_an_event_are_the_same_bytes_under_one_tag(client, spelling, form):
    one, other = query(client, ANY, form=form), query(client, spelling, form=form)
    assert one.status_code == 200
    assert (other.data, other.headers["ETag"]) == (one.data, one.headers["ETag"])


@pytest.mark.parametrize(
    "asked",
    [
        f"query?event={ANY}",
        f"query?event={ANY}&given=xray:yes&do=smoke:no&scenario=back_from_asia&interval=0.5",
        f"query?event={ANY}&target=lung&joint=lung,tub&most_probable=true",
        "query?event=lung:not(no)&event=all(bronc:yes,any(lung:yes,tub:yes))&interval=none",
        "query?event=at_least(2,lung:yes,lung:yes)",
        "query?event=at_least(2,lung:yes,lung:yes,tub:yes)",
        "query?event=at_least(2,all(lung:yes,tub:yes),bronc:yes,dysp:no,xray:yes,asia:yes,smoke:no,either:yes)",
        f"compare?event={ANY}&target=bronc",
        *(f"{resource}?event={ANY}{also}&given=dysp:yes" for resource, also in ANALYSES.items()),
    ],
)
def test_the_permalink_and_the_links_give_the_same_answer(client, asked):
    plain = client.get(f"{ASIA}/{asked}")
    assert plain.status_code == 200
    assert client.get(plain.json["permalink"]).data == plain.data
    assert client.get(plain.json["links"]["json"]).data == plain.data
    assert {client.get(link).status_code for link in plain.json["links"].values()} == {200}


@pytest.mark.parametrize(
    "event",
    ['odd:a,b', 'any(odd:in("a,b"),never:no)', 'any(odd:in("in(a)"),never:yes)', 'any(odd:say "x",never:yes)',
     'any(odd:in("say ""x"""),never:yes)', "any(odd:chances(a=1),never:yes)", "any(odd:=1+1,never:yes)",
     'at_least(2,odd:not("a,b","=1+1"),never:yes,odd:in("a,b",plain))'],
)  # fmt: skip
def test_a_state_that_bites_stands_in_quotes_in_the_event_s_own_address(client, event):
    plain = query(client, event, model="oddities")
    assert plain.status_code == 200
    assert client.get(plain.json["permalink"]).data == plain.data
    [canonical] = plain.json["asked"]["events"]
    assert query(client, canonical, model="oddities").data == plain.data


def test_states_that_bite_are_told_apart(client):
    found = query(client, 'any(odd:in("a,b"),never:yes)', 'any(odd:in("in(a)"),never:yes)', model="oddities")
    assert (p(found, 0), p(found, 1)) == (pytest.approx(0.3), pytest.approx(0.4))


def test_an_event_that_is_longer_in_full_than_as_sent_is_read_again(others):
    answer = query(others, f"at_least(2,{','.join(['pathway:not(killed)'] * 90)})", model="colombia-2016")
    [canonical] = answer.json["asked"]["events"]
    assert 4_000 < len(canonical) < 8_000
    assert others.get(answer.json["permalink"]).data == answer.data


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_answer_is_tagged_and_not_sent_twice(client, form):
    first = query(client, ANY, form=form)
    again = client.get(first.request.full_path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("address", ["query", "compare.csv", "explanation", "brief.md"])
def test_head_has_the_headers_of_get(client, address):
    asked, got = (ask(f"{ASIA}/{address}?event={ANY}") for ask in (client.head, client.get))
    assert (got.status_code, asked.status_code, asked.data) == (200, 200, b"")
    assert {**asked.headers} == {**got.headers}


# The same by every way of asking


def test_post_equals_get(client):
    body = {"targets": ["bronc"], "events": [ANY, "lung:yes"], "given": {"xray": "yes"}, "interval": 0.8}
    sent = client.post(f"{ASIA}/query", json=body)
    got = query(client, *body["events"], target="bronc", given="xray:yes", interval="0.8")
    assert sent.status_code == 200
    assert sent.data == got.data == client.get(sent.json["permalink"]).data
    assert client.post(f"{ASIA}/query.csv", json=body).data == client.get(sent.json["links"]["csv"]).data


def test_a_comparison_by_post_is_the_one_by_get(client):
    sent = client.post(f"{ASIA}/compare", json={"events": [ANY], "given": {"smoke": "yes"}})
    assert sent.data == client.get(f"{ASIA}/compare?event={ANY}&given=smoke:yes").data
    [target] = sent.json["targets"]
    [no, yes] = target["states"]
    assert (target["target"], no["state"], yes["state"]) == (ANY, "no", "yes")
    baseline = query(client, ANY, given="smoke:yes")
    under = query(client, ANY, given="smoke:yes", scenario="back_from_asia")
    assert (yes["baseline"], yes["scenarios"][0]["p"]) == (p(baseline), p(under))


def test_a_batch_says_what_single_questions_say(client):
    events = [ANY, "at_least(2,xray:yes,dysp:yes,bronc:no)"]
    cases = [{}, {"given": {"smoke": "no"}}, {"do": {"smoke": "yes"}}, {"scenario": "back_from_asia"}]
    found = client.post(f"{ASIA}/batch", json={"targets": ["lung"], "events": events, "cases": cases}).json
    assert found["targets"][0] == "lung"
    assert found["answered"] == len(cases)
    for case, answered in zip(cases, found["cases"], strict=True):
        single = client.post(f"{ASIA}/query", json={"targets": ["lung"], "events": events, **case}).json
        for target, alone in zip(answered["targets"], single["targets"], strict=True):
            assert target["target"] == alone["target"]
            assert [row["p"] for row in target["distribution"]] == pytest.approx(
                [row["p"] for row in alone["distribution"]], abs=1e-12
            )


def test_a_batch_of_csv_takes_events_as_parameters(client):
    address = f"{ASIA}/batch.csv?event={ANY}&target=lung"
    sent = client.post(address, data="id,smoke\r\na,yes\r\nb,maybe\r\n", content_type="text/csv")
    rows = list(csv.DictReader(io.StringIO(sent.text, newline="")))
    assert [(row["id"], row["target"], row["state"]) for row in rows[:4]] == [
        ("a", "lung", "yes"), ("a", "lung", "no"), ("a", ANY, "no"), ("a", ANY, "yes"),
    ]  # fmt: skip
    assert float(rows[3]["p"]) == pytest.approx(p(query(client, ANY, given="smoke:yes")))
    assert [row["error"].partition(":")[0] for row in rows[4:]] == ["unknown_state"]


def test_an_event_of_one_state_is_as_likely_as_the_state(client):
    found = query(client, "lung:yes", target="lung", given="xray:yes").json["targets"]
    state, event = found[0]["distribution"][0], found[1]["distribution"][1]
    assert (state["state"], event["state"]) == ("yes", "yes")
    for number in ("p", "lo", "hi", "baseline", "shift", "shift_lo", "shift_hi"):
        assert event[number] == pytest.approx(state[number], abs=1e-12)


def test_the_textbook_s_own_event_is_found_again(client):
    given = {"xray": "yes", "smoke": "no"}
    body = {"targets": ["either"], "events": [ANY], "given": given}
    either, event = client.post(f"{ASIA}/query", json=body).json["targets"]
    assert event["distribution"][1]["p"] == pytest.approx(either["distribution"][0]["p"], abs=1e-12)


# What an answer says of an event


def test_an_event_is_a_target_with_all_that_a_target_has(client):
    answer = query(client, ANY, given="xray:yes").json
    [target] = answer["targets"]
    assert (answer["asked"]["events"], answer["asked"]["targets"]) == ([ANY], [])
    assert (target["target"], target["label"]) == (ANY, "any of (Tuberculosis: yes; Lung cancer: yes)")
    assert target["sources"] == [each["name"] for each in answer["sources"]] == ["lauritzen_spiegelhalter_1988"]
    assert answer["interval"]["mass"] == 0.9
    for row in target["distribution"]:
        assert row["lo"] < row["p"] < row["hi"]
        assert row["shift_lo"] < row["shift"] < row["shift_hi"]


def test_evidence_that_cannot_move_an_event_is_named(client):
    found = query(client, "any(tub:yes,asia:yes)", "lung:yes", given="smoke:yes").json
    assert [target["no_effect"] for target in found["targets"]] == [["smoke"], []]
    assert found["no_effect"] == []


def test_what_is_certain_and_what_cannot_be_are_answered(client):
    found = query(client, "any(lung:yes,lung:no)", "all(lung:yes,lung:no)", "lung:in(yes,no)")
    assert [p(found, i) for i in range(3)] == [pytest.approx(1), pytest.approx(0), pytest.approx(1)]


def test_an_event_said_twice_is_answered_once(client):
    assert query(client, ANY, SPELLINGS[0]).data == query(client, ANY).data


def test_most_probable_states_are_of_variables_and_of_what_was_asked(client):
    names = ["asia", "tub", "smoke", "lung", "bronc", "either", "xray", "dysp"]
    large = f"at_least(3,{','.join(f'{name}:yes' for name in names)})"
    plain = client.get(f"{ASIA}/query?target=lung&most_probable=true&interval=none").json["most_probable"]
    found = query(client, large, most_probable="true", interval="none").json
    [event] = found["asked"]["events"]
    assert set(found["most_probable"]["states"]) == {*names, event}
    assert {name: found["most_probable"]["states"][name] for name in names} == plain["states"]
    assert found["most_probable"]["p"] == pytest.approx(plain["p"])


# Analyses


@pytest.mark.parametrize("resource", ANALYSES)
def test_every_analysis_is_of_an_event_too(client, resource):
    first, second = (
        client.get(f"{ASIA}/{resource}?event={event}{ANALYSES[resource]}") for event in (ANY, SPELLINGS[0])
    )
    assert first.status_code == 200
    assert first.json["asked"]["target"] == ANY
    assert (second.data, second.headers["ETag"]) == (first.data, first.headers["ETag"])
    other = "md" if resource == "brief" else "csv"
    assert client.get(f"{ASIA}/{resource}.{other}?event={ANY}{ANALYSES[resource]}").status_code == 200


@pytest.mark.parametrize("resource", [each for each in ANALYSES if each not in ("collection-plan", "cause-effect")])
def test_an_analysis_of_an_event_is_about_its_happening(client, resource):
    address = f"{ASIA}/{resource}?event={ANY}{ANALYSES[resource]}"
    assert client.get(address).json["state"] == "yes"
    assert client.get(f"{address}&state=no").json["state"] == "no"


@pytest.mark.parametrize("resource", ANALYSES)
def test_an_analysis_is_about_a_target_or_an_event(client, refused, resource):
    named, also = TARGET[resource], ANALYSES[resource]
    both = refused(client.get(f"{ASIA}/{resource}?event={ANY}&{named}=lung{also}"), 422, "bad_field")
    assert both["pointer"] == "/event"
    neither = refused(client.get(f"{ASIA}/{resource}?given=xray:yes{also}"), 422, "missing_field")
    assert neither["pointer"] == f"/{named}"
    assert "event" in neither["detail"]


@pytest.mark.parametrize("resource", ANALYSES)
@pytest.mark.parametrize(
    ("event", "code", "hint"), [("any(lungs:yes)", "unknown_variable", "lung"), ("lung:yess", "unknown_state", "yes")]
)
def test_an_analysis_of_what_is_not_there_says_what_is(client, refused, resource, event, code, hint):
    problem = refused(client.get(f"{ASIA}/{resource}?event={event}{ANALYSES[resource]}"), 422, code)
    assert (problem["pointer"], problem["did_you_mean"]) == ("/event", hint)
    assert hint in problem["allowed"]


@pytest.mark.parametrize("resource", ANALYSES)
@pytest.mark.parametrize("event", NO_EVENTS)
def test_an_analysis_of_no_event_is_refused(client, refused, resource, event):
    code, said = NO_EVENTS[event]
    also = dict(pair.split("=") for pair in ANALYSES[resource].split("&") if pair)
    problem = refused(client.get(f"{ASIA}/{resource}", query_string={"event": event, **also}), 422, code)
    assert problem["pointer"] == "/event"
    assert said in problem["detail"]


def test_a_state_of_an_event_is_yes_or_no(client, refused):
    problem = refused(client.get(f"{ASIA}/explanation?event={ANY}&state=maybe"), 422, "unknown_state")
    assert (problem["pointer"], problem["allowed"]) == ("/state", ["no", "yes"])


# Refusals


@pytest.mark.parametrize("event", NO_EVENTS)
def test_what_is_no_event_is_refused_in_its_place_by_every_way_of_asking(client, refused, event):
    code, said = NO_EVENTS[event]
    cases = {"cases": [{}]}
    address = {"query_string": {"event": ["lung:yes", event]}}
    sent = [
        (client.get(f"{ASIA}/query", **address), "/event/1"),
        (client.get(f"{ASIA}/compare", **address), "/event/1"),
        (client.post(f"{ASIA}/batch", data="xray\r\nyes\r\n", content_type="text/csv", **address), "/event/1"),
        (client.post(f"{ASIA}/query", json={"events": ["lung:yes", event]}), "/events/1"),
        (client.post(f"{ASIA}/compare", json={"events": ["lung:yes", event]}), "/events/1"),
        (client.post(f"{ASIA}/batch", json={"events": ["lung:yes", event], **cases}), "/events/1"),
    ]
    for answer, pointer in sent:
        problem = refused(answer, 422, code)
        assert problem["pointer"] == pointer
        assert said in problem["detail"]


@pytest.mark.parametrize("events", [ANY, [1], [""], [None], ["lung:yes"] * 21, ["x" * 8_001]])
@pytest.mark.parametrize("resource", ["query", "compare", "batch"])
def test_events_of_the_wrong_shape_are_refused(client, refused, events, resource):
    cases = {"cases": [{}]} if resource == "batch" else {}
    problem = refused(client.post(f"{ASIA}/{resource}", json={"events": events, **cases}), 422, "bad_field")
    assert problem["pointer"].startswith("/events")


@pytest.mark.parametrize(
    "address",
    [
        f"forecast/{ANY}",
        f"variables/{ANY}",
    ],
)
def test_an_event_is_no_variable_of_the_model(client, refused, address):
    assert ANY not in refused(client.get(f"{ASIA}/{address}"), 404, "unknown_variable")["allowed"]


@pytest.mark.parametrize("resource", ["marginals", "forecast/lung", "matrix"])
def test_what_takes_no_event_says_so(client, refused, resource):
    problem = refused(client.get(f"{ASIA}/{resource}?event={ANY}"), 422, "unknown_field")
    assert problem["pointer"] == "/event"


@pytest.mark.parametrize("verb", ["given", "do"])
def test_an_event_is_neither_given_nor_set(client, refused, verb):
    problem = refused(query(client, ANY, **{verb: f"{ANY}:yes"}), 422, "unknown_variable")
    assert problem["pointer"] == f"/{verb}/any(tub"
    body = {"events": [ANY], verb: {ANY: "yes"}}
    for resource in ("query", "compare"):
        problem = refused(client.post(f"{ASIA}/{resource}", json=body), 422, "unknown_variable")
        assert problem["pointer"] == f"/{verb}/{ANY}"
        assert ANY not in problem["allowed"]
    cases = [{verb: {ANY: "yes"}}, {}]
    found = client.post(f"{ASIA}/batch", json={"events": [ANY], "cases": cases}).json["cases"]
    assert [case["error"] and case["error"]["code"] for case in found] == ["unknown_variable", None]
    column = ANY if verb == "given" else f"do.{ANY}"
    table = f'"{column}"\r\nyes\r\n'
    sent = client.post(f"{ASIA}/batch?event={ANY}", data=table, content_type="text/csv")
    assert refused(sent, 422, "unknown_variable")["pointer"] == f"/columns/{column}"


@pytest.mark.parametrize("inner", [ANY, "all(tub:yes,lung:yes)"])
def test_an_event_is_no_target_of_its_own_and_no_part_of_a_joint(client, refused, inner):
    asked = [inner, "any(all(tub:yes,lung:yes),bronc:yes)"]
    for body, pointer in (({"targets": ["lung", inner]}, "/targets/1"), ({"joint": [["lung", inner]]}, "/joint/0")):
        problem = refused(client.post(f"{ASIA}/query", json={"events": asked, **body}), 422, "unknown_variable")
        assert (problem["pointer"], problem["allowed"][-1]) == (pointer, "dysp")
    for resource in ("query", "compare"):
        address = {"query_string": {"target": inner, "event": asked}}
        assert refused(client.get(f"{ASIA}/{resource}", **address), 422, "unknown_variable")["pointer"] == "/targets/0"
    body = {"targets": [inner], "events": asked, "cases": [{}]}
    refused(client.post(f"{ASIA}/batch", json=body), 422, "unknown_variable")


def test_an_event_that_is_too_costly_is_refused_and_the_next_question_is_answered(others, refused):
    variables = others.get("/v1/models/colombia-2016/variables").json["variables"]
    conditions = [f"{each['name']}:{each['states'][0]}" for each in variables]
    costly = query(others, f"at_least(20,{','.join(conditions)})", model="colombia-2016")
    refused(costly, 422, "network_too_large")
    assert query(others, f"any({','.join(conditions)})", model="colombia-2016", interval="none").status_code == 200


# Levels and scales


def test_under_a_cohort_events_of_individuals_are_answered(others):
    [row] = query(others, "any(fate:leaves,home:far)", model="levels", cohort="borderers").json["targets"]
    assert row["distribution"][1]["p"] == pytest.approx(0.7)


@pytest.mark.parametrize("event", ["stock:over(450)", "any(fate:leaves,war:lost)", "all(fate:leaves,any(war:lost))"])
def test_under_a_cohort_events_of_the_group_are_refused(others, refused, event):
    sent = query(others, "fate:leaves", event, model="levels", cohort="borderers")
    problem = refused(sent, 422, "group_outcome_of_cohort")
    assert problem["pointer"] == "/targets/1"
    assert "fate" in problem["allowed"]
    for resource, also in ANALYSES.items():
        address = f"/v1/models/levels/{resource}?event={event}&cohort=borderers{also.replace('smoke', 'home')}"
        refused(others.get(address), 422, "group_outcome_of_cohort")


def test_an_event_may_say_a_number_of_a_scale(others, refused):
    by_number = query(others, "any(stock:over(450),war:held)", model="levels")
    by_states = query(others, "any(stock:in(many,some),war:held)", model="levels")
    assert by_number.status_code == 200
    assert by_number.data == by_states.data
    problem = refused(query(others, "any(war:held,stock:over(500))", model="levels"), 422, "not_a_cut_point")
    assert (problem["pointer"], problem["allowed"]) == ("/event/0", ["450", "900"])


def test_a_default_picture_holds_for_events_too(others):
    silent, named = (
        query(others, "pathway:killed", model="colombia-2016", **also) for also in ({}, {"scenario": "november_2016"})
    )
    assert (silent.data, silent.headers["ETag"]) == (named.data, named.headers["ETag"])
    assert "scenario=november_2016" in silent.json["permalink"]
    [target] = silent.json["targets"]
    assert [row["shift"] for row in target["distribution"]] == pytest.approx([0, 0], abs=1e-15)
    without = query(others, "pathway:killed", model="colombia-2016", scenario="none").json["targets"][0]
    assert without["distribution"][1]["baseline"] == target["distribution"][1]["p"] != without["distribution"][1]["p"]


# The document


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json


def test_events_are_documented_wherever_they_are_asked(document):
    taking = ["query", "compare", *ANALYSES]
    for resource in taking:
        parameters = document["paths"][f"/v1/models/{{model}}/{resource}"]["get"]["parameters"]
        [said] = [each for each in parameters if each["name"] == "event"]
        assert "any(" in said["description"]
        assert said["schema"]["type"] == ("array" if resource in ("query", "compare") else "string")
        assert said.get("required", False) is False
    for shape in ("AskedInFull", "ComparedInFull", "BatchInFull"):
        assert "any(" in document["components"]["schemas"][shape]["properties"]["events"]["description"]
    batch = document["paths"]["/v1/models/{model}/batch"]["post"]["parameters"]
    assert "event" in [each["name"] for each in batch]


@pytest.mark.parametrize(
    "asked",
    [
        f"query?event={ANY}&most_probable=true",
        f"compare?event={ANY}",
        *(f"{resource}?event={ANY}{also}" for resource, also in ANALYSES.items()),
    ],
)
def test_an_answer_about_an_event_has_the_shape_that_is_documented(client, document, asked):
    path = f"/v1/models/{{model}}/{asked.partition('?')[0]}"
    schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer = client.get(f"{ASIA}/{asked}")
    assert answer.status_code == 200
    Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json)
