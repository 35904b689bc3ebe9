"""A store that cannot be reached: one at a time tries again, and all others are refused at once.

A server that does not answer is waited for by every request that needs it. Were all of them to wait, they would take
the threads of those that need no store.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from service.store.errors import StoreUnreachable

RETRIED = 1.0
"""Seconds between two tries at least."""
SHARE = 2
"""Times as long as a try took that the next is put off: a server that is silent is waited for a third of the time."""


class Outage:
    """What one process knows of whether its store can be reached.

    >>> outage = Outage()
    >>> with outage.watched():
    ...     raise StoreUnreachable("nobody answers")
    Traceback (most recent call last):
    service.store.errors.StoreUnreachable: nobody answers
    >>> outage.is_on
    True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._error: StoreUnreachable | None = None
        self._again = 0.0
        self._trying: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether the last try failed."""
        return self._error is not None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """One use of the store. Raises StoreUnreachable at once where it is not this one's turn to try it."""
        tries, started = self._begun(), time.monotonic()
        try:
            yield
        except StoreUnreachable as error:
            ended = time.monotonic()
            self._error, self._again = error, ended + max(RETRIED, SHARE * (ended - started))
            raise
        else:
            self._error = None
        finally:
            if tries:
                self._trying = None

    def _begun(self) -> bool:
        """Whether this thread begins a try, which what it does within it is part of."""
        own = threading.get_ident()
        with self._lock:
            if self._error is None or self._trying == own:
                return False
            if self._trying is not None or time.monotonic() < self._again:
                raise StoreUnreachable(self._error.detail)
            self._trying = own
            return True
