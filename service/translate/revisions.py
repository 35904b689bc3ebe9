"""Revisions that are kept, as JSON and as rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from service.http.address import model_path
from service.schemas import revisions as shapes
from service.store.activations import Activation
from service.store.names import Named
from service.store.revisions import Revision
from service.store.tables import iso


def revisions_json(
    model: str, kept: list[Revision], active: str | None, named: Mapping[str, str], *, most: int
) -> shapes.RevisionsJSON:
    """A page of the revisions of a model."""
    last = kept[-1].seq if len(kept) == most else None
    return shapes.RevisionsJSON(model, active, [_revision(each, active, named) for each in kept], last)


def _revision(kept: Revision, active: str | None, named: Mapping[str, str]) -> shapes.RevisionJSON:
    return shapes.RevisionJSON(
        seq=kept.seq,
        revision=kept.revision,
        at=iso(kept.at),
        author=kept.author,
        message=kept.message,
        engine=kept.engine,
        size=kept.size,
        tree_cells=kept.tree_cells,
        active=kept.revision == active,
        names=[name for name, revision in named.items() if revision == kept.revision],
    )


def revision_rows(found: shapes.RevisionsJSON) -> Iterator[shapes.RevisionRow]:
    """The same as rows of CSV."""
    for each in found.revisions:
        yield {
            "seq": each.seq,
            "revision": each.revision,
            "time": each.at,
            "author": each.author,
            "message": each.message,
            "engine": each.engine,
            "size": each.size,
            "tree_cells": each.tree_cells,
            "active": each.active,
            "names": " ".join(each.names),
        }


def revision_json(
    kept: Revision, files: Mapping[str, bytes], active: str | None, named: Mapping[str, str], made: list[Activation]
) -> shapes.RevisionAnswer:
    """One revision with its files and activations."""
    about = _revision(kept, active, named)
    place = model_path(kept.model, "revisions", kept.revision, "files")
    return shapes.RevisionAnswer(
        model=kept.model,
        seq=about.seq,
        revision=about.revision,
        at=about.at,
        author=about.author,
        message=about.message,
        engine=about.engine,
        size=about.size,
        tree_cells=about.tree_cells,
        active=about.active,
        names=about.names,
        files=[shapes.FileJSON(name, len(content), f"{place}/{name}") for name, content in files.items()],
        activations=[activation_json(each) for each in made],
    )


def activation_json(made: Activation) -> shapes.ActivationJSON:
    """A change of what is active."""
    return shapes.ActivationJSON(**{**asdict(made), "at": iso(made.at)})


def named_json(model: str, name: str, meant: list[Named]) -> shapes.NamedJSON:
    """What a name means and meant."""
    rows = [shapes.NameJSON(each.name, each.revision, iso(each.at), each.author) for each in meant]
    return shapes.NamedJSON(model, name, rows[0].revision if rows else None, rows)
