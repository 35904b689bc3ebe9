"""Which files of a folder are prior files, and how a folder and its model are called."""

from __future__ import annotations

import os
import re
from pathlib import Path

MODEL_FILE = "model.yaml"
MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
NAME_RULE = "lower-case letters, digits, '-' and '_', 64 at most"


def is_prior_file(path: Path) -> bool:
    """Whether a file beside model.yaml is one of the model's."""
    hidden = path.name.startswith((".", "#"))
    return path.suffix in (".yaml", ".yml") and path.name != MODEL_FILE and not hidden and path.is_file()


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a file, once links are followed, is in the folder."""
    return path.resolve().is_relative_to(folder.resolve())


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
