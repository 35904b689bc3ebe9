"""What the store could not take at once: it is kept, in the order in which it happened, once the store takes it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from service.store.activations import Activation
from service.store.errors import StoreError, TooLargeToKeep

logger = logging.getLogger(__name__)

Keep = Callable[[bool], object]
"""Keeps something; it is told whether that comes late, when others may have changed what is active meanwhile."""


class Unkept:
    """Changes that wait for the store. One that is too large for it is given up, so that none waits behind it.

    >>> kept = []
    >>> waiting = Unkept()
    >>> waiting.keep(lambda late: kept.append(late))
    >>> kept, len(waiting)
    ([False], 0)
    """

    def __init__(self) -> None:
        self._waiting: list[Keep] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def keep(self, keep: Keep) -> Activation | None:
        """Keep something now, or once the store takes it and all that waits before it; the activation that it made."""
        if not self._waiting:
            try:
                made = keep(False)
            except TooLargeToKeep as error:
                logger.error("%s", error)
                return None
            except StoreError as error:
                logger.warning("not kept in the store yet: %s", error)
            else:
                return made if isinstance(made, Activation) else None
        self._waiting.append(keep)
        return None

    def catch_up(self) -> None:
        """Keep what waits. Raises StoreError where the store does not take it yet."""
        while self._waiting:
            try:
                self._waiting[0](True)
            except TooLargeToKeep as error:
                logger.error("%s", error)
            del self._waiting[0]
