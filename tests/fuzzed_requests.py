"""Requests drawn from a seed: questions of every operation as they should be, and the same damaged in many ways."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from bench import costly_questions
from model.specification import Model

ODD_TEXTS = (
    "",
    " ",
    "nan",
    "NaN",
    "-1",
    "1e400",
    "9" * 400,
    "0.9.9",
    "true",
    "null",
    "none",
    "\u202exray",
    "\U0001f600",
    "\u00e9" * 40,
    "a" * 3_000,
    "../../etc/passwd",
    "' or 1=1 --",
    "<script>",
    "xray:",
    ":yes",
    "xray:in(",
    "xray:like(yes=-1)",
    "xray:assumed(yes=2,no=-1)",
    "any(",
    "any(" * 30 + "xray:yes" + ")" * 30,
    "at_least(99,xray:yes)",
    "all(xray:yes,xray:no)",
)
ODD_NUMBERS = (-1, 0, 1e308, 10**400)
ODD_VALUES: tuple[Any, ...] = (None, True, *ODD_NUMBERS, [], {}, "", [[[[]]]], {"a": {"b": {}}}, *ODD_TEXTS[-8:])
ODD_BODIES = (b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe{}", b'{"targets": [], "targets": []}', b"{}" + b" " * 5_000)
HEADERS: tuple[Mapping[str, str], ...] = (
    {"Content-Type": "text/plain"},
    {"Content-Type": "text/csv"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Encoding": "gzip"},
    {"Accept": "image/png"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"x", W/"y"'},
    {"Range": "bytes=0-10"},
    {"Host": "elsewhere.example"},
    {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
    {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Prefix": "/x"},
    {"Cookie": "a=b"},
)
SUFFIXES = (".json", ".csv", ".md", ".txt", ".html", ".svg", ".dot", ".xyz", "/", "/x", "%00", "%2e%2e")
PARAMETERS = (
    "given",
    "do",
    "target",
    "event",
    "interval",
    "scenario",
    "cohort",
    "state",
    "largest",
    "steps",
    "side",
    "revision",
    "odd",
)
READ_ONLY = ("", "/variables", "/graph", "/sources", "/scenarios", "/cohorts", "/headlines", "/check")
PAGES = ("/", "/errors", "/livez", "/readyz", "/v1/status", "/openapi.json", "/v1/models", "/nowhere", "/v2/models")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. ``path`` holds only what a request line may hold."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def requests(models: Sequence[Model], seed: int) -> Iterator[Request]:
    """Requests without end, the same for the same seed: a third of them as they should be."""
    rng = random.Random(seed)
    while True:
        request = _page(models, rng) if rng.random() < 0.05 else _question(rng.choice(models), rng)
        for _ in range(rng.choice((0, 1, 1, 2, 4))):
            request = rng.choice(DAMAGES)(request, rng)
        yield request


def _page(models: Sequence[Model], rng: random.Random) -> Request:
    if rng.random() < 0.5:
        return Request("GET", rng.choice(PAGES))
    return Request("GET", f"/v1/models/{rng.choice(models).name}{rng.choice(READ_ONLY)}")


def _question(model: Model, rng: random.Random) -> Request:
    asked = costly_questions.drawn(model, rng.choice(costly_questions.KINDS), rng)
    if rng.random() < 0.5:
        asked = costly_questions.changed(model, asked, rng)
    asked = replace(asked, many=min(asked.many, 20), events=min(asked.events, 3))
    sent = costly_questions.sent(model, asked)
    return Request(sent.method, sent.address(model.name), sent.body)


def _suffix(request: Request, rng: random.Random) -> Request:
    path, mark, query = request.path.partition("?")
    return replace(request, path=f"{path}{rng.choice(SUFFIXES)}{mark}{query}")


def _segment(request: Request, rng: random.Random) -> Request:
    path, mark, query = request.path.partition("?")
    parts = path.split("/")
    at = rng.randrange(len(parts))
    odd = quote(rng.choice(ODD_TEXTS), safe="")[:200]
    parts[at] = rng.choice(("", "broken", "oddities", "xray", odd, parts[at].upper()))
    return replace(request, path=f"/{'/'.join(parts).lstrip('/')}{mark}{query}")


def _parameter(request: Request, rng: random.Random) -> Request:
    said = f"{rng.choice(PARAMETERS)}={quote(rng.choice(ODD_TEXTS), safe='')}"
    return replace(request, path=f"{request.path}{'&' if '?' in request.path else '?'}{said}")


def _early(request: Request, rng: random.Random) -> Request:
    said = f"deadline_ms={rng.choice((1, 1, 5, 0, -1, 'x'))}"
    return replace(request, path=f"{request.path}{'&' if '?' in request.path else '?'}{said}")


def _letter(request: Request, rng: random.Random) -> Request:
    at = rng.randrange(1, len(request.path) + 1)
    letter = rng.choice(("", "%", "%2", "&", "=", "?", "%0a", "%e2%80%ae", "+", ";", ":", "(", ")", "0"))
    return replace(request, path=request.path[:at] + letter + request.path[at + rng.randint(0, 3) :])


def _method(request: Request, rng: random.Random) -> Request:
    return replace(request, method=rng.choice(("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH")))


def _header(request: Request, rng: random.Random) -> Request:
    return replace(request, headers={**request.headers, **rng.choice(HEADERS)})


def _node(request: Request, rng: random.Random) -> Request:
    """A value somewhere in the body in place of another, or a key under another name."""
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return request
    places = list(_places(body))
    if not places:
        return replace(request, body=json.dumps(rng.choice(ODD_VALUES)).encode())
    holder, key = rng.choice(places)
    if isinstance(holder, dict) and rng.random() < 0.3:
        holder[rng.choice(ODD_TEXTS)] = holder.pop(key)
    else:
        holder[key] = rng.choice(ODD_VALUES)
    return replace(request, body=json.dumps(body).encode())


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _bytes(request: Request, rng: random.Random) -> Request:
    body = bytearray(request.body or b"")
    if not body or rng.random() < 0.2:
        return replace(request, body=rng.choice(ODD_BODIES))
    at = rng.randrange(len(body))
    body[at : at + rng.randint(0, 4)] = bytes(rng.choice((b"", b"\0", b"\xff", b",", b"}", b"[", b'"', b"1e999")))
    return replace(request, body=bytes(body))


DAMAGES = (_suffix, _segment, _parameter, _parameter, _early, _letter, _letter, _method, _header, _node, _node, _bytes)

UNSENDABLE = re.compile(r"[^\x21-\x7e]")


def sendable(request: Request) -> bool:
    """Whether its path fits in a request line: what does not is no request, which other tests hold."""
    return not UNSENDABLE.search(request.path)
