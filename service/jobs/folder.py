"""The folder of a sweep: what it is of, which parts are done, and that nobody else works in it.

    out/_sweep.json          what was asked: model, revision, cases, targets, options, and the software that answers
    out/part-00000.parquet   answers of the first cases; written as .part-00000.….tmp first, then renamed
    out/_summary.json        how many cases were answered and refused, once all are done

Names that begin with ``_`` or ``.`` are passed over by readers of a folder of Parquet files.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import AftermathError

ASKED, SUMMARY, MODEL = "_sweep.json", "_summary.json", ".model"
WRITING = ".*.tmp"
ABOUT = b"aftermath"
"""Where a part's footer says what it is."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""What goes wrong where a file is written, and nowhere else: of Parquet's writer it does not say which file."""

WORDS = {
    "model": "the model",
    "revision": "the model's revision",
    "cases": "the cases",
    "targets": "--target or --event",
    "interval": "--interval",
    "with_cases": "--with-cases",
    "part": "the size of a part",
    "software": "the version of the software",
}
"""What may differ between two sweeps."""


class SweepRefused(AftermathError):
    """A folder that holds something else than what this sweep would add to it."""

    code = "sweep_refused"


@dataclass(frozen=True, slots=True)
class Done:
    """A part that is answered: its cases, how many of them were refused, and rows."""

    number: int
    cases: int
    refused: int
    rows: int


def part_name(number: int) -> str:
    """The file of a part.

    >>> part_name(7)
    'part-00007.parquet'
    """
    return f"part-{number:05}.parquet"


@contextmanager
def opened(out: Path, asked: Mapping[str, Any]) -> Iterator[None]:
    """The folder of this sweep, made where it is not there, for as long as the sweep works in it.

    Raises SweepRefused where another works in it, or where it holds something else; OSError where it cannot be.
    """
    out.mkdir(parents=True, exist_ok=True)
    with _alone_in(out):
        _check(out, asked)
        for left in out.glob(WRITING):
            left.unlink(missing_ok=True)
        write_json(out / ASKED, asked)
        yield
        shutil.rmtree(out / MODEL, ignore_errors=True)


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """A lock on the folder, which ends with this process however that ends. Raises SweepRefused."""
    handle = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise SweepRefused("another sweep works in this folder: wait for it or end it", where=(str(out),)) from None
    finally:
        os.close(handle)


def _check(out: Path, asked: Mapping[str, Any]) -> None:
    """Refuse a folder with parts of another sweep, or with other files. Raises SweepRefused."""
    otherwise = "name another folder by --out, or remove this one"
    try:
        before = json.loads((out / ASKED).read_bytes())
    except FileNotFoundError:
        others = sorted(path.name for path in out.iterdir())
        if others:
            raise SweepRefused(
                f"the folder is not empty and holds no sweep ({others[0]} is in it): {otherwise}", where=(str(out),)
            ) from None
        return
    except ValueError:
        before = None
    if not isinstance(before, dict):
        raise SweepRefused(f"{ASKED} in it cannot be read: {otherwise}", where=(str(out),))
    other = [key for key in {**asked, **before} if before.get(key) != asked.get(key)]
    if other:
        telling = [key for key in other if key != "part"] or other  # the others decide it
        named = " and ".join(_difference(key, before.get(key), asked.get(key)) for key in telling)
        raise SweepRefused(f"the folder holds answers to another sweep: {named}; {otherwise}", where=(str(out),))


def _difference(key: str, before: object, now: object) -> str:
    """How one thing differs.

    >>> _difference("revision", "r-1", "r-2"), _difference("targets", ["lung"], ["lung", "tub"])
    ("the model's revision is r-1 there and r-2 now", '--target or --event is lung there and lung, tub now')
    """
    if key in ("software", "cases"):
        differ = "differs" if key == "software" else "differ"
    else:
        there, here = (", ".join(said) if isinstance(said, list) else said for said in (before, now))
        differ = f"is {there} there and {here} now"
    return f"{WORDS.get(key, key)} {differ}"


def write_json(path: Path, said: Mapping[str, Any]) -> None:
    """A file of JSON: whole or not there."""
    aside = path.with_name(f".{path.name}.tmp")
    with aside.open("w", encoding="utf-8") as file:
        json.dump(said, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


@contextmanager
def written_aside(out: Path, number: int) -> Iterator[Path]:
    """Where a part is written: it gets its name when all of it is on the disk, so that no part is ever half there."""
    aside = out / f".{part_name(number)}.{os.uname().nodename}.{os.getpid()}.tmp"
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(aside, out / part_name(number))
    except BaseException as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in NO_ROOM and error.filename is None:
            raise OSError(error.errno, os.strerror(error.errno), str(out)) from error
        raise


def done(out: Path, number: int, revision: str) -> Done | None:
    """What a part's footer says of it; None where the part is not there, or is no whole file of this revision."""
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    path = out / part_name(number)
    try:
        footer = read_metadata(path)
        said = json.loads(footer.metadata[ABOUT])
        is_ours = said["revision"] == revision and said["part"] == number
        return Done(number, said["cases"], said["refused"], footer.num_rows) if is_ours else None
    except (OSError, ArrowException, ValueError, KeyError, TypeError):
        return None
