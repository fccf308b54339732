"""Pseudo-residuals, held against enumeration, closed forms and what they must be on average."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from hmmcore import (
    HMM,
    Categorical,
    DiscreteResiduals,
    Gaussian,
    ImpossibleDataError,
    Poisson,
    Product,
    Sequences,
    pseudo_residuals,
    sample,
)
from hmmcore.emissions import members
from tests.hmmcore.models import CONFIGS
from tests.hmmcore.oracle import enumerate_paths

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def state_probs(hmm, observations, t, kind):
    """p(z_t = k) given the observations before t, or all others, by enumeration."""
    scores = hmm.emissions.log_likelihoods(observations)
    scores[t] = 0.0
    if kind == "forecast":
        scores = scores[: t + 1]
    return enumerate_paths(hmm.initial_probs, hmm.transition_matrix, scores).smoothed[t]


def distribution(hmm, values):
    """P(X <= x) (K, D) of one observation (D,) in each state."""
    emissions = hmm.emissions
    if isinstance(emissions, Product):
        chain = hmm.initial_probs, hmm.transition_matrix
        columns = zip(emissions.parts, values, strict=True)
        return np.hstack([distribution(HMM(*chain, part), np.array([x])) for part, x in columns])
    if isinstance(emissions, Poisson):
        return stats.poisson.cdf(values, emissions.rates[:, np.newaxis])
    if isinstance(emissions, Categorical):
        upper = 0 if np.isnan(values[0]) else int(values[0]) + 1
        return emissions.probs[:, :upper].sum(axis=1, keepdims=True)
    return stats.norm.cdf(values, emissions.means, emissions.standard_deviations)


@pytest.mark.parametrize("kind", ["forecast", "ordinary"])
@every_config
def test_residuals_are_those_of_enumeration(config, kind):
    hmm, sequences = config.make(2)
    found = pseudo_residuals(hmm, sequences, kind)
    for n in range(len(sequences)):
        for t, values in enumerate(sequences[n]):
            probs = state_probs(hmm, sequences[n], t, kind)
            row = sequences.offsets[n] + t
            if not isinstance(found, DiscreteResiduals):
                expected = np.where(np.isnan(values), np.nan, probs @ distribution(hmm, values))
                np.testing.assert_allclose(ndtr(found[row]), expected, rtol=1e-9, atol=1e-13)
                continue
            steps = [not isinstance(part, Gaussian) for _, part in members(hmm.emissions)]
            up_to = np.where(np.isnan(values), np.nan, probs @ distribution(hmm, values))
            below = np.where(steps, probs @ distribution(hmm, values - 1), up_to)
            below[np.isnan(values)] = np.nan
            for part, expected in zip(found, (below, (below + up_to) / 2, up_to), strict=True):
                np.testing.assert_allclose(ndtr(part[row]), expected, rtol=1e-9, atol=1e-13)


def test_of_one_normal_state_they_are_the_standardised_observations():
    x = np.array([3.0, -1.0, np.nan, 1e6, -1e6])
    hmm = HMM([1.0], [[1.0]], Gaussian.univariate([1.0], 2.0))
    for kind in ("forecast", "ordinary"):
        np.testing.assert_allclose(
            pseudo_residuals(hmm, Sequences(x), kind)[:, 0], (x - 1.0) / 2.0, rtol=1e-12
        )


def test_far_counts_keep_their_digits():
    hmm = HMM([1.0], [[1.0]], Poisson([4.0]))
    far = pseudo_residuals(hmm, Sequences([0.0, 400.0, 500.0]))
    # log P(X > 399), by the series of the tail.
    terms = stats.poisson.logpmf(np.arange(400, 600), 4.0)
    np.testing.assert_allclose(
        stats.norm.logsf(far.lower[1, 0]), np.logaddexp.reduce(terms), rtol=1e-12
    )
    assert far.lower[0, 0] == -np.inf
    assert 20.0 < far.lower[1, 0] < far.middle[1, 0] < far.upper[1, 0] < far.lower[2, 0] < np.inf
    many = pseudo_residuals(HMM([1.0], [[1.0]], Poisson([1e4])), Sequences([4000.0]))
    terms = stats.poisson.logpmf(np.arange(4001), 1e4)
    np.testing.assert_allclose(
        stats.norm.logcdf(many.upper[0, 0]), np.logaddexp.reduce(terms), rtol=1e-12
    )


@pytest.mark.parametrize(
    "emissions",
    [
        Gaussian.univariate([0.0, 3.0], [1.0, 0.5]),
        Poisson([1.0, 8.0]),
        Categorical([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]]),
    ],
    ids=["gaussian", "poisson", "categorical"],
)
def test_where_the_model_is_right_they_are_standard_normal_and_independent(emissions):
    hmm = HMM([0.6, 0.4], [[0.9, 0.1], [0.2, 0.8]], emissions)
    data = sample(hmm, 20, 200, np.random.default_rng(5)).sequences
    for kind in ("forecast", "ordinary"):
        found = pseudo_residuals(hmm, data, kind)
        if isinstance(found, DiscreteResiduals):
            found = found.randomised(np.random.default_rng(1))
        assert stats.kstest(found[:, 0], "norm").pvalue > 1e-3
        if kind == "forecast":
            one = found[:, 0]
            # Four standard errors of a correlation of 4000 pairs.
            assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 4 / np.sqrt(4000)


def test_an_outlier_stands_out_among_ordinary_residuals():
    hmm = HMM([0.5, 0.5], [[0.99, 0.01], [0.01, 0.99]], Gaussian.univariate([0.0, 5.0], 1.0))
    x = np.zeros(21)
    x[10] = 5.0
    # A forecast from the first half holds a change of state for possible, and so do both halves.
    ordinary = pseudo_residuals(hmm, Sequences(x), "ordinary")[10, 0]
    forecast = pseudo_residuals(hmm, Sequences(x))[10, 0]
    assert ordinary > forecast > 2.0


def test_randomised_residuals_lie_in_their_steps():
    hmm = HMM([1.0], [[1.0]], Poisson([4.0]))
    found = pseudo_residuals(hmm, Sequences([0.0, 3.0, 60.0, 2000.0, np.nan]))
    drawn = found.randomised(np.random.default_rng(0))
    assert ((drawn >= found.lower) & (drawn <= found.upper))[:4].all()
    assert np.isfinite(drawn[:4]).all()
    assert np.isnan(drawn[4])


def test_residuals_say_what_they_cannot_do():
    hmm = HMM([1.0, 0.0], np.eye(2), Categorical([[1.0, 0.0], [0.0, 1.0]]))
    with pytest.raises(ImpossibleDataError, match=r"sequence 1 is impossible .* at time 2"):
        pseudo_residuals(hmm, Sequences([0.0, 0.0, 0.0, 1.0], [1, 3]))
    with pytest.raises(ValueError, match="kind is 'other'"):
        pseudo_residuals(hmm, Sequences([0.0]), "other")
