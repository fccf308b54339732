"""Priors: what MAP training climbs, held against scipy's densities and a numeric optimiser."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import dirichlet, invgamma, invwishart

from hmmcore import (
    EM,
    HMM,
    DivergedError,
    Gaussian,
    GradientAscent,
    Poisson,
    Priors,
    Product,
    Sequences,
    fit,
    log_likelihood,
    smooth,
)
from hmmcore.emissions import members, own_name
from hmmcore.emissions.base import Remedy
from tests.hmmcore.models import Config, TableEmissions
from tests.hmmcore.training.problems import (
    PROBLEMS,
    model_at,
    parameters,
    start_and_data,
    unconstrained_of,
)

every_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())
TRAINERS = {"em": EM, "gradient": GradientAscent}
every_trainer = pytest.mark.parametrize("trainer", TRAINERS.values(), ids=TRAINERS.keys())


def priors_for(hmm: HMM, seed: int = 0) -> Priors:
    """Random priors of every kind that the model can have."""
    rng = np.random.default_rng(seed)
    size = hmm.num_states
    variance = {"variance_shape": 2.5, "variance_scale": 0.7}
    return Priors(
        rng.uniform(1.0, 4.0, size),
        rng.uniform(1.0, 4.0, (size, size)) + 3.0 * np.eye(size),
        **variance
        if any(own_name(name) == "covariances" for name in hmm.emissions.parameter_names)
        else {},
    )


def log_density(priors: Priors, hmm: HMM, support: HMM) -> float:
    """The same by scipy's densities, constants and all."""
    total = 0.0
    pairs = [(priors.initial_concentration, hmm.initial_probs, support.initial_probs)]
    pairs += zip(
        priors.transition_concentration,
        hmm.transition_matrix,
        support.transition_matrix,
        strict=True,
    )
    for concentration, probs, allowed in pairs:
        kept = allowed > 0.0
        if kept.sum() > 1:
            total += dirichlet.logpdf(probs[kept] / probs[kept].sum(), concentration[kept])
    if priors.variance_shape is None:
        return total
    shape, scale = priors.variance_shape, priors.variance_scale
    if isinstance(hmm.emissions, Product):
        variances = [
            part.covariances for _, part in members(hmm.emissions) if hasattr(part, "means")
        ]
        return total + sum(invgamma.logpdf(v, shape, scale=scale).sum() for v in variances)
    covariances = hmm.emissions.covariances
    if getattr(hmm.emissions, "covariance_type", "diag") in ("diag", "spherical"):
        return total + invgamma.logpdf(covariances, shape, scale=scale).sum()
    size = covariances.shape[-1]
    freedom, matrix = 2.0 * shape + 1.0 - size, 2.0 * scale * np.eye(size)
    return total + sum(
        invwishart.logpdf(value, freedom, matrix) for value in covariances.reshape(-1, size, size)
    )


# --- the objective ------------------------------------------------------------------------------


@every_problem
def test_the_log_density_is_scipys_up_to_a_constant(problem):
    one, other = start_and_data(problem, 0)[0], start_and_data(problem, 1)[0]
    if not np.array_equal(one.transition_matrix > 0.0, other.transition_matrix > 0.0):
        other = HMM(one.initial_probs, one.transition_matrix, other.emissions)
    priors = priors_for(one)
    ours = priors.log_density(one, one) - priors.log_density(other, one)
    theirs = log_density(priors, one, one) - log_density(priors, other, one)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@every_trainer
@every_problem
def test_flat_concentrations_are_the_same_as_no_prior_to_the_last_bit(problem, trainer):
    hmm, sequences = start_and_data(problem)
    without = fit(trainer(sequences), hmm, 5, tolerance=0.0)
    flat = fit(trainer(sequences, priors=Priors(1.0, 1.0)), hmm, 5, tolerance=0.0)
    assert flat.hmm == without.hmm
    np.testing.assert_array_equal(flat.objectives, without.objectives)
    assert (without.objective_name, flat.objective_name) == ("log-likelihood", "log-posterior")


@every_trainer
def test_states_and_results_say_which_objective_they_report(trainer):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=3"])
    plain = (training := trainer(sequences)).step(training.init(hmm))
    assert plain.log_prior is None
    assert plain.objective == plain.log_likelihood
    assert plain.objective_name == "log-likelihood"
    priors = priors_for(hmm)
    training = trainer(sequences, priors=priors)
    state = training.init(hmm)
    for _ in range(3):
        assert state.objective_name == "log-posterior"
        assert state.log_prior == priors.log_density(state.hmm, hmm)
        assert state.objective == state.log_likelihood + state.log_prior
        assert state.log_likelihood == log_likelihood(state.hmm, sequences).sum()
        state = training.step(state)
    result = fit(training, hmm, 3, tolerance=0.0)
    assert result.log_priors.shape == result.log_likelihoods.shape == (4,)
    np.testing.assert_array_equal(result.objectives, result.log_likelihoods + result.log_priors)
    assert result.log_priors[-1] == state.log_prior
    assert fit(trainer(sequences), hmm, 1).log_priors is None


def test_fit_stops_by_the_objective():
    # The likelihood of EM under a strong prior falls on the way to the posterior's mode.
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    learned = fit(EM(sequences), hmm, 500, tolerance=1e-9).hmm
    training = EM(sequences, priors=Priors(200.0, 200.0))
    result = fit(training, learned, 500, tolerance=1e-6)
    assert result.stop_reason == "converged"
    assert (np.diff(result.log_likelihoods) < 0.0).any()
    gains = np.diff(result.objectives) / sequences.num_observations
    assert (gains[:-1] > 1e-6).all()
    assert gains[-1] <= 1e-6


# --- EM -----------------------------------------------------------------------------------------


@every_problem
def test_em_never_lowers_the_log_posterior(problem):
    hmm, sequences = start_and_data(problem, 0)
    result = fit(EM(sequences, priors=priors_for(hmm, 0)), hmm, 30, tolerance=0.0)
    values, size = result.objectives, sequences.num_observations
    assert np.isfinite(values).all()
    slack = 1e-12 * (np.abs(result.log_likelihoods) + np.abs(result.log_priors) + size)[1:]
    slack += np.finfo(float).eps * size * result.hmm.emissions.condition_numbers().max()
    assert (np.diff(values) >= -slack).all()
    assert values[-1] > values[0]


@pytest.mark.parametrize("kind", ["spherical", "diag", "full", "tied"])
def test_a_map_step_adds_to_counts_and_to_squares(kind):
    hmm, sequences = start_and_data(Config("dense", 3, (30, 5, 12), 2, kind))
    posterior, observations = smooth(hmm, sequences), sequences.observations
    priors = priors_for(hmm)
    new = (training := EM(sequences, priors=priors)).step(training.init(hmm)).hmm
    close = {"rtol": 1e-11, "atol": 1e-13}
    expected = posterior.initial_counts + priors.initial_concentration - 1.0
    np.testing.assert_allclose(new.initial_probs, expected / expected.sum(), **close)
    expected = posterior.transition_counts + priors.transition_concentration - 1.0
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(new.transition_matrix, expected, **close)
    more, square = 2.0 * (priors.variance_shape + 1.0), 2.0 * priors.variance_scale
    totals, scatters = posterior.smoothed_probs.sum(axis=0), []
    for k, weights in enumerate(posterior.smoothed_probs.T):
        mean = np.average(observations, axis=0, weights=weights)
        np.testing.assert_allclose(new.emissions.means[k], mean, **close)
        scatters.append(np.cov(observations.T, aweights=weights, ddof=0) * weights.sum())
    scatters, each = np.array(scatters), totals[:, np.newaxis]
    expected = {
        "spherical": (np.trace(scatters, axis1=1, axis2=2) + square) / (2.0 * totals + more),
        "diag": (np.diagonal(scatters, axis1=1, axis2=2) + square) / (each + more),
        "full": (scatters + square * np.eye(2)) / (each[:, np.newaxis] + more),
        "tied": (scatters.sum(axis=0) + square * np.eye(2)) / (totals.sum() + more),
    }
    np.testing.assert_allclose(new.emissions.covariances, expected[kind], **close)


@pytest.mark.parametrize("kind", ["diag", "full"])
def test_with_one_state_the_mode_is_found_in_one_step(kind):
    observations = np.random.default_rng(0).normal(2.0, 3.0, size=(40, 2))
    start = Gaussian([[0.0, 0.0]], [[1.0, 1.0]] if kind == "diag" else [np.eye(2)], kind)
    priors = Priors(variance_shape=4.0, variance_scale=10.0)
    training = EM(Sequences(observations), priors=priors)
    once = training.step(training.init(HMM([1.0], [[1.0]], start)))
    again = training.step(once)
    assert again.hmm.emissions.covariances == pytest.approx(
        once.hmm.emissions.covariances, rel=1e-12
    )
    scatter = np.cov(observations.T, ddof=0) * 40.0
    expected = (scatter + 20.0 * np.eye(2)) / (40.0 + 10.0)
    expected = np.diag(expected) if kind == "diag" else expected
    np.testing.assert_allclose(once.hmm.emissions.covariances[0], expected, rtol=1e-12)


def test_a_state_without_data_goes_where_its_prior_is_largest():
    rng = np.random.default_rng(0)
    hmm = HMM(
        [0.5, 0.25, 0.25],
        [[0.5, 0.5, 0.0], [0.25, 0.5, 0.25], [0.2, 0.7, 0.1]],
        Gaussian.univariate([0.0, 1.0, 1e6], [1.0, 1.0, 1.0]),
    )
    concentration = np.array([[2.0, 2.0, 9.0], [2.0, 2.0, 2.0], [2.0, 3.0, 5.0]])
    priors = Priors(2.0, concentration, variance_shape=3.0, variance_scale=2.0)
    training = EM(Sequences(rng.normal(size=60)), priors=priors)
    state = training.step(training.init(hmm))
    assert state.remedies == (Remedy(2, "empty_state"),)
    np.testing.assert_allclose(state.hmm.transition_matrix[2], [1 / 7, 2 / 7, 4 / 7], rtol=1e-12)
    np.testing.assert_allclose(state.hmm.emissions.covariances[2], 2.0 / 4.0, rtol=1e-12)
    assert state.hmm.emissions.means[2, 0] == 1e6
    assert state.hmm.transition_matrix[0, 2] == 0.0, "a structural zero has no prior"


def test_a_variance_prior_keeps_a_state_from_collapsing():
    rng = np.random.default_rng(0)
    observations = rng.normal(size=80)
    observations[::4] = 5.0
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([0.0, 4.0], 1.0))
    without = fit(EM(Sequences(observations)), hmm, 50)
    assert without.remedies == (Remedy(1, "variance_floor"),)
    priors = Priors(variance_shape=1.0, variance_scale=0.5)
    result = fit(EM(Sequences(observations), priors=priors), hmm, 200, tolerance=1e-12)
    assert result.remedies == ()
    # Twenty observations of one value: (0 + 2b) / (20 + 2(a + 1)).
    np.testing.assert_allclose(result.hmm.emissions.covariances[1], 1.0 / 24.0, rtol=1e-4)


# --- gradients ----------------------------------------------------------------------------------


@every_problem
def test_the_gradient_of_the_log_posterior_equals_central_differences(problem):
    hmm, sequences = start_and_data(problem, 0)
    priors = priors_for(hmm, 0)
    training = GradientAscent(sequences, priors=priors)
    gradient = training.gradient(training.init(hmm))
    at = unconstrained_of(hmm)
    assert gradient.keys() == at.keys()

    def objective(name, index, step) -> float:
        moved = {key: value.copy() for key, value in at.items()}
        moved[name][index] += step
        model = model_at(hmm, moved)
        total = log_likelihood(model, sequences).sum() + log_density(priors, model, hmm)
        return float(total / sequences.num_observations)

    for name, slopes in gradient.items():
        for index in np.ndindex(slopes.shape):
            above_diagonal = name == "cholesky" and index[-1] > index[-2]
            if above_diagonal or not np.isfinite(at[name][index]):
                assert slopes[index] == 0.0
                continue
            h = 1e-3
            near = objective(name, index, h) - objective(name, index, -h)
            far = objective(name, index, 2 * h) - objective(name, index, -2 * h)
            expected = (8.0 * near - far) / (12.0 * h)
            np.testing.assert_allclose(slopes[index], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    "name",
    [
        "dense, diag, D=3",
        "dense, full, D=2",
        "dense, spherical, D=2",
        "sparse, tied, D=2",
        "missing, full",
        "dense, poisson",
        "sparse, diag, D=1",
    ],
)
def test_both_trainers_and_a_numeric_optimiser_agree_on_the_mode(name):
    hmm, sequences = start_and_data(PROBLEMS[name])
    priors = priors_for(hmm)
    training = EM(sequences, priors=priors)
    result = fit(training, hmm, 5000, tolerance=1e-13)
    at = unconstrained_of(result.hmm)
    free = {key: np.isfinite(value) for key, value in at.items()}
    if "cholesky" in at:
        free["cholesky"] = np.tri(at["cholesky"].shape[-1], dtype=bool)
        free["cholesky"] = np.broadcast_to(free["cholesky"], at["cholesky"].shape)
    sizes = np.cumsum([mask.sum() for mask in free.values()])[:-1]

    def penalised(vector: np.ndarray) -> float:
        moved = {key: value.copy() for key, value in at.items()}
        for (key, mask), part in zip(free.items(), np.split(vector, sizes), strict=True):
            moved[key][mask] = part
        model = model_at(hmm, moved)
        return -float(log_likelihood(model, sequences).sum() + log_density(priors, model, hmm))

    mode = np.concatenate([at[key][mask] for key, mask in free.items()])
    nearby = mode + 0.02 * np.random.default_rng(0).normal(size=len(mode))
    found = minimize(penalised, nearby, method="BFGS", options={"gtol": 1e-5, "maxiter": 400})
    assert penalised(nearby) > penalised(mode) + 1e-3
    np.testing.assert_allclose(found.fun, penalised(mode), rtol=0.0, atol=1e-6)
    # Gradient ascent stays where it is.
    ascent = GradientAscent(sequences, priors=priors)
    for slopes in ascent.gradient(ascent.init(result.hmm)).values():
        np.testing.assert_allclose(slopes, 0.0, rtol=0.0, atol=1e-6)


@every_problem
def test_gradient_ascent_climbs_the_log_posterior(problem):
    hmm, sequences = start_and_data(problem)
    training = GradientAscent(
        sequences, learning_rate=1e-3, optimizer="plain", priors=priors_for(hmm)
    )
    values = fit(training, hmm, 20, tolerance=0.0).objectives
    assert (np.diff(values) > -1e-12 * np.abs(values).max()).all()
    assert values[-1] > values[0]


@pytest.mark.parametrize("rate", [1e3, 1e6, 1e100, 1e300])
@pytest.mark.parametrize("name", ["dense, diag, D=3", "dense, full, D=2", "dense, poisson"])
def test_absurd_learning_rates_stay_finite_or_say_so(name, rate):
    hmm, sequences = start_and_data(PROBLEMS[name])
    training = GradientAscent(sequences, learning_rate=rate, priors=priors_for(hmm))
    with pytest.raises(DivergedError, match=r"lower the learning rate"):  # noqa: PT012
        state = training.init(hmm)
        for _ in range(5):
            state = training.step(state)
            assert np.isfinite(state.objective)


# --- structure ----------------------------------------------------------------------------------


@every_trainer
@pytest.mark.parametrize("structure", ["sparse", "left-right", "identity"])
def test_zeros_stay_zero_and_nothing_else_becomes_one(trainer, structure):
    hmm, sequences = start_and_data(Config(structure, 4, (30, 20, 5), 1))
    training = trainer(sequences, priors=Priors(1.5, 1.5))
    after = fit(training, hmm, 50, tolerance=0.0).hmm
    np.testing.assert_array_equal(after.initial_probs > 0.0, hmm.initial_probs > 0.0)
    np.testing.assert_array_equal(after.transition_matrix > 0.0, hmm.transition_matrix > 0.0)


@every_trainer
def test_what_is_not_trained_stays_to_the_last_bit(trainer):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=3"])
    for name in parameters(hmm):
        training = trainer(sequences, trainable={name}, priors=priors_for(hmm))
        after = fit(training, hmm, 3, tolerance=0.0).hmm
        for other, value in parameters(after).items():
            assert np.array_equal(value, parameters(hmm)[other]) == (other != name), other


# --- validation ---------------------------------------------------------------------------------


def test_priors_are_values():
    priors = Priors([1.0, 2.0], 3.0, 1.0, 2.0)
    assert priors == Priors([1.0, 2.0], 3.0, 1.0, 2.0)
    assert priors != Priors([1.0, 2.0], 3.0)
    assert priors != Priors(None, 3.0, 1.0, 2.0)
    assert priors != Priors([1.0, 2.5], 3.0, 1.0, 2.0)
    assert priors != "priors"
    assert not priors.initial_concentration.flags.writeable


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"initial_concentration": 0.5},
            r"initial_concentration is 0\.5; .*at least 1\. .*most",
        ),
        ({"initial_concentration": [1.0, 0.0]}, r"initial_concentration\[1\] is 0; .*at least 1"),
        (
            {"transition_concentration": [[1.0, 1.0], [0.9, 1.0]]},
            r"transition_concentration\[1, 0\] is 0\.9; .*at least 1",
        ),
        ({"transition_concentration": [1.0, 2.0]}, r"1 axes \(shape \(2,\)\); .*one number or"),
        ({"transition_concentration": np.nan}, "must be a finite number"),
        ({"variance_shape": 1.0}, r"variance_shape is 1\.0 and variance_scale is None; .*both"),
        ({"variance_shape": 0.0, "variance_scale": 1.0}, r"variance_shape is 0\.0; .*positive"),
        ({"variance_shape": 1.0, "variance_scale": -1.0}, r"variance_scale is -1\.0; .*positive"),
    ],
)
def test_priors_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Priors(**arguments)


@every_trainer
def test_priors_that_do_not_fit_the_model_are_refused(trainer):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=3"])
    with pytest.raises(ValueError, match=r"initial_concentration has shape \(2,\); .*4 states"):
        trainer(sequences, priors=Priors([1.0, 2.0])).init(hmm)
    with pytest.raises(ValueError, match=r"transition_concentration has shape \(3, 3\)"):
        trainer(sequences, priors=Priors(1.0, np.ones((3, 3)))).init(hmm)
    variance = Priors(variance_shape=1.0, variance_scale=1.0)
    counts = HMM([1.0], [[1.0]], Poisson([2.0]))
    with pytest.raises(ValueError, match="variance_shape, but Poisson emissions have no variances"):
        trainer(Sequences([1.0, 2.0]), priors=variance).init(counts)
    table = TableEmissions.case([1.0], [[1.0]], [[0.0]])
    with pytest.raises(ValueError, match="TableEmissions emissions have no variances"):
        trainer(table.sequences, priors=variance).init(table.hmm)
