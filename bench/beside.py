"""What an HTTP answer to a new question costs beside the engine's own work: reading, counting, writing, sending.

In one process, through the whole application but the server: the time of ``answer`` is taken within each request, and
what is left is the request's. Answers are worked out anew each time. All of it is processor time.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

from bench import table
from service.routes import forecasts

ROOT = Path(__file__).resolve().parent.parent
MODELS = {"asia": "lung", "mosul-2017": "pathway"}
ROUNDS, WARM = 150, 10
FINDINGS = 3


def run(*, csv: Path | None) -> int:
    """Print a row for each model, form of answer, and whether its variables were asked about before."""
    from service import create_app
    from service.http import operation
    from service.settings import Settings

    app = create_app(Settings(ROOT / "priors"))
    gc.collect()
    gc.freeze()  # as gunicorn.conf.py does before it forks
    operation._cached = _anew  # type: ignore[assignment]
    rows = []
    with _timed_engine() as engine:
        for model, target in MODELS.items():
            variables = app.test_client().get(f"/v1/models/{model}/variables").json["variables"]
            states = {each["name"]: each["states"] for each in variables if each["name"] != target}
            for form, path in (("every marginal", "marginals"), ("one target, interval", f"forecast/{target}")):
                for kind, questions in (("known", _known(states)), ("new", _new(states))):
                    found = [each for q in questions if (each := _cost(app, f"/v1/models/{model}/{path}", q, engine))]
                    rows.append(_row(f"{model}: {form}, {kind} variables", found[WARM:]))
    print(f"{'':50}{'engine ms':>10}{'beside ms':>10}{'least ms':>10}{'bytes':>9}")
    for row in rows:
        numbers = f"{row['engine ms']:10.2f}{row['beside ms']:10.2f}{row['least ms']:10.2f}{row['bytes']:9,d}"
        print(f"{row['question']:50}{numbers}")
    if csv:
        table.write(csv, rows)
    return 0


def _row(name: str, costs: list[tuple[float, float, int]]) -> dict[str, Any]:
    whole, engine, sizes = zip(*costs, strict=True)
    beside = [all_of_it - part for all_of_it, part in zip(whole, engine, strict=True)]
    return {
        "question": name,
        "asked": len(costs),
        "engine ms": round(1e3 * statistics.median(engine), 2),
        "beside ms": round(1e3 * statistics.median(beside), 2),
        "least ms": round(1e3 * min(beside), 2),
        "bytes": round(statistics.median(sizes)),
    }


def _known(states: dict[str, list[Any]]) -> Iterator[str]:
    """Questions that speak of the same three variables, over and over, in their states."""
    rng = random.Random(1)
    chosen = rng.sample(sorted(states), FINDINGS)
    for _ in range(ROUNDS):
        yield _said(states, chosen, rng)


def _new(states: dict[str, list[Any]]) -> Iterator[str]:
    """Questions that each speak of three other variables."""
    rng = random.Random(2)
    for _ in range(ROUNDS):
        yield _said(states, rng.sample(sorted(states), FINDINGS), rng)


def _said(states: dict[str, list[Any]], names: list[str], rng: random.Random) -> str:
    chosen = ((name, rng.choice(states[name])) for name in names)
    return "&".join(f"given={name}:{state if isinstance(state, str) else state['name']}" for name, state in chosen)


def _cost(app: Any, path: str, query: str, engine: Callable[[], float]) -> tuple[float, float, int] | None:
    """Seconds of a request, those of them in the engine, and the bytes of its answer; None where it is refused."""
    environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, "REMOTE_ADDR": "127.0.0.1"}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    engine()
    started = time.thread_time()
    body = b"".join(app.wsgi_app(environ, lambda status, *_: statuses.append(status)))
    seconds = time.thread_time() - started
    return (seconds, engine(), len(body)) if statuses[0].startswith("200") else None


@contextmanager
def _timed_engine() -> Iterator[Callable[[], float]]:
    """Within it the seconds that the engine has taken since they were last asked for."""
    original, spent = forecasts.answer, [0.0]

    def timed(*arguments: Any, **named: Any) -> Any:
        started = time.thread_time()
        try:
            return original(*arguments, **named)
        finally:
            spent[0] += time.thread_time() - started

    def taken() -> float:
        seconds, spent[0] = spent[0], 0.0
        return seconds

    forecasts.answer = timed
    try:
        yield taken
    finally:
        forecasts.answer = original


def _anew(_: str, writer: Any, reply: Any, service: Any, turn: Any) -> bytes:
    from service.http import operation

    return operation._worked_out(writer, reply, service, turn)
