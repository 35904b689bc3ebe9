"""What a folder of models says, once nobody writes to it any more.

The files are looked at ten times a second. That sees every way in which editors save, copies and checkouts, on local
disks and network folders alike, and costs less than it would take to be told: see ``bench live``.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

from model import priors
from model.priors.files import MODEL_FILE, prior_files, stamps
from model.priors.yaml.reader import read_file

QUIET = 0.3
"""Seconds in which no file of a model changed."""
GONE = 1.0
"""Seconds after which a model whose model.yaml is not there is taken for removed: an editor may be swapping it."""
INCOMPLETE = 5.0
"""Seconds that a listed file which is not there is waited for."""
CHECKOUT = 30.0
"""Seconds that a lock of git is believed: one that is older was left behind."""

Stamps = tuple[tuple[str, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A model whose folder is quiet and not as it was when it was last taken; ``folder`` None where it is gone."""

    name: str
    folder: Path | None
    stamps: Stamps | None


@dataclass(slots=True)
class _Seen:
    stamps: Stamps | None
    since: float
    done: Stamps | None


class Watcher:
    """The models of a folder; those that it holds at the start, ``done``, are taken already.

    ``waiting`` says by model what is waited for.
    """

    def __init__(self, root: Path, done: dict[str, Stamps | None]) -> None:
        self._root = root
        self._seen = {name: _Seen(found, 0.0, found) for name, found in done.items()}
        self.waiting: dict[str, str] = {}

    def changes(self, now: float) -> list[Change]:
        """Models that changed and are quiet now. Each is told until ``take`` says that it was taken.

        While the folder cannot be listed nothing is known to have changed.
        """
        self.waiting = {}
        try:
            there = priors.models(self._root)
        except OSError as error:
            unlisted = f"the folder of models cannot be listed: {error.strerror}"
            self.waiting = dict.fromkeys(self._seen, unlisted)
            return []
        found = []
        for name in sorted({*self._seen, *there}):
            seen = self._seen.setdefault(name, _Seen(None, now, None))
            folder = there.get(name)
            looked = None if folder is None else _stamps(folder)
            if looked != seen.stamps:
                seen.stamps, seen.since = looked, now
            if seen.stamps == seen.done:
                continue
            quiet = now - seen.since
            reason = self._reason(folder, quiet)
            if reason is not None:
                self.waiting[name] = reason
            else:
                found.append(Change(name, folder, looked))
        return found

    def take(self, change: Change) -> None:
        """A change was taken as its files were then; a model that is gone is forgotten."""
        if change.folder is None:
            self._seen.pop(change.name, None)
        elif change.name in self._seen:
            self._seen[change.name].done = change.stamps

    def again(self, name: str, now: float) -> None:
        """Files changed while they were read: wait for quiet anew."""
        if name in self._seen:
            self._seen[name].since = now

    def _reason(self, folder: Path | None, quiet: float) -> str | None:
        """Why a model is not read yet, None where it may be."""
        if folder is None:
            return None if quiet >= GONE else "model.yaml is gone"
        if quiet < QUIET:
            return f"its files have to be unchanged for {QUIET:g} s"
        if _checked_out(folder):
            return "git is changing the checkout"
        if quiet < INCOMPLETE and (missing := _missing(folder)):
            return f"{missing} is listed and not there yet"
        if written := next((path.name for path in prior_files(folder) if is_being_written(path)), None):
            return f"{written} is open for writing"
        return None


def _stamps(folder: Path) -> Stamps | None:
    try:
        return stamps(folder)
    except OSError:  # gone between being listed and being looked at
        return (("", 0, 0, time.monotonic_ns(), 0),)


def _missing(folder: Path) -> str | None:
    """A file that model.yaml lists and that is not there."""
    settings = read_file(folder / MODEL_FILE, file=MODEL_FILE).data
    listed = settings.get("files") if isinstance(settings, dict) else None
    names = listed if isinstance(listed, list) else []
    return next((name for name in names if isinstance(name, str) and not (folder / name).exists()), None)


def _checked_out(folder: Path) -> bool:
    """Whether git is at work on the checkout that a folder is in."""
    for place in (folder, *folder.absolute().parents):
        if (place / ".git").is_dir():
            try:
                return time.time() - (place / ".git" / "index.lock").stat().st_mtime < CHECKOUT
            except OSError:
                return False
    return False


def is_being_written(path: Path) -> bool:
    """Whether a process has a file open for writing, where the system says so: a read lease is then refused (Linux)."""
    lease = getattr(fcntl, "F_SETLEASE", None)
    if lease is None:
        return False
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(opened, lease, fcntl.F_RDLCK)
        fcntl.fcntl(opened, lease, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(opened)
    return False
