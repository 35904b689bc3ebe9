"""A script of a page of another site reads the service in a real browser: answers, headers, what has not changed."""

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.servers import ROOT, Server, gunicorn

SCRIPT = """
async ([url, headers]) => {
    try {
        const answer = await fetch(url, {headers, cache: "no-store"});
        const named = Object.fromEntries(answer.headers.entries());
        return {status: answer.status, headers: named, text: await answer.text()};
    } catch (error) {
        return {error: String(error)};
    }
}
"""
FORECAST = "/v1/models/asia/forecast/lung"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The origin of another site, which serves one empty page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>A dashboard</title>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def shared(site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that lets pages of the site ask, and no others."""
    folder = tmp_path_factory.mktemp("shared")
    shutil.copytree(ROOT / "priors" / "asia", folder / "models" / "asia")
    settings = {"AFTERMATH_ORIGINS": site, "AFTERMATH_STATE": str(folder / "state"), "AFTERMATH_RATE": "1000"}
    with gunicorn(folder / "models", folder / "log", **settings) as running:
        yield running


def fetched(browser: Browser, page: str, url: str, **headers: str) -> dict[str, Any]:
    """What a script of a page gets for an address."""
    opened = browser.new_page()
    opened.goto(page)
    found: dict[str, Any] = opened.evaluate(SCRIPT, [url, headers])
    opened.close()
    return found


def test_a_script_of_an_allowed_site_reads_answers_and_their_headers(
    browser: Browser, site: str, shared: Server
) -> None:
    url = shared.url + FORECAST
    shared.settled(lambda: "last-modified" in fetched(browser, site, url)["headers"])
    found = fetched(browser, site, url)
    assert found["status"] == 200
    wanted = {"etag", "last-modified", "link", "x-model-revision", "server-timing"}
    wanted |= {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
    assert wanted <= set(found["headers"])
    assert found["headers"]["x-model-revision"] in found["text"]
    packed = fetched(browser, site, f"{shared.url}/v1/models/asia/marginals")
    assert packed["headers"]["content-encoding"] in ("zstd", "gzip")
    assert packed["text"].startswith("{")


def test_it_asks_for_what_has_changed_by_the_tag_or_the_date_that_it_was_told(
    browser: Browser, site: str, shared: Server
) -> None:
    url = shared.url + FORECAST
    shared.settled(lambda: "last-modified" in fetched(browser, site, url)["headers"])
    known = fetched(browser, site, url)["headers"]
    by_tag = fetched(browser, site, url, **{"If-None-Match": known["etag"]})
    assert (by_tag["status"], by_tag["text"], by_tag["headers"]["etag"]) == (304, "", known["etag"])
    by_date = fetched(browser, site, url, **{"If-Modified-Since": known["last-modified"]})
    assert (by_date["status"], by_date["text"]) == (304, "")


def test_a_script_of_any_other_site_reads_nothing(browser: Browser, site: str, shared: Server) -> None:
    other = site.replace("127.0.0.1", "localhost")
    assert "Failed to fetch" in fetched(browser, other, shared.url + FORECAST)["error"]
