"""Addresses of resources: paths, parameters in canonical order, permalinks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from typing_extensions import TypedDict

LONGEST_ADDRESS = 8_000
MODELS = "/v1/models"
PREFIX: ContextVar[str] = ContextVar("PREFIX", default="")
"""The path under which a proxy shows the service to the client of this request, empty or such as ``/forecasts``."""

ADDRESSES = 256
"""Query strings that are cached: an answer holds its own several times."""


@contextmanager
def unprefixed() -> Iterator[None]:
    """Within it links are written as they are without a proxy: for bytes that everybody gets, whichever way they ask.

    >>> token = PREFIX.set("/forecasts")
    >>> with unprefixed():
    ...     model_path("asia")
    '/v1/models/asia'
    >>> PREFIX.reset(token)
    """
    token = PREFIX.set("")
    try:
        yield
    finally:
        PREFIX.reset(token)


@dataclass(frozen=True, slots=True)
class Address:
    """What identifies a resource: a path without its suffix, and parameters in canonical order.

    >>> Address("/v1/models/asia/forecast/lung", (("given", "xray:yes"),)).url("json", revision="r-1")
    '/v1/models/asia/forecast/lung.json?given=xray:yes&revision=r-1'
    """

    path: str
    parameters: tuple[tuple[str, str], ...] = ()

    def url(self, form: str, *, revision: str | None = None) -> str:
        """The address in a form, pinned to a revision if one is named."""
        pinned = (("revision", revision),) if revision else ()
        text = query_string((*self.parameters, *pinned))
        return f"{self.path}.{form}" + (f"?{text}" if text else "")

    def permalink(self, revision: str | None, form: str = "json") -> str | None:
        """The address, pinned if a revision is named, or None when it is longer than a server takes."""
        url = self.url(form, revision=revision)
        return url if len(url) <= LONGEST_ADDRESS else None

    def links(self) -> Links:
        """The address in both forms, unpinned."""
        urls = {form: self.url(form) for form in ("json", "csv")}
        short = {form: url if len(url) <= LONGEST_ADDRESS else None for form, url in urls.items()}
        return {"json": short["json"], "csv": short["csv"]}


@lru_cache(ADDRESSES)
def query_string(parameters: tuple[tuple[str, str], ...]) -> str:
    """Parameters as the query string of an address."""
    return "&".join(f"{name}={quote(value, safe=':(),=')}" for name, value in parameters)


def model_path(model: str, *steps: str) -> str:
    """The path of a resource of a model.

    >>> model_path("asia", "variables", "lung")
    '/v1/models/asia/variables/lung'
    """
    return "/".join((f"{PREFIX.get()}{MODELS}", *(quote(step, safe="") for step in (model, *steps))))


class Links(TypedDict):
    """The same answer in other forms, for the active revision."""

    json: str | None
    csv: str | None
