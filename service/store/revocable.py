"""What tokens and links have in common: a secret that is shown once, of which the store holds a digest, and an end.

Whoever presents a secret is not told whether it is unknown, has expired or was revoked. One that is unknown costs the
same comparison as one that is not. That it was used is noted by the minute, where the store can be written to at once.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Table, select, update

from model.errors import Place, UnknownName
from service.store import audit
from service.store.database import Store
from service.store.errors import StoreError

Held = TypeVar("Held")

LETTERS = string.ascii_lowercase + string.digits
NOBODY = "0" * 64
USE_NOTED = timedelta(minutes=1)
"""How far behind the last use that is noted may be, so that not every request writes."""
NOTING = 0.1
"""Seconds that the note of a use waits for other writes; a secret is known without it."""


def written(prefix: str) -> re.Pattern[str]:
    """How a secret is written: a prefix, an id that is no secret, and 256 random bits."""
    return re.compile(rf"{prefix}_([a-z0-9]{{12}})_([A-Za-z0-9_-]{{43}})")


def new_secret(prefix: str) -> tuple[str, str]:
    """A new id and the secret that it is part of."""
    id = "".join(secrets.choice(LETTERS) for _ in range(12))
    return id, f"{prefix}_{id}_{secrets.token_urlsafe(32)}"


@dataclass(frozen=True, slots=True)
class Kind(Generic[Held]):
    """One kind of secret. ``column`` of its table holds what ``digest`` makes of a secret and its row, None for none.

    ``value`` is what a row stands for. ``bad`` is raised for a secret that is unknown, ``ended`` for one that was
    known, ``unknown`` for an id.
    """

    name: str
    table: Table
    written: re.Pattern[str]
    column: str
    digest: Callable[[str, Row[Any] | None], str]
    value: Callable[[Row[Any]], Held]
    bad: type[StoreError]
    ended: type[StoreError]
    unknown: type[UnknownName]
    not_valid: str

    def presented(self, store: Store, secret: str) -> Held:
        """What the secret stands for: one read by its id. Raises ``bad`` or ``ended``."""
        rows, parts, at = self.table, self.written.fullmatch(secret), store.clock()
        with store.reading() as connection:
            row = connection.execute(select(rows).where(rows.c.id == (parts[1] if parts else ""))).first()
        same = hmac.compare_digest(self.digest(secret, row), row._mapping[self.column] if row else NOBODY)
        if row is None or not same:
            raise self.bad(self.not_valid)
        if row.revoked is not None or (row.expires is not None and row.expires <= at):
            raise self.ended(self.not_valid)
        if row.last_used is None or at - row.last_used > USE_NOTED:
            with suppress(StoreError), store.writing(patience=NOTING) as connection:
                connection.execute(update(rows).where(rows.c.id == row.id).values(last_used=at))
        return self.value(row)

    def every(self, store: Store) -> list[Held]:
        """All of them in the order in which they were made, revoked ones too."""
        with store.reading() as connection:
            return [self.value(row) for row in connection.execute(select(self.table).order_by(self.table.c.seq))]

    def find(self, store: Store, id: str, *, where: Place = ()) -> Held:
        """The one of an id, which is said ``where``. Raises ``unknown``."""
        rows = self.table
        with store.reading() as connection:
            row = connection.execute(select(rows).where(rows.c.id == id)).first()
            if row is None:
                known = connection.execute(select(rows.c.id).order_by(rows.c.seq)).scalars()
                raise self.unknown(id, known, where=where)
        return self.value(row)

    def revoke(self, store: Store, id: str, *, author: str = "", origin: str = "") -> Held:
        """End one now; one that was revoked stays so. Raises ``unknown``."""
        rows = self.table
        of_it = select(rows).where(rows.c.id == id)
        with store.writing() as connection:
            row = connection.execute(of_it).first()
            if row is None:
                raise self.unknown(id, connection.execute(select(rows.c.id).order_by(rows.c.seq)).scalars())
            if row.revoked is None:
                at = store.clock()
                connection.execute(update(rows).where(rows.c.id == id).values(revoked=at))
                deed = audit.Deed(author, f"{self.name} revoke", origin, "done", {self.name: id})
                audit.append(connection, deed, at=at)
            return self.value(connection.execute(of_it).one())
