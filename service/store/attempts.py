"""Loads of a model that failed, with everything that was wrong, and the load that mended it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from model.errors import Problem
from service.store.database import Store, next_number
from service.store.tables import attempts


@dataclass(frozen=True, slots=True)
class Attempt:
    """A load of a model: it failed where there are ``problems``, and mended what was wrong where there are none."""

    seq: int
    model: str
    at: datetime
    author: str
    problems: tuple[Problem, ...]


def record(store: Store, model: str, problems: Sequence[Problem], *, author: str = "") -> Attempt | None:
    """Note a load with its problems, or without any that it succeeded; a load that ended as the last one is not noted.

    Returns the attempt that describes the model now, None where no load ever failed.
    """
    with store.reading() as connection:
        present = _last(connection, model)
    if (present.problems if present else ()) == tuple(problems):
        return present
    with store.writing() as connection:
        made = Attempt(next_number(connection, attempts), model, store.clock(), author, tuple(problems))
        text = json.dumps([asdict(problem) for problem in problems], ensure_ascii=False)
        connection.execute(insert(attempts).values(seq=made.seq, model=model, at=made.at, author=author, problems=text))
        return made


def last(store: Store, model: str) -> Attempt | None:
    """How the last load of a model that was noted ended; None where no load ever failed."""
    with store.reading() as connection:
        return _last(connection, model)


def _last(connection: Connection, model: str) -> Attempt | None:
    chosen = select(attempts).where(attempts.c.model == model).order_by(attempts.c.seq.desc()).limit(1)
    row = connection.execute(chosen).first()
    if row is None:
        return None
    problems = tuple(Problem(**problem) for problem in json.loads(row.problems))
    return Attempt(row.seq, row.model, row.at, row.author, problems)
