"""Every view: it says what it should, in both themes and on a phone, reads aloud, and asks nobody else."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.browsers import QUESTION, VIEWS, Watched, axe_source

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BITING = ("", "&view=network", "&view=network&focus=odd", "&view=network&tab=table", "&view=why", "&view=variables")
RULES = "() => axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations))"
TARGETS = """() => [...document.querySelectorAll('button, a, input, select, summary')].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width > 0 && !each.closest('.network') && (box.height < 24 || box.width < 16)
        && !(each.matches('a') && each.closest('li, p, small, span') && getComputedStyle(each).display === 'inline')
        && !each.matches('input[type=radio], input[type=checkbox]');
}).map(each => each.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_in_either_theme(watched: Watched, view: str) -> None:
    page = watched.open(QUESTION + VIEWS[view])
    page.evaluate(axe_source())
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found = json.loads(page.evaluate(RULES))
        said = [(each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in found]
        assert (theme, said) == (theme, [])
    assert page.evaluate(TARGETS) == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_fits_a_phone(open_page: Callable[..., Watched], view: str) -> None:
    watched = open_page(width=390, height=844)
    page = watched.open(QUESTION + VIEWS[view])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_question_is_asked_on_a_phone(open_page: Callable[..., Watched]) -> None:
    watched = open_page(width=390, height=844)
    page = watched.open("?model=asia")
    page.get_by_role("combobox", name="Find a variable").fill("smoker")
    page.get_by_role("option", name="Smoker").click()
    page.locator(".panel").get_by_role("button", name="Smoker: yes").click()
    watched.settle()
    assert "given=smoke:yes" in page.url


@pytest.mark.parametrize("view", BITING)
def test_names_that_bite_stay_text(watched: Watched, view: str) -> None:
    page = watched.open(f"?model=oddities{view}")
    expect(page.locator("main script, main b, main [onerror]")).to_have_count(0)
    assert page.title().endswith('Names that <b>bite</b> & "quote" · Aftermath')
    if view == "&view=network&focus=odd":
        state = page.locator("button.state", has_text='say "x"')
        state.click()
        watched.settle()
        assert "given=odd:say" in page.url
        page.reload()
        watched.settle()
        expect(state).to_have_attribute("aria-pressed", "true")


def test_the_network_is_walked_by_arrow_keys_and_a_card_observes(watched: Watched) -> None:
    page = watched.open("?model=mosul-2017&view=network&focus=is_finances")
    page.locator("[data-card=is_finances]").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-card=is_territorial_control]")).to_be_focused()
    page.get_by_role("button", name="Territory held: none").click()
    watched.settle()
    assert "given=is_territorial_control:none" in page.url
    expect(page.locator(".card.given")).to_contain_text("Territory held")


def test_a_trail_of_the_account_is_shown_in_the_network(watched: Watched) -> None:
    page = watched.open("?model=mosul-2017&view=why&target=returnee_type&state=operational&given=is_finances:halved")
    page.locator(".trails").get_by_role("link", name="In the network").first.click()
    watched.settle()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "From “Income of the core organisation” to “Type of returnee”"
    )
    stops = page.url.count("via=")
    assert stops >= 3
    expect(page.locator(".card")).to_have_count(stops)
    expect(page.locator(".arc.on-trail")).to_have_count(stops - 1)
    page.locator("[data-card=returnee_type]").click()
    assert "via=" not in page.url
    watched.settle()


def test_arcs_into_what_is_set_are_drawn_cut(watched: Watched) -> None:
    page = watched.open("?model=mosul-2017&view=network&focus=is_finances&do=is_finances:halved")
    expect(page.locator(".arc.cut")).to_have_count(1)
    expect(page.locator(".card.done")).to_contain_text("Income of the core organisation")


def test_two_questions_stand_beside_each_other_with_the_interval_of_the_difference(watched: Watched) -> None:
    page = watched.open("?model=mosul-2017&do=border_intel_strength:strong")
    page.get_by_role("link", name="Compare").last.click()
    watched.settle()
    assert page.url.count("side=") == 2
    card = page.get_by_role("article").filter(has_text="Flow of returnees")
    card.get_by_text("Data", exact=False).first.click()
    expect(card.locator("table")).to_contain_text(" to ")
    expect(card.locator(".moved.up, .moved.down").first).to_contain_text("points")
