"""Read-only links: addresses of one question each, with a key that lets whoever has it ask that question and no other.

The key is random and shown once. The store holds a code of address and expiry under it (HMAC-SHA256), so that a key
signs the one address for the one time, and what is in the store signs nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import Row, insert, select

from service.store import audit
from service.store.database import Store, next_number
from service.store.errors import BadKey, BadLinkAddress, EndedKey, UnknownLink
from service.store.revocable import Kind, new_secret, written
from service.store.tables import iso, links

PREFIX = "al"
PARAMETER = "key"
FORMS = (".json", ".csv", ".parquet", ".arrow")
"""Endings of an address that name a form of the answer and not another question."""
LONGEST = 8_000


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
    id, key = new_secret(PREFIX)
    created = store.clock()
    expires = created + lasting
    values = {
        "id": id,
        "code": _signed(key, str(asked), iso(expires)),
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


def _code(key: str, row: Row[Any] | None) -> str:
    return _signed(key, row.address if row else "", iso(row.expires) if row else "")


def _signed(key: str, address: str, expires: str) -> str:
    return hmac.new(key.encode(), f"{address}\n{expires}".encode(), hashlib.sha256).hexdigest()


def _link(row: Row[Any]) -> Link:
    return Link(row.id, row.label, question(row.address), row.created, row.expires, row.revoked, row.last_used)


KIND = Kind(
    name="link",
    table=links,
    written=written(PREFIX),
    column="code",
    digest=_code,
    value=_link,
    bad=BadKey,
    ended=EndedKey,
    unknown=UnknownLink,
    not_valid="the key of the link is not valid: it is unknown, has expired or was revoked",
)
presented, every, find, revoke = KIND.presented, KIND.every, KIND.find, KIND.revoke
"""As ``Kind`` has them, of links: a key is not valid either where address or expiry in the store were changed."""
