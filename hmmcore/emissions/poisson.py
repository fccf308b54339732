"""Poisson emissions: counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy
from numpy.random import Generator
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, IntArray, any_missing, as_permutation, frozen_array
from hmmcore.emissions.base import EMPTY_WEIGHT, EmissionStatistics, Remedy
from hmmcore.emissions.marginals import PoissonMarginals
from hmmcore.values import Value

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
        """K."""
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
        """Raise ValueError naming the first observation that is there and not a count."""
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
        scores = scipy.special.xlogy(observations, self.rates)
        scores -= self.rates
        scores -= scipy.special.gammaln(observations + 1.0)
        if any_missing(observations):
            scores[np.isnan(observations[:, 0])] = 0.0
        return np.asarray(scores)

    def sample(self, states: IntArray, rng: Generator) -> FloatArray:
        """Draw one count for each state (T,): returns (T, 1)."""
        return rng.poisson(self.rates[states]).astype(np.float64)[:, np.newaxis]

    def statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """Expected weights (K,) and weighted sums of counts (K,), of the counts that are there."""
        if any_missing(observations):
            there = ~np.isnan(observations[:, 0])
            observations, weights = observations[there], weights[there]
        return {"weights": weights.sum(axis=0), "sums": observations[:, 0] @ weights}

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

    def condition_number(self) -> float:
        """How far the terms of a score exceed their sum: about the rate itself."""
        return max(1.0, float(self.rates.max()))

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
