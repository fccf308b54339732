"""Paths drawn from the posterior, held against all K^M paths."""

import numpy as np
import pytest
from scipy.stats import chisquare

from hmmcore import HMM, Gaussian, Sequences, sample_posterior_paths, smooth
from hmmcore.sweeps import chunks
from tests.hmmcore.models import CONFIGS, TableEmissions
from tests.hmmcore.oracle import first_sequence

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


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
