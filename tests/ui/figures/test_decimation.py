"""Thinning of long series: which points may be left out, and which never are."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui.figures import decimation


@pytest.mark.parametrize("length", [1, 5, 1000, 1001, 4999, 100_000])
def test_outline_keeps_ends_and_extremes(length: int) -> None:
    values = np.random.default_rng(1).normal(size=length)
    values[length // 3] = 50.0
    values[length // 2] = -50.0
    kept = decimation.extreme_indices(values, 1000)
    assert len(kept) <= 1000
    assert kept[0] == 0
    assert kept[-1] == length - 1
    assert (np.diff(kept) > 0).all()
    assert values[kept].max() == values.max()
    assert values[kept].min() == values.min()


def test_outline_of_values_that_are_not_finite() -> None:
    values = np.full(5000, np.nan)
    assert len(decimation.extreme_indices(values, 100)) <= 100
    values[1234] = 1.0
    assert 1234 in decimation.extreme_indices(values, 100)
    values[:] = -np.inf
    assert len(decimation.extreme_indices(values, 100)) <= 100


@pytest.mark.parametrize("length", [30, 100_000])
def test_outline_with_gaps_keeps_its_extremes_and_its_breaks(length: int) -> None:
    values = np.random.default_rng(3).normal(size=length)
    values[:: max(2, length // 5000)] = np.nan
    gap = slice(length // 2, length // 2 + length // 10)
    values[gap] = np.nan
    values[length // 3 + 1], values[length // 4 + 1] = 9.0, -9.0
    kept = decimation.extreme_indices(values, 1000)
    assert len(kept) <= 1000
    assert np.nanmax(values[kept]) == 9.0
    assert np.nanmin(values[kept]) == -9.0
    assert (kept[0], kept[-1]) == (0, length - 1)
    inside = kept[(kept >= gap.start) & (kept < gap.stop)]
    assert len(inside), "the line is broken there"
    assert np.isnan(values[inside]).all()


def test_points_are_spread_over_the_complete_ones() -> None:
    points = np.arange(20.0).reshape(10, 2)
    assert decimation.spread_indices(points, 10).tolist() == list(range(10))
    assert decimation.spread_indices(points, 4).tolist() == [0, 3, 6, 9]
    points[0, 1] = points[5] = np.nan
    assert decimation.spread_indices(points, 10).tolist() == [1, 2, 3, 4, 6, 7, 8, 9]
    assert decimation.spread_indices(points, 3).tolist() == [1, 4, 9]
    assert decimation.spread_indices(np.full((4, 2), np.nan), 3).tolist() == []


def test_points_that_no_line_reaches() -> None:
    values = np.array([1.0, np.nan, 1.0, 1.0, np.nan, 1.0, np.inf, 1.0])
    assert np.flatnonzero(decimation.lone_points(values)).tolist() == [0, 5, 7]
    assert decimation.lone_points(np.array([1.0])).tolist() == [True]
    assert decimation.lone_points(np.array([])).tolist() == []


def test_mean_bins_agree_with_a_plain_loop() -> None:
    values = np.random.default_rng(2).random((1003, 3))
    binned = decimation.mean_bins(values, 10)
    expected = [values[start : start + 10].mean(axis=0) for start in range(0, 1003, 10)]
    np.testing.assert_allclose(binned, expected, rtol=1e-12, atol=0)


def test_majority_bins_count_and_break_ties_low() -> None:
    states = np.array([2, 2, 1, 0, 1, 1, 0, 0, -1, -1, -1, 2])
    np.testing.assert_array_equal(decimation.majority_bins(states, 4, 3), [2, 0, -1])
    np.testing.assert_array_equal(decimation.majority_bins(states, 1, 3), states)
