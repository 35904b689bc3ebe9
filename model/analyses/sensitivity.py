"""Sensitivity: how far an answer moves with each prior number, and where a number would tip it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np

from model import notebook
from model.analyses.parameter_derivatives import Asked, Lines, Numbers, Parted, ask, derivative, numbers
from model.errors import BadQuestion
from model.forecast import Forecaster
from model.gates.formulas import LEAST
from model.inference.arrays import difference, ranked, settled
from model.inference.lru import ByteLRU
from model.network import Table
from model.question import Question
from model.uncertainty.parameters import Parameter

SEARCHED = 20
"""Numbers without a formula whose break-evens are searched for, unless more are asked for."""

GRIDS: ByteLRU[tuple[Table, Table]] = ByteLRU(32_000_000)
"""Numbers with their tables along a grid, kept for that search."""

TIPPED = 1e-13
"""A margin this small a part of those between which it changes sign is none."""

SECANTS = 8
"""Rounds after which a search for a break-even halves its interval as well."""


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
        swing = abs(settled(self.p_high - self.p_low, max(self.p_high, self.p_low)))
        object.__setattr__(self, "swing", swing)


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
    """A difference of two probabilities whose sign decides something: its value, and the derivatives of its two parts.

    ``gain`` and ``loss`` are by every entry of every table, and of what is positive: each part is summed by itself, so
    that the difference is as exact as it can be.
    """

    value: float
    gain: Table
    loss: Table


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
    parted = asked.parted(position)
    leading = _leading(asked)
    contrasts = (
        None if threshold is None else _over(parted, threshold),
        None if leading is None else _lead(asked, parted, leading),
    )
    rows = _rows(forecaster, asked, parted, contrasts=contrasts, search=search)
    states = forecaster.model.network[target].states
    return Sensitivity(
        target=target,
        state=state,
        p=parted.p,
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


def _over(parted: Parted, threshold: float) -> _Contrast:
    """P(state) over a threshold: the part of the state that it leaves against the part of the others that it takes."""
    left = 1 - threshold
    return _Contrast(
        left * parted.p - threshold * parted.p_others, left * parted.of_state, threshold * parted.of_others
    )


def _lead(asked: Asked, parted: Parted, leading: tuple[int, int]) -> _Contrast:
    first, second = leading
    eye = np.eye(len(asked.p))
    gain, loss = (parted.of_state if k == parted.state else asked.slopes(eye[k][None]) for k in leading)
    return _Contrast(float(asked.p[first] - asked.p[second]), gain, loss)


def _rows(
    forecaster: Forecaster,
    asked: Asked,
    parted: Parted,
    *,
    contrasts: Sequence[_Contrast | None],
    search: int | None,
) -> tuple[Swing, ...]:
    every = numbers(forecaster.model)
    kept = np.array([i for i, n in enumerate(every.parameters) if n.variable in asked.needed], dtype=np.int64)
    state, others = every.lines(parted.of_state), every.lines(parted.of_others)
    slopes = derivative(every, parted, state, others)
    ends = np.zeros((2, len(every.parameters)))
    for end, with_state, in_all in zip(ends, (state.low, state.high), (others.low, others.high), strict=True):
        end[kept] = with_state[kept] / (with_state + in_all)[kept]
    swings = np.abs(difference(ends[1], ends[0]))
    order = sorted(kept.tolist(), key=lambda i: -ranked(float(swings[i])))
    tips = [_break_evens(every, contrast, parted.of_evidence, order, search=search) for contrast in contrasts]
    coefficients = _coefficients(state, others, asked.log_p_evidence)
    rows = []
    for i in order:
        number, (over, lead) = every.parameters[i], (found.get(i) for found in tips)
        ways = coefficients[i] if number.linear else None
        moved = (float(ends[0, i]), float(ends[1, i]), float(slopes[i]))
        rows.append(_swing(number, moved, ways, over=over, lead=lead))
    return tuple(rows)


def _coefficients(state: Lines, others: Lines, log_p_evidence: float) -> list[tuple[float, float, float, float]]:
    """Both straight lines of each number, back on the scale of probabilities."""
    rise, rise_e = (
        difference(second, first)
        for second, first in (
            (state.second, state.first),
            (state.second + others.second, state.first + others.first),
        )
    )
    lines = np.stack([rise, state.at_first, rise_e, state.at_first + others.at_first], axis=1)
    return [(a, b, c, d) for a, b, c, d in (math.exp(log_p_evidence) * lines).tolist()]


def _swing(
    number: Parameter,
    moved: tuple[float, float, float],
    coefficients: tuple[float, float, float, float] | None,
    *,
    over: BreakEven | None,
    lead: BreakEven | None,
) -> Swing:
    """What is said of one number; ``moved`` are the answer at its low end and at its high end, and its derivative."""
    said, (p_low, p_high, slope) = number.statement, moved
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
        p_low=p_low,
        p_high=p_high,
        derivative=slope,
        method="exact" if number.linear else "numeric",
        coefficients=coefficients,
        threshold=over,
        lead=lead,
    )


def _break_evens(
    every: Numbers, contrast: _Contrast | None, of_evidence: Table, kept: Sequence[int], *, search: int | None
) -> dict[int, BreakEven]:
    """Where each number makes the contrast nil, by its place among all numbers."""
    if contrast is None:
        return {}
    gain, loss = every.lines(contrast.gain), every.lines(contrast.loss)
    evidence = every.lines(of_evidence)
    margins = np.stack([gain.at_first - loss.at_first, gain.at_second - loss.at_second], axis=1).tolist()
    occurs = np.stack([evidence.at_first, evidence.at_second], axis=1).tolist()
    found = {
        i: _solved(every.parameters[i], contrast.value, margins[i], occurs[i])
        for i in kept
        if every.parameters[i].linear
    }
    numeric = [i for i in kept if i not in found]
    for i in numeric if search is None else numeric[:search]:
        number = every.parameters[i]
        place = every.places[number.variable]
        found[i] = _searched(number, contrast.gain[place], contrast.loss[place], of_evidence[place])
    return found


def _solved(number: Parameter, margin: float, margins: Sequence[float], occurs: Sequence[float]) -> BreakEven:
    """By formula: from what the margin and P(evidence) are with the number at 0 and at 1, straight lines between."""
    at_zero, at_one = margins
    gained = tuple(at / p if p > 0 else None for at, p in zip(margins, occurs, strict=True))
    apart = at_zero - at_one
    crosses = apart != 0 and min(at_zero, at_one) <= 0 <= max(at_zero, at_one)
    at = at_zero / apart if crosses else math.inf
    good = crosses and (1 - at) * occurs[0] + at * occurs[1] > 0
    above = (margin <= 0) == (at_one > at_zero)
    direction: Literal["above", "below"] | None = ("above" if above else "below") if good else None
    return BreakEven((at,) if good else (), direction, number.least, number.most, (gained[0], gained[1]))


def _direction(at: float, value: float, *, rising: bool) -> Literal["above", "below"]:
    return "above" if at > value or (at == value and rising) else "below"


def _searched(number: Parameter, gain: Table, loss: Table, of_evidence: Table) -> BreakEven:
    """By a search: along a grid for changes of sign, and then between its points."""
    points, tables = _grid(number)
    margins, evidence = tables @ gain - tables @ loss, tables @ of_evidence
    occurs = evidence > 0
    at, gained = points[occurs], margins[occurs]

    def margin_at(values: Table) -> Table:
        moved = number.tables(values).reshape(len(values), -1)
        found: Table = moved @ gain - moved @ loss
        return found

    crossings = [(a, b) for a, b in pairwise(range(len(at))) if gained[a] * gained[b] < 0]
    values = [float(at[k]) for k in np.flatnonzero(gained == 0)] if gained.any() else []
    values += [_refined(margin_at, (at[a], at[b]), (gained[a], gained[b])) for a, b in crossings]
    values.sort(key=lambda found: abs(found - number.value))
    direction = _direction(values[0], number.value, rising=bool(gained[-1] > gained[0])) if values else None
    ends = tuple(float(margins[k] / evidence[k]) if occurs[k] else None for k in (0, -1))
    return BreakEven(tuple(values), direction, number.least, number.most, (ends[0], ends[1]))


def _grid(number: Parameter) -> tuple[Table, Table]:
    """Values of a number from end to end, and the variable's table at each, (values, cells)."""
    return GRIDS.get(number, partial(_gridded, number))


def _gridded(number: Parameter) -> tuple[Table, Table]:
    match number.scale:
        case "probability":
            points = [0.0, 0.001, 0.01, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 0.99, 0.999, 1.0]
        case "decibels":
            points = np.linspace(number.least, number.most, 13).tolist()
        case "weight" | "variance":
            points = np.geomspace(number.least, number.most, 13).tolist()
    own = (number.value, number.low, number.high)
    # An entry of 1.0 is not yet the end of its range, where it leaves something to the others.
    pairs = {*((point, 1 - point) for point in points), *zip(own, number.rests or (1 - v for v in own), strict=True)}
    values, rests = np.array(sorted(pairs, key=lambda pair: (pair[0], -pair[1]))).T
    tables = number.tables(values, rests).reshape(len(values), -1)
    for array in (values, tables):
        array.setflags(write=False)
    return values, tables


def _refined(margin_at: Callable[[Table], Table], ends: tuple[float, float], margins: tuple[float, float]) -> float:
    """Where the margin is nil between two ends of unlike sign: a few points about the secant's in each round.

    From the round on in which secants should have met, the middles of the interval too: by difference and by ratio.
    """
    (low, high), (at_low, at_high) = ends, margins
    tipped = TIPPED * min(abs(at_low), abs(at_high))
    for turn in range(100):
        secant = low - at_low * (high - low) / (at_high - at_low)
        about = secant + (high - low) * np.array([-1 / 64, -1 / 4096, 0.0, 1 / 4096, 1 / 64])
        if turn >= SECANTS:
            about = np.append(about, [low + (high - low) / 2, math.sqrt(max(low, LEAST) * max(high, LEAST))])
        points = np.unique(about[(about > low) & (about < high)])
        if not len(points):
            break
        found = margin_at(points)
        if np.abs(found).min() <= tipped:
            return float(points[np.abs(found).argmin()])
        points, found = np.array([low, *points, high]), np.array([at_low, *found, at_high])
        k = int(np.flatnonzero(np.sign(found[:-1]) != np.sign(found[1:]))[0])
        low, high, at_low, at_high = points[k], points[k + 1], found[k], found[k + 1]
    return float(low if abs(at_low) < abs(at_high) else high)
