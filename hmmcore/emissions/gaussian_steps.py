"""Training steps of Gaussians with independent coordinates, one compiled call for all states.

With few states, calls into NumPy would take longer than the arithmetic.
Variances are (K, C): C is D, or 1 when all coordinates of a state have one variance.
"""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.compiling import kernel
from hmmcore.emissions.base import EMPTY_WEIGHT

EMPTY, EMPTY_DIMENSION, FLOORED = 1, 2, 4
REMEDIES = {EMPTY: "empty_state", EMPTY_DIMENSION: "empty_dimension", FLOORED: "variance_floor"}
"""The kind of `Remedy` that each bit of a state's code stands for."""


@kernel(error_model="numpy")
def maximize(
    counts: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
    prior: tuple[float, float],
    learned: tuple[bool, bool],
    floor: float,
    means: FloatArray,
    variances: FloatArray,
    remedies: IntArray,
) -> bool:
    """M-step in place: weighted means, and weighted variances about them.

    Args:
        counts, deviations, squares (K, D): statistics about the present means.
        prior: the count and the sum of squares that a prior adds to those of every variance.
        learned: whether to learn the means, and whether the variances. What is not learned stays
            as it is, and so does what has no data.
        means (K, D), variances (K, C): the present parameters; on return the new ones.
        remedies (K,): out: bits of EMPTY, EMPTY_DIMENSION and FLOORED.

    Returns:
        whether every parameter is a finite number and every variance positive.
    """
    num_states, num_dimensions = means.shape
    num_variances = variances.shape[1]
    pooled = num_dimensions // num_variances
    valid = True
    for k in range(num_states):
        num_with_data = 0
        remedies[k] = 0
        for c in range(num_variances):
            total, square = 0.0, 0.0
            for d in range(c * pooled, (c + 1) * pooled):
                count, move = counts[k, d], 0.0
                if count > EMPTY_WEIGHT:
                    num_with_data += 1
                    if learned[0]:
                        move = deviations[k, d] / count
                means[k, d] += move
                valid &= np.isfinite(means[k, d])
                # E[(x - m - move)^2], from deviations about the present means m.
                total += count
                square += squares[k, d] - move * (2.0 * deviations[k, d] - count * move)
            total, square = total + prior[0], square + prior[1]
            if learned[1] and total > EMPTY_WEIGHT:
                spread = square / total
                if spread < floor:
                    spread = floor
                    remedies[k] |= FLOORED
                variances[k, c] = spread
            valid &= 0.0 < variances[k, c] < np.inf
        if num_with_data == 0:
            remedies[k] |= EMPTY
        elif num_with_data < num_dimensions:
            remedies[k] |= EMPTY_DIMENSION
    return valid


@kernel(error_model="numpy")
def constrain(
    log_sds: FloatArray, floor: float, means: FloatArray, variances: FloatArray, remedies: IntArray
) -> bool:
    """Variances (K, C) from log standard deviations, held at the floor; returns as `maximize`."""
    valid = True
    for k in range(len(log_sds)):
        remedies[k] = 0
        for c in range(log_sds.shape[1]):
            spread = np.exp(2.0 * log_sds[k, c])
            if spread < floor:
                spread = floor
                remedies[k] = FLOORED
            variances[k, c] = spread
            valid &= 0.0 < spread < np.inf
        for d in range(means.shape[1]):
            valid &= np.isfinite(means[k, d])
    return valid
