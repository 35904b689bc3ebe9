"""What clients present, checked: tokens and keys of links, looked up in the store once in a while and not each time.

A worker keeps what it found valid for ``FRESH`` seconds, so that a token that is revoked is refused by every worker
within that. Where the store cannot be asked, what was valid stays so for ``GRACE`` seconds: nothing can be revoked
meanwhile. Guessing is limited by address and by the name of the token that is guessed at.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from service.http.access_errors import TooManyGuesses
from service.http.shared_counts import SharedCounts
from service.store import links, tokens
from service.store.database import Store
from service.store.errors import BadKey, BadToken, EndedKey, EndedToken, StoreError

FRESH = 2.0
GRACE = 600.0
KEPT = 4_096
GUESSES = 10
"""Tokens that are not valid which one address may present in a minute, and which may be presented of one name."""
MINUTE = 60


class Expiring(Protocol):
    """What may expire."""

    @property
    def expires(self) -> datetime | None: ...


Held = TypeVar("Held", bound=Expiring)


@dataclass(slots=True)
class _Known(Generic[Held]):
    """Something that was valid, on the monotonic clock: when it was found so, and when to ask again."""

    held: Held
    found: float
    ask: float


class Checked(Generic[Held]):
    """One kind of credential. ``look_up`` asks the store and raises ``bad`` for what is not valid."""

    def __init__(
        self, look_up: Callable[[str], Held], bad: type[StoreError], counts: SharedCounts, now: Callable[[], datetime]
    ) -> None:
        self._look_up = look_up
        self._bad = bad
        self._counts = counts
        self._now = now
        self._known: OrderedDict[bytes, _Known[Held]] = OrderedDict()
        self._lock = threading.Lock()

    def valid(self, secret: str, address: str) -> Held:
        """What the secret stands for.

        Raises BadToken or BadKey, TooManyGuesses where an address has presented too many of those, and the errors of
        the store.
        """
        digest = hashlib.sha256(secret.encode(errors="surrogateescape")).digest()
        at = time.monotonic()
        with self._lock:
            known = self._known.get(digest)
            is_fresh = known is not None and at < known.ask
            if known is not None:
                self._known.move_to_end(digest)
                known.ask = known.ask if is_fresh else at + FRESH  # one asks; others go by what is known meanwhile
        if known is not None and is_fresh and not self._is_over(known.held):
            return known.held
        return self._asked(secret, digest, address, known)

    def _asked(self, secret: str, digest: bytes, address: str, known: _Known[Held] | None) -> Held:
        if known is None:
            self._demand_few_guesses(address)
        try:
            held = self._look_up(secret)
        except self._bad as error:
            with self._lock:
                self._known.pop(digest, None)
            if not isinstance(error, EndedToken | EndedKey):
                self._count_guess(secret, address)
            raise
        except StoreError:
            if known is None or time.monotonic() - known.found > GRACE or self._is_over(known.held):
                raise
            return known.held
        at = time.monotonic()
        with self._lock:
            self._known[digest] = _Known(held, at, at + FRESH)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return held

    def _is_over(self, held: Held) -> bool:
        return held.expires is not None and held.expires <= self._now()

    def _demand_few_guesses(self, address: str) -> None:
        """Refuse an address that has guessed too often before anything is looked up for it."""
        taken = self._counts.take(f"guesses from {address}", limit=GUESSES, seconds=MINUTE, count=0)
        if not taken.allowed:
            raise _too_many(taken.retry_after)

    def _count_guess(self, secret: str, address: str) -> None:
        names = [f"guesses from {address}", *(f"guesses at {name}" for name in _names(secret))]
        taken = [self._counts.take(name, limit=GUESSES, seconds=MINUTE) for name in names]
        if not all(each.allowed for each in taken):
            raise _too_many(max(each.retry_after for each in taken))


def of_tokens(store: Store, counts: SharedCounts) -> Checked[tokens.Token]:
    """Tokens of a store."""
    return Checked(lambda secret: tokens.presented(store, secret), BadToken, counts, lambda: store.clock())


def of_links(store: Store, counts: SharedCounts) -> Checked[links.Link]:
    """Keys of links of a store."""
    return Checked(lambda key: links.presented(store, key), BadKey, counts, lambda: store.clock())


def _names(secret: str) -> list[str]:
    """The part of a token or key that is no secret, if it has one."""
    parts = tokens.KIND.written.fullmatch(secret) or links.KIND.written.fullmatch(secret)
    return [parts[1]] if parts else []


def _too_many(seconds: int) -> TooManyGuesses:
    return TooManyGuesses(
        f"too many tokens that are not valid: at most {GUESSES} in a minute; ask again in {seconds} s", seconds=seconds
    )
