"""What an HTTP answer to a new question costs beside the engine's own work: reading, counting, writing, sending.

In one process, through the whole application but the server. The engine answers the same question by itself, from
another forecaster of the same model, so that neither finds made what the other has made. Answers are worked out anew
each time. All of it is processor time.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

from bench import table
from model.evidence import Observed
from model.forecast import Forecaster, answer, prepare
from model.priors import load
from model.question import Question, resolve

ROOT = Path(__file__).resolve().parent.parent
MODELS = {"asia": "lung", "mosul-2017": "pathway"}
ROUNDS, WARM = 150, 10
FINDINGS = 3
INTERVAL = 0.9

Evidence = dict[str, str]


def run(*, csv: Path | None) -> int:
    """Print a row for each model, form of answer, and whether its variables were asked about before."""
    from service import create_app
    from service.http import operation
    from service.settings import Settings

    app = create_app(Settings(ROOT / "priors"))
    alone = {name: prepare(load(ROOT / "priors" / name)) for name in MODELS}
    gc.collect()
    gc.freeze()  # as gunicorn.conf.py does before it forks
    operation._cached = _anew  # type: ignore[assignment]
    rows = []
    for model, target in MODELS.items():
        for form, path, targets in (
            ("every marginal", "marginals", ()),
            ("one target, interval", f"forecast/{target}", (target,)),
        ):
            for kind, questions in (("known", _known), ("new", _new)):
                engine = _engine(alone[model], targets)
                asked = questions(alone[model], target)
                costs = [_costs(app, f"/v1/models/{model}/{path}", each, engine) for each in asked]
                rows.append(_row(f"{model}: {form}, {kind} variables", [each for each in costs if each][WARM:]))
    _print(rows)
    if csv:
        table.write(csv, rows)
    return 0


def _print(rows: list[dict[str, Any]]) -> None:
    print(f"{'':50}{'engine ms':>10}{'http ms':>10}{'beside ms':>10}{'bytes':>9}")
    for row in rows:
        numbers = f"{row['engine ms']:10.2f}{row['http ms']:10.2f}{row['beside ms']:10.2f}{row['bytes']:9,d}"
        print(f"{row['question']:50}{numbers}")


def _row(name: str, costs: list[tuple[float, float, int]]) -> dict[str, Any]:
    """Medians; what is beside the engine is the median of the differences, question by question."""
    http, engine, sizes = zip(*costs, strict=True)
    beside = [whole - own for whole, own in zip(http, engine, strict=True)]
    return {
        "question": name,
        "asked": len(costs),
        "engine ms": round(1e3 * statistics.median(engine), 2),
        "http ms": round(1e3 * statistics.median(http), 2),
        "beside ms": round(1e3 * statistics.median(beside), 2),
        "bytes": round(statistics.median(sizes)),
    }


def _known(forecaster: Forecaster, target: str) -> Iterator[Evidence]:
    """Questions that speak of the same three variables, over and over, in their states."""
    rng = random.Random(1)
    names = rng.sample([name for name in forecaster.model.network.names if name != target], FINDINGS)
    for _ in range(ROUNDS):
        yield _states(forecaster, names, rng)


def _new(forecaster: Forecaster, target: str) -> Iterator[Evidence]:
    """Questions that each speak of three other variables."""
    rng = random.Random(2)
    names = [name for name in forecaster.model.network.names if name != target]
    for _ in range(ROUNDS):
        yield _states(forecaster, rng.sample(names, FINDINGS), rng)


def _states(forecaster: Forecaster, names: list[str], rng: random.Random) -> Evidence:
    return {name: rng.choice(forecaster.model.network.by_name[name].states) for name in names}


def _engine(forecaster: Forecaster, targets: tuple[str, ...]) -> Callable[[Evidence], float]:
    def seconds(evidence: Evidence) -> float:
        found = {name: Observed(state) for name, state in evidence.items()}
        resolved = resolve(forecaster.model, Question(targets, found, interval=INTERVAL if targets else None))
        started = time.thread_time()
        answer(forecaster, resolved)
        return time.thread_time() - started

    return seconds


def _costs(
    app: Any, path: str, evidence: Evidence, engine: Callable[[Evidence], float]
) -> tuple[float, float, int] | None:
    """Seconds over HTTP, seconds of the engine alone, and the bytes of the answer; None where it is refused."""
    query = "&".join(f"given={name}:{state}" for name, state in evidence.items())
    environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, "REMOTE_ADDR": "127.0.0.1"}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    started = time.thread_time()
    body = b"".join(app.wsgi_app(environ, lambda status, *_: statuses.append(status)))
    seconds = time.thread_time() - started
    return (seconds, engine(evidence), len(body)) if statuses[0].startswith("200") else None


def _anew(_: str, writer: Any, reply: Any, service: Any, turn: Any) -> bytes:
    from service.http import operation

    return operation._worked_out(writer, reply, service, turn)
