"""What training does to the parameters of diagonal Gaussians, one call for all states.

For a few states the arithmetic is nothing beside the calls into NumPy that it would take.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.emissions.base import EMPTY_WEIGHT

EMPTY = 1
FLOORED = 2


@njit(cache=True, nogil=True, error_model="numpy")
def maximize(
    weights: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
    learned: tuple[bool, bool],
    floor: float,
    means: FloatArray,
    variances: FloatArray,
    remedies: IntArray,
) -> bool:
    """M-step in place: weighted means, and weighted variances about them.

    Args:
        weights (K,), deviations (K, D), squares (K, D): statistics about the present means.
        learned: whether means and variances are; what is not stays.
        means, variances (K, D): the present parameters; on return the new ones.
        remedies (K,): out: EMPTY, FLOORED or 0.

    Returns:
        whether every parameter is a finite number and every variance positive.
    """
    num_states, num_dimensions = means.shape
    valid = True
    for k in range(num_states):
        alive = weights[k] > EMPTY_WEIGHT
        remedies[k] = 0 if alive else EMPTY
        for d in range(num_dimensions):
            if alive:
                shift = deviations[k, d] / weights[k]
                move = shift if learned[0] else 0.0
                means[k, d] += move
                if learned[1]:
                    # E[(x - m - move)^2], from deviations about the present means m.
                    spread = squares[k, d] / weights[k] - 2.0 * move * shift + move * move
                    if spread < floor:
                        spread = floor
                        remedies[k] = FLOORED
                    variances[k, d] = spread
            valid &= np.isfinite(means[k, d]) and 0.0 < variances[k, d] < np.inf
    return valid


@njit(cache=True, nogil=True, error_model="numpy")
def constrain(
    log_sds: FloatArray, floor: float, means: FloatArray, variances: FloatArray, remedies: IntArray
) -> bool:
    """Variances (K, D) from log standard deviations, held at the floor; returns as `maximize`."""
    valid = True
    for k in range(len(log_sds)):
        remedies[k] = 0
        for d in range(log_sds.shape[1]):
            spread = np.exp(2.0 * log_sds[k, d])
            if spread < floor:
                spread = floor
                remedies[k] = FLOORED
            variances[k, d] = spread
            valid &= np.isfinite(means[k, d]) and 0.0 < spread < np.inf
    return valid
