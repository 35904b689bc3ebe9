"""A brief: one event under one question, with every number and phrase that its written form (brief.j2) uses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from typing_extensions import TypedDict

from model.analyses import explanation
from model.analyses.active_trails import Trail
from model.analyses.evidence_conflict import Conflict
from model.analyses.explanation import Explanation, explain
from model.analyses.variance_attribution import Attribution, SourceShare, StatementShare, attribution
from model.analyses.weight_of_evidence import Balance
from model.answers import Answer
from model.evidence import Assumed, Reported
from model.forecast import Forecaster, answer
from model.inference.arrays import ranked
from model.question import Question, of_target
from model.report.probability_words import in_words, percent, range_in_words
from model.specification import JUDGEMENT, NO_SCENARIO, Model
from model.uncertainty.intervals import COVERS, MASS, OMITS, Intervals, warned

GAP = 0.01
"""What seeing and doing must differ by to be told."""

POINT = 0.01
"""A change of less than this is never told by a change of words."""

UNEXPECTED = 0.05
"""Below this probability, given all else, a finding is told as unexpected even without a conflict."""

TOLD = 3
"""Priors and sources that are told, the largest share first."""

MODERATE, HIGH = 20.0, 60.0
"""Equivalent sample sizes from which confidence is moderate and high: between the words low, medium and high that the
prior files use (10, 30 and 100)."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability and the words for it, which are those of the number before rounding."""

    p: float
    words: str


@dataclass(frozen=True, slots=True)
class Range:
    """The interval of the event's probability, and of its shift under the same draws."""

    mass: float
    low: float
    high: float
    words: str
    shift_low: float
    shift_high: float
    draws: int
    effective_draws: float
    warning: str | None


@dataclass(frozen=True, slots=True)
class DoneAlone:
    """What one of several do() moves by itself, with the ends of the interval of that; None where it cannot be said."""

    variable: str
    words: str
    effect: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SeenAfter:
    """A finding that is read as seen after the variables named were set, since they can influence it."""

    finding: str
    do: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What is done, beside the same question without it; None where what is known cannot be then.

    ``matters`` says that the effect is a point or more, and that its interval tells it from nothing.
    """

    without: Chance | None
    effect: float | None
    low: float | None
    high: float | None
    matters: bool
    each: tuple[DoneAlone, ...]
    after: tuple[SeenAfter, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing known ('given') or set ('do'), in words."""

    variable: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A finding that raises or lowers the event: its weight in decibels, None where that is infinite."""

    variable: str
    words: str
    db: float | None
    p_without: float
    delta: float


@dataclass(frozen=True, slots=True)
class Way:
    """The strongest way from a finding to the target by the labels along it; ``change`` goes with its first arc."""

    labels: tuple[str, ...]
    change: float
    direction: str
    strength: float


@dataclass(frozen=True, slots=True)
class SeenBesideDone:
    """A finding whose state, brought about, would put the event elsewhere than the same state seen; and why."""

    variable: str
    words: str
    seen: float
    done: float
    gap: float
    confounders: tuple[str, ...]
    reverse: bool
    downstream: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clash:
    """Findings that sit badly together, the worst of them first, and what would account for it."""

    bits: float
    findings: tuple[str, ...]
    hypothesis: str | None
    hypothesis_before: float | None
    hypothesis_p: float | None


@dataclass(frozen=True, slots=True)
class Unexpected:
    """The finding that the others expect least; ``p`` is its probability given them, None for an assumption."""

    variable: str
    words: str
    p: float | None
    bits: float


@dataclass(frozen=True, slots=True)
class Prior:
    """A prior statement and the share of the variance that it carries."""

    variable: str
    words: str
    share: float
    ess: float | None
    sources: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Carrier:
    """A source and the share of the variance that its statements carry; ``p_without`` is the event without it."""

    source: str
    title: str
    share: float
    statements: int
    p_without: float | None


@dataclass(frozen=True, slots=True)
class Confidence:
    """Confidence in the model behind the answer: by the sample size of the priors, each by its share of the variance.

    ``word`` is 'low', 'moderate', 'high', or 'not stated' where no prior is uncertain. Fewer than two sources beside
    judgement never make it more than 'low'. ``sources`` counts those, verified or not, ``unverified`` those of them
    that nobody verified, ``judged`` is the judgement's share of the variance.
    """

    word: str
    ess: float | None
    sources: int
    unverified: int
    judged: float


@dataclass(frozen=True, slots=True)
class Brief:
    """An event under a question, ready to be written down; what the answer does not have is None or empty.

    ``done`` holds what is done against not doing it, ``done_by_scenario`` what the scenario does. ``baseline`` is
    under the default picture alone, whose findings are the ``background``; ``p_before`` is without the findings
    that are weighed, with what is done. ``p_evidence`` is how probable the findings were together, None where a
    report or an assumption has no probability of its own. ``decided_by`` are findings that settle the event;
    ``nothing_further`` are reasons that add nothing beside the others, ``without`` is the weightiest of the rest.
    """

    model: str
    revision: str
    title: str
    as_of: str
    horizon: str
    target: str
    state: str
    event: str
    p: float
    words: str
    interval: Range | None
    done: Done | None
    done_by_scenario: Done | None
    baseline: Chance
    shift: float
    picture_label: str | None
    conditions: tuple[Condition, ...]
    background: tuple[str, ...]
    scenario_label: str | None
    cohort_label: str | None
    replaced: tuple[str, ...]
    p_evidence: Chance | None
    p_before: float
    up: tuple[Reason, ...]
    down: tuple[Reason, ...]
    change_db: float | None
    method: str
    decided_by: tuple[str, ...]
    way: Way | None
    gaps: tuple[SeenBesideDone, ...]
    conflict: Clash | None
    unexpected: Unexpected | None
    no_effect: tuple[str, ...]
    nothing_further: tuple[str, ...]
    without: Reason | None
    priors: tuple[Prior, ...]
    sources: tuple[Carrier, ...]
    confidence: Confidence
    covers: str
    omits: tuple[str, ...]


def brief(forecaster: Forecaster, question: Question, *, target: str, state: str) -> Brief:
    """Everything that a written answer about P(target = state) says, from the answer, its explanation and attribution.

    >>> from pathlib import Path
    >>> import priors
    >>> from model.evidence import observe
    >>> from model.forecast import prepare
    >>> from model.priors import load
    >>> asia = prepare(load(Path(priors.__path__[0]) / "asia"))
    >>> found = brief(asia, Question(findings=observe(xray="yes").findings), target="lung", state="yes")
    >>> found.event, round(found.p, 4), found.words, found.up[0].words, round(found.up[0].db, 2)
    ('Lung cancer: yes', 0.4887, 'roughly even chance', 'Positive X-ray: yes', 12.15)

    The interval holds 90 % of the draws. Raises as ``forecast.answer`` does, and UnknownState.
    """
    model = forecaster.model
    place = model.network.variable(target, where=("target",)).state(state, where=("state",))
    found = answer(forecaster, replace(of_target(question, target), interval=MASS))
    explained = explain(forecaster, question, target=target, state=state)
    shares = attribution(forecaster, question, target=target, state=state)
    here, reasons = found.targets[0].distribution[place], _reasons(model, found, explained)
    moved = here.shift if _matters(here.shift, here.shift_low, here.shift_high) else 0.0
    return Brief(
        model=model.name,
        revision=model.revision,
        title=model.title,
        as_of=model.as_of,
        horizon=model.horizon,
        target=target,
        state=state,
        event=_state(model, target, state),
        p=here.p,
        words=in_words(here.p),
        interval=_range(found.targets.intervals, place, target, state),
        done=_done(model, found, explained.done, explained.after_do, here.p),
        done_by_scenario=_done(model, found, explained.done_by_scenario, {}, here.p),
        baseline=_beside(here.baseline, here.p, moved),
        shift=here.shift,
        picture_label=_scenario(model, model.default_scenario),
        conditions=tuple(_conditions(model, found, explained)),
        background=tuple(_background(model, found, explained)),
        scenario_label=_scenario(model, found.question.scenario),
        cohort_label=model.cohort(question.cohort).label if question.cohort else None,
        replaced=found.replaced,
        p_evidence=_evidence(found),
        p_before=explained.balance.p_before,
        change_db=explained.balance.change_db,
        method=explained.balance.method,
        way=_way(model, explained.chains[0]) if explained.chains else None,
        gaps=tuple(sorted(_gaps(model, explained), key=lambda gap: -ranked(abs(gap.gap)))),
        conflict=_clash(model, found, explained.conflict),
        unexpected=_unexpected(model, found, explained),
        priors=tuple(_prior(model, each) for each in shares.statements[:TOLD] if each.share > 0),
        sources=tuple(_carrier(model, each) for each in shares.sources[:TOLD] if each.share > 0),
        confidence=_confidence(model, shares),
        covers=COVERS,
        omits=OMITS,
        **reasons,
    )


class _Reasons(TypedDict):
    """The fields of a brief that say what findings weigh."""

    up: tuple[Reason, ...]
    down: tuple[Reason, ...]
    decided_by: tuple[str, ...]
    no_effect: tuple[str, ...]
    nothing_further: tuple[str, ...]
    without: Reason | None


def _reasons(model: Model, found: Answer, explained: Explanation) -> _Reasons:
    balance = explained.balance
    reasons = {
        each.finding: Reason(each.finding, _said(model, found, each.finding), each.db, each.p_without, each.delta)
        for each in balance.weights
    }
    moving = {each.finding: reasons[each.finding] for each in balance.weights if each.direction != "none"}
    own = (*reasons, *found.question.settings)
    idle = [name for name in own if name in found.no_effect or (name in reasons and name not in moving)]
    return {
        "up": _towards(balance, reasons, "raises"),
        "down": _towards(balance, reasons, "lowers"),
        "decided_by": tuple(_said(model, found, name) for name in balance.decided_by),
        "no_effect": _labels(model, [name for name in idle if name not in moving]),
        "nothing_further": _labels(model, [name for name in idle if name in moving]),
        "without": max((moving[name] for name in moving if name not in idle), key=_weightiness, default=None),
    }


def _said(model: Model, found: Answer, name: str) -> str:
    """What an answer was given, or what it sets, of one variable, in words."""
    return model.in_words(name, found.findings[name] if name in found.findings else found.settings[name])


def _done(
    model: Model, found: Answer, done: explanation.Done | None, after: Mapping[str, tuple[str, ...]], p: float
) -> Done | None:
    if done is None:
        return None
    matters = _matters(done.effect, done.effect_low, done.effect_high)
    return Done(
        without=None if done.without is None else _beside(done.without, p, (done.effect or 0.0) if matters else 0.0),
        effect=done.effect,
        low=done.effect_low,
        high=done.effect_high,
        matters=matters,
        each=tuple(
            DoneAlone(each.variable, _said(model, found, each.variable), each.effect, each.effect_low, each.effect_high)
            for each in done.each
        ),
        after=tuple(SeenAfter(model.described[name].label, _labels(model, causes)) for name, causes in after.items()),
    )


def _matters(change: float | None, low: float | None, high: float | None) -> bool:
    """Whether a change is more than a point, and more than its interval can tell from nothing."""
    if change is None or abs(change) < POINT:
        return False
    return low is None or high is None or not low <= 0 <= high


def _beside(p: float, now: float, moved: float) -> Chance:
    """A probability to be read beside another: in words of its own only where what lies between them matters."""
    words = in_words(p)
    return Chance(p, words if moved or words == in_words(now) else percent(p))


def _scenario(model: Model, name: str | None) -> str | None:
    """What the picture is called; None where the event is asked without one."""
    return None if name in (None, NO_SCENARIO) else model.scenarios[name].label


def _state(model: Model, name: str, state: str) -> str:
    return f"{model.described[name].label}: {model.described[name].state_label(state)}"


def _labels(model: Model, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(model.described[name].label for name in names)


def _chance(p: float) -> Chance:
    return Chance(p, in_words(p))


def _range(drawn: Intervals | None, place: int, target: str, state: str) -> Range | None:
    low, high, shift_low, shift_high = drawn.of_state(place) if drawn else (None,) * 4
    if drawn is None or low is None or high is None or shift_low is None or shift_high is None:
        return None
    words, warning = range_in_words(low, high), warned(drawn.caution, drawn.outside_of(target, state))
    return Range(drawn.mass, low, high, words, shift_low, shift_high, drawn.draws, drawn.effective, warning)


def _conditions(model: Model, found: Answer, explained: Explanation) -> Iterator[Condition]:
    """What is known and set beyond the default picture, in the order of the file, what is known first."""
    weighed = {each.finding for each in explained.balance.weights}
    for kind, said in (("given", found.findings), ("do", found.settings)):
        for name in model.network.names:
            if name in said and (kind == "do" or name in weighed):
                yield Condition(name, kind, model.in_words(name, said[name]))


def _background(model: Model, found: Answer, explained: Explanation) -> Iterator[str]:
    """What the default picture knows, in words and in the order of the file."""
    weighed = {each.finding for each in explained.balance.weights}
    for name in model.network.names:
        if name in found.findings and name not in weighed:
            yield _said(model, found, name)


def _evidence(found: Answer) -> Chance | None:
    """How likely the findings were; a report has a likelihood up to a factor only, an assumption has none."""
    unsaid = any(isinstance(finding, Reported | Assumed) for finding in found.findings.values())
    return None if unsaid or not found.findings else _chance(min(1.0, found.p_evidence))


def _towards(balance: Balance, reasons: Mapping[str, Reason], direction: str) -> tuple[Reason, ...]:
    """The reasons of one direction, the weightiest first; infinite weights before all others."""
    chosen = [reasons[each.finding] for each in balance.weights if each.direction == direction]
    return tuple(sorted(chosen, key=_weightiness, reverse=True))


def _weightiness(reason: Reason) -> tuple[bool, float, float]:
    return reason.db is None, abs(reason.db or 0.0), abs(reason.delta)


def _way(model: Model, trail: Trail) -> Way:
    names = (trail.finding, *(step.end for step in trail.steps))
    return Way(_labels(model, names), trail.change, trail.direction, trail.strength)


def _gaps(model: Model, explained: Explanation) -> Iterator[SeenBesideDone]:
    """Findings whose gap is worth telling."""
    for each in explained.seen_and_done:
        contrast, backdoor = each.contrast, each.backdoor
        if contrast.observe is None or contrast.intervene is None or contrast.gap is None or abs(contrast.gap) <= GAP:
            continue
        yield SeenBesideDone(
            variable=each.finding,
            words=_state(model, each.finding, contrast.state),
            seen=contrast.observe,
            done=contrast.intervene,
            gap=contrast.gap,
            confounders=_labels(model, backdoor.confounders),
            reverse=backdoor.reverse,
            downstream=_labels(model, backdoor.downstream),
        )


def _clash(model: Model, found: Answer, conflict: Conflict) -> Clash | None:
    if not conflict.flagged or conflict.bits is None:
        return None
    odd = tuple(_said(model, found, each.finding) for each in conflict.findings)
    if not conflict.resolved_by:
        return Clash(conflict.bits, odd, None, None, None)
    best = conflict.resolved_by[0]
    return Clash(conflict.bits, odd, _state(model, best.variable, best.state), best.before, best.p)


def _unexpected(model: Model, found: Answer, explained: Explanation) -> Unexpected | None:
    """The least expected finding, where the findings conflict or it is very improbable beside the others."""
    for first in explained.surprises[:1]:
        if explained.conflict.flagged or (first.p is not None and first.p < UNEXPECTED):
            return Unexpected(first.finding, _said(model, found, first.finding), first.p, first.bits)
    return None


def _prior(model: Model, share: StatementShare) -> Prior:
    words = f"{model.described[share.variable].label}, {share.what}"
    return Prior(share.variable, words, share.share, share.ess, share.sources, share.file, share.line)


def _carrier(model: Model, share: SourceShare) -> Carrier:
    title = "Judgement of the modeller" if share.source == JUDGEMENT else model.source(share.source).title
    return Carrier(share.source, title, share.share, share.statements, share.p_without_any)


def _confidence(model: Model, shares: Attribution) -> Confidence:
    sized = [(each.share, each.ess) for each in shares.statements if each.ess is not None]
    total = math.fsum(share for share, _ in sized)
    ess = math.fsum(share * size for share, size in sized) / total if total else None
    published = [each for each in shares.sources if each.share > 0 and each.source != JUDGEMENT]
    judged = math.fsum(each.share for each in shares.sources if each.source == JUDGEMENT)
    unverified = sum(model.source(each.source).status != "verified" for each in published)
    return Confidence(_confidence_word(ess, len(published)), ess, len(published), unverified, judged)


def _confidence_word(ess: float | None, published: int) -> str:
    if ess is None:
        return "not stated"
    if published < 2 or ess < MODERATE:
        return "low"
    return "moderate" if ess < HIGH else "high"
