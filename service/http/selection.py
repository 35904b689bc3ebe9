"""Parts of an answer: which of its fields are sent, and how much of each source; and the writing of them.

In an answer as JSON a field is a key of its object; in a table it is a column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import msgspec

from service.http import arrow_tables, csv_tables
from service.http.csv_tables import Table
from service.http.forms import CSV, JSON, Form
from service.http.problems import BadField, UnknownField
from service.http.validation import Selected

ALL = "all"
SOURCES = "sources"
SourcesIn = Literal["none", "names", "full"]
WHERE = ("fields",)

_decoded = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encoded = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields that are wanted, in their order, None where a client names none; and how sources are wanted.

    >>> Selection(("p", "state")).of_table(Table(("state", "p", "lo"), [{"state": "yes", "p": 0.5, "lo": 0.4}])).columns
    ('p', 'state')
    """

    fields: tuple[str, ...] | None = None
    sources: SourcesIn | None = None

    @property
    def text(self) -> str:
        """What tells its answers from those of other selections."""
        return f"{','.join(self.fields or ())} {self.sources or ''}"

    def of_json(self, data: bytes, shape: Any) -> bytes:
        """The parts of an answer as JSON, whose shape says which keys it may have.

        Raises UnknownField for one that it cannot have, BadField for an answer that has none.
        """
        if self.sources is not None:
            data = _sources_of(data, self.sources)
        if self.fields is None or self.fields == (ALL,):
            return data if data.endswith(b"\n") else data + b"\n"
        if not data.startswith(b"{"):
            raise BadField("this answer has no fields to choose among", where=WHERE)
        parts = _decoded(data)
        chosen = self._chosen(dict.fromkeys((*parts, *keys_of(shape))))
        return _encoded({name: parts[name] for name in chosen if name in parts}) + b"\n"

    def with_sources(self, short: bytes, full: Callable[[], bytes]) -> bytes:
        """An answer in short, with the sources of the same in full where they are wanted."""
        if self.sources == "none":
            return short
        parts = _decoded(_sources_of(full(), self.sources or "full"))
        return _encoded(_decoded(short) | {SOURCES: parts[SOURCES]}) + b"\n"

    def of_text(self, data: bytes) -> bytes:
        """A text as it is. Raises BadField where fields of it are named."""
        if self.fields not in (None, (ALL,)):
            raise BadField("a text has no fields: ask for .json or a table", where=WHERE)
        return data

    def of_table(self, table: Table, optional: Mapping[str, object] | None = None) -> Table:
        """The columns of a table; ``optional`` are columns of one value that are sent where they are named.

        Raises UnknownField for a column that it does not have.
        """
        if self.fields is None or self.fields == (ALL,):
            return table
        more = {name: value for name, value in (optional or {}).items() if name not in table.columns}
        chosen = self._chosen(table.columns, tuple(more))
        return Table(chosen, ({**more, **row} for row in table.rows))

    def _chosen(self, known: Iterable[str], optional: Collection[str] = ()) -> tuple[str, ...]:
        """The fields named, ``all`` for every known one; each once."""
        every = tuple(known)
        named = [name for part in self.fields or () for name in (every if part == ALL else (part,))]
        for name in named:
            if name not in every and name not in optional:
                raise UnknownField(name, (*every, *optional), where=WHERE)
        return tuple(dict.fromkeys(named))


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Writer:
    """How an answer is written for one client: its form, which parts of it, and columns that may be named besides."""

    form: Form
    selected: Selection = EVERYTHING
    besides: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells its bytes from those of other writers."""
        if self.selected is EVERYTHING:
            return self.form.suffix
        return f"{self.form.suffix}[{self.selected.text} {self.besides.get('time')}]"

    def write(self, content: Any) -> bytes:
        """The bytes of an answer. Raises UnknownField and BadField."""
        form, selected = self.form, self.selected
        if selected is EVERYTHING:
            return (form.in_short or form.write)(content)
        if form.media == JSON:
            if selected.fields is None and form.in_short is not None:
                return selected.with_sources(form.in_short(content), lambda: form.write(content))
            return selected.of_json(form.write(content), form.shape)
        if form.media == CSV:
            table = form.table(content) if form.table else csv_tables.read_table(form.write(content))
            chosen = selected.of_table(table, self.besides)
            return csv_tables.csv_bytes(chosen.columns, chosen.rows)
        if form.suffix in arrow_tables.WRITERS:
            return arrow_tables.in_part(form.write(content), form.suffix, selected, self.besides)
        return selected.of_text(form.write(content))


def selection(asked: Any) -> Selection:
    """What the parameters of an address select."""
    if not isinstance(asked, Selected) or (asked.fields is None and asked.sources is None):
        return EVERYTHING
    return Selection(None if asked.fields is None else tuple(asked.fields.split(",")), asked.sources)


@lru_cache(256)
def keys_of(shape: Any) -> tuple[str, ...]:
    """The keys that an answer of a shape may have; none where the shape leaves them open."""
    schema, components = msgspec.json.schema_components([shape], schema_hook=lambda _: {"description": "any"})
    found: list[str] = []
    for each in schema[0].get("anyOf", schema):
        name = each.get("$ref", "").rpartition("/")[2]
        found += components.get(name, each).get("properties", ())
    return tuple(dict.fromkeys(found))


def _sources_of(data: bytes, how: SourcesIn) -> bytes:
    """JSON with sources in full by name only, or without any, wherever they stand in it."""
    text = bytes(data)
    if how == "full" or b'"sources"' not in text:
        return text
    if text.startswith(b"{"):
        parts = _decoded(text)
        rest = {name: msgspec.Raw(_sources_of(part, how)) for name, part in parts.items() if name != SOURCES}
        if how == "none" or SOURCES not in parts:
            return _encoded(rest)
        kept = msgspec.Raw(_named(bytes(parts[SOURCES])))
        return _encoded({name: kept if name == SOURCES else rest[name] for name in parts})
    if text.startswith(b"["):
        return _encoded([msgspec.Raw(_sources_of(part, how)) for part in _items(text)])
    return text


def _named(sources: bytes) -> bytes:
    """A list of sources, each an object with a name, as the list of their names; anything else as it is."""
    found = msgspec.json.decode(sources)
    are_full = isinstance(found, list) and all(isinstance(each, dict) and "name" in each for each in found)
    return _encoded([each["name"] for each in found]) if are_full else sources
