"""How an answer moves with the prior numbers of a model: two gradients, and what each number does to its table.

The probability of a target's state together with the evidence, and that of the evidence alone, are linear in
the whole table of any one variable (Darwiche 2003). So the two gradients at the stated numbers tell what any change
of one table does, however it came about: no inference for each number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, compress

import numpy as np
from numpy.typing import NDArray

from model import inference
from model.analyses.evidence_subsets import whole
from model.evidence import Case, assumptions
from model.forecast import Forecaster, shape_of
from model.inference import Evidence, Plan, derivatives
from model.network import Table
from model.question import Question, of_target, resolve
from model.specification import Model
from model.uncertainty.parameters import Parameter, parameters

MODELS = 8
"""Models whose numbers are kept ready."""

STEP = 0.005
"""Steps of a derivative that has no formula, against the scale on which the number matters."""

NATS = 4.3
"""Decibels on which a strength matters: about one natural unit of the log odds."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Every number of a model with what moving it does to the tables, whatever the question.

    The tables of all variables are taken end to end; number i changes the entries ``cells[starts[i]:starts[i + 1]]``:
    by ``slope`` for each unit at its value, by ``to_low`` and ``to_high`` when it goes to the ends of its range.
    ``places`` says where the table of each variable is.
    """

    parameters: tuple[Parameter, ...]
    places: Mapping[str, slice]
    cells: NDArray[np.int64]
    starts: NDArray[np.int64]
    slope: Table
    to_low: Table
    to_high: Table

    def along(self, direction: Table, slopes: Table) -> Table:
        """What a probability changes by when each number moves in a direction: (numbers,).

        ``slopes`` are its derivatives by every entry of every table, end to end.
        """
        if not len(self.starts):
            return np.zeros(0)
        return np.asarray(np.add.reduceat(direction * slopes[self.cells], self.starts), dtype=np.float64)


@lru_cache(maxsize=MODELS)
def numbers(model: Model) -> Numbers:
    """The numbers of a model, in the order of its variables and their statements; made once and kept."""
    names = model.network.names
    sizes = [model.network.tables[name].size for name in names]
    begins = accumulate(sizes, initial=0)
    places = {name: slice(at, at + size) for name, size, at in zip(names, sizes, begins, strict=False)}
    found = [number for name in names for number in parameters(model.described[name], model.network[name])]
    parts = [_differences(number) for number in found]
    cells = [_changed(part) for part in parts]
    moved = [part[:, at] for part, at in zip(parts, cells, strict=True)]
    ends = np.cumsum([0, *(len(at) for at in cells)])[:-1]
    slope, to_low, to_high = np.concatenate(moved, axis=1) if moved else np.zeros((3, 0))
    absolute = [at + places[number.variable].start for number, at in zip(found, cells, strict=True)]
    every = np.concatenate(absolute) if absolute else np.zeros(0, dtype=np.int64)
    return Numbers(tuple(found), places, every, ends, slope, to_low, to_high)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One question about one target, resolved, with what its answer depends on.

    ``p`` (states of the target,); ``needed`` are the variables whose tables count; ``held`` those whose assumed
    distribution was fitted: their likelihood stays as fitted when a number moves.
    ``of_evidence`` are the derivatives of log P(evidence) by every entry of every table, end to end.
    """

    plan: Plan
    target: str
    case: Case
    evidence: Evidence
    p: Table
    log_p_evidence: float
    needed: frozenset[str]
    held: tuple[str, ...]
    of_evidence: Table

    def of_state(self, state: int) -> Table:
        """Derivatives of P(target is in this state, evidence), scaled and laid out as those of the evidence."""
        variable = self.plan.network[self.target]
        point = np.eye(len(variable.states))[state][None]
        both = {**self.evidence.likelihood, self.target: point * self.evidence.likelihood.get(self.target, 1.0)}
        return _slopes(self.plan, Evidence(1, both, self.evidence.tables), self.log_p_evidence)


def ask(forecaster: Forecaster, question: Question, target: str) -> Asked:
    """Resolve a question for one target and answer it, with the derivatives of P(evidence).

    Raises as ``forecast.answer`` does, and NetworkTooLarge where the junction tree is over the limit: then there is
    nothing to take derivatives on.
    """
    plan = forecaster.plan
    resolved = resolve(forecaster.model, of_target(question, target))
    if plan.too_large:
        raise plan.too_large
    evidence = whole(plan, resolved.case)
    found = inference.posterior(plan, evidence, (target,))
    log_p = float(found.log_evidence[0])
    [tables] = shape_of(resolved).needs(plan.network).tables
    needed = frozenset(compress(plan.network.names, tables.tolist()))
    slopes = _slopes(plan, evidence, log_p)
    return Asked(
        plan, target, resolved.case, evidence, found.of(target)[0], log_p, needed, assumptions(resolved.case), slopes
    )


def _slopes(plan: Plan, evidence: Evidence, reference: float) -> Table:
    found = derivatives.slopes(plan, evidence, reference)
    return np.concatenate([found[name].ravel() for name in plan.network.names])


def _differences(number: Parameter) -> Table:
    """How the table changes with a number: by one unit at its value, to its low end, to its high end; (3, cells)."""
    if number.linear:
        at_zero, at_one = number.tables(np.array([0.0, 1.0])).reshape(2, -1)
        slope = at_one - at_zero
        return np.outer([1.0, number.low - number.value, number.high - number.value], slope)
    step = STEP * _scale(number)
    values = number.value + step * np.array([-2, -1, 0, 1, 2])
    tables = number.tables(np.array([*values, number.low, number.high])).reshape(7, -1)
    slope = np.array([1, -8, 0, 8, -1]) @ tables[:5] / (12 * step)
    return np.stack([slope, tables[5] - tables[2], tables[6] - tables[2]])


def _scale(number: Parameter) -> float:
    match number.scale:
        case "probability":
            return min(number.value, 1 - number.value)
        case "decibels":
            return NATS
        case "weight" | "variance":
            return number.value


def _changed(differences: Table) -> NDArray[np.int64]:
    """The entries that a number changes; one at least, so that each number has its place."""
    changed = np.flatnonzero(differences.any(axis=0))
    return changed if len(changed) else np.zeros(1, dtype=np.int64)
