"""Answers and reviews of models as plain text for a terminal: aligned columns, bars, no colours."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isinf, isnan, prod

import numpy as np

from model.analyses.model_review import (
    WIDE,
    AnyHeld,
    Costly,
    Footing,
    Forecasted,
    Held,
    HeldAcross,
    Likely,
    Ranges,
    Wide,
)
from model.analyses.model_warnings import Warned
from model.answers import Answer, Effect, JointAnswer, MostProbable, StateAnswer, TargetAnswer, seen_after
from model.events import is_laid_over
from model.evidence import Case, Finding, in_words, unnamed
from model.evidence.scale import Scale
from model.inference import JunctionTree
from model.network import Network
from model.specification import JUDGEMENT, Description, Learned, Model
from model.uncertainty.intervals import COVERS, MASS, OMITS, Intervals
from model.wording import cases_worth, chance, decimal, effect_text, portion, quantity, share, signed_points, wrapped
from service.cli.compare_command import beside_its_cohort
from service.cli.page import width
from service.translate.forecasts import QUANTILES

BAR = 32
FEW_SOURCES = 4
"""So many sources are shown whole; more are named, unless asked for."""
ROUNDING = 1e-9
"""What is added before a bar is cut to whole cells, so that the last bit of a probability moves nothing."""
NO_SHIFT = "no shift"
MUCH_CONFLICT = 1.0
"""Bits of conflict worth a word: less is common by chance (Jensen et al. 1990)."""
QUESTION_COLUMNS = ("question", "text", "resolves by", "p", "base rate")
SHORTEST = 20
"""To fewer columns than this no text of a question is cut, however narrow the terminal."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters that bars are drawn with."""

    full: str
    half: str
    empty: str
    baseline: str


BLOCKS = Marks("█", "▌", "·", "│")
ASCII = Marks("#", "=", ".", "|")


def marks(encoding: str | None = None) -> Marks:
    """Blocks where the terminal's encoding has them, else plain characters.

    >>> marks("ascii").full
    '#'
    """
    try:
        "".join((BLOCKS.full, BLOCKS.half, BLOCKS.empty, BLOCKS.baseline)).encode(encoding or sys.stdout.encoding)
    except (UnicodeEncodeError, LookupError, TypeError):
        return ASCII
    return BLOCKS


def answer_text(model: Model, found: Answer, *, drawn: Marks, whole: bool = False) -> str:
    """An answer: each target's states with bars, then what it rests on; ``whole`` says all of every source."""
    moved = _has_moved(model, found)
    parts = ["\n".join(_target(model, target, found.no_effect, drawn, moved=moved)) for target in found.targets]
    parts += ["\n".join(_joint(model, joint, drawn)) for joint in found.joint]
    if found.most_probable is not None:
        parts.append("\n".join(_most_probable(model, found.most_probable)))
    return "\n\n".join([*parts, "\n".join(_about(model, found, drawn, whole=whole))]) + "\n"


def revision_line(model: Model) -> str:
    """What an answer was worked out under."""
    return f"{model.name} {model.revision}, as of {model.as_of}"


def bar(p: float, baseline: float | None, drawn: Marks) -> str:
    """A bar of length p with a mark where the baseline is, if there is one.

    >>> bar(0.5, 0.25, ASCII)
    '########|#######................'
    """
    halves = round(p * BAR * 2 + ROUNDING)
    cells = list((drawn.full * (halves // 2) + drawn.half * (halves % 2)).ljust(BAR, drawn.empty))
    if baseline is not None:
        cells[min(BAR - 1, int(baseline * BAR + ROUNDING))] = drawn.baseline
    return "".join(cells)


def number(p: float) -> str:
    """A probability in eight columns, as ``wording.decimal`` has it; nothing at all is 0.

    >>> number(0.25), number(0.00001234), number(0.0)
    ('0.2500', '1.23e-05', '0')
    """
    return decimal(p) if p else "0"


def size_text(network: Network, tree: JunctionTree) -> str:
    """How large a model is, and how much exact inference on it costs."""
    arcs = sum(len(variable.parents) for variable in network.variables)
    return (
        f"{quantity(len(network.names), 'variable')}, {quantity(arcs, 'arc')}, "
        f"{quantity(network.parameters(), 'parameter')}\n"
        f"{quantity(tree.cells, 'table entry', 'table entries')} in {quantity(len(tree.cliques), 'clique')}, "
        f"width {tree.width}; "
        f"the largest: {', '.join(tree.largest)}"
    )


def footing_text(found: Footing) -> str:
    """What the numbers rest on, in a line, and how their sources were read, in another."""
    read = found.sources
    return (
        f"{quantity(found.statements, 'statement')}: {found.numbers:,} with a published number, {found.directions:,} "
        f"with a published direction, {found.judged:,} by judgement, {found.uncited:,} on nothing; {found.counted:,} "
        f"resting on a count, {found.unverified:,} citing nothing verified, {found.certain:,} certain\n"
        f"sources: {read.whole:,} read whole, {read.part:,} in part, {read.quoted:,} as quoted by others, "
        f"{read.unsaid:,} with nothing said of how"
    )


def defaults_text(model: Model) -> str:
    """Variables with a row that holds where no other does, and how many combinations of the parents that are.

    Nothing where there is none.
    """
    network = model.network
    return "\n".join(
        f"  {name}: {each.defaulted} of {quantity(prod(network.cards(network[name].parents)), 'combination')}"
        for name, each in model.described.items()
        if each.defaulted
    )


def warnings_text(warned: Sequence[Warned], *, strict: bool) -> str:
    """Warnings of a model, each where it stands, how many there are, and what --strict makes or would make of them."""
    one = len(warned) == 1
    if strict:
        said = f"under --strict {'it counts as a problem does' if one else 'they count as problems do'}"
    else:
        said = f"with --strict {'it' if one else 'they'} would count as {'a problem does' if one else 'problems do'}"
    return "\n".join([*map(str, warned), f"{quantity(len(warned), 'warning')}; {said}"])


def ranges_text(found: Ranges) -> str:
    """The headline targets that are wide open, each with what would narrow it most."""
    lines = [line for wide in found.wide for line in _wide(wide)]
    head = f"headline targets with a {portion(MASS)} range wider than {WIDE:g}, and what would narrow it most:"
    warning = [found.warning] if found.warning else []
    return "\n".join([head, *(lines or ["  none"]), *warning])


def _wide(wide: Wide) -> Iterator[str]:
    yield f"  {wide.target}={wide.state}  {span_text(wide.low, wide.high)}"
    for statement in wide.carried_by:
        text = f"{share(statement.share)} {statement.variable}: {statement.what} [{statement.file}:{statement.line}]"
        yield from textwrap.wrap(text, width(), initial_indent="    ", subsequent_indent="      ")


def arcs_text(arcs: Sequence[Costly]) -> str:
    """The arcs that cost most, one a line."""
    rows = [(f"{arc.entries:,}", f"{arc.parent} -> {arc.child}") for arc in arcs]
    return "\n".join(("table entries that would go without this arc:", *columns(rows, right={0})))


def checks_text(found: Sequence[AnyHeld]) -> str:
    """Each check with its figure and its range, those outside marked; then those across levels, on two lines each."""
    rows = [
        (
            _mark(each),
            "-" if each.p is None else number(each.p),
            f"{number(each.check.low)} to {number(each.check.high)}",
            each.check.name,
            each.reason or each.check.label,
        )
        for each in found
        if isinstance(each, Held)
    ]
    return "\n".join((*columns(rows, right={1}), *_across_levels([e for e in found if isinstance(e, HeldAcross)])))


def held_text(checks: int, outside: int) -> str:
    """How many checks there are, and how many of their figures lie outside the published range.

    >>> held_text(0, 0), held_text(1, 0), held_text(3, 1)
    ('no checks', '1 check, 0 outside its range', '3 checks, 1 outside their range')
    """
    if not checks:
        return "no checks"
    return f"{quantity(checks, 'check')}, {outside} outside {'its' if checks == 1 else 'their'} range"


def _across_levels(found: Sequence[HeldAcross]) -> Iterator[str]:
    """Each check across levels with the numbers implied, and below it the likely states of the other variable."""
    rows = [
        (
            _mark(each),
            "-" if each.implied is None else _numbers(*each.implied),
            each.check.name,
            each.reason or each.check.label,
        )
        for each in found
    ]
    for each, line in zip(found, columns(rows, right=set()), strict=True):
        yield line
        if each.p is not None:
            likely = "; ".join(map(_likely, each.likely))
            text = f"{number(each.p)} of {_size(each)}; likely {each.check.against}: {likely}"
            yield from textwrap.wrap(text, width(), initial_indent=" " * 4, subsequent_indent=" " * 6)


def _mark(each: AnyHeld) -> str:
    return "inside" if each.inside else "OUTSIDE"


def _size(each: HeldAcross) -> str:
    return _numbers(each.check.low, each.check.high)


def _likely(each: Likely) -> str:
    ends = f"{_count(each.low)} and more" if isinf(each.high) else f"{_count(each.low)} to {_count(each.high)}"
    return f"{each.state} {number(each.p)} ({ends})"


def _numbers(low: float, high: float) -> str:
    ends = dict.fromkeys((_count(low), _count(high)))
    return " to ".join(ends)


def _count(amount: float) -> str:
    """A large or whole number without a fraction, any other with one.

    >>> _count(10219.6), _count(0.28), _count(1.0)
    ('10,220', '0.28', '1')
    """
    return f"{amount:,.0f}" if abs(amount) >= 100 or amount == int(amount) else f"{amount:.4g}"


def questions_text(found: Sequence[Forecasted], *, width: int) -> str:
    """Each forecast question with the model's probability of its event beside the base rate, its text cut to fit."""
    rows = [QUESTION_COLUMNS, *map(_question, found)]
    widths = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
    room = max(width - sum(widths) + widths[1] - 2, SHORTEST)
    cut = [(name, textwrap.shorten(text, room, placeholder="…"), *rest) for name, text, *rest in rows]
    return "\n".join(columns(cut, right={3, 4}))


def expressible_text(model: Model) -> str:
    """How many forecast questions a model has, and how many of them it can express."""
    count, expressible = len(model.questions), sum(each.event is not None for each in model.questions.values())
    return f"{quantity(count, 'forecast question')}, {expressible} of them expressible"


def _question(each: Forecasted) -> tuple[str, ...]:
    question = each.question
    p = "-" if each.p is None else number(each.p)
    return question.name, question.text, question.resolves_by, p, number(question.base_rate.p)


def counts_text(model: Model) -> str:
    """What the counts of a model changed, what they could not, and what may count twice; one fact a line."""
    faded = [] if model.fading == 1 else [f"counts keep {portion(model.fading)} of their weight a year"]
    counted = [
        f"counts {batch.name}: {quantity(sum(seen.n for seen in batch.cases), 'case')}, seen {batch.date}"
        for batch in model.counts.values()
    ]
    moved = [f"  moved {_learned(each)}" for each in model.learned.values()]
    notes = [
        f"  {note.counts}: {f'{note.variable}, ' if note.variable else ''}{note.text}" for note in model.counts_notes
    ]
    return "\n".join((*counted, *faded, *moved, *notes))


def _learned(learned: Learned) -> str:
    cases = sum(row.cases for row in learned.rows)
    furthest = max(abs(p - q) for row in learned.rows for p, q in zip(row.before, row.after, strict=True))
    rows = quantity(len(learned.rows), "row")
    return f"{learned.variable}: {rows} by {cases_worth(cases)}, the furthest probability by {furthest:.2g}"


def _has_moved(model: Model, found: Answer) -> bool:
    """Whether something is known or done, beside the model's default picture, that may move an answer."""
    return bool(found.question.scenario != model.default_scenario or found.findings or found.settings)


def _target(model: Model, target: TargetAnswer, idle: Sequence[str], drawn: Marks, *, moved: bool) -> Iterator[str]:
    """A target's distribution; what has no effect on it, but for what is ``idle`` for every target."""
    described = model.described[target.target]
    yield f"{target.target}  {described.label_with_unit}"
    rows = [_state(described, i, row, drawn, moved=moved) for i, row in enumerate(target.distribution)]
    yield from columns(rows, right={3})
    if described.scale is not None and described.scale.is_closed:
        yield _number(described.scale, target)
    own = [name for name in target.no_effect if name not in idle]
    if own:
        yield from listing("no effect on it", own)


def _state(described: Description, i: int, row: StateAnswer, drawn: Marks, *, moved: bool) -> tuple[str, ...]:
    """A state by its label, else its name, and the interval that it is on a scale; then its numbers.

    First what moved it: the effect of what is done, else its shift from the baseline. The bar is marked where it was.
    """
    said = described.labels.get(row.state, row.state)
    interval = described.scale.interval(i) if described.scale else ""
    mark = row.baseline if row.without is None else row.without
    change = _shift(row) if moved and row.without is None else ""
    if row.without is not None:
        change = effect_text(row.effect, row.effect_low, row.effect_high)
    return said, interval, change, number(row.p), span_text(row.low, row.high), bar(row.p, mark, drawn)


def _shift(row: StateAnswer) -> str:
    """How far a state is from the baseline, with its interval."""
    if row.shift == 0:
        return NO_SHIFT
    return effect_text(row.shift, row.shift_low, row.shift_high, none=NO_SHIFT)


def _joint(model: Model, joint: JointAnswer, drawn: Marks) -> Iterator[str]:
    """Each combination of states by their labels, with its probability, range and bar."""
    told = [model.described[name] for name in joint.variables]
    head = f"{', '.join(joint.variables)}  together: {'; '.join(each.label_with_unit for each in told)}"
    yield from wrapped(head, width(), then="  ")
    rows = [
        (
            *(each.labels.get(state, state) for each, state in zip(told, states, strict=True)),
            number(p),
            span_text(*ends),
            bar(p, None, drawn),
        )
        for (states, p), ends in zip(joint.rows, joint.ends(), strict=True)
    ]
    yield from columns(rows, right={len(told)})
    if joint.intervals is not None and joint.intervals.warning:
        yield from textwrap.wrap(joint.intervals.warning, width(), initial_indent="  ", subsequent_indent="  ")


def _most_probable(model: Model, found: MostProbable) -> Iterator[str]:
    """The most probable states of all variables together by their labels; that others are as probable is said."""
    yield f"most probable together  {number(found.p)}{', and other states are as probable' if found.tie else ''}"
    shown = {name: state for name, state in found.states.items() if not is_laid_over(name) or name in model.events}
    rows = [(name, model.described[name].labels.get(state, state)) for name, state in shown.items()]
    yield from columns(rows, right=set())


def _number(scale: Scale, target: TargetAnswer) -> str:
    """What the distribution says of the number itself, spread evenly within each state."""
    p = np.array([row.p for row in target.distribution])
    quantiles = (
        f"{portion(below)} below {_count(quantile)}"
        for below, quantile in zip(QUANTILES, scale.quantiles(p, QUANTILES), strict=True)
    )
    return "; ".join((f"  mean {_count(scale.mean(p))}", *quantiles))


def span_text(low: float | None, high: float | None) -> str:
    """The ends of an interval, nothing where there is none."""
    return "" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def _about(model: Model, found: Answer, drawn: Marks, *, whole: bool) -> Iterator[str]:
    known = [in_words(name, statement) for name, statement in (*found.findings.items(), *found.settings.items())]
    without = f"under {model.default_scenario} alone" if model.default_scenario else "without evidence"
    without += f" and without the cohort {found.question.cohort}" if found.question.cohort else ""
    legend = f"{drawn.baseline} marks the answer {without}; points are the shift from it"
    if known:
        yield from listing("given", known)
        for line in ruled_out_text(model.network, found.findings):
            yield from wrapped(line, width(), then="  ")
        if found.effect is not None:
            yield from _effect(model, found, found.effect, drawn)
        else:
            yield from wrapped(f"P(evidence) {chance(found.log_p_evidence)}; {legend}", width(), then="  ")
    elif found.question.scenario != model.default_scenario:
        yield from wrapped(f"nothing known; {legend}", width(), then="  ")
    if found.conflict_bits is not None and found.conflict_bits > MUCH_CONFLICT:
        yield f"conflict {found.conflict_bits:.2f} bits: the findings sit badly together, or the case is rare"
    if found.targets.intervals is not None:
        yield from interval_lines(found.targets.intervals)
    beside = beside_its_cohort(model, found.question)
    if beside is not None and found.effect is None:
        cohort = f"the cohort {found.question.cohort}"
        yield from wrapped(f"the shift is of {cohort} and of all else; what all else does to it:", width(), then="  ")
        yield f"  {beside}"
    elif found.settings and not found.question.settings:
        yield f"what {found.question.scenario} sets is part of its picture; `aftermath compare` says what it does"
    if found.replaced:
        yield from listing("replaced", found.replaced)
    if found.no_effect:
        yield from listing("no effect", found.no_effect)
        yield from _backwards(model, found)
    yield from _sources(model, found.sources, whole=whole)
    yield revision_line(model)


def _backwards(model: Model, found: Answer) -> Iterator[str]:
    """Of what is set to no effect, what follows from what is asked: a finding would tell of it, a do() does not."""
    asked = {target.target for target in found.targets}
    for name in found.no_effect:
        causes = asked.intersection(model.network.ancestors((name,))) - {name}
        if name in found.settings and causes:
            from_what = " and ".join(target.target for target in found.targets if target.target in causes)
            said = f"{name} follows from {from_what}: set, it says nothing of its causes; known, it does (--given)"
            yield from wrapped(said, width(), then="  ")


def _effect(model: Model, found: Answer, effect: Effect, drawn: Marks) -> Iterator[str]:
    """What is done, how its effect is to be read, each of several alone, and what is read as seen after it."""
    own = " and ".join(in_words(name, found.settings[name]) for name in found.question.settings)
    if effect.impossible is not None:
        yield from wrapped(
            f"no effect of {own} can be said: without it, {effect.impossible.detail}", width(), then="  "
        )
    else:
        marked = f"P(evidence) {chance(found.log_p_evidence)}; {drawn.baseline} marks the answer without {own}"
        yield from wrapped(f"{marked}; points are its effect", width(), then="  ")
    if len(effect.alone) > 1:
        for target, place in zip(found.targets.basis.targets, found.targets.basis.places, strict=True):
            yield f"points of each alone on {target.name}"
            described = model.described[target.name]
            rows = [("", *(described.labels.get(state, state) for state in target.states))]
            rows += [(in_words(a.variable, a.setting), *map(_points, a.change[place].tolist())) for a in effect.alone]
            yield from columns(rows, right=set(range(1, 1 + len(target.states))))
    yield from after_do_text(seen_after(model.network, Case(found.findings, found.settings)))


def _points(change: float) -> str:
    return "-" if isnan(change) else signed_points(change)


def ruled_out_text(network: Network, findings: Mapping[str, Finding]) -> Iterator[str]:
    """A line for each report that does not name all states, and so rules out the others."""
    for name, finding in findings.items():
        out = unnamed(network[name], finding)
        if out:
            yield f"{in_words(name, finding)} rules out {' and '.join(out)}, which it does not name"


def after_do_text(after: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A line for each finding that something done can influence."""
    for name, causes in after.items():
        yield f"{name} is read as seen after {' and '.join(causes)} {'was' if len(causes) == 1 else 'were'} set"


def interval_lines(found: Intervals) -> Iterator[str]:
    """What the ranges of a page hold."""
    omitted = " and ".join(OMITS)
    yield f"ranges hold {portion(found.mass)} of {found.draws:,} draws: {COVERS}, not {omitted}"
    if found.warning:
        yield from textwrap.wrap(found.warning, width(), subsequent_indent="  ")


def _sources(model: Model, names: Sequence[str], *, whole: bool) -> Iterator[str]:
    if whole or len(names) <= FEW_SOURCES:
        yield from ("sources", *(line for name in names for line in _source(model, name))) if names else ()
    else:
        yield from listing(f"{len(names)} sources (--sources prints them whole)", names)


def _source(model: Model, name: str) -> list[str]:
    if name == JUDGEMENT:
        return [f"  {name}: of the modeller, with the reason beside each number"]
    source = model.source(name)
    text = f"{name}: {source.title} ({source.publication}, {source.date}; {source.standing})"
    return textwrap.wrap(text, width(), initial_indent="  ", subsequent_indent="    ")


def listing(head: str, items: Iterable[str]) -> Iterator[str]:
    """Items after their heading, on as many lines as they need."""
    yield from wrapped(f"{head}: {', '.join(items)}", width(), then="  ")


def columns(rows: Sequence[Sequence[str]], *, right: frozenset[int] | set[int]) -> Iterator[str]:
    """Rows with their columns aligned, two spaces apart, indented; a column with nothing in it is left out."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            if width
        )
        yield f"  {'  '.join(cells)}".rstrip()
