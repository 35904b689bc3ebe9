"""The files of a model as they are or were: in a folder, at a git revision of it, or kept in the store."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from model.analyses.revision_diff import Edition
from model.errors import AftermathError
from model.priors.files import MODEL_FILE
from service.kept_models import made
from service.revisions import HASH

logger = logging.getLogger(__name__)

SECONDS = 60
"""What one command of git may take."""


class NoSuchFiles(AftermathError):
    """A revision whose files are not to be had."""

    code = "no_such_files"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of a model by name, and where they are from in words."""

    model: str
    origin: str
    files: Mapping[str, bytes]


def model_files(model: str, said: str | None, folder: Path, kept: Callable[[str, str], dict[str, bytes]]) -> ModelFiles:
    """The files that somebody means: a folder, a revision in the store, else a git revision of the model's folder.

    ``said`` None means the folder as it is. ``kept`` finds the files of a model and a revision in the store.
    Raises NoSuchFiles, and what ``kept`` raises.
    """
    if said is None:
        return ModelFiles(model, "the folder", _in(folder))
    for path in (Path(said) / model, Path(said)):
        if (path / MODEL_FILE).is_file():
            return ModelFiles(model, said, _in(path))
    if HASH.fullmatch(said):
        return ModelFiles(model, f"{said} of the store", kept(model, said))
    return ModelFiles(model, f"git {said}", at_git_revision(folder, said))


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
        raise NoSuchFiles(f"{folder}: {found}; name a folder, a git revision or a revision of the store")
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


def base_of(model: str, folder: Path, root: Path | None, state: Path | None) -> ModelFiles:
    """What an edit of a folder is held against: the active revision in the store, else git's HEAD. Raises NoSuchFiles.

    No store is made where there is none.
    """
    from service.cli.store_options import store_of
    from service.store import activations, revisions
    from service.store.errors import StoreError
    from service.store.location import Folder

    with closing(store_of(root, state)) as store:
        if not isinstance(store.place, Folder) or store.place.file.is_file():
            try:
                active = activations.active(store, model)
                if active is not None:
                    files = revisions.files(store, model, active.revision)
                    return ModelFiles(model, f"{active.revision} of the store", files)
            except StoreError as error:
                logger.warning("the store is not asked: %s", error)
    return ModelFiles(model, "git HEAD", at_git_revision(folder, "HEAD"))


def edition_of(found: ModelFiles) -> Edition:
    """The files read, and the model that they mean made ready. Raises BadPriors, its problems naming the origin."""
    return made(found.model, found.files, found.origin)


def in_store(root: Path | None, state: Path | None) -> Callable[[str, str], dict[str, bytes]]:
    """Finds the files of a model and a revision in the store, which is opened when it is asked."""

    def kept(model: str, revision: str) -> dict[str, bytes]:
        from service.cli.store_options import store_of
        from service.store import revisions

        with closing(store_of(root, state)) as store:
            return revisions.files(store, model, revision)

    return kept
