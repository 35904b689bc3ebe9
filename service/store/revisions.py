"""Revisions of models: their files as they were, who made them, and what they said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from model.priors.files import MODEL_NAME
from service.store import blobs
from service.store.database import Store, fields, next_number
from service.store.errors import RevisionNotKept, StoreUnavailable, TooLargeToKeep
from service.store.tables import compiled_sizes, revision_files, revisions


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision that is kept. ``engine`` is the version of the software that read its files; ``size`` is in bytes.

    ``tree_cells`` are the table entries of the model compiled; None where it was kept by a version that did not count.
    """

    seq: int
    model: str
    revision: str
    at: datetime
    author: str
    message: str
    engine: str
    size: int
    tree_cells: int | None


OWN = tuple(name for name in Revision.__dataclass_fields__ if name != "tree_cells")
KEPT = select(*(revisions.c[name] for name in OWN), compiled_sizes.c.tree_cells).outerjoin(
    compiled_sizes, (compiled_sizes.c.model == revisions.c.model) & (compiled_sizes.c.revision == revisions.c.revision)
)


def keep(
    store: Store,
    model: str,
    revision: str,
    *,
    files: Mapping[str, bytes],
    content: bytes,
    engine: str,
    tree_cells: int | None = None,
    author: str = "",
    message: str = "",
) -> Revision:
    """Keep a revision with its files, and ``content``, which is what the revision is the hash of.

    One that is kept already stays as it is, with the author and the files it came with: files of the same revision
    differ at most in comments. Raises TooLargeToKeep and StoreFull.
    """
    size = len(content) + sum(map(len, files.values()))
    if size > store.limits.revision_bytes:
        raise TooLargeToKeep(f"the files of {model} have {size:,} bytes, more than {store.limits.revision_bytes:,}")
    with store.reading() as connection:
        if kept := _find(connection, model, revision):
            return kept
    with store.writing() as connection:
        if kept := _find(connection, model, revision):
            return kept
        at = store.clock()
        number = next_number(connection, revisions)
        made = Revision(number, model, revision, at, author, message, engine, size, tree_cells)
        digest = blobs.keep(connection, content, at=at, limits=store.limits)
        connection.execute(insert(revisions).values(**{name: getattr(made, name) for name in OWN}, content=digest))
        if tree_cells is not None:
            connection.execute(insert(compiled_sizes).values(model=model, revision=revision, tree_cells=tree_cells))
        rows = [
            {
                "model": model,
                "revision": revision,
                "name": name,
                "blob": blobs.keep(connection, each, at=at, limits=store.limits),
            }
            for name, each in sorted(files.items())
        ]
        if rows:
            connection.execute(insert(revision_files), rows)
        return made


def revision(store: Store, model: str, revision: str) -> Revision:
    """What is known of a revision. Raises RevisionNotKept."""
    with store.reading() as connection:
        return _demand(connection, model, revision)


def latest(store: Store, model: str, *, most: int = 50, before: int | None = None) -> list[Revision]:
    """The revisions of a model, the last kept first; ``before`` a sequence number, for the next page."""
    chosen = KEPT.where(revisions.c.model == model).order_by(revisions.c.seq.desc()).limit(most)
    if before is not None:
        chosen = chosen.where(revisions.c.seq < before)
    with store.reading() as connection:
        return [Revision(**fields(row)) for row in connection.execute(chosen)]


def files(store: Store, model: str, revision: str) -> dict[str, bytes]:
    """The files of a revision by name. Raises RevisionNotKept."""
    of_it = (revision_files.c.model == model) & (revision_files.c.revision == revision)
    chosen = select(revision_files.c.name, revision_files.c.blob).where(of_it).order_by(revision_files.c.name)
    with store.reading() as connection:
        _demand(connection, model, revision)
        return {name: blobs.content(connection, digest) for name, digest in connection.execute(chosen).all()}


def unpack(store: Store, model: str, revision: str, into: Path) -> Path:
    """Write the files of a revision into a new folder of the model's name, and return that: ``model.priors`` loads it.

    Raises RevisionNotKept.
    """
    found = files(store, model, revision)
    wrong = [name for name in found if "/" in name or name in ("", ".", "..")]
    if wrong or not MODEL_NAME.fullmatch(model):
        named = f"the file {wrong[0]!r}" if wrong else "a name that no folder has"
        raise StoreUnavailable(f"{revision} of {model!r} has {named}, which no model has: it was changed")
    folder = into / model
    folder.mkdir(parents=True)
    for name, each in found.items():
        (folder / name).write_bytes(each)
    return folder


def content(store: Store, model: str, revision: str) -> bytes:
    """What the revision is the hash of. Raises RevisionNotKept."""
    of_it = (revisions.c.model == model) & (revisions.c.revision == revision)
    with store.reading() as connection:
        _demand(connection, model, revision)
        return blobs.content(connection, connection.execute(select(revisions.c.content).where(of_it)).scalar_one())


def demand(connection: Connection, model: str, revision: str) -> None:
    """Raise RevisionNotKept unless the revision is kept."""
    _demand(connection, model, revision)


def _demand(connection: Connection, model: str, revision: str) -> Revision:
    found = _find(connection, model, revision)
    if found is None:
        raise RevisionNotKept(model, revision)
    return found


def _find(connection: Connection, model: str, revision: str) -> Revision | None:
    of_it = (revisions.c.model == model) & (revisions.c.revision == revision)
    row = connection.execute(KEPT.where(of_it)).first()
    return None if row is None else Revision(**fields(row))
