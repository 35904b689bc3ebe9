"""What a reader must be able to read: no tiny letters, nothing hidden, numbers that say what they are held against."""

import itertools
import json
import math
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsers import QUESTION, VIEWS, Watched, axe_source

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LETTERS = """selector => [...document.querySelectorAll(selector)].map(each =>
    parseFloat(getComputedStyle(each).fontSize) * each.getBoundingClientRect().width / each.offsetWidth)"""
HIDDEN = """() => {
    const cards = [...document.querySelectorAll('.card')].map(each => each.getBoundingClientRect());
    return [...document.querySelectorAll('.arc .react-flow__edge-path')].filter(path => {
        const at = path.getScreenCTM(), length = path.getTotalLength();
        let hidden = 0;
        for (let i = 1; i < 40; i += 1) {
            const point = path.getPointAtLength(length * i / 40).matrixTransform(at);
            hidden += cards.some(card => point.x > card.left + 2 && point.x < card.right - 2
                && point.y > card.top + 2 && point.y < card.bottom - 2) ? 1 : 0;
        }
        return hidden > 3;
    }).length;
}"""
RULES = "() => axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations))"


def violations(page: Page) -> list[str]:
    """What axe finds, in both themes."""
    page.evaluate(axe_source())
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        found += [each["id"] + each["nodes"][0]["html"][:120] for each in json.loads(page.evaluate(RULES))]
    return found


def test_chips_of_all_variables_are_readable_at_once_and_show_what_is_set(watched: Watched) -> None:
    page = watched.open(QUESTION + VIEWS["chips"])
    sizes = page.evaluate(LETTERS, ".network .chip")
    assert len(sizes) > 10
    assert min(sizes) >= 11
    expect(page.locator(".chip.done")).to_be_in_viewport()


def test_a_phone_shows_what_is_set_among_all_variables(open_page: Callable[..., Watched]) -> None:
    watched = open_page(width=390, height=844)
    page = watched.open(QUESTION + VIEWS["chips"])
    chip = page.locator(".chip.done").bounding_box()
    ground = page.locator(".network.all").bounding_box()
    assert chip is not None
    assert ground is not None
    assert ground["x"] <= chip["x"]
    assert chip["x"] + chip["width"] <= ground["x"] + ground["width"]


def test_cards_around_a_variable_are_readable_and_no_arc_is_hidden_behind_one(watched: Watched) -> None:
    page = watched.open(QUESTION + VIEWS["around"])
    assert min(page.evaluate(LETTERS, ".card .state")) >= 10
    assert page.locator(".arc").count() > 10
    assert page.evaluate(HIDDEN) == 0


@pytest.mark.parametrize("focus", ["pathway", "aq_rapprochement", "way_of_return"])
def test_no_number_stands_over_the_edge_of_its_card(watched: Watched, focus: str) -> None:
    page = watched.open(f"?model=mosul-2017&view=network&focus={focus}&given=border_intel_strength:weak")
    beyond = page.locator(".card").evaluate_all(
        """cards => cards.flatMap(card => [...card.querySelectorAll(".number, .state")]
            .filter(each => each.getBoundingClientRect().right > card.getBoundingClientRect().right - 3)
            .map(each => each.textContent))"""
    )
    assert page.locator(".card .number").count() > 10
    assert beyond == []


@pytest.mark.parametrize("address", [f"embed{QUESTION}&target=pathway", QUESTION + VIEWS["around"]])
def test_what_a_tick_marks_is_said_wherever_bars_have_one(watched: Watched, address: str) -> None:
    page = watched.open(address)
    expect(page.locator(".key")).to_contain_text("where it stood without what is done")


def test_a_phone_shows_the_answer_on_its_first_screen_and_the_question_in_one_line(
    open_page: Callable[..., Watched],
) -> None:
    watched = open_page(width=390, height=844)
    page = watched.open(QUESTION)
    expect(page.locator(".lead").first).to_be_in_viewport()
    folded = page.locator(".folded summary").first
    expect(folded).to_contain_text("Border police and intelligence set to strong")
    folded.click()
    expect(page.get_by_role("button", name="Take back Border police and intelligence")).to_be_visible()


def test_the_overview_says_what_its_marks_are_and_a_leader_below_even_is_not_called_unlikely(watched: Watched) -> None:
    page = watched.open(QUESTION)
    expect(page.locator(".key")).to_contain_text("where it stood without what is done")
    leads = page.locator(".lead").all_inner_texts()
    assert not [lead for lead in leads if "unlikely" in lead]
    assert [lead for lead in leads if "nothing here is likelier than not" in lead]


def test_a_plan_says_the_chance_now_and_what_bits_are(watched: Watched) -> None:
    page = watched.open(QUESTION + VIEWS["plan"])
    expect(page.locator("main")).to_contain_text(re.compile(r"has a chance of \d+\s% now"))
    expect(page.locator("main")).to_contain_text("A bit is what the answer to an even question tells")


def test_a_limit_is_offered_by_the_chance_now(watched: Watched) -> None:
    page = watched.open(QUESTION + VIEWS["goals"])
    said = page.locator("main p", has_text="It has a chance of").inner_text()
    now = float(re.search(r"[\d.]+", said)[0])  # type: ignore[index]
    limit = float(page.get_by_label("Limit in percent").input_value())
    assert 0 < limit < now
    page.get_by_label("Bring it").select_option("above")
    assert now < float(page.get_by_label("Limit in percent").input_value()) < 100


@pytest.mark.parametrize("width", [390, 1280])
def test_marks_of_an_axis_stand_below_what_they_measure(open_page: Callable[..., Watched], width: int) -> None:
    watched = open_page(width=width, height=844)
    page = watched.open(QUESTION + VIEWS["why"])
    chart = page.locator(".spans").first
    zero = chart.locator(".span-ticks > span", has_text=re.compile(r"^0$")).bounding_box()
    for line in chart.locator(".span-line").all():
        at = line.bounding_box()
        assert zero is not None
        assert at is not None
        assert abs(zero["x"] + zero["width"] / 2 - at["x"] - at["width"] / 2) < 1.5
    tracks = page.locator(".span-track").evaluate_all("all => all.map(each => each.getBoundingClientRect().width)")
    assert max(tracks) - min(tracks) < 1


def test_signs_of_arcs_stand_apart(watched: Watched) -> None:
    page = watched.open(QUESTION + VIEWS["around"])
    boxes = [each.bounding_box() for each in page.locator(".react-flow__edge-text").all()]
    places = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box is not None]
    assert len(places) > 10
    assert min(math.dist(one, other) for one, other in itertools.combinations(places, 2)) > 14


def test_numbers_at_the_ends_of_the_scale_stay_beside_each_other(watched: Watched) -> None:
    page = watched.open("?model=mosul-2017&do=is_finances:collapsed&given=pathway:returnee")
    over = "all => all.filter(each => each.scrollWidth > each.clientWidth + 1).length"
    assert page.locator(".bar .number").evaluate_all(over) == 0


def test_a_phone_shows_all_that_a_search_finds(open_page: Callable[..., Watched]) -> None:
    watched = open_page(width=390, height=844)
    page = watched.open("?model=mosul-2017")
    page.get_by_role("combobox", name="Find a variable").fill("border")
    options = page.get_by_role("listbox").get_by_role("option")
    assert options.count() > 3
    hidden = """all => all.filter(each => {
        const at = each.getBoundingClientRect();
        return !each.contains(document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2));
    }).length"""
    assert options.evaluate_all(hidden) == 0


def test_what_opens_is_accessible_too(watched: Watched) -> None:
    page = watched.open("?model=asia&view=variables&focus=lung&do=smoke:no")
    page.locator(".named summary").click()
    page.locator(".share summary").click()
    page.get_by_role("button", name="Try a number").first.click()
    lines = page.locator(".try textarea")
    lines.fill(lines.input_value().replace("0.1", "0.2"))
    page.get_by_role("button", name="See what it would do").click()
    expect(page.locator(".effect .note.wrong")).to_be_visible()
    assert violations(page) == []
    lines.fill(lines.input_value().replace("0.9", "0.8"))
    page.get_by_role("button", name="See what it would do").click()
    watched.settle()
    assert violations(page) == []


def test_a_number_is_tried_on_a_phone_without_a_page_wider_than_it(open_page: Callable[..., Watched]) -> None:
    watched = open_page(width=390, height=844)
    page = watched.open("?model=mosul-2017&view=variables&focus=is_finances")
    page.get_by_role("button", name="Try a number").first.click()
    lines = page.locator(".try textarea")
    lines.fill(lines.input_value().replace("0.28", "0.38"))
    expect(page.locator(".try pre")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.settle()


def test_a_number_is_tried_by_keyboard_alone(watched: Watched) -> None:
    page = watched.open("?model=asia&view=variables&focus=lung")
    page.get_by_role("button", name="Try a number").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".try textarea")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".try textarea")).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type("  # a note")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="See what it would do")).to_be_focused()
    page.keyboard.press("Enter")
    watched.settle()
    expect(page.locator(".effect")).to_contain_text("No headline moves")
