"""Where the store of a deployment is: a folder, a database server, or nowhere."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from model.errors import AftermathError

STATE = "AFTERMATH_STATE"
DATABASE_URL = "DATABASE_URL"
SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
FILE = "aftermath.sqlite"


class BadLocation(AftermathError):
    """A place at which no store may be."""

    code = "bad_location"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that holds an SQLite file."""

    path: Path

    @property
    def file(self) -> Path:
        """The database."""
        return self.path / FILE

    def __str__(self) -> str:
        return f"SQLite in {self.path}"


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL database, by its URL."""

    url: str

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"PostgreSQL at {parts.hostname or 'the local socket'}{parts.path}"


@dataclass(frozen=True, slots=True)
class Nowhere:
    """No store, and why."""

    why: str

    def __str__(self) -> str:
        return f"none ({self.why})"


Place = Folder | Server | Nowhere


def place(priors: Path, *, state: Path | None = None, environment: Mapping[str, str] = os.environ) -> Place:
    """The place of the store for a folder of models.

    That is the folder ``state`` where one is named, else the database of DATABASE_URL, else the folder of
    AFTERMATH_STATE (empty: no store), else a folder of the user's own, another for each folder of models.

    >>> print(place(Path("priors"), environment={"AFTERMATH_STATE": "/srv/state"}))
    SQLite in /srv/state
    >>> print(place(Path("priors"), environment={"DATABASE_URL": "postgresql://me:secret@db.example/forecasts"}))
    PostgreSQL at db.example/forecasts

    Raises BadLocation for another kind of database, and for a folder among the models or the code.
    """
    if state is not None:
        return _folder(state, priors)
    if url := environment.get(DATABASE_URL):
        return _server(url)
    named = environment.get(STATE)
    if named is not None:
        return _folder(Path(named), priors) if named else Nowhere(f"{STATE} is empty")
    base = environment.get("XDG_STATE_HOME")
    try:
        home = Path(base) if base else Path.home() / ".local" / "state"
    except RuntimeError:
        return Nowhere(f"the user has no home folder; set {STATE} to a folder")
    return _folder(home / "aftermath" / deployment(priors), priors)


def deployment(priors: Path) -> str:
    """What the store of a folder of models is called: a digest of where that folder is."""
    return hashlib.sha256(os.fsencode(priors.resolve())).hexdigest()[:16]


def _server(url: str) -> Server:
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise BadLocation(f"{DATABASE_URL}: {scheme!r} is no database of ours; it begins with postgresql://")
    return Server(url)


def _folder(path: Path, priors: Path) -> Folder:
    resolved = path.resolve()
    taken = (priors.resolve(), *(Path(str(files(package))).resolve() for package in ("model", "service", "priors")))
    for other in taken:
        if resolved.is_relative_to(other):
            raise BadLocation(f"the state folder {path} lies in {other}, which holds models or code; name another")
    return Folder(path.absolute())
