"""Comparison of questions: each beside the first, under the same draws of the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.answers import Answer
from model.errors import AftermathError
from model.evidence import Case, syntax
from model.forecast import Forecaster, answers
from model.inference.arrays import difference
from model.network import Table
from model.question import Question
from model.uncertainty.draws import sampled_each
from model.uncertainty.intervals import MASS, Intervals, intervals


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the questions compared: its answer, or why it has none, and what it differs by from the first.

    ``difference`` is of the states of all targets end to end, NaN where one of the two has no answer. ``ends`` are the
    intervals of the probabilities, the shifts in them being from the first; None where none were asked for.
    """

    question: Question
    result: Answer | AftermathError
    difference: Table
    ends: Intervals | None


def compare(forecaster: Forecaster, questions: Sequence[Question], *, mass: float | None = MASS) -> tuple[Side, ...]:
    """Answer two or more questions about the same targets, each held against the first.

    Intervals hold the share ``mass`` of the draws; None asks for none. A question that is wrong or impossible has its
    error in its own place; what the others differ by from an impossible first is NaN.

    >>> from pathlib import Path
    >>> import priors
    >>> from model.evidence import SetTo
    >>> from model.forecast import prepare
    >>> from model.priors import load
    >>> asia = prepare(load(Path(priors.__path__[0]) / "asia"))
    >>> asked = [Question(("lung",), settings={"smoke": SetTo(state)}) for state in ("yes", "no")]
    >>> smoking, not_smoking = compare(asia, asked)
    >>> not_smoking.difference.round(3).tolist()
    [-0.09, 0.09]
    """
    point = [replace(question, interval=None, joint=(), most_probable=False) for question in questions]
    found = answers(forecaster, point, effects=False)
    first = found[0]
    states = sum(forecaster.model.network.cards(point[0].targets or forecaster.model.network.names))
    base = first.targets.p if isinstance(first, Answer) else np.full(states, np.nan)
    ends = _ends(forecaster, found, base, mass) if mass is not None else [None] * len(found)
    return tuple(
        Side(question, result, _from(base, result), drawn)
        for question, result, drawn in zip(point, found, ends, strict=True)
    )


def _from(base: Table, result: Answer | AftermathError) -> Table:
    return difference(result.targets.p, base) if isinstance(result, Answer) else np.full_like(base, np.nan)


def _ends(
    forecaster: Forecaster, found: Sequence[Answer | AftermathError], base: Table, mass: float
) -> list[Intervals | None]:
    """The intervals of each answer, its shifts taken from the first under the same draws."""
    draws, plan, first = forecaster.draws, forecaster.plan, found[0]
    before = sampled_each(draws, plan, targets_of(first), case_of(first)) if isinstance(first, Answer) else None
    return [
        intervals(
            draws, plan, targets_of(each), case_of(each), mass=mass, p=each.targets.p, before=base, against=before
        )
        if isinstance(each, Answer)
        else None
        for each in found
    ]


def targets_of(found: Answer) -> tuple[str, ...]:
    """The names of the targets of an answer."""
    return found.targets.basis.names


def case_of(found: Answer) -> Case:
    """What an answer was worked out under."""
    return Case(found.findings, found.settings)


def called(sides: Sequence[Side]) -> list[str]:
    """What each side is called: what it says that not all of them say."""
    common = set(in_common(sides))
    return [", ".join(part for part in _said(side) if part not in common) or "nothing more" for side in sides]


def in_common(sides: Sequence[Side]) -> list[str]:
    """What every side says, each statement by itself, as addresses have it; scenario and cohort too."""
    first, *others = map(_said, sides)
    return [part for part in first if all(part in parts for parts in others)]


def _said(side: Side) -> list[str]:
    """What a question says, each statement by itself, as addresses have it."""
    question = side.question
    return [
        *(f"do {name}:{syntax.text_of(setting)}" for name, setting in question.settings.items()),
        *(f"{name}:{syntax.text_of(finding)}" for name, finding in question.findings.items()),
        *([f"scenario {question.scenario}"] if question.scenario else []),
        *([f"cohort {question.cohort}"] if question.cohort else []),
    ]
