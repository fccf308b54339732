"""A nudge tells states apart, keeps what is zero, and moves nothing far."""

import numpy as np
import pytest

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson, initialization
from hmmcore.initialization import nudge

MODELS = {
    "gaussian": initialization.symmetric(3, num_dimensions=2, mean=50.0, sd=4.0),
    "full": HMM(
        [1.0, 0.0], [[0.5, 0.5], [0.0, 1.0]],
        Gaussian(np.zeros((2, 2)), [np.eye(2)] * 2, "full"),
    ),
    "tied": HMM(
        [0.5, 0.5], [[0.5, 0.5]] * 2, Gaussian(np.zeros((2, 2)), 9.0 * np.eye(2), "tied")
    ),
    "spherical": HMM(
        [0.5, 0.5], [[0.5, 0.5]] * 2, Gaussian(np.zeros((2, 2)), [9.0, 9.0], "spherical")
    ),
    "categorical": HMM([0.5, 0.5], [[0.5, 0.5]] * 2, Categorical([[0.5, 0.5, 0.0]] * 2)),
    "poisson": HMM(np.full(3, 1 / 3), np.full((3, 3), 1 / 3), Poisson([0.0, 4.0, 4.0])),
    "neural": HMM(
        [0.5, 0.5], [[0.5, 0.5]] * 2,
        NeuralGaussian(
            [[0.3, -0.2]] * 2, [[0.5, 0.1], [0.2, 0.3]], [0.1, 0.0], [[0.7], [-0.3]], [1.0],
            [[2.0]] * 2,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_states_that_were_alike_no_longer_are(name):
    hmm = MODELS[name]
    moved = nudge(hmm, np.random.default_rng(0))
    distances = moved.emissions.distances(moved.emissions)
    assert (distances[np.triu_indices(hmm.num_states, k=1)] > 0.0).all()
    # By a tenth, more or less: no probability moves by half of itself.
    np.testing.assert_allclose(moved.transition_matrix, hmm.transition_matrix, rtol=0.5, atol=0.0)
    np.testing.assert_allclose(moved.initial_probs, hmm.initial_probs, rtol=0.5, atol=0.0)


def test_zeros_and_variances_stay():
    full = nudge(MODELS["full"], np.random.default_rng(0))
    np.testing.assert_array_equal(full.initial_probs, [1.0, 0.0])
    np.testing.assert_array_equal(full.transition_matrix[1], [0.0, 1.0])
    np.testing.assert_array_equal(full.emissions.covariances, [np.eye(2)] * 2)
    symbols = nudge(MODELS["categorical"], np.random.default_rng(0)).emissions
    np.testing.assert_array_equal(symbols.probs[:, 2], 0.0)
    assert nudge(MODELS["poisson"], np.random.default_rng(0)).emissions.rates[0] == 0.0


def test_means_move_in_units_of_their_spread():
    many = initialization.symmetric(2000, mean=50.0, sd=4.0)
    moves = nudge(many, np.random.default_rng(0), scale=0.1).emissions.means - 50.0
    np.testing.assert_allclose(moves.std(), 0.4, rtol=0.05, atol=0.0)


def test_of_a_network_embeddings_and_the_output_layer_move():
    before = MODELS["neural"].emissions
    after = nudge(MODELS["neural"], np.random.default_rng(0)).emissions
    assert (after.embeddings != before.embeddings).all()
    for name in ("hidden_weights", "hidden_biases"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    np.testing.assert_array_equal(after.covariances, before.covariances)


def test_means_of_a_network_move_though_nothing_reaches_its_output_weights():
    emissions = NeuralGaussian.near_means(
        np.full((4, 1), 50.0), np.random.default_rng(1), sd=4.0, output_activation="identity"
    )
    hmm = HMM(np.full(4, 0.25), np.full((4, 4), 0.25), emissions)
    moves = np.array(
        [nudge(hmm, np.random.default_rng(n)).emissions.means - 50.0 for n in range(200)]
    )
    np.testing.assert_allclose(moves.std(axis=0), 0.4, rtol=0.2, atol=0.0)


def test_the_same_numbers_give_the_same_nudge_and_none_is_the_model_itself():
    hmm = MODELS["gaussian"]
    assert nudge(hmm, np.random.default_rng(3)) == nudge(hmm, np.random.default_rng(3))
    assert nudge(hmm, np.random.default_rng(3)) != nudge(hmm, np.random.default_rng(4))
    assert nudge(hmm, np.random.default_rng(3), scale=0.0) is hmm


@pytest.mark.parametrize("scale", [-0.1, np.nan, np.inf])
def test_a_scale_that_is_none_is_refused(scale):
    with pytest.raises(ValueError, match="finite number of at least 0"):
        nudge(MODELS["gaussian"], np.random.default_rng(0), scale)
