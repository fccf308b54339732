"""The k best paths and draws from the posterior, held against all K^M paths."""

import numpy as np
import pytest
from scipy.stats import chisquare

from hmmcore import (
    HMM,
    Gaussian,
    Sequences,
    joint_log_prob,
    k_best_paths,
    sample_posterior_paths,
    smooth,
    viterbi,
)
from hmmcore.sweeps import chunks
from tests.hmmcore.models import CONFIGS, TableEmissions
from tests.hmmcore.oracle import enumerate_paths

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def first_sequence(config, seed):
    hmm, sequences = config.make(seed)
    one = sequences.select(0)
    scores = hmm.emissions.log_likelihoods(one.observations)
    return hmm, one, enumerate_paths(hmm.initial_probs, hmm.transition_matrix, scores)


@pytest.mark.parametrize("seed", range(2))
@every_config
def test_the_k_best_are_the_k_best_of_all(config, seed):
    hmm, one, enumeration = first_sequence(config, seed)
    possible = np.sort(np.asarray(enumeration.log_joints, dtype=float))[::-1]
    possible = possible[possible > -np.inf]
    found = k_best_paths(hmm, one, 30)
    assert len(found.paths) == min(30, len(possible))
    np.testing.assert_allclose(found.log_joints, possible[:30], rtol=1e-12, atol=1e-12)
    assert len({tuple(path) for path in found.paths}) == len(found.paths)
    for path, log_joint in zip(found.paths, found.log_joints, strict=True):
        np.testing.assert_allclose(
            joint_log_prob(hmm, one, path), [log_joint], rtol=1e-12, atol=1e-12
        )


@every_config
def test_the_first_of_the_k_best_is_viterbis(config):
    hmm, one, _ = first_sequence(config, 7)
    np.testing.assert_allclose(
        k_best_paths(hmm, one, 1).log_joints, viterbi(hmm, one).log_joints, rtol=1e-13, atol=1e-13
    )


def test_a_long_sequence_has_its_best_paths_listed():
    hmm, sequences = CONFIGS["dense"].make(0)
    long = Sequences(np.tile(sequences.observations[:, 0], 200))
    found = k_best_paths(hmm, long, 50)
    assert found.paths.shape == (50, long.num_observations)
    assert (np.diff(found.log_joints) <= 1e-9).all()


def test_k_best_says_what_it_cannot_do():
    hmm, sequences = CONFIGS["dense"].make(0)
    with pytest.raises(ValueError, match=r"there are 3 sequences; paths are listed for one"):
        k_best_paths(hmm, sequences, 3)
    impossible = TableEmissions.case([1.0, 0.0], np.eye(2), [[-np.inf, 0.0]])
    with pytest.raises(ValueError, match="no path can explain"):
        k_best_paths(*impossible, 3)


@every_config
def test_draws_have_the_posteriors_frequencies(config):
    hmm, one, enumeration = first_sequence(config, 3)
    num_draws = 4000
    paths = sample_posterior_paths(hmm, one, num_draws, np.random.default_rng(0))
    index = {tuple(path): i for i, path in enumerate(enumeration.paths)}
    counts = np.bincount([index[tuple(p)] for p in paths], minlength=len(enumeration.paths))
    probs = np.exp(np.asarray(enumeration.log_joints - enumeration.log_likelihood, dtype=float))
    assert (counts[probs == 0.0] == 0).all()
    # Pool what is expected fewer than five times, as the chi-square test asks.
    often = probs * num_draws >= 5.0
    observed = np.append(counts[often], counts[~often].sum())
    expected = np.append(probs[often], probs[~often].sum()) * num_draws
    if expected[-1] < 1e-9:
        assert observed[-1] == 0
        observed, expected = observed[:-1], expected[:-1]
    if len(observed) > 1:
        assert chisquare(observed, expected * observed.sum() / expected.sum()).pvalue > 1e-4


def test_draws_of_many_sequences_average_to_the_smoothed_probabilities():
    hmm, sequences = CONFIGS["ragged"].make(0)
    paths = sample_posterior_paths(hmm, sequences, 20_000, np.random.default_rng(0))
    shares = (paths[:, :, None] == np.arange(hmm.num_states)).mean(axis=0)
    # Five standard errors of a share in 20 000 draws.
    np.testing.assert_allclose(
        shares, smooth(hmm, sequences).smoothed_probs, rtol=0.0, atol=5 * 0.5 / np.sqrt(20_000)
    )


def test_threads_do_not_change_what_is_drawn(monkeypatch):
    hmm, sequences = CONFIGS["ragged"].make(0)
    whole = sample_posterior_paths(hmm, sequences, 20, np.random.default_rng(0))
    monkeypatch.setattr(chunks, "CHUNK_CELLS", 1)
    parts = sample_posterior_paths(hmm, sequences, 20, np.random.default_rng(0))
    np.testing.assert_array_equal(parts, whole)


def test_draws_where_scaled_probabilities_underflow():
    # Only the second state can explain the last two observations, and only from the start on.
    hmm = HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 1000.0], 1.0))
    paths = sample_posterior_paths(
        hmm, Sequences([0.0, 1000.0, 1000.0]), 10, np.random.default_rng(0)
    )
    assert (paths == 1).all()


def test_no_path_is_drawn_for_an_impossible_sequence():
    table = [[0.0, -np.inf], [-np.inf, 0.0], [0.0, 0.0]]
    hmm, sequences = TableEmissions.case([0.5, 0.5], np.eye(2), table, [2, 1])
    paths = sample_posterior_paths(hmm, sequences, 50, np.random.default_rng(0))
    assert (paths[:, :2] == -1).all()
    assert set(paths[:, 2]) == {0, 1}
