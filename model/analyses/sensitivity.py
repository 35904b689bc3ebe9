"""Sensitivity: how far an answer moves with each prior number, and where a number would tip it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np

from model import notebook
from model.analyses.parameter_derivatives import Asked, Numbers, ask, numbers
from model.errors import BadQuestion
from model.forecast import Forecaster
from model.network import Table
from model.question import Question
from model.uncertainty.parameters import Parameter

SEARCHED = 20
"""Numbers without a formula whose break-evens are searched for, unless more are asked for."""

GRIDS = 1_024
"""Numbers whose tables along a grid are kept for that search."""

TIPPED = 1e-13
"""A margin this small is none."""

VANISHED = 1e-12
"""Where P(evidence) falls below this part of what it can be, nothing is said of the answer."""


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Where one number, moved alone, tips an answer; nearest to its stated value first.

    The answer tips once the number is ``direction`` the first of ``values``. Without values it never tips between
    ``least`` and ``most``. ``margins`` are what is gained or lacking at these two ends (a difference of
    probabilities, of one sign when it never tips), None where the evidence is impossible there. ``never`` says that no
    value of the number tips the answer.
    """

    values: tuple[float, ...]
    direction: Literal["above", "below"] | None
    least: float
    most: float
    margins: tuple[float | None, float | None]
    never: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "never", not self.values)


@dataclass(frozen=True, slots=True)
class Swing:
    """What one prior number does to the probability of the target's state.

    ``p_low`` and ``p_high`` are the probability with the number at ``low`` and ``high``, the ends of its own 90 %
    range; ``derivative`` is at the value. ``coefficients`` (alpha, beta, gamma, delta) make it
    (alpha t + beta) / (gamma t + delta), where numerator and denominator are P(state, evidence) and P(evidence);
    None where the table is no affine function of the number (``method`` "numeric"). ``threshold`` is where the
    threshold asked about is passed, ``lead`` where the two most probable states of the target are equal; None
    where it was not asked for or not searched. ``swing`` is how far apart ``p_low`` and ``p_high`` are.
    """

    variable: str
    what: str
    scale: str
    state: str | None
    file: str
    line: int
    sources: tuple[str, ...]
    ess: float | None
    value: float
    low: float
    high: float
    p_low: float
    p_high: float
    derivative: float
    method: Literal["exact", "numeric"]
    coefficients: tuple[float, float, float, float] | None
    threshold: BreakEven | None
    lead: BreakEven | None
    swing: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "swing", abs(self.p_high - self.p_low))


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How one answer moves with each prior number it depends on, the widest swing first.

    Numbers of variables that are set by do(), or that do not matter to the target given the evidence, have no row.
    ``leading`` are the two most probable states. ``held`` are variables with an assumed distribution: it is held by
    a likelihood that stays as fitted for the stated numbers while a number moves.
    """

    target: str
    state: str
    p: float
    p_evidence: float
    threshold: float | None
    leading: tuple[str, str] | None
    held: tuple[str, ...]
    rows: tuple[Swing, ...]

    def _repr_html_(self) -> str:
        columns = ("variable", "what", "value", "low", "high", "p_low", "p_high", "swing")
        return notebook.html(
            f"What moves P({self.target}={self.state}) = {notebook.text(self.p)}",
            notebook.table(columns, notebook.records(columns, self.rows), bar="swing"),
            notebook.note(f"held: {', '.join(self.held)}" if self.held else ""),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Contrast:
    """A difference of two probabilities whose sign decides something: its value, and its derivatives by all entries."""

    value: float
    slopes: Table


def sensitivity(
    forecaster: Forecaster,
    question: Question,
    *,
    target: str,
    state: str,
    threshold: float | None = None,
    search: int | None = SEARCHED,
) -> Sensitivity:
    """How P(target = state) moves with every prior number of the model, and where each would tip it.

    Exact, without an inference for each number: see ``model.analyses.parameter_derivatives``. Each number moves over
    its own 90 % range (a tornado over equal relative steps would call rare events unimportant), the rest of its row in
    proportion (Chan & Darwiche 2002). Break-evens of numbers that have no formula are searched for on a grid, for the
    ``search`` widest swings among them (None: for all).

    >>> from pathlib import Path
    >>> import priors
    >>> from model.evidence import observe
    >>> from model.forecast import prepare
    >>> from model.priors import load
    >>> asia = prepare(load(Path(priors.__path__[0]) / "asia"))
    >>> found = sensitivity(asia, Question(findings=observe(xray="yes").findings), target="lung", state="yes")
    >>> row = next(row for row in found.rows if row.what == "when {smoke: yes}: yes")
    >>> round(found.p, 4), round(row.p_low, 4), round(row.p_high, 4), round(row.derivative, 4)
    (0.4887, 0.3009, 0.629, 2.4038)

    Raises as ``forecast.answer`` does; UnknownState; BadQuestion for a threshold that is no probability.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise BadQuestion(f"the threshold is {threshold!r}, not a probability", where=("threshold",))
    position = forecaster.model.network.variable(target, where=("target",)).state(state, where=("state",))
    asked = ask(forecaster, question, target)
    of_state = asked.of_state(position)
    p = float(asked.p[position])
    over = None if threshold is None else _Contrast(p - threshold, of_state - threshold * asked.of_evidence)
    leading = _leading(asked)
    lead = None if leading is None else _lead(asked, leading, position, of_state)
    rows = _rows(forecaster, asked, of_state, p, contrasts=(over, lead), search=search)
    states = forecaster.model.network[target].states
    return Sensitivity(
        target=target,
        state=state,
        p=p,
        p_evidence=math.exp(asked.log_p_evidence),
        threshold=threshold,
        leading=None if leading is None else (states[leading[0]], states[leading[1]]),
        held=asked.held,
        rows=rows,
    )


def distance(before: Table, after: Table) -> float:
    """How far apart two tables are: no change of log odds anywhere in the network exceeds it (Chan & Darwiche 2005).

    ln of the largest ratio of entries minus ln of the smallest; infinite where one of them is zero and the other not.
    For a change of one row of one table.

    >>> round(distance(np.array([0.1, 0.9]), np.array([0.2, 0.8])), 10)
    0.8109302162
    """
    both = (before == 0) & (after == 0)
    if ((before == 0) != (after == 0)).any():
        return math.inf
    ratio = np.log(np.where(both, 1.0, after)) - np.log(np.where(both, 1.0, before))
    return float(ratio.max() - ratio.min())


def _leading(asked: Asked) -> tuple[int, int] | None:
    """The two most probable states; None for a target with one state."""
    order = np.argsort(-asked.p, kind="stable")
    return (int(order[0]), int(order[1])) if len(order) > 1 else None


def _lead(asked: Asked, leading: tuple[int, int], position: int, of_state: Table) -> _Contrast:
    first, second = (of_state if k == position else asked.of_state(k) for k in leading)
    return _Contrast(float(asked.p[leading[0]] - asked.p[leading[1]]), first - second)


def _rows(
    forecaster: Forecaster,
    asked: Asked,
    of_state: Table,
    p: float,
    *,
    contrasts: Sequence[_Contrast | None],
    search: int | None,
) -> tuple[Swing, ...]:
    every = numbers(forecaster.model)
    slope, slope_e = every.along(every.slope, of_state), every.along(every.slope, asked.of_evidence)
    p_low, p_high = (
        (p + every.along(way, of_state)) / (1 + every.along(way, asked.of_evidence))
        for way in (every.to_low, every.to_high)
    )
    kept = [i for i, number in enumerate(every.parameters) if number.variable in asked.needed]
    kept.sort(key=lambda i: -abs(p_high[i] - p_low[i]))
    tips = [_break_evens(every, contrast, asked, kept, search=search) for contrast in contrasts]
    rows = []
    for i in kept:
        number, (over, lead) = every.parameters[i], (found.get(i) for found in tips)
        ends = float(p_low[i]), float(p_high[i])
        one_way = _OneWay(p, float(slope[i]), float(slope_e[i]), asked.log_p_evidence)
        rows.append(_swing(number, ends, one_way, over=over, lead=lead))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class _OneWay:
    """P(state, evidence) and P(evidence) about a number's value, ``p`` and 1 with slopes, in units of P(evidence)."""

    p: float
    slope: float
    slope_e: float
    log_p_evidence: float

    @property
    def derivative(self) -> float:
        return self.slope - self.p * self.slope_e

    def coefficients(self, value: float) -> tuple[float, float, float, float]:
        """Both as straight lines, back on the scale of probabilities."""
        scale = math.exp(self.log_p_evidence)
        lines = (self.slope, self.p - value * self.slope, self.slope_e, 1 - value * self.slope_e)
        alpha, beta, gamma, delta = (scale * part for part in lines)
        return alpha, beta, gamma, delta


def _swing(
    number: Parameter, ends: tuple[float, float], one_way: _OneWay, *, over: BreakEven | None, lead: BreakEven | None
) -> Swing:
    said = number.statement
    return Swing(
        variable=number.variable,
        what=number.what,
        scale=number.scale,
        state=number.state,
        file=said.file,
        line=said.line,
        sources=said.sources,
        ess=said.ess,
        value=number.value,
        low=number.low,
        high=number.high,
        p_low=ends[0],
        p_high=ends[1],
        derivative=one_way.derivative,
        method="exact" if number.linear else "numeric",
        coefficients=one_way.coefficients(number.value) if number.linear else None,
        threshold=over,
        lead=lead,
    )


def _break_evens(
    every: Numbers, contrast: _Contrast | None, asked: Asked, kept: Sequence[int], *, search: int | None
) -> dict[int, BreakEven]:
    """Where each number makes the contrast nil, by its place among all numbers."""
    if contrast is None:
        return {}
    tilt, slope_e = every.along(every.slope, contrast.slopes), every.along(every.slope, asked.of_evidence)
    numeric = [i for i in kept if not every.parameters[i].linear]
    found = {i: _solved(every.parameters[i], contrast.value, float(tilt[i]), float(slope_e[i])) for i in kept}
    for i in numeric:
        del found[i]
    for i in numeric if search is None else numeric[:search]:
        number = every.parameters[i]
        place = every.places[number.variable]
        found[i] = _searched(number, contrast.value, contrast.slopes[place], asked.of_evidence[place])
    return found


def _solved(number: Parameter, margin: float, tilt: float, slope_e: float) -> BreakEven:
    """By formula: the margin and P(evidence) are both straight lines in the number."""
    value, ends = number.value, (number.least, number.most)
    most = max(1 + (end - value) * slope_e for end in ends)

    def occurs(at: float) -> bool:
        return 1 + (at - value) * slope_e > VANISHED * most

    def gained(at: float) -> float | None:
        return (margin + (at - value) * tilt) / (1 + (at - value) * slope_e) if occurs(at) else None

    at = value - margin / tilt if tilt else math.inf
    good = number.least <= at <= number.most and occurs(at)
    direction = _direction(at, value, rising=tilt > 0) if good else None
    return BreakEven((at,) if good else (), direction, *ends, (gained(ends[0]), gained(ends[1])))


def _searched(number: Parameter, margin: float, tilts: Table, slopes_e: Table) -> BreakEven:
    """By a search: along a grid for changes of sign, and then between its points."""
    points, tables, stated = _grid(number)
    moved = tables - stated
    margins, evidence = margin + moved @ tilts, 1 + moved @ slopes_e
    occurs = evidence > VANISHED * evidence.max()
    at, gained = points[occurs], margins[occurs]

    def margin_at(values: Table) -> Table:
        found: Table = margin + (number.tables(values).reshape(len(values), -1) - stated) @ tilts
        return found

    crossings = [(a, b) for a, b in pairwise(range(len(at))) if gained[a] * gained[b] < 0]
    values = [float(at[k]) for k in np.flatnonzero(gained == 0)] if gained.any() else []
    values += [_refined(margin_at, (at[a], at[b]), (gained[a], gained[b])) for a, b in crossings]
    values.sort(key=lambda found: abs(found - number.value))
    direction = _direction(values[0], number.value, rising=bool(gained[-1] > gained[0])) if values else None
    ends = tuple(float(margins[k] / evidence[k]) if occurs[k] else None for k in (0, -1))
    return BreakEven(tuple(values), direction, number.least, number.most, (ends[0], ends[1]))


def _direction(at: float, value: float, *, rising: bool) -> Literal["above", "below"]:
    return "above" if at > value or (at == value and rising) else "below"


@lru_cache(maxsize=GRIDS)
def _grid(number: Parameter) -> tuple[Table, Table, Table]:
    """Values of a number from end to end, the variable's table at each, (values, cells), and as stated, (cells,)."""
    match number.scale:
        case "probability":
            points = [0.0, 0.001, 0.01, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 0.99, 0.999, 1.0]
        case "decibels":
            points = np.linspace(number.least, number.most, 13).tolist()
        case "weight" | "variance":
            points = np.geomspace(number.least, number.most, 13).tolist()
    values = np.unique([*points, number.low, number.value, number.high])
    tables = number.tables(values).reshape(len(values), -1)
    for array in (values, tables):
        array.setflags(write=False)
    return values, tables, tables[np.searchsorted(values, number.value)]


def _refined(margin_at: Callable[[Table], Table], ends: tuple[float, float], margins: tuple[float, float]) -> float:
    """Where the margin is nil between two ends of unlike sign: a few points about the secant's in each round."""
    (low, high), (at_low, at_high) = ends, margins
    for _ in range(100):
        secant = low - at_low * (high - low) / (at_high - at_low)
        width = high - low
        about = secant + width * np.array([-1 / 64, -1 / 4096, 0.0, 1 / 4096, 1 / 64])
        points = np.unique(about[(about > low) & (about < high)])
        if not len(points):
            break
        found = margin_at(points)
        if np.abs(found).min() <= TIPPED:
            return float(points[np.abs(found).argmin()])
        points, found = np.array([low, *points, high]), np.array([at_low, *found, at_high])
        k = int(np.flatnonzero(np.sign(found[:-1]) != np.sign(found[1:]))[0])
        low, high, at_low, at_high = points[k], points[k + 1], found[k], found[k + 1]
    return float(low if abs(at_low) < abs(at_high) else high)
