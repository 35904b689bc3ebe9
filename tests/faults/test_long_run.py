"""A worker's memory is bounded and known, however many different questions it is asked (faults 64, 66)."""

import os
import time
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from tests.clients import Client, run_all, side_by_side, status
from tests.memory import growth, private_bytes
from tests.mixed_questions import Asked, questions
from tests.servers import gunicorn

MEGABYTE = 1_000_000
BOUND = 0.02 * MEGABYTE
"""Bytes that a question may add once the worker is warm: caches of these sizes may still fill after that."""
LONG_QUESTIONS = int(os.environ.get("SOAK_QUESTIONS", "50000"))
LONG_SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))


def test_64_a_cache_without_a_bound_is_seen_to_grow() -> None:
    kept: list[bytes] = []
    samples = []
    for asked in range(0, 2_000, 100):
        kept += [os.urandom(50_000) for _ in range(100)]
        samples.append((asked, private_bytes()))
    assert growth(samples) > 40_000 > BOUND


def test_64_a_cache_with_a_bound_is_flat_once_it_is_full() -> None:
    kept: dict[int, bytes] = {}
    samples = []
    for asked in range(0, 4_000, 100):
        for i in range(asked, asked + 100):
            kept[i % 500] = os.urandom(50_000)
        samples.append((asked, private_bytes()))
    assert growth(samples) < BOUND / 4


def test_64_two_thousand_different_questions_leave_the_memory_flat(small_server, asia, colombia) -> None:
    samples, statuses = soaked(small_server, (asia, colombia), 2_000, every=100)
    assert set(statuses) <= {200, 422, 429}, statuses
    assert statuses[200] > 1_500
    assert growth(samples) < BOUND, samples


def test_64_no_cache_is_over_its_limit_and_each_has_one(small_server, asia, colombia) -> None:
    soaked(small_server, (asia, colombia), 300, every=100)
    said = status(small_server.url)
    caches = said["caches"]
    assert len(caches) > 20
    for cache in caches:
        held, limit = (cache["bytes"], cache["limit_bytes"]), (cache["entries"], cache["limit_entries"])
        counted, most = held if cache["limit_bytes"] is not None else limit
        assert 0 <= counted <= most, cache
    filled = {cache["cache"] for cache in caches if cache["entries"]}
    assert {"answers", "programs", "drawn tables", "answers under draws", "bases", "events"} <= filled
    assert 0 < said["private_bytes"] <= said["rss_bytes"]


@pytest.mark.long
def test_64_fifty_thousand_questions_and_ten_minutes_leave_the_memory_flat(flagship_priors, flagship, tmp_path) -> None:
    with gunicorn(flagship_priors, tmp_path / "log", workers=1) as server:
        until = time.monotonic() + LONG_SECONDS
        samples, statuses = soaked(server, (flagship,), LONG_QUESTIONS, every=500)
        while time.monotonic() < until:
            more, others = soaked(server, (flagship,), 2_000, every=500, seed=1 + samples[-1][0])
            samples += [(samples[-1][0] + asked, held) for asked, held in more]
            statuses += others
    assert set(statuses) <= {200, 422, 429}, statuses
    assert growth(samples) < BOUND / 10, samples


def soaked(server, models, count, *, every, seed=1):
    """Memory of the one worker after every so many different questions, and how often each status came."""
    samples, statuses = [], Counter()
    streams = [questions(model, seed + i) for i, model in enumerate(models)]
    pid = status(server.url)["pid"]
    for asked in range(every, count + 1, every):
        some = [each for stream in streams for each in islice(stream, every // len(streams))]
        statuses += Counter(answer.status for answer in side_by_side(server.url, some, clients=4))
        samples.append((asked, private_bytes(pid)))
    return samples, statuses


def test_66_two_hundred_dashboards_that_poll_cost_no_inference(small_server, colombia) -> None:
    asked = list(islice(questions(colombia, 66, kinds=(("point", 1),)), 200))
    first = side_by_side(small_server.url, asked, clients=8)
    polls = [(each, answer.etag) for each, answer in zip(asked, first, strict=True) if answer.status == 200]
    assert len(polls) > 190
    begun = _begun(small_server.url)
    times: list[float] = []

    def dashboards(own: list[tuple[Asked, str]]) -> None:
        with Client(small_server.url) as client:
            for _ in range(5):
                for each, tag in own:
                    answer = client.ask(each, **{"If-None-Match": tag})
                    assert answer.status == 304
                    times.append(answer.seconds)

    run_all([lambda part=polls[i::8]: dashboards(part) for i in range(8)])
    assert len(times) == 5 * len(polls)
    assert _begun(small_server.url) == begun
    print(f"304: median {1e3 * np.median(times):.1f} ms, p99 {1e3 * np.quantile(times, 0.99):.1f} ms")


def _begun(url: str) -> int:
    """Questions that the one worker has begun to work out."""
    return int(status(url)["work"]["begun"])
