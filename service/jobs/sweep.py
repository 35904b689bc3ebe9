"""A sweep: very many cases, answered part by part into a folder of Parquet files, and taken up where it was left."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from model.forecast import Forecaster, compiled
from model.specification import Model
from service.http.fingerprint import fingerprint
from service.jobs import folder
from service.jobs.answer_part import Failed, Sweep, answer_part
from service.jobs.cases import ID, BadCases, Part, Source
from service.jobs.folder import Done
from service.live import mapped
from service.translate import questions
from service.translate.batch import COLUMNS, check_columns

CASES, ROWS = 250_000, 10_000_000
"""What a part holds at the most: a file of some 10 MB for each million rows."""
DRAWN = 2_000
"""Cases of a part where intervals are asked for, each of which is drawn a thousand times."""

Engine = Callable[[Callable[[Part], Done | Failed], Sequence[Part]], Generator[Done | Failed, None, None]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is: cases done now and before it was taken up, of how many, and of all done those refused."""

    cases: int
    before: int
    of: int
    refused: int
    rows: int


def part_size(model: Model, targets: Sequence[str], interval: float | None) -> int:
    """Cases of a part: it decides where one file ends, so that a sweep that is taken up again has the same ones."""
    most = CASES if interval is None else DRAWN
    return max(1_000, min(most, ROWS // sum(model.network.cards(targets)) // 1_000 * 1_000))


def check(model: Model, source: Source, *, with_cases: bool) -> None:
    """Refuse columns that are of no variable, and those that could not be told from columns of answers."""
    check_columns(model, source.columns)
    taken = [name for name in source.columns if name in COLUMNS and name != ID]
    if with_cases and taken:
        raise BadCases(f"the answers have a column {taken[0]!r} of their own: leave out --with-cases")


def run(
    forecaster: Forecaster,
    source: Source,
    out: Path,
    engine: Engine,
    *,
    targets: tuple[str, ...],
    events: tuple[str, ...] = (),
    interval: float | None = None,
    with_cases: bool = False,
) -> Iterator[Progress]:
    """Answer all cases that are not answered yet; yields how far it is before the first part and after each.

    ``forecaster`` is of the model without events. Raises SweepRefused where the folder holds something else, BadCases
    for a part that cannot be read, and OSError where a file cannot be written; parts that are done stay.
    """
    model = forecaster.model
    sweep = Sweep(
        out.absolute(), source, model.name, model.revision, fingerprint(), targets, events, interval, with_cases
    )
    size = part_size(questions.about(forecaster, events)[0].model, targets, interval)
    parts = source.parts(size)
    with folder.opened(sweep.out, _asked(sweep, size)):
        earlier = [done for part in parts if (done := folder.done(sweep.out, part.number, model.revision))]
        before = sum(done.cases for done in earlier)
        finished = {done.number: done for done in earlier}
        yield _progress(finished, before, source.cases)
        left = [part for part in parts if part.number not in finished]
        if left:
            (sweep.out / folder.MODEL).mkdir(exist_ok=True)
            mapped.write(sweep.out / folder.MODEL, compiled(forecaster))
            with closing(engine(partial(answer_part, sweep), left)) as results:
                for result in results:
                    if isinstance(result, Failed):
                        raise BadCases(result.why)
                    finished[result.number] = result
                    yield _progress(finished, before, source.cases)
        end = _progress(finished, before, source.cases)
        counts = {"cases": end.cases, "answered": end.cases - end.refused, "refused": end.refused, "rows": end.rows}
        folder.write_json(sweep.out / folder.SUMMARY, {**counts, "parts": len(parts)})


def _progress(finished: dict[int, Done], before: int, of: int) -> Progress:
    each = finished.values()
    cases, refused, rows = (sum(getattr(done, name) for done in each) for name in ("cases", "refused", "rows"))
    return Progress(cases, before, of, refused, rows)


def _asked(sweep: Sweep, size: int) -> dict[str, object]:
    """What decides the bytes of every part."""
    return {
        "model": sweep.model,
        "revision": sweep.revision,
        "cases": sweep.source.identity,
        "targets": list(sweep.targets),
        "interval": sweep.interval or "none",
        "with_cases": sweep.with_cases,
        "part": size,
        "software": sweep.software,
    }
