"""Rows as text, JSON, CSV and a plot."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.inference import Beside, Row

HEAD = (
    f"{'case':<12}{'ours':>10}{'first':>10}{'pyAgrum':>10}{'ratio':>9}{'lowest':>9}{'anew':>10}{'ratio':>9}"
    f"{'pgmpy':>10}{'ratio':>9}{'ck':>10}{'ratio':>9}{'max diff':>10}{'madds':>10}{'limit':>7}"
)


def line(row: Row) -> str:
    """A row of the table; a network's own line when it has no case."""
    if row.case == "-":
        return f"\n{row.network}: {row.note}"
    agrum, anew, pgmpy, ck = (row.peers.get(name, Beside()) for name in ("pyagrum", "anew", "pgmpy", "ck"))
    gap = "-" if row.max_abs_diff is None else f"{row.max_abs_diff:.0e}"
    numbers = (
        f"{row.case:<12}{_seconds(row.seconds):>10}{_seconds(row.first):>10}"
        f"{_seconds(agrum.seconds):>10}{_times(agrum):>9}{_times(agrum, lowest=True):>9}"
        f"{_seconds(anew.seconds):>10}{_times(anew):>9}"
        f"{_seconds(pgmpy.seconds):>10}{_times(pgmpy):>9}{_seconds(ck.seconds):>10}{_times(ck):>9}"
        f"{gap:>10}{_count(row.multiply_adds):>10}{'-' if row.share is None else f'{row.share:.2f}':>7}"
    )
    said = [row.note, *(f"{name} {beside.reason}" for name, beside in row.peers.items() if beside.reason)]
    return "\n".join([numbers, *(f"{'':<12}{text}" for text in said if text)])


def _seconds(value: float | None) -> str:
    """Three figures and a unit.

    >>> _seconds(0.0000123), _seconds(1.5), _seconds(None)
    ('12.3us', '1.50s', '-')
    """
    if value is None:
        return "-"
    scale, unit = next((pair for pair in ((1.0, "s"), (1e3, "ms"), (1e6, "us")) if value * pair[0] >= 1), (1e9, "ns"))
    return f"{value * scale:.3g}{unit}" if value * scale >= 100 else f"{value * scale:#.3g}{unit}"


def _times(beside: Beside, *, lowest: bool = False) -> str:
    if beside.ratio is None:
        return "-"
    return f"{beside.ratio.lowest if lowest else beside.ratio.median:,.3g}x"


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def as_json(rows: Iterable[Row]) -> str:
    """The rows that have a case, with the keys that other tools read; null where there is no number."""
    return json.dumps([_plain(row) for row in rows if row.case != "-"], indent=1, allow_nan=False) + "\n"


def _plain(row: Row) -> dict[str, Any]:
    ratios = {f"ratio_{name}": _ratio(row, name) for name in ("pyagrum", "pgmpy")}
    return {
        "case": row.case,
        "network": row.network,
        "seconds": row.seconds,
        **ratios,
        "max_abs_diff": row.max_abs_diff,
    }


def _ratio(row: Row, peer: str) -> float | None:
    found = row.peers.get(peer, Beside()).ratio
    return None if found is None else found.median


def _wide(row: Row) -> dict[str, Any]:
    said: dict[str, Any] = {"case": row.case, "network": row.network, "seconds": row.seconds, "first": row.first}
    for name, beside in row.peers.items():
        said[f"{name}_seconds"] = beside.seconds
        said[f"{name}_engine"] = beside.engine or beside.reason
        said[f"ratio_{name}"] = beside.ratio and beside.ratio.median
        said[f"lowest_{name}"] = beside.ratio and beside.ratio.lowest
    last = {"max_abs_diff": row.max_abs_diff, "multiply_adds": row.multiply_adds, "share": row.share, "note": row.note}
    return said | last


def write_inference(rows: Sequence[Row], path: Path) -> None:
    """The rows that have a case, everything known of each."""
    write(path, [_wide(row) for row in rows if row.case != "-"])


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """A small CSV: numbers to four figures, nothing for what there is not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        columns = list(dict.fromkeys(key for row in rows for key in row))
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)


def _cell(value: Any) -> Any:
    return f"{value:.4g}" if isinstance(value, float) else value


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot."""

    label: str
    x: Sequence[float]
    y: Sequence[float]


def plot(path: Path, panels: Mapping[str, Sequence[Line]], *, y: str, names: Sequence[str] = ()) -> str:
    """Lines in panels, both axes logarithmic (x the ``names``, where given). Returns what was done, in words."""
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import NullLocator
    except ImportError:
        return f"no plot {path}: matplotlib is not installed"
    figure = Figure(figsize=(4.2 * len(panels), 3.8), layout="constrained")
    for i, (title, lines) in enumerate(panels.items()):
        axes = figure.add_subplot(1, len(panels), i + 1)
        for one in lines:
            axes.plot(one.x, one.y, marker="o", markersize=3, label=one.label, linewidth=0 if names else 1)
        axes.set(title=title, yscale="log", **({} if names else {"xscale": "log"}))
        if names:
            axes.set_xticks(range(len(names)), names, rotation=90)
            axes.xaxis.set_minor_locator(NullLocator())
            axes.axhline(1.0, color="black", linewidth=0.5)
        if i == 0:
            axes.set_ylabel(y)
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return f"wrote {path}"


def plot_inference(path: Path, rows: Sequence[Row]) -> str:
    """Ratios by network, a panel for each peer and a mark for each case."""
    names = list(dict.fromkeys(row.network for row in rows if row.case != "-"))
    cases = list(dict.fromkeys(row.case for row in rows if row.case != "-"))
    panels: dict[str, list[Line]] = {}
    for peer, title in (("pyagrum", "times pyAgrum"), ("pgmpy", "times pgmpy")):
        for case in cases:
            at = {row.network: _ratio(row, peer) for row in rows if row.case == case}
            seen = [(names.index(name), ratio) for name, ratio in at.items() if ratio is not None]
            panels.setdefault(title, []).append(Line(case, [x for x, _ in seen], [ratio for _, ratio in seen]))
    return plot(path, panels, y="ratio", names=names)
