"""What an edit does: two revisions of a model, every edit between them, and how far it moved each headline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.analyses import model_review
from model.analyses.model_review import AnyHeld
from model.analyses.revision_diff import shapley
from model.analyses.revision_diff.editions import Edition
from model.analyses.revision_diff.edits import Edit, Edits, edits
from model.analyses.revision_diff.mixtures import Mixtures
from model.analyses.revision_diff.splitting import Asked, Block, Split, Splitter, splitter
from model.analyses.revision_diff.units import Unit, blocks, merged, units
from model.answers import Answer
from model.errors import AftermathError
from model.evidence import Case
from model.forecast import Forecaster, answer
from model.question import Question
from model.resources.deadline import checkpoint
from model.specification import JUDGEMENT, Headline, Model
from model.uncertainty.draws import Draws, sampled
from model.uncertainty.intervals import MASS, intervals

ROUNDING = 1e-9
"""A point no further outside an interval is in it; a shift no further over a limit is not over it."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one of the units of a shift adds to it, and the standard error of that, None where it is exact."""

    unit: int
    shift: float
    error: float | None = None


@dataclass(frozen=True, slots=True)
class StateShift:
    """One state before and after, None in a revision that does not have it; the parts sum to the shift.

    ``low`` and ``high`` are the ends of the interval of the shift, both sides under the same draws; ``old_low`` and
    ``old_high`` those of the older probability, and ``leaves`` says whether the new one lies outside them.
    """

    state: str
    before: float | None
    after: float | None
    shift: float
    parts: tuple[Part, ...]
    low: float | None = None
    high: float | None = None
    old_low: float | None = None
    old_high: float | None = None

    @property
    def leaves(self) -> bool:
        """Whether the new point lies outside the old interval."""
        if self.old_low is None or self.old_high is None or self.after is None:
            return False
        return not self.old_low - ROUNDING <= self.after <= self.old_high + ROUNDING


@dataclass(frozen=True, slots=True)
class Shifted:
    """A target asked the same of both revisions, under one scenario.

    ``problem`` says why there is no answer to compare, and then there are no states; ``broken`` whether one of the
    revisions has an answer all the same. ``units`` are those of the parts:
    the diff's, or larger ones, and ``note`` says why; ``sampled`` whether the parts are of random orders.
    """

    headline: str
    label: str
    target: str
    scenario: str | None
    states: tuple[StateShift, ...]
    units: tuple[Unit, ...]
    sampled: bool = False
    note: str | None = None
    problem: str | None = None
    broken: bool = False

    @property
    def largest(self) -> float:
        """The shift of the state that moves most, whichever way."""
        return max((abs(state.shift) for state in self.states), default=0.0)


@dataclass(frozen=True, slots=True)
class CheckMoved:
    """A published figure that the model is on the other side of now."""

    name: str
    label: str
    before: float | None
    after: float | None
    inside: bool


@dataclass(frozen=True, slots=True, eq=False)
class RevisionDiff:
    """All that two revisions differ by. ``units`` are the smallest sets of moving edits that make models.

    ``gone`` and ``added`` are headlines that one revision alone has; ``mass`` is what the intervals hold.
    """

    model: str
    old: str
    new: str
    edits: tuple[Edit, ...]
    units: tuple[Unit, ...]
    shifts: tuple[Shifted, ...]
    checks: tuple[CheckMoved, ...]
    gone: tuple[str, ...]
    added: tuple[str, ...]
    weak: Mapping[int, str]
    mass: float | None

    @property
    def largest(self) -> float:
        """The largest shift of any state of any headline."""
        return max((each.largest for each in self.shifts), default=0.0)

    def over(self, limit: float) -> tuple[Shifted, ...]:
        """Headlines of which a state moves by more than a limit, and those that only one revision can answer."""
        return tuple(each for each in self.shifts if each.largest > limit + ROUNDING or each.broken)


def diff(
    old: Edition,
    new: Edition,
    *,
    scenarios: Sequence[str] | None = None,
    mass: float | None = MASS,
    orders: int = shapley.ORDERS,
) -> RevisionDiff:
    """What was edited between two revisions, and the shift of each headline split by edit.

    Headlines are asked without a scenario (under the default picture, where there is one) and under each scenario that
    both revisions have, or under those named alone. Up to 8 units that can reach a headline its split is exact; beyond,
    parts are of ``orders`` random orders and have a standard error.

    Raises UnknownScenario for a scenario named that the newer revision does not have.
    """
    compared = _Compared.of(old, new, mass=mass, orders=orders)
    news = {str(each): each for each in new.model.headlines}
    olds = {str(_headline_under(each, compared.found.names)): each for each in old.model.headlines}
    posed = [Question((each.target,), each.findings) for name, each in news.items() if name in olds]
    shared = [each for name, each in news.items() if name in olds]
    shifts = [
        compared.shifted(replace(question, scenario=scenario), headline)
        for headline, question in zip(shared, posed, strict=True)
        for scenario in _scenarios(old.model, new.model, scenarios)
    ]
    return RevisionDiff(
        model=new.model.name,
        old=old.model.revision,
        new=new.model.revision,
        edits=compared.found.edits,
        units=compared.units,
        shifts=tuple(shifts),
        checks=tuple(_checks(old.forecaster, new.forecaster)),
        gone=tuple(name for name in olds if name not in news),
        added=tuple(name for name in news if name not in olds),
        weak=dict(_weak(new, compared.found.edits)),
        mass=mass,
    )


def why(
    old: Edition,
    new: Edition,
    target: str,
    *,
    under: Question | None = None,
    mass: float | None = MASS,
    orders: int = shapley.ORDERS,
) -> Shifted:
    """Why one target moved between two revisions: its shift, split by edit as ``diff`` does.

    Names are the newer revision's; ``under`` is what is given and done, and under which scenario and cohort. Raises
    UnknownVariable.
    """
    question = replace(under or Question(), targets=(target,), joint=(), most_probable=False, interval=None)
    new.model.network.variable(target, where=("target",))
    compared = _Compared.of(old, new, mass=mass, orders=orders)
    return compared.shifted(question, Headline(new.model.described[target].label, target))


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """Two revisions with the edits between them, ready to split any question's shift."""

    old: Edition
    new: Edition
    found: Edits
    units: tuple[Unit, ...]
    number: Mapping[Block, int]
    splitter: Splitter
    learned: frozenset[str]
    mass: float | None
    paired: Draws

    @staticmethod
    def of(old: Edition, new: Edition, *, mass: float | None, orders: int) -> _Compared:
        found = edits(old, new)
        single = units(found)
        mixtures = Mixtures(old, found, single)
        together = blocks(len(single), mixtures.tests())
        made = merged(found.edits, single, together)
        number = {tuple(block): i for i, block in enumerate(together)}
        seed = f"{old.model.revision} {new.model.revision}"
        split = splitter(mixtures, [tuple(block) for block in together], seed, orders)
        learned = frozenset((*(found.names.get(name, name) for name in old.model.learned), *new.model.learned))
        paired = _paired(old.model, new.forecaster.draws)
        return _Compared(old, new, found, made, number, split, learned, mass, paired)

    def shifted(self, question: Question, headline: Headline) -> Shifted:
        """One question under both revisions."""
        checkpoint()
        [target] = question.targets
        said = (str(headline), headline.label, target, question.scenario)
        before = _answered(self.old.forecaster, question_under(question, older_names(self.found.names)))
        after = _answered(self.new.forecaster, question)
        if isinstance(before, AftermathError) or isinstance(after, AftermathError):
            wrong = after if isinstance(after, AftermathError) else before
            broken = not (isinstance(before, AftermathError) and isinstance(after, AftermathError))
            return Shifted(*said, (), (), problem=str(wrong), broken=broken)
        asked = Asked(target, _case_under(before, self.found.names), _case(after), _row(before), _row(after))
        split = self._split(asked, self._picture(question))
        ends = self._ends(before, after, asked)
        states = tuple(self._state(asked, split, i, ends[i]) for i in range(len(asked.states)))
        return Shifted(*said, states, tuple(map(self._unit, split.blocks)), split.errors is not None, split.note)

    def _picture(self, question: Question) -> list[tuple[str, str]]:
        """The entries whose statements a question is asked under, and model.yaml where that names its scenario."""
        defaults = {self.old.model.default_scenario, self.new.model.default_scenario}
        names = defaults if question.scenario is None else {question.scenario}
        own = [("scenarios", name) for name in sorted(filter(None, names))]
        cohort = [("cohorts", question.cohort)] if question.cohort else []
        return [*own, *cohort, *([("model", "")] if question.scenario is None else [])]

    def _split(self, asked: Asked, picture: Sequence[tuple[str, str]]) -> Split:
        """The split of one question; mixtures are not updated from counts, so that what learns is not split by them."""
        said = (asked.target, *asked.old.findings, *asked.new.findings)
        if not self.number or not self.learned & self.splitter.mixtures.above(said):
            return self.splitter.split(asked, picture)
        whole = tuple(sorted(unit for block in self.number for unit in block))
        return Split((whole,), asked.shift[None], None, LEARNS if len(self.number) > 1 else None)

    def _unit(self, block: Block) -> Unit:
        """The unit of a block: one of the diff's, or for a larger block those in it together."""
        if block in self.number:
            return self.units[self.number[block]]
        inside = [i for known, i in self.number.items() if set(known) <= set(block)]
        return merged(self.found.edits, self.units, [inside])[0]

    def _state(self, asked: Asked, split: Split, i: int, ends: tuple[float | None, ...]) -> StateShift:
        state = asked.states[i]
        errors = [None] * len(split.blocks) if split.errors is None else split.errors[:, i].tolist()
        parts = tuple(Part(k, float(split.parts[k, i]), error) for k, error in enumerate(errors))
        return StateShift(state, asked.before.get(state), asked.after.get(state), float(asked.shift[i]), parts, *ends)

    def _ends(self, before: Answer, after: Answer, asked: Asked) -> list[tuple[float | None, ...]]:
        """The interval of each state's shift and of its older probability; None where there is none."""
        none: list[tuple[float | None, ...]] = [(None,) * 4] * len(asked.states)
        if self.mass is None:
            return none
        old, new = self.old.forecaster, self.new.forecaster
        [was], [is_] = before.targets, after.targets
        sample = sampled(old.draws, old.plan, was.target, _case(before))
        p, states = (np.array(list(row.values())) for row in (asked.before, asked.after)), tuple(asked.after)
        old_p, new_p = p
        of_old = intervals(old.draws, old.plan, (was.target,), _case(before), mass=self.mass, p=old_p, before=old_p)
        if sorted(asked.before) != sorted(states) or sample is None:
            olds = {state: of_old.of_state(k)[:2] for k, state in enumerate(asked.before)}
            return [(None, None, *olds.get(state, (None, None))) for state in asked.states]
        columns = [list(asked.before).index(state) for state in states]
        aligned = replace(sample, rows=sample.rows[:, columns])
        found = intervals(
            self.paired,
            new.plan,
            (is_.target,),
            _case(after),
            mass=self.mass,
            p=new_p,
            before=old_p[columns],
            against=[aligned],
        )
        return [(*found.of_state(i)[2:], *of_old.of_state(columns[i])[:2]) for i in range(len(states))]


def _answered(forecaster: Forecaster, question: Question) -> Answer | AftermathError:
    try:
        return answer(forecaster, question)
    except AftermathError as error:
        return error


LEARNS = "the edits are not told apart: what is asked depends on tables that learn from counts"


def _paired(old: Model, draws: Draws) -> Draws:
    """Draws of the newer numbers under the name of the older model, by which they are seeded."""
    return Draws(replace(draws.model, name=old.name), draws.picture)


def older_names(names: Mapping[str, str]) -> dict[str, str]:
    """Old names of renamed variables by their new ones."""
    return {new: old for old, new in names.items()}


def _headline_under(headline: Headline, names: Mapping[str, str]) -> Headline:
    findings = {names.get(name, name): finding for name, finding in headline.findings.items()}
    return Headline(headline.label, names.get(headline.target, headline.target), findings)


def question_under(question: Question, names: Mapping[str, str]) -> Question:
    """A question with variables under other names: ``names`` are the others by those that it has."""
    return replace(
        question,
        targets=tuple(names.get(name, name) for name in question.targets),
        findings={names.get(name, name): finding for name, finding in question.findings.items()},
        settings={names.get(name, name): setting for name, setting in question.settings.items()},
    )


def _case(found: Answer) -> Case:
    return Case(found.findings, found.settings)


def _case_under(found: Answer, names: Mapping[str, str]) -> Case:
    return Case(
        {names.get(name, name): finding for name, finding in found.findings.items()},
        {names.get(name, name): setting for name, setting in found.settings.items()},
    )


def _row(found: Answer) -> dict[str, float]:
    [target] = found.targets
    return {row.state: row.p for row in target.distribution}


def _scenarios(old: Model, new: Model, chosen: Sequence[str] | None) -> tuple[str | None, ...]:
    if chosen is None:
        default = {old.default_scenario, new.default_scenario}
        return (None, *(name for name in new.scenarios if name in old.scenarios and {name} != default))
    return tuple(new.picture(name) and name for name in dict.fromkeys(chosen))


def _checks(old: Forecaster, new: Forecaster) -> Iterator[CheckMoved]:
    """Checks of both revisions that one meets and the other does not."""
    before = {each.check.name: each for each in model_review.held(old)}
    for each in model_review.held(new):
        was: AnyHeld | None = before.get(each.check.name)
        if was is not None and was.inside != each.inside:
            yield CheckMoved(each.check.name, each.check.label, was.p, each.p, each.inside)


def _weak(new: Edition, found: Iterable[Edit]) -> Iterator[tuple[int, str]]:
    """What edited numbers rest on, where nothing of it was published, read and verified."""
    described, sources = new.model.described, new.model.sources
    for number, edit in enumerate(found):
        if edit.kind != "variables" or not edit.moves or edit.change == "removed" or edit.name not in described:
            continue
        line = edit.new_place[1] if edit.new_place else 0
        stated = [each for each in described[edit.name].statements if not edit.item or each.line == line]
        cited = dict.fromkeys(source for each in stated or described[edit.name].statements for source in each.sources)
        standing = [sources[name].standing for name in cited if name != JUDGEMENT]
        if all(not said.startswith("verified") for said in standing):
            names = ", ".join(f"{name} ({sources[name].standing})" if name != JUDGEMENT else name for name in cited)
            yield number, names or "nothing"
