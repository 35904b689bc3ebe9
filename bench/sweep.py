"""Sweeps beside the same cases answered in this process: cases a second on both cores, and one worker beside two.

A sweep reads Parquet, answers and writes Parquet, its processes started anew each time; what it is held against neither
reads nor writes a file. Each takes its turn, round after round, so that ratios hold when the machine's speed drifts.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from bench import networks, table
from model import inference, priors
from model.evidence import Observed, likelihood
from model.forecast import Forecaster, answers, prepare
from model.inference import Evidence
from model.question import Question, resolve
from service.jobs import sweep
from service.jobs.engines import in_processes
from service.jobs.parquet_cases import parquet_cases

Codes = NDArray[np.int64]

ROUNDS = 3
BLOCK = 125_000
POSED = 4_000
"""Cases that are answered as questions, one object each, and scaled."""
SAID = 0.75
"""Share of the cells that say something."""
TWO, ONE = "sweep, two workers", "sweep, one worker"
RUNNING = ", once running"
"""Behind a sweep: from when each worker has done its first part, without the start of processes."""
QUESTIONS, ARRAYS = "batch of questions, both cores", "arrays to the engine, both cores"


@dataclass(frozen=True, slots=True)
class Load:
    """So many cases of a model that speak of some variables, about a target."""

    model: str
    cases: int
    target: str
    variables: tuple[str, ...]


LOADS = (
    Load("asia", 10_000_000, "lung", ("asia", "tub", "smoke", "bronc", "xray", "dysp")),
    Load(
        networks.FLAGSHIP,
        4_000_000,
        "pathway",
        (
            "is_territorial_control",
            "is_finances",
            "is_media_output",
            "border_intel_strength",
            "eu_political_distraction",
            "rule_of_law_support",
            "capacity_libya",
            "theatre_west_africa",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Rate:
    """Cases a second, and how many times as many a sweep with two workers does, once it runs."""

    model: str
    way: str
    rate: float
    sweep_over: float


def run(*, quick: bool, csv: Path | None) -> int:
    """Print every row."""
    print(f"{'model':<12}{'':<36}{'cases a second':>16}{'sweep over it':>15}")
    rows = []
    for load in LOADS:
        for row in rates(load, cases=load.cases // 8 if quick else load.cases, rounds=1 if quick else ROUNDS):
            rows.append(row)
            print(f"{row.model:<12}{row.way:<36}{row.rate:>16,.0f}{row.sweep_over:>14.2f}x", flush=True)
    if csv:
        table.write(csv, [asdict(row) for row in rows])
    return 0


def rates(load: Load, *, cases: int, rounds: int) -> Iterator[Rate]:
    """Cases a second of each way, medians of interleaved rounds."""
    forecaster = prepare(priors.load(networks.PRIORS / load.model))
    codes = drawn(forecaster, load, cases)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "cases.parquet"
        parquet.write_table(pa.table(_cells(forecaster, load, codes)), file)
        ways: dict[str, tuple[int, Callable[[], object]]] = {
            QUESTIONS: (POSED, partial(_posed, forecaster, load, [row[:POSED] for row in codes])),
            ARRAYS: (cases, partial(_as_arrays, forecaster, load, codes)),
        }
        seen: dict[str, list[float]] = {}
        for _ in range(rounds):
            for way, workers in ((TWO, 2), (ONE, 1)):
                whole, running = _swept(forecaster, file, load, Path(name), workers=workers)
                seen.setdefault(way, []).append(whole)
                seen.setdefault(way + RUNNING, []).append(running)
            for way, (count, do) in ways.items():
                started = time.perf_counter()
                do()
                seen.setdefault(way, []).append(count / (time.perf_counter() - started))
    medians = {way: statistics.median(found) for way, found in seen.items()}
    for way, rate in medians.items():
        yield Rate(load.model, way, rate, medians[TWO + RUNNING] / rate)


def drawn(forecaster: Forecaster, load: Load, cases: int) -> list[Codes]:
    """The state of each variable in each case, -1 where nothing is said."""
    rng, network = np.random.default_rng(networks.SEED), forecaster.model.network
    states = [rng.integers(0, len(network[name].states), cases) for name in load.variables]
    return [np.where(rng.random(cases) < SAID, each, -1) for each in states]


def _cells(forecaster: Forecaster, load: Load, codes: Sequence[Codes]) -> dict[str, pa.Array]:
    found = {}
    for name, each in zip(load.variables, codes, strict=True):
        places, states = pa.array(each.astype(np.int32), mask=each < 0), forecaster.model.network[name].states
        found[name] = pa.DictionaryArray.from_arrays(places, pa.array(states)).cast(pa.string())
    return found


def _swept(forecaster: Forecaster, file: Path, load: Load, folder: Path, *, workers: int) -> tuple[float, float]:
    """Cases a second of a whole sweep (the file looked through, processes started, every answer on the disk), and once
    every worker has done a part.
    """
    with tempfile.TemporaryDirectory(dir=folder) as out:
        engine = partial(in_processes, workers=workers)
        marks = [(time.perf_counter(), 0)]
        for now in sweep.run(forecaster, parquet_cases(file), Path(out), engine, targets=(load.target,)):
            marks.append((time.perf_counter(), now.cases))
    (start, _), *_, (end, cases) = marks
    since, before = marks[1 + workers]
    return cases / (end - start), (cases - before) / (end - since)


def _posed(forecaster: Forecaster, load: Load, codes: Sequence[Codes]) -> None:
    """As a batch over HTTP is answered: a question for each case, all of them side by side."""
    network, questions = forecaster.model.network, []
    for case in zip(*(each.tolist() for each in codes), strict=True):
        said = {n: Observed(network[n].states[c]) for n, c in zip(load.variables, case, strict=True) if c >= 0}
        questions.append(Question((load.target,), said))
    answers(forecaster, [resolve(forecaster.model, question) for question in questions])


def _as_arrays(forecaster: Forecaster, load: Load, codes: Sequence[Codes]) -> None:
    """The engine alone, in blocks as a sweep has them, under the default picture where a case says nothing."""
    network, picture = forecaster.model.network, forecaster.draws.picture
    assert not picture.settings, "nothing is done in the default picture"
    behind = {name: likelihood(network[name], finding) for name, finding in picture.findings.items()}
    ones = {name: np.ones(len(network[name].states)) for name in load.variables}
    known = {name: np.vstack([np.eye(len(each)), behind.get(name, each)]) for name, each in ones.items()}
    for start in range(0, len(codes[0]), BLOCK):
        blocks = [each[start : start + BLOCK] for each in codes]
        count = len(blocks[0])
        rows = {name: np.broadcast_to(each, (count, len(each))) for name, each in behind.items()}
        rows |= {name: known[name][each] for name, each in zip(load.variables, blocks, strict=True)}
        inference.posterior(forecaster.plan, Evidence(count, rows), (load.target,))
