"""Brief: what is to be said of an event, written out, as Markdown and as plain text."""

from __future__ import annotations

from collections.abc import Callable

import click
from msgspec import Struct

from model.analyses import question_cost
from model.forecast import Forecaster
from model.report import brief_text
from model.report.brief import Brief
from model.report.brief import brief as brief_of
from service.analyses.analysis import (
    ERRORS,
    Analysed,
    AnalysisParameters,
    body_form,
    event_of,
    reply,
    state_of,
)
from service.analyses.command import command_of, in_form
from service.cli.compare_command import beside_its_cohort
from service.cli.page import width
from service.http.forms import Form
from service.http.operation import Reply, operation


class WrittenLinks(Struct):
    """What is written out in text, in each of its forms, for the active revision."""

    json: str | None
    md: str | None
    txt: str | None


class WrittenPlaces(Struct):
    """Where an analysis stands that is written out in text."""

    permalink: str | None
    links: WrittenLinks


def text_form(suffix: str, media: str, write: Callable[..., str]) -> Form:
    """An analysis written out: ``write`` takes the result and the pinned address of what it writes."""

    def written(found: Analysed) -> bytes:
        permalink = found.address.permalink(found.model.revision, suffix)
        return write(found.result, permalink=permalink, apart=_apart(found)).encode()

    return Form(suffix, f"{media}; charset=utf-8", written, str)


def _apart(found: Analysed) -> str | None:
    """The command that tells what the conditions do to a cohort from what the cohort does."""
    return beside_its_cohort(found.model, found.event.question)


@operation(
    "GET",
    "/v1/models/<model>/brief",
    query=AnalysisParameters,
    forms=(
        body_form(Brief, WrittenPlaces),
        text_form("md", "text/markdown", brief_text.markdown),
        text_form("txt", "text/plain", brief_text.text),
    ),
    errors=ERRORS,
)
def brief(forecaster: Forecaster, asked: AnalysisParameters) -> Reply:
    """Write down what is to be said of an event: how likely it is, why, and what that rests on."""
    event = event_of(forecaster, asked)

    def found() -> Brief:
        return brief_of(event.forecaster, event.question, target=event.target, state=state_of(event))

    return reply(
        event,
        "brief",
        found,
        lambda: question_cost.of_brief(event.forecaster, event.question, event.target),
        forms=("json", "md", "txt"),
    )


OPERATIONS = (brief,)


@command_of(brief)
@click.option("--markdown", "as_markdown", is_flag=True, help="As Markdown.")
def command(found: Analysed, *, as_markdown: bool) -> str:
    """What is to be said of TARGET being in STATE: how likely it is, why, and what that rests on.

    \b
    aftermath brief asia lung yes --given xray:yes
    """
    if as_markdown:
        return in_form(brief, found, "md").decode()
    permalink = found.address.permalink(found.model.revision, "txt")
    return brief_text.text(found.result, permalink=permalink, apart=_apart(found), width=width())
