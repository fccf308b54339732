"""Scores and statistics of Gaussians with independent coordinates, eight sequences at a time."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.compiling import kernel
from hmmcore.emissions.base import EmissionStatistics
from hmmcore.emissions.diagonal import diagonal_statistics, includes_missing
from hmmcore.lanes import LANES, fill, larger, load, multiply_add, store, where_number

LOG_2PI = 1.8378770664093453


@kernel()
def score_observed(
    observations: FloatArray, means: FloatArray, variances: FloatArray, scores: FloatArray
) -> None:
    """`score` over the coordinates that are not NaN."""
    num_states, num_dimensions = means.shape
    constants = np.empty((num_states, num_dimensions))
    inverse_sds = np.empty((num_states, num_dimensions))
    for k in range(num_states):
        for d in range(num_dimensions):
            constants[k, d] = -0.5 * (np.log(variances[k, d]) + LOG_2PI)
            inverse_sds[k, d] = 1.0 / np.sqrt(variances[k, d])
    for t in range(len(observations)):
        for k in range(num_states):
            # In the order of `score`, so that a complete observation gets the same bits.
            total = fill(0.0)
            for d in range(num_dimensions):
                total = total + where_number(load(observations, t, d), fill(constants[k, d]))
            for d in range(num_dimensions):
                value = load(observations, t, d)
                gap = where_number(value, (value - means[k, d]) * inverse_sds[k, d])
                total = multiply_add(gap * -0.5, gap, total)
            store(scores, t, k, total)


@kernel()
def score(
    observations: FloatArray, means: FloatArray, variances: FloatArray, scores: FloatArray
) -> None:
    """Fill scores (S, K, LANES) with the log-densities of observations (S, D, LANES)."""
    num_states, num_dimensions = means.shape
    # NaN when anything is missing. Summed on the way, it costs complete data next to nothing.
    trace = fill(0.0)
    constants = np.empty(num_states)
    # Divided by the standard deviation before squaring: the square alone could overflow.
    inverse_sds = np.empty((num_states, num_dimensions))
    for k in range(num_states):
        constants[k] = 0.0
        for d in range(num_dimensions):
            constants[k] -= 0.5 * (np.log(variances[k, d]) + LOG_2PI)
            inverse_sds[k, d] = 1.0 / np.sqrt(variances[k, d])
    for t in range(len(observations)):
        for d in range(num_dimensions):
            trace = trace + load(observations, t, d)
        for k in range(num_states):
            total = fill(constants[k])
            for d in range(num_dimensions):
                gap = (load(observations, t, d) - means[k, d]) * inverse_sds[k, d]
                total = multiply_add(gap * -0.5, gap, total)
            store(scores, t, k, total)
    traces = np.empty((1, 1, LANES))
    store(traces, 0, 0, trace)
    if np.isnan(traces).any():
        score_observed(observations, means, variances, scores)


@kernel()
def accumulate(
    observations: FloatArray,
    weights: FloatArray,
    means: FloatArray,
    totals: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
) -> None:
    """Add up weights (1, K, LANES), and weighted deviations and their squares (K, D, LANES)."""
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


@kernel()
def accumulate_observed(
    observations: FloatArray,
    weights: FloatArray,
    means: FloatArray,
    totals: FloatArray,
    counts: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
) -> None:
    """`accumulate` over the coordinates that are not NaN, and how many there are (K, D, LANES)."""
    num_states, num_dimensions = means.shape
    for t in range(len(observations)):
        for k in range(num_states):
            weight = load(weights, t, k)
            seen = fill(0.0)
            for d in range(num_dimensions):
                value = load(observations, t, d)
                gap = where_number(value, value - means[k, d])
                counted = where_number(value, weight)
                weighted = counted * gap
                seen = larger(seen, counted)
                store(counts, k, d, load(counts, k, d) + counted)
                store(deviations, k, d, load(deviations, k, d) + weighted)
                store(squares, k, d, multiply_add(weighted, gap, load(squares, k, d)))
            store(totals, 0, k, load(totals, 0, k) + seen)


@kernel()
def over_lanes(lanes: FloatArray, out: FloatArray) -> None:
    """Sums (I, J) of an array (I, J, LANES), one lane after the other."""
    for i in range(lanes.shape[0]):
        for j in range(lanes.shape[1]):
            total = 0.0
            for lane in range(LANES):
                total += lanes[i, j, lane]
            out[i, j] = total


@kernel()
def sums(
    observations: FloatArray,
    weights: FloatArray,
    means: FloatArray,
    totals: FloatArray,
    counts: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
) -> None:
    """Fill in weights (K,), counts, deviations and squares (K, D): see `Diagonal`."""
    num_states, num_dimensions = means.shape
    weighed = np.zeros((1, num_states, LANES))
    firsts = np.zeros((num_states, num_dimensions, LANES))
    seconds = np.zeros_like(firsts)
    accumulate(observations, weights, means, weighed, firsts, seconds)
    over_lanes(weighed, totals.reshape(1, num_states))
    over_lanes(firsts, deviations)
    if not includes_missing(deviations):
        for k in range(num_states):
            counts[k] = totals[k]
    else:
        weighed[:], firsts[:], seconds[:] = 0.0, 0.0, 0.0
        seen = np.zeros_like(firsts)
        accumulate_observed(observations, weights, means, weighed, seen, firsts, seconds)
        over_lanes(weighed, totals.reshape(1, num_states))
        over_lanes(seen, counts)
        over_lanes(firsts, deviations)
    over_lanes(seconds, squares)


def lane_statistics(
    observations: FloatArray, weights: FloatArray, means: FloatArray
) -> EmissionStatistics:
    """The statistics of `Diagonal` about the means."""
    # Allocated here: an array that a kernel returns takes twice as long as one that it is given.
    shape = means.shape
    totals, counts = np.empty(len(means)), np.empty(shape)
    deviations, squares = np.empty(shape), np.empty(shape)
    sums(observations, weights, means, totals, counts, deviations, squares)
    return diagonal_statistics(totals, counts, deviations, squares)
