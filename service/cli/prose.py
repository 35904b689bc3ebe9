"""The command ``prose``: a text held against the answers that it cites."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from model.errors import AftermathError, Place
from model.wording import quantity, wrapped
from service.cli.options import REFUSED, folder_of, folders_of, ready
from service.cli.page import say, width
from service.cli.store_options import store_of, store_options

if TYPE_CHECKING:
    from model.forecast import Forecaster
    from service.schemas.prose import ProseAnswer, UnsupportedNumber
    from service.translate.citations import Library


@click.command("prose", short_help="Which numbers of a text its answers do not support.")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option(
    "--cite", "permalinks", multiple=True, metavar="PERMALINK", help="An answer that FILE does not hold itself."
)
@click.option("--json", "as_json", is_flag=True, help="Exactly the body of the HTTP answer.")
@store_options
def prose(file: IO[str], permalinks: Sequence[str], root: Path | None, state: Path | None, *, as_json: bool) -> None:
    """Each number of FILE (- is what comes in) that the answers whose permalinks it holds do not support.

    It is shown in its place, with why and the nearest that they do support. Exits 1 where there is one. Permalinks are
    addresses with a revision, or of answers kept in the store.

    \b
    aftermath prose report.md
    aftermath prose report.md --cite '/v1/models/asia/forecast/lung?revision=r-2fbdfe226e4cdc26'
    """
    from service.http.json_encoding import encoded
    from service.http.validation import validated
    from service.schemas.prose import MOST_CITED, ProseSent
    from service.translate.citations import cited
    from service.translate.prose import prose_answer

    body: ProseSent = validated(ProseSent, {"text": _text(file), "permalinks": list(permalinks)})
    found = prose_answer(body.text, cited(_library(root, state), body.text, body.permalinks, most=MOST_CITED))
    if as_json:
        sys.stdout.flush()
        sys.stdout.buffer.write(encoded(found))
    else:
        say(_page(found, file.name), nl=False)
    if not found.supported:
        sys.exit(REFUSED)


def _text(file: IO[str]) -> str:
    try:
        return str(file.read())
    except UnicodeDecodeError as error:
        raise AftermathError(f"{file.name}: no text in UTF-8: {error.reason} at byte {error.start}") from None


def _library(root: Path | None, state: Path | None) -> Library:
    """Where answers are without a service: models of the folder as they are, others and kept answers in the store."""
    from service.routes import OPERATIONS
    from service.store import answers
    from service.translate.citations import Library
    from service.translate.kinds import kinds

    def kept(identity: str) -> tuple[str, bytes]:
        with closing(store_of(root, state)) as store:
            return answers.answer(store, identity).asked.model, answers.body(store, identity, "json")

    made: dict[tuple[str, str], Forecaster] = {}

    def forecaster(model: str, revision: str, where: Place) -> Forecaster:
        if (model, revision) not in made:
            made[model, revision] = _forecaster(model, revision, where, root, state)
        return made[model, revision]

    return Library(kinds(OPERATIONS), forecaster, kept)


def _forecaster(model: str, revision: str, where: Place, root: Path | None, state: Path | None) -> Forecaster:
    """A model at a revision: as its folder is, if that is the revision, else as the store has it."""
    from service.cli.model_files import Kept, edition_of, model_files
    from service.revisions import UnknownModel, UnknownRevision
    from service.store.errors import RevisionNotKept

    folders = folders_of(root)
    if model not in folders:
        raise UnknownModel(model, folders, where=where)
    found = ready(model, root)
    if found.model.revision == revision:
        return found
    try:
        files = model_files(model, revision, folder_of(model, root), Kept(root, state))
    except RevisionNotKept:
        raise UnknownRevision(revision, (found.model.revision,), where=where) from None
    return edition_of(files).forecaster


def _page(found: ProseAnswer, name: str) -> str:
    """What is not supported, a line each as compilers have it."""
    lines: list[str] = []
    for each in found.unsupported:
        lines += [*wrapped(f"{name}:{each.line}:{each.column}: {each.text}", width()), *_why(each)]
    count, numbers = len(found.unsupported), quantity(found.numbers, "number")
    said = f"all of {numbers} supported" if not count else f"{count} of {numbers} not supported"
    return "\n".join([*lines, f"{said} by {quantity(len(found.permalinks), 'answer')}"]) + "\n"


def _why(each: UnsupportedNumber) -> list[str]:
    about = " ".join(part for part in (each.target, each.state) if part)
    lines = wrapped(f"{each.why}{f' ({about})' if about else ''}", width() - 2)
    if each.nearest is not None:
        of = " ".join(part for part in (each.nearest.target, each.nearest.state, each.nearest.side) if part)
        lines += wrapped(f"nearest: {each.nearest.said}, {each.nearest.name} of {of or 'the answer'}", width() - 2)
    return [f"  {line}" for line in (*lines, *wrapped(f"“{each.around}”", width() - 2))]
