"""EM and gradient ascent: what they climb, what they keep, and what they say when they cannot."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    DivergedError,
    Gaussian,
    GradientAscent,
    ImpossibleDataError,
    NeuralGaussian,
    Poisson,
    Sequences,
    fit,
    log_likelihood,
    sample,
    smooth,
)
from hmmcore.emissions.base import Remedy
from hmmcore.sweeps import sweep
from tests.models import CONFIGS, STRUCTURES, Config, TableEmissions, gaussian, with_missing

NAMES = ("initial_probs", "transition_matrix", "means", "covariances")
SUBSETS = [frozenset(s) for s in chain.from_iterable(combinations(NAMES, n) for n in range(5))]
NOTEBOOK = frozenset({"initial_probs", "transition_matrix", "means"})

PROBLEMS: dict[str, Config] = {
    f"{structure}, {kind}, D={dimensions}": Config(
        structure, num_states, (40, 7, 1, 25), dimensions, kind, 1.5
    )
    for structure, num_states, dimensions, kind in [
        ("dense", 1, 1, "diag"),
        ("dense", 3, 1, "diag"),
        ("dense", 4, 3, "diag"),
        ("dense", 3, 2, "full"),
        ("dense", 2, 3, "full"),
        ("sparse", 4, 1, "diag"),
        ("left-right", 3, 2, "full"),
        ("identity", 3, 2, "diag"),
        ("nearly deterministic", 3, 1, "diag"),
        ("uniform", 3, 1, "full"),
        ("dense", 3, 2, "spherical"),
        ("sparse", 3, 2, "tied"),
    ]
}
PROBLEMS |= {
    "dense, categorical": Config("dense", 3, (40, 7, 1, 25), scale=1.0, family="categorical"),
    "sparse, categorical with zeros": Config(
        "sparse", 4, (40, 7, 1, 25), scale=0.5, family="categorical"
    ),
    "dense, poisson": Config("dense", 3, (40, 7, 1, 25), scale=3.0, family="poisson"),
    "left-right, poisson": Config("left-right", 3, (40, 7, 1, 25), family="poisson"),
    "dense, neural identity": Config("dense", 3, (40, 7, 1, 25), family="neural identity"),
    "sparse, neural relu, D=2": Config("sparse", 3, (40, 7, 1, 25), 2, family="neural relu"),
    "left-right, neural softplus": Config(
        "left-right", 3, (40, 7, 1, 25), family="neural softplus"
    ),
}
PROBLEMS |= {
    f"missing, {kind}": Config("dense", 2, (30, 7, 1, 5), dimensions, kind, 1.5, missing=0.3)
    for kind, dimensions in [("spherical", 2), ("diag", 2), ("full", 3), ("tied", 3)]
}
PROBLEMS |= {
    f"missing, {family}": Config("sparse", 3, (30, 7, 2), family=family, missing=0.3)
    for family in ("poisson", "neural identity")
}
PROBLEMS["missing, categorical"] = Config(
    "dense", 3, (30, 7, 2), scale=1.0, family="categorical", missing=0.3
)
every_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())
every_subset = pytest.mark.parametrize("trainable", SUBSETS, ids=lambda s: "+".join(sorted(s)))
TRAINERS = {
    "em": EM,
    "adam": GradientAscent,
    "momentum": lambda sequences, **options: GradientAscent(
        sequences, **{"optimizer": "momentum", "learning_rate": 0.01, **options}
    ),
    "plain": lambda sequences, **options: GradientAscent(sequences, optimizer="plain", **options),
}
every_trainer = pytest.mark.parametrize("trainer", TRAINERS.values(), ids=TRAINERS.keys())


def start_and_data(problem: Config, seed: int = 0) -> tuple[HMM, Sequences]:
    """Data of one random model; a start with the same zeros and other parameters."""
    truth, sequences = problem.make(seed)
    rng = np.random.default_rng(seed + 1000)

    def moved(probs: np.ndarray) -> np.ndarray:
        weights = probs * rng.uniform(0.3, 1.0, probs.shape)
        return weights / weights.sum(axis=-1, keepdims=True)

    emissions = problem.emissions(rng)
    if isinstance(truth.emissions, Categorical):
        emissions = Categorical(moved(truth.emissions.probs))
    return HMM(moved(truth.initial_probs), moved(truth.transition_matrix), emissions), sequences


def parameters(hmm: HMM) -> dict[str, np.ndarray]:
    return {
        "initial_probs": hmm.initial_probs,
        "transition_matrix": hmm.transition_matrix,
        **{name: getattr(hmm.emissions, name) for name in hmm.emissions.parameter_names},
    }


def assert_never_falls(trainer, hmm: HMM, max_iterations: int):
    """Fit, and check every step against what rounding alone can do."""
    result = fit(trainer, hmm, max_iterations, tolerance=0.0)
    values, size = result.log_likelihoods, trainer.sequences.num_observations
    assert np.isfinite(values).all()
    slack = 1e-12 * (np.abs(values[1:]) + size)
    # A full covariance at the floor is ill-conditioned, and its entries carry only 16 digits.
    slack += np.finfo(float).eps * size * result.hmm.emissions.condition_number()
    assert (np.diff(values) >= -slack).all()
    return result


# --- one state belongs together -----------------------------------------------------------------


@every_trainer
@every_problem
def test_likelihood_posterior_and_parameters_of_a_state_belong_together(problem, trainer):
    hmm, sequences = start_and_data(problem)
    training = trainer(sequences)
    state = training.init(hmm)
    assert state.hmm is hmm
    for iteration in range(4):
        assert state.iteration == iteration
        posterior = smooth(state.hmm, sequences)
        np.testing.assert_array_equal(state.log_likelihoods, posterior.log_likelihoods)
        assert state.log_likelihood == posterior.log_likelihood
        told = state.expectations
        np.testing.assert_array_equal(told.transition_counts, posterior.transition_counts)
        np.testing.assert_array_equal(told.initial_counts, posterior.initial_counts)
        before = parameters(state.hmm), state.log_likelihood
        state, again = training.step(state), training.step(state)
        assert state.hmm == again.hmm, "a step is a function of its state"
        assert state.log_likelihood == again.log_likelihood
        assert before[1] == posterior.log_likelihood


@every_trainer
@pytest.mark.parametrize("cells", [1, 30])
def test_training_in_many_chunks_equals_training_in_one(monkeypatch, trainer, cells):
    hmm, sequences = start_and_data(PROBLEMS["dense, full, D=2"])
    whole = fit(trainer(sequences), hmm, max_iterations=5, tolerance=0.0)
    monkeypatch.setattr(sweep, "CHUNK_CELLS", cells)
    parts = fit(trainer(sequences), hmm, max_iterations=5, tolerance=0.0)
    again = fit(trainer(sequences), hmm, max_iterations=5, tolerance=0.0)
    np.testing.assert_allclose(parts.log_likelihoods, whole.log_likelihoods, rtol=1e-12)
    np.testing.assert_array_equal(again.log_likelihoods, parts.log_likelihoods)
    assert again.hmm == parts.hmm


# --- EM -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
@every_problem
def test_em_never_lowers_the_likelihood(problem, seed):
    hmm, sequences = start_and_data(problem, seed)
    result = assert_never_falls(EM(sequences), hmm, max_iterations=30)
    for value in parameters(result.hmm).values():
        assert np.isfinite(value).all()


KINDS = ("spherical", "diag", "full", "tied")
every_kind = pytest.mark.parametrize("kind", KINDS)


def unit_covariances(kind: str, num_states: int, num_dimensions: int) -> np.ndarray:
    """Unit matrices, in the shape that the kind has."""
    return {
        "spherical": np.ones(num_states),
        "diag": np.ones((num_states, num_dimensions)),
        "full": np.tile(np.eye(num_dimensions), (num_states, 1, 1)),
        "tied": np.eye(num_dimensions),
    }[kind]


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


# --- gradients ----------------------------------------------------------------------------------


NETWORK = NeuralGaussian.parameter_names[:-1]


def model_at(hmm: HMM, unconstrained: dict[str, np.ndarray]) -> HMM:
    """The model that unconstrained parameters stand for, written out anew."""

    def softmax(logits):
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)

    means = unconstrained.get("means")
    if "symbol_logits" in unconstrained:
        emissions = Categorical(softmax(unconstrained["symbol_logits"]))
    elif "log_rates" in unconstrained:
        emissions = Poisson(np.exp(unconstrained["log_rates"]))
    elif "embeddings" in unconstrained:
        layers = (unconstrained[name] for name in NETWORK)
        variances = np.exp(unconstrained["log_sds"]) ** 2
        emissions = NeuralGaussian(*layers, variances, hmm.emissions.output_activation)
    elif "log_sds" in unconstrained:
        variances = np.exp(unconstrained["log_sds"]) ** 2
        emissions = Gaussian(means, variances, hmm.emissions.covariance_type)
    else:
        factors = np.tril(unconstrained["cholesky"], -1)
        diagonals = np.exp(np.diagonal(unconstrained["cholesky"], axis1=-2, axis2=-1))
        factors = factors + diagonals[..., np.newaxis] * np.eye(means.shape[1])
        covariances = factors @ np.swapaxes(factors, -1, -2)
        emissions = Gaussian(means, covariances, hmm.emissions.covariance_type)
    return HMM(
        softmax(unconstrained["initial_logits"]),
        softmax(unconstrained["transition_logits"]),
        emissions,
    )


def unconstrained_of(hmm: HMM) -> dict[str, np.ndarray]:
    with np.errstate(divide="ignore"):
        values = {
            "initial_logits": np.log(hmm.initial_probs),
            "transition_logits": np.log(hmm.transition_matrix),
        }
        if isinstance(hmm.emissions, Categorical):
            return {**values, "symbol_logits": np.log(hmm.emissions.probs)}
        if isinstance(hmm.emissions, Poisson):
            return {**values, "log_rates": np.log(hmm.emissions.rates)}
        if isinstance(hmm.emissions, NeuralGaussian):
            values |= {name: getattr(hmm.emissions, name).copy() for name in NETWORK}
            return {**values, "log_sds": 0.5 * np.log(hmm.emissions.covariances)}
    values["means"] = hmm.emissions.means.copy()
    covariances = hmm.emissions.covariances
    if hmm.emissions.covariance_type in ("spherical", "diag"):
        return {**values, "log_sds": 0.5 * np.log(covariances)}
    factors = np.linalg.cholesky(covariances)
    diagonal = np.arange(covariances.shape[-1])
    factors[..., diagonal, diagonal] = np.log(factors[..., diagonal, diagonal])
    return {**values, "cholesky": factors}


@pytest.mark.parametrize("seed", range(3))
@every_problem
def test_the_gradient_equals_central_differences(problem, seed):
    hmm, sequences = start_and_data(problem, seed)
    training = GradientAscent(sequences)
    gradient = training.gradient(training.init(hmm))
    at = unconstrained_of(hmm)
    assert gradient.keys() == at.keys()

    def objective(name, index, step) -> float:
        moved = {key: value.copy() for key, value in at.items()}
        moved[name][index] += step
        model = model_at(hmm, moved)
        return float(log_likelihood(model, sequences).sum() / sequences.num_observations)

    for name, slopes in gradient.items():
        assert slopes.shape == at[name].shape
        for index in np.ndindex(slopes.shape):
            above_diagonal = name == "cholesky" and index[-1] > index[-2]
            if above_diagonal or not np.isfinite(at[name][index]):
                assert slopes[index] == 0.0, "what is fixed has no slope"
                continue
            # A fourth-order stencil, so that neither its error nor rounding shows.
            h = 1e-3
            near = objective(name, index, h) - objective(name, index, -h)
            far = objective(name, index, 2 * h) - objective(name, index, -2 * h)
            expected = (8.0 * near - far) / (12.0 * h)
            np.testing.assert_allclose(slopes[index], expected, rtol=1e-6, atol=1e-8)


@every_problem
def test_logit_gradients_of_a_distribution_sum_to_zero(problem):
    training = GradientAscent(start_and_data(problem)[1])
    gradient = training.gradient(training.init(start_and_data(problem)[0]))
    np.testing.assert_allclose(gradient["initial_logits"].sum(), 0.0, atol=1e-14)
    np.testing.assert_allclose(gradient["transition_logits"].sum(axis=1), 0.0, atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
@every_problem
def test_small_plain_steps_climb(problem, seed):
    hmm, sequences = start_and_data(problem, seed)
    training = GradientAscent(sequences, learning_rate=1e-3, optimizer="plain")
    result = assert_never_falls(training, hmm, max_iterations=20)
    assert result.log_likelihoods[-1] > result.log_likelihoods[0]


@every_problem
def test_adam_equals_a_hand_written_adam(problem):
    hmm, sequences = start_and_data(problem)
    rate = 0.03
    training = GradientAscent(sequences, learning_rate=rate)
    state = training.init(hmm)
    at = unconstrained_of(hmm)
    m = {name: np.zeros_like(value) for name, value in at.items()}
    v = {name: np.zeros_like(value) for name, value in at.items()}
    for t in range(1, 16):
        slopes = training.gradient(training.init(model_at(hmm, at)))
        for name, g in slopes.items():
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g * g
            m_hat, v_hat = m[name] / (1 - 0.9**t), v[name] / (1 - 0.999**t)
            at[name] = at[name] + rate * m_hat / (np.sqrt(v_hat) + 1e-8)
        state = training.step(state)
        for name, value in parameters(model_at(hmm, at)).items():
            np.testing.assert_allclose(
                parameters(state.hmm)[name], value, rtol=1e-6, atol=1e-9, err_msg=f"{name} at {t}"
            )


@every_problem
def test_a_plain_step_is_the_gradient_times_the_learning_rate(problem):
    hmm, sequences = start_and_data(problem)
    training = GradientAscent(sequences, learning_rate=0.1, optimizer="plain")
    state = training.init(hmm)
    gradient, at = training.gradient(state), unconstrained_of(hmm)
    expected = parameters(model_at(hmm, {k: v + 0.1 * gradient[k] for k, v in at.items()}))
    for name, value in parameters(training.step(state).hmm).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-11, atol=1e-14)


@every_problem
def test_momentum_equals_a_hand_written_heavy_ball(problem):
    hmm, sequences = start_and_data(problem)
    rate = 0.02
    training = GradientAscent(sequences, learning_rate=rate, optimizer="momentum")
    state = training.init(hmm)
    at, before = unconstrained_of(hmm), unconstrained_of(hmm)
    for t in range(1, 16):
        slopes = training.gradient(training.init(model_at(hmm, at)))
        # Polyak's own form: the last displacement, and the slope on top. Logits of zeros stay.
        ahead = {
            k: np.where(
                np.isfinite(at[k]),
                at[k] + rate * slopes[k] + 0.9 * (np.nan_to_num(at[k]) - np.nan_to_num(before[k])),
                at[k],
            )
            for k in at
        }
        before, at = at, ahead
        state = training.step(state)
        for name, value in parameters(model_at(hmm, at)).items():
            np.testing.assert_allclose(
                parameters(state.hmm)[name], value, rtol=1e-6, atol=1e-9, err_msg=f"{name} at {t}"
            )


@pytest.mark.parametrize("later", ["adam", "momentum", "plain"])
@pytest.mark.parametrize("earlier", ["adam", "momentum", "plain"])
def test_another_optimizer_starts_with_no_memory(earlier, later):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    state = GradientAscent(sequences, learning_rate=0.01, optimizer=earlier).init(hmm)
    for _ in range(12):
        state = GradientAscent(sequences, learning_rate=0.01, optimizer=earlier).step(state)
    training = GradientAscent(sequences, learning_rate=0.01, optimizer=later)
    went_on, afresh = training.step(state), training.step(training.init(state.hmm))
    assert went_on.iteration == 13
    same = parameters(went_on.hmm), parameters(afresh.hmm)
    if earlier == later != "plain":
        assert not np.allclose(same[0]["means"], same[1]["means"], rtol=0.0, atol=1e-6)
    else:
        for name, value in same[0].items():
            np.testing.assert_allclose(value, same[1][name], rtol=1e-9, atol=1e-12)


# --- what is trained, and what is not -----------------------------------------------------------


@every_subset
@every_trainer
@pytest.mark.parametrize("kind", ["diag", "full"])
def test_what_is_not_trained_stays_to_the_last_bit_and_the_rest_moves(kind, trainer, trainable):
    hmm, sequences = start_and_data(Config("dense", 3, (40, 10), 2, kind))
    before = parameters(hmm)
    after = fit(trainer(sequences, trainable=trainable), hmm, max_iterations=5, tolerance=0.0).hmm
    for name, value in parameters(after).items():
        assert np.array_equal(value, before[name]) == (name not in trainable), name


@pytest.mark.parametrize("seed", range(5))
@every_trainer
def test_both_trainers_climb_on_the_subset_of_the_notebook(trainer, seed):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"], seed)
    result = fit(trainer(sequences, trainable=NOTEBOOK), hmm, max_iterations=60, tolerance=0.0)
    assert result.log_likelihoods[-1] > result.log_likelihoods[0]
    np.testing.assert_array_equal(result.hmm.emissions.covariances, hmm.emissions.covariances)


@every_problem
def test_em_with_a_subset_is_still_monotone(problem):
    hmm, sequences = start_and_data(problem)
    for name in hmm.emissions.parameter_names:
        for subset in ({name}, {name, "initial_probs"}):
            assert_never_falls(EM(sequences, trainable=subset), hmm, max_iterations=20)


@every_trainer
@pytest.mark.parametrize("structure", ["sparse", "left-right", "identity"])
def test_structural_zeros_stay_exactly_zero_and_nothing_else_becomes_one(trainer, structure):
    hmm, sequences = start_and_data(Config(structure, 4, (30, 20, 5), 1))
    after = fit(trainer(sequences), hmm, max_iterations=10, tolerance=0.0).hmm
    assert (after.initial_probs[hmm.initial_probs == 0.0] == 0.0).all()
    assert (after.transition_matrix[hmm.transition_matrix == 0.0] == 0.0).all()
    if trainer is not EM:
        assert (after.transition_matrix[hmm.transition_matrix > 0.0] > 0.0).all()


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


@every_kind
@pytest.mark.parametrize("optimizer", ["adam", "momentum", "plain"])
def test_gradient_ascent_holds_the_floor_too(kind, optimizer):
    observations = np.full((50, 2), 3.0)
    # A common variance only collapses when all coordinates stand still.
    moving = 0.0 if kind == "spherical" else 1.0
    observations[:, 1] = moving * np.random.default_rng(0).normal(size=50)
    spread = unit_covariances(kind, 1, 2)
    hmm = HMM([1.0], [[1.0]], Gaussian([[3.0, 0.0]], spread, kind))
    training = GradientAscent(
        Sequences(observations), learning_rate=0.2, optimizer=optimizer, variance_floor=0.04
    )
    result = fit(training, hmm, max_iterations=60, tolerance=0.0)
    assert result.remedies == (Remedy(None if kind == "tied" else 0, "variance_floor"),)
    np.testing.assert_allclose(result.hmm.emissions.smallest_variances(), [0.04], rtol=1e-9)


@pytest.mark.parametrize("kind", ["full", "tied"])
@pytest.mark.parametrize("units", [(1.0, 1e6, 1.0), (1.0, 1e9, 1.0), (1e-7, 1.0, 1e8)])
@pytest.mark.parametrize("seed", range(5))
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


# --- fit ----------------------------------------------------------------------------------------


def test_fit_reports_every_likelihood_and_why_it_stopped():
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    few = fit(EM(sequences), hmm, max_iterations=3, tolerance=0.0)
    assert few.stop_reason == "max_iterations"
    assert few.log_likelihoods.shape == (4,)
    none = fit(EM(sequences), hmm, max_iterations=0)
    assert none.stop_reason == "max_iterations"
    assert none.hmm == hmm
    np.testing.assert_array_equal(none.log_likelihoods, [few.log_likelihoods[0]])
    done = fit(EM(sequences), hmm, max_iterations=10_000, tolerance=1e-6)
    assert done.stop_reason == "converged"
    gains = np.diff(done.log_likelihoods) / sequences.num_observations
    assert abs(gains[-1]) <= 1e-6
    assert (np.abs(gains[:-1]) > 1e-6).all()
    assert log_likelihood(done.hmm, sequences).sum() == done.log_likelihoods[-1]


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_patience_is_how_many_steps_in_a_row_must_stand_still(patience):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    trainer = GradientAscent(sequences, learning_rate=0.1)
    result = fit(trainer, hmm, max_iterations=2000, tolerance=1e-4, patience=patience)
    still = np.abs(np.diff(result.log_likelihoods)) / sequences.num_observations <= 1e-4
    assert result.stop_reason == "converged"
    assert still[-patience:].all()
    runs = np.convolve(still, np.ones(patience), mode="valid")
    assert (runs[:-1] < patience).all()


def test_the_last_allowed_step_may_be_the_one_that_converges():
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    steps = len(fit(EM(sequences), hmm, 10_000, tolerance=1e-4).log_likelihoods) - 1
    assert fit(EM(sequences), hmm, steps, tolerance=1e-4).stop_reason == "converged"
    assert fit(EM(sequences), hmm, steps - 1, tolerance=1e-4).stop_reason == "max_iterations"


# --- what cannot be -----------------------------------------------------------------------------


@every_trainer
@pytest.mark.parametrize("cells", [1, 1 << 16])
def test_impossible_data_are_refused_with_their_place(monkeypatch, trainer, cells):
    monkeypatch.setattr(sweep, "CHUNK_CELLS", cells)
    table = np.zeros((9, 2))
    table[5, 0] = table[8, 0] = -np.inf  # sequence 1 at time 2, and sequence 2 at time 1
    hmm, sequences = TableEmissions.case([1.0, 0.0], [[1.0, 0.0], [0.5, 0.5]], table, [3, 4, 2])
    with pytest.raises(ImpossibleDataError, match=r"sequence 1 .* time 2 no state") as caught:
        trainer(sequences).init(hmm)
    assert (caught.value.sequence, caught.value.time) == (1, 2)


@every_trainer
@pytest.mark.parametrize("far", [1e155, 1e200, 1e300])
@every_kind
def test_an_observation_whose_square_overflows_is_impossible(trainer, kind, far):
    emissions = Gaussian([[0.0], [1.0]], unit_covariances(kind, 2, 1), kind)
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), emissions)
    with pytest.raises(ImpossibleDataError, match=r"sequence 0 .* time 1"):
        trainer(Sequences([0.0, far, -far])).init(hmm)


@pytest.mark.parametrize("rate", [1e3, 1e6, 1e30, 1e100, 1e200, 1e300])
@pytest.mark.parametrize("optimizer", ["adam", "momentum", "plain"])
@every_problem
def test_absurd_learning_rates_stay_finite_or_say_so(problem, optimizer, rate):
    hmm, sequences = start_and_data(problem)
    training = GradientAscent(sequences, learning_rate=rate, optimizer=optimizer)
    state = training.init(hmm)
    try:
        for _ in range(5):
            state = training.step(state)
            assert np.isfinite(state.log_likelihood)
            for value in parameters(state.hmm).values():
                assert np.isfinite(value).all()
    except DivergedError as error:
        assert "lower the learning rate" in str(error)  # noqa: PT017
        assert f"iteration {state.iteration + 1}" in str(error)  # noqa: PT017


# --- validation ---------------------------------------------------------------------------------


@every_trainer
def test_trainers_refuse_what_makes_no_sense(trainer):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    with pytest.raises(ValueError, match=r"trainable has 'mu'; the model's parameters are .*means"):
        trainer(sequences, trainable={"mu"}).init(hmm)
    with pytest.raises(ValueError, match=r"trainable is the string 'means'; .*\{'means'\}"):
        trainer(sequences, trainable="means")
    for floor in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"variance_floor is {floor}; .*positive"):
            trainer(sequences, variance_floor=floor)
    with pytest.raises(ValueError, match=r"variance .* in state \d, below variance_floor 100"):
        trainer(sequences, variance_floor=100.0).init(hmm)
    trainer(sequences, variance_floor=100.0, trainable={"means"}).init(hmm)
    with pytest.raises(ValueError, match=r"observations have 2 dimensions; the model emits 1"):
        trainer(Sequences(np.zeros((3, 2)))).init(hmm)


@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan, np.inf])
def test_learning_rates_are_positive_numbers(rate):
    with pytest.raises(ValueError, match=f"learning_rate is {rate}; .*positive"):
        GradientAscent(Sequences([1.0]), learning_rate=rate)


def test_optimizers_are_known_by_name():
    with pytest.raises(ValueError, match=r"optimizer is 'sgd'; .*'adam', 'momentum', 'plain'"):
        GradientAscent(Sequences([1.0]), optimizer="sgd")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_iterations": -1}, "max_iterations is -1; it must be at least 0"),
        ({"max_iterations": 1.5}, r"max_iterations is 1\.5; it must be a whole number"),
        ({"patience": 0}, "patience is 0; it must be at least 1"),
        ({"tolerance": -1.0}, r"tolerance is -1\.0; it must be zero or more"),
        ({"tolerance": np.nan}, "tolerance is nan"),
    ],
)
def test_fit_refuses_stop_rules_that_make_no_sense(options, message):
    hmm, sequences = start_and_data(CONFIGS["dense"])
    with pytest.raises(ValueError, match=message):
        fit(EM(sequences), hmm, **options)


def test_a_state_of_another_trainer_is_refused_where_it_lacks_what_this_one_moves():
    hmm, sequences = start_and_data(CONFIGS["dense"])
    ascent = GradientAscent(sequences)
    narrow = GradientAscent(sequences, trainable={"means"})
    for state in (EM(sequences).init(hmm), narrow.init(hmm)):
        with pytest.raises(ValueError, match=r"call init of this trainer with state\.hmm"):
            ascent.step(state)
    # One that has more than this trainer moves is no different from its own.
    assert narrow.step(ascent.init(hmm)).hmm == narrow.step(narrow.init(hmm)).hmm
