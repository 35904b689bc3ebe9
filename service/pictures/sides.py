"""Questions about one target beside each other: a bar for each state in each question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from model.analyses.comparison import Side, in_common
from model.answers import Answer
from model.errors import AftermathError
from model.specification import Model
from model.wording import effect_text, portion
from service.pictures.canvas import BLUE, FAINT, INK, ORANGE, PALE, SKY, canvas, looked, titled, wrapped
from service.pictures.captions import state_lines

MOST = 6
"""Questions that are drawn: with more the bars of a state cannot be told apart."""

COLOURS = (PALE, SKY, ORANGE, BLUE, FAINT, INK)
"""By question; the first is what the others are held against."""

LABEL = 34
"""Characters in a line beside an axis."""

TITLE = 78
"""Characters in a line above a picture."""

Numbers = NDArray[np.float64]

BAR = 0.24
"""Inches of a bar."""


@looked
def comparison(model: Model, sides: Sequence[Side], names: Sequence[str]) -> Figure:
    """Each state of the first target in each question, its interval, and its difference from the first question.

    A question whose findings are impossible is left out. Raises AftermathError for more questions than can be told
    apart, and where the first is impossible.
    """
    if len(sides) > MOST:
        raise AftermathError(f"no picture: {len(sides)} questions are compared, and {MOST} can be told apart")
    drawn = [
        (name, side, side.result) for name, side in zip(names, sides, strict=True) if isinstance(side.result, Answer)
    ]
    if isinstance(sides[0].result, AftermathError):
        raise AftermathError(f"no picture: {names[0]}: {sides[0].result.detail}")
    names, sides, found = zip(*drawn, strict=True)
    variable = found[0].targets.basis.targets[0]
    described, states, count = model.described[variable.name], len(variable.states), len(sides)
    figure, axes = canvas(8.0, 2.0 + BAR * states * (count + 1) + 0.2 * count)
    for i, (name, side, answer) in enumerate(zip(names, sides, found, strict=True)):
        places: Numbers = np.arange(states, dtype=np.float64) + (i - (count - 1) / 2) / (count + 1)
        label = wrapped(name, TITLE)
        _bars(axes, places, side, answer, height=0.85 / (count + 1), color=COLOURS[i], label=label)
    axes.set_yticks(
        range(states),
        ["\n".join(state_lines(described, k, state, LABEL)) for k, state in enumerate(variable.states)],
    )
    axes.set_ylim(states - 0.5, -0.5)
    axes.set_xlim(0, axes.get_xlim()[1] * 1.6)
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= 1])
    axes.set_xlabel(_covered(sides))
    common = "; ".join(in_common(sides))
    held = "points are differences from the first, under the same draws"
    under = f"{held}; on every side {common}" if common else held
    titled(figure, axes, described.label_with_unit, wrapped(under, TITLE))
    figure.legend(loc="outside lower center", ncols=1, frameon=False, fontsize=8)
    return figure


def _bars(axes: Axes, places: Numbers, side: Side, answer: Answer, *, height: float, color: str, label: str) -> None:
    """The bars of one question, with its intervals, and its differences unless it is the first."""
    states = answer.targets[0].distribution
    axes.barh(places, [row.p for row in states], height=height, color=color, label=label)
    for k, (place, row) in enumerate(zip(places.tolist(), states, strict=True)):
        low, high, shift_low, shift_high = (None,) * 4 if side.ends is None else side.ends.of_state(k)
        if low is not None and high is not None:
            axes.plot([low, high], [place, place], color=INK, linewidth=1.0)
        said = f"{row.p:.3f}"
        if color != COLOURS[0]:
            change = effect_text(float(side.difference[k]), shift_low, shift_high, none="no difference")
            said = f"{said}, {change}".replace("-", "−")
        axes.text(max(row.p, high or 0.0) + 0.01, place, said, va="center", fontsize=7)


def _covered(sides: Sequence[Side]) -> str:
    drawn = [side.ends for side in sides if side.ends is not None]
    if not drawn:
        return "probability"
    about = f"probability; lines hold {portion(drawn[0].mass)} of {drawn[0].draws:,} draws of the numbers"
    warnings = dict.fromkeys(each.warning for each in drawn if each.warning)
    return wrapped("; ".join((about, *warnings)), TITLE)
