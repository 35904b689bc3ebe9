"""A diff, and why one target moved, as JSON; a diff as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from msgspec import Struct, field

from model.analyses.revision_diff import Edit, RevisionDiff, Shifted, StateShift, Unit
from service.store.activations import Activation
from service.store.tables import iso


class PlaceJSON(Struct):
    """Where an edit is written."""

    file: str
    line: int


class EditJSON(Struct):
    """One edit, with its place in both revisions."""

    kind: str
    name: str
    item: list[str]
    what: str
    change: str
    edit_class: str = field(name="class")
    meaning: str
    moves: bool
    before: str | None
    after: str | None
    old_place: PlaceJSON | None
    new_place: PlaceJSON | None
    weak_sources: str | None


class UnitJSON(Struct):
    """Edits that are applied together, by their places in ``edits``."""

    what: str
    edit_class: str = field(name="class")
    edits: list[int]
    merged: bool


class PartJSON(Struct):
    """What one unit of edits adds to a shift."""

    unit: int
    shift: float
    error: float | None


class StateJSON(Struct):
    """One state before and after; the parts sum to the shift."""

    state: str
    before: float | None
    after: float | None
    shift: float
    low: float | None
    high: float | None
    before_low: float | None
    before_high: float | None
    leaves_interval: bool
    parts: list[PartJSON]


class ShiftJSON(Struct):
    """A target asked the same of both revisions; ``units`` are those of its parts."""

    headline: str
    label: str
    target: str
    scenario: str | None
    method: str
    note: str | None
    problem: str | None
    largest: float
    units: list[UnitJSON]
    states: list[StateJSON]


class CheckJSON(Struct):
    """A published figure that the model meets in one revision alone."""

    name: str
    label: str
    before: float | None
    after: float | None
    inside: bool


class DiffJSON(Struct):
    """All that two revisions differ by."""

    model: str
    old: str
    new: str
    interval: float | None
    largest: float
    edits: list[EditJSON]
    units: list[UnitJSON]
    shifts: list[ShiftJSON]
    checks: list[CheckJSON]
    headlines_added: list[str]
    headlines_removed: list[str]


class WhyStepJSON(Struct):
    """One change of what was active, with the edits that its parts are of; of two revisions alone ``cause`` is null."""

    old: str
    new: str
    at: str | None
    cause: str | None
    edits: list[EditJSON]
    shift: ShiftJSON


class WhyStateJSON(Struct):
    """A state before and after: the parts of all steps sum to the shift."""

    state: str
    before: float | None
    after: float | None
    shift: float


class WhyJSON(Struct):
    """Why one target moved. ``note`` says why its shift is not split by the steps of the history."""

    model: str
    target: str
    old: str
    new: str
    states: list[WhyStateJSON]
    steps: list[WhyStepJSON]
    note: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A change from one revision to another: the shift of the target, with all edits between the two."""

    old: str
    new: str
    made: Activation | None
    shifted: Shifted
    edits: Sequence[Edit]


def diff_body(found: RevisionDiff) -> DiffJSON:
    """A diff as JSON."""
    return DiffJSON(
        model=found.model,
        old=found.old,
        new=found.new,
        interval=found.mass,
        largest=found.largest,
        edits=[_edit(edit, found.weak.get(i)) for i, edit in enumerate(found.edits)],
        units=[_unit(unit) for unit in found.units],
        shifts=[_shift(each) for each in found.shifts],
        checks=[CheckJSON(each.name, each.label, each.before, each.after, each.inside) for each in found.checks],
        headlines_added=list(found.added),
        headlines_removed=list(found.gone),
    )


def why_body(model: str, target: str, steps: Sequence[Step], note: str | None) -> WhyJSON:
    """The shifts of one target through the steps, the first first."""
    first, last = (
        {state.state: p for state in step.shifted.states if (p := getattr(state, which)) is not None}
        for step, which in ((steps[0], "before"), (steps[-1], "after"))
    )
    states = [
        WhyStateJSON(state, first.get(state), last.get(state), last.get(state, 0.0) - first.get(state, 0.0))
        for state in dict.fromkeys((*first, *last))
    ]
    return WhyJSON(model, target, steps[0].old, steps[-1].new, states, [_step(each) for each in steps], note)


def _step(step: Step) -> WhyStepJSON:
    at, cause = (iso(step.made.at), step.made.cause) if step.made else (None, None)
    return WhyStepJSON(step.old, step.new, at, cause, [_edit(edit, None) for edit in step.edits], _shift(step.shifted))


def _edit(edit: Edit, weak: str | None) -> EditJSON:
    return EditJSON(
        kind=edit.kind,
        name=edit.name,
        item=list(edit.item),
        what=edit.what,
        change=edit.change,
        edit_class=edit.edit_class,
        meaning=edit.meaning,
        moves=edit.moves,
        before=edit.before,
        after=edit.after,
        old_place=None if edit.old_place is None else PlaceJSON(*edit.old_place),
        new_place=None if edit.new_place is None else PlaceJSON(*edit.new_place),
        weak_sources=weak,
    )


def _unit(unit: Unit) -> UnitJSON:
    return UnitJSON(unit.what, unit.edit_class, list(unit.edits), unit.merged)


def _shift(each: Shifted) -> ShiftJSON:
    return ShiftJSON(
        headline=each.headline,
        label=each.label,
        target=each.target,
        scenario=each.scenario,
        method="sampled" if each.sampled else "exact",
        note=each.note,
        problem=each.problem,
        largest=each.largest,
        units=[_unit(unit) for unit in each.units],
        states=[_state(state) for state in each.states],
    )


def _state(state: StateShift) -> StateJSON:
    return StateJSON(
        state=state.state,
        before=state.before,
        after=state.after,
        shift=state.shift,
        low=state.low,
        high=state.high,
        before_low=state.old_low,
        before_high=state.old_high,
        leaves_interval=state.leaves,
        parts=[PartJSON(part.unit, part.shift, part.error) for part in state.parts],
    )


class DiffRow(TypedDict):
    """A part of the shift of a state as a row of CSV."""

    model: str
    old: str
    new: str
    headline: str
    scenario: str | None
    state: str
    before: float | None
    after: float | None
    shift: float
    low: float | None
    high: float | None
    part: str | None
    part_class: str | None
    part_shift: float | None
    part_error: float | None


ROW = tuple(DiffRow.__annotations__)


def diff_rows(found: RevisionDiff) -> Iterator[Mapping[str, object]]:
    """A diff as rows: one for each part of each state's shift, one without a part for a state that nothing reaches."""
    for each in found.shifts:
        for state in each.states:
            common = (state.state, state.before, state.after, state.shift, state.low, state.high)
            head = (found.model, found.old, found.new, each.headline, each.scenario, *common)
            named = [(each.units[part.unit], part) for part in state.parts]
            parts: list[tuple[object, ...]] = [(u.what, u.edit_class, p.shift, p.error) for u, p in named]
            for part in parts or [(None, None, None, None)]:
                yield dict(zip(ROW, (*head, *part), strict=True))
