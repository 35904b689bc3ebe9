"""Comparison of scenarios: each against the baseline, the same evidence with no scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from model.answers import Answer
from model.errors import AftermathError
from model.evidence import Case
from model.forecast import Forecaster
from model.forecast import answers as forecast_answers
from model.question import Question, collecting, raise_all, resolve
from model.specification import NO_SCENARIO, Model
from model.uncertainty.draws import sampled
from model.uncertainty.intervals import Intervals, intervals
from service.http.address import Address
from service.http.problems import AnswerTooLarge, problem
from service.schemas import answers
from service.translate import batch, forecasts, questions

MOST_CELLS = 100_000

Results = Mapping[str, Answer | AftermathError]
Ends = Mapping[str, Intervals]
NO_ENDS = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which scenarios to compare, on the evidence and targets of one question, with its intervals."""

    common: Question
    scenarios: tuple[str, ...]


def asked(model: Model, common: Question, scenarios: Sequence[str]) -> Comparison:
    """The comparison in canonical order: no target means the headline that may be asked, no scenario every one.

    Raises the error of an unknown name, or SeveralErrors with all of them.
    """
    wrong: list[AftermathError] = []
    for i, name in enumerate(scenarios):
        with collecting(wrong):
            model.picture(name, where=("scenarios", i))
    with collecting(wrong):
        questions.refuse_events(model, questions.stated(common))
        common = resolve(model, replace(common, targets=common.targets or _headline(model, common))).question
        common = replace(common, scenario=None)
    raise_all(wrong)
    chosen = tuple(dict.fromkeys(scenarios)) or tuple(model.scenarios)
    cells = len(chosen) * sum(model.network.cards(common.targets))
    if cells > MOST_CELLS:
        raise AnswerTooLarge(f"the comparison would have {cells:,} cells, the most is {MOST_CELLS:,}")
    return Comparison(common, chosen)


def _headline(model: Model, common: Question) -> tuple[str, ...]:
    return model.headline_of(common.cohort) if common.cohort in model.cohorts else model.headline


def address(model: Model, comparison: Comparison) -> Address:
    """Where the comparison stands, however it was asked."""
    found = questions.query_address(model, comparison.common, resource="compare")
    chosen = tuple(("scenario", name) for name in comparison.scenarios)
    return Address(found.path, (*found.parameters, *chosen))


def answered(forecaster: Forecaster, comparison: Comparison) -> answers.ComparisonAnswer:
    """The body for a comparison; a scenario that the evidence rules out has its error and no numbers."""
    model, common = forecaster.model, comparison.common
    point = replace(common, interval=None)
    posed = [point, *(replace(point, scenario=name) for name in comparison.scenarios)]
    baseline, *found = forecast_answers(forecaster, posed)
    if not isinstance(baseline, Answer):
        raise baseline
    results = dict(zip(comparison.scenarios, found, strict=True))
    ends = _intervals(forecaster, common, baseline, results)
    cited = {source for each in (baseline, *found) if isinstance(each, Answer) for source in each.sources}
    at = address(model, comparison)
    return answers.ComparisonAnswer(
        *forecasts.header(model),
        asked=answers.ComparisonAsked(
            targets=[name for name in common.targets if name not in model.events],
            scenarios=list(comparison.scenarios),
            given=questions.findings_json(common.findings),
            do=questions.settings_json(common.settings),
            cohort=common.cohort,
            interval=common.interval,
            events=list(model.events),
        ),
        baseline=answers.ComparisonBaseline(
            given=questions.findings_json(baseline.findings),
            do=questions.settings_json(baseline.settings),
            p_evidence=baseline.p_evidence,
            log10_p_evidence=forecasts.log10(baseline.log_p_evidence),
        ),
        scenarios=[_column(model, name, result, ends.get(name)) for name, result in results.items()],
        targets=[_target(model, i, baseline, results, ends) for i in range(len(baseline.targets))],
        sources=forecasts.cited(model, [name for name in model.cited(model.network.names) if name in cited]),
        permalink=at.permalink(model.revision),
        links=at.links(),
    )


def _intervals(forecaster: Forecaster, common: Question, baseline: Answer, results: Results) -> Ends:
    """Intervals of each scenario that can be, its differences taken from the baseline under the same draws."""
    mass = common.interval
    if mass is None:
        return {}
    draws, plan, targets = forecaster.draws, forecaster.plan, common.targets
    before = [sampled(draws, plan, name, Case(baseline.findings, baseline.settings)) for name in targets]
    possible = {name: result for name, result in results.items() if isinstance(result, Answer)}
    return {
        name: intervals(
            draws,
            plan,
            targets,
            Case(found.findings, found.settings),
            mass=mass,
            p=found.targets.p,
            before=baseline.targets.p,
            against=before,
        )
        for name, found in possible.items()
    }


def _column(model: Model, name: str, result: Answer | AftermathError, ends: Intervals | None) -> answers.ScenarioColumn:
    good = result if isinstance(result, Answer) else None
    return answers.ScenarioColumn(
        scenario=name,
        label="No scenario" if name == NO_SCENARIO else model.scenarios[name].label,
        given=questions.findings_json(good.findings) if good else None,
        do=questions.settings_json(good.settings) if good else None,
        replaced=list(good.replaced) if good else None,
        p_evidence=good.p_evidence if good else None,
        log10_p_evidence=forecasts.log10(good.log_p_evidence) if good else None,
        interval=forecasts.interval_json(ends),
        error=problem(result) if isinstance(result, AftermathError) else None,
    )


def _target(model: Model, i: int, baseline: Answer, results: Results, ends: Ends) -> answers.ComparedTarget:
    basis = baseline.targets.basis
    variable, place = basis.targets[i], basis.places[i]
    return answers.ComparedTarget(
        target=variable.name,
        label=model.described[variable.name].label,
        states=[
            answers.ComparedState(
                state=state,
                baseline=p,
                scenarios=[_cell(name, found, ends.get(name), k, baseline=p) for name, found in results.items()],
            )
            for k, (state, p) in enumerate(
                zip(variable.states, baseline.targets.p[place].tolist(), strict=True), place.start
            )
        ],
    )


def _cell(
    scenario: str, result: Answer | AftermathError, ends: Intervals | None, k: int, *, baseline: float
) -> answers.ScenarioCell:
    """State ``k`` of all targets' states end to end under one scenario."""
    p = float(result.targets.p[k]) if isinstance(result, Answer) else None
    lo, hi, shift_lo, shift_hi = NO_ENDS if ends is None else ends.of_state(k)
    return answers.ScenarioCell(
        scenario=scenario,
        p=p,
        lo=lo,
        hi=hi,
        difference=None if p is None else p - baseline,
        difference_lo=shift_lo,
        difference_hi=shift_hi,
    )


def rows(content: answers.ComparisonAnswer) -> Iterator[answers.ComparisonRow]:
    """A comparison as rows, one a state of a target under a scenario."""
    for i, column in enumerate(content.scenarios):
        outside = column.interval.outside if column.interval else []
        why = {(each.target, each.state, each.of): each.why for each in outside}
        for target in content.targets:
            for state in target.states:
                cell = state.scenarios[i]
                yield {
                    "scenario": column.scenario,
                    "target": target.target,
                    "state": state.state,
                    "p": cell.p,
                    "lo": cell.lo,
                    "hi": cell.hi,
                    "baseline": state.baseline,
                    "difference": cell.difference,
                    "difference_lo": cell.difference_lo,
                    "difference_hi": cell.difference_hi,
                    "p_evidence": column.p_evidence,
                    "error": batch.problem_line(column.error) if column.error else None,
                    "outside": why.get((target.target, state.state, "p")),
                    "difference_outside": why.get((target.target, state.state, "shift")),
                }
