"""Gaussian emissions from a network: the network's derivatives, its M-step, and dead outputs."""

from __future__ import annotations

import dataclasses
from itertools import chain, combinations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    GradientAscent,
    NeuralGaussian,
    Sequences,
    align_parameters,
    exchangeable_states,
    fit,
    initialization,
    k_best_paths,
    preset,
    sample,
    simulation,
    smooth,
    viterbi,
)
from hmmcore.emissions import network
from hmmcore.emissions.base import Remedy
from hmmcore.emissions.network import OUTPUT_ACTIVATIONS, Layers
from tests.hmmcore.models import STRUCTURES, neural

NETWORK = Layers._fields
every_activation = pytest.mark.parametrize("activation", OUTPUT_ACTIVATIONS)


def tiny(activation: str = "identity", output_bias: float = 0.5) -> NeuralGaussian:
    """One number per layer: mean f(2 tanh(0.3 * 0.7 - 0.1) + output_bias), variance 4."""
    return NeuralGaussian([[0.3]], [[0.7]], [-0.1], [[2.0]], [output_bias], [[4.0]], activation)


def expected_log_joint(emissions: Gaussian, observations, weights) -> float:
    """Q: the part of the expected complete-data log-likelihood that the emissions have."""
    return float((weights * emissions.log_likelihoods(observations)).sum())


# --- the same as a plain Gaussian ---------------------------------------------------------------


@pytest.mark.parametrize("lengths", [(30, 8, 1, 12), (400,), (5,) * 20])
@pytest.mark.parametrize("structure", ["dense", "left-right"])
@every_activation
def test_inference_equals_that_of_the_gaussian_with_the_same_means(activation, structure, lengths):
    rng = np.random.default_rng(0)
    emissions = neural(rng, 3, 2, activation)
    assert emissions.gaussian == Gaussian(emissions.means, emissions.covariances)
    ours = HMM(*STRUCTURES[structure](rng, 3), emissions)
    plain = HMM(ours.initial_probs, ours.transition_matrix, emissions.gaussian)
    drawn, same = (
        sample(hmm, len(lengths), list(lengths), np.random.default_rng(1)) for hmm in (ours, plain)
    )
    np.testing.assert_array_equal(drawn.sequences.observations, same.sequences.observations)
    data = drawn.sequences
    for one, other in [(smooth(ours, data), smooth(plain, data)),
                       (viterbi(ours, data), viterbi(plain, data)),
                       (k_best_paths(ours, data.select(0), 3),
                        k_best_paths(plain, data.select(0), 3))]:  # fmt: skip
        for field in dataclasses.fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
    np.testing.assert_array_equal(emissions.distances(emissions), plain.emissions.distances(
        plain.emissions))  # fmt: skip


@every_activation
def test_the_means_are_what_the_formula_says(activation):
    emissions = neural(np.random.default_rng(2), 4, 3, activation)
    hidden = np.tanh(emissions.embeddings @ emissions.hidden_weights + emissions.hidden_biases)
    outputs = hidden @ emissions.output_weights + emissions.output_biases
    expected = {
        "relu": np.where(outputs > 0.0, outputs, 0.0),
        "softplus": np.log(1.0 + np.exp(outputs)),
        "identity": outputs,
    }[activation]
    np.testing.assert_allclose(emissions.means, expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(emissions.dead_outputs, (outputs < 0) & (activation == "relu"))


# --- derivatives --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
@every_activation
def test_back_propagation_equals_central_differences_and_its_own_transpose(activation, seed):
    rng = np.random.default_rng(seed)
    layers = neural(rng, 3, 2, activation).layers
    passed = network.forward(layers, activation)
    assert np.abs(passed.outputs).min() > 1e-3, "no kink of a ReLU within a difference"
    slopes = rng.normal(size=passed.means.shape)
    gradient = network.backward(layers, passed, activation, slopes)
    for name in NETWORK:
        value = getattr(layers, name)
        assert getattr(gradient, name).shape == value.shape
        for index in np.ndindex(value.shape):

            def objective(step, name=name, value=value, index=index) -> float:
                moved = value.copy()
                moved[index] += step
                means = network.forward(layers._replace(**{name: moved}), activation).means
                return float((slopes * means).sum())

            h = 1e-5
            expected = (objective(h) - objective(-h)) / (2.0 * h)
            found = getattr(gradient, name)[index]
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    direction = Layers(*(rng.normal(size=value.shape) for value in layers))
    along = network.means_along(layers, passed, activation, direction)
    np.testing.assert_allclose((slopes * along).sum(), gradient.dot(direction), rtol=1e-12)


@pytest.mark.parametrize("activation", ["identity", "softplus", "relu"])
def test_a_gradient_step_equals_one_computed_by_hand(activation):
    data = Sequences([1.0, 2.0, 6.0])
    training = GradientAscent(data, learning_rate=0.1, optimizer="plain")
    state = training.init(HMM([1.0], [[1.0]], tiny(activation)))
    hidden = np.tanh(0.3 * 0.7 - 0.1)
    output = 2.0 * hidden + 0.5
    mean = np.log(1.0 + np.exp(output)) if activation == "softplus" else output
    bend = 1.0 / (1.0 + np.exp(-output)) if activation == "softplus" else 1.0
    # d/dμ of the mean log-density, Σ (x - μ) / σ² / 3, and on backwards by the chain rule.
    at_output = (3.0 - mean) / 4.0 * bend
    at_hidden = at_output * 2.0 * (1.0 - hidden**2)
    gaps = (np.array([1.0, 2.0, 6.0]) - mean) ** 2
    expected = {
        "embeddings": 0.3 + 0.1 * at_hidden * 0.7,
        "hidden_weights": 0.7 + 0.1 * at_hidden * 0.3,
        "hidden_biases": -0.1 + 0.1 * at_hidden,
        "output_weights": 2.0 + 0.1 * at_output * hidden,
        "output_biases": 0.5 + 0.1 * at_output,
        "covariances": np.exp(2.0 * (np.log(2.0) + 0.1 * (gaps.mean() / 4.0 - 1.0))),
    }
    found = training.step(state).hmm.emissions
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(found, name).item(), value, rtol=1e-13, err_msg=name)


# --- the M-step ---------------------------------------------------------------------------------


def test_the_bias_alone_is_maximised_in_one_step_by_the_weighted_mean_residual():
    # With an identity output the mean is linear in b2, so Cauchy's length is exact.
    rng = np.random.default_rng(3)
    emissions = neural(rng, 3, 1, "identity")
    observations, weights = rng.normal(3.0, 2.0, size=(50, 1)), rng.random((50, 3))
    statistics = emissions.statistics(observations, weights)
    moved, remedies = emissions.maximize(statistics, frozenset({"output_biases"}), 1e-9)
    precisions = weights / emissions.covariances[:, 0]
    residuals = observations - emissions.means[:, 0]
    shift = (precisions * residuals).sum() / precisions.sum()
    expected = emissions.output_biases + shift
    np.testing.assert_allclose(moved.output_biases, expected, rtol=1e-12)
    np.testing.assert_array_equal(moved.covariances, emissions.covariances)
    assert remedies == ()


SUBSETS = [
    frozenset(names)
    for names in chain.from_iterable(
        combinations(NeuralGaussian.parameter_names, n) for n in range(7)
    )
]


@every_activation
def test_the_m_step_never_lowers_the_expected_log_joint_and_moves_only_what_it_may(activation):
    for seed, trainable in enumerate(SUBSETS):
        rng = np.random.default_rng(seed)
        # Means at all scales beside the data, so that steps have to be halved.
        emissions = neural(rng, 3, 2, activation, scale=10.0 ** rng.uniform(-1, 2))
        observations = rng.normal(1.0, 3.0, size=(40, 2))
        weights = rng.dirichlet(np.ones(3), size=40)
        for iteration in range(4):
            statistics = emissions.statistics(observations, weights)
            moved, _ = emissions.maximize(statistics, trainable, 1e-9)
            before, after = (
                expected_log_joint(one, observations, weights) for one in (emissions, moved)
            )
            assert after >= before - 1e-12 * abs(before)
            if trainable and iteration == 0 and not emissions.dead_outputs.any():
                assert after > before
            for name in NeuralGaussian.parameter_names:
                if name not in trainable:
                    same = getattr(moved, name), getattr(emissions, name)
                    np.testing.assert_array_equal(*same)
            emissions = moved


def test_variances_are_the_weighted_squares_about_the_new_means():
    rng = np.random.default_rng(4)
    emissions = neural(rng, 3, 2, "identity")
    observations, weights = 100.0 + rng.normal(size=(50, 2)), rng.random((50, 3))
    statistics = emissions.statistics(observations, weights)
    moved, _ = emissions.maximize(statistics, frozenset(emissions.parameter_names), 1e-9)
    squares = (observations[:, np.newaxis] - moved.means) ** 2
    expected = np.einsum("tk,tkd->kd", weights, squares) / weights.sum(axis=0)[:, np.newaxis]
    np.testing.assert_allclose(moved.covariances, expected, rtol=1e-9)


@pytest.mark.parametrize("steps", [1, 50])
@every_activation
def test_em_never_falls_however_far_the_m_step_goes(monkeypatch, activation, steps):
    monkeypatch.setattr(network, "ASCENT_STEPS", steps)
    given = preset("notebook")
    emissions = NeuralGaussian.random(
        5, np.random.default_rng(0), sd=1.5, output_activation=activation
    )
    start = HMM(given.start.initial_probs, given.start.transition_matrix, emissions)
    values = fit(EM(given.sequences), start, 60, tolerance=0.0).log_likelihoods
    assert (np.diff(values) >= -1e-12 * (np.abs(values[1:]) + 20)).all()
    # The right M-step of the symmetric start, μ and σ alike for all states, reaches this.
    assert values[-1] > -31.06843588009547


def test_em_follows_the_gaussian_where_the_network_can_give_any_means():
    """On the notebook's data, with variances fixed, both end at the same maximum."""
    given = preset("notebook")
    emissions = NeuralGaussian.near_means(
        simulation.log_means(5), np.random.default_rng(0), output_activation="identity"
    )
    np.testing.assert_allclose(emissions.means[:, 0], simulation.log_means(5), atol=1e-12)
    structure = given.truth.initial_probs, given.truth.transition_matrix
    trainer = EM(given.sequences, trainable={"means", "transition_matrix", "initial_probs"})
    plain = fit(trainer, HMM(*structure, emissions.gaussian), 400, tolerance=0.0)
    np.testing.assert_allclose(plain.log_likelihoods[0], -30.795763627687464, rtol=1e-12)
    trainer = EM(given.sequences, trainable={"transition_matrix", "initial_probs", *NETWORK})
    ours = fit(trainer, HMM(*structure, emissions), 400, tolerance=0.0)
    np.testing.assert_allclose(ours.log_likelihoods[-1], plain.log_likelihoods[-1], atol=1e-3)


@pytest.mark.parametrize("activation", ["relu", "softplus"])
@pytest.mark.parametrize("trainer", [EM, lambda data: GradientAscent(data, learning_rate=0.05)])
def test_the_network_learns_the_means_behind_the_data(trainer, activation):
    means = np.array([0.5, 3.0, 6.0])
    truth = HMM(*simulation.sticky_structure(3, 0.9), Gaussian.univariate(means, 0.7))
    data = sample(truth, 5, 200, np.random.default_rng(0)).sequences
    emissions = NeuralGaussian.near_means(
        [1.0, 2.0, 4.0], np.random.default_rng(1), output_activation=activation
    )
    start = HMM(truth.initial_probs, truth.transition_matrix, emissions)
    result = fit(trainer(data), start, 150, tolerance=0.0)
    order = align_parameters(HMM(*simulation.sticky_structure(3, 0.9), emissions), result.hmm)
    learned = result.hmm.permute(order).emissions
    # Five standard errors of a mean of some three hundred observations.
    np.testing.assert_allclose(learned.means[:, 0], means, rtol=0, atol=0.2)
    ceiling = fit(EM(data), truth, 100).log_likelihoods[-1]
    assert result.log_likelihoods[-1] > ceiling - 1.0
    assert result.log_likelihoods[0] < ceiling - 100.0


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 1e6), (1e3, 0.0), (1e-3, 0.0)])
def test_a_gaussian_start_becomes_a_network_that_learns_at_any_scale(scale, offset):
    means = offset + scale * np.array([0.5, 3.0, 6.0, 9.0])
    truth = HMM(*simulation.sticky_structure(4, 0.9), Gaussian.univariate(means, 0.7 * scale))
    data = sample(truth, 5, 200, np.random.default_rng(0)).sequences
    start = initialization.quantiles(data, 4)
    emissions = NeuralGaussian.near_means(
        start.emissions.means,
        np.random.default_rng(1),
        sd=start.emissions.standard_deviations,
        output_activation="identity",
    )
    plain = fit(EM(data), start, 50, tolerance=1e-8)
    ours = fit(
        EM(data), HMM(start.initial_probs, start.transition_matrix, emissions), 50, tolerance=1e-8
    )
    np.testing.assert_allclose(ours.log_likelihoods[0], plain.log_likelihoods[0], rtol=1e-6)
    np.testing.assert_allclose(ours.log_likelihoods[-1], plain.log_likelihoods[-1], atol=0.01)


def test_a_state_without_data_keeps_its_embedding_and_its_variances():
    rng = np.random.default_rng(5)
    emissions = neural(rng, 3, 2, "identity")
    observations, weights = rng.normal(size=(30, 2)), rng.random((30, 3))
    weights[:, 1] = 1e-15  # what rounding leaves of a state that explains nothing
    moved, remedies = emissions.maximize(
        emissions.statistics(observations, weights), frozenset(emissions.parameter_names), 1e-9
    )
    assert remedies == (Remedy(1, "empty_state"),)
    for name in ("embeddings", "covariances"):
        before, after = getattr(emissions, name), getattr(moved, name)
        np.testing.assert_array_equal(after[1], before[1])
        assert (after[[0, 2]] != before[[0, 2]]).all()


def test_states_with_one_embedding_stay_alike_to_the_last_bit():
    rng = np.random.default_rng(6)
    one = neural(rng, 5, 3, "identity")
    layers = one.layers._replace(embeddings=np.tile(one.embeddings[0], (5, 1)))
    emissions = NeuralGaussian(*layers, np.ones((5, 3)), "identity")
    hmm = HMM(*STRUCTURES["uniform"](rng, 5), emissions)
    training = EM(Sequences(rng.normal(size=(50, 3)), [30, 20]))
    state = training.init(hmm)
    for _ in range(5):
        assert (state.hmm.emissions.means == state.hmm.emissions.means[0]).all()
        assert exchangeable_states(state.hmm, atol=1e-12) == ((0, 1, 2, 3, 4),)
        state = training.step(state)


# --- dead outputs -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(7))
def test_no_output_starts_dead(seed):
    rng = np.random.default_rng(seed)
    for start in (
        NeuralGaussian.random(6, rng, num_dimensions=3, sd=0.5),
        NeuralGaussian.near_means([0.0, 0.0, 5.0, 1e4], rng, sd=0.5),
    ):
        assert start.output_activation == "relu"
        assert not start.dead_outputs.any()
        np.testing.assert_allclose(start.standard_deviations, 0.5, rtol=1e-15)
    np.testing.assert_allclose(start.means[:, 0], [0.005, 0.005, 5.0, 1e4], rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_a_dead_output_has_no_gradient_and_says_so(trainer):
    emissions = tiny("relu", output_bias=-5.0)
    assert emissions.means.item() == 0.0
    training = trainer(Sequences([1.0, 2.0, 6.0]))
    start = HMM([1.0], [[1.0]], emissions)
    gradient = emissions.gradient(training.init(start).expectations.emissions)
    for name in NETWORK:
        assert (gradient[name] == 0.0).all()
    assert gradient["log_sds"].item() != 0.0
    state = training.step(training.init(start))
    assert state.remedies == (Remedy(0, "dead_output"),)
    assert "state 0 has a mean that its ReLU holds at zero" in str(state.remedies[0])
    for name in NETWORK:
        np.testing.assert_array_equal(getattr(state.hmm.emissions, name), getattr(emissions, name))
    # Where the network is not trained there is nothing to say.
    training = trainer(Sequences([1.0, 2.0, 6.0]), trainable={"covariances"})
    assert training.step(training.init(start)).remedies == ()


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_a_mean_of_exactly_zero_is_not_dead_and_can_be_raised(trainer):
    emissions = NeuralGaussian([[0.0]], [[1.0]], [0.0], [[0.0]], [0.0], [[4.0]], "relu")
    assert emissions.means.item() == 0.0
    result = fit(trainer(Sequences([1.0, 2.0, 6.0])), HMM([1.0], [[1.0]], emissions), 20)
    assert result.remedies == ()
    assert result.hmm.emissions.means.item() > 0.5


def test_a_dead_state_lives_again_when_the_others_move_the_weights():
    # Both states share the bias, and the living one pulls it up past zero for the other.
    emissions = NeuralGaussian(
        [[1.0], [-1.0]], [[1.0]], [0.0], [[1.0]], [0.5], [[4.0], [4.0]], "relu"
    )
    np.testing.assert_array_equal(emissions.dead_outputs, [[False], [True]])
    rng = np.random.default_rng(7)
    data = Sequences(rng.normal(8.0, 1.0, size=60))
    trainer = EM(data, trainable={"output_biases"})
    result = fit(trainer, HMM([0.5, 0.5], np.full((2, 2), 0.5), emissions), 30)
    assert not result.hmm.emissions.dead_outputs.any()


# --- values -------------------------------------------------------------------------------------


@every_activation
def test_starting_near_given_means_gives_them(activation):
    means = np.random.default_rng(8).uniform(0.1, 30.0, size=(20, 3))
    for size in (19, None):
        emissions = NeuralGaussian.near_means(
            means, np.random.default_rng(9), hidden_size=size, output_activation=activation
        )
        np.testing.assert_allclose(emissions.means, means, rtol=1e-6)


def test_the_same_rng_gives_the_same_network():
    first, again, other = (NeuralGaussian.random(3, np.random.default_rng(s)) for s in (0, 0, 1))
    assert first == again
    assert first != other
    assert first != "NeuralGaussian"
    relabelled = NeuralGaussian(*first.layers, first.covariances, "softplus")
    assert relabelled != first
    assert first.embeddings.shape == (3, 4)
    assert first.hidden_weights.shape == (4, 16)


@every_activation
def test_values_are_frozen_and_permute_and_lead_back(activation):
    rng = np.random.default_rng(10)
    emissions = neural(rng, 4, 2, activation)
    for name in (*NeuralGaussian.parameter_names, "means"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(emissions, name)[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        emissions.embeddings = emissions.embeddings
    order = rng.permutation(4)
    permuted = emissions.permute(order)
    np.testing.assert_array_equal(permuted.means, emissions.means[order])
    assert permuted.permute(np.argsort(order)) == emissions
    trainable = frozenset(emissions.parameter_names)
    back, _ = emissions.with_unconstrained(emissions.unconstrained(), trainable, 1e-12)
    assert back.layers.output_weights is not emissions.output_weights
    np.testing.assert_array_equal(back.means, emissions.means)
    np.testing.assert_allclose(back.covariances, emissions.covariances, rtol=1e-14)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embeddings": [[1.0, 2.0]]}, r"embeddings has shape \(1, 2\); .*must be \(1, 1\)"),
        ({"hidden_biases": [0.0, 0.0]}, r"hidden_biases has shape \(2,\); .*must be \(1,\)"),
        (
            {"output_weights": [[1.0], [1.0]]},
            r"output_weights has shape \(2, 1\); .*must be \(1, 1\)",
        ),
        ({"output_biases": [0.0, 0.0]}, r"output_biases has shape \(2,\); .*must be \(1,\)"),
        ({"embeddings": [1.0]}, r"embeddings has 1 axes .*must have 2"),
        ({"hidden_weights": [[np.nan]]}, r"hidden_weights\[0, 0\] is nan; .*finite"),
        ({"covariances": [[0.0]]}, r"covariances of state 0 are \[0\.0\]; .*positive"),
        ({"output_activation": "tanh"}, r"output_activation is 'tanh'; it must be one of .*relu"),
        ({"output_weights": [[1e308]], "output_biases": [1.7e308]}, r"state 0 the mean inf"),
    ],
)
def test_what_is_refused_and_why(changes, message):
    given = {
        "embeddings": [[5.0]],
        "hidden_weights": [[5.0]],
        "hidden_biases": [0.0],
        "output_weights": [[1.0]],
        "output_biases": [0.0],
        "covariances": [[1.0]],
    }
    with pytest.raises(ValueError, match=message):
        NeuralGaussian(**{**given, **changes})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda rng: NeuralGaussian.random(0, rng), "num_states is 0; it must be at least 1"),
        (lambda rng: NeuralGaussian.random(2, rng, hidden_size=0), "hidden_size is 0"),
        (lambda rng: NeuralGaussian.random(2, rng, embedding_size=1.5), r"embedding_size is 1\.5"),
        (lambda rng: NeuralGaussian.random(2, rng, sd=-1.0), r"sd is -1\.0; .*positive"),
        (lambda rng: NeuralGaussian.random(2, rng, sd=[[1], [-2]]), r"sd\[1, 0\] is -2\.0; .*pos"),
        (lambda rng: NeuralGaussian.random(2, rng, sd=[1, 2, 3]), r"sd has shape \(3,\); it must"),
        (
            lambda rng: NeuralGaussian.near_means([1.0, -2.0], rng),
            r"means\[1, 0\] is -2; a 'relu' output gives zero or more",
        ),
        (
            lambda rng: NeuralGaussian.near_means([0.0], rng, output_activation="softplus"),
            r"means\[0, 0\] is 0; a 'softplus' output gives above zero",
        ),
        (
            lambda rng: NeuralGaussian.near_means([1.0, 2.0, 3.0], rng, hidden_size=1),
            "hidden_size is 1; .* 3 states any means it must be at least 2",
        ),
        (
            lambda rng: NeuralGaussian.near_means([1.0], rng, output_activation="sine"),
            "output_activation is 'sine'",
        ),
    ],
)
def test_starts_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make(np.random.default_rng(0))


def test_the_parameters_can_be_trained_by_name():
    data = preset("notebook").sequences
    hmm = HMM([1.0], [[1.0]], tiny())
    with pytest.raises(ValueError, match=r"trainable has 'means'; .*embeddings.*covariances"):
        EM(data, trainable={"means"}).init(hmm)
