"""The edits between two revisions: each with its place in both, and with what it can do to a forecast."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import chain
from typing import Any, Literal

from model.analyses.revision_diff.editions import Edition, Entry, Name
from model.analyses.revision_diff.items import (
    LABELS,
    MEANING,
    MOVING,
    UNMOVING_KINDS,
    EditClass,
    Item,
    Value,
    class_of,
    in_words,
    items_of,
    without_sureness,
)

Place = tuple[str, int]
"""A file and a line in it."""

KEYED = frozenset({"when", "given", "do", "of_target", "seen", "causes", "needs", "influences", "weights"})
"""Keys whose mapping is by the names of variables."""

NAMING = frozenset({"parents", "parts", "target", "against", "variable", "headline", "into", "updates"})
"""Keys whose texts are names of variables."""

DEFAULTS: dict[Item, Any] = {("kind",): "table", ("scale",): "ordinal", ("parents",): [], ("parts",): []}
UNORDERED_KINDS = ("table", "rule")
COMMENT = re.compile(r"(?:^|\s)#.*$")
LONGEST = 160
"""Characters of a value that an edit shows."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: of which item of which entry, from what to what, and where that is written in both revisions.

    ``item`` is empty where the whole entry was added or removed. ``before`` and ``after`` are the values in text.
    """

    kind: str
    name: str
    item: Item
    change: Literal["added", "removed", "changed", "moved", "renamed"]
    edit_class: EditClass
    before: str | None
    after: str | None
    old_place: Place | None
    new_place: Place | None

    @property
    def what(self) -> str:
        """What was edited, in words."""
        named = self.name or ("model.yaml" if self.kind == "model" else self.kind)
        own = f"{named}, {in_words(self.kind, self.item)}" if self.item else named
        return own if self.kind in ("variables", "model", "file") or not self.name else f"{self.kind} {own}"

    @property
    def meaning(self) -> str:
        """What it can do to a forecast."""
        return MEANING[self.edit_class]

    @property
    def moves(self) -> bool:
        """Whether it can move a point forecast."""
        return self.edit_class in MOVING


@dataclass(frozen=True, slots=True, eq=False)
class Edits:
    """All edits between two revisions, in the order of the newer files.

    ``names`` are the new names of renamed variables by their old ones; ``old`` and ``new`` are the entries of both
    revisions under the new names.
    """

    edits: tuple[Edit, ...]
    names: Mapping[str, str]
    old: Mapping[Name, Entry]
    new: Mapping[Name, Entry]


def edits(old: Edition, new: Edition) -> Edits:
    """What was edited between two revisions of a model."""
    names = _renames(old.entries, new.entries)
    before = {_new_name(name, names): _under(entry, names) for name, entry in old.entries.items()}
    found = [
        *_renamed_edits(names, old, new),
        *chain.from_iterable(_of_entry(name, before, new.entries) for name in {**new.entries, **before}),
        *_orders(before, new.entries),
    ]
    return Edits((*found, *_of_layout(old, new, found)), names, before, new.entries)


# Renames


def _renames(old: Mapping[Name, Entry], new: Mapping[Name, Entry]) -> dict[str, str]:
    """Variables that are called otherwise: new names by old ones. Files say so (``was``), or both say the same."""
    gone = [name for kind, name in old if kind == "variables" and (kind, name) not in new]
    come = [name for kind, name in new if kind == "variables" and (kind, name) not in old]
    said = {name: new["variables", name].data.get("was") for name in come}
    found = {was: name for name, was in said.items() if was in gone}
    while True:
        pairs = ((a, b) for a in gone if a not in found for b in come if b not in found.values())
        pair = next(((a, b) for a, b in pairs if _same(old["variables", a], new["variables", b], found | {a: b})), None)
        if pair is None:
            return found
        found[pair[0]] = pair[1]


def _same(old: Entry, new: Entry, names: Mapping[str, str]) -> bool:
    return bool(_told(renamed(old.data, names)) == _told(new.data))


def _told(data: Mapping[str, Any]) -> Any:
    return without_sureness({key: value for key, value in data.items() if key not in LABELS})


def renamed(data: Any, names: Mapping[str, str], under: str = "") -> Any:
    """Data of an entry with variables under other names.

    >>> renamed({"parents": ["a"], "rows": [{"when": {"a": "a"}}]}, {"a": "b"})
    {'parents': ['b'], 'rows': [{'when': {'b': 'a'}}]}
    """
    if isinstance(data, dict):
        if under in KEYED:
            return {names.get(key, key): renamed(value, names) for key, value in data.items()}
        return {key: renamed(value, names, key) for key, value in data.items()}
    if isinstance(data, list):
        return [renamed(each, names, under) for each in data]
    return names.get(data, data) if under in NAMING and isinstance(data, str) else data


def _new_name(name: Name, names: Mapping[str, str]) -> Name:
    kind, own = name
    return (kind, names.get(own, own)) if kind in ("variables", "collection") else name


def _under(entry: Entry, names: Mapping[str, str]) -> Entry:
    return replace(entry, data=renamed(entry.data, names)) if names else entry


def _renamed_edits(names: Mapping[str, str], old: Edition, new: Edition) -> Iterator[Edit]:
    for before, after in names.items():
        places = old.entries["variables", before].place(), new.entries["variables", after].place()
        yield Edit("variables", after, (), "renamed", "rename", before, after, *places)


# Entries and their items


def _of_entry(name: Name, old: Mapping[Name, Entry], new: Mapping[Name, Entry]) -> Iterator[Edit]:
    kind, own = name
    before, after = old.get(name), new.get(name)
    if before is None or after is None:
        change: Literal["added", "removed"] = "added" if before is None else "removed"
        places = (None if before is None else before.place(), None if after is None else after.place())
        yield Edit(kind, own, (), change, UNMOVING_KINDS.get(kind, "structural"), None, None, *places)
        return
    olds, news = items_of(kind, before.data), items_of(kind, after.data)
    for item in {**news, **olds}:
        if item == ("files",):
            continue
        was, is_ = _data(olds.get(item), item, kind), _data(news.get(item), item, kind)
        if was != is_ or (isinstance(was, dict) and item == ("states",) and list(was) != list(is_)):
            yield _edit(name, item, (before, olds.get(item)), (after, news.get(item)), _class(name, item, old, new))
    for key in ("rows", "except", "rules"):
        common = [
            [item for item in items if item[0] == key and item in olds and item in news] for items in (olds, news)
        ]
        if common[0] != common[1]:
            where = before.place((key,)), after.place((key,))
            yield Edit(kind, own, (key, "{}"), "moved", "order", None, None, *where)


def _data(value: Value | None, item: Item, kind: str) -> Any:
    return (DEFAULTS.get(item) if kind == "variables" else None) if value is None else value.data


def _edit(
    name: Name, item: Item, old: tuple[Entry, Value | None], new: tuple[Entry, Value | None], edit_class: EditClass
) -> Edit:
    before, after = old[1], new[1]
    return Edit(
        *name,
        item,
        "added" if before is None else "removed" if after is None else "changed",
        edit_class,
        None if before is None else text_of(before.data),
        None if after is None else text_of(after.data),
        None if before is None else old[0].place(before.steps),
        None if after is None else new[0].place(after.steps),
    )


def _class(name: Name, item: Item, old: Mapping[Name, Entry], new: Mapping[Name, Entry]) -> EditClass:
    """The class of an edit; states in another order move nothing where nothing takes them in order."""
    kind, own = name
    was, is_ = (_data(items_of(kind, entries[name].data).get(item), item, kind) for entries in (old, new))
    found = class_of(kind, item, was, is_)
    if item == ("states",) and found == "structural" and sorted(was) == sorted(is_):
        ordered = any(_takes_in_order(own, entries) for entries in (old, new))
        return "structural" if ordered else "order"
    return found


def _takes_in_order(variable: str, entries: Mapping[Name, Entry]) -> bool:
    """Whether any table depends on the order of a variable's states."""
    said = entries["variables", variable].data
    if said.get("kind", "table") not in UNORDERED_KINDS or isinstance(said.get("scale"), dict):
        return True
    children = (each.data for (kind, _), each in entries.items() if kind == "variables")
    for child in children:
        effect = child.get("influences", {}).get(variable)
        slope = isinstance(effect, dict) and "if" not in effect
        if slope or variable in child.get("weights", {}) or variable in child.get("parts", ()):
            return True
    return False


def _orders(old: Mapping[Name, Entry], new: Mapping[Name, Entry]) -> Iterator[Edit]:
    """Entries of a kind in another order, or in another file."""
    for kind in dict.fromkeys(kind for kind, _ in new):
        common = [name for name in new if name[0] == kind and name in old]
        before = [name for name in old if name in common]
        elsewhere = [name for name in common if _file(old[name]) != _file(new[name])]
        moved = [name for name, other in zip(common, before, strict=True) if name != other]
        for name in elsewhere or moved[:1]:
            yield Edit(*name, (), "moved", "order", None, None, old[name].place(), new[name].place())


def _file(entry: Entry) -> str:
    return entry.sheet.file.rpartition("/")[2]


def text_of(data: Any) -> str:
    """A value in a line, as YAML has it in braces, cut where it is long.

    >>> text_of({"when": {"smoke": "yes"}, "p": {"yes": 0.1, "no": "rest"}})
    '{when: {smoke: yes}, p: {yes: 0.1, no: rest}}'
    """
    found = " ".join(_text(data).split())
    return found if len(found) <= LONGEST else f"{found[: LONGEST - 1]}…"


def _text(data: Any) -> str:
    if isinstance(data, dict):
        return "{" + ", ".join(f"{key}: {_text(value)}" for key, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(_text, data)) + "]"
    return "null" if data is None else f"{data:g}" if isinstance(data, float) else str(data)


# Comments and layout


def _of_layout(old: Edition, new: Edition, found: Sequence[Edit]) -> Iterator[Edit]:
    """Files that differ in their comments, or in nothing but how they are laid out."""
    touched = {place[0] for edit in found for place in (edit.old_place, edit.new_place) if place}
    for name in (name for name in new.files if name in old.files and old.files[name] != new.files[name]):
        before, after = (each.files[name].decode().splitlines() for each in (old, new))
        comments = [
            [match[0].strip() for line in lines if (match := COMMENT.search(line))] for lines in (before, after)
        ]
        places = old.sheets[name].file, new.sheets[name].file
        is_comment = comments[0] != comments[1]
        is_alike = old.sheets[name].data == new.sheets[name].data and not touched & set(places)
        if is_comment or is_alike:
            lines = _first_difference(before, after, only_comments=is_comment)
            edit_class: EditClass = "comment" if is_comment else "reformatting"
            where = ((place, line + 1) for place, line in zip(places, lines, strict=True))
            yield Edit("file", name, (), "changed", edit_class, None, None, *where)


def _first_difference(old: Sequence[str], new: Sequence[str], *, only_comments: bool) -> tuple[int, int]:
    """The first lines that differ, counted from 0."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for tag, i, end, j, after in blocks:
        several = [*old[i:end], *new[j:after]]
        if tag != "equal" and (not only_comments or any(COMMENT.search(line) for line in several)):
            return min(i, len(old) - 1), min(j, len(new) - 1)
    return 0, 0
