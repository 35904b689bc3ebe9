"""What is served, kept in the store: revisions with their files, since when and why each is active, failed loads."""

from __future__ import annotations

import json
import logging
import os
import subprocess
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from model.errors import Problem
from model.priors.files import MODEL_FILE
from model.specification import Model
from service.revisions import Revisions
from service.store import activations, attempts, revisions
from service.store.activations import Activation
from service.store.database import Store
from service.store.errors import StoreError, TooLargeToKeep

logger = logging.getLogger(__name__)

GIT_SECONDS = 2.0


def start(store: Store, served: Revisions, *, there: Set[str], engine: str) -> None:
    """Keep every revision that is served at the start, and note that it is active.

    Models of the store that are not ``there`` any more are retired. Raises StoreError where the store is in trouble; a
    revision that is too large for it is not kept, which the log says.
    """
    for name, forecaster in served.ready.items():
        files = served.files.get(name)
        if served.origins.get(name) == "start" and files:
            try:
                revision, cells = forecaster.model.revision, forecaster.plan.cells
                keep(store, name, revision, content_of(forecaster.model), files, engine=engine, tree_cells=cells)
            except TooLargeToKeep as error:
                logger.error("%s", error)
                continue
            activations.activate(store, name, revision, cause="start")
    for name, attempt in served.attempts.items():
        failed = attempt.found
        attempts.record(store, name, () if failed is None else told(failed.reasons, failed.problems))
    for name in activations.all_active(store).keys() - there:
        activations.retire(store, name)


def try_start(store: Store, served: Revisions, *, engine: str) -> None:
    """The same without a loader, which would try again: where the store is in trouble the log says so."""
    try:
        start(store, served, there={*served.names}, engine=engine)
    except StoreError as error:
        logger.warning("what is served at the start is not kept: %s", error)


def content_of(model: Model) -> bytes:
    """What a model's revision is the hash of."""
    return json.dumps([model.name, model.content]).encode()


def keep(
    store: Store,
    name: str,
    revision: str,
    content: bytes,
    files: Mapping[str, bytes],
    *,
    engine: str,
    tree_cells: int,
    author: str = "",
    message: str = "",
) -> None:
    """Keep a revision with its files. Raises StoreError."""
    said: dict[str, Any] = {"engine": engine, "tree_cells": tree_cells, "author": author, "message": message}
    revisions.keep(store, name, revision, files=files, content=content, **said)


@dataclass(frozen=True, slots=True)
class Change:
    """A revision whose files were saved: ``author`` and ``message`` of it, and when it became active."""

    name: str
    revision: str
    content: bytes
    files: Mapping[str, bytes]
    engine: str
    tree_cells: int
    author: str
    message: str
    at: datetime


def change(store: Store, made: Change, *, unless_called_after: int | None = None) -> Activation:
    """Keep a revision whose files were saved, and make it active, unless a call after that activation did another.

    Raises StoreError.
    """
    said: dict[str, Any] = {"engine": made.engine, "author": made.author, "message": made.message}
    said |= {"tree_cells": made.tree_cells}
    keep(store, made.name, made.revision, made.content, made.files, **said)
    active = None if unless_called_after is None else activations.active(store, made.name)
    if active is not None and active.cause == "call" and active.seq > (unless_called_after or 0):
        return active
    return activations.activate(
        store, made.name, made.revision, cause="file", author=made.author, reason=made.message, at=made.at
    )


def waiting(name: str, revision: str, moved: Sequence[str]) -> tuple[str, ...]:
    """Why a revision is not served that moves headlines over the limit of its model, and what would serve it."""
    how = f"aftermath activate {name} {revision} --reason TEXT"
    return tuple(f"{each}, over acknowledge_over; {how} serves it" for each in moved)


def told(reasons: Sequence[str], problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """What is wrong with a model as problems: a reason without a place is at the start of model.yaml."""
    return tuple(problems) or tuple(Problem(MODEL_FILE, 1, 1, "", reason, "a model that loads") for reason in reasons)


def said_in_git(folder: Path) -> tuple[str, str]:
    """Who committed a folder as it is now, and the subject; nothing where it is no checkout, or has other changes."""
    if not any((place / ".git").exists() for place in (folder, *folder.absolute().parents)):
        return "", ""
    try:
        if _git(folder, "status", "--porcelain", "--", "."):
            return "", ""
        author, _, subject = _git(folder, "log", "-1", "--format=%an <%ae>%n%s", "--", ".").partition("\n")
    except (OSError, subprocess.SubprocessError, ValueError):
        return "", ""
    return author.strip(), subject.strip()


def _git(folder: Path, *words: str) -> str:
    """What a command of git prints; it takes no lock and waits for nobody."""
    return subprocess.run(
        ["git", "-C", str(folder), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=GIT_SECONDS,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
    ).stdout
