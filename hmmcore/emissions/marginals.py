"""Marginal distributions of an observation: mixtures over the states, dimension by dimension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy

from hmmcore.arrays import BoolArray, FloatArray


class NumberMarginals(Protocol):
    """The distribution of each dimension of an observation that is a number, for each state."""

    @property
    def means(self) -> FloatArray:
        """Mean (K, D) of each dimension in each state."""
        ...

    @property
    def variances(self) -> FloatArray:
        """Variance (K, D) of each dimension in each state."""
        ...

    def interval(self, weights: FloatArray, outside: float) -> tuple[FloatArray, FloatArray]:
        """Ends (Q, D) of central intervals of mixtures over the states with weights (Q, K).

        The lower end is the smallest value that is not exceeded with a probability of `outside`
        or more; the upper one is the smallest that is exceeded with `outside` or less.
        """
        ...


@dataclass(frozen=True)
class SymbolMarginals:
    """The distribution of a symbol, for each state; symbols have no order, so no quantiles.

    Attributes:
        probs: (K, C) the probability of each symbol in each state.
    """

    probs: FloatArray

    def log_tails(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """log P(X <= x), log P(X > x) (T, K, 1) at symbols (T, 1), by number; -1 is below all."""
        # Summed from either end, so that neither tail is what is left of 1.
        below = np.pad(np.cumsum(self.probs, axis=1), ((0, 0), (1, 0)))
        above = np.pad(np.cumsum(self.probs[:, ::-1], axis=1)[:, ::-1], ((0, 0), (0, 1)))
        places = np.where(np.isnan(values[:, 0]), 0.0, values[:, 0]).astype(np.int64) + 1
        with np.errstate(divide="ignore"):
            logs = np.log(below), np.log(above)
        return logs[0].T[places][..., np.newaxis], logs[1].T[places][..., np.newaxis]


@dataclass(frozen=True)
class NormalMarginals:
    """Normal distributions with means (K, D) and standard deviations (K, D)."""

    means: FloatArray
    standard_deviations: FloatArray

    @property
    def variances(self) -> FloatArray:
        """Variance (K, D) of each dimension in each state."""
        return self.standard_deviations**2

    def log_tails(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """log P(X <= x) and log P(X > x), each (T, K, D), at values (T, D)."""
        gaps = (values[:, np.newaxis] - self.means) / self.standard_deviations
        return scipy.special.log_ndtr(gaps), scipy.special.log_ndtr(-gaps)

    def interval(self, weights: FloatArray, outside: float) -> tuple[FloatArray, FloatArray]:
        """Ends (Q, D) of central intervals of mixtures, to the last digits of a double.

        A mixture's quantile lies between the smallest and the largest of its parts', and is found
        there by bisection.
        """
        present = (weights > 0.0)[:, :, np.newaxis]
        reach = -self.standard_deviations * scipy.special.ndtri(outside)

        def between(ends: FloatArray) -> tuple[FloatArray, FloatArray]:
            smallest = np.where(present, ends, np.inf).min(axis=1)
            return smallest, np.where(present, ends, -np.inf).max(axis=1)

        def mixed(values: FloatArray, sign: float) -> FloatArray:
            gaps = (values[:, np.newaxis] - self.means) / self.standard_deviations
            return np.asarray(np.einsum("qk,qkd->qd", weights, scipy.special.ndtr(sign * gaps)))

        return (
            _smallest(lambda x: mixed(x, 1.0) >= outside, *between(self.means - reach)),
            _smallest(lambda x: mixed(x, -1.0) <= outside, *between(self.means + reach)),
        )


@dataclass(frozen=True)
class PoissonMarginals:
    """Poisson distributions with rates (K, D)."""

    rates: FloatArray

    @property
    def means(self) -> FloatArray:
        """Mean (K, D) of each dimension in each state."""
        return self.rates

    @property
    def variances(self) -> FloatArray:
        """Variance (K, D) of each dimension in each state."""
        return self.rates

    def log_tails(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """log P(X <= x) and log P(X > x), each (T, K, D), at counts (T, D); below zero is none."""
        counts = np.broadcast_to(values[:, np.newaxis], (len(values), *self.rates.shape))
        rates = np.broadcast_to(self.rates, counts.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            below = np.log(np.where(counts < 0.0, 0.0, scipy.special.pdtr(counts, rates)))
            above = np.log(np.where(counts < 0.0, 1.0, scipy.special.pdtrc(counts, rates)))
        # What underflows is summed in logarithms, from its largest term outwards.
        far = (below == -np.inf) & (counts >= 0.0) & (rates > 0.0)
        below[far] = _log_poisson_tail(counts[far], rates[far], -1.0)
        far = (above == -np.inf) & (rates > 0.0)
        above[far] = _log_poisson_tail(counts[far] + 1.0, rates[far], 1.0)
        return below, above

    def interval(self, weights: FloatArray, outside: float) -> tuple[FloatArray, FloatArray]:
        """Ends (Q, D) of central intervals of mixtures: whole numbers, exactly."""

        def reaches(values: FloatArray) -> BoolArray:
            below = scipy.special.pdtr(values[:, np.newaxis], self.rates)
            return np.asarray(np.einsum("qk,qkd->qd", weights, below) >= outside)

        def leaves(values: FloatArray) -> BoolArray:
            above = scipy.special.pdtrc(values[:, np.newaxis], self.rates)
            return np.asarray(np.einsum("qk,qkd->qd", weights, above) <= outside)

        zeros = np.zeros((len(weights), self.rates.shape[1]))
        largest = np.full(zeros.shape, np.ceil(self.rates.max()) + 1.0)
        while not (enough := leaves(largest)).all():
            largest[~enough] *= 2.0
        return (
            _smallest(reaches, zeros, largest, whole=True),
            _smallest(leaves, zeros, largest, whole=True),
        )


@dataclass(frozen=True)
class ProductMarginals:
    """Distributions of several numbers of different kinds, one dimension each.

    Attributes:
        parts: (D,) the distribution of each dimension.
    """

    parts: tuple[NormalMarginals | PoissonMarginals | SymbolMarginals, ...]

    @property
    def is_continuous(self) -> bool:
        """Whether no dimension is a count or a symbol."""
        return all(isinstance(part, NormalMarginals) for part in self.parts)

    def log_tails(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """log P(X <= x) and log P(X > x), each (T, K, D), at values (T, D)."""
        tails = [part.log_tails(values[:, d : d + 1]) for d, part in enumerate(self.parts)]
        below, above = zip(*tails, strict=True)
        return np.concatenate(below, axis=2), np.concatenate(above, axis=2)


Marginals = NumberMarginals | SymbolMarginals | ProductMarginals


def _log_poisson_tail(first: FloatArray, rates: FloatArray, side: float) -> FloatArray:
    """log of the sum of Poisson probabilities of `first` and, on its side, of all beyond it.

    They must fall from `first` on.
    """
    logs = scipy.special.xlogy(first, rates) - rates - scipy.special.gammaln(first + 1.0)
    total, term, count = np.ones(len(first)), np.ones(len(first)), first.copy()
    while len(term) and (term > np.finfo(float).eps * total).any():
        if side > 0.0:
            count += 1.0
            term *= rates / count
        else:
            term *= count / rates
            count -= 1.0
        total += term
    return np.asarray(logs + np.log(total))


def _smallest(
    reached: Callable[[FloatArray], BoolArray],
    lower: FloatArray,
    upper: FloatArray,
    whole: bool = False,
) -> FloatArray:
    """Bisect [lower, upper] for the smallest values at which `reached` is true.

    It must be true at `upper`, and at every value above one at which it is true. With `whole` only
    whole numbers are searched, otherwise doubles.
    """
    # From here on `reached` is false at lower, or lower equals upper.
    upper = np.where(reached(lower), lower, upper)
    while True:
        middle = lower + 0.5 * (upper - lower)
        if whole:
            middle = np.floor(middle)
        inside = (middle > lower) & (middle < upper)
        if not inside.any():
            return upper
        there = reached(middle)
        upper = np.where(inside & there, middle, upper)
        lower = np.where(inside & ~there, middle, lower)
