"""A diff as a page of text, and as Markdown for a review."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from model.analyses.revision_diff import Edit, RevisionDiff, Shifted, StateShift
from model.analyses.revision_diff.revision_diff import ROUNDING
from model.inference.arrays import ranked
from model.wording import quantity
from service.cli.text import columns

LOOKED_AT = 0.05
"""A shift above this is shown to a reviewer where no limit was named."""

MOVERS = 12
"""Shifts that a page shows, the largest first."""

SHOWN_SHIFT = 0.00005
"""A shift that rounds to nothing in hundredths of a point, which pages leave out."""


def _points(shift: float) -> str:
    return f"{100 * shift:+.2f}"


def _p(p: float | None) -> str:
    return "-" if p is None else f"{p:.4f}"


def _movers(found: RevisionDiff) -> list[tuple[Shifted, StateShift]]:
    """States by how far they moved, of each headline and scenario the one that moved most."""
    moved = (
        (each, max(each.states, key=lambda state: ranked(abs(state.shift)))) for each in found.shifts if each.states
    )
    kept = [(each, state) for each, state in moved if abs(state.shift) >= SHOWN_SHIFT]
    return sorted(kept, key=lambda pair: -ranked(abs(pair[1].shift)))


def _parts_text(each: Shifted, state: StateShift) -> str:
    """The parts of a shift in words, the largest first."""
    parts = sorted(state.parts, key=lambda part: -ranked(abs(part.shift)))
    said = (
        f"{_points(part.shift)}{f' ± {100 * part.error:.2f}' if part.error else ''} {each.units[part.unit].what}"
        for part in parts
        if abs(part.shift) >= SHOWN_SHIFT
    )
    return "; ".join(said)


def _place(edit: Edit) -> str:
    """Where an edit is: in the newer revision, and in the older one where the line is another."""
    old, new = (None if place is None else f"{place[0]}:{place[1]}" for place in (edit.old_place, edit.new_place))
    if old is None or new is None or old == new:
        return new or f"{old} (older)"
    return f"{new} (was {old})"


def _summary(found: RevisionDiff) -> str:
    """How many edits of which class."""
    counted = Counter(edit.edit_class for edit in found.edits)
    classes = ", ".join(f"{number} {name}" for name, number in counted.items())
    moving = sum(edit.moves for edit in found.edits)
    said = "no forecast can move" if not moving else f"{moving} of them can move a forecast"
    return f"{quantity(len(found.edits), 'edit')}: {classes}; {said}" if found.edits else "no edits"


def review(found: RevisionDiff, limit: float) -> list[str]:
    """What a reviewer should look at, a sentence each."""
    said = [
        f"{_named(each)} cannot be answered by one of the two: {each.problem}" for each in found.shifts if each.broken
    ]
    for each, state in _movers(found):
        if abs(state.shift) > limit + ROUNDING:
            said.append(f"{_named(each)}: {state.state} moves by {_points(state.shift)} points, over {100 * limit:g}")
    for each in found.shifts:
        left = [state.state for state in each.states if state.leaves]
        if left:
            said.append(f"{_named(each)}: the new {', '.join(left)} lies outside the old interval")
    for check in found.checks:
        now = "now inside" if check.inside else "now outside"
        said.append(f"check {check.name}: {now} its published range ({_p(check.before)} to {_p(check.after)})")
    said += [f"{found.edits[i].what} rests on weak sources: {weak}" for i, weak in found.weak.items()]
    said += [f"{unit.what}: not valid alone, so taken together" for unit in found.units if unit.merged]
    said += [f"headline {name} is gone" for name in found.gone] + [f"headline {name} is new" for name in found.added]
    return said


def _named(each: Shifted) -> str:
    return f"{each.headline} under {each.scenario}" if each.scenario else each.headline


def text(found: RevisionDiff, limit: float) -> str:
    """A diff as a page of text."""
    lines = [f"{found.model}  {found.old} to {found.new}", _summary(found), *_edit_lines(found)]
    movers = _movers(found)
    lines.append(f"largest shifts, in points (of {len(movers)} that moved):" if movers else "no headline moved")
    rows = [
        (_named(each), state.state, _p(state.before), _p(state.after), _points(state.shift), _span(state))
        for each, state in movers[:MOVERS]
    ]
    parts = [f"      {_parts_text(each, state)}" for each, state in movers[:MOVERS]]
    if rows:
        lines += [line for pair in zip(columns(rows, right={2, 3, 4}), parts, strict=True) for line in pair]
    lines += [f"note: {note}" for note in dict.fromkeys(each.note for each in found.shifts if each.note)]
    to_review = review(found, limit)
    return "\n".join([*lines, *(["to look at:"] if to_review else []), *(f"  {each}" for each in to_review)]) + "\n"


def _edit_lines(found: RevisionDiff) -> Iterator[str]:
    for edit in found.edits:
        yield f"  {_place(edit)}  {edit.what}: {edit.edit_class}, {edit.change}; {edit.meaning}"
        if edit.before or edit.after:
            yield f"    {edit.before or 'nothing'} -> {edit.after or 'nothing'}"


def _span(state: StateShift) -> str:
    if state.low is None or state.high is None:
        return ""
    return f"{_points(state.low)} to {_points(state.high)}"


def markdown(found: RevisionDiff, limit: float) -> str:
    """A diff as Markdown, to be pasted into a review."""
    lines = [f"## What the edits of {found.model} do", "", f"`{found.old}` to `{found.new}`. {_summary(found)}.", ""]
    movers = _movers(found)
    if movers:
        share = "" if found.mass is None else f" ({100 * found.mass:g} %)"
        head = ("headline", "scenario", "state", "before", "after", "points", f"range{share}", "moved by, in points")
        lines += _table(
            head,
            (
                (
                    *(each.headline, each.scenario or "-", state.state, _p(state.before), _p(state.after)),
                    *(_points(state.shift), _span(state), _parts_text(each, state)),
                )
                for each, state in movers[:MOVERS]
            ),
        )
        if len(movers) > MOVERS:
            lines += ["", f"{len(movers) - MOVERS} smaller shifts are left out."]
    else:
        lines.append("No headline moved.")
    notes = list(dict.fromkeys(each.note for each in found.shifts if each.note))
    to_review = [*review(found, limit), *notes]
    if to_review:
        lines += ["", "### To look at", "", *(f"- {_escaped(each)}" for each in to_review)]
    if found.edits:
        lines += ["", "### Edits", ""]
        rows = ((e.what, e.edit_class, _place(e), e.before or "", e.after or "") for e in found.edits)
        lines += _table(("edit", "class", "where", "before", "after"), rows)
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(_escaped(cell) for cell in row)} |"


def _escaped(cell: str) -> str:
    """Text of the files as it stands in Markdown: no mark of it is taken for markup."""
    return re.sub(r"([\\`*\[\]<>|])", r"\\\1", cell)
