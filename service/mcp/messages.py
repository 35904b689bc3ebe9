"""JSON-RPC 2.0 messages: one request or notification read, one response written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from model.errors import AftermathError
from service.http import strict_json
from service.http.json_encoding import encoded

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
STATUSES = {METHOD_NOT_FOUND: 404}
"""HTTP statuses of errors; of all others 400."""

Id = str | int


class RPCError(Exception):
    """A message that is answered with an error of the protocol, under its id where that could be read."""

    def __init__(self, code: int, detail: str, *, data: Any = None, id: Id | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.data = data
        self.id = id


@dataclass(frozen=True, slots=True)
class Message:
    """A request, or without an id a notification."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    id: Id | None = None

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the client says of itself with the request."""
        found = self.params.get("_meta")
        return found if isinstance(found, dict) else {}


def read(data: bytes) -> Message:
    """The one message of a body. Raises RPCError: for what is no JSON, and for what is no single message, as a batch.

    >>> read(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}')
    Message(method='ping', params={}, id=1)
    """
    try:
        body = strict_json.read(data)
    except AftermathError as error:
        raise RPCError(PARSE_ERROR, f"the body is no JSON: {error.detail}") from None
    if not isinstance(body, dict):
        found = "a list: batches are of no revision that is spoken here" if isinstance(body, list) else repr(body)[:80]
        raise RPCError(INVALID_REQUEST, f"expected one JSON-RPC request or notification; found {found}")
    return _message(body)


def _message(body: Mapping[str, Any]) -> Message:
    identity = body.get("id")
    known = identity if isinstance(identity, str | int) and not isinstance(identity, bool) else None
    if "id" in body and known is None:
        raise RPCError(INVALID_REQUEST, f"expected a text or a whole number as id; found {repr(identity)[:80]}")
    if body.get("jsonrpc") != "2.0":
        raise RPCError(INVALID_REQUEST, f"expected jsonrpc '2.0'; found {repr(body.get('jsonrpc'))[:80]}", id=known)
    method, params = body.get("method"), body.get("params", {})
    if not isinstance(method, str):
        raise RPCError(INVALID_REQUEST, "expected the name of a method; responses are not taken", id=known)
    if not isinstance(params, dict):
        raise RPCError(INVALID_PARAMS, f"expected params by name; found {repr(params)[:80]}", id=known)
    return Message(method, params, known)


def result(message: Message, content: Mapping[str, Any]) -> bytes:
    """The response to a request."""
    return encoded({"jsonrpc": "2.0", "id": message.id, "result": content})


def error(found: RPCError) -> tuple[int, bytes]:
    """The status and the body of an error."""
    said = {"code": found.code, "message": found.detail, **({} if found.data is None else {"data": found.data})}
    return STATUSES.get(found.code, 400), encoded({"jsonrpc": "2.0", "id": found.id, "error": said})
