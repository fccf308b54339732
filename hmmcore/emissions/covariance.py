"""The interface of a covariance type: the strategy object that `Gaussian` works with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.emissions.base import EmissionStatistics, Remedy


class Learned(NamedTuple):
    """Means and covariances after a training step.

    Attributes:
        means, covariances: new arrays, owned by the caller.
        remedies: what was done to keep states alive.
        valid: whether they are known to be finite and positive; otherwise they must be checked.
    """

    means: FloatArray
    covariances: FloatArray
    remedies: tuple[Remedy, ...]
    valid: bool


class CovarianceType(ABC):
    """How covariances of one type are laid out, scored, learned and kept positive.

    It holds no parameters: its methods are functions of arrays. `covariances` has the type's own
    shape in every method, means are (K, D).

    Attributes:
        unconstrained_name: name of the unconstrained parameters, for gradient ascent.
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
        """Condition numbers: how many times each covariance amplifies rounding; at least 1."""
        return np.ones(1)

    @abstractmethod
    def score(
        self, observations: FloatArray, means: FloatArray, covariances: FloatArray
    ) -> FloatArray:
        """(T, K) log-densities of the observed coordinates of observations (T, D)."""

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
    def maximize(
        self,
        statistics: EmissionStatistics,
        means: FloatArray,
        covariances: FloatArray,
        learned: tuple[bool, bool],
        variance_floor: float,
    ) -> Learned:
        """M-step from statistics about the present means, variances held at the floor.

        Args:
            learned: whether to learn the means, and whether the covariances. What is not learned
                stays as it is, and so does what has no data.
        """

    @abstractmethod
    def unconstrained(self, covariances: FloatArray) -> FloatArray:
        """The covariances as parameters that may take any real value."""

    @abstractmethod
    def constrained(
        self, means: FloatArray, parameters: FloatArray, variance_floor: float
    ) -> Learned:
        """Undo `unconstrained`, holding variances at the floor; returns the given means too."""

    @abstractmethod
    def gradient(
        self, statistics: EmissionStatistics, covariances: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Gradient of the log-likelihood in the means and in the unconstrained covariances."""
