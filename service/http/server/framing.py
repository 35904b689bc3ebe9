"""Where a request ends among the bytes of a connection. Whether it is well-formed is the parser's to say.

A request that cannot be framed counts as ended: the parser gets what there is, and refuses it. The parser also
has the last word on the end: bytes that it leaves over close the connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST_HEAD = 65_536
LONGEST_LINE = 8_190
"""Of the request, as limit_request_line has it, and of the size of a chunk."""
UNCOUNTABLE = 10**18

_END = b"\r\n\r\n"
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding|expect)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says of the body. ``size`` is the head's bytes, ``length`` the body's where it is declared."""

    size: int
    length: int = 0
    chunked: bool = False
    expects_continue: bool = False
    foreign_coding: bool = False

    @property
    def has_body(self) -> bool:
        """Whether bytes follow the head."""
        return self.chunked or self.length > 0


def head_of(data: bytes | bytearray) -> Head | None:
    r"""The head at the start of the bytes, or None while it has not ended.

    >>> head_of(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    Head(size=38, length=2, chunked=False, expects_continue=False, foreign_coding=False)
    >>> head_of(b"GET / HTTP/1.1\r\nHost:") is None
    True
    """
    start = 2 if data.startswith(b"\r\n") else 0
    end = data.find(_END, start)
    if end < 0:
        bare = data.count(b"\n") != data.count(b"\r\n")
        return Head(len(data)) if bare else None
    found = _FRAMING.findall(data, start, end + 2)
    return _described(end + 4, found) if found else Head(end + 4)


def _described(size: int, found: list[tuple[bytes, bytes]]) -> Head:
    values: dict[bytes, list[bytes]] = {}
    for name, value in found:
        values.setdefault(name.lower(), []).append(value.strip(b" \t").lower())
    lengths, codings = values.get(b"content-length", []), values.get(b"transfer-encoding", [])
    expects = values.get(b"expect") == [b"100-continue"]
    if codings:
        steps = [step.strip(b" \t") for value in codings for step in value.split(b",")]
        chunked = steps == [b"chunked"] and not lengths
        return Head(size, 0, chunked, expects, foreign_coding=b"chunked" not in steps[:-1] and steps != [b"chunked"])
    if len(lengths) == 1 and lengths[0].isdigit():
        length = int(lengths[0]) if len(lengths[0]) <= 18 else UNCOUNTABLE
        return Head(size, length, expects_continue=expects)
    return Head(size, expects_continue=expects and not lengths)


def too_long(data: bytes | bytearray) -> int | None:
    """The status that refuses a head that has not ended, once it is too long to go on waiting for."""
    if data.find(b"\r\n", 2, LONGEST_LINE + 4) < 0 and len(data) > LONGEST_LINE + 4:
        return 414
    return 431 if len(data) > LONGEST_HEAD else None


@dataclass(slots=True)
class Chunks:
    r"""Looks for the end of a chunked body. ``at`` is where its next chunk starts, ``size`` what the chunks hold.

    >>> chunks = Chunks(0)
    >>> chunks.end(b"2\r\n{}\r\n0\r\n"), chunks.end(b"2\r\n{}\r\n0\r\n\r\nGET")
    (None, 12)
    """

    at: int
    size: int = field(default=0)

    def end(self, data: bytes | bytearray) -> int | None:
        """Where the body ends, all that there is when it is malformed, or None while more has to come."""
        while self.at < len(data):
            line = data.find(b"\r\n", self.at, self.at + LONGEST_LINE)
            if line < 0:
                return len(data) if len(data) - self.at >= LONGEST_LINE else None
            size = _CHUNK_SIZE.fullmatch(data, self.at, line)
            if size is None:
                return len(data)
            if not int(size[1], 16):
                return self._end_of_trailers(data, line)
            self.size += int(size[1], 16)
            self.at = line + 2 + int(size[1], 16) + 2
        return None

    def _end_of_trailers(self, data: bytes | bytearray, line: int) -> int | None:
        end = data.find(_END, line)
        if end < 0:
            bare = data.count(b"\n", line) != data.count(b"\r\n", line)
            return len(data) if bare or len(data) - line > LONGEST_HEAD else None
        return end + 4
