"""The client file: every question has a method, held to the OpenAPI document; answers as rows are the tables."""

import csv
import gzip
import inspect
import io
import json
import pickle
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from service import client as client_file
from service import create_app
from service.client import (
    Answer,
    Batch,
    Client,
    Model,
    Question,
    Record,
    Refusal,
    _Sent,
    assumed,
    between,
    chances,
    one_of,
    over,
    reported,
    ruled_out,
    statement,
    under,
)
from service.schemas.requests import MOST_CASES
from service.settings import Settings
from service.store.location import Folder
from tests.servers import ROOT
from tests.sources import imports

LEFT_OUT = {
    "workbench": "a page for people",
    "embed": "a page for people",
    "plain": "a page for people",
    "errors": "a page for people: a refusal says it all",
    "asset": "part of a page",
    "alive": "ready says more",
    "metrics": "for Prometheus",
    "mcp": "for agents, whose clients there are",
    "llms": "a page for agents",
    "openapi": "for machines that make clients",
    "openapi_of_version": "for machines that make clients",
    "query_by_address": "the same answer by POST, whose permalink is this address",
    "compare_by_address": "the same answer by POST, whose permalink is this address",
    "validate": "a modeller's: the command line has it, beside the files",
    "give_name": "it changes what is served: the command line has it",
    "name_question": "it changes what is shared, and is the workbench's",
    "every_link": "it is for who administers the service: the command line has it",
    "end_link": "it is for who administers the service: the command line has it",
    "activate": "it changes what is served: the command line has it",
}
"""Operations that the client has no method for, and why."""
ENDINGS = re.compile(r"_(json|csv|parquet|arrow|md|txt|dot|atom)$")
XRAY = Question(given={"xray": "yes"})
LUNG = Question("lung", given={"xray": "yes"})


class Within(Client):
    """The client of an application in this process, with what it was sent."""

    def __init__(self, app: Flask, **settings: Any) -> None:
        super().__init__("http://localhost", **settings)
        self.app, self.asked = app, list[tuple[str, str, bytes | None]]()
        self.origin = "127.0.0.1"

    def _sent(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str], *, again: bool) -> _Sent:
        self.asked.append((method, path, data))
        where = {"REMOTE_ADDR": self.origin}
        within = self.app.test_client()
        answer = within.open(path, method=method, data=data, headers=dict(headers), environ_overrides=where)
        found = {name.lower(): value for name, value in answer.headers}
        packed = found.get("content-encoding") == "gzip"
        return _Sent(answer.status_code, found, gzip.decompress(answer.data) if packed else answer.data)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("client")
    shutil.copytree(ROOT / "priors" / "asia", folder / "models" / "asia")
    shutil.copytree(ROOT / "tests" / "data" / "models" / "oddities", folder / "models" / "oddities")
    return create_app(Settings(folder / "models", place=Folder(folder / "state")))


@pytest.fixture
def client(app: Flask) -> Within:
    return Within(app)


@pytest.fixture
def asia(client: Within) -> Model:
    return client.model("asia")


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/openapi.json").json
    return found


def ask_everything(client: Client) -> None:
    """Call every method of a client and of a model, with every parameter that it has."""
    asia = client.model("asia")
    every = Question(
        ("lung",),
        given={"xray": reported(yes=4, no=1), "dysp": one_of("yes", "no")},
        do={"smoke": chances(yes=0.2, no=0.8)},
        scenario="none",
        cohort="a_smoker",
        events="any(tub:yes,bronc:yes)",
        joint=[("lung", "tub")],
        most_probable=True,
        interval=0.8,
    )
    stated = Question(given={"xray": "yes"}, scenario="back_from_asia", interval="none")
    about, event = LUNG, Question(events="any(tub:yes,lung:yes)", do={"smoke": "no"})
    for whole in (client.models, client.status, client.ready, asia.describe, asia.variables, asia.graph, asia.cited):
        assert whole()
    for listed in (asia.scenarios, asia.cohorts, asia.kept_revision, asia.names, asia.matrix, asia.compare_scenarios):
        assert listed()
    asia.variable("lung")
    asia.marginals(Question(cohort="a_smoker"))
    asia.query(every)
    revision = asia.forecast("lung", stated).revision
    pinned = asia.at(revision).parts("all", sources="names")
    assert pinned.forecast("lung", stated).sources
    next(asia.poll("lung", stated))
    asia.compare({"smokes": Question(do={"smoke": "yes"}), "not": Question(do={"smoke": "no"})}, LUNG)
    asia.compare([Question(do={"smoke": "yes"}), XRAY], Question("lung", interval=0.5))
    asia.compare_scenarios(["back_from_asia"], LUNG)
    asia.batch([XRAY, {"id": "b", "given": {"dysp": "no"}}], Question("lung", events="lung:yes", interval=0.9))
    asia.matrix(["lung"], by="given", scenario="back_from_asia", interval=0.9)
    asia.explanation(about, "yes")
    asia.attribution(event)
    asia.sensitivity(about, "yes", threshold=0.4)
    asia.collection_plan(about, "yes", steps=2, budget=10)
    asia.brief(event)
    asia.goals(about, "yes", below=0.2, using="both", largest=2)
    asia.goals(about, above=0.9)
    asia.policies(Question("lung", interval=0.5), "yes")
    asia.cause_effect("smoke", about, "yes")
    asia.history("lung", XRAY, since="2020-01-01T00:00:00Z", until="2099-01-01T00:00:00Z", wide=True)
    asia.diff("active", "active", scenarios=["back_from_asia"], interval=0.5)
    asia.why("lung", "active", question=stated)
    asia.revisions(most=2, before=100)
    assert "title" in asia.file("model.yaml")
    with pytest.raises(Refusal, match="unknown_revision_name"):
        asia.meaning("nobody's")
    assert asia.questions().as_rows() == []
    with pytest.raises(Refusal, match="nobodys"):
        asia.named_question("nobodys")
    kept = asia.keep(about)
    assert client.kept(kept.id) == client.read(kept.permalink)
    assert client.latest(kept.id).targets == client.kept(kept.id).targets
    assert asia.keep(about, "sensitivity", {"threshold": 0.4}).kind == "sensitivity"
    client.link("/v1/models/asia/forecast/lung.csv", days=1, label="a sheet")
    client.check_prose(f"A probability of 0.055 ({pinned.query(LUNG).permalink}).", [kept.permalink])


def test_every_question_has_a_method_or_a_reason_why_not_and_every_parameter_exists(app, document):
    client = Within(app, deadline=15.0)
    ask_everything(client)
    found = set()
    for method, address, body in client.asked:
        operation = operation_at(document, method, urlsplit(address).path)
        found.add(ENDINGS.sub("", operation["operationId"]))
        declared = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
        assert {name for name, _ in parse_qsl(urlsplit(address).query)} <= declared, address
        if body is not None:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            whole = {**schema, "components": document["components"]}
            Draft202012Validator(whole).validate(json.loads(body))
    every = {
        ENDINGS.sub("", operation["operationId"])
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    assert not found & LEFT_OUT.keys()
    assert found | LEFT_OUT.keys() == every


def operation_at(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """The operation of a path; one without names in it goes before others, and more text before less."""
    fitting = [
        (len(re.sub(r"\{\w+\}", "", template)), methods[method.lower()])
        for template, methods in document["paths"].items()
        if method.lower() in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    ]
    assert fitting, f"{method} {path} is no operation"
    return max(fitting, key=lambda each: each[0])[1]


def test_every_parameter_that_only_one_kind_of_question_has_is_sent(app, document):
    client = Within(app, deadline=15.0)
    ask_everything(client)
    common = {"deadline_ms", "fields", "sources", "revision", "interval"}
    common |= {"state", "event", "target", "given", "do", "scenario", "cohort"}
    sent: dict[str, set[str]] = {}
    declared: dict[str, set[str]] = {}
    for method, address, _ in client.asked:
        operation = operation_at(document, method, urlsplit(address).path)
        name = ENDINGS.sub("", operation["operationId"])
        sent.setdefault(name, set()).update(key for key, _ in parse_qsl(urlsplit(address).query))
        declared[name] = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
    assert {name: own - common - sent[name] for name, own in declared.items() if own - common - sent[name]} == {}
    assert common <= set().union(*sent.values())


def test_it_imports_nothing_of_ours_and_nothing_beyond_the_standard_library():
    found = {name.split(".")[0] for name in imports(Path(client_file.__file__))}
    assert found - {"pandas"} <= sys.stdlib_module_names
    at_start = {name.split(".")[0] for name in imports(Path(client_file.__file__), at_start=True)}
    assert "pandas" not in at_start


def test_every_public_thing_of_it_says_what_it_is():
    for name, value in vars(client_file).items():
        if inspect.isclass(value) and value.__module__ == client_file.__name__ and not name.startswith("_"):
            methods = [m for m, each in vars(value).items() if inspect.isfunction(each) and not m.startswith("_")]
            assert value.__doc__
            assert [m for m in methods if not vars(value)[m].__doc__] == []


def test_no_key_of_an_answer_is_hidden_by_what_answers_have_of_their_own(document):
    own = {name for name in dir(Answer) if not name.startswith("_")}
    keys = {
        key
        for schema in document["components"]["schemas"].values()
        for key in schema.get("properties", {})
        if isinstance(schema, dict)
    }
    assert len(keys) > 100
    assert own & keys == {"values"}
    assert Record(values=[1]).values_ == [1]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("forecast/lung.csv?given=xray:yes&do=smoke:no", lambda m: m.forecast("lung", Question(**SMOKE))),
        ("query.csv?target=lung&target=tub&do=smoke:no&given=xray:yes", lambda m: m.query(BOTH)),
        ("marginals.csv?given=xray:yes", lambda m: m.marginals(XRAY)),
        ("compare.csv?target=lung&side=do%3Dsmoke:yes&side=do%3Dsmoke:no", lambda m: m.compare(SIDES, OF_LUNG)),
        ("compare.csv?target=lung", lambda m: m.compare_scenarios(common=Question("lung"))),
        ("sensitivity.csv?target=lung&state=yes&given=xray:yes", lambda m: m.sensitivity(LUNG, "yes")),
        ("collection-plan.csv?target=lung&given=xray:yes", lambda m: m.collection_plan(LUNG)),
        ("policies.csv?target=lung&given=xray:yes", lambda m: m.policies(LUNG)),
        ("matrix.csv?target=lung", lambda m: m.matrix(["lung"])),
        ("attribution.csv?target=lung&given=xray:yes", lambda m: m.attribution(LUNG)),
        ("cause-effect.csv?cause=smoke&effect=lung", lambda m: m.cause_effect("smoke", Question("lung"))),
        ("history/lung.csv", lambda m: m.history("lung")),
        ("history/lung.csv?shape=wide", lambda m: m.history("lung", wide=True)),
        ("sources.csv", lambda m: m.cited()),
        ("cohorts.csv", lambda m: m.cohorts()),
        ("revisions.csv", lambda m: m.revisions()),
    ],
)
def test_the_rows_of_an_answer_are_those_of_its_table(app, asia, path, ask):
    expected = table(app.test_client().get(f"/v1/models/asia/{path}").text)
    rows = ask(asia).as_rows()
    assert len(rows) == len(expected) > 0
    common = [name for name in rows[0] if name in expected[0] and not isinstance(rows[0][name], list | dict)]
    assert common
    for row, cells in zip(rows, expected, strict=True):
        for name in common:
            assert same(row.get(name), cells[name]), (name, row, cells)


SMOKE = {"given": {"xray": "yes"}, "do": {"smoke": "no"}}
BOTH = Question(("lung", "tub"), **SMOKE)
OF_LUNG = Question("lung")
SIDES = (Question(do={"smoke": "yes"}), Question(do={"smoke": "no"}))


def same(value: Any, cell: str) -> bool:
    if value is None:
        return cell == ""
    if isinstance(value, bool):
        return cell == str(value).lower()
    return float(cell) == float(value) if isinstance(value, int | float) else cell == str(value)


def test_a_data_frame_has_the_rows_with_numbers_as_numbers_and_times_as_times(asia):
    pandas = pytest.importorskip("pandas", reason="needs pandas, an extra of the tests")
    found = asia.forecast("lung", Question(**SMOKE)).frame()
    assert list(found["state"]) == ["yes", "no"]
    assert found["p"].sum() == pytest.approx(1)
    assert found["p"].dtype == float
    history = asia.history("lung").frame()
    assert isinstance(history["time"].dtype, pandas.DatetimeTZDtype)


def test_a_question_by_each_way_of_asking_is_one_question(asia):
    asked = {"xray": reported(yes=4, no=1), "dysp": ruled_out("no"), "bronc": assumed(yes=0.7, no=0.3)}
    question = Question(given=asked, do={"smoke": chances(yes=0.25, no=0.75)}, scenario="back_from_asia")
    by_address = asia.parts("all").forecast("lung", question)
    by_body = asia.query(Question("lung", **{name: getattr(question, name) for name in ("given", "do", "scenario")}))
    assert by_address.given == by_body.given
    assert by_address.probability("yes") == by_body.probability("yes", "lung")
    assert asia.client.read(by_address.permalink.replace(".json?", ".json?fields=all&")) == by_address


def test_states_that_look_like_verbs_and_measured_numbers_are_said_as_they_are(client):
    oddities = client.model("oddities")
    for state in ("in(a)", "chances(a=1)", "a,b", 'say "x"', "=1+1", "-2"):
        question = Question(given={"odd": state})
        assert oddities.forecast("odd", question).probability(state) == 1
        assert oddities.forecast("odd", Question(do={"odd": state})).probability(state) == 1
        assert oddities.query(Question("odd", given={"odd": state})).probability(state) == 1
        assert oddities.forecast("odd", Question(given={"odd": one_of(state, "plain")})).probability("plain") < 1
    assert statement("n", over(5)) == "n:over(5)"
    assert statement("n", under(0.5)) == "n:under(0.5)"
    assert statement("n", between(1, 5)) == "n:between(1,5)"


def test_a_refusal_says_where_and_what_would_have_been_right(asia):
    with pytest.raises(Refusal, match=r"unknown_state: given\.xray: no state 'yess'.* Did you mean 'yes'") as caught:
        asia.query(Question("lung", given={"xray": "yess"}))
    found = caught.value
    assert (found.code, found.status, found.where) == ("unknown_state", 422, ("given", "xray"))
    assert (found.did_you_mean, found.allowed) == ("yes", ("yes", "no"))
    assert [each.code for each in found.problems] == ["unknown_state"]
    again = pickle.loads(pickle.dumps(found))
    assert (again.problems, again.status, str(again)) == (found.problems, 422, str(found))


def test_every_mistake_of_a_question_is_there(asia):
    with pytest.raises(Refusal) as caught:
        asia.client._answer("POST", "/v1/models/asia/query", {"targets": 3, "givn": {}})
    assert {each.where for each in caught.value.problems} == {("targets",), ("givn",)}
    assert caught.value.problems[1].did_you_mean == "given" or caught.value.problems[0].did_you_mean == "given"


def test_findings_that_cannot_hold_together_are_named(asia):
    with pytest.raises(Refusal) as caught:
        asia.query(Question("lung", given={"tub": "yes", "either": "no"}))
    assert sorted(caught.value.conflict) == ["either=no", "tub=yes"]


def test_what_a_kind_of_question_does_not_take_is_said_before_it_is_sent(asia):
    with pytest.raises(ValueError, match="joint, target: not part of this kind of question"):
        asia.forecast("lung", Question("tub", joint=[("tub", "lung")]))
    with pytest.raises(ValueError, match="interval: not part"):
        asia.explanation(Question("lung", interval=0.9))
    assert asia.client.asked == []


def test_a_pinned_model_answers_from_its_revision_or_not_at_all(asia):
    now = asia.forecast("lung")
    pinned = asia.at(now.revision).forecast("lung")
    assert (pinned, pinned.served) == (now, now.revision)
    with pytest.raises(Refusal) as caught:
        asia.at("r-0123456789abcdef").query(LUNG)
    assert caught.value.where == ("revision",)


def test_a_batch_is_cut_and_comes_back_in_order_with_errors_in_their_place(asia):
    states = ["yes", "no", "maybe"]
    cases = [{"id": str(i), "given": {"xray": states[i % 3]}} for i in range(100)]
    found = asia.batch(iter(cases), Question("lung"), size=7)
    assert isinstance(found, Batch)
    assert len(asia.client.asked) == 15
    assert [case.id for case in found.cases] == [str(i) for i in range(100)]
    assert (found.answered, found.refused) == (67, 33)
    for i, case in enumerate(found.cases):
        if i % 3 == 2:
            assert isinstance(case.error, Refusal)
            assert (case.error.code, case.error.where) == ("unknown_state", ("given", "xray"))
        else:
            alone = asia.forecast("lung", Question(given={"xray": states[i % 3]}))
            assert case.targets[0].distribution[0].p == alone.probability("yes")
    assert all(f"revision={found.revision}" in address for _, address, _ in asia.client.asked[1:15])
    whole = asia.batch(cases, Question("lung"))
    assert whole.cases[:2] == found.cases[:2]
    assert {**whole, "cases": 0} == {**found, "cases": 0}


def test_the_rows_of_a_batch_are_those_of_its_table(app, asia):
    cases = [{"id": "a", "given": {"xray": "yes"}}, {"id": "b", "given": {"xray": "maybe"}}, {"id": "c"}]
    sent = app.test_client().post("/v1/models/asia/batch.csv", json={"targets": ["lung"], "cases": cases})
    expected = table(sent.text)
    rows = asia.batch(cases, Question("lung")).as_rows()
    assert [(row["id"], row.get("state") or "") for row in rows] == [(row["id"], row["state"]) for row in expected]
    assert [str(row.get("p") or "") for row in rows] == [row["p"] for row in expected]
    assert [row["error"] is not None for row in rows] == [row["error"] != "" for row in expected]


def test_cases_with_intervals_are_cut_until_they_are_few_enough(asia):
    cases = {f"case {i}": Question(given={"xray": reported(yes=i + 1, no=1)}) for i in range(1_300)}
    found = asia.batch(cases, Question("lung", interval=0.9))
    assert (found.answered, found.refused) == (1_300, 0)
    assert [case.id for case in found.cases] == list(cases)
    assert all(case.targets[0].distribution[0].lo is not None for case in found.cases)
    assert 2 < len(asia.client.asked) < 8


def test_more_cases_than_the_service_takes_at_once_are_answered(asia):
    assert client_file.MOST_CASES == MOST_CASES
    cases = (Question(given={"xray": "yes" if i % 2 else "no"}) for i in range(MOST_CASES + 1))
    found = asia.batch(cases, OF_LUNG)
    assert (found.answered, len(asia.client.asked)) == (MOST_CASES + 1, 2)


def test_long_cases_are_cut_by_their_bytes(monkeypatch, asia):
    monkeypatch.setattr(client_file, "MOST_BYTES", 2_000)
    asia.batch([Question(given={"xray": "yes"})] * 100, Question("lung"))
    assert max(len(body) for _, _, body in asia.client.asked) < 2_200
    assert len(asia.client.asked) == 2


def test_a_batch_of_no_cases_is_a_mistake(asia):
    with pytest.raises(ValueError, match="no cases"):
        asia.batch([])


def test_a_batch_in_which_nothing_can_be_answered_at_once_is_refused_as_a_whole(asia):
    with pytest.raises(Refusal) as caught:
        asia.batch([XRAY, XRAY], Question("lungs"))
    assert (caught.value.code, caught.value.did_you_mean) == ("unknown_variable", "lung")


def test_any_question_can_be_polled_at_the_address_that_its_answer_names(asia):
    asked = asia.query(Question(events="any(lung:yes,tub:yes)", given={"dysp": "yes"}, joint=[("lung", "tub")]))
    polled = next(asia.client.poll(asked.links.json))
    assert polled == asked
    assert polled.etag is not None


def test_an_answer_shows_itself_with_every_text_escaped(client):
    found = client.model("oddities").forecast("odd")
    shown = found._repr_html_()
    assert "say &quot;x&quot;" in shown
    assert "<div style=" in shown
    hostile = Answer({"model": "<b>", "target": "t", "distribution": [Record(state="<script>", p=0.5, note="&")]})
    assert "<script>" not in hostile._repr_html_()
    assert "&lt;script&gt;" in hostile._repr_html_()
    assert "<b>" not in hostile._repr_html_()
    assert "asia" in repr(client.model("asia").forecast("lung"))
    many = Answer({"rows": [Record(p=float(i)) for i in range(30)]})
    assert "and 10 more" in many._repr_html_()


def test_an_answer_is_plain_attributes_and_can_be_kept_and_sent(asia):
    found = asia.forecast("lung", Question(**SMOKE))
    assert found.distribution[0].p == found["distribution"][0]["p"] == found.probability("yes")
    with pytest.raises(AttributeError, match="'distributio' is not in this answer, which has model"):
        _ = found.distributio
    with pytest.raises(KeyError, match="0 probabilities of any target in state 'perhaps'"):
        found.probability("perhaps")
    again = pickle.loads(pickle.dumps(found))
    assert (again, again.etag, again.requested) == (found, found.etag, found.requested)
    assert json.loads(json.dumps(found)) == found


def test_parts_of_an_answer_are_sent_where_they_are_named(asia):
    assert set(asia.parts("p_evidence", "permalink").query(LUNG)) == {"p_evidence", "permalink"}
    assert all(isinstance(each, str) for each in asia.parts("all", sources="names").forecast("lung").sources)


def test_an_address_of_another_service_is_not_asked(client):
    for address in ("https://elsewhere.test/v1/models", "//elsewhere.test/v1", "v1/models", "http://localhost.test/v1"):
        with pytest.raises(ValueError, match="is not an address of http://localhost"):
            client.read(address)
    assert client.read("http://localhost/v1/models.json") == client.models()
    behind = Within(client.app)
    behind._prefix = "/forecasts"
    assert behind._path("/v1/models") == behind._path("/forecasts/v1/models") == "/forecasts/v1/models"


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://localhost", "http://", "http://a.test?x=1", "http://u:p@a.test"]
)
def test_what_is_no_address_of_a_service_is_refused(url):
    with pytest.raises(ValueError, match="expected an address"):
        Client(url)


def test_a_link_for_a_spreadsheet_is_read_without_a_token(client, app):
    made = client.link("/v1/models/asia/forecast/lung?given=xray:yes", days=2)
    assert "key=" in made.addresses.csv
    assert table(app.test_client().get(made.addresses.csv).text)[0]["state"] == "yes"
