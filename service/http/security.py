"""Checks of every request (which Host may be addressed), and the security headers of every answer."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from flask import Flask, Response, request

from service.http.problems import BadRequest, ForeignHost

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def register(app: Flask, hosts: Sequence[str]) -> None:
    """Check the Host of every request and protect every answer."""
    app.before_request(_host_check(hosts))
    app.after_request(_protected)


def _host_check(hosts: Sequence[str]) -> Callable[[], None]:
    def check() -> None:
        host = request.environ.get("HTTP_HOST")
        if not host:
            raise BadRequest("the request names no Host")
        if not trusted(host, hosts):
            raise ForeignHost(f"the service is not known as {host[:200]!r}; AFTERMATH_HOSTS names where it is")

    return check


def trusted(host: str, hosts: Sequence[str]) -> bool:
    """Whether a Host header may name this service: a loopback name, an IP address, or a name allowed.

    A page of another site can make a browser ask under its own name (DNS rebinding), never under an address.

    >>> [trusted(host, ["forecasts.example"]) for host in ("localhost:8000", "[::1]:8000", "forecasts.example")]
    [True, True, True]
    >>> trusted("attacker.example", ["forecasts.example"])
    False
    """
    name, port = _split(host.lower())
    if port and not (port.isascii() and port.isdigit()):
        return False
    name = name.removesuffix(".")
    return "*" in hosts or name in hosts or name == "localhost" or name.endswith(".localhost") or _is_address(name)


def _split(host: str) -> tuple[str, str]:
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, port = host.partition(":")
    return name, port


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _protected(response: Response) -> Response:
    response.headers.extend({name: value for name, value in HEADERS.items() if name not in response.headers})
    return response
