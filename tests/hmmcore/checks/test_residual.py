"""What is said of residuals, held against known tables and against residuals that are right."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

from hmmcore import HMM, Categorical, Gaussian, Poisson, Sequences, pseudo_residuals, sample
from hmmcore.checks import residual_check
from hmmcore.checks.residual import _p_if_fitted, _p_if_known

STICKY = [[0.9, 0.1], [0.2, 0.8]]


def test_p_values_are_those_of_the_tables():
    # Of a known normal, in the limit (Stephens 1974); of a fitted one (Stephens 1986, table 4.7).
    for statistic, p in ((1.933, 0.1), (2.492, 0.05), (3.070, 0.025), (3.857, 0.01)):
        assert _p_if_known(statistic, 10**6) == pytest.approx(p, rel=0.03)
    for statistic, p in ((0.631, 0.1), (0.752, 0.05), (0.873, 0.025), (1.035, 0.01)):
        assert _p_if_fitted(statistic, 10**6) == pytest.approx(p, rel=0.03)
    grid = np.linspace(0.05, 9.0, 400)
    for function in (_p_if_known, _p_if_fitted):
        values = [function(one, 50) for one in grid]
        assert (np.diff(values) <= 2e-3).all()


@pytest.mark.parametrize("fitted", [True, False])
def test_p_of_normal_values_is_even(fitted):
    rng, data = np.random.default_rng(0), Sequences(np.zeros(30))
    found = [
        residual_check(rng.normal(size=(30, 1)), data, fitted=fitted).normality_p[0]
        for _ in range(400)
    ]
    assert stats.kstest(found, "uniform").pvalue > 0.01


@pytest.mark.parametrize("number", [8, 200])
def test_p_of_mean_and_spread_is_even_and_sees_either(number):
    rng, data = np.random.default_rng(0), Sequences(np.zeros(number))
    found = [residual_check(rng.normal(size=(number, 1)), data).moments_p[0] for _ in range(400)]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_a_shape_that_is_right_does_not_excuse_mean_and_spread():
    model = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1.0))
    rng = np.random.default_rng(1)
    for mean, spread in ((1.5, 0.4), (0.0, 1.2), (0.2, 1.0)):
        data = Sequences(rng.normal(mean, spread, size=1000))
        check = residual_check(pseudo_residuals(model, data), data)
        assert check.normality_p[0] > 0.01
        assert check.moments_p[0] < 1e-6
    exact = data.observations
    exact = (exact - exact.mean()) / exact.std()
    assert residual_check(exact, data).moments_p[0] == pytest.approx(1.0)


def test_the_statistic_is_that_of_scipy_and_the_band_holds():
    rng = np.random.default_rng(3)
    values = rng.normal(1.0, 2.0, size=(60, 1))
    check = residual_check(values, Sequences(values))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a later SciPy will call its arguments
        expected = stats.anderson(values[:, 0], "norm").statistic
    np.testing.assert_allclose(check.normality[0], expected, rtol=1e-10)
    # The k-th smallest of n evenly drawn numbers is Beta(k, n + 1 - k).
    low = stats.norm.ppf(stats.beta.ppf(0.025, 4, 57))
    np.testing.assert_allclose(check.lower[0][3], low, rtol=1e-9)
    np.testing.assert_array_equal(check.ordered[0], np.sort(values[:, 0]))


@pytest.mark.parametrize(
    "emissions",
    [
        Gaussian([[0.0, 1.0], [4.0, -2.0]], [np.eye(2), np.eye(2)], "full"),
        Poisson([1.0, 9.0]),
        Categorical([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]),
    ],
)
def test_residuals_of_the_true_model_pass_and_of_a_plain_one_do_not(emissions):
    truth = HMM([0.5, 0.5], STICKY, emissions)
    data = sample(truth, 5, 200, np.random.default_rng(1)).sequences
    values = data.observations.copy()
    values[50:60] = np.nan
    data = Sequences(values, data.lengths)
    check = residual_check(pseudo_residuals(truth, data), data, seed=4, fitted=False)
    assert (check.normality_p > 0.01).all()
    assert (check.moments_p > 0.01).all()
    assert (check.portmanteau_p > 0.01).all()
    assert (check.outside() <= 4).all()
    assert check.num_residuals[0] == 990
    assert check.seed == (None if isinstance(emissions, Gaussian) else 4)
    flat = HMM([2 / 3, 1 / 3], [[2 / 3, 1 / 3]] * 2, emissions)
    wrong = residual_check(pseudo_residuals(flat, data), data)
    assert (wrong.portmanteau_p < 1e-6).all()
    assert (wrong.autocorrelation[:, 0] > wrong.bound[:, 0]).all()


@pytest.mark.parametrize("lengths", [[2] * 50 + [25], [3] * 100 + [30] * 2, [5] * 30 + [60]])
def test_lengths_that_differ_make_no_memory(lengths):
    rng, number = np.random.default_rng(0), sum(lengths)
    data = Sequences(np.zeros(number), lengths)
    found = [residual_check(rng.normal(size=(number, 1)), data) for _ in range(400)]
    # Of few pairs chi-squared is near enough for up to twice as many as it says, and chance.
    assert sum(one.portmanteau_p[0] < 0.01 for one in found) <= 0.03 * len(found)
    assert all((np.abs(one.autocorrelation) <= 1.0 + 1e-12).all() for one in found)
    # What is there is seen still.
    walk = rng.normal(size=number + 1)
    memory = residual_check((walk[1:] + walk[:-1])[:, np.newaxis], data)
    assert memory.portmanteau_p[0] < 0.01


def test_of_very_many_residuals_the_plot_has_some_and_all_at_its_ends():
    values = np.random.default_rng(0).normal(size=(50_000, 1))
    check = residual_check(values, Sequences(values))
    (shown,) = check.ordered
    assert len(shown) == len(check.lower[0]) == len(check.theoretical[0]) <= 2000
    ends = np.sort(values[:, 0])
    np.testing.assert_array_equal(shown[:250], ends[:250])
    np.testing.assert_array_equal(shown[-250:], ends[-250:])
    assert check.num_residuals[0] == 50_000
    assert ((check.lower[0] < shown) & (shown < check.upper[0])).mean() > 0.9


def test_small_cases_and_sentences():
    one = residual_check(np.array([[0.3]]), Sequences([0.3]))
    assert one.autocorrelation.shape == (1, 0)
    assert np.isnan(one.normality_p[0])
    assert np.isnan(one.moments_p[0])
    assert np.isnan(one.portmanteau_p[0])
    far = np.append(np.zeros(20), np.inf)[:, np.newaxis]
    with np.errstate(invalid="ignore"):
        assert residual_check(far, Sequences(np.zeros(21))).normality_p[0] == 0.0
    with pytest.raises(ValueError, match="a residual for each"):
        residual_check(np.zeros((3, 1)), Sequences(np.zeros(4)))
    with pytest.raises(ValueError, match="every observation is missing"):
        residual_check(np.full((3, 1), np.nan), Sequences(np.full(3, np.nan)))
