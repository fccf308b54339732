"""Messages without scaling, and with a transition too many, beside the right ones."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import HMM, Gaussian, log_likelihood, messages, preset, viterbi
from hmmcore.inference import (
    forward_terms,
    transition_first,
    transition_first_terms,
    unscaled_messages,
)
from tests.hmmcore.inference.test_message_passing import UMBRELLA
from tests.hmmcore.inference.test_posterior import every_config

NOTEBOOK = preset("notebook")


def test_the_umbrella_has_its_published_messages():
    found = unscaled_messages(messages(*UMBRELLA))
    alpha = [[0.45, 0.1], [0.3105, 0.041], [0.023, 0.0975], [0.0408, 0.015], [0.0298, 0.0046]]
    beta = [[0.0661, 0.0455], [0.0906, 0.1503], [0.4593, 0.2437], [0.69, 0.41], [1.0, 1.0]]
    np.testing.assert_allclose(found.forward, alpha, rtol=0, atol=5.1e-5)
    np.testing.assert_allclose(found.backward, beta, rtol=0, atol=5.1e-5)
    np.testing.assert_allclose(found.forward[-1].sum(), 68607401 / 2000000000, rtol=1e-14)
    assert found.forward_lost is found.backward_lost is None


@every_config
def test_unscaled_messages_are_the_scaled_ones_where_both_are_numbers(config):
    hmm, sequences = config.make(0)
    found = unscaled_messages(messages(hmm, sequences.select(0)))
    for numbers, logs in (
        (found.forward, found.log_forward),
        (found.backward, found.log_backward),
    ):
        usual = (logs > -650.0) & (logs < 650.0)
        np.testing.assert_allclose(np.log(numbers[usual]), logs[usual], rtol=1e-12, atol=1e-10)


def test_a_long_sequence_underflows_at_the_first_time_that_is_zero():
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([0.0, 1.0], 1.0))
    found = messages(hmm, np.zeros(2000))
    unscaled = unscaled_messages(found)
    # Half of the smallest double rounds to zero; the doubles before it have few digits left.
    too_small = unscaled.log_forward.max(axis=1) < -1075.0 * np.log(2.0)
    assert abs(unscaled.forward_lost - int(np.argmax(too_small))) <= 1
    assert (unscaled.forward[unscaled.forward_lost] == 0.0).all()
    assert (unscaled.forward[unscaled.forward_lost - 1] > 0.0).any()
    assert (unscaled.backward[unscaled.backward_lost] == 0.0).all()
    assert (unscaled.backward[unscaled.backward_lost + 1] > 0.0).any()
    assert np.isfinite(unscaled.log_forward).all()
    np.testing.assert_allclose(
        np.logaddexp.reduce(unscaled.log_forward[-1]), found.log_likelihood, rtol=1e-14
    )


def test_densities_above_one_grow_beyond_every_double():
    hmm = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1e-10))
    found = unscaled_messages(messages(hmm, np.zeros(50)))
    assert found.forward_lost == int(
        np.floor(np.log(np.finfo(float).max) / found.log_forward[0, 0])
    )
    assert found.forward[found.forward_lost, 0] == np.inf


def test_the_notebooks_transition_before_the_first_observation():
    faulty = transition_first(NOTEBOOK.truth)
    np.testing.assert_allclose(
        log_likelihood(NOTEBOOK.truth, NOTEBOOK.sequences),
        [-16.642002954134917, -14.153760673552545], rtol=1e-13,
    )  # fmt: skip
    np.testing.assert_allclose(
        log_likelihood(faulty, NOTEBOOK.sequences),
        [-16.902236912537703, -14.053374447142547], rtol=1e-13,
    )  # fmt: skip
    path = viterbi(faulty, NOTEBOOK.sequences)
    np.testing.assert_allclose(
        path.log_joints, [-22.34717582624684, -18.572353357452947], rtol=1e-13
    )
    np.testing.assert_array_equal(path.states[:10], [0, 2, 0, 1, 4, 3, 1, 4, 3, 1])


def test_with_the_notebooks_start_the_fault_cannot_be_seen():
    # All states alike: π A is π. The mean of p(x) is the figure that the notebook prints.
    for hmm in (NOTEBOOK.start, transition_first(NOTEBOOK.start)):
        likelihoods = np.exp(log_likelihood(hmm, NOTEBOOK.sequences))
        np.testing.assert_allclose(likelihoods.mean(), 3.805695985591585e-09, rtol=1e-12)


def test_the_first_message_of_the_faulty_pass_has_k_terms():
    hmm, sequence = NOTEBOOK.truth, NOTEBOOK.sequences.select(0)
    right, faulty = messages(hmm, sequence), messages(transition_first(hmm), sequence)
    densities = np.exp(hmm.emissions.log_likelihoods(sequence.observations[:1]))[0]
    moved = hmm.initial_probs @ hmm.transition_matrix
    for k in range(hmm.num_states):
        terms = transition_first_terms(faulty, hmm, k)
        np.testing.assert_allclose(
            terms.products, hmm.initial_probs * hmm.transition_matrix[:, k] * densities[k],
            rtol=1e-13,
        )  # fmt: skip
        np.testing.assert_allclose(terms.scale, moved @ densities, rtol=1e-13)
        np.testing.assert_allclose(terms.total, faulty.filtered_probs[0, k], rtol=1e-13)
        alone = forward_terms(right, 0, k)
        np.testing.assert_allclose(
            alone.products, [hmm.initial_probs[k] * densities[k]], rtol=1e-13
        )
    with pytest.raises(
        ValueError, match=r"^the messages are of another model; they must be of tra"
    ):
        transition_first_terms(right, hmm, 0)
