"""The tables as statements see them. How they come about, with their triggers, is in ``migrations``.

Each row of an append-only table has a sequence number; order is by that, never by a clock.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from service.store.errors import BadText

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
CAUSES = ("file", "call", "store", "start")
"""Why a revision became active: its files changed, somebody asked for it, the store said so, the service began."""

PRUNABLE = ("blobs", "revisions", "revision_files", "compiled_sizes", "attempts", "answers", "answer_forms")
FOR_EVER = ("activations", "retirements", "names", "questions", "audit", "prunes")
"""Tables that refuse UPDATE and DELETE by trigger; from the first kind a recorded prune may delete."""
REVOCABLE = ("tokens", "links")
"""Tables that refuse DELETE, and UPDATE of anything but when a row was used or revoked."""

metadata = MetaData(naming_convention=NAMING)
Number = Integer().with_variant(BigInteger, "postgresql")


class UTCText(TypeDecorator[datetime]):
    """A time as text that sorts as the times do and is the same in every database: 2026-03-01T09:30:00.000000Z."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | str | None, dialect: Dialect) -> str | None:
        """A time to its text; one that is text already stays as it is."""
        return iso(value) if isinstance(value, datetime) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """A text to its time."""
        return None if value is None else datetime.fromisoformat(value)


class Said(TypeDecorator[str]):
    """A text that somebody said. NUL and halves of surrogate pairs are refused, since PostgreSQL keeps neither."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text itself. Raises BadText."""
        wrong = re.search("[\0\ud800-\udfff]", value or "")
        if wrong:
            raise BadText(f"a text holds U+{ord(wrong[0]):04X}, which cannot be kept")
        return value


def iso(time: datetime) -> str:
    """A time in UTC, to the microsecond.

    >>> iso(datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
    '2026-03-01T09:30:00.000000Z'
    """
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def utc(name: str, *, nullable: bool = False) -> Column[datetime]:
    """A column of times."""
    return Column(name, UTCText, nullable=nullable)


def sequence() -> Column[int]:
    """The sequence number of a row, which the writer gives it."""
    return Column("seq", Number, primary_key=True, autoincrement=False)


def required(name: str, kind: Any = Said) -> Column[Any]:
    """A column that is never empty."""
    return Column(name, kind, nullable=False)


blobs = Table(
    "blobs",
    metadata,
    Column("digest", String(64), primary_key=True),
    required("size", Number),
    utc("at"),
    required("content", LargeBinary),
)

usage = Table(
    "usage",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    required("bytes", Number),
)

revisions = Table(
    "revisions",
    metadata,
    sequence(),
    required("model", String(64)),
    required("revision", String(64)),
    utc("at"),
    required("author"),
    required("message"),
    required("engine"),
    Column("content", String(64), ForeignKey("blobs.digest"), nullable=False),
    required("size", Number),
    UniqueConstraint("model", "revision"),
)

revision_files = Table(
    "revision_files",
    metadata,
    Column("model", String(64), primary_key=True),
    Column("revision", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("blob", String(64), ForeignKey("blobs.digest"), nullable=False),
    ForeignKeyConstraint(["model", "revision"], ["revisions.model", "revisions.revision"]),
)

compiled_sizes = Table(
    "compiled_sizes",
    metadata,
    Column("model", String(64), primary_key=True),
    Column("revision", String(64), primary_key=True),
    required("tree_cells", Number),
    ForeignKeyConstraint(["model", "revision"], ["revisions.model", "revisions.revision"]),
)

activations = Table(
    "activations",
    metadata,
    sequence(),
    required("model", String(64)),
    required("revision", String(64)),
    utc("at"),
    required("cause", String(8)),
    Column("previous", String(64)),
    required("author"),
    required("reason"),
    required("chain", String(64)),
    ForeignKeyConstraint(["model", "revision"], ["revisions.model", "revisions.revision"]),
    CheckConstraint(f"cause IN {CAUSES}", name="cause"),
    Index(None, "model", "seq"),
)

retirements = Table(
    "retirements",
    metadata,
    sequence(),
    required("model", String(64)),
    utc("at"),
    Column("ends", Number, ForeignKey("activations.seq"), nullable=False),
    Index(None, "model", "ends"),
)

attempts = Table(
    "attempts",
    metadata,
    sequence(),
    required("model", String(64)),
    utc("at"),
    required("author"),
    required("problems"),
    Index(None, "model", "seq"),
)

names = Table(
    "names",
    metadata,
    sequence(),
    required("model", String(64)),
    required("name", String(64)),
    Column("revision", String(64)),
    utc("at"),
    required("author"),
    ForeignKeyConstraint(["model", "revision"], ["revisions.model", "revisions.revision"]),
    Index(None, "model", "name", "seq"),
)

questions = Table(
    "questions",
    metadata,
    sequence(),
    required("model", String(64)),
    required("name", String(64)),
    required("label"),
    Column("question", Said),
    utc("at"),
    required("author"),
    Index(None, "model", "name", "seq"),
)

answers = Table(
    "answers",
    metadata,
    sequence(),
    required("id", String(64)),
    required("model", String(64)),
    required("revision", String(64)),
    required("engine"),
    required("kind", String(64)),
    required("question"),
    required("client"),
    utc("at"),
    UniqueConstraint("id"),
    ForeignKeyConstraint(["model", "revision"], ["revisions.model", "revisions.revision"]),
    Index(None, "model", "revision"),
    Index(None, "client", "at"),
)

answer_forms = Table(
    "answer_forms",
    metadata,
    Column("answer", String(64), ForeignKey("answers.id"), primary_key=True),
    Column("form", String(32), primary_key=True),
    Column("blob", String(64), ForeignKey("blobs.digest"), nullable=False),
    Index(None, "blob"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    required("seq", Number),
    required("digest", String(64)),
    required("label"),
    required("scopes"),
    required("models"),
    utc("created"),
    utc("expires", nullable=True),
    utc("revoked", nullable=True),
    utc("last_used", nullable=True),
    UniqueConstraint("seq"),
)

links = Table(
    "links",
    metadata,
    Column("id", String(16), primary_key=True),
    required("seq", Number),
    required("code", String(64)),
    required("label"),
    required("address"),
    utc("created"),
    utc("expires"),
    utc("revoked", nullable=True),
    utc("last_used", nullable=True),
    UniqueConstraint("seq"),
)

audit = Table(
    "audit",
    metadata,
    sequence(),
    utc("at"),
    required("who"),
    required("what"),
    required("origin"),
    required("outcome"),
    required("detail"),
    required("chain", String(64)),
)

forecast_points = Table(
    "forecast_points",
    metadata,
    Column("model", String(64), primary_key=True),
    Column("series", String(255), primary_key=True),
    Column("revision", String(64), primary_key=True),
    required("p", Float(53)),
    Column("lo", Float(53)),
    Column("hi", Float(53)),
    ForeignKeyConstraint(["model", "revision"], ["revisions.model", "revisions.revision"]),
)

prunes = Table(
    "prunes",
    metadata,
    sequence(),
    utc("at"),
    required("author"),
    required("criteria"),
    required("removed"),
    required("is_open", Integer),
)
