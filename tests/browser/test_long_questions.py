"""Questions that have no room in an address are asked by bodies, stand in the fragment, and are kept by an answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsers import Watched
from tests.servers import Server, gunicorn

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FINDINGS = 130
NAME = "a_finding_with_a_name_as_long_as_names_of_findings_can_be_{:03}"
MODEL = """\
title: Many findings
description: A cause, and more findings than an address has room for.
as_of: 2017-03-06
horizon: none
files: [variables.yaml]
words:
  strength: {strong: 10}
  confidence: {low: 10}
  spread: {wide: 0.08}
headline: [cause]
...
"""
CAUSE = """\
variables:
  cause:
    label: Cause
    states: [no, yes]
    role: state
    rows: [{p: {no: 0.7, yes: 0.3}}]
    ess: 10
    sources: [judgement]
    reason: A test needs numbers.
"""
FINDING = """\
  %s:
    label: Finding %d
    states: [no, yes]
    role: state
    parents: [cause]
    rows:
      - {when: {cause: no}, p: {no: 0.6, yes: 0.4}}
      - {when: {cause: yes}, p: {no: 0.5, yes: 0.5}}
    ess: 10
    sources: [judgement]
    reason: A test needs numbers.
"""
SEARCH = "?model=many&" + "&".join(f"given={NAME.format(i)}:{'no' if i % 3 else 'yes'}" for i in range(FINDINGS))


def write_model(folder: Path) -> None:
    """A cause with so many findings, each of which tells a little of it."""
    folder.mkdir()
    (folder / "model.yaml").write_text(MODEL, encoding="utf-8")
    findings = [FINDING % (NAME.format(i), i) for i in range(FINDINGS)]
    (folder / "variables.yaml").write_text("".join((CAUSE, *findings, "...\n")), encoding="utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A model of many findings."""
    folder = tmp_path_factory.mktemp("models")
    write_model(folder / "many")
    log: Path = tmp_path_factory.mktemp("log") / "server.log"
    with gunicorn(folder, log, workers=1, AFTERMATH_STATE=str(tmp_path_factory.mktemp("state"))) as running:
        yield running


def said(page: Page) -> int:
    return page.get_by_role("button", name="Take back Finding").count()


def test_a_long_question_is_answered_reloaded_and_changed(watched: Watched) -> None:
    assert len(SEARCH) > 8_000
    page = watched.open(f"#{SEARCH}")
    assert said(page) == FINDINGS
    lead = page.locator(".lead").first.inner_text()
    page.reload()
    watched.settle()
    assert page.locator(".lead").first.inner_text() == lead
    page.get_by_role("button", name="Take back Finding 7", exact=True).click()
    watched.settle()
    assert said(page) == FINDINGS - 1
    page.go_back()
    watched.settle()
    assert said(page) == FINDINGS


def test_a_short_link_brings_a_long_question_back(watched: Watched) -> None:
    page = watched.open(f"#{SEARCH}")
    lead = page.locator(".lead").first.inner_text()
    page.locator(".share summary").click()
    expect(page.get_by_text("which mail and chat may cut")).to_be_visible()
    expect(page.locator(".copied", has_text="Address of the answer")).to_have_count(0)
    page.get_by_role("button", name="Make a short link").click()
    short = page.locator(".copied", has_text="Short link to this page").locator("pre").inner_text()
    assert len(short) < 120
    watched.open(short.removeprefix(f"{watched.url}/"))
    assert said(page) == FINDINGS
    assert page.locator(".lead").first.inner_text() == lead


def test_long_questions_are_compared_and_every_variable_is_answered(watched: Watched) -> None:
    page = watched.open(f"#{SEARCH}&view=compare")
    page.get_by_role("button", name="With and without what is said").click()
    watched.settle()
    expect(page.locator(".compared")).to_have_count(1)
    page = watched.open(f"#{SEARCH}&view=network&tab=table")
    expect(page.locator("table.variables tbody tr")).to_have_count(FINDINGS + 1)


def test_a_chart_in_a_frame_is_of_a_long_question_too(watched: Watched) -> None:
    page = watched.open(f"embed#{SEARCH}&target=cause")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cause")
    expect(page.locator(".bar")).to_have_count(2)


def test_an_analysis_that_is_asked_by_an_address_says_that_the_question_is_too_long(watched: Watched) -> None:
    page = watched.open(f"#{SEARCH}&view=why")
    expect(page.get_by_role("alert")).to_contain_text("too long")
    watched.errors.clear()


def test_the_jump_to_the_content_leaves_question_and_history_as_they_are(watched: Watched) -> None:
    page = watched.open(f"#{SEARCH}")
    page.get_by_role("button", name="Take back Finding 7", exact=True).click()
    page.get_by_role("link", name="Skip to the content").press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert said(page) == FINDINGS - 1
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
