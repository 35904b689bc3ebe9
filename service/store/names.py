"""Names of revisions, such as ``published``: where each points now, and where it pointed before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from service.store import revisions
from service.store.activations import Expected
from service.store.database import Store, fields, next_number
from service.store.errors import BadText, StalePrecondition, UnknownRevisionName
from service.store.tables import names

NAME = re.compile(r"(?!r-|active$|.*\.\.)[a-z0-9][a-z0-9._-]{0,63}")
NAME_RULE = (
    "lower-case letters, digits, '.', '-' and '_', 64 at most, not beginning with r-, without '..', and not active"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A revision that was given a name; None where the name was taken away."""

    seq: int
    model: str
    name: str
    revision: str | None
    at: datetime
    author: str


def point(
    store: Store,
    model: str,
    name: str,
    *,
    revision: str | None,
    expected: str | Expected | None = Expected.ANY,
    author: str = "",
) -> Named:
    """Let a name mean a kept revision from now on, or no revision; what it meant before is remembered.

    A name is of lower-case letters, digits, '.', '-' and '_', and does not look like a revision. Raises BadText,
    RevisionNotKept, and StalePrecondition where the name means another revision than ``expected``.
    """
    if not NAME.fullmatch(name):
        raise BadText(f"{name[:80]!r} cannot be the name of a revision: {NAME_RULE}")
    with store.writing() as connection:
        if revision is not None:
            revisions.demand(connection, model, revision)
        present = _present(connection, model, name)
        current = present.revision if present else None
        if expected is not Expected.ANY and current != expected:
            raise StalePrecondition(
                f"{name} of {model} was expected to be {expected or 'none'} and is {current or 'none'}", current=current
            )
        if present is not None and current == revision:
            return present
        made = Named(next_number(connection, names), model, name, revision, store.clock(), author)
        connection.execute(insert(names).values(**{each: getattr(made, each) for each in Named.__dataclass_fields__}))
        return made


def resolve(store: Store, model: str, name: str) -> str:
    """The revision that a name means. Raises UnknownRevisionName with the names that there are."""
    with store.reading() as connection:
        present = _present(connection, model, name)
    if present is None or present.revision is None:
        raise UnknownRevisionName(name, current(store, model))
    return present.revision


def current(store: Store, model: str) -> dict[str, str]:
    """Every name of a model with the revision that it means."""
    last = select(func.max(names.c.seq)).where(names.c.model == model).group_by(names.c.name)
    chosen = select(names.c.name, names.c.revision).where(names.c.seq.in_(last), names.c.revision.is_not(None))
    with store.reading() as connection:
        return {row.name: row.revision for row in connection.execute(chosen.order_by(names.c.name))}


def history(store: Store, model: str, name: str) -> list[Named]:
    """What a name meant, the last first."""
    of_it = (names.c.model == model) & (names.c.name == name)
    with store.reading() as connection:
        rows = connection.execute(select(names).where(of_it).order_by(names.c.seq.desc()))
        return [Named(**fields(row)) for row in rows]


def _present(connection: Connection, model: str, name: str) -> Named | None:
    of_it = (names.c.model == model) & (names.c.name == name)
    row = connection.execute(select(names).where(of_it).order_by(names.c.seq.desc()).limit(1)).first()
    return None if row is None else Named(**fields(row))
