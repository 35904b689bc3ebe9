"""A picture of every view of the page, in both themes and three widths: ``python3 dev.py pictures``."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.browsers import QUESTION, VIEWS, Watched, launched, missing, opened
from tests.servers import ROOT, gunicorn

FOLDER = ROOT / "build" / "pictures"
SHOWN = ROOT / "docs" / "pictures"
IN_README = {"overview": "light", "around": "dark"}
"""Views that the README shows, each in a theme: what fits a laptop's screen."""

COLOURS = 64
"""Of the pictures that are kept, so that they stay small."""

SIZES = {"wide": (1600, 1000), "laptop": (1280, 800), "phone": (390, 844)}
THEMES = ("light", "dark")


def main() -> int:
    """Make them all, and say where they are."""
    lacking = missing()
    if lacking:
        print(f"No pictures: it {lacking}.", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = launched(playwright)
        log = Path(place) / "server.log"
        with gunicorn(ROOT / "priors", log, workers=1, AFTERMATH_STATE=str(Path(place) / "state")) as server:
            for size, (width, height) in SIZES.items():
                for theme in THEMES:
                    with opened(browser, server.url, width=width, height=height, theme=theme) as watched:
                        for name, address in VIEWS.items():
                            page = watched.open(QUESTION + address)
                            page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png", full_page=True)
                        tried(watched).screenshot(path=FOLDER / f"try-{size}-{theme}.png", full_page=True)
            shown(browser, server.url)
        browser.close()
    print(f"{(len(VIEWS) + 1) * len(SIZES) * len(THEMES)} pictures in {FOLDER.relative_to(ROOT)}")
    return 0


def tried(watched: Watched) -> Page:
    """Another number in a statement, and what it would do."""
    page = watched.open(QUESTION + VIEWS["variables"])
    page.get_by_role("button", name="Try a number").first.click()
    lines = page.locator(".try textarea")
    lines.fill(lines.input_value().replace("0.28", "0.48").replace("0.62", "0.42"))
    page.get_by_role("button", name="See what it would do").click()
    watched.settle()
    return page


def shown(browser: Browser, url: str) -> None:
    """The pictures of the README."""
    SHOWN.mkdir(exist_ok=True)
    width, height = SIZES["laptop"]
    for name, theme in IN_README.items():
        with opened(browser, url, width=width, height=height, theme=theme) as watched:
            taken = watched.open(QUESTION + VIEWS[name]).screenshot()
            Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS).save(SHOWN / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
