"""What a proxy says of the client: believed from the addresses that are trusted, and from no other.

A proxy writes ``X-Forwarded-For``, ``-Host``, ``-Proto`` and ``-Prefix``, or ``Forwarded`` (RFC 7239). Of a chain of
proxies each adds a step, and the client is the last address from the right that is not a trusted proxy. Where both
kinds are there and disagree, one comes from the client: such a request is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from service.http.address import PREFIX

UNIX = "unix"
"""Among trusted proxies: whoever connects by a Unix socket."""
PROBLEM = "aftermath.proxy_problem"
"""Where the environment has what is wrong with the headers of a trusted proxy, if anything is."""
SENT_HOST = "aftermath.sent_host"
"""Where the environment has the Host header that a proxy's word has replaced."""
VIA_PROXY = "aftermath.via_proxy"
"""Where the environment has, of a request that a trusted proxy passed on, whether its client and every proxy on the way
are on this machine.
"""
TRUSTED = "aftermath.trusted"
"""Set in the environment of a request that a trusted proxy made."""
USER = "aftermath.user"
"""Where the environment has the user that a trusted proxy names, if it names one."""

FORWARDING = frozenset(
    f"HTTP_{name}"
    for name in (
        "FORWARDED",
        "VIA",
        "X_FORWARDED",
        "X_FORWARDED_BY",
        "X_FORWARDED_FOR",
        "X_FORWARDED_HOST",
        "X_FORWARDED_PORT",
        "X_FORWARDED_PREFIX",
        "X_FORWARDED_PROTO",
        "X_FORWARDED_SCHEME",
        "X_FORWARDED_SERVER",
        "X_FORWARDED_SSL",
        "X_ORIGINAL_FORWARDED_FOR",
        "X_CLIENT_IP",
        "X_CLUSTER_CLIENT_IP",
        "X_REAL_IP",
        "CF_CONNECTING_IP",
        "FASTLY_CLIENT_IP",
        "TRUE_CLIENT_IP",
    )
)
"""Headers that proxies add: a request with one of them was passed on, whoever connected."""
LONGEST_USER = 200

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?")
_PAIR = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=(?:([^\s",;]+)|"((?:[^"\\]|\\.)*)")\s*')


class _Contradiction(Exception):
    """Headers of a proxy that cannot be followed."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What one proxy says: who connected to it, under which host and scheme."""

    client: Address | None
    host: str | None = None
    scheme: str | None = None
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a request comes from in the end."""

    client: str
    host: str | None
    scheme: str | None
    prefix: str | None
    is_here: bool = False


class BehindProxies:
    """A WSGI application in front of another, which sees the request as the client sent it to the outermost proxy.

    ``user_header`` is the header in which trusted proxies name the user, if they do.
    """

    def __init__(
        self, application: WSGIApplication, trusted: Sequence[Network | str], user_header: str | None = None
    ) -> None:
        self._application = application
        self._user_header = user_header and f"HTTP_{user_header.upper().replace('-', '_')}"
        self._networks = tuple(each for each in trusted if not isinstance(each, str))
        self._unix = UNIX in trusted

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        prefix = PREFIX.set("")
        try:
            if self._is_trusted(environ.get("REMOTE_ADDR", "")):
                environ[TRUSTED] = True
                self._believe(environ)
            return self._application(environ, start_response)
        finally:
            PREFIX.reset(prefix)

    def _is_trusted(self, peer: str) -> bool:
        address = _address(peer)
        return self._unix if address is None and not peer else self._is_proxy(address)

    def _is_proxy(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)

    def _believe(self, environ: WSGIEnvironment) -> None:
        try:
            origin = self._origin(environ)
        except _Contradiction as problem:
            environ[PROBLEM] = str(problem)
            return
        if self._user_header:
            self._name_user(environ, self._user_header)
        if _is_passed_on(environ):
            environ[VIA_PROXY] = origin.is_here
        environ["REMOTE_ADDR"] = origin.client
        environ.pop("REMOTE_PORT", None)
        if origin.host is not None:
            environ[SENT_HOST] = environ.get("HTTP_HOST", "")
            environ["HTTP_HOST"] = origin.host
        if origin.scheme is not None:
            environ["wsgi.url_scheme"] = origin.scheme
        if origin.prefix:
            environ["SCRIPT_NAME"] = origin.prefix
            PREFIX.set(origin.prefix)

    def _name_user(self, environ: WSGIEnvironment, header: str) -> None:
        """Note who the proxy says is asking. An empty name is none."""
        user = environ.get(header, "").strip()
        if len(user) > LONGEST_USER or not user.isprintable():
            environ[PROBLEM] = f"a proxy names a user of {len(user):,} characters, or of some that cannot be printed"
        elif user:
            environ[USER] = user

    def _origin(self, environ: WSGIEnvironment) -> _Origin:
        peer = environ.get("REMOTE_ADDR", "")
        told = [self._walked(steps, peer) for steps in (_x_forwarded(environ), _forwarded(environ)) if steps]
        if not told:
            return _Origin(peer, None, None, _prefix(environ.get("HTTP_X_FORWARDED_PREFIX")))
        first, second = told[0], told[-1]
        for name in ("client", "host", "scheme"):
            one, other = getattr(first, name), getattr(second, name)
            if one is not None and other is not None and one != other:
                raise _Contradiction(f"Forwarded and X-Forwarded-* name different values of {name}")
        prefix = _prefix(environ.get("HTTP_X_FORWARDED_PREFIX"))
        is_here = first.is_here and second.is_here
        return _Origin(first.client, first.host or second.host, first.scheme or second.scheme, prefix, is_here)

    def _walked(self, steps: Sequence[_Step], peer: str) -> _Origin:
        """From the nearest proxy outwards, as long as those who connected are trusted proxies themselves."""
        client, last, is_here = peer, steps[-1], not peer or _is_loopback(_address(peer))
        for step in reversed(steps):
            last = step
            is_here = is_here and _is_loopback(step.client)
            if step.client is None:
                break
            client = str(step.client)
            if not self._is_proxy(step.client):
                break
        return _Origin(client, last.host, last.scheme, None, is_here)


def _is_loopback(address: Address | None) -> bool:
    return address is not None and address.is_loopback


def _is_passed_on(environ: WSGIEnvironment) -> bool:
    """Whether whoever connected says that somebody else asks, of whatever it says so."""
    return not FORWARDING.isdisjoint(environ)


def _x_forwarded(environ: WSGIEnvironment) -> list[_Step]:
    clients, hosts, schemes = (_listed(environ.get(f"HTTP_X_FORWARDED_{name}")) for name in ("FOR", "HOST", "PROTO"))
    if not (clients or hosts or schemes):
        return []
    count = max(len(clients), 1)
    return [
        _Step(
            _address(clients[i]) if clients else None,
            _aligned(hosts, i, count),
            _scheme(_aligned(schemes, i, count)),
        )
        for i in range(count)
    ]


def _listed(value: str | None) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()] if value else []


def _aligned(values: Sequence[str], i: int, count: int) -> str | None:
    """The value of a step; where not every proxy added one, the nearest proxy's."""
    if not values:
        return None
    return values[i] if len(values) == count else values[-1]


def _forwarded(environ: WSGIEnvironment) -> list[_Step]:
    value = environ.get("HTTP_FORWARDED")
    return [_element(element) for element in _split(value, ",")] if value else []


def _element(element: str) -> _Step:
    pairs: dict[str, str] = {}
    for part in _split(element, ";"):
        pair = _PAIR.fullmatch(part)
        if pair is None or pair[1].lower() in pairs:
            raise _Contradiction("the header Forwarded cannot be read")
        pairs[pair[1].lower()] = pair[2] or re.sub(r"\\(.)", r"\1", pair[3] or "")
    return _Step(_address(pairs.get("for", "")), pairs.get("host"), _scheme(pairs.get("proto")))


def _split(value: str, separator: str) -> list[str]:
    """The parts between separators that are in no quotes.

    >>> _split('for="a,b", for=c', ",")
    ['for="a,b"', ' for=c']
    """
    parts, quoted, start, i = [], False, 0, 0
    while i < len(value):
        if value[i] == "\\" and quoted:
            i += 1
        elif value[i] == '"':
            quoted = not quoted
        elif value[i] == separator and not quoted:
            parts.append(value[start:i])
            start = i + 1
        i += 1
    return [*parts, value[start:]]


def _address(text: str) -> Address | None:
    """The address in a step, its port and brackets left out; None for 'unknown' and hidden names.

    >>> _address("[2001:db8::1]:4711"), _address("192.0.2.1:80"), _address("unknown")
    (IPv6Address('2001:db8::1'), IPv4Address('192.0.2.1'), None)
    """
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _scheme(value: str | None) -> str | None:
    if value is None or value.lower() in ("http", "https"):
        return value and value.lower()
    raise _Contradiction(f"a proxy names the scheme {value[:20]!r}; it is http or https")


def _prefix(value: str | None) -> str | None:
    """The path that the proxy has taken off, without a slash at its end."""
    if value is None:
        return None
    if len(value) > 200 or not _PREFIX.fullmatch(value):
        raise _Contradiction(f"a proxy names the prefix {value[:40]!r}; it is a path such as /forecasts")
    return value.rstrip("/")
