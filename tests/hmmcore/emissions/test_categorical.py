"""Symbols: validation, scores, draws, and hmmlearn's EM step by step."""

import json
from pathlib import Path

import hmmlearn.hmm
import numpy as np
import pytest

from hmmcore import EM, HMM, Categorical, Sequences, align_parameters, sample, smooth, viterbi
from tests.hmmcore.models import STRUCTURES, categorical

UMBRELLA = json.loads((Path(__file__).parents[2] / "reference" / "umbrella.json").read_text())


def umbrella() -> HMM:
    params = UMBRELLA["params"]
    return HMM(params["pi"], params["A"], Categorical(params["B"]))


def test_the_umbrella_worlds_published_and_exact_figures_hold():
    data = Sequences(np.ravel(UMBRELLA["data"]["x"]))
    posterior, path = smooth(umbrella(), data), viterbi(umbrella(), data)
    published = UMBRELLA["expected"]["published"]
    np.testing.assert_allclose(
        posterior.smoothed_probs[:, 0], published["smoothed_rain"], rtol=0, atol=5e-5
    )
    exact = UMBRELLA["expected"]["computed"]
    for found, expected in [
        (posterior.log_likelihood, exact["loglik"]),
        (posterior.filtered_probs, exact["filtered"]),
        (posterior.smoothed_probs, exact["smoothed"]),
        (posterior.transition_counts, exact["xi_sum"]),
        (path.log_joints[0], exact["viterbi_logprob"]),
    ]:
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)
    assert path.states.tolist() == exact["viterbi"]


@pytest.mark.parametrize("seed", range(2))
def test_em_equals_hmmlearns_step_by_step(seed):
    rng = np.random.default_rng(seed)
    truth = HMM(*STRUCTURES["dense"](rng, 3), categorical(rng, 3))
    data = sample(truth, 4, [30, 5, 1, 50], rng).sequences
    start = HMM(*STRUCTURES["dense"](rng, 3), categorical(rng, 3))
    peer = hmmlearn.hmm.CategoricalHMM(3, n_iter=1, tol=0, init_params="", n_features=4)
    peer.startprob_, peer.transmat_ = start.initial_probs.copy(), start.transition_matrix.copy()
    peer.emissionprob_ = start.emissions.probs.copy()
    symbols = data.observations.astype(int)
    trainer = EM(data)
    state = trainer.init(start)
    for _ in range(8):
        np.testing.assert_allclose(
            state.log_likelihood, peer.score(symbols, data.lengths), rtol=1e-12, atol=0.0
        )
        peer.fit(symbols, data.lengths)
        state = trainer.step(state)
        np.testing.assert_allclose(state.hmm.emissions.probs, peer.emissionprob_, rtol=1e-9)
        np.testing.assert_allclose(state.hmm.transition_matrix, peer.transmat_, rtol=1e-9)


@pytest.mark.parametrize(
    ("observations", "sentence"),
    [
        ([0, 1, 4], r"observations row 2 is 4; a symbol must be a whole number in 0\.\.3"),
        ([0, -1], "row 1 is -1; a symbol"),
        ([0.5], r"row 0 is 0\.5; a symbol"),
    ],
)
def test_observations_that_are_no_symbols_are_named(observations, sentence):
    hmm = HMM([1.0], [[1.0]], Categorical([[0.25] * 4]))
    for use in (smooth, viterbi, lambda hmm, data: EM(data).init(hmm)):
        with pytest.raises(ValueError, match=sentence):
            use(hmm, Sequences(observations))


def test_a_row_that_is_no_distribution_is_named_with_its_sum():
    with pytest.raises(ValueError, match=r"probs row 1 .* sums to 0\.9; it must sum to 1"):
        Categorical([[0.5, 0.5], [0.5, 0.4]])


def test_draws_have_the_right_shares_and_never_an_impossible_symbol():
    emissions = Categorical([[0.2, 0.0, 0.8, 0.0], [0.0, 1.0, 0.0, 0.0]])
    states = np.repeat([0, 1], 50_000)
    symbols = emissions.sample(states, np.random.default_rng(0))
    assert symbols.shape == (100_000, 1)
    assert set(symbols[:50_000, 0]) == {0.0, 2.0}
    assert set(symbols[50_000:, 0]) == {1.0}
    # Five standard errors of a share of 0.2 in 50 000 draws.
    assert abs((symbols[:50_000] == 0).mean() - 0.2) < 5 * np.sqrt(0.2 * 0.8 / 50_000)


def test_states_are_matched_by_their_symbols():
    rng = np.random.default_rng(0)
    hmm = HMM(*STRUCTURES["dense"](rng, 4), categorical(rng, 4, keep=0.6))
    order = rng.permutation(4)
    assert hmm.permute(order).permute(align_parameters(hmm, hmm.permute(order))) == hmm
