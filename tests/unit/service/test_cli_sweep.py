"""The command ``sweep``: what it says first, its bar, and what it refuses."""

import io
import re
import shlex
import sys
from pathlib import Path

import pandas as pd
import pytest

from service.cli import sweep as command
from tests.pages import page


def test_a_grid_is_counted_first_and_then_answered(run, tmp_path: Path) -> None:
    ran = run("sweep", "asia", "--grid", "xray=*;do.smoke=*", "--out", tmp_path / "out", "--target", "lung")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "2 × 2 = 4 cases, 8 rows: 2 of each case, of lung",
        f"4 of 4 cases answered, 8 rows in {tmp_path / 'out'}",
    ]
    table = pd.read_parquet(tmp_path / "out")
    assert [*table.columns[-2:]] == ["xray", "do.smoke"]
    assert sorted(set(zip(table["xray"], table["do.smoke"], strict=True))) == [
        ("no", "no"),
        ("no", "yes"),
        ("yes", "no"),
        ("yes", "yes"),
    ]


@pytest.mark.parametrize("name", ["cases.csv", "cases.PARQUET"])
def test_cases_are_read_by_suffix_and_the_headline_is_answered(run, tmp_path: Path, name: str) -> None:
    table = pd.DataFrame({"id": ["a", "b"], "xray": ["yes", "perhaps"]})
    path = tmp_path / name
    table.to_csv(path, index=False) if name.endswith("csv") else table.to_parquet(path)
    ran = run("sweep", "asia", path, "--out", tmp_path / "out")
    assert ran.code == 0
    assert ran.err == "refused: 1 case; the column error says why\n"
    assert ran.out.startswith("2 cases, 12 rows: 6 of each case, of lung, tub, bronc\n1 of 2 cases answered, 7 rows in")
    assert pd.read_parquet(tmp_path / "out").id.value_counts().to_dict() == {"a": 6, "b": 1}


def test_a_sweep_of_which_every_case_is_refused_exits_1(run, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    pd.DataFrame({"xray": ["perhaps", "maybe"]}).to_csv(path, index=False)
    ran = run("sweep", "asia", path, "--out", tmp_path / "out")
    assert (ran.code, ran.err) == (1, "refused: 2 cases; the column error says why\n")


def test_a_sweep_that_was_done_says_so(run, tmp_path: Path) -> None:
    words = ("sweep", "asia", "--grid", "xray=*", "--out", tmp_path / "out")
    assert run(*words).code == 0
    assert run(*words).out.splitlines()[-1].endswith("; 2 of them had been answered before")


def test_a_sweep_of_another_question_into_the_same_folder_is_refused(run, tmp_path: Path) -> None:
    words = ("sweep", "asia", "--grid", "xray=*", "--out", tmp_path / "out")
    assert run(*words).code == 0
    ran = run(*words, "--interval", "0.9")
    assert ran.code == 1
    assert "another sweep: --interval is none there and 0.9 now; name another folder by --out" in ran.err


def test_an_interval_is_drawn_where_it_is_asked_for(run, tmp_path: Path) -> None:
    assert run("sweep", "asia", "--grid", "xray=*", "--out", tmp_path / "out", "--interval", "0.9").code == 0
    table = pd.read_parquet(tmp_path / "out")
    assert ((table.lo <= table.p) & (table.p <= table.hi)).all()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Name either CASES or --grid."),
        (("cases.csv", "--grid", "xray=*"), 2, "Name either CASES or --grid."),
        (("cases.txt",), 2, "is read by its suffix, which is none of .csv and .parquet"),
        (("--grid", "xray=*", "--address", "tcp://here:1"), 2, "--address is of --engine dask."),
        (("--grid", "xray=*", "--interval", "some"), 2, "'some' is not a valid float"),
        (("--grid", "xray=*", "--interval", "1"), 2, "1.0 is not in the range"),
        (("--grid", "xray=*", "--target", "lugn"), 1, "Did you mean 'lung'?"),
        (("--grid", "xrya=*"), 1, "Did you mean 'xray'?"),
        (("bad.csv",), 1, "Did you mean 'xray'?"),
        (("taken.csv", "--with-cases"), 1, "no variable 'state'"),
    ],
)
def test_what_cannot_be_asked_is_refused(run, tmp_path: Path, monkeypatch, words, code: int, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    for name, header in (("cases.csv", "xray"), ("cases.txt", "xray"), ("bad.csv", "xrya"), ("taken.csv", "state")):
        Path(name).write_text(f"{header}\nyes\n")
    ran = run("sweep", "asia", *words, "--out", "out")
    assert ran.code == code
    assert said in ran.err
    assert not Path("out").exists()


def test_the_manual_does_what_it_says(run, tmp_path: Path, monkeypatch, capsys) -> None:
    [section] = re.findall(r"^## Millions of cases\n(.*?)^## ", page("analysts.md"), re.MULTILINE | re.DOTALL)
    commands = [shlex.split(line) for line in re.findall(r"^\$ aftermath sweep (.*)$", section, re.MULTILINE)]
    [example] = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("cases.csv").write_text("xray,do.smoke\nyes,no\n")
    assert [run("sweep", *words).code for words in commands] == [0, 0]
    exec(example)
    assert "do.bronc" in capsys.readouterr().out


class Terminal(io.StringIO):
    """Standard error on a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_nothing_else_does(run, tmp_path: Path, monkeypatch) -> None:
    words = ("sweep", "asia", "--grid", "xray=*", "--target", "lung", "--out")
    assert run(*words, tmp_path / "plain").err == ""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    run(*words, tmp_path / "out")
    first, *_, last = terminal.getvalue().split("\r")[1:]
    assert first.startswith(f"[{'.' * command.BAR}] 0 of 2 cases")
    assert last.startswith(f"[{'#' * command.BAR}] 2 of 2 cases, ")
    assert last.endswith(" left\x1b[K\n")
