"""What stands in which file: every definition under its name, and names that can be told apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from model.errors import Problem, listed, nearest
from model.priors.schema import definitions
from model.priors.schema.cited import DAY, NAME, Definition
from model.priors.schema.definitions import FILE_KINDS, Words
from model.priors.schema.validation import (
    PATTERNS,
    Written,
    code_points,
    fitted,
    fitted_check,
    fitted_variable,
    is_name,
    shown,
)
from model.priors.schema.variables import VariableBase
from model.priors.yaml.source_map import Sheet, Steps
from model.resources.deadline import checkpoint

ENTRIES: dict[str, type[Definition]] = {
    "sources": definitions.Source,
    "scenarios": definitions.Scenario,
    "cohorts": definitions.Cohort,
    "checks": definitions.CheckBase,
    "counts": definitions.Counts,
    "collection": definitions.Collectable,
    "questions": definitions.ForecastQuestion,
}
"""What stands under each name, by the top-level key of a file that does not hold variables."""

ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")
"""Alphabets with letters that look the same."""


@dataclass(slots=True, eq=False)
class Contents:
    """Everything the files say. ``places`` holds every name that is written, whether or not its definition fits,
    ``folded`` the same names by what they are apart from case.

    ``states`` of every variable whose states could be read; ``unread`` are the texts of files of which a part could not
    be read, or a name not be taken, so that a name that seems unknown may be meant there; None may hold any name.
    ``cut`` are the texts of files whose end is lost, ``withheld`` the names that only such an end may hold.
    """

    settings: Written[definitions.ModelFile] | None = None
    words: Words | None = None
    as_of: str | None = None
    variables: dict[str, Written[VariableBase]] = field(default_factory=dict)
    entries: dict[str, dict[str, Written[Any]]] = field(default_factory=lambda: {kind: {} for kind in ENTRIES})
    places: dict[str, dict[str, tuple[Sheet, Steps]]] = field(default_factory=lambda: {kind: {} for kind in FILE_KINDS})
    folded: dict[str, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in FILE_KINDS})
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: list[str | None] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    withheld: dict[str, None] = field(default_factory=dict)

    def may_hide(self, name: str) -> bool:
        """Whether a name that seems unknown may stand in what could not be read."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        if any(text is not None and word.search(text) for text in (*self.unread, *self.cut)):
            return True
        if None in self.unread or self.cut:
            self.withheld[name] = None
        return name in self.withheld

    def names(self, kind: str) -> Collection[str]:
        return self.places[kind].keys()


def collected(settings: Sheet, sheets: Sequence[Sheet], problems: list[Problem]) -> Contents:
    """Sort what the files hold, and note what has not the right shape or a name of its own."""
    unread = [sheet for sheet in (settings, *sheets) if sheet.data is None]
    contents = Contents(
        unread=[sheet.text for sheet in unread if not sheet.is_cut],
        cut=[sheet.text or "" for sheet in unread if sheet.is_cut],
    )
    if settings.data is not None:
        contents.settings = fitted(settings, (), definitions.ModelFile, problems)
        contents.words, contents.as_of = _alone(settings)
    for sheet in sheets:
        if sheet.data is not None:
            _sort(sheet, contents, problems)
    return contents


def _alone(settings: Sheet) -> tuple[Words | None, str | None]:
    """The words and the day of knowledge, which others need even where the rest of model.yaml does not fit."""
    data = settings.data if isinstance(settings.data, dict) else {}
    words = fitted(settings, ("words",), Words, []) if "words" in data else None
    as_of = data.get("as_of")
    good = isinstance(as_of, str) and re.fullmatch(DAY, as_of) is not None
    return words.said if words else None, as_of if good else None


def _sort(sheet: Sheet, contents: Contents, problems: list[Problem]) -> None:
    kind = _kind(sheet, problems)
    if kind is None:
        contents.unread.append(None)
        return
    if any(len(steps) == 2 for steps in sheet.broken):
        contents.unread.append(sheet.text)
    for name in sheet.data[kind]:
        checkpoint()
        if _is_new(name, kind, sheet, contents, problems):
            contents.places[kind][name] = (sheet, (kind, name))
            contents.folded[kind][name.casefold()] = name
            _enter(name, kind, sheet, contents, problems)
        else:
            contents.unread.append(sheet.text)


def _kind(sheet: Sheet, problems: list[Problem]) -> str | None:
    """The one top-level key of a file, when a mapping with something in it stands under it."""
    data = sheet.data
    kinds = listed([f"{kind}:" for kind in FILE_KINDS])
    if not isinstance(data, dict):
        problems.append(sheet.problem((), found=shown(data), expected=f"a mapping with one of the keys {kinds}"))
        return None
    for key in data:
        if key not in FILE_KINDS:
            near = nearest(key, FILE_KINDS)
            found, expected = f"the unknown key {key!r}", f"one of {kinds}"
            problems.append(sheet.problem((key,), found=found, expected=expected, at_key=True, did_you_mean=near))
    known = [kind for kind in FILE_KINDS if kind in data]
    for key in known[1:]:
        found, expected = f"a second key, {key!r}", f"one to a file: {known[0]!r} is there already"
        problems.append(sheet.problem((key,), found=found, expected=expected, at_key=True))
    if not known or len(data) > 1:
        return None
    if not isinstance(data[known[0]], dict) or not data[known[0]]:
        if sheet.is_sound((known[0],)):
            found = shown(data[known[0]])
            problems.append(sheet.problem((known[0],), found=found, expected="a mapping from names to what they are"))
        return None
    return known[0]


def _is_new(name: str, kind: str, sheet: Sheet, contents: Contents, problems: list[Problem]) -> bool:
    """Whether a name is well formed and differs, in more than case, from those before it."""
    twin = contents.folded[kind].get(name.casefold())
    if not is_name(name):
        if (kind, name) not in sheet.broken:
            found = f"the name {name!r}" if name.isascii() else f"the name {name!r}, with {code_points(name)}"
            problems.append(sheet.problem((kind, name), found=found, expected=PATTERNS[NAME], at_key=True))
        return False
    if twin is None:
        return True
    other, steps = contents.places[kind][twin]
    where = f"{other.file.rpartition('/')[2]}:{other.place(steps, key=True).line}"
    found = f"{name!r} again, as in {where}" if twin == name else f"{name!r}, which differs from {twin!r} only in case"
    expected = "each name once" if twin == name else f"a name that can be told from that in {where}"
    problems.append(sheet.problem((kind, name), found=found, expected=expected, at_key=True))
    return False


def _enter(name: str, kind: str, sheet: Sheet, contents: Contents, problems: list[Problem]) -> None:
    if kind != "variables":
        entry = _entry(sheet, (kind, name), problems)
        if entry is not None:
            contents.entries[kind][name] = entry
        return
    variable = fitted_variable(sheet, (kind, name), problems)
    states = _states(sheet, (kind, name))
    if not states:
        return
    labelled = isinstance(sheet.data[kind][name]["states"], dict)
    wrong = list(_wrong_states(states, sheet, (kind, name, "states"), labelled=labelled))
    problems.extend(wrong)
    if not wrong:
        contents.states[name] = states
        if variable is not None:
            contents.variables[name] = variable


def _entry(sheet: Sheet, steps: tuple[str, str], problems: list[Problem]) -> Written[Any] | None:
    """What stands under a name in a file that does not hold variables."""
    kind, _ = steps
    if kind == "checks":
        return fitted_check(sheet, steps, problems)
    return fitted(sheet, steps, ENTRIES[kind], problems)


def _states(sheet: Sheet, steps: Steps) -> tuple[str, ...]:
    """The states of a variable, read even where the rest of its definition does not fit."""
    node = sheet.data[steps[0]][steps[1]]
    states = node.get("states") if isinstance(node, dict) else None
    states = list(states) if isinstance(states, dict) else states
    good = isinstance(states, list) and all(isinstance(state, str) and 0 < len(state) <= 64 for state in states)
    return tuple(states) if isinstance(states, list) and good and sheet.is_sound((*steps, "states")) else ()


def _wrong_states(states: Sequence[str], sheet: Sheet, steps: Steps, *, labelled: bool) -> Iterator[Problem]:
    """States that could be taken for one another, by eye or by ear; where ``labelled`` they are keys."""
    seen: dict[str, str] = {}
    first = ""
    for position, state in enumerate(states):
        place = (*steps, state if labelled else position)
        folded = unicodedata.normalize("NFKC", state).casefold()
        alphabet = _alphabets(state)
        first = first or next(iter(sorted(alphabet)), "")
        if state != state.strip():
            yield sheet.problem(place, at_key=labelled, found=f"the state {state!r}", expected="no space at its ends")
        elif folded in seen:
            same = seen[folded] == state
            found = f"the state {state!r} again" if same else f"{state!r}, which looks like {seen[folded]!r}"
            yield sheet.problem(place, at_key=labelled, found=found, expected="states that can be told apart")
        elif alphabet - {first}:
            letters = " and ".join(sorted(word.capitalize() for word in {first, *alphabet}))
            which = "" if state.isascii() else f": {code_points(state)}"
            found = f"the state {state!r}, in letters that look alike ({letters}{which})"
            yield sheet.problem(
                place, at_key=labelled, found=found, expected="one alphabet for all states of a variable"
            )
            return
        seen[folded] = state


def _alphabets(text: str) -> set[str]:
    names = (unicodedata.name(character, "").partition(" ")[0] for character in text if character.isalpha())
    return {name for name in names if name in ALIKE}
