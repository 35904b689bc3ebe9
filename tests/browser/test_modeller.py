"""The modeller's view: a number is tried before a file is touched, and its patch makes that edit."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsers import Watched
from tests.servers import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LUNG = "?model=asia&view=variables&focus=lung"
ROW, OTHER = "{yes: 0.1, no: 0.9}", "{yes: 0.2, no: 0.8}"


def tried(page: Page, old: str, new: str) -> None:
    page.get_by_role("button", name="Try a number").first.click()
    lines = page.get_by_label(re.compile("Lines 40 to 41"))
    assert old in lines.input_value()
    lines.fill(lines.input_value().replace(old, new))
    page.get_by_role("button", name="See what it would do").click()


def test_a_number_is_tried_and_its_shifts_are_shown_with_intervals(watched: Watched) -> None:
    page = watched.open(LUNG)
    tried(page, ROW, OTHER)
    watched.settle()
    effect = page.locator(".effect")
    expect(effect.locator(".span-row").filter(has_text="Lung cancer: Yes")).to_contain_text("+5.0 points")
    expect(effect.locator(".track-whisker").first).to_be_attached()
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_role("button", name="See what it would do")).to_be_disabled()


def test_the_patch_applies_to_the_file(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(LUNG)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tried(page, ROW, OTHER)
    page.get_by_role("button", name="Copy as a patch").click()
    patch = page.evaluate("navigator.clipboard.readText()")
    shutil.copytree(ROOT / "priors" / "asia", tmp_path / "asia")
    subprocess.run(["git", "apply", "-p1", "-"], input=patch, text=True, cwd=tmp_path, check=True)
    before, after = ((folder / "asia" / "diseases.yaml").read_text() for folder in (ROOT / "priors", tmp_path))
    assert after == before.replace(ROW, OTHER)
    watched.settle()


def test_a_number_that_cannot_be_is_refused_at_its_line(watched: Watched) -> None:
    page = watched.open(LUNG)
    tried(page, ROW, "{yes: 0.2, no: 0.9}")
    note = page.locator(".effect .note.wrong")
    expect(note).to_contain_text(re.compile(r"diseases\.yaml:41:\d+"))
    expect(note.locator("pre")).to_have_text("p: {yes: 0.2, no: 0.9}")


def test_statements_are_in_labels(watched: Watched) -> None:
    page = watched.open(LUNG)
    expect(page.locator(".statements-list")).to_contain_text("when “Smoker” is yes")
