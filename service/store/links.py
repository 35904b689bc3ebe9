"""Read-only links: addresses of one question each, with a key that lets whoever has it ask that question and no other.

The key is random and shown once. The store holds a code of address and expiry under it (HMAC-SHA256), so that a key
signs the one address for the one time, and what is in the store signs nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import Row, insert, select, update

from service.store import audit
from service.store.database import Store, next_number
from service.store.errors import BadKey, BadLinkAddress, EndedKey, StoreError, UnknownLink
from service.store.tables import iso, links
from service.store.tokens import LETTERS, NOTING, USE_NOTED

PREFIX = "al"
WRITTEN = re.compile(rf"{PREFIX}_([a-z0-9]{{12}})_([A-Za-z0-9_-]{{43}})")
PARAMETER = "key"
FORMS = (".json", ".csv", ".parquet", ".arrow")
"""Endings of an address that name a form of the answer and not another question."""
LONGEST = 8_000
NOBODY = "0" * 64
NOT_VALID = "the key of the link is not valid: it is unknown, has expired or was revoked"


@dataclass(frozen=True, slots=True)
class Question:
    """What a link is for: a path without the ending that names a form, and parameters in the order of their names."""

    path: str
    parameters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        text = urlencode(self.parameters, safe=":(),=")
        return f"{self.path}?{text}" if text else self.path


@dataclass(frozen=True, slots=True)
class Link:
    """A link without its key. ``last_used`` is known to the minute."""

    id: str
    label: str
    question: Question
    created: datetime
    expires: datetime
    revoked: datetime | None
    last_used: datetime | None


@dataclass(frozen=True, slots=True)
class Issued:
    """A new link and, this once, its key."""

    link: Link
    key: str = field(repr=False)

    def address(self, form: str = "") -> str:
        """The address to hand out, in a form such as ``.csv``."""
        parameters = urlencode((*self.link.question.parameters, (PARAMETER, self.key)), safe=":(),=")
        return f"{self.link.question.path}{form}?{parameters}"


def question(address: str) -> Question:
    """The question of an address: without host, the ending of a form, and a key.

    >>> print(question("http://localhost:8000/v1/models/asia/forecast/lung.csv?given=xray:yes&do=smoke:no"))
    /v1/models/asia/forecast/lung?do=smoke:no&given=xray:yes

    Raises BadLinkAddress for what is no address of an answer.
    """
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadLinkAddress(f"{address[:80]!r} cannot be read as an address") from None
    if not parts.path.startswith("/v1/") or len(address) > LONGEST or not address.isprintable():
        raise BadLinkAddress(
            f"{address[:80]!r} is no address of an answer; "
            "it would be such as /v1/models/asia/forecast/lung?given=xray:yes"
        )
    return Question(without_form(parts.path), ordered(pairs))


def without_form(path: str) -> str:
    """A path without the ending that names a form.

    >>> without_form("/v1/models/asia/graph.json"), without_form("/v1/models/asia/graph")
    ('/v1/models/asia/graph', '/v1/models/asia/graph')
    """
    return next((path.removesuffix(form) for form in FORMS if path.endswith(form)), path)


def form_of(address: str) -> str:
    """The ending of an address that names a form, or nothing."""
    path = urlsplit(address).path
    return path.removeprefix(without_form(path))


def ordered(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Parameters in the order of their names, those of one name in the order in which they were said, less the key."""
    return tuple(sorted((pair for pair in pairs if pair[0] != PARAMETER), key=lambda pair: pair[0]))


def new(
    store: Store, asked: Question, *, lasting: timedelta, label: str = "", author: str = "", origin: str = ""
) -> Issued:
    """Make a link to a question, which expires after ``lasting``; the audit log has who made it."""
    id = "".join(secrets.choice(LETTERS) for _ in range(12))
    key = f"{PREFIX}_{id}_{secrets.token_urlsafe(32)}"
    created = store.clock()
    expires = created + lasting
    values = {
        "id": id,
        "code": _code(key, str(asked), iso(expires)),
        "label": label,
        "address": str(asked),
        "created": created,
        "expires": expires,
    }
    with store.writing() as connection:
        connection.execute(insert(links).values(seq=next_number(connection, links), **values))
        detail = {"link": id, "label": label, "address": str(asked)}
        audit.append(connection, audit.Deed(author, "link new", origin, "done", detail), at=created)
        row = connection.execute(select(links).where(links.c.id == id)).one()
    return Issued(_link(row), key)


def presented(store: Store, key: str) -> Link:
    """The link whose key somebody presents: one read. Raises BadKey where it is unknown, expired or revoked, and never
    says which; also where address or expiry in the store are not those that were signed.
    """
    parts = WRITTEN.fullmatch(key)
    at = store.clock()
    with store.reading() as connection:
        row = connection.execute(select(links).where(links.c.id == (parts[1] if parts else ""))).first()
    code = _code(key, row.address if row else "", iso(row.expires) if row else "")
    same = hmac.compare_digest(code, row.code if row else NOBODY)
    if row is None or not same:
        raise BadKey(NOT_VALID)
    if row.revoked is not None or row.expires <= at:
        raise EndedKey(NOT_VALID)
    if row.last_used is None or at - row.last_used > USE_NOTED:
        with suppress(StoreError), store.writing(patience=NOTING) as connection:
            connection.execute(update(links).where(links.c.id == row.id).values(last_used=at))
    return _link(row)


def every(store: Store) -> list[Link]:
    """All links in the order in which they were made, revoked ones too."""
    with store.reading() as connection:
        return [_link(row) for row in connection.execute(select(links).order_by(links.c.seq))]


def revoke(store: Store, id: str, *, author: str = "", origin: str = "") -> Link:
    """End a link now; one that was revoked stays so. Raises UnknownLink."""
    with store.writing() as connection:
        row = connection.execute(select(links).where(links.c.id == id)).first()
        if row is None:
            raise UnknownLink(id, connection.execute(select(links.c.id).order_by(links.c.seq)).scalars())
        if row.revoked is None:
            at = store.clock()
            connection.execute(update(links).where(links.c.id == id).values(revoked=at))
            audit.append(connection, audit.Deed(author, "link revoke", origin, "done", {"link": id}), at=at)
        return _link(connection.execute(select(links).where(links.c.id == id)).one())


def _code(key: str, address: str, expires: str) -> str:
    return hmac.new(key.encode(), f"{address}\n{expires}".encode(), hashlib.sha256).hexdigest()


def _link(row: Row[Any]) -> Link:
    return Link(row.id, row.label, question(row.address), row.created, row.expires, row.revoked, row.last_used)
