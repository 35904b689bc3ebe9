"""Cases from a Parquet file: columns as in the CSV of a batch, read row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from service.jobs.cases import ID, BadCases, Block, Part, equal_parts, ids_of, text_column
from service.jobs.digests import digest_of_file
from service.translate.batch import columns_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

INDEX = "__index_level_"
"""What pandas calls the columns of an index that has no name: they are no part of the cases."""


@dataclass(frozen=True, slots=True)
class ParquetCases:
    """A Parquet file of cases: ``groups`` are the cases of its row groups; a null or an empty text says nothing."""

    path: Path
    columns: tuple[str, ...]
    groups: tuple[int, ...]
    digest: str

    what: ClassVar[str] = "Parquet"

    @property
    def cases(self) -> int:
        """How many cases there are."""
        return sum(self.groups)

    @property
    def identity(self) -> dict[str, str]:
        """What is in the file."""
        return {"sha256": self.digest}

    def parts(self, size: int) -> list[Part]:
        """The cases in parts of so many."""
        return equal_parts(self.cases, size)

    def blocks(self, part: Part, size: int) -> Iterator[Block]:
        """The cases of a part in blocks of so many at the most.

        The row groups that it touches are read from their beginnings: what comes before the part is passed over.
        """
        ends = np.cumsum(self.groups)
        groups = np.arange(np.searchsorted(ends, part.first, side="right"), len(ends))
        groups = groups[ends[groups] - np.array(self.groups)[groups] < part.first + part.cases]
        skip, left = part.first - int(ends[groups[0]] - self.groups[groups[0]]), part.cases
        with _opened(self.path, self.columns) as file:
            for batch in file.iter_batches(size, row_groups=groups.tolist(), columns=list(self.columns)):
                passed = min(skip, len(batch))
                skip -= passed
                rows = batch.slice(passed, left)
                if len(rows):
                    yield self._block(rows, part.first + part.cases - left)
                    left -= len(rows)
                if not left:
                    return

    def _block(self, rows: pa.RecordBatch, first: int) -> Block:
        numbers = np.arange(first, first + len(rows)) + 1
        ids = rows.column(ID) if ID in self.columns else None
        columns = tuple(text_column(name, _texts(rows.column(name))) for name in self.columns if name != ID)
        return Block(ids_of(ids, "row", numbers), columns)


def parquet_cases(path: Path) -> ParquetCases:
    """The cases of a Parquet file. Raises BadCases where it is none, is empty, or has columns of other than values."""
    from pyarrow import ArrowException, types
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            schema, metadata = file.schema_arrow, file.metadata
            groups = tuple(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))
    except ArrowException as error:
        raise BadCases(f"not a Parquet file: {error}", where=(str(path),)) from None
    fields = [field for field in schema if not field.name.startswith(INDEX)]
    for field in fields:
        if types.is_nested(field.type) or types.is_binary(field.type):
            raise BadCases(f"the column {field.name!r} is {field.type}, not text", where=(str(path),))
    columns = columns_of([field.name for field in fields])
    if columns != tuple(field.name for field in fields):
        raise BadCases("a column's name begins or ends with a space", where=(str(path),))
    if not sum(groups):
        raise BadCases("the file has no case", where=(str(path),))
    return ParquetCases(path, columns, groups, digest_of_file(path))


def _opened(path: Path, columns: tuple[str, ...]) -> ParquetFile:
    """The file, columns of text read as they are stored, each different text once."""
    from pyarrow import types
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        texts = [each.name for each in file.schema_arrow if types.is_string(each.type) and each.name in columns]
    return ParquetFile(path, read_dictionary=[name for name in texts if name != ID], buffer_size=1 << 20)


def _texts(cells: pa.Array) -> pa.Array:
    """Cells of any plain type as texts, each different one once."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_dictionary(cells.type) and types.is_string(cells.type.value_type):
        return cells
    return cells.cast(pa.string()).dictionary_encode()
