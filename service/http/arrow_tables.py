"""Tables as columns with types: Parquet, and the stream format of Apache Arrow.

The types come from the annotations of a row's type and never from the rows of one answer, so that a column has the same
type in every answer, in those without rows too. The same answer gives the same bytes: no date, no host goes into them.
pyarrow takes a tenth of a second to import, and is imported when the first such table is written.
"""

from __future__ import annotations

import io
from datetime import datetime
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from service.http.csv_tables import Table
from service.http.json_encoding import rounded

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET, STREAM = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
"""Media types, as registered."""

COMPRESSION = "zstd"
"""Of Parquet: of a sweep's rows it leaves three quarters of what snappy does, and takes a fifth longer."""

TIMES = frozenset({"time"})
"""Columns of text that are moments, ISO 8601 with a zone."""


def column_types(row: Any) -> dict[str, pa.DataType]:
    """The type of each column of rows of a type, or of one of several; a literal has the type of its values.

    >>> from typing import TypedDict
    >>> column_types(TypedDict("Row", {"time": str, "state": str | None, "p": float | None, "tie": bool, "n": int}))
    {'time': TimestampType(timestamp[ms, tz=UTC]), 'state': DataType(string), 'p': DataType(double), \
'tie': DataType(bool), 'n': DataType(int64)}

    Raises TypeError for a column that is neither text, number nor truth value.
    """
    return dict(_types(row))


@lru_cache
def _types(row: Any) -> tuple[tuple[str, pa.DataType], ...]:
    found: dict[str, pa.DataType] = {}
    for kind in get_args(row) or (row,):
        for name, hint in get_type_hints(kind, include_extras=True).items():
            found[name] = _arrow_type(name, hint)
    return tuple(found.items())


def _arrow_type(name: str, hint: Any) -> pa.DataType:
    import pyarrow as pa

    kinds = _plain_kinds(hint) - {NoneType}
    if name in TIMES:
        return pa.timestamp("ms", "UTC")
    for kind, made in ((bool, pa.bool_), (int, pa.int64), (float, pa.float64), (str, pa.string)):
        if kinds == {kind}:
            return made()
    raise TypeError(f"the column {name} is {hint}: a table's columns are text, numbers and truth values")


def _plain_kinds(hint: Any) -> set[type]:
    """The types that a hint allows, without what is said of them.

    >>> sorted(kind.__name__ for kind in _plain_kinds(Literal["few", "tail"] | None))
    ['NoneType', 'str']
    """
    if get_origin(hint) is Annotated:
        return _plain_kinds(get_args(hint)[0])
    if get_origin(hint) is Literal:
        return {type(value) for value in get_args(hint)}
    if get_origin(hint) in (Union, UnionType):
        return set().union(*map(_plain_kinds, get_args(hint)))
    return {hint}


def arrow_table(row: Any, table: Table) -> pa.Table:
    """A table with the types of its rows, numbers rounded as in CSV; columns that they do not name are text."""
    import pyarrow as pa

    known, rows = column_types(row), list(table.rows)
    fields = [pa.field(name, known.get(name, pa.string())) for name in table.columns]
    arrays = [pa.array([_value(each[field.name], field.type) for each in rows], field.type) for field in fields]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _value(value: object, kind: pa.DataType) -> object:
    """A value as its column has it."""
    import pyarrow as pa

    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, str) and pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value)
    return value


def parquet_bytes(row: Any, table: Table) -> bytes:
    """A table as a Parquet file."""
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(arrow_table(row, table), out, compression=COMPRESSION)
    return out.getvalue()


def stream_bytes(row: Any, table: Table) -> bytes:
    """A table as a stream of Arrow record batches."""
    import pyarrow as pa

    out, found = io.BytesIO(), arrow_table(row, table)
    with pa.ipc.new_stream(out, found.schema) as writer:
        writer.write_table(found)
    return out.getvalue()
