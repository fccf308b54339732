"""Health of a model in training: what keeps it from learning."""

from __future__ import annotations

import numpy as np

from hmmcore.model import HMM


def exchangeable_states(hmm: HMM, atol: float = 1e-12) -> tuple[tuple[int, ...], ...]:
    """Groups of two or more states that can trade places without changing the model.

    Such states have the same posterior at every time, so every EM step and every gradient moves
    them alike: they stay equal for ever, whatever the data. A start in which all states are
    exchangeable is a stationary point of a mixture of one.

    Args:
        atol: how far probabilities, and symmetric Kullback-Leibler divergences in nats, may
            differ and still count as equal.
    """
    unlike = hmm.emissions.distances(hmm.emissions) > atol
    group_of = np.arange(hmm.num_states)
    for i in range(hmm.num_states):
        for j in range(i):
            if group_of[j] == j and not unlike[i, j] and _trade_places(hmm, i, j, atol):
                group_of[i] = j
                break
    groups = (tuple(np.flatnonzero(group_of == j).tolist()) for j in range(hmm.num_states))
    return tuple(group for group in groups if len(group) > 1)


def _trade_places(hmm: HMM, i: int, j: int, atol: float) -> bool:
    order = np.arange(hmm.num_states)
    order[[i, j]] = j, i
    initial_probs, transition_matrix = hmm.initial_probs, hmm.transition_matrix
    return bool(
        np.allclose(initial_probs[order], initial_probs, rtol=0.0, atol=atol)
        and np.allclose(
            transition_matrix[np.ix_(order, order)], transition_matrix, rtol=0.0, atol=atol
        )
    )
