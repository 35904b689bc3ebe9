"""Bring the tables up to date: every step that the database has not had, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from service.store.errors import StoreUnavailable
from service.store.tables import metadata

STEPS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> list[str]:
    """Run the steps that are missing and return their numbers, in the caller's transaction.

    The caller holds the lock on writes: a second process that starts at the same time waits, then finds them done.
    Raises StoreUnavailable where a newer version of the project made the tables.
    """
    script = ScriptDirectory(str(STEPS))
    known = {step.revision for step in script.walk_revisions()}
    before = version(connection)
    if before is not None and before not in known:
        raise StoreUnavailable(
            f"a newer version of Aftermath made the store (its tables are at step {before}, this version knows "
            f"{', '.join(sorted(known))}); install that version, or name another place for the store"
        )
    options: dict[str, Any] = {
        "fn": lambda current, _: script._upgrade_revs("head", current),
        "target_metadata": metadata,
    }
    context = MigrationContext.configure(connection, opts=options)
    with Operations.context(context):
        context.run_migrations()
    return [
        step.revision for step in reversed(list(script.walk_revisions())) if before is None or step.revision > before
    ]


def version(connection: Connection) -> str | None:
    """The number of the last step that the database has had; None where it has had none."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The number of the last step that there is."""
    found = ScriptDirectory(str(STEPS)).get_current_head()
    assert found is not None, "there is a first step"
    return found
