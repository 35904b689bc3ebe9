"""Reading and writing CSV (RFC 4180), safe to open in a spreadsheet, numbers as numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from service.http.json_encoding import rounded
from service.http.problems import BadCSV

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")

PLAIN_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
"""Text that a spreadsheet takes for a number: it runs nothing, whatever its sign."""


@dataclass(frozen=True, slots=True)
class Table:
    """An answer as a table, whatever it is written as: its columns, and rows with a value for each of them.

    ``kinds`` are the types of columns that the type of its rows does not name, where they are no text.
    """

    columns: tuple[str, ...]
    rows: Iterable[Mapping[str, object]]
    kinds: Mapping[str, Any] = field(default_factory=dict, repr=False)


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    r"""Rows under a header; text that a spreadsheet would run as a formula, not a number, is given an apostrophe first.

    >>> csv_bytes(("state", "p"), [{"state": "=1+1", "p": -0.5}, {"state": "-1", "p": 0.5}])
    b"state,p\r\n'=1+1,-0.5\r\n-1,0.5\r\n"
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return out.getvalue().encode()


def read_table(raw: bytes) -> Table:
    r"""A table from its CSV, every cell a text.

    >>> read_table(b"state,p\r\nyes,0.5\r\n")
    Table(columns=('state', 'p'), rows=[{'state': 'yes', 'p': '0.5'}])
    """
    [(_, columns), *records] = read(raw)
    return Table(tuple(columns), [dict(zip(columns, cells, strict=True)) for _, cells in records])


def read(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    r"""Records with the line each ends on; a byte order mark and empty lines are passed over.

    >>> list(read(b'id,smoke\r\n1,yes\r\n'))
    [(1, ['id', 'smoke']), (2, ['1', 'yes'])]

    Raises BadCSV for bytes that are not UTF-8, a NUL, or a quote that is not closed.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCSV(f"the body is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}") from None
    if "\0" in text:
        raise BadCSV("the body holds a NUL character")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for record in reader:
            if record:
                yield reader.line_num, record
    except csv.Error as error:
        raise BadCSV(f"not CSV at line {reader.line_num}: {error}") from None


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.fullmatch(value):
        return f"'{value}"
    return value
