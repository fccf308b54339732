"""Pairs of observations some steps apart, within one sequence, both of which are there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray


def pairs(values: FloatArray, lengths: IntArray, num_lags: int) -> Iterator[BoolArray]:
    """For lags 1, 2, .., the pairs (T - lag, D) of which both values (T, D) are there."""
    sequence = np.repeat(np.arange(len(lengths)), lengths)
    there = ~np.isnan(values)
    for lag in range(1, num_lags + 1):
        together = sequence[lag:] == sequence[:-lag]
        yield there[lag:] & there[:-lag] & together[:, np.newaxis]


def autocorrelation(
    values: FloatArray, lengths: IntArray, num_lags: int
) -> tuple[FloatArray, IntArray]:
    """Autocorrelations (D, L) at lags 1..L of values (T, D), and how many pairs (D, L) they are of.

    Of values less the overall mean: the sum of the products of pairs, over the root of the sums of
    squares of both their sides, so that none is beyond 1. Where sequences differ in length, a lag
    has its pairs from few of them, and the variance of all values is not theirs. NaN where there is
    no pair, or the values do not vary.
    """
    size = values.shape[1], num_lags
    found, counts = np.full(size, np.nan), np.zeros(size, dtype=np.int64)
    there = ~np.isnan(values)
    number = np.maximum(there.sum(axis=0), 1)
    gaps = np.where(there, values, 0.0)
    gaps = np.where(there, values - gaps.sum(axis=0) / number, 0.0)
    for n, both in enumerate(pairs(values, lengths, num_lags)):
        later, earlier = np.where(both, gaps[n + 1 :], 0.0), np.where(both, gaps[: -n - 1], 0.0)
        squares = np.sqrt((later**2).sum(axis=0)) * np.sqrt((earlier**2).sum(axis=0))
        counts[:, n] = both.sum(axis=0)
        good = squares > 0.0
        found[good, n] = (later * earlier).sum(axis=0)[good] / squares[good]
    return found, counts


def agreement(values: FloatArray, lengths: IntArray, num_lags: int) -> FloatArray:
    """(L,) the share of pairs of symbols (T, 1) that are equal, by lag; NaN where there is none."""
    found = np.full(num_lags, np.nan)
    for n, both in enumerate(pairs(values, lengths, num_lags)):
        if both.any():
            found[n] = (values[n + 1 :] == values[: len(values) - n - 1])[both].mean()
    return found
