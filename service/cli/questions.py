"""The command that puts a model's forecast questions beside their base rates."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from service.cli import completion
from service.cli.options import priors_option, ready
from service.cli.page import say, width


@click.command(short_help="Forecast questions, with the model's probabilities and the base rates.")
@click.argument("model", shell_complete=completion.models)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with events, notes and reasons.")
@priors_option
def questions(model: str, as_json: bool, root: Path | None) -> None:
    """Each forecast question of MODEL: by when the world answers it, what the model gives its event, the base rate.

    \b
    aftermath questions mosul-2017 --json
    """
    from model.analyses.model_review import forecasted
    from service.cli import text
    from service.http.json_encoding import encoded
    from service.translate import models

    forecaster = ready(model, root)
    found = forecasted(forecaster)
    if as_json:
        sys.stdout.flush()
        sys.stdout.buffer.write(encoded(models.forecast_questions(forecaster.model, found)))
    elif found:
        say(text.questions_text(found, width=width()))
        say(text.expressible_text(forecaster.model))
    else:
        say(f"{model} has no forecast questions")
