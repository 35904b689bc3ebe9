"""The command ``show``: the tables that a variable's words mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import completion
from service.cli.options import load, priors_option
from service.cli.page import say, width

if TYPE_CHECKING:
    from model.specification import Model


@click.command(short_help="The tables that a variable's words mean.")
@click.argument("model", shell_complete=completion.models)
@click.argument("variable", metavar="VARIABLE|FILE", shell_complete=completion.variables)
@priors_option
def show(model: str, variable: str, root: Path | None) -> None:
    """The table that the words of VARIABLE mean, with 90 % ranges and sources.

    The name of one of the model's files, such as levers, shows every variable in it.
    """
    from model import readback

    loaded = load(model, root)
    chosen = [variable] if variable in loaded.network else (_written_in(loaded, variable) or [variable])
    say("\n\n".join(readback.show(loaded, name).text(width()).rstrip("\n") for name in chosen))


def _written_in(model: Model, theme: str) -> list[str]:
    """Variables whose file has this name, with or without its ending, in file order."""
    files = {f"{theme}.yaml", theme}
    return [
        name
        for name in model.network.names
        if any(Path(statement.file).name in files for statement in model.described[name].statements)
    ]
