"""States of what is served, each a small file: which revision of each model, where it is mapped from, and what failed.

They lie with the mapped models in one folder of the service, in memory where the system has room for that.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from model.errors import Problem
from service.revisions import Attempt, Broken, Origin, Revisions

MEMORY = Path("/dev/shm")
ROOM = 400_000_000
"""Free bytes of memory below which the folder is on disk: two revisions of a model of 130 variables take 150 MB."""
PREFIX = "aftermath-"
OLDER, ASKED = "older", "asked"


class Served(msgspec.Struct, frozen=True):
    """A model at a revision; ``folder`` has it compiled, None where every process has it since the start."""

    revision: str
    folder: str | None
    origin: Origin
    since: datetime


class Tried(msgspec.Struct, frozen=True):
    """The last load of a model, and what was wrong; of one without reasons nothing was.

    A revision that ``is_held`` back is right, and waits until somebody says why it moves a headline so far.
    """

    at: datetime
    reasons: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    is_held: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether its files can never be served as they are."""
        return bool(self.reasons) and not self.is_held

    def attempt(self, name: str, *, public: bool) -> Attempt:
        """The same as the service tells it."""
        if not self.reasons:
            return Attempt(self.at)
        made = Attempt(self.at, Broken(name, self.reasons, self.problems), self.is_held)
        return made.in_public() if public else made


class State(msgspec.Struct, frozen=True):
    """What is served. ``files`` has a digest of each model's files as they were last read, ``taken`` the number of the
    last activation in the store that is taken into account.
    """

    number: int
    served: dict[str, Served]
    tried: dict[str, Tried]
    files: dict[str, str]
    taken: int = 0


def first(start: Revisions, files: dict[str, str] | None = None) -> State:
    """The state that every process has since the start, with the digests of its files."""
    served = {
        name: Served(held.model.revision, None, start.origins.get(name, "start"), _since(start, name))
        for name, held in start.ready.items()
    }
    tried = {
        name: Tried(each.at, *((each.found.reasons, each.found.problems, each.is_held) if each.found else ()))
        for name, each in start.attempts.items()
    }
    return State(0, served, tried, files or {}, start.taken)


def _since(start: Revisions, name: str) -> datetime:
    return start.since.get(name) or datetime.now(UTC)


def write(home: Path, state: State) -> None:
    """Leave a state for the workers, whole or not at all. Raises OSError."""
    part = home / f"{state.number}.part"
    part.write_bytes(msgspec.json.encode(state))
    part.replace(file(home, state.number))


def read(home: Path, number: int) -> State:
    """A state by its number. Raises OSError where it is gone."""
    return msgspec.json.decode(file(home, number).read_bytes(), type=State)


def file(home: Path, number: int) -> Path:
    """Where a state is."""
    return home / f"{number}.state"


def older(home: Path, model: str, revision: str) -> Path:
    """Where a revision is that is not served, once it was asked for and is compiled."""
    return home / OLDER / f"{model}@{revision}"


def ask(home: Path, model: str, revision: str) -> None:
    """Ask the loader to compile a revision that is not served."""
    (home / ASKED).mkdir(exist_ok=True)
    (home / ASKED / f"{model}@{revision}").touch()


def asked(home: Path) -> tuple[str, str] | None:
    """A model and its revision that somebody asks for; None where nobody asks."""
    try:
        first = min((home / ASKED).iterdir(), key=lambda path: path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return None
    first.unlink(missing_ok=True)
    model, _, revision = first.name.partition("@")
    return model, revision


def bound(home: Path, most: int) -> None:
    """Remove the revisions that were asked for least recently, beyond so many bytes of all of them."""
    total = 0
    for folder in sorted((home / OLDER).iterdir(), key=lambda path: -path.stat().st_mtime_ns):
        total += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if total > most:
            shutil.rmtree(folder, ignore_errors=True)


def tidy(home: Path, state: State) -> None:
    """Remove what no worker needs any more once a state is served: older states, and models that are in none."""
    needed = {each.folder for each in state.served.values()}
    for path in home.iterdir():
        if path.suffix == ".state" and int(path.stem) < state.number:
            path.unlink(missing_ok=True)
        elif path.is_dir() and path.name not in needed | {OLDER, ASKED}:
            shutil.rmtree(path, ignore_errors=True)


def new_home() -> Path:
    """A folder for the states of this service; those that services left which ended without a word are removed."""
    for base in (MEMORY, Path(tempfile.gettempdir())):
        for left in base.glob(f"{PREFIX}{os.getuid()}-*"):
            if not _runs(left.name.split("-")[2]):
                shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getuid()}-{os.getpid()}-", dir=_roomy()))


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OSError):
        return True
    return True


def _roomy() -> str:
    try:
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
            return str(MEMORY)
    except OSError:
        pass
    return tempfile.gettempdir()
