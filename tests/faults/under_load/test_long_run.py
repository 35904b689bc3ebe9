"""A worker's memory is bounded and known, however many different questions it is asked (faults 64, 66)."""

import os
import subprocess
import sys
import time
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from tests.clients import Client, run_all, side_by_side, status
from tests.memory import growth, private_bytes
from tests.mixed_questions import Asked, questions
from tests.servers import ROOT, gunicorn

MEGABYTE = 1_000_000
BOUND = 0.02 * MEGABYTE
"""Bytes that a question may add, beside what caches count, once the worker is warm."""
LONG_QUESTIONS = int(os.environ.get("SOAK_QUESTIONS", "50000"))
LONG_SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))


@pytest.mark.parametrize(("entries", "flat"), [("None", False), ("500", True)], ids=["without a bound", "with one"])
def test_fault_64_a_cache_is_seen_to_grow_unless_it_has_a_bound(entries, flat) -> None:
    program = f"from tests.memory import growth_of_a_cache; print(growth_of_a_cache({entries}))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (float(ran.stdout) < BOUND / 4) is flat
    assert flat or float(ran.stdout) > 2 * BOUND


def test_fault_64_two_thousand_different_questions_leave_the_memory_flat(small_server, asia, colombia) -> None:
    samples, statuses = soaked(small_server, (asia, colombia), 2_000, every=100)
    assert set(statuses) <= {200, 422, 429}, statuses
    assert statuses[200] > 1_500
    beside_caches = [(asked, private - counted) for asked, private, counted in samples]
    assert growth(beside_caches) < BOUND, samples


def test_fault_64_no_cache_is_over_its_limit_and_each_has_one(small_server, asia, colombia) -> None:
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
def test_fault_64_fifty_thousand_questions_and_ten_minutes_leave_the_memory_flat(
    flagship_priors, flagship, tmp_path
) -> None:
    with gunicorn(flagship_priors, tmp_path / "log", workers=1) as server:
        until = time.monotonic() + LONG_SECONDS
        samples, statuses = soaked(server, (flagship,), LONG_QUESTIONS, every=500)
        while time.monotonic() < until:
            last = samples[-1][0]
            more, others = soaked(server, (flagship,), 2_000, every=500, seed=1 + last)
            samples += [(last + asked, *held) for asked, *held in more]
            statuses += others
    assert set(statuses) <= {200, 422, 429, 503}, statuses
    assert statuses[503] < 0.01 * sum(statuses.values()), statuses  # past the deadline, where others use the machine
    print(statuses, samples)
    assert growth([(asked, private) for asked, private, _ in samples]) < BOUND / 10, samples


def soaked(server, models, count, *, every, seed=1):
    """After every so many different questions the one worker's memory and what of it its caches count; the statuses."""
    samples, statuses = [], Counter()
    streams = [questions(model, seed + i) for i, model in enumerate(models)]
    pid = status(server.url)["pid"]
    for asked in range(every, count + 1, every):
        some = [each for stream in streams for each in islice(stream, every // len(streams))]
        statuses += Counter(answer.status for answer in side_by_side(server.url, some, clients=4))
        caches = status(server.url)["caches"]
        samples.append((asked, private_bytes(pid), sum(cache["bytes"] or 0 for cache in caches)))
    return samples, statuses


def test_fault_66_two_hundred_dashboards_that_poll_cost_no_inference(small_server, colombia) -> None:
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
