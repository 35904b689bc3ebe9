"""Attribution: which prior statements and sources an event's uncertainty comes from."""

from __future__ import annotations

from collections.abc import Iterator

from typing_extensions import TypedDict

from model.analyses import question_cost, variance_attribution
from model.analyses.variance_attribution import Attribution, StatementShare
from model.forecast import Forecaster
from model.wording import wrapped
from service.analyses.analysis import (
    ERRORS,
    Analysed,
    AnalysisParameters,
    event_of,
    json_and_csv,
    reply,
    state_of,
)
from service.analyses.command import command_of, event_line, heading, or_dash, page, under_lines
from service.cli.page import width
from service.cli.text import bar, columns, marks, number
from service.http.operation import Reply, operation

FEW = 10
"""Statements and sources of a page."""

MEANS = (
    "without it: the probability when what cites this source alone says nothing; without all that cite it: when "
    "everything that cites it says nothing, whatever it cites beside; -: what is known could not be then"
)
"""What the columns of sources hold."""


class AttributionRow(TypedDict):
    """A prior statement and the part of the variance that it carries."""

    share: float
    sd: float
    variable: str
    what: str
    ess: float | None
    p_visited: float | None
    sources: str
    file: str
    line: int


def rows(found: Attribution) -> Iterator[AttributionRow]:
    """Statements, the largest share first."""
    for row in found.statements:
        yield {
            "share": row.share,
            "sd": row.sd,
            "variable": row.variable,
            "what": row.what,
            "ess": row.ess,
            "p_visited": row.p_visited,
            "sources": " ".join(row.sources),
            "file": row.file,
            "line": row.line,
        }


@operation(
    "GET",
    "/v1/models/<model>/attribution",
    query=AnalysisParameters,
    forms=json_and_csv(Attribution, AttributionRow, rows),
    errors=ERRORS,
)
def attribution(forecaster: Forecaster, asked: AnalysisParameters) -> Reply:
    """Say which prior statements and which sources carry the uncertainty of an event's probability."""
    event = event_of(forecaster, asked)

    def found() -> Attribution:
        return variance_attribution.attribution(
            event.forecaster, event.question, target=event.target, state=state_of(event)
        )

    return reply(event, "attribution", found, lambda: question_cost.of_prior_numbers(event.forecaster, event.question))


OPERATIONS = (attribution,)


@command_of(attribution)
def command(found: Analysed) -> str:
    """Which prior statements and which sources carry the uncertainty of TARGET being in STATE.

    \b
    aftermath attribution asia lung yes --given xray:yes
    """
    result: Attribution = found.result
    drawn = marks()
    lines = [event_line(found, result.state, result.p), *under_lines(found)]
    lines += [f"standard deviation {number(result.sd)}, to first order"]
    if result.statements:
        shown = [
            (_share(row.share), bar(row.share, 0.0, drawn), f"{row.ess:g}" if row.ess else "-", _statement(row))
            for row in result.statements[:FEW]
        ]
        lines += [heading("statements, with their share and sample size", shown, len(result.statements))]
        lines += columns(shown, right={0, 2})
    if result.sources:
        named = [
            (_share(row.share), row.source, f"{row.statements}", or_dash(row.p_without), or_dash(row.p_without_any))
            for row in result.sources[:FEW]
        ]
        head = ("share", "source", "statements", "without it", "without all that cite it")
        lines += [heading("sources", named, len(result.sources)), *columns([head, *named], right={0, 2, 3, 4})]
        lines += wrapped(MEANS, width(), then="  ")
    return page(found, lines)


def _statement(row: StatementShare) -> str:
    return f"{row.variable}, {row.what} ({row.file}:{row.line})"


def _share(part: float) -> str:
    """A share in percent to one decimal; one that rounds to nothing is not shown as nothing.

    >>> _share(0.414), _share(0.0004), _share(0.0)
    ('41.4 %', '<0.1 %', '0.0 %')
    """
    return "<0.1 %" if 0 < part < 0.0005 else f"{100 * part:.1f} %"
