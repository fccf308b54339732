"""Axes that stand still, and the curves and bars on them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from pages.ui.figures import scales


@pytest.mark.parametrize(
    ("counts", "width"), [([0, 1, 1, 4], 1), ([7], 1), ([0, 59], 1), ([0, 60], 2), ([5, 9999], 167)]
)
def test_count_histogram_has_whole_bins_and_area_one(counts: list[int], width: int) -> None:
    edges, heights = scales.count_histogram(np.array(counts, dtype=float))
    assert edges[0] == min(counts) - 0.5
    assert edges[-1] > max(counts)
    np.testing.assert_array_equal(np.diff(edges), width)
    assert len(heights) <= 60
    np.testing.assert_allclose((heights * width).sum(), 1.0, rtol=1e-12)


def test_whole_numbers_are_whole_and_bounded() -> None:
    np.testing.assert_array_equal(scales.whole_numbers(2.0, 5.0), [2, 3, 4, 5])
    many = scales.whole_numbers(0.0, 1e5)
    assert len(many) <= scales.GRID_POINTS + 2
    np.testing.assert_array_equal(many, np.round(many))
    assert many[-1] >= 1e5


def test_iteration_limit_grows_in_steps() -> None:
    limits = [scales.iteration_limit(i) for i in (0, 50, 51, 100, 101, 201, 501, 1001, 2001, 5001)]
    assert limits == [50, 50, 100, 100, 200, 500, 1000, 2000, 5000, 10000]


@pytest.mark.parametrize("truth", [None, -1.4])
def test_likelihood_range_only_grows_and_rarely(truth: float | None) -> None:
    curve = -1.45 - 1.2 * np.exp(-np.arange(300) / 30)
    ranges = [scales.likelihood_range(curve[: i + 1], truth) for i in range(len(curve))]
    for before, after in itertools.pairwise(ranges):
        assert after[0] <= before[0]
        assert after[1] >= before[1]
    for values, (low, high) in zip(np.split(curve, 300), ranges, strict=True):
        assert low < values[0] < high
    assert len(set(ranges)) <= (2 if truth is not None else 40)


@pytest.mark.parametrize("size", [1e-300, 0.01, 1.0, 7.3, 1e17, 1.7e308])
def test_rounded_ends_hold_what_they_were_given_and_seldom_move(size: float) -> None:
    for low, high in [(-size, size / 3), (0.0, size), (-size, 0.0), (size, 3 * (size / 2))]:
        ends = scales.rounded(low, high)
        assert ends[0] <= low < high <= ends[1]
        if 1e-300 <= size < 1e300:
            # A sixth at each end, at the most.
            assert ends[1] - ends[0] <= 4 / 3 * (high - low) * (1 + 1e-12)
            assert scales.rounded(*ends) == ends
    seen = {scales.rounded(-2.0 - 0.01 * i, 5.0 + 0.01 * i) for i in range(100)}
    assert len(seen) <= 5


def test_rounded_ends_of_anything_else_stay() -> None:
    for ends in [(1.0, 1.0), (0.0, 5e-324), (-math.inf, math.inf), (-1.7e308, 1.7e308)]:
        assert scales.rounded(*ends) == ends


def test_likelihood_range_of_nothing() -> None:
    low, high = scales.likelihood_range([-np.inf, np.nan])
    assert low < high


def test_histogram_has_area_one() -> None:
    observations = np.append(np.random.default_rng(3).normal(size=500), np.nan)
    edges, density = scales.histogram(observations)
    np.testing.assert_allclose((density * np.diff(edges)).sum(), 1.0, rtol=1e-12)
    edges, density = scales.histogram(np.full(4, 1e6))
    np.testing.assert_allclose((density * np.diff(edges)).sum(), 1.0, rtol=1e-12)
    assert scales.histogram(np.array([np.nan]))[1].sum() == 0.0


def test_densities_have_the_area_of_their_weights() -> None:
    grid = np.linspace(-20, 20, 4001)
    weights = np.array([0.3, 0.7])
    densities = scales.gaussian_densities(
        grid, np.array([-1.0, 2.0]), np.array([0.5, 2.0]), weights
    )
    np.testing.assert_allclose(densities.sum(axis=1) * 0.01, weights, rtol=1e-9)


@pytest.mark.parametrize("truth", [None, -1.4])
def test_ends_of_earlier_runs_widen_the_range_and_leave_a_third_to_the_present_run(
    truth: float | None,
) -> None:
    curve = -1.45 - 1.2 * np.exp(-np.arange(300) / 30)
    near, far = [-1.2, -2.9], [-40.0, 30.0]
    alone = scales.likelihood_range(curve, truth)
    assert scales.likelihood_range(curve, truth, [*far, math.nan, -math.inf]) == alone
    low, high = scales.likelihood_range(curve, truth, [*far, *near])
    assert low < min(near)
    assert high > max(near)
    extent = max(curve[-1], truth or curve[-1]) - curve[0]
    assert high - low < 4 * extent
    # Nor does the axis shrink while a run goes on beside them.
    ranges = [
        scales.likelihood_range(curve[: i + 1], truth, [*far, *near]) for i in range(len(curve))
    ]
    for before, after in itertools.pairwise(ranges[1:]):
        assert after[0] <= before[0]
        assert after[1] >= before[1]
