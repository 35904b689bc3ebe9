"""The command ``ask``: how likely each state of a target is under a what-if."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from service.cli import completion
from service.cli.options import EVENT_HELP, evidence_options, interval_options, priors_option, question_of, ready
from service.cli.page import say


@click.command(short_help="How likely each state of a target is under a what-if.")
@click.argument("model", shell_complete=completion.models)
@click.argument("targets", metavar="TARGET…", nargs=-1, shell_complete=completion.variables)
@click.option("--event", multiple=True, metavar="EVENT", help=EVENT_HELP)
@click.option(
    "--joint",
    "joints",
    multiple=True,
    metavar="NAMES",
    help="Variables, with commas, to be asked together; repeat for more.",
)
@evidence_options
@interval_options
@click.option("--most-probable", is_flag=True, help="Also the most probable states of all variables together.")
@click.option("--sources", "whole", is_flag=True, help="Say the whole of every source, not only its name.")
@click.option("--json", "form", flag_value="json", help="Exactly the body of the HTTP answer.")
@click.option("--csv", "form", flag_value="csv", help="Exactly the table of the HTTP answer.")
@priors_option
def ask(
    model: str,
    targets: tuple[str, ...],
    event: tuple[str, ...],
    joints: tuple[str, ...],
    given: tuple[str, ...],
    do: tuple[str, ...],
    scenario: str | None,
    cohort: str | None,
    interval: float,
    point: bool,
    most_probable: bool,
    whole: bool,
    form: str | None,
    root: Path | None,
) -> None:
    """How likely each state of TARGET is under a what-if.

    \b
    aftermath ask asia lung --given xray:yes --do smoke:no
    aftermath ask asia --event 'any(lung:yes,tub:yes)' --given xray:yes
    aftermath ask asia --joint lung,tub --given xray:yes

    Without TARGET and --event the variables of --joint are the targets.
    """
    if not targets and not event and not joints:
        raise click.UsageError("Missing argument 'TARGET…', or --event or --joint in its place.")
    from model.forecast import answer
    from service.cli import text
    from service.translate import combinations, forecasts, questions

    forecaster, events = questions.about(ready(model, root), event)
    together = questions.joints(joints)
    named = (*targets, *events) or tuple(dict.fromkeys(name for names in together for name in names))
    asked = replace(
        question_of(given, do, scenario=scenario, cohort=cohort),
        targets=named,
        joint=together,
        most_probable=most_probable,
        interval=None if point else interval,
    )
    found = answer(forecaster, questions.resolved(forecaster.model, asked))
    if form is not None:
        write = forecasts.answer_body if form == "json" else combinations.answer_csv
        sys.stdout.flush()
        sys.stdout.buffer.write(write(forecaster.model, found))
        return
    say(text.answer_text(forecaster.model, found, drawn=text.marks(), whole=whole), nl=False)
