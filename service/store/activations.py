"""Which revision of a model is active, and every change of that, chained by hashes.

Of a model whose folder was removed none is, until one is made active again: a row of ``retirements`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, insert, select

from service.store import hash_chain, revisions
from service.store.database import Store, fields, next_number
from service.store.errors import StalePrecondition
from service.store.tables import activations, retirements

Cause = Literal["file", "call", "store", "start"]


class Expected(Enum):
    """``ANY``: a change whatever is active now."""

    ANY = "any"


@dataclass(frozen=True, slots=True)
class Activation:
    """A revision that became active: the ``seq``-th change of all models, in place of ``previous``."""

    seq: int
    model: str
    revision: str
    at: datetime
    cause: Cause
    previous: str | None
    author: str
    reason: str


MADE = [activations.c[name] for name in Activation.__dataclass_fields__]


def activate(
    store: Store,
    model: str,
    revision: str,
    *,
    cause: Cause,
    expected: str | Expected | None = Expected.ANY,
    author: str = "",
    reason: str = "",
    at: datetime | None = None,
) -> Activation:
    """Make a kept revision the active one of its model, if the active one is now ``expected``; None: there is none.

    Of several that expect the same one wins; the others raise StalePrecondition with the revision that is active.
    Where the revision is active already nothing is changed. ``at`` is when it became active, where that was not now.
    Raises RevisionNotKept.
    """
    with store.writing() as connection:
        revisions.demand(connection, model, revision)
        present = _active(connection, model)
        current = present.revision if present else None
        if expected is not Expected.ANY and current != expected:
            raise StalePrecondition(_stale(model, expected, current), current=current)
        if present is not None and current == revision:
            return present
        record: dict[str, Any] = {
            "model": model,
            "revision": revision,
            "at": at or store.clock(),
            "cause": cause,
            "previous": current,
            "author": author,
            "reason": reason,
        }
        return Activation(seq=hash_chain.append(connection, activations, record), **record)


def _stale(model: str, expected: str | None, current: str | None) -> str:
    return (
        f"the active revision of {model} was expected to be {expected or 'none'} and is {current or 'none'}; "
        "look at what changed, then ask again"
    )


def retire(store: Store, model: str, *, at: datetime | None = None) -> None:
    """Note that a model is not served any more: none of its revisions is active. They are kept."""
    with store.writing() as connection:
        present = _active(connection, model)
        if present is not None:
            values = {"seq": next_number(connection, retirements), "model": model, "at": at or store.clock()}
            connection.execute(insert(retirements).values(**values, ends=present.seq))


def retired(store: Store) -> frozenset[str]:
    """Models that had an active revision, and have none since they were removed."""
    with store.reading() as connection:
        known = connection.execute(select(retirements.c.model).distinct()).scalars().all()
        return frozenset(model for model in known if _active(connection, model) is None)


def active(store: Store, model: str) -> Activation | None:
    """The change that made the present revision of a model active; None where none is."""
    with store.reading() as connection:
        return _active(connection, model)


def all_active(store: Store) -> dict[str, Activation]:
    """The same for every model that has an active revision."""
    last = select(func.max(activations.c.seq)).group_by(activations.c.model)
    chosen = select(*MADE).where(activations.c.seq.in_(last), ~_ended()).order_by(activations.c.model)
    with store.reading() as connection:
        return {row.model: Activation(**fields(row)) for row in connection.execute(chosen)}


def last_numbers(store: Store) -> tuple[int, int]:
    """The numbers of the last change and of the last retirement: while both stay the same nothing is new."""
    last = (select(func.coalesce(func.max(each.c.seq), 0)).scalar_subquery() for each in (activations, retirements))
    with store.reading() as connection:
        made, ended = connection.execute(select(*last)).one()
        return int(made), int(ended)


def latest(store: Store, model: str, *, most: int = 50, before: int | None = None) -> list[Activation]:
    """The changes of a model, the last first; ``before`` a sequence number, for the next page."""
    chosen = select(*MADE).where(activations.c.model == model).order_by(activations.c.seq.desc()).limit(most)
    if before is not None:
        chosen = chosen.where(activations.c.seq < before)
    with store.reading() as connection:
        return [Activation(**fields(row)) for row in connection.execute(chosen)]


def of_revision(store: Store, model: str, revision: str) -> list[Activation]:
    """The changes that made a revision active, the last first."""
    of_it = (activations.c.model == model) & (activations.c.revision == revision)
    with store.reading() as connection:
        rows = connection.execute(select(*MADE).where(of_it).order_by(activations.c.seq.desc()))
        return [Activation(**fields(row)) for row in rows]


def every(store: Store, model: str) -> list[Activation]:
    """Every change of a model, the first first."""
    chosen = select(*MADE).where(activations.c.model == model).order_by(activations.c.seq)
    with store.reading() as connection:
        return [Activation(**fields(row)) for row in connection.execute(chosen)]


def _active(connection: Connection, model: str) -> Activation | None:
    of_it = (activations.c.model == model) & ~_ended()
    chosen = select(*MADE).where(of_it).order_by(activations.c.seq.desc()).limit(1)
    row = connection.execute(chosen).first()
    return None if row is None else Activation(**fields(row))


def _ended() -> ColumnElement[bool]:
    """Whether an activation was ended by the removal of its model."""
    later = (retirements.c.model == activations.c.model) & (retirements.c.ends >= activations.c.seq)
    return select(retirements.c.seq).where(later).correlate(activations).exists()
