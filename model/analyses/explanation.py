"""Why an answer is what it is: what each do() moved, and findings weighed, tested, followed, and seen beside done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from model import notebook
from model.analyses.active_trails import Trail, chains
from model.analyses.causal_effect import SeenAndDone, seen_and_done
from model.analyses.evidence_conflict import Conflict, Surprise, conflict, surprises
from model.analyses.evidence_subsets import whole
from model.analyses.weight_of_evidence import Balance, weigh
from model.answers import Answer, seen_after
from model.evidence import Case, Setting, in_words
from model.forecast import Forecaster, answer
from model.question import Question, Resolved, of_target, picture_of, resolve
from model.specification import NO_SCENARIO, Model
from model.uncertainty.intervals import MASS, Reason


@dataclass(frozen=True, slots=True)
class Moved:
    """What one do() of a question moved by itself: ``effect`` beside none of them, with the ends of its interval.

    None where the findings cannot be with this one alone, the ends where drawing is too costly too. ``outside`` says
    why the effect lies outside its own interval, None where it does not.
    """

    variable: str
    statement: str
    effect: float | None
    effect_low: float | None
    effect_high: float | None
    outside: Reason | None


@dataclass(frozen=True, slots=True)
class Done:
    """What the do() of a question moved: its state has ``p`` with all of them and ``without`` with none.

    ``effect`` is the difference, its interval holds the share ``mass`` of the draws; None as in ``Moved``.
    """

    p: float
    without: float | None
    effect: float | None
    effect_low: float | None
    effect_high: float | None
    outside: Reason | None
    mass: float
    each: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reasons for the probability of one state of a target, ``settings`` in place, under a model's revision.

    ``set_by_scenario`` are those that the question's scenario sets.
    ``done`` says what the question's own do() moved, None where it does nothing; ``done_by_scenario`` the same of those
    that the scenario does, the question's own in place with and without them; ``after_do`` is by finding the
    variables set that can influence it. ``balance`` weighs each finding of the question beside those of the default
    picture, its ``background``; ``conflict`` says whether all of them sit badly together, ``surprises`` which of them
    the others expect least; ``chains`` are the strongest ways from a finding to the target, and
    ``seen_and_done`` sets each finding beside the intervention that would bring it about.
    """

    model: str
    revision: str
    target: str
    state: str
    scenario: str | None
    cohort: str | None
    settings: tuple[str, ...]
    set_by_scenario: tuple[str, ...]
    done: Done | None
    done_by_scenario: Done | None
    after_do: Mapping[str, tuple[str, ...]]
    background: tuple[str, ...]
    balance: Balance
    conflict: Conflict
    surprises: tuple[Surprise, ...]
    chains: tuple[Trail, ...]
    seen_and_done: tuple[SeenAndDone, ...]

    def _repr_html_(self) -> str:
        odd = ("statement", "p", "bits")
        trails = [(str(chain), chain.strength, chain.change, chain.direction) for chain in self.chains]
        beside = [
            (each.finding, each.contrast.state, each.contrast.observe, each.contrast.intervene, str(each.backdoor))
            for each in self.seen_and_done
        ]
        return notebook.html(
            f"Why P({self.target}={self.state}) is {notebook.text(self.balance.p)}: {self.model} {self.revision}",
            self.balance._repr_html_(),
            self.conflict._repr_html_(),
            _part("Surprise", notebook.table(odd, notebook.records(odd, self.surprises), bar="bits")),
            _part("Ways", notebook.table(("way", "strength", "change", "direction"), trails, bar="strength")),
            _part("Seen and done", notebook.table(("finding", "state", "observe", "intervene", "why"), beside)),
        )


def explain(forecaster: Forecaster, question: Question, *, target: str, state: str) -> Explanation:
    """Explain the probability of one state of a target under a question's findings and interventions.

    Raises what ``resolve`` raises, UnknownVariable or UnknownState for the names given, ImpossibleEvidence naming what
    cannot hold together.
    """
    model, plan = forecaster.model, forecaster.plan
    which = model.network.variable(target, where=("target",)).state(state, where=("state",))
    resolved = resolve(model, replace(of_target(question, target), interval=MASS))
    case, background = resolved.case, picture_of(model, resolved)
    own = {name: finding for name, finding in case.findings.items() if background.get(name) != finding}
    evidence = whole(plan, case)
    return Explanation(
        model=model.name,
        revision=model.revision,
        target=target,
        state=state,
        scenario=resolved.question.scenario,
        cohort=resolved.question.cohort,
        settings=tuple(in_words(name, setting) for name, setting in case.settings.items()),
        set_by_scenario=tuple(in_words(name, setting) for name, setting in _not_own(model, resolved)),
        done=_done(answer(forecaster, resolved), which) if resolved.question.settings else None,
        done_by_scenario=_done_by_scenario(forecaster, resolved, which),
        after_do=seen_after(model.network, case),
        background=tuple(in_words(name, finding) for name, finding in background.items() if name not in own),
        balance=weigh(plan, Case(own, case.settings), target, which, background=background),
        conflict=conflict(plan, case),
        surprises=surprises(plan, case),
        chains=chains(plan, case, target, which, evidence=evidence, of=own),
        seen_and_done=seen_and_done(plan, case, target, which, of=own),
    )


def _not_own(model: Model, resolved: Resolved) -> Iterator[tuple[str, Setting]]:
    """What is set in a question and not by itself: by its scenario, since a part of what it sets is set by itself."""
    own = {part for name in resolved.question.settings for part in (name, *model.described[name].parts)}
    return ((name, setting) for name, setting in resolved.case.settings.items() if name not in own)


def _done_by_scenario(forecaster: Forecaster, resolved: Resolved, which: int) -> Done | None:
    """What the scenario's do() moved: asked as the question's own, while the question's own are the scenario's."""
    model, question = forecaster.model, resolved.question
    scenario = model.scenarios.get(question.scenario or NO_SCENARIO)
    if scenario is None:
        return None
    set_by_it = dict(_not_own(model, resolved))
    its = {name: setting for name, setting in scenario.settings.items() if name in set_by_it}
    if not its:
        return None
    turned = replace(scenario, settings={name: resolved.case.settings[name] for name in question.settings})
    other = replace(forecaster, model=replace(model, scenarios={**model.scenarios, scenario.name: turned}))
    return _done(answer(other, replace(question, settings=its)), which)


def _done(found: Answer, which: int) -> Done | None:
    """What the do() of an answered question moved of one state of its one target."""
    effect = found.effect
    if effect is None:
        return None
    [target] = found.targets
    row = target.distribution[which]
    each = []
    for alone in effect.alone:
        change, low, high = (_or_none(numbers[which]) for numbers in (alone.change, alone.low, alone.high))
        said, outside = in_words(alone.variable, alone.setting), alone.why(target.target, row.state)
        each.append(Moved(alone.variable, said, change, low, high, outside))
    held = found.targets.intervals
    why = {each.of: each.why for each in held.outside_of(target.target, row.state)} if held is not None else {}
    return Done(row.p, row.without, row.effect, row.effect_low, row.effect_high, why.get("effect"), MASS, tuple(each))


def _or_none(number: np.float64) -> float | None:
    return None if np.isnan(number) else float(number)


def _part(title: str, table: str) -> str:
    return notebook.html(title, table) if table else ""
