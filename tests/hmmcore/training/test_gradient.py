"""Gradient ascent: its gradient, its optimizers, and what it says when it cannot go on."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    DivergedError,
    Gaussian,
    GradientAscent,
    Sequences,
    fit,
    log_likelihood,
)
from hmmcore.emissions.base import Remedy
from tests.hmmcore.models import (
    CONFIGS,
    every_kind,
    unit_covariances,
)
from tests.hmmcore.training.problems import (
    PROBLEMS,
    assert_never_falls,
    every_problem,
    model_at,
    parameters,
    start_and_data,
    unconstrained_of,
)


@every_problem
def test_the_gradient_equals_central_differences(problem):
    hmm, sequences = start_and_data(problem, 0)
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


@pytest.mark.parametrize("seed", range(2))
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


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "plain"])
@every_problem
def test_absurd_learning_rates_stay_finite_or_say_so(problem, optimizer):
    hmm, sequences = start_and_data(problem)
    for rate in (1e3, 1e30, 1e200, 1e300):
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


@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan, np.inf])
def test_learning_rates_are_positive_numbers(rate):
    with pytest.raises(ValueError, match=f"learning_rate is {rate}; .*positive"):
        GradientAscent(Sequences([1.0]), learning_rate=rate)


def test_optimizers_are_known_by_name():
    with pytest.raises(ValueError, match=r"optimizer is 'sgd'; .*'adam', 'momentum', 'plain'"):
        GradientAscent(Sequences([1.0]), optimizer="sgd")


def test_a_state_of_another_trainer_is_refused_where_it_lacks_what_this_one_moves():
    hmm, sequences = start_and_data(CONFIGS["dense"])
    ascent = GradientAscent(sequences)
    narrow = GradientAscent(sequences, trainable={"means"})
    for state in (EM(sequences).init(hmm), narrow.init(hmm)):
        with pytest.raises(ValueError, match=r"call init of this trainer with state\.hmm"):
            ascent.step(state)
    # One that has more than this trainer moves is no different from its own.
    assert narrow.step(ascent.init(hmm)).hmm == narrow.step(narrow.init(hmm)).hmm
