"""Covariances without correlations: a variance for each coordinate, or one for each state."""

from __future__ import annotations

import numpy as np
from numba import njit

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.emissions.base import EMPTY_WEIGHT, EmissionStatistics, Remedy
from hmmcore.emissions.covariance import CovarianceType
from hmmcore.emissions.variance_prior import added


class Diagonal(CovarianceType):
    """Variances (K, D).

    Statistics about the means, of the coordinates that are there: "weights" (K,) expected
    observations that are not wholly missing, "counts" (K, D) expected coordinates, "deviations"
    (K, D), "squares" (K, D).
    """

    unconstrained_name = "log_sds"
    is_diagonal = True

    def spread_out(self, values: FloatArray, num_dimensions: int) -> FloatArray:
        """Values of the covariances' own shape, for every coordinate: (K, D)."""
        return values

    def pool(self, sums: FloatArray) -> FloatArray:
        """Sums (K, D), added up over the coordinates that have one variance."""
        return sums

    def shape(self, num_states: int, num_dimensions: int) -> tuple[int, ...]:
        return num_states, num_dimensions

    def from_variances(self, variances: FloatArray) -> FloatArray:
        return variances[:, np.newaxis] if variances.ndim == 1 else variances

    def require_positive(self, covariances: FloatArray) -> None:
        if covariances.min() > 0.0:
            return
        k = int(np.argwhere(covariances <= 0.0)[0, 0])
        raise ValueError(
            f"covariances of state {k} are {covariances[k].tolist()}; a variance must be positive."
        )

    def variances(self, covariances: FloatArray, num_states: int, dimensions: int) -> FloatArray:
        return self.spread_out(covariances, dimensions)

    def matrices(self, covariances: FloatArray, num_states: int, dimensions: int) -> FloatArray:
        return self.spread_out(covariances, dimensions)[:, :, np.newaxis] * np.eye(dimensions)

    def smallest_variances(self, covariances: FloatArray, num_states: int) -> FloatArray:
        return np.asarray(covariances.reshape(num_states, -1).min(axis=1))

    def score(
        self, observations: FloatArray, means: FloatArray, covariances: FloatArray
    ) -> FloatArray:
        scores = np.empty((len(observations), len(means)))
        variances = self.spread_out(covariances, means.shape[1])
        if _score_diagonal(observations, means, variances, scores):
            _score_observed(observations, means, variances, scores)
        return scores

    def colour(self, noise: FloatArray, states: IntArray, covariances: FloatArray) -> FloatArray:
        noise *= np.sqrt(self.spread_out(covariances, noise.shape[1]))[states]
        return noise

    def statistics(
        self,
        observations: FloatArray,
        weights: FloatArray,
        means: FloatArray,
        covariances: FloatArray,
    ) -> EmissionStatistics:
        deviations, squares = np.zeros(means.shape), np.zeros(means.shape)
        _accumulate_diagonal(observations, weights, means, deviations, squares)
        if not is_tainted(deviations):
            return diagonal_statistics(weights.sum(axis=0), deviations, squares)
        deviations[:], squares[:] = 0.0, 0.0
        totals, counts = np.zeros(len(means)), np.zeros(means.shape)
        _accumulate_observed(observations, weights, means, totals, counts, deviations, squares)
        return diagonal_statistics(totals, deviations, squares, counts)

    def counts(self, statistics: EmissionStatistics) -> FloatArray:
        return statistics["counts"]

    def maximize(
        self,
        statistics: EmissionStatistics,
        moves: FloatArray,
        covariances: FloatArray,
        variance_floor: float,
    ) -> tuple[FloatArray, tuple[Remedy, ...]]:
        counts, deviations = statistics["counts"], statistics["deviations"]
        # E[(x - m - move)^2], from deviations about the present means m.
        squares = statistics["squares"] - moves * (2.0 * deviations - counts * moves)
        totals, squares = added(self.pool(counts), self.pool(squares), False, statistics)
        told = totals > EMPTY_WEIGHT
        spread = squares / np.where(told, totals, 1.0)
        low = told & (spread < variance_floor)
        learned = np.where(told, np.maximum(spread, variance_floor), covariances)
        if not low.any():
            return learned, ()
        return learned, self.floor_remedies(np.asarray(low.reshape(len(low), -1).any(axis=1)))

    def hold_at_floor(
        self, covariances: FloatArray, variance_floor: float
    ) -> tuple[FloatArray, BoolArray]:
        low = covariances < variance_floor
        held = np.maximum(covariances, variance_floor)
        return held, np.asarray(low.reshape(len(low), -1).any(axis=1))

    def unconstrained(self, covariances: FloatArray) -> FloatArray:
        return np.asarray(0.5 * np.log(covariances))

    def constrained(self, parameters: FloatArray) -> FloatArray:
        return np.asarray(np.exp(2.0 * parameters))

    def gradient(
        self, statistics: EmissionStatistics, covariances: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        deviations = statistics["deviations"]
        variances = self.spread_out(covariances, deviations.shape[1])
        counts, squares = added(
            self.pool(statistics["counts"]), self.pool(statistics["squares"]), False, statistics
        )
        return deviations / variances, squares / covariances - counts


class Spherical(Diagonal):
    """One variance per state (K,), the same for every coordinate. Statistics as `Diagonal`."""

    def spread_out(self, values: FloatArray, num_dimensions: int) -> FloatArray:
        return np.repeat(values[:, np.newaxis], num_dimensions, axis=1)

    def pool(self, sums: FloatArray) -> FloatArray:
        return np.asarray(sums.sum(axis=1))

    def shape(self, num_states: int, num_dimensions: int) -> tuple[int, ...]:
        return (num_states,)

    def from_variances(self, variances: FloatArray) -> FloatArray:
        return variances

    def require_positive(self, covariances: FloatArray) -> None:
        if covariances.min() > 0.0:
            return
        k = int(np.argmax(covariances <= 0.0))
        raise ValueError(
            f"covariances of state {k} is {covariances[k]:.6g}; a variance must be positive."
        )


def diagonal_statistics(
    totals: FloatArray,
    deviations: FloatArray,
    squares: FloatArray,
    counts: FloatArray | None = None,
) -> EmissionStatistics:
    """Name the statistics of `Diagonal`; without `counts`, every observation was complete."""
    if counts is None:
        counts = np.empty(deviations.shape)
        counts[:] = totals[:, np.newaxis]
    return {"weights": totals, "counts": counts, "deviations": deviations, "squares": squares}


def is_tainted(deviations: FloatArray) -> bool:
    """Whether a missing value has entered sums (K, D) that were taken as if there were none.

    NaN stays NaN whatever it is weighed with and added to, so summing first and asking afterwards
    costs complete data nothing.
    """
    return bool(np.isnan(deviations).any())


@njit(cache=True, nogil=True)
def _score_diagonal(observations, means, variances, scores):  # type: ignore[no-untyped-def]
    """Fill scores (T, K) with the log-densities of a diagonal Gaussian.

    Returns whether an observation is missing, or may be, so that `_score_observed` must see to it.
    """
    num_states, num_dimensions = means.shape
    trace = 0.0
    constants = np.empty(num_states)
    # Divided by the standard deviation before squaring: the square alone could overflow.
    inverse_sds = np.empty((num_states, num_dimensions))
    for k in range(num_states):
        constants[k] = 0.0
        for d in range(num_dimensions):
            constants[k] -= 0.5 * (np.log(variances[k, d]) + 1.8378770664093453)  # log 2π
            inverse_sds[k, d] = 1.0 / np.sqrt(variances[k, d])
    for t in range(len(observations)):
        for d in range(num_dimensions):
            trace += observations[t, d]
        for k in range(num_states):
            score = constants[k]
            for d in range(num_dimensions):
                gap = (observations[t, d] - means[k, d]) * inverse_sds[k, d]
                score -= 0.5 * gap * gap
            scores[t, k] = score
    return np.isnan(trace)


@njit(cache=True, nogil=True)
def _score_observed(observations, means, variances, scores):  # type: ignore[no-untyped-def]
    """`_score_diagonal` over the coordinates that are not NaN."""
    num_states, num_dimensions = means.shape
    constants = np.empty((num_states, num_dimensions))
    inverse_sds = np.empty((num_states, num_dimensions))
    for k in range(num_states):
        for d in range(num_dimensions):
            constants[k, d] = -0.5 * (np.log(variances[k, d]) + 1.8378770664093453)  # log 2π
            inverse_sds[k, d] = 1.0 / np.sqrt(variances[k, d])
    for t in range(len(observations)):
        for k in range(num_states):
            # In the order of `_score_diagonal`, so that a complete row gets the same bits.
            score = 0.0
            for d in range(num_dimensions):
                if not np.isnan(observations[t, d]):
                    score += constants[k, d]
            for d in range(num_dimensions):
                if not np.isnan(observations[t, d]):
                    gap = (observations[t, d] - means[k, d]) * inverse_sds[k, d]
                    score -= 0.5 * gap * gap
            scores[t, k] = score


@njit(cache=True, nogil=True)
def _accumulate_diagonal(observations, weights, means, deviations, squares):  # type: ignore[no-untyped-def]
    """Add weighted deviations from the means, and their squares, to (K, D) arrays."""
    num_states, num_dimensions = means.shape
    for t in range(len(observations)):
        for k in range(num_states):
            for d in range(num_dimensions):
                gap = observations[t, d] - means[k, d]
                weighted = weights[t, k] * gap
                deviations[k, d] += weighted
                squares[k, d] += weighted * gap


@njit(cache=True, nogil=True)
def _accumulate_observed(observations, weights, means, totals, counts, deviations, squares):  # type: ignore[no-untyped-def]
    """`_accumulate_diagonal` over the coordinates that are not NaN, and how many there are."""
    num_states, num_dimensions = means.shape
    for t in range(len(observations)):
        seen = False
        for d in range(num_dimensions):
            if np.isnan(observations[t, d]):
                continue
            seen = True
            for k in range(num_states):
                gap = observations[t, d] - means[k, d]
                weighted = weights[t, k] * gap
                counts[k, d] += weights[t, k]
                deviations[k, d] += weighted
                squares[k, d] += weighted * gap
        if seen:
            for k in range(num_states):
                totals[k] += weights[t, k]
