"""The commands ``new`` and ``schema``: a model to begin from, and the schemas that an editor checks its files with."""

from __future__ import annotations

import os
import shutil
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp

import click

from model.errors import AftermathError
from service.cli.page import say


class NotWritten(AftermathError):
    """A folder that cannot be made where it was asked for."""

    code = "not_written"


@click.command(short_help="Make a small model to begin from.")
@click.argument("path", type=click.Path(path_type=Path))
def new(path: Path) -> None:
    """Make a small commented model in PATH: three variables, a source, a scenario and an example.

    It loads as it is. Nothing is written over: a folder that is there and not empty is refused.

    \b
    aftermath new models/ceasefire
    aftermath check ceasefire --priors models
    """
    from model.priors.files import MODEL_NAME, NAME_RULE, model_name

    name = model_name(path)
    if not MODEL_NAME.fullmatch(name):
        raise NotWritten(f"{name!r} cannot be a model's name: {NAME_RULE}", where=(str(path),))
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise NotWritten("is there already and not empty; nothing is written over", where=(str(path),))
    try:
        _written(path)
    except OSError as error:
        raise NotWritten(f"cannot be written: {error.strerror}", where=(str(path),)) from None
    say(f"{path}: {', '.join(sorted(each.name for each in path.iterdir()))}")
    say(f"aftermath check {name} --priors {path.parent}")
    say(f"aftermath schema {path}")


def _written(path: Path) -> None:
    """Write the files elsewhere and rename their folder, so that it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(mkdtemp(dir=path.parent, prefix=".new-"))
    try:
        made = aside / path.name
        made.mkdir()
        for file in (files("service") / "templates" / "new_model").iterdir():
            (made / file.name).write_bytes(file.read_bytes())
        os.replace(made, path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@click.command(short_help="Write the schemas that editors check prior files with.")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
def schema(path: Path) -> None:
    """Write a JSON Schema for each kind of file into the folder 'schema' beside the model in PATH.

    There the first lines of prior files look for them. A PATH that holds models gets the folder inside.

    \b
    aftermath schema models/ceasefire
    """
    from model import priors
    from model.priors.files import MODEL_FILE
    from model.priors.schema import json_schema

    if (path / MODEL_FILE).is_file():
        folder = path.resolve().parent / "schema"
    elif priors.models(path):
        folder = path / "schema"
    else:
        expected = f"a model, which is a folder with a {MODEL_FILE}, or a folder of models"
        raise NotWritten(f"holds no {MODEL_FILE}; what is wanted is {expected}", where=(str(path),))
    try:
        json_schema.write(folder)
    except OSError as error:
        raise NotWritten(f"cannot be written: {error.strerror}", where=(str(folder),)) from None
    say(f"{folder}: schemas of {', '.join(json_schema.KINDS)}")
