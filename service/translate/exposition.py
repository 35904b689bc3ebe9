"""What ``/metrics`` says, in the text format of Prometheus: counters of all workers, what is served, and forecasts.

Every label has few values: routes are addresses with places for names, models those that are served, targets the
headline targets of a model, workers the places that they take in turn.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from model.errors import AftermathError
from model.forecast import Forecaster, answer
from model.question import Question
from model.uncertainty.intervals import MASS
from service.http.json_encoding import rounded
from service.http.meters import BOUNDS, Times, Told
from service.http.operation import Service
from service.revisions import Revisions
from service.translate import live_status
from service.translate.forecasts import numbers
from service.translate.questions import resolved

logger = logging.getLogger(__name__)

Numbers = tuple[tuple[tuple[str, str], Mapping[str, object]], ...]
"""Of a model's headline forecasts by target and state: ``p``, and ``lo`` and ``hi`` or None."""


def headlines(revisions: Revisions, known: dict[str, tuple[str, Numbers]]) -> dict[str, Numbers]:
    """The headline forecasts of each model as it is served, worked out once for each revision, which ``known`` keeps.

    Those of a model that cannot be worked out now are left out, and tried again the next time.
    """
    found = {}
    for name, forecaster in revisions.ready.items():
        revision = forecaster.model.revision
        if known.get(name, ("", ()))[0] != revision:
            try:
                known[name] = revision, headline_numbers(forecaster)
            except AftermathError as error:
                logger.warning("headline forecasts of %s are left out of /metrics: %s", name, error)
                continue
        found[name] = known[name][1]
    for gone in known.keys() - revisions.ready.keys():
        known.pop(gone, None)
    return found


def headline_numbers(forecaster: Forecaster) -> Numbers:
    """What the plain address of each headline target answers: in the default picture, with nothing else said."""
    model = forecaster.model
    found = []
    for target in model.headline:
        asked = resolved(model, Question((target,), interval=MASS))
        rows = numbers(answer(forecaster, asked))
        found += [((target, state), row) for state, row in zip(model.network[target].states, rows, strict=True)]
    return tuple(found)


class Everything(Collector):
    """What a scrape of the service gets, read once."""

    def __init__(self, service: Service, revisions: Revisions, told: Told, workers: Sequence[int]) -> None:
        self._service = service
        self._revisions = revisions
        self._told = told
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """Every family, in the order in which it is written."""
        yield from _of_requests(self._told)
        yield from _of_workers(self._told, self._workers)
        yield from _of_models(self._revisions, datetime.now().timestamp())
        yield from _of_host(self._service)
        yield from _of_forecasts(headlines(self._revisions, self._service.headlines))


def exposition(service: Service) -> bytes:
    """All of it as text."""
    workers = [each.slot for each in service.host.workers()] or [0]
    return generate_latest(Everything(service, service.live.now, service.meters.told(workers), workers))


def _of_requests(told: Told) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "aftermath_requests", "Requests that were answered, refusals included.", labels=("method", "route", "status")
    )
    for labels, count in told.requests.items():
        requests.add_metric(labels, count)
    yield requests
    yield _histogram(
        "aftermath_request_seconds", "Seconds from a whole request to its answer, by operation.", told.times
    )
    yield _histogram("aftermath_engine_seconds", "Seconds in which answers were worked out, by operation.", told.engine)
    refusals = CounterMetricFamily("aftermath_refusals", "Requests refused, by code.", labels=["code"])
    for code, count in told.refusals.items():
        refusals.add_metric([code], count)
    yield refusals
    yield CounterMetricFamily(
        "aftermath_log_lines_lost", "Lines of the access log that could not be written.", value=told.lost
    )


def _histogram(name: str, meaning: str, times: Mapping[tuple[str, str], Times]) -> Metric:
    found = HistogramMetricFamily(name, meaning, labels=("method", "route"))
    ends = [*map(str, BOUNDS), "+Inf"]
    for labels, each in times.items():
        found.add_metric(labels, list(zip(ends, each.counts, strict=True)), each.seconds)
    return found


def _of_workers(told: Told, workers: Sequence[int]) -> Iterator[Metric]:
    yield GaugeMetricFamily("aftermath_workers", "Workers that serve.", value=len(workers))
    gauges = (
        ("resident_bytes", "aftermath_worker_resident_bytes", "Bytes of a worker in memory, what it shares included."),
        ("heavy_working", "aftermath_heavy_questions", "Heavy questions at work in a worker."),
        ("heavy_waiting", "aftermath_heavy_questions_waiting", "Heavy questions that wait in a worker."),
    )
    for key, name, meaning in gauges:
        found = GaugeMetricFamily(name, meaning, labels=["worker"])
        for slot in sorted(told.gauges):
            found.add_metric([str(slot)], told.gauges[slot][key])
        yield found
    in_bytes = GaugeMetricFamily("aftermath_cache_bytes", "Bytes that a cache holds.", labels=("cache", "worker"))
    entries = GaugeMetricFamily("aftermath_cache_entries", "Entries that a cache holds.", labels=("cache", "worker"))
    for slot, caches in sorted(told.caches.items()):
        for cache, size in caches.items():
            if size.bytes is not None:
                in_bytes.add_metric([cache, str(slot)], size.bytes)
            entries.add_metric([cache, str(slot)], size.entries)
    yield from (in_bytes, entries)


def _of_models(revisions: Revisions, now: float) -> Iterator[Metric]:
    ready = GaugeMetricFamily("aftermath_model_ready", "1 where a model can be answered from.", labels=["model"])
    active = GaugeMetricFamily(
        "aftermath_revision_info", "The active revision of a model, always 1.", labels=("model", "revision", "origin")
    )
    age = GaugeMetricFamily(
        "aftermath_revision_age_seconds", "Seconds since the active revision came to be served.", labels=["model"]
    )
    succeeded = GaugeMetricFamily(
        "aftermath_reload_successful", "1 where the last load of a model's files succeeded.", labels=["model"]
    )
    at = GaugeMetricFamily(
        "aftermath_reload_timestamp_seconds", "When a model's files were last loaded, or tried.", labels=["model"]
    )
    for name in revisions.names:
        forecaster, since = revisions.ready.get(name), revisions.since.get(name)
        ready.add_metric([name], forecaster is not None)
        if forecaster is not None:
            active.add_metric([name, forecaster.model.revision, str(revisions.origins.get(name, "start"))], 1)
        if since is not None:
            age.add_metric([name], max(0.0, now - since.timestamp()))
        attempt = revisions.attempts.get(name)
        tried = since if attempt is None else attempt.at
        succeeded.add_metric([name], revisions.failed(name) is None)
        if tried is not None:
            at.add_metric([name], tried.timestamp())
    yield from (ready, active, age, succeeded, at)


def _of_host(service: Service) -> Iterator[Metric]:
    state = live_status.store_state(service.store, service.host, public=True)
    yield GaugeMetricFamily(
        "aftermath_store_writable", "1 where what is to be kept can be kept.", value=state["trouble"] is None
    )
    seen = service.host.loader()
    if seen is not None:
        yield GaugeMetricFamily(
            "aftermath_loader_seen_seconds", "Seconds since the loader of models was last seen.", value=seen[1]
        )


def _of_forecasts(forecasts: Mapping[str, Numbers]) -> Iterator[Metric]:
    families = {
        "p": ("aftermath_forecast", "Probability of a state of a headline target, as its plain address answers."),
        "lo": ("aftermath_forecast_lo", "Lower end of the interval of aftermath_forecast."),
        "hi": ("aftermath_forecast_hi", "Upper end of the interval of aftermath_forecast."),
    }
    for key, (name, meaning) in families.items():
        found = GaugeMetricFamily(name, meaning, labels=("model", "target", "state"))
        for model, rows in forecasts.items():
            for labels, row in rows:
                number = row[key]
                if isinstance(number, float):
                    found.add_metric([model, *labels], rounded(number))
        yield found
