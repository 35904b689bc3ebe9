"""The default row of a table: one statement for all combinations of the parents that no other row covers."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from model.analyses.leave_out import without
from model.gates import TableGate
from model.gates.streams import Stream
from model.priors import load
from model.uncertainty.parameters import parameters
from service.cli.main import commands
from tests.prior_copies import ASIA, edited, said

ROWS = (
    ("      - when: {bronc: yes, either: no}\n        p: {yes: 0.8, no: rest}\n", ""),
    ("      - when: {bronc: no, either: yes}\n        p: {yes: 0.7, no: rest}\n", ""),
)
DEFAULT = "    default: {p: {yes: 0.2, no: 0.8}, ess: 7}\n"


def with_default(tmp_path: Path, *changes: tuple[str, str], default: str = DEFAULT) -> Path:
    """Asia whose shortness of breath has some rows taken out and a default put in below the last."""
    last = "      - when: {bronc: no, either: no}\n        p: {yes: 0.1, no: rest}\n"
    return edited(ASIA, tmp_path, "findings.yaml", *changes, (last, last + default))


def test_it_holds_wherever_no_row_does_and_nowhere_else(tmp_path: Path) -> None:
    model = load(with_default(tmp_path, *ROWS))
    gate = model.described["dysp"].gate
    assert isinstance(gate, TableGate)
    parents = model.network["dysp"].parents
    assert set(parents) == {"bronc", "either"}
    assert gate.rows[0, 0].tolist() == [0.9, 0.1]
    assert gate.rows[1, 1].tolist() == [0.1, 0.9]
    assert gate.rows[0, 1].tolist() == gate.rows[1, 0].tolist() == [0.2, 0.8]
    assert (gate.ess[0, 1], gate.ess[1, 0]) == (7, 7)
    assert model.described["dysp"].defaulted == 2


def test_it_is_one_statement_with_a_line_of_its_own_drawn_as_one(tmp_path: Path) -> None:
    folder = with_default(tmp_path, *ROWS)
    model = load(folder)
    described = model.described["dysp"]
    statement = described.statements[-1]
    assert statement.what == "in the other 2 of 4 combinations: yes 0.2, no 0.8"
    lines = (folder / "findings.yaml").read_text("utf-8").splitlines()
    assert lines[statement.line - 1].startswith("    default:")
    drawn = described.gate.draw(Stream(1), 50)
    assert np.array_equal(drawn[:, 0, 1], drawn[:, 1, 0])
    assert np.std(drawn[:, 0, 1, 0]) > 0


def test_it_is_a_number_that_can_be_moved_and_left_out_like_any_other(tmp_path: Path) -> None:
    model = load(with_default(tmp_path, *ROWS))
    described, variable = model.described["dysp"], model.network["dysp"]
    statement = described.statements[-1]
    moved = [each for each in parameters(described, variable) if each.statement == statement]
    assert moved
    left = without(described, variable, [statement])
    assert left[0, 1].tolist() == left[1, 0].tolist() == [0.5, 0.5]
    assert left[0, 0].tolist() == [0.9, 0.1]


def test_check_says_how_many_combinations_it_covers(tmp_path: Path) -> None:
    with_default(tmp_path, *ROWS)
    ran = CliRunner().invoke(commands, ["check", "asia", "--priors", str(tmp_path)])
    assert "combinations of parents that only a default row covers:\n  dysp: 2 of 4 combinations\n" in ran.output
    assert "default row" not in CliRunner().invoke(commands, ["check", "asia"]).output


@pytest.mark.parametrize(
    ("changes", "default", "problem"),
    [
        (
            (),
            DEFAULT,
            "dysp, default: a default where the rows cover every combination, expected the default left out.",
        ),
        (ROWS, "    default: {p: {yes: 0.2, no: 0.7}}\n", "dysp, default, p: sums to 0.9, expected 1."),
        (ROWS, "    default: {when: {bronc: no}, p: {yes: 0.2, no: 0.8}}\n", "default, when: the unknown key 'when'"),
        (ROWS, "    default: {ess: 3}\n", "dysp, default: neither 'p' nor 'pool', expected one of them."),
        (ROWS, "", "dysp, rows: no row for 2 combinations of the parents: "),
    ],
)
def test_a_default_that_does_not_fit_is_refused(
    changes: tuple[tuple[str, str], ...], default: str, problem: str, tmp_path: Path
) -> None:
    (found,) = said(with_default(tmp_path, *changes, default=default))
    assert problem in found
