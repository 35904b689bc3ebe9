"""Explanation: what each do() moved, what each finding weighs, whether findings conflict, and trails to the event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from typing_extensions import TypedDict

from model.analyses import question_cost
from model.analyses.evidence_conflict import Conflict, Surprise
from model.analyses.explanation import Done, Explanation, explain
from model.analyses.weight_of_evidence import direction
from model.forecast import Forecaster
from model.resources.cost import Cost
from model.wording import effect_text, signed, wrapped
from service.analyses.analysis import (
    ERRORS,
    Analysed,
    AnalysisParameters,
    event_of,
    json_and_csv,
    reply,
    state_of,
)
from service.analyses.command import command_of, event_line, or_dash, page, span
from service.cli.page import width
from service.cli.text import Marks, after_do_text, bar, columns, listing, marks, number, ruled_out_text
from service.http.operation import Reply, operation


class ExplanationRow(TypedDict):
    """What is done, by the question or its scenario, and what it moved by itself, or a finding and its weight."""

    finding: str
    statement: str
    effect: float | None
    effect_lo: float | None
    effect_hi: float | None
    db: float | None
    direction: str
    p_without: float | None
    delta: float | None
    surprise_bits: float | None
    conflict_bits: float | None


def rows(found: Explanation) -> Iterator[ExplanationRow]:
    """What is done, then findings in the order of the question."""
    for moved in (each for done in (found.done, found.done_by_scenario) if done for each in done.each):
        yield {
            "finding": moved.variable,
            "statement": moved.statement,
            "effect": moved.effect,
            "effect_lo": moved.effect_low,
            "effect_hi": moved.effect_high,
            "db": None,
            "direction": direction(moved.effect or 0.0),
            "p_without": None,
            "delta": None,
            "surprise_bits": None,
            "conflict_bits": None,
        }
    surprises = {each.finding: each.bits for each in found.surprises}
    conflicts = {each.finding: each.bits for each in found.conflict.findings}
    for row in found.balance.weights:
        yield {
            "finding": row.finding,
            "statement": row.statement,
            "effect": None,
            "effect_lo": None,
            "effect_hi": None,
            "db": row.db,
            "direction": row.direction,
            "p_without": row.p_without,
            "delta": row.delta,
            "surprise_bits": surprises.get(row.finding),
            "conflict_bits": conflicts.get(row.finding),
        }


@operation(
    "GET",
    "/v1/models/<model>/explanation",
    query=AnalysisParameters,
    forms=json_and_csv(Explanation, ExplanationRow, rows),
    errors=ERRORS,
)
def explanation(forecaster: Forecaster, asked: AnalysisParameters) -> Reply:
    """Say what each do moved the event, what each finding weighs, and along which ways they reach it.

    Findings of the default picture stand behind those of the question and are not weighed.
    """
    event = event_of(forecaster, asked)

    def found() -> Explanation:
        return explain(event.forecaster, event.question, target=event.target, state=state_of(event))

    def cost() -> Cost:
        return question_cost.of_explanation(event.forecaster, event.question, event.target)

    return reply(event, "explanation", found, cost)


OPERATIONS = (explanation,)


@command_of(explanation)
def command(found: Analysed) -> str:
    """Why TARGET is in STATE as probably as it is; without STATE, in its most probable one.

    \b
    aftermath explain asia lung yes --given xray:yes
    """
    result: Explanation = found.result
    drawn = marks()
    lines = [event_line(found, result.state, result.balance.p), *_under(result)]
    for line in ruled_out_text(found.model.network, found.event.asked.case.findings):
        lines += wrapped(line, width(), then="  ")
    lines += [*_done(result), *_waterfall(result, drawn)]
    lines += [*_conflict(result.conflict), *_surprises(result.surprises)]
    if result.chains:
        lines += [
            "strongest ways",
            *columns([(signed(trail.change), trail.drawn("->", "<-")) for trail in result.chains], right={0}),
        ]
    if result.seen_and_done:
        lines += ["seen beside done", *columns(list(_seen_and_done(result)), right={1, 2, 3})]
    return page(found, lines)


def _under(found: Explanation) -> Iterator[str]:
    """The scenario and the cohort that are laid in, and what of the scenario stands behind the question."""
    if found.scenario:
        yield from (
            listing(f"under {found.scenario}", found.background) if found.background else [f"under {found.scenario}"]
        )
    if found.cohort:
        yield f"for the cohort {found.cohort}"


def _done(found: Explanation) -> Iterator[str]:
    """What was done, what it moved, and the findings that are read as seen after it."""
    if found.set_by_scenario:
        yield from listing(f"set by {found.scenario}", found.set_by_scenario)
    if found.done_by_scenario is not None:
        yield from _moved(found.done_by_scenario, found.set_by_scenario)
    if found.done is not None:
        own = [statement for statement in found.settings if statement not in found.set_by_scenario]
        yield from _moved(found.done, own)
    if found.done is not None or found.done_by_scenario is not None:
        yield from after_do_text(found.after_do)


def _moved(done: Done, alone: Sequence[str]) -> Iterator[str]:
    """What some of the do() moved, together and each alone."""
    if done.effect is None or done.without is None:
        yield from wrapped(
            f"what is known cannot be without {' and '.join(alone)}, so that no effect can be said", width(), then="  "
        )
    else:
        ends = effect_text(done.effect, done.effect_low, done.effect_high)
        own = " and ".join(each.statement for each in done.each)
        yield from wrapped(
            f"{own} moved it from {number(done.without)} to {number(done.p)}: {ends}", width(), then="  "
        )
        if len(done.each) > 1:
            rows = [(each.statement, effect_text(each.effect, each.effect_low, each.effect_high)) for each in done.each]
            yield "each alone:"
            yield from columns(rows, right=set())
        if done.outside is not None or any(each.outside for each in done.each):
            yield "an effect that lies outside its range is at the stated numbers, ranges are of draws of them"


def _waterfall(found: Explanation, drawn: Marks) -> Iterator[str]:
    """From the probability before to the one after, finding by finding in the order of the file."""
    balance = found.balance
    if not balance.weights:
        yield (
            "nothing more is known, so nothing has a weight"
            if found.background
            else ("nothing is known, so nothing has a weight")
        )
        return
    how = "averaged over all orders" if balance.method == "all orders" else "in this order"
    yield f"findings in order, each moving the bar to {drawn.baseline}; dB is the weight {how}:"
    path = [balance.p_before, *(each.p_in_order for each in balance.weights)]
    rows = [
        ("with what is done" if found.settings else "before", "", number(path[0]), bar(path[0], path[0], drawn), "")
    ]
    for each, ends in zip(balance.weights, pairwise(path), strict=True):
        without = f"without it {number(each.p_without)}"
        rows.append((each.statement, _db(each.db), number(ends[1]), span(ends, ends[1], drawn), without))
    yield from columns(rows, right={1, 2})
    if balance.change_db is not None:
        yield f"together {_db(balance.change_db)}"
    if balance.reason:
        yield balance.reason


def _conflict(found: Conflict) -> Iterator[str]:
    if found.flagged and found.bits is not None:
        yield f"conflict {found.bits:.2f} bits, worst {found.findings[0].statement}"
        for each in found.resolved_by:
            yield f"  {each.variable}={each.state} would account for it ({number(each.before)} to {number(each.p)})"


def _surprises(found: Sequence[Surprise]) -> Iterator[str]:
    if found:
        p = "" if found[0].p is None else f", probability {number(found[0].p)} given the rest"
        yield f"least expected: {found[0].statement} ({found[0].bits:.2f} bits{p})"


def _seen_and_done(found: Explanation) -> Iterator[tuple[str, ...]]:
    yield "", "seen", "done", "gap", ""
    for each in found.seen_and_done:
        contrast, backdoor = each.contrast, each.backdoor
        gap = "-" if contrast.gap is None else signed(contrast.gap)
        causes = f"common causes: {', '.join(backdoor.confounders)}" if backdoor.confounders else ""
        why = "; ".join(part for part in (causes, "the target comes first" if backdoor.reverse else "") if part)
        yield f"{each.finding}={contrast.state}", or_dash(contrast.observe), or_dash(contrast.intervene), gap, why


def _db(decibels: float | None) -> str:
    return "infinite" if decibels is None else f"{signed(decibels, 2)} dB"
