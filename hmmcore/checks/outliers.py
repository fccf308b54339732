"""Residuals that are far out: how many there are, and how many chance makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from hmmcore.arrays import FloatArray, IntArray, as_number

LIMIT = 3.0


@dataclass(frozen=True, eq=False)
class Outliers:
    """Residuals that are larger than a limit, up or down, dimension by dimension.

    Attributes:
        limit: in standard deviations.
        number: (D,) how many there are.
        expected: (D,) how many there are on average of as many standard normal values.
        p: (D,) how probable so many, or more, are of these if they are independent.
    """

    limit: float
    number: IntArray
    expected: FloatArray
    p: FloatArray


def outliers(residuals: FloatArray, limit: float = LIMIT) -> Outliers:
    """Count the residuals (T, D) that are farther from zero than a limit; NaN is missing.

    Raises:
        ValueError: when the limit is not positive, or residuals are no table.
    """
    limit = as_number("limit", limit, lambda number: number > 0.0, "be positive")
    values = np.asarray(residuals, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"residuals have shape {values.shape}; they must be (T, D).")
    number = np.asarray((np.abs(values) > limit).sum(axis=0))
    there = (~np.isnan(values)).sum(axis=0)
    share = 2.0 * scipy.special.ndtr(-limit)
    # Binomial: at least one less than so many more; zero or more is certain.
    p = np.where(number > 0, scipy.special.bdtrc(np.maximum(number, 1) - 1.0, there, share), 1.0)
    return Outliers(limit, number, there * share, p)
