"""Tables as columns with types: Parquet, and the stream format of Apache Arrow.

The types come from the annotations of a row's type and never from the rows of one answer, so that a column has the same
type in every answer, in those without rows too. The same answer gives the same bytes: no date, no host goes into them.
pyarrow takes a tenth of a second to import, and is imported when the first such table is written.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from service.http.csv_tables import Table
from service.http.json_encoding import rounded

if TYPE_CHECKING:
    import pyarrow as pa

    from service.http.selection import Selection

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

    own = {name: _arrow_type(name, kind) for name, kind in table.kinds.items()}
    known, rows = own | column_types(row), list(table.rows)
    fields = [pa.field(name, known.get(name, pa.string())) for name in table.columns]
    arrays = [_array([each[field.name] for each in rows], field.type) for field in fields]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """Values of a column; moments are cut to milliseconds."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        exact = [datetime.fromisoformat(value) if isinstance(value, str) else value for value in values]
        return pa.array(exact, pa.timestamp("us", kind.tz)).cast(kind, safe=False)
    return pa.array([rounded(value) if isinstance(value, float) else value for value in values], kind)


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as a Parquet file."""
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(table, out, compression=COMPRESSION)
    return out.getvalue()


def stream_bytes(table: pa.Table) -> bytes:
    """A table as a stream of Arrow record batches."""
    import pyarrow as pa

    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


WRITERS = {"parquet": (PARQUET, parquet_bytes), "arrow": (STREAM, stream_bytes)}
"""The media type of a suffix, and what writes it."""


def written(suffix: str, row: Any, table: Table) -> bytes:
    """A table of rows of a type in the form of a suffix."""
    return WRITERS[suffix][1](arrow_table(row, table))


def in_part(data: bytes, suffix: str, selected: Selection, besides: Mapping[str, object]) -> bytes:
    """The columns that are selected of a table that is written already, and those of one value ``besides`` it.

    Raises UnknownField for a column that is neither.
    """
    import pyarrow as pa
    from pyarrow import parquet

    found = parquet.read_table(pa.BufferReader(data)) if suffix == "parquet" else pa.ipc.open_stream(data).read_all()
    names = selected.of_table(Table(tuple(found.column_names), ()), besides).columns
    moment = pa.timestamp("ms", "UTC")
    columns = {
        name: found[name]
        if name in found.column_names
        else _array([besides[name]] * len(found), moment if name in TIMES else pa.string())
        for name in names
    }
    return WRITERS[suffix][1](pa.table(columns))
