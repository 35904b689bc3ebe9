"""Forms of answers, and of what is sent: the suffix of an address or a media type, and how each is written or read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from service.http import arrow_tables, csv_tables, strict_json
from service.http.csv_tables import Table
from service.http.json_encoding import encoded
from service.http.validation import validated

MEGABYTE = 1_000_000
JSON, CSV = "application/json", "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Form:
    """One way of writing an answer: the suffix of the address, the media type, and how.

    ``shape`` is that of the JSON, or of a row of a table. ``table`` makes the table that is written. ``in_short``
    writes what an address gives where no fields are named, if that is not everything, and ``short`` is its shape.
    """

    suffix: str
    media: str
    write: Callable[[Any], bytes]
    shape: Any
    table: Callable[[Any], Table] | None = None
    in_short: Callable[[Any], bytes] | None = None
    short: Any = None


@dataclass(frozen=True, slots=True)
class Intake:
    """One way of reading a body: the media type, the shape to document, and how."""

    media: str
    shape: Any
    read: Callable[[bytes], Any]


def json_form(shape: Any, *, suffix: str = "json", write: Callable[[Any], bytes] = encoded, **short: Any) -> Form:
    """Answers as JSON; ``short`` are the fields of Form that say what is sent where no fields are named."""
    return Form(suffix, JSON, write, shape, **short)


def csv_form(row: type, rows: Callable[[Any], Iterable[Mapping[str, object]]]) -> Form:
    """Answers as CSV: the keys of the row's type are the columns."""
    columns = tuple(row.__annotations__)
    return table_form(row, lambda content: Table(columns, rows(content)))


def table_form(row: Any, table: Callable[[Any], Table]) -> Form:
    """Answers as CSV: ``table`` makes the table of an answer, whose columns may depend on it."""

    def write(content: Any) -> bytes:
        found = table(content)
        return csv_tables.csv_bytes(found.columns, found.rows)

    return Form("csv", CSV, write, row, table)


def with_columns(forms: tuple[Form, ...]) -> tuple[Form, ...]:
    """The forms, and Parquet and Arrow after them where there is one of a table."""
    tables = [form for form in forms if form.table is not None]
    return (*forms, *(_in_columns(form, suffix) for form in tables for suffix in arrow_tables.WRITERS))


def _in_columns(form: Form, suffix: str) -> Form:
    """A table as columns with types, in the form of a suffix."""
    table = form.table
    assert table is not None, "it is a form of a table"
    media, _ = arrow_tables.WRITERS[suffix]
    return Form(suffix, media, lambda content: arrow_tables.written(suffix, form.shape, table(content)), form.shape)


def json_body(shape: type[BaseModel]) -> Intake:
    """A body of JSON in one shape."""
    return Intake("application/json", shape, lambda raw: validated(shape, strict_json.read(raw)))
