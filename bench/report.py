"""The newest results as tables, printed or put into the README between its marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import table

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "inference": (
        *("case", "network", "seconds", "first"),
        *("ratio_pyagrum", "lowest_pyagrum", "ratio_anew", "ratio_pgmpy", "ratio_ck"),
        *("max_abs_diff", "share", "note"),
    ),
    "http": ("request", "per_second", "cpu_us"),
    "analyses": ("analysis", "first", "seconds", "ratio"),
    "scale": ("series", "size", "compiled", "seconds", "cells", "note"),
}
README = Path(__file__).resolve().parent / "README.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def run(results: Path, *, write: bool) -> int:
    """Print the tables, or write them into the README."""
    text = tables(results)
    if not text:
        print(f"no results in {results}; a full run of inference, http or scale writes some")
        return 1
    if write:
        README.write_text(placed(README.read_text(encoding="utf-8"), text), encoding="utf-8")
    print(text)
    return 0


def tables(results: Path) -> str:
    """A table for the newest file of each command; empty when there is none.

    Files are called DATE-COMMAND.csv, so that the last by name is the newest.
    """
    parts = []
    for command, columns in COLUMNS.items():
        files = sorted(results.glob(f"????-??-??-{command}.csv"))
        if files:
            parts.append(f"### {command}, {files[-1].name[:10]}\n\n{markdown(table.read(files[-1]), columns)}")
    return "\n\n".join(parts)


def markdown(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """A table of some columns; a dash where there is nothing.

    >>> print(markdown([{"case": "a", "seconds": ""}], ("case", "seconds")))
    | case | seconds |
    |---|---|
    | a | - |
    """
    lines = [columns, *([row.get(column) or "-" for column in columns] for row in rows)]
    written = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([written[0], "|" + "---|" * len(columns), *written[1:]])


def placed(page: str, text: str) -> str:
    """The page with the text between its marks, in place of what was there."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{README.name} has lost its marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"
