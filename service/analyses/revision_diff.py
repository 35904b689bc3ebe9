"""What an edit does: two revisions of a model as JSON, CSV, text and Markdown, and the command ``diff``.

``diff_body``, ``diff_rows``, ``markdown`` and ``why_body`` take what ``model.analyses.revision_diff`` finds, whichever
way its two editions were come by.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypedDict

import click
from msgspec import Struct, field
from pydantic import Field

from model.analyses import question_cost
from model.analyses.revision_diff import (
    Edit,
    RevisionDiff,
    Shifted,
    StateShift,
    Unit,
    diff,
    edits,
    older_names,
    question_under,
    why,
)
from model.analyses.revision_diff.revision_diff import ROUNDING
from model.errors import AftermathError
from model.evidence import syntax
from model.inference.arrays import ranked
from model.question import Question
from model.resources.cost import Cost
from model.wording import quantity
from service.cli import completion
from service.cli.model_files import NoSuchFiles, edition_of, in_store, model_files
from service.cli.options import REFUSED, folder_of, folders_of, interval_options, root_of
from service.cli.page import say
from service.cli.store_options import store_options
from service.cli.text import columns
from service.http.csv_tables import csv_bytes
from service.http.json_encoding import encoded
from service.http.operation import A_DAY, ACTIVE, Form, Reply, Service, json_form, operation
from service.http.problems import BadField
from service.http.validation import Hurried, Text
from service.schemas.requests import MOST_SIDES, StatedParameters, ShiftInterval
from service.store import activations, revisions
from service.store.activations import Activation
from service.store.names import HASH
from service.store.revisions import Revision
from service.store.tables import iso
from service.translate.questions import interval_mass

LOOKED_AT = 0.05
"""A shift above this is shown to a reviewer where no limit was named."""

MOVERS = 12
"""Shifts that a page shows, the largest first."""

SHOWN_SHIFT = 0.00005
"""A shift that rounds to nothing in hundredths of a point, which pages leave out."""


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
    return WhyStepJSON(
        step.old, step.new, at, cause, [_edit(edit, None) for edit in step.edits], _shift(step.shifted)
    )


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


# As text and as Markdown


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
    parts = sorted(state.parts, key=lambda part: -abs(part.shift))
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


# Over HTTP

ERRORS = (404, 422, 429, 503)
BETWEEN = "..."
"""Between two revisions in a path, as git has it."""


class DiffParameters(Hurried):
    """Under which scenarios, and with which intervals."""

    scenario: Annotated[
        list[Text],
        Field(default_factory=list, max_length=MOST_SIDES, description="Repeated; none means every scenario and none."),
    ]
    interval: ShiftInterval = None


class WhyParameters(StatedParameters):
    """Between which revisions, under what."""

    from_: Annotated[Text, Field(alias="from", description="The older revision: a hash, a name or `active`.")]
    to: Annotated[Text, Field(description="The newer one.")] = ACTIVE
    interval: ShiftInterval = None


@operation(
    "GET",
    "/v1/models/<model>/diff/<between>",
    query=DiffParameters,
    forms=(
        json_form(DiffJSON, write=lambda found: encoded(diff_body(found))),
        Form("csv", "text/csv; charset=utf-8", lambda found: csv_bytes(ROW, diff_rows(found)), DiffRow),
        Form("md", "text/markdown; charset=utf-8", lambda found: markdown(found, LOOKED_AT).encode(), str),
    ),
    errors=ERRORS,
    of_model=False,
)
def diff_between(service: Service, model: str, between: str, asked: DiffParameters) -> Reply:
    """Show what was edited between two revisions, `a...b`, and the shift of each headline, split by edit.

    A revision is named by its hash, by a name that it was given, or as `active`.
    """
    older, dots, newer = between.partition(BETWEEN)
    if not dots or not older or not newer:
        raise BadField(f"expected two revisions with ... between them; found {between!r}", where=("path", "between"))
    sides = _sides(service, model, older, newer)
    mass = interval_mass(asked.interval, named=True)

    def found() -> RevisionDiff:
        old, new = (service.edition(model, each.revision) for each in sides)
        return diff(old, new, scenarios=asked.scenario or None, mass=mass)

    return _pinned(found, service, sides, (older, newer), (*asked.scenario, str(mass)), partial(_cost, service, sides, asked.scenario, mass))


@operation(
    "GET",
    "/v1/models/<model>/why/<target>",
    query=WhyParameters,
    forms=(json_form(WhyJSON),),
    errors=ERRORS,
    of_model=False,
)
def why_moved(service: Service, model: str, target: str, asked: WhyParameters) -> Reply:
    """Say why one target moved between two revisions: its shift under a what-if, split by edit."""
    sides = _sides(service, model, asked.from_, asked.to)
    mass = interval_mass(asked.interval, named=True)
    findings, settings = syntax.findings(asked.given), syntax.settings(asked.do)
    under = Question((), findings, settings, scenario=asked.scenario, cohort=asked.cohort)

    ways, note = _history(service, sides)

    def found() -> WhyJSON:
        editions = {each: service.edition(model, each) for way in ways for each in way[:2]}
        steps: list[Step] = []
        said, name = under, target
        for old, new, made in reversed(ways):
            moved = why(editions[old], editions[new], name, under=said, mass=mass)
            between = edits(editions[old], editions[new])
            steps.append(Step(old, new, made, moved, between.edits))
            earlier = question_under(replace(said, targets=(name,)), older_names(between.names))
            said, [name] = replace(earlier, targets=()), earlier.targets
        return why_body(model, target, steps[::-1], note)

    said = (target, *asked.given, BETWEEN, *asked.do, BETWEEN, str(asked.scenario), str(asked.cohort), str(mass))
    tagged = (*said, *(each for way in ways for each in way[:2]))
    return _pinned(found, service, sides, (asked.from_, asked.to), tagged, lambda: _reading(sides) * len(ways) * 2)


MOST_STEPS = 8
"""Changes that a shift is split by; beyond, by the edits between its two ends."""

Way = tuple[str, str, Activation | None]
"""From one revision to another, and the change that this was."""


def _history(service: Service, sides: tuple[Revision, Revision]) -> tuple[list[Way], str | None]:
    """The changes of what was active from one revision to another; the two alone, and why, where there are none."""
    old, new = (each.revision for each in sides)
    direct: list[Way] = [(old, new, None)]
    if old == new:
        return direct, None
    made = activations.every(service.store, sides[0].model)
    ends = [i for i, each in enumerate(made) if each.revision == new]
    starts = [i for i, each in enumerate(made) if each.revision == old and ends and i < ends[-1]]
    if not starts:
        return direct, "the newer revision was not active after the older one: split by the edits between the two"
    steps = made[starts[-1] + 1 : ends[-1] + 1]
    if len(steps) > MOST_STEPS:
        return direct, f"{len(steps)} changes lie between the two, more than {MOST_STEPS}: split by the edits between"
    olds = (old, *(each.revision for each in steps))
    return [(before, each.revision, each) for before, each in zip(olds, steps, strict=False)], None


def _sides(service: Service, model: str, older: str, newer: str) -> tuple[Revision, Revision]:
    """Two revisions that are kept."""
    service.demand_model(model)
    old, new = (revisions.revision(service.store, model, service.hash_of(model, each)) for each in (older, newer))
    return old, new


def _pinned(
    found: Callable[[], Any],
    service: Service,
    sides: Sequence[Revision],
    said: Sequence[str],
    asked: Sequence[str],
    cost: Callable[[], Cost],
) -> Reply:
    """What two revisions decide with what was asked; it may be kept for a day where both were said by their hashes."""
    tag = " ".join((service.fingerprint, *(each.revision for each in sides), *asked))
    return Reply(found, tag=tag, cost=cost, cache=A_DAY if all(map(HASH.fullmatch, said)) else None)


def _reading(sides: Sequence[Revision]) -> Cost:
    return sum((question_cost.of_reading(each.size) for each in sides), Cost())


def _cost(service: Service, sides: Sequence[Revision], scenarios: Sequence[str], mass: float | None) -> Cost:
    """Both revisions made ready, and each headline under each scenario of the model as it is served."""
    served = service.revisions.ready.get(sides[0].model)
    if served is None:
        return _reading(sides) * 2
    under = [each for each in scenarios or (None, *served.model.scenarios) if each is None or each in served.model.scenarios]
    asked = [Question((each.target,), each.findings, scenario=name, interval=mass) for each in served.model.headlines for name in under]
    return sum((question_cost.of_split(served, each) for each in asked), _reading(sides))


OPERATIONS = (diff_between, why_moved)


# The command


@click.command(short_help="What the edits between two revisions do to the forecasts.")
@click.argument("model", required=False, shell_complete=completion.models)
@click.argument("a", required=False, metavar="[A]")
@click.argument("b", required=False, metavar="[B]")
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME", help="Under these scenarios alone (every one).")
@click.option(
    "--fail-over", type=click.FloatRange(0, 1), metavar="SHIFT", help="Exit 1 where a headline moves by more than this."
)
@click.option("--json", "form", flag_value="json", help="As JSON.")
@click.option("--csv", "form", flag_value="csv", help="Every part of every shift as CSV.")
@click.option("--markdown", "form", flag_value="markdown", help="To be pasted into a review.")
@interval_options
@store_options
def command(
    model: str | None,
    a: str | None,
    b: str | None,
    scenarios: Sequence[str],
    fail_over: float | None,
    form: str | None,
    interval: float,
    root: Path | None,
    state: Path | None,
    *,
    point: bool,
) -> None:
    """Every edit of MODEL (or of all models) from A to B, and the shift of each headline, split by edit.

    A and B are folders, git revisions of the model's folder (HEAD, main~3), or revisions kept in the store by their
    hash. Without B the folder as it is; without A, git's HEAD.

    The parts of a shift are Shapley values and add up to it: exact for up to 8 edits that can reach the headline, and
    beyond of random orders, with their standard errors.

    Exits 1 where --fail-over is given and a headline moves by more, or can be answered by one of the two alone.
    """
    chosen = {model: folder_of(model, root)} if model else folders_of(root)
    if not chosen:
        raise AftermathError(f"no models in {root_of(root)}: a model is a folder with a model.yaml")
    found = []
    for name, folder in chosen.items():
        try:
            sides = [model_files(name, said, folder, in_store(root, state)) for said in (a or "HEAD", b)]
        except NoSuchFiles as error:
            if model:
                raise
            say(f"{name}: not compared: {error}", err=True)
            continue
        old, new = map(edition_of, sides)
        found.append(diff(old, new, scenarios=scenarios or None, mass=None if point else interval))
    _print(found, form, whole=model is None, limit=LOOKED_AT if fail_over is None else fail_over)
    if fail_over is not None and any(each.over(fail_over) for each in found):
        sys.exit(REFUSED)


def _print(found: Sequence[RevisionDiff], form: str | None, *, whole: bool, limit: float) -> None:
    """Print what was found; as JSON a list where no model was named."""
    if form in ("json", "csv"):
        bodies = [diff_body(each) for each in found]
        rows = (row for each in found for row in diff_rows(each))
        sys.stdout.flush()
        sys.stdout.buffer.write(csv_bytes(ROW, rows) if form == "csv" else encoded(bodies if whole else bodies[0]))
        sys.stdout.buffer.flush()
        return
    pages = [markdown(each, limit) if form == "markdown" else text(each, limit) for each in found]
    say("\n".join(pages), nl=False)
