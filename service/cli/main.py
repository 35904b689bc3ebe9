"""The command line: all commands together, how errors end them, and ``serve``.

Each command imports what it needs when it runs, so that ``aftermath --help`` answers at once and
only ``import`` and ``export`` come near other tools' formats.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

import click

from model.errors import AftermathError
from service.analyses import ANALYSES
from service.cli.ask import ask
from service.cli.check import check
from service.cli.db import db
from service.cli.exchange import export, import_file
from service.cli.lists import LISTS
from service.cli.new import new, schema
from service.cli.options import REFUSED, priors_option, root_of
from service.cli.plot import plot
from service.cli.questions import questions
from service.cli.show import show
from service.cli.status import status
from service.cli.token import token

HOME = Path(__file__).resolve().parents[2]
"""Where wsgi.py stands: the work tree, or the folder of installed packages."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command: exit 0, 1 for a refused question or a model with problems, 2 for wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        commands.main(args=arguments, prog_name="aftermath", standalone_mode=True)
    except AftermathError as error:
        for line in _lines(error):
            click.echo(line, err=True)
        sys.exit(REFUSED)
    sys.exit(0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aftermath", message="%(prog)s %(version)s")
def commands() -> None:
    """Conditional forecasts from a Bayesian network: exact, cited, compared with what is known."""


@commands.command(short_help="Serve every model over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@priors_option
def serve(host: str, port: int, root: Path | None) -> None:
    """Serve every model over HTTP, under gunicorn, until stopped."""
    environment = {**os.environ, "AFTERMATH_PRIORS": str(root_of(root).resolve())}
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [sys.executable, "-m", "gunicorn", "--config", str(_configuration()), "--bind", address]
    command += ["--pythonpath", str(HOME), "wsgi:app"]
    click.echo(f"Serving on http://{address} (Ctrl-C stops it).", err=True)
    sys.stderr.flush()
    os.execve(command[0], command, environment)


def _lines(error: AftermathError) -> list[str]:
    """An error as plain lines; each of several mistakes on its own."""
    several = getattr(error, "errors", None) or getattr(error, "problems", None) or (error,)
    return [" ".join(str(each).splitlines()) for each in several]


class AnalysisCommand(click.Command):
    """A command of an analysis: its file, and with it all that computes, is imported when the command is called."""

    def __init__(self, name: str, *, file: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.file = file

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of the analysis's own command."""
        command: click.Command = import_module(f"service.analyses.{self.file}").command
        return command.make_context(info_name, args, parent, **extra)


def _configuration() -> Path:
    """gunicorn.conf.py: beside the project's code, or where an installed wheel put it."""
    places = (HOME, Path(sys.prefix) / "share" / "aftermath")
    for place in places:
        if (place / "gunicorn.conf.py").is_file():
            return place / "gunicorn.conf.py"
    raise AftermathError(f"gunicorn.conf.py is in none of {', '.join(map(str, places))}; install the project again")


for _command in (check, show, ask, import_file, export, plot, questions, *LISTS, new, schema, status, db, token):
    commands.add_command(_command)
for _each in ANALYSES:
    if _each.command is not None:
        commands.add_command(AnalysisCommand(_each.command, file=_each.file, short_help=_each.summary))


if __name__ == "__main__":
    main()
