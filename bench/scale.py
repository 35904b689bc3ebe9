"""How cost grows: with scenarios, slices, variables at a fixed width, and width."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bench import networks, ours, questions, table
from bench.peers import Refused
from bench.table import Line
from model import inference
from model.inference import Evidence
from model.network import Network

SCENARIOS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
SLICES = (1, 2, 5, 10, 20, 40)
VARIABLES = (10, 30, 100, 300, 1_000)
WIDTHS = (2, 4, 6, 8, 10, 12)
FIXED_WIDTH = 4
ON_THE_WAY = 60
"""Variables of the networks whose width grows."""
ENOUGH = 30.0
"""A point that takes longer, compiling included, is the last of its series."""


@dataclass(frozen=True, slots=True)
class Point:
    """One size: seconds to compile, seconds of one answer (for scenarios, of the whole batch)."""

    series: str
    size: int
    compiled: float | None
    seconds: float | None
    cells: int | None
    note: str = ""


def run(*, quick: bool, csv: Path | None, plot: Path | None) -> int:
    """Print every point as it comes."""
    print(f"{'series':<12}{'size':>10}{'compile s':>12}{'answer s':>12}{'table entries':>15}")
    points = []
    for point in _points(quick):
        points.append(point)
        shown = [f"{value:.3g}" if value is not None else "-" for value in (point.compiled, point.seconds)]
        cells = "-" if point.cells is None else f"{point.cells:,}"
        print(f"{point.series:<12}{point.size:>10,}{shown[0]:>12}{shown[1]:>12}{cells:>15}  {point.note}", flush=True)
    if csv:
        table.write(csv, [asdict(point) for point in points])
    if plot:
        panels = {name: [_line(points, name)] for name in dict.fromkeys(point.series for point in points)}
        print(table.plot(plot, panels, y="seconds"))
    return 0


def _line(points: Sequence[Point], series: str) -> Line:
    seen = [(point.size, point.seconds) for point in points if point.series == series and point.seconds]
    return Line("one answer", [size for size, _ in seen], [seconds for _, seconds in seen])


def _points(quick: bool) -> Iterator[Point]:
    most = 10_000 if quick else SCENARIOS[-1]
    yield from _scenarios([size for size in SCENARIOS if size <= most])
    made: Mapping[str, tuple[Sequence[int], Callable[[int], Network]]] = {
        "slices": (SLICES, networks.unrolled),
        "variables": (VARIABLES, lambda size: networks.banded(size, width=FIXED_WIDTH)),
        "width": (WIDTHS, lambda size: networks.banded(ON_THE_WAY, width=size)),
    }
    for series, (sizes, make) in made.items():
        for size in sizes[:3] if quick else sizes:
            point = _answered(series, size, make(size))
            yield point
            if point.seconds is None or (point.compiled or 0.0) + point.seconds > ENOUGH:
                break


def _answered(series: str, size: int, network: Network) -> Point:
    """All marginals given three findings."""
    try:
        prepared = ours.prepare(network)
        asked = questions.asked(network, 5, rng=np.random.default_rng(size), targeted=False)
        done = [one for _ in range(3) for one in ours.single(prepared, asked, {}, {})(0, 0.2)]
    except Refused as refused:
        return Point(series, size, None, None, None, str(refused))
    seconds = statistics.median(one.seconds for one in done)
    return Point(series, size, prepared.seconds, seconds, prepared.plan.cells)


def _scenarios(sizes: Sequence[int]) -> Iterator[Point]:
    """Batches about one target of alarm: each of ten variables is known in two cases of five."""
    network = networks.load("alarm")
    prepared = ours.prepare(network)
    rng = np.random.default_rng(networks.SEED)
    target, *given = (str(name) for name in rng.choice(network.names, 11, replace=False))
    for size in sizes:
        evidence = _known_in_part(network, size, given, rng)
        started = time.perf_counter()
        inference.posterior(prepared.plan, evidence, (target,))
        seconds = time.perf_counter() - started
        yield Point("scenarios", size, prepared.seconds, seconds, prepared.plan.cells)
        if seconds > ENOUGH:
            break


def _known_in_part(network: Network, size: int, given: Sequence[str], rng: np.random.Generator) -> Evidence:
    states = questions.many_sampled(network, size, rng)
    likelihood = {}
    for name in given:
        rows = np.eye(len(network[name].states))[states[name]]
        rows[rng.random(size) < 0.6] = 1.0
        likelihood[name] = rows
    return Evidence(size, likelihood)
