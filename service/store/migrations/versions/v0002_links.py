"""Read-only links, and the triggers that keep what a link was made with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
TIME = sa.String(27)
CONSTANTS = ("id", "seq", "code", "label", "address", "created", "expires")


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        "links",
        sa.Column("id", sa.String(16), primary_key=True, autoincrement=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("label", "address")),
        *(sa.Column(name, TIME, nullable=False) for name in ("created", "expires")),
        *(sa.Column(name, TIME, nullable=True) for name in ("revoked", "last_used")),
        sa.UniqueConstraint("seq"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _changed(differs: str) -> str:
    """A link of which more was changed than when it was last used, or that it was revoked."""
    changed = " OR ".join(f"OLD.{name} {differs} NEW.{name}" for name in CONSTANTS)
    return f"({changed} OR (OLD.revoked IS NOT NULL AND OLD.revoked {differs} NEW.revoked))"


def _sqlite_triggers() -> None:
    same = "INSERT ON links WHEN EXISTS (SELECT 1 FROM links WHERE id = NEW.id OR seq = NEW.seq)"
    _refusal("update", f"UPDATE ON links WHEN {_changed('IS NOT')}")
    _refusal("replace", same)
    _refusal("delete", "DELETE ON links")


def _refusal(verb: str, when: str) -> None:
    said = f"SELECT RAISE(ABORT, 'append-only: links refuses {verb.upper()}')"
    op.execute(f"CREATE TRIGGER links_refuses_{verb} BEFORE {when} BEGIN {said}; END")


def _postgresql_triggers() -> None:
    for verb, when in (
        ("UPDATE", f"FOR EACH ROW WHEN ({_changed('IS DISTINCT FROM')})"),
        ("DELETE", "FOR EACH ROW"),
        ("TRUNCATE", "FOR EACH STATEMENT"),
    ):
        name = f"links_refuses_{verb.lower()}"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON links {when} EXECUTE FUNCTION aftermath_refusal('for ever')"
        )
