"""Residuals beyond a limit are counted, and judged by the binomial distribution."""

from __future__ import annotations

from math import comb, erfc, sqrt

import numpy as np
import pytest

from hmmcore.checks import outliers


def test_so_many_are_as_probable_as_the_binomial_distribution_says() -> None:
    residuals = np.column_stack([[0.0, 3.5, -4.0, np.nan, 1.0, 2.9], [np.nan] * 5 + [0.0]])
    found = outliers(residuals)
    share = erfc(3.0 / sqrt(2.0))
    assert found.number.tolist() == [2, 0]
    np.testing.assert_allclose(found.expected, [5 * share, share], rtol=1e-12)
    exact = sum(comb(5, k) * share**k * (1 - share) ** (5 - k) for k in range(2, 6))
    np.testing.assert_allclose(found.p, [exact, 1.0], rtol=1e-10)


def test_infinite_residuals_count_and_bad_input_is_refused() -> None:
    assert outliers(np.array([[np.inf], [-np.inf]])).number.tolist() == [2]
    with pytest.raises(ValueError, match="must be positive"):
        outliers(np.zeros((2, 1)), 0.0)
    with pytest.raises(ValueError, match="must be"):
        outliers(np.zeros(3))
