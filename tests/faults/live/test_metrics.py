"""What /metrics says while files are saved: the forecasts of what is served, and how the last load ended."""

import time

import pytest

from tests.edited import PATH, becomes, status_of
from tests.pollers import polling
from tests.scrapes import named, scraped, series

pytestmark = pytest.mark.slow


def forecasts(server):
    """The headline forecasts that are scraped, by metric, target and state."""
    found = scraped(server.url)
    metrics = ("aftermath_forecast", "aftermath_forecast_lo", "aftermath_forecast_hi")
    return {(metric, *labels[1:]): value for metric in metrics for labels, value in named(found, metric).items()}


def answered(server):
    """The same as the API answers them."""
    found = {}
    for target in server.get("/v1/models/asia")["headline"]:
        for row in server.get(f"/v1/models/asia/forecast/{target}")["distribution"]:
            for metric, key in (("", "p"), ("_lo", "lo"), ("_hi", "hi")):
                found[f"aftermath_forecast{metric}", row["state"], target] = row[key]
    return found


def test_after_a_save_every_worker_is_scraped_with_the_forecasts_that_the_api_answers(server, models):
    before = forecasts(server)
    assert before == answered(server)
    revision = becomes(server, models.save(0.3))
    after = answered(server)
    assert after != before
    for _ in range(12):  # of four workers, each has its own cache
        assert forecasts(server) == after
    ((_, origin, told),) = named(scraped(server.url), "aftermath_revision_info")
    assert (told, origin) == (revision, "file")
    assert scraped(server.url)[series("aftermath_revision_age_seconds", model="asia")] < 60


def test_a_file_that_cannot_be_loaded_is_told_and_its_time_and_what_is_served_stays(server, models):
    before = scraped(server.url)
    assert before[series("aftermath_reload_successful", model="asia")] == 1
    time.sleep(0.01)
    models.break_()
    server.settled(lambda: status_of(server)["attempt"] and status_of(server)["attempt"]["problems"])
    failed = server.settled(
        lambda: (found := scraped(server.url))[series("aftermath_reload_successful", model="asia")] == 0 and found
    )
    tried = series("aftermath_reload_timestamp_seconds", model="asia")
    assert failed[tried] > before[tried]
    assert failed[series("aftermath_model_ready", model="asia")] == 1
    assert named(failed, "aftermath_revision_info") == named(before, "aftermath_revision_info")
    becomes(server, models.save(0.2))
    assert scraped(server.url)[series("aftermath_reload_successful", model="asia")] == 1


def test_scrapes_hold_up_no_poll(server, models):
    with polling(server.url, PATH) as polls:
        for p in (0.2, 0.3, 0.4):
            becomes(server, models.save(p))
            for _ in range(5):
                scraped(server.url)
    assert polls.failures == []
