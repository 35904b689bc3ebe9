"""Questions of every operation on a model, drawn and changed at random: what a search for the costliest climbs by."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from model.specification import Model

KINDS = (
    "forecast",
    "marginals",
    "query",
    "batch",
    "compare",
    "attribution",
    "sensitivity",
    "explanation",
    "brief",
    "collection-plan",
    "goals",
    "policies",
    "cause-effect",
    "matrix",
)
"""The last part of an operation's address; that of a forecast has a target behind it."""

BODIES = ("query", "batch", "compare")
"""Kinds that are asked by POST."""

FORMS = ("state", "in", "not", "likelihood", "assumed")
MOST_CASES, MOST_JOINTS, MOST_EVENTS, MOST_SIDES = 10_000, 16, 20, 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: what is known and set by the forms of a body, and what else its kind can say.

    ``number`` tells apart questions that are otherwise the same: it is in the weights of what is known, or in the
    share that the intervals hold.
    """

    kind: str
    targets: tuple[str, ...]
    given: Mapping[str, str]
    do: Mapping[str, str]
    interval: bool = False
    scenario: str | None = "none"
    cohort: str | None = None
    events: int = 0
    joints: int = 0
    most_probable: bool = False
    many: int = 2
    using: str = "levers"
    threshold: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A question as it is sent: the operation's method and path, what the path and the query say, the body."""

    method: str
    operation: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: bytes | None

    def address(self, model: str) -> str:
        """The path with its query on a model's service."""
        path = f"/v1/models/{model}/{self.operation}"
        for name, value in self.path.items():
            path = path.replace(f"<{name}>", quote(value))
        return f"{path}?{urlencode(self.query, doseq=True)}" if self.query else path


def drawn(model: Model, kind: str, rng: random.Random) -> Asked:
    """A small question of a kind."""
    asked = Asked(kind, (rng.choice(model.network.names),), {}, {}, interval=rng.random() < 0.5)
    return changed(model, asked, rng)


def changed(model: Model, asked: Asked, rng: random.Random) -> Asked:
    """The question with one to four things about it changed."""
    for _ in range(rng.randint(1, 4)):
        asked = rng.choice(CHANGES)(model, asked, rng)
    return replace(asked, number=rng.randrange(1_000_000))


def _more_findings(model: Model, asked: Asked, rng: random.Random) -> Asked:
    count = min(len(model.network.names), rng.choice((1, 1, 2, 5, 20)))
    added = {name: rng.choice(FORMS) for name in rng.sample(model.network.names, count)}
    return replace(asked, given={**asked.given, **added})


def _fewer_findings(_model: Model, asked: Asked, rng: random.Random) -> Asked:
    return replace(asked, given={name: form for name, form in asked.given.items() if rng.random() < 0.6})


def _one_form(_model: Model, asked: Asked, rng: random.Random) -> Asked:
    form = rng.choice(FORMS)
    return replace(asked, given=dict.fromkeys(asked.given, form))


def _actions(model: Model, asked: Asked, rng: random.Random) -> Asked:
    levers = [name for name in model.network.names if model.described[name].role == "lever"]
    chosen = rng.sample(levers or model.network.names, rng.randint(0, min(6, len(levers or model.network.names))))
    return replace(asked, do={name: rng.choice(("state", "p")) for name in chosen})


def _targets(model: Model, asked: Asked, rng: random.Random) -> Asked:
    names = model.network.names
    return replace(asked, targets=tuple(rng.sample(names, min(len(names), rng.choice((1, 1, 2, 5, 20, 200))))))


def _every_target(model: Model, asked: Asked, _rng: random.Random) -> Asked:
    return replace(asked, targets=model.network.names)


def _interval(_model: Model, asked: Asked, _rng: random.Random) -> Asked:
    return replace(asked, interval=not asked.interval)


def _scenario(model: Model, asked: Asked, rng: random.Random) -> Asked:
    scenario = rng.choice(("none", None, *model.scenarios))
    return replace(asked, scenario=scenario, cohort=rng.choice((None, None, *model.cohorts)))


def _extras(_model: Model, asked: Asked, rng: random.Random) -> Asked:
    events, joints = rng.choice((0, 1, 4, MOST_EVENTS)), rng.choice((0, 1, 4, MOST_JOINTS))
    using, threshold = rng.choice(("levers", "findings", "both")), rng.random() < 0.5
    return replace(
        asked,
        events=events,
        joints=joints,
        most_probable=rng.random() < 0.3,
        using=using,
        threshold=threshold,
    )


def _many(_model: Model, asked: Asked, rng: random.Random) -> Asked:
    return replace(asked, many=max(2, min(MOST_CASES, round(asked.many * rng.choice((0.5, 2, 2, 5))))))


CHANGES = (
    _more_findings,
    _more_findings,
    _fewer_findings,
    _one_form,
    _actions,
    _targets,
    _every_target,
    _interval,
    _interval,
    _scenario,
    _extras,
    _many,
    _many,
)


def sent(model: Model, asked: Asked) -> Sent:
    """The question as its operation reads it."""
    rng = random.Random(repr(asked))
    given = {name: _finding(model, name, form, rng) for name, form in asked.given.items()}
    do = {name: _setting(model, name, form, rng) for name, form in asked.do.items() if name not in given}
    also = {"scenario": asked.scenario, "cohort": asked.cohort}
    also = {key: value for key, value in also.items() if value is not None}
    interval = 0.9 + asked.number * 1e-9 if asked.interval else "none"
    if asked.kind in BODIES:
        body = _body(model, asked, rng, given, do, also, interval)
        return Sent("POST", asked.kind, {}, {}, json.dumps(body).encode())
    query: dict[str, Any] = dict(also)
    if asked.kind != "matrix":
        query["given"] = [_text(name, said) for name, said in given.items()]
        query["do"] = [_text(name, said) for name, said in do.items()]
    else:
        query.pop("cohort", None)
    path: dict[str, str] = {}
    if asked.kind == "forecast":
        path["target"] = asked.targets[0]
    elif asked.kind == "cause-effect":
        query["effect"], query["cause"] = asked.targets[0], rng.choice(model.network.names)
    elif asked.kind == "matrix":
        query["target"] = list(asked.targets)
    elif asked.kind != "marginals":
        query |= _about(model, asked, rng)
    if asked.kind in ("forecast", "marginals", "policies", "matrix"):
        query["interval"] = interval
    query |= _own(asked)
    operation = "forecast/<target>" if asked.kind == "forecast" else asked.kind
    return Sent("GET", operation, path, {key: value for key, value in query.items() if value != []}, None)


def _about(model: Model, asked: Asked, rng: random.Random) -> dict[str, Any]:
    return {"event": _event(model, rng, asked.events)} if asked.events else {"target": asked.targets[0]}


def _own(asked: Asked) -> dict[str, Any]:
    """What only this kind can say."""
    if asked.kind == "goals":
        return {"using": asked.using, "below": 1e-9 * (1 + asked.number), "largest": 1 + asked.many.bit_length() % 3}
    if asked.kind == "collection-plan":
        return {"steps": 1 + asked.many.bit_length() % 8}
    if asked.kind == "sensitivity" and asked.threshold:
        return {"threshold": 0.3 + asked.number * 1e-9}
    return {}


def _body(
    model: Model,
    asked: Asked,
    rng: random.Random,
    given: Mapping[str, Any],
    do: Mapping[str, Any],
    also: Mapping[str, Any],
    interval: float | str,
) -> dict[str, Any]:
    body: dict[str, Any] = {"targets": list(asked.targets), "interval": interval}
    body["events"] = [_event(model, rng, rng.randint(1, 12)) for _ in range(asked.events)]
    own = {"given": dict(given), "do": dict(do), **also}
    if asked.kind == "query":
        most = len(model.network.names)
        joints = [rng.sample(model.network.names, min(most, rng.randint(2, 6))) for _ in range(asked.joints)]
        return {**body, **own, "joint": joints, "most_probable": asked.most_probable}
    changing = rng.choice(model.network.names)
    variants = [_finding(model, changing, "likelihood", rng) for _ in range(asked.many)]
    sides = [{**own, "given": {**given, changing: each}} for each in variants]
    for side in sides:
        side["do"] = {name: said for name, said in side["do"].items() if name != changing}
    if asked.kind == "batch":
        return {**body, "cases": sides}
    return {**body, "sides": sides[:MOST_SIDES]}


def _event(model: Model, rng: random.Random, parts: int) -> str:
    chosen = rng.sample(model.network.names, min(len(model.network.names), max(2, parts)))
    conditions = ",".join(f"{name}:{rng.choice(model.network[name].states)}" for name in chosen)
    return f"{rng.choice(('any(', 'all(', 'at_least(2,'))}{conditions})"


def _finding(model: Model, name: str, form: str, rng: random.Random) -> Any:
    states = model.network[name].states
    if form == "state":
        return rng.choice(states)
    if form in ("in", "not"):
        return {form: rng.sample(states, rng.randint(1, len(states) - 1))}
    weights = [rng.uniform(0.2, 1) for _ in states]
    if form == "likelihood":
        return {form: {state: round(weight, 6) for state, weight in zip(states, weights, strict=True)}}
    return {form: _chances(states, weights)}


def _setting(model: Model, name: str, form: str, rng: random.Random) -> Any:
    states = model.network[name].states
    return rng.choice(states) if form == "state" else {"p": _chances(states, [rng.uniform(0.2, 1) for _ in states])}


def _chances(states: tuple[str, ...], weights: list[float]) -> dict[str, float]:
    shares = [round(weight / sum(weights), 6) for weight in weights[1:]]
    return dict(zip(states, [round(1 - sum(shares), 6), *shares], strict=True))


def _text(name: str, said: Any) -> str:
    """A statement as an address says it."""
    if isinstance(said, str):
        return f"{name}:{said}"
    [(form, value)] = said.items()
    verb = {"likelihood": "like", "p": "chances"}.get(form, form)
    if isinstance(value, dict):
        return f"{name}:{verb}({','.join(f'{state}={number}' for state, number in value.items())})"
    return f"{name}:{verb}({','.join(value)})"
