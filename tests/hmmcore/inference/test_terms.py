"""Messages opened to their terms: sums give the message, factors are what they are called."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from hmmcore import HMM, Categorical, Gaussian, Poisson, forecast, log_likelihood, messages
from hmmcore.inference import (
    backward_terms,
    forward_terms,
    pair_terms,
    prediction,
    smoothed_terms,
    viterbi_terms,
)
from tests.hmmcore.inference.test_message_passing import LOPSIDED, UMBRELLA
from tests.hmmcore.inference.test_posterior import awkward_table, every_config, rounding


def assert_terms_add_up(hmm: HMM, sequence) -> None:
    """Every message is the sum of its terms, and every term the product of its factors' logs."""
    found = messages(hmm, sequence)
    atol = rounding(hmm, sequence)
    places = [(t, k) for t in range(found.length) for k in range(hmm.num_states)]
    for t, k in places:
        forward = forward_terms(found, t, k)
        np.testing.assert_allclose(forward.total, found.filtered_probs[t, k], rtol=1e-12, atol=atol)
        assert forward.total == forward.terms.sum()
        backward = backward_terms(found, t, k)
        expected = found.backward[t, k]
        if np.isfinite(expected):
            log_atol = atol * max(1.0, expected)
            np.testing.assert_allclose(backward.total, expected, rtol=1e-12, atol=log_atol)
        chosen = viterbi_terms(found, t, k)
        np.testing.assert_allclose(chosen.total, found.viterbi_scores[t, k], rtol=1e-12, atol=atol)
        if t:
            ways = chosen.before + chosen.log_steps
            assert (chosen.kept == (ways > -np.inf))[ways == ways.max()].all()
            np.testing.assert_allclose(ways[chosen.kept], ways.max(), rtol=1e-11, atol=atol)
    for t in range(found.length):
        together = smoothed_terms(found, t)
        np.testing.assert_array_equal(together.terms, found.smoothed_probs[t])
        np.testing.assert_allclose(together.total, 1.0, rtol=0, atol=atol)
        expected = prediction(found, t)
        np.testing.assert_allclose(expected.moves.sum(axis=0), expected.state_probs,
                                   rtol=1e-12, atol=1e-14)  # fmt: skip
        if np.isfinite(expected.total):
            np.testing.assert_allclose(
                expected.terms.sum(), expected.total, rtol=1e-12 + atol, atol=1e-300
            )
        if t == found.length - 1:
            continue
        pairs = pair_terms(found, t)
        np.testing.assert_allclose(pairs.terms, found.pair_probs[t], rtol=1e-12, atol=atol)
        np.testing.assert_allclose(pairs.leaving, found.smoothed_probs[t], rtol=0, atol=atol)
        np.testing.assert_allclose(pairs.arriving, found.smoothed_probs[t + 1], rtol=0, atol=atol)
        np.testing.assert_allclose(pairs.total, 1.0, rtol=0, atol=atol)


@pytest.mark.parametrize("seed", range(2))
@every_config
def test_terms_add_up_to_the_message(config, seed):
    hmm, sequences = config.make(seed)
    for n in range(len(sequences)):
        assert_terms_add_up(hmm, sequences.select(n))


@every_config
def test_factors_multiply_to_their_terms_where_they_are_numbers(config):
    hmm, sequences = config.make(1)
    found = messages(hmm, sequences.select(0))
    usual = np.abs(found.log_emissions).max() < 300.0
    for t in range(found.length):
        for k in range(hmm.num_states):
            forward = forward_terms(found, t, k)
            assert len(forward.terms) == (hmm.num_states if t else 1)
            np.testing.assert_allclose(
                np.exp(forward.log_likelihood), forward.likelihood, rtol=1e-15
            )
            if not usual:
                continue
            np.testing.assert_allclose(
                forward.products, forward.before * forward.steps * forward.likelihood, rtol=1e-11
            )
            np.testing.assert_allclose(forward.terms, forward.products / forward.scale, rtol=1e-11)
            backward = backward_terms(found, t, k)
            np.testing.assert_allclose(
                backward.products, backward.steps * backward.likelihoods * backward.after,
                rtol=1e-11,
            )  # fmt: skip
            np.testing.assert_allclose(
                backward.terms, backward.products / backward.scale, rtol=1e-11
            )
        if usual and t < found.length - 1:
            pairs = pair_terms(found, t)
            product = pairs.before[:, np.newaxis] * pairs.steps * pairs.likelihoods * pairs.after
            np.testing.assert_allclose(pairs.terms, product / pairs.scale, rtol=1e-11)
        if usual:
            seen = prediction(found, t)
            np.testing.assert_allclose(seen.terms, seen.state_probs * seen.likelihoods, rtol=1e-11)
            np.testing.assert_allclose(np.exp(seen.log_total), seen.total, rtol=1e-14)
            together = smoothed_terms(found, t)
            np.testing.assert_allclose(together.terms, together.past * together.future, rtol=1e-11)


@pytest.mark.parametrize("block", range(3))
def test_terms_add_up_where_numbers_alone_would_underflow(block):
    for seed in range(block * 40, block * 40 + 40):
        hmm, sequence = awkward_table(seed)
        if log_likelihood(hmm, sequence)[0] == -np.inf:
            continue
        found, atol = messages(hmm, sequence), 10.0 * rounding(hmm, sequence)
        for t in range(found.length):
            total = sum(forward_terms(found, t, k).total for k in range(hmm.num_states))
            np.testing.assert_allclose(total, 1.0, rtol=0, atol=atol)
            if t < found.length - 1:
                np.testing.assert_allclose(pair_terms(found, t).total, 1.0, rtol=0, atol=atol)


@every_config
def test_logs_of_factors_are_those_of_the_factors(config):
    hmm, sequences = config.make(0)
    sequence = sequences.select(0)
    found, atol = messages(hmm, sequence), rounding(hmm, sequence)

    def in_order(opened, factors, scale):
        for place, factor in enumerate(factors):
            logs = np.broadcast_to(opened.log_factors[..., place], opened.terms.shape)
            np.testing.assert_allclose(
                np.exp(np.minimum(logs, 709.0)),
                np.minimum(np.broadcast_to(factor, opened.terms.shape), np.exp(709.0)),
                rtol=1e-13,
            )
        assert opened.log_factors.shape == (*opened.terms.shape, len(factors))
        np.testing.assert_allclose(
            opened.log_factors.sum(axis=-1) - scale, opened.log_terms, rtol=1e-12, atol=atol
        )
        np.testing.assert_allclose(np.exp(opened.log_terms), opened.terms, rtol=1e-15)

    for t in range(found.length):
        for k in range(hmm.num_states):
            forward, backward = forward_terms(found, t, k), backward_terms(found, t, k)
            in_order(
                forward, [forward.before, forward.steps, forward.likelihood], forward.log_scale
            )
            in_order(
                backward, [backward.steps, backward.likelihoods, backward.after], backward.log_scale
            )
        together = smoothed_terms(found, t)
        in_order(together, [together.past, together.future], 0.0)
        if t < found.length - 1:
            pairs = pair_terms(found, t)
            before = pairs.before[:, np.newaxis]
            in_order(pairs, [before, pairs.steps, pairs.likelihoods, pairs.after], pairs.log_scale)


def exact(value: str) -> float:
    return float(Fraction(value))


def test_the_umbrellas_second_day_by_hand():
    found = messages(*UMBRELLA)
    rain = forward_terms(found, 1, 0)
    # The first day: 0.5 × 0.9 = 0.45 against 0.5 × 0.2 = 0.1, so 9/11 and 2/11.
    np.testing.assert_allclose(rain.before, [exact("9/11"), exact("2/11")], rtol=1e-15)
    np.testing.assert_allclose(rain.steps, [0.7, 0.3], rtol=1e-15)
    np.testing.assert_allclose(rain.likelihood, 0.9, rtol=1e-15)
    # 9/11 × 0.7 × 0.9 and 2/11 × 0.3 × 0.9; of no rain 9/11 × 0.3 × 0.2 and 2/11 × 0.7 × 0.2.
    np.testing.assert_allclose(rain.products, [exact("567/1100"), exact("54/1100")], rtol=1e-14)
    scale = exact("703/1100")
    np.testing.assert_allclose(rain.scale, scale, rtol=1e-14)
    np.testing.assert_allclose(rain.terms, [exact("567/703"), exact("54/703")], rtol=1e-14)
    np.testing.assert_allclose(rain.total, exact("621/703"), rtol=1e-14)
    first = forward_terms(found, 0, 1)
    np.testing.assert_array_equal(first.before, [1.0])
    np.testing.assert_allclose([*first.steps, *first.products], [0.5, 0.1], rtol=1e-15)
    np.testing.assert_allclose([first.scale, first.total], [0.55, exact("2/11")], rtol=1e-15)
    fourth = backward_terms(found, 3, 0)
    np.testing.assert_allclose(fourth.products, [0.63, 0.06], rtol=1e-14)
    np.testing.assert_allclose(fourth.products.sum(), 0.69, rtol=1e-14)  # Russell & Norvig
    last = backward_terms(found, 4, 1)
    assert (last.total, *last.terms) == (1.0, 1.0)
    seen = prediction(found, 1)
    np.testing.assert_allclose(seen.state_probs, [exact("69/110"), exact("41/110")], rtol=1e-14)
    np.testing.assert_allclose(seen.symbol_probs, [scale, 1.0 - scale], rtol=1e-14)
    np.testing.assert_allclose(seen.total, scale, rtol=1e-14)


def test_candidates_that_tie_are_kept_and_the_others_dropped():
    # 1/8 of state 0 and 1/16 of state 1 before; steps of 1/4 and 1/2 lead to state 1.
    hmm = HMM([0.5, 0.5], [[0.75, 0.25], [0.5, 0.5]], Categorical([[0.25, 0.75], [0.125, 0.875]]))
    found = messages(hmm, [0, 1])
    tied = viterbi_terms(found, 1, 1)
    np.testing.assert_array_equal(tied.kept, [True, True])
    np.testing.assert_allclose(np.exp(tied.candidates), np.full(2, 0.875 / 32), rtol=1e-14)
    other = viterbi_terms(found, 1, 0)
    np.testing.assert_array_equal(other.kept, [True, False])
    np.testing.assert_allclose(np.exp(other.candidates), [0.75 * 3 / 32, 0.75 / 32], rtol=1e-14)
    np.testing.assert_allclose(np.exp(viterbi_terms(found, 0, 0).candidates), [0.125], rtol=1e-14)


@every_config
def test_a_prediction_is_the_forecast_from_what_came_before(config):
    hmm, sequences = config._replace(lengths=(6,)).make(2)
    found = messages(hmm, sequences)
    for t in range(1, 6):
        ahead = forecast(hmm, type(sequences)(sequences.observations[:t]))
        seen = prediction(found, t)
        np.testing.assert_allclose(seen.state_probs, ahead.state_probs[0, 0], rtol=0, atol=1e-9)
        np.testing.assert_array_equal(seen.observation, sequences.observations[t])
        if config.family == "categorical":
            assert seen.means is seen.standard_deviations is None
            np.testing.assert_allclose(seen.symbol_probs, ahead.symbol_probs[0, 0], rtol=1e-10)
            continue
        assert seen.symbol_probs is None
        np.testing.assert_allclose(seen.means, ahead.means[0, 0], rtol=1e-9)
        np.testing.assert_allclose(
            seen.standard_deviations, ahead.standard_deviations[0, 0], rtol=1e-9
        )


def test_before_the_first_observation_the_initial_probabilities_are_expected():
    seen = prediction(messages(HMM([0.25, 0.75], np.eye(2), Poisson([1.0, 5.0])), [2.0]), 0)
    np.testing.assert_array_equal(seen.moves, [[0.25, 0.75]])
    np.testing.assert_allclose(seen.means, [4.0], rtol=1e-15)
    np.testing.assert_allclose(seen.standard_deviations, [np.sqrt(4.0 + 3.0)], rtol=1e-15)


def test_logs_are_right_where_factors_are_no_numbers():
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([0.0, 1.0], 1.0))
    found = messages(hmm, [0.0, 1e3])
    terms = forward_terms(found, 1, 1)
    assert terms.likelihood == terms.scale == 0.0
    np.testing.assert_array_equal(terms.products, [0.0, 0.0])
    np.testing.assert_allclose(terms.terms, terms.before, rtol=1e-12)
    np.testing.assert_allclose(terms.log_likelihood - terms.log_scale, np.log(2.0), rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: forward_terms(m, 5, 0), r"^t is 5; the sequence has the times 0\.\.4\.$"),
        (lambda m: forward_terms(m, 0, 3), r"^state is 3; the model has the states 0\.\.2\.$"),
        (lambda m: backward_terms(m, -1, 0), r"^t is -1; it must be at least 0\.$"),
        (lambda m: viterbi_terms(m, 0, "S1"), r"^state is 'S1'; it must be a whole number\.$"),
        (lambda m: pair_terms(m, 4), r"^t is 4, the last time; a pair needs a time after it\.$"),
        (lambda m: smoothed_terms(m, 1.5), r"^t is 1\.5; it must be a whole number\.$"),
        (lambda m: prediction(m, 99), r"^t is 99; the sequence has the times 0\.\.4\.$"),
    ],
)
def test_a_place_that_is_not_there_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(messages(*LOPSIDED))
