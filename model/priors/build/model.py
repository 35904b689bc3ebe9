"""Definitions to a model: names that exist, dates that hold, no cycle, and every number in its table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from model import specification
from model.errors import AftermathError, BadNetwork, Problem, listed, nearest
from model.evidence.scale import faults
from model.gates import Gate, TableGate
from model.inference import Evidence, joint
from model.inference import compile as compiled
from model.network import Network, Table, topological
from model.priors.build.counts import Lesson
from model.priors.build.counts import lesson as learnt
from model.priors.build.entries import Entries, measured
from model.priors.build.gate import Drafted, draft
from model.priors.build.statements import Known
from model.priors.build.symbols import Contents, collected
from model.priors.schema import variables
from model.priors.schema.validation import Written
from model.priors.yaml.source_map import Sheet
from model.resources.deadline import checkpoint
from model.specification import Model

SHOWN_NAMES = 6
"""Names that a problem lists before it only counts them."""

MOST_VARIABLES = 10_000
"""A chain of 3,000 is made ready in 3.3 s, one of 10,000 in 13 s and 1.0 GB."""

UNHASHED = frozenset({"questions"})
"""Kinds of file on which no answer depends, so that a change in them moves no revision."""


def understood(name: str, settings: Sheet, sheets: Sequence[Sheet], problems: list[Problem]) -> Model | None:
    """The model that the files mean; None, with everything that is wrong in ``problems``, when they mean none."""
    count = sum(len(sheet.data.get("variables") or ()) for sheet in sheets if isinstance(sheet.data, dict))
    if count > MOST_VARIABLES:
        problems.append(settings.problem((), found=f"{count:,} variables", expected=f"at most {MOST_VARIABLES:,}"))
        return None
    contents = collected(settings, sheets, problems)
    drafts = _drafts(contents, problems)
    _check_cycles(contents, problems)
    entries = Entries(contents, problems)
    parts = entries.values()
    _say_withheld(contents, (settings, *sheets), problems)
    if problems or contents.settings is None or not drafts:
        return None
    gates = _gates(drafts, problems)
    if problems:
        return None
    model_file = contents.settings.said
    lesson = _lesson(contents, drafts, gates, parts["counts"], problems)
    if problems:
        return None
    tables = {name: _table(gate) for name, gate in (gates | lesson.gates).items()}
    return Model(
        name=name,
        title=model_file.title,
        description=model_file.description,
        as_of=model_file.as_of,
        horizon=model_file.horizon,
        headline=tuple(dict.fromkeys(headline.target for headline in parts["headlines"])),
        default_scenario=model_file.default_scenario,
        acknowledge_over=model_file.acknowledge_over,
        network=Network([drafted.variable for drafted in drafts.values()], tables),
        described={name: _description(drafted, gates[name], lesson) for name, drafted in drafts.items()},
        content=_content(settings, sheets),
        fading=model_file.fading,
        learned=lesson.learned,
        counts_notes=lesson.notes,
        **parts,
    )


def _table(gate: Gate) -> Table:
    checkpoint()
    return gate.table()


def _say_withheld(contents: Contents, sheets: Sequence[Sheet], problems: list[Problem]) -> None:
    """Say, where the first file that lacks its end is named, which names nobody could look up because of it."""
    lost = next((sheet.problems[-1] for sheet in sheets if sheet.is_cut), None)
    if lost is None or lost not in problems or not contents.withheld:
        return
    names = listed(list(contents.withheld), most=SHOWN_NAMES)
    one = "is" if len(contents.withheld) == 1 else "are"
    expected = f"{lost.expected}; before it is read {names} {one} not called unknown"
    problems[problems.index(lost)] = replace(lost, expected=expected)


def _content(settings: Sheet, sheets: Sequence[Sheet]) -> str:
    """Hash of what answers depend on in the files, whatever their comments, their names and the order of their keys."""
    said: dict[str, Any] = {"model": {key: value for key, value in settings.data.items() if key != "files"}}
    for sheet in sheets:
        for kind, named in sheet.data.items():
            if kind not in UNHASHED:
                said.setdefault(kind, {}).update(named)
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


# Variables


def _drafts(contents: Contents, problems: list[Problem]) -> dict[str, Drafted]:
    known = Known(
        states=contents.states,
        variables=contents.names("variables"),
        sources=contents.names("sources"),
        told={name: written.said for name, written in contents.entries["sources"].items()},
        words=contents.words,
        may_hide=contents.may_hide,
    )
    drafts = {name: draft(written, known, problems) for name, written in contents.variables.items()}
    for written in contents.variables.values():
        _check_parts(written, contents, problems)
        _check_earlier_name(written, contents, problems)
        _check_meaning(written, problems)
    return {name: drafted for name, drafted in drafts.items() if drafted is not None}


def _check_parts(written: Written[variables.VariableBase], contents: Contents, problems: list[Problem]) -> None:
    """Each part is another variable, named once, with the states of the whole, so that one do() can set them all."""
    for position, part in enumerate(written.said.parts):
        found, expected, near = None, "another variable of the same states", None
        if part == written.name or part in written.said.parts[:position]:
            found = f"{part!r} again" if part != written.name else "the variable itself"
        elif part not in contents.names("variables"):
            found, near = f"no variable {part!r}", nearest(part, contents.names("variables"))
        elif part in contents.states and list(contents.states[part]) != list(written.said.states):
            found = f"{part!r}, whose states are {listed(contents.states[part])}"
            expected = f"a variable with the states {listed(list(written.said.states))}"
        if found is not None and (
            (near is None and part in contents.names("variables")) or not contents.may_hide(part)
        ):
            problems.append(written.problem("parts", position, found=found, expected=expected, did_you_mean=near))


def _check_earlier_name(written: Written[variables.VariableBase], contents: Contents, problems: list[Problem]) -> None:
    """The name that a variable had before is no longer a variable's, and was one variable's alone."""
    was = written.said.was
    if was is None:
        return
    same = [name for name, other in contents.variables.items() if other.said.was == was]
    if was in contents.names("variables"):
        found = "its own name" if was == written.name else f"{was!r}, which is a variable of this model"
        problems.append(written.problem("was", found=found, expected="the name that it had before"))
    elif same[0] != written.name:
        found = f"{was!r}, which {same[0]} had too"
        problems.append(written.problem("was", found=found, expected="a name that one variable had before"))


def _check_meaning(written: Written[variables.VariableBase], problems: list[Problem]) -> None:
    """A scale has one interval for each state; where states are defined one by one, each of them is."""
    said, states = written.said, list(written.said.states)
    if isinstance(said.scale, variables.MeasuredScale):
        for position, found, expected in _wrong_bounds(said.scale, len(states)):
            place = ("scale", "bounds") if position is None else ("scale", "bounds", position)
            problems.append(written.problem(*place, found=found, expected=expected))
    defined = said.definition if isinstance(said.definition, dict) else None
    if defined is None:
        return
    for state in defined:
        if state not in states:
            found, expected = f"no state {state!r}", f"one of {listed(states)}"
            near = nearest(state, states)
            expected += "" if near else ", or quotes around a text that holds a comma"
            problems.append(
                written.problem("definition", state, found=found, expected=expected, at_key=True, did_you_mean=near)
            )
    missing = [state for state in states if state not in defined]
    if missing:
        found, expected = f"no definition of {listed(missing)}", "how a stranger would judge each state"
        problems.append(written.problem("definition", found=found, expected=expected, at_key=True))


def _wrong_bounds(scale: variables.MeasuredScale, states: int) -> list[tuple[int | None, str, str]]:
    """What is wrong with the bounds of a scale; null stands for an open end, and only there."""
    inner = [i for i, bound in enumerate(scale.bounds) if bound is None and 0 < i < len(scale.bounds) - 1]
    if inner:
        return [(inner[0], "null between two bounds", "a number: only the first and the last may be open")]
    return faults(scale.limits, states)


def _check_cycles(contents: Contents, problems: list[Problem]) -> None:
    """Every cycle, one after the other: each is cut where it is found, and the rest looked through again."""
    variables = contents.variables
    parents = {name: {p for p in written.said.parents if p in variables} for name, written in variables.items()}
    while cycle := _cycle(parents):
        child, parent = cycle[1], cycle[0]
        position = variables[child].said.parents.index(parent)
        problems.append(
            variables[child].problem(
                "parents", position, found=f"a cycle: {' -> '.join(cycle)}", expected="no way from a variable to itself"
            )
        )
        parents[child].discard(parent)


def _cycle(parents: Mapping[str, Collection[str]]) -> list[str]:
    try:
        TopologicalSorter({name: sorted(before) for name, before in parents.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _gates(drafts: Mapping[str, Drafted], problems: list[Problem]) -> dict[str, Gate]:
    """The gate of each variable; a typical one is calibrated when the tables of all before it are known."""
    gates = {name: drafted.finished(None) for name, drafted in drafts.items() if not drafted.is_typical}
    if len(gates) == len(drafts):
        return gates
    try:
        plan = compiled(_open(drafts))
    except AftermathError as error:
        first = next(drafted for drafted in drafts.values() if drafted.is_typical)
        expected = "a network in which 'typical' can be worked out, or 'when: reference'"
        problems.append(first.written.problem("base", "when", found=error.detail, expected=expected))
        return gates
    network = plan.network
    known = {name: gates[name].table()[None] for name in network.names if name in gates}
    for name in topological(network.variables):
        if drafts[name].is_typical:
            parents = drafts[name].variable.parents
            above = network.ancestors(parents)
            together = joint(plan, parents, Evidence(tables={n: known[n] for n in network.names if n in above}))
            gate = _calibrated(drafts[name], together, problems)
            if gate is None:
                return gates
            gates[name] = gate
            known[name] = gate.table()[None]
    return gates


def _calibrated(drafted: Drafted, together: Table, problems: list[Problem]) -> Gate | None:
    """The finished gate; None where no base fits, which is noted."""
    if drafted.exceptions is not None and not together[~drafted.exceptions.mask].any():
        expected = "some left for the base and the influences, or a rule"
        found = "exceptions to every case that can happen"
        problems.append(drafted.written.problem("except", found=found, expected=expected, at_key=True))
        return None
    try:
        gate = drafted.finished(together)
        gate.table()
    except BadNetwork as error:
        expected = "a base that the influences can keep to on average"
        problems.append(drafted.written.problem("base", found=error.detail, expected=expected))
        return None
    return gate


def _open(drafts: Mapping[str, Drafted]) -> Network:
    """The typical variables and all above them, every table held open by a uniform one.

    What is below a variable sums to 1 whatever its table says, but only up to rounding: of what is not above it the
    numbers are left open, so that an edit of them does not move its own, not even in their last digit.
    """
    needed = [name for name, drafted in drafts.items() if drafted.is_typical]
    for name in needed:
        needed.extend(parent for parent in drafts[name].variable.parents if parent not in needed)
    kept = [drafted.variable for name, drafted in drafts.items() if name in set(needed)]
    cards = {variable.name: len(variable.states) for variable in kept}
    shapes = {v.name: (*(cards[parent] for parent in v.parents), cards[v.name]) for v in kept}
    return Network(kept, {name: np.full(shape, 1 / shape[-1]) for name, shape in shapes.items()})


def _lesson(
    contents: Contents,
    drafts: Mapping[str, Drafted],
    gates: Mapping[str, Gate],
    said: Mapping[str, specification.Counts],
    problems: list[Problem],
) -> Lesson:
    """What the counts teach once the priors are known."""
    assert contents.settings is not None
    settings, counts = contents.settings.said, contents.entries["counts"]
    return learnt(drafts, gates, counts, said=said, as_of=settings.as_of, fading=settings.fading, problems=problems)


def _description(drafted: Drafted, gate: Gate, lesson: Lesson) -> specification.Description:
    said = drafted.written.said
    name, mark = drafted.written.name, drafted.written.sheet.place(drafted.written.steps, key=True)
    return specification.Description(
        name=name,
        label=said.label,
        definition=said.definition if isinstance(said.definition, str) else None,
        definitions=dict(said.definition) if isinstance(said.definition, dict) else {},
        labels=dict(said.states) if isinstance(said.states, dict) else {},
        scale=measured(said),
        is_nominal=said.order == "nominal",
        called=said.called,
        file=drafted.written.sheet.file,
        line=mark.line,
        column=mark.column,
        role=said.role,
        level=said.level,
        parts=tuple(said.parts),
        kind=str(getattr(said, "kind", "table")),
        from_article=said.from_article,
        note=said.note,
        gate=lesson.gates.get(name, gate),
        statements=lesson.statements.get(name, drafted.statements),
        prior=gate if name in lesson.gates else None,
        defaulted=_defaulted(drafted),
    )


def _defaulted(drafted: Drafted) -> int:
    """How many combinations of the parents the default row covers."""
    said, gate = drafted.written.said, drafted.gate
    if not isinstance(said, variables.TableVariable) or not isinstance(gate, TableGate) or said.default is None:
        return 0
    assert gate.tied is not None
    return int((gate.tied == len(said.rows)).sum())
