"""Answers packed by gzip (RFC 1952) for clients that unpack them, under a tag of their own."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from flask import Flask, Response, request

from model.inference.lru import ByteLRU

SMALLEST, LARGEST = 1_000, 4_000_000
"""Bytes of answers that are packed: for fewer it is not worth the time, and more would take long."""

LEVEL = 6
MEDIA = frozenset(
    {
        "application/atom+xml",
        "application/json",
        "text/csv",
        "text/html",
        "text/markdown",
        "text/plain",
        "text/vnd.graphviz",
    }
)
SUFFIX = "-gzip"
"""What the tag of a packed answer ends with."""

MEMORY = 16_000_000


def packed_kept() -> ByteLRU[bytes]:
    """Where packed answers are kept, empty: by the tag of the answer, which decides its bytes."""
    return ByteLRU(MEMORY, largest=MEMORY // 8)


def register(app: Flask, kept: ByteLRU[bytes]) -> None:
    """Pack every answer that gains by it."""
    app.after_request(_packing(kept))


def _packing(kept: ByteLRU[bytes]) -> Callable[[Response], Response]:
    def pack(response: Response) -> Response:
        if response.mimetype not in MEDIA or "Content-Encoding" in response.headers or response.is_streamed:
            return response
        if response.status_code == 304:
            response.vary.add("Accept-Encoding")
        if response.status_code != 200 or not SMALLEST <= (response.content_length or 0) <= LARGEST:
            return response
        response.vary.add("Accept-Encoding")
        if not request.accept_encodings["gzip"]:
            return response
        tag, _ = response.get_etag()
        data = kept.find(tag) if tag else None
        if data is None:
            data = gzip.compress(response.get_data(), LEVEL, mtime=0)
            if tag:
                kept.put(tag, data, weight=len(data))
        response.set_data(data)
        response.headers["Content-Encoding"] = "gzip"
        if tag:
            response.set_etag(f"{tag}{SUFFIX}")
        return response

    return pack
