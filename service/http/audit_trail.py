"""One line for each write and for each refusal of a write or of what was presented: in the store, else in the log.

Refusals cost an attacker nothing, so that only some of them are written down: the audit log is never pruned.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from service.http.redaction import redacted
from service.http.shared_counts import SharedCounts
from service.store import audit
from service.store.database import Store
from service.store.errors import StoreError

logger = logging.getLogger(__name__)

A_MINUTE = 10
"""Refusals of one address in a minute that are written down."""
A_DAY = 2_000
"""Refusals in a day that are written down: some 300 bytes each."""
MINUTE, DAY = 60, 86_400
PATIENCE = 0.5
"""Seconds that a line waits for other writes to the store before it goes to the log."""
LONGEST = 300


class AuditTrail:
    """Where lines go. ``store`` is None where the service keeps nothing."""

    def __init__(self, store: Store | None, counts: SharedCounts) -> None:
        self._store = store
        self._counts = counts

    def done(self, deed: audit.Deed) -> None:
        """Note a write, whatever came of it."""
        self._write(_bounded(deed))

    def refused(self, deed: audit.Deed, address: str) -> None:
        """Note a refusal, unless there were too many of them."""
        of_address = self._counts.take(f"refusals noted of {address}", limit=A_MINUTE, seconds=MINUTE)
        if not of_address.allowed:
            return
        of_all = self._counts.take("refusals noted", limit=A_DAY, seconds=DAY)
        if of_address.remaining == 0 or of_all.remaining == 0:
            logger.warning("further refusals of %s are not noted for a while", address)
        if of_all.allowed:
            self._write(_bounded(deed))

    def _write(self, deed: audit.Deed) -> None:
        if self._store is not None:
            try:
                with self._store.writing(patience=PATIENCE) as connection:
                    audit.append(connection, deed, at=self._store.clock())
            except StoreError as error:
                logger.warning("the audit log cannot be written to: %s", error)
            else:
                return
        detail = json.dumps(dict(deed.detail), sort_keys=True)
        logger.info("audit: %r %r from %r: %s %s", deed.who, deed.what, deed.origin, deed.outcome, detail)


def _bounded(deed: audit.Deed) -> audit.Deed:
    """A deed whose words are short and hold neither secrets nor what cannot be kept."""
    detail: Mapping[str, Any] = {name: _text(value) for name, value in deed.detail.items()}
    return audit.Deed(_text(deed.who), _text(deed.what), _text(deed.origin), deed.outcome, detail)


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    short = redacted(value[:LONGEST])
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in short)
