"""Different questions of every kind about one model, drawn from a seed: what a long run asks."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from model.specification import Model

KINDS = (
    ("forecast", 30),
    ("point", 15),
    ("query", 15),
    ("reported", 10),
    ("assumed", 4),
    ("joint", 6),
    ("event", 6),
    ("batch", 4),
    ("policies", 2),
    ("explanation", 4),
    ("goals", 1),
    ("compare", 2),
    ("cause-effect", 1),
)
"""What is asked, and how often beside the others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its kind, its path with the query, and the body of a POST."""

    kind: str
    path: str
    body: bytes | None = None

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"


def questions(model: Model, seed: int, *, kinds: tuple[tuple[str, int], ...] = KINDS) -> Iterator[Asked]:
    """Questions without end, the same for the same seed."""
    drawn = random.Random(seed)
    names, weights = zip(*kinds, strict=True)
    while True:
        yield question(model, drawn.choices(names, weights)[0], drawn)


def question(model: Model, kind: str, drawn: random.Random) -> Asked:
    """One question of a kind."""
    at = f"/v1/models/{model.name}"
    target = drawn.choice(model.network.names)
    if kind in ("forecast", "point"):
        said = _given(model, drawn, {target})
        said += [("interval", "none")] if kind == "point" else []
        return Asked(kind, f"{at}/forecast/{target}?{urlencode(said)}")
    if kind in ("query", "reported", "assumed", "joint"):
        return Asked(kind, f"{at}/query", json.dumps(_body(model, kind, drawn)).encode())
    if kind == "event":
        one, other = drawn.sample(model.network.names, 2)
        parts = ",".join(f"{name}:{drawn.choice(model.network[name].states)}" for name in (one, other))
        said = [("event", f"any({parts})"), *_given(model, drawn, {one, other})]
        return Asked(kind, f"{at}/query?{urlencode(said)}")
    if kind == "batch":
        cases = [{"given": dict(_states(model, drawn, 3, {target}))} for _ in range(drawn.randint(2, 60))]
        return Asked(kind, f"{at}/batch", json.dumps({"targets": [target], "cases": cases}).encode())
    if kind == "compare":
        sides = [("side", urlencode(_given(model, drawn, {target}))) for _ in range(2)]
        return Asked(kind, f"{at}/compare?{urlencode([('target', target), *sides])}")
    if kind == "cause-effect":
        cause = drawn.choice([name for name in model.network.names if name != target])
        return Asked(kind, f"{at}/cause-effect?{urlencode([('cause', cause), ('effect', target)])}")
    said = [("target", target), *_given(model, drawn, {target})]
    if kind == "goals":
        said += [("below", f"{drawn.random():.6f}"), ("largest", "1")]
    return Asked(kind, f"{at}/{kind}?{urlencode(said, quote_via=quote)}")


def _body(model: Model, kind: str, drawn: random.Random) -> dict[str, Any]:
    targets = drawn.sample(model.network.names, min(len(model.network.names) - 3, drawn.randint(1, 3)))
    given: dict[str, Any] = dict(_states(model, drawn, 2, set(targets)))
    free = [name for name in model.network.names if name not in given and name not in targets]
    if kind in ("reported", "assumed"):
        for name in drawn.sample(free, min(len(free), drawn.randint(1, 4) if kind == "reported" else 1)):
            given[name] = _weights(model, name, drawn, "likelihood" if kind == "reported" else kind)
    body: dict[str, Any] = {"targets": targets, "given": given}
    if kind == "joint":
        body |= {"joint": [drawn.sample(free, 2)], "most_probable": drawn.random() < 0.3, "interval": "none"}
    return body


def _weights(model: Model, name: str, drawn: random.Random, verb: str) -> dict[str, Any]:
    weights = [drawn.uniform(0.05, 1) for _ in model.network[name].states]
    total = sum(weights)
    return {verb: dict(zip(model.network[name].states, (weight / total for weight in weights), strict=True))}


def _states(model: Model, drawn: random.Random, most: int, without: set[str]) -> list[tuple[str, str]]:
    free = [name for name in model.network.names if name not in without]
    return [(name, drawn.choice(model.network[name].states)) for name in drawn.sample(free, drawn.randint(0, most))]


def _given(model: Model, drawn: random.Random, without: set[str]) -> list[tuple[str, str]]:
    """Findings as parameters, one of them a report of its own weights: no two questions are the same."""
    found = _states(model, drawn, 3, without)
    free = [name for name in model.network.names if name not in without and name not in dict(found)]
    name = drawn.choice(free)
    first, second = model.network[name].states[:2]
    report = f"{name}:like({first}={drawn.uniform(0.5, 2):.6f},{second}=1)"
    return [*(("given", f"{variable}:{state}") for variable, state in found), ("given", report)]
