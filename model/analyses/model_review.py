"""What a modeller is told about a model: arcs that cost most, what its numbers rest on, checks, what is wide open."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from model.analyses.variance_attribution import StatementShare, attribution
from model.answers import Answer, TargetAnswer
from model.errors import AftermathError
from model.forecast import Forecaster, answer
from model.inference import JunctionTree, bounded_cells, searched_cells
from model.inference.arrays import ranked
from model.network import Network, Variable
from model.question import Question
from model.specification import (
    JUDGEMENT,
    NO_SCENARIO,
    QUOTED,
    AcrossLevels,
    AnyCheck,
    Check,
    ForecastQuestion,
    Headline,
    Model,
)
from model.uncertainty.intervals import MASS

SEARCHED = 6
"""Arcs whose tree is searched for as thoroughly as the model's own; the others are ranked by a quick bound."""

WIDE = 0.5
"""A range wider than this leaves a headline open: both what is likely and what is unlikely lie in it."""

NARROWING = 2
"""Statements named as those that would narrow a wide range most."""

ROUNDING = 1e-9
"""How far over the edge of a published range a figure may lie before it counts as outside."""


@dataclass(frozen=True, slots=True)
class Costly:
    """An arc, and how many table entries of the junction tree would go with it."""

    parent: str
    child: str
    entries: int


@dataclass(frozen=True, slots=True)
class Readings:
    """How the sources of a model were read, counted; ``quoted`` only by others, ``unsaid`` where nobody says."""

    whole: int
    part: int
    quoted: int
    unsaid: int


@dataclass(frozen=True, slots=True)
class Footing:
    """What the numbers of a model rest on, counted in statements (rows and parameters of gates).

    A publication says of ``numbers`` the number itself, of ``directions`` which way it goes and of ``judged``
    nothing; ``uncited`` cite nothing at all: these four make up the statements. ``counted`` take their sample size
    from a count; ``unverified`` are those whose every publication is marked unverified; ``certain`` state no
    equivalent sample size, since each is a certainty.
    """

    statements: int
    numbers: int
    directions: int
    judged: int
    uncited: int
    counted: int
    unverified: int
    certain: int
    sources: Readings


@dataclass(frozen=True, slots=True)
class Held:
    """A check and the figure that the model gives for it; no figure where its evidence is impossible."""

    check: Check
    p: float | None
    reason: str | None = None

    @property
    def inside(self) -> bool:
        """Whether the figure lies in the published range."""
        return self.p is not None and self.check.low - ROUNDING <= self.p <= self.check.high + ROUNDING


@dataclass(frozen=True, slots=True)
class Wide:
    """The state of a headline target whose range is widest, and the prior statements that carry most of its doubt."""

    target: str
    state: str
    low: float
    high: float
    carried_by: tuple[StatementShare, ...]


@dataclass(frozen=True, slots=True)
class Ranges:
    """The headline targets that are wide open without evidence, and what to know before relying on the ranges."""

    wide: tuple[Wide, ...]
    warning: str | None


@dataclass(frozen=True, slots=True)
class Likely:
    """One of the likely states of a variable: its probability, and the numbers from ``low`` up to ``high`` it means."""

    state: str
    p: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HeldAcross:
    """A check across levels: the probability, and the likely states of the other variable in their order.

    No probability and no states where its evidence is impossible.
    """

    check: AcrossLevels
    p: float | None
    likely: tuple[Likely, ...] = ()
    reason: str | None = None

    @property
    def implied(self) -> tuple[float, float] | None:
        """The lowest and the highest number that the probability implies."""
        return None if self.p is None else (self.check.low * self.p, self.check.high * self.p)

    @property
    def inside(self) -> bool:
        """Whether each number implied is one of a likely state; the last bound of all belongs to the last state."""
        bounds = self.check.bounds
        if self.implied is None or self.implied[0] < bounds[0] or self.implied[1] > bounds[-1]:
            return False
        first, last = (min(bisect_right(bounds, number), len(bounds) - 1) for number in self.implied)
        return set(bounds[first - 1 : last]) <= {each.low for each in self.likely}


AnyHeld = Held | HeldAcross


@dataclass(frozen=True, slots=True)
class Forecasted:
    """A forecast question and what the model gives its event; no figure and the reason where it gives none."""

    question: ForecastQuestion
    p: float | None
    reason: str | None = None


def forecasted(forecaster: Forecaster) -> tuple[Forecasted, ...]:
    """Every forecast question with the probability of its event, in the order of the file."""
    return tuple(_forecasted(forecaster, question) for question in forecaster.model.questions.values())


def held(forecaster: Forecaster) -> tuple[AnyHeld, ...]:
    """Every check of the model with the figure that the compiled model gives, in the order of the file."""
    return tuple(_held(forecaster, check) for check in forecaster.model.checks.values())


def footing(model: Model) -> Footing:
    """What the model's numbers rest on, counted."""
    statements = [s for description in model.described.values() for s in description.statements]
    publications = [[model.source(source) for source in s.sources if source != JUDGEMENT] for s in statements]
    published = Counter(s.published for s in statements if s.sources)
    return Footing(
        statements=len(statements),
        numbers=published["number"],
        directions=published["direction"],
        judged=published["nothing"],
        uncited=sum(not s.sources for s in statements),
        counted=sum(bool(s.counts) for s in statements),
        unverified=sum(bool(cited) and all(each.status != "verified" for each in cited) for cited in publications),
        certain=sum(s.ess is None or math.isinf(s.ess) for s in statements),
        sources=_readings(model),
    )


def ranges(forecaster: Forecaster) -> Ranges:
    """The headline targets whose 90 % range is wider than WIDE for some state, in the order of the model.

    Each with the statements that carry most of that state's variance, by ``model.analyses.variance_attribution``.
    """
    each = [_headline(forecaster, headline) for headline in forecaster.model.headlines]
    wide = tuple(found for headline, answered in each for found in _wide(forecaster, headline, answered))
    warnings = (found.targets.intervals.warning for _, found in each if found.targets.intervals)
    return Ranges(wide, next((warning for warning in warnings if warning), None))


def _headline(forecaster: Forecaster, headline: Headline) -> tuple[Headline, Answer]:
    return headline, answer(forecaster, Question((headline.target,), headline.findings, interval=MASS))


def costly_arcs(network: Network, tree: JunctionTree, *, most: int = 5) -> tuple[Costly, ...]:
    """The arcs without which the junction tree would shrink most, dearest first.

    Each arc's figure is the tree's entries now less those of the best tree found without the arc.

    >>> from model.network import Variable
    >>> from model.inference import triangulate
    >>> import numpy as np
    >>> two = ("no", "yes")
    >>> both = Network(
    ...     [Variable("a", two), Variable("b", two), Variable("c", two, ("a", "b"))],
    ...     {"a": np.full(2, 0.5), "b": np.full(2, 0.5), "c": np.full((2, 2, 2), 0.5)},
    ... )
    >>> costly_arcs(both, triangulate(both), most=1)
    (Costly(parent='a', child='c', entries=2),)
    """
    quick = {arc: tree.cells - bounded_cells(_without(network, *arc), tree) for arc in _arcs(network)}
    dearest = sorted(quick, key=lambda arc: -quick[arc])[: max(SEARCHED, most)]
    found = [Costly(*arc, max(quick[arc], tree.cells - searched_cells(_without(network, *arc)))) for arc in dearest]
    return tuple(sorted(found, key=lambda cost: -cost.entries)[:most])


def _readings(model: Model) -> Readings:
    said = Counter(_reading(source.read) for source in model.sources.values())
    return Readings(said["whole"], said["part"], said[QUOTED], said[None])


def _reading(read: str | None) -> str | None:
    return QUOTED if read and read.startswith(QUOTED) else read


def _wide(forecaster: Forecaster, headline: Headline, answered: Answer) -> Iterator[Wide]:
    """The widest state of a target, if that is wide. Of states without a range the intervals' warning speaks."""
    [found] = answered.targets
    known = [(r.state, r.low, r.high) for r in found.distribution if r.low is not None and r.high is not None]
    state, low, high = max(known, key=lambda row: ranked(row[2] - row[1]), default=("", 0.0, 0.0))
    if high - low > WIDE:
        question = Question((found.target,), headline.findings)
        shares = attribution(forecaster, question, target=found.target, state=state)
        yield Wide(str(headline), state, low, high, shares.statements[:NARROWING])


def _held(forecaster: Forecaster, check: AnyCheck) -> AnyHeld:
    try:
        return _across(forecaster, check) if isinstance(check, AcrossLevels) else _within(forecaster, check)
    except AftermathError as error:
        reason = str(error)
        return HeldAcross(check, None, (), reason) if isinstance(check, AcrossLevels) else Held(check, None, reason)


def _forecasted(forecaster: Forecaster, question: ForecastQuestion) -> Forecasted:
    event = question.event
    if event is None:
        return Forecasted(question, None, question.not_expressible)
    asked = Question((event.variable,), event.findings, scenario=event.scenario, cohort=event.cohort)
    try:
        [found] = answer(forecaster, asked).targets
    except AftermathError as error:
        return Forecasted(question, None, str(error))
    return Forecasted(question, _together(found, event.states))


def _within(forecaster: Forecaster, check: Check) -> Held:
    scenario = check.scenario or NO_SCENARIO
    asked = Question((check.target,), check.findings, scenario=scenario, cohort=check.cohort)
    [found] = answer(forecaster, asked).targets
    return Held(check, _together(found, check.states))


def _across(forecaster: Forecaster, check: AcrossLevels) -> HeldAcross:
    scenario = check.scenario or NO_SCENARIO
    both = Question((check.against,), check.findings, check.settings, scenario=scenario, cohort=check.cohort)
    alone = replace(both, targets=(check.target,), findings={**check.findings, **check.of_target})
    [share], [stated] = answer(forecaster, alone).targets, answer(forecaster, both).targets
    p = [row.p for row in stated.distribution]
    intervals = list(pairwise(check.bounds))
    likely = (Likely(stated.distribution[i].state, p[i], *intervals[i]) for i in fewest(p, check.likely))
    return HeldAcross(check, _together(share, check.states), tuple(likely))


def _together(found: TargetAnswer, states: Sequence[str]) -> float:
    return math.fsum(row.p for row in found.distribution if row.state in states)


def fewest(p: Sequence[float], share: float) -> list[int]:
    """Positions of the fewest probabilities that sum to a share, in ascending order; of equal ones the first.

    >>> fewest([0.1, 0.5, 0.3, 0.1], 0.8)
    [1, 2]
    """
    order = sorted(range(len(p)), key=lambda i: -ranked(p[i]))
    sums = accumulate(p[i] for i in order)
    enough = next((count for count, total in enumerate(sums, 1) if total >= share - ROUNDING), len(p))
    return sorted(order[:enough])


def _arcs(network: Network) -> Iterator[tuple[str, str]]:
    return ((parent, v.name) for v in network.variables for parent in v.parents)


def _without(network: Network, parent: str, child: str) -> Network:
    """The network with one arc cut, the child's table averaged over that parent: only its shape is used."""
    axis = network[child].parents.index(parent)
    variables = [
        Variable(v.name, v.states, tuple(p for p in v.parents if v.name != child or p != parent))
        for v in network.variables
    ]
    return Network(variables, {**network.tables, child: network.tables[child].mean(axis=axis)})
