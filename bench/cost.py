"""The counted cost of a question beside the time that it takes: every kind, warm, of questions not asked before.

Warm is a question whose like was asked before: about the same target, with findings on the same variables in other
states. What the first of them takes beyond that, as the search for an order of its sums, is shown by itself.
"""

from __future__ import annotations

import csv
import json
import random
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import priors
from model.errors import AftermathError
from model.evidence import Observed
from model.forecast import Forecaster, answer
from model.question import Question
from model.resources.cost import SECOND
from model.resources.deadline import DeadlinePassed, Watch, watched
from model.specification import Model
from service import revisions, routes
from service.http.validation import Pinned, validated

MODELS = ("asia", "mosul-2017")
ROUNDS = 5
LEAST, MOST = 0.001, 1.0
"""Seconds between which count and time are held against each other."""
LONGEST = 20
"""Seconds after which a question is given up: of assumptions that cannot hold together a smallest set is sought."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of question: the last part of its address, the method, and how to say one that was not asked before."""

    name: str
    path: str
    fixed: Mapping[str, Any]
    findings: int = 2
    target: str | None = "target"
    body: bool = False


ASSUMED, LIKELY = "assumed", "likelihood"

KINDS = (
    Kind("forecast", "forecast/<target>", {}),
    Kind("forecast, no interval", "forecast/<target>", {"interval": "none"}),
    Kind("forecast with a do()", "forecast/<target>", {"do": 1}),
    Kind("marginals", "marginals", {}, target=None),
    Kind("marginals, intervals", "marginals", {"interval": 0.9}, target=None),
    Kind("marginals, 10 findings", "marginals", {"interval": 0.9}, findings=10, target=None),
    Kind("assumed", "query", {"form": ASSUMED, "interval": 0.9}, body=True),
    Kind("assumed, all targets", "query", {"form": ASSUMED, "interval": 0.9}, findings=4, target=None, body=True),
    Kind("likelihoods", "query", {"form": LIKELY, "interval": 0.9}, findings=10, body=True),
    Kind("likelihoods, all targets", "query", {"form": LIKELY, "interval": 0.9}, findings=30, target=None, body=True),
    Kind("most probable", "query", {"most_probable": True, "interval": "none"}),
    Kind("batch of 200", "batch", {"cases": 200}, findings=6, body=True),
    Kind("batch of 20, intervals", "batch", {"cases": 20, "interval": 0.9}, findings=6, body=True),
    Kind("attribution", "attribution", {}),
    Kind("sensitivity", "sensitivity", {}),
    Kind("sensitivity, threshold", "sensitivity", {"threshold": 0.3}),
    Kind("explanation", "explanation", {}),
    Kind("explanation, 8 findings", "explanation", {}, findings=8),
    Kind("collection plan", "collection-plan", {}),
    Kind("goals", "goals", {"below": 1e-9}),
    Kind("policies", "policies", {}),
    Kind("cause-effect", "cause-effect", {}, target="effect"),
    Kind("compare", "compare", {}, target=None),
    Kind("matrix", "matrix", {}, findings=0),
    Kind("matrix, intervals", "matrix", {"interval": 0.9}, findings=0),
    Kind("brief", "brief", {}),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A kind on a model: medians of five questions, in seconds counted and taken, of how many times one is the other,
    and of what a question before it, the first of its like, takes.
    """

    model: str
    kind: str
    counted: float
    taken: float
    ratio: float
    first: float

    @property
    def judged(self) -> bool:
        """Whether the time is one that the count is held against."""
        return LEAST <= self.taken <= MOST


def run(*, csv_file: Path | None, only: str = "") -> int:
    """Print each kind; 1 where a count is over twice its time or under half of it."""
    rows = []
    print(f"{'model':<12}{'kind':<28}{'counted':>10}{'taken':>10}{'ratio':>7}{'first':>10}")
    loaded = revisions.load(Path(priors.__path__[0]))
    for name in MODELS:
        forecaster = loaded.ready[name]
        forecaster.draws.warm()
        forecaster.draws.baseline(forecaster.plan, forecaster.model.network.names)
        for kind in KINDS:
            if only in kind.name and (row := _measured(forecaster, kind)):
                rows.append(row)
                mark = "" if not row.judged or 0.5 <= row.ratio <= 2 else "  <<"
                print(
                    f"{name:<12}{kind.name:<28}{row.counted * 1e3:>8.1f}ms{row.taken * 1e3:>8.1f}ms"
                    f"{row.ratio:>7.2f}{row.first * 1e3:>8.1f}ms{mark}",
                    flush=True,
                )
    if csv_file is not None:
        with csv_file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(("model", "kind", "counted", "taken", "ratio", "first"))
            writer.writerows((r.model, r.kind, r.counted, r.taken, r.ratio, r.first) for r in rows)
    return int(any(row.judged and not 0.5 <= row.ratio <= 2 for row in rows))


def _measured(forecaster: Forecaster, kind: Kind) -> Row | None:
    counted, taken, first = [], [], []
    for pair in _questions(forecaster, kind):
        found = [each for each in (_asked(forecaster, kind, *question) for question in pair) if each is not None]
        if len(found) == len(pair):
            first.append(found[0][1])
            counted.append(found[-1][0])
            taken.append(found[-1][1])
        if len(taken) == ROUNDS:
            break
    if not taken:
        return None
    ratio = statistics.median(c / t for c, t in zip(counted, taken, strict=True))
    medians = map(statistics.median, (counted, taken))
    return Row(forecaster.model.name, kind.name, *medians, ratio, statistics.median(first))


def _asked(
    forecaster: Forecaster, kind: Kind, sent: dict[str, Any], body: dict[str, Any], path: dict[str, str]
) -> tuple[float, float] | None:
    """Seconds counted and taken of one question, None where it is refused."""
    each = next(
        each
        for each in routes.OPERATIONS
        if each.path.endswith(f"/{kind.path}") and each.method == ("POST" if kind.body else "GET")
    )
    asked: dict[str, Any] = {}
    if each.query is not None and each.query is not Pinned:
        asked["asked"] = validated(each.query, sent)
    if kind.body:
        asked["body"] = each.body[0].read(json.dumps(body).encode())
    try:
        reply = each.view(forecaster, **path, **asked)
        cost = reply.cost().total / SECOND
        started = time.process_time()
        with watched(Watch(LONGEST)):
            each.forms[0].write(reply.content())
    except (AftermathError, DeadlinePassed):
        return None
    return cost, time.process_time() - started


Said = tuple[dict[str, Any], dict[str, Any], dict[str, str]]
"""A question: parameters, body, and what stands in the path."""


def _questions(forecaster: Forecaster, kind: Kind) -> Iterator[tuple[Said, ...]]:
    """Pairs of questions of a kind about the same variables, possible ones and each once.

    Without findings two questions are the same, and what is under draws is kept: then there is only one.
    """
    model, rng = forecaster.model, random.Random(f"{forecaster.model.name} {kind.name}")
    names = model.network.names
    alone = not kind.findings and "interval" in kind.fixed
    for _ in range(100):
        target = rng.choice(names)
        said = rng.sample([name for name in names if name != target], min(kind.findings, len(names) - 2))
        other = rng.choice([name for name in names if name not in said and name != target])
        possible = []
        for _ in range(20):
            states = {name: rng.choice(model.network[name].states) for name in said}
            try:
                answer(forecaster, Question((target,), {n: Observed(s) for n, s in states.items()}))
            except AftermathError:
                continue
            if states not in possible or not said:
                possible.append(states)
            if len(possible) == 1 + (not alone):
                yield tuple(_question(model, kind, target, states, other) for states in possible)
                break


def _question(model: Model, kind: Kind, target: str, states: Mapping[str, str], other: str) -> Said:
    """A question about a target with findings; ``other`` is a variable that is neither."""
    fixed = dict(kind.fixed)
    form, count, acting = fixed.pop("form", None), fixed.pop("cases", 0), fixed.pop("do", 0)
    sent: dict[str, Any] = dict(fixed)
    path: dict[str, str] = {}
    if "<target>" in kind.path:
        path["target"] = target
    elif kind.target and not kind.body:
        sent[kind.target] = [target] if kind.path in ("query", "matrix") else target
    if kind.findings:
        sent["given"] = [f"{n}:{s}" for n, s in states.items()]
    levers = [n for n in model.network.names if model.described[n].role == "lever" and n not in states and n != target]
    if acting:
        lever = (levers or [other])[len(target) % len(levers or [other])]
        sent["do"] = [f"{lever}:{model.network[lever].states[0]}"]
    if kind.path == "cause-effect":
        sent["cause"] = other
    if not kind.body:
        return sent, {}, path
    body: dict[str, Any] = {"targets": [target] if kind.target else []}
    if count:
        body["cases"] = [{"id": str(i), "given": _part(states, i)} for i in range(count)]
    else:
        body["given"] = {n: _said(model.network[n].states, s, form) for n, s in states.items()}
    return {}, {**body, "interval": sent.get("interval")}, path


def _part(states: Mapping[str, str], i: int) -> dict[str, str]:
    return {name: state for k, (name, state) in enumerate(states.items()) if (i >> k) & 1 or k == i % len(states)}


def _said(states: tuple[str, ...], state: str, form: str | None) -> Any:
    if form == ASSUMED:
        return {ASSUMED: {s: 0.6 if s == state else 0.4 / (len(states) - 1) for s in states}}
    if form == LIKELY:
        return {LIKELY: {s: 0.8 if s == state else 0.3 for s in states}}
    return state
