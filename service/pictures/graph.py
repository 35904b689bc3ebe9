"""The network as a picture: what each variable is believed to be, and how it is spoken of."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.path import Path as Curve

from model.answers import Answer, TargetAnswer
from model.evidence import Assumed, Observed, OneOf, Reported, RuledOut
from model.specification import Model
from model.wording import chance, quantity
from service.layers import placed
from service.pictures.canvas import BLUE, FAINT, INK, ORANGE, SHADES, looked, wrapped
from service.pictures.captions import state_lines

# In inches.
WIDE = 2.0
BETWEEN = 0.8
GAP = 0.3
LINE = 0.135
BAR = 0.13
EDGE = 0.07
MARGIN = 0.3
HEAD = 0.55
FOOT = 0.45
NARROWEST = 7.0

LABEL = 26
STATE = 23
"""Characters in a line of a box."""

SPOKEN = {Observed: "observed", OneOf: "one of", RuledOut: "ruled out", Reported: "reported", Assumed: "assumed"}

Mark = tuple[str, str]
"""A word and its colour."""

Way = tuple[tuple[int, float], ...]


@looked
def network(model: Model, found: Answer, *, target: str | None = None) -> Figure:
    """The variables that an answer is about, with the arcs between them; a target and what is given or done marked.

    A box has a variable's label, its distribution as a bar, and its states. Arcs into a variable that is set
    are drawn as cut.
    """
    boxes = {row.target: _box(model, row) for row in found.targets}
    where = placed(model.network, boxes.keys(), {name: box.height for name, box in boxes.items()}, gap=GAP)
    wide = (max(where.layer.values()) + 1) * (WIDE + BETWEEN) - BETWEEN
    high = max(where.middle[name] + box.height / 2 for name, box in boxes.items())
    figure, axes = _sheet(wide, high)
    cut = {arc for arc in where.ways if arc[1] in found.settings}
    for arc, way in where.ways.items():
        _arc(axes, way, cut=arc in cut)
    for name, box in boxes.items():
        left, top = where.layer[name] * (WIDE + BETWEEN), where.middle[name] - box.height / 2
        _draw(axes, box, (left, top), _marks(found, name, target))
    _about(figure, model, found, cut=bool(cut))
    return figure


@dataclass(frozen=True, slots=True)
class _Box:
    """A variable's text in lines, and its states with their probabilities."""

    label: list[str]
    states: list[tuple[list[str], float]]

    @property
    def height(self) -> float:
        lines = len(self.label) + sum(len(state) for state, _ in self.states)
        return 2 * EDGE + lines * LINE + BAR + 2 * EDGE


def _box(model: Model, row: TargetAnswer) -> _Box:
    described = model.described[row.target]
    states = [(state_lines(described, i, state.state, STATE), state.p) for i, state in enumerate(row.distribution)]
    return _Box(wrapped(described.label_with_unit, LABEL).splitlines(), states)


def _sheet(wide: float, high: float) -> tuple[Figure, Axes]:
    """Axes measured in inches from the top left corner of the network."""
    whole = max(wide + 2 * MARGIN, NARROWEST), high + HEAD + FOOT
    figure = Figure(figsize=whole)
    axes = figure.add_axes((0, 0, 1, 1))
    spare = (whole[0] - wide) / 2
    axes.set_xlim(-spare, wide + spare)
    axes.set_ylim(high + FOOT, -HEAD)
    axes.set_axis_off()
    return figure, axes


def _marks(found: Answer, name: str, target: str | None) -> list[Mark]:
    marks = [("target", INK)] if name == target else []
    if name in found.findings:
        marks.append((SPOKEN[type(found.findings[name])], BLUE))
    if name in found.settings:
        marks.append(("done", ORANGE))
    return marks


def _draw(axes: Axes, box: _Box, corner: tuple[float, float], marks: list[Mark]) -> None:
    left, top = corner
    colour = marks[-1][1] if marks else FAINT
    style = "round,pad=0,rounding_size=0.06"
    width = 2.0 if marks else 0.8
    axes.add_patch(
        FancyBboxPatch(
            (left, top), WIDE, box.height, boxstyle=style, facecolor="white", edgecolor=colour, linewidth=width
        )
    )
    _tags(axes, corner, marks)
    at = top + EDGE + LINE / 2
    for line in box.label:
        axes.text(left + EDGE, at, line, fontsize=7.5, fontweight="bold", va="center_baseline")
        at += LINE
    at += EDGE - LINE / 2
    shades = _shades(len(box.states))
    _stacked(axes, [p for _, p in box.states], shades, (left + EDGE, at))
    at += BAR + EDGE + LINE / 2
    for (lines, p), shade in zip(box.states, shades, strict=True):
        axes.add_patch(Rectangle((left + EDGE, at - 0.04), 0.08, 0.08, facecolor=shade, edgecolor=FAINT, linewidth=0.4))
        axes.text(left + WIDE - EDGE, at, f"{p:.3f}", fontsize=7, ha="right", va="center_baseline")
        for line in lines:
            axes.text(left + EDGE + 0.13, at, line, fontsize=7, va="center_baseline")
            at += LINE


def _stacked(axes: Axes, p: list[float], shades: list[str], corner: tuple[float, float]) -> None:
    left, top = corner
    across = WIDE - 2 * EDGE
    for part, shade in zip(p, shades, strict=True):
        axes.add_patch(Rectangle((left, top), part * across, BAR, facecolor=shade, linewidth=0))
        left += part * across
    axes.add_patch(Rectangle(corner, across, BAR, fill=False, edgecolor=FAINT, linewidth=0.5))


def _shades(states: int) -> list[str]:
    scale = LinearSegmentedColormap.from_list("states", SHADES)
    return [to_hex(scale(k / max(1, states - 1))) for k in range(states)]


def _tags(axes: Axes, corner: tuple[float, float], marks: list[Mark]) -> None:
    """Words on the upper edge of a box, from the right."""
    right = corner[0] + WIDE - EDGE
    for word, colour in reversed(marks):
        frame = {"boxstyle": "round,pad=0.2", "facecolor": colour, "edgecolor": "white", "linewidth": 0.6}
        axes.text(right, corner[1], word, fontsize=6.5, color="white", ha="right", va="center", bbox=frame)
        right -= 0.068 * len(word) + 0.14


def _arc(axes: Axes, way: Way, *, cut: bool) -> None:
    """A smooth line from the right edge of a parent to the left edge of its child, level at each layer it passes."""
    points = [(way[0][0] * (WIDE + BETWEEN) + WIDE, way[0][1])]
    for layer, height in way[1:-1]:
        points += [(layer * (WIDE + BETWEEN), height), (layer * (WIDE + BETWEEN) + WIDE, height)]
    points.append((way[-1][0] * (WIDE + BETWEEN), way[-1][1]))
    vertices, codes = [points[0]], [Curve.MOVETO]
    for k, (start, end) in enumerate(pairwise(points)):
        if k % 2:
            vertices.append(end)
            codes.append(Curve.LINETO)
        else:
            bend = (end[0] - start[0]) / 2
            vertices += [(start[0] + bend, start[1]), (end[0] - bend, end[1]), end]
            codes += [Curve.CURVE4] * 3
    axes.add_patch(
        FancyArrowPatch(
            path=Curve(vertices, codes),
            arrowstyle="-|>",
            mutation_scale=9,
            linewidth=0.9,
            color=FAINT,
            linestyle=(0, (1, 3)) if cut else "solid",
            zorder=0,
        )
    )


def _about(figure: Figure, model: Model, found: Answer, *, cut: bool) -> None:
    wide, high = figure.get_size_inches()
    title = wrapped(model.title, int(11 * (wide - 2 * MARGIN)))
    figure.text(MARGIN / wide, 1 - 0.1 / high, title, fontsize=11, fontweight="bold", va="top")
    shown, count = len(found.targets), len(model.network.names)
    words = f"{shown} of {quantity(count, 'variable')}" if shown < count else quantity(count, "variable")
    words += f"; P(evidence) {chance(found.log_p_evidence)}; causes stand left of effects"
    words += "; dotted arcs are cut by what is done" if cut else ""
    figure.text(MARGIN / wide, 0.12 / high, words, fontsize=8, color=FAINT, va="bottom")
