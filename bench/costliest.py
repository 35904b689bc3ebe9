"""The costliest questions that are accepted: a search that changes questions and keeps those that take most time.

Of every kind on every model it keeps a few questions whose work takes longest, a few that take longest beside their
counted cost, and a few that take longest before the work is begun or refused.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import priors
from bench import costly_questions
from bench.costly_questions import Asked, Sent
from model.errors import ExplainedError, ImpossibleEvidence
from model.forecast import Forecaster
from model.resources.cost import SECOND, TooCostly
from model.resources.deadline import Watch, watched
from service import revisions, routes
from service.http.validation import Pinned, query_parameters, validated

MODELS = ("asia", "mosul-2017")
KEPT = 3
"""Questions of each kind and aim that are changed further."""
SHOWN = 10
LEAST = 0.02
"""Seconds from which a time is held against its count."""
LONGEST = 60
"""Seconds after which a question is given up."""
ERROR_INSIDE = b'"code":"impossible_evidence"'


@dataclass(frozen=True, slots=True)
class Taken:
    """What a question took, in seconds of the processor: before its work (reading, counting), the work the first
    time, and the same work again, of another question that differs in its numbers and states only. ``counted`` is its
    cost in seconds; ``refused`` the code of what came instead of an answer, before the work or after it; ``grown`` the
    bytes that the process held at most beyond what it held before.
    """

    model: str
    asked: Asked
    counted: float = 0.0
    before: float = 0.0
    first: float = 0.0
    again: float = 0.0
    grown: int = 0
    refused: str | None = None

    @property
    def ratio(self) -> float:
        """How many times its count the question takes.

        0 where the time is too short to say, or there is no answer: what cannot hold together is sought beyond it.
        """
        return self.again / self.counted if self.again >= LEAST and self.refused is None else 0.0


AIMS: dict[str, Callable[[Taken], float]] = {
    "time": lambda taken: taken.again,
    "ratio": lambda taken: taken.ratio,
    "before": lambda taken: taken.before,
}


@dataclass(slots=True)
class Search:
    """The best questions so far, by model, kind and aim."""

    best: dict[tuple[str, str, str], list[Taken]] = field(default_factory=dict)
    tried: int = 0
    accepted: int = 0

    def keep(self, taken: Taken) -> None:
        """Take one more into account."""
        self.tried += 1
        self.accepted += taken.first > 0
        for aim, value in AIMS.items():
            held = self.best.setdefault((taken.model, taken.asked.kind, aim), [])
            if value(taken) > 0:
                held.append(taken)
                held.sort(key=value, reverse=True)
                del held[KEPT:]

    def ranked(self, aim: str) -> list[Taken]:
        """The best of all kinds by one aim."""
        every = [taken for (_, _, name), held in self.best.items() if name == aim for taken in held]
        return sorted(every, key=AIMS[aim], reverse=True)


def run(*, seconds: float, limit: float, seed: int, kinds: str = "", file: Path | None = None) -> int:
    """Search for so many seconds among questions of up to ``limit`` seconds; 1 where one takes over twice its count."""
    loaded = revisions.load(Path(priors.__path__[0]))
    forecasters = {name: loaded.ready[name] for name in MODELS}
    for forecaster in forecasters.values():
        forecaster.draws.warm()
        forecaster.draws.baseline(forecaster.plan, forecaster.model.network.names)
    search, rng, until = Search(), random.Random(seed), time.monotonic() + seconds
    chosen = [kind for kind in costly_questions.KINDS if kinds in kind]
    while time.monotonic() < until:
        forecaster = forecasters[rng.choice(MODELS)]
        search.keep(measured(forecaster, _next(search, forecaster, rng.choice(chosen), rng), limit))
    print(f"{search.tried:,} questions tried, {search.accepted:,} accepted, seed {seed}")
    for aim in AIMS:
        print(f"\nhighest {aim}\n" + HEAD)
        for taken in search.ranked(aim)[:SHOWN]:
            print(line(taken))
    if file is not None:
        chosen_questions = [_as_json(forecasters[taken.model], taken) for taken in _one_a_kind(search)]
        file.write_text(json.dumps(chosen_questions, indent=1) + "\n", encoding="utf-8")
    return int(any(taken.ratio > 2 for taken in search.ranked("ratio")))


HEAD = f"{'model':<12}{'kind':<16}{'counted':>9}{'before':>9}{'first':>9}{'again':>9}{'ratio':>7}{'memory':>9}"


def line(taken: Taken) -> str:
    """One question as a row."""
    asked, found = taken.asked, taken
    forms = sorted(set(asked.given.values()))
    about = f"{len(asked.given)} given {forms}, {len(asked.do)} do, {len(asked.targets)} targets"
    elsewhere = ("kind", "targets", "given", "do", "number")
    own = {key: value for key, value in asdict(asked).items() if key not in elsewhere}
    return (
        f"{found.model:<12}{asked.kind:<16}{found.counted:>8.2f}s{found.before:>8.2f}s{found.first:>8.2f}s"
        f"{found.again:>8.2f}s{found.ratio:>7.2f}{found.grown / 1e6:>7.0f}MB  {found.refused or ''} {about}, {own}"
    )


def _next(search: Search, forecaster: Forecaster, kind: str, rng: random.Random) -> Asked:
    """A new question, or one of the best changed."""
    held = [each for aim in AIMS for each in search.best.get((forecaster.model.name, kind, aim), ())]
    if not held or rng.random() < 0.1:
        return costly_questions.drawn(forecaster.model, kind, rng)
    return costly_questions.changed(forecaster.model, rng.choice(held).asked, rng)


def measured(forecaster: Forecaster, asked: Asked, limit: float) -> Taken:
    """A question asked once, and with another number once more where work was begun, twice where that took long."""
    first = _once(forecaster, asked, limit)
    for number in (1, 2) if first.first else ():
        again = _once(forecaster, replace(asked, number=asked.number + number), limit)
        if again.first:
            taken = min(again.first, first.again or again.first)
            counted, grown = max(first.counted, again.counted), max(first.grown, again.grown)
            first = replace(first, again=taken, before=min(first.before, again.before), counted=counted, grown=grown)
        if first.ratio < 1.5:
            break
    return first


def _once(forecaster: Forecaster, asked: Asked, limit: float) -> Taken:
    taken = Taken(forecaster.model.name, asked)
    sent = costly_questions.sent(forecaster.model, asked)
    started = time.process_time()
    try:
        each, reply = _reply(forecaster, sent)
        counted = reply.cost().total / SECOND
    except ExplainedError as error:
        return replace(taken, before=time.process_time() - started, refused=error.code)
    begun = time.process_time()
    taken = replace(taken, before=begun - started, counted=counted)
    if counted > limit:
        return replace(taken, refused=TooCostly.code)
    held, failed = _held(), None
    try:
        with watched(Watch(LONGEST)):
            written = each.forms[0].write(reply.content())
            failed = ImpossibleEvidence.code if ERROR_INSIDE in written else None
    except ExplainedError as error:
        failed = error.code
    return replace(taken, first=time.process_time() - begun, grown=_most_held() - held, refused=failed)


def _reply(forecaster: Forecaster, sent: Sent) -> tuple[routes.Operation, Any]:
    each = next(
        each
        for each in routes.OPERATIONS
        if each.path.endswith(f"/<model>/{sent.operation}") and each.method == sent.method
    )
    asked: dict[str, Any] = {}
    if each.query is not None and each.query is not Pinned:
        asked["asked"] = validated(each.query, query_parameters(urlencode(sent.query, doseq=True).encode(), each.query))
    if sent.body is not None:
        asked["body"] = each.body[0].read(sent.body)
    return each, each.view(forecaster, **sent.path, **asked)


def _held() -> int:
    """Bytes that the process holds, from which on the most is counted."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _most_held() -> int:
    return _status("VmHWM")


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(each.split()[1]) * 1024 for each in lines if each.startswith(f"{key}:"))


def _one_a_kind(search: Search) -> Iterator[Taken]:
    """The ten that take longest, at most one of a kind on a model while there are others."""
    ranked = search.ranked("time")
    first: dict[tuple[str, str], Taken] = {}
    for taken in ranked:
        first.setdefault((taken.model, taken.asked.kind), taken)
    yield from sorted(first.values(), key=lambda taken: -taken.again)[:SHOWN]


def _as_json(forecaster: Forecaster, taken: Taken) -> dict[str, Any]:
    sent = costly_questions.sent(forecaster.model, taken.asked)
    return {
        "method": sent.method,
        "path": sent.address(taken.model),
        "body": None if sent.body is None else json.loads(sent.body),
    }
