"""An edit of the files while the page is open: another revision is said and shown, a broken file by its line."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browsers import Watched, opened
from tests.edited import posted
from tests.servers import ROOT, Server, gunicorn

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROW = "{yes: 0.1, no: 0.9}"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "models" / "asia")
    return tmp_path / "models"


@pytest.fixture
def edited(models: Path, tmp_path: Path) -> Iterator[Server]:
    """A service of its own over files that may be edited."""
    with gunicorn(models, tmp_path / "log", workers=1, AFTERMATH_STATE=str(tmp_path / "state")) as running:
        yield running


def edit(models: Path, row: str) -> None:
    file = models / "asia" / "diseases.yaml"
    text = (ROOT / "priors" / "asia" / "diseases.yaml").read_text()
    assert text.count(ROW) == 1
    file.write_text(text.replace(ROW, row))


def said(watched: Watched, words: str) -> None:
    """Wait until the page says this; asking the same again and again is what a reader would do."""
    note = watched.page.locator(".notices").get_by_text(re.compile(words))
    for turn in range(60):
        watched.page.locator(".panel").get_by_role("button", name=f"Smoker: {('yes', 'no')[turn % 2]}").click()
        watched.settle()
        if note.count():
            return
        watched.page.wait_for_timeout(250)
    expect(note).to_be_visible()


def test_an_edit_is_said_loaded_and_shown_as_shifts_and_a_broken_file_by_its_line(
    browser: Browser, edited: Server, models: Path
) -> None:
    with opened(browser, edited.url) as watched:
        page = watched.open("?model=asia&focus=smoke")
        edit(models, "{yes: 0.2, no: 0.8}")
        said(watched, "Another revision of the model is active now")
        page.get_by_role("button", name="Load it").click()
        watched.settle()
        expect(page.locator(".notices")).not_to_contain_text("Another revision")
        watched.open("?model=asia&view=variables&tab=revisions")
        page.get_by_role("button", name="What changed since?").click()
        watched.settle()
        expect(page.locator(".spans")).to_contain_text("Lung cancer: Yes")
        expect(page.locator(".history-chart table")).to_contain_text(re.compile("yes|no"))

        watched.open("?model=asia&focus=smoke")
        expect(page.locator(".notices")).not_to_contain_text("Another revision")
        edit(models, "{yes: 0.2, no: 0.9}")
        for _ in range(60):
            page.evaluate("dispatchEvent(new Event('focus'))")
            page.wait_for_timeout(250)
            if page.locator(".notices details").count():
                break
        page.locator(".notices summary").first.click()
        expect(page.locator(".notices")).to_contain_text(re.compile(r"asia/diseases\.yaml:41:\d+"))
        expect(page.get_by_role("article").first).to_be_visible()

        edit(models, "{yes: 0.3, no: 0.7}")
        said(watched, "Another revision of the model is active now")
        expect(page.locator(".notices details")).to_have_count(0)
        assert watched.errors == []


def test_a_page_opened_again_right_after_an_edit_takes_no_answer_of_before_for_the_active_one(
    browser: Browser, edited: Server, models: Path
) -> None:
    """Answers may be taken from a cache for five seconds, in which another revision may become active."""
    with opened(browser, edited.url) as watched:
        address = "?model=asia&focus=smoke&given=smoke:yes"
        page = watched.open(address)
        before = edited.get("/v1/models/asia")["revision"]
        edit(models, "{yes: 0.2, no: 0.8}")
        edited.settled(lambda: edited.get("/v1/models/asia")["revision"] != before)
        watched.open(address)
        expect(page.locator(".notices")).not_to_contain_text("Another revision")
        expect(page.get_by_role("article").first).to_be_visible()


def test_a_short_link_says_that_its_answer_was_given_under_another_revision(
    browser: Browser, edited: Server, models: Path
) -> None:
    _, kept = posted(edited, "/v1/answers", {"model": "asia", "targets": ["lung"], "given": {"smoke": "yes"}})
    with opened(browser, edited.url) as watched:
        page = watched.open(f"?answer={kept['id']}")
        expect(page.get_by_text("This link was made under")).to_have_count(0)
        edit(models, "{yes: 0.2, no: 0.8}")
        edited.settled(lambda: edited.get("/v1/models/asia")["revision"] != kept["revision"])
        page = watched.open(f"?answer={kept['id']}")
        note = page.locator(".notices").get_by_text("This link was made under")
        expect(note).to_contain_text(kept["revision"])
        note.get_by_role("link").click()
        page.wait_for_url(f"**/v1/answers/{kept['id']}.json")
        assert kept["revision"] in page.content()
