"""Prior files to a model: the one reader of ``priors/<model>/``.

A folder holds model.yaml and the files it lists. Every problem of every file is reported at once,
with file, line and column; nothing is repaired, and nothing loads unless everything is right.
``model_cache`` keeps what was understood for as long as no file changes; what reads and builds is imported only where
there is something to read.
"""

from __future__ import annotations

from pathlib import Path

from model.errors import BadPriors, Problem
from model.priors import model_cache
from model.priors.files import MODEL_FILE
from model.specification import Model


def load(folder: Path) -> Model:
    """The model of a folder. Raises BadPriors, with every problem of its files, unless all is right."""
    key = model_cache.key(folder)
    kept = model_cache.read(key)
    if kept is not None:
        return kept
    from model.priors.folder import understand

    model, found = understand(folder)
    if model is None:
        raise BadPriors(found)
    if key == model_cache.key(folder):
        model_cache.write(key, model)
    return model


def problems(folder: Path) -> tuple[Problem, ...]:
    """Everything that is wrong with the files of a folder, in their order; empty when they load."""
    from model.priors.folder import understand

    return BadPriors(understand(folder)[1]).problems


def models(root: Path) -> dict[str, Path]:
    """Folders that hold a model, by name: those with a model.yaml in them, whether or not it loads."""
    folders = sorted(path for path in root.iterdir() if (path / MODEL_FILE).is_file())
    return {folder.name: folder for folder in folders if not folder.name.startswith(".")}
