"""The matrix: what each cause, taken from its first state to its last, does to each headline target.

Under do() a row is an effect; under ``given`` it is what learning the cause would tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from model import notebook
from model.answers import Answer
from model.errors import AftermathError, BadQuestion
from model.evidence import Case, Observed, SetTo
from model.forecast import Forecaster, answers
from model.inference.arrays import difference, ranked
from model.network import Network, Table, Variable
from model.question import Question, resolve
from model.specification import NO_SCENARIO, Headline, Model
from model.uncertainty.draws import sampled
from model.uncertainty.intervals import Intervals, Reason, intervals
from model.wording import quantity

By = Literal["do", "given"]

ROUNDING = 1e-14
"""A shift no larger is nothing: what is left of adding up the same probabilities in another order."""

FEWEST_SHOWN = 0.0005
"""A shift that rounds to nothing in points, which pages and pictures leave blank."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How much likelier a state of a target is with the cause in state ``to`` than with it in state ``start``.

    ``shift`` is None where the cause cannot be in one of the two; ``low`` and ``high`` are the ends of its interval,
    where one was asked for and can be drawn, ``outside`` why it lies outside them, where it does.
    """

    cause: str
    start: str
    to: str
    target: str
    state: str
    shift: float | None
    low: float | None = None
    high: float | None = None
    outside: Reason | None = None

    @property
    def variable(self) -> str:
        """The target without what it is given."""
        return self.target.partition("|")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Every cause's shift on every headline, causes in the order of the file; ``mass`` is the intervals'."""

    by: By
    scenario: str | None
    headlines: tuple[Headline, ...]
    rows: tuple[Shift, ...]
    mass: float | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """The headlines as rows name them, each target with what it is given."""
        return tuple(map(str, self.headlines))

    def strongest(self) -> dict[tuple[str, str], Shift]:
        """By cause and target the state that moves most, of equal ones the first."""
        found: dict[tuple[str, str], Shift] = {}
        for row in self.rows:
            best = found.setdefault((row.cause, row.target), row)
            if ranked(abs(row.shift or 0.0)) > ranked(abs(best.shift or 0.0)) + ROUNDING:
                found[row.cause, row.target] = row
        return found

    def ranked(self) -> list[str]:
        """The causes by the largest shift that they bring about, the largest first."""
        largest: dict[str, float] = {}
        for row in self.rows:
            largest[row.cause] = max(largest.get(row.cause, 0.0), abs(row.shift or 0.0))
        return sorted(largest, key=lambda cause: -ranked(largest[cause]))

    def _repr_html_(self) -> str:
        columns = ("cause", "start", "to", "target", "state", "shift", "low", "high", "outside")
        shown = sorted(self.rows, key=lambda row: -ranked(abs(row.shift or 0.0)))[: notebook.MOST]
        return notebook.html(
            f"{quantity(len(self.rows), 'shift')} by {self.by}, the largest {len(shown)}",
            notebook.table(columns, notebook.records(columns, shown)),
        )


def matrix(
    forecaster: Forecaster,
    *,
    by: By = "do",
    scenario: str | None = None,
    targets: Sequence[str] = (),
    mass: float | None = None,
) -> Matrix:
    """What each cause of the targets does to each of them, all in one batch.

    A cause is a variable upstream of a target. It goes from its first state to its last; where its states have no
    order, between the two that are furthest apart in what they do to the target. Without a scenario nothing else
    is known, not even the model's default picture. No targets means the headlines, each given what it is given.

    Raises UnknownVariable, UnknownScenario, and BadQuestion for an interval that holds no share.
    """
    model = forecaster.model
    if mass is not None and not 0 < mass < 1:
        raise BadQuestion(f"an interval holds a share between 0 and 1, not {mass:g}", where=("interval",))
    common = resolve(model, Question(tuple(targets), scenario=scenario or NO_SCENARIO)).question
    named = (Headline(model.described[name].label, name) for name in dict.fromkeys(common.targets))
    asked = tuple(named) or model.headlines
    columns = [_Column(headline, model.network.ancestors([headline.target])) for headline in asked]
    causes = [v for v in model.network.variables if any(column.has(v.name) for column in columns)]
    posed = {
        (cause.name, state, given): _posed(common, by, cause.name, state, group)
        for cause in causes
        for given, group in _alike(columns, cause.name).items()
        for state in _compared(model, cause)
    }
    found = dict(zip(posed, answers(forecaster, list(posed.values()), effects=False), strict=True))
    rows = [
        row
        for cause in causes
        for column in columns
        if column.has(cause.name)
        for row in _shifts(forecaster, cause, column, found, mass)
    ]
    return Matrix(by, None if scenario == NO_SCENARIO else scenario, asked, tuple(rows), mass)


@dataclass(frozen=True, slots=True)
class _Column:
    """A headline, and what lies upstream of its target."""

    headline: Headline
    upstream: frozenset[str]

    def has(self, cause: str) -> bool:
        """Whether a variable may move it and is no part of it."""
        return cause in self.upstream and cause != self.headline.target and cause not in self.headline.findings


def _alike(columns: Sequence[_Column], cause: str) -> dict[str, list[Headline]]:
    """The headlines that a cause may move, those given the same things together: they are asked at once."""
    found: dict[str, list[Headline]] = {}
    for column in columns:
        if column.has(cause):
            found.setdefault(_given(column.headline), []).append(column.headline)
    return found


def _given(headline: Headline) -> str:
    return str(headline).partition("|")[2]


Found = Mapping[tuple[str, str, str], Answer | AftermathError]
"""Answers by cause, its state, and what the headlines asked are given."""


def _posed(common: Question, by: By, cause: str, state: str, headlines: Sequence[Headline]) -> Question:
    findings = headlines[0].findings
    asked = replace(common, targets=tuple(headline.target for headline in headlines), findings=findings)
    if by == "do":
        return replace(asked, settings={cause: SetTo(state)})
    return replace(asked, findings={**findings, cause: Observed(state)})


def _compared(model: Model, cause: Variable) -> tuple[str, ...]:
    """The states that a cause is taken between: first and last, or any two where they have no order."""
    nominal = model.described[cause.name].is_nominal or len(cause.states) < 3
    return cause.states if nominal else (cause.states[0], cause.states[-1])


def _shifts(
    forecaster: Forecaster, cause: Variable, column: _Column, found: Found, mass: float | None
) -> Iterator[Shift]:
    network, given, target = forecaster.model.network, _given(column.headline), column.headline.target
    name, asked = str(column.headline), {s: found[cause.name, s, given] for s in _compared(forecaster.model, cause)}
    possible = {state: answer for state, answer in asked.items() if isinstance(answer, Answer)}
    rows = {state: _row(network, answer, target) for state, answer in possible.items()}
    pairs = list(combinations(possible, 2))
    if not pairs:
        for state in network[target].states:
            yield Shift(cause.name, cause.states[0], cause.states[-1], name, state, None)
        return
    start, to = max(pairs, key=lambda pair: ranked(float(np.abs(_moved(rows, *pair)).sum())))
    ends = None if mass is None else _ends(forecaster, possible[start], possible[to], target, mass)
    moved = _moved(rows, start, to).tolist()
    for i, (state, shift) in enumerate(zip(network[target].states, moved, strict=True)):
        drawn = (None, None, None) if ends is None else _drawn(ends, i, target, state)
        yield Shift(cause.name, start, to, name, state, shift, *drawn)


def _moved(rows: Mapping[str, Table], start: str, to: str) -> Table:
    """How much likelier each state of the target is with the cause in one state than in another; (states,)."""
    return difference(rows[to], rows[start])


def _row(network: Network, found: Answer, target: str) -> Table:
    basis = found.targets.basis
    return found.targets.p[basis.places[basis.targets.index(network[target])]]


def _ends(forecaster: Forecaster, start: Answer, to: Answer, target: str, mass: float) -> Intervals:
    """The interval of each state's shift, both sides under the same draws."""
    draws, plan, network = forecaster.draws, forecaster.plan, forecaster.model.network
    return intervals(
        draws,
        plan,
        (target,),
        Case(to.findings, to.settings),
        mass=mass,
        p=_row(network, to, target),
        before=_row(network, start, target),
        against=[sampled(draws, plan, target, Case(start.findings, start.settings))],
    )


def _drawn(ends: Intervals, i: int, target: str, state: str) -> tuple[float | None, float | None, Reason | None]:
    """The ends of a state's shift and why the shift lies outside them."""
    *_, low, high = ends.of_state(i)
    return low, high, ends.reasons(target, state)[1]
