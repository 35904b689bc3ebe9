"""Questions under a name, kept for everybody, and short links by an answer that is kept."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsers import Watched
from tests.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def opened(page: Page) -> None:
    page.locator(".named summary").click()


def test_a_question_is_named_listed_asked_replaced_and_taken_away(watched: Watched) -> None:
    page = watched.open("?model=asia&given=xray:yes&do=smoke:no")
    opened(page)
    expect(page.locator(".named")).to_contain_text("None yet")
    page.get_by_label("Name the question as it stands").fill("Nobody smokes")
    page.get_by_role("button", name="Keep it").click()
    asked = page.locator(".named").get_by_role("button", name="Nobody smokes", exact=True)
    expect(asked).to_be_visible()

    watched.open("?model=asia")
    opened(page)
    asked.click()
    watched.settle()
    assert "given=xray:yes&do=smoke:no" in page.url

    page.get_by_role("button", name="Take back Positive X-ray").click()
    page.get_by_label("Name the question as it stands").fill("nobody smokes")
    page.get_by_role("button", name="Replace it").click()
    expect(asked).to_have_count(0)
    page.locator(".named").get_by_role("button", name="Take away the name nobody smokes").click()
    expect(page.locator(".named")).to_contain_text("None yet")
    watched.settle()


def test_who_changes_a_name_that_changed_meanwhile_is_told(watched: Watched, server: Server) -> None:
    page = watched.open("?model=asia&do=smoke:no")
    opened(page)
    page.get_by_label("Name the question as it stands").fill("Both")
    expect(page.locator(".named")).to_contain_text("None yet")
    page.evaluate(
        """() => fetch('v1/models/asia/questions/both', {method: 'PUT', body: '{"question": ""}',
            headers: {'Content-Type': 'application/json', 'If-None-Match': '*'}})"""
    )
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".named").get_by_role("alert")).to_contain_text("expected to be")
    page.locator(".named").get_by_role("button", name="Take away the name both").click()
    expect(page.locator(".named")).to_contain_text("None yet")
    watched.errors[:] = [error for error in watched.errors if "412" not in error]


def shortened(page: Page, *, is_long: bool) -> tuple[str, str]:
    """The short link that the page offers, and the address of the answer that is kept with it."""
    page.locator(".share summary").click()
    assert page.get_by_text("which mail and chat may cut").count() == is_long
    page.get_by_role("button", name="Make a short link").click()
    names = ("Short link to this page", "This answer, kept as it is")
    short, kept = (page.locator(".copied", has_text=name).locator("pre").inner_text() for name in names)
    assert page.evaluate("url => fetch(url).then(answer => answer.status)", kept) == 200
    return short, kept


def test_a_short_link_brings_the_question_back(watched: Watched) -> None:
    page = watched.open("?model=asia&view=why&given=xray:like(yes=3,no=1)&do=smoke:no")
    short, _ = shortened(page, is_long=False)
    watched.open(short.removeprefix(f"{watched.url}/"))
    expect(page).to_have_url(f"{watched.url}/?model=asia&view=why&given=xray:like(yes=3,no=1)&do=smoke:no")


def test_a_long_link_is_said_and_a_short_one_brings_what_is_compared_back(watched: Watched) -> None:
    names = ("asia", "smoke", "bronc", "xray", "dysp")
    sides = [
        "%26".join(f"given={name}:like(yes={number}.{number}234567890123,no=1.1234567890123)" for name in names)
        for number in range(1, 9)
    ]
    page = watched.open("?model=asia&view=compare&" + "&".join(f"side={side}" for side in sides))
    expect(page.locator(".sides li")).to_have_count(8)
    short, _ = shortened(page, is_long=True)
    assert len(short) < 120
    shown = page.locator(".sides").inner_text()
    watched.open(short.removeprefix(f"{watched.url}/"))
    assert page.locator(".sides").inner_text().replace("; No picture", "") == shown.replace("; No picture", "")


def test_a_short_link_to_what_is_not_kept_is_said(watched: Watched) -> None:
    page = watched.open("?answer=a-nothing", settle=False)
    expect(page.get_by_role("alert")).to_contain_text("holds no answer")
    watched.errors.clear()
