"""An answer gathered whole before a byte of it is sent, so that it is sent without waiting for its reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gunicorn.http.wsgi import Response

Header = tuple[str, str]

MOST_CHECKED = 4_096
LONGEST_CHECKED = 500
OF_THE_MESSAGE = frozenset({"content-length", "connection", "upgrade"})
"""Headers that say how the message is sent: each is looked at anew."""

_checked: dict[Header, Header] = {}
"""Headers that gunicorn has checked, as it sends them: a poll's are the same each time, and to check them is a tenth of
its cost."""


class GatheredResponse(Response):  # type: ignore[misc]
    """gunicorn's response, its checks of headers and lengths included, that keeps what it would write."""

    response_length: int | None

    def __init__(self, req: Any, sock: Any, cfg: Any) -> None:
        super().__init__(req, sock, cfg)
        self.parts: list[bytes] = []

    def process_headers(self, headers: Iterable[Header]) -> None:
        """Take the headers of an answer. Raises as gunicorn does for a name or a value that may not be sent."""
        for header in headers:
            known = _checked.get(header)
            if known is not None:
                self.headers.append(known)
            else:
                self._check(header)

    def _check(self, header: Header) -> None:
        """Let gunicorn check one, and keep it where it is sent whatever the answer."""
        before = len(self.headers)
        super().process_headers((header,))
        name, value = header
        if len(self.headers) == before + 1 and name.lower() not in OF_THE_MESSAGE and len(value) <= LONGEST_CHECKED:
            if len(_checked) >= MOST_CHECKED:
                _checked.clear()
            _checked[header] = self.headers[-1]

    def is_chunked(self) -> bool:
        """Never: the length is known before the answer is sent."""
        return False

    def send_headers(self) -> None:
        """Nothing yet; ``whole`` has them."""

    def _emit_body(self, data: bytes) -> None:
        self.parts.append(data)

    def whole(self) -> bytes:
        """Every byte of the answer."""
        if self.response_length is None and not self._omits_body:
            self.response_length = self.sent
            self.headers.append(("Content-Length", str(self.sent)))
        fields = [*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"]
        self.headers_sent = True
        return b"".join(("".join(fields).encode("latin-1"), *self.parts))

    @property
    def is_short(self) -> bool:
        """Whether the body is shorter than its declared length."""
        return self.response_length is not None and not self._omits_body and self.sent < self.response_length
