"""Which revisions of the protocol are spoken, and what a request must have to be of one.

The revision of 2026-07-28 has no session: each request says its version in a header and in ``_meta``, and headers
repeat its method and the name of its tool. The two before it begin with ``initialize``, which is answered from the
request alone, so that nothing is remembered of it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from werkzeug.datastructures import Headers

from service.mcp.messages import HEADER_MISMATCH, INVALID_PARAMS, UNSUPPORTED_VERSION, Message, RPCError

STATELESS = "2026-07-28"
OF_SESSIONS = ("2025-11-25", "2025-06-18")
SUPPORTED = (STATELESS, *OF_SESSIONS)
VERSION_HEADER, METHOD_HEADER, NAME_HEADER = "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"
PREFIX = "io.modelcontextprotocol/"
VERSION, CAPABILITIES, SERVER = f"{PREFIX}protocolVersion", f"{PREFIX}clientCapabilities", f"{PREFIX}serverInfo"
ENCODED = ("=?base64?", "?=")
"""Around a name that is no plain ASCII."""


def version_of(message: Message, headers: Headers) -> str:
    """The revision that a message is of.

    Raises RPCError where headers and body differ, where something needed is missing, or for another revision.
    """
    named = headers.get(VERSION_HEADER)
    if message.id is None or (message.method == "initialize" and VERSION not in message.meta):
        _demand_known(named or OF_SESSIONS[0], message)
        return named or OF_SESSIONS[0]
    if named in OF_SESSIONS and VERSION not in message.meta:
        return str(named)
    if named is None and VERSION not in message.meta:
        raise RPCError(
            HEADER_MISMATCH,
            f"the header {VERSION_HEADER} is missing; it names one of {', '.join(SUPPORTED)}",
            id=message.id,
        )
    _demand_stateless(message, headers)
    return STATELESS


def _demand_stateless(message: Message, headers: Headers) -> None:
    """What each request of the revision without sessions has."""
    missing = [key for key in (VERSION, CAPABILITIES) if key not in message.meta]
    if missing:
        raise RPCError(INVALID_PARAMS, f"params._meta lacks {' and '.join(missing)}", id=message.id)
    said = {VERSION_HEADER: message.meta[VERSION], METHOD_HEADER: message.method}
    if message.method == "tools/call" and isinstance(message.params.get("name"), str):
        said[NAME_HEADER] = message.params["name"]
    for header, value in said.items():
        found = _decoded(headers.get(header)) if header == NAME_HEADER else headers.get(header)
        if found != value:
            raise RPCError(
                HEADER_MISMATCH,
                f"the header {header} has {str(found)[:80]!r}, and the body {str(value)[:80]!r}"
                if found is not None
                else f"the header {header} is missing or cannot be read; the body has {str(value)[:80]!r}",
                id=message.id,
            )
    _demand_known(message.meta[VERSION], message)
    if message.meta[VERSION] != STATELESS:
        raise RPCError(INVALID_PARAMS, f"{VERSION} in params._meta is of {STATELESS} and later", id=message.id)


def _demand_known(version: Any, message: Message) -> None:
    if version not in SUPPORTED:
        data = {"supported": list(SUPPORTED), "requested": str(version)[:80]}
        raise RPCError(
            UNSUPPORTED_VERSION,
            f"the revision {str(version)[:80]!r} of the protocol is not spoken; {', '.join(SUPPORTED)} are",
            data=data,
            id=message.id,
        )


def agreed(asked: object) -> str:
    """The revision that ``initialize`` is answered with: the one asked for, else the newest that has sessions.

    >>> agreed("2025-06-18"), agreed("2024-11-05")
    ('2025-06-18', '2025-11-25')
    """
    return str(asked) if asked in OF_SESSIONS else OF_SESSIONS[0]


def _decoded(value: str | None) -> str | None:
    """A header that may be encoded; None where it cannot be read.

    >>> _decoded("forecast"), _decoded("=?base64?Zm9yZWNhc3Q=?="), _decoded("=?base64?!?=")
    ('forecast', 'forecast', None)
    """
    begin, end = ENCODED
    if value is None or not (value.startswith(begin) and value.endswith(end)):
        return value
    try:
        return base64.b64decode(value[len(begin) : -len(end)], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
