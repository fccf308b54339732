"""The entropy of the hidden path, by enumeration and by laws."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    HMM,
    Gaussian,
    Poisson,
    Sequences,
    joint_log_prob,
    log_likelihood,
    path_entropy,
    posterior_entropy,
    sample_posterior_paths,
    smooth,
)
from hmmcore.sweeps import chunks
from tests.hmmcore.models import CONFIGS, Config, TableEmissions
from tests.hmmcore.oracle import enumerate_paths

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


@pytest.mark.parametrize("seed", range(3))
@every_config
def test_it_is_the_entropy_of_all_paths(config, seed):
    hmm, sequences = config.make(seed)
    found = path_entropy(hmm, sequences)
    for n in range(len(sequences)):
        scores = hmm.emissions.log_likelihoods(sequences[n])
        log_joints = enumerate_paths(hmm.initial_probs, hmm.transition_matrix, scores).log_joints
        weights = np.exp(log_joints - log_joints.max())
        probs = weights[weights > 0.0] / weights.sum()
        entropy = -float((probs * np.log(probs)).sum())
        np.testing.assert_allclose(found[n], entropy, rtol=1e-14, atol=1e-14)


def test_it_is_what_the_likelihood_exceeds_the_expected_joint_by():
    hmm, sequences = Config("dense", 4, (60, 45, 1)).make(0)
    posterior = smooth(hmm, sequences)
    scores = hmm.emissions.log_likelihoods(sequences.observations)
    expected = (
        posterior.initial_counts @ np.log(hmm.initial_probs)
        + (posterior.transition_counts * np.log(hmm.transition_matrix)).sum()
        + (posterior.smoothed_probs * scores).sum()
    )
    entropy = path_entropy(hmm, sequences).sum()
    np.testing.assert_allclose(posterior.log_likelihood - expected, entropy, rtol=1e-12)


def test_it_is_the_mean_surprise_of_paths_that_are_drawn():
    hmm, sequences = Config("dense", 3, (50,)).make(0)
    paths = sample_posterior_paths(hmm, sequences, 4000, np.random.default_rng(0))
    total = log_likelihood(hmm, sequences)[0]
    surprises = [total - joint_log_prob(hmm, sequences, path)[0] for path in paths]
    error = np.std(surprises) / np.sqrt(len(surprises))
    np.testing.assert_allclose(
        path_entropy(hmm, sequences)[0], np.mean(surprises), rtol=0.0, atol=4 * error
    )


@every_config
def test_single_states_are_never_less_uncertain_together(config):
    hmm, sequences = config.make(4)
    bits = posterior_entropy(smooth(hmm, sequences).smoothed_probs).sum()
    assert path_entropy(hmm, sequences).sum() <= bits * np.log(2.0) + 1e-9


def test_all_paths_alike_and_one_path_only():
    even = HMM(np.full(3, 1 / 3), np.full((3, 3), 1 / 3), Poisson([2.0, 2.0, 2.0]))
    np.testing.assert_allclose(
        path_entropy(even, Sequences(np.arange(10.0), [7, 3])), np.log(3) * np.array([7, 3]),
        rtol=1e-14,
    )  # fmt: skip
    certain = HMM([1.0, 0.0], [[0.0, 1.0], [1.0, 0.0]], Poisson([1.0, 5.0]))
    assert path_entropy(certain, Sequences([1.0, 4.0, 0.0])).tolist() == [0.0]
    one = HMM([1.0], [[1.0]], Poisson([1.0]))
    assert path_entropy(one, Sequences([1.0, 4.0, 0.0], [2, 1])).tolist() == [0.0, 0.0]


def test_what_no_path_explains_has_none():
    hmm = HMM([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], Poisson([0.0, 0.0]))
    found = path_entropy(hmm, Sequences([0.0, 3.0, 0.0], [2, 1]))
    np.testing.assert_allclose(found, [np.nan, np.log(2)], rtol=1e-14)


def test_states_too_improbable_for_a_double_still_decide():
    # Where scaled recursions give up: state 2 has the probability e^-5000 at first, and later all.
    hmm = HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 100.0], 1.0))
    assert path_entropy(hmm, Sequences([100.0, 0.0, 0.0])).tolist() == [0.0]
    table = [[0.0, -2000.0, -2000.0], [-np.inf, 0.0, 0.0], [-np.inf, 0.0, 0.0]]
    case = TableEmissions.case(np.full(3, 1 / 3), np.eye(3), table)
    np.testing.assert_allclose(path_entropy(*case), [np.log(2)], rtol=1e-14)


def test_it_does_not_depend_on_chunks(monkeypatch):
    hmm, sequences = Config("dense", 3, (40, 2, 30, 1, 17)).make(0)
    whole = path_entropy(hmm, sequences)
    monkeypatch.setattr(chunks, "CHUNK_CELLS", 60)
    np.testing.assert_array_equal(path_entropy(hmm, sequences), whole)


def test_it_refuses_what_the_model_cannot_emit():
    hmm = HMM([1.0], [[1.0]], Poisson([1.0]))
    with pytest.raises(ValueError, match="2 dimensions; the model emits 1"):
        path_entropy(hmm, Sequences(np.ones((3, 2))))
