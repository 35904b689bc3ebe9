"""Comparison: questions against the first of them, or scenarios against the default picture, over HTTP and as text."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from msgspec import UNSET

from model.analyses import question_cost
from model.analyses.comparison import Side, called, case_of, compare, in_common
from model.answers import Answer, seen_after
from model.errors import AftermathError, BadQuestion, Place
from model.evidence import syntax
from model.forecast import Forecaster
from model.question import Question, collecting, each_of, raise_all, resolve
from model.specification import NO_SCENARIO, Model
from model.wording import effect_text, wrapped
from service.analyses.analysis import ERRORS
from service.cli import completion
from service.cli.options import EVENT_HELP, evidence_of_several, interval_options, priors_option, ready, side_option
from service.cli.page import say, width
from service.cli.text import (
    after_do_text,
    columns,
    interval_lines,
    listing,
    number,
    revision_line,
    ruled_out_text,
    span_text,
)
from service.http.address import Address
from service.http.forms import csv_form, json_body, json_form
from service.http.json_encoding import encoded
from service.http.operation import Reply, operation
from service.http.problems import AnswerTooLarge, problem
from service.http.validation import query_parameters, validated
from service.schemas import answers, comparisons, requests
from service.translate import batch, forecasts, questions

MOST_CELLS = 100_000

SIDES = 2
"""Questions that make a comparison at least."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A comparison in canonical order.

    ``questions`` are those compared, the first what the others are held against, all of the same targets; ``names``
    what each was called, None where it was not. ``scenarios`` are the names of all but the first where these are the
    same question under each scenario: then ``common`` is that question.
    """

    questions: tuple[Question, ...]
    names: tuple[str | None, ...]
    common: Question
    scenarios: tuple[str, ...] | None
    interval: float | None

    @property
    def targets(self) -> tuple[str, ...]:
        """What all questions are about."""
        return self.common.targets


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A comparison on its way out."""

    model: Model
    asked: Asked
    sides: tuple[Side, ...]
    address: Address

    @property
    def names(self) -> list[str]:
        """What each question is called."""
        if self.asked.scenarios is not None:
            return ["baseline", *self.asked.scenarios]
        made = called(self.sides)
        return _apart([given or name for given, name in zip(self.asked.names, made, strict=True)])


def _apart(names: Sequence[str]) -> list[str]:
    """The same names with a number behind one that was had before.

    >>> _apart(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    return [f"{name} ({names[: i + 1].count(name)})" if name in names[:i] else name for i, name in enumerate(names)]


def of_scenarios(model: Model, common: Question, scenarios: Sequence[str]) -> Asked:
    """Scenarios against the default picture: no target means the headline that may be asked, no scenario every one.

    Raises the error of an unknown name, or SeveralErrors with all of them.
    """
    wrong: list[AftermathError] = []
    for i, name in enumerate(scenarios):
        with collecting(wrong):
            model.picture(name, where=("scenarios", i))
    with collecting(wrong):
        questions.refuse_events(model, questions.stated(common))
        common = resolve(model, replace(common, targets=common.targets or _headline(model, [common]))).question
        common = replace(common, scenario=None)
    raise_all(wrong)
    chosen = tuple(dict.fromkeys(scenarios)) or tuple(model.scenarios)
    posed = (common, *(replace(common, scenario=name) for name in chosen))
    return _few_enough(model, Asked(posed, (None,) * len(posed), common, chosen, common.interval))


def of_sides(model: Model, common: Question, sides: Sequence[tuple[str | None, Question]], where: str) -> Asked:
    """Questions against the first of them, each with its name. What ``common`` says they all say, unless they say
    otherwise.

    Raises BadQuestion for fewer than two, the error of an unknown name, or SeveralErrors with all of them.
    """
    if len(sides) < SIDES:
        raise BadQuestion("a comparison has two sides or more, and this is one", where=(where,))
    wrong: list[AftermathError] = []
    targets = common.targets or _headline(model, [_laid_over(common, side) for _, side in sides])
    questions.refuse_events(model, questions.stated(common))
    resolve(model, replace(common, targets=targets, cohort=None))
    if common.cohort is not None:
        model.cohort(common.cohort)
    posed = []
    for i, (_, side) in enumerate(sides):
        with collecting(wrong), _placed((where, i)):
            whole = replace(_laid_over(common, side), targets=targets)
            questions.refuse_events(model, questions.stated(whole))
            posed.append(resolve(model, whole).question)
    raise_all(wrong)
    common = Question(posed[0].targets, interval=common.interval)
    return _few_enough(model, Asked(tuple(posed), tuple(name for name, _ in sides), common, None, common.interval))


@contextmanager
def _placed(place: Place) -> Iterator[None]:
    """Say of an error inside that it is in this place of the request."""
    try:
        yield
    except AftermathError as error:
        place_in(error, place)
        raise


def place_in(error: AftermathError, place: Place) -> None:
    """Say of an error, and of each in it, that it is in this place of the request."""
    for each in each_of(error):
        if each.where[:1] == ("targets",):
            continue  # what is asked about is the same on every side
        where = ("given", *each.where[1:]) if each.where[:1] == ("evidence",) else each.where
        each.where = (*place, *where)


def _laid_over(common: Question, side: Question) -> Question:
    """A side with what all of them say, where it says nothing of the same variable itself."""
    own = {*side.findings, *side.settings}
    findings = {name: finding for name, finding in common.findings.items() if name not in own}
    settings = {name: setting for name, setting in common.settings.items() if name not in own}
    return replace(
        side,
        findings={**findings, **side.findings},
        settings={**settings, **side.settings},
        cohort=side.cohort or common.cohort,
    )


def _headline(model: Model, asked: Iterable[Question]) -> tuple[str, ...]:
    """The headline targets that every question may ask."""
    cohorts = {each.cohort for each in asked if each.cohort in model.cohorts}
    allowed = [model.headline_of(cohort) for cohort in sorted(filter(None, cohorts))] or [model.headline]
    return tuple(name for name in allowed[0] if all(name in names for names in allowed))


def _few_enough(model: Model, asked: Asked) -> Asked:
    """Raises AnswerTooLarge for too many cells, or for too many distributions that have to be drawn."""
    columns_ = len(asked.questions) - (asked.scenarios is not None)
    cells = columns_ * sum(model.network.cards(asked.targets))
    if cells > MOST_CELLS:
        raise AnswerTooLarge(f"the comparison would have {cells:,} cells, the most is {MOST_CELLS:,}")
    drawn = len(asked.questions) * len(set(asked.targets))
    if asked.interval is not None and drawn > batch.MOST_DRAWN:
        raise AnswerTooLarge(
            f"intervals of {drawn:,} distributions were asked for, the most is {batch.MOST_DRAWN:,}: "
            "ask for fewer questions or targets, or for none"
        )
    return asked


def address(model: Model, asked: Asked) -> Address:
    """Where the comparison stands, however it was asked."""
    found = questions.query_address(model, replace(asked.common, interval=asked.interval), resource="compare")
    if asked.scenarios is not None:
        chosen = tuple(("scenario", name) for name in asked.scenarios)
    else:
        sides = zip(asked.names, asked.questions, strict=True)
        chosen = tuple(("side", questions.side_text(name, question)) for name, question in sides)
    return Address(found.path, (*found.parameters, *chosen))


def side_of_text(text: str, where: Place) -> tuple[str | None, Question]:
    """The name and the question of a side in an address.

    >>> side_of_text("name=Never smoked&do=smoke:no", ())
    ('Never smoked', Question(targets=(), findings={}, settings={'smoke': SetTo(state='no')}, ... interval=None))

    Raises UnknownField, BadField and what ``syntax`` raises, each with its place.
    """
    with _placed(where):
        said = validated(requests.SideParameters, query_parameters(text.encode(), requests.SideParameters))
        findings, settings = syntax.findings(said.given), syntax.settings(said.do)
        return said.name, Question((), findings, settings, scenario=said.scenario, cohort=said.cohort)


def _side_of_body(side: requests.Side) -> tuple[str | None, Question]:
    given, do = questions.findings_from_json(side.given), questions.settings_from_json(side.do)
    return side.name, Question((), given, do, scenario=side.scenario, cohort=side.cohort)


# As JSON and as CSV


def answer_of(found: Found) -> comparisons.ComparisonAnswer:
    """The body for a comparison; a question that what it says rules out has its error and no numbers."""
    model, asked, first = found.model, found.asked, found.sides[0].result
    shown = list(zip(found.names, found.sides, strict=True))[asked.scenarios is not None :]
    cited = {name for side in found.sides if isinstance(side.result, Answer) for name in side.result.sources}
    in_sides = asked.scenarios is None
    return comparisons.ComparisonAnswer(
        *forecasts.header(model),
        asked=_asked(found),
        baseline=_baseline(first) if isinstance(first, Answer) else None,
        targets=[_target(model, name, place, shown, first, in_sides) for name, place in _places(model, asked.targets)],
        sources=forecasts.cited(model, [name for name in model.cited(model.network.names) if name in cited]),
        permalink=found.address.permalink(model.revision),
        links=found.address.links(),
        scenarios=UNSET if in_sides else [_scenario_column(model, name, side) for name, side in shown],
        sides=[_side_column(model, name, side) for name, side in shown] if in_sides else UNSET,
    )


def _asked(found: Found) -> comparisons.ComparisonAsked:
    model, asked, common = found.model, found.asked, found.asked.common
    sides = [
        comparisons.AskedSide(
            side=name,
            given=questions.findings_json(question.findings),
            do=questions.settings_json(question.settings),
            scenario=question.scenario,
            cohort=question.cohort,
        )
        for name, question in zip(found.names, asked.questions, strict=True)
    ]
    return comparisons.ComparisonAsked(
        targets=[name for name in asked.targets if name not in model.events],
        scenarios=list(asked.scenarios or ()),
        given=questions.findings_json(common.findings),
        do=questions.settings_json(common.settings),
        cohort=common.cohort,
        interval=asked.interval,
        events=list(model.events),
        sides=sides if asked.scenarios is None else UNSET,
    )


def _baseline(first: Answer) -> comparisons.ComparisonBaseline:
    return comparisons.ComparisonBaseline(
        given=questions.findings_json(first.findings),
        do=questions.settings_json(first.settings),
        p_evidence=first.p_evidence,
        log10_p_evidence=forecasts.log10(first.log_p_evidence),
    )


def _column(side: Side) -> dict[str, Any]:
    """What a column says of what it was worked out under."""
    good = side.result if isinstance(side.result, Answer) else None
    return {
        "given": questions.findings_json(good.findings) if good else None,
        "do": questions.settings_json(good.settings) if good else None,
        "replaced": list(good.replaced) if good else None,
        "p_evidence": good.p_evidence if good else None,
        "log10_p_evidence": forecasts.log10(good.log_p_evidence) if good else None,
        "interval": forecasts.interval_json(side.ends),
        "error": problem(side.result) if isinstance(side.result, AftermathError) else None,
    }


def _scenario_column(model: Model, name: str, side: Side) -> comparisons.ScenarioColumn:
    label = "No scenario" if name == NO_SCENARIO else model.scenarios[name].label
    return comparisons.ScenarioColumn(scenario=name, label=label, **_column(side))


def _side_column(model: Model, name: str, side: Side) -> comparisons.SideColumn:
    after = None
    if isinstance(side.result, Answer):
        found = seen_after(model.network, case_of(side.result))
        after = [answers.SeenAfter(variable=finding, do=list(done)) for finding, done in found.items()]
    return comparisons.SideColumn(side=name, after_do=after, **_column(side))


def _places(model: Model, targets: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Each target, and where its states begin among those of all."""
    start = 0
    for name in targets:
        yield name, start
        start += len(model.network[name].states)


def _target(
    model: Model,
    target: str,
    start: int,
    shown: Sequence[tuple[str, Side]],
    first: Answer | AftermathError,
    in_sides: bool,
) -> comparisons.ComparedTarget:
    described = model.described[target]

    def state(i: int, name: str) -> comparisons.ComparedState:
        cells = [(column, _numbers(side, start + i)) for column, side in shown]
        return comparisons.ComparedState(
            state=name,
            baseline=float(first.targets.p[start + i]) if isinstance(first, Answer) else None,
            scenarios=UNSET if in_sides else [comparisons.ScenarioCell(each, *numbers) for each, numbers in cells],
            sides=[comparisons.SideCell(each, *numbers) for each, numbers in cells] if in_sides else UNSET,
            **forecasts.meaning(described, i, name),
        )

    states = model.network[target].states
    return comparisons.ComparedTarget(target, described.label, [state(i, name) for i, name in enumerate(states)])


Numbers = tuple[float | None, float | None, float | None, float | None, float | None, float | None]
"""Of a state in a column: p, its interval, the difference, the interval of that."""


def _numbers(side: Side, k: int) -> Numbers:
    """State ``k`` of all targets' states end to end in one column."""
    p = float(side.result.targets.p[k]) if isinstance(side.result, Answer) else None
    low, high, shift_low, shift_high = (None,) * 4 if side.ends is None else side.ends.of_state(k)
    if np.isnan(side.difference[k]):
        return p, low, high, None, None, None
    return p, low, high, float(side.difference[k]), shift_low, shift_high


NUMBERS = ("p", "lo", "hi", "difference", "difference_lo", "difference_hi")


def rows(found: Found) -> Iterator[dict[str, object]]:
    """A comparison as rows, one a state of a target in each column."""
    model, scenarios, first = found.model, found.asked.scenarios, found.sides[0].result
    for name, side in list(zip(found.names, found.sides, strict=True))[scenarios is not None :]:
        error = batch.problem_line(problem(side.result)) if isinstance(side.result, AftermathError) else None
        outside = forecasts.outside_by_state(side.ends)
        for target, start in _places(model, found.asked.targets):
            for i, state in enumerate(model.network[target].states):
                yield {
                    "scenario": name if scenarios is not None else side.question.scenario,
                    "side": name,
                    "target": target,
                    "state": state,
                    **dict(zip(NUMBERS, _numbers(side, start + i), strict=True)),
                    "baseline": float(first.targets.p[start + i]) if isinstance(first, Answer) else None,
                    "p_evidence": side.result.p_evidence if isinstance(side.result, Answer) else None,
                    "error": error,
                    **forecasts.columns_of(model.described[target], i, state),
                    "outside": outside.get((target, state, "p")),
                    "difference_outside": outside.get((target, state, "shift")),
                }


FORMS = (
    json_form(comparisons.ComparisonAnswer, write=lambda found: encoded(answer_of(found))),
    csv_form(comparisons.ComparisonRow, rows),
)


@operation("GET", "/v1/models/<model>/compare", query=requests.CompareParameters, forms=FORMS, errors=ERRORS)
def compare_by_address(forecaster: Forecaster, asked: requests.CompareParameters) -> Reply:
    """Compare questions, each with the first of them; or scenarios, each with the default picture, or with none.

    What `given`, `do` and `cohort` say outside the sides is said by every one of them, unless it says otherwise.
    """
    forecaster, named = questions.about(forecaster, asked.event, beside=asked.target)
    common = Question(
        (*asked.target, *named),
        syntax.findings(asked.given),
        syntax.settings(asked.do),
        cohort=asked.cohort,
        interval=questions.interval_mass(asked.interval, named=True),
    )
    wrong: list[AftermathError] = []
    sides = []
    for i, text in enumerate(asked.side):
        with collecting(wrong):
            sides.append(side_of_text(text, ("side", i)))
    raise_all(wrong)
    return _compared(forecaster, common, sides, asked.scenario, where="side")


@operation(
    "POST",
    "/v1/models/<model>/compare",
    body=(json_body(requests.ComparedInFull),),
    forms=FORMS,
    errors=(404, 413, 415, 422, 503),
)
def compare_by_body(forecaster: Forecaster, body: requests.ComparedInFull) -> Reply:
    """Compare questions, each with the first of them, or scenarios, where they are too long for an address."""
    forecaster, named = questions.about(forecaster, body.events, where="events", beside=body.targets)
    common = Question(
        (*body.targets, *named),
        questions.findings_from_json(body.given),
        questions.settings_from_json(body.do),
        cohort=body.cohort,
        interval=questions.interval_mass(body.interval, named=True),
    )
    return _compared(forecaster, common, [_side_of_body(side) for side in body.sides], body.scenarios, where="sides")


def _compared(
    forecaster: Forecaster,
    common: Question,
    sides: Sequence[tuple[str | None, Question]],
    scenarios: Sequence[str],
    *,
    where: str,
) -> Reply:
    model = forecaster.model
    if sides and scenarios:
        raise BadQuestion(
            "sides and scenarios are both named; a side names one of its own, as in side=scenario=NAME", where=(where,)
        )
    asked = of_sides(model, common, sides, where) if sides else of_scenarios(model, common, scenarios)
    place = address(model, asked)

    def found() -> Found:
        compared = compare(forecaster, asked.questions, mass=asked.interval)
        for i, side in enumerate(compared):
            if asked.scenarios is None and isinstance(side.result, AftermathError):
                place_in(side.result, (where, i))
        if asked.scenarios is not None and isinstance(compared[0].result, AftermathError):
            raise compared[0].result
        return Found(model, asked, compared, place)

    posed = [replace(question, interval=asked.interval) for question in asked.questions]
    return Reply(found, place, lambda: question_cost.of_several(forecaster, posed))


OPERATIONS = (compare_by_address, compare_by_body)


# On the command line


@click.command(short_help="Questions, or scenarios, each beside the first.")
@click.argument("model", shell_complete=completion.models)
@click.argument("targets", metavar="[TARGET…]", nargs=-1, shell_complete=completion.variables)
@click.option("--event", multiple=True, metavar="EVENT", help=EVENT_HELP)
@side_option
@evidence_of_several
@interval_options
@click.option("--json", "form", flag_value="json", help="Exactly the body of the HTTP answer.")
@click.option("--csv", "form", flag_value="csv", help="A row for each state of each target in each question.")
@priors_option
def command(
    model: str,
    targets: tuple[str, ...],
    event: tuple[str, ...],
    sides: tuple[str, ...],
    given: tuple[str, ...],
    do: tuple[str, ...],
    scenario: tuple[str, ...],
    cohort: str | None,
    interval: float,
    point: bool,
    form: str | None,
    root: Path | None,
) -> None:
    """Two or more questions about the same targets, each held against the first under the same draws.

    Without a side every scenario of MODEL is held against its default picture, or those of --scenario.
    What --given, --do and --cohort say every side says, unless it says otherwise.

    \b
    aftermath compare asia lung --side do=smoke:yes --side do=smoke:no --given dysp:yes
    aftermath compare mosul-2017 pathway --side cohort=belgium --side cohort=tunisia
    aftermath compare mosul-2017 pathway --scenario hardened_borders --scenario care_instead_of_prison
    """
    sent: Mapping[str, Any] = {
        "target": list(targets),
        "event": list(event),
        "side": list(sides),
        "given": list(given),
        "do": list(do),
        "scenario": list(scenario),
        "cohort": cohort,
        "interval": "none" if point else interval,
    }
    found = asked_of(ready(model, root), sent)
    if form is None:
        say(text(found), nl=False)
        return
    [chosen] = (each for each in compare_by_address.forms if each.suffix == form)
    sys.stdout.flush()
    sys.stdout.buffer.write(chosen.write(found))


def asked_of(forecaster: Forecaster, sent: Mapping[str, Any]) -> Found:
    """What the HTTP operation finds, asked by the same parameters. Raises what it raises."""
    found: Found = compare_by_address.view(forecaster, validated(requests.CompareParameters, sent)).content()
    return found


def text(found: Found) -> str:
    """A page: for each state of each target a line a question, and what it differs by from the first in points."""
    model = found.model
    letters = [_letter(i) for i in range(len(found.sides))]
    lines = [
        line
        for letter, name in zip(letters, names_in_full(found), strict=True)
        for line in wrapped(f"{letter}: {' '.join(name.split())}", width(), then="  ")
    ]
    common = in_common(found.sides)
    if common:
        lines += listing("on every side", common)
    for target, start in _places(model, found.asked.targets):
        described = model.described[target]
        table: list[tuple[str, ...]] = []
        for i, state in enumerate(model.network[target].states):
            heads = (described.labels.get(state, state), *("" for _ in letters[1:]))
            cells = _cells(found.sides, start + i)
            table += [(head, letter, *cell) for head, letter, cell in zip(heads, letters, cells, strict=True)]
        lines += ["", f"{target}  {described.label_with_unit}", *columns(table, right={2})]
    lines += ["", f"points are differences from {letters[0]}, the same draws on both sides"]
    for letter, side in zip(letters, found.sides, strict=True):
        lines += [f"{letter}: {line}" for line in _notes(model, side)]
    drawn = [side.ends for side in found.sides if side.ends is not None]
    lines += interval_lines(drawn[0]) if drawn else []
    return "\n".join([*lines, revision_line(model)]) + "\n"


def _letter(i: int) -> str:
    """What a question is called in a heading.

    >>> _letter(0), _letter(25), _letter(26)
    ('A', 'Z', 'A1')
    """
    return f"{chr(65 + i % 26)}{i // 26 or ''}"


def names_in_full(found: Found) -> list[str]:
    """The names of the questions, each with what it says; of the first of scenarios what they are held against."""
    names = found.names
    if found.asked.scenarios is not None:
        names[0] = found.model.default_scenario or "no scenario"
        return names
    said = zip(names, found.asked.names, called(found.sides), strict=True)
    return [name if own is None else f"{name} ({content})" for name, own, content in said]


def _cells(sides: Sequence[Side], k: int) -> Iterator[tuple[str, str, str]]:
    """Of each question the probability of a state, its range, and the difference from the first with its own."""
    for i, side in enumerate(sides):
        p, lo, hi, change, low, high = _numbers(side, k)
        yield (
            "-" if p is None else number(p),
            span_text(lo, hi),
            effect_text(change, low, high, none="no difference") if i else "",
        )


def _notes(model: Model, side: Side) -> Iterator[str]:
    """What is to be known of one question beside its numbers."""
    if isinstance(side.result, AftermathError):
        yield str(side.result)
        return
    yield from ruled_out_text(model.network, side.result.findings)
    if side.result.replaced:
        yield f"replaced: {', '.join(side.result.replaced)}"
    yield from after_do_text(seen_after(model.network, case_of(side.result)))
    if side.ends is not None and side.ends.warning:
        yield side.ends.warning
