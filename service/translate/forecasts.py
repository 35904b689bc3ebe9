"""Forecasts: from answers of the model to JSON bodies and rows."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from msgspec import UNSET

from model.answers import Alone, Answer, Basis, Effect, JointAnswer, seen_after
from model.events import is_laid_over
from model.evidence import Assumed, Case, Observed, OneOf, Reported, RuledOut
from model.evidence.scale import Scale
from model.inference.arrays import difference
from model.network import Network, Table, Variable
from model.specification import JUDGEMENT, Description, Model, Source
from model.uncertainty.intervals import COVERS, OMITS, Intervals, Outside, Reason
from service.http.address import Address
from service.http.json_encoding import GAP, Template, encoded, encoded_part, text_part
from service.http.problems import problem
from service.schemas import answers
from service.translate.questions import findings_json, forecast_address, query_address, settings_json
from service.translate.sentences import sentence

QUANTILES = (0.05, 0.5, 0.95)
"""Shares of the probability below the numbers that an answer gives of a measured target."""

CERTAIN = 1e-12
"""What the other states of a variable may have together where one state counts as certain: rounding."""

TEMPLATES = 64
"""Templates that are cached, by basis: some 100 KB each where every variable is a target."""

PIECES = 4_096
"""Variables and sources that are cached as JSON for answers of every basis: some kB each."""

MODELS = 8
"""Models whose sources are cached as JSON by name, and sets of targets whose variables are: what is cached above."""

FLOAT = np.dtype(np.float64).itemsize


@dataclass(frozen=True, slots=True, eq=False)
class AddressedAnswer:
    """An answer on its way out, and where it stands."""

    model: Model
    answer: Answer
    address: Address


def answer_body(model: Model, answer: Answer) -> bytes:
    """The JSON body of an answer, as HTTP sends it: a forecast for one target alone, else a query's answer.

    The answer must be to a question in canonical order (see ``canonical``).
    """
    question = answer.question
    single = len(question.targets) == 1 and not question.joint and not question.most_probable
    if single and not model.events:
        return forecast_body(AddressedAnswer(model, answer, forecast_address(model, question)))
    return query_body(AddressedAnswer(model, answer, query_address(model, question)))


def forecast_body(found: AddressedAnswer) -> bytes:
    """One target's forecast as JSON."""
    return encoded(forecast_answer(found))


def short_body(found: AddressedAnswer) -> bytes:
    """One target's forecast in short, as JSON."""
    model, basis = found.model, found.answer.targets.basis
    [target] = basis.targets
    rows = _in_short(target, *_parts(found.answer)).filled(_numbers_in_short(found.answer), missing=True)
    return encoded(
        answers.ForecastInShort(
            *header(model),
            target=target.name,
            distribution=rows,
            permalink=found.address.permalink(found.answer.revision),
        )
    )


def short_marginals(found: AddressedAnswer) -> bytes:
    """The forecasts of several targets in short, as JSON."""
    model, answer = found.model, found.answer
    targets = _targets_in_short(model, answer.targets.basis.names, *_parts(answer))
    return encoded(
        answers.MarginalsInShort(
            *header(model),
            targets=targets.filled(_numbers_in_short(answer), missing=True),
            p_evidence=answer.p_evidence,
            permalink=found.address.permalink(answer.revision),
        )
    )


def query_body(found: AddressedAnswer) -> bytes:
    """The answer of several targets as JSON."""
    return encoded(query_answer(found))


def forecast_answer(found: AddressedAnswer) -> answers.ForecastAnswer:
    """The body of one target's forecast."""
    model, answer = found.model, found.answer
    [target] = answer.targets.basis.targets
    return answers.ForecastAnswer(
        *header(model),
        target=target.name,
        label=model.described[target.name].label,
        distribution=_distribution(model, answer.targets.basis, *_parts(answer)).filled(_numbers(answer), missing=True),
        **_about(found),
    )


def query_answer(found: AddressedAnswer) -> answers.QueryAnswer:
    """The body of an answer of several targets."""
    model, answer = found.model, found.answer
    return answers.QueryAnswer(
        *header(model),
        targets=_targets(model, answer.targets.basis, *_parts(answer)).filled(_numbers(answer), missing=True),
        joint=[_joint(joint) for joint in answer.joint],
        most_probable=(
            answers.MostProbableStates(
                states=shown(model, answer.most_probable.states),
                p=answer.most_probable.p,
                tie=answer.most_probable.tie,
            )
            if answer.most_probable
            else None
        ),
        **_about(found),
    )


def _joint(joint: JointAnswer) -> answers.JointDistribution:
    return answers.JointDistribution(
        variables=list(joint.variables),
        rows=[
            answers.JointRow(states=list(states), p=p, lo=lo, hi=hi)
            for (states, p), (lo, hi) in zip(joint.rows, joint.ends(), strict=True)
        ],
        interval=interval_json(joint.intervals),
    )


def shown(model: Model, states: Mapping[str, str]) -> dict[str, str]:
    """States by variable without what an event is counted up in."""
    return {name: state for name, state in states.items() if not is_laid_over(name) or name in model.events}


def header(model: Model) -> tuple[str, str, str]:
    """The fields of ``answers.Header``, with which every answer begins."""
    return model.name, model.revision, model.as_of


def _about(found: AddressedAnswer) -> dict[str, Any]:
    """What every answer says of itself: what was asked and used, in the order of the file, and how likely it was."""
    model, answer = found.model, found.answer
    question, names = answer.question, model.network.names
    findings = {name: answer.findings[name] for name in names if name in answer.findings}
    settings = {name: answer.settings[name] for name in names if name in answer.settings}
    return {
        "asked": answers.Asked(
            targets=[name for name in question.targets if name not in model.events],
            given=findings_json(question.findings),
            do=settings_json(question.settings),
            scenario=question.scenario,
            cohort=question.cohort,
            joint=[list(names) for names in question.joint],
            most_probable=question.most_probable,
            interval=question.interval,
            events=list(model.events),
        ),
        "sentence": sentence(model, question),
        "given": findings_json(findings),
        "do": settings_json(settings),
        "replaced": list(answer.replaced),
        "p_evidence": answer.p_evidence,
        "log10_p_evidence": log10(answer.log_p_evidence),
        "conflict_bits": answer.conflict_bits,
        "interval": interval_json(answer.targets.intervals),
        "status": text_part(status(model.network, answer)),
        "no_effect": list(answer.targets.basis.no_effect),
        "sources": _sources(model, answer.targets.basis),
        "permalink": found.address.permalink(answer.revision),
        "links": found.address.links(),
        "numbers": _measured(model, answer.targets.basis, answer.targets.p),
        **(_done(model, answer, answer.targets.effect) if answer.targets.effect is not None else {}),
    }


def _done(model: Model, answer: Answer, effect: Effect) -> dict[str, Any]:
    """What the question does, beside the same question without it, and each of several do() alone."""
    basis = answer.targets.basis
    error = effect.impossible
    without = answers.Without(
        given=findings_json(effect.without.findings),
        do=settings_json(effect.without.settings),
        p_evidence=math.exp(effect.log_p_evidence),
        log10_p_evidence=None if error else log10(effect.log_p_evidence),
        error=None if error is None else problem(error),
    )
    if not effect.alone:
        return {"without": without}
    alone = [
        answers.Alone(each.variable, set_to, targets=_alone(basis, each))
        for each in effect.alone
        for set_to in settings_json({each.variable: each.setting}).values()
    ]
    return {"without": without, "alone": alone}


def _alone(basis: Basis, alone: Alone) -> list[answers.TargetEffect]:
    """The effects of one do on every target."""
    rows = _or_none(np.stack([alone.change, alone.low, alone.high], axis=1))
    return [
        answers.TargetEffect(
            variable.name,
            [
                answers.StateEffect(state, effect, low, high, alone.why(variable.name, state))
                for state, (effect, low, high) in zip(variable.states, rows[place], strict=True)
            ],
        )
        for variable, place in zip(basis.targets, basis.places, strict=True)
    ]


def _measured(model: Model, basis: Basis, p: Table) -> Any:
    """What the answer says of each number that its targets measure with both ends stated."""
    closed, template = _measures(model, basis.names)
    if not closed:
        return {}
    each = [(scale, p[basis.places[i]]) for i, scale in closed]
    return template.filled(np.array([(scale.mean(at), *scale.quantiles(at, QUANTILES)) for scale, at in each]))


@lru_cache(TEMPLATES)
def _measures(model: Model, names: tuple[str, ...]) -> tuple[tuple[tuple[int, Scale], ...], Template]:
    """The targets whose scale has both ends, by their places among the targets, and what an answer says of them."""
    scales = [model.described[name].scale for name in names]
    closed = tuple((i, scale) for i, scale in enumerate(scales) if scale and scale.is_closed)
    return closed, Template(
        {
            names[i]: answers.MeasuredNumber(scale.unit, GAP, [answers.Quantile(share, GAP) for share in QUANTILES])
            for i, scale in closed
        }
    )


def scale_json(scale: Scale | None) -> answers.Scale | None:
    """A measured scale as JSON, open ends as null."""
    if scale is None:
        return None
    return answers.Scale(unit=scale.unit, bounds=[_finite(bound) for bound in scale.bounds], series=scale.series)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def status(network: Network, answer: Answer) -> answers.Status:
    """How each variable spoken of entered an answer, and which others it settled, in the order of the file.

    States implied are looked for among the targets. What is listed as settled has no statement of its own.
    """
    given = answer.findings
    return answers.Status(
        observed={name: said.state for name, said in given.items() if isinstance(said, Observed)},
        restricted={
            name: _left(network.by_name[name], said)
            for name, said in given.items()
            if isinstance(said, OneOf | RuledOut)
        },
        reported=[name for name, said in given.items() if isinstance(said, Reported)],
        assumed=[name for name, said in given.items() if isinstance(said, Assumed)],
        controlled=[answers.Controlled(name, list(network.by_name[name].parents)) for name in answer.settings],
        implied=_implied(answer),
        no_effect=list(answer.targets.basis.no_effect),
        after_do=[
            answers.SeenAfter(variable=name, do=list(done))
            for name, done in (seen_after(network, Case(given, answer.settings)) if answer.settings else {}).items()
        ],
    )


def _left(variable: Variable, said: OneOf | RuledOut) -> list[str]:
    """The states that are possible, in the order of the file."""
    return [state for state in variable.states if (state in said.states) == isinstance(said, OneOf)]


def _implied(answer: Answer) -> dict[str, str]:
    """Of the targets without a statement of their own, those with a state that is certain now and was not before."""
    basis, now = answer.targets.basis, answer.targets.p
    settled: dict[str, str] = {}
    for at in np.flatnonzero((now > 1.0 - CERTAIN) & (basis.baseline <= 1.0 - CERTAIN)).tolist():
        i = bisect_right(basis.places, at, key=lambda place: place.start) - 1
        variable = basis.targets[i]
        if variable.name not in answer.findings and variable.name not in answer.settings:
            settled[variable.name] = variable.states[at - basis.places[i].start]
    return settled


def interval_json(found: Intervals | None) -> answers.Interval | None:
    """What intervals mean, as JSON."""
    if found is None:
        return None
    return answers.Interval(
        mass=found.mass,
        draws=found.draws,
        effective_draws=found.effective,
        covers=COVERS,
        omits=list(OMITS),
        warning=found.warning,
        outside=outside_json(found.outside),
    )


def _parts(answer: Answer) -> tuple[bool, bool]:
    """Whether an answer has intervals, and whether it has effects."""
    return answer.targets.intervals is not None, answer.targets.effect is not None


def outside_by_state(found: Intervals | None) -> dict[tuple[str, str, str], Reason]:
    """Why a number lies outside its own interval, by target, state and which number, for those that do."""
    return {} if found is None else {(each.target, each.state, each.of): each.why for each in found.outside}


def outside_json(found: Sequence[Outside]) -> list[answers.OutsideInterval]:
    """Numbers that lie outside their own intervals, as JSON."""
    return [
        answers.OutsideInterval(
            target=each.target,
            state=each.state,
            of=each.of,
            value=each.value,
            lo=each.low,
            hi=each.high,
            mean=each.mean,
            why=each.why,
        )
        for each in found
    ]


def _numbers(answer: Answer) -> Table:
    """What is laid into each state of each target, shape (states, numbers).

    p, its interval, shift, its interval, without, effect and its interval, less what the answer does not have.
    """
    targets = answer.targets
    held, effect = targets.intervals, targets.effect
    shift = difference(targets.p, targets.basis.baseline)
    columns = [targets.p, shift]
    if held is not None:
        columns = [targets.p, held.low, held.high, shift, held.shift_low, held.shift_high]
    if effect is not None:
        columns += [effect.p, effect.change, *((effect.low, effect.high) if held is not None else ())]
    return np.stack(columns, axis=1)


@lru_cache(TEMPLATES)
def _targets(model: Model, basis: Basis, intervals: bool, effects: bool) -> Template:
    parts = _states_parts(model, basis.names, basis.baseline.tobytes(), intervals, effects)
    targets = [
        answers.TargetDistribution(name, label, part, idle, sources)  # type: ignore[arg-type]  # tuples are lists too
        for (name, label, part), idle, sources in zip(parts, basis.idle, basis.cited, strict=True)
    ]
    return Template(targets, is_text=True)


@lru_cache(MODELS)
def _states_parts(
    model: Model, names: tuple[str, ...], baseline: bytes, intervals: bool, effects: bool
) -> tuple[tuple[str, str, Any], ...]:
    """Name, label and encoded distribution of each target: what its answers have in common, whatever is known."""
    ends = accumulate(model.network.cards(names), initial=0)
    before = [baseline[FLOAT * start : FLOAT * end] for start, end in pairwise(ends)]
    described, variables = [model.described[name] for name in names], [model.network[name] for name in names]
    return tuple(
        (variable.name, said.label, states_part(said, variable, of_states, intervals, effects))
        for variable, said, of_states in zip(variables, described, before, strict=True)
    )


@lru_cache(TEMPLATES)
def _distribution(model: Model, basis: Basis, intervals: bool, effects: bool) -> Template:
    return Template(
        _states(model.described[basis.targets[0].name], basis.targets[0], basis.baseline, intervals, effects)
    )


@lru_cache(TEMPLATES)
def _in_short(variable: Variable, intervals: bool, effects: bool) -> Template:
    return Template(_states_in_short(variable, intervals, effects))


@lru_cache(MODELS)
def _targets_in_short(model: Model, names: tuple[str, ...], intervals: bool, effects: bool) -> Template:
    variables = [model.network[name] for name in names]
    return Template(
        [answers.TargetInShort(each.name, _states_in_short(each, intervals, effects)) for each in variables],
        is_text=True,
    )


def _states_in_short(variable: Variable, intervals: bool, effects: bool) -> list[answers.StateInShort]:
    """The states of a variable, with gaps for ``_numbers_in_short``."""
    end = GAP if intervals else None
    effect = GAP if effects else UNSET
    return [answers.StateInShort(state, GAP, end, end, GAP, effect) for state in variable.states]


def _numbers_in_short(answer: Answer) -> Table:
    """What is laid into each state in short, shape (states, numbers).

    p, its interval, shift and effect, less what the answer does not have.
    """
    targets = answer.targets
    columns = [targets.p, difference(targets.p, targets.basis.baseline)]
    if targets.intervals is not None:
        columns[1:1] = [targets.intervals.low, targets.intervals.high]
    if targets.effect is not None:
        columns.append(targets.effect.change)
    return np.array(columns).T


def _states(
    described: Description, variable: Variable, baseline: Table, intervals: bool, effects: bool
) -> list[answers.StateShift]:
    """A distribution in the order of the file, with its baseline, and gaps for the numbers of one answer."""
    end = GAP if intervals else None
    change, change_end = (GAP, end) if effects else (UNSET, UNSET)
    return [
        answers.StateShift(
            state,
            p=GAP,
            lo=end,
            hi=end,
            baseline=before,
            shift=GAP,
            shift_lo=end,
            shift_hi=end,
            **meaning(described, i, state),
            without=change,
            effect=change,
            effect_lo=change_end,
            effect_hi=change_end,
        )
        for i, (state, before) in enumerate(zip(variable.states, baseline.tolist(), strict=True))
    ]


def meaning(described: Description, i: int, state: str) -> dict[str, Any]:
    """What a state, the ``i``-th, means, as the fields ``label`` and ``bounds`` of an answer have it."""
    label = described.labels.get(state, UNSET)
    return {"label": label, "bounds": _bounds(described.scale, i) if described.scale else UNSET}


def columns_of(described: Description, i: int, state: str) -> answers.StateColumns:
    """What a state, the ``i``-th, means, as columns of a table have it."""
    low, high = _bounds(described.scale, i) if described.scale else (None, None)
    return {"label": described.labels.get(state), "at_least": low, "below": high}


def _bounds(scale: Scale, state: int) -> answers.Bounds:
    return _finite(scale.bounds[state]), _finite(scale.bounds[state + 1])


@lru_cache(PIECES)
def states_part(described: Description, variable: Variable, baseline: bytes, intervals: bool, effects: bool) -> Any:
    """The distribution of a variable, encoded, with gaps for the numbers of one answer."""
    return encoded_part(_states(described, variable, np.frombuffer(baseline), intervals, effects))


@lru_cache(TEMPLATES)
def _sources(model: Model, basis: Basis) -> Any:
    parts = _source_parts(model)
    return text_part([parts[name] for name in basis.sources])


@lru_cache(MODELS)
def _source_parts(model: Model) -> dict[str, Any]:
    """Every source that a model can cite, encoded, by name."""
    return {name: source_part(None if name == JUDGEMENT else model.source(name)) for name in model.citable}


@lru_cache(PIECES)
def source_part(source: Source | None) -> Any:
    """A source in full, encoded."""
    return encoded_part(_cited(source))


def rows(found: AddressedAnswer) -> list[dict[str, object]]:
    """An answer as rows, one a state of a target."""
    answer = found.answer
    basis, described = answer.targets.basis, found.model.described
    states = [(variable.name, i, state) for variable in basis.targets for i, state in enumerate(variable.states)]
    return [
        {
            "target": target,
            "state": state,
            **of_state,
            "p_evidence": answer.p_evidence,
            "model": answer.model,
            "revision": answer.revision,
            **columns_of(described[target], i, state),
        }
        for (target, i, state), of_state in zip(states, numbers(answer), strict=True)
    ]


NUMBERS = ("p", "lo", "hi", "without", "effect", "effect_lo", "effect_hi", "baseline", "shift", "shift_lo", "shift_hi")
"""The columns of a row that hold numbers of a state."""


def numbers(answer: Answer) -> list[dict[str, object]]:
    """The numbers of each state of each target as columns of a row, None where the answer does not have them.

    Beside them why the probability, the effect and the shift lie outside their own intervals, where they do.
    """
    targets = answer.targets
    none = np.full_like(targets.p, np.nan)
    held, effect = targets.intervals, targets.effect
    low, high, shift_low, shift_high = (
        (held.low, held.high, held.shift_low, held.shift_high) if held is not None else (none,) * 4
    )
    done = (effect.p, effect.change, effect.low, effect.high) if effect is not None else (none,) * 4
    before = targets.basis.baseline
    columns = [targets.p, low, high, *done, before, difference(targets.p, before), shift_low, shift_high]
    why = outside_by_state(held)
    states = [(variable.name, state) for variable in targets.basis.targets for state in variable.states]
    return [
        {
            **dict(zip(NUMBERS, row, strict=True)),
            "outside": why.get((*state, "p")),
            "effect_outside": why.get((*state, "effect")),
            "shift_outside": why.get((*state, "shift")),
        }
        for state, row in zip(states, _or_none(np.stack(columns, axis=1)), strict=True)
    ]


def _or_none(numbers: Table) -> list[list[Any]]:
    """Rows of numbers, None where there is none."""
    return [[None if math.isnan(number) else number for number in row] for row in numbers.tolist()]


def cited(model: Model, names: Sequence[str]) -> list[answers.Cited]:
    """Sources in full; judgement shown as what it is."""
    return [_cited(None if name == JUDGEMENT else model.source(name)) for name in names]


def _cited(source: Source | None) -> answers.Cited:
    """A source in full, judgement without one."""
    if source is None:
        title = "Judgement of the modeller, with the reason given beside the number"
        return answers.Cited(
            name=JUDGEMENT,
            title=title,
            publication=None,
            date=None,
            url=None,
            kind="judgement",
            status="judgement",
            read=None,
            note=None,
        )
    return answers.Cited(
        name=source.name,
        title=source.title,
        publication=source.publication,
        date=source.date,
        url=source.url,
        kind=source.kind,
        status=source.status,
        read=source.read,
        note=source.note,
    )


def log10(natural: float) -> float:
    """A natural logarithm as a decimal one, minus zero made zero."""
    return natural / math.log(10) + 0.0
