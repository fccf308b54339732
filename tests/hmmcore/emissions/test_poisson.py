"""Counts: validation, scores, draws, and hmmlearn's EM step by step."""

import hmmlearn.hmm
import numpy as np
import pytest
import scipy.stats

from hmmcore import (
    EM,
    HMM,
    Poisson,
    Sequences,
    align_parameters,
    count_starts,
    fit,
    log_likelihood,
    sample,
    simulation,
    smooth,
    viterbi,
)
from tests.hmmcore.models import STRUCTURES, poisson


@pytest.mark.parametrize("rate", [0.0, 1e-10, 0.5, 3.0, 1e6])
def test_scores_equal_scipys(rate):
    counts = np.array([0.0, 1.0, 2.0, 17.0, 1e6])
    scores = Poisson([rate]).log_likelihoods(counts[:, np.newaxis])[:, 0]
    expected = scipy.stats.poisson(rate).logpmf(counts)
    np.testing.assert_allclose(scores, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("rate", "count", "expected"),
    [
        # Of x log λ - λ - log x! in sixty digits.
        (0.5, 40.0, -138.54652693715521),
        (3.0, 16.0, -16.094063487390918),
        (20.0, 17.0, -2.577624799719042),
        (1e4, 10100.0, -6.0274337524420647),
        (1e6, 1001000.0, -8.3270270622201348),
        (1e9, 999960000.0, -12.080562118241209),
        (1e9, 2e9, -386294372.74703566),
        (1e12, 1000003000000.0, -19.23444609117353),
        (1e12, 7e11, -50327539257.443446),
        (1e15, 999999950000000.0, -19.438326726493349),
    ],
)
def test_scores_are_exact_at_every_size(rate, count, expected):
    (score,) = log_likelihood(HMM([1.0], [[1.0]], Poisson([rate])), Sequences([count]))
    assert score == pytest.approx(expected, rel=2e-13)


def test_probabilities_sum_to_one_across_every_way_of_computing_them():
    counts = np.arange(400.0)[:, np.newaxis]
    scores = Poisson([1e-3, 0.5, 1.0, 14.0, 16.0, 100.0, 200.0]).log_likelihoods(counts)
    np.testing.assert_allclose(np.exp(scores).sum(axis=0), 1.0, rtol=1e-13)


@pytest.mark.parametrize("rate", [1e5, 1e7, 1e9, 1e12])
@pytest.mark.parametrize("seed", range(3))
def test_em_on_large_counts_never_falls(rate, seed):
    rng = np.random.default_rng(seed)
    rates = rate * (1.0 + np.array([0.0, 2.0, 4.0]) / np.sqrt(rate))
    truth = HMM(*simulation.sticky_structure(3, 0.9), Poisson(rates))
    data = sample(truth, 3, [50, 20, 7], rng).sequences
    result = fit(EM(data), count_starts.quantiles(data, 3), 150, 0.0)
    gains = np.diff(result.log_likelihoods)
    assert gains.min() >= -1e-12 * abs(result.log_likelihoods[-1])


@pytest.mark.parametrize("seed", range(2))
def test_em_equals_hmmlearns_step_by_step(seed):
    rng = np.random.default_rng(seed)
    truth = HMM(*STRUCTURES["dense"](rng, 3), poisson(rng, 3, 5.0))
    data = sample(truth, 4, [30, 5, 1, 50], rng).sequences
    start = HMM(*STRUCTURES["dense"](rng, 3), poisson(rng, 3, 5.0))
    peer = hmmlearn.hmm.PoissonHMM(3, n_iter=1, tol=0, init_params="")
    peer.startprob_, peer.transmat_ = start.initial_probs.copy(), start.transition_matrix.copy()
    peer.lambdas_ = start.emissions.rates.copy()[:, np.newaxis]
    peer.lambdas_prior, peer.lambdas_weight = 0.0, 0.0
    counts = data.observations.astype(int)
    trainer = EM(data)
    state = trainer.init(start)
    for _ in range(8):
        np.testing.assert_allclose(
            state.log_likelihood, peer.score(counts, data.lengths), rtol=1e-12, atol=0.0
        )
        peer.fit(counts, data.lengths)
        state = trainer.step(state)
        np.testing.assert_allclose(state.hmm.emissions.rates, peer.lambdas_[:, 0], rtol=1e-9)
        np.testing.assert_allclose(state.hmm.transition_matrix, peer.transmat_, rtol=1e-9)


@pytest.mark.parametrize(
    ("observations", "sentence"),
    [([0, 2.5], r"row 1 is 2\.5; a count"), ([-3], "row 0 is -3; a count must be a whole number")],
)
def test_observations_that_are_no_counts_are_named(observations, sentence):
    hmm = HMM([1.0], [[1.0]], Poisson([2.0]))
    for use in (smooth, viterbi, lambda hmm, data: EM(data).init(hmm)):
        with pytest.raises(ValueError, match=sentence):
            use(hmm, Sequences(observations))


@pytest.mark.parametrize("rate", [-1.0, 1e16])
def test_a_rate_out_of_range_is_named(rate):
    with pytest.raises(ValueError, match=r"rates of state 1 is .*; a rate must lie between 0 and"):
        Poisson([1.0, rate])


def test_a_state_of_rate_zero_explains_zeros_only():
    hmm = HMM([1.0], [[1.0]], Poisson([0.0]))
    assert log_likelihood(hmm, Sequences([0.0, 0.0])).tolist() == [0.0]
    assert log_likelihood(hmm, Sequences([0.0, 1.0])).tolist() == [-np.inf]


def test_a_state_that_sees_only_zeros_learns_rate_zero_and_training_goes_on():
    data = Sequences([0.0] * 10 + [9.0, 11.0] * 5)
    trainer = EM(data)
    state = trainer.init(HMM([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], Poisson([0.01, 10.0])))
    for _ in range(30):
        state = trainer.step(state)
    # Not 10 exactly: one zero in 22 000 is the busy state's.
    np.testing.assert_allclose(state.hmm.emissions.rates, [0.0, 10.0], rtol=1e-4, atol=1e-12)
    assert np.isfinite(state.log_likelihood)


def test_draws_have_the_right_mean():
    counts = Poisson([3.0, 50.0]).sample(np.repeat([0, 1], 20_000), np.random.default_rng(0))
    assert counts.shape == (40_000, 1)
    for rows, rate in ((counts[:20_000], 3.0), (counts[20_000:], 50.0)):
        assert abs(rows.mean() - rate) < 5 * np.sqrt(rate / 20_000)  # five standard errors


def test_states_are_matched_by_their_rates():
    rng = np.random.default_rng(0)
    hmm = HMM(*STRUCTURES["dense"](rng, 4), Poisson([0.0, 1.0, 5.0, 20.0]))
    order = rng.permutation(4)
    assert hmm.permute(order).permute(align_parameters(hmm, hmm.permute(order))) == hmm
