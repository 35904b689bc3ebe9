"""What all pictures share: the look, colours that the colour-blind tell apart, and files that do not change."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from model.errors import AftermathError

ENDINGS = (".png", ".svg")

INK = "#222222"
FAINT = "#8a8a8a"
PALE = "#d9d9d9"
BLUE = "#0072b2"
SKY = "#56b4e9"
ORANGE = "#d55e00"
"""Of Okabe & Ito's palette: they stay apart under every common colour blindness, and as greys."""

SHADES = ("#cfe1f2", "#93c4de", "#4b97c9", "#1f6bae", "#08427f", "#04224a")
"""States in their order, light to dark."""

HEADLINE = 60
"""Characters in a line of a title."""

LOOK: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.parse_math": False,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "savefig.dpi": 160,
    "svg.fonttype": "none",
    "svg.hashsalt": "aftermath",
}

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")


def looked(make: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
    """Decorates what draws or writes, so that a reader's own settings of matplotlib change nothing."""

    @wraps(make)
    def made(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Made:
        with style.context(["default", LOOK]):
            return make(*args, **kwargs)

    return made


def demand_a_picture(path: Path) -> None:
    """Raise AftermathError unless the file's ending is that of a kind of picture made here."""
    if path.suffix.lower() not in ENDINGS:
        raise AftermathError(f"{path.name}: a picture ends in {' or '.join(ENDINGS)}, not {path.suffix!r}")


@looked
def save(figure: Figure, path: Path) -> None:
    """Write a picture as what the file's ending says; the same picture gives the same bytes.

    Raises AftermathError for another ending, and where the file cannot be written.
    """
    demand_a_picture(path)
    kind = path.suffix.lower().removeprefix(".")
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
    try:
        figure.savefig(path, format=kind, metadata=metadata)
    except OSError as error:
        raise AftermathError(f"{path}: the picture cannot be written: {error.strerror}") from None


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of so many inches and its one pair of axes, laid out so that no label is cut off."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def titled(figure: Figure, axes: Axes, title: str, under: str = "") -> None:
    """A title, and in smaller letters beneath it what it is about."""
    axes.set_title(under, loc="left", fontsize=8, color=FAINT)
    figure.suptitle(wrapped(title, HEADLINE), x=0.01, ha="left", fontsize=11, fontweight="bold")


def wrapped(text: str, width: int) -> str:
    """Text in lines of about so many characters; a name that is longer than a line breaks after an underscore.

    >>> wrapped("when {returnee_response_model: care_and_mentoring}", 22).splitlines()
    ['when {returnee_', 'response_model:', 'care_and_mentoring}']
    """
    lines = [""]
    for word in text.split():
        pieces = [word] if len(word) <= width else re.findall(rf"[^_]{{1,{width - 1}}}_*|_+", word)
        pieces[-1] += " "
        for piece in pieces:
            if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)
