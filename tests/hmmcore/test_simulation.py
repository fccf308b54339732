"""Simulation: paths follow the model, zeros stay zero, the laws are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore.emissions import Gaussian
from hmmcore.model import HMM
from hmmcore.simulation import (
    _sample_states,
    _upper_edges,
    circle_means,
    cyclic_structure,
    evenly_spaced_means,
    evenly_spaced_rates,
    favourite_symbol_probs,
    left_right_structure,
    log_means,
    sample,
    softmax_structure,
    sticky_structure,
    tilted_covariances,
)

SEEDS = range(3)
NUM_STATES = (1, 2, 5)
STRUCTURES = {
    "sticky": lambda num_states, rng: sticky_structure(num_states, 0.9),
    "cyclic": lambda num_states, rng: cyclic_structure(num_states, 0.6),
    "left-right": lambda num_states, rng: left_right_structure(num_states, 0.8),
    "softmax": softmax_structure,
}
ALMOST_ONE = np.nextafter(1.0, 0.0)


def model(structure: str = "softmax", num_states: int = 3, sd: float = 1.0, seed: int = 0) -> HMM:
    rng = np.random.default_rng(seed)
    initial, transition = STRUCTURES[structure](num_states, rng)
    return HMM(initial, transition, Gaussian.univariate(log_means(num_states), sd))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("num_states", NUM_STATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_structures_are_distributions(structure, num_states, seed):
    initial, transition = STRUCTURES[structure](num_states, np.random.default_rng(seed))
    assert initial.shape == (num_states,)
    assert transition.shape == (num_states, num_states)
    assert (initial >= 0).all()
    assert (transition >= 0).all()
    np.testing.assert_allclose(initial.sum(), 1.0, rtol=1e-15 * num_states)
    np.testing.assert_allclose(transition.sum(axis=1), 1.0, rtol=1e-15 * num_states)


@pytest.mark.parametrize("persistence", [0.0, 0.3, 1.0])
def test_persistence_is_the_diagonal(persistence):
    for structure in (sticky_structure, cyclic_structure):
        np.testing.assert_array_equal(np.diag(structure(4, persistence)[1]), persistence)
        np.testing.assert_array_equal(structure(1, persistence)[1], [[1.0]])
    forward = left_right_structure(4, persistence)[1]
    np.testing.assert_array_equal(np.diag(forward), [persistence] * 3 + [1.0])


def test_structures_written_out():
    initial, transition = sticky_structure(3, 0.8)
    np.testing.assert_array_equal(initial, [1 / 3] * 3)
    np.testing.assert_allclose(
        transition, [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], rtol=1e-15
    )
    initial, transition = cyclic_structure(3, 0.75)
    np.testing.assert_array_equal(initial, [1 / 3] * 3)
    np.testing.assert_array_equal(transition, [[0.75, 0.25, 0], [0, 0.75, 0.25], [0.25, 0, 0.75]])
    initial, transition = left_right_structure(3, 0.75)
    np.testing.assert_array_equal(initial, [1, 0, 0])
    np.testing.assert_array_equal(transition, [[0.75, 0.25, 0], [0, 0.75, 0.25], [0, 0, 1]])


def test_softmax_structure_is_the_softmax_of_standard_normal_draws():
    initial, transition = softmax_structure(4, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    for row in (initial, *transition):
        weights = np.exp(rng.standard_normal(4))
        np.testing.assert_allclose(row, weights / weights.sum(), rtol=1e-14)


def test_mean_laws():
    np.testing.assert_array_equal(log_means(1), [0.0])
    np.testing.assert_allclose(log_means(3), [0.0, np.log(2), np.log(3)], rtol=1e-15)
    np.testing.assert_array_equal(evenly_spaced_means(1, 2.0), [0.0])
    np.testing.assert_array_equal(evenly_spaced_means(2, 3.0), [-1.5, 1.5])
    np.testing.assert_array_equal(evenly_spaced_means(3, 2.5), [-2.5, 0.0, 2.5])
    np.testing.assert_array_equal(evenly_spaced_means(3, 0.0), [0.0, 0.0, 0.0])


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("num_states", NUM_STATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_impossible_steps_are_never_drawn(structure, num_states, seed):
    hmm = model(structure, num_states, seed=seed)
    simulation = sample(hmm, 20, 50, np.random.default_rng(seed))
    paths = simulation.states.reshape(20, 50)
    assert (hmm.initial_probs[paths[:, 0]] > 0).all()
    assert (hmm.transition_matrix[paths[:, :-1], paths[:, 1:]] > 0).all()


@pytest.mark.parametrize(
    "row",
    [
        [0.1] * 10 + [0.0],
        [0.0, 1.0, 0.0],
        [0.5, 0.0, 0.5],
        [0.0, 1 / 3, 0.0, 1 / 3, 1 / 3, 0.0, 0.0],
        [1e-300, 1.0, 1e-300, 0.0],
        [0.7, 0.3 - 5e-9, 0.0],
        [0.7, 0.3 + 5e-9, 0.0],
    ],
)
def test_draws_at_the_edges_fall_to_possible_states(row):
    probs = np.array(row)
    edges = _upper_edges(probs)
    uniforms = np.sort(
        np.concatenate([[0.0, ALMOST_ONE], np.minimum(np.cumsum(probs), ALMOST_ONE)])
    )
    states = np.empty(len(uniforms), dtype=np.int64)
    lengths = np.ones(len(uniforms), dtype=np.int64)
    _sample_states(edges, np.tile(edges, (len(row), 1)), lengths, uniforms, states)
    assert (probs[states] > 0).all()
    assert (np.diff(states) >= 0).all()


def test_kernel_equals_its_numpy_twin():
    rng = np.random.default_rng(0)
    lengths = np.array([1, 7, 30, 2])
    for num_states in (1, 2, 6):
        initial = rng.dirichlet(np.ones(num_states))
        transition = rng.dirichlet(np.ones(num_states), size=num_states)
        uniforms = rng.random(lengths.sum())
        states = np.empty(len(uniforms), dtype=np.int64)
        _sample_states(_upper_edges(initial), _upper_edges(transition), lengths, uniforms, states)
        starts = set(np.cumsum(lengths) - lengths)
        for t, uniform in enumerate(uniforms):
            probs = initial if t in starts else transition[states[t - 1]]
            assert states[t] == np.searchsorted(np.cumsum(probs)[:-1], uniform, side="right")


@pytest.mark.parametrize("seed", range(3))
def test_frequencies_match_the_model(seed):
    hmm = model("softmax", 4, seed=seed)
    simulation = sample(hmm, 4000, 25, np.random.default_rng(seed + 100))
    paths = simulation.states.reshape(4000, 25)

    def assert_within_five_standard_errors(counts, probs):
        # A binomial count of n draws has variance n p (1 - p); 5 of its standard deviations are
        # left by chance once in 1.7 million entries, and the seeds are fixed.
        total = counts.sum()
        bound = 5.0 * np.sqrt(total * probs * (1.0 - probs))
        assert (np.abs(counts - total * probs) <= bound).all()

    assert_within_five_standard_errors(np.bincount(paths[:, 0], minlength=4), hmm.initial_probs)
    for i, row in enumerate(hmm.transition_matrix):
        successors = paths[:, 1:][paths[:, :-1] == i]
        assert_within_five_standard_errors(np.bincount(successors, minlength=4), row)


def test_observations_follow_the_state_that_emitted_them():
    hmm = HMM(*sticky_structure(3, 0.5), Gaussian.univariate([-50.0, 0.0, 70.0], [0.5, 1.0, 2.0]))
    simulation = sample(hmm, 10, 1000, np.random.default_rng(0))
    for k, (mean, sd) in enumerate([(-50.0, 0.5), (0.0, 1.0), (70.0, 2.0)]):
        values = simulation.sequences.observations[simulation.states == k, 0]
        n = len(values)
        # Standard errors of a mean and of a standard deviation of n normal draws, five of each.
        assert abs(values.mean() - mean) <= 5.0 * sd / np.sqrt(n)
        assert abs(values.std() - sd) <= 5.0 * sd / np.sqrt(2.0 * n)


def test_same_seed_same_data_and_other_seed_other_data():
    hmm = model()
    first, second, other = (sample(hmm, 3, 40, np.random.default_rng(s)) for s in (7, 7, 8))
    np.testing.assert_array_equal(first.states, second.states)
    assert first.sequences == second.sequences
    assert first.sequences != other.sequences


@pytest.mark.parametrize("seed", SEEDS)
def test_other_noise_leaves_the_path_alone(seed):
    quiet, loud = (sample(model(sd=sd), 4, 30, np.random.default_rng(seed)) for sd in (0.01, 10.0))
    np.testing.assert_array_equal(quiet.states, loud.states)
    assert quiet.sequences != loud.sequences


def test_shapes_and_lengths():
    hmm = model()
    simulation = sample(hmm, 4, 6, np.random.default_rng(0))
    assert simulation.states.shape == (24,)
    assert simulation.states.dtype == np.int64
    assert not simulation.states.flags.writeable
    assert simulation.sequences.observations.shape == (24, 1)
    np.testing.assert_array_equal(simulation.sequences.lengths, [6, 6, 6, 6])

    simulation = sample(hmm, 3, [1, 5, 2], np.random.default_rng(0))
    assert simulation.states.shape == (8,)
    np.testing.assert_array_equal(simulation.sequences.lengths, [1, 5, 2])

    wide = HMM(*sticky_structure(2, 0.9), Gaussian(np.zeros((2, 3)), np.ones((2, 3))))
    assert sample(wide, 1, 5, np.random.default_rng(0)).sequences.num_dimensions == 3


@pytest.mark.parametrize(
    ("num_sequences", "length", "sentence"),
    [
        (0, 5, "num_sequences is 0; it must be at least 1"),
        (1.5, 5, "num_sequences is 1.5; it must be a whole number"),
        (2, 0, "length is 0; it must be at least 1"),
        (2, -3, "length is -3; it must be at least 1"),
        (2, 2.5, "length is 2.5; it must be a whole number"),
        (2, [3, 0], r"length\[1\] is 0; every length must be a whole number of at least 1"),
        (2, [3, 2.5], r"length\[1\] is 2.5; every length must be a whole number"),
        (2, [float("nan"), 2], r"length\[0\] is nan; every length must be a whole number"),
        (2, [3, 4, 5], r"length has shape \(3,\); .* each of the 2 sequences"),
        (1, [[3]], r"length has shape \(1, 1\)"),
    ],
)
def test_sizes_are_checked(num_sequences, length, sentence):
    with pytest.raises(ValueError, match=sentence):
        sample(model(), num_sequences, length, np.random.default_rng(0))


@pytest.mark.parametrize("structure", [sticky_structure, cyclic_structure, left_right_structure])
def test_structures_check_their_arguments(structure):
    for persistence in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match=r"persistence is .* must lie between 0 and 1"):
            structure(3, persistence)
    with pytest.raises(ValueError, match="num_states is 0; it must be at least 1"):
        structure(0, 0.5)


def test_laws_check_their_arguments():
    with pytest.raises(ValueError, match="num_states is 0"):
        log_means(0)
    with pytest.raises(ValueError, match="num_states is 0"):
        softmax_structure(0, np.random.default_rng(0))
    for separation in (-1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match=r"separation is .* at least 0"):
            evenly_spaced_means(3, separation)


@pytest.mark.parametrize("num_states", [1, 2, 3, 5, 20])
def test_neighbours_on_the_circle_are_as_far_apart_as_asked(num_states):
    means = circle_means(num_states, 1.5)
    assert means.shape == (num_states, 2)
    np.testing.assert_allclose(means.mean(axis=0), 0.0, rtol=0, atol=1e-14)
    assert not means[np.abs(means) < 1e-9].any(), "straight above is 0 across, not nearly so"
    if num_states > 1:
        gaps = np.linalg.norm(means - np.roll(means, 1, axis=0), axis=1)
        np.testing.assert_allclose(gaps, 1.5, rtol=1e-12)


def test_clouds_lean_in_turn():
    covariances = tilted_covariances(3, 0.5)
    np.testing.assert_allclose(covariances[:, [0, 1], [0, 1]], 0.25, rtol=1e-15)
    np.testing.assert_allclose(covariances[:, 0, 1] / 0.25, [0.8, -0.8, 0.8], rtol=1e-15)
    np.testing.assert_array_equal(covariances, covariances.transpose(0, 2, 1))
    for sd, correlation, said in [(0.0, 0.5, "sd is 0.0"), (1.0, 1.0, "correlation is 1.0")]:
        with pytest.raises(ValueError, match=said):
            tilted_covariances(2, sd, correlation)


def test_rates_are_as_many_deviations_apart_as_asked():
    rates = evenly_spaced_rates(4, 3.0)
    np.testing.assert_allclose(np.diff(np.sqrt(rates)), 1.5, rtol=1e-14)
    assert rates[0] == 1.0
    assert evenly_spaced_rates(2, 1.0, lowest=0.0)[0] == 0.0
    with pytest.raises(ValueError, match="lowest is -1"):
        evenly_spaced_rates(2, 1.0, lowest=-1.0)


@pytest.mark.parametrize(("num_states", "num_symbols"), [(1, 3), (3, 3), (2, 6), (5, 2), (20, 20)])
def test_every_state_has_a_favourite_symbol(num_states, num_symbols):
    probs = favourite_symbol_probs(num_states, num_symbols, 1.2)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, rtol=1e-14)
    assert len(np.unique(probs, axis=0)) == num_states
    favourites = probs.argmax(axis=1)
    assert (np.diff(favourites) >= 0).all()
    if num_states > 1:
        assert favourites[0] == 0
        assert favourites[-1] == num_symbols - 1
        np.testing.assert_allclose(probs[-1, -1] / probs[-1, -2], np.exp(1.2), rtol=1e-12)
    flat = favourite_symbol_probs(num_states, num_symbols, 0.0)
    np.testing.assert_allclose(flat, 1.0 / num_symbols, rtol=1e-15)
