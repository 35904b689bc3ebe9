"""Checks of every request (which Host may be addressed, from which pages), and the security headers of every answer."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from flask import Flask, Response, request

from service.http.problems import BadRequest, ForeignHost, ForeignOrigin
from service.http.proxies import PROBLEM, SENT_HOST

POLICY = "Content-Security-Policy"
UNFRAMED = "frame-ancestors 'none'"
UNFRAMED_TOO = "X-Frame-Options"
"""What old browsers take for it: it can name no origin, so that a page with a policy of its own goes without."""

HEADERS = {
    POLICY: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; " + UNFRAMED,
    "X-Content-Type-Options": "nosniff",
    UNFRAMED_TOO: "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_BY_LOWER = tuple((name.lower(), name, value) for name, value in HEADERS.items())
ANY = "*"
READABLE = (
    "Content-Encoding, ETag, Last-Modified, Link, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
    "Server-Timing, WWW-Authenticate, X-Model-Revision, X-Request-Id, traceparent"
)
"""Headers of an answer that a page of an allowed origin may read."""
SENDABLE = (
    "Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, MCP-Protocol-Version, Mcp-Method, "
    "Mcp-Name, traceparent"
)
"""Headers of a request that a page of an allowed origin may send: those of agents too."""
PREFLIGHT_SECONDS = 600

_ABSOLUTE = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9._-]+")


def register(app: Flask, hosts: Sequence[str], origins: Sequence[str] = ()) -> None:
    """Check the Host and the origin of every request, and protect every answer."""
    app.before_request(_host_check(hosts))
    app.before_request(_origin_check(app, origins))
    app.after_request(_protected)
    if origins:
        app.after_request(_shared(origins))


def _host_check(hosts: Sequence[str]) -> Callable[[], None]:
    def check() -> None:
        environ = request.environ
        if environ.get(PROBLEM):
            raise BadRequest(environ[PROBLEM])
        host = environ.get("HTTP_HOST")
        if not host:
            raise BadRequest("the request names no Host")
        absolute = _ABSOLUTE.match(environ.get("RAW_URI", ""))
        sent = str(environ.get(SENT_HOST, host))
        if absolute and absolute[1].lower() != sent.lower():
            raise BadRequest(f"the address names the host {absolute[1][:200]!r}, and the Host header {sent[:200]!r}")
        if not trusted(host, hosts):
            raise ForeignHost(f"the service is not known as {host[:200]!r}; AFTERMATH_HOSTS names where it is")

    return check


def trusted(host: str, hosts: Sequence[str]) -> bool:
    """Whether a Host header may name this service: a loopback name, an IP address, or a name allowed.

    A page of another site can make a browser ask under its own name (DNS rebinding), never under an address.

    >>> [trusted(host, ["forecasts.example"]) for host in ("localhost:8000", "[::1]:8000", "forecasts.example")]
    [True, True, True]
    >>> [trusted(host, ["forecasts.example"]) for host in ("attacker.example", "localhost:65536", "[::1]8000")]
    [False, False, False]
    """
    name, colon, port = _split(host.lower())
    if colon not in ("", ":") or not _is_port(port):
        return False
    name = name.removesuffix(".")
    if name == "localhost" or name.endswith(".localhost") or _is_address(name):
        return True
    return bool(_NAME.fullmatch(name)) and (ANY in hosts or name in hosts)


def _split(host: str) -> tuple[str, str, str]:
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, rest[:1], rest[1:]
    return host.partition(":")


def _is_port(port: str) -> bool:
    return not port or (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535)


@lru_cache(256)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _origin_check(app: Flask, origins: Sequence[str]) -> Callable[[], Response | None]:
    def check() -> Response | None:
        environ = request.environ
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE", "")
        if origin is not None and is_allowed(origin, origins):
            return _preflight(app) if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ else None
        if site in ("same-origin", "none"):
            return None
        if origin is not None and not _is_own(origin):
            raise ForeignOrigin(f"pages of {origin[:200]!r} may not ask; AFTERMATH_ORIGINS names those that may")
        is_read = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        navigates = is_read and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        if site == "cross-site" and not navigates:
            raise ForeignOrigin("pages of other sites may link here, not ask; AFTERMATH_ORIGINS names those that may")
        return None

    return check


def is_allowed(origin: str, origins: Sequence[str]) -> bool:
    """Whether pages of an origin may ask.

    >>> is_allowed("https://dashboard.example", ["https://dashboard.example"]), is_allowed("null", [])
    (True, False)
    """
    return ANY in origins or origin.lower() in origins


def _is_own(origin: str) -> bool:
    """Whether a page is the service's own; the scheme is the proxy's affair."""
    return origin.lower().partition("://")[2] == str(request.environ["HTTP_HOST"]).lower()


def _preflight(app: Flask) -> Response | None:
    """The answer to a browser that asks whether it may ask."""
    if request.method != "OPTIONS":
        return None
    methods = sorted(app.create_url_adapter(request).allowed_methods())  # type: ignore[union-attr]
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
    response.headers["Access-Control-Allow-Headers"] = SENDABLE
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response


def _shared(origins: Sequence[str]) -> Callable[[Response], Response]:
    """Let pages of allowed origins read answers. Nothing here is known by cookies, so none are let through."""

    def share(response: Response) -> Response:
        origin = request.headers.get("Origin")
        response.vary.add("Origin")
        if origin is not None and is_allowed(origin, origins):
            response.headers["Access-Control-Allow-Origin"] = ANY if ANY in origins else origin
            response.headers["Access-Control-Expose-Headers"] = READABLE
        return response

    return share


def framed_by(origins: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The headers of a page that pages of these origins may hold in a frame.

    >>> framed_by(["https://site.example"])[0][1].rpartition("; ")[2]
    'frame-ancestors https://site.example'
    """
    policy = HEADERS[POLICY].replace(UNFRAMED, f"frame-ancestors {' '.join(origins)}")
    return ((POLICY, policy),)


def _protected(response: Response) -> Response:
    there = {name.lower() for name, _ in response.headers}
    if POLICY.lower() in there:
        there.add(UNFRAMED_TOO.lower())
    response.headers.extend([(name, value) for lower, name, value in _BY_LOWER if lower not in there])
    return response
