"""The first tables, and the triggers that keep them append-only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
TIME = sa.String(27)
SHORT = sa.String(64)
DIGEST = sa.String(64)

KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "blobs": (("digest",),),
    "revisions": (("seq",), ("model", "revision")),
    "revision_files": (("model", "revision", "name"),),
    "attempts": (("seq",),),
    "answers": (("seq",), ("id",)),
    "answer_forms": (("answer", "form"),),
    "activations": (("seq",),),
    "names": (("seq",),),
    "audit": (("seq",),),
    "prunes": (("seq",),),
}
"""Append-only tables with their keys; from the last four even a prune deletes nothing."""
FOR_EVER = ("activations", "names", "audit", "prunes")

TOKEN_CONSTANTS = ("id", "seq", "digest", "label", "scopes", "models", "created", "expires")


def upgrade() -> None:
    """Make the tables and their triggers."""
    _content()
    _changes()
    _answers()
    _access()
    op.execute("INSERT INTO usage (id, bytes) VALUES (1, 0)")
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False)


def _column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _key(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _of_a_revision() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["model", "revision"], ["revisions.model", "revisions.revision"])


def _blob(name: str) -> sa.Column[Any]:
    return sa.Column(name, DIGEST, sa.ForeignKey("blobs.digest"), nullable=False)


def _content() -> None:
    op.create_table(
        "blobs",
        _key("digest", DIGEST),
        _column("size", NUMBER),
        _column("at", TIME),
        _column("content", sa.LargeBinary),
    )
    op.create_table("usage", _key("id", sa.Integer), _column("bytes", NUMBER))
    op.create_table(
        "revisions",
        _key("seq", NUMBER),
        _column("model", SHORT),
        _column("revision", SHORT),
        _column("at", TIME),
        *map(_text, ("author", "message", "engine")),
        _blob("content"),
        _column("size", NUMBER),
        sa.UniqueConstraint("model", "revision"),
    )
    op.create_table(
        "revision_files",
        _key("model", SHORT),
        _key("revision", SHORT),
        _key("name", sa.String(255)),
        _blob("blob"),
        _of_a_revision(),
    )


def _changes() -> None:
    op.create_table(
        "activations",
        _key("seq", NUMBER),
        _column("model", SHORT),
        _column("revision", SHORT),
        _column("at", TIME),
        _column("cause", sa.String(8)),
        _column("previous", SHORT, nullable=True),
        *map(_text, ("author", "reason")),
        _column("chain", DIGEST),
        _of_a_revision(),
        sa.CheckConstraint("cause IN ('file', 'call', 'store', 'start')", name="cause"),
    )
    op.create_index("ix_activations_model_seq", "activations", ["model", "seq"])
    op.create_table(
        "attempts",
        _key("seq", NUMBER),
        _column("model", SHORT),
        _column("at", TIME),
        *map(_text, ("author", "problems")),
    )
    op.create_index("ix_attempts_model_seq", "attempts", ["model", "seq"])
    op.create_table(
        "names",
        _key("seq", NUMBER),
        _column("model", SHORT),
        _column("name", SHORT),
        _column("revision", SHORT, nullable=True),
        _column("at", TIME),
        _text("author"),
        _of_a_revision(),
    )
    op.create_index("ix_names_model_name_seq", "names", ["model", "name", "seq"])


def _answers() -> None:
    op.create_table(
        "answers",
        _key("seq", NUMBER),
        _column("id", SHORT),
        _column("model", SHORT),
        _column("revision", SHORT),
        _text("engine"),
        _column("kind", SHORT),
        *map(_text, ("question", "client")),
        _column("at", TIME),
        sa.UniqueConstraint("id"),
        _of_a_revision(),
    )
    op.create_index("ix_answers_model_revision", "answers", ["model", "revision"])
    op.create_index("ix_answers_client_at", "answers", ["client", "at"])
    op.create_table(
        "answer_forms",
        sa.Column("answer", SHORT, sa.ForeignKey("answers.id"), primary_key=True),
        _key("form", sa.String(32)),
        _blob("blob"),
    )
    op.create_index("ix_answer_forms_blob", "answer_forms", ["blob"])
    op.create_table(
        "forecast_points",
        _key("model", SHORT),
        _key("series", sa.String(255)),
        _key("revision", SHORT),
        _column("p", sa.Float(53)),
        _column("lo", sa.Float(53), nullable=True),
        _column("hi", sa.Float(53), nullable=True),
        _of_a_revision(),
    )


def _access() -> None:
    op.create_table(
        "tokens",
        _key("id", sa.String(16)),
        _column("seq", NUMBER),
        _column("digest", DIGEST),
        *map(_text, ("label", "scopes", "models")),
        _column("created", TIME),
        *(_column(name, TIME, nullable=True) for name in ("expires", "revoked", "last_used")),
        sa.UniqueConstraint("seq"),
    )
    op.create_table(
        "audit",
        _key("seq", NUMBER),
        _column("at", TIME),
        *map(_text, ("who", "what", "origin", "outcome", "detail")),
        _column("chain", DIGEST),
    )
    op.create_table(
        "prunes",
        _key("seq", NUMBER),
        _column("at", TIME),
        *map(_text, ("author", "criteria", "removed")),
        _column("is_open", sa.Integer),
    )


def _sqlite_triggers() -> None:
    for table, keys in KEYS.items():
        same = " OR ".join(f"({' AND '.join(f'{name} = NEW.{name}' for name in key)})" for key in keys)
        _sqlite_refusal(table, "REPLACE", f"INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})")
        closing = f"WHEN NOT ({_closing('IS')})" if table == "prunes" else ""
        _sqlite_refusal(table, "UPDATE", f"UPDATE ON {table} {closing}")
        open_prune = "" if table in FOR_EVER else "WHEN NOT EXISTS (SELECT 1 FROM prunes WHERE is_open = 1)"
        _sqlite_refusal(table, "DELETE", f"DELETE ON {table} {open_prune}")
    _sqlite_refusal("tokens", "UPDATE", f"UPDATE ON tokens WHEN {_changed_token('IS NOT')}")
    _sqlite_refusal("tokens", "REPLACE", "INSERT ON tokens WHEN EXISTS (SELECT 1 FROM tokens WHERE id = NEW.id)")
    _sqlite_refusal("tokens", "DELETE", "DELETE ON tokens")


def _sqlite_refusal(table: str, verb: str, when: str) -> None:
    said = f"SELECT RAISE(ABORT, 'append-only: {table} refuses {verb}')"
    op.execute(f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {when} BEGIN {said}; END")


def _closing(same: str) -> str:
    """An open prune that is closed and else left as it was, but for what it removed."""
    kept = " AND ".join(f"OLD.{name} {same} NEW.{name}" for name in ("seq", "at", "author", "criteria"))
    return f"OLD.is_open = 1 AND NEW.is_open = 0 AND {kept}"


def _changed_token(differs: str) -> str:
    """A token of which more was changed than when it was last used, or that it was revoked."""
    changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in TOKEN_CONSTANTS)
    return f"({changed} OR (OLD.revoked IS NOT NULL AND OLD.revoked {differs} NEW.revoked))"


POSTGRESQL_REFUSAL = """
CREATE FUNCTION aftermath_refusal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_ARGV[0] = 'prunable' AND EXISTS (SELECT 1 FROM prunes WHERE is_open = 1) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'append-only: % refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""


def _postgresql_triggers() -> None:
    op.execute(POSTGRESQL_REFUSAL)
    for table in KEYS:
        kind = "for ever" if table in FOR_EVER else "prunable"
        closing = f"WHEN (NOT ({_closing('IS NOT DISTINCT FROM')}))" if table == "prunes" else ""
        _postgresql_refusal(table, "UPDATE", f"FOR EACH ROW {closing}", kind)
        _postgresql_refusal(table, "DELETE", "FOR EACH ROW", kind)
        _postgresql_refusal(table, "TRUNCATE", "FOR EACH STATEMENT", kind)
    changed = _changed_token("IS DISTINCT FROM")
    _postgresql_refusal("tokens", "UPDATE", f"FOR EACH ROW WHEN ({changed})", "for ever")
    _postgresql_refusal("tokens", "DELETE", "FOR EACH ROW", "for ever")
    _postgresql_refusal("tokens", "TRUNCATE", "FOR EACH STATEMENT", "for ever")


def _postgresql_refusal(table: str, verb: str, when: str, kind: str) -> None:
    name = f"{table}_refuses_{verb.lower()}"
    op.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {when} EXECUTE FUNCTION aftermath_refusal('{kind}')")
