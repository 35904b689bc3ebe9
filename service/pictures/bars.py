"""Pictures made of bars: a distribution, a tornado of sensitivities, a waterfall of weights of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from model.analyses.explanation import Explanation
from model.analyses.sensitivity import Sensitivity, Swing
from model.answers import Answer, StateAnswer
from model.errors import AftermathError
from model.evidence import Finding
from model.question import Resolved
from model.specification import Model
from model.uncertainty.intervals import warned
from model.wording import effect_text, portion, quantity
from service.pictures.canvas import BLUE, FAINT, INK, ORANGE, PALE, SKY, canvas, looked, titled, wrapped
from service.pictures.captions import event_title, pictured, state_lines, under_which

TOP = 12
"""Numbers in a tornado unless more are asked for."""

LABEL = 34
"""Characters in a line beside an axis."""

TITLE = 78
"""Characters in a line above a picture."""

APART = 0.012
"""Probability between a bar and what is said beside it."""

LETTER = 0.0125
"""The width of a letter beside a bar, as a part of the axis."""

Numbers = NDArray[np.float64]

TICKS = (0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999)
"""Probabilities that a wide scale of log odds may name."""

WIDE = 15.0
"""Decibels beyond which a scale is wide."""

NARROWEST = 3.0
"""Decibels that a waterfall spans at least."""


@looked
def distribution(model: Model, found: Answer) -> Figure:
    """The first target of an answer: a bar a state, its interval where there is one, and what it is held against.

    That is the same question without what it does, with the effect in points; where nothing is done, the baseline.
    """
    target = found.targets[0]
    rows = target.distribution
    described = model.described[target.target]
    under = under_which(model, found.question, found.findings, found.settings, TITLE)
    figure, axes = canvas(7.0, 1.5 + 0.55 * len(rows) + 0.16 * len(under.splitlines()))
    places = np.arange(len(rows))
    held = "with what is given and done" if found.settings else "with what is given"
    axes.barh(places - 0.17, [row.p for row in rows], height=0.34, color=SKY, label=held)
    before = [row.baseline if row.without is None else row.without for row in rows]
    baseline = "baseline" if found.question.cohort is None else "baseline (without the cohort)"
    beside = baseline if rows[0].without is None else "without what is done"
    axes.barh(places + 0.2, before, height=0.2, color=PALE, label=beside)
    _intervals(axes, rows)
    for place, row, other in zip(places.tolist(), rows, before, strict=True):
        end = max(row.p, row.high or 0.0)
        axes.text(end + APART, place - 0.17, _said(row), va="center", fontsize=8, linespacing=1.1, in_layout=False)
        axes.text(other + 0.012, place + 0.21, f"{other:.3f}", va="center", fontsize=7, color=FAINT)
    axes.set_yticks(places, ["\n".join(state_lines(described, i, row.state, LABEL)) for i, row in enumerate(rows)])
    furthest = max(_right_edge(row, other) for row, other in zip(rows, before, strict=True))
    axes.set_xlim(0, furthest)
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= 1])
    axes.spines["bottom"].set_bounds(0, min(1.0, furthest))
    axes.invert_yaxis()
    titled(figure, axes, described.label_with_unit, under)
    axes.set_xlabel(_covered(found))
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def _said(row: StateAnswer) -> str:
    """The effect of what is done with its interval, and the probability; the probability alone where nothing is."""
    p = f"{row.p:.3f}"
    if row.effect is None:
        return p
    change, bracket, ends = effect_text(row.effect, row.effect_low, row.effect_high).partition(" (")
    return f"{change}, to {p}{bracket.replace(' ', chr(10))}{ends}".replace("-", "−")


def _right_edge(row: StateAnswer, other: float) -> float:
    """Where the axis must end for what is said beside the bars to stand in the picture."""
    said = max(map(len, _said(row).split("\n")))
    return max(
        (end + APART) / (1 - LETTER * letters) for end, letters in ((max(row.p, row.high or 0.0), said), (other, 5))
    )


def _intervals(axes: Axes, rows: Sequence[StateAnswer]) -> None:
    """Where most draws are: it may lie to one side of the bar's end, which is of the stated numbers."""
    held = [(k, row.low, row.high) for k, row in enumerate(rows) if row.low is not None and row.high is not None]
    if held:
        places, low, high = (np.array(column) for column in zip(*held, strict=True))
        middle, half = (low + high) / 2, (high - low) / 2
        axes.errorbar(
            middle, places - 0.17, xerr=half, fmt="none", ecolor=INK, capsize=3, elinewidth=1.2, label="interval"
        )


def _covered(found: Answer) -> str:
    held = found.targets.intervals
    if held is None:
        return "probability"
    about = f"probability; intervals hold {portion(held.mass)} of {held.draws:,} draws of the numbers"
    drawn = found.targets.basis.targets[0].name
    warning = warned(held.caution, [each for each in held.outside if (each.target, each.of) == (drawn, "p")])
    return wrapped(f"{about}; {warning}" if warning else about, TITLE)


@looked
def tornado(model: Model, found: Sensitivity, asked: Resolved, *, top: int = TOP) -> Figure:
    """What the numbers that move an answer most do to it, each over its own 90 % range, the widest swing on top.

    ``asked`` is what the answer is to.

    Raises AftermathError where the answer depends on no number that can be moved.
    """
    rows = [row for row in found.rows[:top] if row.swing > 0]
    if not rows:
        raise AftermathError(f"no tornado: no number that may move changes P({found.target}={found.state})")
    names = [_named(model, row) for row in rows]
    under = under_which(model, asked.question, asked.case.findings, asked.case.settings, TITLE)
    lines = 0.17 * sum(2 + name.count("\n") for name in names) + 0.16 * (1 + under.count("\n"))
    figure, axes = canvas(8.5, 1.7 + lines)
    places = np.arange(len(rows))
    low, high = (np.array([getattr(row, end) - found.p for row in rows]) for end in ("p_low", "p_high"))
    axes.barh(places, low, left=found.p, height=0.6, color=SKY, label="number at its low end")
    # Where both ends lie on one side, the nearer stays to be seen in front of the further.
    axes.barh(places, high, left=found.p, height=0.6, color=ORANGE, label="number at its high end", zorder=0.9)
    nearer = np.where(abs(high) < abs(low), high, 0.0)
    axes.barh(places, nearer, left=found.p, height=0.6, color=ORANGE)
    for place, row in zip(places.tolist(), rows, strict=True):
        _ends(axes, place, row, found.p)
    axes.axvline(found.p, color=INK, linewidth=1)
    axes.set_yticks(places, names, fontsize=8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.margins(x=0.14)
    axes.set_xlabel(wrapped(f"P({found.target}={found.state}), {found.p:.3f} with the numbers as stated", TITLE))
    counted = f"the {len(rows)} widest of {quantity(len(found.rows), 'number')}, each over its 90 % range"
    titled(figure, axes, event_title(model, found.target, found.state), f"{under}\n{counted}")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure


def _named(model: Model, row: Swing) -> str:
    return f"{wrapped(model.described[row.variable].label, LABEL)}\n{wrapped(row.what, LABEL + 8)}"


def _ends(axes: Axes, place: int, row: Swing, p: float) -> None:
    """The number's own range, written at the ends of its bar."""
    unit = " dB" if row.scale == "decibels" else ""
    low_first = row.p_low <= row.p_high
    left, right = (row.low, row.high) if low_first else (row.high, row.low)
    reached = sorted((row.p_low, row.p_high, p))
    _beside(axes, f"{left:.3g}{unit}", (reached[0], place), right=False, size=7, color=FAINT)
    _beside(axes, f"{right:.3g}{unit}", (reached[-1], place), right=True, size=7, color=FAINT)


def _beside(
    axes: Axes, text: str, at: tuple[float, float], *, right: bool, size: float = 8, away: float = 4, color: str = INK
) -> None:
    """Text to the right or to the left of a place."""
    axes.annotate(
        text.replace("-", "−"),
        at,
        xytext=(away if right else -away, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=size,
        color=color,
    )


@looked
def waterfall(model: Model, found: Explanation, findings: Mapping[str, Finding]) -> Figure:
    """From the log odds before any finding to those after all: the weight of each of the ``findings`` is a step.

    Raises AftermathError where there is no finding, or where the log odds are infinite.
    """
    balance = found.balance
    event = f"{found.target}={found.state}"
    if not balance.weights:
        raise AftermathError(f"no waterfall: nothing is given that could be weighed for {event}")
    if balance.before_db is None or balance.db is None:
        raise AftermathError(f"no waterfall: {balance.reason or f'{event} has infinite log odds before any finding'}")
    weighed = [weight.finding for weight in balance.weights]
    steps = [weight.db or 0.0 for weight in balance.weights]
    levels = list(accumulate(steps, initial=balance.before_db))
    names = [
        "before the findings",
        *(wrapped(model.in_words(name, findings[name]), LABEL) for name in weighed),
        "after all of them",
    ]
    figure, axes = canvas(8.0, 1.9 + 0.42 * len(names) + 0.12 * sum(name.count("\n") for name in names))
    _room(axes, levels)
    _stairs(axes, levels, steps)
    _totals(axes, [(0, balance.before_db, balance.p_before), (len(names) - 1, balance.db, balance.p)])
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("log odds in decibels (10 log₁₀ of p / (1 − p))")
    _probabilities(axes)
    about = [*pictured(model, found.scenario, found.cohort), *found.settings]
    titled(figure, axes, event_title(model, found.target, found.state), wrapped("; ".join(about), TITLE))
    return figure


def _room(axes: Axes, levels: Sequence[float]) -> None:
    """Limits with room for words at both ends; small weights are not blown up beyond a few decibels."""
    low, high = min(levels), max(levels)
    spare = 0.2 * max(high - low, NARROWEST)
    axes.set_xlim(low - spare, high + spare)


def _stairs(axes: Axes, levels: Sequence[float], steps: Sequence[float]) -> None:
    for k, step in enumerate(steps):
        axes.barh(k + 1, step, left=levels[k], height=0.55, color=BLUE if step > 0 else ORANGE)
        _beside(axes, f"{step:+.2f} dB", (levels[k + 1], k + 1), right=step >= 0)
    for k, level in enumerate(levels):
        axes.plot([level, level], [k, k + 1], color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)


def _totals(axes: Axes, ends: Sequence[tuple[int, float, float]]) -> None:
    """Log odds and probability before and after, on the side where there is more room."""
    middle = sum(axes.get_xlim()) / 2
    for place, level, p in ends:
        axes.plot([level], [place], marker="D", markersize=7, color=INK)
        _beside(axes, f"{level:.2f} dB, p = {p:.4f}", (level, place), right=level <= middle, away=8)


def _probabilities(axes: Axes) -> None:
    """The same scale as probabilities, along the top."""
    low, high = axes.get_xlim()
    ends = probability(np.array([low, high]))
    even = np.asarray(MaxNLocator(8).tick_values(float(ends[0]), float(ends[1])))
    shown: list[float] = []
    for p in TICKS if high - low > WIDE else even[(even > 0) & (even < 1)].tolist():
        at = float(decibels(np.array(p)))
        if low <= at <= high and (not shown or at - float(decibels(np.array(shown[-1]))) >= 0.07 * (high - low)):
            shown.append(p)
    top = axes.twiny()
    top.set_xlim(low, high)
    top.set_xticks(decibels(np.array(shown)), [f"{p:g}" for p in shown])
    top.spines["top"].set_visible(True)
    top.set_xlabel("probability")


def decibels(p: Numbers) -> Numbers:
    """Log odds of probabilities within (0, 1).

    >>> decibels(np.array([0.5, 10 / 11])).round(9).tolist()
    [0.0, 10.0]
    """
    return np.asarray(10.0 * (np.log10(p) - np.log10(1.0 - p)), dtype=np.float64)


def probability(db: Numbers) -> Numbers:
    """Probabilities of log odds in decibels.

    >>> probability(np.array([0.0, 10.0])).round(4).tolist()
    [0.5, 0.9091]
    """
    return np.asarray(1.0 / (1.0 + 10.0 ** (-db / 10.0)), dtype=np.float64)
