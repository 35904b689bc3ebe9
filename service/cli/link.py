"""The commands ``link``: addresses that let whoever has one ask one question, and no other."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.page import say
from service.cli.store_options import ORIGIN, store_of, store_options, user

if TYPE_CHECKING:
    from service.store.links import Link

MOST_DAYS = 366
DAYS = 30


@click.group(short_help="Read-only links of a service: new, list, revoke.")
def link() -> None:
    """Addresses with a key, for spreadsheets and pages that can send no token: each asks one question, by GET alone."""


@link.command(short_help="Make a link and show it once.")
@click.argument("address")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=DAYS, show_default=True, help="When it expires.")
@click.option("--label", default="", help="Whose it is.")
@store_options
def new(address: str, days: int, label: str, root: Path | None, state: Path | None) -> None:
    """Make a link to ADDRESS, such as '/v1/models/asia/forecast/lung.csv?given=xray:yes', and print it.

    Whoever has it may ask that question in any form of its answer. It cannot be shown again.
    """
    from service.store import links

    asked = links.question(address)
    with closing(store_of(root, state)) as store:
        issued = links.new(store, asked, lasting=timedelta(days=days), label=label, author=user(), origin=ORIGIN)
    say(issued.address(links.form_of(address)))
    say(f"{_line(issued.link)}; its key is not shown again", err=True)


@link.command("list", short_help="Every link, without its key.")
@store_options
def list_links(root: Path | None, state: Path | None) -> None:
    """Every link in the order in which they were made: to which question, until when, when it was last used."""
    from service.store import links

    with closing(store_of(root, state)) as store:
        found = links.every(store)
    for each in found:
        say(_line(each))
    if not found:
        say("no links")


@link.command(short_help="End a link now.")
@click.argument("id")
@store_options
def revoke(id: str, root: Path | None, state: Path | None) -> None:
    """End the link ID, which ``aftermath link list`` shows; workers refuse it within two seconds."""
    from service.store import links

    with closing(store_of(root, state)) as store:
        say(_line(links.revoke(store, id, author=user(), origin=ORIGIN)))


def _line(each: Link) -> str:
    """A link in a line."""
    whose = f"{each.label}: " if each.label else ""
    ended = f", revoked {each.revoked:%Y-%m-%d %H:%M} UTC" if each.revoked else ""
    used = f"last used {each.last_used:%Y-%m-%d %H:%M} UTC" if each.last_used else "never used"
    return f"{each.id}  {whose}{each.question}, until {each.expires:%Y-%m-%d}{ended}, {used}"
