"""What the page does when the service is slow, gone or has another revision; and how much it fetches."""

from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Route, expect

from tests.browser.browsers import Watched

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OWN, FIRST_LOAD = 125_000, 200_000
"""Bytes of the page's own files and of all that it fetches at first, as they come over the wire."""


def test_the_first_load_is_small(watched: Watched) -> None:
    session: CDPSession = watched.page.context.new_cdp_session(watched.page)
    session.send("Network.enable")
    sizes: dict[str, float] = {}
    addresses: dict[str, str] = {}
    session.on("Network.responseReceived", lambda said: addresses.update({said["requestId"]: said["response"]["url"]}))
    session.on("Network.loadingFinished", lambda said: sizes.update({said["requestId"]: said["encodedDataLength"]}))
    watched.open("")
    page_itself = sum(size for name, size in sizes.items() if "/v1/" not in addresses[name])
    assert 50_000 < page_itself < OWN
    assert page_itself < sum(sizes.values()) < FIRST_LOAD
    assert not [address for address in addresses.values() if "Network" in address or "Neighbourhood" in address]


def test_built_files_are_kept_for_ever_and_the_page_is_not(watched: Watched) -> None:
    kept: dict[str, str] = {}
    watched.page.on("response", lambda said: kept.update({said.url: said.headers.get("cache-control", "")}))
    watched.open("?model=asia")
    assets = [address for address in kept if "/assets/" in address]
    assert len(assets) >= 2
    assert all("immutable" in kept[address] for address in assets)
    assert "immutable" not in kept[f"{watched.url}/?model=asia"]


def test_a_service_that_is_gone_is_said_and_its_last_numbers_stay(watched: Watched) -> None:
    page = watched.open("?model=asia&focus=smoke")
    page.context.set_offline(True)
    page.locator(".panel").get_by_role("button", name="Smoker: yes").click()
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(page.locator(".headlines.stale")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_have_count(0)
    watched.settle()
    watched.errors.clear()


def test_a_long_job_says_how_long_and_is_stopped(watched: Watched) -> None:
    page = watched.open("?model=asia&given=xray:yes")
    held: list[Route] = []
    page.route("**/explanation.json*", lambda route: held.append(route))
    page.get_by_role("link", name="Why?").first.click()
    progress = page.locator(".progress")
    expect(progress).to_contain_text("Weighing the findings")
    progress.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    page.unroute("**/explanation.json*")
    page.get_by_role("button", name="Work it out").click()
    watched.settle()
    expect(page.locator(".account p").first).to_contain_text("chance")
    assert len(held) >= 1


def test_another_revision_is_said(watched: Watched) -> None:
    page = watched.open("?model=asia&focus=smoke")

    def newer(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "revision": "r-newer"})

    page.route("**/query.json*", newer)
    page.locator(".panel").get_by_role("button", name="Smoker: yes").click()
    expect(page.get_by_text("Another revision of the model is active now")).to_be_visible()
    watched.settle()
    page.unroute("**/query.json*")
    page.get_by_role("button", name="Load it").click()
    expect(page.get_by_text("Another revision of the model is active now")).to_have_count(0)
    watched.settle()


def test_two_pages_ask_apart(open_page: Callable[..., Watched]) -> None:
    one, other = open_page(), open_page()
    one.open("?model=asia&given=smoke:yes")
    other.open("?model=asia&given=smoke:no")
    first, second = (each.page.locator(".lead").first.inner_text() for each in (one, other))
    assert first != second


def test_an_unknown_model_is_said_in_the_words_of_the_service(watched: Watched) -> None:
    page = watched.open("?model=mosul", settle=False)
    expect(page.get_by_role("alert")).to_contain_text("mosul-2017")
    watched.errors.clear()


def test_a_token_is_asked_for_once_and_kept_for_the_tab(watched: Watched) -> None:
    problem = {"title": "Token needed", "status": 401, "code": "token_needed", "detail": "a token is needed"}

    def only_with_a_token(route: Route) -> None:
        if route.request.headers.get("authorization") == "Bearer secret":
            sent = {name: value for name, value in route.request.headers.items() if name != "authorization"}
            route.continue_(headers=sent)
        else:
            route.fulfill(status=401, json=problem, content_type="application/problem+json")

    watched.page.route("**/v1/**", only_with_a_token)
    page = watched.open("?model=asia", settle=False)
    expect(page.get_by_role("alert")).to_contain_text("a token is needed")
    page.get_by_label("Token").fill("secret")
    page.get_by_role("button", name="Use it in this tab").click()
    watched.settle()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.reload()
    watched.settle()
    expect(page.get_by_role("article").first).to_be_visible()
    assert "secret" not in page.url
    watched.errors.clear()


def test_an_embedded_chart_has_its_question_and_leads_to_the_page(watched: Watched) -> None:
    page = watched.open("embed?model=asia&target=lung&given=xray:yes")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lung cancer")
    expect(page.locator("main")).to_contain_text("if “Positive X-ray” is yes")
    expect(page.locator(".bar")).to_have_count(2)
    link = page.get_by_role("link", name="Ask otherwise").get_attribute("href") or ""
    watched.open(link.removeprefix("./"))
    expect(page.locator(".panel h2")).to_have_text("Lung cancer")
