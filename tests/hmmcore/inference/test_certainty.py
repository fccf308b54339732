"""How sure a model is of its states, against sums over all paths."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    HMM,
    Gaussian,
    Sequences,
    accuracy,
    commonest_share,
    most_probable_states,
    posterior_entropy,
    sample,
    smooth,
    state_shares,
    states_alone,
    viterbi,
)
from tests.hmmcore.models import CONFIGS, TableEmissions
from tests.hmmcore.oracle import enumerate_paths


@pytest.mark.parametrize("name", CONFIGS)
def test_entropy_and_best_states_match_enumeration(name: str) -> None:
    hmm, sequences = CONFIGS[name].make(0)
    posterior = smooth(hmm, sequences)
    entropy = posterior_entropy(posterior.smoothed_probs)
    states = most_probable_states(posterior.smoothed_probs)
    for n in range(len(sequences)):
        rows = slice(sequences.offsets[n], sequences.offsets[n + 1])
        scores = hmm.emissions.log_likelihoods(sequences[n])
        truth = enumerate_paths(hmm.initial_probs, hmm.transition_matrix, scores).smoothed
        assert truth is not None
        for t, row in enumerate(truth):
            bits = -sum(p * np.log2(p) for p in row if p > 0)
            np.testing.assert_allclose(entropy[rows][t], bits, rtol=1e-9, atol=1e-9)
            # The enumerated probability of the chosen state is the largest one.
            np.testing.assert_allclose(row[states[rows][t]], row.max(), rtol=1e-9, atol=0)


def test_entropy_of_certain_and_of_even_rows() -> None:
    np.testing.assert_array_equal(posterior_entropy([[1.0, 0.0], [0.0, 1.0]]), [0.0, 0.0])
    for num_states in (1, 2, 5, 20):
        even = np.full((3, num_states), 1 / num_states)
        np.testing.assert_allclose(
            posterior_entropy(even), np.log2(num_states), rtol=1e-14, atol=1e-15
        )
    assert (posterior_entropy([[1.0 + 1e-15, 0.0]]) == 0.0).all()


def test_undefined_rows_have_no_entropy_and_no_state() -> None:
    table = np.array([[0.0, 0.0], [-np.inf, -np.inf], [0.0, -1.0]])
    hmm, sequences = TableEmissions.case([0.5, 0.5], np.full((2, 2), 0.5), table)
    posterior = smooth(hmm, sequences)
    assert np.isnan(posterior_entropy(posterior.smoothed_probs)).all()
    np.testing.assert_array_equal(most_probable_states(posterior.smoothed_probs), [-1, -1, -1])
    # What was known before the impossible observation stays known.
    np.testing.assert_array_equal(most_probable_states(posterior.filtered_probs), [0, -1, -1])


def test_the_lowest_state_wins_a_tie() -> None:
    np.testing.assert_array_equal(most_probable_states([[0.2, 0.4, 0.4], [0.5, 0.0, 0.5]]), [1, 0])


def test_best_states_expect_the_most_hits() -> None:
    """Under the model itself the expected accuracy of the per-step best is at least Viterbi's."""
    for seed in range(20):
        hmm, sequences = CONFIGS["dense, two states, long"].make(seed)
        probs = smooth(hmm, sequences).smoothed_probs
        steps = np.arange(len(probs))
        per_step = probs[steps, most_probable_states(probs)].sum()
        assert per_step >= probs[steps, viterbi(hmm, sequences).states].sum() - 1e-12


def test_commonest_share_is_the_accuracy_of_the_commonest_guess() -> None:
    assert commonest_share([2, 2, 0, 1]) == 0.5
    assert commonest_share([0]) == 1.0
    hmm = CONFIGS["dense"].make(0).hmm
    states = sample(hmm, 3, 50, np.random.default_rng(1)).states
    best = max(accuracy(states, np.full(len(states), k)) for k in range(hmm.num_states))
    assert commonest_share(states) == best


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match=r"probs have shape \(2,\)"):
        posterior_entropy([0.5, 0.5])
    with pytest.raises(ValueError, match=r"probs have shape \(2,\)"):
        most_probable_states([0.5, 0.5])
    with pytest.raises(ValueError, match=r"states has shape \(0,\)"):
        commonest_share([])


def test_shares_count_every_state_also_those_not_visited():
    np.testing.assert_array_equal(state_shares([0, 2, 2, 0], 4), [0.5, 0.0, 0.5, 0.0])


def test_steps_without_a_state_count_for_none():
    np.testing.assert_array_equal(state_shares([-1, 0, -1, -1], 2), [0.25, 0.0])
    np.testing.assert_array_equal(state_shares([-1, -1], 2), [0.0, 0.0])


def test_the_commonest_state_is_counted_among_the_steps_whose_state_is_known():
    assert commonest_share([-1, -1, 0, 1, 1]) == 2 / 3
    assert np.isnan(commonest_share([-1, -1]))


@pytest.mark.parametrize("states", [[0, 5], [0, -2], [0.5], [], [[0]], [True]])
def test_shares_of_what_is_no_path_are_refused(states):
    with pytest.raises(ValueError, match=r"^states"):
        state_shares(states, 2)


def test_alone_the_nearest_mean_names_the_state() -> None:
    hmm = HMM([0.0, 1.0, 0.0], np.full((3, 3), 1 / 3), Gaussian.univariate([-1.0, 1.0, 4.0], 1.0))
    sequences = Sequences([-5.0, 0.1, 2.4, 2.6, np.nan, 0.0])
    # Neither π nor A counts, the lowest state wins the tie, and a gap names none.
    assert states_alone(hmm, sequences).tolist() == [0, 1, 1, 2, -1, 0]


@pytest.mark.parametrize("name", CONFIGS)
def test_alone_is_where_an_observation_is_most_probable(name: str) -> None:
    hmm, sequences = CONFIGS[name].make(0)
    scores = hmm.emissions.log_likelihoods(sequences.observations)
    for state, row, seen in zip(
        states_alone(hmm, sequences), scores, sequences.observations, strict=True
    ):
        if np.isnan(seen).all() or np.isneginf(row).all():
            assert state == -1
        else:
            assert row[state] == row.max()
