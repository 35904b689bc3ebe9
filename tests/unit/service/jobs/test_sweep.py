"""Sweeps: the rows of a batch over HTTP, in parts that are taken up where they were left and never mixed."""

import csv
import io
import json
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pytest
from flask.testing import FlaskClient
from pyarrow import parquet

import priors
from model.errors import AftermathError
from model.forecast import Forecaster, prepare
from model.priors import load
from service import create_app
from service.jobs import folder, sweep
from service.jobs.cases import BadCases
from service.jobs.csv_cases import csv_cases
from service.jobs.engines import WorkersDied, in_processes
from service.jobs.folder import SweepRefused
from service.jobs.grid import read_grid
from service.jobs.sweep import Progress, run
from service.schemas.answers import CaseRow
from service.settings import Settings, default_priors
from service.translate import questions
from tests.prior_copies import ASIA

MODELS = Path(priors.__path__[0])
CASES = """id,xray,do.smoke,tub,either,scenario,cohort
a,yes,no,,,,
,no,,,,back_from_asia,
c,"not(yes)",,"like(yes=3,no=1)",,,
d,,"chances(yes=0.2,no=0.8)",,,,a_smoker
e,,,"assumed(yes=0.3,no=0.7)",,,
impossible,,,yes,no,,
,ye,,,,,
short,yes
,,,,,nowhere,
,,,,,,
"a
b",yes,,,,,
f,,yes,yes,no,,
"""


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(Settings(default_priors())).test_client()


@pytest.fixture(scope="module")
def asia() -> Forecaster:
    return prepare(load(MODELS / "asia"))


def here(do, parts: Sequence) -> Iterator:
    """An engine of this process."""
    yield from map(do, parts)


def swept(asia: Forecaster, source, out: Path, engine=here, **options) -> list[Progress]:
    options.setdefault("targets", ("lung", "dysp"))
    return list(run(asia, source, out, engine, **options))


def grid(asia: Forecaster, text: str = "xray=*;smoke=*;dysp=*"):
    return read_grid(asia.model, text)


def rows_of(out: Path) -> list[dict[str, object]]:
    return [row for path in sorted(out.glob("*.parquet")) for row in parquet.read_table(path).to_pylist()]


def bytes_of(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


@pytest.mark.parametrize("interval", [None, 0.8])
def test_rows_are_those_of_a_batch_over_http(client, asia, tmp_path, interval: float | None) -> None:
    (tmp_path / "cases.csv").write_text(CASES)
    swept(asia, csv_cases(tmp_path / "cases.csv"), tmp_path / "out", interval=interval)
    address = f"/v1/models/asia/batch.csv?target=lung&target=dysp&interval={interval or 'none'}"
    answer = client.post(address, data=CASES, content_type="text/csv")
    expected = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    found = rows_of(tmp_path / "out")
    assert list(found[0]) == list(CaseRow.__annotations__)
    for row, said in zip(found, expected, strict=True):
        for name, value in row.items():
            if isinstance(value, float):
                assert value == pytest.approx(float(said[name]), rel=1e-12, abs=1e-13), (row, name)
            else:
                assert (value or "") == said[name], (row, name)
    assert {row["error"] is None for row in found} == {True, False}
    assert any(row["lo"] is not None for row in found) is (interval is not None)


def test_columns_have_the_types_of_a_batch_even_where_they_are_empty(asia, tmp_path) -> None:
    swept(asia, grid(asia), tmp_path / "out")
    schema = parquet.read_schema(tmp_path / "out" / "part-00000.parquet")
    numbers = {"p", "lo", "hi", "without", "effect", "effect_lo", "effect_hi", "p_evidence", "at_least", "below"}
    assert {name: str(kind) for name, kind in zip(schema.names, schema.types, strict=True)} == {
        name: "double" if name in numbers else "string" for name in CaseRow.__annotations__
    }


def test_pandas_reads_the_folder_as_one_table(asia, tmp_path) -> None:
    swept(asia, grid(asia), tmp_path / "out", with_cases=True)
    table = pd.read_parquet(tmp_path / "out")
    assert len(table) == 2 * 2 * 2 * 4
    assert table.groupby("id").p.sum().to_numpy() == pytest.approx(2.0)
    [p] = table.query("xray == 'yes' and smoke == 'no' and dysp == 'no' and target == 'lung' and state == 'yes'").p
    assert 0 < p < 1


def test_a_summary_says_how_many_were_answered(asia, tmp_path) -> None:
    (tmp_path / "cases.csv").write_text(CASES)
    *_, end = swept(asia, csv_cases(tmp_path / "cases.csv"), tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "_summary.json").read_text())
    assert summary == {"cases": 12, "answered": 7, "refused": 5, "rows": 33, "parts": 1}
    assert (end.cases, end.refused, end.rows, end.before, end.of) == (12, 5, 33, 0, 12)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a thousand cases."""
    monkeypatch.setattr(sweep, "CASES", 1_000)


MANY = "xray=*;smoke=*;dysp=*;tub=*;bronc=*;asia=*;do.lung=*;either=" + ",".join(
    f"like(yes={i},no=1)" for i in range(2, 44)
)
"""128 × 42 = 5,376 cases."""


def test_a_sweep_that_was_ended_goes_on_where_it_was(asia, tmp_path, small_parts) -> None:
    source, out = grid(asia, MANY), tmp_path / "out"
    whole = swept(asia, source, tmp_path / "whole", targets=("lung",))
    assert [each.cases for each in whole] == [0, 1_000, 2_000, 3_000, 4_000, 5_000, 5_376]
    going = run(asia, source, out, here, targets=("lung",))
    assert [next(going).cases for _ in range(3)] == [0, 1_000, 2_000]
    going.close()
    (out / ".part-00002.parquet.host.1.tmp").write_bytes(b"half a part")
    (out / "part-00001.parquet").write_bytes((out / "part-00001.parquet").read_bytes()[:-100])
    again = swept(asia, source, out, targets=("lung",))
    assert [(each.before, each.cases) for each in again] == [
        (1_000, done) for done in (1_000, 2_000, 3_000, 4_000, 5_000, 5_376)
    ]
    assert bytes_of(out) == bytes_of(tmp_path / "whole")


def test_a_sweep_that_is_done_does_nothing(asia, tmp_path, small_parts) -> None:
    def none(do, parts):
        raise AssertionError("nothing is left to do")
        yield

    first = swept(asia, grid(asia, MANY), tmp_path / "out")
    before = bytes_of(tmp_path / "out")
    assert swept(asia, grid(asia, MANY), tmp_path / "out", none) == [
        Progress(cases=5_376, before=5_376, of=5_376, refused=first[-1].refused, rows=first[-1].rows)
    ]
    assert bytes_of(tmp_path / "out") == before


def test_answers_of_another_sweep_are_never_mixed_in(asia, tmp_path) -> None:
    out = tmp_path / "out"
    swept(asia, grid(asia), out)
    before = bytes_of(out)
    copy = tmp_path / "asia"
    shutil.copytree(ASIA, copy)
    file = copy / "model.yaml"
    file.write_text(file.read_text().replace("A chest clinic", "Another clinic"))
    edited = prepare(load(copy))
    for other, source, options, said in (
        (edited, grid(asia), {}, "the model's revision is r-.* there and r-.* now"),
        (asia, grid(asia, "xray=*"), {}, "the cases differ"),
        (asia, grid(asia), {"targets": ("lung",)}, "--target or --event is lung, dysp there and lung now"),
        (asia, grid(asia), {"interval": 0.9}, "--interval is none there and 0.9 now"),
        (asia, grid(asia), {"with_cases": True}, "--with-cases is False there and True now"),
    ):
        with pytest.raises(SweepRefused, match=f"another sweep: .*{said}.*name another folder by --out"):
            swept(other, source, out, **options)
    assert bytes_of(out) == before


def test_answers_of_other_software_are_never_mixed_in(asia, tmp_path, monkeypatch) -> None:
    swept(asia, grid(asia), tmp_path / "out")
    monkeypatch.setattr(sweep, "fingerprint", lambda: "0" * 64)
    with pytest.raises(SweepRefused, match="the version of the software differs"):
        swept(asia, grid(asia), tmp_path / "out")


def test_a_worker_with_other_software_answers_nothing(asia, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sweep, "fingerprint", lambda: "0" * 64)
    with pytest.raises(BadCases, match="a worker has another version of the software than 000000000000"):
        swept(asia, grid(asia), tmp_path / "out")
    assert list((tmp_path / "out").glob("*.parquet")) == []


def test_a_folder_with_something_else_in_it_is_left_alone(asia, tmp_path) -> None:
    (tmp_path / "thesis.odt").write_text("years of work")
    with pytest.raises(SweepRefused, match=r"not empty and holds no sweep \(thesis.odt is in it\)"):
        swept(asia, grid(asia), tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "_sweep.json").write_text("[")
    with pytest.raises(SweepRefused, match=r"_sweep.json in it cannot be read"):
        swept(asia, grid(asia), tmp_path / "out")


def test_two_sweeps_do_not_work_in_one_folder(asia, tmp_path) -> None:
    going = run(asia, grid(asia), tmp_path / "out", here, targets=("lung",))
    next(going)
    with pytest.raises(SweepRefused, match="another sweep works in this folder"):
        swept(asia, grid(asia), tmp_path / "out", targets=("lung",))
    assert [each.cases for each in going] == [8]


def test_a_part_that_cannot_be_read_ends_the_sweep_and_what_is_done_stays(asia, tmp_path, small_parts) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(b"id,xray\n" + b"a,yes\n" * 1_500 + b'5" gun,yes\n' + b"b,no\n" * 500 + b'6" gun,yes\n')
    with pytest.raises(BadCases, match="quotes do not pair up"):
        swept(asia, csv_cases(path), tmp_path / "out", targets=("lung",))
    assert sorted(each.name for each in (tmp_path / "out").glob("*part*")) == ["part-00000.parquet"]


def test_a_full_disk_is_said_with_the_folder_and_leaves_nothing(tmp_path) -> None:
    table = pyarrow.table({"p": np.zeros(100_000)})
    with pytest.raises(OSError, match="No space left") as caught, folder.written_aside(tmp_path, 0) as aside:  # noqa: PT012
        aside.symlink_to("/dev/full")
        parquet.write_table(table, aside)
    assert caught.value.filename == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_columns_that_are_of_no_variable_are_refused_before_anything_is_done(asia, tmp_path) -> None:
    (tmp_path / "cases.csv").write_text("xrya\nyes\n")
    with pytest.raises(AftermathError, match=r"no variable 'xrya'.*Did you mean 'xray'"):
        sweep.check(asia.model, csv_cases(tmp_path / "cases.csv"), with_cases=False)


def test_an_event_is_a_target_like_any_other(asia, client, tmp_path) -> None:
    _, [event] = questions.about(asia, ["any(lung:yes,tub:yes)"])
    swept(asia, grid(asia, "xray=yes"), tmp_path / "out", targets=(event,), events=(event,))
    [alone] = client.get(f"/v1/models/asia/query?event={event}&given=xray:yes&fields=all").json["targets"]
    found = [(row["target"], row["p"]) for row in rows_of(tmp_path / "out")]
    assert found == [(event, state["p"]) for state in alone["distribution"]]


def test_parts_are_smaller_where_a_case_has_many_rows_or_is_drawn(asia) -> None:
    every = tuple(asia.model.network.names)
    assert sweep.part_size(asia.model, ("lung",), None) == 250_000
    assert sweep.part_size(asia.model, every, None) == 250_000
    assert sweep.part_size(asia.model, every * 10, None) == 62_000
    assert sweep.part_size(asia.model, ("lung",), 0.9) == 2_000


def test_processes_give_the_same_bytes_as_one_whatever_their_number(asia, tmp_path, small_parts) -> None:
    outs = []
    for name, engine in (("one", here), ("two", partial(in_processes, workers=2))):
        swept(asia, grid(asia, MANY), tmp_path / name, engine)
        outs.append(bytes_of(tmp_path / name))
    assert outs[0] == outs[1]


def dies(part: int) -> int:
    import os

    if part == 3:
        os.kill(os.getpid(), 9)
    return part


def test_processes_that_die_over_and_over_are_given_up() -> None:
    with pytest.raises(WorkersDied, match="processes died 3 times before a part was done"):
        list(in_processes(dies, [3, 3], workers=1))


def dies_once(part: Path) -> str:
    import os

    if part.name == "2" and not part.exists():
        part.touch()
        os.kill(os.getpid(), 9)
    return part.name


def test_a_process_that_dies_loses_nothing(tmp_path) -> None:
    done = list(in_processes(dies_once, [tmp_path / str(i) for i in range(6)], workers=2))
    assert sorted(done) == [str(i) for i in range(6)]


def test_a_footer_of_another_revision_is_not_taken(asia, tmp_path) -> None:
    swept(asia, grid(asia), tmp_path)
    revision = asia.model.revision
    assert folder.done(tmp_path, 0, revision) == folder.Done(0, 8, 0, 32)
    assert folder.done(tmp_path, 0, "r-0") is None
    assert folder.done(tmp_path, 1, revision) is None
    (tmp_path / "part-00001.parquet").write_bytes((tmp_path / "part-00000.parquet").read_bytes())
    assert folder.done(tmp_path, 1, revision) is None


def test_cases_may_have_the_same_id_and_the_same_error(asia, tmp_path) -> None:
    lines = ["a,yes,", "b,ye,", "a,no,", "c,ye,", "b,,no", "a,,ye"]
    (tmp_path / "cases.csv").write_text("\n".join(["id,xray,smoke", *lines]))
    swept(asia, csv_cases(tmp_path / "cases.csv"), tmp_path / "out", targets=("lung",))
    found = [(row["id"], (row["error"] or "")[:26]) for row in rows_of(tmp_path / "out")]
    ye, smoke = "unknown_state: /given/xray", "unknown_state: /given/smok"
    assert found == [
        ("a", ""),
        ("a", ""),
        ("b", ye),
        ("a", ""),
        ("a", ""),
        ("c", ye),
        ("b", ""),
        ("b", ""),
        ("a", smoke),
    ]


def test_numbers_have_the_digits_of_csv(asia, tmp_path) -> None:
    swept(asia, grid(asia), tmp_path)
    p = np.array([row["p"] for row in rows_of(tmp_path)])
    assert (p == [float(f"{each:.13g}") for each in p]).all()
