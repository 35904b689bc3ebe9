"""A real Chromium on a page of the workbench: what it must never do is watched all the while."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright, expect

from tests.servers import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BUILT = ROOT / "service" / "static" / "index.html"
AXE = ROOT / "service" / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = {
    "overview": "",
    "panel": "&focus=pathway",
    "groups": "&view=network",
    "around": "&view=network&focus=is_finances",
    "chips": "&view=network&tab=all",
    "table": "&view=network&tab=table",
    "why": "&view=why&target=returnee_type&state=operational",
    "rests": "&view=why&tab=rests&target=returnee_type&state=operational",
    "plan": "&view=next&target=directed_attack_europe&state=mass_casualty",
    "policies": "&view=next&tab=policies&target=returnee_type&state=operational",
    "goals": "&view=next&tab=goals&target=returnee_type&state=operational",
    "compare": "&view=compare&side=&side=do%3Dborder_intel_strength:strong",
    "variables": "&view=variables&focus=is_finances",
    "revisions": "&view=variables&tab=revisions",
}
"""Every view of the flagship, as the end of an address that begins with its model."""
QUESTION = "?model=mosul-2017&given=is_finances:halved&do=border_intel_strength:strong"


def chromium() -> str | None:
    """The path of the system's Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def missing() -> str | None:
    """What of the tests' needs is not here, in a sentence."""
    if chromium() is None:
        return "needs Chromium, which is not on the PATH (Debian: apt install chromium)"
    if not BUILT.is_file():
        return "needs the page, which python3 dev.py test builds"
    return None


def launched(playwright: Playwright) -> Browser:
    """A browser with no profile; containers lack what its sandbox needs, and only this page is opened in it."""
    return playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"])


@dataclass
class Watched:
    """A page, and what it said and asked for since it was opened."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, address: str, *, settle: bool = True) -> Page:
        """Go to an address of the page; wait until its answers are whole."""
        self.page.goto(f"{self.url}/{address}")
        if settle:
            self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until nothing is worked out any more."""
        self.page.wait_for_selector("main h1", state="attached")
        self.page.wait_for_load_state("networkidle")
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0, timeout=40_000)

    @property
    def elsewhere(self) -> list[str]:
        """Requests to anybody but the service."""
        own = urlsplit(self.url).netloc
        return [
            each for each in self.requests if not each.startswith(("data:", "blob:")) and urlsplit(each).netloc != own
        ]


@contextmanager
def opened(
    browser: Browser, url: str, *, width: int = 1280, height: int = 800, theme: str = "light"
) -> Iterator[Watched]:
    """A fresh page in a context of its own."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    watched = Watched(context.new_page(), url)
    watched.page.set_default_timeout(15_000)
    watched.page.on("console", lambda said: watched.errors.append(said.text) if said.type == "error" else None)
    watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
    watched.page.on("request", lambda asked: watched.requests.append(asked.url))
    watched.page.on("dialog", lambda dialog: (watched.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    try:
        yield watched
    finally:
        context.close()


def axe_source() -> str:
    """The accessibility rules, run by the browser's own console so that the page's policy stays as it is."""
    return Path(AXE).read_text(encoding="utf-8")
