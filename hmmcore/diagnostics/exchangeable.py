"""States that are alike in everything, and why no step can tell them apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.emissions import own_name
from hmmcore.emissions.network import SHARED_LAYERS
from hmmcore.model import HMM
from hmmcore.sweeps.sweep import Expectations
from hmmcore.training.gradient import log_likelihood_gradient


def exchangeable_states(hmm: HMM, atol: float = 1e-12) -> tuple[tuple[int, ...], ...]:
    """Groups of two or more states that can trade places without changing the model.

    Such states have the same posterior at every time, so every EM step and every gradient moves
    them alike: they stay equal throughout training, whatever the data. From a start in which all
    states are exchangeable, training fits a model of a single state.

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


def gradient_between(
    hmm: HMM, statistics: Expectations, group: Sequence[int], trainable: frozenset[str]
) -> tuple[float, float]:
    """How far the gradient tells the states of a group apart, and how far it moves the model.

    The gradient is that of the mean log-likelihood per observation in the trainable, unconstrained
    parameters. Its part between the states is what is left when everything is taken away that
    treats them alike: the average over all ways to trade their places. Where the states are
    exchangeable the likelihood is the same after every such trade, so that part is zero, and
    neither a gradient step nor, by the same statistics, an EM step can separate them: the point is
    a saddle, or the best that the group can do as one state.

    Args:
        statistics: expected statistics of the data under `hmm`.
        group: two or more states, exchangeable in `hmm`.
        trainable: names of the parameters to look at.

    Returns:
        Euclidean norms of the part between the states and of the whole gradient, in nats per
        observation.
    """
    num_states = hmm.num_states
    parameter_of = {
        "initial_logits": "initial_probs",
        "transition_logits": "transition_matrix",
        **hmm.emissions.parameter_of,
    }
    order = np.array(group)
    between = whole = 0.0
    for name, slope in log_likelihood_gradient(hmm, statistics).items():
        if parameter_of[name] not in trainable:
            continue
        whole += float(np.vdot(slope, slope))
        if name == "transition_logits":
            rest = slope - _traded(slope, order)
        elif of_single_states(name, slope, num_states):
            rest = slope[order] - slope[order].mean(axis=0)
        else:
            continue
        between += float(np.vdot(rest, rest))
    num_observations = float(statistics.initial_counts.sum() + statistics.transition_counts.sum())
    return float(np.sqrt(between)) / num_observations, float(np.sqrt(whole)) / num_observations


def of_single_states(name: str, values: FloatArray, num_states: int) -> bool:
    """Whether entry k of an unconstrained emission parameter belongs to state k alone.

    Args:
        name: its name among `Emissions.unconstrained`.
    """
    if name in SHARED_LAYERS:
        return False
    # The Cholesky factor of a covariance that all states share has as many rows as dimensions.
    return len(values) == num_states and not (own_name(name) == "cholesky" and values.ndim == 2)


def _traded(slope: FloatArray, order: np.ndarray) -> FloatArray:
    """The average (K, K) of an array over all ways to trade the places of the states `order`."""
    size = len(order)
    average = slope.copy()
    average[order] = average[order].mean(axis=0)
    average[:, order] = average[:, order].mean(axis=1, keepdims=True)
    inner = slope[np.ix_(order, order)]
    diagonal = np.trace(inner) / size
    beside = (inner.sum() - np.trace(inner)) / (size * (size - 1))
    average[np.ix_(order, order)] = np.where(np.eye(size, dtype=np.bool_), diagonal, beside)
    return average


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
