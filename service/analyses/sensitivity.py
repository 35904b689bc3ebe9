"""Sensitivity: how far each prior number moves an event over its own 90 % range, and where it would tip it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import click
from pydantic import Field
from typing_extensions import TypedDict

from model.analyses import question_cost
from model.analyses import sensitivity as analysis
from model.analyses.sensitivity import SEARCHED, BreakEven, Sensitivity, Swing
from model.forecast import Forecaster
from model.resources.cost import Cost
from service.analyses.analysis import (
    ERRORS,
    Analysed,
    AnalysisParameters,
    event_of,
    json_and_csv,
    reply,
    state_of,
)
from service.analyses.command import SHARE, command_of, event_line, heading, page, span, under_lines
from service.cli.text import Marks, columns, marks, number
from service.http.operation import Reply, operation
from service.schemas.requests import AS_NUMBER, Number

MOST_ROWS = 15


class SensitivityParameters(AnalysisParameters):
    """An event, and a probability that it may pass."""

    threshold: Annotated[
        Annotated[Number, Field(ge=0, le=1)] | None,
        AS_NUMBER,
        Field(description="For each number, where it would take the event past this probability."),
    ] = None


class SensitivityRow(TypedDict):
    """A prior number and what it does to the event over its own 90 % range."""

    swing: float
    p_low: float
    p_high: float
    variable: str
    what: str
    value: float
    low: float
    high: float
    derivative: float
    method: str
    alpha: float | None
    beta: float | None
    gamma: float | None
    delta: float | None
    threshold: str | None
    lead: str | None
    sources: str
    file: str
    line: int


def rows(found: Sensitivity) -> Iterator[SensitivityRow]:
    """Numbers, the widest swing first."""
    for row in found.rows:
        alpha, beta, gamma, delta = row.coefficients or (None, None, None, None)
        yield {
            "swing": row.swing,
            "p_low": row.p_low,
            "p_high": row.p_high,
            "variable": row.variable,
            "what": row.what,
            "value": row.value,
            "low": row.low,
            "high": row.high,
            "derivative": row.derivative,
            "method": row.method,
            "alpha": alpha,
            "beta": beta,
            "gamma": gamma,
            "delta": delta,
            "threshold": tipping(row.threshold),
            "lead": tipping(row.lead),
            "sources": " ".join(row.sources),
            "file": row.file,
            "line": row.line,
        }


def tipping(found: BreakEven | None) -> str | None:
    """Where a number tips an answer, in words.

    >>> tipping(BreakEven((0.31,), "above", 0.0, 1.0, (-0.1, 0.2)))
    'above 0.31'
    >>> tipping(BreakEven((), None, 0.0, 1.0, (-0.2, -0.1)))
    'never from 0 to 1'
    """
    if found is None:
        return None
    if found.never:
        return f"never from {found.least:.4g} to {found.most:.4g}"
    return f"{found.direction or 'at'} {', '.join(f'{value:.6g}' for value in found.values)}"


@operation(
    "GET",
    "/v1/models/<model>/sensitivity",
    query=SensitivityParameters,
    forms=json_and_csv(Sensitivity, SensitivityRow, rows),
    errors=ERRORS,
)
def sensitivity(forecaster: Forecaster, asked: SensitivityParameters) -> Reply:
    """Say how far each prior number moves an event's probability over its own 90 % range, and where it would tip it."""
    event = event_of(forecaster, asked)

    def found() -> Sensitivity:
        state = state_of(event)
        return analysis.sensitivity(
            event.forecaster, event.question, target=event.target, state=state, threshold=asked.threshold
        )

    def cost() -> Cost:
        return question_cost.of_prior_numbers(event.forecaster, event.question, searched=SEARCHED)

    return reply(event, "sensitivity", found, cost, also=(("threshold", asked.threshold),))


OPERATIONS = (sensitivity,)


@command_of(sensitivity)
@click.option("--threshold", type=SHARE, help="Say for each number where it takes the event past this probability.")
@click.option("--most", type=click.IntRange(1), default=MOST_ROWS, show_default=True, help="Rows of the page.")
def command(found: Analysed, *, most: int) -> str:
    """How far each prior number moves TARGET being in STATE over its own 90 % range: a tornado.

    \b
    aftermath sensitivity asia lung yes --given xray:yes --threshold 0.5
    """
    result: Sensitivity = found.result
    drawn = marks()
    shown = result.rows[:most]
    lines = [event_line(found, result.state, result.p), *under_lines(found)]
    if not shown:
        return page(found, [*lines, "no prior number matters to it"])
    ends = [end for row in shown for end in (row.p_low, row.p_high)]
    scale = min(*ends, result.p), max(*ends, result.p)
    head = f"each number over its own 90 % range; bars from {number(scale[0])} to {number(scale[1])}"
    lines += [heading(f"{head}, {drawn.baseline} at {number(result.p)}", shown, len(result.rows))]
    if result.threshold is not None:
        lines.append(f"tips it: where the number, by itself, takes the event past {result.threshold:g}")
    lines += columns([_swing(row, result, drawn, scale) for row in shown], right={0, 2})
    return page(found, lines)


def _swing(row: Swing, result: Sensitivity, drawn: Marks, scale: tuple[float, float]) -> tuple[str, ...]:
    return (
        number(row.p_low),
        span((row.p_low, row.p_high), result.p, drawn, scale=scale),
        number(row.p_high),
        f"{row.variable}, {row.what} ({row.low:.3g} to {row.high:.3g}{_unit(row)})",
        tips_text(row.threshold, _unit(row)),
    )


def _unit(row: Swing) -> str:
    return " dB" if row.scale == "decibels" else ""


def tips_text(found: BreakEven | None, unit: str = "") -> str:
    """Where a number takes an answer over the threshold, in words of a page; nothing where none was named.

    >>> tips_text(BreakEven((0.31,), "above", 0.0, 1.0, (-0.1, 0.2)))
    'tips it above 0.31'
    >>> tips_text(BreakEven((), None, 0.0, 1.0, (-0.2, -0.1)))
    'tips it nowhere from 0 to 1'
    """
    if found is None:
        return ""
    nowhere = f"nowhere from {found.least:.4g} to {found.most:.4g}"
    return f"tips it {nowhere if found.never else tipping(found)}{unit}"
