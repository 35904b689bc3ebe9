"""The files of one folder, read and understood together: a model, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from model.errors import Problem, nearest
from model.priors.build.model import understood
from model.priors.files import (
    MODEL_FILE,
    MODEL_NAME,
    NAME_RULE,
    is_prior_file,
    lies_in,
    model_name,
    nested,
    shown_name,
)
from model.priors.yaml.reader import read_file
from model.priors.yaml.source_map import Sheet
from model.specification import Model

MOST_FILES = 500
MOST_BYTES = 64_000_000
"""Files of one model, and bytes of all of them: a table of 16,384 rows takes 2.8 MB and 3 s to read."""


def understand(folder: Path) -> tuple[Model | None, list[Problem]]:
    """The model, None where something is wrong, and everything that is."""
    shown, name = shown_name(folder), model_name(folder)
    if not folder.is_dir():
        return None, [Problem(shown, 1, 1, "", "no such folder", f"a folder with a {MODEL_FILE}")]
    if not (folder / MODEL_FILE).is_file():
        return None, [_no_model_file(folder, shown)]
    found = [*_nested(folder, shown)]
    if not MODEL_NAME.fullmatch(name):
        found.append(Problem(shown, 1, 1, "", f"the folder name {name!r}", NAME_RULE))
    too_much = _too_much(folder, shown)
    if too_much is not None:
        return None, [*found, too_much]
    settings = read_file(folder / MODEL_FILE, file=f"{shown}/{MODEL_FILE}")
    sheets = list(_sheets(folder, settings, shown, found))
    for sheet in (settings, *sheets):
        found.extend(sheet.problems)
    return understood(name, settings, sheets, found), found


def _no_model_file(folder: Path, shown: str) -> Problem:
    """That model.yaml is not there, with what stands in its place."""
    there = [path.name for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    alike = {name.lower(): name for name in there if name.lower().startswith("model")}
    other = next((alike[name] for name in ("model.yml", MODEL_FILE, "model.yaml.txt") if name in alike), None)
    other = other or nearest(MODEL_FILE, alike.values())
    inside = sorted(path.parent.name for path in folder.glob(f"*/{MODEL_FILE}"))
    found, expected = "no such file", "the file that says what the model is"
    if (folder / MODEL_FILE).is_dir():
        found, expected = "a folder", "a file of this name, which says what the model is"
    elif other is not None:
        found, expected = f"no such file, but {other!r}", f"that file under the name {MODEL_FILE}"
    elif inside:
        found, expected = f"no such file, but one in the folder {inside[0]!r}", "the files of the model right here"
    return Problem(f"{shown}/{MODEL_FILE}", 1, 1, "", found, expected)


def _too_much(folder: Path, shown: str) -> Problem | None:
    """What is too much of a folder to be read at all, known before any file is."""
    files = [path for path in folder.iterdir() if path.name == MODEL_FILE or is_prior_file(path)]
    if len(files) > MOST_FILES:
        return Problem(shown, 1, 1, "", f"{len(files):,} files", f"at most {MOST_FILES:,}")
    total = sum(path.stat().st_size for path in files)
    if total > MOST_BYTES:
        return Problem(shown, 1, 1, "", f"files of {total:,} bytes together", f"at most {MOST_BYTES:,}")
    return None


def _nested(folder: Path, shown: str) -> Iterator[Problem]:
    """Models inside the model, which nobody would read."""
    for path in nested(folder):
        found, expected = "a model inside a model", f"each model in a folder of its own, beside {folder.name!r}"
        yield Problem(f"{shown}/{path.parent.name}/{MODEL_FILE}", 1, 1, "", found, expected)


def _sheets(folder: Path, settings: Sheet, shown: str, found: list[Problem]) -> Iterator[Sheet]:
    """The files of a model in the order in which model.yaml lists them, and then those that it does not.

    One that is listed and cannot be read has no data: what is named in it is not called unknown. One that is not
    listed is not read, unless the list itself cannot be read, so that all that is wrong is said at once.
    """
    there = {path.name: path for path in sorted(folder.iterdir()) if is_prior_file(path)}
    for name in _listed(settings, folder, found):
        path = there.pop(name, None)
        if path is None and (other := _under_another_name(name, folder)) is not None:
            there.pop(other, None)
        file = f"{shown}/{name}"
        readable = path is not None and lies_in(path, folder)
        yield read_file(folder / name, file=file) if readable else Sheet(file, None)
    for name, path in there.items():
        if settings.data is None:
            yield read_file(path, file=f"{shown}/{name}")
        else:
            expected = f"its name under 'files:' in {MODEL_FILE}, or the file taken away"
            found.append(Problem(f"{shown}/{name}", 1, 1, "", "a file that the model does not list", expected))
            yield Sheet(f"{shown}/{name}", None)


def _under_another_name(name: str, folder: Path) -> str | None:
    """What stands where a listed file is missed: the same with another ending or in capitals, or in a folder below."""
    stem = Path(name).stem.lower()
    below = (path for path in folder.iterdir() if path.is_dir() and (path / name).is_file())
    same = (
        path for path in folder.iterdir() if path.is_file() and path.name.lower() in (f"{stem}.yml", f"{stem}.yaml")
    )
    beside = next((path.name for path in sorted(same) if path.name != name), None)
    return beside or next((f"{path.name}/{name}" for path in sorted(below)), None)


def _listed(settings: Sheet, folder: Path, found: list[Problem]) -> Iterator[str]:
    """Each name once; one whose file is not there, or lies elsewhere, is a problem."""
    names = settings.data.get("files") if isinstance(settings.data, dict) else None
    seen: set[str] = set()
    for position, name in enumerate(names if isinstance(names, list) else []):
        if not isinstance(name, str) or "/" in name or "\\" in name:
            yield str(name)
            continue
        steps = ("files", position)
        path = folder / name
        if name in seen:
            found.append(settings.problem(steps, found=f"{name!r} again", expected="each file once"))
        elif name == MODEL_FILE:
            found.append(settings.problem(steps, found=f"{name!r} itself", expected="the other files"))
        elif not path.is_file():
            other = _under_another_name(name, folder)
            beside = "" if other is None else f", but {other!r}"
            expected = "a file in this folder" if other is None else f"that file under the name {name}"
            found.append(settings.problem(steps, found=f"no file {name!r}{beside}", expected=expected))
        elif not lies_in(path, folder):
            found.append(settings.problem(steps, found=f"{name!r}, a link out of the folder", expected="a file in it"))
        if name not in seen and name != MODEL_FILE:
            yield name
        seen.add(name)
