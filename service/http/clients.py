"""Who asks: where a request comes from, what it presents, and what that lets it do."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from service.http.access_errors import NotAllowed, TokenNeeded
from service.http.proxies import FORWARDING, VIA_PROXY
from service.store.links import Question
from service.store.scopes import ADMIN, OPEN, READ, SCOPES, Scope, covers, implies

CLIENT = "aftermath.client"
"""Where the environment of a request has its client."""
CLIENT_NAME = "aftermath.client_name"
"""Where it has the client's name: the same name may do the same, for as long as what it presents is valid."""
REFUSAL = "aftermath.refusal"
"""Where it has the error that the client is to be answered with, if what it presents is wrong."""
OUTCOME = "aftermath.outcome"
"""Where it has the code of the error that the request ended in, once it has."""

ADDRESSES = 1_024


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks. ``name`` tells one from another and stands in the audit log; ``address`` is where it asks from.

    ``scopes`` are what it may do, with the models that one of the patterns matches; a link one ``question`` alone.
    """

    name: str
    address: str
    scopes: tuple[str, ...]
    models: tuple[str, ...] = ("*",)
    question: Question | None = None

    def allows(self, scope: Scope, model: str | None = None) -> bool:
        """Whether it may do that, and where a model is named, to that model."""
        return implies(self.scopes, scope) and (model is None or scope == OPEN or covers(self.models, model))

    @property
    def is_known(self) -> bool:
        """Whether it presented something: what it reads is for nobody else."""
        return self.name not in (HERE, ANYBODY)

    def demand(self, scope: Scope, model: str | None = None) -> None:
        """Raise TokenNeeded or NotAllowed, with what would be allowed, unless it may do that."""
        if self.allows(scope, model):
            return
        of_model = "" if model is None else " of every model" if model == "*" else f" of the model {model!r}"
        if not self.is_known:
            what = "every request" if scope == READ else f"what needs the scope {scope!r}"
            raise TokenNeeded(
                f"beyond this machine {what} needs a token{of_model}: send Authorization: Bearer TOKEN; "
                "'aftermath token new' makes one"
            )
        wider = ", ".join(SCOPES[SCOPES.index(scope) :])
        raise NotAllowed(
            f"this needs a token of scope {wider}{of_model}; yours has {', '.join(self.scopes) or 'none'} "
            f"of {', '.join(self.models)}",
            scope=scope,
        )


HERE = "this machine"
ANYBODY = "anybody"


@lru_cache(ADDRESSES)
def here(address: str) -> Client:
    """Whoever asks from this machine without a token: what its user may do to the files, it may do here."""
    return Client(HERE, address or "a local socket", (ADMIN,))


@lru_cache(ADDRESSES)
def anybody(address: str, scopes: tuple[str, ...]) -> Client:
    """Whoever asks from elsewhere without a token."""
    return Client(ANYBODY, address, scopes)


def is_here(environ: Mapping[str, Any]) -> bool:
    """Whether a request was made on this machine and passed on by nobody, or by trusted proxies on it alone.

    A Unix socket counts where whoever connected to it is the user that the service runs as.
    """
    via = environ.get(VIA_PROXY)
    if via is not None:
        return bool(via)
    peer = environ.get("REMOTE_ADDR")
    if peer is None or not FORWARDING.isdisjoint(environ):
        return False
    return is_loopback(peer) if peer else _is_own_socket(environ)


@lru_cache(ADDRESSES)
def is_loopback(address: str) -> bool:
    """Whether an address is of the loopback.

    >>> [is_loopback(each) for each in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "192.0.2.1", "localhost")]
    [True, True, True, False, False]
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


def _is_own_socket(environ: Mapping[str, Any]) -> bool:
    """Whether a Unix socket was connected to by the user of this process, where the system says by whom."""
    sock, option = environ.get("gunicorn.socket"), getattr(socket, "SO_PEERCRED", None)
    if sock is None or option is None or sock.family != socket.AF_UNIX:
        return False
    try:
        _, user, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    except OSError:
        return False
    return bool(user == os.geteuid())


@lru_cache(ADDRESSES)
def network(address: str) -> str:
    """What is counted as one client without a token: an IPv4 address, or the network of 64 bits of an IPv6 address.

    >>> network("192.0.2.1"), network("2001:db8::1:2:3")
    ('192.0.2.1', '2001:db8::/64')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address[:80]
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)
