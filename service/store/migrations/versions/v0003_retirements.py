"""Models whose folder was removed: each row ends what was active of a model until then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
TABLE = "retirements"


def upgrade() -> None:
    """Make the table and the triggers that keep it append-only."""
    op.create_table(
        TABLE,
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("ends", NUMBER, sa.ForeignKey("activations.seq"), nullable=False),
    )
    op.create_index(f"ix_{TABLE}_model_ends", TABLE, ["model", "ends"])
    if op.get_bind().dialect.name == "sqlite":
        _refusal("update", f"UPDATE ON {TABLE}")
        _refusal("replace", f"INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE seq = NEW.seq)")
        _refusal("delete", f"DELETE ON {TABLE}")
        return
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {TABLE}_refuses_{verb.lower()} BEFORE {verb} ON {TABLE} FOR EACH {each} "
            "EXECUTE FUNCTION aftermath_refusal('for ever')"
        )


def _refusal(verb: str, when: str) -> None:
    said = f"SELECT RAISE(ABORT, 'append-only: {TABLE} refuses {verb.upper()}')"
    op.execute(f"CREATE TRIGGER {TABLE}_refuses_{verb} BEFORE {when} BEGIN {said}; END")
