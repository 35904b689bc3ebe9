"""What the counts files do to the tables once the priors are known: gates, sources and notes after them.

A typical base is calibrated before, on the tables as the priors have them: what is typical is the modeller's
statement. Calibrated again, it would hold the child's marginal where it was, whatever was counted above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from model.errors import AftermathError, Problem
from model.gates import Gate, Rule, TableGate
from model.inference import Plan
from model.inference import compile as compiled
from model.network import Network
from model.priors.build.gate import Drafted
from model.priors.schema.validation import Written
from model.priors.yaml.source_map import as_yaml
from model.specification import Counts, CountsNote, Learned, Moved, Statement
from model.uncertainty.dirichlet_updating import Shift, impossible_cases, updated
from model.wording import quantity


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What the counts taught: the gates that they moved, the statements of these, and what is to be said of it."""

    gates: dict[str, Gate]
    statements: Mapping[str, tuple[Statement, ...]]
    learned: Mapping[str, Learned]
    notes: tuple[CountsNote, ...]


NO_LESSON = Lesson({}, {}, {}, ())


def lesson(
    drafts: Mapping[str, Drafted],
    gates: Mapping[str, Gate],
    counts: Mapping[str, Written[Any]],
    *,
    said: Mapping[str, Counts],
    as_of: str,
    fading: float,
    problems: list[Problem],
) -> Lesson:
    """What the counts teach, or nothing, with the reasons in ``problems``.

    ``gates`` are those of the priors; ``counts`` are as written, ``said`` the same as values.
    """
    if not said:
        return NO_LESSON
    network = Network([drafted.variable for drafted in drafts.values()], {n: gate.table() for n, gate in gates.items()})
    open_ = {name: gate for name, gate in gates.items() if isinstance(gate, TableGate)}
    try:
        plan = compiled(network)
        before = len(problems)
        for name, batch in said.items():
            problems.extend(_impossible(plan, counts[name], batch))
        if len(problems) > before:
            return NO_LESSON
        shifts = updated(plan, open_, said.values(), as_of=as_of, fading=fading)
    except AftermathError as error:
        expected = "cases in a network that exact inference can work out"
        problems.append(next(iter(counts.values())).problem("cases", found=error.detail, expected=expected))
        return NO_LESSON
    learned = {name: _learned(drafts[name], open_[name], shift) for name, shift in shifts.items()}
    statements = {name: _statements(drafts[name], shift, said) for name, shift in shifts.items()}
    notes = [note for batch in said.values() for note in _notes(batch, network, gates, learned)]
    return Lesson({name: shift.gate for name, shift in shifts.items()}, statements, learned, tuple(notes))


def _impossible(plan: Plan, written: Written[Any], batch: Counts) -> Iterator[Problem]:
    for position in impossible_cases(plan, batch.cases):
        case = as_yaml(batch.cases[position].states)
        found = f"the case {case}, which cannot happen in this model"
        yield written.problem("cases", position, "seen", found=found, expected="a case of some probability")


def _learned(drafted: Drafted, gate: TableGate, shift: Shift) -> Learned:
    return Learned(drafted.variable.name, tuple(_moved(drafted, gate, shift)))


def _moved(drafted: Drafted, gate: TableGate, shift: Shift) -> Iterator[Moved]:
    """The statements of a table are numbered as its rows are tied."""
    assert gate.tied is not None
    for number, statement in enumerate(drafted.statements):
        if shift.counts[number]:
            row = tuple(np.argwhere(gate.tied == number)[0])
            yield Moved(
                statement=statement,
                cases=float(shift.cases[number]),
                before=tuple(gate.rows[row].tolist()),
                after=tuple(shift.gate.rows[row].tolist()),
                ess_before=float(gate.ess[row]),
                ess_after=float(shift.gate.ess[row]),
                counts=shift.counts[number],
            )


def _statements(drafted: Drafted, shift: Shift, said: Mapping[str, Counts]) -> tuple[Statement, ...]:
    """The statements, each with the sources of the counts that its number now rests on too."""
    return tuple(
        replace(statement, sources=_cited(statement, [said[name] for name in names]))
        for statement, names in zip(drafted.statements, shift.counts, strict=True)
    )


def _cited(statement: Statement, counts: Sequence[Counts]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*statement.sources, *(source for batch in counts for source in batch.sources))))


# What is to be said of counts beside what they moved


def _notes(
    batch: Counts, network: Network, gates: Mapping[str, Gate], learned: Mapping[str, Learned]
) -> Iterator[CountsNote]:
    for name in dict.fromkeys(name for seen in batch.cases for name in seen.states):
        if not isinstance(gates[name], TableGate) and (not batch.updates or name in batch.updates):
            yield CountsNote(batch.name, name, _unmoved(batch, name, network, gates[name]))
    moved = [row for each in learned.values() for row in each.rows if batch.name in row.counts]
    if not moved:
        yield CountsNote(batch.name, None, "moved no row")
    for name in dict.fromkeys(row.statement.variable for row in moved):
        rows = [row for row in moved if row.statement.variable == name]
        twice = [source for source in batch.sources if any(source in row.statement.sources for row in rows)]
        if twice:
            text = f"its rows cite {', '.join(twice)} themselves, so the same cases may count twice"
            yield CountsNote(batch.name, name, text)


def _unmoved(batch: Counts, name: str, network: Network, gate: Gate) -> str:
    """Why a variable that was seen does not learn from it, and in how many cases its parents were seen with it."""
    if isinstance(gate, Rule):
        return "a rule is certain, so there is nothing to learn"
    family = {name, *network[name].parents}
    whole = sum(seen.n for seen in batch.cases if family <= seen.states.keys())
    some = sum(seen.n for seen in batch.cases if name in seen.states)
    return (
        f"seen in {quantity(some, 'case')}, in {whole:,} of them with all its parents, but not written row by row: "
        "only rows of a table learn from counts"
    )
