"""Cases from a CSV file, as a batch over HTTP has them: looked through once, then read part by part.

A part begins and ends between two records. Where in the file that is is found from the line feeds that no open quote
precedes, which is so of every file that is written by the rules (RFC 4180); where a part turns out to hold another
number of records than were counted, a quote stands where none may, and the file is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.errors import AftermathError
from service.http import csv_tables
from service.http.problems import BadCSV
from service.jobs.cases import ID, BadCases, Block, Part, TextColumn, ids_of, text_column
from service.translate.batch import columns_of, wrong_width

if TYPE_CHECKING:
    import pyarrow as pa

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

CHUNK = 16_000_000
"""Bytes looked through at a time."""
LONGEST_RECORD = 64_000_000
"""Bytes without a line feed after which a file is taken for none of records."""
LINE_FEED, CARRIAGE_RETURN, QUOTE, COMMA = b'\n\r",'
STEP = 1_000
"""Records after each of which their ends are remembered: a part is of a multiple of so many."""


@dataclass(frozen=True, slots=True, eq=False)
class CSVCases:
    """A CSV file of cases. ``marks`` (marks, 2) are the byte and the lines before the header's end, and before each
    STEP-th case after it; its last row is the end of the file.
    """

    path: Path
    columns: tuple[str, ...]
    cases: int
    marks: Ints
    digest: str

    what: ClassVar[str] = "CSV"

    @property
    def identity(self) -> dict[str, str]:
        """What is in the file."""
        return {"sha256": self.digest}

    def parts(self, size: int) -> list[Part]:
        """The cases in parts of so many, or some fewer."""
        steps = max(1, size // STEP)
        starts = range(0, len(self.marks) - 1, steps)
        return [
            Part(
                number,
                start * STEP,
                min(steps * STEP, self.cases - start * STEP),
                int(self.marks[start, 0]),
                int(self.marks[min(start + steps, len(self.marks) - 1), 0]),
                int(self.marks[start, 1]),
            )
            for number, start in enumerate(starts)
        ]

    def blocks(self, part: Part, size: int) -> Iterator[Block]:
        """The cases of a part in blocks of so many at the most. Raises BadCases where quotes do not pair up."""
        with self.path.open("rb") as file:
            file.seek(part.start)
            raw = file.read(part.end - part.start)
        lines = _line_ends(raw, len(self.columns))
        blocks = self._quickly(raw, part, size) if lines == part.cases else self._by_record(raw, part, size)
        found = 0
        for block in blocks:
            found += len(block.ids)
            yield block
        if found != part.cases:
            raise self._unpaired(part)

    def _unpaired(self, part: Part) -> BadCases:
        return BadCases(
            f"from line {part.lines + 1:,} on quotes do not pair up: a cell that holds a quote stands in quotes, "
            "and the quote in it is doubled",
            where=(str(self.path),),
        )

    def _quickly(self, raw: bytes, part: Part, size: int) -> Iterator[Block]:
        """Records without quotes, one a line, each with all its cells."""
        import pyarrow as pa
        from pyarrow import csv

        kinds = {name: pa.string() if name == ID else pa.dictionary(pa.int32(), pa.string()) for name in self.columns}
        table = csv.read_csv(
            pa.py_buffer(raw),
            csv.ReadOptions(use_threads=False, block_size=len(raw) + 1, column_names=list(self.columns)),
            csv.ParseOptions(quote_char=False),
            csv.ConvertOptions(check_utf8=False, column_types=kinds, null_values=[], strings_can_be_null=False),
        )
        for start in range(0, len(table), size):
            rows = table.slice(start, size)
            cells = {name: rows.column(name).combine_chunks() for name in self.columns}
            numbers = part.lines + 1 + np.arange(start, start + len(rows))
            columns = tuple(text_column(name, _one(cells[name])) for name in self.columns if name != ID)
            yield Block(ids_of(_one(cells[ID]) if ID in cells else None, "line", numbers), columns)

    def _by_record(self, raw: bytes, part: Part, size: int) -> Iterator[Block]:
        """Records of any kind."""
        records = csv_tables.read(b"\n" + raw)  # an empty line first: no mark of byte order is looked for behind it
        try:
            while some := list(islice(records, size)):
                yield self._block([(line - 1 + part.lines, cells) for line, cells in some])
        except BadCSV:
            raise self._unpaired(part) from None

    def _block(self, records: list[tuple[int, list[str]]]) -> Block:
        import pyarrow as pa

        width = len(self.columns)
        broken: dict[int, AftermathError] = {}
        for i, (line, cells) in enumerate(records):
            if len(cells) != width:
                broken[i] = wrong_width(line, cells, self.columns)
        lines = np.array([line for line, _ in records])
        texts = {
            name: pa.array([cells[c] if c < len(cells) else "" for _, cells in records], pa.string())
            for c, name in enumerate(self.columns)
        }
        columns = [text_column(name, cells.dictionary_encode()) for name, cells in texts.items() if name != ID]
        if broken:
            columns = [_without(column, list(broken)) for column in columns]
        return Block(ids_of(texts.get(ID), "line", lines), tuple(columns), broken)


def csv_cases(path: Path) -> CSVCases:
    """The cases of a CSV file, after it was looked through.

    Raises BadCases for bytes that are not UTF-8, a NUL, a carriage return alone, a quote that is not closed, a file
    without a case; BadCSV for a header that names a column twice.
    """
    digest = hashlib.sha256()
    marks, records, header = [], 0, b""
    at = lines = quotes = 0
    for chunk in _whole_lines(path, digest):
        data = np.frombuffer(chunk, dtype=np.uint8)
        _check(path, chunk, data, lines)
        ends, before, found = _record_ends(data, quotes)
        kept = np.flatnonzero(_filled(data, ends))
        if not header and len(kept):
            header = chunk[: ends[kept[0]]] if records == 0 else header
        wanted = np.flatnonzero((records + np.arange(len(kept))) % STEP == 0)
        marks += [(at + int(ends[i]) + 1, lines + int(before[i]) + 1) for i in kept[wanted].tolist()]
        records += len(kept)
        at, lines, quotes = at + len(chunk), lines + int((data == LINE_FEED).sum()), quotes + found
    size = path.stat().st_size
    if quotes % 2:
        raise BadCases("a quote is not closed", where=(str(path),))
    if records < 2:
        raise BadCases("the file has a header and no case" if records else "the file is empty", where=(str(path),))
    if (records - 1) % STEP:
        marks.append((size, lines))
    else:
        marks[-1] = (size, lines)
    [(_, names)] = csv_tables.read(header)
    return CSVCases(path, columns_of(names), records - 1, np.array(marks, dtype=np.int64), digest.hexdigest())


def _whole_lines(path: Path, digest: hashlib._Hash) -> Iterator[bytes]:
    """The file in chunks that end with a line; the last line gets its end where it has none."""
    rest = b""
    with path.open("rb") as file:
        while read := file.read(CHUNK):
            digest.update(read)
            rest += read
            cut = rest.rfind(b"\n") + 1
            if cut:
                yield rest[:cut]
                rest = rest[cut:]
            elif len(rest) > LONGEST_RECORD:
                raise BadCases(
                    f"a line of over {LONGEST_RECORD:,} bytes: records end in LF or CRLF", where=(str(path),)
                )
    if rest:
        yield rest + b"\n"


def _check(path: Path, chunk: bytes, data: Bytes, lines: int) -> None:
    """Refuse bytes that no CSV file has."""
    where = (str(path),)
    if not chunk.isascii():
        try:
            chunk.decode()
        except UnicodeDecodeError as error:
            line = lines + chunk.count(b"\n", 0, error.start) + 1
            raise BadCases(f"line {line:,} is not UTF-8: a byte is 0x{chunk[error.start]:02x}", where=where) from None
    if b"\0" in chunk:
        line = lines + chunk.count(b"\n", 0, chunk.index(b"\0")) + 1
        raise BadCases(f"line {line:,} holds a NUL", where=where)
    returns = np.flatnonzero(data == CARRIAGE_RETURN) if b"\r" in chunk else np.empty(0, dtype=np.int64)
    alone = returns[data[returns + 1] != LINE_FEED]
    if len(alone):
        line = lines + chunk.count(b"\n", 0, int(alone[0])) + 1
        raise BadCases(
            f"line {line:,} has a carriage return without a line feed: end records in LF or CRLF", where=where
        )


def _record_ends(data: Bytes, quotes: int) -> tuple[Ints, Ints, int]:
    """Line feeds that end a record, after so many quotes: their places, the line feeds before each, and quotes met."""
    feeds = np.flatnonzero(data == LINE_FEED)
    found = np.flatnonzero(data == QUOTE)
    if not len(found) and quotes % 2 == 0:
        return feeds, np.arange(len(feeds)), 0
    ending = (np.searchsorted(found, feeds) + quotes) % 2 == 0
    return feeds[ending], np.flatnonzero(ending), len(found)


def _filled(data: Bytes, ends: Ints) -> NDArray[np.bool_]:
    """Which of the records that end there are not empty lines."""
    lengths = np.diff(ends, prepend=-1) - 1
    found: NDArray[np.bool_] = (lengths > 1) | ((lengths == 1) & (data[ends - 1] != CARRIAGE_RETURN))
    return found


def _line_ends(raw: bytes, columns: int) -> int:
    """How many records there are, one a line, where every line is one with all its cells and without quotes; else 0."""
    if b'"' in raw:
        return 0
    data = np.frombuffer(raw if raw.endswith(b"\n") else raw + b"\n", dtype=np.uint8)
    feeds, commas = np.flatnonzero(data == LINE_FEED), np.flatnonzero(data == COMMA)
    each = np.diff(np.searchsorted(commas, feeds), prepend=0)
    return len(feeds) if (each == columns - 1).all() and _filled(data, feeds).all() else 0


def _one(cells: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column in one piece."""
    import pyarrow as pa

    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells


def _without(column: TextColumn, cases: list[int]) -> TextColumn:
    """The column with nothing said in some cases."""
    codes = column.codes.copy()
    codes[cases] = -1
    return TextColumn(column.name, codes, column.texts)
