"""The engine of this project, asked through its public functions as any caller would."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from bench.peers import Done, Refused, uncollected
from bench.questions import Question
from bench.timing import clock
from model import inference
from model.errors import AftermathError
from model.inference import Evidence, Plan
from model.network import Network, Table

REPEATS = 40
"""Times that a question is asked again within one turn, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A network compiled, with its unit vectors at hand; ``seconds`` is what compiling took."""

    network: Network
    plan: Plan
    units: Mapping[str, Table]
    seconds: float

    def evidence(self, question: Question) -> Evidence:
        """One case: a row of the unit matrix for each finding."""
        return Evidence(1, {name: self.units[name][state : state + 1] for name, state in question.findings.items()})


def prepare(network: Network) -> Prepared:
    """Compile. Raises Refused in the engine's words."""
    now = clock(wall=False)
    started = now()
    with refusing():
        plan = inference.compile(network)
    units = {v.name: np.eye(len(v.states)) for v in network.variables}
    return Prepared(network, plan, units, now() - started)


def single(
    ours: Prepared, questions: Sequence[Question], tables: Mapping[str, Table], first_asked: dict[int, float]
) -> Callable[[int, float], list[Done]]:
    """A runner for questions one at a time; ``tables`` replace some, as interventions do.

    The time is from findings to the rows of every variable wanted; the first time that each is
    asked is noted apart, since plans for it may have to be made.
    """
    now = clock(wall=False)

    def ask(question: Question) -> tuple[float, dict[str, Table]]:
        names = (question.target,) if question.target else ours.network.names
        started = now()
        said = ours.evidence(question)
        if tables:
            said = Evidence(1, said.likelihood, tables)
        found = inference.posterior(ours.plan, said, (question.target,) if question.target else None)
        rows = {name: found.of(name) for name in names}
        return now() - started, rows

    return _turns(questions, ask, first_asked)


def alone(
    ours: Prepared, questions: Sequence[Question], first_asked: dict[int, float]
) -> Callable[[int, float], list[Done]]:
    """A runner for questions about one target, its distribution alone: nobody asks how likely the findings are."""
    now = clock(wall=False)

    def ask(question: Question) -> tuple[float, dict[str, Table]]:
        started = now()
        rows = inference.marginals(ours.plan, ours.evidence(question), (question.target or "",))
        return now() - started, rows

    return _turns(questions, ask, first_asked)


def _turns(
    questions: Sequence[Question], ask: Callable[[Question], tuple[float, dict[str, Table]]], first: dict[int, float]
) -> Callable[[int, float], list[Done]]:
    shown: set[int] = set()

    def turn(_: int, seconds: float) -> list[Done]:
        done: list[Done] = []
        used = 0.0
        with uncollected():
            for _ in range(REPEATS):
                for number, question in enumerate(questions):
                    with refusing():
                        spent, rows = ask(question)
                    used += spent
                    if number not in first:
                        first[number] = spent
                        continue
                    found = {} if number in shown else {name: each[0] for name, each in rows.items()}
                    shown.add(number)
                    done.append(Done(number, spent, found))
                if used > seconds and done:
                    break
        return done

    return turn


def batch(
    ours: Prepared, make: Callable[[], Evidence], target: str, *, cases: int, wall: bool
) -> Callable[[int, float], list[Done]]:
    """A runner for a batch about one target: the seconds are those of one case of it, what ``make`` takes included."""
    now = clock(wall=wall)

    def turn(_: int, seconds: float) -> list[Done]:
        done: list[Done] = []
        used = 0.0
        with uncollected():
            while not done or used + used / len(done) < seconds:
                started = now()
                with refusing():
                    rows = inference.posterior(ours.plan, make(), (target,)).of(target)
                spent = now() - started
                used += spent
                done.append(Done(0, spent / cases, {} if done else {target: rows}))
                if len(done) == REPEATS:
                    break
        return done

    return turn


@contextmanager
def refusing() -> Iterator[None]:
    """What the engine refuses, as a peer would say it."""
    try:
        yield
    except (AftermathError, MemoryError) as error:
        raise Refused(f"refused: {type(error).__name__}: {str(error)[:120]}") from error
