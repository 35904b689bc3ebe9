"""One decorator makes an HTTP operation: the address, what is read, what is sent, and whether it may be cached.

A view gets values that have the right shape and returns a ``Reply``; it catches nothing. Every error
leaves by exception and becomes a problem document in one place, by the table in ``problems``.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from model.errors import ExplainedError
from model.inference.lru import ByteLRU, Usage
from model.resources.cost import Cost, check
from model.resources.deadline import NobodyWaits, Watch, watched
from service.http import arrow_tables, telemetry
from service.http.address import LONGEST_ADDRESS, Address
from service.http.admission import Gate, Turn
from service.http.bodies import body_of
from service.http.forms import CSV, JSON, MEGABYTE, Form, Intake, with_columns
from service.http.meters import Meters
from service.http.not_modified import ANSWERED_FROM, NotModified, Poll, polls_kept, say_changed
from service.http.packing import packed_kept, tags
from service.http.problems import (
    codes,
)
from service.http.selection import Writer, selection
from service.http.telemetry import Timed
from service.http.validation import Hurried, Pinned, Selected, query_parameters, validated
from service.live.host import Host
from service.revisions import ACTIVE, Live, UnknownModel
from service.settings import Settings
from service.store.scopes import READ, Scope

if TYPE_CHECKING:
    from model.errors import Place
    from model.forecast import Forecaster
    from service.store.database import Store
    from service.stored_models import StoredModels

ANSWERS = 32 * MEGABYTE
"""Bytes of answers that a worker keeps in its cache."""
NO_STORE = "no-store"
HUNG_UP = "aftermath.hung_up"
"""Where a request's environment has the question whether its client has hung up: a callable, cheap in any thread."""
SHORTLY = "public, max-age=5"
A_DAY = "public, max-age=86400"
"""Of one revision: another version of the software may write the same answer otherwise."""
FOR_EVER = "public, max-age=31536000, immutable"
"""Of bytes that are stored."""


@dataclass(frozen=True, slots=True)
class Service:
    """What operations work with. Nothing in it changes while a request runs but ``cache``, the bytes of
    answers by form and pinned address, which decide them, ``polls``, and who works now: whether one is found there
    changes nothing but time.

    ``live.now`` are the revisions that are served: a request reads it once, so that it answers from one state.
    ``store`` may be in trouble, and then raises StoreError where it is used; ``stored_models`` are the revisions in it.
    """

    settings: Settings
    live: Live
    store: Store
    stored_models: StoredModels
    fingerprint: str
    operations: tuple[Operation, ...]
    cache: ByteLRU[bytes] = field(default_factory=lambda: ByteLRU(ANSWERS, largest=ANSWERS // 8))
    polls: ByteLRU[Poll] = field(default_factory=polls_kept)
    packed: ByteLRU[bytes] = field(default_factory=packed_kept)
    host: Host = field(default_factory=Host)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    gate: Gate = field(init=False)
    meters: Meters = field(init=False)
    headlines: dict[str, Any] = field(default_factory=dict)
    """By model its headline forecasts and the revision that they are of."""

    @property
    def caches(self) -> dict[str, Usage]:
        """What is kept of answers, within which bounds."""
        return {
            "answers": self.cache.usage,
            "polls": self.polls.usage,
            "packed": self.packed.usage,
            "revisions": self.stored_models.usage,
        }

    def let_go(self, revisions: Collection[str]) -> None:
        """Evict answers and polls of revisions that are not served any more, which are rarely asked for again."""
        pinned = [f"revision={revision}" for revision in revisions]
        self.cache.drop(lambda asked, _: any(each in str(asked) for each in pinned))
        self.polls.drop(lambda _, poll: poll.revision in revisions)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gate", Gate(places=self.settings.heavy, queue=self.settings.queue))
        object.__setattr__(self, "meters", Meters(self.operations, sorted(codes())))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer not yet worked out: ``content`` makes it when it is needed.

    ``address`` with its revision decides the bytes, so that a client who has them is told so without
    any work; ``tag`` does the same for bytes that are decided otherwise; without either the bytes themselves do.
    ``cost`` counts what ``content`` will cost, before it is called. ``cache`` is how long it may be kept, where that
    is another time than usual, and ``headers`` are sent with it; ``media`` stands in place of the form's media type,
    and ``status`` in place of 200. ``changed`` is since when the address gives this, where that is known.
    """

    content: Callable[[], Any]
    address: Address | None = None
    cost: Callable[[], Cost] = Cost
    tag: str | None = None
    cache: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    media: str | None = None
    changed: datetime | None = None
    status: int = 200
    refused: Callable[[ExplainedError], Any] | None = None
    """Makes an answer of what refuses the question while it is worked out, where that is no problem document."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on an address, with everything that is documented of it."""

    method: str
    path: str
    view: Callable[..., Reply]
    query: type[Selected] | None
    body: tuple[Intake, ...]
    forms: tuple[Form, ...]
    errors: tuple[int, ...]
    largest: int
    cacheable: bool
    of_model: bool
    """Whether the operation answers from one model as it is served."""
    scope: Scope
    also: tuple[int, ...] = ()
    """Statuses beside 200 that its own forms come with."""

    @property
    def is_linkable(self) -> bool:
        """Whether a read-only link may lead to it: what a spreadsheet or an embedded picture reads by GET."""
        tabular = any(form.suffix in ("json", "csv") for form in self.forms)
        return self.method == "GET" and self.scope == READ and tabular and self.path.startswith("/v1/")

    @property
    def addresses(self) -> tuple[tuple[str, Form], ...]:
        """Each address with the form it gives; the bare address gives the first."""
        suffixed = tuple((f"{self.path}.{form.suffix}", form) for form in self.forms if form.suffix)
        return ((self.path, self.forms[0]), *suffixed)


def operation(
    method: str,
    path: str,
    *,
    forms: tuple[Form, ...],
    query: type[Hurried] | None = None,
    body: tuple[Intake, ...] = (),
    errors: tuple[int, ...] = (),
    largest: int = MEGABYTE,
    cacheable: bool = True,
    of_model: bool | None = None,
    scope: Scope | None = None,
    also: tuple[int, ...] = (),
) -> Callable[[Callable[..., Reply]], Operation]:
    """Make a view an operation. A view on a model that is served gets its forecaster first, any other the service.

    What has a model in its path is on a model, unless ``of_model`` says that it is not: such a view gets its name.
    ``also`` are statuses beside 200 with which it answers in its own forms.
    ``scope`` is what a client needs to ask: to read, unless said otherwise, for GET and for questions sent by POST.
    """
    if scope is None and method not in ("GET", "POST"):
        raise ValueError(f"{method} {path}: an operation that changes something says which scope it needs")
    on_model = "<model>" in path if of_model is None else of_model
    has_parts = method == "GET" and path.startswith("/v1/") and any(form.media in (JSON, CSV) for form in forms)
    parameters = query or (Pinned if on_model else Selected if has_parts else None)

    def made(view: Callable[..., Reply]) -> Operation:
        is_cached = cacheable and method == "GET"
        needs = scope or READ
        written = with_columns(forms)
        return Operation(
            method, path, view, parameters, body, written, errors, largest, is_cached, on_model, needs, also
        )

    return made


def register(app: Flask, service: Service) -> None:
    """Put every operation of the service at its addresses, polls in front of them."""
    app.ensure_sync = _as_it_is  # type: ignore[assignment, method-assign]
    app.wsgi_app = NotModified(  # type: ignore[method-assign]
        app.wsgi_app, lambda: service.live.now.ready, service.polls
    )
    for number, each in enumerate(service.operations):
        for address, form in each.addresses:
            endpoint = f"{number} {each.method} {address}"
            app.add_url_rule(address, endpoint, _bound(each, form, service), methods=[each.method])


def _as_it_is(view: Callable[..., Any]) -> Callable[..., Any]:
    """In place of Flask's look, at each call of each function, whether that is a coroutine: none of ours is."""
    return view


def _bound(each: Operation, form: Form, service: Service) -> Callable[..., Response]:
    def run(**path: str) -> Response:
        return _run(each, form, service, path)

    return run


def _run(each: Operation, form: Form, service: Service, path: dict[str, str]) -> Response:
    shape = each.query
    asked = validated(shape, query_parameters(request.query_string, shape)) if shape else None
    sent = {} if shape in (None, Pinned, Selected) else {"asked": asked}
    forecaster = forecaster_of(service, path.pop("model"), asked.revision) if asked and each.of_model else None
    writer = Writer(form, selection(asked), {} if forecaster is None else _besides(service, forecaster))
    if each.body:
        sent["body"] = body_of(each.body, each.largest)
    watch = _watch(service, getattr(asked, "deadline_ms", None))
    with watched(watch), service.gate.turn(_client(), watch) as turn:
        reply = each.view(forecaster or service, **path, **sent)
        telemetry.of(request.environ).parsed()
        response = _sent(each, writer, reply, service, turn, revision=forecaster.model.revision if forecaster else None)
    if forecaster is None or asked is None:
        return response
    response.headers["X-Model-Revision"] = forecaster.model.revision
    if each.cacheable and asked.revision == forecaster.model.revision:
        response.headers["Cache-Control"] = A_DAY
    if asked.revision in (None, forecaster.model.revision):  # what a name means may change at any time
        request.environ[ANSWERED_FROM] = forecaster
        since = changed(service, forecaster) if each.cacheable else None
        if since is not None:
            say_changed(response, since)
    return response


def forecaster_of(
    service: Service, model: str, said: str | None = None, *, where: Place = ("path", "model")
) -> Forecaster:
    """The forecaster of a model, at the revision that is said, by its hash or by a name that it was given.

    ``where`` is the place of the model's name. Raises UnknownModel, ModelNotReady, UnknownRevision or
    UnknownRevisionName.
    """
    served = service.live.now
    is_pinned = said is not None and said != ACTIVE and service.stored_models.there
    if model not in served.names and not (is_pinned and service.stored_models.has(model)):
        raise UnknownModel(model, served.names, where=where)
    if said is None or said == ACTIVE or not service.stored_models.there:
        return served.current(model, None if said == ACTIVE else said)
    revision = service.stored_models.hash_of(model, said)
    active = served.ready.get(model)
    if active is not None and active.model.revision == revision:
        return served.current(model, revision)
    return service.stored_models.forecaster(model, revision, _place_to_read(service))


def _place_to_read(service: Service) -> Callable[[Cost], AbstractContextManager[None]]:
    """A place among heavy work for this request, while it makes a revision ready that is not served."""
    return lambda cost: service.gate.place(_client(), cost.total, _watch(service, None))


def _client() -> str:
    return request.remote_addr or ""


def _watch(service: Service, asked: int | None) -> Watch:
    """When the work of this request ends: at the deadline set, at one that the client asks for, or once it hangs up.

    The time runs from when the request was there, whether a thread had room for it or not.
    """
    most, environ = service.settings.deadline, request.environ
    gone = environ.get(HUNG_UP)
    seconds = most if asked is None else min(most, asked / 1000)
    started = time.monotonic() - telemetry.of(environ).age
    return Watch(seconds, started=started) if gone is None else Watch(seconds, gone, started)


def _besides(service: Service, forecaster: Forecaster) -> dict[str, object]:
    """Columns of one value that a table of a model has where they are named."""
    model = forecaster.model
    return {"as_of": model.as_of, "revision": model.revision, "time": _since(service, forecaster)}


def _since(service: Service, forecaster: Forecaster) -> datetime | None:
    served, name = service.live.now, forecaster.model.name
    return served.since.get(name) if served.ready.get(name) is forecaster else None


def changed(service: Service, forecaster: Forecaster) -> datetime | None:
    """Since when a model is answered from this forecaster by this software; None where it is not served."""
    since = _since(service, forecaster)
    return since and max(since, service.started)


def _sent(
    each: Operation, writer: Writer, reply: Reply, service: Service, turn: Turn, *, revision: str | None = None
) -> Response:
    response = _answered(each, writer, reply, service, turn, revision)
    if reply.changed is not None:
        say_changed(response, reply.changed)
    response.headers.extend(reply.headers)
    if reply.status != 200:
        response.status_code = reply.status
        if not response.get_data():
            del response.headers["Content-Type"]
    if reply.media:
        response.content_type = reply.media
    if reply.cache:
        response.headers["Cache-Control"] = reply.cache
    return response


def _answered(
    each: Operation, writer: Writer, reply: Reply, service: Service, turn: Turn, revision: str | None
) -> Response:
    form = writer.form
    if reply.tag is not None:
        return _tagged(_digest(reply.tag, writer.key), form, lambda: _worked_out(writer, reply, service, turn))
    if reply.address is None or revision is None:
        data = _worked_out(writer, reply, service, turn)
        if not each.cacheable:
            return _response(data, form, 200, cache=NO_STORE)
        return _tagged(_digest(service.fingerprint, form.suffix, data), form, lambda: data)
    asked = f"{writer.key} {reply.address.url('json', revision=revision)}"
    if not each.cacheable:
        return _response(_cached(asked, writer, reply, service, turn), form, 200, cache=NO_STORE)
    tag = _digest(service.fingerprint, asked)
    response = _tagged(tag, form, lambda: _cached(asked, writer, reply, service, turn))
    _link_other_forms(response, each, form, reply.address)
    return response


def _cached(asked: str, writer: Writer, reply: Reply, service: Service, turn: Turn) -> bytes:
    """The bytes of an answer, worked out unless they are in the cache."""
    data = service.cache.find(asked)
    telemetry.of(request.environ).cache = "miss" if data is None else "hit"
    if data is None:
        data = _worked_out(writer, reply, service, turn)
        service.cache.put(asked, data, weight=len(data) + len(asked))
    return data


def _worked_out(writer: Writer, reply: Reply, service: Service, turn: Turn) -> bytes:
    """The bytes of an answer: its cost first, then a place to work, then the work."""
    record = telemetry.of(request.environ)
    try:
        record.cost = cost = check(reply.cost(), service.settings.cost).total
        with Timed(record, "queue"):
            turn.begin(cost)
        with Timed(record, "engine"):
            content = reply.content()
    except ExplainedError as error:
        if reply.refused is None or isinstance(error, NobodyWaits):
            raise
        content = reply.refused(error)
    with Timed(record, "write"):
        return writer.write(content)


def _tagged(tag: str, form: Form, written: Callable[[], bytes]) -> Response:
    """The answer under its tag, or 304 without working it out when the client has it."""
    known = request.if_none_match
    held = next((each for each in tags(tag) if known.contains_weak(each)), None) if known else None
    if held:
        telemetry.of(request.environ).cache = "revalidated"
    data = b"" if held and not known.star_tag else written()
    response = _response(b"" if held else data, form, 304 if held else 200, cache=SHORTLY)
    response.set_etag(held or tag)
    return response


def _response(data: bytes, form: Form, status: int, *, cache: str) -> Response:
    response = Response(data, status, content_type=form.media)
    response.headers["Cache-Control"] = cache
    return response


def _link_other_forms(response: Response, each: Operation, form: Form, address: Address) -> None:
    for other in each.forms:
        url = address.url(other.suffix)
        if other is not form and other.suffix not in arrow_tables.WRITERS and len(url) <= LONGEST_ADDRESS:
            media = other.media.partition(";")[0]
            response.headers.add("Link", f'<{url}>; rel="alternate"; type="{media}"')


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.hexdigest()[:32]
