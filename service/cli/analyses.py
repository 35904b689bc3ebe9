"""Commands that analyse one event: each answers what its HTTP address answers, as a page or as the very same bytes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from service.cli.options import evidence_options, priors_option, ready

if TYPE_CHECKING:
    from service.analyses.analysis import Analysed
    from service.http.operation import Operation

MOST_ROWS = 15
PAGE_ONLY = {"model", "root", "as_json", "most", "as_markdown"}
"""What is said of the page and not of the event."""

SHARE = click.FloatRange(0, 1)


class _InContext(click.Command):
    """A command whose function takes the context, and finds there what was said."""

    def invoke(self, ctx: click.Context) -> None:
        """Run the function."""
        assert self.callback is not None
        self.callback(ctx)


def _event_command(short_help: str) -> Callable[[Callable[[click.Context], None]], click.Command]:
    """A command on MODEL TARGET [STATE], with ``--json``, ``--priors`` and the options that say what is known."""
    parts: tuple[Callable[[Any], Any], ...] = (
        click.argument("model"),
        click.argument("target"),
        click.argument("state", required=False),
        evidence_options,
        click.option("--json", "as_json", is_flag=True, help="Exactly the body of the HTTP answer."),
        priors_option,
    )
    command = click.command(cls=_InContext, short_help=short_help)
    return lambda asked: command(reduce(lambda made, part: part(made), reversed(parts), asked))


@_event_command("What each finding weighs for an event, and along which ways.")
def explain(context: click.Context) -> None:
    """Why TARGET is in STATE as probably as it is; without STATE, in its most probable one.

    \b
    aftermath explain asia lung yes --given xray:yes
    """
    from service.analyses import pages
    from service.cli import text
    from service.routes import analyses

    found = _found(analyses.explanation, context)
    _print(context, analyses.explanation, found, lambda: pages.explanation_text(found, text.marks()))


@_event_command("Which prior statements and sources an event's uncertainty comes from.")
def attribution(context: click.Context) -> None:
    """Which prior statements and which sources carry the uncertainty of TARGET being in STATE.

    \b
    aftermath attribution asia lung yes --given xray:yes
    """
    from service.analyses import pages
    from service.cli import text
    from service.routes import analyses

    found = _found(analyses.attribution, context)
    _print(context, analyses.attribution, found, lambda: pages.attribution_text(found, text.marks()))


@_event_command("How far each prior number moves an event.")
@click.option("--threshold", type=SHARE, help="Say for each number where it takes the event past this probability.")
@click.option("--most", type=click.IntRange(1), default=MOST_ROWS, show_default=True, help="Rows of the page.")
def sensitivity(context: click.Context) -> None:
    """How far each prior number moves TARGET being in STATE over its own 90 % range: a tornado.

    \b
    aftermath sensitivity asia lung yes --given xray:yes --threshold 0.5
    """
    from service.analyses import pages
    from service.cli import text
    from service.routes import analyses

    found, most = _found(analyses.sensitivity, context), context.params["most"]
    _print(
        context,
        analyses.sensitivity,
        found,
        lambda: pages.sensitivity_text(found, text.marks(), most=most),
    )


@_event_command("What to find out next.")
@click.option("--steps", type=click.IntRange(1, 8), help="How long the plan is (3).")
@click.option("--budget", type=click.FloatRange(0, min_open=True), help="What all steps may cost together.")
def plan(context: click.Context) -> None:
    """What to find out next about TARGET: what improves its forecast most for what it costs.

    With STATE it is about that state alone, without it about all of them.

    \b
    aftermath plan mosul-2017 pathway --steps 4
    """
    from service.analyses import pages
    from service.routes import analyses

    found = _found(analyses.collection_plan, context)
    _print(context, analyses.collection_plan, found, lambda: pages.plan_text(found))


@_event_command("The fewest changes that bring an event below or above a probability.")
@click.option("--below", type=SHARE, help="The probability to get under.")
@click.option("--above", type=SHARE, help="The probability to get over.")
@click.option("--using", type=click.Choice(["levers", "findings", "both"]), help="What may change (levers).")
@click.option("--largest", type=click.IntRange(1, 3), help="Most changes in a set (3).")
def goals(context: click.Context) -> None:
    """The fewest changes that bring TARGET being in STATE below or above a probability.

    \b
    aftermath goals asia dysp yes --below 0.4
    """
    from service.analyses import pages
    from service.routes import analyses

    found = _found(analyses.goals, context)
    _print(context, analyses.goals, found, lambda: pages.goals_text(found))


@_event_command("What each setting of each lever does to an event.")
def policies(context: click.Context) -> None:
    """Every setting of every lever, one at a time, by what it does to TARGET being in STATE.

    \b
    aftermath policies asia lung yes
    """
    from service.analyses import pages
    from service.cli import text
    from service.routes import analyses

    found = _found(analyses.policies, context)
    _print(context, analyses.policies, found, lambda: pages.policies_text(found, text.marks()))


@_event_command("What is to be said of an event, written out.")
@click.option("--markdown", "as_markdown", is_flag=True, help="As Markdown.")
def brief(context: click.Context) -> None:
    """What is to be said of TARGET being in STATE: how likely it is, why, and what that rests on.

    \b
    aftermath brief asia lung yes --given xray:yes
    """
    from service.routes import analyses

    found = _found(analyses.brief, context)
    form = "md" if context.params["as_markdown"] else "txt"
    _print(context, analyses.brief, found, lambda: _written(analyses.brief, found, form).decode())


ANALYSES = (explain, attribution, sensitivity, plan, goals, policies, brief)


def _found(asked: Operation, context: click.Context) -> Analysed:
    """What the operation of the HTTP service finds, asked the same. Raises what it raises."""
    from service.http.validation import validated
    from service.schemas.requests import AnalysisParameters

    said = {name: value for name, value in context.params.items() if name not in PAGE_ONLY and value is not None}
    said |= {name: list(said[name]) for name in ("given", "do")}
    parameters = validated(asked.query or AnalysisParameters, said)
    found: Analysed = asked.view(ready(context.params["model"], context.params["root"]), parameters).content()
    return found


def _written(asked: Operation, found: Analysed, suffix: str) -> bytes:
    [form] = (form for form in asked.forms if form.suffix == suffix)
    return form.write(found)


def _print(context: click.Context, asked: Operation, found: Analysed, page: Callable[[], str]) -> None:
    if context.params["as_json"]:
        sys.stdout.flush()
        sys.stdout.buffer.write(_written(asked, found, "json"))
        return
    click.echo(page(), nl=False)
