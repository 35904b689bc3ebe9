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
from model.network import Network, Table, Variable
from model.question import Question, resolve
from model.specification import NO_SCENARIO, Model
from model.uncertainty.draws import sampled
from model.uncertainty.intervals import intervals

By = Literal["do", "given"]

ROUNDING = 1e-14
"""A shift no larger is nothing: what is left of adding up the same probabilities in another order."""

FEWEST_SHOWN = 0.0005
"""A shift that rounds to nothing in points, which pages and pictures leave blank."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How much likelier a state of a target is with the cause in state ``to`` than with it in state ``start``.

    ``shift`` is None where the cause cannot be in one of the two; ``low`` and ``high`` are the ends of its interval,
    where one was asked for and can be drawn.
    """

    cause: str
    start: str
    to: str
    target: str
    state: str
    shift: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Every cause's shift on every target, causes and targets in the order of the file; ``mass`` is the intervals'."""

    by: By
    scenario: str | None
    targets: tuple[str, ...]
    rows: tuple[Shift, ...]
    mass: float | None = None

    def strongest(self) -> dict[tuple[str, str], Shift]:
        """By cause and target the state that moves most, of equal ones the first."""
        found: dict[tuple[str, str], Shift] = {}
        for row in self.rows:
            best = found.setdefault((row.cause, row.target), row)
            if abs(row.shift or 0.0) > abs(best.shift or 0.0) + ROUNDING:
                found[row.cause, row.target] = row
        return found

    def ranked(self) -> list[str]:
        """The causes by the largest shift that they bring about, the largest first."""
        largest: dict[str, float] = {}
        for row in self.rows:
            largest[row.cause] = max(largest.get(row.cause, 0.0), abs(row.shift or 0.0))
        return sorted(largest, key=lambda cause: -largest[cause])

    def _repr_html_(self) -> str:
        columns = ("cause", "start", "to", "target", "state", "shift", "low", "high")
        shown = sorted(self.rows, key=lambda row: -abs(row.shift or 0.0))[: notebook.MOST]
        return notebook.html(
            f"{len(self.rows):,} shifts by {self.by}, the largest {len(shown)}",
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
    is known, not even the model's default picture. No targets means the headline.

    Raises UnknownVariable, UnknownScenario, and BadQuestion for an interval that holds no share.
    """
    model = forecaster.model
    if mass is not None and not 0 < mass < 1:
        raise BadQuestion(f"an interval holds a share between 0 and 1, not {mass:g}", where=("interval",))
    chosen = resolve(model, Question(tuple(targets) or model.headline, scenario=scenario or NO_SCENARIO))
    names = tuple(dict.fromkeys(chosen.targets))
    upstream = model.network.ancestors(names)
    causes = [variable for variable in model.network.variables if variable.name in upstream]
    posed = {
        (cause.name, state): _posed(replace(chosen.question, targets=names), by, cause.name, state)
        for cause in causes
        for state in _compared(model, cause)
    }
    found = dict(zip(posed, answers(forecaster, list(posed.values())), strict=True))
    rows = [
        row
        for cause in causes
        for target in names
        if cause.name != target
        for row in _shifts(forecaster, cause, target, found, mass)
    ]
    return Matrix(by, None if scenario == NO_SCENARIO else scenario, names, tuple(rows), mass)


Found = Mapping[tuple[str, str], Answer | AftermathError]
"""Answers by cause and its state."""


def _posed(question: Question, by: By, cause: str, state: str) -> Question:
    if by == "do":
        return replace(question, settings={cause: SetTo(state)})
    return replace(question, findings={cause: Observed(state)})


def _compared(model: Model, cause: Variable) -> tuple[str, ...]:
    """The states that a cause is taken between: first and last, or any two where they have no order."""
    nominal = model.described[cause.name].is_nominal or len(cause.states) < 3
    return cause.states if nominal else (cause.states[0], cause.states[-1])


def _shifts(forecaster: Forecaster, cause: Variable, target: str, found: Found, mass: float | None) -> Iterator[Shift]:
    network = forecaster.model.network
    states = [state for state in _compared(forecaster.model, cause) if isinstance(found[cause.name, state], Answer)]
    rows = {state: _row(network, found[cause.name, state], target) for state in states}
    pairs = list(combinations(states, 2))
    if not pairs:
        for state in network[target].states:
            yield Shift(cause.name, cause.states[0], cause.states[-1], target, state, None)
        return
    start, to = max(pairs, key=lambda pair: float(np.abs(rows[pair[1]] - rows[pair[0]]).sum()))
    ends = _ends(forecaster, found[cause.name, start], found[cause.name, to], target, mass)
    for i, state in enumerate(network[target].states):
        shift = float(rows[to][i] - rows[start][i])
        shift = shift if abs(shift) > ROUNDING else 0.0
        low, high = (None, None) if ends is None else (float(ends[0][i]), float(ends[1][i]))
        yield Shift(cause.name, start, to, target, state, shift, low, high)


def _row(network: Network, found: Answer | AftermathError, target: str) -> Table:
    assert isinstance(found, Answer)
    basis = found.targets.basis
    return found.targets.p[basis.places[basis.targets.index(network[target])]]


def _ends(
    forecaster: Forecaster,
    start: Answer | AftermathError,
    to: Answer | AftermathError,
    target: str,
    mass: float | None,
) -> tuple[Table, Table] | None:
    """The interval of each state's shift, both sides under the same draws; None where there is none."""
    if mass is None or not isinstance(start, Answer) or not isinstance(to, Answer):
        return None
    draws, plan = forecaster.draws, forecaster.plan
    before = sampled(draws, plan, target, Case(start.findings, start.settings))
    found = intervals(draws, plan, (target,), Case(to.findings, to.settings), mass=mass, against=[before])
    return None if np.isnan(found.shift_low).any() else (found.shift_low, found.shift_high)
