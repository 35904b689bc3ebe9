"""Forecasts under each revision that was active, worked out once, so that a series through revisions is read at once.

It is a cache: all of it may be removed, and is then worked out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from service.store import revisions
from service.store.database import Store, fields
from service.store.tables import activations, forecast_points


@dataclass(frozen=True, slots=True)
class Point:
    """A forecast of a series under a revision; ``series`` names the question and the state, as its caller likes."""

    series: str
    revision: str
    p: float
    lo: float | None = None
    hi: float | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """A forecast at the time at which its revision became active; ``seq`` is the number of that change."""

    seq: int
    at: datetime
    revision: str
    p: float
    lo: float | None
    hi: float | None


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


def series(store: Store, model: str, series: str) -> list[Dated]:
    """A series through the activations of a model, in their order; revisions without a point are left out."""
    kept, made = forecast_points.c, activations.c
    joined = activations.join(forecast_points, (made.model == kept.model) & (made.revision == kept.revision))
    chosen = select(made.seq, made.at, made.revision, kept.p, kept.lo, kept.hi).select_from(joined)
    chosen = chosen.where(made.model == model, kept.series == series).order_by(made.seq)
    with store.reading() as connection:
        return [Dated(**fields(row)) for row in connection.execute(chosen)]


def missing(store: Store, model: str, series: str) -> list[str]:
    """Revisions that were active and have no point of a series, in the order in which they first became active."""
    kept = select(forecast_points.c.revision).where(
        forecast_points.c.model == model, forecast_points.c.series == series
    )
    chosen = select(activations.c.revision).where(activations.c.model == model, activations.c.revision.not_in(kept))
    with store.reading() as connection:
        return list(dict.fromkeys(connection.execute(chosen.order_by(activations.c.seq)).scalars()))
