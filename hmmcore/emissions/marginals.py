"""What a family says of one future observation: mixtures over states, dimension by dimension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri, pdtr

from hmmcore.arrays import FloatArray


class NumberMarginals(Protocol):
    """The distribution of each dimension of an observation that is a number, for each state."""

    @property
    def means(self) -> FloatArray:
        """(K, D)."""
        ...

    @property
    def variances(self) -> FloatArray:
        """(K, D)."""
        ...

    def quantiles(self, weights: FloatArray, probability: float) -> FloatArray:
        """Quantiles (Q, D) of mixtures over the states with weights (Q, K).

        The smallest value that an observation does not exceed with at least `probability`.
        """
        ...


@dataclass(frozen=True)
class SymbolMarginals:
    """The distribution of a symbol, for each state; symbols have no order, so no quantiles.

    Attributes:
        probs: (K, C).
    """

    probs: FloatArray


Marginals = NumberMarginals | SymbolMarginals


@dataclass(frozen=True)
class NormalMarginals:
    """Normal distributions with means (K, D) and standard deviations (K, D)."""

    means: FloatArray
    standard_deviations: FloatArray

    @property
    def variances(self) -> FloatArray:
        """(K, D)."""
        return self.standard_deviations**2

    def quantiles(self, weights: FloatArray, probability: float) -> FloatArray:
        """Quantiles (Q, D) of mixtures with weights (Q, K), to the last digits of a double.

        A mixture's quantile lies between the smallest and the largest of its parts', and is found
        there by bisection.
        """
        own = self.means + self.standard_deviations * ndtri(probability)
        present = (weights > 0.0)[:, :, np.newaxis]
        lower = np.where(present, own, np.inf).min(axis=1)
        upper = np.where(present, own, -np.inf).max(axis=1)

        def cdf(values: FloatArray) -> FloatArray:
            gaps = (values[:, np.newaxis] - self.means) / self.standard_deviations
            return np.asarray(np.einsum("qk,qkd->qd", weights, ndtr(gaps)))

        return _smallest_reaching(cdf, probability, lower, upper, whole=False)


@dataclass(frozen=True)
class PoissonMarginals:
    """Poisson distributions with rates (K, D)."""

    rates: FloatArray

    @property
    def means(self) -> FloatArray:
        """(K, D)."""
        return self.rates

    @property
    def variances(self) -> FloatArray:
        """(K, D)."""
        return self.rates

    def quantiles(self, weights: FloatArray, probability: float) -> FloatArray:
        """Quantiles (Q, D) of mixtures with weights (Q, K): whole numbers, exactly."""

        def cdf(values: FloatArray) -> FloatArray:
            below = pdtr(values[:, np.newaxis], self.rates)
            return np.asarray(np.einsum("qk,qkd->qd", weights, below))

        shape = (len(weights), self.rates.shape[1])
        upper = np.full(shape, np.ceil(self.rates.max()) + 1.0)
        while (short := cdf(upper) < probability).any():
            upper[short] = 2.0 * upper[short]
        return _smallest_reaching(cdf, probability, np.zeros(shape), upper, whole=True)


def _smallest_reaching(
    cdf: Callable[[FloatArray], FloatArray],
    probability: float,
    lower: FloatArray,
    upper: FloatArray,
    whole: bool,
) -> FloatArray:
    """Bisect for the smallest values in [lower, upper] with cdf(values) >= probability.

    `whole` seeks among whole numbers, else among doubles.
    """
    # From here on cdf(lower) < probability <= cdf(upper), or the two are equal.
    upper = np.where(cdf(lower) >= probability, lower, upper)
    while True:
        middle = lower + 0.5 * (upper - lower)
        if whole:
            middle = np.floor(middle)
        inside = (middle > lower) & (middle < upper)
        if not inside.any():
            return upper
        reached = cdf(middle) >= probability
        upper = np.where(inside & reached, middle, upper)
        lower = np.where(inside & ~reached, middle, lower)
