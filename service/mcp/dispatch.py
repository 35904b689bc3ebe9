"""Each method of the protocol, answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from msgspec import Struct, to_builtins
from werkzeug.datastructures import Headers

from model.errors import AftermathError, ExplainedError
from service.http.access_errors import NotAllowed, TokenNeeded
from service.http.json_encoding import encoded
from service.http.operation import Reply, Service
from service.http.problems import problem
from service.mcp.messages import INVALID_PARAMS, METHOD_NOT_FOUND, Message, RPCError, error, read, result
from service.mcp.tools import BY_NAME, TOOLS, Tool
from service.mcp.versions import SERVER, STATELESS, SUPPORTED, agreed, version_of

MOST_ALLOWED = 20
ACCEPTED = 202
SERVER_INFO = {"name": "aftermath", "title": "Aftermath", "version": version("aftermath")}
INSTRUCTIONS = (
    "What-if forecasts from Bayesian networks, exact and cited. Call list_models, then find_variables, then forecast. "
    "`given` is what is known, `do` what is done: they differ. Cite the permalink of each answer that you use, say its "
    "interval (lo, hi), and hold what you write against its answers with check_prose. More: /llms.txt."
)
CACHED = {"ttlMs": 60_000, "cacheScope": "private"}
"""For how long a client may keep what tools there are."""


def answered(service: Service, data: bytes, headers: Headers) -> Reply:
    """The answer to one message: a response, an error, or for a notification nothing."""
    try:
        message = read(data)
        revision = version_of(message, headers)
        if message.id is None:
            return Reply(lambda: b"", status=ACCEPTED)
        return _reply(service, message, revision)
    except RPCError as found:
        status, body = error(found)
        return Reply(lambda: body, status=status)


def _reply(service: Service, message: Message, revision: str) -> Reply:
    if message.method == "tools/call":
        return _called(service, message, revision)
    methods = METHODS_STATELESS if revision == STATELESS else METHODS_OF_SESSIONS
    method = methods.get(message.method)
    if method is None:
        raise RPCError(
            METHOD_NOT_FOUND,
            f"no method {message.method[:80]!r}; the methods are {', '.join((*methods, 'tools/call'))}",
            id=message.id,
        )
    content = _complete(method(message), revision)
    return Reply(lambda: result(message, content))


def _discover(_: Message) -> dict[str, Any]:
    return {
        "supportedVersions": list(SUPPORTED),
        "capabilities": {"tools": {}},
        "serverInfo": SERVER_INFO,
        "instructions": INSTRUCTIONS,
        **CACHED,
    }


def _initialize(message: Message) -> dict[str, Any]:
    return {
        "protocolVersion": agreed(message.params.get("protocolVersion")),
        "capabilities": {"tools": {}},
        "serverInfo": SERVER_INFO,
        "instructions": INSTRUCTIONS,
    }


def _tools(message: Message) -> dict[str, Any]:
    if message.params.get("cursor") is not None:
        raise RPCError(INVALID_PARAMS, "no such cursor: the tools come all at once", id=message.id)
    return {"tools": [tool.described() for tool in TOOLS], **CACHED}


METHODS_STATELESS: Mapping[str, Callable[[Message], dict[str, Any]]] = {
    "server/discover": _discover,
    "tools/list": _tools,
}
METHODS_OF_SESSIONS: Mapping[str, Callable[[Message], dict[str, Any]]] = {
    "initialize": _initialize,
    "ping": lambda _: {},
    "tools/list": _tools,
}


def _complete(content: dict[str, Any], revision: str) -> dict[str, Any]:
    """A result as its revision has it."""
    if revision != STATELESS:
        return {key: value for key, value in content.items() if key not in CACHED}
    return {"resultType": "complete", **content, "_meta": {SERVER: SERVER_INFO}}


def _called(service: Service, message: Message, revision: str) -> Reply:
    """The answer of a tool; what refuses it is told in the answer, in the words of a problem document."""
    tool = _tool(message)
    arguments = message.params.get("arguments")
    if arguments is not None and not isinstance(arguments, dict):
        raise RPCError(INVALID_PARAMS, f"expected arguments by name; found {repr(arguments)[:80]}", id=message.id)

    def refused(found: ExplainedError) -> bytes:
        text = {"type": "text", "text": encoded(_told(found)).decode().strip()}
        return result(message, _complete({"content": [text], "isError": True}, revision))

    def said(content: Struct) -> bytes:
        body = to_builtins(content)
        text = {"type": "text", "text": encoded(body).decode().strip()}
        return result(message, _complete({"content": [text], "structuredContent": body, "isError": False}, revision))

    try:
        call = tool.called(service, arguments or {})
    except (NotAllowed, TokenNeeded):
        raise
    except AftermathError as found:
        told = refused(found)
        return Reply(lambda: told)
    return Reply(lambda: said(call.content()), cost=call.cost, refused=refused)


def _tool(message: Message) -> Tool:
    name = message.params.get("name")
    if not isinstance(name, str) or name not in BY_NAME:
        raise RPCError(INVALID_PARAMS, f"no tool {str(name)[:80]!r}; the tools are {', '.join(BY_NAME)}", id=message.id)
    return BY_NAME[name]


def _told(found: ExplainedError) -> dict[str, Any]:
    """A refusal in the words of its problem document, no longer than a client needs."""
    body: dict[str, Any] = {**problem(found)}
    told = {key: body[key] for key in ("code", "detail", "pointer", "did_you_mean")}
    told["detail"] = told["detail"][:1_000]
    told["allowed"] = body["allowed"][:MOST_ALLOWED]
    told["errors"] = [
        {
            key: each[key] if key != "detail" else each[key][:300]
            for key in ("code", "detail", "pointer", "did_you_mean")
        }
        for each in body["errors"][:5]
    ]
    if "conflict" in body:
        told["conflict"] = body["conflict"][:MOST_ALLOWED]
    seconds = getattr(found, "retry_after", None)
    return told if seconds is None else {**told, "retry_after": seconds}
