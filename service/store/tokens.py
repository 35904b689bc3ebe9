"""Tokens of those who may ask or change: the store holds a digest of each, the token itself is shown once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select

from service.store import audit
from service.store.database import Store, next_number
from service.store.errors import BadToken, EndedToken, UnknownScope, UnknownToken
from service.store.revocable import Kind, new_secret, written
from service.store.scopes import READ, SCOPES, Scope, covers, implies
from service.store.tables import tokens

PREFIX = "am"


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
    id, secret = new_secret(PREFIX)
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


def _digest(secret: str, row: Row[Any] | None = None) -> str:
    """A secret of 256 random bits needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: Row[Any]) -> Token:
    scopes, models = tuple(json.loads(row.scopes)), tuple(json.loads(row.models))
    return Token(row.id, row.label, scopes, models, row.created, row.expires, row.revoked, row.last_used)


KIND = Kind(
    name="token",
    table=tokens,
    written=written(PREFIX),
    column="digest",
    digest=_digest,
    value=_token,
    bad=BadToken,
    ended=EndedToken,
    unknown=UnknownToken,
    not_valid="the token is not valid: it is unknown, has expired or was revoked",
)
presented, every, revoke = KIND.presented, KIND.every, KIND.revoke
"""As ``Kind`` has them, of tokens."""
