"""An inverse-gamma (inverse-Wishart) prior on variances, as pseudo-observations.

A prior of shape a and scale b on a variance v has the density v^-(a+1) exp(-b / v), up to a
constant. That is the likelihood of 2(a+1) observations whose squared deviations sum to 2b: they
are added to the expected statistics under the names below, and the M-step and the gradient of a
family follow. On a covariance matrix Σ the same is |Σ|^-(a+1) exp(-b tr Σ^-1), an inverse Wishart
with 2b I and 2a + 1 - D degrees of freedom (a density that integrates to one when a > D - 1; its
mode is of use below that too). Whatever the covariance type, the prior alone is largest at
b / (a+1), in every direction.

Source: Gelman et al., Bayesian Data Analysis (2013), sections 2.6 and 3.6.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.emissions.base import EmissionStatistics

COUNT, SQUARES = "prior_count", "prior_squares"


@runtime_checkable
class VariancePriorEmissions(Protocol):
    """A family whose variances can have a prior.

    Its `maximize` and `gradient` use the statistics that `pseudo_statistics` adds.
    """

    def log_variance_prior(self, shape: float, scale: float) -> float:
        """Log-density of the prior at this value, up to a constant; see `log_density`."""
        ...


def pseudo_statistics(shape: float, scale: float) -> EmissionStatistics:
    """What the prior adds to expected statistics: a count, and a sum of squares."""
    return {COUNT: np.array(2.0 * (shape + 1.0)), SQUARES: np.array(2.0 * scale)}


def log_density(covariances: FloatArray, matrices: bool, shape: float, scale: float) -> float:
    """Log-density of all covariances, up to a constant that depends on shape and scale alone.

    Args:
        covariances: variances of any shape, or with `matrices` a stack (..., D, D).
    """
    if not matrices:
        total = -(shape + 1.0) * np.log(covariances) - scale / covariances
        return float(total.sum())
    factors = np.linalg.cholesky(covariances)
    half_logs = np.log(np.diagonal(factors, axis1=-2, axis2=-1)).sum()
    traces = (np.linalg.inv(factors) ** 2).sum()
    return float(-(shape + 1.0) * 2.0 * half_logs - scale * traces)


def added(
    counts: FloatArray, squares: FloatArray, matrices: bool, statistics: EmissionStatistics
) -> tuple[FloatArray, FloatArray]:
    """Counts and sums of squares with the prior's in `statistics`, if there is one.

    Args:
        counts: how many numbers, or vectors, each covariance is estimated from.
        squares: their squared deviations: of numbers in any shape, or `matrices` (..., D, D).
    """
    if COUNT not in statistics:
        return counts, squares
    more = statistics[SQUARES]
    if matrices:
        more = more * np.eye(squares.shape[-1])
    return counts + statistics[COUNT], squares + more
