"""Answers that were issued under a permalink: the bytes as they were sent, in each form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select

from service.store import blobs, revisions
from service.store.database import Store, next_number
from service.store.errors import AnswerNotKept, QuotaExceeded, TooLargeToKeep
from service.store.tables import answer_forms, answers


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer is to: a canonical ``question`` of a ``kind``, under a revision, by a version of the software."""

    model: str
    revision: str
    engine: str
    kind: str
    question: str

    @property
    def id(self) -> str:
        """The name of the answer in its permalink: the same wherever the same is asked.

        >>> Asked("asia", "r-1", "1.0", "query", "{}").id
        'a-8d0fbc45de39c9fbf8be6048'
        """
        return f"a-{hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:24]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is kept, and the forms it is kept in."""

    seq: int
    id: str
    asked: Asked
    at: datetime
    forms: tuple[str, ...]


def keep(store: Store, asked: Asked, forms: Mapping[str, bytes], *, client: str = "") -> str:
    """Keep an answer's bytes by form and return its id; a form that is kept already stays as it is.

    Only an answer that is new counts for the client. Raises RevisionNotKept, TooLargeToKeep, QuotaExceeded and
    StoreFull.
    """
    size = sum(map(len, forms.values()))
    if size > store.limits.answer_bytes:
        raise TooLargeToKeep(f"the answer has {size:,} bytes, more than {store.limits.answer_bytes:,}")
    if is_kept(store, asked.id, forms):
        return asked.id
    with store.writing() as connection:
        at = store.clock()
        if connection.execute(select(answers.c.id).where(answers.c.id == asked.id)).first() is None:
            revisions.demand(connection, asked.model, asked.revision)
            _demand_quota(connection, store, client, at)
            number = next_number(connection, answers)
            connection.execute(insert(answers).values(seq=number, id=asked.id, **asdict(asked), client=client, at=at))
        for form in sorted(forms.keys() - set(_forms(connection, asked.id))):
            digest = blobs.keep(connection, forms[form], at=at, limits=store.limits)
            connection.execute(insert(answer_forms).values(answer=asked.id, form=form, blob=digest))
    return asked.id


def is_kept(store: Store, id: str, forms: Collection[str]) -> bool:
    """Whether an answer is kept in all of these forms."""
    with store.reading() as connection:
        return set(forms) <= set(_forms(connection, id))


def _demand_quota(connection: Connection, store: Store, client: str, at: datetime) -> None:
    of_today = (answers.c.client == client) & (answers.c.at > at - timedelta(days=1))
    count = connection.execute(select(func.count()).select_from(answers).where(of_today)).scalar_one()
    if count >= store.limits.answers_a_day:
        raise QuotaExceeded(
            f"{count:,} new answers were kept for you within a day, which is the limit; ask without keeping"
        )


def answer(store: Store, id: str) -> Answer:
    """What is known of an answer. Raises AnswerNotKept."""
    with store.reading() as connection:
        row = connection.execute(select(answers).where(answers.c.id == id)).first()
        if row is None:
            raise AnswerNotKept(id)
        asked = Asked(row.model, row.revision, row.engine, row.kind, row.question)
        return Answer(row.seq, row.id, asked, row.at, _forms(connection, id))


def body(store: Store, id: str, form: str) -> bytes:
    """The bytes of an answer as they were first kept in a form. Raises AnswerNotKept."""
    of_it = (answer_forms.c.answer == id) & (answer_forms.c.form == form)
    with store.reading() as connection:
        digest = connection.execute(select(answer_forms.c.blob).where(of_it)).scalar_one_or_none()
        if digest is None:
            raise AnswerNotKept(f"{id}.{form}")
        return blobs.content(connection, digest)


def _forms(connection: Connection, id: str) -> tuple[str, ...]:
    chosen = select(answer_forms.c.form).where(answer_forms.c.answer == id).order_by(answer_forms.c.form)
    return tuple(connection.execute(chosen).scalars())
