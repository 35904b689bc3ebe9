"""Likelihoods of a batch, each different one once: what numpy finds by sorting all of them."""

import numpy as np
import pytest

from model.inference.variable_elimination import coded_evidence


@pytest.mark.parametrize("kinds", [1, 2, 8, 9, 200])
@pytest.mark.parametrize("cases", [1, 500])
def test_different_rows_are_those_of_numpy(kinds: int, cases: int) -> None:
    rng = np.random.default_rng(kinds + cases)
    rows = rng.random((kinds, 3))[rng.integers(0, kinds, cases)]
    vectors, which = coded_evidence._different(rows)
    expected, places = np.unique(rows, axis=0, return_inverse=True)
    assert vectors.tolist() == expected.tolist()
    assert which.tolist() == places.ravel().tolist()
