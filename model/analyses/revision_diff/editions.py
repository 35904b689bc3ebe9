"""One revision of a model with the files that it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.forecast import Forecaster
from model.priors.files import MODEL_FILE
from model.priors.yaml.reader import read
from model.priors.yaml.source_map import Sheet, Steps
from model.specification import Model

Name = tuple[str, str]
"""Kind and name of an entry, such as ``("variables", "smoke")``; that of model.yaml is ``("model", "")``."""

SETTINGS: Name = ("model", "")


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What stands under one name, and in which file."""

    data: Mapping[str, Any]
    sheet: Sheet
    steps: Steps

    def place(self, steps: Steps = ()) -> tuple[str, int]:
        """File and line of a part of it."""
        return self.sheet.file, self.sheet.place((*self.steps, *steps), key=True).line


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """A revision made ready, its files by name, and the entries in them by kind and name."""

    forecaster: Forecaster
    files: Mapping[str, bytes]
    sheets: Mapping[str, Sheet]
    entries: Mapping[Name, Entry]

    @property
    def model(self) -> Model:
        """The model that the files mean."""
        return self.forecaster.model


def edition(forecaster: Forecaster, files: Mapping[str, bytes]) -> Edition:
    """A model made ready together with the files that it was made of, by name: those of its folder and no others."""
    shown = forecaster.model.name
    sheets = {name: read(content, file=f"{shown}/{name}") for name, content in files.items()}
    entries: dict[Name, Entry] = {}
    for name, sheet in sheets.items():
        if name == MODEL_FILE:
            entries[SETTINGS] = Entry(sheet.data, sheet, ())
            continue
        for kind, named in sheet.data.items():
            entries |= {(kind, each): Entry(said, sheet, (kind, each)) for each, said in named.items()}
    return Edition(forecaster, dict(files), sheets, entries)
