"""Validation: what files would be if they were saved: their problems, else what they would do to the forecasts."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import click
from msgspec import Struct
from pydantic import Field

from model.analyses.revision_diff import Edition, RevisionDiff, diff
from model.errors import AftermathError, BadPriors, Problem
from model.priors.files import MODEL_FILE, files_of
from model.wording import quantity
from service.analyses.revision_diff.between import cost_of_diff
from service.analyses.revision_diff.body import DiffJSON, diff_body
from service.analyses.revision_diff.page import LOOKED_AT, text
from service.cli.model_files import Kept, NoSuchFiles, base_of, edition_of, in_folder, model_files
from service.cli.options import REFUSED, interval_options, root_of
from service.cli.page import say
from service.cli.store_options import store_options
from service.http.forms import MEGABYTE, json_body, json_form
from service.http.json_encoding import encoded
from service.http.operation import Reply, Service, operation
from service.http.problems import BadField
from service.http.validation import Shape, Text
from service.revisions import ACTIVE
from service.schemas.answers import FileProblem
from service.schemas.requests import MOST_SIDES, IntervalSent
from service.store.scopes import WRITE
from service.stored_models import made
from service.translate.models import file_problem
from service.translate.questions import interval_mass

MOST_FILES = 200
FILE = re.compile(r"(?![.#])[^/\\\0-\x1f]{1,250}\.ya?ml")
"""How a prior file is called: with no way out of its folder, and none that is hidden."""


class FilesToValidate(Shape):
    """Files as they would be saved."""

    files: Annotated[
        dict[Text, Annotated[str | None, Field(description="The text; null where the file would be removed.")]],
        Field(max_length=MOST_FILES, description="By name, such as `finances.yaml`; the others stay as they are."),
    ]
    against: Annotated[Text, Field(description="The revision that they are laid over and held against.")] = ACTIVE
    scenarios: Annotated[
        list[Text],
        Field(default_factory=list, max_length=MOST_SIDES, description="None means every scenario, and none."),
    ]
    interval: IntervalSent = None


class ValidationJSON(Struct):
    """What the files mean: their problems; or without any, the revision that they would be and its diff."""

    model: str
    against: str | None
    valid: bool
    revision: str | None
    problems: list[FileProblem]
    diff: DiffJSON | None


def validation_body(
    model: str, against: str | None, found: Sequence[Problem] | Edition, told: RevisionDiff | None
) -> ValidationJSON:
    """Problems, or a revision and what it does to the forecasts of another, as JSON."""
    problems = () if isinstance(found, Edition) else found
    return ValidationJSON(
        model=model,
        against=against,
        valid=not problems,
        revision=found.model.revision if isinstance(found, Edition) else None,
        problems=[file_problem(each) for each in problems],
        diff=diff_body(told) if told else None,
    )


def read(model: str, files: Mapping[str, bytes]) -> Sequence[Problem] | Edition:
    """What files mean, or everything that is wrong with them."""
    try:
        return made(model, files, "")
    except BadPriors as error:
        return error.problems


@operation(
    "POST",
    "/v1/models/<model>/validate",
    body=(json_body(FilesToValidate),),
    forms=(json_form(ValidationJSON, suffix=""),),
    errors=(404, 413, 415, 422, 429, 503),
    largest=8 * MEGABYTE,
    of_model=False,
    scope=WRITE,
)
def validate(service: Service, model: str, body: FilesToValidate) -> Reply:
    """Say what is wrong with files, or how far each headline would move if they were saved. Nothing is changed."""
    service.stored_models.demand_model(model)
    against = service.stored_models.revision(model, body.against, where=("against",))
    _demand_names(body.files)
    size = sum(len(each or "") for each in body.files.values())
    mass = interval_mass(body.interval, named=True)

    def found() -> ValidationJSON:
        old = service.stored_models.edition(model, against.revision)
        new = read(model, laid_over(old.files, body.files))
        told = diff(old, new, scenarios=body.scenarios or None, mass=mass) if isinstance(new, Edition) else None
        return validation_body(model, against.revision, new, told)

    sizes = (against.size, against.size + size)
    return Reply(found, cost=lambda: cost_of_diff(service, model, sizes, body.scenarios, mass))


def _demand_names(files: Mapping[str, str | None]) -> None:
    """Raise BadField for what is no name of a prior file."""
    for name in files:
        if not FILE.fullmatch(name):
            raise BadField(f"a prior file is called such as finances.yaml; found {name!r}", where=("files", name))


def laid_over(files: Mapping[str, bytes], said: Mapping[str, str | None]) -> dict[str, bytes]:
    """Files with others in their place, None for one that is removed.

    >>> laid_over({"a.yaml": b"1", "b.yaml": b"2"}, {"a.yaml": None, "c.yaml": "3"})
    {'b.yaml': b'2', 'c.yaml': b'3'}
    """
    both = {**files, **{name: None if text is None else text.encode() for name, text in said.items()}}
    return {name: content for name, content in both.items() if content is not None}


@click.command(short_help="What a folder would be if it were served: its problems, or its shifts.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option(
    "--against",
    metavar="A",
    help="A folder, a revision of the store (its hash, a name), or of git (active).",
)
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME", help="Under these scenarios alone (every one).")
@click.option("--json", "as_json", is_flag=True, help="As JSON, as POST …/validate answers.")
@interval_options
@store_options
def command(
    folder: Path,
    against: str | None,
    scenarios: Sequence[str],
    interval: float,
    root: Path | None,
    state: Path | None,
    *,
    as_json: bool,
    point: bool,
) -> None:
    """Every problem of the model in DIR; without any, how far each headline would move from what is active.

    What is active is taken from the store; where it has nothing of the model, from git's HEAD. Nothing is changed.

    Exits 1 where there is a problem.
    """
    if not (folder / MODEL_FILE).is_file():
        raise AftermathError(f"{folder} holds no {MODEL_FILE}: name the folder of a model")
    name = folder.resolve().name
    old, missing = _older(name, against, root, state)
    new = read(name, files_of(folder))
    mass = None if point else interval
    told = diff(old, new, scenarios=scenarios or None, mass=mass) if old and isinstance(new, Edition) else None
    if as_json:
        sys.stdout.flush()
        sys.stdout.buffer.write(encoded(validation_body(name, old.model.revision if old else None, new, told)))
        sys.stdout.buffer.flush()
    elif not isinstance(new, Edition):
        say("\n".join([*map(str, in_folder(folder, new)), f"{name}: {quantity(len(new), 'problem')}"]))
    elif told is None:
        say(f"{name}  {new.model.revision}: no problems")
        say(f"there is no revision to hold it against: {missing}; --state names a store, --against a revision")
    else:
        say(text(told, LOOKED_AT), nl=False)
    sys.exit(0 if isinstance(new, Edition) else REFUSED)


def _older(name: str, against: str | None, root: Path | None, state: Path | None) -> tuple[Edition | None, str]:
    """What a folder is held against; None where nothing was named and nothing is known, and why."""
    folder, kept = root_of(root) / name, Kept(root, state)
    if against is not None:
        return edition_of(model_files(name, against, folder, kept)), ""
    try:
        return edition_of(base_of(name, folder, kept)), ""
    except NoSuchFiles as error:
        return None, str(error)


OPERATIONS = (validate,)
