"""Forecasts, held against all paths that go on beyond the data and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, poisson

from hmmcore import (
    HMM,
    Categorical,
    Gaussian,
    ImpossibleDataError,
    Poisson,
    Sequences,
    forecast,
    sample,
    smooth,
)
from hmmcore.sweeps import chunks
from tests.hmmcore.models import CONFIGS, Config
from tests.hmmcore.oracle import enumerate_paths

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
NUMBERS = {n: c for n, c in CONFIGS.items() if c.family not in ("categorical", "product")}
every_number = pytest.mark.parametrize("config", NUMBERS.values(), ids=NUMBERS.keys())


@every_config
def test_state_probabilities_are_those_of_all_paths_that_go_on(config):
    hmm, sequences = config.make(0)
    steps = 2
    found = forecast(hmm, sequences, steps).state_probs
    assert found.shape == (len(sequences), steps, hmm.num_states)
    for n in range(len(sequences)):
        scores = hmm.emissions.log_likelihoods(sequences[n])
        # Times without an observation: every state explains them equally well.
        beyond = np.concatenate([scores, np.zeros((steps, hmm.num_states))])
        enumeration = enumerate_paths(hmm.initial_probs, hmm.transition_matrix, beyond)
        np.testing.assert_allclose(found[n], enumeration.smoothed[-steps:], rtol=1e-9, atol=1e-13)


def test_the_first_step_is_the_filtered_distribution_moved_once():
    hmm, sequences = Config("dense", 4, (3000, 1, 500) * 9, 2).make(0)
    filtered = smooth(hmm, sequences).filtered_probs[sequences.offsets[1:] - 1]
    found = forecast(hmm, sequences, 3).state_probs
    expected = filtered
    for s in range(3):
        expected = expected @ hmm.transition_matrix
        np.testing.assert_allclose(found[:, s], expected, rtol=1e-10, atol=1e-14)


@every_number
def test_means_and_standard_deviations_are_those_of_the_mixture(config):
    hmm, sequences = config.make(0)
    found = forecast(hmm, sequences, 3)
    if isinstance(hmm.emissions, Poisson):
        means = variances = hmm.emissions.rates[:, np.newaxis]
    else:
        means, variances = hmm.emissions.means, hmm.emissions.standard_deviations**2
    for n in range(len(sequences)):
        for s in range(3):
            weights = found.state_probs[n, s]
            mean = weights @ means
            spread = np.sqrt(weights @ (variances + (means - mean) ** 2))
            np.testing.assert_allclose(found.means[n, s], mean, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(found.standard_deviations[n, s], spread, rtol=1e-12)
    assert found.symbol_probs is None


@pytest.mark.parametrize("level", [0.5, 0.9, 0.999])
@every_number
def test_intervals_hold_the_observation_with_the_level(config, level):
    hmm, sequences = config.make(1)
    found = forecast(hmm, sequences, 2, level)
    assert found.level == level
    outside = 0.5 * (1.0 - level)
    counts = isinstance(hmm.emissions, Poisson)
    for n, s in np.ndindex(found.state_probs.shape[:2]):
        weights = found.state_probs[n, s]
        lower, upper = found.lower[n, s], found.upper[n, s]

        def cdf(values, weights=weights):
            if counts:
                return weights @ poisson.cdf(values, hmm.emissions.rates[:, np.newaxis])
            emissions = hmm.emissions
            return weights @ norm.cdf(values, emissions.means, emissions.standard_deviations)

        if counts:
            # The narrowest whole ends: one further in, too much would lie outside.
            assert cdf(lower - 1.0) < outside <= cdf(lower)
            assert cdf(upper - 1.0) < 1.0 - outside <= cdf(upper)
            assert cdf(upper) - cdf(lower - 1.0) >= level
            continue
        # A double between states far apart is as good as any other: beside it, the other side.
        for end, goal in ((lower, outside), (upper, 1.0 - outside)):
            before, after = np.nextafter(end, -np.inf), np.nextafter(end, np.inf)
            assert (cdf(before) <= goal + 1e-14).all()
            assert (cdf(after) >= goal - 1e-14).all()


def test_quantiles_of_one_normal_state_are_the_textbooks():
    hmm = HMM([1.0], [[1.0]], Gaussian([[10.0, -3.0]], [[4.0, 9.0]]))
    found = forecast(hmm, Sequences([[9.0, 0.0]]), 1, level=0.95)
    z = 1.959963984540054
    np.testing.assert_allclose(found.lower[0, 0], [10.0 - 2 * z, -3.0 - 3 * z], rtol=1e-14)
    np.testing.assert_allclose(found.upper[0, 0], [10.0 + 2 * z, -3.0 + 3 * z], rtol=1e-14)
    np.testing.assert_allclose(found.means[0, 0], [10.0, -3.0], rtol=1e-15)
    np.testing.assert_allclose(found.standard_deviations[0, 0], [2.0, 3.0], rtol=1e-15)


@pytest.mark.parametrize("level", [1.0 - 2.0**-53, 1e-12])
def test_levels_at_the_ends_of_what_a_double_holds(level):
    # The probability outside, 2^-54, would vanish in one minus it.
    z = -norm.ppf(0.5 * (1.0 - level))
    normal = HMM([1.0], [[1.0]], Gaussian.univariate([5.0], 2.0))
    found = forecast(normal, Sequences([5.0]), 1, level)
    np.testing.assert_allclose(found.lower, [[[5.0 - 2.0 * z]]], rtol=1e-13)
    np.testing.assert_allclose(found.upper, [[[5.0 + 2.0 * z]]], rtol=1e-13)
    counts = HMM([0.5, 0.5], [[0.7, 0.3], [0.1, 0.9]], Poisson([2.0, 9.0]))
    found = forecast(counts, Sequences([5.0]), 1, level)
    weights, outside = found.state_probs[0, 0], 0.5 * (1.0 - level)
    upper = found.upper.item()
    assert weights @ poisson.sf(upper, [2.0, 9.0]) <= outside
    assert weights @ poisson.sf(upper - 1.0, [2.0, 9.0]) > outside


@pytest.mark.parametrize("rates", [[0.0], [0.3], [7.0], [0.0, 40.0], [1e6, 3.0], [1e12]])
def test_counts_have_whole_ends_that_are_exact(rates):
    size = len(rates)
    hmm = HMM(np.full(size, 1 / size), np.full((size, size), 1 / size), Poisson(rates))
    found = forecast(hmm, Sequences([0.0 if 0.0 in rates else np.floor(max(rates))]), 1, level=0.8)

    def cdf(count):
        return poisson.cdf(count, rates) @ found.state_probs[0, 0]

    for end, goal in ((found.lower.item(), 0.1), (found.upper.item(), 0.9)):
        assert end == np.floor(end) >= 0.0
        assert cdf(end) >= goal > cdf(end - 1.0)


def test_symbols_have_probabilities_and_no_ends():
    hmm, sequences = CONFIGS["categorical with zeros"].make(0)
    found = forecast(hmm, sequences, 2)
    assert isinstance(hmm.emissions, Categorical)
    expected = found.state_probs @ hmm.emissions.probs
    np.testing.assert_allclose(found.symbol_probs, expected, rtol=1e-14)
    np.testing.assert_allclose(found.symbol_probs.sum(axis=2), 1.0, rtol=1e-13)
    assert found.means is found.standard_deviations is found.lower is found.upper is None


def test_observations_fall_outside_as_often_as_the_level_says():
    truth = HMM([0.5, 0.5], [[0.9, 0.1], [0.3, 0.7]], Gaussian.univariate([-1.0, 2.0], [0.5, 1.0]))
    drawn = sample(truth, 8000, 6, np.random.default_rng(0)).sequences
    observations = drawn.observations.reshape(8000, 6)
    found = forecast(truth, Sequences.from_array(observations[:, :4]), 2, level=0.8)
    # Five standard errors of a share in 8000.
    slack = 5.0 * np.sqrt(0.1 * 0.9 / 8000)
    for s in range(2):
        below = (observations[:, 4 + s] < found.lower[:, s, 0]).mean()
        above = (observations[:, 4 + s] > found.upper[:, s, 0]).mean()
        np.testing.assert_allclose([below, above], 0.1, rtol=0.0, atol=slack)


def test_far_ahead_is_the_stationary_distribution():
    hmm, sequences = CONFIGS["dense"].make(0)
    values, vectors = np.linalg.eig(hmm.transition_matrix.T)
    stationary = np.real(vectors[:, np.argmax(np.real(values))])
    found = forecast(hmm, sequences, 400).state_probs[:, -1]
    np.testing.assert_allclose(found, np.tile(stationary / stationary.sum(), (3, 1)), rtol=1e-10)


def test_a_forecast_where_scaled_probabilities_underflow():
    # Only the second state can explain the last two observations, and only from the start on.
    hmm = HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 1000.0], 1.0))
    found = forecast(hmm, Sequences([0.0, 1000.0, 1000.0]), 2)
    np.testing.assert_array_equal(found.state_probs[0], [[0.0, 1.0], [0.0, 1.0]])
    np.testing.assert_array_equal(found.means.ravel(), [1000.0, 1000.0])


@pytest.mark.parametrize("cells", [1, 1 << 17])
def test_nothing_is_forecast_from_an_impossible_sequence(monkeypatch, cells):
    monkeypatch.setattr(chunks, "CHUNK_CELLS", cells)
    hmm = HMM([1.0, 0.0], np.eye(2), Poisson([0.0, 3.0]))
    with pytest.raises(
        ImpossibleDataError, match=r"sequence 1 is impossible .* at time 2 no state"
    ):
        forecast(hmm, Sequences([0.0, 0.0, 0.0, 5.0, 0.0, 5.0], [1, 3, 2]), 2)
    symbols = HMM([1.0, 0.0], np.eye(2), Categorical([[1.0, 0.0], [0.5, 0.5]]))
    with pytest.raises(
        ImpossibleDataError, match=r"sequence 0 is impossible .* at time 0 no state"
    ):
        forecast(symbols, Sequences([1.0, 0.0], [1, 1]))
    # One that only log space can sweep.
    far = HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 1000.0], 1.0))
    never = HMM([1.0, 0.0, 0.0], np.eye(3), Categorical([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]))
    assert not np.isnan(forecast(far, Sequences([0.0, 1000.0, 1000.0])).state_probs).any()
    with pytest.raises(ImpossibleDataError, match="at time 2"):
        forecast(never, Sequences([0.0, 0.0, 1.0]))


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 1.5, np.nan])
def test_levels_lie_between_zero_and_one(level):
    hmm, sequences = CONFIGS["dense"].make(0)
    with pytest.raises(ValueError, match=f"level is {level}; it must lie strictly between"):
        forecast(hmm, sequences, level=level)


def test_forecasts_refuse_what_makes_no_sense():
    hmm, sequences = CONFIGS["dense"].make(0)
    with pytest.raises(ValueError, match="steps is 0; it must be at least 1"):
        forecast(hmm, sequences, 0)
    with pytest.raises(ValueError, match="observations have 2 dimensions; the model emits 1"):
        forecast(hmm, Sequences(np.zeros((3, 2))))
