"""One decorator makes an HTTP operation: the address, what is read, what is sent, and whether it may be cached.

A view gets values that have the right shape and returns a ``Reply``; it catches nothing. Every error
leaves by exception and becomes a problem document in one place, by the table in ``problems``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from pydantic import BaseModel

from model.inference.lru import ByteLRU, Usage
from model.resources.cost import Cost, check
from model.resources.deadline import Watch, watched
from service.http import csv_tables, strict_json
from service.http.address import LONGEST_ADDRESS, Address
from service.http.admission import Gate
from service.http.json_encoding import encoded
from service.http.not_modified import ANSWERED_FROM, NotModified, Poll, polls_kept
from service.http.problems import (
    BodyTooLarge,
    WrongMediaType,
)
from service.http.validation import Pinned, query_parameters, validated
from service.live.host import Host
from service.revisions import Live
from service.settings import Settings

if TYPE_CHECKING:
    from service.store.database import Store

MEGABYTE = 1_000_000
ANSWERS = 32 * MEGABYTE
"""Bytes of answers that a worker keeps in its cache."""
NO_STORE = "no-store"
HUNG_UP = "aftermath.hung_up"
"""Where a request's environment has the question whether its client has hung up: a callable, cheap in any thread."""
SHORTLY = "public, max-age=5"
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Service:
    """What operations work with. Nothing in it changes while a request runs but ``cache``, the bytes of
    answers by form and pinned address, which decide them, ``polls``, and who works now: whether one is found there
    changes nothing but time.

    ``live.now`` are the revisions that are served: a request reads it once, so that it answers from one state.
    ``store`` may be in trouble, and then raises StoreError where it is used.
    """

    settings: Settings
    live: Live
    store: Store
    fingerprint: str
    operations: tuple[Operation, ...]
    cache: ByteLRU[bytes] = field(default_factory=lambda: ByteLRU(ANSWERS, largest=ANSWERS // 8))
    polls: ByteLRU[Poll] = field(default_factory=polls_kept)
    host: Host = field(default_factory=Host)
    gate: Gate = field(init=False)

    @property
    def caches(self) -> dict[str, Usage]:
        """What is kept of answers, within which bounds."""
        return {"answers": self.cache.usage, "polls": self.polls.usage}

    def __post_init__(self) -> None:
        object.__setattr__(self, "gate", Gate(places=self.settings.heavy, queue=self.settings.queue))


@dataclass(frozen=True, slots=True)
class Form:
    """One way of writing an answer: the suffix of the address, the media type, and how."""

    suffix: str
    media: str
    write: Callable[[Any], bytes]
    shape: Any


@dataclass(frozen=True, slots=True)
class Intake:
    """One way of reading a body: the media type, the shape to document, and how."""

    media: str
    shape: Any
    read: Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer not yet worked out: ``content`` makes it when it is needed.

    ``address`` with its revision decides the bytes, so that a client who has them is told so without
    any work; without an address the bytes themselves do. ``cost`` counts what ``content`` will cost, before it is
    called.
    """

    content: Callable[[], Any]
    address: Address | None = None
    cost: Callable[[], Cost] = Cost


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on an address, with everything that is documented of it."""

    method: str
    path: str
    view: Callable[..., Reply]
    query: type[Pinned] | None
    body: tuple[Intake, ...]
    forms: tuple[Form, ...]
    errors: tuple[int, ...]
    largest: int
    cacheable: bool

    @property
    def of_model(self) -> bool:
        """Whether the operation answers from one model."""
        return "<model>" in self.path

    @property
    def addresses(self) -> tuple[tuple[str, Form], ...]:
        """Each address with the form it gives; the bare address gives the first."""
        suffixed = tuple((f"{self.path}.{form.suffix}", form) for form in self.forms if form.suffix)
        return ((self.path, self.forms[0]), *suffixed)


def json_form(shape: Any, *, suffix: str = "json", write: Callable[[Any], bytes] = encoded) -> Form:
    """Answers as JSON."""
    return Form(suffix, "application/json", write, shape)


def csv_form(row: type, rows: Callable[[Any], Iterable[Mapping[str, object]]]) -> Form:
    """Answers as CSV: the keys of the row's type are the columns."""
    columns = tuple(row.__annotations__)
    return Form("csv", "text/csv; charset=utf-8", lambda content: csv_tables.csv_bytes(columns, rows(content)), row)


def json_body(shape: type[BaseModel]) -> Intake:
    """A body of JSON in one shape."""
    return Intake("application/json", shape, lambda raw: validated(shape, strict_json.read(raw)))


def operation(
    method: str,
    path: str,
    *,
    forms: tuple[Form, ...],
    query: type[Pinned] | None = None,
    body: tuple[Intake, ...] = (),
    errors: tuple[int, ...] = (),
    largest: int = MEGABYTE,
    cacheable: bool = True,
) -> Callable[[Callable[..., Reply]], Operation]:
    """Make a view an operation. A view on a model gets its forecaster first, any other the service."""
    parameters = query or (Pinned if "<model>" in path else None)

    def made(view: Callable[..., Reply]) -> Operation:
        return Operation(method, path, view, parameters, body, forms, errors, largest, cacheable and method == "GET")

    return made


def register(app: Flask, service: Service) -> None:
    """Put every operation of the service at its addresses, polls in front of them."""
    app.wsgi_app = NotModified(  # type: ignore[method-assign]
        app.wsgi_app, lambda: service.live.now.ready, service.polls
    )
    for number, each in enumerate(service.operations):
        for address, form in each.addresses:
            endpoint = f"{number} {each.method} {address}"
            app.add_url_rule(address, endpoint, _bound(each, form, service), methods=[each.method])


def _bound(each: Operation, form: Form, service: Service) -> Callable[..., Response]:
    def run(**path: str) -> Response:
        return _run(each, form, service, path)

    return run


def _run(each: Operation, form: Form, service: Service, path: dict[str, str]) -> Response:
    if not each.of_model:
        return _sent(each, form, each.view(service, **path), service, _watch(service, None))
    shape = each.query or Pinned
    asked = validated(shape, query_parameters(request.query_string, shape))
    forecaster = service.live.now.current(path.pop("model"), asked.revision)
    sent = {} if shape is Pinned else {"asked": asked}
    if each.body:
        sent["body"] = _body(each)
    revision = forecaster.model.revision
    watch = _watch(service, asked.deadline_ms)
    with watched(watch):
        response = _sent(each, form, each.view(forecaster, **path, **sent), service, watch, revision=revision)
    response.headers["X-Model-Revision"] = revision
    if each.cacheable and asked.revision:
        response.headers["Cache-Control"] = FOR_EVER
    request.environ[ANSWERED_FROM] = forecaster
    return response


def _watch(service: Service, asked: int | None) -> Watch:
    """When the work of this request ends: at the deadline set, at one that the client asks for, or once it hangs up."""
    most = service.settings.deadline
    gone = request.environ.get(HUNG_UP)
    seconds = most if asked is None else min(most, asked / 1000)
    return Watch(seconds) if gone is None else Watch(seconds, gone)


def _sent(
    each: Operation, form: Form, reply: Reply, service: Service, watch: Watch, *, revision: str | None = None
) -> Response:
    if reply.address is None or revision is None:
        data = _worked_out(form, reply, service, watch)
        if not each.cacheable:
            return _response(data, form, 200, cache=NO_STORE)
        return _tagged(_digest(service.fingerprint, form.suffix, data), form, lambda: data)
    asked = f"{form.suffix} {reply.address.url('json', revision=revision)}"
    if not each.cacheable:
        return _response(_cached(asked, form, reply, service, watch), form, 200, cache=NO_STORE)
    tag = _digest(service.fingerprint, asked)
    response = _tagged(tag, form, lambda: _cached(asked, form, reply, service, watch))
    _link_other_forms(response, each, form, reply.address)
    return response


def _cached(asked: str, form: Form, reply: Reply, service: Service, watch: Watch) -> bytes:
    """The bytes of an answer, worked out unless they are in the cache."""
    data = service.cache.find(asked)
    if data is None:
        data = _worked_out(form, reply, service, watch)
        service.cache.put(asked, data, weight=len(data) + len(asked))
    return data


def _worked_out(form: Form, reply: Reply, service: Service, watch: Watch) -> bytes:
    """The bytes of an answer: its cost first, then a place to work, then the work."""
    cost = check(reply.cost(), service.settings.cost)
    with service.gate.place(request.remote_addr or "", cost.total, watch):
        return form.write(reply.content())


def _tagged(tag: str, form: Form, written: Callable[[], bytes]) -> Response:
    """The answer under its tag, or 304 without working it out when the client has it."""
    known = request.if_none_match
    has_it = known.contains_weak(tag)
    data = b"" if has_it and not known.star_tag else written()
    response = _response(b"" if has_it else data, form, 304 if has_it else 200, cache=SHORTLY)
    response.set_etag(tag)
    return response


def _response(data: bytes, form: Form, status: int, *, cache: str) -> Response:
    response = Response(data, status, content_type=form.media)
    response.headers["Cache-Control"] = cache
    return response


def _link_other_forms(response: Response, each: Operation, form: Form, address: Address) -> None:
    for other in each.forms:
        url = address.url(other.suffix)
        if other is not form and len(url) <= LONGEST_ADDRESS:
            media = other.media.partition(";")[0]
            response.headers.add("Link", f'<{url}>; rel="alternate"; type="{media}"')


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.hexdigest()[:32]


def _body(each: Operation) -> Any:
    """The body of the request, read as its media type says."""
    readable = {intake.media: intake for intake in each.body}
    media, encoding = request.mimetype, request.headers.get("Content-Encoding", "identity")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if media not in readable or charset not in ("utf-8", "utf8"):
        found = request.headers.get("Content-Type", "no Content-Type")
        raise WrongMediaType(
            f"the body is read as {' or '.join(readable)} in UTF-8, not as {found[:100]!r}", allowed=tuple(readable)
        )
    if encoding.lower() != "identity":
        raise WrongMediaType(f"the body is read as it is, not in the coding {encoding[:100]!r}", allowed=("identity",))
    return readable[media].read(_bytes(each.largest))


def _bytes(largest: int) -> bytes:
    """The body as sent. The framework cuts a chunked body at its limit and says nothing, so that is one byte beyond."""
    length = request.content_length or 0
    request.max_content_length = largest + 1
    data = request.get_data(cache=False) if length <= largest else None
    if data is None or len(data) > largest:
        raise BodyTooLarge(f"the body is larger than {largest:,} bytes")
    return data
