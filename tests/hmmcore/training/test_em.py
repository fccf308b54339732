"""EM climbs, equals its formulas, and says how it kept a state alive."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    Sequences,
    fit,
    sample,
    smooth,
)
from hmmcore.emissions.base import Remedy
from tests.hmmcore.models import (
    STRUCTURES,
    Config,
    every_kind,
    gaussian,
    unit_covariances,
    with_missing,
)
from tests.hmmcore.training.problems import (
    assert_never_falls,
    every_problem,
    parameters,
    start_and_data,
)


@pytest.mark.parametrize("seed", range(3))
@every_problem
def test_em_never_lowers_the_likelihood(problem, seed):
    hmm, sequences = start_and_data(problem, seed)
    result = assert_never_falls(EM(sequences), hmm, max_iterations=30)
    for value in parameters(result.hmm).values():
        assert np.isfinite(value).all()


@every_kind
def test_an_em_step_is_weighted_means_covariances_and_proportions(kind):
    problem = Config("dense", 3, (30, 5, 12), 2, kind)
    hmm, sequences = start_and_data(problem)
    posterior, observations = smooth(hmm, sequences), sequences.observations
    new = (training := EM(sequences)).step(training.init(hmm)).hmm
    counts = posterior.transition_counts
    close = {"rtol": 1e-11, "atol": 1e-13}
    expected = posterior.initial_counts / len(sequences)
    np.testing.assert_allclose(new.initial_probs, expected, **close)
    expected = counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(new.transition_matrix, expected, **close)
    covariances = []
    for k, weights in enumerate(posterior.smoothed_probs.T):
        mean = np.average(observations, axis=0, weights=weights)
        covariances.append(np.cov(observations.T, aweights=weights, ddof=0))
        np.testing.assert_allclose(new.emissions.means[k], mean, **close)
    expected = {
        "spherical": [np.trace(covariance) / 2.0 for covariance in covariances],
        "diag": [np.diag(covariance) for covariance in covariances],
        "full": covariances,
        "tied": np.average(covariances, axis=0, weights=posterior.smoothed_probs.sum(axis=0)),
    }[kind]
    np.testing.assert_allclose(new.emissions.covariances, expected, **close)


def test_with_one_state_em_is_the_sample_mean_and_variance_in_one_step():
    observations = np.random.default_rng(0).normal(3.0, 2.0, size=(500, 2))
    training = EM(Sequences(observations))
    state = training.step(training.init(HMM([1.0], [[1.0]], Gaussian([[0, 0]], [[1, 1]]))))
    np.testing.assert_allclose(state.hmm.emissions.means[0], observations.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(
        state.hmm.emissions.covariances[0], observations.var(axis=0), rtol=1e-12
    )


@every_kind
@pytest.mark.parametrize("offset", [1e6, 1e8])
def test_variances_are_right_far_from_zero(kind, offset):
    observations = offset + np.random.default_rng(0).normal(size=(2000, 2))
    spread = unit_covariances(kind, 1, 2)
    start = HMM([1.0], [[1.0]], Gaussian([[offset, offset]], spread, kind))
    result = fit(EM(Sequences(observations)), start, max_iterations=3)
    expected = np.cov((observations - offset).T, ddof=0)
    expected = {
        "spherical": [np.trace(expected) / 2.0],
        "diag": [np.diag(expected)],
        "full": [expected],
        "tied": expected,
    }[kind]
    np.testing.assert_allclose(result.hmm.emissions.covariances, expected, rtol=1e-9, atol=1e-9)


def test_em_survives_a_hundred_thousand_observations_and_an_outlier():
    rng = np.random.default_rng(0)
    hmm = HMM(*STRUCTURES["dense"](rng, 3), Gaussian.univariate([0.0, 2.0, 5.0], 1.0))
    observations = sample(hmm, 1, 100_000, rng).sequences.observations.copy()
    observations[1234] = 1000.0
    training = EM(Sequences(observations))
    first = training.init(hmm)
    second = training.step(first)
    assert second.log_likelihood > first.log_likelihood
    for value in parameters(second.hmm).values():
        assert np.isfinite(value).all()


@every_problem
def test_em_with_a_subset_is_still_monotone(problem):
    hmm, sequences = start_and_data(problem)
    for name in hmm.emissions.parameter_names:
        for subset in ({name}, {name, "initial_probs"}):
            assert_never_falls(EM(sequences, trainable=subset), hmm, max_iterations=20)


# --- remedies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [False, True])
@every_kind
def test_a_state_without_data_keeps_its_parameters_and_is_reported(kind, missing):
    rng = np.random.default_rng(0)
    sequences = Sequences(rng.normal(size=(60, 2)), [40, 20])
    if missing:
        sequences = with_missing(rng, sequences, 0.3)
    spread = gaussian(rng, 3, 2, kind).covariances
    far = Gaussian([[0, 0], [1, 1], [1e6, 1e6]], spread, kind)
    hmm = HMM(*STRUCTURES["dense"](rng, 3), far)
    training = EM(sequences)
    state = training.step(training.init(hmm))
    assert state.remedies == (Remedy(2, "empty_state"),)
    assert "state 2 explains no data" in str(state.remedies[0])
    own = ("means",) if kind == "tied" else ("means", "covariances")
    for name in own:
        np.testing.assert_array_equal(parameters(state.hmm)[name][2], parameters(hmm)[name][2])
    if kind == "tied":
        # What all states share follows the data of the others.
        two = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, Gaussian(far.means[:2], spread, kind))
        three = HMM([0.5, 0.5, 0.0], [[0.5, 0.5, 0.0]] * 3, far)
        alone, among = (training.step(training.init(start)).hmm.emissions for start in (two, three))
        np.testing.assert_allclose(among.covariances, alone.covariances, rtol=1e-12, atol=1e-13)
        assert not np.allclose(among.covariances, spread, rtol=0.01, atol=0.0)
    if missing:
        # Where nothing is observed the chain may well pass through the state.
        return
    np.testing.assert_array_equal(state.hmm.transition_matrix[2], hmm.transition_matrix[2])
    assert state.hmm.initial_probs[2] == 0.0
    assert fit(training, hmm, 5, tolerance=0.0).remedies == (Remedy(2, "empty_state"),)


@pytest.mark.parametrize("kind", ["spherical", "diag", "full"])
@pytest.mark.parametrize("floor", [None, 1e-3])
def test_a_collapsing_variance_stops_at_the_floor_and_em_still_climbs(kind, floor):
    # State 1 sits on one value that comes back; its maximum-likelihood variance is zero.
    rng = np.random.default_rng(0)
    observations = rng.normal(size=(80, 2))
    observations[::4] = [5.0, -5.0]
    spread = unit_covariances(kind, 2, 2)
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian([[0, 0], [4, -4]], spread, kind))
    training = EM(Sequences(observations, [40, 40]), variance_floor=floor)
    if floor is None:
        np.testing.assert_allclose(
            training.variance_floor, 1e-8 * observations.var(axis=0).min(), rtol=1e-12
        )
    else:
        assert training.variance_floor == floor
    result = assert_never_falls(training, hmm, max_iterations=40)
    assert result.remedies == (Remedy(1, "variance_floor"),)
    assert "state 1 has a variance at the floor" in str(result.remedies[0])
    smallest = result.hmm.emissions.smallest_variances()
    np.testing.assert_allclose(smallest[1], training.variance_floor, rtol=1e-9)
    assert smallest[0] > 0.1


@pytest.mark.parametrize("floor", [None, 1e-3])
def test_a_collapsing_tied_covariance_stops_at_the_floor_for_all_states(floor):
    # All states repeat their own value in one direction, and vary in the other.
    rng = np.random.default_rng(0)
    observations = np.repeat([[0.0], [5.0]], [40, 40], axis=0) + rng.normal(size=(80, 1)) * [1, 0]
    observations = observations @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    truth = Gaussian(np.array([[0, 0], [5, 5]]) @ [[0.8, 0.6], [-0.6, 0.8]], np.eye(2), "tied")
    training = EM(Sequences(observations, [40, 40]), variance_floor=floor)
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), truth)
    result = assert_never_falls(training, hmm, max_iterations=40)
    assert result.remedies == (Remedy(None, "variance_floor"),)
    assert "covariance of all states is at the floor" in str(result.remedies[0])
    smallest = result.hmm.emissions.smallest_variances()
    np.testing.assert_allclose(smallest, [training.variance_floor] * 2, rtol=1e-7)
    largest = np.linalg.eigvalsh(result.hmm.emissions.covariances)[1]
    assert 0.5 < largest < 2.0


@pytest.mark.parametrize("kind", ["full", "tied"])
@pytest.mark.parametrize("units", [(1.0, 1e6, 1.0), (1.0, 1e9, 1.0), (1e-7, 1.0, 1e8)])
@pytest.mark.parametrize("seed", range(2))
def test_em_does_not_care_in_which_units_coordinates_are(kind, units, seed):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(200, 3)) @ [[1.0, 0.5, 0.9], [0.0, 1.0, 0.5], [0.0, 0.0, 0.1]]
    mixed[100:] += 3.0
    plain, scaled = Sequences(mixed), Sequences(mixed * units)

    def start(sequences):
        identity = np.diag(sequences.variances())
        covariances = identity if kind == "tied" else np.stack([identity, identity])
        means = sequences.observations[[0, 150]]
        return HMM([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], Gaussian(means, covariances, kind))

    here, there = ((em, em.init(start(data))) for data in (plain, scaled) for em in [EM(data)])
    shift = len(mixed) * np.log(units).sum()
    for _ in range(6):
        here, there = ((em, em.step(state)) for em, state in (here, there))
        assert here[1].log_likelihood == pytest.approx(there[1].log_likelihood + shift, rel=1e-11)
    np.testing.assert_allclose(
        there[1].hmm.emissions.covariances / np.outer(units, units),
        here[1].hmm.emissions.covariances,
        rtol=1e-9,
        atol=1e-11,
    )
    assert here[1].remedies == there[1].remedies == ()


@pytest.mark.parametrize("kind", ["full", "tied"])
@pytest.mark.parametrize("seed", range(12))
def test_a_model_that_was_held_at_the_floor_is_above_it(kind, seed):
    # Two states see two points each: lines, whatever their direction.
    rng = np.random.default_rng(seed)
    sequences = Sequences(rng.normal(size=(4, 2)) * [100.0, 1.0])
    spread = unit_covariances(kind, 2, 2)
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian(sequences.observations[:2], spread, kind))
    training = EM(sequences)
    state = training.init(hmm)
    for _ in range(20):
        state = training.step(state)
        again = training.init(state.hmm)
        assert again.log_likelihood == state.log_likelihood


def test_constant_data_are_learned_down_to_the_floor():
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([0.0, 1.0], 1.0))
    training = EM(Sequences(np.full(30, 0.3)))
    assert training.variance_floor == 1e-8
    result = fit(training, hmm, max_iterations=50)
    assert np.isfinite(result.log_likelihoods).all()
    np.testing.assert_allclose(result.hmm.emissions.covariances, 1e-8, rtol=1e-12)
    np.testing.assert_allclose(result.hmm.emissions.means, 0.3, rtol=1e-12)
