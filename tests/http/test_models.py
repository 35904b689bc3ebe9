"""What there is to ask about is described: models, variables, the graph, sources, scenarios, cohorts."""

import shutil

import pytest

from service import create_app
from service.settings import BadSettings, Settings
from tests.prior_copies import ASIA, copied
from tests.sources import ROOT


def test_every_model_is_listed_the_broken_one_with_everything_that_is_wrong(client):
    models = {model["name"]: model for model in client.get("/v1/models").json["models"]}
    assert {name: model["ready"] for name, model in models.items()} == {
        "asia": True,
        "broken": False,
        "oddities": True,
    }
    [problem] = models["broken"]["problems"]
    assert (problem["file"], problem["line"]) == ("broken/findings.yaml", 25)
    assert "0.91" in problem["found"]
    assert models["broken"]["reasons"] == [
        f"{problem['file']}:{problem['line']}:{problem['column']}: {problem['where']}: "
        f"{problem['found']}, expected {problem['expected']}."
    ]
    assert client.get(models["asia"]["link"]).json["revision"] == models["asia"]["revision"]


def test_one_broken_model_is_degraded_service_and_not_an_outage(client, refused):
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "degraded")
    assert "cannot be loaded" in refused(client.get("/v1/models/broken/marginals"), 503, "model_not_ready")["detail"]
    assert client.get("/v1/models/asia/marginals").status_code == 200


def test_all_models_well_is_ready(priors, tmp_path):
    shutil.copytree(priors / "asia", tmp_path / "asia")
    ready = create_app(Settings(tmp_path)).test_client().get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "ready")


def test_no_model_at_all_is_alive_and_not_ready(tmp_path, refused):
    client = create_app(Settings(tmp_path)).test_client()
    assert client.get("/livez").json == {"status": "alive"}
    refused(client.get("/readyz"), 503, "not_ready")
    assert client.get("/v1/models").json == {"models": []}
    assert "holds no models" in client.get("/plain").text
    assert client.get("/openapi.json").status_code == 200


def test_a_mistake_in_the_loader_takes_down_one_model_and_is_logged(priors, monkeypatch, caplog):
    from model import priors as loader

    really = loader.load

    def failing(folder):
        if folder.name == "oddities":
            raise RuntimeError("a bug")
        return really(folder)

    monkeypatch.setattr(loader, "load", failing)
    client = create_app(Settings(priors)).test_client()
    models = {model["name"]: model for model in client.get("/v1/models").json["models"]}
    assert (models["asia"]["ready"], models["oddities"]["ready"]) == (True, False)
    assert "bug" not in str(models["oddities"])
    assert "RuntimeError: a bug" in caplog.text


def test_a_folder_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(BadSettings, match="AFTERMATH_PRIORS"):
        Settings(tmp_path / "nowhere")


def test_a_model_says_what_it_is_and_where_the_rest_stands(client):
    model = client.get("/v1/models/asia").json
    assert model["size"] == {"variables": 8, "arcs": 8, "parameters": 36, "tree_cells": model["size"]["tree_cells"]}
    assert model["headline"] == ["lung", "tub", "bronc"]
    assert (model["folded"], model["left_out"]) == ([], [])
    assert model["examples"]
    for link in [*model["resources"].values(), *(example["link"] for example in model["examples"])]:
        assert client.get(link).status_code == 200, link


def test_a_variable_names_the_rows_of_its_table_and_what_they_rest_on(client):
    variable = client.get("/v1/models/asia/variables/dysp").json
    assert variable["parents"] == ["bronc", "either"]
    assert len(variable["table"]) == 4
    [row] = [row for row in variable["table"] if row["when"] == {"bronc": "yes", "either": "no"}]
    assert row["distribution"] == [{"state": "yes", "p": 0.8}, {"state": "no", "p": pytest.approx(0.2)}]
    assert all(statement["sources"] == ["lauritzen_spiegelhalter_1988"] for statement in variable["statements"])
    assert variable["sources"][0]["date"] == "1988"
    assert all(variable["in_words"])
    assert client.get("/v1/models/asia/variables/either").json["children"] == ["xray", "dysp"]


def test_judgement_is_shown_as_what_it_is(client):
    [source] = client.get("/v1/models/oddities/sources").json["sources"]
    assert (source["name"], source["status"], source["url"]) == ("judgement", "judgement", None)
    assert source["cited_by"] == ["odd", "never"]
    [cited] = client.get("/v1/models/oddities/forecast/odd?sources=full").json["sources"]
    assert (cited["kind"], cited["status"], cited["read"]) == ("judgement", "judgement", None)
    assert client.get("/v1/models/oddities/variables/odd").json["statements"][0]["reason"] == "A test needs numbers."


def test_a_source_says_how_it_was_read_and_a_number_what_of_it_is_published_and_counted(tmp_path):
    folder = copied(ASIA, tmp_path)
    for file, old, new in (
        ("sources.yaml", "status: verified", "status: verified\n    read: part"),
        ("diseases.yaml", "ess: 50", "counted: {n: 250, discount: 0.2, why: an example}\n    published: number"),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    asked = create_app(Settings(tmp_path)).test_client().get
    [source] = asked("/v1/models/asia/sources").json["sources"]
    assert (source["kind"], source["status"], source["read"]) == ("publication", "verified", "part")
    assert ",publication,verified,part," in asked("/v1/models/asia/sources.csv").text
    [statement] = asked("/v1/models/asia/variables/asia").json["statements"]
    assert (statement["published"], statement["ess"]) == ("number", 50)
    assert statement["counted"] == {"n": 250, "discount": 0.2, "why": "an example"}
    assert asked("/v1/models/asia/variables/smoke").json["statements"][0]["counted"] is None


def test_the_graph_has_every_arc_as_json_and_for_graphviz(client):
    graph = client.get("/v1/models/asia/graph.json").json
    assert len(graph["nodes"]) == 8
    arc = {"from": "smoke", "to": "lung", "sign": "raises", "strength": pytest.approx(0.09)}
    assert arc in graph["arcs"]
    dot = client.get("/v1/models/oddities/graph.dot")
    assert dot.content_type.startswith("text/vnd.graphviz")
    assert '"odd" [label="=HYPERLINK(\\"x\\")"];' in dot.text
    assert '"odd" -> "never";' in dot.text


def test_scenarios_and_cohorts_show_what_they_say(client):
    [scenario] = client.get("/v1/models/asia/scenarios").json["scenarios"]
    assert scenario["given"] == {"asia": "yes", "dysp": "yes"}
    [cohort] = client.get("/v1/models/asia/cohorts").json["cohorts"]
    assert (cohort["low"], cohort["high"], cohort["given"]) == (1, 1, {"smoke": "yes"})
    rows = client.get("/v1/models/oddities/scenarios.csv").text.splitlines()
    assert rows[1:] == ["plainly,'=2+2,given,odd,plain", "not_plainly,Not plain,do,odd,-2"]


def test_a_pooled_number_shows_each_expert(tmp_path):
    shutil.copytree(ROOT / "priors" / "mosul-2017", tmp_path / "mosul-2017")
    flagship = create_app(Settings(tmp_path)).test_client()
    said = flagship.get("/v1/models/mosul-2017/variables/operatives_deployed_europe").json["statements"][0]["pool"]
    assert said["method"] == "linear"
    assert 0.5 < said["disagreement"] < 1
    assert [(each["sources"], each["weight"]) for each in said["of"]] == [(["B19"], 0.6), (["B21", "B22"], 0.4)]
    assert said["of"][0] | {"row": said["of"][0]["row"][2]} == {
        "sources": ["B19"],
        "weight": 0.6,
        "ess": 10,
        "reason": "Several dozen, 10 to 100, by Europol, which holds the files and says that there may be so many.",
        "row": {"state": "hundreds", "p": 0.07},
        "strength": None,
        "published": "direction",
        "counted": None,
    }


def test_a_number_of_one_voice_has_no_pool(client):
    assert client.get("/v1/models/asia/variables/tub").json["statements"][0]["pool"] is None
