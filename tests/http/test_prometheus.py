"""A real Prometheus reads the service by the files that ship: its scrape, its alerts, each query of the dashboard."""

import csv
import io
import json
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.servers import ROOT, Server, free_port, gunicorn

pytestmark = [pytest.mark.slow, pytest.mark.needs("prometheus", "promtool")]

DOCS = ROOT / "docs"
MODEL, TARGET = "oddities", "odd"
RATES = "sum(rate(aftermath_refusals_total[1m])) > 0 and sum(rate(aftermath_engine_seconds_sum[1m])) > 0"
DASHBOARD = json.loads((DOCS / "grafana.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Scraping:
    """A Prometheus, and the service that it scrapes."""

    url: str
    service: Server

    def api(self, path, **parameters):
        query = urllib.parse.urlencode(parameters, doseq=True)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=20) as answer:
            found = json.load(answer)
        assert found["status"] == "success"
        return found["data"]

    def asked(self, expression):
        return self.api("query", query=expression)["result"]


@pytest.fixture(scope="module")
def scraping(priors: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraping]:
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    settings = {"AFTERMATH_STATE": str(folder / "state")}
    with gunicorn(priors, folder / "service.log", workers=2, **settings) as service:
        text = (DOCS / "prometheus.yml").read_text(encoding="utf-8")
        for found, wanted in (("127.0.0.1:8000", service.url.partition("//")[2]), ("30s", "1s"), ("20s", "1s")):
            assert found in text
            text = text.replace(found, wanted)
        (folder / "prometheus.yml").write_text(text, encoding="utf-8")
        shutil.copy(DOCS / "prometheus-rules.yml", folder)
        command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, f"--web.listen-address=127.0.0.1:{port}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            found = Scraping(f"http://127.0.0.1:{port}", service)
            until_scraped(found, process, folder / "log")
            yield found
        finally:
            process.terminate()
            process.wait(timeout=30)


def until_scraped(scraping: Scraping, process: subprocess.Popen[bytes], log: Path) -> None:
    """Ask the service something of every kind between two scrapes, so that there are rates."""

    def look() -> object:
        assert process.poll() is None, log.read_text()
        ask(scraping.service, next(numbers))
        try:
            return scraping.asked(RATES)
        except OSError:
            return None

    numbers = count()
    scraping.service.settled(look, within=60)


def ask(server: Server, number: int) -> None:
    """Something that is worked out anew, and something that is refused."""
    server.get(f"/v1/models/asia/forecast/lung?given=xray:like(yes={number + 1},no=1)&interval=none")
    with suppress(urllib.error.HTTPError):
        server.get("/nothing")


def test_the_target_is_up_and_every_metric_of_the_page_is_there(scraping):
    (target,) = scraping.api("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    page = (DOCS / "operators.md").read_text(encoding="utf-8").partition("## Metrics")[2].partition("\n## ")[0]
    named = set(re.findall(r"aftermath_\w+", page))
    found = {re.sub(r"_(bucket|count|sum)$", "", name) for name in scraping.api("label/__name__/values")}
    assert {name for name in found if name.startswith("aftermath_")} == named


def test_what_it_reads_is_what_the_api_answers(scraping):
    answer = scraping.service.get(f"/v1/models/{MODEL}/forecast/{TARGET}")
    for name, key in (("aftermath_forecast", "p"), ("aftermath_forecast_lo", "lo"), ("aftermath_forecast_hi", "hi")):
        found = {
            each["metric"]["state"]: float(each["value"][1])
            for each in scraping.asked(f'{name}{{model="{MODEL}",target="{TARGET}"}}')
        }
        assert found == {row["state"]: row[key] for row in answer["distribution"]}


def test_it_has_the_alerts_and_none_is_raised_but_that_of_the_model_that_cannot_be_loaded(scraping):
    groups = scraping.api("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == 10
    assert {rule["health"] for rule in rules} == {"ok"}
    raised = {(rule["name"], each["labels"]["model"]) for rule in rules for each in rule["alerts"]}
    assert raised == {("AftermathModelNotReady", "broken")}


def test_promtool_takes_the_files_and_each_alert_is_raised_when_it_should_be():
    for command in (
        ["check", "rules", "docs/prometheus-rules.yml"],
        ["check", "config", "--syntax-only", "docs/prometheus.yml"],
        ["test", "rules", "tests/data/prometheus-rules-test.yml"],
    ):
        ran = subprocess.run(["promtool", *command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "FAILED" not in ran.stdout
    names = re.findall(r"alert: (\w+)", (DOCS / "prometheus-rules.yml").read_text())
    tested = (ROOT / "tests" / "data" / "prometheus-rules-test.yml").read_text()
    assert [name for name in names if f"alertname: {name}\n        exp_alerts:\n" not in tested] == []


VARIABLES = {
    "$instance": ".*",
    "$model": MODEL,
    "$target": TARGET,
    "${model}": MODEL,
    "${target}": TARGET,
    "$__rate_interval": "1m",
}
QUERIES = [(panel["title"], query) for panel in DASHBOARD["panels"] for query in panel["targets"]]


def expanded(text: str, service: str = "") -> str:
    """A text of the dashboard with each of its variables replaced; none may be left."""
    for name, value in {"${service}": service, **VARIABLES}.items():
        text = text.replace(name, value)
    assert "$" not in text, text
    return text


def of_source(kind: str) -> list[object]:
    return [
        pytest.param(query, id=f"{title} {query['refId']}")
        for title, query in QUERIES
        if query["datasource"]["type"] == kind
    ]


@pytest.mark.parametrize("query", of_source("prometheus"))
def test_a_query_of_the_dashboard_finds_something_in_prometheus(scraping, query):
    found = scraping.asked(expanded(query["expr"]))
    assert found
    labels = set(re.findall(r"\{\{(\w+)\}\}", query["legendFormat"]))
    assert all(labels <= set(each["metric"]) for each in found)


@pytest.mark.parametrize("query", of_source("yesoreyeram-infinity-datasource"))
def test_a_query_of_the_dashboard_finds_its_columns_in_the_service(scraping, query):
    with urllib.request.urlopen(expanded(query["url"], scraping.service.url), timeout=20) as answer:
        text = answer.read().decode("utf-8")
    if query["type"] == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
    else:
        rows = json.loads(text)[query["root_selector"]]
    assert rows
    for column in query["columns"]:
        assert all(column["selector"] in row for row in rows)
        if column["type"] == "number":
            assert all(isinstance(float(row[column["selector"]]), float) for row in rows)


def test_the_variables_of_the_dashboard_have_values(scraping):
    asked = {
        each["name"]: each["query"]["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"
    }
    assert set(asked) == {"instance", "model", "target"}
    for query in asked.values():
        series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query).groups()
        assert scraping.api(f"label/{label}/values", **{"match[]": expanded(series)})
    (annotation,) = DASHBOARD["annotations"]["list"]
    scraping.asked(expanded(annotation["expr"]))


def test_the_dashboard_is_as_grafana_has_it():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 15
    assert {panel["type"] for panel in panels} == {"timeseries", "table", "stat"}
    assert {query["datasource"]["type"] for _, query in QUERIES} == {"prometheus", "yesoreyeram-infinity-datasource"}
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for query in panel["targets"]:
            assert query["datasource"] == panel["datasource"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
