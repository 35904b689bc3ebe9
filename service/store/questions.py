"""Named questions of a model: what each name asks now, and what it asked before."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from service.store.activations import Expected
from service.store.database import Store, fields, next_number
from service.store.errors import BadText, QuotaExceeded, StalePrecondition, UnknownQuestion
from service.store.names import NAME, NAME_RULE
from service.store.tables import questions

MOST = 500
"""Questions of a model that have a name at once: a list that people read."""
LONGEST = 8_000
"""Characters of a question, as of an address."""
LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A question under a name: a query string, None where the name was taken away. ``seq`` is its version."""

    seq: int
    model: str
    name: str
    label: str
    question: str | None
    at: datetime
    author: str


def keep(
    store: Store,
    model: str,
    name: str,
    *,
    question: str | None,
    label: str = "",
    expected: str | Expected | None = Expected.ANY,
    author: str = "",
) -> Kept:
    """Let a name ask this from now on, or nothing; what it asked before is remembered.

    ``expected`` is the version, ``seq`` as text, that is taken to be there, None where none is. Raises BadText,
    QuotaExceeded, UnknownQuestion where a name that asks nothing is taken away, and StalePrecondition.
    """
    _demand_texts(name, question, label)
    with store.writing() as connection:
        last = _last(connection, model, name)
        present = last if last is not None and last.question is not None else None
        version = None if present is None else str(present.seq)
        if expected is not Expected.ANY and version != expected:
            raise StalePrecondition(
                f"question {name} of {model} was expected to be at version {expected or 'none'} and is at "
                f"{version or 'none'}",
                current=version,
            )
        if present is None and question is None:
            raise UnknownQuestion(name, [each.name for each in _current(connection, model)])
        if present is not None and (present.question, present.label) == (question, label):
            return present
        if present is None and len(_current(connection, model)) >= MOST:
            raise QuotaExceeded(f"{model} has {MOST:,} named questions, which is the most: take one away first")
        made = Kept(next_number(connection, questions), model, name, label, question, store.clock(), author)
        connection.execute(insert(questions).values(**asdict(made)))
        return made


def current(store: Store, model: str) -> list[Kept]:
    """Every named question of a model, by name."""
    with store.reading() as connection:
        return _current(connection, model)


def history(store: Store, model: str, name: str) -> list[Kept]:
    """What a name asked, the last first. Raises UnknownQuestion for a name that never asked anything."""
    of_it = (questions.c.model == model) & (questions.c.name == name)
    with store.reading() as connection:
        rows = connection.execute(select(questions).where(of_it).order_by(questions.c.seq.desc()))
        found = [Kept(**fields(row)) for row in rows]
        if not found:
            raise UnknownQuestion(name, [each.name for each in _current(connection, model)])
        return found


def _demand_texts(name: str, question: str | None, label: str) -> None:
    if not NAME.fullmatch(name):
        raise BadText(f"{name[:80]!r} cannot be the name of a question: {NAME_RULE}")
    if len(label) > LONGEST_LABEL:
        raise BadText(f"the label has {len(label):,} characters, the most is {LONGEST_LABEL}")
    if len(question or "") > LONGEST:
        raise BadText(f"the question has {len(question or ''):,} characters, the most is {LONGEST:,}")


def _current(connection: Connection, model: str) -> list[Kept]:
    last = select(func.max(questions.c.seq)).where(questions.c.model == model).group_by(questions.c.name)
    chosen = select(questions).where(questions.c.seq.in_(last), questions.c.question.is_not(None))
    return [Kept(**fields(row)) for row in connection.execute(chosen.order_by(questions.c.name))]


def _last(connection: Connection, model: str, name: str) -> Kept | None:
    of_it = (questions.c.model == model) & (questions.c.name == name)
    row = connection.execute(select(questions).where(of_it).order_by(questions.c.seq.desc()).limit(1)).first()
    return None if row is None else Kept(**fields(row))
