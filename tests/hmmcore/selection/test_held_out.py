"""Splits of data, and held-out likelihoods by enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    HMM,
    Gaussian,
    Poisson,
    Sequences,
    Split,
    held_out_log_likelihood,
    log_likelihood,
    smooth,
    split_by_sequence,
    split_by_time,
)
from tests.hmmcore.models import CONFIGS, Config
from tests.hmmcore.oracle import enumerate_paths

LONG_ENOUGH = {n: c for n, c in CONFIGS.items() if min(c.lengths) > 1}
every_long_config = pytest.mark.parametrize("config", LONG_ENOUGH.values(), ids=LONG_ENOUGH.keys())


def dense(emissions) -> HMM:
    size = emissions.num_states
    return HMM(np.full(size, 1 / size), np.full((size, size), 1 / size), emissions)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99])
def test_a_split_by_sequence_parts_them_and_loses_none(share):
    sequences = Config("dense", 2, (3, 5, 1, 4, 9, 2, 7)).make(0).sequences
    split = split_by_sequence(sequences, share, np.random.default_rng(0))
    assert not split.continues
    assert len(split.test) == min(max(round(share * 7), 1), 6)
    assert len(split.train) == 7 - len(split.test)
    parts = [split.train[n] for n in range(len(split.train))]
    parts += [split.test[n] for n in range(len(split.test))]
    whole = [sequences[n] for n in range(7)]
    assert sorted(p.tobytes() for p in parts) == sorted(w.tobytes() for w in whole)
    again = split_by_sequence(sequences, share, np.random.default_rng(0))
    assert (again.train, again.test) == (split.train, split.test)
    # Each part keeps the order of the whole.
    first = [w.tobytes() for w in whole]
    for part in (split.train, split.test):
        places = [first.index(part[n].tobytes()) for n in range(len(part))]
        assert places == sorted(places)


def test_every_sequence_is_as_likely_to_be_held_out():
    sequences = Sequences(np.arange(5.0), np.ones(5))
    rng = np.random.default_rng(0)
    held = np.zeros(5)
    for _ in range(2000):
        held[split_by_sequence(sequences, 0.4, rng).test.observations[:, 0].astype(int)] += 1
    np.testing.assert_allclose(held / 2000, 0.4, rtol=0.0, atol=5 * np.sqrt(0.24 / 2000))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.99])
def test_a_split_by_time_holds_out_every_end(share):
    sequences = Config("dense", 2, (3, 5, 2, 40), 2).make(0).sequences
    split = split_by_time(sequences, share)
    assert split.continues
    for n, length in enumerate(sequences.lengths):
        held = min(max(round(share * length), 1), length - 1)
        np.testing.assert_array_equal(split.train[n], sequences[n][: length - held])
        np.testing.assert_array_equal(split.test[n], sequences[n][length - held :])


@every_long_config
def test_what_follows_is_predicted_by_all_paths_through_what_came_before(config):
    hmm, sequences = config.make(0)
    split = split_by_time(sequences, 0.4)
    found = held_out_log_likelihood(hmm, split)
    for n in range(len(sequences)):
        # p(test | train): start the test part from p(z | train), by enumeration of the first.
        model = (hmm.initial_probs, hmm.transition_matrix)
        before = enumerate_paths(*model, hmm.emissions.log_likelihoods(split.train[n]))
        start = before.smoothed[-1] @ hmm.transition_matrix
        scores = hmm.emissions.log_likelihoods(split.test[n])
        after = enumerate_paths(start, hmm.transition_matrix, scores)
        size = abs(before.log_likelihood) + abs(after.log_likelihood)
        np.testing.assert_allclose(
            found[n], after.log_likelihood, rtol=1e-10, atol=1e-14 * size + 1e-12
        )


@every_long_config
def test_train_and_what_follows_add_up_to_all(config):
    hmm, sequences = config.make(0)
    split = split_by_time(sequences, 0.5)
    total = log_likelihood(hmm, split.train) + held_out_log_likelihood(hmm, split)
    np.testing.assert_allclose(total, log_likelihood(hmm, sequences), rtol=1e-13, atol=1e-13)


def test_what_follows_is_predicted_step_by_step_from_filtering():
    hmm, sequences = Config("dense", 3, (400, 250)).make(0)
    split = split_by_time(sequences, 0.25)
    filtered = smooth(hmm, sequences).filtered_probs
    scores = hmm.emissions.log_likelihoods(sequences.observations)
    expected = []
    for n, held in enumerate(split.test.lengths):
        stop = sequences.offsets[n + 1]
        predicted = filtered[stop - held - 1 : stop - 1] @ hmm.transition_matrix
        steps = np.log((predicted * np.exp(scores[stop - held : stop])).sum(axis=1))
        expected.append(steps.sum())
    np.testing.assert_allclose(held_out_log_likelihood(hmm, split), expected, rtol=1e-11)


def test_whole_sequences_are_scored_by_themselves():
    hmm, sequences = CONFIGS["ragged"].make(0)
    split = split_by_sequence(sequences, 0.5, np.random.default_rng(0))
    np.testing.assert_array_equal(
        held_out_log_likelihood(hmm, split), log_likelihood(hmm, split.test)
    )


def test_what_cannot_follow_is_impossible_and_nothing_follows_the_impossible():
    hmm = HMM([1.0, 0.0], np.eye(2), Poisson([0.0, 2.0]))
    split = split_by_time(Sequences([0.0, 0.0, 0.0, 3.0], [2, 2]), 0.5)
    np.testing.assert_array_equal(held_out_log_likelihood(hmm, split), [0.0, -np.inf])
    broken = split_by_time(Sequences([0.0, 0.0, 3.0, 0.0], [2, 2]), 0.5)
    with pytest.raises(ValueError, match="train sequence 1 is impossible under the model"):
        held_out_log_likelihood(hmm, broken)


def test_what_follows_counts_where_scaled_probabilities_underflow():
    # After the train part the first state has a probability too small for a double, and it alone
    # explains the test part.
    hmm = HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 100.0], 1.0))
    found = held_out_log_likelihood(hmm, split_by_time(Sequences([100.0, 0.0, 0.0]), 0.6))
    # p(100, 0, 0) / p(100), each by the one state that does not vanish beside the other.
    np.testing.assert_allclose(found, [-0.5 * 100.0**2 - np.log(2 * np.pi)], rtol=1e-12)


def test_splits_refuse_what_makes_no_sense():
    one = Sequences([1.0, 2.0, 3.0])
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"there is 1 sequence; .*split_by_time"):
        split_by_sequence(one, 0.5, rng)
    with pytest.raises(ValueError, match=r"sequence 1 has 1 observation; .*at least 2"):
        split_by_time(Sequences([1.0, 2.0, 3.0], [2, 1]), 0.5)
    for share in (0.0, 1.0, -0.5, np.nan):
        with pytest.raises(ValueError, match=f"test_share is {share}; .*strictly between 0 and 1"):
            split_by_time(one, share)
        with pytest.raises(ValueError, match=f"test_share is {share}"):
            split_by_sequence(Sequences([1.0, 2.0], [1, 1]), share, rng)
    hmm = dense(Gaussian.univariate([0.0, 1.0], 1.0))
    with pytest.raises(ValueError, match="there are 1 train and 2 test sequences"):
        held_out_log_likelihood(hmm, Split(one, Sequences([1.0, 2.0], [1, 1]), continues=True))
