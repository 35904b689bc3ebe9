"""Tokens of those who may ask or change: the store holds a digest of each, the token itself is shown once."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import string
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update

from service.store import audit
from service.store.database import Store, next_number
from service.store.errors import BadToken, EndedToken, StoreError, UnknownScope, UnknownToken
from service.store.scopes import READ, SCOPES, Scope, covers, implies
from service.store.tables import tokens

PREFIX = "am"
WRITTEN = re.compile(rf"{PREFIX}_([a-z0-9]{{12}})_([A-Za-z0-9_-]{{43}})")
LETTERS = string.ascii_lowercase + string.digits
NOBODY = hashlib.sha256(b"").hexdigest()
USE_NOTED = timedelta(minutes=1)
"""How far behind the last use that is noted may be, so that not every request writes."""
NOT_VALID = "the token is not valid: it is unknown, has expired or was revoked"
NOTING = 0.1
"""Seconds that the note of a use waits for other writes; a token is known without it."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token allows: ``scopes``, for the models that one of the patterns of ``models`` matches."""

    id: str
    label: str
    scopes: tuple[str, ...]
    models: tuple[str, ...]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None

    def allows(self, scope: Scope, model: str | None = None) -> bool:
        """Whether it has a scope or one that implies it, and where a model is named, for that model.

        >>> day = datetime(2026, 3, 1)
        >>> writer = Token("1", "an editor", ("write",), ("mosul-*",), day, None, None, None)
        >>> writer.allows("read", "mosul-2017"), writer.allows("write", "asia"), writer.allows("admin")
        (True, False, False)
        """
        return implies(self.scopes, scope) and (model is None or covers(self.models, model))


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token and, this once, what its owner presents."""

    token: Token
    secret: str = field(repr=False)


def new(
    store: Store,
    label: str,
    *,
    scopes: Sequence[str] = (READ,),
    models: Sequence[str] = ("*",),
    lasting: timedelta | None = None,
    author: str = "",
    origin: str = "",
) -> Issued:
    """Make a token, which expires after ``lasting``; the audit log has who made it. Raises UnknownScope."""
    for scope in scopes:
        if scope not in SCOPES:
            raise UnknownScope(scope, SCOPES)
    kept = [scope for scope in SCOPES if scope in scopes]
    id = "".join(secrets.choice(LETTERS) for _ in range(12))
    secret = f"{PREFIX}_{id}_{secrets.token_urlsafe(32)}"
    created = store.clock()
    expires = None if lasting is None else created + lasting
    values = {
        "id": id,
        "digest": _digest(secret),
        "label": label,
        "scopes": json.dumps(kept),
        "models": json.dumps(list(models)),
        "created": created,
        "expires": expires,
    }
    with store.writing() as connection:
        connection.execute(insert(tokens).values(seq=next_number(connection, tokens), **values))
        detail = {"token": id, "label": label, "scopes": kept, "models": list(models)}
        audit.append(connection, audit.Deed(author, "token new", origin, "done", detail), at=created)
        row = connection.execute(select(tokens).where(tokens.c.id == id)).one()
    return Issued(_token(row), secret)


def presented(store: Store, secret: str) -> Token:
    """The token that somebody presents: one read by its key. Raises BadToken where it is unknown, expired or revoked,
    and never says which.

    A token that is unknown costs the same comparison as one that is not. That a token was used is noted by the minute,
    where the store can be written to at once.
    """
    parts = WRITTEN.fullmatch(secret)
    at = store.clock()
    with store.reading() as connection:
        row = connection.execute(select(tokens).where(tokens.c.id == (parts[1] if parts else ""))).first()
    same = hmac.compare_digest(_digest(secret), row.digest if row else NOBODY)
    if row is None or not same:
        raise BadToken(NOT_VALID)
    if row.revoked is not None or (row.expires is not None and row.expires <= at):
        raise EndedToken(NOT_VALID)
    if row.last_used is None or at - row.last_used > USE_NOTED:
        with suppress(StoreError), store.writing(patience=NOTING) as connection:
            connection.execute(update(tokens).where(tokens.c.id == row.id).values(last_used=at))
    return _token(row)


def every(store: Store) -> list[Token]:
    """All tokens in the order in which they were made, revoked ones too."""
    with store.reading() as connection:
        return [_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.seq))]


def revoke(store: Store, id: str, *, author: str = "", origin: str = "") -> Token:
    """End a token now; one that was revoked stays so. Raises UnknownToken."""
    with store.writing() as connection:
        row = connection.execute(select(tokens).where(tokens.c.id == id)).first()
        if row is None:
            raise UnknownToken(id, connection.execute(select(tokens.c.id).order_by(tokens.c.seq)).scalars())
        if row.revoked is None:
            at = store.clock()
            connection.execute(update(tokens).where(tokens.c.id == id).values(revoked=at))
            audit.append(connection, audit.Deed(author, "token revoke", origin, "done", {"token": id}), at=at)
        return _token(connection.execute(select(tokens).where(tokens.c.id == id)).one())


def _digest(secret: str) -> str:
    """A secret of 256 random bits needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: Row[Any]) -> Token:
    scopes, models = tuple(json.loads(row.scopes)), tuple(json.loads(row.models))
    return Token(row.id, row.label, scopes, models, row.created, row.expires, row.revoked, row.last_used)
