"""Text for the log without what clients present: no token and no key stands there."""

from __future__ import annotations

import re

_SECRET = re.compile(r"\ba[ml]_[a-z0-9]{12}_[A-Za-z0-9_-]{8,}")
_KEY = re.compile(r"(?<=[?&]key=)[^&\s'\"]+")
_BEARER = re.compile(r"(?<=\bbearer )[^\s'\"]+", re.IGNORECASE)


def redacted(text: str) -> str:
    """The text with dots in place of tokens and keys, whole or damaged.

    >>> redacted("GET /v1/models?key=al_abc&given=a:b, Authorization: Bearer am_x")
    'GET /v1/models?key=...&given=a:b, Authorization: Bearer ...'
    """
    for pattern in (_SECRET, _KEY, _BEARER):
        text = pattern.sub("...", text)
    return text
