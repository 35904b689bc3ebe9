"""Who may ask what, decided before any work.

``Access`` stands in front of the application and of the polls that it answers by itself: it settles who asks, from
where and with what, and counts it. ``register`` then holds each operation's scope against that. Whoever asks from this
machine may do everything, everybody else may read where reading is public, and a token, a user that a trusted proxy
names, or the key of a link lets do what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from model.errors import AftermathError
from service.http import clients, credentials
from service.http.access_errors import NotAllowed, RateLimited, TokenNeeded
from service.http.audit_trail import AuditTrail
from service.http.clients import (
    ANYBODY,
    CLIENT,
    CLIENT_NAME,
    HERE,
    OUTCOME,
    REFUSAL,
    Client,
    anybody,
    here,
    network,
)
from service.http.operation import Operation
from service.http.proxies import USER
from service.http.redaction import redacted
from service.http.shared_counts import SharedCounts, Taken
from service.settings import Settings
from service.store import audit, links
from service.store.database import Store
from service.store.errors import BadKey, BadToken
from service.store.location import Nowhere
from service.store.scopes import ADMIN, OPEN, READ, WRITE, Scope

EXTENSION = "operations"
"""Where the application has its operations, by the number with which their endpoints begin."""
EVERY = "*"
"""For what tells of every model at once: only who may read all of them may read that."""
HEALTH = ("/livez", "/readyz")
"""Addresses at which nothing is counted."""
MINUTE = 60
RATE = 3_000
"""Requests in a minute of one who asks from beyond this machine, where no setting says otherwise."""
NOTED = "aftermath.noted"
"""Set in the environment by a view whose change is in the audit log already, in one transaction with it."""
ATTEMPTS = (409, 412)
"""Refusals of a write that are no mistake in the request: they are noted as writes are."""


class Deciding(Protocol):
    """What decides: the settings, where tokens are kept, and which operations there are."""

    @property
    def settings(self) -> Settings: ...
    @property
    def store(self) -> Store: ...
    @property
    def operations(self) -> tuple[Operation, ...]: ...


class Access:
    """A WSGI application in front of another, which finds the client in ``environ[CLIENT]``.

    What is wrong with what a client presents is left in ``environ[REFUSAL]`` for the application to answer with, after
    its own checks of the request.
    """

    def __init__(self, application: WSGIApplication, service: Deciding, counts: SharedCounts) -> None:
        self._application = application
        self._settings = service.settings
        self._counts = counts
        opened = [address for each in service.operations if each.scope == OPEN for address, _ in each.addresses]
        self._open = frozenset(opened)
        self._open_below = tuple(address.partition("<")[0] for address in opened if "<" in address)
        self._nobodys: tuple[str, ...] = (READ,) if service.settings.public_read else ()
        self._place = service.store.place
        self._tokens = credentials.of_tokens(service.store, counts)
        self._links = credentials.of_links(service.store, counts)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            client = self._client(environ)
        except AftermathError as error:
            client = anybody(environ.get("REMOTE_ADDR") or "", ())
            environ[REFUSAL] = error
        environ[CLIENT], environ[CLIENT_NAME] = client, client.name
        taken = self._counted(client, environ)
        if taken is None and client.name == HERE:
            return self._application(environ, start_response)
        return self._application(environ, _marking(client, taken, start_response))

    def _client(self, environ: WSGIEnvironment) -> Client:
        address = environ.get("REMOTE_ADDR") or ""
        bearer = environ.get("HTTP_AUTHORIZATION")
        key = _key_taken_out(environ) if links.PARAMETER in environ.get("QUERY_STRING", "") else None
        if "HTTP_REFERER" in environ:
            environ["HTTP_REFERER"] = redacted(environ["HTTP_REFERER"])
        path = environ.get("PATH_INFO") or ""
        if path not in self._open and not path.startswith(self._open_below):
            if bearer is not None and bearer[:7].lower() == "bearer ":
                return self._of_token(bearer[7:].strip(), address)
            if key is not None:
                return self._of_link(key, address)
        if USER in environ:
            return Client(f"user {environ[USER]}", address, (self._settings.user_scope,))
        return here(address) if clients.is_here(environ) else anybody(address, self._nobodys)

    def _of_token(self, secret: str, address: str) -> Client:
        if isinstance(self._place, Nowhere):
            raise BadToken(f"the token is not valid: this service keeps none ({self._place.why})")
        token = self._tokens.valid(secret, network(address))
        return Client(f"token {token.id}", address, token.scopes, token.models)

    def _of_link(self, key: str, address: str) -> Client:
        if isinstance(self._place, Nowhere):
            raise BadKey(f"the key of the link is not valid: this service keeps none ({self._place.why})")
        link = self._links.valid(key, network(address))
        return Client(f"link {link.id}", address, (READ,), question=link.question)

    def _counted(self, client: Client, environ: WSGIEnvironment) -> Taken | None:
        """Count a request where there is a limit, and refuse what is over it."""
        limit = self._settings.rate
        if limit is None:
            limit = 0 if client.name == HERE else RATE
        if not limit or environ.get("PATH_INFO") in HEALTH:
            return None
        name = client.name if client.is_known else f"requests from {network(client.address)}"
        taken = self._counts.take(name, limit=limit, seconds=MINUTE)
        if not taken.allowed:
            environ.setdefault(
                REFUSAL,
                RateLimited(
                    f"more than {limit:,} requests in a minute; ask again in {taken.retry_after} s",
                    seconds=taken.retry_after,
                ),
            )
        return taken


def register(app: Flask, service: Deciding) -> None:
    """Settle who asks before anything else is done, and let them do what their scope allows."""
    counts = SharedCounts()
    trail = AuditTrail(service.store, counts)
    app.wsgi_app = Access(app.wsgi_app, service, counts)  # type: ignore[method-assign]
    app.extensions[EXTENSION] = service.operations
    app.before_request(lambda: _authorise(service.operations))
    app.after_request(lambda response: _noted(response, service.operations, trail))


def client() -> Client:
    """Who makes the present request."""
    found: Client = request.environ[CLIENT]
    return found


def quota_of() -> str:
    """Whose share of what is limited for each client the present request takes."""
    asking = client()
    return asking.name if asking.is_known else network(asking.address)


def is_here() -> bool:
    """Whether the present request was made on this machine, by somebody who may do everything."""
    return client().name == HERE


def demand(scope: Scope, model: str) -> None:
    """For views that learn only from a body which model they are about. Raises TokenNeeded or NotAllowed."""
    client().demand(scope, model)


def demand_known() -> None:
    """For what is for operators, where everybody may read too. Raises TokenNeeded."""
    if client().name == ANYBODY:
        raise TokenNeeded("beyond this machine this needs a token: send Authorization: Bearer TOKEN")


def readable(model: str) -> bool:
    """Whether whoever makes the present request may read a model."""
    return client().allows(READ, model)


def operation_at(path: str) -> tuple[Operation, str | None] | None:
    """The operation that answers a GET of a path, and the model that it is about; None where there is nothing."""
    try:
        endpoint, arguments = current_app.url_map.bind("localhost").match(path, "GET")
    except HTTPException:
        return None
    operations: tuple[Operation, ...] = current_app.extensions[EXTENSION]
    return operations[int(endpoint.partition(" ")[0])], arguments.get("model")


def is_noted() -> None:
    """For views whose change has its line in the audit log already, in one transaction with the change."""
    request.environ[NOTED] = True


def _authorise(operations: tuple[Operation, ...]) -> None:
    """Raise what is wrong with the request's token, or with what its client asks for, if anything is."""
    refusal = request.environ.get(REFUSAL)
    if refusal is not None:
        raise refusal
    asking = client()
    if asking.name == HERE or request.method == "OPTIONS":
        return
    found = _operation(operations)
    scope: Scope = found[0].scope if found else READ
    if asking.question is not None:
        _demand_question(asking, found)
    asking.demand(scope, (request.view_args or {}).get("model"))


def _operation(operations: tuple[Operation, ...]) -> tuple[Operation, str] | None:
    """The operation that answers, and the ending of its address that names a form; None where there is nothing.

    Its endpoint begins with the number of the operation, and ends with the address.
    """
    if request.endpoint is None:
        return None
    number, _, address = request.endpoint.split(" ", 2)
    each = operations[int(number)]
    return each, address.removeprefix(each.path)


def _demand_question(asking: Client, found: tuple[Operation, str] | None) -> None:
    """Raise NotAllowed unless the request is the question of the client's link, in any form of its answer."""
    question = asking.question
    assert question is not None, "only clients by a link come here"
    if found is not None and found[0].is_linkable:
        path = request.path.removesuffix(found[1])
        if (path, links.ordered(request.args.items(multi=True))) == (question.path, question.parameters):
            return
    raise NotAllowed(f"the key of this link is for {question}, by GET, and for no other question", scope=READ)


def _noted(response: Response, operations: tuple[Operation, ...], trail: AuditTrail) -> Response:
    """Write down a write, or that one or what was presented was refused."""
    environ, status = request.environ, response.status_code
    asking = environ.get(CLIENT)
    if asking is None or (asking.name == HERE and request.method in ("GET", "HEAD")):
        return response
    found = _operation(operations)
    writes = found is not None and found[0].scope in (WRITE, ADMIN) and request.method != "OPTIONS"
    refused = status in (401, 403) or (status == 429 and REFUSAL in environ)
    deed = audit.Deed(
        asking.name,
        f"{request.method} {request.path}",
        asking.address,
        "done" if status < 400 else environ.get(OUTCOME, str(status)),
        {"status": status, **{name: value for name, value in (request.view_args or {}).items() if name == "model"}},
    )
    if refused and (writes or REFUSAL in environ or asking.is_known):
        if not isinstance(environ.get(REFUSAL), RateLimited):
            trail.refused(deed, network(asking.address))
    elif writes and NOTED not in environ and (status < 400 or status in ATTEMPTS or status >= 500):
        trail.done(deed)
    return response


def _marking(client: Client, taken: Taken | None, start_response: StartResponse) -> StartResponse:
    """Answers to those who presented something are for nobody else; those who are counted see how much is left."""
    counted: list[tuple[str, str]] = []
    if taken is not None:
        counted = [
            ("RateLimit-Limit", str(taken.limit)),
            ("RateLimit-Remaining", str(taken.remaining)),
            ("RateLimit-Reset", str(taken.reset)),
        ]

    def marked(status: str, headers: list[tuple[str, str]], *exception: Any) -> Callable[[bytes], object]:
        if client.name != HERE:
            own = "private" if client.is_known else "public"
            headers = [
                (name, value.replace("public", own) if name == "Cache-Control" else value) for name, value in headers
            ]
            headers.append(("Vary", "Authorization"))
        return start_response(status, [*headers, *counted], *exception)

    return marked


def _key_taken_out(environ: WSGIEnvironment) -> str | None:
    """The key of a link, taken out of everything that others read or write down."""
    mark = f"{links.PARAMETER}="
    parts = environ["QUERY_STRING"].split("&")
    keys = [part.removeprefix(mark) for part in parts if part.startswith(mark)]
    if not keys:
        return None
    environ["QUERY_STRING"] = "&".join(part for part in parts if not part.startswith(mark))
    for name in ("RAW_URI", "REQUEST_URI"):
        if name in environ:
            path = environ[name].partition("?")[0]
            environ[name] = f"{path}?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else path
    return keys[0] if len(keys) == 1 else ""
