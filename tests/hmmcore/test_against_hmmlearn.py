"""Step by step against hmmlearn, whose arithmetic is another: the same numbers must come out."""

from __future__ import annotations

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    Sequences,
    information_criteria,
    initialization,
    log_likelihood,
    sample,
    smooth,
    viterbi,
)
from hmmcore.selection import Task, as_they_end
from tests.hmmcore.models import dense, full_covariances, gaussian

NUM_ITERATIONS = 10
LENGTHS = [30, 1, 12, 57, 2, 80]

PROBLEMS = [
    # K, D, covariance type
    (1, 1, "diag"),
    (2, 1, "diag"),
    (3, 2, "diag"),
    (6, 1, "diag"),
    (4, 3, "diag"),
    (1, 2, "full"),
    (2, 1, "full"),
    (3, 2, "full"),
    (5, 3, "full"),
    (6, 2, "full"),
    (3, 3, "spherical"),
    (4, 1, "spherical"),
    (3, 2, "tied"),
    (5, 3, "tied"),
]
every_problem = pytest.mark.parametrize(("num_states", "num_dimensions", "kind"), PROBLEMS)
both_implementations = pytest.mark.parametrize("implementation", ["log", "scaling"])


def data_and_start(num_states, num_dimensions, kind, seed=0) -> tuple[Sequences, HMM]:
    """Data of a random model, and another random model to start from."""
    rng = np.random.default_rng([seed, num_states, num_dimensions, len(kind)])
    truth = HMM(*dense(rng, num_states), gaussian(rng, num_states, num_dimensions, kind, 3.0))
    sequences = sample(truth, len(LENGTHS), LENGTHS, rng).sequences
    chosen = rng.choice(len(sequences.observations), size=num_states, replace=False)
    means = sequences.observations[chosen]
    spread = full_covariances(rng, num_states, num_dimensions) * 3.0
    covariances = {
        "spherical": spread[:, 0, 0],
        "diag": np.diagonal(spread, axis1=1, axis2=2),
        "full": spread,
        "tied": spread[0],
    }[kind]
    return sequences, HMM(*dense(rng, num_states), Gaussian(means, covariances, kind))


def covariances_of(other: GaussianHMM) -> np.ndarray:
    """hmmlearn's covariances; after a step it holds spherical ones once for every dimension."""
    if other.covariance_type == "spherical":
        return other._covars_.reshape(other.n_components, -1)[:, 0]
    return other._covars_


def peer(hmm: HMM, implementation: str) -> GaussianHMM:
    """The same model in hmmlearn, set to maximise the likelihood alone: no priors, no floor."""
    assert isinstance(hmm.emissions, Gaussian)
    other = GaussianHMM(
        hmm.num_states,
        hmm.emissions.covariance_type,
        min_covar=0.0,
        startprob_prior=1.0,
        transmat_prior=1.0,
        means_weight=0.0,
        covars_prior=0.0,
        covars_weight=0.0,
        n_iter=1,
        tol=0.0,
        init_params="",
        implementation=implementation,
    )
    other.n_features = hmm.emissions.num_dimensions
    other.startprob_ = hmm.initial_probs.copy()
    other.transmat_ = hmm.transition_matrix.copy()
    other.means_ = hmm.emissions.means.copy()
    other.covars_ = hmm.emissions.covariances.copy()
    return other


@both_implementations
@every_problem
def test_every_em_iteration_equals_hmmlearn(num_states, num_dimensions, kind, implementation):
    sequences, start = data_and_start(num_states, num_dimensions, kind)
    observations, lengths = sequences.observations.copy(), sequences.lengths.tolist()
    trainer, other = EM(sequences, variance_floor=1e-12), peer(start, implementation)
    state = trainer.init(start)
    for _ in range(NUM_ITERATIONS):
        other.fit(observations, lengths)
        # hmmlearn records the likelihood of the parameters before the step.
        before = other.monitor_.history[-1]
        np.testing.assert_allclose(state.log_likelihood, before, rtol=1e-11)
        state = trainer.step(state)
        np.testing.assert_allclose(
            state.log_likelihood, other.score(observations, lengths), rtol=1e-11
        )
        close = {"rtol": 1e-9, "atol": 1e-11}
        hmm = state.hmm
        np.testing.assert_allclose(hmm.initial_probs, other.startprob_, **close)
        np.testing.assert_allclose(hmm.transition_matrix, other.transmat_, **close)
        np.testing.assert_allclose(hmm.emissions.means, other.means_, **close)
        np.testing.assert_allclose(hmm.emissions.covariances, covariances_of(other), **close)
    assert state.remedies == ()


@both_implementations
@every_problem
def test_score_decode_and_posterior_equal_hmmlearn(
    num_states, num_dimensions, kind, implementation
):
    sequences, hmm = data_and_start(num_states, num_dimensions, kind, seed=1)
    observations, lengths = sequences.observations.copy(), sequences.lengths.tolist()
    other = peer(hmm, implementation)
    posterior, path = smooth(hmm, sequences), viterbi(hmm, sequences)
    np.testing.assert_allclose(
        posterior.log_likelihood, other.score(observations, lengths), rtol=1e-12
    )
    alone = [other.score(sequences[n]) for n in range(len(sequences))]
    np.testing.assert_allclose(log_likelihood(hmm, sequences), alone, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        posterior.smoothed_probs, other.predict_proba(observations, lengths), rtol=0, atol=1e-12
    )
    log_joint, states = other.decode(observations, lengths)
    np.testing.assert_allclose(path.log_joints.sum(), log_joint, rtol=1e-12)
    np.testing.assert_array_equal(path.states, states)


@pytest.mark.parametrize(
    ("letters", "trainable"),
    [
        ("s", {"initial_probs"}),
        ("t", {"transition_matrix"}),
        ("m", {"means"}),
        ("st", {"initial_probs", "transition_matrix"}),
        ("mc", {"means", "covariances"}),
        ("stm", {"initial_probs", "transition_matrix", "means"}),
    ],
)
@pytest.mark.parametrize("kind", ["spherical", "diag", "full", "tied"])
def test_training_some_parameters_equals_hmmlearn(letters, trainable, kind):
    sequences, start = data_and_start(3, 2, kind, seed=2)
    observations, lengths = sequences.observations.copy(), sequences.lengths.tolist()
    trainer, other = EM(sequences, trainable=trainable, variance_floor=1e-12), peer(start, "log")
    other.params = letters
    state = trainer.init(start)
    for _ in range(5):
        other.fit(observations, lengths)
        state = trainer.step(state)
    close = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(state.hmm.initial_probs, other.startprob_, **close)
    np.testing.assert_allclose(state.hmm.transition_matrix, other.transmat_, **close)
    np.testing.assert_allclose(state.hmm.emissions.means, other.means_, **close)
    np.testing.assert_allclose(state.hmm.emissions.covariances, covariances_of(other), **close)


@every_problem
def test_aic_and_bic_equal_hmmlearn(num_states, num_dimensions, kind):
    sequences, hmm = data_and_start(num_states, num_dimensions, kind)
    other = peer(hmm, "log")
    found = information_criteria(hmm, sequences)
    x, lengths = sequences.observations, sequences.lengths
    np.testing.assert_allclose(found.aic, other.aic(x, lengths), rtol=1e-12)
    np.testing.assert_allclose(found.bic, other.bic(x, lengths), rtol=1e-12)


def test_starts_end_where_those_of_hmmlearn_end():
    rng = np.random.default_rng(5)
    truth = HMM(*dense(rng, 3), Gaussian.univariate([-3.0, 0.0, 3.0], 1.0))
    sequences = sample(truth, 4, 50, rng).sequences
    task = Task(EM(sequences), initialization.random, 3, rng.spawn(12), 60, 0.0)
    runs = {}
    for ended in as_they_end({"hmmlearn": task}):
        runs |= ended.runs
    for number in range(12):
        other = peer(task.start(number), "log")
        other.n_iter = other.monitor_.n_iter = 60
        other.fit(sequences.observations, sequences.lengths)
        score = other.score(sequences.observations, sequences.lengths)
        np.testing.assert_allclose(runs[number].result.log_likelihoods[-1], score, rtol=1e-7)
