"""The commands ``token``: who may ask a service, and change it, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.options import split_names
from service.cli.page import say
from service.cli.store_options import ORIGIN, store_of, store_options, user

if TYPE_CHECKING:
    from service.store.tokens import Token


@click.group(short_help="Tokens of a service: new, list, revoke.")
def token() -> None:
    """Tokens that clients present over HTTP, as ``Authorization: Bearer TOKEN``. No address makes or shows one."""


@token.command(short_help="Make a token and show it once.")
@click.argument("label")
@click.option(
    "--scopes", multiple=True, metavar="NAMES", help="read, write (reads too) or admin (all); read by default."
)
@click.option("--models", multiple=True, metavar="PATTERNS", help="Models it is for, such as 'mosul-*' (*).")
@click.option("--days", type=click.IntRange(min=1), help="After how many days it expires; else it does not.")
@store_options
def new(
    label: str,
    scopes: Sequence[str],
    models: Sequence[str],
    days: int | None,
    root: Path | None,
    state: Path | None,
) -> None:
    """Make a token for LABEL, which says whose it is, and print it: it cannot be shown again."""
    from service.store import tokens

    with closing(store_of(root, state)) as store:
        issued = tokens.new(
            store,
            label,
            scopes=split_names(scopes) or ("read",),
            models=split_names(models) or ("*",),
            lasting=None if days is None else timedelta(days=days),
            author=user(),
            origin=ORIGIN,
        )
    say(issued.secret)
    say(f"{_line(issued.token)}; it is not shown again", err=True)


@token.command("list", short_help="Every token, without its secret.")
@store_options
def list_tokens(root: Path | None, state: Path | None) -> None:
    """Every token in the order in which they were made: whose, for what, until when, when it was last used."""
    from service.store import tokens

    with closing(store_of(root, state)) as store:
        found = tokens.every(store)
    for each in found:
        say(_line(each))
    if not found:
        say("no tokens")


@token.command(short_help="End a token now.")
@click.argument("id")
@store_options
def revoke(id: str, root: Path | None, state: Path | None) -> None:
    """End the token ID, which ``aftermath token list`` shows; workers refuse it within two seconds."""
    from service.store import tokens

    with closing(store_of(root, state)) as store:
        say(_line(tokens.revoke(store, id, author=user(), origin=ORIGIN)))


def _line(each: Token) -> str:
    """A token in a line."""
    allowed = f"{','.join(each.scopes)} of {','.join(each.models)}"
    until = f"until {each.expires:%Y-%m-%d}" if each.expires else "without end"
    ended = f", revoked {each.revoked:%Y-%m-%d %H:%M} UTC" if each.revoked else ""
    used = f"last used {each.last_used:%Y-%m-%d %H:%M} UTC" if each.last_used else "never used"
    return f"{each.id}  {each.label}: {allowed}, {until}{ended}, {used}"
