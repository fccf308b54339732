"""Starting models: valid for any data, ordered, reproducible, and what their docstrings say."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import initialization
from hmmcore.emissions import Gaussian
from hmmcore.initialization import SMALLEST_CLUSTER_SHARE, VARIANCE_OF_CONSTANT_DATA
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.simulation import evenly_spaced_means, left_right_structure, sample, sticky_structure
from hmmcore.training import EM

SEEDS = range(3)
FROM_DATA = {
    "random": initialization.random,
    "kmeans": initialization.kmeans,
    "quantiles": lambda sequences, num_states, rng: initialization.quantiles(sequences, num_states),
}
DATA = {
    "one dimension": np.random.default_rng(0).normal(3.0, 2.0, size=(6, 40)),
    "three dimensions": np.random.default_rng(1).normal(size=(6, 40, 3)) * [1.0, 100.0, 1e-3],
    "constant": np.full((3, 10), 0.1),
    "one constant dimension": np.dstack(
        [np.random.default_rng(2).normal(size=(3, 20)), np.full((3, 20), 7.0)]
    ),
    "two values": np.tile([0.0, 0.0, 1.0, 0.0], (5, 5)),
    "one observation": np.array([[4.2]]),
    "far from zero": 1e8 + np.random.default_rng(3).normal(size=(4, 50)),
    "constant beside large": np.dstack(
        [1e7 * np.random.default_rng(5).normal(size=(3, 20)), np.full((3, 20), 0.3)]
    ),
    "rounding": 0.1 + np.spacing(0.1) * np.tile([0.0, 1.0], (3, 10)),
    "tiny": 1e-170 * np.random.default_rng(4).normal(size=(4, 50)),
}


def assert_distributions(hmm: HMM) -> None:
    for probs in (hmm.initial_probs, *hmm.transition_matrix):
        assert (probs >= 0).all()
        np.testing.assert_allclose(probs.sum(), 1.0, rtol=1e-14)


@pytest.mark.parametrize("start", FROM_DATA)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("num_states", [1, 2, 3, 7])
def test_starts_from_any_data(start, data, num_states):
    sequences = Sequences.from_array(DATA[data])
    hmm = FROM_DATA[start](sequences, num_states, np.random.default_rng(0))
    assert_distributions(hmm)
    assert hmm.num_states == num_states
    assert hmm.emissions.covariance_type == "diag"
    assert hmm.emissions.means.shape == (num_states, sequences.num_dimensions)
    assert (np.diff(hmm.emissions.means[:, 0]) >= 0).all()
    assert (hmm.transition_matrix > 0).all()
    assert (hmm.initial_probs > 0).all()
    # No two states alike: EM could never tell them apart.
    assert len(np.unique(hmm.emissions.means, axis=0)) == num_states
    same = FROM_DATA[start](sequences, num_states, np.random.default_rng(0))
    assert same == hmm


@pytest.mark.parametrize("start", FROM_DATA)
def test_constant_data_have_a_small_variance(start):
    sequences = Sequences.from_array(DATA["one constant dimension"])
    hmm = FROM_DATA[start](sequences, 2, np.random.default_rng(0))
    np.testing.assert_allclose(hmm.emissions.means[:, 1], 7.0, atol=1e-3)
    assert (hmm.emissions.covariances[:, 1] <= VARIANCE_OF_CONSTANT_DATA).all()
    assert (hmm.emissions.covariances > 0).all()


@pytest.mark.parametrize("start", FROM_DATA)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("num_states", [1, 3, 7])
def test_training_accepts_every_start(start, data, num_states):
    sequences = Sequences.from_array(DATA[data])
    hmm = FROM_DATA[start](sequences, num_states, np.random.default_rng(0))
    trainer = EM(sequences)
    state = trainer.init(hmm)
    for _ in range(3):
        state = trainer.step(state)  # raises when the likelihood falls
    assert np.isfinite(state.log_likelihood)


@pytest.mark.parametrize("start", FROM_DATA)
def test_number_of_states_is_checked(start):
    with pytest.raises(ValueError, match="num_states is 0; it must be at least 1"):
        FROM_DATA[start](Sequences([1.0, 2.0]), 0, np.random.default_rng(0))


@pytest.mark.parametrize("num_states", [1, 5])
def test_symmetric_is_the_start_of_the_notebook(num_states):
    hmm = initialization.symmetric(num_states)
    np.testing.assert_array_equal(hmm.initial_probs, 1.0 / num_states)
    np.testing.assert_array_equal(hmm.transition_matrix, 1.0 / num_states)
    np.testing.assert_array_equal(hmm.emissions.means, np.zeros((num_states, 1)))
    np.testing.assert_array_equal(hmm.emissions.standard_deviations, np.ones((num_states, 1)))


def test_symmetric_takes_a_mean_and_an_sd_for_each_dimension():
    hmm = initialization.symmetric(3, num_dimensions=2, mean=[1.0, -1.0], sd=[0.5, 2.0])
    np.testing.assert_array_equal(hmm.emissions.means, [[1.0, -1.0]] * 3)
    np.testing.assert_array_equal(hmm.emissions.covariances, [[0.25, 4.0]] * 3)


@pytest.mark.parametrize("sd", [0.0, -1.0, [1.0, -2.0], float("nan")])
def test_symmetric_wants_a_positive_sd(sd):
    with pytest.raises(ValueError, match=r"sd(\[1\])? is .* must be positive"):
        initialization.symmetric(2, num_dimensions=2, sd=sd)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_takes_different_data_points_and_the_variance_of_the_data(seed):
    sequences = Sequences.from_array(DATA["three dimensions"])
    hmm = initialization.random(sequences, 6, np.random.default_rng(seed))
    points = {tuple(row) for row in sequences.observations}
    assert {tuple(mean) for mean in hmm.emissions.means} <= points
    expected = np.tile(sequences.observations.var(axis=0), (6, 1))
    np.testing.assert_allclose(hmm.emissions.covariances, expected, rtol=1e-14)


def test_random_rows_are_uniform_on_the_simplex():
    sequences = Sequences([0.0, 1.0, 2.0])
    rng = np.random.default_rng(0)
    rows = np.concatenate(
        [initialization.random(sequences, 3, rng).transition_matrix for _ in range(2000)]
    )
    # Dirichlet(1, 1, 1): mean 1/3, variance 1/18 for each entry. Five standard errors of a mean;
    # a variance of n draws within five times sqrt(m4 - var^2) / sqrt(n), m4 = 1/135.
    n = len(rows)
    np.testing.assert_allclose(rows.mean(axis=0), 1 / 3, atol=5.0 * np.sqrt(1 / 18 / n))
    spread = 5.0 * np.sqrt((1 / 135 - 1 / 18**2) / n)
    np.testing.assert_allclose(rows.var(axis=0), 1 / 18, atol=spread)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("num_dimensions", [1, 2])
def test_kmeans_finds_separated_states(seed, num_dimensions):
    means = np.tile(evenly_spaced_means(4, 20.0)[:, np.newaxis], (1, num_dimensions))
    truth = HMM(*sticky_structure(4, 0.9), Gaussian(means, np.ones_like(means)))
    data = sample(truth, 5, 400, np.random.default_rng(seed))
    start = initialization.kmeans(data.sequences, 4, np.random.default_rng(seed))
    counts = np.bincount(data.states, minlength=4)
    observations = data.sequences.observations
    for k in range(4):
        # Twenty standard deviations apart every cluster is a state, so these are its moments.
        own = observations[data.states == k]
        np.testing.assert_allclose(start.emissions.means[k], own.mean(axis=0), rtol=1e-10)
        np.testing.assert_allclose(start.emissions.covariances[k], own.var(axis=0), rtol=1e-10)
        bound = 5.0 * np.sqrt(0.9 * 0.1 / counts[k]) + 4.0 / counts[k]  # and the smoothing
        assert abs(start.transition_matrix[k, k] - 0.9) <= bound


def test_kmeans_counts_within_sequences_and_adds_one():
    sequences = Sequences.from_list([[0.0, 0.1, 0.2, 10.0], [10.1, 10.2]])
    hmm = initialization.kmeans(sequences, 2, np.random.default_rng(0))
    np.testing.assert_allclose(hmm.initial_probs, [2 / 4, 2 / 4], rtol=1e-15)
    np.testing.assert_allclose(hmm.transition_matrix, [[3 / 5, 2 / 5], [1 / 3, 2 / 3]], rtol=1e-15)
    np.testing.assert_allclose(hmm.emissions.means[:, 0], [0.1, 10.1], rtol=1e-14)


def test_kmeans_keeps_variances_above_a_floor():
    observations = np.concatenate([np.zeros(50), np.full(50, 1.0), [5.0]])
    hmm = initialization.kmeans(Sequences(observations), 3, np.random.default_rng(0))
    np.testing.assert_allclose(hmm.emissions.means[:, 0], [0.0, 1.0, 5.0], atol=1e-14)
    floor = SMALLEST_CLUSTER_SHARE * observations.var()
    np.testing.assert_allclose(hmm.emissions.covariances, floor, rtol=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_kmeans_with_fewer_points_than_states_keeps_every_point(seed):
    observations = np.tile([-1.0, 2.0], 20)
    hmm = initialization.kmeans(Sequences(observations), 4, np.random.default_rng(seed))
    means = hmm.emissions.means[:, 0]
    assert np.isin([-1.0, 2.0], means).all()
    # The states without points are broad, one at the floor would explain nothing.
    without_points = ~np.isin(means, [-1.0, 2.0])
    np.testing.assert_allclose(
        hmm.emissions.covariances[without_points], observations.var(), rtol=1e-14
    )


def test_kmeans_weighs_dimensions_alike():
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1], 100)
    noise = rng.normal(size=200) * 1e4
    observations = np.column_stack([kind * 1e-2 + rng.normal(size=200) * 1e-4, noise])
    hmm = initialization.kmeans(Sequences(observations), 2, np.random.default_rng(0))
    np.testing.assert_allclose(hmm.emissions.means[:, 0], [0.0, 1e-2], atol=5e-5)


def test_kmeans_takes_more_points_than_it_clusters():
    truth = HMM(*sticky_structure(3, 0.9), Gaussian.univariate([-9.0, 0.0, 9.0], 1.0))
    data = sample(truth, 2, 50_000, np.random.default_rng(0))
    hmm = initialization.kmeans(data.sequences, 3, np.random.default_rng(0))
    own = [data.sequences.observations[data.states == k].mean() for k in range(3)]
    # 4.5 standard deviations to the border: about 1 in 150 000 points changes sides.
    np.testing.assert_allclose(hmm.emissions.means[:, 0], own, atol=1e-3)


def test_quantiles_in_one_dimension():
    observations = np.random.default_rng(0).exponential(size=101)
    hmm = initialization.quantiles(Sequences(observations), 4)
    expected = np.quantile(observations, [0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(hmm.emissions.means[:, 0], expected, rtol=1e-13)
    np.testing.assert_allclose(hmm.emissions.covariances, observations.var(), rtol=1e-14)
    np.testing.assert_array_equal(hmm.initial_probs, 0.25)
    np.testing.assert_array_equal(hmm.transition_matrix, np.full((4, 4), 0.125) + 0.5 * np.eye(4))


def test_quantiles_follow_the_first_principal_axis():
    position = np.random.default_rng(0).normal(size=200)
    observations = np.column_stack([1.0 + position, 50.0 - 10.0 * position])
    hmm = initialization.quantiles(Sequences(observations), 3)
    expected = np.quantile(position, [1 / 6, 3 / 6, 5 / 6])
    np.testing.assert_allclose(hmm.emissions.means[:, 0], 1.0 + expected, rtol=1e-12)
    np.testing.assert_allclose(hmm.emissions.means[:, 1], 50.0 - 10.0 * expected, rtol=1e-12)


def test_quantiles_that_coincide_are_set_apart():
    observations = np.concatenate([np.zeros(90), np.ones(10)])
    means = initialization.quantiles(Sequences(observations), 5).emissions.means[:, 0]
    np.testing.assert_allclose(np.diff(means)[:3], 0.01 * observations.std(), rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("amount", [0.1, 0.5, 3.0])
def test_near_truth_keeps_zeros_and_covariances(seed, amount):
    means = evenly_spaced_means(4, 2.0)[:, np.newaxis] * np.ones(2)
    covariances = np.tile([[2.0, 0.5], [0.5, 1.0]], (4, 1, 1))
    truth = HMM(*left_right_structure(4, 0.8), Gaussian(means, covariances, "full"))
    start = initialization.near_truth(truth, np.random.default_rng(seed), amount)
    assert_distributions(start)
    np.testing.assert_array_equal(start.initial_probs, truth.initial_probs)
    np.testing.assert_array_equal(start.transition_matrix > 0, truth.transition_matrix > 0)
    assert (start.transition_matrix[0] != truth.transition_matrix[0])[:2].all()
    np.testing.assert_array_equal(start.emissions.covariances, covariances)
    assert start.emissions.covariance_type == "full"
    assert (start.emissions.means != means).all()
    assert start == initialization.near_truth(truth, np.random.default_rng(seed), amount)


def test_near_truth_moves_by_its_amount():
    sds = np.array([0.1, 10.0])
    truth = HMM(*sticky_structure(2, 0.7), Gaussian.univariate([5.0, -5.0], sds))
    rng = np.random.default_rng(0)
    starts = [initialization.near_truth(truth, rng, 0.4) for _ in range(4000)]
    moves = np.array([(start.emissions.means - truth.emissions.means)[:, 0] for start in starts])
    rows = np.array([start.transition_matrix[0] for start in starts])
    log_odds = np.log(rows[:, 0] / rows[:, 1]) - np.log(0.7 / 0.3)
    # Standard deviation of n normal draws within five of its standard errors, 1 / sqrt(2 n).
    bound = 5.0 / np.sqrt(2.0 * len(starts))
    np.testing.assert_allclose(moves.std(axis=0) / (0.4 * sds), 1.0, atol=bound)
    np.testing.assert_allclose(log_odds.std() / (0.4 * np.sqrt(2.0)), 1.0, atol=bound)


def test_near_truth_by_nothing_is_the_truth():
    truth = HMM(*sticky_structure(3, 0.7), Gaussian.univariate([0.0, 1.0, 2.0], 1.0))
    start = initialization.near_truth(truth, np.random.default_rng(0), 0.0)
    np.testing.assert_allclose(start.initial_probs, truth.initial_probs, rtol=1e-15)
    np.testing.assert_allclose(start.transition_matrix, truth.transition_matrix, rtol=1e-15)
    assert start.emissions == truth.emissions


@pytest.mark.parametrize("amount", [-0.1, float("nan"), float("inf")])
def test_near_truth_checks_its_amount(amount):
    with pytest.raises(ValueError, match=r"amount is .* at least 0"):
        initialization.near_truth(initialization.symmetric(2), np.random.default_rng(0), amount)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mean": [1.0, 2.0, 3.0]}, r"mean has shape \(3,\); it must be one number or 2 of them"),
        ({"sd": [1.0, 2.0, 3.0]}, r"sd has shape \(3,\); it must be one number or 2 of them"),
        ({"mean": "a"}, "mean must be an array of numbers"),
        ({"sd": "a"}, "sd must be an array of numbers"),
        ({"sd": [1.0, -2.0]}, r"sd\[1\] is -2\.0; a standard deviation must be positive"),
    ],
)
def test_a_symmetric_start_names_what_does_not_fit(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        initialization.symmetric(2, 2, **options)


@pytest.mark.parametrize("move", [initialization.near_truth, initialization.nudge])
def test_however_far_a_model_is_moved_its_zeros_are_the_same(move):
    truth = HMM(*left_right_structure(4, 0.9), Gaussian.univariate(np.arange(4.0), 1.0))
    for seed in range(20):
        moved = move(truth, np.random.default_rng(seed), 500.0)
        np.testing.assert_array_equal(moved.transition_matrix > 0, truth.transition_matrix > 0)
        np.testing.assert_array_equal(moved.initial_probs > 0, truth.initial_probs > 0)
