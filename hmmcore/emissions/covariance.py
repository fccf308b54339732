"""What differs between the types of covariance: the strategy that `Gaussian` works with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.emissions.base import EmissionStatistics, Remedy


class CovarianceType(ABC):
    """How covariances of one type are laid out, scored, learned and kept positive.

    The type knows nothing of one model: arrays in, arrays out. `covariances` has the type's own
    shape in every method, means are (K, D).

    Attributes:
        unconstrained_name: what gradient ascent calls the parameters that may take any value.
        is_diagonal: whether coordinates are independent given the state.
        is_shared: whether all states have one covariance.
    """

    unconstrained_name: ClassVar[str]
    is_diagonal: ClassVar[bool]
    is_shared: ClassVar[bool] = False

    @abstractmethod
    def shape(self, num_states: int, num_dimensions: int) -> tuple[int, ...]:
        """The shape of the covariances of K states over D dimensions."""

    @abstractmethod
    def from_variances(self, variances: FloatArray) -> FloatArray:
        """Covariances for D = 1 from variances (K,), or from one number when shared."""

    @abstractmethod
    def require_positive(self, covariances: FloatArray) -> None:
        """Raise ValueError naming the state whose covariance is not positive (definite)."""

    @abstractmethod
    def variances(self, covariances: FloatArray, num_states: int, dimensions: int) -> FloatArray:
        """(K, D) the variance of every coordinate."""

    @abstractmethod
    def matrices(self, covariances: FloatArray, num_states: int, dimensions: int) -> FloatArray:
        """(K, D, D) the covariances written out."""

    @abstractmethod
    def smallest_variances(self, covariances: FloatArray, num_states: int) -> FloatArray:
        """(K,) the smallest variance of each state in any direction."""

    def conditions(self, covariances: FloatArray) -> FloatArray:
        """The largest eigenvalue over the smallest, as far as it amplifies rounding; at least 1."""
        return np.ones(1)

    @abstractmethod
    def score(
        self, observations: FloatArray, means: FloatArray, covariances: FloatArray
    ) -> FloatArray:
        """(T, K) log-densities of what is there of observations (T, D)."""

    @abstractmethod
    def colour(self, noise: FloatArray, states: IntArray, covariances: FloatArray) -> FloatArray:
        """Turn standard normal noise (T, D) into noise of the covariance of each state (T,)."""

    @abstractmethod
    def statistics(
        self,
        observations: FloatArray,
        weights: FloatArray,
        means: FloatArray,
        covariances: FloatArray,
    ) -> EmissionStatistics:
        """Expected statistics about the means of observations (T, D) under weights (T, K)."""

    @abstractmethod
    def counts(self, statistics: EmissionStatistics) -> FloatArray:
        """(K, D), or (K, 1) when always alike: how many observations tell of each mean."""

    @abstractmethod
    def maximize(
        self,
        statistics: EmissionStatistics,
        moves: FloatArray,
        covariances: FloatArray,
        variance_floor: float,
    ) -> tuple[FloatArray, tuple[Remedy, ...]]:
        """The covariances of the M-step, when means move by `moves` (K, D).

        What has no data stays as it is in `covariances`.
        """

    @abstractmethod
    def hold_at_floor(
        self, covariances: FloatArray, variance_floor: float
    ) -> tuple[FloatArray, BoolArray]:
        """Lift variances to the floor; says which states (K,), or () when shared, needed it."""

    @abstractmethod
    def unconstrained(self, covariances: FloatArray) -> FloatArray:
        """The covariances as numbers that may take any value."""

    @abstractmethod
    def constrained(self, parameters: FloatArray) -> FloatArray:
        """Undo `unconstrained`."""

    @abstractmethod
    def gradient(
        self, statistics: EmissionStatistics, covariances: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Gradient of the log-likelihood in the means and in the unconstrained covariances."""

    def floor_remedies(self, floored: BoolArray) -> tuple[Remedy, ...]:
        """Say what `hold_at_floor` did."""
        if self.is_shared:
            return (Remedy(None, "variance_floor"),) if floored.any() else ()
        return tuple(Remedy(int(k), "variance_floor") for k in np.flatnonzero(floored))
