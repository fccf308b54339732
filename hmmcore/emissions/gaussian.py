"""Gaussian emissions, with covariances of any of four types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from hmmcore.arrays import (
    FloatArray,
    IntArray,
    as_permutation,
    frozen_array,
    numeric_array,
    quoted,
    variances_from,
)
from hmmcore.emissions import gaussian_lanes, variance_prior
from hmmcore.emissions.base import EmissionStatistics, Remedy
from hmmcore.emissions.covariance import CovarianceType, Learned
from hmmcore.emissions.diagonal import Diagonal, Spherical
from hmmcore.emissions.full import Full, Tied
from hmmcore.emissions.marginals import NormalMarginals
from hmmcore.values import Value, valid_value

_TYPES: dict[str, CovarianceType] = {
    "spherical": Spherical(),
    "diag": Diagonal(),
    "full": Full(),
    "tied": Tied(),
}
COVARIANCE_TYPES = tuple(_TYPES)


@dataclass(frozen=True, eq=False)
class Gaussian(Value):
    """p(x | z = k) = N(x; means[k], Σ_k).

    A missing coordinate, NaN, is integrated out: scores are log-densities of the observed
    coordinates, 0 where there are none.

    Attributes:
        means: μ (K, D).
        covariances: what Σ is made of, by `covariance_type`. One axis of means (K,) stands for
            D = 1, and variances (K,), or one when "tied", will then do for covariances.
        covariance_type: "spherical", one variance per state (K,); "diag", one for every coordinate
            (K, D); "full", a matrix per state (K, D, D); "tied", one matrix (D, D) for all states.

    Raises:
        ValueError: when shapes disagree, or a covariance is not positive (definite); the message
            names the state and the value.
    """

    means: FloatArray
    covariances: FloatArray
    covariance_type: str = "diag"

    parameter_names: ClassVar[tuple[str, ...]] = ("means", "covariances")
    parameter_of: ClassVar[Mapping[str, str]] = {
        "means": "means",
        "log_sds": "covariances",
        "cholesky": "covariances",
    }

    def __init__(
        self, means: ArrayLike, covariances: ArrayLike, covariance_type: str = "diag"
    ) -> None:
        if not isinstance(covariance_type, str) or covariance_type not in _TYPES:
            raise ValueError(
                f"covariance_type is {quoted(covariance_type)}; it must be one of "
                f"{COVARIANCE_TYPES}."
            )
        kind = _TYPES[covariance_type]
        centres = numeric_array("means", means)
        spreads = numeric_array("covariances", covariances)
        if centres.ndim == 1:
            centres = centres[:, np.newaxis]
            spreads = kind.from_variances(spreads)
        centres = frozen_array("means", centres, ndim=2)
        expected = kind.shape(*centres.shape)
        spreads = frozen_array("covariances", spreads, ndim=len(expected))
        if spreads.shape != expected:
            raise ValueError(
                f"covariances have shape {spreads.shape}; means are {centres.shape} and the type "
                f"is {covariance_type!r}, so they must be {expected}."
            )
        kind.require_positive(spreads)
        object.__setattr__(self, "means", centres)
        object.__setattr__(self, "covariances", spreads)
        object.__setattr__(self, "covariance_type", covariance_type)

    @classmethod
    def univariate(cls, means: ArrayLike, sd: ArrayLike) -> Gaussian:
        """One-dimensional observations: means (K,) and a standard deviation, common or (K,)."""
        centres = frozen_array("means", means, ndim=1)
        variances = variances_from(sd)
        if variances.ndim > 1 or (variances.ndim == 1 and len(variances) != len(centres)):
            raise ValueError(
                f"sd has shape {variances.shape}; it must be one number or {len(centres)} of them."
            )
        return cls(centres[:, np.newaxis], np.broadcast_to(variances, centres.shape)[:, None])

    @property
    def num_states(self) -> int:
        """Number of states, K."""
        return len(self.means)

    @property
    def num_dimensions(self) -> int:
        """Number of dimensions of an observation, D."""
        return int(self.means.shape[1])

    @property
    def standard_deviations(self) -> FloatArray:
        """(K, D) square roots of the variances."""
        return np.sqrt(self._kind.variances(self.covariances, *self.means.shape))

    def permute(self, permutation: ArrayLike) -> Gaussian:
        """New state k is old state permutation[k]."""
        order = as_permutation(permutation, self.num_states)
        covariances = self.covariances if self._kind.is_shared else self.covariances[order]
        return Gaussian(self.means[order], covariances, self.covariance_type)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Gaussian):
            return NotImplemented
        return (
            self.covariance_type == other.covariance_type
            and np.array_equal(self.means, other.means)
            and np.array_equal(self.covariances, other.covariances)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def require_observations(self, observations: FloatArray) -> None:
        """Any real number can be observed, or missing."""

    def log_likelihoods(self, observations: FloatArray) -> FloatArray:
        """Score: (T, K) log-densities of observations (T, D), in nats.

        A density can exceed one, so these can be positive.
        """
        return self._kind.score(observations, self.means, self.covariances)

    def sample(self, states: IntArray, rng: Generator) -> FloatArray:
        """Draw one observation for each state (T,): returns (T, D)."""
        noise = rng.standard_normal((len(states), self.num_dimensions))
        noise = self._kind.colour(noise, states, self.covariances)
        noise += self.means[states]
        return noise

    def statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """Expected weights (K,), deviations (K, D) and squared deviations about the means.

        Observations that are wholly missing are left out. The covariance type, `Diagonal` or
        `Full`, says how partly missing ones enter, and which statistics there are.
        """
        return self._kind.statistics(observations, weights, self.means, self.covariances)

    @property
    def works_in_lanes(self) -> bool:
        """Whether the lane methods apply: only where coordinates are independent."""
        return self._kind.is_diagonal

    def lane_log_likelihoods(self, observations: FloatArray, scores: FloatArray) -> None:
        """Score observations (S, D, LANES) into scores (S, K, LANES)."""
        variances = self._kind.variances(self.covariances, *self.means.shape)
        gaussian_lanes.score(observations, self.means, variances, scores)

    def lane_statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """`statistics` of observations (S, D, LANES) and weights (S, K, LANES)."""
        return gaussian_lanes.lane_statistics(observations, weights, self.means)

    def maximize(
        self, statistics: EmissionStatistics, trainable: frozenset[str], variance_floor: float
    ) -> tuple[Gaussian, tuple[Remedy, ...]]:
        """M-step: weighted means, and weighted covariances about them.

        When the means are held fixed the covariances are taken about those. What has no data, a
        state or one coordinate of it, keeps its parameters; a variance (an eigenvalue, when "full"
        or "tied") is held at the floor, which is the maximiser under that constraint.
        """
        learned = "means" in trainable, "covariances" in trainable
        found = self._kind.maximize(
            statistics, self.means, self.covariances, learned, variance_floor
        )
        return self._learned(found), found.remedies

    def unconstrained(self) -> EmissionStatistics:
        """Means, and log standard deviations or Cholesky factors with log diagonals."""
        spread = self._kind.unconstrained(self.covariances)
        return {"means": self.means.copy(), self._kind.unconstrained_name: spread}

    def with_unconstrained(
        self, parameters: Mapping[str, FloatArray], trainable: frozenset[str], variance_floor: float
    ) -> tuple[Gaussian, tuple[Remedy, ...]]:
        """Undo `unconstrained` for the trainable parameters, holding variances at the floor."""
        means = parameters["means"] if "means" in trainable else self.means
        if "covariances" not in trainable:
            return Gaussian(means, self.covariances, self.covariance_type), ()
        found = self._kind.constrained(
            means, parameters[self._kind.unconstrained_name], variance_floor
        )
        return self._learned(found), found.remedies

    def smallest_variances(self) -> FloatArray:
        """(K,) the smallest variance of each state (the smallest eigenvalue of a matrix)."""
        return self._kind.smallest_variances(self.covariances, self.num_states)

    def condition_numbers(self) -> FloatArray:
        """(K,) how many times rounding in a state's parameters is amplified in its scores.

        The condition number of its correlations, multiplied by eps (mean / sd)² where a mean lies
        so far from zero that this exceeds one.
        """
        eps = float(np.finfo(float).eps)
        conditions = self._kind.conditions(self.covariances)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            far = eps * (self.means / self.standard_deviations) ** 2
            numbers: FloatArray = conditions * np.maximum(far.max(axis=1), 1.0)
        return numbers

    def gradient(self, statistics: EmissionStatistics) -> EmissionStatistics:
        """Gradient in the `unconstrained` parameters, from statistics about this value."""
        means, spread = self._kind.gradient(statistics, self.covariances)
        return {"means": means, self._kind.unconstrained_name: spread}

    def log_variance_prior(self, shape: float, scale: float) -> float:
        """Log-density of a prior on the covariances; see `variance_prior.log_density`."""
        matrices = not self._kind.is_diagonal
        return variance_prior.log_density(self.covariances, matrices, shape, scale)

    def marginals(self) -> NormalMarginals:
        """The distribution of each dimension, for each state."""
        return NormalMarginals(self.means, self.standard_deviations)

    def num_free(self) -> dict[str, int]:
        """Count free parameters: covariance matrices are symmetric."""
        size = self.covariances.size
        if not self._kind.is_diagonal:
            size = size * (self.num_dimensions + 1) // (2 * self.num_dimensions)
        return {"means": self.means.size, "covariances": size}

    def distances(self, other: Gaussian) -> FloatArray:
        """Symmetric Kullback-Leibler divergences (K, K) between the states of two values."""
        gaps = self.means[:, np.newaxis] - other.means[np.newaxis]
        given = self.covariances, *self.means.shape
        others = other.covariances, *other.means.shape
        if self._kind.is_diagonal and other._kind.is_diagonal:
            left = self._kind.variances(*given)[:, np.newaxis]
            right = other._kind.variances(*others)[np.newaxis]
            terms = (left + gaps**2) / right + (right + gaps**2) / left - 2.0
            return np.asarray(0.5 * terms.sum(axis=2))
        left, right = self._kind.matrices(*given), other._kind.matrices(*others)
        left_precisions, right_precisions = np.linalg.inv(left), np.linalg.inv(right)
        traces = np.einsum("aij,bji->ab", left, right_precisions)
        traces += np.einsum("aij,bji->ab", left_precisions, right)
        precisions = left_precisions[:, np.newaxis] + right_precisions[np.newaxis]
        shifts = np.einsum("abi,abij,abj->ab", gaps, precisions, gaps)
        return np.asarray(0.5 * (traces + shifts) - self.num_dimensions)

    def _learned(self, found: Learned) -> Gaussian:
        """A `Gaussian` with these parameters. Raises ValueError where they are not valid."""
        if not found.valid:
            return Gaussian(found.means, found.covariances, self.covariance_type)
        return valid_value(
            Gaussian, means=found.means, covariances=found.covariances,
            covariance_type=self.covariance_type,
        )  # fmt: skip

    @property
    def _kind(self) -> CovarianceType:
        return _TYPES[self.covariance_type]
