"""The bodies of requests, read within a bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request

from service.http.forms import Intake
from service.http.problems import BodyTooLarge, WrongMediaType


def body_of(intakes: Sequence[Intake], largest: int) -> Any:
    """The body of the request, of so many bytes at the most, read as its media type says.

    Raises WrongMediaType, BodyTooLarge, and what the reading of that media type raises.
    """
    readable = {intake.media: intake for intake in intakes}
    media, encoding = request.mimetype, request.headers.get("Content-Encoding", "identity")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if media not in readable or charset not in ("utf-8", "utf8"):
        found = request.headers.get("Content-Type", "no Content-Type")
        raise WrongMediaType(
            f"the body is read as {' or '.join(readable)} in UTF-8, not as {found[:100]!r}", allowed=tuple(readable)
        )
    if encoding.lower() != "identity":
        raise WrongMediaType(f"the body is read as it is, not in the coding {encoding[:100]!r}", allowed=("identity",))
    return readable[media].read(_bytes(largest))


def _bytes(largest: int) -> bytes:
    """The body as sent. The framework cuts a chunked body at its limit and says nothing, so that is one byte beyond."""
    length = request.content_length or 0
    request.max_content_length = largest + 1
    data = request.get_data(cache=False) if length <= largest else None
    if data is None or len(data) > largest:
        raise BodyTooLarge(f"the body is larger than {largest:,} bytes")
    return data
