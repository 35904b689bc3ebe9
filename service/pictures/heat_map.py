"""The matrix as a picture: causes down, targets across, the shift of the state that moves most in each cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from model.analyses.matrix import FEWEST_SHOWN, Matrix, Shift
from model.errors import AftermathError
from model.specification import Model
from model.wording import quantity
from service.pictures.canvas import BLUE, INK, ORANGE, PALE, canvas, looked, titled, wrapped

MOST = 40
"""Causes that are drawn: with more no cell could be read."""

CAUSE = 46
"""Characters in a line beside a row."""

TARGET = 17
"""Characters in a line above a column or within a cell."""

# In inches.
CELL = 1.15
LINE = 0.115
EDGE = 0.08
BESIDE = 3.0
ABOVE = 2.0
NARROWEST = 7.0
LETTER = 0.065

DARK = 0.6
"""The part of the largest shift from which a cell is too dark for black letters."""

Row = list[Shift | None]


@looked
def matrix(model: Model, found: Matrix) -> Figure:
    """The causes with the largest shifts, the largest on top; a cell names the state that moves most, and how far.

    Raises AftermathError where nothing causes a target.
    """
    ranked, strongest = found.ranked(), found.strongest()
    if not ranked:
        raise AftermathError("no matrix: no variable is a cause of these targets")
    causes = ranked[:MOST]
    cells: list[Row] = [[strongest.get((cause, target)) for target in found.targets] for cause in causes]
    names = [_cause(model, cause, row) for cause, row in zip(causes, cells, strict=True)]
    texts = [[_cell(model, cell) for cell in row] for row in cells]
    lines = max(text.count("\n") + 1 for text in (*names, *(text for row in texts for text in row)))
    height = ABOVE + len(causes) * (lines * LINE + EDGE)
    across = max(CELL * len(found.targets), NARROWEST - BESIDE)
    figure, axes = canvas(BESIDE + across, height)
    _coloured(axes, cells, texts)
    _scale(figure, axes, int(across / LETTER))
    axes.set_yticks(range(len(causes)), names, fontsize=7)
    targets = [wrapped(headline.label, TARGET) for headline in found.headlines]
    axes.set_xticks(range(len(found.targets)), targets, fontsize=7.5, fontweight="bold")
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    under = _under(model, found, len(causes), len(ranked))
    titled(figure, axes, model.title, wrapped(under, int(across / LETTER)))
    return figure


def _coloured(axes: Axes, cells: Sequence[Row], texts: Sequence[Sequence[str]]) -> None:
    shifts = np.array([[_points(cell) for cell in row] for row in cells])
    most = max(float(np.nanmax(np.abs(shifts), initial=0.0)), 100 * FEWEST_SHOWN)
    colours = LinearSegmentedColormap.from_list("shifts", (ORANGE, "white", BLUE))
    axes.set_facecolor(PALE)
    axes.imshow(shifts, cmap=colours, vmin=-most, vmax=most, aspect="auto")
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            ink = "white" if abs(shifts[i, j]) > DARK * most else INK
            axes.text(j, i, text, ha="center", va="center", fontsize=6.5, color=ink, linespacing=1.1)
    axes.set_xticks(np.arange(0.5, shifts.shape[1] - 1), minor=True)
    axes.set_yticks(np.arange(0.5, shifts.shape[0] - 1), minor=True)
    axes.grid(which="minor", color=PALE, linewidth=0.6)
    axes.tick_params(which="minor", length=0)


def _scale(figure: Figure, axes: Axes, width: int) -> None:
    """What the colours mean, below the cells."""
    bar = figure.colorbar(axes.images[0], ax=axes, location="bottom", shrink=0.5, aspect=40, pad=0.01)
    words = "points by which the state named becomes likelier (blue) or less likely (orange)"
    bar.set_label(wrapped(words, width), fontsize=8)
    bar.ax.tick_params(labelsize=8)


def _points(cell: Shift | None) -> float:
    """A shift in points of a hundred, nan where there is none."""
    return np.nan if cell is None or cell.shift is None else 100 * cell.shift


def _cell(model: Model, cell: Shift | None) -> str:
    if cell is None or cell.shift is None:
        return "–"
    if abs(cell.shift) < FEWEST_SHOWN:
        return "·"
    state = wrapped(model.described[cell.variable].state_label(cell.state), TARGET)
    return f"{_points(cell):+.1f}\n{state}".replace("-", "−", 1)


def _cause(model: Model, cause: str, row: Row) -> str:
    """A cause by its label, and below it the states that it is taken between."""
    described = model.described[cause]
    pairs = {(cell.start, cell.to) for cell in row if cell is not None}
    between = "the two states furthest apart"
    if len(pairs) == 1:
        between = " → ".join(map(described.state_label, pairs.pop()))
    return "\n".join((wrapped(described.label, CAUSE), wrapped(between, CAUSE)))


def _under(model: Model, found: Matrix, shown: int, count: int) -> str:
    how = {"do": "set by do()", "given": "observed"}[found.by]
    case = f"under {model.scenario(found.scenario).label}" if found.scenario else "nothing else known"
    words = f"shift in points of the state that moves most, the cause {how} from one state to the other; {case}"
    if shown < count:
        words += f"; the {quantity(shown, 'cause')} with the largest shifts, {count - shown:,} left out"
    return words
