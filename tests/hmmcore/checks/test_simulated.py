"""Statistics of simulated data, counted one by one, and against what the model says of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from hmmcore import (
    HMM,
    Categorical,
    Gaussian,
    ImpossibleDataError,
    Poisson,
    Sequences,
    sample,
    viterbi,
)
from hmmcore.checks import simulate_check, simulate_checks
from hmmcore.checks.correlation import agreement, autocorrelation
from tests.hmmcore.checks.families import FAMILIES, STICKY


def test_autocorrelation_is_of_pairs_within_a_sequence_that_are_there():
    rng = np.random.default_rng(0)
    values, lengths = rng.normal(size=(13, 2)), np.array([5, 1, 7])
    values[2, 0] = values[9] = np.nan
    found, counts = autocorrelation(values, lengths, 3)
    starts = [0, 5, 6, 13]
    for d in range(2):
        mean = np.nanmean(values[:, d])
        for lag in range(1, 4):
            both = [
                (values[t, d] - mean, values[t + lag, d] - mean)
                for first, last in pairwise(starts)
                for t in range(first, last - lag)
            ]
            one, other = np.array([pair for pair in both if not np.isnan(pair).any()]).T
            assert counts[d, lag - 1] == len(one)
            expected = one @ other / np.sqrt((one @ one) * (other @ other))
            np.testing.assert_allclose(found[d, lag - 1], expected, rtol=1e-12)
    symbols = np.array([[0.0], [0.0], [1.0], [np.nan], [1.0], [1.0]])
    np.testing.assert_array_equal(agreement(symbols, np.array([4, 2]), 2), [2 / 3, 0.0])
    assert np.isnan(autocorrelation(np.ones((4, 1)), np.array([4]), 1)[0]).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_counted_with_its_gaps(family):
    truth = HMM([0.5, 0.5], STICKY, FAMILIES[family])
    data = sample(truth, 4, 60, np.random.default_rng(0)).sequences
    values = data.observations.copy()
    values[7:12] = np.nan
    data = Sequences(values, data.lengths)
    check = simulate_check(truth, data, 30, rng=np.random.default_rng(1))
    states = viterbi(truth, data).states.reshape(4, 60)
    cut = [np.split(row, np.flatnonzero(np.diff(row)) + 1) for row in states]
    stays = [(stay[0], len(stay)) for row in cut for stay in row]
    means = [np.mean([size for state, size in stays if state == k]) for k in (0, 1)]
    np.testing.assert_allclose(check.find("stay_means").observed, means, rtol=1e-12)
    lengths = check.find("stay_lengths")
    np.testing.assert_allclose(
        lengths.observed,
        np.histogram([size for _, size in stays], [0, 1.5, 2.5, 4.5, 8.5, 16.5, 32.5, 99])[0]
        / len(stays),
        rtol=1e-12,
    )
    x = values[~np.isnan(values[:, -1]), -1]
    if family == "categorical":
        np.testing.assert_allclose(
            check.find("shares").observed, np.bincount(x.astype(int), minlength=3) / len(x)
        )
    else:
        last = data.num_dimensions - 1
        assert check.find("largest", last).observed[0] == x.max()
        histogram = check.find("histogram", last)
        np.testing.assert_allclose(histogram.observed.sum(), 1.0)
        np.testing.assert_allclose(histogram.observed, np.histogram(x, histogram.edges)[0] / len(x))
    for one in check.statistics:
        assert one.places.shape == one.observed.shape == one.extreme.shape
        assert (one.low <= one.median).all()
        assert (one.median <= one.high).all()
        assert ((one.extreme > 0) & (one.extreme <= 1)).all()
    # Data of the model itself are seldom among the most extreme of 31.
    assert np.mean([(one.extreme < 0.1).mean() for one in check.statistics]) < 0.25


def test_what_the_model_does_not_make_is_seen():
    truth = HMM([0.5, 0.5], STICKY, Gaussian.univariate([0.0, 4.0], 1.0))
    data = sample(truth, 2, 150, np.random.default_rng(0)).sequences
    x = data.observations
    plain = HMM([1.0], [[1.0]], Gaussian.univariate([x.mean()], x.std()))
    check = simulate_check(plain, data, 99, rng=np.random.default_rng(0))
    assert check.find("autocorrelation").extreme[0] == pytest.approx(2 / 100)
    assert check.find("mean").extreme[0] > 0.2
    # The mean of the simulated means is that of the model, to the error of 99 of them.
    assert abs(check.find("mean").median[0] - x.mean()) < 5 * x.std() / np.sqrt(300 * 99)


def test_it_tells_what_is_known_and_stops():
    hmm = HMM([1.0], [[1.0]], Poisson([2.0]))
    data = Sequences([1.0, 2.0, 4.0, 1.0])
    found = list(simulate_checks(hmm, data, 5, rng=np.random.default_rng(0), every=2))
    assert [one.num_samples for one in found] == [2, 4, 5]
    again = simulate_check(hmm, data, 5, rng=np.random.default_rng(0))
    for one, other in zip(found[-1].statistics, again.statistics, strict=True):
        np.testing.assert_array_equal(one.low, other.low)
    assert not list(simulate_checks(hmm, data, rng=np.random.default_rng(0), stopped=lambda: True))
    with pytest.raises(ValueError, match="no statistic 'colour'"):
        again.find("colour")


def test_small_and_impossible_data():
    hmm = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1.0))
    rng = np.random.default_rng(0)
    one = simulate_check(hmm, Sequences([[0.5]]), 10, rng=rng)
    assert one.find("autocorrelation").observed.shape == (0,)
    assert one.find("stay_means").observed == [1.0]
    with pytest.raises(ValueError, match="every value of dimension 0 is missing"):
        simulate_check(hmm, Sequences([np.nan, np.nan]), rng=rng)
    certain = HMM([1.0], [[1.0]], Categorical([[1.0, 0.0]]))
    with pytest.raises(ImpossibleDataError):
        simulate_check(certain, Sequences([0.0, 1.0]), rng=rng)
    with pytest.raises(ValueError, match="level"):
        simulate_check(hmm, Sequences([0.5]), rng=rng, level=2.0)
