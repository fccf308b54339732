"""Diagonal Gaussians on observations in lanes: what training spends its time on, eightfold."""

from __future__ import annotations

import numpy as np
from numba import njit

from hmmcore.arrays import FloatArray
from hmmcore.lanes import LANES, fill, load, multiply_add, store

LOG_2PI = 1.8378770664093453


@njit(cache=True, nogil=True)
def score(
    observations: FloatArray, means: FloatArray, variances: FloatArray, scores: FloatArray
) -> None:
    """Fill scores (S, K, LANES) with the log-densities of observations (S, D, LANES)."""
    num_states, num_dimensions = means.shape
    constants = np.empty(num_states)
    # Divided by the standard deviation before squaring: the square alone could overflow.
    inverse_sds = np.empty((num_states, num_dimensions))
    for k in range(num_states):
        constants[k] = 0.0
        for d in range(num_dimensions):
            constants[k] -= 0.5 * (np.log(variances[k, d]) + LOG_2PI)
            inverse_sds[k, d] = 1.0 / np.sqrt(variances[k, d])
    for t in range(len(observations)):
        for k in range(num_states):
            total = fill(constants[k])
            for d in range(num_dimensions):
                gap = (load(observations, t, d) - means[k, d]) * inverse_sds[k, d]
                total = multiply_add(gap * -0.5, gap, total)
            store(scores, t, k, total)


@njit(cache=True, nogil=True)
def accumulate(
    observations: FloatArray,
    weights: FloatArray,
    means: FloatArray,
    totals: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
) -> None:
    """Add up weights (1, K, LANES), weighted deviations from the means (K, D, LANES), squares."""
    num_states, num_dimensions = means.shape
    for t in range(len(observations)):
        for k in range(num_states):
            weight = load(weights, t, k)
            store(totals, 0, k, load(totals, 0, k) + weight)
            for d in range(num_dimensions):
                gap = load(observations, t, d) - means[k, d]
                weighted = weight * gap
                store(deviations, k, d, load(deviations, k, d) + weighted)
                store(squares, k, d, multiply_add(weighted, gap, load(squares, k, d)))


@njit(cache=True, nogil=True)
def lane_statistics(
    observations: FloatArray, weights: FloatArray, means: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights (K,), deviations (K, D) and squares (K, D) about the means."""
    num_states, num_dimensions = means.shape
    totals = np.zeros((1, num_states, LANES))
    deviations = np.zeros((num_states, num_dimensions, LANES))
    squares = np.zeros_like(deviations)
    accumulate(observations, weights, means, totals, deviations, squares)
    return totals.sum(axis=2)[0], deviations.sum(axis=2), squares.sum(axis=2)
