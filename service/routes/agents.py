"""How agents ask: the Model Context Protocol, and a page that says what there is."""

from __future__ import annotations

from flask import request

from service.http.access import readable
from service.http.forms import MEGABYTE, Form, Intake
from service.http.operation import Reply, Service, operation
from service.mcp.dispatch import answered
from service.mcp.tools import BY_NAME
from service.schemas.agents import RPCMessage, RPCResponse
from service.store.scopes import OPEN
from service.translate import llms


@operation(
    "POST",
    "/mcp",
    body=(Intake("application/json", RPCMessage, bytes),),
    forms=(Form("", "application/json", bytes, RPCResponse),),
    errors=(413, 415, 503),
    largest=MEGABYTE,
    also=(202, 400, 404),
)
def mcp(service: Service, body: bytes) -> Reply:
    """Answer one message of the Model Context Protocol (2026-07-28, 2025-11-25 and 2025-06-18): tools for agents.

    There is no session and no stream: each request is answered by itself, as JSON. Tools are answered by the
    operations that they stand for, in short, with revision and permalink; what refuses a question is told in the answer
    of the tool. A batch is refused.
    """
    return answered(service, body, request.headers)


@operation("GET", "/llms.txt", forms=(Form("", "text/plain; charset=utf-8", bytes, str),), scope=OPEN)
def llms_txt(service: Service) -> Reply:
    """Say in a page what can be asked and how, with the models that are served, for programs that write language."""
    ready = [forecaster for name, forecaster in service.live.now.ready.items() if readable(name)]
    return Reply(lambda: llms.page(ready, service.operations, tuple(BY_NAME)).encode())


OPERATIONS = (mcp, llms_txt)
