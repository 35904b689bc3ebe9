"""Which files of a folder are prior files, how they are read, and how a folder and its model are called."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

MODEL_FILE = "model.yaml"
MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
NAME_RULE = "lower-case letters, digits, '-' and '_', 64 at most"


def is_prior_file(path: Path) -> bool:
    """Whether a file beside model.yaml is one of the model's."""
    hidden = path.name.startswith((".", "#"))
    return path.suffix in (".yaml", ".yml") and path.name != MODEL_FILE and not hidden and path.is_file()


def prior_files(folder: Path) -> list[Path]:
    """model.yaml, and the files beside it that may be the model's, in order of name."""
    return [folder / MODEL_FILE, *(path for path in sorted(folder.iterdir()) if is_prior_file(path))]


def files_of(folder: Path) -> dict[str, bytes]:
    """The prior files of a model's folder as they are now, by name: what ``keep`` takes."""
    return {path.name: path.read_bytes() for path in prior_files(folder)}


def stamps(folder: Path) -> tuple[tuple[str, int, int, int, int], ...]:
    """Which prior files a folder has and when each was last written to: what stays the same while nobody saves.

    Of each its name, inode, size, and times in nanoseconds at which its content and its entry last changed.
    """
    found = []
    for path in prior_files(folder):
        seen = path.stat()
        found.append((path.name, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns))
    return tuple(found)


class NotInFolder(OSError):
    """A link out of the folder, or something there that is no file."""


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a file, once links are followed, is in the folder."""
    return path.resolve().is_relative_to(folder.resolve())


def read_inside(path: Path, folder: Path, *, most: int) -> bytes:
    """The bytes of a file of the folder, ``most`` of them at most.

    Links inside the folder are followed. What is read is what was opened, and that is looked at after it was opened:
    who changes a link meanwhile gets nothing read from elsewhere. A device or a pipe is not read, nor waited for.
    Raises OSError; NotInFolder where the file lies elsewhere or is none.
    """
    root, real = os.path.realpath(folder), os.path.realpath(path)
    if not Path(real).is_relative_to(root):
        raise NotInFolder("a link out of the folder")
    opened = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY)
    with open(opened, "rb") as stream:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            raise NotInFolder("no regular file")
        where = _place_of(opened, path)
        if not Path(where).is_relative_to(root) or not os.path.samestat(os.lstat(where), found):
            raise NotInFolder("a link out of the folder")
        return stream.read(most)


def _place_of(opened: int, path: Path) -> str:
    """Where an open file lies: as the kernel says, else as the path says now."""
    try:
        return os.readlink(f"/proc/self/fd/{opened}")
    except OSError:
        return os.path.realpath(path)


def nested(folder: Path) -> list[Path]:
    """The model.yaml of each model inside the folder."""
    return [path for path in sorted(folder.glob(f"*/{MODEL_FILE}")) if not path.parent.name.startswith(".")]


def model_name(folder: Path) -> str:
    """A model is called as its folder is."""
    return Path(os.path.abspath(folder)).name


def shown_name(folder: Path) -> str:
    """The folder as a person would name it: from here when it is below here, with slashes."""
    here = Path.cwd()
    absolute = Path(os.path.abspath(folder))
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else absolute).as_posix()
