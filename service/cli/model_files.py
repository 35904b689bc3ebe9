"""The files of a model as they are or were: in a folder, at a git revision of it, or kept in the store."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from model.analyses.revision_diff import Edition
from model.errors import AftermathError, BadPriors, Problem, listed
from model.priors.files import MODEL_FILE
from service.cli.store_options import store_of
from service.revisions import ACTIVE, HASH
from service.stored_models import made

if TYPE_CHECKING:
    from service.store.database import Store

T = TypeVar("T")

logger = logging.getLogger(__name__)

SECONDS = 60
"""What one command of git may take."""


class NoSuchFiles(AftermathError):
    """A revision whose files are not to be had."""

    code = "no_such_files"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of a model by name, and where they are from in words; ``folder`` is where they are, if in one."""

    model: str
    origin: str
    files: Mapping[str, bytes]
    folder: Path | None = None


def model_files(model: str, said: str | None, folder: Path, kept: Kept) -> ModelFiles:
    """The files that somebody means: a folder, a revision of the store by its hash, its name or as ``active``, else a
    git revision of the model's folder.

    ``said`` None means the folder as it is. Raises NoSuchFiles, naming what was said, and what ``kept`` raises.
    """
    if said is None:
        return ModelFiles(model, "the folder", _in(folder), folder)
    for path in (Path(said) / model, Path(said)):
        if (path / MODEL_FILE).is_file():
            return ModelFiles(model, said, _in(path), path)
    revision = said if HASH.fullmatch(said) else kept.named(model, said)
    if revision is not None:
        return ModelFiles(model, f"{said} of the store", kept.files(model, revision))
    try:
        return ModelFiles(model, f"git {said}", at_git_revision(folder, said))
    except NoSuchFiles as error:
        raise NoSuchFiles(
            f"{said!r} is no folder of a model, no name in the store ({kept.what(model)}), "
            f"and not known to git ({error}); "
            "name a folder, a git revision, or a revision of the store by its hash, a name, or as active"
        ) from None


def _in(folder: Path) -> dict[str, bytes]:
    from model.priors.files import files_of

    if not (folder / MODEL_FILE).is_file():
        raise NoSuchFiles(f"{folder} holds no {MODEL_FILE}")
    return files_of(folder)


def at_git_revision(folder: Path, revision: str) -> dict[str, bytes]:
    """The prior files of a folder as a commit has them. Raises NoSuchFiles, saying what git says."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        inside = _git(folder, "rev-parse", "--show-prefix") is not None
        found = f"git knows no revision {revision!r} there" if inside else "it is in no git checkout"
        raise NoSuchFiles(f"{folder}: {found}")
    at = commit.decode().strip()
    listed = (_git(folder, "ls-tree", "-z", at, "./") or b"").split(b"\0")
    names = [line.partition(b"\t")[2].decode() for line in listed if line.startswith(b"100")]
    wanted = [name for name in names if name.endswith((".yaml", ".yml")) and not name.startswith((".", "#"))]
    if MODEL_FILE not in wanted:
        raise NoSuchFiles(f"{folder} holds no {MODEL_FILE} at the git revision {revision!r}")
    return {name: _git(folder, "cat-file", "blob", f"{at}:./{name}") or b"" for name in wanted}


def _git(folder: Path, *words: str) -> bytes | None:
    """What a command of git prints; None where it fails."""
    try:
        ran = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoSuchFiles(f"git cannot be asked: {error}") from None
    return ran.stdout if ran.returncode == 0 else None


def base_of(model: str, folder: Path, kept: Kept) -> ModelFiles:
    """What an edit of a folder is held against: the active revision in the store, else git's HEAD.

    Raises NoSuchFiles, naming the store and the folder. No store is made where there is none.
    """
    active = kept.named(model, ACTIVE)
    if active is not None:
        return ModelFiles(model, f"{active} of the store", kept.files(model, active))
    try:
        return ModelFiles(model, "git HEAD", at_git_revision(folder, "HEAD"))
    except NoSuchFiles as error:
        raise NoSuchFiles(
            f"the store ({kept.what(model)}) has no active revision of {model}; {error}; "
            f"name two folders instead: aftermath diff {model} OLD NEW"
        ) from None


def edition_of(found: ModelFiles) -> Edition:
    """The files read, and the model that they mean made ready. Raises BadPriors, its problems naming the origin, or
    the files by their paths where they are in a folder."""
    if found.folder is None:
        return made(found.model, found.files, found.origin)
    try:
        return made(found.model, found.files, "")
    except BadPriors as error:
        raise BadPriors(in_folder(found.folder, error.problems)) from None


def in_folder(folder: Path, problems: Iterable[Problem]) -> list[Problem]:
    """Problems with the path of their file on this machine, as ``check`` prints it."""
    return [replace(each, file=str(folder / Path(each.file).name)) for each in problems]


@dataclass(frozen=True, slots=True)
class Kept:
    """The revisions of the store of a deployment, opened when it is asked; none is made where there is none."""

    root: Path | None
    state: Path | None

    def files(self, model: str, revision: str) -> dict[str, bytes]:
        """The files of a revision by its hash. Raises RevisionNotKept."""
        from service.store import revisions

        with closing(store_of(self.root, self.state)) as store:
            return revisions.files(store, model, revision)

    def named(self, model: str, said: str) -> str | None:
        """The hash of what a name means, or of what is active; None where the store has nothing of that name."""
        from service.store import activations, names

        if said != ACTIVE:
            return self._asked(lambda store: names.current(store, model).get(said))
        active = self._asked(lambda store: activations.active(store, model))
        return None if active is None else active.revision

    def what(self, model: str) -> str:
        """Where the store is, and the names that it has of a model."""
        from service.store import names

        with closing(store_of(self.root, self.state)) as store:
            place = str(store.place)
        found = self._asked(lambda store: names.current(store, model))
        return f"{place}, {f'with the names {listed(list(found))}' if found else f'without a name of {model}'}"

    def _asked(self, ask: Callable[[Store], T]) -> T | None:
        """What a store answers; None where there is none, or where it cannot be asked, which is logged."""
        from service.store.errors import StoreError
        from service.store.location import Folder, Nowhere

        with closing(store_of(self.root, self.state)) as store:
            place = store.place
            if isinstance(place, Nowhere) or (isinstance(place, Folder) and not place.file.is_file()):
                return None
            try:
                return ask(store)
            except StoreError as error:
                logger.warning("the store is not asked: %s", error)
                return None
