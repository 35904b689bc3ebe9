"""The shapes of messages to and from agents, as the description of the service has them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from pydantic import ConfigDict, Field

from service.http.validation import Shape


class RPCMessage(Shape):
    """A JSON-RPC request or, without an id, a notification."""

    model_config = ConfigDict(extra="allow", frozen=True)

    jsonrpc: Literal["2.0"]
    id: Annotated[int | str, Field(description="Comes back with the response.")] = 0
    method: Annotated[str, Field(description="`server/discover`, `initialize`, `ping`, `tools/list`, `tools/call`.")]
    params: Annotated[dict[str, Any], Field(description="For `tools/call` `name` and `arguments`.")] = Field(
        default_factory=dict
    )


class RPCResponse(Struct):
    """A JSON-RPC response: a result, or an error."""

    jsonrpc: str
    id: Annotated[object, Meta(description="Of the request; null where it could not be read.")]
    result: dict[str, object] | UnsetType = UNSET
    error: dict[str, object] | UnsetType = UNSET
