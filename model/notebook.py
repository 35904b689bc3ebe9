"""Results as small HTML tables, as notebooks show them: all text escaped, bars by inline style, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from model.wording import decimal

MOST = 20
"""Rows of a table; how many more there are is said."""

WIDE = 120
"""Pixels of the longest bar."""

RAISES, LOWERS, MARK = "#0072b2", "#d55e00", "#222222"
"""Two colours that the colour-blind tell apart, and one for what a bar is compared with."""

TABLE = "border-collapse:collapse;margin:0.4em 0"
CELL = "padding:0.15em 0.7em;vertical-align:top;text-align:"


def html(title: str, *parts: str) -> str:
    """A result: its title in bold above its parts, which are HTML already."""
    return f"<div><div><strong>{escape(title)}</strong></div>{''.join(parts)}</div>"


def note(*sentences: str) -> str:
    """Sentences below a table; empty ones are left out."""
    said = [sentence for sentence in sentences if sentence]
    return f'<div style="color:#666;font-size:90%">{"<br>".join(map(escape, said))}</div>' if said else ""


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    bar: str | None = None,
    whole: float | None = None,
    mark: str | None = None,
) -> str:
    """Rows with their columns' names above them; nothing where there is no row.

    The column ``bar`` is also drawn, so that ``whole`` fills the width (by default its largest entry);
    what is negative is drawn in another colour. ``mark`` is the column that a line across the bar stands at.

    >>> print(table(["state", "p"], [["<yes>", 0.25]], bar="p", whole=1.0).count("&lt;yes&gt;"))
    1
    """
    every = [list(row) for row in rows]
    if not every:
        return ""
    drawn = None if bar is None else columns.index(bar)
    marked = None if mark is None else columns.index(mark)
    numbers = [] if drawn is None else [abs(_number(row[drawn])) for row in every]
    full = whole or max(numbers, default=0.0) or 1.0
    lines = [_heads(columns, drawn)]
    for row in every[:MOST]:
        cells = [_cell(text(value), right=isinstance(value, int | float)) for value in row]
        if drawn is not None:
            at = None if marked is None else _number(row[marked]) / full
            cells.insert(drawn + 1, f'<td style="{CELL}left">{_bar(_number(row[drawn]) / full, at)}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    more = len(every) - MOST
    return f'<table style="{TABLE}">{"".join(lines)}</table>' + (note(f"and {more:,} more") if more > 0 else "")


def records(columns: Sequence[str], values: Iterable[object]) -> list[list[object]]:
    """Rows of a table from values that have the columns as attributes.

    >>> records(["real", "imag"], [1 + 2j])
    [[1.0, 2.0]]
    """
    return [[getattr(value, column) for column in columns] for value in values]


def text(value: object) -> str:
    """A cell in words: small numbers in powers of ten, several things with commas, a dash for nothing.

    >>> text(0.25), text(0.00001), text(-6.5), text(("a", "b")), text(None), text(True)
    ('0.2500', '1.00e-05', '-6.5000', 'a, b', '–', 'yes')
    """
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return decimal(value)
        case str():
            return value
        case Mapping():
            return ", ".join(f"{key} {text(item)}" for key, item in value.items())
        case Iterable():
            return ", ".join(map(text, value))
        case _:
            return str(value)


def _heads(columns: Sequence[str], drawn: int | None) -> str:
    cells = [f'<th style="{CELL}left">{escape(column.replace("_", " "))}</th>' for column in columns]
    if drawn is not None:
        cells.insert(drawn + 1, "<th></th>")
    return f"<tr>{''.join(cells)}</tr>"


def _cell(words: str, *, right: bool) -> str:
    return f'<td style="{CELL}{"right" if right else "left"}">{escape(words)}</td>'


def _bar(part: float, mark: float | None) -> str:
    """A bar over part of the width, and a line across it at the mark."""
    colour = RAISES if part >= 0 else LOWERS
    line = "" if mark is None else _block(mark * WIDE, 2, 14, MARK)
    return (
        f'<div style="position:relative;width:{WIDE + 2}px;height:14px">'
        f"{_block(0, abs(part) * WIDE, 10, colour)}{line}</div>"
    )


def _block(left: float, width: float, height: int, colour: str) -> str:
    top = (14 - height) // 2
    return (
        f'<div style="position:absolute;left:{left:.1f}px;top:{top}px;width:{width:.1f}px;height:{height}px;'
        f'background:{colour}"></div>'
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
