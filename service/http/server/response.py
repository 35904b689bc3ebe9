"""An answer gathered whole before a byte of it is sent, so that it is sent without waiting for its reader."""

from __future__ import annotations

from typing import Any

from gunicorn.http.wsgi import Response


class GatheredResponse(Response):  # type: ignore[misc]
    """gunicorn's response, its checks of headers and lengths included, that keeps what it would write."""

    response_length: int | None

    def __init__(self, req: Any, sock: Any, cfg: Any) -> None:
        super().__init__(req, sock, cfg)
        self.parts: list[bytes] = []

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
