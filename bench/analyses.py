"""What the answers beyond the point cost on the flagship: intervals, sensitivity, explanation, plan, goals.

Each is asked in turn, round after round in one run, so that the ratios hold when the machine's speed drifts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench import networks, table
from model import priors
from model.analyses.collection_plan import plan
from model.analyses.explanation import explain
from model.analyses.goal_seeking import goals, policies
from model.analyses.sensitivity import sensitivity
from model.analyses.variance_attribution import attribution
from model.evidence import Observed, SetTo
from model.forecast import Forecaster, answer, prepare
from model.question import Question
from model.uncertainty.intervals import MASS

ROUNDS = 15
FINDINGS = 10
POINT, INTERVAL = "point answer", "answer with a 90 % interval"
LIMITS: Mapping[str, str] = {
    INTERVAL: "10x the point answer",
    "tornado of every number": "50 ms",
    "explanation of 10 findings": "50 ms",
    "collection plan, first step": "100 ms",
}
"""What is meant to be reached."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Median seconds of one analysis, the first time apart, and how many point answers that is."""

    name: str
    first: float
    seconds: float
    ratio: float


def run(*, quick: bool, csv: Path | None) -> int:
    """Print every row, those with an aim with it."""
    forecaster = prepare(priors.load(networks.PRIORS / networks.FLAGSHIP))
    forecaster.draws.warm()
    rows = timed(_asked(forecaster), rounds=3 if quick else ROUNDS)
    print(f"{networks.FLAGSHIP}, medians of one interleaved run\n{'':<32}{'first':>10}{'then':>10}{'points':>9}  aim")
    for row in rows:
        times = f"{1e3 * row.first:>7.2f} ms{1e3 * row.seconds:>7.2f} ms{row.ratio:>8.1f}x"
        print(f"{row.name:<32}{times}  {LIMITS.get(row.name, '')}")
    if csv:
        table.write(csv, [{"analysis": r.name, "first": r.first, "seconds": r.seconds, "ratio": r.ratio} for r in rows])
    return 0


def timed(asked: Mapping[str, Callable[[], object]], *, rounds: int) -> list[Timed]:
    """Every function in turn, so many times: its first time, its median, and that over the first function's."""
    seen: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds + 1):
        for name, ask in asked.items():
            started = time.perf_counter()
            ask()
            seen[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(times[1:]) for name, times in seen.items()}
    point = next(iter(medians.values()))
    return [Timed(name, seen[name][0], seconds, seconds / point) for name, seconds in medians.items()]


def _asked(forecaster: Forecaster) -> dict[str, Callable[[], object]]:
    target, state = "directed_attack_europe", "mass_casualty"
    given = {"is_finances": Observed("halved"), "border_intel_strength": Observed("weak")}
    question = Question((target,), given, {"returnee_response_model": SetTo("care_and_mentoring")})
    ten = Question((target,), _likely(forecaster, FINDINGS, apart=target))
    event = {"target": target, "state": state}
    return {
        POINT: lambda: answer(forecaster, question),
        INTERVAL: lambda: answer(forecaster, replace(question, interval=MASS)),
        "tornado of every number": lambda: sensitivity(forecaster, question, **event),
        "attribution": lambda: attribution(forecaster, question, **event),
        "explanation of 10 findings": lambda: explain(forecaster, ten, **event),
        "collection plan, first step": lambda: plan(forecaster, question, **event, steps=1),
        "collection plan, 3 steps": lambda: plan(forecaster, question, **event, steps=3),
        "goals, up to 3 levers": lambda: goals(forecaster, question, **event, below=0.2),
        "policies, every lever": lambda: policies(forecaster, question, **event),
    }


def _likely(forecaster: Forecaster, count: int, *, apart: str) -> dict[str, Observed]:
    """Findings on every so many variables, each in the most probable state of all together."""
    names = [name for name in forecaster.model.network.names if name != apart]
    every = len(names) // count
    most = answer(forecaster, Question((apart,), most_probable=True)).most_probable
    assert most is not None
    picked = [names[i] for i in np.arange(count) * every]
    return {name: Observed(most.states[name]) for name in picked}
