"""Asking with a mouse and with a keyboard; the address keeps the question."""

import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.browsers import Watched
from tests.servers import ROOT, Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FLAGSHIP = "?model=mosul-2017"


def find(page: Page, words: str, label: str) -> None:
    page.get_by_role("combobox", name="Find a variable").fill(words)
    page.get_by_role("option", name=label).click()


def leading(page: Page, headline: str) -> str:
    return page.get_by_role("article").filter(has_text=headline).locator(".lead").first.inner_text()


def test_the_start_has_a_number_and_its_interval_and_a_click_says_why(watched: Watched) -> None:
    page = watched.open("")
    expect(page.get_by_role("heading", level=1)).to_have_text("After Mosul")
    assert re.search(r"leads: \d+\s%\s\(\d+ to \d+\s%\)", leading(page, "What becomes of the fighter"))
    page.get_by_role("link", name="Why?").first.click()
    watched.settle()
    expect(page.locator(".account p").first).to_contain_text("has a chance of")


def test_a_state_is_observed_by_a_click_and_the_address_brings_it_back(watched: Watched) -> None:
    page = watched.open(f"{FLAGSHIP}&scenario=none")
    before = leading(page, "Flow of returnees")
    find(page, "speed loss", "Speed of territorial loss")
    page.locator(".panel").get_by_role("button", name="Speed of territorial loss: slow").click()
    watched.settle()
    after = leading(page, "Flow of returnees")
    assert after != before
    assert "given=territorial_loss_rate:slow" in page.url
    expect(page.get_by_label("Your question").get_by_text("observed", exact=True)).to_be_visible()
    page.reload()
    watched.settle()
    assert leading(page, "Flow of returnees") == after
    page.locator(".panel").get_by_role("button", name="Speed of territorial loss: slow").click()
    watched.settle()
    assert leading(page, "Flow of returnees") == before


def test_what_is_done_is_shown_against_the_same_without_it(watched: Watched) -> None:
    page = watched.open(f"{FLAGSHIP}&given=is_finances:halved&focus=border_intel_strength")
    page.get_by_role("radio", name="sets it, do()").check()
    page.locator(".panel").get_by_role("button", name="Border police and intelligence: strong").click()
    watched.settle()
    assert "do=border_intel_strength:strong" in page.url
    assert "given=is_finances:halved" in page.url
    card = page.get_by_role("article").filter(has_text="Flow of returnees")
    expect(card.locator(".movement")).to_contain_text("by what is done")
    expect(card.locator(".movement")).to_contain_text(re.compile(r"points \([+−]?[\d.]+ to [+−]?[\d.]+"))


def test_a_state_is_ruled_out_and_a_report_is_typed(watched: Watched) -> None:
    page = watched.open("?model=asia&focus=xray")
    page.get_by_text("Report, assume or set chances").click()
    page.get_by_label("yes", exact=True).fill("4")
    page.get_by_label("no", exact=True).fill("1")
    page.get_by_role("button", name="Say it").click()
    watched.settle()
    assert "given=xray:like(" in page.url
    expect(page.get_by_label("Your question").get_by_text("reported as").first).to_be_visible()
    page.get_by_role("radio", name="rules it out").check()
    page.locator(".panel").get_by_role("button", name="Positive X-ray: no").click()
    watched.settle()
    assert "given=xray:not(no)" in page.url


def test_undo_redo_back_and_forward(watched: Watched) -> None:
    page = watched.open("?model=asia&focus=smoke")
    button = page.locator(".panel").get_by_role("button", name="Smoker: yes")
    button.click()
    watched.settle()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Undo").click()
    expect(button).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Redo").click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+z")
    expect(button).to_have_attribute("aria-pressed", "false")
    page.go_back()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.go_back()
    page.go_forward()
    expect(button).to_have_attribute("aria-pressed", "true")
    watched.settle()


def test_what_the_browser_went_back_from_can_be_undone(watched: Watched) -> None:
    page = watched.open("?model=asia&focus=smoke")
    button = page.locator(".panel").get_by_role("button", name="Smoker: yes")
    button.click()
    page.get_by_role("link", name="Why", exact=True).click()
    page.go_back()
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    page.go_back()
    expect(button).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Undo").click()
    expect(button).to_have_attribute("aria-pressed", "true")
    watched.settle()


def test_the_search_stands_still_when_the_history_comes_and_the_history_leads_back(watched: Watched) -> None:
    page = watched.open("?model=asia&focus=smoke")
    search = page.get_by_role("combobox", name="Find a variable")
    before = search.bounding_box()
    page.locator(".panel").get_by_role("button", name="Smoker: yes").click()
    watched.settle()
    page.locator(".past summary").click()
    assert search.bounding_box() == before
    page.locator(".past").get_by_role("button", name="Nothing said").click()
    watched.settle()
    assert "given" not in page.url


def test_what_is_done_without_moving_a_headline_leads_to_what_it_moves(watched: Watched) -> None:
    page = watched.open(f"{FLAGSHIP}&do=returnee_response_model:care_and_mentoring")
    expect(page.locator("main")).to_contain_text("What is done moves none of these")
    page.get_by_role("link", name="See what it does move").click()
    watched.settle()
    rows = page.locator("table.variables tbody tr")
    assert 1 < rows.count() < 60
    sizes = [
        abs(float(re.search(r"[\d.]+ ?points", text.replace("\u00a0", " "))[0].split()[0]))  # type: ignore[index]
        for text in rows.locator(".moved").all_inner_texts()
    ]
    assert sizes == sorted(sizes, reverse=True)


def test_headlines_that_have_no_answer_claim_no_change(watched: Watched) -> None:
    page = watched.open("?model=asia&given=lung:yes&given=either:no", settle=False)
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator(".movement", has_text="No change")).to_have_count(0)
    watched.errors.clear()


def test_impossible_evidence_offers_to_drop_one(watched: Watched) -> None:
    page = watched.open("?model=asia&given=lung:yes&given=either:no", settle=False)
    note = page.get_by_role("alert")
    expect(note).to_contain_text("cannot hold together")
    note.get_by_role("button", name="Drop “Lung cancer”").click()
    watched.settle()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert "lung" not in page.url
    watched.errors[:] = [error for error in watched.errors if "422" not in error]


def test_everything_is_asked_by_keyboard_alone(watched: Watched) -> None:
    page = watched.open("?model=asia")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "combobox":
            break
    page.keyboard.type("smok")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Smoker")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-pressed')") is not None:
            break
    expect(page.locator(":focus")).to_have_attribute("title", re.compile("^Observe: "))
    page.keyboard.press("Space")
    watched.settle()
    assert "given=smoke:" in page.url


def test_states_can_be_chosen_before_their_numbers_are_there(watched: Watched) -> None:
    page = watched.open("?model=asia")
    held: list[Route] = []
    is_held = True
    page.route("**/query.json*", lambda route: held.append(route) if is_held else route.continue_())
    page.goto(f"{watched.url}/?model=asia&focus=smoke")
    panel = page.get_by_role("region", name="Smoker")
    panel.get_by_title("Observe: yes").click()
    expect(page).to_have_url(re.compile("given=smoke:yes"))
    expect(panel.locator("[aria-busy=true]")).to_have_count(1)
    is_held = False
    for route in held:
        route.continue_()
    watched.settle()


def test_the_command_line_it_offers_gives_the_same_number(watched: Watched, server: Server) -> None:
    page = watched.open("?model=asia&given=smoke:yes&do=bronc:no")
    page.get_by_text("Share or ask elsewhere").click()
    said = page.locator(".copied", has_text="Command line").locator("pre").inner_text()
    assert said == "aftermath ask asia lung --given smoke:yes --do bronc:no"
    command = [sys.executable, "-m", "service.cli.main", *said.split()[1:], "--json"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    address = page.locator(".copied", has_text="Address of the answer").locator("pre").inner_text()
    found = server.get(address.removeprefix(server.url))
    assert f'"p":{found["distribution"][0]["p"]}' in ran.stdout.replace(" ", "")
    assert urlsplit(address).netloc == urlsplit(server.url).netloc
