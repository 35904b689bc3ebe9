"""Dragging a card of the workbench: how long scripts hold the browser's main thread, by Chromium's own trace.

A drag is a press, steps of the mouse and a release. Of each, the longest task of scripting counts: a frame is late
where one takes longer than 16 ms, however short the others are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCRIPTING = {"EvaluateScript", "EventDispatch", "FireAnimationFrame", "FunctionCall", "RunMicrotasks", "TimerFire"}
"""Events of the timeline in which scripts run."""
CATEGORIES = ["devtools.timeline", "v8.execute"]
STEPS = 30
PAUSE = 16
"""Milliseconds between two steps of the mouse: a frame."""


def longest_tasks(browser: Browser, page: Page, drags: int) -> list[float]:
    """Milliseconds of the longest scripting task of each drag of the card in the middle, up and down its column."""
    handle = page.locator(".card.middle .card-mark")
    found = []
    for turn in range(drags):
        box = handle.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        way = 120 if turn % 2 else -120
        browser.start_tracing(page=page, categories=CATEGORIES)
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(1, STEPS + 1):
            page.mouse.move(x, y + way * step / STEPS)
            page.wait_for_timeout(PAUSE)
        page.mouse.up()
        trace = json.loads(browser.stop_tracing())["traceEvents"]
        moved = handle.bounding_box()
        assert moved is not None
        assert abs(moved["y"] - box["y"]) > 60, "the card was not dragged"
        found.append(max(tasks(trace), default=0.0))
    return found


def tasks(events: Iterable[Mapping[str, Any]]) -> list[float]:
    """Milliseconds of each scripting task of a trace; what runs within another is counted with that.

    >>> event = {"ph": "X", "pid": 1, "tid": 1}
    >>> tasks([{**event, "name": "FunctionCall", "ts": 0, "dur": 4_000},
    ...        {**event, "name": "RunMicrotasks", "ts": 1_000, "dur": 2_000},
    ...        {**event, "name": "Layout", "ts": 5_000, "dur": 9_000}])
    [4.0]
    """
    chosen = [each for each in events if each.get("name") in SCRIPTING and each.get("ph") == "X"]
    found = []
    until: dict[tuple[int, int], float] = {}
    for each in sorted(chosen, key=lambda event: (event["ts"], -event.get("dur", 0))):
        thread, end = (each["pid"], each["tid"]), each["ts"] + each.get("dur", 0)
        if end > until.get(thread, 0):
            if each["ts"] >= until.get(thread, 0):
                found.append(each.get("dur", 0) / 1_000)
            until[thread] = end
    return found
