"""Answers of ``/metrics``, read by the parser of the official client."""

import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Series = tuple[str, tuple[tuple[str, str], ...]]


def scraped(url: str, headers: Mapping[str, str] | None = None) -> dict[Series, float]:
    """Each series by its name and labels, with its value."""
    with urllib.request.urlopen(
        urllib.request.Request(f"{url}/metrics", headers=dict(headers or {})), timeout=60
    ) as it:
        assert it.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return read(it.read().decode("utf-8"))


def read(text: str) -> dict[Series, float]:
    """The same of a text; no series may stand there twice."""
    found: dict[Series, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series = sample.name, tuple(sorted(sample.labels.items()))
            assert series not in found, series
            found[series] = sample.value
    return found


def series(name: str, **labels: str) -> Series:
    """A series by its name and labels."""
    return name, tuple(sorted(labels.items()))


def named(found: Mapping[Series, float], name: str) -> dict[tuple[str, ...], float]:
    """The values of one name by the values of its labels, in the order of the labels' names."""
    return {tuple(value for _, value in labels): value for (own, labels), value in found.items() if own == name}
