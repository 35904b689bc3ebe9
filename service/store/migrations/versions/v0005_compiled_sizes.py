"""How large each revision was when it was compiled, and the triggers that keep that until the revision is pruned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")
TABLE = "compiled_sizes"


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        TABLE,
        sa.Column("model", sa.String(64), primary_key=True),
        sa.Column("revision", sa.String(64), primary_key=True),
        sa.Column("tree_cells", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["model", "revision"], ["revisions.model", "revisions.revision"]),
    )
    if op.get_bind().dialect.name == "sqlite":
        same = f"SELECT 1 FROM {TABLE} WHERE model = NEW.model AND revision = NEW.revision"
        _refusal("replace", f"INSERT ON {TABLE} WHEN EXISTS ({same})")
        _refusal("update", f"UPDATE ON {TABLE}")
        _refusal("delete", f"DELETE ON {TABLE} WHEN NOT EXISTS (SELECT 1 FROM prunes WHERE is_open = 1)")
        return
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {TABLE}_refuses_{verb.lower()} BEFORE {verb} ON {TABLE} FOR EACH {each} "
            "EXECUTE FUNCTION aftermath_refusal('prunable')"
        )


def _refusal(verb: str, when: str) -> None:
    said = f"SELECT RAISE(ABORT, 'append-only: {TABLE} refuses {verb.upper()}')"
    op.execute(f"CREATE TRIGGER {TABLE}_refuses_{verb} BEFORE {when} BEGIN {said}; END")
