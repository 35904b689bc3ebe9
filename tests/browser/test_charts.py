"""Charts are saved as SVG files that stand alone, and views are printed without controls."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.browsers import QUESTION, VIEWS, Watched

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SVG = "{http://www.w3.org/2000/svg}"
SHOWN = {
    "panel": "What becomes of the fighter",
    "around": "Territory held",
    "chips": "Border police and",
    "why": "Border police and intelligence",
    "rests": "typically",
    "policies": "Border police",
    "compare": "Killed or captured",
}
"""What a picture of a view says, in each of which there is a chart."""


def saved(watched: Watched, button: int = 0) -> str:
    with watched.page.expect_download() as download:
        watched.page.locator("button.svg").nth(button).click()
    return Path(download.value.path()).read_text(encoding="utf-8")


@pytest.mark.parametrize("view", SHOWN)
def test_a_chart_is_saved_whole_with_its_question_in_the_light_theme(
    open_page: Callable[..., Watched], view: str
) -> None:
    watched = open_page(theme="dark")
    watched.open(QUESTION + VIEWS[view])
    text = saved(watched, -1 if view == "panel" else 0)
    drawn = ET.fromstring(text)
    said = [each.text or "" for each in drawn.iter(f"{SVG}text")]
    assert SHOWN[view] in " ".join(said)
    assert any("mosul-2017 r-" in each for each in said)
    assert len(list(drawn.iter(f"{SVG}rect"))) > 3
    assert not re.search(r"href|url\(|class=|style=|var\(", text)
    ground = next(drawn.iter(f"{SVG}rect"))
    assert ground.get("fill") == "#ffffff"
    scale = float(drawn.get("width", "0")) / float(drawn.get("viewBox", "").split()[2])
    sizes = [float(re.sub("px", "", each.get("font-size", "0"))) * scale for each in drawn.iter(f"{SVG}text")]
    assert min(sizes) > 10
    assert watched.page.evaluate("document.documentElement.dataset.theme ?? 'none'") == "none"


def test_the_network_is_saved_with_the_signs_of_its_arcs(watched: Watched) -> None:
    watched.open(QUESTION + VIEWS["around"])
    drawn = ET.fromstring(saved(watched))
    signs = [each.text for each in drawn.iter(f"{SVG}text") if each.text in ("+", "−", "±")]
    assert len(signs) == watched.page.locator(".arc").count()


def test_stacked_cards_of_a_phone_are_saved_too(open_page: Callable[..., Watched]) -> None:
    watched = open_page(width=390, height=844)
    watched.open(QUESTION + VIEWS["around"])
    said = [each.text or "" for each in ET.fromstring(saved(watched)).iter(f"{SVG}text")]
    assert {"Territory held", "Income of the core organisation", "Material hardship"} <= set(said)


def test_a_chart_in_a_frame_is_saved_too(watched: Watched) -> None:
    page = watched.open("embed?model=asia&target=lung&given=xray:yes", settle=False)
    expect(page.locator(".bar")).to_have_count(2)
    said = " ".join(each.text or "" for each in ET.fromstring(saved(watched)).iter(f"{SVG}text"))
    assert "asia r-" in said
    assert "Positive X-ray" in said


def test_seeing_and_doing_are_a_chart_with_its_numbers_behind_it(watched: Watched) -> None:
    page = watched.open("?model=asia&view=why&target=lung&state=yes&given=bronc:yes")
    chart = page.get_by_role("list", name="Bronchitis, seen and brought about")
    expect(chart.get_by_role("listitem")).to_have_count(2)
    drawn = chart.locator("svg").evaluate_all("all => all.map(each => each.getAttribute('aria-label'))")
    page.locator("details.data", has_text="seen and brought about").locator("summary").click()
    row = page.get_by_role("row", name="Yes").last
    seen, done = (row.get_by_role("cell").nth(i).inner_text() for i in range(2))
    assert seen != done
    assert {f"Yes seen: {seen}", f"Yes brought about: {done}"} < set(drawn)


def test_a_headline_is_saved_too(watched: Watched) -> None:
    page = watched.open("?model=asia")
    with page.expect_download() as download:
        page.get_by_role("article").first.get_by_role("button", name="SVG").click()
    assert ET.parse(download.value.path()).getroot().tag == f"{SVG}svg"


def test_names_that_bite_are_text_in_a_picture(watched: Watched) -> None:
    watched.open("?model=oddities&focus=odd")
    drawn = ET.fromstring(saved(watched, -1))
    assert not [each.tag for each in drawn.iter() if each.tag in (f"{SVG}b", f"{SVG}script")]
    assert any("<" in (each.text or "") or '"' in (each.text or "") for each in drawn.iter(f"{SVG}text"))


def test_a_view_is_printed_without_its_controls(watched: Watched) -> None:
    page = watched.open("?model=asia&given=xray:yes")
    page.emulate_media(media="print")
    expect(page.get_by_role("article").first).to_be_visible()
    expect(page.get_by_role("combobox", name="Find a variable")).to_be_hidden()
    expect(page.locator("button.svg").first).to_be_hidden()
    assert page.pdf()[:5] == b"%PDF-"
