"""How large a body may be at an address, for a server that reads bodies before it asks the application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flask import Flask
from werkzeug.exceptions import HTTPException

EXTENSION = "largest_body"
"""Where the application has the question: ``app.extensions[EXTENSION](method, path)``."""
ELSEWHERE = 1_000_000
"""Where no operation reads a body."""


class Limited(Protocol):
    """An operation, as far as its body goes."""

    @property
    def largest(self) -> int:
        """The most bytes of a body."""


def register(app: Flask, operations: Sequence[Limited]) -> None:
    """Let the server ask; the endpoints of the application start with the operation's number."""
    addresses = app.url_map.bind("localhost")

    def largest(method: str, path: str) -> int:
        try:
            endpoint, _ = addresses.match(path, method)
        except HTTPException:
            return ELSEWHERE
        return operations[int(endpoint.partition(" ")[0])].largest

    app.extensions[EXTENSION] = largest
