"""The counted cost of a question beside the time that it takes: every kind, warm, of questions not asked before."""

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
from service import revisions, routes
from service.http.validation import Pinned, validated

MODELS = ("asia", "mosul-2017")
ROUNDS = 5
LEAST, MOST = 0.001, 1.0
"""Seconds between which count and time are held against each other."""


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
    """A kind on a model: seconds counted and taken, medians of five questions, and the first question's."""

    model: str
    kind: str
    counted: float
    taken: float
    first: float

    @property
    def ratio(self) -> float:
        """How many times the count is the time."""
        return self.counted / self.taken

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
    counted, taken = [], []
    for sent, body, path in _questions(forecaster, kind):
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
            each.forms[0].write(reply.content())
        except AftermathError:
            continue
        counted.append(cost)
        taken.append(time.process_time() - started)
        if len(taken) > ROUNDS:
            break
    if len(taken) < 2:
        return None
    return Row(forecaster.model.name, kind.name, statistics.median(counted[1:]), statistics.median(taken[1:]), taken[0])


def _questions(forecaster: Forecaster, kind: Kind) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, str]]]:
    """Questions of a kind, possible ones and each once: parameters, body, and what stands in the path."""
    model, rng = forecaster.model, random.Random(f"{forecaster.model.name} {kind.name}")
    names = model.network.names
    levers = [name for name in names if model.described[name].role == "lever"]
    fixed = dict(kind.fixed)
    form, count, acting = fixed.pop("form", None), fixed.pop("cases", 0), fixed.pop("do", 0)
    for _ in range(400):
        target = rng.choice(names)
        said = rng.sample([name for name in names if name != target], min(kind.findings, len(names) - 2))
        states = {name: rng.choice(model.network[name].states) for name in said}
        try:
            answer(forecaster, Question((target,), {n: Observed(s) for n, s in states.items()}))
        except AftermathError:
            continue
        sent: dict[str, Any] = dict(fixed)
        path: dict[str, str] = {}
        if "<target>" in kind.path:
            path["target"] = target
        elif kind.target and not kind.body:
            sent[kind.target] = [target] if kind.path in ("query", "matrix") else target
        if kind.findings and kind.path not in ("matrix",):
            sent["given"] = [f"{n}:{s}" for n, s in states.items()]
        if acting and levers:
            lever = rng.choice([name for name in levers if name not in said and name != target] or levers)
            sent["do"] = [f"{lever}:{rng.choice(model.network[lever].states)}"]
        if kind.path == "cause-effect":
            sent["cause"] = rng.choice([name for name in names if name not in said and name != target])
        body: dict[str, Any] = {}
        if kind.body and count:
            body = {"cases": [{"id": str(i), "given": _part(states, i)} for i in range(count)], "targets": [target]}
            if "interval" in sent:
                body["interval"] = sent["interval"]
            sent = {}
        elif kind.body:
            given = {n: _said(model.network[n].states, s, form) for n, s in states.items()}
            body = {"given": given, "targets": [target] if kind.target else [], "interval": sent.get("interval")}
            sent = {}
        yield sent, body, path


def _part(states: Mapping[str, str], i: int) -> dict[str, str]:
    return {name: state for k, (name, state) in enumerate(states.items()) if (i >> k) & 1 or k == i % len(states)}


def _said(states: tuple[str, ...], state: str, form: str | None) -> Any:
    if form == ASSUMED:
        return {ASSUMED: {s: 0.5 if s == state else 0.5 / (len(states) - 1) for s in states}}
    if form == LIKELY:
        return {LIKELY: {s: 0.8 if s == state else 0.3 for s in states}}
    return state
