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

    The mean of the products of pairs, less the overall mean, over the variance. NaN where there is
    no pair, or the values do not vary.
    """
    size = values.shape[1], num_lags
    found, counts = np.full(size, np.nan), np.zeros(size, dtype=np.int64)
    there = ~np.isnan(values)
    number = np.maximum(there.sum(axis=0), 1)
    gaps = np.where(there, values, 0.0)
    gaps = np.where(there, values - gaps.sum(axis=0) / number, 0.0)
    variances = (gaps**2).sum(axis=0) / number
    for n, both in enumerate(pairs(values, lengths, num_lags)):
        products = np.where(both, gaps[n + 1 :] * gaps[: len(gaps) - n - 1], 0.0).sum(axis=0)
        counts[:, n] = both.sum(axis=0)
        good = (counts[:, n] > 0) & (variances > 0.0)
        found[good, n] = products[good] / counts[good, n] / variances[good]
    return found, counts


def agreement(values: FloatArray, lengths: IntArray, num_lags: int) -> FloatArray:
    """(L,) the share of pairs of symbols (T, 1) that are equal, by lag; NaN where there is none."""
    found = np.full(num_lags, np.nan)
    for n, both in enumerate(pairs(values, lengths, num_lags)):
        if both.any():
            found[n] = (values[n + 1 :] == values[: len(values) - n - 1])[both].mean()
    return found
