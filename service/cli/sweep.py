"""The command ``sweep``: very many cases from a file or a grid, answered into a folder of Parquet files."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from model.wording import quantity
from service.cli import completion
from service.cli.options import EVENT_HELP, REFUSED, load, priors_option, split_names
from service.cli.page import say, width

if TYPE_CHECKING:
    from model.specification import Model
    from service.jobs.cases import Source
    from service.jobs.sweep import Engine, Progress

NONE = "none"
STOPPED = 130
"""The exit code of Ctrl-C."""
BAR = 24
"""Characters of the bar."""
WITH_INTERVALS = 10_000
"""Distributions with intervals beyond which it is said first what they take."""


SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


def share(context: click.Context, parameter: click.Parameter, said: str) -> float | None:
    """A share between 0 and 1, None for the word none. Raises BadParameter."""
    found: Any = None if said == NONE else SHARE.convert(said, parameter, context)  # type: ignore[arg-type]
    return None if found is None else float(found)


@click.command(short_help="Answer millions of cases from a file or a grid into Parquet.")
@click.argument("model", shell_complete=completion.models)
@click.argument("cases", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--grid", metavar="GRID", help="In place of CASES every combination, such as 'xray=*;do.smoke=yes,no'.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", required=True, help="Folder of answers."
)
@click.option("--target", "targets", multiple=True, metavar="NAMES", help="With commas or repeated; else the headline.")
@click.option("--event", multiple=True, metavar="EVENT", help=EVENT_HELP)
@click.option(
    "--interval",
    callback=share,
    default=NONE,
    show_default=True,
    metavar="SHARE",
    help="The share of the draws that each range holds: a thousand draws for each distribution.",
)
@click.option("--with-cases", is_flag=True, help="Also the columns of the cases, in each row; so always with --grid.")
@click.option("--engine", type=click.Choice(["pool", "dask"]), default="pool", show_default=True, help="Who answers.")
@click.option("--address", metavar="URL", help="The scheduler of a Dask cluster; left out, one is started here.")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes on this machine; else one a core.")
@priors_option
def sweep(
    model: str,
    cases: Path | None,
    grid: str | None,
    out: Path,
    root: Path | None,
    engine: Literal["pool", "dask"],
    address: str | None,
    workers: int | None,
    **asked: object,
) -> None:
    """Answer each case of CASES, a CSV or Parquet file, or of --grid, into a folder of Parquet files.

    \b
    aftermath sweep asia cases.csv --out answers
    aftermath sweep asia --grid 'xray=*;smoke=*;do.bronc=no' --out answers --target lung

    Columns and cells of the cases are those of a batch over HTTP, and so are the columns of the answers: a bad case has
    its error in its place. A sweep that was ended, however that was, goes on where it was when it is asked again. Exits
    1 where every case is refused.
    """
    if (cases is None) == (grid is None):
        raise click.UsageError("Name either CASES or --grid.")
    if address is not None and engine != "dask":
        raise click.UsageError("--address is of --engine dask.")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in place of an end at once, so that processes end too
    try:
        _run(load(model, root), cases, grid, out, _engine(engine, address, workers), **asked)  # type: ignore[arg-type]
    except KeyboardInterrupt:
        say("\nStopped. The same command goes on where this was.", err=True)
        sys.exit(STOPPED)


def _engine(name: Literal["pool", "dask"], address: str | None, workers: int | None) -> Engine:
    from service.jobs.engines import in_processes, on_cluster

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = workers or cores
    return (
        partial(in_processes, workers=count) if name == "pool" else partial(on_cluster, address=address, workers=count)
    )


def _run(
    model: Model,
    cases: Path | None,
    grid: str | None,
    out: Path,
    engine: Engine,
    *,
    targets: tuple[str, ...],
    event: tuple[str, ...],
    interval: float | None,
    with_cases: bool,
) -> None:
    from model.forecast import prepare
    from model.question import Question, resolve
    from service.jobs import sweep as sweeps
    from service.translate import questions

    source = _source(model, cases, grid)
    kept = with_cases or grid is not None
    sweeps.check(model, source, with_cases=kept)
    forecaster = prepare(model)
    own = tuple(split_names(targets))
    laid, events = questions.about(forecaster, event, beside=own)
    asked = resolve(laid.model, Question((*own, *events) or model.headline)).targets
    _announce(laid.model, source, asked, interval)
    bar, last = _Bar(), None
    options = {"targets": asked, "events": tuple(events), "interval": interval, "with_cases": kept}
    for last in sweeps.run(forecaster, source, out, engine, **options):  # type: ignore[arg-type]
        bar.show(last)
    bar.end()
    if last is not None:
        _conclude(last, out)


def _source(model: Model, cases: Path | None, grid: str | None) -> Source:
    """Where the cases come from, by option and suffix."""
    from service.jobs.csv_cases import csv_cases
    from service.jobs.grid import read_grid
    from service.jobs.parquet_cases import parquet_cases

    if cases is None:
        return read_grid(model, grid or "")
    readers: dict[str, Callable[[Path], Source]] = {".csv": csv_cases, ".parquet": parquet_cases}
    read = readers.get(cases.suffix.lower())
    if read is None:
        raise click.UsageError(f"{cases} is read by its suffix, which is none of {' and '.join(readers)}.")
    return read(cases.absolute())


def _announce(model: Model, source: Source, targets: tuple[str, ...], interval: float | None) -> None:
    """How much there is to do, before it is begun."""
    from service.jobs.grid import Grid, counted

    states = sum(model.network.cards(targets))
    cases = counted(source) if isinstance(source, Grid) else quantity(source.cases, "case")
    say(f"{cases}, {quantity(source.cases * states, 'row')}: {states} of each case, of {', '.join(targets)}")
    drawn = source.cases * len(targets)
    if interval is not None and drawn > WITH_INTERVALS:
        many = quantity(drawn, "distribution")
        say(f"intervals of {many}: each is drawn a thousand times, which takes some milliseconds")


class _Bar:
    """How far it is, on the terminal that errors go to; nothing where there is none."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.began = time.monotonic()

    def show(self, now: Progress) -> None:
        """Draw it anew."""
        if self.shown:
            seconds = time.monotonic() - self.began
            click.echo(f"\r{bar_text(now, seconds)[: width() - 1]}\x1b[K", err=True, nl=False)

    def end(self) -> None:
        """Leave it as it is, and go on below."""
        if self.shown:
            click.echo(err=True)


def bar_text(now: Progress, seconds: float) -> str:
    """The bar as text.

    >>> from service.jobs.sweep import Progress
    >>> bar_text(Progress(cases=500_000, before=0, of=1_000_000, refused=2, rows=0), 2.0)
    '[############............] 500,000 of 1,000,000 cases, 2 refused, 250,000 a second, 2 s left'
    """
    full = BAR * now.cases // max(now.of, 1)
    speed = (now.cases - now.before) / seconds if seconds else 0.0
    parts = [f"{now.cases:,} of {quantity(now.of, 'case')}"]
    if now.refused:
        parts.append(f"{now.refused:,} refused")
    if speed:
        parts += [f"{speed:,.0f} a second", f"{time_left((now.of - now.cases) / speed)} left"]
    return f"[{'#' * full}{'.' * (BAR - full)}] {', '.join(parts)}"


def time_left(seconds: float) -> str:
    """A time as people say it.

    >>> time_left(59.6), time_left(3_599), time_left(7_260)
    ('1 min', '1 h 0 min', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _conclude(end: Progress, out: Path) -> None:
    taken_up = f"; {end.before:,} of them had been answered before" if end.before else ""
    answered, rows = f"{end.cases - end.refused:,} of {quantity(end.cases, 'case')}", quantity(end.rows, "row")
    say(f"{answered} answered, {rows} in {out}{taken_up}")
    if end.refused:
        say(f"refused: {quantity(end.refused, 'case')}; the column error says why", err=True)
    if end.refused == end.cases > 0:
        sys.exit(REFUSED)
