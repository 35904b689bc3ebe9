"""A click in the workbench, in a real Chromium: from the click to headlines and cards that are painted anew.

The page is the neighbourhood of one variable of the flagship with up to twelve cards, so that a click asks for the
headlines and the cards. Beside each round the same request is sent alone, from the same browser, without the page.
Then the card in the middle is dragged (``dragging``).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import dragging, table

ROOT = Path(__file__).resolve().parent.parent
PAGE = "?model=mosul-2017&view=network&focus=is_finances"
STATES = ("collapsed", "halved", "sustained")
CLICK = """label => new Promise(done => {
    const states = [...document.querySelectorAll('.card.middle button.state')];
    const button = states.find(each => each.textContent.endsWith(label));
    const card = document.querySelector('[data-id=insurgent_capacity], [data-id=fighters_dispersing]');
    const numbers = () => [...card.querySelectorAll('.number')].map(each => each.textContent).join();
    const before = numbers(), started = performance.now();
    const watch = new MutationObserver(() => {
        if (numbers() === before) return;
        watch.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - started)));
    });
    watch.observe(card, {subtree: true, childList: true, characterData: true});
    button.click();
})"""
ALONE = """async address => {
    const started = performance.now();
    const answer = await fetch(address, {cache: 'no-store'});
    await answer.json();
    return performance.now() - started;
}"""


def run(*, quick: bool, csv: Path | None) -> int:
    """Measure clicks and drags, print their middles and ends beside those of the request alone."""
    from playwright.sync_api import sync_playwright

    from tests.browser.browsers import launched, missing, opened
    from tests.servers import gunicorn

    lacking = missing()
    if lacking:
        print(f"nothing is measured: it {lacking}")
        return 1
    rounds = 10 if quick else 60
    clicks: list[float] = []
    alone: list[float] = []
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = launched(playwright)
        with (
            gunicorn(ROOT / "priors", Path(place) / "log", workers=1, AFTERMATH_STATE="") as server,
            opened(browser, server.url) as watched,
        ):
            page = watched.open(PAGE)
            cards = page.locator(".card").count()
            for turn in range(rounds):
                asked: list[str] = []
                page.on("request", lambda sent, asked=asked: asked.append(sent.url))
                clicks.append(float(page.evaluate(CLICK, STATES[turn % len(STATES)])))
                first = next(url for url in asked if "interval=none" in url)
                watched.settle()
                alone.append(float(page.evaluate(ALONE, f"{first}&deadline_ms={15_000 + turn}")))
                time.sleep(0.05)
            drags = dragging.longest_tasks(browser, page, 6 if quick else 20)
        browser.close()
    rows = [
        _row("click to painted", clicks),
        _row("the first request alone", alone),
        _row("longest task of a drag", drags),
    ]
    print(f"{cards} cards and the headlines of mosul-2017, {rounds} clicks, {len(drags)} drags of a card")
    for row in rows:
        print(
            f"{row['what']!s:<26}median {row['median_ms']:>7.1f} ms   90th percentile {row['p90_ms']:>7.1f} ms   "
            f"95th {row['p95_ms']:>7.1f} ms"
        )
    if csv:
        table.write(csv, rows)
    return 0


def _row(what: str, times: Sequence[float]) -> dict[str, float | str]:
    """Median, 90th and 95th percentile.

    >>> _row("x", [1.0, 2.0, 3.0])["median_ms"]
    2.0
    """
    parts = statistics.quantiles(times, n=20, method="inclusive")
    return {"what": what, "median_ms": statistics.median(times), "p90_ms": parts[-2], "p95_ms": parts[-1]}
