"""A store that cannot be reached: one at a time tries again, and all others are refused at once.

A server that does not answer is waited for by every request that needs it. Were all of them to wait, they would take
the threads of those that need no store.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from service.store.errors import StoreUnreachable

RETRIED, LONGEST = 1.0, 10.0
"""Seconds between two tries, at least and at most."""
SHARE = 2
"""Times as long as a try took that the next is put off: a server that is silent is waited for a third of the time."""


class Outage:
    """What one process knows of whether its store can be reached.

    >>> outage = Outage()
    >>> with outage.watched():
    ...     raise StoreUnreachable("nobody answers")
    Traceback (most recent call last):
    service.store.errors.StoreUnreachable: nobody answers
    >>> with outage.watched():
    ...     print("it is not time for the next try")
    Traceback (most recent call last):
    service.store.errors.StoreUnreachable: nobody answers
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._error: StoreUnreachable | None = None
        self._again = 0.0
        self._reached = 0.0
        self._trying: tuple[int, int] | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """One use of the store. Raises StoreUnreachable at once where it is not this one's turn to try it.

        A use that fails puts the next try off, unless a newer one has reached the store meanwhile.
        """
        tries, started = self._begun(), time.monotonic()
        try:
            yield
        except StoreUnreachable as error:
            self._failed(error, started)
            raise
        except BaseException:
            if tries:
                self._again = 0.0  # it may be there: whoever comes next looks
            raise
        else:
            with self._lock:
                self._error, self._reached = None, max(self._reached, started)
        finally:
            if tries:
                self._trying = None

    def _begun(self) -> bool:
        """Whether this thread begins a try, which what it does within it is part of."""
        own = os.getpid(), threading.get_ident()
        with self._lock:
            if self._trying is not None and self._trying[0] != own[0]:
                self._trying = None  # of the process that this one was forked from
            if self._error is None or self._trying == own:
                return False
            if self._trying is not None or time.monotonic() < self._again:
                raise StoreUnreachable(self._error.detail) from self._error
            self._trying = own
            return True

    def _failed(self, error: StoreUnreachable, started: float) -> None:
        ended = time.monotonic()
        with self._lock:
            is_known = self._error is not None and (error is self._error or error.__cause__ is self._error)
            if not is_known and started >= self._reached:
                self._error, self._again = error, ended + min(LONGEST, max(RETRIED, SHARE * (ended - started)))
