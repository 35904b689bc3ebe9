"""Remove what is no longer wanted, by the one way that append-only tables allow.

Their triggers let a row go only while the table ``prunes`` has an open row. It is opened, and closed with what was
removed, in the transaction that deletes; it stays for ever, and the audit log has it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, func, insert, select, union_all, update

from model.wording import quantity
from service.store import audit, revisions
from service.store.database import Store, next_number
from service.store.errors import RevisionInUse
from service.store.tables import (
    activations,
    answer_forms,
    answers,
    attempts,
    blobs,
    compiled_sizes,
    forecast_points,
    names,
    prunes,
    revision_files,
    usage,
)
from service.store.tables import revisions as kept


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed: rows by table, and bytes of content."""

    rows: Mapping[str, int]
    bytes: int


class _OnlyLooking(Exception):
    """Takes a transaction back once it is known what it would remove."""


def prune(
    store: Store, *, older: timedelta | None = None, dry_run: bool = False, author: str = "", origin: str = ""
) -> Pruned:
    """Remove what is older and still not needed, and content that nothing refers to.

    Older than ``older`` go answers, attempts but for the last of each model, and revisions that never were active and
    that no answer and no name refers to. With None only content that nothing refers to goes. Activations, names and
    the audit log are never removed. With ``dry_run`` all of it is done and taken back.
    """

    def removal(connection: Connection) -> dict[str, int]:
        return {} if older is None else _old(connection, store.clock() - older)

    criteria = {"older_than_days": None if older is None else older / timedelta(days=1)}
    return _recorded(store, removal, criteria, author=author, origin=origin, dry_run=dry_run)


def drop_revision(store: Store, model: str, revision: str, *, author: str = "", origin: str = "") -> Pruned:
    """Remove one revision and its files. Raises RevisionNotKept, and RevisionInUse where something refers to it."""

    def removal(connection: Connection) -> dict[str, int]:
        revisions.demand(connection, model, revision)
        for table, called in ((answers, "answer"), (activations, "activation"), (names, "name")):
            refers = (table.c.model == model) & (table.c.revision == revision)
            count = connection.execute(select(func.count()).select_from(table).where(refers)).scalar_one()
            if count:
                raise RevisionInUse(f"{revision} of {model} cannot be removed: it has {quantity(count, called)}")
        return _remove_revisions(connection, (kept.c.model == model) & (kept.c.revision == revision))

    return _recorded(store, removal, {"model": model, "revision": revision}, author=author, origin=origin)


def _recorded(
    store: Store,
    removal: Callable[[Connection], dict[str, int]],
    criteria: Mapping[str, Any],
    *,
    author: str,
    origin: str,
    dry_run: bool = False,
) -> Pruned:
    at, found = store.clock(), Pruned({}, 0)
    said = json.dumps(dict(criteria), sort_keys=True)
    try:
        with store.writing() as connection:
            number = next_number(connection, prunes)
            opened = {"seq": number, "at": at, "author": author, "criteria": said, "removed": "", "is_open": 1}
            connection.execute(insert(prunes).values(**opened))
            rows = removal(connection)
            rows["blobs"], size = _remove_unused_content(connection)
            found = Pruned({name: count for name, count in rows.items() if count}, size)
            if dry_run:
                raise _OnlyLooking
            removed = {"rows": dict(found.rows), "bytes": size}
            closed = update(prunes).where(prunes.c.seq == number)
            connection.execute(closed.values(is_open=0, removed=json.dumps(removed, sort_keys=True)))
            deed = audit.Deed(author, "prune", origin, "done", {"prune": number, **criteria, **removed})
            audit.append(connection, deed, at=at)
    except _OnlyLooking:
        pass
    return found


def _old(connection: Connection, before: datetime) -> dict[str, int]:
    old_answers = select(answers.c.id).where(answers.c.at < before)
    last = select(func.max(attempts.c.seq)).group_by(attempts.c.model)
    rows = {
        "answer_forms": _delete(connection, answer_forms, answer_forms.c.answer.in_(old_answers)),
        "answers": _delete(connection, answers, answers.c.at < before),
        "attempts": _delete(connection, attempts, (attempts.c.at < before) & attempts.c.seq.not_in(last)),
    }
    return rows | _remove_revisions(connection, (kept.c.at < before) & _unreferenced())


def _unreferenced() -> ColumnElement[bool]:
    """Revisions that no answer, no activation and no name refers to."""
    condition: ColumnElement[bool] = kept.c.seq.is_not(None)
    for table in (answers, activations, names):
        same = (table.c.model == kept.c.model) & (table.c.revision == kept.c.revision)
        condition &= ~select(table.c.seq).where(same).exists()
    return condition


def _remove_revisions(connection: Connection, which: ColumnElement[bool]) -> dict[str, int]:
    rows = dict.fromkeys(("forecast_points", "revision_files", "compiled_sizes", "revisions"), 0)
    for model, revision in connection.execute(select(kept.c.model, kept.c.revision).where(which)).all():
        for table in (forecast_points, revision_files, compiled_sizes, kept):
            rows[table.name] += _delete(connection, table, (table.c.model == model) & (table.c.revision == revision))
    return rows


def _remove_unused_content(connection: Connection) -> tuple[int, int]:
    """Rows and bytes of content that neither a revision nor an answer has."""
    used: list[Select[Any]] = [select(kept.c.content), select(revision_files.c.blob), select(answer_forms.c.blob)]
    unused = blobs.c.digest.not_in(union_all(*used))
    size = int(connection.execute(select(func.coalesce(func.sum(blobs.c.size), 0)).where(unused)).scalar_one())
    count = _delete(connection, blobs, unused)
    connection.execute(update(usage).values(bytes=usage.c.bytes - size))
    return count, size


def _delete(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.execute(delete(table).where(which)).rowcount
