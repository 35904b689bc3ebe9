"""Answers and analyses where a state is very rare: the rest beside it is 1.0, and is not worked out from that again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from model.analyses.sensitivity import sensitivity
from model.analyses.value_of_information import mutual_information, sample_information
from model.analyses.variance_attribution import attribution
from model.evidence import observe
from model.forecast import Forecaster, answer, prepare
from model.gates.sampling import dirichlet
from model.gates.streams import Stream
from model.priors import load
from model.question import Question
from model.readback.table_ranges import beta_range
from model.uncertainty.dirichlet_updating import sequential

EDGES = Path(__file__).parents[2] / "data" / "edges"


def model(name: str, *, power: int | None = None, folder: Path | None = None) -> Forecaster:
    """A model of the folder, its 1e-9, 1e-12 or 1e-17 replaced by another power of ten where one is said."""
    if power is None or folder is None:
        return prepare(load(EDGES / name))
    copy = folder / name
    copy.mkdir()
    for file in (EDGES / name).glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for said in ("1e-9", "1e-12", "1e-17"):
            text = text.replace(said, f"1e{power}")
        (copy / file.name).write_text(text, encoding="utf-8")
    return prepare(load(copy))


@pytest.mark.parametrize("power", [-9, -12, -14, -17, -100, -300])
def test_a_break_even_of_what_is_left_beside_a_rare_state_is_right(power: int, tmp_path: Path) -> None:
    found = sensitivity(
        model("near", power=power, folder=tmp_path), Question(), target="y", state="yes", threshold=0.55
    )
    [row] = [row for row in found.rows if row.variable == "x"]
    assert row.threshold is not None
    assert row.threshold.values == pytest.approx((0.5,), rel=1e-12)
    assert row.threshold.direction == "below"
    assert row.coefficients == pytest.approx((-0.5, 0.8, 0.0, 1.0), rel=1e-12, abs=1e-12)
    assert row.derivative == pytest.approx(-0.5, rel=1e-12)
    [seen_rarely] = [row for row in found.rows if row.what == "when {x: high}: yes"]
    assert seen_rarely.derivative == pytest.approx(10.0**power, rel=1e-12)


@pytest.mark.parametrize("name", ["near", "tiny"])
def test_what_a_rare_state_leaves_is_uncertain_and_has_no_number_that_is_none(name: str) -> None:
    forecaster = model(name)
    found = sensitivity(forecaster, Question(), target="y", state="yes", threshold=0.5)
    assert {row.variable for row in found.rows} == {"x", "y"}
    for row in found.rows:
        assert np.isfinite([row.p_low, row.p_high, row.derivative, *(row.coefficients or ())]).all()
    shares = attribution(forecaster, Question(), target="y", state="yes").variables
    assert sum(share.share for share in shares) == pytest.approx(1)


@pytest.mark.parametrize("power", [-9, -12, -17, -100, -145])
def test_a_leak_as_rare_as_its_cause_is_half_as_likely_to_be_the_reason(power: int, tmp_path: Path) -> None:
    forecaster = model("t1em12", power=power, folder=tmp_path)
    found = answer(forecaster, Question(("rare",), observe(x="yes").findings))
    leak = Fraction(10) ** power
    both = leak * (1 - (1 - leak) / 2)
    right = both / (both + (1 - leak) * leak)
    assert found.targets.p[-1] == pytest.approx(float(right), rel=1e-12)
    swings = sensitivity(
        forecaster, Question((), observe(x="yes").findings), target="rare", state="yes", threshold=0.25
    )
    [row] = [row for row in swings.rows if row.what == "with no cause: yes"]
    assert row.threshold is not None
    assert row.threshold.values == pytest.approx((1.5 * float(leak),), rel=1e-6)


@pytest.mark.parametrize(
    ("p", "size"), [(1e-9, 29.742014742342217), (1e-12, 29.742014742015), (1e-300, 29.742014742014742)]
)
def test_an_incomplete_case_teaches_a_row_of_a_rare_state_as_it_does_any(p: float, size: float) -> None:
    after = sequential(30 * np.array([[p, 1 - p]]), np.array([[0.4 * 1.7 * p, 0.4 * (1 - 1.7 * p)]]))
    assert after.sum() == pytest.approx(size, rel=1e-12)


@pytest.mark.parametrize("p", [1e-17, 1e-162, 1e-300])
def test_a_rare_state_tells_bits_in_proportion_to_how_rare_it_is(p: float) -> None:
    joint = np.array([[0.3 * p, 0.7 * p], [0.8, 0.2]])
    right = 0.3 * np.log2(0.3 / 0.8) + 0.7 * np.log2(0.7 / 0.2)
    assert mutual_information(joint) == pytest.approx(p * right, rel=1e-12)
    assert mutual_information(joint.T) == pytest.approx(p * right, rel=1e-12)
    assert sample_information(joint, np.array([[1.0, 0.0], [0.0, 1.0]])) == pytest.approx(0.4 * p, rel=1e-12)


@pytest.mark.parametrize("row", [[1e-300, 1.0], [1.0, 1e-17], [1e-17, 1.0], [1.0, 1e-150, 1e-300], [1e-9, 0.5, 0.5]])
@pytest.mark.parametrize("ess", [1e-3, 10.0, 1e6])
def test_draws_of_a_row_with_a_rare_state_are_rows(row: list[float], ess: float) -> None:
    drawn = dirichlet([Stream(3)], np.array([row]), np.array([ess]), draws=500)
    assert np.isfinite(drawn).all()
    assert (drawn > 0).all()
    np.testing.assert_allclose(drawn.sum(axis=-1), 1, atol=1e-12)
    low, high = beta_range(np.array([row]), np.array([ess]))
    assert ((low <= high) & (low >= 0) & (high <= 1)).all()
