"""Where the cases of a sweep come from: CSV as over HTTP, Parquet, and grids."""

import csv
import io
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import priors
from model.errors import AftermathError, UnknownState, UnknownVariable
from model.priors import load
from service.http import csv_tables
from service.http.problems import BadCSV
from service.jobs import csv_cases as reading
from service.jobs.cases import BadCases, Source
from service.jobs.csv_cases import csv_cases
from service.jobs.grid import counted, read_grid
from service.jobs.parquet_cases import parquet_cases

Records = list[tuple[str, dict[str, str]]]
"""The id of each case and what it says."""


@pytest.fixture(scope="module")
def asia():
    return load(Path(priors.__path__[0]) / "asia")


def records(source: Source, size: int = 1_000, block: int = 300) -> Records:
    """Every case of a source, read part by part."""
    found: Records = []
    for part in source.parts(size):
        before = len(found)
        for each in source.blocks(part, block):
            assert len(each.ids) <= block
            for i, name in enumerate(each.ids.to_pylist()):
                cells = {c.name: c.texts[c.codes[i]] for c in each.columns if c.codes[i] >= 0}
                found.append((name, {"broken": str(each.broken[i])} if i in each.broken else cells))
        assert (before, len(found) - before) == (part.first, part.cases)
    assert len(found) == source.cases
    return found


def expected(raw: bytes) -> Records:
    """The same by the reader of a batch over HTTP."""
    [(_, header), *lines] = csv_tables.read(raw)
    found: Records = []
    for line, cells in lines:
        said = {name: cell for name, cell in zip(header, cells, strict=False) if cell}
        name = said.pop("id", f"line {line}")
        broken = f"line {line} has {len(cells)} cells, the header {len(header)}"
        found.append((name, said if len(cells) == len(header) else {"broken": broken}))
    return found


def written(tmp_path: Path, raw: bytes, name: str = "cases.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(raw)
    return path


def random_csv(rng: random.Random, *, odd: float, cases: int, end: str) -> bytes:
    """Cases with some that are odd: quoted cells with line ends and quotes in them, empty lines, cells too few."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(["id", "xray", "do.smoke"])
    for i in range(cases):
        row = [rng.choice(["", f"case {i}"]), rng.choice(["yes", "no", ""]), rng.choice(["yes", ""])]
        if rng.random() < odd:
            kind = rng.randrange(4)
            row[0] = 'a "b",\r\nc\n' if kind == 0 else row[0]
            row = row[:2] if kind == 1 else row
            row[1] = "not(yes)" if kind == 2 else row[1]
            if kind == 3:
                out.write(end)
        writer.writerow(row)
    return out.getvalue().encode()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("odd", [0, 0.001, 0.2])
@pytest.mark.parametrize("chunk", [64, 16_000_000])
def test_a_csv_file_is_read_as_a_body_is(tmp_path, monkeypatch, odd: float, end: str, chunk: int) -> None:
    monkeypatch.setattr(reading, "CHUNK", chunk)
    raw = random_csv(random.Random(7), odd=odd, cases=3_456, end=end)
    assert records(csv_cases(written(tmp_path, raw))) == expected(raw)


@pytest.mark.parametrize("cases", [1, 999, 1_000, 1_001, 2_000])
@pytest.mark.parametrize("tail", ["", "\n", "\n\n\r\n"])
def test_the_last_part_has_what_is_left(tmp_path, cases: int, tail: str) -> None:
    raw = ("xray\n" + "\n".join(["yes"] * cases) + tail).encode()
    source = csv_cases(written(tmp_path, raw))
    assert [part.cases for part in source.parts(1_000)] == [1_000] * (cases // 1_000) + [cases % 1_000] * (
        cases % 1_000 > 0
    )
    assert records(source) == [(f"line {i + 2}", {"xray": "yes"}) for i in range(cases)]


def test_a_byte_order_mark_and_spaces_around_names_are_passed_over(tmp_path) -> None:
    source = csv_cases(written(tmp_path, b"\xef\xbb\xbfxray , smoke\r\nyes,no\r\n"))
    assert (source.columns, records(source)) == (("xray", "smoke"), [("line 2", {"xray": "yes", "smoke": "no"})])


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", "the file is empty"),
        (b"xray\n", "a header and no case"),
        (b"xray,xray\nyes,no\n", "the column 'xray' is named twice"),
        (b"xray\nyes\nn\xff\n", "line 3 is not UTF-8: a byte is 0xff"),
        (b"xray\nyes\nn\0\n", "line 3 holds a NUL"),
        (b"xray\rno\nyes\n", "line 1 has a carriage return without a line feed"),
        (b'xray\nyes\n"no\n', "a quote is not closed"),
    ],
)
def test_a_file_that_is_no_table_is_refused_before_anything_is_answered(tmp_path, raw: bytes, error: str) -> None:
    with pytest.raises((BadCases, BadCSV), match=error):
        csv_cases(written(tmp_path, raw))


def test_quotes_that_do_not_pair_up_are_refused_with_their_line(tmp_path) -> None:
    raw = b"id,xray\n" + b"a,yes\n" * 1_500 + b'5" gun,yes\n' + b"b,no\n" * 2_000 + b'6" gun,yes\n' + b"c,no\n" * 500
    with pytest.raises(BadCases, match=r"from line 1,002 on quotes do not pair up"):
        records(csv_cases(written(tmp_path, raw)))


def test_a_file_without_line_ends_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_RECORD", 100)
    with pytest.raises(BadCases, match="a line of over 100 bytes"):
        csv_cases(written(tmp_path, b"x" * 1_000))


@pytest.mark.parametrize("group", [7, 1_000, 5_000])
def test_a_parquet_file_is_read_whatever_its_row_groups(tmp_path, group: int) -> None:
    rng = random.Random(3)
    cells = {name: rng.choices(["yes", "no", "", None], k=3_456) for name in ("xray", "do.smoke")}
    ids = [None if i % 3 else i for i in range(3_456)]
    table = pa.table({"id": pa.array(ids, pa.int64()), **cells, "__index_level_0__": range(3_456)})
    parquet.write_table(table, tmp_path / "cases.parquet", row_group_size=group)
    said = [{name: column[i] for name, column in cells.items() if column[i]} for i in range(3_456)]
    named = [f"row {i + 1}" if name is None else str(name) for i, name in enumerate(ids)]
    source = parquet_cases(tmp_path / "cases.parquet")
    assert records(source) == list(zip(named, said, strict=True))


def test_cells_of_other_types_are_read_as_text(tmp_path) -> None:
    table = pa.table(
        {"a": pa.array(["x"]).dictionary_encode(), "b": [3], "c": [True], "d": pa.array([None], pa.null())}
    )
    parquet.write_table(table, tmp_path / "cases.parquet")
    assert records(parquet_cases(tmp_path / "cases.parquet")) == [("row 1", {"a": "x", "b": "3", "c": "true"})]


def test_a_parquet_file_of_other_than_values_is_refused(tmp_path) -> None:
    parquet.write_table(pa.table({"xray": [["yes"]]}), tmp_path / "lists.parquet")
    parquet.write_table(pa.table({"xray": pa.array([], pa.string())}), tmp_path / "empty.parquet")
    (tmp_path / "text.parquet").write_text("xray\nyes\n")
    for name, error in (
        ("lists", "'xray' is list<.*>, not text"),
        ("empty", "no case"),
        ("text", "not a Parquet file"),
    ):
        with pytest.raises(BadCases, match=error):
            parquet_cases(tmp_path / f"{name}.parquet")


def test_a_grid_is_every_combination_the_last_varying_fastest(asia) -> None:
    grid = read_grid(asia, "xray=*; do.smoke=no,yes;tub=not(yes)")
    assert records(grid) == [
        (f"row {i + 1}", {"xray": xray, "do.smoke": smoke, "tub": "not(yes)"})
        for i, (xray, smoke) in enumerate([("yes", "no"), ("yes", "yes"), ("no", "no"), ("no", "yes")])
    ]
    assert counted(grid) == "2 × 2 × 1 = 4 cases"


def test_a_grid_goes_through_scenarios_and_cohorts(asia) -> None:
    grid = read_grid(asia, "scenario=*,none;cohort=*;xray=yes")
    assert grid.cells == ((*asia.scenarios, "none"), tuple(asia.cohorts), ("yes",))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "expected columns such as"),
        ("xray", "expected columns such as 'xray=.*found 'xray'"),
        ("id=a,b", "expected columns such as"),
        ("xray=", r"expected xray=\* or xray=a,b"),
        ("xray=yes,", r"expected xray=\* or xray=a,b"),
        ("xray=*,yes", "xray has 'yes' twice"),
        ("xray=*;xray=no", "'xray' is named twice"),
        ("xray=like(yes", "a verb that is not closed"),
        ("scenario=nowhere", "no scenario 'nowhere'"),
        ("cohort=nobody", "no cohort 'nobody'"),
    ],
)
def test_a_grid_that_cannot_be_read_is_refused(asia, text: str, error: str) -> None:
    with pytest.raises(AftermathError, match=error):
        read_grid(asia, text)


def test_names_that_a_grid_gets_wrong_are_told_with_the_nearest(asia) -> None:
    with pytest.raises(UnknownState, match="Did you mean 'yes'"):
        read_grid(asia, "xray=ye")
    with pytest.raises(UnknownVariable, match="Did you mean 'smoke'"):
        read_grid(asia, "do.smoky=yes")


def test_a_grid_of_absurd_size_is_refused_with_its_count() -> None:
    flagship = load(Path(priors.__path__[0]) / "mosul-2017")
    every = ";".join(f"{name}=*" for name in flagship.network.names[:40])
    with pytest.raises(BadCases, match=r"× .* = [\d,]{15,} cases; the most is 1,000,000,000"):
        read_grid(flagship, every)


def test_the_cases_of_a_grid_are_made_where_they_are_needed(asia) -> None:
    grid = read_grid(asia, ";".join(f"{name}=*" for name in asia.network.names))
    [first, *_] = grid.blocks(grid.parts(100)[1], 10)
    assert first.ids.to_pylist()[0] == "row 101"
    assert np.array([column.codes[0] for column in first.columns]).tolist() == [0, 1, 1, 0, 0, 1, 0, 0]
