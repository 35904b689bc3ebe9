"""The options ``--state`` and ``--priors`` of commands on the store, and the store that they mean."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.cli.options import priors_option, root_of

if TYPE_CHECKING:
    from service.store.database import Store

Command = TypeVar("Command", bound=Callable[..., Any])
ORIGIN = "the command line"
"""Where from something was done, in the audit log."""


def store_options(command: Command) -> Command:
    """``--state DIR`` and ``--priors DIR``, on every command that opens the store."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder of the store (else DATABASE_URL, else AFTERMATH_STATE, else one in the user's state folder).",
    )(priors_option(command))


def user() -> str:
    """Who runs the command, as the audit log has it; nothing where the system does not say."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def store_of(root: Path | None, state: Path | None) -> Store:
    """The store of a deployment; nothing is opened before it is used."""
    from service.store.database import Store
    from service.store.location import place

    return Store(place(root_of(root), state=state))
