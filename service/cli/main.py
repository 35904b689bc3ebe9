"""The command line: all commands together, and how errors and Ctrl-C end them.

Each command imports what it needs when it runs, so that ``aftermath --help`` answers at once and
only ``import`` and ``export`` come near other tools' formats.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from model.errors import AftermathError
from service.analyses import ANALYSES
from service.cli.activate import activate
from service.cli.ask import ask
from service.cli.check import check
from service.cli.db import db
from service.cli.error_places import as_options
from service.cli.exchange import export, import_file
from service.cli.link import link
from service.cli.lists import LISTS
from service.cli.new import new, schema
from service.cli.options import REFUSED
from service.cli.page import fit_streams, say, width
from service.cli.plot import plot
from service.cli.prose import prose
from service.cli.questions import questions
from service.cli.serve import serve
from service.cli.show import show
from service.cli.status import status
from service.cli.sweep import sweep
from service.cli.token import token

WIDEST_HELP = 78
"""Columns of help: more are hard to read."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command: exit 0, 1 for a refused question or a model with problems, 2 for wrong usage, 130 for Ctrl-C."""
    if arguments is None:
        signal.signal(signal.SIGINT, _stopped)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))  # whoever started us may have held it back
    fit_streams()
    try:
        _run(arguments)
    except OSError as error:
        _end_without_output(error)


def _run(arguments: Sequence[str] | None) -> NoReturn:
    """Run a command, and be sure that what it printed has left before the end."""
    try:
        commands.main(args=arguments, prog_name="aftermath", standalone_mode=True)
    except AftermathError as error:
        for line in _lines(error):
            say(line, err=True)
        sys.exit(REFUSED)
    finally:
        sys.stdout.flush()
    sys.exit(0)


def _end_without_output(error: OSError) -> NoReturn:
    """The disk is full, or whoever read has gone: say so in a line, and let nothing more be written at the exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError):
        if not isinstance(error, BrokenPipeError):
            of_file = f" ({error.filename})" if error.filename else ""
            say(f"aftermath: {error.strerror or error}{of_file}", err=True)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    sys.exit(REFUSED)


def _stopped(_number: int, _frame: object) -> None:
    """End at once and in one line: no command leaves half a file."""
    os.write(2, b"\nStopped.\n")
    os._exit(130)


class Commands(click.Group):
    """All commands; their help is as wide as the terminal, however narrow that is, up to 80 columns."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        return super().make_context(info_name, args, parent, **extra | {"terminal_width": min(width(), WIDEST_HELP)})


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aftermath", message="%(prog)s %(version)s")
def commands() -> None:
    """Conditional forecasts from a Bayesian network: exact, cited, compared with what is known."""


def _lines(error: AftermathError) -> list[str]:
    """An error as plain lines, each of several mistakes on its own, and where it lies as an option."""
    several = getattr(error, "errors", None) or getattr(error, "problems", None) or (error,)
    for each in several:
        if isinstance(each, AftermathError):
            as_options(each)
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


OF_THE_STORE = (status, activate, db, token, link)
for _command in (
    check,
    show,
    ask,
    import_file,
    export,
    plot,
    prose,
    questions,
    *LISTS,
    new,
    schema,
    serve,
    sweep,
    *OF_THE_STORE,
):
    commands.add_command(_command)
for _each in ANALYSES:
    if _each.command is not None:
        commands.add_command(AnalysisCommand(_each.command, file=_each.file, short_help=_each.summary))


if __name__ == "__main__":
    main()
