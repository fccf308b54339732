"""The same sweep by the kernels that are right for every model, to compare with."""

from __future__ import annotations

import numpy as np

from hmmcore import HMM, sample
from hmmcore.sweeps import lane_sweep, state_sweep
from tests.hmmcore.models import STRUCTURES, gaussian


def case(num_states: int, lengths, seed: int, dimensions: int = 1, covariance_type: str = "diag"):
    rng = np.random.default_rng(seed)
    emissions = gaussian(rng, num_states, dimensions, covariance_type)
    hmm = HMM(*STRUCTURES["dense"](rng, num_states), emissions)
    return hmm, sample(hmm, len(lengths), lengths, rng).sequences


def by_rows(monkeypatch, function):
    """What `function` returns when no model suits lanes."""
    with monkeypatch.context() as patch:
        patch.setattr(lane_sweep, "MOST_STATES", 0)
        patch.setattr(state_sweep, "FEWEST_STATES", 1 << 30)
        return function()


def assert_same_posterior(found, expected, rounding: float = 1e-12) -> None:
    close = {"rtol": rounding, "atol": rounding}
    np.testing.assert_allclose(found.log_likelihoods, expected.log_likelihoods, **close)
    np.testing.assert_allclose(found.filtered_probs, expected.filtered_probs, **close)
    np.testing.assert_allclose(found.smoothed_probs, expected.smoothed_probs, **close)
    np.testing.assert_allclose(found.initial_counts, expected.initial_counts, **close)
    np.testing.assert_allclose(found.transition_counts, expected.transition_counts, rtol=1e-11)
