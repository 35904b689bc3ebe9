"""Forecasts under each revision that was active, worked out once, so that a series through revisions is read at once.

It is a cache: all of it may be removed, and is then worked out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from service.store import revisions
from service.store.database import Store, fields
from service.store.tables import forecast_points


@dataclass(frozen=True, slots=True)
class Point:
    """A forecast of a series under a revision; ``series`` is a digest of the question, a colon and the state."""

    series: str
    revision: str
    p: float
    lo: float | None = None
    hi: float | None = None


def put(store: Store, model: str, points: Sequence[Point]) -> None:
    """Keep points, in place of those that were kept of the same series and revisions. Raises RevisionNotKept."""
    kept = forecast_points.c
    with store.writing() as connection:
        for revision in sorted({point.revision for point in points}):
            revisions.demand(connection, model, revision)
        for point in points:
            of_it = (kept.model == model) & (kept.series == point.series) & (kept.revision == point.revision)
            connection.execute(delete(forecast_points).where(of_it))
            values = {name: getattr(point, name) for name in Point.__dataclass_fields__}
            connection.execute(insert(forecast_points).values(model=model, **values))


def points(store: Store, model: str, question: str) -> list[Point]:
    """What is kept of a question: its series are those that begin with it and a colon."""
    kept = forecast_points.c
    of_it = (kept.model == model) & kept.series.startswith(f"{question}:", autoescape=True)
    chosen = select(kept.series, kept.revision, kept.p, kept.lo, kept.hi).where(of_it)
    with store.reading() as connection:
        return [Point(**fields(row)) for row in connection.execute(chosen)]
