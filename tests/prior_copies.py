"""Copies of prior folders with one place changed."""

import shutil
from pathlib import Path

from model.priors import problems
from tests.sources import ROOT

ASIA = ROOT / "priors" / "asia"
DATA = ROOT / "tests" / "data"


def copied(source: Path, into: Path) -> Path:
    """The folder again, under its own name."""
    return Path(shutil.copytree(source, into / source.name))


def edited(source: Path, into: Path, file: str, *changes: tuple[str, str]) -> Path:
    """A copy in which each old text of one file, the first time it stands there, is replaced by the new."""
    folder = copied(source, into)
    text = (folder / file).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{file} does not hold {old!r}"
        text = text.replace(old, new, 1)
    (folder / file).write_text(text, encoding="utf-8")
    return folder


def said(folder: Path) -> list[str]:
    """Every problem of a folder as text, files named without the folder."""
    return [str(problem).removeprefix(f"{folder.as_posix()}/") for problem in problems(folder)]
