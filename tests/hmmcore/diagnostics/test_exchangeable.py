"""States that can trade places are found, and training keeps them equal."""

import numpy as np
import pytest

from hmmcore import EM, HMM, Gaussian, GradientAscent, initialization, preset
from hmmcore.diagnostics import exchangeable_states


@pytest.mark.parametrize("num_states", [1, 2, 5])
def test_all_states_of_the_symmetric_start_are_exchangeable(num_states):
    groups = exchangeable_states(initialization.symmetric(num_states))
    assert groups == ((tuple(range(num_states)),) if num_states > 1 else ())


def test_a_group_is_found_among_other_states():
    transition = [[0.6, 0.2, 0.2], [0.3, 0.5, 0.2], [0.3, 0.2, 0.5]]
    hmm = HMM([0.4, 0.3, 0.3], transition, Gaussian.univariate([0.0, 1.0, 1.0], 1.0))
    assert exchangeable_states(hmm) == ((1, 2),)


@pytest.mark.parametrize(
    ("initial", "transition", "means"),
    [
        ([0.6, 0.4], [[0.5, 0.5], [0.5, 0.5]], [1.0, 1.0]),
        ([0.5, 0.5], [[0.6, 0.4], [0.5, 0.5]], [1.0, 1.0]),
        ([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], [1.0, 1.1]),
    ],
    ids=["initial_probs", "transition_matrix", "means"],
)
def test_one_difference_is_enough_to_tell_states_apart(initial, transition, means):
    assert exchangeable_states(HMM(initial, transition, Gaussian.univariate(means, 1.0))) == ()


@pytest.mark.parametrize("make", [EM, lambda data: GradientAscent(data, learning_rate=0.1)])
def test_training_never_tells_exchangeable_states_apart(make):
    notebook = preset("notebook")
    trainer = make(notebook.sequences)
    state = trainer.init(notebook.start)
    for _ in range(20):
        state = trainer.step(state)
    assert exchangeable_states(state.hmm) == ((0, 1, 2, 3, 4),)
    means = state.hmm.emissions.means
    np.testing.assert_allclose(means, np.full_like(means, means[0, 0]), rtol=1e-13, atol=0.0)
