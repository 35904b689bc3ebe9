"""Named questions, and the triggers that keep what a name asked before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.Integer().with_variant(sa.BigInteger, "postgresql")


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        "questions",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
    )
    op.create_index("ix_questions_model_name_seq", "questions", ["model", "name", "seq"])
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()


def _sqlite_triggers() -> None:
    same = "INSERT ON questions WHEN EXISTS (SELECT 1 FROM questions WHERE seq = NEW.seq)"
    for verb, when in (("update", "UPDATE ON questions"), ("replace", same), ("delete", "DELETE ON questions")):
        said = f"SELECT RAISE(ABORT, 'append-only: questions refuses {verb.upper()}')"
        op.execute(f"CREATE TRIGGER questions_refuses_{verb} BEFORE {when} BEGIN {said}; END")


def _postgresql_triggers() -> None:
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        name = f"questions_refuses_{verb.lower()}"
        function = "aftermath_refusal('for ever')"
        op.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON questions FOR EACH {each} EXECUTE FUNCTION {function}")
