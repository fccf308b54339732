"""Poisson emissions: counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, IntArray, as_permutation, frozen_array
from hmmcore.compiling import kernel
from hmmcore.emissions.base import EMPTY_WEIGHT, EmissionStatistics, Remedy
from hmmcore.emissions.marginals import PoissonMarginals
from hmmcore.values import Value

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
STIRLING_ERRORS = np.array(
    [
        math.lgamma(n + 1.0) - (n + 0.5) * math.log(n) + n - HALF_LOG_2PI if n else 0.0
        for n in range(16)
    ]
)
"""log n! less Stirling's approximation of it, for n = 0, ..., 15; the entry of 0 is not used."""

LARGEST_RATE = 1e15
"""Beyond this a double cannot tell one count from the next."""


@dataclass(frozen=True, eq=False)
class Poisson(Value):
    """p(x | z = k) = rates[k]^x exp(-rates[k]) / x! for counts x = 0, 1, 2, ... (D = 1).

    Attributes:
        rates: λ (K,), the mean count of each state. A state of rate zero emits zeros only.

    Raises:
        ValueError: when a rate is negative or beyond LARGEST_RATE; the message names the state.
    """

    rates: FloatArray

    parameter_names: ClassVar[tuple[str, ...]] = ("rates",)
    parameter_of: ClassVar[Mapping[str, str]] = {"log_rates": "rates"}
    num_dimensions: ClassVar[int] = 1

    def __init__(self, rates: ArrayLike) -> None:
        values = frozen_array("rates", rates, ndim=1)
        bad = np.flatnonzero((values < 0.0) | (values > LARGEST_RATE))
        if len(bad):
            k = int(bad[0])
            raise ValueError(
                f"rates of state {k} is {values[k]:.6g}; a rate must lie between 0 and "
                f"{LARGEST_RATE:g}."
            )
        object.__setattr__(self, "rates", values)

    @property
    def num_states(self) -> int:
        """Number of states, K."""
        return len(self.rates)

    def permute(self, permutation: ArrayLike) -> Poisson:
        """New state k is old state permutation[k]."""
        return Poisson(self.rates[as_permutation(permutation, self.num_states)])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Poisson):
            return NotImplemented
        return np.array_equal(self.rates, other.rates)

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def require_observations(self, observations: FloatArray) -> None:
        """Raise ValueError naming the first observation that is neither a count nor missing."""
        values = observations[:, 0]
        count = (values >= 0) & (values == np.floor(values))
        bad = np.flatnonzero(~(count | np.isnan(values)))
        if len(bad):
            raise ValueError(
                f"observations row {bad[0]} is {values[bad[0]]:g}; a count must be a whole number "
                "of at least 0."
            )

    def log_likelihoods(self, observations: FloatArray) -> FloatArray:
        """Score: (T, K) log-probabilities, in nats; -inf where a rate of zero meets a count.

        A missing count scores 0.
        """
        scores = np.empty((len(observations), self.num_states))
        _score(observations, self.rates, STIRLING_ERRORS, scores)
        return scores

    def sample(self, states: IntArray, rng: Generator) -> FloatArray:
        """Draw one count for each state (T,): returns (T, 1)."""
        return rng.poisson(self.rates[states]).astype(np.float64)[:, np.newaxis]

    def statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """Expected "weights" (K,), and "sums" (K,) of counts by weight; missing ones left out."""
        totals, sums = np.zeros(self.num_states), np.zeros(self.num_states)
        _accumulate(observations, weights, totals, sums)
        return {"weights": totals, "sums": sums}

    def maximize(
        self, statistics: EmissionStatistics, trainable: frozenset[str], variance_floor: float
    ) -> tuple[Poisson, tuple[Remedy, ...]]:
        """M-step: weighted means; a state without data keeps its rate."""
        weights = statistics["weights"]
        alive = weights > EMPTY_WEIGHT
        remedies = tuple(Remedy(int(k), "empty_state") for k in np.flatnonzero(~alive))
        if "rates" not in trainable:
            return self, remedies
        means = statistics["sums"] / np.where(alive, weights, 1.0)
        return Poisson(np.where(alive, means, self.rates)), remedies

    def unconstrained(self) -> EmissionStatistics:
        """Log rates (K,); -inf for a rate of zero, which stays zero."""
        with np.errstate(divide="ignore"):
            return {"log_rates": np.log(self.rates)}

    def with_unconstrained(
        self, parameters: Mapping[str, FloatArray], trainable: frozenset[str], variance_floor: float
    ) -> tuple[Poisson, tuple[Remedy, ...]]:
        """Undo `unconstrained`."""
        if "rates" not in trainable:
            return self, ()
        return Poisson(np.exp(parameters["log_rates"])), ()

    def gradient(self, statistics: EmissionStatistics) -> EmissionStatistics:
        """Gradient in the log rates: expected counts minus those that the rates predict."""
        return {"log_rates": statistics["sums"] - statistics["weights"] * self.rates}

    def smallest_variances(self) -> FloatArray:
        """A Poisson variance is its rate; nothing of its own can collapse."""
        return np.full(self.num_states, np.inf)

    def condition_numbers(self) -> FloatArray:
        """(K,) ones: scores are exact to the last digits at every rate."""
        return np.ones(self.num_states)

    def marginals(self) -> PoissonMarginals:
        """The distribution of the count, for each state."""
        return PoissonMarginals(self.rates[:, np.newaxis])

    def num_free(self) -> dict[str, int]:
        """Count free parameters: a rate of zero stays zero."""
        return {"rates": int(np.count_nonzero(self.rates))}

    def distances(self, other: Poisson) -> FloatArray:
        """Bhattacharyya distances (K, K) between the states of two values; finite at rate zero."""
        gaps = np.sqrt(self.rates)[:, np.newaxis] - np.sqrt(other.rates)[np.newaxis]
        return np.asarray(0.5 * gaps**2)


@kernel(error_model="numpy")
def _score(observations, rates, stirling_errors, scores):  # type: ignore[no-untyped-def]
    """Fill scores (T, K) with log-probabilities of counts (T, 1).

    As x log λ - λ - log x! large counts would lose every digit. This is the saddle-point form of
    Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000).
    """
    log_rates = np.log(rates)
    for t in range(len(observations)):
        x = observations[t, 0]
        if x != x:
            scores[t] = 0.0
        elif x == 0.0:
            for k in range(len(rates)):
                scores[t, k] = -rates[k]
        else:
            log_x = math.log(x)
            peak = -_stirling_error(x, stirling_errors) - HALF_LOG_2PI - 0.5 * log_x
            for k in range(len(rates)):
                scores[t, k] = peak - _deviance(x, log_x, rates[k], log_rates[k])


@kernel(error_model="numpy")
def _stirling_error(x, table):  # type: ignore[no-untyped-def]
    """log x! less Stirling's approximation of it, for a count x of at least 1."""
    if x <= 15.0:
        return table[int(x)]
    squared = x * x
    series = 1.0 / 1680.0 - 1.0 / 1188.0 / squared
    series = 1.0 / 1260.0 - series / squared
    return (1.0 / 12.0 - (1.0 / 360.0 - series / squared) / squared) / x


@kernel(error_model="numpy")
def _deviance(x, log_x, rate, log_rate):  # type: ignore[no-untyped-def]
    """x log(x / λ) + λ - x, half the deviance of a count: by its series where the two are near."""
    gap, both = x - rate, x + rate
    if abs(gap) > 0.1 * both:
        return x * (log_x - log_rate) - gap
    ratio = gap / both
    square = ratio * ratio
    series = 1.0 / 17.0
    for odd in (15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0):
        series = 1.0 / odd + square * series
    return ratio * (gap + 2.0 * x * square * series)


@kernel()
def _accumulate(observations, weights, totals, sums):  # type: ignore[no-untyped-def]
    """Add the weights (T, K) and the weighted counts to (K,) each; missing counts are left out."""
    for t in range(len(observations)):
        x = observations[t, 0]
        if x == x:
            for k in range(len(totals)):
                totals[k] += weights[t, k]
                sums[k] += weights[t, k] * x
