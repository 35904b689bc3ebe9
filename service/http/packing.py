"""Answers packed by zstd (RFC 8878) or gzip (RFC 1952) for clients that unpack them, under tags of their own."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator

import zstandard
from flask import Flask, Response, request

from model.inference.lru import ByteLRU

SMALLEST, LARGEST = 1_000, 4_000_000
"""Bytes of answers that are packed: for fewer it is not worth the time, and more would take long."""

GZIP_LEVEL, ZSTD_LEVEL = 6, 6
"""Every marginal of 130 variables with all that is said of it, 155 kB, takes 1.9 ms to 27.8 kB by gzip, 0.8 ms to
27.4 kB by zstd."""
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
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda data: zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(data),
    "gzip": lambda data: gzip.compress(data, GZIP_LEVEL, mtime=0),
}
"""Ways to pack, the preferred first among those that a client wants alike."""

MEMORY = 16_000_000


def tags(tag: str) -> Iterator[str]:
    """Every tag under which an answer goes out: its own, and of each coding its own with that at the end."""
    yield tag
    for coding in CODINGS:
        yield f"{tag}-{coding}"


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
        coding = _wanted()
        if coding is None:
            return response
        tag, _ = response.get_etag()
        known = f"{tag}-{coding}"
        data = kept.find(known) if tag else None
        if data is None:
            data = CODINGS[coding](response.get_data())
            if tag:
                kept.put(known, data, weight=len(data))
        response.set_data(data)
        response.headers["Content-Encoding"] = coding
        if tag:
            response.set_etag(known)
        return response

    return pack


def _wanted() -> str | None:
    """The coding that the client wants most, None where it wants none of them."""
    if "HTTP_ACCEPT_ENCODING" not in request.environ:
        return None
    wanted = {coding: request.accept_encodings.quality(coding) for coding in CODINGS}
    best = max(wanted, key=lambda coding: wanted[coding])
    return best if wanted[best] else None
