"""The commands ``import`` and ``export``: prior files from other tools' formats, and models written in them."""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path

import click

from model.wording import quantity
from service.cli import completion
from service.cli.options import load, priors_option, root_of
from service.cli.page import say

NAMELESS = ("", "unknown", "unnamed", "untitled")
"""What tools call a network that nobody has named."""


@click.command("import", short_help="Make prior files from a file of another tool.")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder")
@click.option("--title", help="Title of the model (the file's name by default).")
@click.option("--source", "publication", help="Where the numbers were published; the file itself by default.")
@click.option("--url", help="Address of that publication.")
@click.option("--date", help="When it was published: YYYY, YYYY-MM or YYYY-MM-DD; today by default.")
@click.option("--as-of", help="The model's as-of date, YYYY-MM-DD; today by default.")
@click.option("--rename", is_flag=True, help="Give names that cannot be kept others, the old ones as labels.")
@click.option("--scale", is_flag=True, help="Scale rows that miss 1 by more than their digits allow, too.")
@click.option("--chance-only", is_flag=True, help="Read an influence diagram: decisions as levers, no utilities.")
@click.option("--ess", type=click.FloatRange(min=0, min_open=True), help="How sure every number is; else 'unstated'.")
@priors_option
def import_file(
    file: Path,
    folder: str,
    title: str | None,
    publication: str | None,
    url: str | None,
    date: str | None,
    as_of: str | None,
    rename: bool,
    scale: bool,
    chance_only: bool,
    ess: float | None,
    root: Path | None,
) -> None:
    """Make prior files in FOLDER from a FILE of another tool, number for number.

    FILE is BIF, XMLBIF, XDSL, Hugin's .net, Netica's .dne, .uai or .dsl, by its ending.
    Rows that miss 1 by no more than the digits they are printed with allow are scaled, and the largest miss is said.
    A FOLDER without a slash is made inside the folder of models. Nothing is written over, and nothing
    is written when the network is too large for exact inference.
    """
    from model.inference import triangulate
    from model.interchange import read, to_priors
    from model.specification import Source
    from service.cli import text

    place = Path(folder) if os.sep in folder else root_of(root) / folder
    exchange = read(file, rename=rename, scale=scale, chance_only=chance_only)
    tree = triangulate(exchange.network)
    today = datetime.date.today().isoformat()
    source = Source(
        name=_source_name(file),
        title=f"All tables of the network {(_stem(file) if exchange.name in NAMELESS else exchange.name)!r}",
        publication=publication or f"the file {file.name}",
        date=date or today,
        url=url,
        status="unverified",
        note=None
        if publication
        else "The file does not say where its numbers were published; the date is the import's.",
    )
    to_priors(
        exchange.network,
        place,
        title=title or _stem(file),
        source=source,
        as_of=as_of or today,
        ess=ess,
        beside=exchange.beside,
    )
    for note in exchange.notes:
        say(note)
    say(f"{place}: {text.size_text(exchange.network, tree)}")


@click.command(short_help="Write a model as BIF, XMLBIF or XDSL.")
@click.argument("model", shell_complete=completion.models)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Write over FILE if it is there.")
@priors_option
def export(model: str, file: Path, overwrite: bool, root: Path | None) -> None:
    """Write MODEL as a BIF, XMLBIF or XDSL FILE and say what the format has no place for."""
    from model.errors import BadExchangeFile
    from model.interchange import beside, losses, write

    loaded = load(model, root)
    lost = losses(loaded, file)
    if file.exists() and not overwrite:
        raise BadExchangeFile("exists already; --overwrite writes over it", where=(str(file),))
    notes = write(loaded.network, file, name=loaded.name, beside=beside(loaded))
    probabilities = quantity(loaded.network.parameters(), "probability", "probabilities")
    say(f"{file}: {quantity(len(loaded.network.names), 'variable')}, {probabilities}")
    for note in notes:
        say(note)
    say("no place in this format for:")
    for item in lost:
        say(f"  {item}")


def _source_name(file: Path) -> str:
    """A name for the imported file as a source.

    >>> _source_name(Path("2nd net.bif.gz"))
    'file_2nd_net'
    """
    words = re.sub(r"[^A-Za-z0-9]+", "_", _stem(file)).strip("_")
    return f"file_{words}"[:64]


def _stem(file: Path) -> str:
    return file.name.split(".")[0] or file.name
