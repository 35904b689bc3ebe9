"""The workbench's own files, with a build and without; what graphs and questions say for pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service import create_app
from service.routes import pages
from service.settings import Settings
from service.store.location import Folder

SCRIPT = b"console.log('a page');" * 100


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which the page is built, empty at first."""
    monkeypatch.setattr(pages, "_static", lambda: tmp_path)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    pages._built.cache_clear()
    pages._assets.cache_clear()


def build(folder: Path) -> None:
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>The page</title>")
    (folder / "assets" / "index-abc.js").write_bytes(SCRIPT)
    (folder / "assets" / "small-abc.css").write_text("p {}")


def test_without_a_build_the_start_page_says_how_to_make_it_and_the_service_runs(built, client):
    page = client.get("/")
    assert page.status_code == 200
    assert "<code>python3 dev.py run</code> in a checkout builds" in page.text
    assert client.get("/v1/models/asia/forecast/lung.json").status_code == 200


def test_with_a_build_the_page_is_served_and_the_plain_one_links_to_it(built, client):
    build(built)
    page = client.get("/?model=asia&given=smoke:yes")
    assert page.data == (built / "index.html").read_bytes()
    assert page.content_type == "text/html; charset=utf-8"
    assert client.get("/", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304
    assert ">The workbench</a>" in client.get("/plain").text


def test_its_files_are_kept_for_ever_and_packed_for_who_unpacks(built, client):
    build(built)
    plain = client.get("/assets/index-abc.js")
    assert (plain.data, plain.content_type) == (SCRIPT, "text/javascript; charset=utf-8")
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    packed = client.get("/assets/index-abc.js", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(SCRIPT) / 4
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    small = client.get("/assets/small-abc.css", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in small.headers


def test_a_head_has_the_headers_of_a_get(built, client):
    build(built)
    head, got = client.head("/assets/index-abc.js"), client.get("/assets/index-abc.js")
    assert (head.data, head.headers["ETag"]) == (b"", got.headers["ETag"])
    assert head.headers["Content-Length"] == str(len(SCRIPT))


@pytest.mark.parametrize("name", ["nothing.js", "..%2findex.html", "%2e%2e", "index.html"])
def test_a_name_that_is_not_among_them_is_not_found(built, client, refused, name):
    build(built)
    refused(client.get(f"/assets/{name}"), 404, "not_found")


def test_the_style_of_the_plain_page_is_there_without_a_build(built, client):
    style = client.get("/assets/page.css")
    assert style.content_type == "text/css; charset=utf-8"
    assert "immutable" not in style.headers["Cache-Control"]


def test_a_graph_says_where_variables_stand_and_what_arcs_are_worth(client):
    graph = client.get("/v1/models/asia/graph.json").json
    at = {node["name"]: node["position"] for node in graph["nodes"]}
    assert all(at[arc["from"]]["column"] < at[arc["to"]]["column"] for arc in graph["arcs"])
    assert len({(place["column"], place["row"]) for place in at.values()}) == len(at)
    assert {node["group"] for node in graph["nodes"]} == {"diseases", "findings"}
    assert {arc["sign"] for arc in graph["arcs"]} == {"raises"}
    listed = {each["name"]: each for each in client.get("/v1/models/asia/variables.json").json["variables"]}
    assert {name: each["position"] for name, each in listed.items()} == at


def test_an_answer_says_its_question_in_a_sentence(client):
    asked = "/v1/models/asia/forecast/lung.json?fields=sentence&given=xray:like(yes=4,no=1)&do=smoke:no"
    assert client.get(asked).json["sentence"] == (
        "How likely is each state of “Lung cancer”, if “Smoker” is set to no, "
        "and “Positive X-ray” is reported (likelihood yes 4, no 1)?"
    )


def test_a_model_says_what_probabilities_are_called(client):
    words = client.get("/v1/models/asia").json["probability_words"]
    assert [each["at_least"] for each in words] == sorted(each["at_least"] for each in words)
    assert {"word": "likely", "at_least": 0.55} in words


def test_only_listed_sites_may_hold_a_chart_in_a_frame_and_nothing_else(built, priors, tmp_path):
    build(built)
    frames = ("https://site.example", "https://other.example")
    client = create_app(Settings(priors, frames=frames, place=Folder(tmp_path / "state"))).test_client()
    chart, page = client.get("/embed?model=asia&target=lung"), client.get("/")
    assert chart.data == page.data
    assert chart.headers["Content-Security-Policy"].endswith(f"frame-ancestors {' '.join(frames)}")
    assert "script-src 'self'" in chart.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in chart.headers
    for answer in (page, client.get("/plain"), client.get("/v1/models/asia")):
        assert answer.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_without_a_list_no_site_may(built, client):
    build(built)
    assert client.get("/embed").headers["X-Frame-Options"] == "DENY"
    assert client.get("/embed").headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
