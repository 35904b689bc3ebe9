"""Pages for people: the workbench, the same in plain links, what the errors mean, and the files of these pages."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from flask import render_template, request
from werkzeug.exceptions import NotFound

from model.wording import quantity
from service.http.access import readable
from service.http.address import PREFIX
from service.http.forms import Form
from service.http.operation import FOR_EVER, Reply, Service, operation
from service.http.problems import codes
from service.http.security import framed_by
from service.routes.models import visible
from service.store.scopes import OPEN
from service.translate import models

HTML = "text/html; charset=utf-8"
MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
FILE = Form("", "*/*", lambda data: data, str)
PAGE_STYLE = "page.css"
SMALLEST_PACKED = 1_000
"""Bytes from which a file is sent packed to a client that unpacks it."""


def _template(name: str) -> Form:
    return Form("", HTML, lambda content: render_template(name, prefix=PREFIX.get(), **content).encode(), str)


def _start_page(content: bytes | dict[str, object]) -> bytes:
    return content if isinstance(content, bytes) else _template("start.html").write(content)


@operation("GET", "/", forms=(Form("", HTML, _start_page, str),), scope=OPEN)
def workbench(service: Service) -> Reply:
    """The workbench, a page in which to look and ask; where it has not been built, the plain page."""
    page = _built("index.html")
    return Reply(lambda: page) if page is not None else Reply(lambda: _plain(service, built=False))


@operation("GET", "/embed", forms=(Form("", HTML, _start_page, str),), scope=OPEN)
def embed(service: Service) -> Reply:
    """One chart of the workbench, which pages of listed sites may hold in a frame; of a target under a question."""
    page, frames = _built("index.html"), service.settings.frames
    headers = framed_by(frames) if frames else ()
    return Reply(lambda: page if page is not None else _plain(service, built=False), headers=headers)


@operation("GET", "/plain", forms=(_template("start.html"),), scope=OPEN)
def plain(service: Service) -> Reply:
    """Show the models and questions worth asking, with links that ask them."""
    return Reply(lambda: _plain(service, built=_built("index.html") is not None))


def _plain(service: Service, *, built: bool) -> dict[str, object]:
    revisions = service.live.now
    ready = {name: forecaster for name, forecaster in revisions.ready.items() if readable(name)}
    return {
        "built": built,
        "states": visible(models.states(revisions)),
        "is_whole": all(map(readable, revisions.names)),
        "models": {name: models.model_answer(forecaster) for name, forecaster in ready.items()},
        "described": {name: forecaster.model.described for name, forecaster in ready.items()},
        "quantity": quantity,
    }


@operation("GET", "/errors", forms=(_template("errors.html"),), scope=OPEN)
def errors(_: Service) -> Reply:
    """Explain the codes of problem documents."""
    return Reply(lambda: {"codes": codes()})


@operation("GET", "/assets/<asset>", forms=(FILE,), errors=(404,), scope=OPEN)
def asset(_: Service, asset: str) -> Reply:
    """A file of the pages. Names of built ones hold a digest of what is in them, so that a client may keep them."""
    data = (files("service") / "templates" / PAGE_STYLE).read_bytes() if asset == PAGE_STYLE else _asset(asset)
    if data is None:
        raise NotFound(f"the pages have no file {asset[:200]!r}")
    kept = None if asset == PAGE_STYLE else FOR_EVER
    varies, media = ("Vary", "Accept-Encoding"), _media(asset)
    if len(data) < SMALLEST_PACKED or not request.accept_encodings["gzip"]:
        return Reply(lambda: data, cache=kept, headers=(varies,), media=media)
    packed = ("Content-Encoding", "gzip")
    return Reply(lambda: _packed(data), cache=kept, headers=(varies, packed), media=media)


def _static() -> Traversable:
    return files("service") / "static"


@cache
def _built(name: str) -> bytes | None:
    """A file at the top of what was built, None where nothing was."""
    found = _static() / name
    return found.read_bytes() if found.is_file() else None


@cache
def _assets() -> dict[str, bytes]:
    """What was built, by name: a name that a client sends is looked up here and is never a path."""
    folder = _static() / "assets"
    return {each.name: each.read_bytes() for each in folder.iterdir()} if folder.is_dir() else {}


def _asset(name: str) -> bytes | None:
    return _assets().get(name)


@cache
def _packed(data: bytes) -> bytes:
    """A file as gzip packs it, the same at every worker."""
    return gzip.compress(data, 9, mtime=0)


def _media(name: str) -> str:
    """The media type of a file by its ending.

    >>> _media("index-Bx3.js"), _media("icon.svg")
    ('text/javascript; charset=utf-8', 'image/svg+xml')
    """
    return MEDIA.get(PurePosixPath(name).suffix, "application/octet-stream")


OPERATIONS = (workbench, embed, plain, errors, asset)
